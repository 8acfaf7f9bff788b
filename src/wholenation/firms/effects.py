"""Disruptions as arrays: on every day, what firms can make, what final demand takes, what may be delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..kernels.layout import Floats, Ints
from .disruptions import KINDS, TO_WHOM, WHO, Disruption, Kind
from .economy import Economy
from .network import FirmNetwork

Marks = NDArray[np.bool_]
NOBODY = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Hit:
    """A disruption, and where it bites."""

    disruption: Disruption
    at: Ints
    """Firms, or for deliveries places of links in the trade's order."""
    suppliers: Ints | None
    """Firms that are told to deny (deliveries alone); None for all."""
    buyers: Ints
    """Firms that all deny (deliveries alone)."""


def to_hits(network: FirmNetwork, economy: Economy, disruptions: Sequence[Disruption]) -> tuple[Hit, ...]:
    """Where each disruption bites."""
    place = np.empty(0, np.int32)
    if any(one.kind == "deliveries" and one.firm is not None for one in disruptions):
        place = np.empty(network.m, np.int32)
        place[economy.trade.link] = np.arange(network.m, dtype=np.int32)
    named = {code for one in disruptions for code in (one.firm, one.to_firm) if code is not None}
    rows = {code: at for at, code in enumerate(network.firms["firm"]) if code in named} if named else {}
    hits = []
    for one in disruptions:
        who = [getattr(one, name) for name in WHO]
        suppliers = _marked(network, rows, who)
        if one.kind != "deliveries":
            hits.append(Hit(one, _at(suppliers), None, NOBODY))
            continue
        buyers = _marked(network, rows, [getattr(one, name) for name in TO_WHOM])
        links = _links(network, economy, one, place, suppliers, buyers)
        denies = any(code is not None for code in who)
        hits.append(Hit(one, links, *((_at(suppliers), NOBODY) if denies else (None, _at(buyers)))))
    return tuple(hits)


def _links(
    network: FirmNetwork, economy: Economy, one: Disruption, place: Ints, suppliers: Marks, buyers: Marks
) -> Ints:
    """Places of the links from these suppliers to these buyers; few are looked at where a firm is named."""
    trade = economy.trade
    if one.to_firm is not None and buyers.any():
        j = int(np.argmax(buyers))
        start, end = trade.link_start[trade.input_start[[j, j + 1]]]
        near = np.arange(start, end, dtype=np.int32)
    elif one.firm is not None and suppliers.any():
        i = np.int32(np.argmax(suppliers))  # of the array's own type, or it is copied
        start, end = np.searchsorted(network.supplier, i), np.searchsorted(network.supplier, i, "right")
        near = np.sort(place[start:end])
    else:
        near = np.arange(network.m, dtype=np.int32)
    return near[suppliers[trade.supplier[near]] & buyers[network.buyer[trade.link[near]]]]


def _marked(network: FirmNetwork, rows: Mapping[str, int], who: Sequence[str | None]) -> Marks:
    """(n,) The firms of that code, sector and jurisdiction; what is None does not restrict."""
    firm, sector, jurisdiction = who
    marks = np.ones(network.n, np.bool_)
    if firm is not None:
        marks[:] = False
        marks[rows[firm]] = True
    if sector is not None:
        marks &= network.sector == network.sectors.index(sector)
    if jurisdiction is not None:
        marks &= network.firms.select(pl.col("jurisdiction").eq_missing(jurisdiction)).to_series().to_numpy()
    return marks


def _at(marks: Marks) -> Ints:
    return np.flatnonzero(marks).astype(np.int32)


class Effects:
    """The arrays of a day, changed from day to day: `look_ahead(day)` the evening before, `advance(day)` that morning.

    Orders of an evening are for the next day, so that what may be delivered then has to be known before.
    """

    def __init__(self, economy: Economy, hits: Sequence[Hit], spare: float):
        self.economy, self.spare = economy, spare
        self._hits = {kind: [hit for hit in hits if hit.disruption.kind == kind] for kind in KINDS}
        self._lost = {kind: [0.0] * len(of_kind) for kind, of_kind in self._hits.items()}
        self.capacity: Floats = np.full(economy.n, 1.0 + spare)
        """(n,) output that firms could make, in normal outputs."""
        self.final: Floats = economy.final.copy()
        """(n,) what final demand asks for."""
        self.flow: Floats = economy.trade.value
        """(m,) trade that is permitted on this day, in the trade's order."""
        self.ahead: Floats = economy.trade.value
        """(m,) trade that is permitted on the next day."""
        self.sells: Marks = np.ones(economy.n, np.bool_)
        """(n,) firms that sell to anybody who comes: those that deny nobody, tomorrow."""
        self.buys: Marks = np.ones(economy.n, np.bool_)
        """(n,) firms that may buy of anybody: those that not everybody is forbidden to sell to, tomorrow."""

    def look_ahead(self, day: int) -> None:
        """What may be delivered on the next day."""
        if not self._changed("deliveries", day):
            return
        self.ahead = self.ahead.copy()  # today's orders were made, and are filled, by the old one
        self._cut("deliveries", self.ahead, self.economy.trade.value)
        self.sells[:] = True
        self.buys[:] = True
        for hit, lost in zip(self._hits["deliveries"], self._lost["deliveries"], strict=True):
            if lost == 0.0:
                continue
            if hit.suppliers is None:
                self.buys[hit.buyers] = False
            else:
                self.sells[hit.suppliers] = False

    def advance(self, day: int) -> None:
        """What can be made and is asked for today; what was ahead is now."""
        self.flow = self.ahead
        if self._changed("capacity", day):
            self._cut("capacity", self.capacity, 1.0 + self.spare)
        if self._changed("demand", day):
            self._cut("demand", self.final, self.economy.final)

    def _changed(self, kind: Kind, day: int) -> bool:
        old, self._lost[kind] = self._lost[kind], [hit.disruption.on(day) for hit in self._hits[kind]]
        return old != self._lost[kind]

    def _cut(self, kind: Kind, array: Floats, normal: Floats | float) -> None:
        """Normal values where any disruption of this kind bites, times what each of them leaves."""
        for hit in self._hits[kind]:
            array[hit.at] = normal if isinstance(normal, float) else normal[hit.at]
        for hit, lost in zip(self._hits[kind], self._lost[kind], strict=True):
            array[hit.at] *= 1.0 - lost
