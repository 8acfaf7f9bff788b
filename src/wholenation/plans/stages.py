"""The plan as a two-stage programme: what the first stage leaves open, and what every sample then loses.

The second stage of a sample holds mastery a_pt <= the profiles that have succeeded by then, capacity g that grows by
capacity / ramp_years a year once mastered and up to what is paid for, and the capability problem with g on its
right-hand sides. Only mastery and payment rows meet the first stage, and only mastery rows differ between samples of
one scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..capability import Horizon, Layout, capability_problem
from ..network import Bools, Floats, Ints, Network
from ..stochastic.two_stage import Recourse, Risk, TwoStage
from .first_stage import NO_RULES, FirstStage, Rules, first_stage
from .futures import Future, success_years
from .menu import Menu
from .rows import Rows
from .samples import Samples


@dataclass(frozen=True, slots=True)
class Stages:
    """The programme and where its first stage stands."""

    first: FirstStage
    stages: TwoStage


@dataclass(frozen=True, slots=True)
class _Second:
    """A scenario's recourse; rows `mastery` and `payment` (active, T) of its linking rows meet the first stage."""

    recourse: Recourse
    active: Ints
    low: Floats
    high: Floats
    mastery: Ints
    payment: sparse.csr_matrix


def to_stages(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    futures: list[Future],
    samples: Samples,
    risk: Risk,
    rules: Rules = NO_RULES,
) -> Stages:
    """The programme over these samples."""
    useful = _useful(menu, futures, samples) | np.isin(np.arange(len(menu.project)), rules.require)
    first = first_stage(menu, network, horizon, useful, rules)
    met = np.unique(samples.scenario)
    seconds = [_second(menu, horizon, futures[scenario], useful, first) for scenario in met]
    kind = np.searchsorted(met, samples.scenario)
    technology = tuple(
        seconds[k].payment + _mastery(menu, horizon, seconds[k], effort, first)
        for k, effort in zip(kind, samples.effort, strict=True)
    )
    stages = TwoStage(
        first=first.problem,
        recourse=tuple(second.recourse for second in seconds),
        kind=kind,
        weight=samples.weight,
        low=tuple(seconds[k].low for k in kind),
        high=tuple(seconds[k].high for k in kind),
        technology=technology,
        risk=risk,
        most=rules.max_loss,
    )
    return Stages(first, stages)


def _useful(menu: Menu, futures: list[Future], samples: Samples) -> Bools:
    """(P,) projects that can matter in some sampled scenario; training matters where people are scarce."""
    met = [futures[s].projects for s in np.unique(samples.scenario)]
    useful = np.logical_or.reduce(met) if met else np.zeros(len(menu.project), dtype=bool)
    return useful | np.array([kind == "train" for kind in menu.kind], dtype=bool)


def _second(menu: Menu, horizon: Horizon, future: Future, useful: Bools, first: FirstStage) -> _Second:
    """A scenario's second stage."""
    steps = horizon.count
    problem, layout = capability_problem(future.network, horizon, future.limits)
    active = np.flatnonzero(future.projects & useful)
    count, size = len(problem.cost), len(active) * steps
    a = count + np.arange(size).reshape(-1, steps)
    g = count + size + np.arange(size).reshape(-1, steps)
    rows = Rows()
    own = rows.block(len(problem.row_upper), problem.row_lower, problem.row_upper)
    matrix = problem.matrix.tocoo()
    rows.put(own[matrix.row], matrix.col, matrix.data)

    known = ~np.isin(active, menu.route_project)[:, None]
    ready = known & (menu.earliest[active][:, None] <= horizon.times + 1e-9)
    mastery = rows.block(size, -np.inf, ready.ravel().astype(float)).reshape(a.shape)
    rows.put(mastery, a, 1.0)
    payment = rows.block(len(active) * (steps - 1), -np.inf, 0.0).reshape(len(active), steps - 1)
    rows.put(payment, g[:, 1:], 1.0)
    speed = (menu.capacity / menu.ramp_years)[active] * horizon.delta
    grow = rows.block(len(active) * (steps - 1), -np.inf, 0.0).reshape(len(active), steps - 1)
    rows.put(grow, g[:, 1:], 1.0)
    rows.put(grow, g[:, :-1], -1.0)
    rows.put(grow, a[:, :-1], -speed[:, None])
    top = problem.upper.copy()
    _capacity(rows, menu, future, active, layout, top, g)

    most = np.ones((len(active), steps))
    attract = np.array([menu.kind[p] == "attract" for p in active], dtype=bool)
    most[attract] = future.open[active[attract]]
    # What is built cannot exceed the whole capacity, and nothing stands at the start.
    standing = np.repeat(menu.capacity[active], steps).reshape(-1, steps)
    standing[:, :1] = 0.0
    width = count + 2 * size
    low, high = rows.bounds
    upper = np.concatenate([top, most.ravel(), standing.ravel()])
    whole = replace(
        problem,
        cost=np.concatenate([problem.cost, np.zeros(2 * size)]),
        lower=np.zeros(width),
        upper=upper,
        matrix=rows.matrix(width),
        row_lower=low,
        row_upper=high,
    )
    link = np.concatenate([mastery.ravel(), payment.ravel()])
    place = np.arange(payment.size).reshape(payment.shape) + mastery.size
    part = np.broadcast_to(-menu.capacity[active][:, None], payment.shape)
    bought = sparse.csr_matrix(
        (part.ravel(), (place.ravel(), first.paid[active][:, :-1].ravel())),
        shape=(len(link), len(first.problem.cost)),
    )
    return _Second(
        Recourse(whole, link), active, low[link], high[link], np.arange(size).reshape(-1, steps), bought
    )


def _mastery(
    menu: Menu, horizon: Horizon, second: _Second, effort: Floats, first: FirstStage
) -> sparse.csr_matrix:
    """(L, n) the profiles that have succeeded by each step, on the mastery rows."""
    index = np.full(len(menu.project), -1)
    index[second.active] = np.arange(len(second.active))
    owner = index[menu.route_project[menu.profile_route]]
    years = success_years(menu, effort)
    profile, step = np.nonzero((years[:, None] <= horizon.times + 1e-9) & (owner >= 0)[:, None])
    row = second.mastery[owner[profile], step]
    return sparse.csr_matrix((np.full(len(row), -1.0), (row, first.y[profile])), shape=second.payment.shape)


def _capacity(
    rows: Rows, menu: Menu, future: Future, active: Ints, layout: Layout, top: Floats, g: Ints
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
            rows.put(made[field_, j], position, 1.0)
            top[position] = np.inf
        rows.put(made[field_, j], g[index], -factor)
