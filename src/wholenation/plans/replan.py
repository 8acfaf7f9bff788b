"""Planning again on the way: what has begun goes on or is stopped, what is spent is spent, the rest is open."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy import sparse

from ..lp import Problem, Solver, Status
from ..network import Bools, Floats, Ints
from ..stochastic.cuts import Pool
from ..stochastic.engines import Engine
from ..stochastic.lshaped import Result, solve
from ..stochastic.two_stage import Risk, objective
from .course import SOON, Course, ahead_of, updated
from .evidence import Evidence, condition_efforts, condition_probability
from .first_stage import THRIFT, FirstStage, rounded_up
from .futures import Decision
from .menu import Menu
from .samples import Samples
from .setting import Setting, draw
from .stages import to_stages

TRIFLE = 1e-9
"""A smaller part of a capacity, or of all money, is rounding."""


@dataclass(frozen=True, slots=True)
class Replan:
    """A plan made again at a date.

    `objective` and `bound` are on `samples`, which agree with the evidence. `changes` says of every profile that has
    begun, starts now or is due later what becomes of it; `remark` tells where the evidence fits no scenario. `pool`
    warms the next one.
    """

    date: float
    status: Status
    course: Course
    objective: float
    bound: float
    samples: Samples
    changes: pl.DataFrame
    remark: str
    result: Result

    @property
    def pool(self) -> Pool:
        """The dual solutions found."""
        return self.result.pool


@dataclass(frozen=True, slots=True)
class _Choice:
    """A menu at a date, and of each of its profiles the one of the course and the year in which it is stopped."""

    menu: Menu
    origin: Ints
    stop: Floats
    places: Ints  # (open, 2) where a profile goes on, and where it is stopped
    must: Bools


def replan(
    setting: Setting,
    decision: Decision | Course,
    evidence: Evidence,
    *,
    samples: int = 30,
    seed: int = 0,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    gap: float = 0.01,
    time_limit: float = 120.0,
    pool: Pool | None = None,
    engine: str | Engine = "local",
    workers: int | None = None,
) -> Replan:
    """The best way on from a decision under way, over futures that agree with the evidence.

    Steps that begin before `evidence.date` are as they were: profiles that have started go on or are stopped at the
    date (their later money and people are free then), capacity that is paid for stays paid for, and money spent is
    spent. A profile that has not begun is open again, unless its start has passed. `pool`, of an earlier plan of the
    same setting and number of samples, makes it faster.
    """
    horizon, date = setting.horizon, evidence.date
    if isinstance(decision, Decision):
        decision = Course(setting.menu, decision, np.full(len(setting.menu.profile_start), np.inf))
    drawn, remark = condition(setting, evidence, samples, seed)
    course = updated(decision, horizon, drawn.effort[0], date)
    choice = _Choice(*ahead_of(course, horizon, drawn.effort[0], date))
    risk = Risk(risk_aversion, tail)
    programme = to_stages(choice.menu, setting.network, horizon, setting.futures, drawn, risk)
    first = programme.first
    problem = _held(first, choice, course.decision, horizon.times < date - SOON)
    begin = _unchanged(first, problem, choice, course)
    found = solve(
        replace(programme.stages, first=problem),
        gap=gap,
        absolute=THRIFT,
        time_limit=time_limit,
        engine=engine,
        workers=workers,
        pool=pool,
        starts=begin,
        propose=lambda x: [rounded_up(choice.menu, first, x)],
    )
    if not np.isfinite(found.value):
        nothing_new = _changes(course, course, date)
        return Replan(date, found.status, course, np.inf, found.bound, drawn, nothing_new, remark, found)
    new = _on_course(course, choice, first.decision(choice.menu, found.x))
    here = first.decision(choice.menu, found.x)
    judge = copy.copy(setting.judge)
    judge.menu = choice.menu
    value = objective(judge.losses(here, drawn), drawn.weight, risk)
    bound = max(min(found.bound - THRIFT, value), 0.0) if np.isfinite(found.bound) else 0.0
    return Replan(date, found.status, new, value, bound, drawn, _changes(course, new, date), remark, found)


def condition(setting: Setting, evidence: Evidence, count: int, seed: int) -> tuple[Samples, str]:
    """`count` futures that agree with the evidence, and a remark where no scenario does.

    Scenarios that are ruled out keep a sample of weight zero, so that dual solutions of before still fit.
    """
    probability, remark = condition_probability(
        setting.futures, setting.probability, evidence, setting.horizon
    )
    drawn = draw(replace(setting, probability=probability), count, seed)
    if evidence.seen is not None:
        out = np.setdiff1d(draw(setting, count, seed).scenario, drawn.scenario)
        mode = np.broadcast_to(setting.menu.effort[:, 1], (len(out), len(setting.menu.route)))
        drawn = Samples(
            np.append(drawn.scenario, out),
            np.append(drawn.weight, np.zeros(len(out))),
            np.vstack([drawn.effort, mode]),
        )
    effort = drawn.effort.copy()
    for s in np.unique(drawn.scenario):
        mine = drawn.scenario == s
        effort[mine] = condition_efforts(setting.menu, evidence, effort[mine], (seed, int(s)))
    return replace(drawn, effort=effort), remark


def _held(first: FirstStage, choice: _Choice, decision: Decision, past: Bools) -> Problem:
    """The first stage with the past as it was; what has begun goes on or is stopped."""
    problem = first.problem
    lower, upper = problem.lower.copy(), problem.upper.copy()

    def hold(columns: Ints, values: Floats) -> None:
        # A trifle is rounding.
        lower[columns] = upper[columns] = np.where(values > TRIFLE, values, 0.0)

    hold(first.paid[:, past], np.cumsum(decision.paid, axis=1)[:, past])
    if len(first.pairs):
        spent = decision.money[first.pairs[:, 0], first.pairs[:, 1]] / first.scale
        hold(first.c[:, past], spent[:, past])
    if len(first.insured):
        hold(first.cover[:, past], decision.covered[first.insured][:, past])
    lower[first.y[choice.must]] = upper[first.y[choice.must]] = 1.0
    upper[first.y[choice.places]] = 1.0
    # Who matched early has paid more than the ratio of what others have paid by now: that stands, and no more follows
    # until they have caught up.
    gone = np.zeros(len(lower))
    gone[first.c[:, past]] = lower[first.c[:, past]]
    row_upper = problem.row_upper.copy()
    row_upper[first.matched] = np.maximum(row_upper[first.matched], problem.matrix[first.matched] @ gone)
    height = len(choice.places)
    row = np.repeat(np.arange(height), 2)
    either = sparse.csr_matrix(
        (np.ones(2 * height), (row, first.y[choice.places].ravel())), shape=(height, len(lower))
    )
    return replace(
        problem,
        lower=lower,
        upper=upper,
        matrix=sparse.vstack([problem.matrix, either], format="csr"),
        row_lower=np.append(problem.row_lower, np.ones(height)),
        row_upper=np.append(row_upper, np.ones(height)),
    )


def _unchanged(first: FirstStage, problem: Problem, choice: _Choice, course: Course) -> list[Floats]:
    """The decision as it stands, and everything stopped, as first-stage points, where they are still affordable."""
    chosen = course.decision.chosen[choice.origin].astype(float)
    _, ending = choice.places.T
    chosen[ending] = 0.0
    stopped = np.where(choice.must, 1.0, 0.0)
    stopped[ending] = 1.0
    points = []
    for y, keep in ((chosen, True), (stopped, False)):
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[first.y] = upper[first.y] = np.minimum(y, upper[first.y])
        if keep:
            whole = np.cumsum(course.decision.paid, axis=1)
            lower[first.paid] = np.clip(whole - TRIFLE, lower[first.paid], upper[first.paid])
        answer = Solver(replace(problem, lower=lower, upper=upper, integer=None)).solve()
        if answer.status is Status.OPTIMAL:
            points.append(answer.x)
    return points


def _on_course(course: Course, choice: _Choice, decision: Decision) -> Course:
    """The course with the decision on the menu at a date taken over."""
    chosen, stop = np.zeros_like(course.decision.chosen), np.full(len(course.stop), np.inf)
    mine = choice.origin[decision.chosen]
    chosen[mine] = True
    stop[mine] = choice.stop[decision.chosen]
    return Course(course.menu, replace(decision, chosen=chosen), stop)


def _changes(before: Course, after: Course, date: float) -> pl.DataFrame:
    """What becomes of every profile that runs, starts or is due, by project and route."""
    menu, begun = after.menu, before.begun(date)
    rows = []
    for f in np.flatnonzero(before.decision.chosen | after.decision.chosen):
        if begun[f]:
            over = before.stop[f] <= date
            action = "ended" if over else "stopped" if after.stop[f] <= date else "goes on"
            if before.stop[f] < date:
                continue
        elif after.decision.chosen[f]:
            due = menu.profile_start[f] > date + SOON
            known = before.decision.chosen[f]
            action = ("due" if known else "planned") if due else "starts"
        else:
            action = "dropped"
        rows += [
            (date, menu.project[menu.profile_project[f]], menu.route[menu.lane_route[lane]],
             float(menu.profile_start[f]), float(menu.lane_teams[lane]), action)
            for lane in menu.lanes(int(f))
        ]  # fmt: skip
    columns = {
        "date": pl.Float64, "project": pl.String, "route": pl.String, "start": pl.Float64, "teams": pl.Float64,
        "action": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")
