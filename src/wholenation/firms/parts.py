"""A folder of finished blocks, so that a run that was cut off goes on from where it was.

The folder holds `manifest.json`, which says what was asked, and one Parquet file per finished block, which any tool can
read. A file's name ends in a digest of the question, the block's number and the file's bytes, and it gets that name
when it is complete: what is cut short, damaged or from elsewhere is not taken for a part, and is computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from ..errors import OutputError, QuestionError
from ..files import check_writable, write_whole
from .blocks import Columns, to_columns, to_frame

FORMAT = "wholenation parts 1"
MANIFEST = "manifest.json"
PART = re.compile(r"part-(\d{6,})-[0-9a-f]{32}\.parquet")
PARTIAL = re.compile(r"\..+\.partial")
STALE = 60.0
"""Seconds after which nobody is writing a partial file any more."""

Question = Mapping[str, str | int | float | bool | None]


class Parts:
    """The parts of one question in a folder, which is made if it is not there.

    Raises `QuestionError` where the folder holds parts of another question, `OutputError` where it is no such folder
    or cannot be made. Any number of threads may write, each block once.
    """

    def __init__(self, folder: str | Path, question: Question):
        self.folder = Path(folder)
        self._key = hashlib.blake2b(_text(question).encode(), digest_size=32).digest()
        self._lock = threading.Lock()
        self._failed = 0
        self._why = ""
        self._files: dict[int, list[Path]] = {}
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            names = []
        except (OSError, ValueError) as fault:
            told = fault.strerror if isinstance(fault, OSError) else fault
            raise OutputError(f"parts cannot be kept in {self.folder}: {told}") from fault
        if MANIFEST in names:
            self._compare(question)
        elif all(PARTIAL.fullmatch(name) for name in names):
            write_whole(self.folder / MANIFEST, _text({"format": FORMAT, **question}).encode())
        else:
            raise OutputError(f"{self.folder} holds other files and no parts of a run; name another folder")
        for name in names:
            if PARTIAL.fullmatch(name):
                _sweep(self.folder / name)
            elif found := PART.fullmatch(name):
                self._files.setdefault(int(found[1]), []).append(self.folder / name)

    def _compare(self, question: Question) -> None:
        try:
            there = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except OSError as fault:
            raise OutputError(f"the parts in {self.folder} cannot be read: {fault.strerror}") from fault
        except ValueError:
            there = None
        if not isinstance(there, dict) or there.pop("format", None) != FORMAT:
            raise OutputError(f"{self.folder / MANIFEST} is not that of a run; name another folder")
        here = json.loads(_text(question))
        other = [
            f"{name} {_short(there.get(name))} there, {_short(here.get(name))} here"
            for name in dict.fromkeys([*here, *there])
            if there.get(name) != here.get(name)
        ]
        if other:
            raise QuestionError(
                f"the parts in {self.folder} answer another question ({'; '.join(other)}); name another folder"
            )

    def check(self) -> None:
        """Raise `OutputError` where no part could be written."""
        check_writable(self.folder / "part")

    def read(self, number: int, rows: int) -> Columns | None:
        """The answers of a block of so many shocks, None where they are not there."""
        for path in self._files.get(number, []):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            if path.name == self._name(number, content):
                frame = pl.read_parquet(io.BytesIO(content))
                if len(frame) == rows:
                    return to_columns(frame.drop("shock"))
        return None

    def write(self, number: int, names: Sequence[str], columns: Columns) -> None:
        """Keep the answers of a block. Where that cannot be done the run goes on, and `unsaved` says so."""
        frame = to_frame(columns).insert_column(0, pl.Series("shock", names, dtype=pl.String))
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        content = buffer.getvalue()
        path = self.folder / self._name(number, content)
        try:
            write_whole(path, content)
            for old in self._files.get(number, []):
                if old != path:
                    old.unlink(missing_ok=True)
        except (OutputError, OSError) as fault:
            with self._lock:
                self._failed += 1
                self._why = str(fault)

    @property
    def unsaved(self) -> str:
        """A sentence about what could not be kept, empty where all was."""
        if not self._failed:
            return ""
        parts = "1 part" if self._failed == 1 else f"{self._failed} parts"
        return f"{parts} could not be kept ({self._why}); the answer is complete, but a resumed run does them again"

    def _name(self, number: int, content: bytes) -> str:
        told = hashlib.blake2b(key=self._key, digest_size=16)
        told.update(number.to_bytes(8, "little"))
        told.update(content)
        return f"part-{number:06d}-{told.hexdigest()}.parquet"


def _sweep(partial: Path) -> None:
    """Take away what a process that was killed has left half written."""
    with suppress(OSError):
        if time.time() - partial.stat().st_mtime > STALE:
            partial.unlink()


def _text(question: Question) -> str:
    return json.dumps(dict(question), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _short(value: object) -> str:
    """A value as it is shown; of a hash the first letters do."""
    text = "–" if value is None else str(value)
    return f"{text[:12]}…" if re.fullmatch(r"[0-9a-f]{32,}", text) else text
