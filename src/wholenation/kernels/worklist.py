"""What a cascade comes to in the end, without walking all the way.

Losses only grow, so they may be told on in any order and reach the same end. A firm is told on when what it has not
told yet could matter; what is left over is added up by vectors that are made once for the network
(`wholenation.firms.tails`). Everything that a link touches of a firm lies in one row: one line of the cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .layout import Floats, Ints, Links, Pointers
from .sweeps import SOLD_OUT

LOSS, TOLD, WORTH, WEIGHT, SIZE, MARKET = 0, 1, 2, 3, 4, 5
"""Columns of a firm's row. Upstream has the first four; WORTH is what a unit that it tells brings about elsewhere.
Downstream, TOLD and WORTH are of loss times replaceability."""
TOTAL, FIRM = 0, 1
"""Columns of a slot's row: its loss, and whose it is."""

COARSE, FINER, FINEST = 1e-2, 0.25, 1e-15
"""A firm tells its customers what could change the risk by this part; then by a quarter of it, and so on."""
AUDIBLE = 1e-14
"""A growth by a smaller part of the loss is not told: rounding could keep it going round for ever."""
REST_LIMIT = 1.4e-2
"""What is left untold downstream is at most this part of the risk."""
UPSTREAM, RESOLVED, SHARED_LIMIT = 1.0, 0.3, 0.05
"""The same upstream, where what is left untold is known exactly as a sum. Where it lands matters only for firms that
are hit from both sides: where those hold more than the limit of the risk, the walk goes on to the second bound. Going
on further hardly helps before all is told."""
LEAST = 300
"""So many links are walked at least: around small firms, where the untold goes is a matter of a few neighbours."""
THINNED = 0.72
"""Where so much comes back to the failed firms that less than this part is left, no estimate will do."""
TRUST = 0.15
"""How wrong the estimate of what both sides share is at most, as a part of it (assumed, 0.05 to 0.2: see docs)."""
FLOOR = 1e-3
"""Half-width that every bracket has, as a part of the risk, unless everything was told."""


class Tails(NamedTuple):
    """Vectors of a network that say what untold losses come to. All of length n."""

    worth_up: Floats
    """What a unit of a firm's upstream loss brings about among its suppliers, theirs, and so on, in weight."""
    shape_up: Floats
    """Where a weight of one lands that is told on for long: `weight @ shape_up` is 1."""
    worth_down: Floats
    """The same downstream over three steps, for a unit of loss times replaceability."""
    comes_true: float
    """How much of that estimate comes true: measured on a sample of the network's own firms."""


class Own(NamedTuple):
    """Memory of one thread: one row a firm in each direction, one row a slot."""

    down: Floats
    up: Floats
    slot: Floats
    left: Floats
    hit_down: Ints
    hit_up: Ints
    queue: Ints


def own_memory(links: Links, tails: Tails, *, everything: bool = False) -> Own:
    """Memory for one shock after the other on these links: (64 + 32) bytes a firm and 16 a slot.

    With `everything` losses that count nothing are told too.
    """
    n = len(links.weight)
    down, up, slot = (_in_lines(count, width) for count, width in ((n, 8), (n, 4), (len(links.slot_firm), 2)))
    down[:, WORTH] = np.maximum(tails.worth_down, 1.0) if everything else tails.worth_down
    down[:, SIZE], down[:, MARKET] = links.size, links.market
    up[:, WORTH] = np.maximum(tails.worth_up, 1.0) if everything else tails.worth_up
    down[:, WEIGHT] = up[:, WEIGHT] = links.weight
    slot[:, FIRM] = links.slot_firm
    return Own(
        down, up, slot, np.zeros(len(links.market_size)),
        np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n + 1, np.int32),
    )  # fmt: skip


def _in_lines(count: int, width: int) -> Floats:
    """Zeros (count, width) whose rows do not cross a line of the cache."""
    room = np.zeros(count * width + 8)
    first = -room.ctypes.data % 64 // 8
    return room[first : first + count * width].reshape(count, width)


@njit(cache=True, nogil=True)
def settle_all(
    links: Links,
    tails: Tails,
    own: Own,
    start: Pointers,
    firm: Ints,
    down: Floats,
    up: Floats,
    tolerance: float,
    out: Floats,
) -> None:
    """Of every shock risk, half-width, downstream, upstream, links walked, what both sides share: `out` (b, 6)."""
    coarse = COARSE if tolerance > 0 else FINEST
    for s in range(len(start) - 1):
        low, high = start[s], start[s + 1]
        told = settle(links, tails, own, firm[low:high], down[low:high], up[low:high], tolerance, coarse)
        out[s, 0], out[s, 1], out[s, 2], out[s, 3], out[s, 4] = told[0], told[1], told[2], told[3], told[4]
        out[s, 5] = told[10] if told[9] >= THINNED else np.inf
        forget(links, own, told[5], told[6])


@njit(cache=True, nogil=True)
def settle(links, tails, own, firm, shock_down, shock_up, tolerance, coarse):  # type: ignore[no-untyped-def]
    """One shock: risk, half-width, downstream, upstream, edges, firms hit downstream and upstream, what is untold
    downstream and upstream, by how much the latter is thinned, what both sides may share, and which part of what is
    untold downstream comes true. The losses stay in `own` until `forget`."""
    for k in range(len(own.left)):
        own.left[k] = links.market_size[k]
    downs, ups, lost, scale = begin(own, firm, shock_down, shock_up)
    edges = 0

    at_once = lost
    ease = care(links)
    limit = min(ease * REST_LIMIT, tolerance)
    downs, lost, rest, true, walked = settle_down(links, own, downs, lost, scale, coarse, limit)
    true = tails.comes_true if true < 0 else true
    edges += walked

    first = ups
    fine = ease * UPSTREAM if tolerance > 0 else FINEST
    ups, queued, walked = tell_first(links, own, firm, shock_up, ups, fine * max(scale, lost))
    edges += walked
    while True:
        ups, walked = tell_suppliers(links, own, ups, queued, fine * max(scale, lost))
        edges += walked
        risk, upstream, more, shared, beyond, thinned = add_up(tails, own, first, downs, ups)
        width = TRUST * shared + 6 * max(1.0, true) * rest
        if fine <= FINEST:
            break
        unsure = shared > ease * SHARED_LIMIT * risk or (edges < LEAST and beyond > 0)
        if tolerance > 0 and not (unsure and fine > ease * RESOLVED):
            break
        fine = ease * RESOLVED if tolerance > 0 else FINEST
        queued = untold(own, ups, fine * max(scale, lost))
    width += risk * FLOOR * min(1.0, tolerance / FLOOR)
    if lost > at_once:  # what comes on top downstream counts as far as it does so now
        risk += true * rest * min(1.0, more / (lost - at_once))
    return risk, width, lost + true * rest, upstream, edges, downs, ups, rest, beyond, thinned, shared, true


@njit(cache=True, nogil=True)
def care(links):  # type: ignore[no-untyped-def]
    """How much coarser than on small networks, where walking on costs little, limits may be: 0.01 to 1."""
    return max(0.01, min(1.0, len(links.up_supplier) / 1e6))


@njit(cache=True, nogil=True)
def settle_down(links, own, downs, lost, scale, coarse, limit):  # type: ignore[no-untyped-def]
    """Tell on downstream, ever finer, until little enough is left untold: firms hit, lost and untold by weight, which
    part of the untold came true so far (-1 where it was little at once), and links walked."""
    edges = 0
    early, waited = -1.0, 0.0
    while True:
        bound = coarse * max(scale, lost)
        rest, tail = untold_down(own, downs, bound)
        if early < 0 and edges > 0:
            early, waited = lost, rest
        little = rest <= limit * max(scale, lost)
        if little or (coarse <= FINEST and tail == 0):
            true = min(3.0, (lost - early) / (waited - rest)) if early >= 0 and waited > rest else -1.0
            return downs, lost, rest, true, edges
        downs, lost, walked = tell_customers(links, own, downs, tail, bound, lost)
        edges += walked
        coarse = max(FINEST, coarse * FINER)


@njit(cache=True, nogil=True)
def untold_down(own, hits, bound):  # type: ignore[no-untyped-def]
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
def calibrate(links: Links, own: Own, sample: Ints, finer: float) -> float:
    """How much of what is left untold downstream comes true for these firms, by telling it on."""
    came = 0.0
    waited = 0.0
    one = np.ones(1)
    for s in range(len(sample)):
        for k in range(len(own.left)):
            own.left[k] = links.market_size[k]
        downs, _, lost, scale = begin(own, sample[s : s + 1], one, one)
        downs, early, rest, _, _ = settle_down(links, own, downs, lost, scale, COARSE, REST_LIMIT)
        bound = COARSE * finer * max(scale, early)
        _, tail = untold_down(own, downs, bound)
        downs, late, _ = tell_customers(links, own, downs, tail, bound, early)
        left, _ = untold_down(own, downs, bound)
        if max(scale, late) > 0:
            came += (late - early) / max(scale, late)
            waited += (rest - left) / max(scale, late)
        forget(links, own, downs, 0)
    return came / waited if waited > 0 else 1.0


@njit(cache=True, nogil=True)
def begin(own, firm, shock_down, shock_up):  # type: ignore[no-untyped-def]
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
def replaceable(loss, size, left):  # type: ignore[no-untyped-def]
    """Loss times the part of it that nobody else in the market can make up for."""
    if size >= left or left <= SOLD_OUT:
        return loss
    return loss * (size / left)


@njit(cache=True, nogil=True)
def matters(more, told, worth, bound):  # type: ignore[no-untyped-def]
    """Whether what a firm has not told yet is worth telling."""
    return more * worth > bound and more > AUDIBLE * told


@njit(cache=True, nogil=True)
def tell_customers(links, own, hits, tail, bound, lost):  # type: ignore[no-untyped-def]
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
def tell_first(links, own, firm, shock_up, hits, bound):  # type: ignore[no-untyped-def]
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
def tell_suppliers(links, own, hits, tail, bound):  # type: ignore[no-untyped-def]
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
def tell(links, own, i, growth, hits, tail, bound):  # type: ignore[no-untyped-def]
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
def untold(own, hits, bound):  # type: ignore[no-untyped-def]
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
def add_up(tails, own, first, downs, ups):  # type: ignore[no-untyped-def]
    """Risk, upstream part and what comes on top downstream, what the estimate rests on, the untold weight and by how
    much all of it is thinned.

    The untold weight is exact where no shocked firm (the first `first`) is reached again; there it stops, since a
    shocked firm has lost already what it can tell. Where it lands follows `shape_up`.
    """
    up, down = own.up, own.down
    reached = 0.0
    beyond = 0.0
    for at in range(ups):
        j = own.hit_up[at]
        loss = min(1.0, up[j, LOSS])
        if loss > up[j, TOLD]:
            reached += up[j, WEIGHT] * loss
            beyond += up[j, WORTH] * (loss - up[j, TOLD])
        else:
            reached += up[j, WEIGHT] * up[j, TOLD]
    stopped = 0.0
    for at in range(first):
        i = own.hit_up[at]
        back = beyond * tails.shape_up[i]
        loss = min(1.0, up[i, LOSS])
        stopped += (
            (up[i, WEIGHT] + up[i, WORTH])
            * min(back * (1.0 - loss), max(0.0, up[i, TOLD] - loss))
            / (1.0 + back)
        )
    whole = reached + beyond
    upstream = max(reached, whole - stopped)
    thinned = upstream / whole if whole > 0 else 1.0
    more = 0.0
    known = 0.0
    for at in range(downs):
        j = own.hit_down[at]
        seen = min(1.0, max(up[j, LOSS], up[j, TOLD]))
        reach = max(seen, min(1.0, thinned * (seen + beyond * tails.shape_up[j])))
        more += down[j, WEIGHT] * max(0.0, down[j, LOSS] - reach)
        known += down[j, WEIGHT] * max(0.0, down[j, LOSS] - seen)
    return upstream + more, upstream, more, max(0.0, whole + known - upstream - more), beyond, thinned


@njit(cache=True, nogil=True)
def forget(links, own, downs, ups):  # type: ignore[no-untyped-def]
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
