"""Whole decisions: dives from the relaxation, and a tree whose nodes share every cut.

Branch and Benders cut (Laporte and Louveaux 1993, Oper. Res. Lett. 13:133; Naoum-Sawaya and Elhedhli 2013, Ann. Oper.
Res. 210:33): one master is solved at every node of the tree. The recourse is linear, so that a cut found
anywhere holds everywhere, and cuts from known dual solutions cost no solve at all.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..lp import Answer, Floats, Solver, Status
from .master import Part
from .search import WHOLE, Search

UP = 0.9
"""A dive fixes what is at least so nearly up; if nothing is, the one that is nearest."""
POLISH = 8
"""Most rounds that improve what is not integer for given integers."""
FREE = 3
"""Most rounds of cuts from known dual solutions at a node before it is branched on."""
TRIED = 6
"""Candidates at a node whose two children are solved before it is chosen among them, until each has been tried once."""
SELDOM = 4
"""Every so many nodes one is evaluated exactly, and so are the first ones."""
FEW = 8
PARTS = (2, 4, 8)
"""The parts of the gap to which the solver's own tree goes, one after the other as long as it finds something new."""
NODES = 100
"""Most nodes of that tree."""
TINY = 1e-12
INSIDE = 1.0 - 1e-6
DIVES = 25
"""Every so many nodes a dive starts from one."""


def polish(search: Search, integers: Floats, phase: str, rounds: int = POLISH) -> None:
    """With these integers, the best of everything else."""
    best, part = np.inf, search.master.at(integers)
    for _ in range(rounds):
        search.check()
        answer = _node(search, part)
        if answer.status is not Status.OPTIMAL or answer.objective >= search.value - search.room(
            search.value, 0.0
        ):
            return
        worth, fresh = search.try_out(_rounded(search, answer), phase)
        if worth - answer.objective <= search.room(worth, 0.2) or worth >= best or not fresh:
            return
        best = worth


def dive(search: Search, part: Part | None = None) -> None:
    """What the relaxation nearly takes is taken, and it is solved again, until all is whole."""
    integer = search.stages.integer
    part = part or search.master.whole()
    answer = search.master.relax(part)
    while answer.status is Status.OPTIMAL and answer.objective < search.value:
        search.check()
        x = answer.x[integer]
        above = x - np.floor(x + WHOLE)
        loose = (above > WHOLE) & (part.lower < part.upper)
        if not loose.any():
            polish(search, np.round(x), "dive")
            return
        taken = loose & (above >= min(UP, float(above[loose].max())))
        up = replace(part, lower=np.where(taken, np.ceil(x - WHOLE), part.lower))
        answer = search.master.relax(up)
        if answer.status is Status.INFEASIBLE:
            part = replace(part, upper=np.where(taken, np.floor(x + WHOLE), part.upper))
            answer = search.master.relax(part)
        else:
            part = up


def narrow(search: Search, parts: Sequence[int] = PARTS) -> None:
    """What integers add to the bound, and where the best decisions lie, by the solver's own tree.

    It gets few cuts: those that hold the relaxation up, and what its own decisions have taught. Integers that cost too
    much to be in anything near the bound are left out (reduced cost fixing: Crowder, Johnson and Padberg 1983, Oper.
    Res. 31:803), so that the tree's bound, as far as `reach`, is one for everything.
    """
    integer, left = search.stages.integer, list(parts)
    relaxed, known = search.master.relax(), len(search.master)
    while left:
        search.check()
        before = search.value, search.bound
        reach = _cutoff(search)
        lower, upper = _within(search, reach)
        solver = Solver(search.master.problem(whole=True, tight=relaxed.x, fresh=known))
        solver.set_column_bounds(integer, lower, upper)
        if np.isfinite(search.value):
            solver.set_start(integer, np.round(search.x[integer]))
        answer = solver.solve(
            gap=search.gap / left[0], time_limit=max(search.left(), 0.1), nodes=NODES, enough=reach
        )
        search.pressed |= answer.status is Status.INTERRUPTED
        if answer.status is Status.INFEASIBLE:
            search.raise_bound(reach)
            return
        if np.isfinite(answer.bound):
            search.raise_bound(min(answer.bound, reach))
        if not np.isfinite(answer.objective) or answer.status not in (Status.OPTIMAL, Status.TIME_LIMIT):
            return
        x = _rounded(search, answer)
        search.try_out(x, "narrow")
        polish(search, x[integer], "narrow")
        apart = search.room(search.value, 0.0) if np.isfinite(search.value) else 0.0
        if not (search.value < before[0] - apart or search.bound > before[1] + apart):
            del left[0]


def _within(search: Search, reach: float) -> tuple[Floats, Floats]:
    """(I,) bounds of the integers, less all values that lift the root's bound above `reach`."""
    integer, whole = search.stages.integer, search.master.whole()
    price, spare = search.reduced[integer], max(reach - search.root, 0.0)
    lower, upper = whole.lower.copy(), whole.upper.copy()
    if not np.isfinite(spare):
        return lower, upper
    steps = np.floor(spare / np.maximum(np.abs(price), TINY) + WHOLE)
    down, up = (price > TINY) & np.isfinite(lower), (price < -TINY) & np.isfinite(upper)
    upper[down] = np.minimum(upper, lower + steps)[down]
    lower[up] = np.maximum(lower, upper - steps)[up]
    return lower, upper


@dataclass(order=True, slots=True)
class _Node:
    """A part of the tree that is still open, the most promising first."""

    bound: float
    number: int
    part: Part = field(compare=False)
    depth: int = field(compare=False)


@dataclass(slots=True)
class _Costs:
    """What branching on an object has raised the bound by, per unit, down and up (Benichou et al. 1971)."""

    total: Floats  # (objects, 2)
    count: Floats

    def known(self) -> Floats:
        """(objects, 2) means, and the mean of all where nothing is known."""
        mean = self.total.sum() / max(self.count.sum(), 1.0)
        return np.where(self.count > 0, self.total / np.maximum(self.count, 1.0), max(mean, 1e-9))


def prove(search: Search) -> None:
    """Branch until no part of the tree can hold anything better than the best decision, by more than the gap."""
    master = search.master
    objects = master.sums.shape[0] + len(search.stages.integer)
    costs = _Costs(np.zeros((objects, 2)), np.zeros((objects, 2)))
    heap = [_Node(search.bound, 0, master.whole(), 0)]
    made, left = 1, np.inf  # `left` is the least bound of what was cut off within the gap
    plunge: _Node | None = None
    while heap or plunge:
        search.raise_bound(min(left, *(node.bound for node in (*heap[:1], *([plunge] if plunge else [])))))
        search.check()
        node = plunge or heapq.heappop(heap)
        plunge = None
        if node.bound >= _cutoff(search):
            left = min(left, node.bound)
            continue
        answer = _solved(search, node.part, exact=made % SELDOM == 0 or made < FEW)
        if answer.status is not Status.OPTIMAL:
            continue
        bound = max(node.bound, answer.objective)
        if bound >= _cutoff(search):
            left = min(left, bound)
            continue
        chosen = _choice(search, answer, node.part, costs)
        if chosen is None:
            # Whole, and evaluated: what is left between bound and value is within the tolerances.
            left = min(left, bound)
            continue
        children = [
            _Node(bound, made + i, part, node.depth + 1)
            for i, part in enumerate(_children(search, answer, node.part, chosen))
        ]
        made += 2
        heapq.heappush(heap, children[0])
        plunge = children[1]
        if made % DIVES < 2:
            dive(search, node.part)
        if made % 10 < 2:
            search.told("proof")
    search.raise_bound(min(left, search.value))
    if not np.isfinite(min(left, search.value)):
        search.infeasible()
    search.told("proof")


def _cutoff(search: Search) -> float:
    """What a node must stay below to be worth a look: a bound that reaches it closes the gap, rounding or not."""
    return search.value - INSIDE * search.room(search.value) if np.isfinite(search.value) else np.inf


def _node(search: Search, part: Part) -> Answer:
    """A node's relaxation with what the known dual solutions say of it."""
    answer = search.master.relax(part)
    for _ in range(FREE):
        if answer.status is not Status.OPTIMAL or answer.objective >= _cutoff(search):
            break
        x = answer.x
        cuts = search.cuts(x[: search.master.width], float(x[-1]))
        if not search.master.add(cuts[cuts.broken(x)]):
            break
        answer = search.master.relax(part)
    return answer


def _solved(search: Search, part: Part, *, exact: bool) -> Answer:
    """A node's relaxation; where it is whole, or `exact` asks for it, with exact cuts at its point."""
    integer = search.stages.integer
    while True:
        search.check()
        answer = _node(search, part)
        if answer.status is not Status.OPTIMAL or answer.objective >= _cutoff(search):
            return answer
        whole = bool((np.abs(answer.x[integer] - np.round(answer.x[integer])) <= WHOLE).all())
        if not whole and not exact:
            return answer
        exact = False
        x = _rounded(search, answer) if whole else answer.x[: search.master.width]
        worth, fresh = search.try_out(x, "proof")
        if not fresh or (whole and worth - answer.objective <= search.room(worth, 0.0)):
            return answer


def _choice(search: Search, answer: Answer, part: Part, costs: _Costs) -> int | None:
    """The object to branch on: a group first, else a column; None where everything is whole."""
    groups = search.master.sums.shape[0]
    sums = search.master.sums @ answer.x
    loose = np.flatnonzero((sums > WHOLE) & (sums < 1.0 - WHOLE))
    value = sums[loose]
    if not len(loose):
        x = answer.x[search.stages.integer]
        part_above = x - np.floor(x + WHOLE)
        found = np.flatnonzero(part_above > WHOLE)
        loose, value = groups + found, part_above[found]
    if not len(loose):
        return None
    known = costs.known()
    fresh = loose[(costs.count[loose] == 0).any(axis=1)]
    if len(fresh):
        nearest = np.argsort(np.abs(value[np.searchsorted(loose, fresh)] - 0.5), kind="stable")[:TRIED]
        for one in fresh[nearest].tolist():
            _try_children(search, answer, part, one, costs)
        known = costs.known()
    score = np.maximum(known[loose, 0] * value, 1e-9) * np.maximum(known[loose, 1] * (1 - value), 1e-9)
    return int(loose[score.argmax()])


def _try_children(search: Search, answer: Answer, part: Part, chosen: int, costs: _Costs) -> None:
    """Solve both children of a candidate and remember what it raised the bound by."""
    value = _value(search, answer, chosen)
    for side, child in enumerate(_children(search, answer, part, chosen)):
        found = search.master.relax(child)
        rise = _cutoff(search) - answer.objective
        if found.status is Status.OPTIMAL:
            rise = (
                min(found.objective - answer.objective, rise)
                if np.isfinite(rise)
                else found.objective - answer.objective
            )
        if np.isfinite(rise):
            costs.total[chosen, side] += max(rise, 0.0) / max(value if side == 0 else 1.0 - value, WHOLE)
            costs.count[chosen, side] += 1


def _value(search: Search, answer: Answer, chosen: int) -> float:
    groups = search.master.sums.shape[0]
    if chosen < groups:
        return float((search.master.sums[chosen] @ answer.x)[0])
    x = float(answer.x[search.stages.integer[chosen - groups]])
    return x - float(np.floor(x + WHOLE))


def _children(search: Search, answer: Answer, part: Part, chosen: int) -> tuple[Part, Part]:
    """The part where the object is down, and the part where it is up."""
    groups = search.master.sums.shape[0]
    if chosen < groups:
        least, most = part.least.copy(), part.most.copy()
        least[chosen], most[chosen] = 1.0, 0.0
        return replace(part, most=most), replace(part, least=least)
    i = chosen - groups
    x = float(answer.x[search.stages.integer[i]])
    lower, upper = part.lower.copy(), part.upper.copy()
    upper[i], lower[i] = np.floor(x + WHOLE), np.ceil(x - WHOLE)
    return replace(part, upper=upper), replace(part, lower=lower)


def _rounded(search: Search, answer: Answer) -> Floats:
    """The first stage of an answer, its integers exact."""
    x = answer.x[: search.master.width].copy()
    x[search.stages.integer] = np.round(x[search.stages.integer])
    return x
