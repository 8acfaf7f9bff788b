"""The best decision for given samples, without the tables that a plan shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import QuestionError
from ..lp import Floats, Status
from ..stochastic.cuts import Pool
from ..stochastic.engines import Engine
from ..stochastic.two_stage import Risk, objective
from .evaluation import trimmed
from .first_stage import NO_RULES, THRIFT, Rules
from .futures import Decision
from .programme import solved
from .samples import Samples
from .setting import Setting

NO_PLAN = "no plan keeps all limits; `plan` names those that conflict"


@dataclass(frozen=True, slots=True)
class Optimum:
    """A decision with its objective on the samples (years of target output), and what none can beat there.

    `x` is the first stage's point and `pool` what its solve has learned; both warm a solve with the same scenarios.
    """

    status: Status
    decision: Decision
    value: float
    bound: float
    x: Floats
    pool: Pool


def optimum(
    setting: Setting,
    samples: Samples,
    risk: Risk,
    *,
    rules: Rules = NO_RULES,
    gap: float = 0.01,
    time_limit: float = 120.0,
    engine: str | Engine = "local",
    workers: int | None = None,
    pool: Pool | None = None,
    starts: Iterable[Floats] = (),
) -> Optimum:
    """The best decision found for these samples. Raises `QuestionError` where no decision keeps the rules.

    Ctrl-C ends it with `KeyboardInterrupt`, unlike `plan`, which gives what it has.
    """
    programme, found = solved(
        setting, samples, risk, rules, gap=gap, time_limit=time_limit, engine=engine, workers=workers, pool=pool,
        starts=starts,
    )  # fmt: skip
    if found.status is Status.INTERRUPTED:
        # One of many plans, cut short, would pass for a whole one.
        raise KeyboardInterrupt
    if not np.isfinite(found.value):
        raise QuestionError(NO_PLAN if found.status is Status.INFEASIBLE else Status.FAILED.value)
    decision = programme.first.decision(setting.menu, found.x)
    value = objective(setting.judge.losses(decision, samples), samples.weight, risk)
    bound = max(min(found.bound - THRIFT, value), 0.0) if np.isfinite(found.bound) else 0.0
    decision = trimmed(setting.judge, decision, samples, risk, rules)
    value = objective(setting.judge.losses(decision, samples), samples.weight, risk)
    return Optimum(found.status, decision, value, min(bound, value), found.x, found.pool)
