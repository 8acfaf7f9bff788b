"""What adapting to evidence is worth: the fixed plan, the plan made again and again, and perfect information.

Each history draws a scenario and the efforts that all routes need, and is lived through year by year. At every date
what has been seen conditions the draws and the plan is made again (a rolling horizon; Kleywegt and Shapiro 2001,
Handbook of Industrial Engineering, ch. 101). In the end what was done is judged in the history as it was. The same
history is planned with hindsight too: no policy can lose less.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..chain import Chain
from ..errors import QuestionError
from ..lp import Status
from ..network import Floats
from ..stochastic.lshaped import solve
from ..stochastic.two_stage import Risk
from .course import Course, closed, no_course, observe, updated
from .evaluation import stratified_mean
from .evidence import no_evidence
from .first_stage import THRIFT, rounded_up
from .futures import nothing
from .menu import RESERVE
from .replan import Replan, replan
from .samples import Samples
from .setting import Setting, draw, to_setting
from .stages import to_stages

TRUE = 2_000_003
"""Distance between the seed of the draws that are planned for and that of the histories."""
WAYS = ("none", "fixed", "policy", "perfect")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a home loses with a fixed plan, with one that is made again at `dates`, and with perfect information.

    `summary` (way, loss, low, high, spent_musd): expected losses in years of output with 95 % confidence intervals
    over the histories; `gains` (of, over, saved, low, high) compares two ways on the same histories, among them the
    value of adaptation (policy over fixed) and of what it still lacks (perfect over policy). `histories` has one row
    per history, `decisions` what became of every route at every date.
    """

    home: str
    dates: tuple[float, ...]
    samples: int
    seed: int
    summary: pl.DataFrame
    gains: pl.DataFrame
    histories: pl.DataFrame
    decisions: pl.DataFrame
    remarks: tuple[str, ...]

    @property
    def value_of_adaptation(self) -> float:
        """Expected years of output that planning again saves over the fixed plan."""
        return float(self.gains.filter(of="policy", over="fixed")["saved"][0])


def simulate_policy(
    chain: Chain,
    home: str,
    *,
    histories: int = 20,
    every: float = 2,
    samples: int = 20,
    budget: float | None = None,
    exclude: tuple[str, ...] = (),
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    gap: float = 0.01,
    time_limit: float = 120.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Policy:
    """How much is lost when the plan is made again every so many years, between a fixed plan and perfect information.

    All three are judged on the same `histories`, drawn with a seed of their own; each plan is made on `samples`
    futures that agree with what has been seen, within `gap` and `time_limit` seconds. The same seed gives the same
    answer.
    """
    setting = to_setting(
        chain, home, budget, (), tuple(exclude), step=step, reserve=reserve, holdback=holdback
    )
    horizon = setting.horizon
    if histories < 1:
        raise QuestionError(f"histories is {histories}; it is at least 1")
    if not every >= horizon.delta:
        raise QuestionError(
            f"the plan is made again every {every:g} years; that is at least {horizon.delta:g}"
        )
    dates = tuple(float(date) for date in np.arange(horizon.start, horizon.end - 1e-9, every))
    settings: dict[str, Any] = {
        "samples": samples, "seed": seed, "risk_aversion": risk_aversion, "tail": tail, "gap": gap,
        "time_limit": time_limit, "workers": workers,
    }  # fmt: skip
    start = _whole(
        replan(setting, no_course(setting.menu, horizon), no_evidence(setting.menu, dates[0]), **settings)
    )
    true = draw(setting, histories, seed + TRUE)
    known: dict[bytes, Replan] = {}
    losses, spent = np.zeros((len(true), len(WAYS))), np.zeros((len(true), len(WAYS)))
    steps: list[pl.DataFrame] = []
    remarks: dict[str, None] = {}
    for h in range(len(true)):
        scenario, effort = int(true.scenario[h]), true.effort[h]
        course, path = _lived(setting, start, dates[1:], scenario, effort, known, settings)
        remarks |= dict.fromkeys(plan.remark for plan in path if plan.remark)
        steps.append(
            pl.concat([start.changes, *(plan.changes for plan in path)]).with_columns(history=pl.lit(h))
        )
        losses[h, 0] = setting.judge.loss(nothing(setting.menu, horizon), scenario, effort)
        for way, one in ((1, start.course), (2, course)):
            losses[h, way] = judged(setting, one, scenario, effort)
            spent[h, way] = one.decision.money.sum()
        losses[h, 3], spent[h, 3] = hindsight(setting, dates, scenario, effort, gap, time_limit)
        if progress:
            progress(h + 1, len(true), "histories")
    return Policy(
        home=home,
        dates=dates,
        samples=samples,
        seed=seed,
        summary=_summary(true, losses, spent),
        gains=_gains(true, losses),
        histories=_histories(setting, true, losses, spent),
        decisions=pl.concat(steps).select("history", pl.exclude("history")),
        remarks=tuple(remarks),
    )


def _lived(
    setting: Setting,
    start: Replan,
    dates: tuple[float, ...],
    scenario: int,
    effort: Floats,
    known: dict[bytes, Replan],
    settings: dict[str, Any],
) -> tuple[Course, list[Replan]]:
    """The course that a history takes when the plan is made again at these dates, and the plans on the way."""
    before, path, key = start, [], b""
    for date in dates:
        evidence = observe(before.course, effort, date, setting.futures[scenario].denial)
        # Histories part only where they show something different.
        shown = [evidence.spent, evidence.needed, evidence.feasible.astype(float)]
        past = setting.horizon.times < date - 1e-9
        seen = setting.futures[scenario].denial
        denied = [part[..., past] for part in (seen.denied, seen.idle, seen.capital)]
        key += b"".join(part.tobytes() for part in (*shown, *denied)) + repr(evidence.ahead).encode()
        if key not in known:
            known[key] = _whole(replan(setting, before.course, evidence, pool=start.pool, **settings))
        before = known[key]
        path.append(before)
    return before.course, path


def _whole(plan: Replan) -> Replan:
    """The plan; Ctrl-C ends the policy with it, since histories that were not lived through have no weight."""
    if plan.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return plan


def judged(setting: Setting, course: Course, scenario: int, effort: Floats) -> float:
    """Loss of a course in a scenario with these efforts (Q,)."""
    menu, decision = closed(course, setting.horizon, effort)
    judge = copy.copy(setting.judge)
    judge.menu = menu
    return judge.loss(decision, scenario, effort)


def hindsight(
    setting: Setting, dates: tuple[float, ...], scenario: int, effort: Floats, gap: float, time_limit: float
) -> tuple[float, float]:
    """Loss and money of the best plan for one history that is known from the beginning.

    What is set aside for a profile is free again at the date that follows its end, as it would be without hindsight.
    """
    horizon, everything = setting.horizon, np.ones(len(setting.menu.profile_start), dtype=bool)
    course = no_course(setting.menu, horizon)
    for date in dates[1:]:
        course = updated(
            course, horizon, effort, date, everything & (setting.menu.profile_start < date - 1e-9)
        )
    menu = course.menu
    one = Samples(np.array([scenario]), np.ones(1), effort[None])
    programme = to_stages(menu, setting.network, horizon, setting.futures, one, Risk())
    found = solve(
        programme.stages,
        gap=gap,
        absolute=THRIFT,
        time_limit=time_limit,
        workers=1,
        starts=[np.zeros(len(programme.stages.first.cost))],
        propose=lambda x: [rounded_up(menu, programme.first, x)],
    )
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if found.status is Status.INFEASIBLE or not np.isfinite(found.value):
        return setting.judge.loss(nothing(setting.menu, horizon), scenario, effort), 0.0
    decision = programme.first.decision(menu, found.x)
    return setting.judge.loss(decision, scenario, effort), float(decision.money.sum())


def _interval(true: Samples, values: Floats) -> tuple[float, float, float]:
    """Weighted mean of values (H,) with a 95 % confidence interval, stratified by scenario as the histories are."""
    mean, error = stratified_mean(values, true)
    return mean, mean - 1.96 * error, mean + 1.96 * error


def _summary(true: Samples, losses: Floats, spent: Floats) -> pl.DataFrame:
    rows = [
        (way, *_interval(true, losses[:, w]), float(true.weight @ spent[:, w])) for w, way in enumerate(WAYS)
    ]
    # No loss is below nothing.
    rows = [(way, mean, max(low, 0.0), high, musd) for way, mean, low, high, musd in rows]
    return pl.DataFrame(rows, schema=["way", "loss", "low", "high", "spent_musd"], orient="row")


def _gains(true: Samples, losses: Floats) -> pl.DataFrame:
    pairs = [("fixed", "none"), ("policy", "fixed"), ("perfect", "policy"), ("perfect", "fixed")]
    rows = [
        (of, over, *_interval(true, losses[:, WAYS.index(over)] - losses[:, WAYS.index(of)]))
        for of, over in pairs
    ]
    return pl.DataFrame(rows, schema=["of", "over", "saved", "low", "high"], orient="row")


def _histories(setting: Setting, true: Samples, losses: Floats, spent: Floats) -> pl.DataFrame:
    columns: dict[str, Any] = {
        "history": np.arange(len(true)),
        "scenario": [setting.futures[s].scenario for s in true.scenario],
        "weight": true.weight,
    }
    columns |= {f"loss_{way}": losses[:, w] for w, way in enumerate(WAYS)}
    columns |= {f"musd_{way}": spent[:, w] for w, way in enumerate(WAYS) if way != "none"}
    return pl.DataFrame(columns)
