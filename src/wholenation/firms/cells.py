"""Columns of text or numbers, whatever type they came in, and what is wrong in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..cells import not_a_number
from ..dictionary import Column
from ..errors import nearest
from .sources import Source
from .tally import Tally

EMPTY = "is empty; a value is required"


def positions(source: Source, declared: dict[str, Column], tally: Tally) -> dict[str, int] | None:
    """Column -> its position; what is odd in the header is noted. None when a required column is missing."""
    found: dict[str, int] = {}
    missing = [
        column.name for column in declared.values() if column.required and column.name not in source.header
    ]
    for at, name in enumerate(source.header):
        if name in found:
            tally.fault(source.file, "the column appears twice", 1, name)
        elif name in declared:
            found[name] = at
        else:
            near = nearest(name, missing) or nearest(name, set(declared) - set(source.header))
            hint = f"is {near} meant?" if near else f"known: {', '.join(declared)}"
            tally.warn(
                source.file, f"unknown column, which is not read; {hint}", 1, name or f"column {at + 1}"
            )
    for name in missing:
        near = nearest(name, set(source.header) - set(declared))
        hint = f"; is {near} meant to be it?" if near else ""
        tally.fault(source.file, f"the column is missing{hint}", 1, name)
    return None if missing else found


def read_all(
    source: Source, at: Sequence[int], names: Sequence[str]
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """(frame, row of each of its rows) of a table that fits in memory, without the rows that are empty."""
    blocks = [(row, frame) for row, frame in source.blocks(at)]
    if not blocks:
        empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        return empty, np.empty(0, np.int64)
    frame = pl.concat([block for _, block in blocks])
    frame.columns = list(names)
    frame = frame.with_columns(text(column) if column.dtype == pl.String else column for column in frame)
    rows = np.concatenate([np.arange(row, row + len(block)) for row, block in blocks])
    said = ~frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return frame.filter(said), rows[said.to_numpy()]


def text(column: pl.Series) -> pl.Series:
    """As text without spaces around it, null where empty; numbers that are whole are written without a point."""
    if column.dtype.is_float():
        whole = column == column.floor()
        column = (
            pl.select(
                pl.when(whole)
                .then(column.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(column.cast(pl.String))
            )
            .to_series()
            .alias(column.name)
        )
    elif column.dtype != pl.String:
        column = column.cast(pl.String)
    column = column.str.strip_chars()
    return column.set(column == "", None)


def numbers(column: pl.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(values, with NaN where there is none or a wrong one; whether the cell holds something that is no number)."""
    if column.dtype.is_numeric():
        given = column.cast(pl.Float64)
    elif column.dtype == pl.String:
        column = text(column)
        given = column.cast(pl.Float64, strict=False)
    else:
        given = pl.repeat(None, len(column), dtype=pl.Float64, eager=True)
    values = given.fill_null(float("nan")).to_numpy().copy()
    wrong = column.is_not_null().to_numpy() & ~np.isfinite(values)
    values[wrong] = np.nan
    return values, wrong


def number_column(
    column: pl.Series, declared: Column, file: str, rows: NDArray[np.int64], tally: Tally
) -> NDArray[np.float64]:
    """The values, NaN where there is none; cells that are no number, or outside the declared range, are noted."""
    values, wrong = numbers(column)
    at = np.flatnonzero(wrong)
    tally.many(
        file,
        declared.name,
        "is not a finite number",
        rows[at],
        lambda i: (str(column[int(at[i])]), _no_number(column[int(at[i])])),
    )
    low = -np.inf if declared.minimum is None else declared.minimum
    high = np.inf if declared.maximum is None else declared.maximum
    outside = np.flatnonzero((values < low) | (values > high))
    kind = f"must be at least {low:g}" if high == np.inf else f"must lie between {low:g} and {high:g}"
    tally.many(file, declared.name, kind, rows[outside], lambda i: (str(column[int(outside[i])]), kind))
    values[outside] = np.nan
    if declared.required:
        note_empty(column, declared.name, file, rows, tally)
    return values


def note_empty(column: pl.Series, name: str, file: str, rows: NDArray[np.int64], tally: Tally) -> None:
    """Note the rows in which a required cell is empty."""
    at = np.flatnonzero((text(column) if column.dtype == pl.String else column).is_null().to_numpy())
    tally.many(file, name, EMPTY, rows[at], lambda _: ("", EMPTY))


def _no_number(cell: object) -> str:
    return not_a_number(str(cell).strip())
