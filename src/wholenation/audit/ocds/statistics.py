"""Quantiles and fences of peers, to the last bit as Cardinal computes them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

LEAST_PEERS = 20
"""Peers that a fence takes in corrected mode."""


class Fences(NamedTuple):
    """Quartiles of the peers and what lies 1.5 times their distance outside."""

    q1: float
    q3: float
    lower: float
    upper: float


def quantile(ordered: list[float], share: float) -> float:
    """The quantile by R-8, of numbers in rising order; nan without any.

    Hyndman & Fan (1996), definition 8: h = (n + 1/3) p + 1/3, interpolated between the neighbours of h.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.5
    """
    if not ordered:
        return math.nan
    h = (len(ordered) + 1.0 / 3.0) * share + 1.0 / 3.0
    below = int(h)
    if below <= 0 or share == 0.0:
        return ordered[0]
    if below >= len(ordered) or share == 1.0:
        return ordered[-1]
    lower, upper = ordered[below - 1], ordered[below]
    return lower + (h - below) * (upper - lower)


def fences(values: Iterable[float]) -> Fences:
    """The fences of these values; all nan without any.

    >>> fences([1.0, 2.0, 3.0, 4.0, 5.0])
    Fences(q1=1.6666666666666665, q3=4.333333333333333, lower=-2.333333333333333, upper=8.333333333333332)
    """
    ordered = sorted(values)
    q1, q3 = quantile(ordered, 0.25), quantile(ordered, 0.75)
    return Fences(q1, q3, fused(q3 - q1, -1.5, q1), fused(q3 - q1, 1.5, q3))


def fused(a: float, b: float, c: float) -> float:
    """a b + c, rounded once."""
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return float(exact) if exact else a * b + c


def rounded(value: float) -> float | None:
    """To four places, halves away from zero, as Cardinal prints its fences; None for what is no number."""
    if not math.isfinite(value):
        return None
    scaled = value * 10_000.0
    if not math.isfinite(scaled):
        return None
    cut = math.trunc(scaled)
    if abs(scaled - cut) >= 0.5:
        cut += 1 if scaled > 0 else -1
    return cut / 10_000.0
