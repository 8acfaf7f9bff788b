"""What befalls a firm network, from when to when: capacity, demand or deliveries lost, and how they come back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ..cells import Table, typed
from ..dictionary import Column, Type
from ..errors import ChainError, Fault, QuestionError, unknown
from ..tables import read_table
from .network import FirmNetwork
from .shocks import no_such_firm

Kind = Literal["capacity", "demand", "deliveries"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WHO = ("firm", "sector", "jurisdiction")
TO_WHOM = ("to_firm", "to_sector", "to_jurisdiction")
Known = dict[str, set[str]]
FADED = 1e-9
"""A loss that fades below this part is over."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """Firms lose `share` of their capacity, of final demand or of their deliveries, from day `start` on.

    Whom it befalls is told by `firm`, `sector` and `jurisdiction`; what is not told does not restrict, so that without
    any of the three it befalls every firm. `kind` "capacity": they can make that much less. "demand": final demand
    takes that much less of what they sell. "deliveries": they deliver that much less of each order to the firms told by
    `to_firm`, `to_sector` and `to_jurisdiction` (to every firm without these); what they deliver to others and to final
    demand stays. The loss is whole from `start` up to the day before `end`. Then it is over, or, with `half_life`, it
    halves every so many days. Without `end` it stays for good, or, with `half_life`, fades from the start.
    Several that meet multiply: what one leaves, the next one cuts.
    """

    share: float = 1.0
    kind: Kind = "capacity"
    start: int = 0
    end: int | None = None
    half_life: float | None = None
    firm: str | None = None
    sector: str | None = None
    jurisdiction: str | None = None
    to_firm: str | None = None
    to_sector: str | None = None
    to_jurisdiction: str | None = None
    name: str = ""

    def on(self, day: int) -> float:
        """The part that is lost on a day.

        >>> slow = Disruption(0.8, start=2, end=4, half_life=3)
        >>> [round(slow.on(day), 2) for day in (1, 2, 4, 7, 10)]
        [0.0, 0.8, 0.8, 0.4, 0.2]
        """
        if day < self.start:
            return 0.0
        end = self.end if self.end is not None or self.half_life is None else self.start
        if end is None or day < end:
            return self.share
        left = 0.0 if self.half_life is None else self.share * 0.5 ** ((day - end) / self.half_life)
        return left if left >= FADED else 0.0


def read_disruptions(network: FirmNetwork, path: str | Path) -> tuple[Disruption, ...]:
    """The disruptions of a CSV or Parquet file, a row each, with the columns of `Disruption`.

    Only `share` must be there. Raises `ChainError` with all faults: what is no number, shares outside [0, 1], days
    before 0, an end before its start, firms, sectors and jurisdictions that the network does not know.
    """
    path = Path(path)
    raw = read_table("disruptions", path, path.name)
    faults: list[Fault] = []
    table = typed(raw, _declared(), faults)
    if raw.header and not raw.rows and raw.complete:
        faults.append(Fault(raw.file, None, "", "", "the file has a header but no rows"))
    rows = list(_disruptions(table, faults))
    known = _known(network, [one for _, one in rows])
    for number, one in rows:
        faults += [Fault(raw.file, number, column, value, said) for column, value, said in _wrong(one, known)]
    wrong = [fault for fault in faults if fault.severity == "fault"]
    if wrong:
        raise ChainError(sorted(set(wrong), key=lambda fault: (fault.row or 0, fault.column)))
    return tuple(one for _, one in rows)


def check(network: FirmNetwork, disruptions: Iterable[Disruption]) -> None:
    """Raise `QuestionError` with everything that is wrong with disruptions made in Python."""
    disruptions = list(disruptions)
    known = _known(network, disruptions)
    said = [
        f"disruption {at}: {column} {value}: {message}"
        for at, one in enumerate(disruptions)
        for column, value, message in _wrong(one, known)
    ]
    if said:
        raise QuestionError("\n".join(said))


def _declared() -> dict[str, Column]:
    def column(name: str, kind: Type = "string", **more: Any) -> Column:
        return Column("disruptions", name, kind, "", **more)

    days = {"minimum": 0.0}
    columns = [
        column("name"), column("kind", values=KINDS), *(column(name) for name in (*WHO, *TO_WHOM)),
        column("share", "number", required=True, unit="share", minimum=0.0, maximum=1.0),
        column("start", "integer", **days), column("end", "integer", **days), column("half_life", "number", **days),
        column("source"), column("note"),
    ]  # fmt: skip
    return {one.name: one for one in columns}


def _disruptions(table: Table, faults: Sequence[Fault]) -> Iterable[tuple[int, Disruption]]:
    """(row, disruption) of every row whose cells could be read."""
    broken = {fault.row for fault in faults if fault.severity == "fault"}
    names = [column.name for column in fields(Disruption)]
    for row, *values in table.records(*names):
        told = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if row not in broken and "share" in told:
            yield row, Disruption(**told)


def _wrong(one: Disruption, known: Known) -> Iterable[tuple[str, str, str]]:
    """(column, value, what is wrong with it)."""
    if one.kind not in KINDS:
        yield "kind", one.kind, unknown(one.kind, KINDS, "kind")
    if not 0 <= one.share <= 1:
        yield "share", str(one.share), "a share must lie between 0 and 1"
    if not one.start >= 0:
        yield "start", str(one.start), "must be at least 0"
    if one.end is not None and not one.end > one.start:
        yield "end", str(one.end), f"must come after the start, day {one.start}"
    if one.half_life is not None and not (0 < one.half_life < math.inf):
        yield "half_life", str(one.half_life), "must be above 0 days"
    for column in (*WHO, *TO_WHOM):
        code = getattr(one, column)
        if code is None:
            continue
        if column in TO_WHOM and one.kind != "deliveries":
            yield column, code, 'goes with the kind "deliveries" alone'
        what = column.removeprefix("to_")
        if code not in known[what]:
            yield (
                column,
                code,
                no_such_firm(code, sorted(known[what]))
                if what == "firm"
                else unknown(code, sorted(known[what]), what),
            )


def _known(network: FirmNetwork, disruptions: Iterable[Disruption]) -> Known:
    """The codes of every column that is used to tell who or to whom."""
    used = {
        column.removeprefix("to_")
        for column in (*WHO, *TO_WHOM)
        for one in disruptions
        if getattr(one, column) is not None
    }
    return {
        what: set(network.sectors) if what == "sector" else set(network.firms[what].drop_nulls().to_list())
        for what in used
    }
