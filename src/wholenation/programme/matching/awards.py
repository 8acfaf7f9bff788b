"""Which bids win: the exact optimum of the value of independent tries under money, capacity and caps."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...lp import Floats, Ints, Problem, Solver, Status
from .prices import Prices, incidence, prices, scarce_teams
from .problem import AwardProblem, Tables, tables
from .sets import Sets, search, tightness, together
from .success import any_succeeds

MOST_SETS = 200_000
"""Most columns of the last programme; where more are worth their charge, the gap is told instead."""

FIRST_SLACK = 2e-6
"""Share of the bound by which the first columns may fall short of the best."""

ROUNDING = 1e-9
"""Relative gap that is rounding alone."""

NOTHING = 1e-13
"""Share of the value of all challenges that is rounding alone."""

SCALE = 1e4
"""Total value as the solver sees it."""


@dataclass(frozen=True, slots=True)
class Awards:
    """Who wins. `chosen` are bids by id; `value` is Σ value · P(at least one succeeds), `bound` what no choice exceeds.

    `success` is that probability by challenge, `spent` the sum of prices in minor units; `money_price` is the value
    of one more minor unit of the budget and `team_price` that of one more award of a team, both when challenges
    could be mixed (0 where a limit does not bind). `status` and `gap` (as a share of `bound`) say how far it is
    proved.
    """

    status: Status
    chosen: tuple[str, ...]
    value: float
    bound: float
    gap: float
    spent: int
    success: Mapping[str, float]
    money_price: float
    team_price: Mapping[str, float]


def award(problem: AwardProblem, *, time_limit: float | None = None, gap: float = 0.0) -> Awards:
    """The choice of bids with the largest total value, by an exact mixed-integer programme over sets of winners.

    Maximises Σ_c value_c · P_c, P_c the probability that at least one of the winners of c succeeds
    (`any_succeeds`), such that each challenge keeps `rival_routes`, `cap`, `institution_cap` and `approach_cap`,
    each team its capacity, and all together the budget. A bid that adds nothing does not win. Stops at a relative
    `gap`, or after `time_limit` seconds with what it has.

    Raises `QuestionError` where the problem is not sound.

    >>> from wholenation.programme.matching import AwardProblem, Bid, Challenge
    >>> bids = [Bid("a", "fab", "A", 60, 0.6), Bid("b", "fab", "B", 50, 0.5), Bid("c", "fab", "C", 40, 0.45)]
    >>> made = award(AwardProblem([Challenge("fab", rival_routes=2, cap=100)], bids))
    >>> made.chosen, round(made.value, 2), made.spent
    (('a', 'c'), 0.78, 100)
    """
    started = time.monotonic()
    t = tables(problem)
    if not len(t.bids) or not t.damping.size:
        return _told(t, np.zeros(0, dtype=np.int64), 0.0, Status.OPTIMAL, None)
    if _apart(t):
        return _each_alone(t)
    until = math.inf if time_limit is None else started + time_limit
    return _together(t, prices(t, until=until), gap, until)


def _apart(t: Tables) -> bool:
    """Whether nothing binds one challenge to another."""
    most = sum(
        int(np.sort(t.price[a:b])[::-1][:k].sum()) for a, b, k in zip(t.start, t.end, t.most, strict=True)
    )
    return not len(scarce_teams(t)) and (len(t.challenges) == 1 or most <= t.budget)


def _each_alone(t: Tables) -> Awards:
    """The best set of every challenge: a good one first, then all that might be better."""
    free, tight = np.zeros(len(t.bids)), tightness(t)
    good = search(t, free, np.zeros(len(t.challenges)), width=50, tight=tight)
    best = np.zeros(len(t.challenges))
    np.maximum.at(best, good.challenge, good.value)
    sets = together([good, search(t, free, best, tight=tight)])
    np.maximum.at(best, sets.challenge, sets.value)
    order = np.lexsort((sets.cost, -sets.value, sets.challenge))
    first = order[np.flatnonzero(np.diff(sets.challenge[order], prepend=-1))]
    bound = float(np.maximum(best, sets.bound).sum())
    return _told(t, _bids(sets, first), bound, Status.OPTIMAL, None)


def _together(t: Tables, worth: Prices, gap: float, until: float) -> Awards:
    """The optimum over all sets that could be in it.

    A choice with a set whose worth is more than `slack` below the best of its challenge has at most the bound less
    `slack`. So what is best among the other sets is best of all as soon as it reaches that; else its value tells
    the slack to take.
    """
    charge = worth.charge(t)
    slack = worth.bound * FIRST_SLACK
    best, won = -1.0, np.zeros(0, dtype=np.int64)
    while True:
        sets = search(t, charge, worth.surplus - slack, width=max(MOST_SETS // len(t.challenges), 100))
        left = None if until == math.inf else max(until - time.monotonic(), 0.1)
        status, chosen, value, bound = _chosen(t, sets, worth, gap, left)
        if value > best:
            best, won = value, chosen
        # What the search has dropped, if anything, is outside too.
        outside = worth.bound + max(-slack, float((sets.bound - worth.surplus).max()))
        bound = min(max(bound, outside), worth.bound)
        proved = best >= outside or bound - best <= gap * bound
        if proved or status is not Status.OPTIMAL or len(sets) >= MOST_SETS or outside > worth.bound - slack:
            return _told(t, won, bound, status, worth, gap)
        slack = (worth.bound - best) * (1 + 1e-9) + 1e-12


def _chosen(
    t: Tables, sets: Sets, worth: Prices, gap: float, time_limit: float | None
) -> tuple[Status, Ints, float, float]:
    """The best choice among these sets: how the solve ended, the bids, their value, and the bound."""
    columns = len(sets)
    if not columns:
        return Status.OPTIMAL, np.zeros(0, dtype=np.int64), 0.0, 0.0
    capacity = t.capacity[scarce_teams(t)].astype(np.float64)
    upper = np.concatenate([np.ones(len(t.challenges) + 1), capacity])
    # The solver's absolute tolerances shall be small against the value.
    scale = SCALE / max(worth.bound, NOTHING * t.value.sum())
    problem = Problem(
        cost=-sets.value * scale,
        lower=np.zeros(columns),
        upper=np.ones(columns),
        matrix=incidence(t, sets, max(t.budget, 1)).T.tocsr(),
        row_lower=np.full(len(upper), -np.inf),
        row_upper=upper,
        integer=np.ones(columns, dtype=bool),
    )
    solver = Solver(problem)
    while True:
        answer = solver.solve(gap=gap, time_limit=time_limit)
        if answer.status is Status.FAILED or not len(answer.x):
            return answer.status, np.zeros(0, dtype=np.int64), 0.0, worth.bound
        taken = np.flatnonzero(answer.x > 0.5)
        if int(sets.cost[taken].sum()) <= t.budget:
            break
        # Within the solver's tolerance, not within the budget: this very choice is out.
        cut = sparse.csr_matrix(
            (np.ones(len(taken)), (np.zeros(len(taken), dtype=int), taken)), shape=(1, columns)
        )
        solver.add_rows(np.array([-np.inf]), np.array([len(taken) - 1.0]), cut)
    return answer.status, _bids(sets, taken), float(sets.value[taken].sum()), -answer.bound / scale


def _bids(sets: Sets, taken: Ints) -> Ints:
    members = sets.members[taken].ravel()
    return np.sort(members[members >= 0])


def _told(
    t: Tables, chosen: Ints, bound: float, status: Status, worth: Prices | None, gap: float = 0.0
) -> Awards:
    """The choice in names, without bids that add nothing."""
    kept: list[int] = []
    success: dict[str, float] = {}
    first = np.searchsorted(t.challenge[chosen], np.arange(len(t.challenges) + 1))
    for c, challenge in enumerate(t.challenges):
        mine = [int(bid) for bid in chosen[first[c] : first[c + 1]]]
        for bid in reversed(mine):
            without = [t.probability[one] for one in mine if one != bid]
            everything = [t.probability[one] for one in mine]
            if any_succeeds(without, challenge.correlation) >= any_succeeds(
                everything, challenge.correlation
            ):
                mine.remove(bid)
        kept += mine
        success[challenge.id] = any_succeeds([t.probability[one] for one in mine], challenge.correlation)
    value = float(sum(one.value * success[one.id] for one in t.challenges))
    bound = max(bound, value)
    if bound - value <= NOTHING * t.value.sum():
        bound = value
    left = (bound - value) / bound if bound > 0 else 0.0
    return Awards(
        status=Status.TIME_LIMIT if status is Status.OPTIMAL and left > max(gap, ROUNDING) else status,
        chosen=tuple(sorted(t.bids[one].id for one in kept)),
        value=value,
        bound=bound,
        gap=left,
        spent=int(t.price[kept].sum()),
        success=success,
        money_price=0.0 if worth is None else worth.money / worth.scale,
        team_price={} if worth is None else _priced(t, worth.team),
    )


def _priced(t: Tables, team: Floats) -> dict[str, float]:
    return {name: float(price) for name, price in zip(t.teams, team, strict=True) if price > 0}
