"""A firm network in normal times: who makes, buys and delivers how much, laid out for a walk day by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import QuestionError
from ..kernels.days import opening_orders
from ..kernels.layout import Floats
from ..kernels.trade import ESSENTIAL as NOTHING_WITHOUT
from ..kernels.trade import Trade, lay_out
from .network import ESSENTIAL, NON_ESSENTIAL, FirmNetwork

Inputs = Literal["essentiality", "essential"]
MOST_RANGES = 8
LINKS_PER_RANGE = 100_000
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Economy:
    """n firms, all amounts per year in the network's money; what is delivered in normal times."""

    trade: Trade
    sector: NDArray[np.int32]
    sectors: int
    normal: Floats
    """(n,) output: what firms and final demand take together."""
    final: Floats
    """(n,) what final demand takes."""
    added: Floats
    """(n,) value added: output less purchases, below 0 where a firm buys more than it makes."""
    buyers: tuple[int, ...]
    """Where the ranges of buyers begin and the last one ends: about equally many links in each."""
    firms: tuple[int, ...]
    """Where the ranges of firms begin and the last one ends: equally many firms in each."""
    assumed: tuple[str, ...]
    """What had to be assumed, a sentence each."""

    @property
    def n(self) -> int:
        """How many firms."""
        return len(self.normal)

    @property
    def ranges(self) -> int:
        """Into how many parts a day's work is split, for any number of workers."""
        return len(self.buyers) - 1

    def by_sector(self, amount: Floats) -> Floats:
        """(sectors,) an amount of firms (n,), added up as a day adds up its own."""
        total = np.zeros(self.sectors)
        for low, high in zip(self.firms, self.firms[1:], strict=False):
            total += np.bincount(self.sector[low:high], amount[low:high], self.sectors)
        return total


def to_economy(network: FirmNetwork, inputs: Inputs = "essentiality") -> Economy:
    """The network in normal times.

    A firm's output is `output`, else `revenue`, else the larger of its sales to firms and its purchases, and never less
    than its sales to firms; what firms do not take of it goes to final demand. An essential input (of every firm with
    `inputs="essential"`) stops its buyer; a non-essential one costs it the part that the input has in its purchases.
    """
    if not network.n:
        raise QuestionError("the network has no firms, so that nothing can be propagated")
    trade = lay_out(network.supplier, network.buyer, network.value, network.sector, len(network.sectors))
    bought = np.bincount(network.buyer, network.value, network.n).astype(np.float64)
    buyer = np.repeat(np.arange(network.n), np.diff(trade.input_start))
    if inputs == "essential":
        trade.weight[:] = NOTHING_WITHOUT
    else:
        level = network.essentiality[trade.sector, network.sector[buyer]]
        part = np.where(level == NON_ESSENTIAL, trade.need / bought[buyer], 0.0)
        trade.weight[:] = np.where(level == ESSENTIAL, NOTHING_WITHOUT, part)
    count = max(1, min(MOST_RANGES, network.m // LINKS_PER_RANGE))
    buyers = _even(trade.link_start[trade.input_start], count)
    sold = _sold(trade, buyers, network.n)
    output, assumed = _outputs(network, sold, bought)
    final = np.maximum(output - sold, 0.0)
    final[final < ROUNDING * sold] = 0.0
    # Added up as a day adds up its orders, so that without a shock demand is output to the last bit.
    normal = sold + final
    firms = tuple(int(at) for at in np.linspace(0, network.n, count + 1).astype(int))
    return Economy(
        trade, network.sector, len(network.sectors), normal, final, normal - bought, buyers, firms, assumed
    )


def _even(before: NDArray[np.int32], count: int) -> tuple[int, ...]:
    """Cuts of n buyers into ranges with about equally many links; `before` (n+1,) links lie before each buyer."""
    cuts = np.searchsorted(before, np.linspace(0, before[-1], count + 1)[1:-1])
    return (0, *(int(cut) for cut in np.minimum(cuts, len(before) - 1)), len(before) - 1)


def _sold(trade: Trade, buyers: tuple[int, ...], n: int) -> Floats:
    orders, total = np.empty(n), np.zeros(n)
    for low, high in zip(buyers, buyers[1:], strict=False):
        opening_orders(low, high, trade, trade.value, orders)
        total += orders
    return total


def _outputs(network: FirmNetwork, sold: Floats, bought: Floats) -> tuple[Floats, tuple[str, ...]]:
    told: Floats = np.where(np.isnan(network.output), network.revenue, network.output)
    untold = np.isnan(told)
    output = np.where(untold, np.maximum(sold, bought), told)
    less = ~untold & (output < sold * (1 - 1e-9))
    said = []
    if untold.any():
        said.append(
            f"firms without output and revenue: {untold.sum()} of {network.n}; the larger of sales to firms and "
            "purchases stands for their output"
        )
    if less.any():
        said.append(
            f"firms that sell more to firms than they make: {less.sum()}; their sales stand for their output"
        )
    return output, tuple(said)
