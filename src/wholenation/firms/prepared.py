"""A firm network as the kernels want it: weights of both directions in compressed rows, hubs first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import QuestionError
from ..kernels.layout import Floats, Ints, Links
from ..kernels.rows import rows, slots
from .network import ESSENTIAL, IRRELEVANT, FirmNetwork


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays only, so that it can be shared by threads and sent to other machines.

    Firms are renumbered by falling number of links: most of what a cascade reads are hubs, which then lie together.
    A *slot* is what one firm buys of one essential sector, or of all non-essential ones: its loss is the loss of the
    largest slot, which is the generalized Leontief function. Rows without weight are left out.
    """

    order: Ints
    """(n,) the network's position of each renumbered firm."""
    links: Links

    @property
    def n(self) -> int:
        """How many firms."""
        return len(self.order)

    @property
    def place(self) -> Ints:
        """(n,) the renumbered position of each of the network's firms."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(self.n, dtype=np.int32)
        return place


def prepare(
    network: FirmNetwork,
    *,
    weights: Floats | None = None,
    use_revenue: bool = True,
    use_cost: bool = True,
) -> Prepared:
    """The weights of Diem et al. (2022) for a network; all are ratios, so that the unit of money does not matter.

    Downstream, Λd_ij is the supplier's part of what j buys of an essential sector, or of all that j buys for
    non-essential ones, scaled by purchases / cost where the cost is told. Upstream, Λu_ij is the buyer's part of i's
    sales, or of its revenue where that is told. `weights` (n,) replaces sales as what a firm counts.
    Raises `QuestionError` for weights that are negative, not finite or all zero.
    """
    n = network.n
    if weights is not None:
        weights = checked_weights(weights, n)
    degree = np.bincount(network.supplier, minlength=n) + np.bincount(network.buyer, minlength=n)
    order = np.argsort(-degree, kind="stable").astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(n, dtype=np.int32)
    supplier, buyer, value = place[network.supplier], place[network.buyer], network.value
    sector, market = network.sector[order], network.market[order]
    sales: Floats = np.bincount(supplier, value, n).astype(float)
    bought = np.bincount(buyer, value, n)
    total = sales.sum()

    revenue = np.nan_to_num(network.revenue[order]) if use_revenue else np.zeros(n)
    base = np.where(revenue > 0, revenue, sales)
    up_start, by_buyer = rows(buyer, n)
    up_supplier = supplier[by_buyer]
    up_weight = value[by_buyer] / base[up_supplier]

    # An essential input has a class of its sector, all non-essential ones share the last class.
    essential = network.essentiality[sector[supplier], sector[buyer]]
    pooled = len(network.sectors)
    kind = np.where(essential == ESSENTIAL, sector[supplier], pooled).astype(np.int32)
    kind[essential == IRRELEVANT] = -1
    slot, slot_firm = slots(up_start, by_buyer, kind, pooled + 1)
    kept = np.flatnonzero(slot >= 0)
    volume = np.bincount(slot[kept], value[kept], len(slot_firm))
    part = value / bought[buyer]
    own = kind[kept] < pooled
    part[kept[own]] = value[kept[own]] / volume[slot[kept[own]]]
    if use_cost:
        cost = np.nan_to_num(network.cost[order])
        part *= np.where(cost > 0, bought / np.where(cost > 0, cost, 1.0), 1.0)[buyer]
    down_start, by_supplier = rows(supplier[kept], n)
    kept = kept[by_supplier]
    size: Floats = sales / total if total > 0 else sales
    counted = (sales if weights is None else weights[order]).astype(float)
    market_start, market_firm = rows(market, len(network.markets))
    links = Links(
        weight=counted / counted.sum() if counted.sum() > 0 else counted,
        size=size,
        market=market,
        market_size=np.bincount(market, size, len(network.markets)).astype(float),
        market_start=market_start,
        market_firm=market_firm,
        down_start=down_start,
        down_slot=slot[kept],
        down_weight=part[kept],
        slot_firm=slot_firm,
        up_start=up_start,
        up_supplier=up_supplier,
        up_weight=up_weight,
    )
    return Prepared(order, links)


def checked_weights(weights: Floats, n: int) -> Floats:
    """The weights, if they can be what firms count."""
    weights = np.asarray(weights, float)
    if weights.shape != (n,):
        raise QuestionError(f"there are {weights.size} weights for {n} firms; each firm has one")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise QuestionError(
            f"{len(wrong)} weights are negative or not finite; the first is {weights[wrong[0]]}, of firm {wrong[0] + 1}"
        )
    if n and not weights.sum() > 0:
        raise QuestionError("all weights are zero; at least one firm has to count")
    return weights
