"""A decision under way: what has begun, what was stopped, what it turns out to cost, and what of it can be seen."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from ..capability import Horizon
from ..network import Bools, Floats, Ints
from ..scenarios import Denial
from .evidence import Evidence
from .futures import Decision, lanes_succeed, nothing
from .menu import Menu

SOON = 1e-9


@dataclass(frozen=True, slots=True)
class Course:
    """A decision on a menu, with the year from which each of its profiles (F,) gets nothing any more.

    The menu's costs are those that are known by now: what was set aside for a profile that has ended is free again.
    """

    menu: Menu
    decision: Decision
    stop: Floats  # (F,) infinite where nothing was stopped

    def begun(self, date: float) -> Bools:
        """(F,) the chosen profiles that started before the date."""
        return self.decision.chosen & (self.menu.profile_start < date - SOON)


def no_course(menu: Menu, horizon: Horizon) -> Course:
    """Nothing is decided."""
    return Course(menu, nothing(menu, horizon), np.full(len(menu.profile_start), np.inf))


def going_on(menu: Menu, effort: Floats) -> Ints:
    """(F,) the lane that goes on at a profile's gate; -1 where there is no gate or none goes on."""
    found = np.full(len(menu.profile_start), -1)
    profile = menu.lane_profile
    gate = menu.profile_gate[profile]
    years = lanes_succeed(menu, effort)
    late = np.flatnonzero(np.isfinite(gate) & np.isfinite(years) & (years > gate))
    found[profile[late]] = late
    return found


def succeeded(course: Course, effort: Floats, date: float) -> Bools:
    """(F,) profiles of which a route has succeeded by the date and before they were stopped."""
    menu = course.menu
    first = np.full(len(menu.profile_start), np.inf)
    np.minimum.at(first, menu.lane_profile, lanes_succeed(menu, effort))
    return first <= np.minimum(date, course.stop) + SOON


def observe(course: Course, effort: Floats, date: float, seen: Denial | None = None) -> Evidence:
    """What the routes that a course runs have shown by a date, if these are the efforts (Q,) that they need."""
    menu = course.menu
    routes = len(menu.route)
    spent, needed, feasible = np.zeros(routes), np.full(routes, np.nan), np.zeros(routes, dtype=bool)
    ahead: list[tuple[int, int, float]] = []
    years, on = lanes_succeed(menu, effort), going_on(menu, effort)
    for f in np.flatnonzero(course.begun(date)):
        start, gate, lanes = menu.profile_start[f], menu.profile_gate[f], menu.lanes(int(f))
        end = min(date, course.stop[f])
        tried = menu.lane_teams[lanes] * max(min(end, gate) - start, 0.0)
        passed = bool(gate <= end + SOON)
        for lane, effort_before in zip(lanes, tried, strict=True):
            q = menu.lane_route[lane]
            after = menu.lane_then[lane] * max(end - gate, 0.0) if lane == on[f] else 0.0
            spent[q] = effort_before + after
            if years[lane] <= end + SOON or (passed and np.isinf(effort[q])):
                needed[q] = effort[q]
            feasible[q] = passed and bool(np.isfinite(effort[q]))
        if passed and on[f] >= 0:
            winner = int(menu.lane_route[on[f]])
            at = dict(zip(menu.lane_route[lanes].tolist(), tried, strict=True))
            ahead += [(winner, q, float(at[q] - at[winner])) for q in at if q != winner and feasible[q]]
    return Evidence(date, spent, needed, feasible, tuple(ahead), seen)


def updated(
    course: Course, horizon: Horizon, effort: Floats, date: float, which: Bools | None = None
) -> Course:
    """The course with what is known at the date, and the same for all efforts (Q,) that agree with the evidence.

    Profiles of which a route has succeeded, or none goes on, end: what was set aside for them from the date on is
    free. One that has passed its gate goes on with what its route may need at most, and with no more than was set
    aside for it: a plan sets aside what its gates need together, and one that is never touched goes on with it too.
    """
    menu = course.menu
    which = course.begun(date) if which is None else which
    cost, staff, stop = menu.profile_cost.copy(), menu.profile_staff.copy(), course.stop.copy()
    done, on = succeeded(course, effort, date), going_on(menu, effort)
    passed = menu.profile_gate <= date + SOON
    later = horizon.times >= date - SOON
    for f in np.flatnonzero(which & (stop > date)):
        if done[f] or (passed[f] and on[f] < 0):
            stop[f] = date
            cost[f, later] = 0.0
            staff[f][:, later] = 0.0
        elif passed[f]:
            money, people = _after_gate(menu, horizon, int(f), int(on[f]), later)
            cost[f, later] = np.minimum(cost[f, later], money)
            staff[f][:, later] = np.minimum(staff[f][:, later], people)
    return Course(replace(menu, profile_cost=cost, profile_staff=staff), course.decision, stop)


def _after_gate(menu: Menu, horizon: Horizon, profile: int, lane: int, later: Bools) -> tuple[Floats, Floats]:
    """(later,) money and (resources, later) people of the route that goes on, as long as it may take."""
    q, teams = menu.lane_route[lane], menu.lane_then[lane]
    gate = menu.profile_gate[profile]
    left = menu.effort[q, 2] - menu.lane_teams[lane] * (gate - menu.profile_start[profile])
    times = horizon.times[later]
    end = gate + max(left, 0.0) / teams
    work = np.clip(np.minimum(times + horizon.delta, end) - np.maximum(times, gate), 0.0, None)
    work[work <= SOON] = 0.0
    money = work * menu.team_year_musd[q] * teams
    return money, (work > 0) * (menu.route_staff[q] * teams)[:, None]


def ahead_of(
    course: Course, horizon: Horizon, effort: Floats, date: float
) -> tuple[Menu, Ints, Floats, Ints, Bools]:
    """The choices left at a date: a menu, and of each of its profiles the profile of the course, the year in which it
    is stopped, and for every profile that is stopped or goes on the two places where the menu holds these.

    Profiles that have begun go on or are stopped now; those that have ended stay as they are; others may still start.
    """
    menu = course.menu
    begun = course.begun(date)
    fixed = np.flatnonzero(begun)
    open_ = fixed[course.stop[fixed] > date]
    fresh = np.flatnonzero(~begun & (menu.profile_start >= date - SOON))
    origin = np.concatenate([fixed, open_, fresh])
    stop = np.concatenate([course.stop[fixed], np.full(len(open_), date), np.full(len(fresh), np.inf)])
    places = np.column_stack([np.searchsorted(fixed, open_), len(fixed) + np.arange(len(open_))]).reshape(
        -1, 2
    )
    must = np.zeros(len(origin), dtype=bool)
    must[: len(fixed)] = course.stop[fixed] <= date
    done = succeeded(course, effort, date)
    return _stopped(_taken(menu, origin), horizon, stop, done[origin]), origin, stop, places, must


def closed(course: Course, horizon: Horizon, effort: Floats) -> tuple[Menu, Decision]:
    """The course as it went: a menu of the chosen profiles alone, stopped where they were, and the decision on it."""
    mine = np.flatnonzero(course.decision.chosen)
    done = succeeded(course, effort, np.inf)
    menu = _stopped(_taken(course.menu, mine), horizon, course.stop[mine], done[mine])
    return menu, replace(course.decision, chosen=np.ones(len(mine), dtype=bool))


def _taken(menu: Menu, origin: Ints) -> Menu:
    """The menu with copies of these profiles alone."""
    mine = [menu.lanes(int(f)) for f in origin]
    lanes = np.concatenate([*mine, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    won = [np.flatnonzero(menu.win_lane == lane) for lane in lanes]
    wins = np.concatenate([*won, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    profile = np.repeat(np.arange(len(origin)), [len(part) for part in mine])
    win_lane = np.repeat(np.arange(len(lanes)), [len(part) for part in won])
    code = profile[win_lane] * len(menu.project) + menu.pair_project[menu.win_pair[wins]]
    pairs, pair = np.unique(code, return_inverse=True)
    named = {field.name: getattr(menu, field.name) for field in fields(menu)}
    changed = {name: value[origin] for name, value in named.items() if name.startswith("profile_")}
    changed |= {name: value[lanes] for name, value in named.items() if name.startswith("lane_")}
    changed |= {
        "lane_profile": profile,
        "win_lane": win_lane,
        "win_pair": pair.astype(np.int64),
        "win_delay": menu.win_delay[wins],
        "pair_profile": pairs // len(menu.project),
        "pair_project": pairs % len(menu.project),
    }
    return replace(menu, **changed)


def _stopped(menu: Menu, horizon: Horizon, stop: Floats, done: Bools) -> Menu:
    """The menu with profiles (F,) that get nothing from `stop` on; those `done` have succeeded by then."""
    over = horizon.times >= stop[:, None] - SOON
    cost = np.where(over, 0.0, menu.profile_cost)
    staff = np.where(over[:, None, :], 0.0, menu.profile_staff)
    start, gate, then = menu.profile_start.copy(), menu.profile_gate.copy(), menu.lane_then.copy()
    # To be stopped is to reach a gate at which nobody goes on; one stopped after its gate has nothing to show.
    early = stop <= gate
    early &= np.isfinite(stop)
    gate[early] = stop[early] + SOON
    then[early[menu.lane_profile]] = 0.0
    idle = ~early & np.isfinite(stop) & ~done
    start[idle], gate[idle] = np.inf, np.inf
    return replace(
        menu, profile_cost=cost, profile_staff=staff, profile_start=start, profile_gate=gate, lane_then=then
    )
