"""What a cascade comes to in the end, without walking all the way.

Losses only grow, so they may be told on in any order and reach the same end. A firm is told on when what it has not
told yet could matter; what is left over is added up by vectors that are made once for the network
(`wholenation.firms.tails`). `walk.py` does the walking.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .layout import Floats, Ints, Links, Pointers
from .walk import (
    FIRM,
    LOSS,
    MARKET,
    SIZE,
    TOLD,
    WEIGHT,
    WORTH,
    Own,
    begin,
    forget,
    tell_customers,
    tell_first,
    tell_suppliers,
    untold,
    untold_down,
)  # fmt: skip

COARSE, FINER, FINEST = 1e-2, 0.25, 1e-15
"""A firm tells its customers what could change the risk by this part; then by a quarter of it, and so on."""
REST_LIMIT = 1.4e-2
"""What is left untold downstream is at most this part of the risk as far as it is known; less on small networks
(`care`)."""
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
UNTOLD, MOST_TRUE = 6.0, 3.0
"""How many times what is untold downstream the bracket allows for, and more than what can come true of it is not
believed (assumed, 4 to 8 and 2 to 5: see docs)."""
FLOOR = 2e-3
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
    """How much of that estimate comes true where a walk is too short to tell, measured on some of the firms."""

    doubt: float
    """Part of what could be shared that is not sure: above 0 where few firms count, so that one shape says little."""


class Settled(NamedTuple):
    """What one shock comes to, by weight."""

    risk: float
    width: float
    """Half of the bracket."""
    downstream: float
    upstream: float
    edges: int
    """Links walked."""
    downs: int
    ups: int
    """Firms hit in each direction."""
    rest: float
    """Untold downstream, by the linear estimate."""
    true: float
    """Which part of that comes true."""
    beyond: float
    """Untold upstream."""
    thinned: float
    """What is left of upstream losses when those that come back to the shocked firms have stopped there."""
    shared: float
    """What both directions may share: how much the risk rests on where the untold lands."""


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
    """Of every shock risk, half-width, downstream, upstream, links walked, what both sides share (infinite where
    no estimate will do): `out` (b, 6)."""
    coarse = COARSE if tolerance > 0 else FINEST
    for s in range(len(start) - 1):
        low, high = start[s], start[s + 1]
        told = settle(links, tails, own, firm[low:high], down[low:high], up[low:high], tolerance, coarse)
        out[s, 0], out[s, 1], out[s, 2] = told.risk, told.width, told.downstream
        out[s, 3], out[s, 4] = told.upstream, told.edges
        out[s, 5] = told.shared if told.thinned >= THINNED else np.inf
        forget(links, own, told.downs, told.ups)


@njit(cache=True, nogil=True)
def settle(links, tails, own, firm, shock_down, shock_up, tolerance, coarse):
    """One shock to its end. The losses stay in `own` until `forget`."""
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
        width = TRUST * shared + tails.doubt * min(more, beyond) + UNTOLD * max(1.0, true) * rest
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
    return Settled(
        risk, width, lost + true * rest, upstream, edges, downs, ups, rest, true, beyond, thinned, shared
    )


@njit(cache=True, nogil=True)
def care(links):
    """How much coarser than on small networks, where walking on costs little, limits may be: 0.01 to 1."""
    return max(0.01, min(1.0, len(links.up_supplier) / 1e6))


@njit(cache=True, nogil=True)
def settle_down(links, own, downs, lost, scale, coarse, limit):
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
            true = min(MOST_TRUE, (lost - early) / (waited - rest)) if early >= 0 and waited > rest else -1.0
            return downs, lost, rest, true, edges
        downs, lost, walked = tell_customers(links, own, downs, tail, bound, lost)
        edges += walked
        coarse = max(FINEST, coarse * FINER)


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
def add_up(tails, own, first, downs, ups):
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
        # Of a loss of one, `back` would come again; a shock of less than one has as much less of it.
        shock = up[i, TOLD]
        back = beyond * tails.shape_up[i]
        loss = min(shock, up[i, LOSS])
        returning = min(back * (1.0 - loss / shock), shock - loss) / (1.0 + back / shock)
        stopped += (up[i, WEIGHT] + up[i, WORTH]) * returning
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
