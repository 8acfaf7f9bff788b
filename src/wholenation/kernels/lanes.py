"""Dense cascades side by side: the published iteration by rows, eight shocks in the same pass over the links.

Once a loss has reached a good part of the links, adding it up row by row costs a fraction of pushing it along at
random, and eight shocks share every link that is read. What a lane holds depends on its shock alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .layout import Floats, Ints, Links, Pointers
from .rows import rows
from .sweeps import SOLD_OUT, begin, clear, risk, sums, sweep_down, sweep_up

LANES = 8
"""Shocks side by side: a firm's losses in all of them fill one line of the cache."""
DENSE = 0.04
"""Part of the links that the next sweep would push along from which rows are cheaper."""


class Pulls(NamedTuple):
    """The links by the firm that is hit: downstream by slot, the slots of a firm one after the other."""

    slot_start: Pointers
    """(n+1,) slots of a firm."""
    down_start: Pointers
    """(slots+1,) rows by slot."""
    down_supplier: Ints
    down_weight: Floats
    up_start: Pointers
    """(n+1,) rows by supplier."""
    up_buyer: Ints
    up_weight: Floats


class Lanes(NamedTuple):
    """(n, LANES) losses, what of them is passed on downstream, and upstream losses of the sweep before."""

    down: Floats
    passed: Floats
    up: Floats
    before: Floats
    left: Floats
    """(markets, LANES)"""
    acc: Floats
    worst: Floats
    change: Floats


def pulls(links: Links) -> Pulls:
    """The same links in rows of the other end."""
    n, slots = len(links.weight), len(links.slot_firm)
    slot_start = np.concatenate([[0], np.cumsum(np.bincount(links.slot_firm, minlength=n))]).astype(np.int64)
    firms = np.arange(n, dtype=np.int32)
    down_start, by_slot = rows(links.down_slot, slots)
    up_start, by_supplier = rows(links.up_supplier, n)
    return Pulls(
        slot_start,
        down_start,
        np.repeat(firms, np.diff(links.down_start))[by_slot],
        links.down_weight[by_slot],
        up_start,
        np.repeat(firms, np.diff(links.up_start))[by_supplier],
        links.up_weight[by_supplier],
    )


def lanes(links: Links) -> Lanes:
    """Memory of one thread, clean."""
    n = len(links.weight)
    return Lanes(
        np.zeros((n, LANES)), np.zeros((n, LANES)), np.zeros((n, LANES)), np.zeros((n, LANES)),
        np.zeros((len(links.market_size), LANES)), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def waiting(links, own, downs, ups, sweeps):
    """Links along which the next sweep would push."""
    total = 0
    for at in range(downs):
        i = own.down.hit[at]
        if own.down.mark[i] == sweeps:
            total += links.down_start[i + 1] - links.down_start[i]
    for at in range(ups):
        i = own.up.hit[at]
        if own.up.mark[i] == sweeps:
            total += links.up_start[i + 1] - links.up_start[i]
    return total


@njit(cache=True, nogil=True)
def push(links, own, firm, shock_down, shock_up, eps, stopping):
    """Sweep until the rule says stop or the cascade is dense: whether it stopped, sweeps, hits, edges, risk."""
    limit = DENSE * (len(links.down_slot) + len(links.up_supplier))
    downs, ups = begin(links, own, firm, shock_down, shock_up)
    edges = 0
    previous = risk(links, own, downs, ups) if stopping == 2 else 0.0
    sweeps = 0
    while True:
        sweeps += 1
        edges_d, downs, change_d = sweep_down(links, own, downs, sweeps)
        edges_u, ups, change_u = sweep_up(links, own, ups, sweeps)
        edges += edges_d + edges_u
        if stopping == 1:
            if max(change_d, change_u) <= eps:
                return True, sweeps, downs, ups, edges, 0.0
        else:
            grown = risk(links, own, downs, ups)
            if not grown > (1 + eps) * previous:
                return True, sweeps, downs, ups, edges, grown
            previous = grown
        if waiting(links, own, downs, ups, sweeps) > limit:
            return False, sweeps, downs, ups, edges, previous


@njit(cache=True, nogil=True)
def enter(own, side, downs, ups, b):
    """Move a cascade into a lane."""
    for at in range(downs):
        i = own.down.hit[at]
        side.down[i, b] = own.down.loss[i]
    for at in range(ups):
        i = own.up.hit[at]
        side.up[i, b] = own.up.loss[i]


@njit(cache=True, nogil=True)
def leave(own, side, b):
    """Move a cascade out of its lane, which is free then; how many are hit in each direction."""
    downs = 0
    ups = 0
    for i in range(len(side.down)):
        loss = side.down[i, b]
        if loss > 0.0:
            own.down.loss[i] = loss
            own.down.hit[downs] = i
            downs += 1
            side.down[i, b] = 0.0
        loss = side.up[i, b]
        if loss > 0.0:
            own.up.loss[i] = loss
            own.up.hit[ups] = i
            ups += 1
            side.up[i, b] = 0.0
    return downs, ups


@njit(cache=True, nogil=True)
def pull(links, pulls, side):
    """One sweep of all lanes; the largest change of each in `side.change`."""
    down, passed, up, before, left = side.down, side.passed, side.up, side.before, side.left
    acc, worst, change = side.acc, side.worst, side.change
    n = len(links.weight)
    left[:] = 0.0
    change[:] = 0.0
    for i in range(n):
        k = links.market[i]
        size = links.size[i]
        for b in range(LANES):
            left[k, b] += size * (1.0 - down[i, b])
            before[i, b] = up[i, b]
    for i in range(n):
        k = links.market[i]
        size = links.size[i]
        for b in range(LANES):
            rest = left[k, b]
            passed[i, b] = down[i, b] if size >= rest or rest <= SOLD_OUT else down[i, b] * (size / rest)
    for j in range(n):
        if pulls.slot_start[j + 1] > pulls.slot_start[j]:
            worst[:] = 0.0
            for q in range(pulls.slot_start[j], pulls.slot_start[j + 1]):
                acc[:] = 0.0
                for e in range(pulls.down_start[q], pulls.down_start[q + 1]):
                    i = pulls.down_supplier[e]
                    w = pulls.down_weight[e]
                    for b in range(LANES):
                        acc[b] += w * passed[i, b]
                for b in range(LANES):
                    worst[b] = max(worst[b], acc[b])
            for b in range(LANES):
                loss = min(1.0, worst[b])
                grown = loss - down[j, b]
                if grown > 0.0:
                    change[b] = max(change[b], grown)
                    down[j, b] = loss
        if pulls.up_start[j + 1] > pulls.up_start[j]:
            acc[:] = 0.0
            for e in range(pulls.up_start[j], pulls.up_start[j + 1]):
                i = pulls.up_buyer[e]
                w = pulls.up_weight[e]
                for b in range(LANES):
                    acc[b] += w * before[i, b]
            for b in range(LANES):
                loss = min(1.0, acc[b])
                grown = loss - up[j, b]
                if grown > 0.0:
                    change[b] = max(change[b], grown)
                    up[j, b] = loss


@njit(cache=True, nogil=True)
def total(links, side, b):
    """The risk of a lane."""
    value = 0.0
    for i in range(len(links.weight)):
        value += links.weight[i] * max(side.down[i, b], side.up[i, b])
    return value


@njit(cache=True, nogil=True)
def solve(links, pulls, own, side, start, firm, shock_down, shock_up, eps, stopping, out):
    """Risk, downstream, upstream, sweeps and edges of every shock, into `out` (b, 5)."""
    whose = np.full(LANES, -1)
    sweeps = np.zeros(LANES, np.int64)
    edges = np.zeros(LANES, np.int64)
    previous = np.zeros(LANES)
    every = len(links.down_slot) + len(links.up_supplier)
    following = 0
    count = len(start) - 1
    running = 0
    while running > 0 or following < count:
        for b in range(LANES):
            while whose[b] < 0 and following < count:
                s = following
                following += 1
                low, high = start[s], start[s + 1]
                done, t, downs, ups, walked, grown = push(
                    links, own, firm[low:high], shock_down[low:high], shock_up[low:high], eps, stopping
                )
                if done:
                    record(links, own, downs, ups, t, walked, out[s])
                else:
                    enter(own, side, downs, ups, b)
                    whose[b], sweeps[b], edges[b], previous[b] = s, t, walked, grown
                    running += 1
                clear(links, own, downs, ups)
        if running == 0:
            break
        pull(links, pulls, side)
        for b in range(LANES):
            if whose[b] < 0:
                continue
            sweeps[b] += 1
            edges[b] += every
            if stopping == 1:
                stop = side.change[b] <= eps
            else:
                grown = total(links, side, b)
                stop = not grown > (1 + eps) * previous[b]
                previous[b] = grown
            if stop:
                downs, ups = leave(own, side, b)
                record(links, own, downs, ups, sweeps[b], edges[b], out[whose[b]])
                clear(links, own, downs, ups)
                whose[b] = -1
                running -= 1


@njit(cache=True, nogil=True)
def record(links, own, downs, ups, sweeps, edges, row):
    """Where who is hit would be told too."""
    row[0] = risk(links, own, downs, ups)
    row[1], row[2] = sums(links, own, downs, ups)
    row[3] = sweeps
    row[4] = edges
