"""The deterministic equivalent: one problem over all samples at once, for small instances and as a slow twin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..lp import Floats, Ints, Problem
from .two_stage import TwoStage


@dataclass(frozen=True, slots=True)
class Deterministic:
    """The assembled problem: the first stage's columns stand first, `samples` holds the columns of each sample."""

    problem: Problem
    samples: tuple[Ints, ...]


def deterministic_equivalent(stages: TwoStage) -> Deterministic:
    """Minimise first-stage cost + (1 - lambda) mean + lambda CVaR, with one copy of the recourse per sample.

    CVaR by Rockafellar and Uryasev (2000): eta + sum of weight_s xi_s / (1 - tail), xi_s >= Q_s - eta. Without
    aversion eta and xi are left out.
    """
    first, risk = stages.first, stages.risk
    n, tail = len(first.cost), risk.aversion > 0
    cost, lower, upper = [first.cost], [first.lower], [first.upper]
    row_lower, row_upper = [first.row_lower], [first.row_upper]
    blocks: list[tuple[sparse.coo_matrix, int, int]] = [(first.matrix.tocoo(), 0, 0)]
    width, height = n, first.matrix.shape[0]
    samples = []
    for s, weight in enumerate(stages.weight):
        recourse = stages.recourse[stages.kind[s]]
        problem = recourse.problem
        low, high = problem.row_lower.copy(), problem.row_upper.copy()
        low[recourse.link], high[recourse.link] = stages.low[s], stages.high[s]
        technology = stages.technology[s].tocoo()
        placed = sparse.coo_matrix(
            (technology.data, (recourse.link[technology.row], technology.col)), shape=(len(low), n)
        )
        blocks += [(placed, height, 0), (problem.matrix.tocoo(), height, width)]
        cost.append((1 - risk.aversion) * weight * problem.cost)
        lower.append(problem.lower)
        upper.append(problem.upper)
        row_lower.append(low)
        row_upper.append(high)
        samples.append(np.arange(width, width + len(problem.cost)))
        width, height = width + len(problem.cost), height + len(low)
    costs = [stages.recourse[kind].problem.cost for kind in stages.kind]
    part = risk.aversion * stages.weight / max(1.0 - risk.tail, 1e-9)
    eta = width
    if tail:
        # eta, then one xi per sample; a row per sample: xi + eta - q.z >= 0.
        cost.append(np.concatenate([[risk.aversion], part]))
        lower.append(np.concatenate([[-np.inf], np.zeros(len(stages))]))
        upper.append(np.full(len(stages) + 1, np.inf))
        for s, (columns, q) in enumerate(zip(samples, costs, strict=True)):
            priced = np.flatnonzero(q)
            column = np.concatenate([columns[priced], [eta, eta + 1 + s]])
            value = np.concatenate([-q[priced], [1.0, 1.0]])
            blocks.append((_row(value, column), height, 0))
            height += 1
        row_lower.append(np.zeros(len(stages)))
        row_upper.append(np.full(len(stages), np.inf))
        width += len(stages) + 1
    if stages.most is not None:
        parts = [(1 - risk.aversion) * w * q for w, q in zip(stages.weight, costs, strict=True)]
        column, value = np.concatenate(samples), np.concatenate(parts)
        if tail:
            column = np.concatenate([column, [eta], eta + 1 + np.arange(len(stages))])
            value = np.concatenate([value, [risk.aversion], part])
        blocks.append((_row(value, column), height, 0))
        height += 1
        row_lower.append(np.full(1, -np.inf))
        row_upper.append(np.full(1, stages.most))
    integer = np.zeros(width, dtype=bool)
    integer[stages.integer] = True
    matrix = sparse.csr_matrix(
        (
            np.concatenate([block.data for block, _, _ in blocks]),
            (
                np.concatenate([block.row + down for block, down, _ in blocks]),
                np.concatenate([block.col + right for block, _, right in blocks]),
            ),
        ),
        shape=(height, width),
    )
    problem = Problem(
        np.concatenate(cost), np.concatenate(lower), np.concatenate(upper), matrix,
        np.concatenate(row_lower), np.concatenate(row_upper), integer,
    )  # fmt: skip
    return Deterministic(problem, tuple(samples))


def _row(value: Floats, column: Ints) -> sparse.coo_matrix:
    return sparse.coo_matrix((value, (np.zeros(len(column), dtype=np.int64), column)))
