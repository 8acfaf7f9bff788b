"""The table of links, block by block: codes become positions, and every row is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import Severity, unknown
from .arrays import TOO_LARGE, overflows
from .cells import EMPTY, number_column, positions, text
from .dictionary import SECTORS_OF_LINKS, columns
from .sources import Source
from .tally import Tally

ENDS = ("supplier", "buyer")
ITSELF = "a firm cannot sell to itself; leave such rows out"
ITSELF_LEFT_OUT = "a firm cannot sell to itself; the link is left out"
NO_SALE = "is 0: no sale, so the link is left out"
REPEATED = "repeats a link"
ADDED = "repeats a link; the values are added up"
COMPARED = 5_000
"""Among more firms than these, the nearest known code is not looked for: it would take seconds per fault."""


@dataclass(frozen=True)
class Links:
    """Sorted by supplier, then buyer; each pair once."""

    supplier: NDArray[np.int32]
    buyer: NDArray[np.int32]
    value: NDArray[np.float64]


def read_links(
    source: Source, firms: pl.Series, tally: Tally, *, complete: bool = True, lenient: bool = False
) -> Links:
    """The links between `firms`; what is wrong in any row is noted.

    Where the table of firms is not `complete`, codes that are not in it are let pass. A `lenient` reader leaves out
    sales to oneself and adds up repeated links, with a warning.
    """
    declared = columns()["links"]
    at = positions(source, _without_sectors(source, declared), tally)
    empty = Links(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    if at is None:
        return empty
    known = pl.DataFrame({"code": firms, "at": np.arange(len(firms), dtype=np.int32)})
    known = known.drop_nulls().unique("code", keep="first")
    severity: Severity = "warning" if lenient else "fault"
    parts: list[tuple[NDArray, NDArray, NDArray, NDArray]] = []
    for first, frame in source.blocks([at[name] for name in declared]):
        frame.columns = list(declared)
        parts.append(_checked(frame, first, source.file, known, tally, complete, severity))
    if not parts:
        return empty
    rows, supplier, buyer, value = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    parts.clear()
    return _sorted(rows, supplier, buyer, value, source.file, firms, tally, severity)


def _without_sectors(source: Source, declared: dict) -> dict:
    """The declared columns, and those that tell sectors where there is no table of firms."""
    told = [name for name in SECTORS_OF_LINKS if name in source.header]
    return declared | {name: columns()["essentiality"][name] for name in told}


def _checked(
    frame: pl.DataFrame,
    first: int,
    file: str,
    known: pl.DataFrame,
    tally: Tally,
    complete: bool,
    severity: Severity,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """(row, supplier, buyer, value) of the sound rows of a block."""
    codes = {name: text(frame[name]) for name in ENDS}
    rows = np.arange(first, first + len(frame))
    said = np.zeros(len(frame), np.bool_)
    worth = text(frame["value"]) if frame["value"].dtype == pl.String else frame["value"]
    for column in (*codes.values(), worth):
        said |= column.is_not_null().to_numpy()
    if not said.all():
        keep = pl.Series(said)
        worth, rows = worth.filter(keep), rows[said]
        codes = {name: column.filter(keep) for name, column in codes.items()}
    places = _places(codes, known)
    for name, column in codes.items():
        absent = column.is_null().to_numpy()
        lost = np.flatnonzero(absent)
        tally.many(file, name, EMPTY, rows[lost], lambda _: ("", EMPTY))
        strange = np.flatnonzero((places[name] < 0) & ~absent)
        if complete and len(strange):
            _note_strangers(file, name, column, rows, strange, known, tally)
    value = number_column(worth, columns()["links"]["value"], file, rows, tally)
    supplier, buyer = places["supplier"], places["buyer"]
    # Codes are compared too, since a firm that is not known can still not sell to itself.
    loops = np.flatnonzero((codes["supplier"] == codes["buyer"]).fill_null(False).to_numpy())
    itself = ITSELF if severity == "fault" else ITSELF_LEFT_OUT
    tally.many(
        file, "buyer", itself, rows[loops], lambda i: (codes["buyer"][int(loops[i])], itself), severity
    )
    nothing = np.flatnonzero(value == 0)
    tally.many(file, "value", NO_SALE, rows[nothing], lambda _: ("0", NO_SALE), "warning")
    sound = (supplier >= 0) & (buyer >= 0) & (supplier != buyer)
    return rows[sound], supplier[sound], buyer[sound], value[sound]


def _places(codes: dict[str, pl.Series], known: pl.DataFrame) -> dict[str, NDArray[np.int32]]:
    """Positions of suppliers and buyers, -1 where not known; both in one join, for its table is built only once."""
    both = pl.DataFrame({"code": pl.concat([codes[name].alias("code") for name in ENDS])})
    found = both.join(known, on="code", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
    half = len(found) // 2
    return {"supplier": found[:half], "buyer": found[half:]}


def _note_strangers(
    file: str,
    name: str,
    column: pl.Series,
    rows: NDArray[np.int64],
    strange: NDArray[np.int64],
    known: pl.DataFrame,
    tally: Tally,
) -> None:
    cheap = len(known) <= COMPARED
    codes = known["code"].to_list() if cheap else []

    def tell(i: int) -> tuple[str, str]:
        code = column[int(strange[i])]
        return code, unknown(
            code, codes, "firm in the table of firms"
        ) if cheap else "no such firm in the table of firms"

    tally.many(file, name, "no such firm in the table of firms", rows[strange], tell)


def _sorted(
    rows: NDArray[np.int64],
    supplier: NDArray[np.int32],
    buyer: NDArray[np.int32],
    value: NDArray[np.float64],
    file: str,
    firms: pl.Series,
    tally: Tally,
    severity: Severity,
) -> Links:
    key = supplier.astype(np.int64) * len(firms) + buyer
    if (np.diff(key) <= 0).any():
        order = np.argsort(key, kind="stable")
        key = key[order]
        new = np.diff(key, prepend=-1) > 0
        supplier, buyer, value = supplier[order], buyer[order], value[order]
        if not new.all():
            _note_again(key, rows[order], new, file, firms, tally, severity)
            starts = np.flatnonzero(new)
            supplier, buyer, value = supplier[starts], buyer[starts], _added(value, starts)
    if not (value > 0).all():
        sold = value > 0
        supplier, buyer, value = supplier[sold], buyer[sold], value[sold]
    if overflows(value):
        tally.fault(file, TOO_LARGE, column="value")
    return Links(supplier, buyer, value)


def _added(value: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.add.reduceat(value, starts)


def _note_again(
    key: NDArray[np.int64],
    rows: NDArray[np.int64],
    new: NDArray[np.bool_],
    file: str,
    firms: pl.Series,
    tally: Tally,
    severity: Severity,
) -> None:
    """Note the links that repeat one above; all arrays are sorted by `key`."""
    again = np.flatnonzero(~new)
    again = again[np.argsort(rows[again])]
    end = "the values are added up" if severity == "warning" else "add the values up, or keep one"

    def tell(i: int) -> tuple[str, str]:
        of = int(key[again[i]])
        first = rows[np.searchsorted(key, of)]
        names = (firms[of // len(firms)], firms[of % len(firms)])
        return ", ".join(names), f"repeats the link of row {first}; {end}"

    kind = ADDED if severity == "warning" else REPEATED
    tally.many(file, "supplier+buyer", kind, rows[again], tell, severity)


def firms_of_links(source: Source, tally: Tally) -> pl.DataFrame:
    """(firm, sector) of every firm that any link names, by code; one sector for all where links tell none."""
    declared = _without_sectors(source, columns()["links"])
    at = positions(source, declared, Tally())
    if at is None:
        return pl.DataFrame(schema={"firm": pl.String, "sector": pl.String})
    told = [name for name in SECTORS_OF_LINKS if name in at]
    with tally.quiet():  # what is wrong in the file is noted when its links are read
        found = _named(source, [at[name] for name in (*ENDS, *told)], told)
    known = found.drop_nulls()
    found = pl.concat([known, found.filter(pl.col("sector").is_null()).join(known, on="firm", how="anti")])
    _note_torn(found, source.file, tally)
    if told:
        lost = found.filter(pl.col("sector").is_null())["firm"].sort()
        missing = "no row tells the sector of this firm"
        tally.many(source.file, "", missing, np.zeros(len(lost), np.int64), lambda i: (lost[i], missing))
    found = found.unique("firm").with_columns(pl.col("sector").fill_null("all"))
    # By number where all codes are numbers, else by text: the same firms in the same order, whatever the order of rows.
    as_number = pl.col("firm").cast(pl.Int64, strict=False)
    return found.sort(as_number if found.select(as_number.is_not_null().all()).item() else "firm", "firm")


def _named(source: Source, at: Sequence[int], told: Sequence[str]) -> pl.DataFrame:
    """(firm, sector) of both ends of all links, each pair once."""
    seen = [pl.DataFrame(schema={"firm": pl.String, "sector": pl.String})]
    for _, frame in source.blocks(at):
        frame.columns = [*ENDS, *told]
        for end, sector in zip(ENDS, SECTORS_OF_LINKS, strict=True):
            of = pl.repeat(None, len(frame), dtype=pl.String, eager=True)
            if sector in told:
                of = text(frame[sector])
            seen.append(pl.DataFrame({"firm": text(frame[end]), "sector": of}).unique().drop_nulls("firm"))
        if len(seen) > 8:
            seen = [pl.concat(seen).unique()]
    return pl.concat(seen).unique()


def _note_torn(found: pl.DataFrame, file: str, tally: Tally) -> None:
    torn = (
        found.group_by("firm")
        .agg(pl.col("sector").sort())
        .filter(pl.col("sector").list.len() > 1)
        .sort("firm")
    )
    kind = "is told to be in several sectors"
    tally.many(
        file,
        "",
        kind,
        np.zeros(len(torn), np.int64),
        lambda i: (torn["firm"][i], f"{kind}: {', '.join(torn['sector'][i])}"),
    )
