"""Awards of 500 challenges with 20,000 bids: the exact choice, and the plain programme over single bids by HiGHS.

Made-up bids: log-normal prices and values, beta-distributed probabilities, five approach classes, as many
institutions as a fifth of the teams, one award a team, and money for about a third of the places. The plain
programme has a yes or no for every bid and place among the winners, and the concave value by 32 tangents, so that
it is not even exact; it is given the same problem, only smaller, and 30 seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import sparse

from benchmarks.timing import Line, Said, going_on, median_seconds
from wholenation.lp import Floats, Ints, Problem, Solver
from wholenation.programme.matching import AwardProblem, Bid, Challenge, award
from wholenation.programme.matching.problem import Tables, tables

LIMIT = 30.0
"""Seconds that the plain programme gets."""

TANGENTS = np.linspace(0.0, 4.0, 32)


def run(smoke: bool) -> Iterator[Said]:
    """Seconds and gap by number of rival routes, and the ratio to the plain programme on a tenth of the challenges."""
    scale = 100 if smoke else 1
    for rivals in (2, 3, 4):
        going_on(f"awards with {rivals} rival routes")
        problem = made_up(500 // scale, 5_000 // scale, 20_000 // scale, rivals)
        found = award(problem)
        what = f"{len(problem.challenges)} challenges, {len(problem.bids):,} bids, {rivals} rival routes"
        seconds = median_seconds(partial(award, problem), 1 if smoke else 3)
        yield Line(what, seconds, "s", 2.0 if rivals < 4 else None)
        yield Line(f"{what}: gap", 1e6 * found.gap, "ppm", 1.0)
    yield from against_plain(
        made_up(max(50 // scale, 3), max(500 // scale, 10), max(2_000 // scale, 20), 3), smoke
    )


def against_plain(problem: AwardProblem, smoke: bool) -> Iterator[Said]:
    """How many times longer the plain programme takes, or at least takes, on this problem."""
    going_on("the plain programme")
    t = tables(problem)
    ended: list[bool] = []
    ours = median_seconds(lambda: award(problem), 1 if smoke else 3)
    theirs = median_seconds(lambda: ended.append(plain(t)), 1)
    what = f"{len(t.challenges)} challenges, {len(t.bids):,} bids, 3 rival routes"
    yield Line(f"{what}", ours, "s")
    yield Line(
        f"the plain programme / ours{'' if ended[-1] else f', at least: not done after {LIMIT:g} s'}",
        theirs / ours,
        "×",
    )


def made_up(challenges: int, teams: int, bids: int, rivals: int, seed: int = 0) -> AwardProblem:
    """A problem of that size, the same for the same seed."""
    random = np.random.default_rng(seed)
    institution = random.integers(max(teams // 5, 1), size=teams)
    team, asked = random.integers(teams, size=bids), random.lognormal(18.5, 0.6, bids).astype(int)
    likely, approach = np.minimum(random.beta(2, 4, bids), 0.999), random.integers(5, size=bids)
    where, worth = random.integers(challenges, size=bids), random.lognormal(3, 0.7, challenges)
    return AwardProblem(
        [
            Challenge(f"c{c:03}", rivals, float(worth[c]), 600_000_000, (0.0, 0.2, 0.5)[c % 3], 1, 2)
            for c in range(challenges)
        ],
        [
            Bid(
                f"b{b:05}",
                f"c{where[b]:03}",
                f"t{team[b]}",
                int(asked[b]),
                float(likely[b]),
                f"i{institution[team[b]]}",
                f"a{approach[b]}",
            )
            for b in range(bids)
        ],
        int(0.35 * rivals * challenges * np.median(asked)),
        {f"t{one}": 1 for one in range(teams)},
    )


def plain(t: Tables) -> bool:
    """Solve one programme over bids and places to 1 in 10,000; whether it ended in time."""
    challenges, places = t.damping.shape
    bid, place = (one.ravel() for one in np.indices((len(t.bids), places)))
    owner, y = t.challenge[bid], np.arange(len(bid))
    u = len(bid) + np.arange(challenges)
    log = -np.log(1 - t.damping[owner, place] * t.probability[bid])
    one = np.ones(len(bid))
    rows = Rows()
    rows.add(owner * places + place, y, one, np.ones(challenges * places))
    rows.add(bid, y, one, np.ones(len(t.bids)))
    rows.add(owner, y, t.price[bid].astype(float), t.room.astype(float))
    rows.add(np.zeros(len(bid), dtype=int), y, t.price[bid] / t.budget, np.ones(1))
    rows.add(t.team[bid], y, one, t.capacity.astype(float))
    for code, cap in ((t.institution, t.institution_cap), (t.approach, t.approach_cap)):
        pair, row = np.unique(owner * (code.max() + 1) + code[bid], return_inverse=True)
        rows.add(row, y, one, cap[pair // (code.max() + 1)].astype(float))
    for at in TANGENTS:
        slope = np.exp(-at)
        columns, values = np.concatenate([y, u]), np.concatenate([-slope * log, np.ones(challenges)])
        rows.add(
            np.concatenate([owner, np.arange(challenges)]),
            columns,
            values,
            np.full(challenges, 1 - slope * (1 + at)),
        )
    matrix, upper = rows.built(len(bid) + challenges)
    problem = Problem(
        cost=np.concatenate([np.zeros(len(bid)), -t.value]),
        lower=np.zeros(len(bid) + challenges),
        upper=np.ones(len(bid) + challenges),
        matrix=matrix,
        row_lower=np.full(len(upper), -np.inf),
        row_upper=upper,
        integer=np.arange(len(bid) + challenges) < len(bid),
    )
    return Solver(problem).solve(gap=1e-4, time_limit=LIMIT).gap <= 1e-4


class Rows:
    """Blocks of rows that grow into one matrix."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Ints, Ints, Floats, Floats]] = []

    def add(self, row: Ints, column: Ints, value: Floats, upper: Floats) -> None:
        """A block of as many rows as `upper` is long."""
        self._blocks.append((row, column, value, upper))

    def built(self, columns: int) -> tuple[sparse.csr_matrix, Floats]:
        """All blocks below each other, and their upper limits."""
        upper = np.concatenate([block[3] for block in self._blocks])
        first = np.cumsum([0, *(len(block[3]) for block in self._blocks[:-1])])
        row = np.concatenate([block[0] + start for block, start in zip(self._blocks, first, strict=True)])
        column, value = (np.concatenate([block[i] for block in self._blocks]) for i in (1, 2))
        return sparse.csr_matrix((value, (row, column)), shape=(len(upper), columns)), upper
