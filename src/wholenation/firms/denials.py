"""A scenario's controls as disruptions of a chain's firms, from day to day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import polars as pl

from ..chain import Chain
from ..errors import QuestionError, unknown
from ..network import bloc
from .disruptions import Disruption
from .network import FirmNetwork


def disruptions_of(
    chain: Chain, network: FirmNetwork, scenario: str, *, first_day: date | None = None
) -> tuple[tuple[Disruption, ...], tuple[str, ...]]:
    """What a scenario's controls deny among the chain's firms (`firms_of`), and sentences on what they leave out.

    A control on items takes its coverage from all that the controller's firms deliver of them to the target's firms;
    one on an organization from what its firms deliver there, or, where it is the target's own, from what the
    controller's firms deliver to it. Day 0 is `first_day`, by default the first of the missions' first year, as for
    `stress`; what is in force by then is so from day 0 on. Controls of maintenance and of capital, and what reaches
    products of third countries, have no counterpart in deliveries. Raises `QuestionError` for an unknown scenario.
    """
    known = chain.scenarios["scenario"].to_list()
    if scenario not in known:
        raise QuestionError(f"{scenario}: {unknown(scenario, known, 'scenario')}")
    day_0 = first_day or date(min(chain.missions["year"]), 1, 1)
    rows = list(chain.controls.filter(pl.col("scenario") == scenario).iter_rows(named=True))
    found: list[Disruption] = []
    for row in rows:
        if row["kind"] in ("item", "entity"):
            start = max(0, (row["start"] - day_0).days)
            end = None if row["end"] is None else (row["end"] - day_0).days + 1
            if end is None or end > start:
                found += _denied(chain, network, row, start, end)
    return tuple(dict.fromkeys(found)), tuple(_left_out(rows))


def _denied(
    chain: Chain, network: FirmNetwork, row: dict[str, Any], start: int, end: int | None
) -> Iterator[Disruption]:
    there = set(network.firms["jurisdiction"].drop_nulls())
    controllers, targets = (sorted(bloc(chain, row[who]) & there) for who in ("controller", "target"))
    sectors = _sectors(chain, network, row)
    when: dict[str, Any] = {
        "share": row["coverage"],
        "kind": "deliveries",
        "start": start,
        "end": end,
        "name": row["scenario"],
    }
    if row["kind"] == "item":
        for controller in controllers:
            for target in targets:
                for sector in sectors:
                    yield Disruption(jurisdiction=controller, sector=sector, to_jurisdiction=target, **when)
        return
    own = network.firms.filter(pl.col("organization") == row["organization"])
    seat = chain.organizations.filter(pl.col("organization") == row["organization"])["jurisdiction"][0]
    if seat in bloc(chain, row["target"]):
        for firm in own["firm"]:
            for controller in controllers:
                for sector in sectors:
                    yield Disruption(jurisdiction=controller, sector=sector, to_firm=firm, **when)
        return
    for firm, sector in own.select("firm", "sector").iter_rows():
        if sectors == [None] or sector in sectors:
            for target in targets:
                yield Disruption(firm=firm, to_jurisdiction=target, **when)


def _sectors(chain: Chain, network: FirmNetwork, row: dict[str, Any]) -> list[str | None]:
    """The sectors of the items that a control names, those that somebody sells; None for all."""
    for column, told in (("item", row["item"]), ("stage", row["stage"]), ("kind", row["item_kind"])):
        if told is not None:
            named = chain.items.filter(pl.col(column) == told)["item"].to_list()
            sold = set(network.firms["sector"])
            return [item for item in named if item in sold]
    return [None]


def _left_out(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    kinds = [row["kind"] for row in rows]
    for kind, what in (("service", "maintenance"), ("capital", "capital")):
        if kind in kinds:
            yield f"left out: {_count(kinds.count(kind), 'control')} of {what}, which deny no deliveries"
    extended = sum(row["kind"] == "item" and row["reach"] == "extended" for row in rows)
    if extended:
        yield f"left out: what {_count(extended, 'control')} of extended reach deny of third countries' products"


def _count(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
