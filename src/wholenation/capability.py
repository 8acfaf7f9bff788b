"""The capability problem: how much of its mission a home can serve, given what is denied.

One linear programme under every verb. It is built once for a network and a horizon; what scenarios, draws of effort
and plans change are right-hand sides only, so that every further solve starts from the basis of the undenied one.
(A draw over the ranges of the tables is another network, and another problem.)

Step `t` lasts `delta` years. For item j, with all amounts in units of home's base-year need:

    deliveries     0 <= f_jt <= imports_max_jt
    production     0 <= m_jt <= own_jt,     m_it <= sum over j in g of rate_ij v_ijt     for every group g of i
    stocked items  delta sum_i w_ij v_ijt + S_j,t+1 <= S_jt + delta (m_jt + f_jt),       S_jt <= state_max_j
    tools          sum_i w_ij v_ijt <= K_jt - lost_jt
                   K_j,t+1 <= (1 - delta/L_j) K_jt + (delta/L_j) (m_jt + f_jt),          K_jt <= state_max_j
    processes      sum_i w_ij v_ijt <= m_jt + f_jt
    missions       z_kt + d_kt >= target_kt,  d_kt drawn from the product like any use (times the mission's part)
    minimise       sum_kt weight_kt delta z_kt

`v_ijt` is what i uses of j relative to its base-year use, `w_ij` the part of j's need that goes to i (they add up
to 1 over the users of j, missions among them). `lost_jt` is installed capacity that stands idle because its service
is denied.
Losses are unique; flows need not be (a cost on them would make them so, and every warm start ten times longer, because
then each unit of lost output moves every flow of the chain). Nor need outputs be, since a stock may be used now or
later: where the path over time is what is asked for, `early` settles it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .errors import AnswerError, QuestionError
from .lp import Problem, Solver, Status
from .network import Floats, Ints, Network

EARLY = 1e-4
"""Years of output by which a year's output now is preferred to one at the horizon's end, where `early` is asked for."""

STEPS = {"year": 1.0, "quarter": 0.25, "month": 1.0 / 12.0}


@dataclass(frozen=True, slots=True)
class Horizon:
    """Equal steps from `start` (a year with a fraction); `times` are the starts of the steps."""

    start: float
    delta: float
    count: int

    @property
    def times(self) -> Floats:
        """(T,) start of every step."""
        return self.start + self.delta * np.arange(self.count, dtype=np.float64)

    @property
    def end(self) -> float:
        """End of the last step."""
        return self.start + self.delta * self.count


def to_horizon(network: Network, step: str = "year", start: float | None = None) -> Horizon:
    """The years of the missions in steps of a year, a quarter or a month, from `start` on if given.

    Raises `QuestionError` for another step.
    """
    if step not in STEPS:
        raise QuestionError(f"a step is one of {', '.join(STEPS)}, not {step!r}")
    delta = STEPS[step]
    first = min(min(mission.years) for mission in network.missions)
    last = max(max(mission.years) for mission in network.missions) + 1
    begin = float(first if start is None else start)
    years = last - first
    return Horizon(begin, delta, round(years / delta))


@dataclass(frozen=True, slots=True)
class Limits:
    """The right-hand sides that scenarios, draws of effort and plans change. Arrays are (n, T).

    `imports` bounds deliveries, `own` home production, `lost` is idle installed capacity of tools, `state` bounds
    stocks (years of base-year need) and installed tools.
    """

    imports: Floats
    own: Floats
    lost: Floats
    state: Floats

    def merged(self, **changed: Floats) -> Limits:
        """The same limits with some arrays exchanged."""
        return replace(self, **changed)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where variables and rows stand. Every array of positions has one column per step."""

    f: Ints  # (n, T) deliveries
    m: Ints  # (n, T) production
    v: Ints  # (E, T) relative use
    state: Ints  # (n, T) stock or installed base at the end of the step, -1 for items without
    d: Ints  # (M, T) delivered to the mission
    z: Ints  # (M, T) shortfall
    use: Ints  # (n, T) rows: what is drawn from an item
    carry: Ints  # (n, T) rows: installed base of tools, -1 for other items
    group: Ints  # (G, T) rows
    mission: Ints  # (M, T) rows


def base_limits(network: Network, horizon: Horizon) -> Limits:
    """Nothing denied, nothing added: base-year imports with their surge, base-year production."""
    steps = horizon.count
    full = np.broadcast_to
    imports = network.imports.sum(axis=1) * (1.0 + network.surge)
    n = len(network.items)
    most = max([1.0, *(float(mission.target.max()) for mission in network.missions)])
    state = np.where(network.tools, most, network.stock_years * network.use)
    return Limits(
        imports=full(imports[:, None], (n, steps)).copy(),
        own=full(network.own[:, None], (n, steps)).copy(),
        lost=np.zeros((n, steps)),
        state=full(state[:, None], (n, steps)).copy(),
    )


def targets(network: Network, horizon: Horizon) -> tuple[Floats, Floats]:
    """(M, T) target and weight of every mission at every step (the last known year goes on)."""
    target = np.zeros((len(network.missions), horizon.count))
    weight = np.zeros_like(target)
    for k, mission in enumerate(network.missions):
        place = np.searchsorted(mission.years, np.floor(horizon.times + 1e-9), side="right") - 1
        place = np.clip(place, 0, len(mission.years) - 1)
        target[k], weight[k] = mission.target[place], mission.weight[place]
    return target, weight


def capability_problem(network: Network, horizon: Horizon, limits: Limits) -> tuple[Problem, Layout]:
    """The problem as sparse arrays, and where its variables and rows stand."""
    n, edges, steps = len(network.items), len(network.edge_user), horizon.count
    groups, goals = len(network.group_user), len(network.missions)
    delta = horizon.delta
    tool, stock = network.tools, network.stocked
    layout = _layout(n, edges, groups, goals, steps, tool, stock)

    renewal = np.minimum(delta / network.life, 1.0)
    scale = np.where(stock, delta, 1.0)[:, None] * np.ones(steps)
    rows: list[NDArray] = []
    columns: list[NDArray] = []
    values: list[NDArray] = []

    def put(row: NDArray, column: NDArray, value: NDArray | float) -> None:
        row, column = np.broadcast_arrays(row, column)
        rows.append(row.ravel())
        columns.append(column.ravel())
        values.append(np.broadcast_to(value, row.shape).ravel())

    # What is drawn from an item: uses and missions against deliveries, production and state.
    put(layout.use[network.edge_input], layout.v, network.edge_weight[:, None] * scale[network.edge_input])
    product = np.array([mission.product for mission in network.missions], dtype=np.int64)
    part = np.array([mission.part for mission in network.missions])
    put(layout.use[product], layout.d, part[:, None] * scale[product])
    flows = ~tool
    for flow in (layout.f, layout.m):
        put(layout.use[flows], flow[flows], -scale[flows])
        put(layout.carry[tool], flow[tool], -renewal[tool][:, None])
    put(layout.use[stock], layout.state[stock], 1.0)
    put(layout.use[stock][:, 1:], layout.state[stock][:, :-1], -1.0)
    put(layout.use[tool][:, 1:], layout.state[tool][:, :-1], -1.0)
    put(layout.carry[tool], layout.state[tool], 1.0)
    put(layout.carry[tool][:, 1:], layout.state[tool][:, :-1], -(1.0 - renewal[tool])[:, None])
    # Activity is bounded by every group of inputs.
    put(layout.group, layout.m[network.group_user], 1.0)
    put(layout.group[network.edge_group], layout.v, -network.edge_rate[:, None])
    # A mission is served or falls short.
    put(layout.mission, layout.z, 1.0)
    put(layout.mission, layout.d, 1.0)

    count = int(layout.z.max()) + 1
    height = int(layout.mission.max()) + 1
    matrix = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(height, count)
    )
    target, weight = targets(network, horizon)
    cost = np.zeros(count)
    cost[layout.z] = weight * delta
    lower, upper = np.zeros(count), np.full(count, np.inf)
    upper[layout.f], upper[layout.m] = limits.imports, limits.own
    held = tool | stock
    upper[layout.state[held]] = limits.state[held]
    row_lower, row_upper = np.full(height, -np.inf), np.zeros(height)
    row_upper[layout.use] = use_limits(network, limits)
    row_upper[layout.carry[tool][:, 0]] = ((1.0 - renewal) * network.use)[tool]
    row_lower[layout.mission], row_upper[layout.mission] = target, np.inf
    return Problem(cost, lower, upper, matrix, row_lower, row_upper), layout


def use_limits(network: Network, limits: Limits) -> Floats:
    """(n, T) right-hand sides of the use rows: opening stock or installed base, less idle tools."""
    tool = network.tools
    bound = np.zeros_like(limits.imports)
    bound[tool] = -limits.lost[tool]
    bound[:, 0] += np.where(tool, network.use, network.stock_years * network.use)
    return bound


def _layout(n: int, edges: int, groups: int, goals: int, steps: int, tool: NDArray, stock: NDArray) -> Layout:
    taken = 0

    def block(count: int) -> Ints:
        nonlocal taken
        positions = taken + np.arange(count * steps, dtype=np.int64).reshape(count, steps)
        taken += count * steps
        return positions

    def partial(mask: NDArray) -> Ints:
        positions = np.full((n, steps), -1, dtype=np.int64)
        positions[mask] = block(int(mask.sum()))
        return positions

    f, m, v = block(n), block(n), block(edges)
    state, d, z = partial(tool | stock), block(goals), block(goals)
    taken = 0
    return Layout(f, m, v, state, d, z, block(n), partial(tool), block(groups), block(goals))


@dataclass(frozen=True, slots=True)
class Service:
    """A solved capability problem.

    `loss` is in years of target output (weighted), `shortfall` (M, T) in units of target output. `price` (n, T) is
    the loss saved per further unit a year of deliveries of an item and year in which it comes; `scarcity` (n, T) the
    loss saved per further unit of an item from anywhere: of a tool, one that works in this step.
    """

    loss: float
    shortfall: Floats
    price: Floats
    scarcity: Floats


class Capability:
    """The capability problem of one network and horizon, held in the solver.

    With `early`, output comes as early as it can without losing more: stocks are used before they are saved. Prices
    then contain that trifle too.
    """

    def __init__(self, network: Network, horizon: Horizon, *, early: bool = False):
        self.network, self.horizon = network, horizon
        self.base = base_limits(network, horizon)
        self._problem, self._layout = capability_problem(network, horizon, self.base)
        self._solver = Solver(self._hurried() if early else self._problem)
        self._tool = network.tools
        self._set = self.base
        self._solver.solve()
        self._solver.warm()

    def solve(self, limits: Limits) -> Service:
        """The least loss within these limits. The answer does not depend on earlier solves.

        Raises `AnswerError` when no flows keep them (more tools idle than installed, a limit below zero).
        """
        self._apply(limits)
        answer, layout, delta = self._solver.solve(), self._layout, self.horizon.delta
        if answer.status is not Status.OPTIMAL:
            raise AnswerError(
                "no flows keep these limits: more tools stand idle than are installed, or a limit is below zero"
            )
        shortfall = answer.x[layout.z]
        weight = self._problem.cost[layout.z]
        return Service(
            loss=float((weight * shortfall).sum()),
            shortfall=shortfall,
            price=np.maximum(-answer.reduced_cost[layout.f], 0.0) / delta,
            scarcity=np.maximum(-answer.row_dual[layout.use], 0.0),
        )

    def _hurried(self) -> Problem:
        """The problem with a trifle more on every earlier shortfall."""
        cost, horizon = self._problem.cost.copy(), self.horizon
        cost[self._layout.z] += EARLY * horizon.delta * (1.0 - np.arange(horizon.count) / horizon.count)
        return replace(self._problem, cost=cost)

    def _apply(self, limits: Limits) -> None:
        """Send the solver only the bounds that differ from those it holds."""
        layout, held, solver = self._layout, self._set, self._solver
        for positions, new, old in (
            (layout.f, limits.imports, held.imports),
            (layout.m, limits.own, held.own),
            (layout.state, limits.state, held.state),
        ):
            changed = (new != old) & (positions >= 0)
            if changed.any():
                upper = new[changed]
                solver.set_column_bounds(positions[changed], np.zeros(len(upper)), upper)
        if limits.lost is not held.lost and (limits.lost != held.lost).any():
            upper = use_limits(self.network, limits)[self._tool].ravel()
            solver.set_row_bounds(layout.use[self._tool].ravel(), np.full(len(upper), -np.inf), upper)
        self._set = limits

    def write(self, path: Path) -> None:
        """Write the problem with names, as an LP or MPS file by the suffix."""
        problem, layout = self._problem, self._layout
        columns = [""] * len(problem.cost)
        rows = [""] * len(problem.row_upper)
        # The LP format takes no hyphens in names.
        items = [re.sub(r"\W", "_", item) for item in self.network.items]
        edges = [
            f"{items[i]}_{items[j]}"
            for i, j in zip(self.network.edge_user, self.network.edge_input, strict=True)
        ]
        groups = [f"{items[i]}_{g}" for g, i in enumerate(self.network.group_user)]
        goals = [re.sub(r"\W", "_", mission.name) for mission in self.network.missions]
        for names, letter, positions, into in (
            (items, "f", layout.f, columns),
            (items, "m", layout.m, columns),
            (edges, "v", layout.v, columns),
            (items, "s", layout.state, columns),
            (goals, "d", layout.d, columns),
            (goals, "z", layout.z, columns),
            (items, "use", layout.use, rows),
            (items, "carry", layout.carry, rows),
            (groups, "group", layout.group, rows),
            (goals, "mission", layout.mission, rows),
        ):
            for name, places in zip(names, positions, strict=True):
                for t, place in enumerate(places):
                    if place >= 0:
                        into[place] = f"{letter}_{name}_{t}"
        Solver(problem, names=(columns, rows)).write(path)
