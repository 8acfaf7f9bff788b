"""Which inputs a sector cannot do without: a long table or a matrix into a (K, K) array."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..dictionary import Column
from .cells import note_empty, number_column, positions, read_all, text
from .dictionary import columns
from .sources import Source
from .tally import Tally

UNTOLD = 1
"""An input of which nothing is told is non-essential."""
LEVELS = "must be 2 (essential), 1 (non-essential) or 0 (irrelevant)"


def read_essentiality(source: Source, tally: Tally) -> tuple[tuple[str, ...], NDArray[np.int8]] | None:
    """(sectors, levels) in the order of the table, UNTOLD where a pair is not told; None when nothing can be read."""
    long = columns()["essentiality"]
    if "essentiality" in source.header or "supplier_sector" in source.header:
        at = positions(source, long, tally)
        if at is None:
            return None
        frame, rows = read_all(source, [at[name] for name in long], list(long))
        for name in ("supplier_sector", "buyer_sector"):
            frame = frame.with_columns(text(frame[name]).alias(name))
            note_empty(frame[name], name, source.file, rows, tally)
        level = _levels(frame["essentiality"], long["essentiality"], source.file, rows, tally)
        return _gathered(frame["supplier_sector"], frame["buyer_sector"], level, source.file, rows, tally)
    return _read_matrix(source, tally)


def _levels(
    column: pl.Series, declared: Column, file: str, rows: NDArray[np.int64], tally: Tally
) -> NDArray[np.float64]:
    values = number_column(column, replace(declared, minimum=None, maximum=None), file, rows, tally)
    broken = np.flatnonzero(~np.isnan(values) & ~np.isin(values, (0, 1, 2)))
    tally.many(file, column.name, LEVELS, rows[broken], lambda i: (str(column[int(broken[i])]), LEVELS))
    values[broken] = np.nan
    return values


def _gathered(
    supplier: pl.Series,
    buyer: pl.Series,
    level: NDArray[np.float64],
    file: str,
    rows: NDArray[np.int64],
    tally: Tally,
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    sectors = tuple(
        pl.concat([supplier, buyer.alias(supplier.name)]).drop_nulls().unique(maintain_order=True)
    )
    place = {code: at for at, code in enumerate(sectors)}
    matrix = np.full((len(sectors), len(sectors)), UNTOLD, np.int8)
    first: dict[tuple[str, str], int] = {}
    again: list[tuple[int, int]] = []
    for at, (one, other) in enumerate(zip(supplier, buyer, strict=True)):
        if one is None or other is None:
            continue
        if (one, other) in first:
            again.append((at, first[one, other]))
            continue
        first[one, other] = at
        if not np.isnan(level[at]):
            matrix[place[one], place[other]] = int(level[at])
    tally.many(
        file,
        "supplier_sector+buyer_sector",
        "repeats a pair of sectors",
        rows[[at for at, _ in again]],
        lambda i: (
            f"{supplier[again[i][0]]}, {buyer[again[i][0]]}",
            f"repeats the pair of row {rows[again[i][1]]}",
        ),
    )
    untold = len(sectors) ** 2 - len(first)
    if untold:
        tally.warn(
            file, f"{untold:,} pairs of sectors are not told; their inputs are taken to be non-essential"
        )
    return sectors, matrix


def _read_matrix(source: Source, tally: Tally) -> tuple[tuple[str, ...], NDArray[np.int8]] | None:
    """A matrix: supplying sectors in the first column, buying sectors in the header."""
    buyers = source.header[1:]
    if not buyers or len(set(buyers)) < len(buyers) or not all(buyers):
        tally.fault(
            source.file,
            "must have the columns supplier_sector, buyer_sector and essentiality, or be a matrix with every buying "
            "sector once in the header and the supplying sectors in the first column",
            1,
        )
        return None
    names = [str(at) for at in range(len(source.header))]
    frame, rows = read_all(source, range(len(names)), names)
    suppliers = text(frame["0"])
    note_empty(suppliers, source.header[0], source.file, rows, tally)
    repeated = np.flatnonzero(suppliers.is_not_null().to_numpy() & ~suppliers.is_first_distinct().to_numpy())
    message = "the sector has a row above"
    tally.many(
        source.file,
        source.header[0],
        message,
        rows[repeated],
        lambda i: (suppliers[int(repeated[i])], message),
    )
    sectors = tuple(dict.fromkeys([*suppliers.drop_nulls(), *buyers]))
    place = {code: at for at, code in enumerate(sectors)}
    matrix = np.full((len(sectors), len(sectors)), UNTOLD, np.int8)
    declared = columns()["essentiality"]["essentiality"]
    lines = np.array([-1 if code is None else place[code] for code in suppliers], np.int64)
    untold = len(sectors) ** 2
    for at, buyer in enumerate(buyers, start=1):
        # The column is named by its sector, so that a fault says where it lies.
        of = replace(declared, name=buyer, required=False)
        level = _levels(frame[str(at)].alias(buyer), of, source.file, rows, tally)
        told = ~np.isnan(level) & (lines >= 0)
        matrix[lines[told], place[buyer]] = level[told].astype(np.int8)
        untold -= int(told.sum())
    if untold > 0:
        tally.warn(
            source.file,
            f"{untold:,} pairs of sectors are not told; their inputs are taken to be non-essential",
        )
    return sectors, matrix
