"""Linear and mixed-integer programmes: the only room that knows the solver (HiGHS, through highspy)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .errors import AnswerError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Status(StrEnum):
    """How a solve ended; the value is the sentence that users read."""

    OPTIMAL = "solved to the gap asked for"
    TIME_LIMIT = "stopped at the time limit with the plan found so far"
    INTERRUPTED = "interrupted, with the plan found so far"
    INFEASIBLE = "no plan keeps all limits"
    FAILED = "the solver gave up without an answer"


@contextmanager
def _interrupts() -> Iterator[list[bool]]:
    """A list that is filled by Ctrl-C, which otherwise would break into the solver and lose what it found."""
    pressed: list[bool] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True)
class Problem:
    """minimise cost·x subject to row_lower ≤ matrix·x ≤ row_upper, lower ≤ x ≤ upper, some x integer."""

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    integer: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A solved problem: primal values, row duals, reduced costs, objective, bound and gap."""

    status: Status
    x: Floats
    row_dual: Floats
    reduced_cost: Floats
    objective: float
    bound: float
    gap: float
    pivots: int = 0


class Solver:
    """A problem held in the solver, solved again and again as bounds change.

    Every solve starts from the basis that `warm` stored, so that an answer does not depend on which
    solves came before it.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        names: tuple[list[str], list[str]] | None = None,
        threads: int | None = None,
    ):
        self._highs = highspy.Highs()
        self._highs.silent()
        self._basis: Any = None
        self._pressed: list[bool] = []
        for option, value in (("random_seed", 0), ("simplex_strategy", 1)):
            self._highs.setOptionValue(option, value)
        if threads is not None:
            # Once for a process: the solver refuses another number later.
            self._highs.setOptionValue("threads", threads)
        lp = highspy.HighsLp()
        columns = sparse.csc_matrix(problem.matrix)
        lp.num_row_, lp.num_col_ = columns.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.cost, problem.lower, problem.upper
        lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = columns.indptr, columns.indices
        lp.a_matrix_.value_ = columns.data
        if problem.integer is not None and problem.integer.any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(whole)] for whole in problem.integer]
        if names is not None:
            lp.col_names_, lp.row_names_ = names
        if self._highs.passModel(lp) == highspy.HighsStatus.kError:
            raise AnswerError("the solver refuses the problem: a coefficient or a bound is not a number")
        self._rows, self._columns = columns.shape
        self._mixed = problem.integer is not None and bool(problem.integer.any())

    def warm(self) -> None:
        """Prepare for many solves: no presolve, dual simplex, start from the basis of the last solve."""
        self._highs.setOptionValue("presolve", "off")
        self._highs.setOptionValue("solver", "simplex")
        self._basis = self._highs.getBasis()

    def solve_options(self, *, presolve: bool) -> None:
        """Whether every solve starts with a presolve; without one it goes on from the basis that is held."""
        self._highs.setOptionValue("presolve", "choose" if presolve else "off")

    def rewind(self) -> None:
        """Go back to the basis that `warm` stored, forgetting what later solves left behind."""
        self._highs.clearSolver()
        self._highs.setBasis(self._basis)

    def set_column_bounds(self, index: Ints, lower: Floats, upper: Floats) -> None:
        """New bounds for the columns at `index`."""
        self._highs.changeColsBounds(len(index), index.astype(np.int32), lower, upper)

    def set_row_bounds(self, index: Ints, lower: Floats, upper: Floats) -> None:
        """New bounds for the rows at `index`."""
        self._highs.changeRowsBounds(len(index), index.astype(np.int32), lower, upper)

    def add_rows(self, lower: Floats, upper: Floats, matrix: sparse.csr_matrix) -> None:
        """Append rows; the basis that is held stays dual feasible."""
        self._highs.addRows(
            len(lower), lower, upper, matrix.nnz,
            matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data,
        )  # fmt: skip

    def delete_rows(self, index: Ints) -> None:
        """Take rows out; later ones move up."""
        self._highs.deleteRows(len(index), index.astype(np.int32))

    def set_integer(self, integer: NDArray[np.bool_]) -> None:
        """Which columns are integer from now on."""
        kinds = np.where(integer, 1, 0).astype(np.uint8)
        self._highs.changeColsIntegrality(len(kinds), np.arange(len(kinds), dtype=np.int32), kinds)
        self._mixed = bool(integer.any())

    def set_start(self, index: Ints, value: Floats) -> None:
        """A first guess for some columns of a mixed-integer solve; the solver completes it if it can."""
        self._highs.setSolution(len(index), index.astype(np.int32), value.astype(np.float64))

    def solve(
        self,
        *,
        gap: float = 0.0,
        time_limit: float | None = None,
        target: float | None = None,
        progress: Callable[[float, float, float], None] | None = None,
        keep: bool = False,
        nodes: int | None = None,
        enough: float | None = None,
    ) -> Answer:
        """Solve; `progress(seconds, bound, objective)` is called now and then. Ctrl-C ends with what was found.

        A mixed-integer solve stops as soon as it has a solution of at most `target` or a bound of `enough`, or after
        `nodes`. With `keep`, the solve goes on from where the last one ended.
        """
        highs = self._highs
        if self._basis is not None and not keep:
            highs.setBasis(self._basis)
        if self._mixed:
            highs.setOptionValue("mip_rel_gap", gap)
        if nodes is not None:
            highs.setOptionValue("mip_max_nodes", nodes)
        if target is not None:
            highs.setOptionValue("objective_target", float(target))
        if time_limit is not None:
            highs.setOptionValue("time_limit", highs.getRunTime() + float(time_limit))
        if progress is None and not self._mixed:
            highs.run()
            if highs.getModelStatus() in (
                highspy.HighsModelStatus.kUnknown,
                highspy.HighsModelStatus.kSolveError,
            ):
                # Where a warm start has led into numerical trouble, a fresh one mostly does not.
                highs.clearSolver()
                highs.run()
            return self._answer()
        with _interrupts() as pressed:
            self._pressed = pressed
            self._watch(pressed, progress or (lambda *_: None), enough)
            highs.run()
        answer = self._answer()
        if pressed and answer.status is not Status.INTERRUPTED:
            # It came too late to end this solve, and must not be lost on those that follow.
            signal.raise_signal(signal.SIGINT)
        return answer

    def _watch(
        self, pressed: list[bool], progress: Callable[[float, float, float], None], enough: float | None
    ) -> None:
        """Call `progress` a few times a second while the solver works, and end it in good order after Ctrl-C."""
        last = -1.0

        def told(event: Any) -> None:
            nonlocal last
            data = event.data_out
            if pressed or (enough is not None and data.mip_dual_bound >= enough):
                event.interrupt()
            elif data.running_time - last >= 0.2:
                last = data.running_time
                progress(data.running_time, data.mip_dual_bound, data.mip_primal_bound)

        if self._mixed:
            self._highs.cbMipInterrupt += told
        else:
            self._highs.cbSimplexInterrupt += told

    def _answer(self) -> Answer:
        highs = self._highs
        model, info = highs.getModelStatus(), highs.getInfo()
        found = info.primal_solution_status == 2  # kSolutionStatusFeasible
        named = {
            highspy.HighsModelStatus.kOptimal: Status.OPTIMAL,
            highspy.HighsModelStatus.kInfeasible: Status.INFEASIBLE,
            highspy.HighsModelStatus.kUnboundedOrInfeasible: Status.INFEASIBLE,
            highspy.HighsModelStatus.kTimeLimit: Status.TIME_LIMIT if found else Status.FAILED,
            highspy.HighsModelStatus.kInterrupt: Status.INTERRUPTED if self._pressed else Status.OPTIMAL,
            highspy.HighsModelStatus.kObjectiveTarget: Status.OPTIMAL,
            highspy.HighsModelStatus.kSolutionLimit: Status.TIME_LIMIT if found else Status.FAILED,
        }
        status = named.get(model, Status.FAILED)
        stopped = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt)
        if status is Status.FAILED and not self._mixed and model not in stopped:
            raise AnswerError(f"{Status.FAILED.value} ({highs.modelStatusToString(model)})")
        solution = highs.getSolution()
        x = np.asarray(solution.col_value, dtype=np.float64)
        objective = info.objective_function_value
        return Answer(
            status=status,
            x=x,
            row_dual=np.asarray(solution.row_dual, dtype=np.float64),
            reduced_cost=np.asarray(solution.col_dual, dtype=np.float64),
            objective=objective,
            bound=info.mip_dual_bound if self._mixed else objective,
            gap=info.mip_gap if self._mixed else 0.0,
            pivots=max(int(info.simplex_iteration_count), 0),
        )

    def ray(self) -> Floats:
        """After an infeasible solve: row weights that prove it (empty if the solver has none)."""
        _, there, ray = self._highs.getDualRay()
        return np.asarray(ray, dtype=np.float64) if there else np.zeros(0)

    def write(self, path: Path) -> None:
        """Write the problem as the solver holds it; the suffix (.lp or .mps) chooses the format."""
        self._highs.writeModel(str(path))
