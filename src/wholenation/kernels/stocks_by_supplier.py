"""The evening of a day where every supplier's goods lie in a stock of their own, as in the published simulator."""

from __future__ import annotations

import numpy as np
from numba import njit

from .days import CREATED, HELD, USED, ordered
from .layout import Floats
from .trade import Trade


@njit(cache=True, nogil=True)
def restock_by_supplier(
    low: int, high: int, trade: Trade, flow: Floats, ahead: Floats, target: Floats, rate: float, steady: bool,
    most: float, output: Floats, given: Floats, stock: Floats, ratio: Floats, orders: Floats, limit: Floats,
    accounts: Floats,
) -> None:  # fmt: skip
    """As `restock`, with `stock` and `ratio` (m,) by link: orders close each link's own gap.

    Every stock is used evenly, however little lies in it: one that is empty is used all the same, and what was never
    there is counted in `accounts`, besides what was used and what lies in stock. So it is published.
    """
    orders[:] = 0.0
    all_used = held = made_up = 0.0
    for j in range(low, high):
        made = output[j]
        least, lost = np.inf, 0.0
        for k in range(trade.input_start[j], trade.input_start[j + 1]):
            there = 0.0
            for e in range(trade.link_start[k], trade.link_start[k + 1]):
                i, value = trade.supplier[e], trade.value[e]
                left = stock[e] - made + ratio[e] * given[i] * flow[e] / value
                if left < 0.0:
                    made_up -= left * value
                    left = 0.0
                stock[e] = left
                there += left * value
                all_used += made * value
                ratio[e] = ordered(made, target[j], left, rate, steady)
                orders[i] += ahead[e] * ratio[e]
            held += there
            there /= trade.need[k]
            weight = trade.weight[k]
            least = min(least, there if weight < 0.0 else np.inf)
            lost += max(weight, 0.0) * max(0.0, 1.0 - there)
        limit[j] = min(least, most * (1.0 - lost))
    accounts[USED], accounts[HELD], accounts[CREATED] = all_used, held, made_up
