"""The root: the relaxation solved by cuts alone.

Cuts are sought exactly at a point between the best so far and the master's (in-out separation, Ben-Ameur and Neto
2007, Networks 49:3), and for nothing at the master's own point, from dual solutions that are known already.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..lp import Answer, Floats, Status
from .search import TIE, Search, Stop

MIXED = 0.2
"""Part of the master's point in the point at which cuts are sought; the rest is the best point so far."""
FREE = 2
"""Rounds of cuts from known dual solutions between two exact ones."""
EARLY = 4
"""Exact rounds after which a first decision is sought."""
AGAIN = 8
"""Every so many rounds another one is."""
MANY = 200
"""Most such rounds at the very beginning, where an earlier solve has left dual solutions."""
LOOK_BACK = 8
"""Exact rounds in which the bound should rise by a tenth of the gap; else, where it is `NEAR`, integers go on."""
NEAR = 1.0
"""How near in parts of the gap the bound is to the best relaxed point when integers have their say."""
LONGEST = 200
"""Exact rounds after which they do so anyway."""


def solve_root(search: Search, early: Callable[[bool], None] | None = None) -> None:
    """Raise the bound to that of the relaxation, or near it where integers will decide the rest.

    `early` is called now and then to find a first useful decision, and told whether the bound is near.
    """
    n = search.master.width
    # What an earlier solve has found out says nearly everything, and costs no solve.
    answer = _free(search, _told(search), MANY if len(search.pool) else 0)
    inner: tuple[Floats, float] | None = None
    best, outside = np.inf, False
    if np.isfinite(search.value) and search.x[search.stages.integer].any():
        # A decision to start from is a good place to look from; to do nothing is not.
        best, inner = search.value, (search.x, search.quantile(search.recourse))
    bounds: list[float] = []
    while True:
        search.check()
        point, level = answer.x[:n], float(answer.x[-1])
        mixed = inner is not None and not outside
        if inner is not None and mixed:
            point = MIXED * point + (1 - MIXED) * inner[0]
            level = MIXED * level + (1 - MIXED) * inner[1]
        values = search.evaluate(point)
        worth = search.worth(point, values)
        if worth < best:
            best, inner = worth, (point, search.quantile(values))
        lacking = search.master.lacks(search.cuts(point, level, values), answer.x)
        learned = search.master.add(lacking) > 0
        if not learned and not mixed:
            if np.isfinite(answer.bound):
                break
            search.master.widen()
            answer, inner, best = _told(search), None, np.inf
            continue
        before = search.bound
        if learned:
            answer = _free(search, _told(search), FREE)
        # Where the bound stands still, only cuts at the master's own point raise it.
        outside = not learned or abs(search.bound - before) <= TIE * abs(search.bound)
        search.told("root")
        apart = (best - search.bound) / search.room(best) if np.isfinite(best) else np.inf
        if early is not None and len(bounds) % AGAIN == EARLY:
            early(apart <= NEAR)
        bounds.append(search.bound)
        if apart <= 0.2:
            break
        ago = bounds[-LOOK_BACK - 1] if len(bounds) > LOOK_BACK else -np.inf
        slow = search.bound - ago <= search.room(best, 0.1)
        if search.mixed and slow and (apart <= NEAR or len(bounds) >= LONGEST):
            break
    search.check()
    if not search.master.open.all():
        # Every point fails by less than is told from rounding; without cuts the tree would bound nothing.
        search.over()
        raise Stop


def _free(search: Search, answer: Answer, rounds: int) -> Answer:
    """The relaxation with the cuts that known dual solutions give at its own point."""
    for _ in range(rounds):
        search.check()
        found = search.cuts(answer.x[: search.master.width], float(answer.x[-1]))
        if not search.master.add(search.master.lacks(found, answer.x)):
            break
        answer = _told(search)
    return answer


def _told(search: Search) -> Answer:
    """The relaxation, and what it says of the root: bound, point, prices."""
    answer = relaxed(search)
    # Not the search's bound, which integers may have raised: the prices are those of the relaxation.
    search.root, search.root_x = answer.bound, answer.x[: search.master.width].copy()
    search.dual = answer.row_dual[: len(search.dual)].copy()
    search.reduced = answer.reduced_cost[: search.master.width].copy()
    return answer


def relaxed(search: Search) -> Answer:
    """The master's relaxation; its bound is the search's."""
    answer = search.master.relax()
    if answer.status is not Status.OPTIMAL:
        search.infeasible()
    search.raise_bound(search.master.bound)
    return answer
