"""From tables to a plan: draw futures, solve the programme, judge the answer on fresh draws, and give reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..chain import Chain
from ..lp import Status
from ..network import Floats
from ..stochastic.cuts import Pool
from ..stochastic.engines import Engine
from ..stochastic.lshaped import Result, solve
from ..stochastic.two_stage import Risk, objective, tail_mean
from .conflicts import conflicting
from .evaluation import stratified_mean, trimmed
from .first_stage import NO_RULES, THRIFT, FirstStage, Rules, rounded_up
from .futures import Decision, nothing
from .menu import RESERVE
from .reasons import no_reasons, reasons
from .result import Plan, plan_frames
from .samples import Samples
from .setting import FRESH, Setting, ask, ask_limits, draw, named, to_setting
from .stages import Stages, to_stages

Progress = Callable[[int, int, str], None]


def plan(
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
    evaluate: int = 200,
    explain: float = 0.0,
    engine: str | Engine = "local",
    workers: int | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> Plan:
    """The portfolio of home's projects that loses least, with its bound, gap, shadow prices and reasons.

    Minimises (1 - risk_aversion) mean + risk_aversion CVaR_tail of the loss over `samples` futures, within what
    contributors are expected to pay in, by the integer L-shaped method (`stochastic.lshaped`). `budget` (USD million
    over the horizon) scales all pools of money to that total; a `holdback` part of each call may only be spent after
    the next one. What a gate may release is set aside between what is expected (`reserve` 0) and the most (1).
    `require` and `exclude` name projects, `max_loss` bounds the objective. An infeasible question comes back with the
    limits that conflict.

    `explain` is the number of seconds that planning again with single choices reversed may take; without it, reasons
    rest on prices. The same seed gives the same plan on any number of `workers` and any `engine`: `local`, or the
    address of a cluster. A `checkpoint` file keeps what a solve has found, which goes on from there when it is cut off.
    """
    require, exclude = named(require, "require"), named(exclude, "exclude")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(max_loss, gap, time_limit, seed, evaluate)
    setting = to_setting(chain, home, budget, require, exclude, step=step, reserve=reserve, holdback=holdback)
    drawn = draw(setting, samples, seed)
    risk = Risk(risk_aversion, tail)
    rules = Rules(tuple(setting.menu.project.index(name) for name in require), max_loss)
    programme, found = solved(
        setting, drawn, risk, rules, gap=gap, time_limit=time_limit, engine=engine, workers=workers,
        checkpoint=checkpoint, progress=progress,
    )  # fmt: skip
    common: dict[str, Any] = {
        "home": home, "samples": samples, "seed": seed, "risk": risk, "setting": setting, "drawn": drawn,
        "found": found,
    }  # fmt: skip
    if not np.isfinite(found.value):
        return _unsolved(common, setting, drawn, risk, rules, found)
    decision = programme.first.decision(setting.menu, found.x)
    value = objective(setting.judge.losses(decision, drawn), drawn.weight, risk)
    lowest = max(min(found.bound - THRIFT, value), 0.0) if np.isfinite(found.bound) else 0.0
    if progress:
        progress(0, 1, "projects that save nothing")
    decision = trimmed(setting.judge, decision, drawn, risk, rules)
    value = objective(setting.judge.losses(decision, drawn), drawn.weight, risk)
    why = reasons(
        setting, programme, found, decision, drawn, risk, gap=gap, seconds=explain, workers=workers,
        progress=progress,
    )  # fmt: skip
    fresh = draw(setting, evaluate, seed + FRESH) if evaluate else None
    if progress and evaluate:
        progress(0, 1, "fresh draws")
    return Plan(
        **common,
        status=found.status,
        objective=value,
        bound=lowest,
        gap=(value - lowest) / value if not value <= THRIFT else 0.0,
        loss=_losses(setting, decision, drawn, risk),
        evaluation=_evaluation(setting, decision, fresh, risk),
        reasons=why,
        conflicts=(),
        decision=decision,
        **plan_frames(setting, decision, why, prices_of(programme.first, found)),
    )


def solved(
    setting: Setting,
    drawn: Samples,
    risk: Risk,
    rules: Rules = NO_RULES,
    *,
    gap: float = 0.01,
    time_limit: float = 120.0,
    engine: str | Engine = "local",
    workers: int | None = None,
    checkpoint: str | Path | None = None,
    pool: Pool | None = None,
    starts: Iterable[Floats] = (),
    progress: Progress | None = None,
) -> tuple[Stages, Result]:
    """The programme over these samples, and what the method finds. `pool` and `starts` warm it."""
    menu = setting.menu
    programme = to_stages(menu, setting.network, setting.horizon, setting.futures, drawn, risk, rules)
    # To fund nothing is a plan, unless something is asked for.
    idle = [] if rules.require else [np.zeros(len(programme.first.problem.cost))]
    found = solve(
        programme.stages,
        gap=gap,
        absolute=THRIFT,
        time_limit=time_limit,
        engine=engine,
        workers=workers,
        checkpoint=checkpoint,
        pool=pool,
        starts=[*idle, *starts],
        propose=lambda x: [rounded_up(menu, programme.first, x)],
        progress=_told(progress, time_limit),
    )
    return programme, found


def _unsolved(
    common: dict[str, Any], setting: Setting, drawn: Samples, risk: Risk, rules: Rules, found: Result
) -> Plan:
    """What is said where no decision was found: which limits conflict, if any do."""
    menu, nan = setting.menu, float("nan")
    limits: tuple[str, ...] = ()
    if found.status is Status.INFEASIBLE:
        limits = conflicting(menu, setting.network, setting.horizon, setting.futures, drawn, risk, rules)
    idle = nothing(menu, setting.horizon)
    return Plan(
        **common,
        status=found.status if found.status is Status.INFEASIBLE else Status.FAILED,
        objective=nan,
        bound=nan,
        gap=nan,
        loss=_losses(setting, idle, drawn, risk).with_columns(after=pl.lit(None, dtype=pl.Float64)),
        evaluation=_evaluation(setting, idle, None, risk),
        reasons=no_reasons(),
        conflicts=limits,
        decision=idle,
        **plan_frames(setting, idle, no_reasons(), None),
    )


def _losses(setting: Setting, decision: Decision, samples: Samples, risk: Risk) -> pl.DataFrame:
    """Expected loss and CVaR before and after, on the samples that were planned for."""
    ways = nothing(setting.menu, setting.horizon), decision
    before, after = (setting.judge.losses(way, samples) for way in ways)
    rows = [
        ("expected", float(samples.weight @ before), float(samples.weight @ after)),
        ("cvar", *(tail_mean(losses, samples.weight, risk.tail) for losses in (before, after))),
        ("worst", float(before.max()), float(after.max())),
    ]
    return pl.DataFrame(rows, schema=["measure", "before", "after"], orient="row")


def _evaluation(setting: Setting, decision: Decision, fresh: Samples | None, risk: Risk) -> pl.DataFrame:
    """Mean loss on fresh draws with a 95 % confidence interval (stratified by scenario), and the CVaR there."""
    rows: list[tuple[str, str, float, float | None, float | None]] = []
    if fresh is not None:
        for when, chosen in (("before", nothing(setting.menu, setting.horizon)), ("after", decision)):
            losses = setting.judge.losses(chosen, fresh)
            mean, error = stratified_mean(losses, fresh)
            rows.append(("expected", when, mean, mean - 1.96 * error, mean + 1.96 * error))
            rows.append(("cvar", when, tail_mean(losses, fresh.weight, risk.tail), None, None))
    columns = {
        "measure": pl.String, "when": pl.String, "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")


def prices_of(first: FirstStage, found: Result) -> tuple[Floats, Floats] | None:
    """Shadow prices (K, T) per USD billion and (R, T) per unit: duals of the programme's relaxation."""
    if not np.isfinite(found.root):
        return None
    money = np.maximum(-found.dual[first.pool_rows], 0.0) / first.scale * 1000.0
    return money, np.maximum(-found.dual[first.resource_rows], 0.0)


def _told(progress: Progress | None, time_limit: float) -> Callable[[float, float, float, str], None] | None:
    """The method's progress in the words of ours: seconds of those allowed, and the loss by now."""
    if progress is None:
        return None

    def tell(seconds: float, bound: float, value: float, phase: str) -> None:
        known = f"loss {value:.3f}" if np.isfinite(value) else "no plan yet"
        if np.isfinite(bound) and bound > 0 and np.isfinite(value):
            known += f", at least {bound:.3f}"
        progress(int(min(seconds, time_limit)), int(np.ceil(time_limit)), f"{phase}: {known}")

    return tell
