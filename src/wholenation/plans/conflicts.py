"""Which limits conflict: a smallest set of the user's own limits that cannot all be kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..capability import Horizon
from ..lp import Problem, Solver, Status
from ..network import Bools, Network
from ..stochastic.lshaped import solve
from ..stochastic.two_stage import Risk
from .first_stage import FirstStage, Rules, first_stage
from .futures import Future
from .menu import Menu, eligible
from .samples import Samples
from .stages import to_stages

SECONDS = 60.0
"""For all tests together; what they leave open is said to be open."""
EACH = 20.0
ANY = 1.0
"""Gap at which any decision that keeps the limits is enough."""
OPEN = "there was no time to tell whether all of these are needed for the conflict"

Limit = tuple[str, int, int]
"""Kind (require, max_loss, pool or resource), position, and for people the year (-1: all years)."""


@dataclass
class _Filter:
    """A deletion filter under way: which limits are held, and what the tests so far could not tell."""

    infeasible: Callable[[Sequence[Limit]], bool | None]
    held: list[Limit]
    unsure: bool = False

    def without(self, limits: Sequence[Limit]) -> bool:
        """Drop these limits if the others still conflict."""
        rest = [limit for limit in self.held if limit not in limits]
        proved = self.infeasible(rest)
        self.unsure |= proved is None
        if proved:
            self.held = rest
        return bool(proved)


def conflicting(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    futures: list[Future],
    samples: Samples,
    risk: Risk,
    rules: Rules,
) -> tuple[str, ...]:
    """Limits in the user's words, none of which can be left out of the conflict; people are named with the years.

    A deletion filter (Chinneck and Dravnieks 1991, ORSA J. Computing 3:157): each limit is dropped in turn and stays
    dropped if the rest are proved to conflict still. The requirements alone are tried first, without the second
    stage; only a loss that is out of reach needs it. Where time ends a test, a last sentence says so.
    """
    until = time.monotonic() + SECONDS
    tests = _Tests(menu, network, horizon, futures, samples, risk, rules, until)
    named: list[Limit] = [("require", p, -1) for p in rules.require]
    named += [("pool", k, -1) for k in range(len(menu.pools))]
    named += [("resource", r, -1) for r in range(len(menu.resources))]
    search = _Filter(tests.first, list(named))
    if not tests.first(named):
        if rules.max_loss is None:
            return ()
        search = _Filter(tests.both, [("max_loss", 0, -1), *named])
    # Most limits have no part in it: all of a kind are tried at once before each.
    for kind in ("resource", "pool", "require", "max_loss"):
        mine = [limit for limit in search.held if limit[0] == kind]
        if len(mine) > 1 and search.without(mine):
            continue
        for limit in mine:
            search.without([limit])
    if search.infeasible == tests.first:
        _by_year(search, horizon)
    held = sorted(search.held, key=lambda limit: ("require", "max_loss", "pool", "resource").index(limit[0]))
    return (*_sentences(menu, network, rules, held, horizon), *([OPEN] if search.unsure else []))


@dataclass
class _Tests:
    """Whether limits conflict: true where that is proved, false where something keeps them, none where time ends."""

    menu: Menu
    network: Network
    horizon: Horizon
    futures: list[Future]
    samples: Samples
    risk: Risk
    rules: Rules
    until: float

    def first(self, held: Sequence[Limit]) -> bool | None:
        """By the first stage alone."""
        required = tuple(p for kind, p, _ in held if kind == "require")
        # Other projects only take from what these need, unless they train people or run a route for them.
        menu = self.menu
        involved = np.isin(np.arange(len(menu.project)), required)
        involved[menu.profile_project[menu.pair_profile[involved[menu.pair_project]]]] = True
        involved |= np.array([kind == "train" for kind in menu.kind], dtype=bool)
        form = first_stage(menu, self.network, self.horizon, involved, Rules(required))
        problem = _freed(form, form.problem, held, self.horizon)
        # Most conflicts show without whole teams, much faster; only then are teams whole.
        for integer in (None, problem.integer):
            left = min(EACH, self.until - time.monotonic())
            if left <= 0:
                return None
            free = replace(problem, cost=problem.cost * 0.0, integer=integer)
            answer = Solver(free).solve(time_limit=left)
            if answer.status is Status.INFEASIBLE:
                return True
            if answer.status is not Status.OPTIMAL:
                return None
        return False

    def both(self, held: Sequence[Limit]) -> bool | None:
        """With the second stage."""
        left = min(EACH, self.until - time.monotonic())
        if left <= 0:
            return None
        bound = self.rules.max_loss if any(kind == "max_loss" for kind, *_ in held) else None
        rules = Rules(tuple(p for kind, p, _ in held if kind == "require"), bound)
        programme = to_stages(
            self.menu, self.network, self.horizon, self.futures, self.samples, self.risk, rules
        )
        problem = _freed(programme.first, programme.stages.first, held, self.horizon)
        found = solve(replace(programme.stages, first=problem), gap=ANY, time_limit=left)
        if found.status is Status.INFEASIBLE:
            return True
        return False if np.isfinite(found.value) else None


def _freed(first: FirstStage, problem: Problem, held: Sequence[Limit], horizon: Horizon) -> Problem:
    """The first stage's problem without the pools and people that are not held."""
    upper = problem.row_upper.copy()
    years = np.floor(horizon.times + 1e-9)
    for kind, places in (("pool", first.pool_rows), ("resource", first.resource_rows)):
        kept = np.zeros(places.shape, dtype=bool)
        for name, index, year in held:
            if name == kind:
                kept[index] |= (years == year) | (year < 0)
        upper[places[~kept]] = np.inf
    return replace(problem, row_upper=upper)


def _by_year(search: _Filter, horizon: Horizon) -> None:
    """People are limited year by year: the years that matter."""
    years = np.unique(np.floor(horizon.times + 1e-9)).astype(int).tolist()
    search.held = [
        split
        for limit in search.held
        for split in ([("resource", limit[1], year) for year in years] if limit[0] == "resource" else [limit])
    ]
    for limit in [limit for limit in search.held if limit[2] >= 0]:
        search.without([limit])


def _sentences(
    menu: Menu, network: Network, rules: Rules, held: Sequence[Limit], horizon: Horizon
) -> list[str]:
    found: list[str] = []
    alone = all(kind == "require" for kind, *_ in held)
    for kind, index, _ in held:
        if kind == "require":
            name = menu.project[index]
            why = _why_impossible(menu, network, index) if alone else ""
            found.append(f"project {name} is required{why}")
        elif kind == "max_loss":
            found.append(f"the loss may not exceed {rules.max_loss:g} years of output")
        elif kind == "pool":
            found.append(f"the money of {menu.pools[index].label} is limited")
        else:
            mine = sorted(year for other, r, year in held if other == kind and r == index)
            every = len(mine) == len(np.unique(np.floor(horizon.times + 1e-9))) or mine == [-1]
            when = "" if every else f" in {', '.join(map(str, mine))}"
            found.append(f"{menu.resources[index]} is limited{when}")
    return list(dict.fromkeys(found))


def _why_impossible(menu: Menu, network: Network, p: int) -> str:
    """Why a project cannot run at all, whatever money and people there are; empty where that is not plain."""
    routed: Bools = menu.route_project == p
    if routed.any() and not (menu.profile_project == p).any():
        return ", but none of its routes can succeed within the horizon"
    if not any(eligible(menu, network, pool)[p] for pool in menu.pools):
        return ", but no contributor may pay for it"
    return ""
