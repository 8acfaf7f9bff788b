"""A two-stage stochastic programme with linear recourse: a decision now, and what it costs in every sample.

    minimise   cost·x + (1 - aversion) E[Q_s(x)] + aversion CVaR_tail[Q_s(x)]
    Q_s(x) =   min q·z   with   row_lower <= W z <= row_upper,   lower <= z <= upper,
                                low_s <= (W z)_link + T_s x <= high_s   in the linking rows

Samples that share a `Recourse` differ in the right-hand sides of its linking rows and in T_s alone, so a dual
solution of one of them bounds the recourse of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..lp import Floats, Ints, Problem


@dataclass(frozen=True, slots=True)
class Recourse:
    """A second stage: its problem, and the rows (L,) whose right-hand sides samples and the first stage change."""

    problem: Problem
    link: Ints


@dataclass(frozen=True, slots=True)
class Risk:
    """Weight of the tail (lambda) and the quantile from which on it counts (beta)."""

    aversion: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class TwoStage:
    """First stage of n columns, S samples of weights that add up to 1.

    `kind` (S,) says which recourse a sample has; `low`, `high` and `technology` hold per sample the bounds of its
    linking rows, (L,), and its matrix T_s, (L, n). `most` bounds the objective without the first stage's cost.
    `groups` are sets of binary columns of which it matters first whether any is chosen (a project's profiles).
    """

    first: Problem
    recourse: tuple[Recourse, ...]
    kind: Ints
    weight: Floats
    low: tuple[Floats, ...]
    high: tuple[Floats, ...]
    technology: tuple[sparse.csr_matrix, ...]
    risk: Risk = Risk()
    most: float | None = None
    groups: tuple[Ints, ...] = ()

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def integer(self) -> Ints:
        """Positions of the first stage's integer columns."""
        mask = self.first.integer
        return np.zeros(0, dtype=np.int64) if mask is None else np.flatnonzero(mask)


def tail_mean(losses: Floats, weight: Floats, tail: float) -> float:
    """CVaR: the mean of the worst 1 - tail of the losses (Rockafellar and Uryasev 2000, J. Risk 2:21).

    With tail 0 it is the mean; as tail goes to 1 it is the worst loss among those of positive weight.
    """
    losses, weight = losses[weight > 0], weight[weight > 0]
    order = np.argsort(-losses, kind="stable")
    left = max(1.0 - tail, 0.0)
    if left <= 0:
        return float(losses.max())
    part = np.diff(np.minimum(np.cumsum(weight[order]), left), prepend=0.0)
    return float((part * losses[order]).sum() / part.sum())


def objective(losses: Floats, weight: Floats, risk: Risk) -> float:
    """(1 - lambda) mean + lambda CVaR of losses (S,)."""
    mean = float(weight @ losses)
    return (1 - risk.aversion) * mean + risk.aversion * tail_mean(losses, weight, risk.tail)
