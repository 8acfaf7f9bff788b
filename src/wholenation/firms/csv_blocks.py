"""CSV files of any length, block by block, with the row of everything that is wrong."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from ..tables import SAVE_AS, foreign, plainly
from .tally import Tally

BYTES = 1 << 25
"""Bytes of a block: about a million links."""
LONGEST = 8 * BYTES
"""A quotation mark that is closed no nearer than this was forgotten."""


@dataclass(frozen=True)
class Header:
    """The names of the columns, where the rows below them begin, and which row that is."""

    names: tuple[str, ...]
    offset: int
    row: int


def csv_header(path: Path, file: str, tally: Tally) -> Header | None:
    """The header, or None when the file is no CSV of ours; what is wrong or odd about the file is noted."""
    with path.open("rb") as stream:
        start = stream.read(1 << 20)
        stream.seek(0, io.SEEK_END)
        size = stream.tell()
        stream.seek(max(size - 1, 0))
        ends = stream.read(1)
    skipped = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
    wrong = _no_csv(start, skipped)
    if wrong:
        tally.fault(file, wrong)
        return None
    if skipped:
        tally.warn(file, "starts with a byte order mark (BOM), as Excel writes it; it is skipped")
    if b"\r" in start:
        tally.warn(
            file, "has Windows line ends (CRLF), as Excel writes them; they are read as plain line ends"
        )
    if ends not in (b"\n", b"\r"):
        tally.warn(file, "does not end with a line end: is the file complete?")
    return _names(start, skipped, file, tally)


def _no_csv(start: bytes, skipped: int) -> str:
    """Why the file is no CSV as we read it, or ""."""
    other = foreign(start)
    if other:
        return f"is {other}, not CSV: {SAVE_AS}"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or start[:200].count(0) > 50:
        return f"is encoded as UTF-16, not UTF-8: {SAVE_AS}"
    text = start[skipped:]
    if not text.strip(b" \t\r\n\0"):
        return "the file is empty"
    first = text.lstrip(b"\r\n").split(b"\n", 1)[0]
    if b"\r" in first.rstrip(b"\r"):
        return f"has carriage returns for line ends, as old Macs wrote them: {SAVE_AS}"
    if first.strip().lower().startswith(b"sep="):
        return "starts with Excel's line that names the separator: delete that line"
    for mark, word in ((b";", "semicolons"), (b"\t", "tabs")):
        if first.count(mark) > first.count(b","):
            return f"is separated by {word}, not commas: {SAVE_AS}, with a point as decimal mark"
    return ""


def _names(start: bytes, offset: int, file: str, tally: Tally) -> Header | None:
    row = 1
    while True:  # a header may hold quoted line ends, and empty lines may stand above it
        end = _record_end(start, offset)
        try:
            record = next(
                csv.reader(io.StringIO(start[offset:end].decode("utf-8"), newline=""), strict=True), []
            )
        except UnicodeDecodeError:
            tally.fault(file, f"is not UTF-8 (perhaps Latin-1 or Windows-1252): {SAVE_AS}", row)
            return None
        except csv.Error as error:
            tally.fault(file, f"the header cannot be read ({plainly(error)})", row)
            return None
        names = tuple(cell.strip() for cell in record)
        if any(names):
            return Header(names, end, row + 1)
        if end == len(start):
            tally.fault(file, "has no header")
            return None
        offset, row = end, row + 1


def _record_end(content: bytes, start: int) -> int:
    """Where the record that begins at `start` ends, its line end included."""
    end = start
    while True:
        end = content.find(b"\n", end) + 1
        if not end:
            return len(content)
        if content.count(b'"', start, end) % 2 == 0:
            return end


def csv_blocks(
    path: Path, file: str, header: Header, at: Sequence[int], tally: Tally
) -> Iterator[tuple[int, pl.DataFrame]]:
    """(row of the first, frame of text) of the columns `at`, in blocks of whole records."""
    row = header.row
    with path.open("rb") as stream:
        stream.seek(header.offset)
        for block in _pieces(stream, file, tally):
            frame = _parsed(block, len(header.names), at)
            if frame is None:
                frame, whole = _carefully(block, len(header.names), at, file, row, tally)
                if not whole:
                    tally.unread.add(file)
                    yield row, frame
                    return
            yield row, frame
            row += len(frame)


def _pieces(stream: BinaryIO, file: str, tally: Tally) -> Iterator[bytes]:
    """The stream in pieces that end between two records."""
    rest = b""
    while True:
        more = stream.read(BYTES)
        block = rest + more
        if not more:
            if block:
                yield block
            return
        cut = _last_end(block)
        if cut == 0 and len(block) > LONGEST:
            tally.fault(file, "a quotation mark is never closed; what follows is not read")
            tally.unread.add(file)
            return
        rest = block[cut:]
        if cut:
            yield block[:cut]


def _last_end(block: bytes) -> int:
    """Behind the last line end that is in no quotes, 0 if there is none."""
    quotes = block.count(b'"')
    end = len(block)
    while end > 0:
        newline = block.rfind(b"\n", 0, end)
        if newline < 0:
            return 0
        quotes -= block.count(b'"', newline, end)
        if quotes % 2 == 0:
            return newline + 1
        end = newline
    return 0


def _parsed(block: bytes, width: int, at: Sequence[int]) -> pl.DataFrame | None:
    """The columns `at` as text, or None when any record may not be as it should be."""
    names = [str(position) for position in range(width)]
    if block.startswith(codecs.BOM_UTF8):  # the first letter of a code here, but polars would skip it
        return None
    try:
        # All columns are parsed, since a record that is too long goes unnoticed otherwise.
        frame = pl.read_csv(block, has_header=False, schema=dict.fromkeys(names, pl.String))
    except pl.exceptions.PolarsError:
        return None
    if _separators(block) != (width - 1) * len(
        frame
    ):  # a record that is too short reads like one with empty cells
        return None
    return frame.select([names[position] for position in at])


def _separators(block: bytes) -> int:
    """Commas outside of quotes."""
    if b'"' not in block:
        return block.count(b",")
    content = np.frombuffer(block, np.uint8)
    outside = np.bitwise_xor.accumulate(content == ord('"')) == 0
    return int(np.count_nonzero(outside & (content == ord(","))))


def _carefully(
    block: bytes, width: int, at: Sequence[int], file: str, row: int, tally: Tally
) -> tuple[pl.DataFrame, bool]:
    """The same, slowly and with the row of each fault; whether the block could be read to its end."""
    whole = True
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = row + block.count(b"\n", 0, error.start)
        byte = block[error.start]
        tally.fault(
            file, f"is not UTF-8 (byte 0x{byte:02X}, perhaps Latin-1 or Windows-1252): {SAVE_AS}", line
        )
        text, whole = block[: block.rfind(b"\n", 0, error.start) + 1].decode("utf-8", errors="replace"), False
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    kept: list[list[str | None]] = [[] for _ in at]
    ragged: list[tuple[int, int]] = []
    count = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            tally.fault(file, f"cannot be read from here on ({plainly(error)})", row + count)
            whole = False
            break
        count += 1
        if record and len(record) != width:
            ragged.append((row + count - 1, len(record)))
            record = []
        for column, position in zip(kept, at, strict=True):
            column.append((record[position] or None) if record else None)
    tally.many(
        file,
        "",
        "the number of fields is not that of the header",
        np.array([number for number, _ in ragged], np.int64),
        lambda i: ("", f"has {ragged[i][1]} fields, the header has {width}{_comma(ragged[i][1] > width)}"),
    )
    names = [str(position) for position in at]
    return pl.DataFrame(dict(zip(names, kept, strict=True)), schema=dict.fromkeys(names, pl.String)), whole


def _comma(too_many: bool) -> str:
    return "; is there a comma in a value that is not quoted?" if too_many else ""
