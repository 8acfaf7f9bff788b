"""What is usual among peers: quantiles, fences, and how many false alarms to expect of a family of questions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .check import Check
from .flags import Answer, Outcome

ENOUGH = 20
"""Fewer peers than this say nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A subject's value and the entries that it comes from."""

    value: float
    evidence: tuple[str, ...] = ()


def quantile(values: Sequence[float], p: float) -> float:
    """The quantile of order `p` by Hyndman and Fan's eighth definition (1996): h = (n + 1/3) p + 1/3, between ranks.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.5
    """
    ranked = sorted(values)
    h = min(max((len(ranked) + 1 / 3) * p + 1 / 3, 1.0), float(len(ranked)))
    below = math.floor(h)
    if below == len(ranked):
        return ranked[-1]
    return ranked[below - 1] + (h - below) * (ranked[below] - ranked[below - 1])


def fences(values: Sequence[float]) -> tuple[float, float]:
    """Tukey's fences: a value at or beyond Q1 - 1.5 IQR or Q3 + 1.5 IQR is far from its peers."""
    first, third = quantile(values, 0.25), quantile(values, 0.75)
    reach = 1.5 * (third - first)
    return first - reach, third + reach


def outliers(
    check: Check,
    measured: Mapping[str, Measured],
    told: Callable[[float], str],
    *,
    floor: float = -math.inf,
    both: bool = False,
    peers_are: str = "subjects",
) -> list[Answer]:
    """One answer for each subject, held against all of them.

    A flag is a value at or above the upper fence (with `both`, also one at or below the lower), above `floor` and not
    equal to a quartile: where most values are the same, being the same is no finding.
    """
    if len(measured) < ENOUGH:
        reason = f"only {len(measured)} {peers_are} to compare with; {ENOUGH} are needed"
        return [check.not_computable(subject, reason, peers=len(measured)) for subject in sorted(measured)]
    values = [one.value for one in measured.values()]
    low, high = fences(values)
    first, third = quantile(values, 0.25), quantile(values, 0.75)
    answers = []
    for subject, one in sorted(measured.items()):
        above = one.value >= high and one.value > third and one.value >= floor
        below = both and one.value <= low and one.value < first
        fence = low if below else max(high, floor)
        say = check.flag if above or below else check.clear
        sentence = f"{told(one.value)}; fence {fence:.3g} of {len(values)} {peers_are}"
        answers.append(say(subject, sentence, one.evidence, value=one.value, fence=fence, peers=len(values)))
    return answers


def benjamini_hochberg(answers: Sequence[Answer], *, rate: float = 0.05) -> list[Answer]:
    """The answers of one family, of whose flags at most `rate` are expected to be false.

    Flags with a p-value above the threshold of Benjamini and Hochberg (1995) become clear; m is the number of
    subjects with a p-value. Answers without one stay as they are.
    """
    ranked = sorted(one.p for one in answers if one.p is not None)
    passing = [p for rank, p in enumerate(ranked, 1) if p <= rate * rank / len(ranked)]
    bound = max(passing, default=-1.0)
    return [
        replace(
            one, outcome=Outcome.CLEAR, sentence=f"{one.sentence}; no longer so among {len(ranked)} asked"
        )
        if one.outcome is Outcome.FLAG and one.p is not None and one.p > bound
        else one
        for one in answers
    ]
