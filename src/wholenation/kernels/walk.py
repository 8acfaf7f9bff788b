"""Who tells whom: losses pass along links, to customers and to suppliers, when they are worth it.

Everything that a link touches of a firm lies in one row: one line of the cache.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

from .layout import Floats, Ints
from .sweeps import replaceable

LOSS, TOLD, WORTH, WEIGHT, SIZE, MARKET = 0, 1, 2, 3, 4, 5
"""Columns of a firm's row. Upstream has the first four; WORTH is what a unit that it tells brings about elsewhere.
Downstream, TOLD and WORTH are of loss times replaceability."""
TOTAL, FIRM = 0, 1
"""Columns of a slot's row: its loss, and whose it is."""

AUDIBLE = 1e-14
"""A growth by a smaller part of the loss is not told: rounding could keep it going round for ever."""


class Own(NamedTuple):
    """Memory of one thread: one row a firm in each direction, one row a slot."""

    down: Floats
    up: Floats
    slot: Floats
    left: Floats
    hit_down: Ints
    hit_up: Ints
    queue: Ints


@njit(cache=True, nogil=True)
def begin(own, firm, shock_down, shock_up):
    """Hit the shocked firms: how many in each direction, the weight lost at once, and what upstream could come to."""
    downs = 0
    ups = 0
    lost = 0.0
    scale = 0.0
    for at in range(len(firm)):
        i = firm[at]
        if shock_down[at] > 0:
            own.down[i, LOSS] = shock_down[at]
            own.hit_down[downs] = i
            downs += 1
            own.left[int(own.down[i, MARKET])] -= own.down[i, SIZE] * shock_down[at]
            lost += own.down[i, WEIGHT] * shock_down[at]
        if shock_up[at] > 0:
            own.hit_up[ups] = i
            ups += 1
            scale += (own.up[i, WEIGHT] + own.up[i, WORTH]) * shock_up[at]
    return downs, ups, lost, min(1.0, scale)


@njit(cache=True, nogil=True)
def matters(more, told, worth, bound):
    """Whether what a firm has not told yet is worth telling."""
    return more * worth > bound and more > AUDIBLE * told


@njit(cache=True, nogil=True)
def tell_customers(links, own, hits, tail, bound, lost):
    """Tell on downstream until the queue is empty: firms hit, lost by weight, links walked."""
    down, slot, left, hit, queue = own.down, own.slot, own.left, own.hit_down, own.queue
    room = len(queue)
    edges = 0
    head = 0
    while head != tail:
        i = queue[head]
        head += 1
        if head == room:
            head = 0
        passed = replaceable(down[i, LOSS], down[i, SIZE], left[int(down[i, MARKET])])
        growth = passed - down[i, TOLD]
        down[i, TOLD] = passed
        for e in range(links.down_start[i], links.down_start[i + 1]):
            q = links.down_slot[e]
            total = slot[q, TOTAL] + links.down_weight[e] * growth
            slot[q, TOTAL] = total
            j = int(slot[q, FIRM])
            before = down[j, LOSS]
            if total > before:
                total = min(1.0, total)
                if before == 0.0:
                    hit[hits] = j
                    hits += 1
                market = int(down[j, MARKET])
                size = down[j, SIZE]
                worth = down[j, WORTH]
                told = down[j, TOLD]
                now = left[market]
                after = now - size * (total - before)
                left[market] = after
                lost += down[j, WEIGHT] * (total - before)
                down[j, LOSS] = total
                if (total - told) * worth <= bound:  # not even if nobody could stand in
                    continue
                waits = matters(replaceable(before, size, now) - told, told, worth, bound)
                if not waits and matters(replaceable(total, size, after) - told, told, worth, bound):
                    queue[tail] = j
                    tail += 1
                    if tail == room:
                        tail = 0
        edges += links.down_start[i + 1] - links.down_start[i]
    return hits, lost, edges


@njit(cache=True, nogil=True)
def untold_down(own, hits, bound):
    """What is untold downstream by weight; who should tell is queued."""
    down = own.down
    rest = 0.0
    tail = 0
    for at in range(hits):
        i = own.hit_down[at]
        more = replaceable(down[i, LOSS], down[i, SIZE], own.left[int(down[i, MARKET])]) - down[i, TOLD]
        if more > 0:
            rest += more * down[i, WORTH]
            if matters(more, down[i, TOLD], down[i, WORTH], bound):
                own.queue[tail] = i
                tail += 1
    return rest, tail


@njit(cache=True, nogil=True)
def tell_first(links, own, firm, shock_up, hits, bound):
    """The shocked firms tell their suppliers all of their loss; who has to tell on is queued."""
    edges = 0
    tail = 0
    for at in range(len(firm)):
        own.up[firm[at], TOLD] = shock_up[at]
    for at in range(len(firm)):
        if shock_up[at] > 0:
            hits, tail, walked = tell(links, own, firm[at], shock_up[at], hits, tail, bound)
            edges += walked
    return hits, tail, edges


@njit(cache=True, nogil=True)
def tell_suppliers(links, own, hits, tail, bound):
    """Tell on upstream until the queue is empty."""
    head = 0
    edges = 0
    while head != tail:
        i = own.queue[head]
        head += 1
        if head == len(own.queue):
            head = 0
        growth = min(1.0, own.up[i, LOSS]) - own.up[i, TOLD]
        if growth > 0:
            own.up[i, TOLD] += growth
            hits, tail, walked = tell(links, own, i, growth, hits, tail, bound)
            edges += walked
    return hits, edges


@njit(cache=True, nogil=True)
def tell(links, own, i, growth, hits, tail, bound):
    """A firm's upstream loss grows for its suppliers; one that crosses the bound is queued, once."""
    up = own.up
    for e in range(links.up_start[i], links.up_start[i + 1]):
        j = links.up_supplier[e]
        before = up[j, LOSS]
        after = before + links.up_weight[e] * growth
        up[j, LOSS] = after
        told = up[j, TOLD]
        if before == 0.0 and told == 0.0 and after > 0.0:
            own.hit_up[hits] = j
            hits += 1
        worth = up[j, WORTH]
        waits = matters(min(1.0, before) - told, told, worth, bound)
        if not waits and matters(min(1.0, after) - told, told, worth, bound):
            own.queue[tail] = j
            tail += 1
            if tail == len(own.queue):
                tail = 0
    return hits, tail, links.up_start[i + 1] - links.up_start[i]


@njit(cache=True, nogil=True)
def untold(own, hits, bound):
    """Queue everybody whose untold upstream loss is above a new bound."""
    tail = 0
    for at in range(hits):
        j = own.hit_up[at]
        told = own.up[j, TOLD]
        if matters(min(1.0, own.up[j, LOSS]) - told, told, own.up[j, WORTH], bound):
            own.queue[tail] = j
            tail += 1
    return tail


@njit(cache=True, nogil=True)
def forget(links, own, downs, ups):
    """Make the memory clean again, touching only what was touched."""
    for at in range(downs):
        i = own.hit_down[at]
        own.down[i, LOSS] = 0.0
        if own.down[i, TOLD] != 0.0:
            own.down[i, TOLD] = 0.0
            for e in range(links.down_start[i], links.down_start[i + 1]):
                own.slot[links.down_slot[e], TOTAL] = 0.0
    for at in range(ups):
        own.up[own.hit_up[at], LOSS] = 0.0
        own.up[own.hit_up[at], TOLD] = 0.0
