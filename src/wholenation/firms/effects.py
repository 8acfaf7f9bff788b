"""Disruptions as arrays: on every day, what firms can make, what final demand takes, what may be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..kernels.trade import Floats
from .disruptions import KINDS, TO_WHOM, WHO, Disruption, Kind
from .economy import Economy
from .network import FirmNetwork

Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Hit:
    """A disruption, and where it bites: firms, or places of links in the trade's order."""

    disruption: Disruption
    at: NDArray[np.int32]
    suppliers: Marks
    buyers: Marks


def to_hits(network: FirmNetwork, economy: Economy, disruptions: Sequence[Disruption]) -> tuple[Hit, ...]:
    """Where each disruption bites."""
    hits = []
    for one in disruptions:
        suppliers = _marked(network, [getattr(one, name) for name in WHO])
        buyers = _marked(network, [getattr(one, name) for name in TO_WHOM])
        marked = suppliers
        if one.kind == "deliveries":
            link = economy.trade.link
            marked = suppliers[economy.trade.supplier] & buyers[network.buyer[link]]
        hits.append(Hit(one, np.flatnonzero(marked).astype(np.int32), suppliers, buyers))
    return tuple(hits)


def _marked(network: FirmNetwork, who: Sequence[str | None]) -> Marks:
    """(n,) The firms of that code, sector and jurisdiction; what is None does not restrict."""
    firms = network.firms
    told = [
        pl.col(column) == code
        for column, code in zip(("firm", "sector", "jurisdiction"), who, strict=True)
        if code is not None
    ]
    if not told:
        return np.ones(network.n, np.bool_)
    return firms.select(pl.all_horizontal(told).fill_null(value=False)).to_series().to_numpy()


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
            if hit.suppliers.all():
                self.buys &= ~hit.buyers
            else:
                self.sells &= ~hit.suppliers

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
