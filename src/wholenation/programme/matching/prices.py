"""What money and a team's time are worth when challenges may mix their sets: the dual of the award programme, by cuts.

    minimise  Σ_c θ_c + budget · μ + Σ_t capacity_t · π_t
    subject to θ_c ≥ value(S) − μ · cost(S) − Σ_{i∈S} π_team(i)   for every set S of challenge c,   θ, μ, π ≥ 0

Each cut is a set of winners. For any μ and π, Σ_c max_S(value − charges) + budget · μ + Σ capacity · π is a bound
that no award exceeds (Lagrange), so that the search for the most violated cuts gives the bound on the way.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...lp import Floats, Ints, Problem, Solver
from .problem import UNLIMITED, Tables
from .sets import Sets, search, together

WIDTH = 12
"""Partial sets kept by challenge while prices are far from right; ten times as many when these show no cut any more."""

WIDEST = 10_000
"""Most partial sets kept; where it does not suffice, the bound stays above the optimum of the relaxation."""


@dataclass(frozen=True, slots=True)
class Prices:
    """`money` is per `scale` minor units, `team` per award, `surplus` that of each challenge; `bound` is Lagrange's."""

    money: float
    team: Floats
    surplus: Floats
    bound: float
    scale: float

    def charge(self, t: Tables) -> Floats:
        """What each bid would take from the others."""
        return self.money * (t.price / self.scale) + self.team[t.team]


def scarce_teams(t: Tables) -> Ints:
    """Teams with more bids than they can carry awards."""
    return np.flatnonzero(np.bincount(t.team, minlength=len(t.teams)) > t.capacity)


def prices(t: Tables, *, until: float = math.inf, rounds: int = 60, tolerance: float = 1e-7) -> Prices:
    """Prices and bound to a relative `tolerance`, or what `rounds` of cuts give, or those `until` a monotonic time."""
    scale = float(max(t.price.max(initial=1), 1))
    scarce = scarce_teams(t)
    seeds = _seeds(t, scale)
    if not len(seeds):
        return Prices(0.0, np.zeros(len(t.teams)), np.zeros(len(t.challenges)), 0.0, scale)
    solver = Solver(_dual(t, seeds, scale))
    best = Prices(0.0, np.zeros(len(t.teams)), t.value, float(t.value.sum()), scale)
    width = WIDTH
    for _ in range(rounds):
        answer = solver.solve()
        at = np.maximum(answer.x, 0.0)
        surplus, money, team = at[: len(t.challenges)], float(at[len(t.challenges)]), np.zeros(len(t.teams))
        team[scarce] = at[len(t.challenges) + 1 :]
        charge = money * (t.price / scale) + team[t.team]
        found = search(t, charge, surplus * (1 + 1e-9) + 1e-12, width=width)
        top = np.maximum(surplus, found.bound)
        np.maximum.at(top, found.challenge, found.worth)
        shared = money * (t.budget / scale) if money else 0.0
        bound = float(top.sum() + shared + team[scarce] @ t.capacity[scarce])
        if bound < best.bound:
            best = Prices(money, team, top, bound, scale)
        near = best.bound - answer.objective <= tolerance * best.bound
        if near or (not len(found) and width > WIDEST) or time.monotonic() > until:
            break
        if not len(found):
            width *= 10
            continue
        cuts = _most_violated(found, surplus)
        solver.add_rows(cuts.value, np.full(len(cuts), np.inf), incidence(t, cuts, scale))
    return best


def _seeds(t: Tables, scale: float) -> Sets:
    """The best sets at a few prices of money, from none to the dearest that anybody would pay."""
    floor = np.zeros(len(t.challenges))
    pays = t.value[t.challenge] * t.probability / np.maximum(t.price / scale, 1e-9)
    prices_tried = [0.0, *(float(pays.max(initial=0.0)) * 0.5 ** np.arange(1, 8))]
    return together(
        [
            _most_violated(search(t, money * (t.price / scale), floor, width=2), floor)
            for money in prices_tried
        ]
    )


def _most_violated(found: Sets, surplus: Floats, each: int = 2) -> Sets:
    """The best few of every challenge."""
    order = np.lexsort((-(found.worth - surplus[found.challenge]), found.challenge))
    first = np.flatnonzero(np.diff(found.challenge[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return found.only(order[rank < each])


def incidence(t: Tables, sets: Sets, scale: float) -> sparse.csr_matrix:
    """What each set takes: its challenge, its cost in units of `scale`, and an award of each scarce team."""
    scarce = scarce_teams(t)
    column = np.full(len(t.teams), -1)
    column[scarce] = len(t.challenges) + 1 + np.arange(len(scarce))
    every = np.arange(len(sets))
    row, place = np.nonzero(sets.members >= 0)
    team = column[t.team[sets.members[row, place]]]
    row, team = row[team >= 0], team[team >= 0]
    values = np.concatenate([np.ones(len(sets)), sets.cost / scale, np.ones(len(team))])
    columns = np.concatenate([sets.challenge, np.full(len(sets), len(t.challenges)), team])
    shape = (len(sets), len(t.challenges) + 1 + len(scarce))
    return sparse.csr_matrix((values, (np.concatenate([every, every, row]), columns)), shape=shape)


def _dual(t: Tables, cuts: Sets, scale: float) -> Problem:
    limited = t.budget < UNLIMITED
    capacity = t.capacity[scarce_teams(t)].astype(np.float64)
    cost = np.concatenate([np.ones(len(t.challenges)), [t.budget / scale if limited else 0.0], capacity])
    upper = np.full(len(cost), np.inf)
    # Money that nothing limits has no price.
    upper[len(t.challenges)] = np.inf if limited else 0.0
    most = np.full(len(cuts), np.inf)
    return Problem(cost, np.zeros(len(cost)), upper, incidence(t, cuts, scale), cuts.value, most)
