"""Exposure: the number by which the shortlist is ranked."""

from __future__ import annotations

import numpy as np

from .question import Question, Values
from .time_to_replace import time_to_replace

RAMP_YEARS = 2.0
"""Years over which home's own production grows to the whole need (assumed, 1 to 4)."""


def exposure_index(question: Question) -> Values:
    """Years of target output lost if the coalition denies the item and its substitutes, before home could replace it.

    The loss of the capability problem in which home's own production of the item starts to grow so that it is
    complete after `time_to_replace` (over its last two years, or its second half if that is shorter). It joins how
    much output hangs on the item, how much of it can be denied, how fast that bites and how long home needs to answer.
    What the coalition holds of the item's substitutes is denied with it: a substitute in the same hands is no refuge.
    Where no project would begin to replace the item within the horizon, nothing grows: exposure is then the loss with
    the substitutes denied, at least the measure `loss`.
    """
    horizon, network = question.horizon, question.network
    years = time_to_replace(question).value
    middle = horizon.times + horizon.delta / 2 - horizon.start
    lost = np.zeros(len(network.items))
    for j in range(len(lost)):
        if np.isnan(years[j]) or years[j] >= horizon.end - horizon.start + RAMP_YEARS:
            lost[j] = question.denied(j, substitutes=True).loss
            continue
        ramp = min(RAMP_YEARS, years[j] / 2.0)
        grown = np.clip(1.0 + (middle - years[j]) / ramp, 0.0, 1.0)
        own = network.own[j] + (1.0 - network.own[j]) * grown
        lost[j] = question.denied(j, own, substitutes=True).loss
    return Values.of(lost, question.unknown())
