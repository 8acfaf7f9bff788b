"""Who buys what from whom, laid out for a walk over buyers: rows of inputs, and under each input its suppliers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .layout import Floats, Ints, Pointers
from .rows import rows

ESSENTIAL = -1.0
"""The weight of an input without which nothing is made."""


class Trade(NamedTuple):
    """n firms and m links. An *input* is all that one buyer buys of one sector; inputs are numbered buyer by buyer."""

    input_start: Ints
    """(n+1,) where a buyer's inputs begin."""
    link_start: Ints
    """(inputs+1,) where an input's links begin."""
    sector: Ints
    """(inputs,) the sector that is bought."""
    need: Floats
    """(inputs,) what is bought in normal times: the sum over its links, in their order."""
    weight: Floats
    """(inputs,) ESSENTIAL, or the part of output that is lost without it (0: none)."""
    input: Ints
    """(m,) the input of a link; links are in the order of their inputs."""
    supplier: Ints
    """(m,)"""
    value: Floats
    """(m,) normal trade."""
    link: Ints
    """(m,) which link of the network it is."""


class Clients(NamedTuple):
    """The same links by supplier, for what a supplier has to know of its clients."""

    start: Pointers
    """(n+1,)"""
    place: Ints
    """(m,) where the link stands in `Trade`."""
    input: Ints
    """(m,) the client's input."""


NO_CLIENTS = Clients(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))
"""Where nobody asks for clients."""


def lay_out(supplier: Ints, buyer: Ints, value: Floats, sector: Ints, sectors: int) -> Trade:
    """The links (m,) of firms with a `sector` (n,) as `Trade`; every input's weight is still 0."""
    start, order = rows(buyer, len(sector))
    input_start, link_start, bought, of, link = _inputs(start, order, supplier, sector, sectors)
    value = value[link]
    return Trade(
        input_start,
        link_start,
        bought,
        _sums(link_start, value),
        np.zeros(len(bought)),
        of,
        supplier[link],
        value,
        link,
    )


def clients(trade: Trade, n: int) -> Clients:
    """The links of `trade` by supplier, each supplier's in the order of `trade`."""
    start, place = rows(trade.supplier, n)
    return Clients(start, place, trade.input[place])


@njit(cache=True, nogil=True)
def _inputs(
    start: Pointers, order: Ints, supplier: Ints, sector: Ints, sectors: int
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    n, m = len(start) - 1, len(order)
    input_start, link_start = np.empty(n + 1, np.int32), np.empty(m + 1, np.int32)
    bought, of, link = np.empty(m, np.int32), np.empty(m, np.int32), np.empty(m, np.int32)
    buyer = np.full(sectors, -1, np.int32)
    count, place, mine = np.empty(sectors, np.int32), np.empty(sectors, np.int32), np.empty(sectors, np.int32)
    k = at = 0
    for j in range(n):
        input_start[j] = k
        for x in range(start[j], start[j + 1]):
            s = sector[supplier[order[x]]]
            if buyer[s] != j:
                buyer[s] = j
                count[s] = 0
                mine[s] = k
                bought[k] = s
                k += 1
            count[s] += 1
        for x in range(input_start[j], k):
            place[bought[x]] = link_start[x] = at
            at += count[bought[x]]
        for x in range(start[j], start[j + 1]):
            s = sector[supplier[order[x]]]
            link[place[s]] = order[x]
            of[place[s]] = mine[s]
            place[s] += 1
    input_start[n] = k
    link_start[k] = at
    return input_start, link_start[: k + 1].copy(), bought[:k].copy(), of, link


@njit(cache=True, nogil=True)
def _sums(link_start: Ints, value: Floats) -> Floats:
    need = np.empty(len(link_start) - 1)
    for k in range(len(need)):
        # One after the other, as the days add up what arrives: then nothing at all moves without a shock.
        total = 0.0
        for e in range(link_start[k], link_start[k + 1]):
            total += value[e]
        need[k] = total
    return need
