"""The recourse of a block of samples: the unit of work, the same answer wherever and whenever it is done.

A block starts from the basis of its recourse at x = 0 and goes through its samples in order, each from the basis of
the one before. Nothing else is remembered, so that answers do not depend on which worker took which block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..errors import AnswerError
from ..lp import Bools, Floats, Ints, Solver, Status
from .two_stage import TwoStage

TRIFLE = 1e-9
"""A dual value below this is taken for rounding."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What solving samples taught: per sample its value and a dual solution, or a proof that none exists.

    For every piece, `constant` + low·dual⁺ - high·dual⁻ - (T_s x)·dual bounds the recourse of any sample of this kind
    from below; with `feasible` false that sum must not be positive. `value` is infinite there.
    """

    kind: int
    sample: Ints  # (b,)
    value: Floats  # (b,)
    feasible: Bools  # (b,)
    constant: Floats  # (b,)
    dual: sparse.csr_matrix  # (b, L)
    pivots: int


class Subproblems:
    """The recourse problems of a programme, each held warm in a solver of its own once it has been asked for.

    `threads` is for processes that share a machine with their like: there one each is enough.
    """

    def __init__(self, stages: TwoStage, *, threads: int | None = None):
        self.stages, self._threads = stages, threads
        self._solvers: dict[int, Solver] = {}

    def solve(self, samples: Ints, x: Floats) -> Pieces:
        """Solve samples of one kind, in this order, at the first-stage point x."""
        stages = self.stages
        kind = int(stages.kind[samples[0]])
        recourse = stages.recourse[kind]
        solver = self._solver(kind)
        solver.rewind()
        values, constants, feasible, duals, pivots = [], [], [], [], 0
        for s in samples.tolist():
            shift = stages.technology[s] @ x
            low, high = stages.low[s] - shift, stages.high[s] - shift
            solver.set_row_bounds(recourse.link, low, high)
            answer = solver.solve(keep=True)
            pivots += answer.pivots
            if answer.status is Status.INFEASIBLE:
                constant, dual = self._proof(kind, low, high)
                value = np.inf
            else:
                dual = answer.row_dual[recourse.link]
                dual = _signed(dual, low, high)
                value = answer.objective
                constant = value - _side(dual, low, high)
            values.append(value)
            constants.append(constant)
            feasible.append(bool(np.isfinite(value)))
            duals.append(sparse.csr_matrix(dual))
        return Pieces(
            kind, samples, np.array(values), np.array(feasible), np.array(constants),
            sparse.vstack(duals, format="csr"), pivots,
        )  # fmt: skip

    def _solver(self, kind: int) -> Solver:
        if kind not in self._solvers:
            solver = Solver(self.stages.recourse[kind].problem, threads=self._threads)
            solver.solve()
            solver.warm()
            self._solvers[kind] = solver
        return self._solvers[kind]

    def _proof(self, kind: int, low: Floats, high: Floats) -> tuple[float, Floats]:
        """A Farkas proof in the linking rows and the constant that the others add."""
        recourse = self.stages.recourse[kind]
        problem = recourse.problem
        ray = self._solvers[kind].ray()
        row_low, row_high = problem.row_lower.copy(), problem.row_upper.copy()
        row_low[recourse.link], row_high[recourse.link] = low, high
        rest = np.ones(len(row_low), dtype=bool)
        rest[recourse.link] = False
        for sign in (1.0, -1.0):
            dual = _signed(sign * ray, row_low, row_high) if len(ray) else np.zeros(len(row_low))
            scale = np.abs(dual).max() if len(dual) else 0.0
            if scale <= 0:
                continue
            dual = dual / scale
            reduced = -(problem.matrix.T @ dual)
            reduced[np.abs(reduced) <= TRIFLE] = 0.0
            columns = _side(reduced, problem.lower, problem.upper)
            constant = _side(dual[rest], row_low[rest], row_high[rest]) + columns
            if constant + _side(dual[recourse.link], low, high) > TRIFLE:
                return constant, dual[recourse.link]
        raise AnswerError("a second stage has no solution, and the solver gives no proof of it")


def _signed(dual: Floats, low: Floats, high: Floats) -> Floats:
    """Duals with the rounding taken out, and those that push against a bound that is not there."""
    dual = np.where(np.abs(dual) <= TRIFLE, 0.0, dual)
    return np.where((dual > 0) & np.isinf(low) | (dual < 0) & np.isinf(high), 0.0, dual)


def _side(dual: Floats, low: Floats, high: Floats) -> float:
    """The bound that each dual leans on, weighed with it."""
    up, down = dual > 0, dual < 0
    # Not dual @ low: BLAS adds in another order when it has other threads or another processor.
    return float((dual[up] * low[up]).sum() + (dual[down] * high[down]).sum())
