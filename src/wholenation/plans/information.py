"""What it is worth to know the future, and to plan for more than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..chain import Chain
from ..errors import QuestionError
from ..lp import Floats, Solver, Status
from ..stochastic.deterministic import deterministic_equivalent
from ..stochastic.two_stage import Risk, TwoStage, objective
from .first_stage import NO_RULES, THRIFT, Rules, rounded_up
from .futures import nothing
from .menu import RESERVE, Menu
from .optimum import NO_PLAN, Optimum, optimum
from .samples import Samples
from .setting import Setting, ask, ask_limits, draw, named, to_setting
from .stages import Stages, to_stages

Progress = Callable[[int, int, str], None]
LIKELY = 0.5
"""A route of at least this feasibility is expected to succeed."""


@dataclass(frozen=True, slots=True)
class Worth:
    """A difference between the best plan and another way to decide, in years of target output on the same samples.

    `plan` and `other` are (bound, value): what no decision beats, and what was found. The true difference lies
    between `least` and `most`.
    """

    plan: tuple[float, float]
    other: tuple[float, float]
    least: float
    most: float


def perfect_information(
    setting: Setting,
    samples: Samples,
    risk: Risk,
    *,
    plan: tuple[float, float] | None = None,
    rules: Rules = NO_RULES,
    gap: float = 0.01,
    time_limit: float = 120.0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Worth:
    """What it would be worth to know the scenario and every route's effort before deciding (wait and see).

    Every sample is planned for alone, with the same money and people; the objective (mean and CVaR) is then taken of
    those losses, as of any plan's. `most` is the plan's value less the bound of wait and see, `least` the plan's
    bound less what wait and see was found to reach. `plan` is the (bound, value) of the best plan on these samples
    where it is known already. A limit on the loss is not asked of a sample. `time_limit` is for each solve.
    """
    if plan is None:
        found = optimum(setting, samples, risk, rules=rules, gap=gap, time_limit=time_limit, workers=workers)
        plan = found.bound, found.value
    menu, rules = setting.menu, replace(rules, max_loss=None)
    programme = to_stages(menu, setting.network, setting.horizon, setting.futures, samples, Risk(), rules)
    idle = setting.judge.losses(nothing(menu, setting.horizon), samples)
    same = [(int(s), effort.tobytes()) for s, effort in zip(samples.scenario, samples.effort, strict=True)]
    losses: dict[tuple[int, bytes], tuple[float, float]] = {}
    for s, key in enumerate(same):
        if key not in losses:
            worst = np.inf if rules.require else float(idle[s])
            losses[key] = _alone(menu, programme, s, worst, gap, time_limit)
        if progress:
            progress(s + 1, len(same), "one future at a time")
    low, high = np.array([losses[key] for key in same]).T
    other = objective(low, samples.weight, risk), objective(high, samples.weight, risk)
    return Worth(plan, other, max(plan[0] - other[1], 0.0), max(plan[1] - other[0], 0.0))


def _alone(
    menu: Menu, programme: Stages, s: int, idle: float, gap: float, time_limit: float
) -> tuple[float, float]:
    """(bound, value) of the least loss in one sample. `idle` is that without any project."""
    if idle <= 0.0:
        return 0.0, 0.0
    stages, y = programme.stages, programme.first.y
    one = TwoStage(
        first=replace(stages.first, cost=np.zeros_like(stages.first.cost)),
        recourse=(stages.recourse[stages.kind[s]],),
        kind=np.zeros(1, dtype=np.int64),
        weight=np.ones(1),
        low=(stages.low[s],),
        high=(stages.high[s],),
        technology=(stages.technology[s],),
    )
    problem = deterministic_equivalent(one).problem
    # With the future known, the relaxation is nearly whole: as a rule its profiles, rounded up, are within the gap.
    relaxed = Solver(replace(problem, integer=None)).solve()
    if relaxed.status is not Status.OPTIMAL:
        raise QuestionError(NO_PLAN)
    bound, value = relaxed.objective, idle
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[y] = upper[y] = rounded_up(menu, programme.first, relaxed.x)[y]
    whole = Solver(replace(problem, lower=lower, upper=upper, integer=None)).solve()
    if whole.status is Status.OPTIMAL:
        value = min(value, whole.objective)
    if value - bound > max(gap * value, THRIFT):
        answer = Solver(problem).solve(gap=gap, time_limit=time_limit)
        if answer.status is Status.INFEASIBLE:
            raise QuestionError(NO_PLAN)
        bound = max(bound, answer.bound)
        if len(answer.x) and answer.status is not Status.FAILED:
            value = min(value, answer.objective)
    return max(min(bound, value), 0.0), value


def stochastic_solution(
    setting: Setting,
    samples: Samples,
    risk: Risk,
    *,
    rules: Rules = NO_RULES,
    gap: float = 0.01,
    time_limit: float = 120.0,
    workers: int | None = None,
) -> Worth:
    """What it is worth to plan for all samples rather than for expected efforts (Birge 1982, Math. Program. 24:314).

    `other` is the plan for `expected` samples, judged on all of them; it is among the points from which the search for
    the best plan starts, so that `least` is what was gained and never below 0. `most` reckons with the best plan's
    bound. A limit on the loss holds for the best plan only.
    """

    def best(of: Samples, rules: Rules, starts: Iterable[Floats] = ()) -> Optimum:
        return optimum(
            setting, of, risk, rules=rules, starts=starts, gap=gap, time_limit=time_limit, workers=workers
        )

    simple = best(expected(setting, samples), replace(rules, max_loss=None))
    value = objective(setting.judge.losses(simple.decision, samples), samples.weight, risk)
    plan = best(samples, rules, [simple.x])
    return Worth(
        (plan.bound, plan.value), (value, value), max(value - plan.value, 0.0), max(value - plan.bound, 0.0)
    )


def expected(setting: Setting, samples: Samples) -> Samples:
    """One sample for each scenario met: every route takes its mean effort, or fails if it is unlikelier to succeed.

    The mean is that of a feasible route (of a PERT: (low + 4 mode + high) / 6); scenarios keep their weights, since no
    mean of two embargoes is an embargo.
    """
    menu = setting.menu
    mean = menu.effort @ np.array([1.0, 4.0, 1.0]) / 6.0
    effort = np.where(menu.feasibility >= LIKELY, mean, np.inf)
    met, place = np.unique(samples.scenario, return_inverse=True)
    weight = np.bincount(place, weights=samples.weight).astype(float)
    return Samples(met, weight, np.tile(effort, (len(met), 1)))


def value_of_information(
    chain: Chain,
    home: str,
    *,
    samples: int = 30,
    budget: float | None = None,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    require: Iterable[str] = (),
    exclude: Iterable[str] = (),
    max_loss: float | None = None,
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    gap: float = 0.01,
    time_limit: float = 120.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """What knowing the future would save, and what is saved by planning for more than one; settings as in `plan`.

    Rows `perfect information` and `stochastic solution`: the loss of the `plan` and of the `other` way (that of wait
    and see, and of the plan for expected efforts), in years of output and the objective's terms, and what lies between
    them, which is `least` at least and `most` at most.
    """
    require, exclude = named(require, "require"), named(exclude, "exclude")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(max_loss, gap, time_limit, seed, 0)
    setting = to_setting(chain, home, budget, require, exclude, step=step, reserve=reserve, holdback=holdback)
    drawn, risk = draw(setting, samples, seed), Risk(risk_aversion, tail)
    rules = Rules(tuple(setting.menu.project.index(name) for name in require), max_loss)
    limits: dict[str, Any] = {"rules": rules, "gap": gap, "time_limit": time_limit, "workers": workers}
    simple = stochastic_solution(setting, drawn, risk, **limits)
    perfect = perfect_information(setting, drawn, risk, plan=simple.plan, progress=progress, **limits)
    rows = [
        (name, worth.plan[1], worth.other[1], worth.least, worth.most)
        for name, worth in (("perfect information", perfect), ("stochastic solution", simple))
    ]
    return pl.DataFrame(rows, schema=["value_of", "plan", "other", "least", "most"], orient="row")
