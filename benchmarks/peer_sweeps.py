"""The published iteration as one writes it with numpy and scipy, and where it would end.

Diem, Borsos, Reisch, Kertész, Thurner (2022), Scientific Reports 12, 7719, with generalized Leontief production. It
shares no code with the package, so that its numbers are a second opinion as well as a pace to compare with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import gmres

from wholenation.firms.network import FirmNetwork

Floats = NDArray[np.float64]
SOLD_OUT = 1e-10
SETTLED, DIGITS = 1e-12, 1e-12
"""Downstream, the growth in a sweep after which nothing is expected any more; upstream, the residual of the system."""


class Sweeps:
    """The weights of a network, downstream in a row per buyer and essential sector, upstream in a row per supplier."""

    def __init__(self, network: FirmNetwork):
        n, supplier, buyer, value = network.n, network.supplier, network.buyer, network.value
        self.sales, bought = np.bincount(supplier, value, n), np.bincount(buyer, value, n)
        self.weight = self.sales / self.sales.sum()
        self.market = network.market
        needed = network.essentiality[network.sector[supplier], network.sector[buyer]]
        others = len(network.sectors)
        group = np.where(needed == 2, network.sector[supplier], others).astype(np.int64)
        key, row = np.unique(buyer * np.int64(others + 1) + group, return_inverse=True)
        volume = np.bincount(row, value)
        part = np.where(needed == 2, value / volume[row], np.where(needed == 1, value / bought[buyer], 0.0))
        cost = np.nan_to_num(network.cost)
        part *= np.where(cost > 0, bought / np.where(cost > 0, cost, 1.0), 1.0)[buyer]
        self.down = sparse.csr_matrix((part, (row, supplier)), shape=(len(key), n))
        self.owner, self.first = np.unique(key // (others + 1), return_index=True)
        revenue = np.nan_to_num(network.revenue)
        base = np.where(revenue > 0, revenue, self.sales)
        self.up = sparse.csr_matrix((value / base[supplier], (supplier, buyer)), shape=(n, n))

    def fail(self, firm: int, eps: float) -> tuple[float, float, float, int]:
        """Risk, its downstream and upstream parts and the number of sweeps, when one firm fails altogether."""
        shock = np.zeros(len(self.sales))
        shock[firm] = 1.0
        down, up, sweeps, change = shock, shock, 0, np.inf
        while change > eps:
            sweeps += 1
            new_down, new_up = self.sweep_down(down, shock), self.sweep_up(up, shock)
            change = max(np.abs(new_down - down).max(), np.abs(new_up - up).max())
            down, up = new_down, new_up
        w = self.weight
        return float(w @ np.maximum(down, up)), float(w @ down), float(w @ up), sweeps

    def settle(self, firm: int) -> float:
        """The risk at the fixed point: downstream by sweeps to the end, upstream by one linear system.

        With the firm's own loss held at 1, upstream losses are the column of G = (I - Λu)⁻¹ over its diagonal.
        """
        shock = np.zeros(len(self.sales))
        shock[firm] = 1.0
        down, change = shock, np.inf
        while change > SETTLED * (self.weight @ down):
            new = self.sweep_down(down, shock)
            change, down = float(self.weight @ np.abs(new - down)), new
        system = sparse.identity(len(shock), format="csr") - self.up
        column, failed = gmres(system, shock, rtol=DIGITS, atol=0.0, restart=60, maxiter=50)
        if failed:
            raise RuntimeError("the upstream system was not solved")
        return float(self.weight @ np.maximum(down, column / column[firm]))

    def sweep_down(self, down: Floats, shock: Floats) -> Floats:
        """Losses after one more sweep for want of goods."""
        left = np.bincount(self.market, self.sales * (1.0 - down))
        left = np.where(left > SOLD_OUT * self.sales.sum(), left, 0.0)[self.market]
        replaceable = np.divide(self.sales, left, out=np.ones(len(left)), where=left > self.sales)
        worst = np.minimum(1.0, np.maximum.reduceat(self.down @ (replaceable * down), self.first))
        new = shock.copy()
        new[self.owner] = np.maximum(shock[self.owner], worst)
        return new

    def sweep_up(self, up: Floats, shock: Floats) -> Floats:
        """Losses after one more sweep for want of orders."""
        return np.maximum(shock, np.minimum(1.0, self.up @ up))
