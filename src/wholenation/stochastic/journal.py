"""A journal of solved work: a long solve that was cut off runs again from it and ends at the same answer.

The method is deterministic, so a resumed solve asks the same questions again; those that the journal holds are answered
from it. A file is a line of magic, the programme's content (32 bytes) and records, each of them

    length of the payload (8) | length when unpacked (8) | key (32) | checksum (16) | payload

A record that is cut short or damaged ends the journal: what follows it is solved again. Payloads are arrays of a few
plain types and nothing else, so that a journal from a stranger can be wrong, but cannot run code.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..errors import OutputError, QuestionError
from ..lp import Floats, Ints
from .blocks import Pieces
from .engines import Engine
from .identity import content, software
from .records import Arrays, pack, to_arrays, to_pieces, unpack
from .two_stage import TwoStage

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

MAGIC = b"wholenation journal 1\n"
HEAD = len(MAGIC) + 32
RECORD = struct.Struct("<QQ32s16s")


class Journal:
    """The file at `path` for one programme, made if it is not there; one solve at a time has it."""

    def __init__(self, path: str | os.PathLike[str], stages: TwoStage):
        self.path = Path(path)
        self._stages = stages
        self._places: dict[bytes, tuple[int, int, int]] = {}
        self._own = content(stages)
        try:
            # Without a buffer, for one that could not be written would be tried again when the file is closed.
            how = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.fdopen(os.open(self.path, how, 0o644), "r+b", buffering=0)
        except OSError as fault:
            raise self._broken(fault) from fault
        try:
            self._lock()
            self._open()
        except OSError as fault:
            self._file.close()
            raise self._broken(fault) from fault
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._places)

    # --- What it is for

    def recall(self, key: str) -> Arrays | None:
        """The arrays recorded under that key, None where there are none."""
        return self._read(_digest(b"", key.encode()))

    def record(self, key: str, **arrays: NDArray[Any]) -> None:
        """Keep arrays of numbers under a key, on the disk when this returns."""
        self._append([(_digest(b"", key.encode()), arrays)])

    def pieces(self, block: Ints, x: Floats) -> Pieces | None:
        """What solving this block at x taught, None where it is not known."""
        found = self._read(_key(block, x))
        return None if found is None else to_pieces(found, block, self._stages)

    def keep(self, x: Floats, solved: Sequence[Pieces]) -> None:
        """Record the pieces of blocks at x, on the disk when this returns."""
        self._append([(_key(piece.sample, x), to_arrays(piece)) for piece in solved])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # --- The file

    def _broken(self, fault: OSError) -> OutputError:
        return OutputError(f"the checkpoint {self.path} cannot be written: {fault.strerror or fault}")

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise QuestionError(f"the checkpoint {self.path} is in use by another solve") from fault

    def _open(self) -> None:
        """Check the header, or write it, and find the records."""
        file = self._file
        head = file.read(HEAD)
        if not (MAGIC + self._own).startswith(head):
            if not (head.startswith(MAGIC) and len(head) == HEAD):
                raise QuestionError(f"{self.path} is not a checkpoint; name another file")
            raise QuestionError(
                f"the checkpoint {self.path} belongs to another question (other tables, samples, seed or settings); "
                "name another file"
            )
        if len(head) < HEAD:
            file.seek(0)
            self._write(MAGIC + self._own)
            _sync_folder(self.path.parent)
        self._end = HEAD
        file.seek(0, os.SEEK_END)
        size = file.tell()
        while self._end + RECORD.size <= size:
            file.seek(self._end)
            packed, unpacked, key, checksum = RECORD.unpack(file.read(RECORD.size))
            start = self._end + RECORD.size
            if packed > size - start:
                break
            if _checksum(packed, unpacked, key, file.read(packed)) != checksum:
                break
            self._places[key] = (start, packed, unpacked)
            self._end = start + packed

    def _append(self, entries: Sequence[tuple[bytes, Arrays]]) -> None:
        """Write records in one go; what a write that failed has left is overwritten by the next."""
        places, parts, end = {}, [], self._end
        for key, arrays in entries:
            plain = pack(arrays)
            payload = zlib.compress(plain, 1)
            head = (len(payload), len(plain), key)
            parts += [RECORD.pack(*head, _checksum(*head, payload)), payload]
            places[key] = (end + RECORD.size, len(payload), len(plain))
            end += RECORD.size + len(payload)
        if not parts:
            return
        try:
            self._file.seek(self._end)
            self._write(b"".join(parts))
        except OSError as fault:
            raise self._broken(fault) from fault
        self._places |= places
        self._end = end

    def _write(self, what: bytes) -> None:
        """Write all of it here, nothing behind it, and wait until it lies on the disk."""
        rest = memoryview(what)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._file.truncate()
        os.fsync(self._file.fileno())

    def _read(self, key: bytes) -> Arrays | None:
        if key not in self._places:
            return None
        start, packed, unpacked = self._places[key]
        try:
            self._file.seek(start)
            payload = self._file.read(packed)
        except OSError as fault:
            raise OutputError(f"the checkpoint {self.path} cannot be read: {fault.strerror}") from fault
        try:
            # A stranger's few bytes may claim to unpack to more than there is memory for.
            opened = zlib.decompressobj()
            plain = opened.decompress(payload, unpacked) if unpacked else b""
            return unpack(plain) if len(plain) == unpacked and not opened.unconsumed_tail else None
        except (ValueError, zlib.error):
            return None


class Remembered:
    """An engine that asks the journal first, and tells it what it has solved at the end of every round."""

    def __init__(self, engine: Engine, journal: Journal):
        self._engine, self._journal = engine, journal

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """From the journal what it holds, the others from the engine."""
        found = [self._journal.pieces(block, x) for block in blocks]
        missing = [k for k, piece in enumerate(found) if piece is None]
        solved = self._engine.solve([blocks[k] for k in missing], x) if missing else []
        self._journal.keep(x, solved)
        for k, piece in zip(missing, solved, strict=True):
            found[k] = piece
        return [piece for piece in found if piece is not None]

    def close(self) -> None:
        """Close the engine; the journal stays open."""
        self._engine.close()


def _digest(*parts: bytes) -> bytes:
    """A key; other software would not give the same answer, and does not find it."""
    told = hashlib.blake2b(software().encode(), digest_size=32)
    for part in parts:
        told.update(len(part).to_bytes(8, "little") + part)
    return told.digest()


def _key(block: Ints, x: Floats) -> bytes:
    return _digest(block.astype("<i8").tobytes(), x.astype("<f8").tobytes())


def _checksum(packed: int, unpacked: int, key: bytes, payload: bytes) -> bytes:
    told = hashlib.blake2b(f"{packed} {unpacked} ".encode() + key, digest_size=16)
    told.update(payload)
    return told.digest()


def _sync_folder(folder: Path) -> None:
    """Put the name of a new file on the disk too, where the system can."""
    if os.name != "posix":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
