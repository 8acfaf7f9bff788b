"""The plan as a two-stage programme: what the first stage leaves open, and what every sample then loses.

The second stage of a sample holds mastery a_pt <= the profiles that have succeeded by then, capacity g that grows by
capacity / ramp_years a year once it and what it requires are mastered (and by what is learned from the capacity that
stands), up to what is paid for, use u of capacity whose adoption is over or covered, and the capability problem with
u on its right-hand sides. Only mastery, payment and cover rows meet the first stage, and only mastery rows differ
between samples of one scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..capability import Horizon, Layout, capability_problem
from ..network import Bools, Floats, Ints, Network
from ..stochastic.two_stage import Recourse, Risk, TwoStage
from .first_stage import NO_RULES, FirstStage, Rules, first_stage
from .futures import Future, adoption_steps, mastery_years
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
    """A scenario's recourse; `mastery` (skills, T) are those of its linking rows that differ between samples.

    `skills` are the projects whose mastery counts; `bought` is the rest of T_s.
    """

    recourse: Recourse
    skills: Ints
    low: Floats
    high: Floats
    mastery: Ints
    bought: sparse.csr_matrix


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
        seconds[k].bought + _mastery(menu, horizon, seconds[k], effort, first)
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
        groups=_groups(menu, first),
    )
    return Stages(first, stages)


def _groups(menu: Menu, first: FirstStage) -> tuple[Ints, ...]:
    """The profiles of every project, then those of every route: first whether, then how."""
    project = menu.route_project[menu.profile_route]
    sets = [np.flatnonzero(project == p) for p in range(len(menu.project))]
    sets += [np.flatnonzero(menu.profile_route == q) for q in range(len(menu.route))]
    return tuple({mine.tobytes(): first.y[mine] for mine in sets if len(mine) > 1}.values())


def _useful(menu: Menu, futures: list[Future], samples: Samples) -> Bools:
    """(P,) projects that can matter in some sampled scenario; training matters where people are scarce."""
    met = [futures[s].projects for s in np.unique(samples.scenario)]
    useful = np.logical_or.reduce(met) if met else np.zeros(len(menu.project), dtype=bool)
    # What a useful project requires is useful, and so is a project whose route masters a useful one.
    sources = np.column_stack([menu.pair_project, menu.profile_project[menu.pair_profile]])
    edges = np.vstack([menu.requires, sources])
    while True:
        wider = useful.copy()
        wider[edges[useful[edges[:, 0]], 1]] = True
        if (wider == useful).all():
            break
        useful = wider
    return useful | np.array([kind == "train" for kind in menu.kind], dtype=bool)


def _second(menu: Menu, horizon: Horizon, future: Future, useful: Bools, first: FirstStage) -> _Second:
    """A scenario's second stage."""
    steps = horizon.count
    problem, layout = capability_problem(future.network, horizon, future.limits)
    active = np.flatnonzero(future.projects & useful)
    # Mastery counts of what grows and of what that requires.
    needed = menu.requires[np.isin(menu.requires[:, 0], active)]
    skills = np.union1d(active, needed[:, 1])
    waits = adoption_steps(menu, horizon)[active]
    slow = np.flatnonzero(waits > 0)
    count, size = len(problem.cost), len(active) * steps
    a = count + np.arange(len(skills) * steps).reshape(-1, steps)
    g = count + a.size + np.arange(size).reshape(-1, steps)
    use = g.copy()
    use[slow] = count + a.size + size + np.arange(len(slow) * steps).reshape(-1, steps)
    width = count + a.size + size + len(slow) * steps
    rows = Rows()
    own = rows.block(len(problem.row_upper), problem.row_lower, problem.row_upper)
    matrix = problem.matrix.tocoo()
    rows.put(own[matrix.row], matrix.col, matrix.data)

    ready = menu.known[skills][:, None] & (menu.earliest[skills][:, None] <= horizon.times + 1e-9)
    mastery = rows.block(a.size, -np.inf, ready.ravel().astype(float)).reshape(a.shape)
    rows.put(mastery, a, 1.0)
    payment = rows.block(len(active) * (steps - 1), -np.inf, 0.0).reshape(len(active), steps - 1)
    rows.put(payment, g[:, 1:], 1.0)
    attract = np.array([menu.kind[p] == "attract" for p in skills], dtype=bool)
    # A capital control bounds a foreign plant's mastery, where nobody else's growth hangs on that.
    bounded = attract & ~np.isin(skills, needed[:, 1])
    _growth(rows, menu, horizon, future, active, skills, bounded, a, g)
    covers, cover_columns, insured = _adoption(rows, active, slow, waits, g, use, first)
    top = problem.upper.copy()
    _capacity(rows, menu, future, active, layout, top, use)

    most = np.ones(a.shape)
    most[bounded] = future.open[skills[bounded]]
    # What is built cannot exceed the whole capacity, and nothing stands at the start.
    standing = np.repeat(menu.capacity[active], steps).reshape(-1, steps)
    standing[:, :1] = 0.0
    low, high = rows.bounds
    upper = np.concatenate([top, most.ravel(), standing.ravel(), standing[slow].ravel()])
    whole = replace(
        problem,
        cost=np.concatenate([problem.cost, np.zeros(width - count)]),
        lower=np.zeros(width),
        upper=upper,
        matrix=rows.matrix(width),
        row_lower=low,
        row_upper=high,
    )
    link = np.concatenate([mastery.ravel(), payment.ravel(), covers.ravel()])
    place = np.arange(payment.size + covers.size) + mastery.size
    meets = np.concatenate([first.paid[active][:, :-1].ravel(), cover_columns.ravel()])
    sizes = np.concatenate(
        [np.repeat(menu.capacity[active], steps - 1), np.repeat(menu.capacity[insured], steps)]
    )
    bought = sparse.csr_matrix((-sizes, (place, meets)), shape=(len(link), len(first.problem.cost)))
    return _Second(
        Recourse(whole, link), skills, low[link], high[link], np.arange(a.size).reshape(-1, steps), bought
    )


def _growth(
    rows: Rows,
    menu: Menu,
    horizon: Horizon,
    future: Future,
    active: Ints,
    skills: Ints,
    bounded: Bools,
    a: Ints,
    g: Ints,
) -> None:
    """What stands next is at most what stands, what is learned from it, and what each mastery needed lets be built."""
    at = np.searchsorted(skills, active)
    attract = np.array([menu.kind[p] == "attract" for p in active], dtype=bool)
    open_ = np.where(attract[:, None], future.open[active], 1.0)[:, :-1]
    needed = menu.requires[np.isin(menu.requires[:, 0], active)]
    waiting = np.searchsorted(active, needed[:, 0])
    who = np.concatenate([np.arange(len(active)), waiting])
    skill = np.concatenate([at, np.searchsorted(skills, needed[:, 1])])
    pace = np.concatenate([np.where(bounded[at][:, None], 1.0, open_), open_[waiting]])
    kept = 1.0 + (menu.learning[active] * horizon.delta)[:, None] * open_
    speed = (menu.capacity / menu.ramp_years)[active][:, None] * horizon.delta
    grow = rows.block(pace.size, -np.inf, 0.0).reshape(pace.shape)
    rows.put(grow, g[who, 1:], 1.0)
    rows.put(grow, g[who, :-1], -kept[who])
    rows.put(grow, a[skill, :-1], -speed[who] * pace)


def _adoption(
    rows: Rows, active: Ints, slow: Ints, waits: Ints, g: Ints, use: Ints, first: FirstStage
) -> tuple[Ints, Ints, Ints]:
    """Capacity whose users wait is used as far as it stands, and as far as it stood long enough or is covered.

    Returns the rows that a cover widens, the columns that hold it, and its projects: (I, T), (I, T), (I,).
    """
    steps = g.shape[1]
    standing = rows.block(len(slow) * steps, -np.inf, 0.0).reshape(-1, steps)
    rows.put(standing, use[slow], 1.0)
    rows.put(standing, g[slow], -1.0)
    proven = rows.block(len(slow) * steps, -np.inf, 0.0).reshape(-1, steps)
    rows.put(proven, use[slow], 1.0)
    for row, i in zip(proven, slow, strict=True):
        rows.put(row[waits[i] :], g[i, : max(steps - waits[i], 0)], -1.0)
    offered = np.isin(active[slow], first.insured)
    insured = active[slow][offered]
    return proven[offered], first.cover[np.searchsorted(first.insured, insured)], insured


def _mastery(
    menu: Menu, horizon: Horizon, second: _Second, effort: Floats, first: FirstStage
) -> sparse.csr_matrix:
    """(L, n) the profiles that have succeeded by each step, on the mastery rows."""
    index = np.full(len(menu.project), -1)
    index[second.skills] = np.arange(len(second.skills))
    skill = index[menu.pair_project]
    years = mastery_years(menu, effort)
    pair, step = np.nonzero((years[:, None] <= horizon.times + 1e-9) & (skill >= 0)[:, None])
    row = second.mastery[skill[pair], step]
    column = first.y[menu.pair_profile[pair]]
    return sparse.csr_matrix((np.full(len(row), -1.0), (row, column)), shape=second.bought.shape)


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
