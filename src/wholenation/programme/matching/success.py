"""The chance that at least one of several rival tries succeeds, when what stops one may stop all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...lp import Floats


def damping(correlation: float, tries: int) -> Floats:
    """What a try's probability is multiplied by after 0, 1, 2, ... others have failed, the likelier tries first.

    (1 − ρ) / (1 − ρ + jρ): every failure is evidence that the target is harder than thought. It is the posterior
    mean of a beta prior of mean p and pairwise correlation ρ after j failures, divided by p.

    >>> damping(0.5, 4).round(3).tolist()
    [1.0, 0.5, 0.333, 0.25]
    """
    earlier = np.arange(tries)
    factors = np.ones(tries)
    factors[1:] = (1 - correlation) / (1 - correlation + earlier[1:] * correlation)
    return factors


def any_succeeds(probabilities: Sequence[float] | Floats, correlation: float = 0.0) -> float:
    """The probability that at least one try succeeds: 1 − Π (1 − d_j p_j), p in falling order, d by `damping`.

    For equal p it is the beta-binomial law; for two tries, the covariance is ρ times the largest that there can be;
    ρ = 0 are independent tries, and with ρ = 1 only the likeliest counts. It never falls when a try is added. Four
    paths of 0.5 each are worth 0.94 when independent, 0.73 with a correlation of 0.5:

    >>> round(any_succeeds([0.5] * 4), 2), round(any_succeeds([0.5] * 4, 0.5), 2)
    (0.94, 0.73)
    """
    falling = np.sort(np.asarray(probabilities, dtype=np.float64))[::-1]
    return float(1 - np.prod(1 - falling * damping(correlation, len(falling))))
