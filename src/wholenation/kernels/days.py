"""A day of a firm network: firms produce, ship, use their stocks up, restock and order anew.

All is relative to normal times: output, the stock of an input in days of normal use, an order in normal orders. A day
reads every link once. Work is split by ranges of firms that depend on the network alone, and every range adds up
orders in an array of its own, so that the result is the same to the last bit for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .trade import Floats, Trade

Days = NDArray[np.int16]
LONGEST = 32_000
SHORT = 1e-9
"""An order is unfilled from this part on: less is rounding."""


@njit(cache=True, nogil=True)
def opening_orders(low: int, high: int, trade: Trade, flow: Floats, orders: Floats) -> None:
    """The normal orders of buyers `low` to `high`, added up by supplier into `orders` (n,)."""
    orders[:] = 0.0
    for e in range(trade.link_start[trade.input_start[low]], trade.link_start[trade.input_start[high]]):
        orders[trade.supplier[e]] += flow[e]


@njit(cache=True, nogil=True, inline="always")
def _ordered(output: float, target: float, stock: float, rate: float, steady: bool) -> float:
    """The order that replaces what is used and closes a part `rate` of the gap between stock and target.

    The target is so many days of normal use (`steady`), or of use at this output.
    """
    return max(0.0, output + (target * (1.0 if steady else output) - stock) * rate)


@njit(cache=True, nogil=True, inline="always")
def _filled(order: float, given: float, by_level: bool) -> float:
    """What comes of an order: a part of it, or all of it up to a level."""
    return min(order, given) if by_level else order * given


@njit(cache=True, nogil=True)
def restock(
    low: int, high: int, trade: Trade, flow: Floats, ahead: Floats, target: Floats, rate: float, steady: bool,
    most: float, by_level: bool, before: Floats, output: Floats, given: Floats, stock: Floats, orders: Floats,
    limit: Floats, ratio: Floats, wait: int, allowed: NDArray[np.bool_], met: Floats, unmet: Floats, lacking: Days,
    asked: Floats,
) -> None:  # fmt: skip
    """The evening of buyers `low` to `high`: use, receive, order for tomorrow; then what stocks allow tomorrow.

    `flow` (m,) is normal trade less what is denied today, `ahead` tomorrow. `given` (n,) is what a supplier gives of
    each order: the filled part, or (`by_level`) the level up to which relative orders are filled. `most` is the output
    that firms can reach with all inputs. `orders` (n,) is this range's own sum by supplier. `ratio` (inputs,), if not
    empty, keeps the new relative orders. With `wait` >= 0 what stays unfilled is asked of the
    whole sector from the day after `wait` days of shortage on: `unmet` (inputs,) is what was asked last night, `met`
    (sectors,) what part of it the sector delivers today, and `asked` (sectors,) the sum of what is asked now.
    """
    orders[:] = 0.0
    asked[:] = 0.0
    for j in range(low, high):
        made, planned, days = output[j], before[j], target[j]
        least, lost = np.inf, 0.0
        first, middle, last = trade.input_start[j], trade.single_end[j], trade.input_start[j + 1]
        e = trade.link_start[first]
        for k in range(first, last):
            s, order = stock[k], _ordered(planned, days, stock[k], rate, steady)
            end = e + 1
            if k < middle:
                received = flow[e] * _filled(order, given[trade.supplier[e]], by_level)
            else:
                end = trade.link_start[k + 1]
                received = 0.0
                for at in range(e, end):
                    received += flow[at] * _filled(order, given[trade.supplier[at]], by_level)
            received /= trade.need[k]
            if wait >= 0:
                elsewhere = unmet[k] * met[trade.sector[k]]
                gap = order - received
                lacking[k] = min(lacking[k] + 1, LONGEST) if gap > SHORT * order else 0
                unmet[k] = gap if lacking[k] > wait and allowed[j] else 0.0
                asked[trade.sector[k]] += unmet[k] * trade.need[k]
                received += elsewhere
            s = s - min(made, s) + received
            stock[k] = s
            order = _ordered(made, days, s, rate, steady)
            if len(ratio):
                ratio[k] = order
            if k < middle:
                orders[trade.supplier[e]] += ahead[e] * order
            else:
                for at in range(e, end):
                    orders[trade.supplier[at]] += ahead[at] * order
            e = end
            weight = trade.weight[k]
            least = min(least, s if weight < 0.0 else np.inf)
            lost += max(weight, 0.0) * max(0.0, 1.0 - s)
        limit[j] = min(least, most * (1.0 - lost))
