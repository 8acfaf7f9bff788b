"""The two-stage programme in its direct form: one mixed-integer problem over all samples at once.

First stage: profiles y in {0, 1}, paid parts b of capacity, money c by pool, project and step. Second stage, one copy
per sample: mastery a <= the profiles that have succeeded by then, capacity g that grows by capacity / ramp_years a
year once mastered and up to what is paid for, and the capability problem with g on its right-hand sides. Objective:
(1 - lambda) mean + lambda CVaR of the losses (Rockafellar-Uryasev), plus a trifle on money so that none is spent in
vain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..capability import Horizon, Layout, capability_problem
from ..lp import Problem
from ..network import Bools, Floats, Ints, Network
from .futures import Decision, Future, success_years
from .menu import Menu, eligible
from .samples import Samples

THRIFT = 1e-4
"""Years of output that spending all the money is taken to cost: breaks ties, far below any gap asked for."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Weight of the tail (lambda) and the quantile from which on it counts (beta)."""

    aversion: float
    tail: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user insists on: projects that must run, the most loss allowed (in the objective's terms)."""

    require: tuple[int, ...] = ()
    max_loss: float | None = None
    free_pools: frozenset[int] = frozenset()
    free_resources: frozenset[int] = frozenset()


@dataclass
class _Rows:
    """Coefficients gathered block by block."""

    row: list[NDArray] = field(default_factory=list)
    column: list[NDArray] = field(default_factory=list)
    value: list[NDArray] = field(default_factory=list)
    lower: list[NDArray] = field(default_factory=list)
    upper: list[NDArray] = field(default_factory=list)
    height: int = 0

    def block(self, count: int, lower: Floats | float, upper: Floats | float) -> Ints:
        """Positions of `count` new rows with these bounds."""
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=float), count))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=float), count))
        self.height += count
        return np.arange(self.height - count, self.height)

    def put(self, row: NDArray, column: NDArray, value: NDArray | float) -> None:
        row, column = np.broadcast_arrays(row, column)
        self.row.append(row.ravel())
        self.column.append(column.ravel())
        self.value.append(np.broadcast_to(value, row.shape).ravel())


@dataclass(frozen=True, slots=True)
class Extensive:
    """The assembled problem and where its first stage stands. `scale` is USD million per unit of money inside."""

    problem: Problem
    y: Ints  # (F,)
    b: Ints  # (P, T)
    c: Ints  # (pairs, T)
    pairs: Ints  # (pairs, 2) pool and project
    pool_rows: Ints  # (K, T)
    resource_rows: Ints  # (R, T)
    scale: float

    def decision(self, menu: Menu, x: Floats) -> Decision:
        """The first stage of a solution."""
        money = np.zeros((len(menu.pools), len(menu.project), self.b.shape[1]))
        if len(self.pairs):
            money[self.pairs[:, 0], self.pairs[:, 1]] = np.maximum(x[self.c], 0.0) * self.scale
        return Decision(x[self.y] > 0.5, np.clip(x[self.b], 0.0, 1.0), money)


def money_scale(menu: Menu) -> float:
    """All money that may be paid in, or could be spent: inside, money is a part of it, whatever its unit.

    Without the second, sums that are small against a huge budget would drown in the solver's tolerances.
    """
    total = float(sum(pool.paid_musd.sum() for pool in menu.pools))
    dearest = np.zeros(len(menu.route))
    np.maximum.at(dearest, menu.profile_route, menu.profile_cost.sum(axis=1))
    most = float(menu.capex_musd.sum() + dearest.sum())
    return min(total or most, most or total) or 1.0


def extensive_problem(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    futures: list[Future],
    samples: Samples,
    risk: Risk,
    rules: Rules = Rules(),
    *,
    second_stage: bool = True,
) -> Extensive:
    """The programme over these samples (only its first stage without `second_stage`, to look for conflicts)."""
    rows, steps = _Rows(), horizon.count
    projects, profiles = len(menu.project), len(menu.profile_route)
    scale = money_scale(menu)
    useful = _useful(menu, futures, samples) | np.isin(np.arange(projects), rules.require)
    pairs = _pairs(menu, network, useful)
    count = 0

    def block(*shape: int) -> Ints:
        nonlocal count
        size = int(np.prod(shape))
        count += size
        return np.arange(count - size, count).reshape(shape)

    y, b, c = block(profiles), block(projects, steps), block(len(pairs), steps)
    pool_rows, resource_rows = _first_stage(rows, menu, horizon, y, b, c, pairs, scale, rules)
    cost, upper = [np.zeros(count)], [np.full(count, np.inf)]
    cost[0][c] = THRIFT
    upper[0][y] = useful[menu.route_project[menu.profile_route]]
    upper[0][b] = useful[:, None] & (horizon.times >= menu.earliest[:, None] - 1e-9)

    if second_stage:
        eta = block(1)
        weights = samples.weight
        xi = block(len(samples))
        cost += [np.array([risk.aversion]), risk.aversion * weights / max(1.0 - risk.tail, 1e-9)]
        upper += [np.full(1, np.inf), np.full(len(samples), np.inf)]
        known = {}
        losses = []
        for s in range(len(samples)):
            future = futures[samples.scenario[s]]
            if samples.scenario[s] not in known:
                known[samples.scenario[s]] = capability_problem(future.network, horizon, future.limits)
            problem, layout = known[samples.scenario[s]]
            columns = block(len(problem.cost))
            place = rows.block(len(problem.row_upper), problem.row_lower, problem.row_upper)
            matrix = problem.matrix.tocoo()
            rows.put(place[matrix.row], columns[matrix.col], matrix.data)
            top = problem.upper.copy()
            active = np.flatnonzero(future.projects & useful)
            a, g = block(len(active), steps), block(len(active), steps)
            _growth(rows, menu, horizon, active, samples.effort[s], y, b, a, g)
            _capacity(rows, menu, future, active, columns, layout, top, g)
            cost += [(1 - risk.aversion) * weights[s] * problem.cost, np.zeros(a.size + g.size)]
            growth_top = np.ones((len(active), steps))
            attract = np.array([menu.kind[p] == "attract" for p in active], dtype=bool)
            growth_top[attract] = future.open[active[attract]]
            upper += [top, growth_top.ravel(), np.full(g.size, np.inf)]
            row = rows.block(1, 0.0, np.inf)
            rows.put(row, np.concatenate([xi[[s]], eta]), 1.0)
            priced = problem.cost > 0
            rows.put(row, columns[priced], -problem.cost[priced])
            losses.append((columns[priced], problem.cost[priced] * weights[s] * (1 - risk.aversion)))
        if rules.max_loss is not None:
            row = rows.block(1, -np.inf, rules.max_loss)
            for columns, value in losses:
                rows.put(row, columns, value)
            rows.put(row, eta, risk.aversion)
            rows.put(row, xi, risk.aversion * weights / max(1.0 - risk.tail, 1e-9))
    integer = np.zeros(count, dtype=bool)
    integer[y] = True
    matrix = sparse.csr_matrix(
        (np.concatenate(rows.value), (np.concatenate(rows.row), np.concatenate(rows.column))),
        shape=(rows.height, count),
    )
    problem = Problem(
        np.concatenate(cost),
        np.zeros(count),
        np.concatenate(upper),
        matrix,
        np.concatenate(rows.lower),
        np.concatenate(rows.upper),
        integer,
    )
    return Extensive(problem, y, b, c, pairs, pool_rows, resource_rows, scale)


def _useful(menu: Menu, futures: list[Future], samples: Samples) -> Bools:
    """(P,) projects that can matter in some sampled scenario; training matters where people are scarce."""
    met = [futures[s].projects for s in np.unique(samples.scenario)]
    useful = np.logical_or.reduce(met) if met else np.zeros(len(menu.project), dtype=bool)
    return useful | np.array([kind == "train" for kind in menu.kind], dtype=bool)


def _pairs(menu: Menu, network: Network, useful: Bools) -> Ints:
    """(pairs, 2) of pool and project that earmarks allow."""
    found = [
        (k, p)
        for k, pool in enumerate(menu.pools)
        for p in np.flatnonzero(eligible(menu, network, pool) & useful)
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _first_stage(
    rows: _Rows,
    menu: Menu,
    horizon: Horizon,
    y: Ints,
    b: Ints,
    c: Ints,
    pairs: Ints,
    scale: float,
    rules: Rules,
) -> tuple[Ints, Ints]:
    projects, steps = b.shape
    owner = menu.route_project[menu.profile_route]
    # One profile per route; capacity is paid for once, and only where some route runs.
    one = rows.block(len(menu.route), -np.inf, 1.0)
    rows.put(one[menu.profile_route], y, 1.0)
    routed = np.isin(np.arange(projects), menu.route_project)
    whole = rows.block(projects, -np.inf, np.where(routed, 0.0, 1.0))
    rows.put(whole[:, None], b, 1.0)
    rows.put(whole[owner], y, -1.0)
    once = rows.block(projects, -np.inf, 1.0)
    rows.put(once[:, None], b, 1.0)
    for p in rules.require:
        row = rows.block(1, 1.0, np.inf)
        rows.put(row, y[owner == p] if routed[p] else b[p], 1.0)
    # What a project costs in a step, its contributors pay in that step.
    balance = rows.block(projects * steps, 0.0, 0.0).reshape(projects, steps)
    rows.put(balance[owner], y[:, None], menu.profile_cost / scale)
    rows.put(balance, b, (menu.capex_musd / scale)[:, None])
    if len(pairs):
        rows.put(balance[pairs[:, 1]], c, -1.0)
    # A pool pays at most what has been paid in so far.
    paid = [pool.paid_musd.cumsum() / scale for pool in menu.pools]
    bound = np.array(paid).reshape(len(menu.pools), steps)
    bound[sorted(rules.free_pools)] = np.inf
    pool_rows = rows.block(bound.size, -np.inf, bound.ravel()).reshape(bound.shape)
    for t in range(steps if len(pairs) else 0):
        rows.put(pool_rows[pairs[:, 0], t][:, None], c[:, : t + 1], 1.0)
    _matching(rows, menu, c, pairs)
    # Talent and facilities, with what training adds.
    free = np.isin(np.arange(len(menu.resources)), sorted(rules.free_resources))
    bound = np.where(free[:, None], np.inf, menu.available)
    resource_rows = rows.block(bound.size, -np.inf, bound.ravel()).reshape(bound.shape)
    if len(y) and len(menu.resources):
        staff = sparse.coo_matrix(menu.profile_staff.reshape(len(y), -1))
        rows.put(resource_rows.ravel()[staff.col], y[staff.row], staff.data)
    for p in np.flatnonzero([kind == "train" for kind in menu.kind]).tolist():
        if menu.trains[p] not in menu.resources:
            continue
        r = menu.resources.index(menu.trains[p])
        wait = int(np.ceil(menu.ramp_years[p] / horizon.delta - 1e-9))
        for t in range(wait, steps):
            # Everybody who has graduated by now: one class for every step since the first paid one was ready.
            classes = (t - wait - np.arange(t - wait + 1) + 1) * horizon.delta
            rows.put(resource_rows[r, [t]], b[p, : t - wait + 1], -menu.capacity[p] * classes)
    return pool_rows, resource_rows


def _matching(rows: _Rows, menu: Menu, c: Ints, pairs: Ints) -> None:
    """A matched pool pays into a project at most its ratio of what the others pay into it."""
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


def _growth(
    rows: _Rows,
    menu: Menu,
    horizon: Horizon,
    active: Ints,
    effort: Floats,
    y: Ints,
    b: Ints,
    a: Ints,
    g: Ints,
) -> None:
    """Mastery a and capacity g of the active projects in one sample."""
    steps = horizon.count
    if not len(active):
        return
    index = np.full(len(menu.project), -1)
    index[active] = np.arange(len(active))
    years = success_years(menu, effort)
    owner = index[menu.route_project[menu.profile_route]]
    profile, step = np.nonzero((years[:, None] <= horizon.times + 1e-9) & (owner >= 0)[:, None])
    routed = np.isin(active, menu.route_project)
    known = np.where(routed[:, None], 0.0, menu.earliest[active][:, None] <= horizon.times + 1e-9)
    mastery = rows.block(a.size, -np.inf, known.ravel()).reshape(a.shape)
    rows.put(mastery, a, 1.0)
    rows.put(mastery[owner[profile], step], y[profile], -1.0)
    start = rows.block(len(active), -np.inf, 0.0)
    rows.put(start, g[:, 0], 1.0)
    speed = (menu.capacity / menu.ramp_years)[active] * horizon.delta
    grow = rows.block(len(active) * (steps - 1), -np.inf, 0.0).reshape(len(active), steps - 1)
    rows.put(grow, g[:, 1:], 1.0)
    rows.put(grow, g[:, :-1], -1.0)
    rows.put(grow, a[:, :-1], -speed[:, None])
    pay = rows.block(len(active) * (steps - 1), -np.inf, 0.0).reshape(len(active), steps - 1)
    rows.put(pay, g[:, 1:], 1.0)
    for t in range(steps - 1):
        rows.put(pay[:, t][:, None], b[active][:, : t + 1], -menu.capacity[active][:, None])


def _capacity(
    rows: _Rows,
    menu: Menu,
    future: Future,
    active: Ints,
    columns: Ints,
    layout: Layout,
    top: Floats,
    g: Ints,
) -> None:
    """Capacity g widens the bounds of production, deliveries or stocks: each widened bound becomes a row."""
    place = future.place
    steps = g.shape[1]
    made: dict[tuple[str, int], Ints] = {}
    for index, p in enumerate(active):
        field_, factor = {
            "diversify": ("f", future.open[p]),
            "stockpile": ("state", np.ones(steps)),
        }.get(menu.kind[p], ("m", np.ones(steps)))
        j = place[int(menu.item[p])]
        position = getattr(layout, field_)[j]
        if position[0] < 0:
            continue
        if (field_, j) not in made:
            made[field_, j] = rows.block(steps, -np.inf, top[position])
            rows.put(made[field_, j], columns[position], 1.0)
            top[position] = np.inf
        rows.put(made[field_, j], g[index], -factor)
