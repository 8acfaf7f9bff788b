"""What is decided before anybody knows which route succeeds: profiles, paid capacity, and whose money pays.

Columns: y_f in {0, 1} for every profile, B_pt in [0, 1] the part of a project's capacity that is paid for by the end
of step t, c_kpt the money of a pool for a project in a step and r_kt what the pool has left at its end (as parts of
`scale`), and, for projects that offer a cover, w_pt in [0, 1] the part of their capacity whose first users are
covered by the end of step t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..capability import Horizon
from ..lp import Problem
from ..network import Bools, Floats, Ints, Network
from .futures import Decision, adoption_steps
from .menu import Menu, eligible
from .rows import Rows

THRIFT = 1e-4
"""Years of output that spending all the money is taken to cost: breaks ties, far below any gap asked for."""


USED = 1e-6
"""A smaller part of a profile is rounding."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user insists on: projects that must run, the most loss allowed (in the objective's terms)."""

    require: tuple[int, ...] = ()
    max_loss: float | None = None
    free_pools: frozenset[int] = frozenset()
    free_resources: frozenset[int] = frozenset()


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The first stage's problem and where its parts stand. `scale` is USD million per unit of money inside."""

    problem: Problem
    y: Ints  # (F,)
    paid: Ints  # (P, T)
    c: Ints  # (pairs, T)
    left: Ints  # (K, T)
    pairs: Ints  # (pairs, 2) pool and project
    pool_rows: Ints  # (K, T)
    resource_rows: Ints  # (R, T)
    matched: Ints  # (M,) rows that hold matched money to its ratio
    insured: Ints  # (I,) projects that offer a cover
    cover: Ints  # (I, T)
    scale: float

    def decision(self, menu: Menu, x: Floats) -> Decision:
        """The decision that a solution stands for."""
        money = np.zeros((len(menu.pools), len(menu.project), self.paid.shape[1]))
        if len(self.pairs):
            money[self.pairs[:, 0], self.pairs[:, 1]] = np.maximum(x[self.c], 0.0) * self.scale
        paid = np.diff(np.clip(x[self.paid], 0.0, 1.0), axis=1, prepend=0.0)
        cover = None
        if len(self.insured):
            cover = np.zeros_like(paid)
            cover[self.insured] = np.diff(np.clip(x[self.cover], 0.0, 1.0), axis=1, prepend=0.0)
            cover = np.maximum(cover, 0.0)
        return Decision(x[self.y] > 0.5, np.maximum(paid, 0.0), money, cover)


def money_scale(menu: Menu) -> float:
    """All money that may be paid in, or could be spent: inside, money is a part of it, whatever its unit.

    Without the second, sums that are small against a huge budget would drown in the solver's tolerances.
    """
    total = float(sum(pool.paid_musd.sum() for pool in menu.pools))
    dearest = np.zeros(len(menu.route))
    np.maximum.at(dearest, menu.profile_route, menu.profile_cost.sum(axis=1))
    most = float(menu.capex_musd.sum() + dearest.sum() + np.nan_to_num(menu.cover_musd).sum())
    return min(total or most, most or total) or 1.0


def first_stage(
    menu: Menu, network: Network, horizon: Horizon, useful: Bools, rules: Rules = NO_RULES
) -> FirstStage:
    """The first stage over the `useful` (P,) projects."""
    rows, steps = Rows(), horizon.count
    projects, profiles = len(menu.project), len(menu.profile_route)
    scale = money_scale(menu)
    pairs = _pairs(menu, network, useful)
    y = np.arange(profiles)
    paid = profiles + np.arange(projects * steps).reshape(projects, steps)
    c = profiles + projects * steps + np.arange(len(pairs) * steps).reshape(len(pairs), steps)
    left = profiles + paid.size + c.size + np.arange(len(menu.pools) * steps).reshape(-1, steps)
    insured = np.flatnonzero(useful & (adoption_steps(menu, horizon) > 0) & ~np.isnan(menu.cover_musd))
    cover = profiles + paid.size + c.size + left.size + np.arange(len(insured) * steps).reshape(-1, steps)
    count = profiles + paid.size + c.size + left.size + cover.size
    owner = menu.profile_project

    # One profile per route; capacity is paid for once, and only where some route that masters it runs.
    one = rows.block(len(menu.route), -np.inf, 1.0)
    rows.put(one[menu.lane_route], y[menu.lane_profile], 1.0)
    later = rows.block(projects * (steps - 1), 0.0, np.inf).reshape(projects, steps - 1)
    rows.put(later, paid[:, 1:], 1.0)
    rows.put(later, paid[:, :-1], -1.0)
    runs = rows.block(projects, -np.inf, np.where(menu.known, 1.0, 0.0))
    rows.put(runs, paid[:, -1], 1.0)
    rows.put(runs[menu.pair_project], y[menu.pair_profile], -1.0)
    for p in rules.require:
        row = rows.block(1, 1.0, np.inf)
        rows.put(row, y[owner == p] if p in menu.route_project else paid[p, [-1]], 1.0)
    # What a project costs in a step, its contributors pay in that step.
    balance = rows.block(projects * steps, 0.0, 0.0).reshape(projects, steps)
    profile, step = np.nonzero(menu.profile_cost)
    rows.put(balance[owner[profile], step], y[profile], menu.profile_cost[profile, step] / scale)
    rows.put(balance, paid, (menu.capex_musd / scale)[:, None])
    rows.put(balance[:, 1:], paid[:, :-1], -(menu.capex_musd / scale)[:, None])
    if len(pairs):
        rows.put(balance[pairs[:, 1]], c, -1.0)
    if len(insured):
        _insured(rows, menu, insured, cover, balance, scale)
    # A pool keeps for later what it does not give.
    bound = np.array([pool.paid_musd / scale for pool in menu.pools]).reshape(-1, steps)
    bound[sorted(rules.free_pools)] = np.inf
    pool_rows = rows.block(bound.size, -np.inf, bound.ravel()).reshape(bound.shape)
    rows.put(pool_rows, left, 1.0)
    rows.put(pool_rows[:, 1:], left[:, :-1], -1.0)
    if len(pairs):
        rows.put(pool_rows[pairs[:, 0]], c, 1.0)
    matched = _matching(rows, menu, c, pairs)
    _capped(rows, menu, c, pairs, scale)
    resource_rows = _people(rows, menu, horizon, y, paid, rules)

    cost, lower, upper = np.zeros(count), np.zeros(count), np.full(count, np.inf)
    cost[c] = THRIFT
    upper[y] = useful[owner]
    upper[paid] = useful[:, None] & (horizon.times >= menu.earliest[:, None] - 1e-9)
    upper[cover] = 1.0
    for k, pool in enumerate(menu.pools):
        lower[left[k]] = menu.holdback * called(pool.paid_musd, horizon) / scale
    integer = np.zeros(count, dtype=bool)
    integer[y] = True
    problem = Problem(cost, lower, upper, rows.matrix(count), *rows.bounds, integer)
    return FirstStage(
        problem, y, paid, c, left, pairs, pool_rows, resource_rows, matched, insured, cover, scale
    )


def called(paid_musd: Floats, horizon: Horizon) -> Floats:
    """(T,) what the latest call has brought by the end of each step; 0 where no call follows.

    The call of a year is paid in over its steps.
    """
    years = np.floor(horizon.times + 1e-9)
    found = np.zeros(horizon.count)
    calls = np.unique(years[paid_musd > 0])
    for call, following in zip(calls[:-1], calls[1:], strict=True):
        inside = (years >= call) & (years < following)
        found[inside] = np.cumsum(paid_musd[inside])
    return found


def _insured(rows: Rows, menu: Menu, insured: Ints, cover: Ints, balance: Ints, scale: float) -> None:
    """A cover is bought once, and paid for in the step in which it begins."""
    later = rows.block(cover[:, 1:].size, 0.0, np.inf).reshape(cover[:, 1:].shape)
    rows.put(later, cover[:, 1:], 1.0)
    rows.put(later, cover[:, :-1], -1.0)
    price = (menu.cover_musd[insured] / scale)[:, None]
    rows.put(balance[insured], cover, price)
    rows.put(balance[insured, 1:], cover[:, :-1], -price)


def _capped(rows: Rows, menu: Menu, c: Ints, pairs: Ints, scale: float) -> None:
    """Some pools pay at most so much into one project."""
    for index, (k, _) in enumerate(pairs):
        cap = menu.pools[k].cap_musd
        if cap is not None:
            rows.put(rows.block(1, -np.inf, cap / scale), c[index], 1.0)


def _pairs(menu: Menu, network: Network, useful: Bools) -> Ints:
    """(pairs, 2) of pool and project that earmarks allow."""
    found = [
        (k, p)
        for k, pool in enumerate(menu.pools)
        for p in np.flatnonzero(eligible(menu, network, pool) & useful)
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _people(rows: Rows, menu: Menu, horizon: Horizon, y: Ints, paid: Ints, rules: Rules) -> Ints:
    """Talent and facilities, with what training adds; gives back the rows (R, T)."""
    steps = horizon.count
    free = np.isin(np.arange(len(menu.resources)), sorted(rules.free_resources))
    bound = np.where(free[:, None], np.inf, menu.available)
    place = rows.block(bound.size, -np.inf, bound.ravel()).reshape(bound.shape)
    if len(y) and len(menu.resources):
        staff = sparse.coo_matrix(menu.profile_staff.reshape(len(y), -1))
        rows.put(place.ravel()[staff.col], y[staff.row], staff.data)
    for p in np.flatnonzero([kind == "train" for kind in menu.kind]).tolist():
        if menu.trains[p] not in menu.resources:
            continue
        r = menu.resources.index(menu.trains[p])
        wait = int(np.ceil(menu.ramp_years[p] / horizon.delta - 1e-9))
        for t in range(wait, steps):
            # Everybody who has graduated by now: one class for every step since the first paid one was ready.
            # Classes of t - wait + 1 steps for what was paid first, one fewer for each step later: a sum of B.
            rows.put(place[r, [t]], paid[p, : t - wait + 1], -menu.capacity[p] * horizon.delta)
    return place


def _matching(rows: Rows, menu: Menu, c: Ints, pairs: Ints) -> Ints:
    """A matched pool pays into a project at most its ratio of what the others pay into it; gives back the rows."""
    matched = [np.zeros(0, dtype=np.int64)]
    for index, (k, p) in enumerate(pairs):
        ratio = menu.pools[k].match_ratio
        if ratio is None:
            continue
        row = rows.block(1, -np.inf, 0.0)
        rows.put(row, c[index], 1.0)
        contributor = menu.pools[k].contributor
        for other in np.flatnonzero(pairs[:, 1] == p):
            if menu.pools[pairs[other, 0]].contributor != contributor:
                rows.put(row, c[other], -ratio)
        matched.append(row)
    return np.concatenate(matched)


def rounded_up(menu: Menu, first: FirstStage, x: Floats) -> Floats:
    """The profiles in the order of the parts that a relaxed x (n,) uses, as far as routes and people allow."""
    part, whole = x[first.y], x.copy()
    whole[first.y] = 0.0
    used = np.zeros_like(menu.available)
    taken: set[int] = set()
    for f in np.argsort(-part, kind="stable"):
        routes = set(menu.lane_route[menu.lanes(f)].tolist())
        if part[f] <= USED or routes & taken or (used + menu.profile_staff[f] > menu.available + 1e-9).any():
            continue
        used += menu.profile_staff[f]
        whole[first.y[f]] = 1.0
        taken |= routes
    return whole
