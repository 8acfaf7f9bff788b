"""Lists of edges, one sale a row, under whatever names their columns have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ...errors import ChainError, Fault, QuestionError, unknown
from ...files import is_file
from ...importers import ImportSummary, Line
from ..assembly import assemble
from ..network import from_parts
from ..sources import Blocks, Source, open_source
from ..tally import Tally
from ..writing import Format, check_target
from .written import left_out, written

NAMES = {
    "supplier": ("supplier", "seller", "source", "from", "supplier_id", "seller_id", "i"),
    "buyer": ("buyer", "customer", "client", "target", "to", "buyer_id", "customer_id", "j"),
    "value": ("value", "weight", "amount", "sales", "volume", "w"),
}
"""What the columns are called where nothing is said, the first that is there."""


def import_links(
    source: str | Path,
    target: str | Path,
    *,
    supplier: str | None = None,
    buyer: str | None = None,
    value: str | None = None,
    supplier_sector: str | None = None,
    buyer_sector: str | None = None,
    firms: str | Path | None = None,
    essentiality: str | Path | None = None,
    form: Format = "parquet",
) -> ImportSummary:
    """Write the network of a CSV or Parquet file of edges into the folder `target`, and say what was done.

    Columns are found by their names (`NAMES`) where they are not told; without a column of values every row counts 1.
    Repeated links are added up; sales to oneself and of 0 are left out. `firms` and `essentiality` are tables of ours
    to go with them; without `firms` they are those that the edges name, all in one sector unless the edges tell the
    sectors. Raises `ChainError` for what is wrong in the files, `QuestionError` for a column that is not there, and
    `OutputError` where `target` holds something else.
    """
    check_target(target)
    tally = Tally()
    opened = _opened(source, tally)
    told = {
        "supplier": supplier,
        "buyer": buyer,
        "value": value,
        "supplier_sector": supplier_sector,
        "buyer_sector": buyer_sector,
    }
    chosen = _chosen(opened, told)
    firms_table = None if firms is None else _opened(firms, tally)
    levels = None if essentiality is None else _opened(essentiality, tally)
    parts = assemble(firms_table, _renamed(opened, chosen), levels, tally, lenient=True)
    network = from_parts(parts, tally.result(), Path(target).resolve().name)
    if not network.n:
        raise ChainError([Fault(opened.file, None, "", "", "the file has a header but no rows")])
    defaulted = [
        Line("values of links", 0 if "value" in chosen else network.m, "1 a row"),
        Line("pairs of sectors", 0 if levels else len(network.sectors) ** 2, "non-essential"),
    ]
    unread = [name for name in opened.header if name not in chosen.values()]
    dropped = [*left_out(tally), Line("columns", len(unread), f"not read: {', '.join(unread)}")]
    return written(network, target, form, defaulted=defaulted, dropped=dropped)


def _opened(place: str | Path, tally: Tally) -> Source:
    path = Path(place)
    if not is_file(path):
        raise QuestionError(f"{path}: there is no such file")
    found = open_source(path, path.name, tally)
    if found is None:
        raise ChainError(tally.result())
    return found


def _chosen(source: Source, told: dict[str, str | None]) -> dict[str, str]:
    """Our column -> the file's column."""
    lower = {name.casefold(): name for name in reversed(source.header)}
    chosen: dict[str, str] = {}
    wrong: list[str] = []
    for ours, theirs in told.items():
        if theirs is not None and theirs not in source.header:
            wrong.append(f"{theirs}: {unknown(theirs, list(source.header), f'column in {source.file}')}")
        elif theirs is not None:
            chosen[ours] = theirs
        else:
            found = next((lower[name] for name in NAMES.get(ours, ()) if name in lower), None)
            if found is not None:
                chosen[ours] = found
            elif ours in ("supplier", "buyer"):
                wrong.append(f"say which column of {source.file} is the {ours}: {', '.join(source.header)}")
    wrong += [
        f"{theirs}: {source.file} has several columns of this name"
        for theirs in dict.fromkeys(chosen.values())
        if source.header.count(theirs) > 1
    ]
    if not wrong and chosen["supplier"] == chosen["buyer"]:
        wrong.append(f"{chosen['supplier']} cannot be both the supplier and the buyer")
    if wrong:
        raise QuestionError("\n".join(wrong))
    return chosen


def _renamed(source: Source, chosen: dict[str, str]) -> Source:
    """The source under our names; without a column of values, each is 1."""
    header = (*chosen, *(["value"] if "value" not in chosen else []))
    places = [source.header.index(theirs) for theirs in chosen.values()]

    def blocks(at: Sequence[int]) -> Blocks:
        # One column may be told for two things, such as the sector of both ends.
        read = list(dict.fromkeys(places[position] for position in at if position < len(places)))
        for row, frame in source.blocks(read):
            columns = dict(zip(read, frame.get_columns(), strict=True))
            ones = pl.repeat(1.0, len(frame), eager=True)
            ordered = [columns[places[position]] if position < len(places) else ones for position in at]
            yield row, pl.DataFrame({header[at[i]]: column for i, column in enumerate(ordered)})

    return Source(source.file, header, blocks)
