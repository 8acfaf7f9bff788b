"""A file of OCDS compiled releases, one a line: read in chunks, with every line that is unusable told and counted."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ...errors import Fault
from .mending import mended
from .releases import Release

CHUNK_BYTES = 1 << 17
"""What stays in a core's cache is read faster."""

TOLD = 100
"""Faults that are kept to be shown; all are counted."""


@dataclass(slots=True)
class Reading:
    """How the file was read so far: grows while `releases` goes through it."""

    file: str
    lines: int = 0
    used: int = 0
    left_out: int = 0
    mended: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)

    def tell(self, line: int, message: str, *, value: str = "") -> None:
        """Keep a fault, unless there are many already."""
        if len(self.faults) < TOLD:
            self.faults.append(Fault(self.file, line, "", value, message))

    def sentence(self) -> str:
        """What was used of the file, and what was not."""
        told = [f"{self.used:,} of {self.lines:,} lines used"]
        if self.left_out:
            told.append(f"{self.left_out:,} {'line' if self.left_out == 1 else 'lines'} left out")
        if self.mended:
            told.append(f"in {self.mended:,} fields of a wrong type were taken for missing")
        return "; ".join(told) + "."


def releases(reading: Reading, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[list[Release]]:
    """The releases in the order of their lines, some at a time. `OSError` where the file cannot be read."""
    decoder = msgspec.json.Decoder(Release)
    with Path(reading.file).open("rb") as file:
        start = file.read(len(BOM_UTF8))
        reading.bytes += len(start)
        rest = start.removeprefix(BOM_UTF8)  # as some editors and Excel write it
        while block := file.read(chunk_bytes):
            reading.bytes += len(block)
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                continue
            yield _decoded(rest + block[:end], decoder, reading)
            rest = block[end:]
        if rest:
            yield _decoded(rest, decoder, reading)


def _decoded(chunk: bytes, decoder: msgspec.json.Decoder[Release], reading: Reading) -> list[Release]:
    lines = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    try:
        # Fields that are skipped are not looked at by the decoder, yet a line that is no UTF-8 is no JSON.
        if not chunk.isascii():
            chunk.decode()
        found = decoder.decode_lines(chunk)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _one_by_one(chunk, decoder, reading)
    if len(found) != lines or any(release.ocid is None for release in found):
        return _one_by_one(chunk, decoder, reading)
    reading.lines += lines
    reading.used += lines
    return found


def _one_by_one(chunk: bytes, decoder: msgspec.json.Decoder[Release], reading: Reading) -> list[Release]:
    """The releases of a chunk in which something is wrong: blank lines are passed over, bad ones told."""
    found = []
    for line in chunk.removesuffix(b"\n").split(b"\n"):
        reading.lines += 1
        if not line.strip():
            continue
        try:
            release = _decoded_line(line, decoder, reading)
        except ValueError as error:
            reading.left_out += 1
            reading.tell(reading.lines, str(error))
            continue
        reading.used += 1
        found.append(release)
    return found


def _decoded_line(line: bytes, decoder: msgspec.json.Decoder[Release], reading: Reading) -> Release:
    try:
        line.decode()
        release = decoder.decode(line)
        places: list[str] = []
    except (msgspec.DecodeError, UnicodeDecodeError):
        release, places = mended(line)
    if release.ocid is None:
        raise ValueError("no ocid that is a string, so nothing can be said about it")
    if places:
        reading.mended += 1
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        reading.tell(reading.lines, f"of a wrong type and taken for missing{more}", value=places[0])
    return release
