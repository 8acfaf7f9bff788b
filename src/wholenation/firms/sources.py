"""Tables of any length as blocks of rows: CSV and Parquet files, and frames in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..errors import QuestionError
from .csv_blocks import csv_blocks, csv_header
from .tally import Tally

ROWS = 2_000_000
"""Rows of a block; larger ones take more memory, smaller ones look up the same firms more often."""

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises for damaged files; the second is no `Exception`."""

Blocks = Iterator[tuple[int, pl.DataFrame]]


@dataclass(frozen=True)
class Source:
    """A table: its header, and `blocks(positions)`, which gives (row of the first, frame of these columns) in order.

    Rows are numbered as a spreadsheet does, the header being row 1. Reading on from a broken place is noted in the
    tally that the source was opened with.
    """

    file: str
    header: tuple[str, ...]
    blocks: Callable[[Sequence[int]], Blocks]


def open_source(path: Path, file: str, tally: Tally) -> Source | None:
    """The table in a file, or None when nothing of it can be read; what is wrong with the file is noted."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        if path.suffix == ".parquet" or start == b"PAR1":
            found = _open_parquet(path, file, tally)
        else:
            found = _open_csv(path, file, tally)
    except OSError as error:
        tally.fault(file, f"cannot be read ({error.strerror})")
        found = None
    if found is None:
        tally.unread.add(file)
    return found


def of_frame(frame: pl.DataFrame, file: str) -> Source:
    """The table in a frame."""
    if not isinstance(frame, pl.DataFrame):
        raise QuestionError(f"{file} must be a polars frame, got {type(frame).__name__}")

    def blocks(at: Sequence[int]) -> Blocks:
        names = [frame.columns[position] for position in at]
        for first in range(0, len(frame), ROWS):
            yield first + 2, frame.select(names).slice(first, ROWS)

    return Source(file, tuple(frame.columns), blocks)


def _open_csv(path: Path, file: str, tally: Tally) -> Source | None:
    header = csv_header(path, file, tally)
    if header is None:
        return None

    def blocks(at: Sequence[int]) -> Blocks:
        return csv_blocks(path, file, header, at, tally)

    return Source(file, header.names, blocks)


def _open_parquet(path: Path, file: str, tally: Tally) -> Source | None:
    try:
        names = list(pl.read_parquet_schema(path))
    except UNREADABLE as error:
        tally.fault(file, f"is not a readable Parquet file ({_first_line(error)})")
        return None

    def blocks(at: Sequence[int]) -> Blocks:
        lazy = pl.scan_parquet(path, glob=False).select([names[position] for position in at])
        first = 0
        while True:
            try:
                frame = lazy.slice(first, ROWS).collect()
            except UNREADABLE as error:
                tally.fault(file, f"cannot be read from here on ({_first_line(error)})", first + 2)
                tally.unread.add(file)
                return
            if len(frame):
                yield first + 2, frame
            if len(frame) < ROWS:
                return
            first += ROWS

    return Source(file, tuple(names), blocks)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["no reason is given"])[0]
