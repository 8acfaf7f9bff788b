"""A day of a firm network: firms produce, ship, use their stocks up, restock and order anew.

All is relative to normal times: output, the stock of an input in days of normal use, an order in normal orders. A day
reads every link once. Work is split by ranges of firms that depend on the network alone, and every range adds up
orders in an array of its own, so that the result is the same to the last bit for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layout import Floats, Ints
from .trade import Trade

Days = NDArray[np.int16]
LONGEST = 32_000
SHORT = 1e-9
"""An order is unfilled from this part on: less is rounding."""
USED, HELD, CREATED = 0, 1, 2
"""Accounts of a range of buyers."""
BLOCK = 4_000
"""So many inputs at a time, so that what the links bring is still near when it is used."""


@njit(cache=True, nogil=True)
def opening_orders(low: int, high: int, trade: Trade, flow: Floats, orders: Floats) -> None:
    """The normal orders of buyers `low` to `high`, added up by supplier into `orders` (n,)."""
    orders[:] = 0.0
    for e in range(trade.link_start[trade.input_start[low]], trade.link_start[trade.input_start[high]]):
        orders[trade.supplier[e]] += flow[e]


@njit(cache=True, nogil=True, inline="always")
def ordered(output: float, target: float, stock: float, rate: float, steady: bool) -> float:
    """The order that replaces what is used and closes a part `rate` of the gap between stock and target.

    The target is so many days of normal use (`steady`), or of use at this output.
    """
    return max(0.0, output + (target * (1.0 if steady else output) - stock) * rate)


@njit(cache=True, nogil=True)
def restock(
    low: int, high: int, trade: Trade, flow: Floats, ahead: Floats, target: Floats, rate: float, steady: bool,
    most: float, by_level: bool, output: Floats, given: Floats, stock: Floats, ratio: Floats, orders: Floats,
    limit: Floats, wait: int, allowed: NDArray[np.bool_], met: Floats, unmet: Floats, lacking: Days, asked: Floats,
    accounts: Floats,
) -> None:  # fmt: skip
    """The evening of buyers `low` to `high`: use, receive, order for tomorrow; then what stocks allow tomorrow.

    `flow` (m,) is normal trade less what is denied today, `ahead` tomorrow. `given` (n,) is what a supplier gives of
    each order: the filled part, or (`by_level`) the level up to which relative orders are filled. `most` is the output
    that firms can reach with all inputs. `ratio` (inputs,) are relative orders, of last night and then of this one;
    `orders` (n,) is this range's own sum of the new ones by supplier. With `wait` >= 0 what stays unfilled is asked of
    the whole sector from the day after `wait` days of shortage on: `unmet` (inputs,) is what was asked last night,
    `met` (sectors,) what part of it the sector delivers today, and `asked` (sectors,) the sum of what is asked now.
    `accounts` gets what was used and what lies in stock now, in money.
    """
    orders[:] = 0.0
    asked[:] = 0.0
    all_used = held = 0.0
    came = np.empty(BLOCK + len(met))
    first, start = low, trade.input_start
    while first < high:
        end = first + 1
        while end < high and start[end + 1] - start[first] <= BLOCK:
            end += 1
        k0, k1 = start[first], start[end]
        e0, e1 = trade.link_start[k0], trade.link_start[k1]
        of, supplier = trade.input[e0:e1], trade.supplier[e0:e1]
        came[: k1 - k0] = 0.0
        # Views, so that the loops count from 0 and need not look for places before the first.
        _gather(of, k0, supplier, flow[e0:e1], given, ratio[k0:k1], by_level, came)
        for k in range(k0, k1):
            received = came[k - k0] / trade.need[k]
            came[k - k0] = received if by_level else received * ratio[k]
        if wait >= 0:
            for j in range(first, end):
                _search(
                    start[j],
                    start[j + 1],
                    k0,
                    trade,
                    allowed[j],
                    ratio,
                    met,
                    unmet,
                    lacking,
                    wait,
                    came,
                    asked,
                )
        for j in range(first, end):
            least, lost = np.inf, 0.0
            for k in range(start[j], start[j + 1]):
                used = min(output[j], stock[k])
                s = stock[k] - used + came[k - k0]
                stock[k] = s
                all_used += used * trade.need[k]
                held += s * trade.need[k]
                ratio[k] = ordered(output[j], target[j], s, rate, steady)
                weight = trade.weight[k]
                least = min(least, s if weight < 0.0 else np.inf)
                lost += max(weight, 0.0) * max(0.0, 1.0 - s)
            limit[j] = min(least, most * (1.0 - lost))
        _scatter(of, k0, supplier, ahead[e0:e1], ratio[k0:k1], orders)
        first = end
    accounts[USED], accounts[HELD] = all_used, held


@njit(cache=True, nogil=True)
def _gather(
    of: Ints,
    k0: int,
    supplier: Ints,
    flow: Floats,
    given: Floats,
    ratio: Floats,
    by_level: bool,
    came: Floats,
) -> None:
    """What suppliers send, added up by input; in parts of its order where not `by_level`."""
    if by_level:
        for e in range(len(of)):
            came[of[e] - k0] += flow[e] * min(ratio[of[e] - k0], given[supplier[e]])
    else:
        for e in range(len(of)):
            came[of[e] - k0] += flow[e] * given[supplier[e]]


@njit(cache=True, nogil=True)
def _scatter(of: Ints, k0: int, supplier: Ints, ahead: Floats, ratio: Floats, orders: Floats) -> None:
    """Orders, added up by supplier."""
    for e in range(len(of)):
        orders[supplier[e]] += ahead[e] * ratio[of[e] - k0]


@njit(cache=True, nogil=True)
def _search(
    start: int, end: int, k0: int, trade: Trade, allowed: bool, ratio: Floats, met: Floats, unmet: Floats,
    lacking: Days, wait: int, came: Floats, asked: Floats,
) -> None:  # fmt: skip
    """For the inputs of one buyer: what comes of last night's search, and what is searched for tonight."""
    for k in range(start, end):
        sector, gap = trade.sector[k], ratio[k] - came[k - k0]
        came[k - k0] += unmet[k] * met[sector]
        lacking[k] = min(lacking[k] + 1, LONGEST) if gap > SHORT * ratio[k] else 0
        unmet[k] = gap if lacking[k] > wait and allowed else 0.0
        asked[sector] += unmet[k] * trade.need[k]
