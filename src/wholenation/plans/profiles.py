"""Profiles: the ways to staff a project's routes, what each costs, and what it masters.

A plain profile runs one route with a number of teams from a start until it succeeds. A gated one starts with the
fewest teams; at the gate it is seen whether the route is feasible: it goes on with the most teams, or is killed. A
down-select runs all routes of a project that have a gate with their fewest teams up to the latest of their gates;
then the route with the least effort still to do goes on with its most teams (of equal ones the first by name), and
none if none is feasible. (Parallel paths, then a choice on evidence: Abernathy and Rosenbloom 1969, Management
Science 15:B486.)

A profile's routes are its lanes: a plain or gated profile has one. Money and people are set aside up to the high
effort. What a profile needs after its gate depends on the sample, and a first stage can only set aside one amount:
`expected + reserve x (most - expected)`, where `expected` is the probability of going on times the mean over the
lanes and `most` is the dearest lane.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtr, ndtri

from ..capability import Horizon
from ..network import Floats, Ints

STARTS = (0, 1, 2, 4)
"""Years after the earliest start in which a plain profile may begin."""

GATED_STARTS = (0, 2)
"""Years after the earliest start in which a profile with a gate may begin."""

STRATA = 2000
"""Points of equal probability in the integral over a project's common latent variable."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """F profiles and their L lanes; `cost` (F, T) in USD million and `staff` (F, resources, T) are per step.

    `gate` (F,) is the year of the gate, infinite without one; a lane has `teams` up to it and `then` from there on.
    `lane_cost` (L,) is what it costs up to the gate.
    """

    start: Floats
    gate: Floats
    lane_profile: Ints
    lane_route: Ints
    lane_teams: Floats
    lane_then: Floats
    lane_cost: Floats
    cost: Floats
    staff: Floats


@dataclass(frozen=True, slots=True)
class Routes:
    """Q routes as arrays: what the profiles are made from."""

    project: Ints
    effort: Floats  # (Q, 3) low, mode, high in team-years
    feasibility: Floats
    correlation: Floats
    team_year_musd: Floats
    gate_years: Floats  # nan where there is no gate
    teams_min: Floats
    teams_max: Floats
    staffing: Floats  # (Q, resources) per team


def to_routes(rows: pl.DataFrame, project: Ints, staffing: Floats) -> Routes:
    """The rows of the table `routes`, in their order."""
    names = ("effort_team_years_low", "effort_team_years", "effort_team_years_high")
    column = {name: rows[name].cast(pl.Float64).to_numpy().astype(float) for name in rows.columns if name in {
        "feasibility", "correlation", "team_year_musd", "gate_years", "teams_min", "teams_max",
    }}  # fmt: skip
    column["teams_max"] = np.maximum(column["teams_min"], column["teams_max"])
    return Routes(
        project=project, effort=rows.select(names).to_numpy().astype(float), staffing=staffing, **column
    )


def to_profiles(routes: Routes, earliest: Floats, horizon: Horizon, reserve: float) -> Profiles:
    """Every profile whose least effort ends before the horizon does; `earliest` (P,) is by project."""
    found = [*_plain(routes, earliest), *_gated(routes, earliest), *_selections(routes, earliest)]
    lanes = [(f, *lane) for f, (_, _, mine) in enumerate(found) for lane in mine]
    profile, route = (np.array([lane[i] for lane in lanes], dtype=np.int64) for i in (0, 1))
    teams, then = (np.array([lane[i] for lane in lanes], dtype=float) for i in (2, 3))
    start, gate = (np.array([one[i] for one in found], dtype=float) for i in (0, 1))
    soonest = np.full(len(found), np.inf)
    low = routes.effort[:, 0]
    np.minimum.at(
        soonest, profile, lane_years(start[profile], gate[profile], profile, teams, then, low[route])
    )
    in_time = (soonest < horizon.end - horizon.delta / 2) & (
        np.isinf(gate) | (gate < horizon.end - horizon.delta / 2)
    )
    kept = in_time[profile]
    place = np.cumsum(in_time) - 1
    return _costed(
        routes, start[in_time], gate[in_time], place[profile[kept]], route[kept], teams[kept], then[kept],
        horizon, reserve,
    )  # fmt: skip


Proposed = tuple[float, float, list[tuple[int, float, float]]]
"""Start, gate, and per lane its route, its teams up to the gate and from there on."""


def _plain(routes: Routes, earliest: Floats) -> Iterable[Proposed]:
    for q, p in enumerate(routes.project):
        for after in STARTS:
            for teams in sorted({float(routes.teams_min[q]), float(routes.teams_max[q])}):
                yield earliest[p] + after, np.inf, [(q, teams, teams)]


def _gated(routes: Routes, earliest: Floats) -> Iterable[Proposed]:
    for q, p in enumerate(routes.project):
        few, many, years = routes.teams_min[q], routes.teams_max[q], routes.gate_years[q]
        changes = few < many or routes.feasibility[q] < 1.0
        if years > 0 and changes and routes.effort[q, 2] > few * years:
            for after in GATED_STARTS:
                yield earliest[p] + after, earliest[p] + after + years, [(q, few, many)]


def _selections(routes: Routes, earliest: Floats) -> Iterable[Proposed]:
    gated = np.flatnonzero(routes.gate_years > 0)
    for p in np.unique(routes.project[gated]):
        rivals = gated[routes.project[gated] == p]
        if len(rivals) < 2:
            continue
        lanes = [(int(q), float(routes.teams_min[q]), float(routes.teams_max[q])) for q in rivals]
        for after in GATED_STARTS:
            start = earliest[p] + after
            yield start, start + routes.gate_years[rivals].max(), lanes


def lane_years(
    start: Floats, gate: Floats, profile: Ints, teams: Floats, then: Floats, need: Floats
) -> Floats:
    """(L,) year in which each lane succeeds; infinite where it never does or is stopped at the gate.

    All arrays are by lane: `need` is the team-years that its route requires, infinite where it is infeasible.
    """
    years = start + need / np.maximum(teams, 1e-12)
    late = np.flatnonzero(years > gate)
    if len(late):
        left = np.zeros(len(need))
        left[late] = need[late] - teams[late] * (gate[late] - start[late])
        # Sorted by profile, then by what is left: the first lane of each profile is the one that goes on. A lane
        # that succeeds before the gate has nothing left, so that no other does.
        order = np.lexsort((left, profile))
        goes_on = np.zeros(len(need), dtype=bool)
        goes_on[order[np.flatnonzero(np.diff(profile[order], prepend=-1))]] = True
        years[late] = np.where(goes_on[late], gate[late] + left[late] / np.maximum(then[late], 1e-12), np.inf)
    return years


def any_feasible(feasibility: Floats, correlation: Floats) -> float:
    """Probability that at least one of a project's routes is feasible, under their Gaussian copula."""
    common = ndtri((np.arange(STRATA) + 0.5) / STRATA)[:, None]
    own = np.sqrt(np.maximum(1.0 - correlation, 1e-12))
    fails = ndtr((np.sqrt(correlation) * common - ndtri(feasibility)) / own)
    return float(1.0 - fails.prod(axis=1).mean())


def _costed(
    routes: Routes,
    start: Floats,
    gate: Floats,
    profile: Ints,
    route: Ints,
    teams: Floats,
    then: Floats,
    horizon: Horizon,
    reserve: float,
) -> Profiles:
    """The profiles with their money and people by step."""
    count, high = len(start), routes.effort[route, 2]
    begin, turn = start[profile], gate[profile]
    first = _work(begin, np.minimum(begin + high / teams, turn), horizon)
    second = np.zeros_like(first)
    late = np.isfinite(turn)
    left = np.maximum(high[late] - teams[late] * (turn[late] - begin[late]), 0.0)
    second[late] = _work(turn[late], turn[late] + left / then[late], horizon)
    money = first * (routes.team_year_musd[route] * teams)[:, None]
    cost = np.zeros((count, horizon.count))
    np.add.at(cost, profile, money)
    staff = np.zeros((count, routes.staffing.shape[1], horizon.count))
    np.add.at(staff, profile, (first > 0)[:, None, :] * (routes.staffing[route] * teams[:, None])[:, :, None])
    chance = np.zeros(count)
    for f in np.flatnonzero(np.isfinite(gate)):
        mine = route[profile == f]
        chance[f] = any_feasible(routes.feasibility[mine], routes.correlation[mine])
    later = second * (routes.team_year_musd[route] * then)[:, None]
    cost += _set_aside(later, profile, chance, reserve)
    people = (second > 0)[:, None, :] * (routes.staffing[route] * then[:, None])[:, :, None]
    # In the step of the gate the same people do both.
    staff = np.maximum(staff, _set_aside(people, profile, chance, reserve))
    return Profiles(start, gate, profile, route, teams, then, money.sum(axis=1), cost, staff)


def _work(start: Floats, stop: Floats, horizon: Horizon) -> Floats:
    """(L, T) years of work within every step."""
    left = np.maximum(horizon.times, start[:, None])
    right = np.minimum(horizon.times + horizon.delta, stop[:, None])
    work = np.maximum(right - left, 0.0)
    # The rounding of a month's end is no work.
    return np.where(work > 1e-9, work, 0.0)


def _set_aside(needed: Floats, profile: Ints, chance: Floats, reserve: float) -> Floats:
    """(F, ...) expected + reserve x (most - expected) of what the lanes (L, ...) need after the gate."""
    shape = (len(chance), *needed.shape[1:])
    total, most, lanes = np.zeros(shape), np.zeros(shape), np.zeros(len(chance))
    np.add.at(total, profile, needed)
    np.maximum.at(most, profile, needed)
    np.add.at(lanes, profile, 1.0)
    part = chance / np.maximum(lanes, 1.0)
    expected = total * part.reshape(-1, *[1] * (needed.ndim - 1))
    return np.asarray(expected + reserve * (most - expected))
