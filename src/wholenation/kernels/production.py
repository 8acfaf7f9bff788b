"""The morning of a day: what firms make of their orders, and who gets how much of it when it is not enough."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layout import Floats, Ints
from .trade import Clients

OUTPUT, ADDED, FINAL = 0, 1, 2
"""Columns of a sector's sums: output, value added, deliveries to final demand."""


@njit(cache=True, nogil=True)
def produce(
    low: int, high: int, orders: Floats, final: Floats, normal: Floats, capacity: Floats, limit: Floats,
    firms_first: bool, by_level: bool, clients: Clients, flow: Floats, ratio: Floats, output: Floats, given: Floats,
    delivered: Floats, sells: NDArray[np.bool_], sector: Ints, idle: Floats, offered: Floats,
) -> None:  # fmt: skip
    """The output of firms `low` to `high`, the least of capacity, stocks (`limit`) and demand, and what clients get.

    `orders` (ranges, n) are sums by range of buyers, `final` (n,) final demand, `normal` (n,) output in normal times,
    all in money; a firm without output is an end user whose demand is 1. `ratio` (inputs,) are relative orders.
    `given` (n,) is 1 (or, `by_level`, infinite) for a firm that meets all demand; `delivered` (n,) goes to final
    demand. `idle` (n,), if not empty, gets what a firm that `sells` to anybody could make beyond its orders, and
    `offered` (sectors,) the sums.
    """
    offered[:] = 0.0
    most = 0
    for i in range(low, high if by_level else low):
        most = max(most, clients.start[i + 1] - clients.start[i])
    part, order = np.empty(most), np.empty(most)
    for i in range(low, high):
        sold = 0.0
        for c in range(orders.shape[0]):
            sold += orders[c, i]
        demand = (sold + final[i]) / normal[i] if normal[i] > 0.0 else 1.0
        able = max(0.0, min(capacity[i], limit[i]))
        output[i] = min(able, demand)
        delivered[i] = final[i]
        given[i] = np.inf if by_level else 1.0
        if able < demand:
            made = able * normal[i]
            if firms_first and made >= sold:
                delivered[i] = made - sold
            elif by_level:
                asked = 0.0 if firms_first else final[i]
                level = _level(made, asked, i, clients, flow, ratio, part, order)
                given[i] = level
                delivered[i] = 0.0 if firms_first else final[i] * min(1.0, level)
            else:
                given[i] = made / sold if firms_first else able / demand
                delivered[i] = 0.0 if firms_first else final[i] * given[i]
        if len(idle):
            idle[i] = max(0.0, able - demand) * normal[i] if sells[i] else 0.0
            offered[sector[i]] += idle[i]


@njit(cache=True, nogil=True)
def _level(
    made: float,
    final: float,
    i: int,
    clients: Clients,
    flow: Floats,
    ratio: Floats,
    part: Floats,
    order: Floats,
) -> float:
    """The level up to which relative orders are filled, so that all that is `made` goes out and no more.

    Whoever asks for less, relative to normal, is served first and in full: Σ flow · min(ratio, level) = made. The sum
    is concave in the level, so the levels below only rise and end exactly at it, after a few rounds over the clients,
    whose trade and orders are first brought together in `part` and `order`.
    """
    start = clients.start[i]
    count = clients.start[i + 1] - start
    for at in range(count):
        part[at] = flow[clients.place[start + at]]
        order[at] = ratio[clients.input[start + at]]
    level = 0.0
    while True:
        full = partial = 0.0
        if final > 0.0:
            if level >= 1.0:
                full = final
            else:
                partial = final
        for at in range(count):
            served = order[at] <= level
            full += part[at] * order[at] if served else 0.0
            partial += 0.0 if served else part[at]
        if partial <= 0.0:
            return np.inf  # everybody is served in full: what was short was rounding
        higher = (made - full) / partial
        if higher <= level:
            return level
        level = higher


@njit(cache=True, nogil=True)
def tally(
    low: int, high: int, day: int, enough: float, normal: Floats, added: Floats, delivered: Floats, sector: Ints,
    output: Floats, idle: Floats, taken: Floats, lost: Floats, lowest: Floats, below: Ints, sums: Floats,
) -> None:  # fmt: skip
    """What became of the day for firms `low` to `high`, added up by sector into `sums` (sectors, 3).

    `taken` (sectors,) is the part of idle output that was sold after all. `lost` (n,) adds up days of own output,
    `below` has the last day on which a firm made less than the part `enough` of its normal output.
    """
    sums[:] = 0.0
    for i in range(low, high):
        if len(idle) and idle[i] > 0.0:
            output[i] += idle[i] / normal[i] * taken[sector[i]]
        x, s = output[i], sector[i]
        sums[s, OUTPUT] += x * normal[i]
        sums[s, ADDED] += x * added[i]
        sums[s, FINAL] += delivered[i]
        lost[i] += 1.0 - x
        lowest[i] = min(lowest[i], x)
        if x < enough:
            below[i] = day
