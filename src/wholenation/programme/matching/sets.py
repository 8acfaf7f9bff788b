"""Every set of winners of a challenge that is worth its charge: the columns of the award programme.

Bids are taken in falling order of probability, so that a set's value grows by V · Q · d_j · p_i with its j-th
member (Q: the probability that all before it fail) and each set is met once. All challenges are searched at once,
one member more at a time. A partial set is left as soon as a bound on all that it can grow into is not above the
floor of its challenge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...lp import Bools, Floats, Ints
from .problem import UNLIMITED, Tables

GRID = np.linspace(0.0, 1.0, 17)
"""Values of Q at which the bound is computed; it is convex in Q, so that its chords lie above it."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of winners, one a row of `members` (positions of bids, −1 where there are fewer).

    `worth` is value less charges; `bound[c]` is what no set of challenge c exceeds, among those not listed but
    above the floor (−inf: all above the floor are listed).
    """

    challenge: Ints
    members: Ints
    value: Floats
    cost: Ints
    worth: Floats
    bound: Floats

    def __len__(self) -> int:
        return len(self.challenge)

    def only(self, keep: Bools | Ints) -> Sets:
        """Those sets."""
        return Sets(
            self.challenge[keep],
            self.members[keep],
            self.value[keep],
            self.cost[keep],
            self.worth[keep],
            self.bound,
        )


@dataclass(frozen=True, slots=True)
class Gains:
    """`from_place[d][q, c, i]`: at most what places from d on add, by Q of the grid, from the i-th useful bid of c on.

    `after` is, for every bid, the first useful one behind it. Place 0 is never asked for.
    """

    from_place: tuple[Floats, ...]
    after: Ints


def search(
    t: Tables, charge: Floats, floor: Floats, *, width: int = 20_000, tight: Floats | None = None
) -> Sets:
    """All sets within the limits of their challenge whose value less their members' charges is above the floor.

    `tight` is a price of money for each challenge (`tightness`) that sharpens the bound where its cap binds, and
    changes nothing else: money that a set leaves is worth no less than nothing.

    Charges are from 0 up. Of the partial sets of a challenge at most `width` are kept, the most promising; what the
    others could at most reach is the result's `bound`.
    """
    challenges, widest = t.damping.shape
    price = np.zeros(challenges) if tight is None else tight
    bound = np.full(challenges, -np.inf)
    owner = np.flatnonzero(t.most > 0)
    members = np.zeros((len(owner), 0), dtype=np.int64)
    fail, paid, cost = np.ones(len(owner)), np.zeros(len(owner)), np.zeros(len(owner), dtype=np.int64)
    last = t.start[owner] - 1
    gains, found = _gains(t, charge + price[t.challenge] * t.price), []
    for depth in range(widest):
        parent, bid = _children(t, owner, last, depth)
        keep = cost[parent] + t.price[bid] <= t.room[owner[parent]]
        parent, bid = parent[keep], bid[keep]
        keep = _admissible(t, owner[parent], members[parent], bid)
        parent, bid = parent[keep], bid[keep]
        owner, last = owner[parent], bid
        fail = fail[parent] * (1 - t.damping[owner, depth] * t.probability[bid])
        paid, cost = paid[parent] + charge[bid], cost[parent] + t.price[bid]
        worth = t.value[owner] * (1 - fail) - paid
        spare = price[owner] * (t.room[owner] - cost)
        reach = worth + _further(t, gains, owner, bid, depth + 1, fail, spare)
        good = np.flatnonzero(reach > floor[owner])
        if len(good) > width:
            good, dropped = _best(owner, reach, good, width)
            np.maximum.at(bound, owner[dropped], reach[dropped])
        members = np.column_stack([members[parent[good]], bid[good]])
        owner, last, cost = owner[good], last[good], cost[good]
        fail, paid, worth = fail[good], paid[good], worth[good]
        own = np.flatnonzero(worth > floor[owner])
        padded = np.full((len(own), widest), -1, dtype=np.int64)
        padded[:, : depth + 1] = members[own]
        found.append(
            Sets(owner[own], padded, t.value[owner[own]] * (1 - fail[own]), cost[own], worth[own], bound)
        )
    return together(found)


def tightness(t: Tables, *, halvings: int = 12) -> Floats:
    """A price of money for each challenge at which its best set, were there no cap, would cost about its cap.

    0 where the cap does not bind.
    """
    free = replace(t, room=np.full(len(t.room), UNLIMITED))
    pays = t.value[t.challenge] * t.probability / np.maximum(t.price, 1)
    low, high = np.zeros(len(t.challenges)), np.zeros(len(t.challenges))
    np.maximum.at(high, t.challenge, pays)
    none = np.zeros(len(t.challenges))
    for halving in range(halvings):
        middle = low if halving == 0 else (low + high) / 2
        sets = search(free, middle[t.challenge] * t.price, none, width=8)
        order = np.lexsort((sets.worth, sets.challenge))
        cost = none.copy()
        cost[sets.challenge[order]] = sets.cost[order]  # the best of each comes last
        within = cost <= t.room
        high = np.where(within, middle, high)
        low = np.where(within, low, middle)
    return high


def _children(t: Tables, owner: Ints, last: Ints, depth: int) -> tuple[Ints, Ints]:
    """Every partial set with each later bid of its challenge: position of the set, and the bid."""
    many = np.where(t.most[owner] > depth, t.end[owner] - last - 1, 0)
    parent = np.repeat(np.arange(len(owner)), many)
    within = np.arange(len(parent)) - np.repeat(np.cumsum(many) - many, many)
    return parent, last[parent] + 1 + within


def _admissible(t: Tables, owner: Ints, members: Ints, bid: Ints) -> Bools:
    """Whether the bid may join: another team, and room under the caps of institution and approach class."""
    good = np.ones(len(bid), dtype=bool)
    for code, cap in ((t.team, None), (t.institution, t.institution_cap), (t.approach, t.approach_cap)):
        same = (code[members] == code[bid][:, None]).sum(axis=1)
        limit = np.ones(len(bid)) if cap is None else cap[owner]
        good &= (same < limit) | (code[bid] < 0)
    return good


def _further(
    t: Tables, gains: Gains, owner: Ints, bid: Ints, depth: int, fail: Floats, spare: Floats
) -> Floats:
    """A bound on what later bids add to sets whose last member is `bid`, at the places from `depth` on.

    The lesser of two: the best later bid for each place, charged, as if Q stayed, with what the money still to
    `spare` is worth; and the likeliest later bids, free of charge.
    """
    if depth >= t.damping.shape[1]:
        return np.zeros(len(bid))
    table, after = gains.from_place[depth], gains.after[bid]
    where = fail * (len(GRID) - 1)
    low = np.minimum(where.astype(np.int64), len(GRID) - 2)
    share = where - low
    charged = (1 - share) * table[low, owner, after] + share * table[low + 1, owner, after]
    return np.minimum(charged + spare, t.value[owner] * fail * (1 - _free(t, depth)[bid]))


def _gains(t: Tables, charge: Floats) -> Gains:
    """The bound's tables, for these charges."""
    # Others gain nothing at any Q.
    useful = np.flatnonzero(t.value[t.challenge] * t.probability > charge)
    owner = t.challenge[useful]
    first = np.searchsorted(owner, np.arange(len(t.challenges) + 1))
    place = np.arange(len(useful)) - first[owner]
    widest, longest = t.damping.shape[1], int(np.diff(first).max(initial=0))
    total = np.zeros((len(GRID), len(t.challenges), longest + 1))
    tables = [total]
    for position in range(widest - 1, 0, -1):
        chance = np.where(t.most[owner] > position, t.value[owner] * t.damping[owner, position], 0.0)
        gain = np.zeros_like(total)
        gain[:, owner, place] = np.maximum(
            GRID[:, None] * (chance * t.probability[useful]) - charge[useful], 0.0
        )
        tables.append(tables[-1] + np.maximum.accumulate(gain[:, :, ::-1], axis=2)[:, :, ::-1])
    after = np.searchsorted(useful, np.arange(len(t.bids)) + 1) - first[t.challenge]
    return Gains((tables[-1], *tables[::-1]), after)


def _free(t: Tables, depth: int) -> Floats:
    """By bid: the probability that the likeliest bids after it fail, one at each place from `depth` on."""
    fail = np.ones(len(t.bids))
    after = np.arange(len(t.bids))
    for position in range(depth, t.damping.shape[1]):
        after = after + 1
        there = (after < t.end[t.challenge]) & (t.most[t.challenge] > position)
        chance = t.probability[np.minimum(after, len(t.bids) - 1)]
        fail *= np.where(there, 1 - t.damping[t.challenge, position] * chance, 1.0)
    return fail


def _best(owner: Ints, reach: Floats, good: Ints, width: int) -> tuple[Ints, Ints]:
    """Of `good`, at most `width` of each challenge with the furthest reach; and the others."""
    order = good[np.lexsort((-reach[good], owner[good]))]
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return order[rank < width], order[rank >= width]


def together(found: list[Sets]) -> Sets:
    """All of them in one, with the bound of the last."""
    return Sets(
        np.concatenate([one.challenge for one in found]),
        np.vstack([one.members for one in found]),
        np.concatenate([one.value for one in found]),
        np.concatenate([one.cost for one in found]),
        np.concatenate([one.worth for one in found]),
        found[-1].bound,
    )
