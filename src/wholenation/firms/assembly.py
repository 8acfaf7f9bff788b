"""Tables of firms, links and essentiality into the arrays of a network, with everything that is wrong between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import unknown
from .arrays import grouped
from .cells import note_empty, number_column, positions, read_all, text
from .dictionary import columns, firm_schema
from .essentials import UNTOLD, read_essentiality
from .links import Links, firms_of_links, read_links
from .sources import Source
from .tally import Tally

ROUNDING = 1e-6
"""Revenue may be below sales, and cost below purchases, by this part before it is worth a word."""


@dataclass(frozen=True)
class Parts:
    """What a network is made of, in the order of its fields."""

    firms: pl.DataFrame
    sectors: tuple[str, ...]
    markets: tuple[str, ...]
    sector: NDArray[np.int32]
    market: NDArray[np.int32]
    links: Links
    essentiality: NDArray[np.int8]


def assemble(
    firms: Source | None, links: Source, essentiality: Source | None, tally: Tally, *, lenient: bool = False
) -> Parts | None:
    """The parts of a network; what is wrong is noted, and None when there is no table to make them of.

    Without a table of firms, firms are those that the links name. `lenient` is told at `read_links`.
    """
    if firms is None:
        frame = _completed(firms_of_links(links, tally))
        rows, file = np.zeros(len(frame), np.int64), links.file
    else:
        read = _read_firms(firms, tally)
        if read is None:
            read_links(links, pl.Series(dtype=pl.String), tally, complete=False)
            return None
        (frame, rows), file = read, firms.file
    whole = file not in tally.unread
    told = None if essentiality is None else read_essentiality(essentiality, tally)
    sectors, matrix = _sectors(
        frame, rows, file, told, tally, None if essentiality is None else essentiality.file
    )
    found = read_links(links, frame["firm"], tally, complete=whole, lenient=lenient)
    place = pl.DataFrame(
        {"sector": list(sectors), "at": range(len(sectors))}, schema={"sector": pl.String, "at": pl.Int32}
    )
    joined = frame.select("sector").join(place, on="sector", how="left", maintain_order="left")
    sector = joined["at"].fill_null(0).to_numpy()
    frame = frame.with_columns(pl.col("market").fill_null(pl.col("sector")))
    if firms is not None:
        _check_money(frame, rows, file, found, tally)
    if not len(found.value) and not any(fault.severity == "fault" for fault in tally.faults):
        tally.warn(links.file, "there is no link, so no firm depends on another")
    return Parts(frame, sectors, *grouped(frame, sectors, sector.astype(np.int32)), found, matrix)


def _completed(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns of the table of firms, in their order and of their types."""
    schema = firm_schema()
    missing = [
        pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns
    ]
    return frame.with_columns(missing).select(list(schema))


def _read_firms(source: Source, tally: Tally) -> tuple[pl.DataFrame, NDArray[np.int64]] | None:
    declared = columns()["firms"]
    at = positions(source, declared, tally)
    if at is None:
        return None
    raw, rows = read_all(source, list(at.values()), list(at))
    if not len(raw):
        if source.file not in tally.unread:
            tally.fault(source.file, "the file has a header but no rows")
        return None
    typed: dict[str, pl.Series] = {}
    for name in at:
        column = declared[name]
        if column.type == "number":
            typed[name] = pl.Series(
                name, number_column(raw[name], column, source.file, rows, tally), nan_to_null=True
            )
        else:
            typed[name] = text(raw[name])
            if column.required:
                note_empty(typed[name], name, source.file, rows, tally)
    frame = _completed(pl.DataFrame(typed))
    _note_repeated(frame["firm"], rows, source.file, tally)
    return frame, rows


def _note_repeated(codes: pl.Series, rows: NDArray[np.int64], file: str, tally: Tally) -> None:
    again = np.flatnonzero(codes.is_not_null().to_numpy() & ~codes.is_first_distinct().to_numpy())
    if not len(again):
        return
    listed = codes.gather(again[:1000])
    wanted = pl.DataFrame({"code": listed}).unique()
    firsts = pl.DataFrame({"code": codes, "row": rows}).join(wanted, on="code", how="semi")
    firsts = firsts.sort("row")
    first = dict(firsts.unique("code", keep="first", maintain_order=True).iter_rows())
    tally.many(
        file,
        "firm",
        "repeats a firm",
        rows[again],
        lambda i: (listed[i], f"repeats the firm of row {first[listed[i]]}"),
    )


def _sectors(
    frame: pl.DataFrame,
    rows: NDArray[np.int64],
    file: str,
    told: tuple[tuple[str, ...], NDArray[np.int8]] | None,
    tally: Tally,
    essentiality: str | None,
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """(sectors, essentiality): those of the essentiality where it is told, else those of the firms by code."""
    if told is not None:
        known = set(told[0])
        strange = np.flatnonzero(
            (frame["sector"].is_not_null() & ~frame["sector"].is_in(list(known))).to_numpy()
        )
        sentences: dict[str, str] = {}

        def tell(i: int) -> tuple[str, str]:
            code = frame["sector"][int(strange[i])]
            if code not in sentences:
                sentences[code] = unknown(code, list(told[0]), f"sector in {essentiality}")
            return code, sentences[code]

        tally.many(file, "sector", f"no such sector in {essentiality}", rows[strange], tell)
        return told
    sectors = tuple(frame["sector"].drop_nulls().unique().sort())
    if essentiality is None:
        message = "no essentiality is told: every input is taken to be non-essential"
        tally.warn(file, message)
    return sectors, np.full((len(sectors), len(sectors)), UNTOLD, np.int8)


def _check_money(frame: pl.DataFrame, rows: NDArray[np.int64], file: str, links: Links, tally: Tally) -> None:
    """Revenue covers sales and cost covers purchases; 0 where there are any would make all else infinite."""
    n = len(frame)
    for name, ends, what in (("revenue", links.supplier, "sells"), ("cost", links.buyer, "buys")):
        given = frame[name].fill_null(float("nan")).to_numpy()
        if not np.isnan(given).all():
            inside: NDArray[np.float64] = np.bincount(ends, links.value, n).astype(np.float64)
            _check_covered(given, inside, what, rows, (file, name), tally)


def _check_covered(
    given: NDArray[np.float64],
    inside: NDArray[np.float64],
    what: str,
    rows: NDArray[np.int64],
    place: tuple[str, str],
    tally: Tally,
) -> None:
    none = np.flatnonzero((given == 0) & (inside > 0))
    below = np.flatnonzero((given > 0) & (given < inside * (1 - ROUNDING)))

    def tell_none(i: int) -> tuple[str, str]:
        return "0", f"is 0, but the firm {what} for {inside[none[i]]:.6g} in the links"

    def tell_below(i: int) -> tuple[str, str]:
        message = f"is below what the firm {what} in the links ({inside[below[i]]:.6g})"
        return f"{given[below[i]]:.6g}", message

    tally.many(*place, f"is 0, but the firm {what}", rows[none], tell_none)
    tally.many(*place, f"is below what the firm {what} in the links", rows[below], tell_below, "warning")
