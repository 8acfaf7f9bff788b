"""A table's file as rows of text, exactly as it stands, with what is wrong with the file itself."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from .errors import Fault

SAVE_AS = "save it as CSV UTF-8 (comma delimited)"


@dataclass
class RawTable:
    """Rows of text under a header; `rows[i]` stands in spreadsheet row `numbers[i]`.

    `complete` is False when rows may be missing (a cut or unreadable file), so that nothing
    is concluded from what is not there.
    """

    name: str
    file: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: bool = True

    def fault(self, message: str, row: int | None = None, column: str = "", value: str = "") -> None:
        """Note what is wrong."""
        self.faults.append(Fault(self.file, row, column, value, message))

    def warn(self, message: str, row: int | None = None) -> None:
        """Note what is accepted but odd."""
        self.faults.append(Fault(self.file, row, "", "", message, "warning"))


def read_table(name: str, path: Path, file: str) -> RawTable:
    """The raw rows of a CSV or Parquet file; never raises for what is in the file."""
    table = RawTable(name, file)
    try:
        content = path.read_bytes()
    except OSError as error:
        table.fault(f"cannot be read ({error.strerror})")
        table.complete = False
        return table
    other = foreign(content)
    if path.suffix == ".parquet":
        _read_parquet(table, content)
    elif other:
        table.fault(f"is {other}, not CSV: {SAVE_AS}")
        table.complete = False
    elif not content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        table.fault("the file is empty")
        table.complete = False
    else:
        _read_csv(table, _decode(table, content))
    return table


def foreign(content: bytes) -> str:
    """What a file that is no text is, or "" for text, in whatever encoding."""
    if content.startswith(b"PK\x03\x04"):
        return "an Excel workbook or another zip archive"
    if content.startswith(b"PAR1"):
        return "a Parquet file"
    start = content[:1000]
    controls = sum(byte < 32 and byte not in b"\t\n\r\0\x1b" for byte in start)
    utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or start[:200].count(0) > 50
    return "" if utf16 or controls <= len(start) // 20 else "binary data"


def _decode(table: RawTable, content: bytes) -> str:
    """The text; a wrong encoding is a fault, and read as well as it can be so that checking goes on."""
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            table.fault(f"is encoded as UTF-16, not UTF-8: {SAVE_AS}")
            return content[2:].decode(name, errors="replace")
    if content[:200].count(0) > len(content[:200]) // 4:
        table.fault(f"is encoded as UTF-16, not UTF-8: {SAVE_AS}")
        return content.decode("utf-16-be" if content[0] == 0 else "utf-16-le", errors="replace")
    if content.startswith(codecs.BOM_UTF8):
        table.warn("starts with a byte order mark (BOM), as Excel writes it; it is skipped")
        content = content[len(codecs.BOM_UTF8) :]
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        table.fault(f"is not UTF-8 (byte 0x{byte:02X}, perhaps Latin-1 or Windows-1252): {SAVE_AS}", line)
        return content.decode("cp1252", errors="replace")


def _read_csv(table: RawTable, text: str) -> None:
    if "\r" in text:
        table.warn("has Windows line ends (CRLF), as Excel writes them; they are read as plain line ends")
    if not text.endswith(("\n", "\r")):
        table.warn("does not end with a line end: is the file complete?")
    first = text.split("\n", 1)[0]
    if first.strip().lower().startswith("sep="):
        table.fault("starts with Excel's line that names the separator: delete that line", 1)
        table.complete = False
        return
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if first.count(mark) > first.count(","):
            table.fault(f"is separated by {word}, not commas: {SAVE_AS}, with a point as decimal mark", 1)
            table.complete = False
            return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            table.fault(f"cannot be read from here on ({plainly(error)})", number)
            table.complete = False
            break
        # Rows without any content are what a spreadsheet leaves behind; they still count as rows.
        if any(cell.strip() for cell in record):
            records.append((number, [cell.strip() for cell in record]))
    if records:
        table.header = records[0][1]
        table.numbers = [number for number, _ in records[1:]]
        table.rows = [record for _, record in records[1:]]
        _check_lengths(table)


def plainly(error: csv.Error) -> str:
    """What the csv module found wrong, in words for the reader of a table."""
    words = str(error)
    if "field larger" in words:
        return "a value is far too long; a quotation mark may never be closed"
    if "unexpected end of data" in words:
        return "a quotation mark is never closed; the file may have been cut"
    if "expected after" in words:
        return "a quotation mark inside a quoted value must be doubled"
    return words


def _check_lengths(table: RawTable) -> None:
    width = len(table.header)
    last = len(table.rows) - 1
    for position, (number, row) in enumerate(zip(table.numbers, table.rows, strict=True)):
        if len(row) == width:
            continue
        message = f"has {len(row)} fields, the header has {width}"
        if len(row) > width:
            message += "; is there a comma in a value that is not quoted?"
        elif position == last:
            message += "; the file may have been cut here"
            table.complete = False
        table.fault(message, number)


def _read_parquet(table: RawTable, content: bytes) -> None:
    """Parquet rows as the text that CSV would hold, so that both pass the same checks."""
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except Exception as error:  # polars raises several kinds, some of them Rust panics' stand-ins
        table.fault(f"is not a readable Parquet file ({str(error).splitlines()[0]})")
        table.complete = False
        return
    # Single precision as its shortest text: 0.01 and not 0.00999999977648.
    frame = frame.with_columns(pl.selectors.by_dtype(pl.Float32).cast(pl.String))
    table.header = frame.columns
    table.rows = [["" if cell is None else _text(cell) for cell in row] for row in frame.iter_rows()]
    table.numbers = list(range(2, len(table.rows) + 2))


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
