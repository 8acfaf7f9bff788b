"""Answers to many shocks as plain arrays, so that blocks of them can be joined, sent and kept without knowing them.

A column is an array with one row per shock. Where a shock has several entries (who is hit), the columns of a group
`g` are `g.start` (b + 1 positions) and any `g.x`, in which shock k owns the entries from start[k] to start[k + 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
START = "start"


def joined(blocks: list[Columns]) -> Columns:
    """One block after the other; the blocks are used up, so that memory holds hardly more than the answer."""
    whole: Columns = {}
    for name in list(blocks[0]):
        pieces = [block.pop(name) for block in blocks]
        if name.endswith(f".{START}"):
            counts = np.concatenate([np.diff(piece) for piece in pieces])
            whole[name] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        else:
            whole[name] = np.concatenate(pieces)
    return whole


def to_frame(columns: Columns) -> pl.DataFrame:
    """A row per shock, the entries of a group as lists."""
    series: list[pl.Series] = []
    for name, array in columns.items():
        group, dot, column = name.rpartition(".")
        if not dot:
            series.append(pl.Series(name, array))
        elif column == START:
            entries = {
                key: value for key, value in columns.items() if key.startswith(f"{group}.") and key != name
            }
            series += _lists(array, entries).get_columns()
    return pl.DataFrame(series)


def to_columns(frame: pl.DataFrame) -> Columns:
    """The arrays of such a frame, as they were to the last bit."""
    columns: Columns = {}
    for series in frame.get_columns():
        if isinstance(series.dtype, pl.List):
            lengths = series.list.len()
            start = f"{series.name.rpartition('.')[0]}.{START}"
            columns[start] = np.concatenate([[0], lengths.cast(pl.Int64).cum_sum().to_numpy()])
            columns[series.name] = series.filter(lengths > 0).explode().to_numpy()
        else:
            columns[series.name] = series.to_numpy()
    return columns


def _lists(start: NDArray[Any], entries: Columns) -> pl.DataFrame:
    """A list per shock, empty ones too."""
    rows = np.arange(len(start) - 1)
    flat = pl.DataFrame({"": np.repeat(rows, np.diff(start)), **entries})
    lists = flat.group_by("", maintain_order=True).agg(pl.all())
    every = pl.DataFrame({"": rows}).join(lists, on="", how="left", maintain_order="left")
    return every.select(pl.col(name).fill_null([]) for name in entries)
