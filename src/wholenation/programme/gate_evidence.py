"""What the gates of a programme say of a plan's routes: which have succeeded, failed, gone on, or fallen behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from ..network import Floats
from ..plans.course import SOON, Course
from ..plans.evidence import Evidence, no_evidence
from ..plans.menu import Menu
from .gate_records import GateRecords, gate_records
from .milestones import ADOPTION, ADVANCE
from .releasing import acceptance_of
from .reservations import ended
from .state import Record, State


@dataclass(frozen=True, slots=True)
class Team:
    """One award as a team on a plan's route: when it succeeded, was found not to be feasible, or was ended, as years
    (None: not so far), whether a gate let it go on, and whether it lost a race."""

    award: str
    route: int
    succeeded: float | None
    infeasible: float | None
    ended: float | None
    went_on: bool
    dropped: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """A plan under way as the ledger tells it: the course with what has not begun or was stopped, what is known of its
    routes, and sentences on what the plan has no place for."""

    course: Course
    evidence: Evidence
    remarks: tuple[str, ...]


def year_of(day: str) -> float:
    """A day as a year with its part that has passed: 2026-07-02 is 2026.5.

    >>> round(year_of("2026-07-02"), 2), year_of("2026-01-01")
    (2026.5, 2026.0)
    """
    at = date.fromisoformat(day[:10])
    first = date(at.year, 1, 1)
    return at.year + (at - first).days / (date(at.year + 1, 1, 1) - first).days


def progress(state: State, course: Course, day: str) -> Progress:
    """What the ledger says by a day of a course that is under way, in the plan's own terms.

    Time is told by the plan's calendar: a route that was to begin in 2027 with two teams, and whose acceptance test was
    met in the middle of 2028, needed three team-years. A route is infeasible where its award was ended at a gate after
    its evidence was rejected; any other end says nothing of the others. A project none of whose awards was made has
    not begun, and its money is free again.
    """
    menu = course.menu
    teams, remarks = _teams(state, menu, day)
    at = year_of(day)
    course, unbegun = _begun(course, teams, at)
    remarks += [f"{name} should have begun and has no award: it is open again" for name in unbegun]
    run = {
        int(menu.lane_route[lane]) for f in np.flatnonzero(course.begun(at)) for lane in menu.lanes(int(f))
    }
    remarks += [
        f"{one.award} runs {menu.route[q]}, which the plan does not: it says nothing to it"
        for q in sorted(set(teams) - run)
        for one in teams[q]
    ]
    evidence, stop = _evidence(course, teams, at, remarks)
    return Progress(replace(course, stop=np.minimum(course.stop, stop)), evidence, tuple(remarks))


def _teams(state: State, menu: Menu, day: str) -> tuple[dict[int, list[Team]], list[str]]:
    """The awards by route, and a sentence for each award that runs none of the plan's routes."""
    found: dict[int, list[Team]] = defaultdict(list)
    records, remarks = gate_records(state, day), []
    for award in state.all("award.made"):
        if (award["starts"] or award.at)[:10] > day:
            continue
        project = state.get("challenge.published", award["challenge"])["project"]
        route = _route(state, award, menu, project)
        if route is None:
            remarks.append(f"{award.id} runs no route of the plan's project {project}: it is left out")
        else:
            found[route].append(_team(state, records, award, route, day))
    return found, remarks


def _route(state: State, award: Record, menu: Menu, project: str) -> int | None:
    """The route that an award runs: the one that its approach names, or the project's only one."""
    mine = [q for q in range(len(menu.route)) if menu.project[menu.route_project[q]] == project]
    opened = state.records.get("bid.opened", {}).get(award["bid"])
    approach = opened["content"].get("approach") if opened else None
    named = [q for q in mine if menu.route[q] == approach]
    if named or len(mine) == 1:
        return (named or mine)[0]
    return None


def _team(state: State, records: GateRecords, award: Record, route: int, day: str) -> Team:
    tests = [one["milestone"] for one in award["milestones"] if one["kind"] not in (ADVANCE, ADOPTION)]
    met, rejected = [], False
    for name in tests:
        _, acceptance = acceptance_of(records, name)
        counted = acceptance.evaluation
        if counted is not None:
            at = state.get("evaluation.given", counted.evaluation).at
            if at[:10] <= day and acceptance.accepted:
                met.append(year_of(at))
            rejected |= at[:10] <= day and not counted.accepted
    gates = [one for one in state.all("gate.decided", award=award.id) if one.at[:10] <= day]
    kill = next((one for one in gates if one["decision"] == "kill"), None)
    race = next(
        (one for one in state.all("downselect.decided") if award.id in one["dropped"] and one.at[:10] <= day),
        None,
    )
    over = kill or race
    return Team(
        award.id,
        route,
        succeeded=max(met) if tests and len(met) == len(tests) else None,
        infeasible=year_of(kill.at) if kill and rejected else None,
        ended=year_of(over.at) if over and ended(state, award.id) else None,
        went_on=bool(met) or any(one["decision"] == "go" for one in gates),
        dropped=race is not None,
    )


def _begun(course: Course, teams: Mapping[int, list[Team]], at: float) -> tuple[Course, list[str]]:
    """The course without profiles that should have begun and of which no route has an award; and their projects."""
    menu, decision = course.menu, course.decision
    chosen = decision.chosen.copy()
    for f in np.flatnonzero(course.begun(at)):
        if not any(int(menu.lane_route[lane]) in teams for lane in menu.lanes(int(f))):
            chosen[f] = False
    left = decision.chosen & ~chosen
    alone = sorted(set(menu.profile_project[left]) - set(menu.profile_project[chosen]))
    paid, money = decision.paid.copy(), decision.money.copy()
    paid[alone] = 0.0
    money[:, alone] = 0.0
    changed = replace(decision, chosen=chosen, paid=paid, money=money)
    names = sorted({menu.project[p] for p in menu.profile_project[left]})
    return Course(menu, changed, course.stop), names


def _evidence(
    course: Course, teams: Mapping[int, list[Team]], at: float, remarks: list[str]
) -> tuple[Evidence, Floats]:
    """What the routes under way have shown, and the year from which each profile gets nothing any more."""
    menu = course.menu
    blank = no_evidence(menu, at)
    spent, needed, feasible = blank.spent.copy(), blank.needed.copy(), blank.feasible.copy()
    ahead: list[tuple[int, int, float]] = []
    stop = np.full(len(course.stop), np.inf)
    for f in np.flatnonzero(course.begun(at)):
        lanes = menu.lanes(int(f))
        end = min(at, float(course.stop[f]))
        passed = menu.profile_gate[f] <= end + SOON
        ends = []
        for lane in lanes:
            q = int(menu.lane_route[lane])
            mine = teams.get(q, [])
            won = min((one.succeeded for one in mine if one.succeeded is not None), default=None)
            lost = mine and all(one.ended is not None for one in mine) and won is None
            last = max((one.ended for one in mine if one.ended is not None), default=end)
            goes_on = not lost
            until = min(end, won if won is not None else last if lost else end)
            spent[q] = _work(menu, int(f), int(lane), until, goes_on)
            if won is not None:
                needed[q] = spent[q]
            elif lost and any(one.infeasible is not None for one in mine):
                needed[q] = np.inf
            feasible[q] = won is not None or (any(one.went_on for one in mine) and not np.isposinf(needed[q]))
            feasible[q] |= bool(passed and not lost and mine)
            if lost:
                ends.append(last)
        if len(ends) == len(lanes):
            stop[f] = max(ends)
        elif passed and len(lanes) > 1:
            ahead += _order(menu, int(f), lanes.tolist(), teams, needed, remarks)
    return Evidence(at, spent, needed, feasible, tuple(ahead)), stop


def _work(menu: Menu, f: int, lane: int, until: float, goes_on: bool) -> float:
    """Team-years that a lane has been worked on by a year, by the plan's calendar."""
    start, gate = menu.profile_start[f], menu.profile_gate[f]
    before = menu.lane_teams[lane] * max(min(until, gate) - start, 0.0)
    after = menu.lane_then[lane] * max(until - gate, 0.0) if goes_on else 0.0
    return float(before + after)


def _order(
    menu: Menu,
    f: int,
    lanes: list[int],
    teams: Mapping[int, list[Team]],
    needed: Floats,
    remarks: list[str],
) -> list[tuple[int, int, float]]:
    """Pairs of a route that was kept in a race and one that was dropped, with what the second needs more at least."""
    lost = {
        int(menu.lane_route[lane])
        for lane in lanes
        if (mine := teams.get(int(menu.lane_route[lane]), [])) and all(one.dropped for one in mine)
    }
    kept = [lane for lane in lanes if int(menu.lane_route[lane]) not in lost]
    open_ = [lane for lane in kept if not np.isposinf(needed[menu.lane_route[lane]])]
    if len(open_) > 1:
        names = ", ".join(menu.route[menu.lane_route[lane]] for lane in open_)
        remarks.append(f"the race of {names} should be decided by now: the plan takes one of them to go on")
    if len(open_) != 1:
        return []
    winner = int(menu.lane_route[open_[0]])
    gate, start = menu.profile_gate[f], menu.profile_start[f]
    tried = {int(menu.lane_route[lane]): float(menu.lane_teams[lane] * (gate - start)) for lane in lanes}
    return [(winner, q, tried[q] - tried[winner]) for q in sorted(lost) if not np.isposinf(needed[q])]
