"""Disruptions as arrays: on every day, what firms can make, what final demand takes, what may be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..kernels.trade import Floats
from .disruptions import TO_WHOM, WHO, Disruption
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
    """The arrays of a day, changed in place from day to day."""

    def __init__(self, economy: Economy, hits: Sequence[Hit], spare: float):
        self.economy, self.hits, self.spare = economy, hits, spare
        self.capacity: Floats = np.full(economy.n, 1.0 + spare)
        """(n,) output that firms could make, in normal outputs."""
        self.final: Floats = economy.final.copy()
        """(n,) what final demand asks for."""
        self.flow: Floats = economy.trade.value
        """(m,) trade that is permitted, in the trade's order."""
        if any(hit.disruption.kind == "deliveries" for hit in hits):
            self.flow = economy.trade.value.copy()
        self.sells: Marks = np.ones(economy.n, np.bool_)
        """(n,) firms that sell to anybody who comes: those that deny nobody."""
        self.buys: Marks = np.ones(economy.n, np.bool_)
        """(n,) firms that may buy of anybody: those that not everybody is forbidden to sell to."""
        self._now = [0.0] * len(hits)

    def advance(self, day: int) -> None:
        """Bring all arrays to a day; what has not changed since the last one is not touched."""
        losses = [hit.disruption.on(day) for hit in self.hits]
        changed = {
            hit.disruption.kind
            for hit, old, new in zip(self.hits, self._now, losses, strict=True)
            if old != new
        }
        self._now = losses
        trade = self.economy.trade
        if "capacity" in changed:
            self._cut("capacity", self.capacity, 1.0 + self.spare)
        if "demand" in changed:
            self._cut("demand", self.final, self.economy.final)
        if "deliveries" in changed:
            self._cut("deliveries", self.flow, trade.value)
            self._trust()

    def _cut(self, kind: str, array: Floats, normal: Floats | float) -> None:
        """Normal values where any disruption of this kind bites, times what each of them leaves."""
        of_kind = [
            (hit.at, loss)
            for hit, loss in zip(self.hits, self._now, strict=True)
            if hit.disruption.kind == kind
        ]
        for at, _ in of_kind:
            array[at] = normal if isinstance(normal, float) else normal[at]
        for at, loss in of_kind:
            array[at] *= 1.0 - loss

    def _trust(self) -> None:
        """Who denies sells nothing to strangers; whom all are told to deny buys nothing of them."""
        self.sells[:] = True
        self.buys[:] = True
        for hit, loss in zip(self.hits, self._now, strict=True):
            if hit.disruption.kind != "deliveries" or loss == 0.0:
                continue
            if hit.suppliers.all():
                self.buys &= ~hit.buyers
            else:
                self.sells &= ~hit.suppliers
