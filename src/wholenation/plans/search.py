"""How the programme is solved: its relaxation first, then the few profiles that the relaxation uses, then all.

The relaxation is nearly tight on real chains (loss is linear in capacity, and a fractional profile buys about its
fraction of it), so its bound proves most of the optimality, its duals price the pools, and the profiles that it uses
hold a plan within the gap: a problem some ten times smaller. Only if that fails is the whole problem branched on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..lp import Answer, Problem, Solver, Status
from ..network import Floats
from .extensive import THRIFT, Extensive
from .menu import Menu

Progress = Callable[[int, int, str], None]
USED = 1e-6
PART = 0.7
"""Part of the time that is left which the smaller problem may take."""


def rounded_up(menu: Menu, part: Floats) -> Floats:
    """(F,) profiles in the order of the parts (F,) that the relaxation uses, as far as routes and people allow."""
    chosen = np.zeros(len(part))
    used = np.zeros_like(menu.available)
    taken: set[int] = set()
    for f in np.argsort(-part, kind="stable"):
        route = int(menu.profile_route[f])
        if part[f] <= USED or route in taken or (used + menu.profile_staff[f] > menu.available + 1e-9).any():
            continue
        used += menu.profile_staff[f]
        chosen[f] = 1.0
        taken.add(route)
    return chosen


def search(
    problem: Extensive, menu: Menu, gap: float, time_limit: float, progress: Progress | None
) -> tuple[Answer, Answer | None]:
    """The best plan found with the best bound, and the solved relaxation (None if time ran out before).

    The answer's status is optimal when its gap is at most `gap`. The relaxation rounded up is the first candidate.
    """
    begun = time.monotonic()

    def left() -> float:
        return max(time_limit - (time.monotonic() - begun), 0.1)

    def told(_seconds: float, _bound: float, found: float) -> None:
        if progress:
            known = "no plan yet" if abs(found) > 1e20 else f"loss {found:.3f} by now"
            spent = min(time.monotonic() - begun, time_limit)
            progress(int(spent), int(np.ceil(time_limit)), known)

    told(0.0, 0.0, np.inf)
    whole = problem.problem
    relaxed = Solver(replace(whole, integer=None)).solve(
        time_limit=left(), progress=lambda *_: told(0.0, 0.0, np.inf)
    )
    if relaxed.status is not Status.OPTIMAL:
        return relaxed, None
    told(0.0, relaxed.objective, np.inf)
    upper = whole.upper.copy()
    upper[problem.y] = np.where(relaxed.x[problem.y] > USED, upper[problem.y], 0.0)
    target = relaxed.objective / max(1.0 - gap, 1e-9) if relaxed.objective > 0 else None
    rounded = rounded_up(menu, relaxed.x[problem.y])
    best = _attempt(replace(whole, upper=upper), problem, rounded, gap, target, PART * left(), told)
    best = _judged(best, relaxed.objective, gap)
    if best.status in (Status.OPTIMAL, Status.INTERRUPTED) or left() < 1.0:
        return best, relaxed
    # That the few profiles hold no plan (one may be required) says nothing about all of them.
    held = best.status is Status.TIME_LIMIT
    start = np.round(best.x[problem.y]) if held else np.zeros(len(problem.y))
    final = _attempt(whole, problem, start, gap, target, left(), told)
    bound = max(relaxed.objective, final.bound)
    if held and (final.status is Status.FAILED or final.objective > best.objective):
        final = best
    return _judged(final, bound, gap), relaxed


def _attempt(
    whole: Problem,
    problem: Extensive,
    start: Floats,
    gap: float,
    target: float | None,
    seconds: float,
    told: Callable[[float, float, float], None],
) -> Answer:
    solver = Solver(whole)
    solver.set_start(problem.y, start)
    return solver.solve(gap=gap / 2, time_limit=seconds, target=target, progress=told)


def _judged(answer: Answer, bound: float, gap: float) -> Answer:
    """The answer against a bound of the whole problem; optimal means within the gap of it."""
    if answer.status in (Status.INFEASIBLE, Status.FAILED):
        return answer
    apart = (answer.objective - bound) / answer.objective if answer.objective > 1e-9 else 0.0
    stopped = Status.TIME_LIMIT if answer.status is Status.OPTIMAL else answer.status
    # Below the trifle on money, a gap is no difference in losses.
    close = apart <= gap + 1e-9 or answer.objective - bound <= THRIFT
    status = Status.OPTIMAL if close else stopped
    return replace(answer, status=status, bound=bound, gap=max(apart, 0.0))
