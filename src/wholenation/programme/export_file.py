"""An export read with distrust: its lines one after the other, and what is wrong with those that are no entries."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from ..errors import QuestionError
from .canonical import canonical
from .chunks import CHUNK
from .ledger_export import FORMAT
from .notes import read_checkpoint, split_note

_ENTRY, _CHECKPOINT, _END = b'{"entry":', b'{"checkpoint":', b'{"sha256":'


@dataclass(slots=True)
class ExportFile:
    """An export that is being read. `rest` are the lines behind the entries, once these have been read."""

    file: IO[bytes]
    header: bytes
    digest: Any
    rest: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int | None:
        """How many entries the header promises, None where it is no header."""
        try:
            size = json.loads(self.header)["size"]
            whole = (
                type(size) is int
                and size >= 0
                and self.header == canonical({"format": FORMAT, "size": size}) + b"\n"
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return size if whole else None

    def entry_lines(self) -> Iterator[list[bytes]]:
        """The lines of the entries, CHUNK of them at a time.

        A line that is none of an export's is taken for an entry as long as entries are promised: it was one.
        """
        left = self.size or 0
        while not self.rest:
            lines = list(islice(self.file, CHUNK))
            ends = next((at for at, line in enumerate(lines) if _is_end(line, left - at)), len(lines))
            left -= ends
            if ends:
                self.digest.update(b"".join(lines[:ends]))
                yield lines[:ends]
            if ends < len(lines) or not lines:
                self.rest = [*lines[ends:], *self.file]
                return

    def rest_fault(self) -> str:
        """What is wrong with the lines behind the entries, or nothing; all entries have been read."""
        for number, line in enumerate(self.rest[:-1], (self.size or 0) + 2):
            if _note(line) is None:
                return f"line {number} is no checkpoint"
            self.digest.update(line)
        if not self.rest or not self.rest[-1].startswith(_END):
            return "the last line, with the hash of all lines, is missing"
        if self.rest[-1] != canonical({"sha256": self.digest.hexdigest()}) + b"\n":
            return "the hash in its last line is not that of the lines above"
        return ""


def opened(file: IO[bytes]) -> ExportFile:
    """The export in a file, its header read."""
    header = file.readline()
    return ExportFile(file, header, hashlib.sha256(header))


def notes_at_end(file: IO[bytes]) -> list[str]:
    """The checkpoints of an export, which stand at its end; where the file is read stays the same."""
    try:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # an empty file
        return []
    with view:
        last = view.rfind(b"\n" + _ENTRY)
        tail = view[view.find(b"\n", last + 1) + 1 :]
    return [note for line in tail.splitlines(keepends=True) if (note := _note(line)) is not None]


def sizes_of(notes: Sequence[str]) -> set[int]:
    """The sizes that checkpoints name, as far as they can be read."""
    sizes = set()
    for note in notes:
        with suppress(QuestionError):
            sizes.add(read_checkpoint(split_note(note)[0]).size)
    return sizes


def _is_end(line: bytes, left: int) -> bool:
    return not line.startswith(_ENTRY) and (left <= 0 or line.startswith((_CHECKPOINT, _END)))


def _note(line: bytes) -> str | None:
    try:
        value = json.loads(line)
        note = value["checkpoint"]
        return note if line == canonical({"checkpoint": note}) + b"\n" and isinstance(note, str) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def leaves_of(file: IO[bytes], size: int) -> list[bytes]:
    """The first so many leaf hashes of an export that was verified."""
    file.seek(0)
    file.readline()
    return [bytes.fromhex(line[-67:-3].decode()) for line in islice(file, size)]
