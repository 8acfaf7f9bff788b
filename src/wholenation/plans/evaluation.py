"""What a decision is worth on draws, how far to trust that, and what the decision can do without."""

from __future__ import annotations

import numpy as np

from ..network import Floats
from ..stochastic.two_stage import Risk, objective
from .first_stage import NO_RULES, THRIFT, Rules
from .futures import Decision, Judge
from .result import funded
from .samples import Samples

NOTHING = THRIFT
"""A project that saves less, in years of output, is not worth the trouble."""


def stratified_mean(values: Floats, samples: Samples) -> tuple[float, float]:
    """The weighted mean of values (S,) and its standard error, from the spread within each scenario.

    Within a scenario, draws count as independent of each other, which as a rule overstates the error of Sobol points.
    A scenario of one draw is taken to spread as the others do (as all draws, if no scenario has two), unless nothing
    is lost in it: then nothing is in any draw of it.
    """
    parts = [samples.scenario == s for s in np.unique(samples.scenario)]
    known = [values[mine].var(ddof=1) for mine in parts if mine.sum() > 1]
    spread = np.mean(known) if known else values.var(ddof=1) if len(values) > 1 else 0.0
    mean, variance = 0.0, 0.0
    for mine in parts:
        weight, part = samples.weight[mine].sum(), values[mine]
        mean += weight * part.mean()
        if len(part) > 1:
            variance += weight**2 * part.var(ddof=1) / len(part)
        elif part[0] != 0:
            variance += weight**2 * spread
    return float(mean), float(np.sqrt(variance))


def trimmed(
    judge: Judge, decision: Decision, samples: Samples, risk: Risk, rules: Rules = NO_RULES
) -> Decision:
    """The decision without the projects that save nothing.

    A plan within the gap may hold some; training stays, since others may need the people.
    """
    menu = judge.menu
    value = objective(judge.losses(decision, samples), samples.weight, risk)
    for p in funded(menu, decision):
        rest = decision.without(menu, p)
        spare = objective(judge.losses(rest, samples), samples.weight, risk) - value <= NOTHING
        if spare and p not in rules.require and menu.kind[p] != "train":
            decision = rest
    return decision
