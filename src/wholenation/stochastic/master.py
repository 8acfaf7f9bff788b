"""The master problem: the first stage with what is known of the recourse, as cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..errors import AnswerError
from ..lp import Answer, Bools, Floats, Ints, Problem, Solver, Status
from .cuts import Pool
from .two_stage import TwoStage

TIGHT = 1e-6
"""A cut that is exceeded by less holds with equality."""
BOX = 1e3
WIDEST = 1e9
"""How far columns without a bound may go, at first and at last, as long as no cut holds them back."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """theta_cluster >= constant + slope·x + eta_slope eta; with cluster -1 a cut says constant + slope·x <= 0."""

    cluster: Ints  # (m,)
    constant: Floats  # (m,)
    slope: sparse.csr_matrix  # (m, n)
    eta_slope: Floats  # (m,)

    def __len__(self) -> int:
        return len(self.cluster)

    def __getitem__(self, which: Bools | Ints) -> Cuts:
        return Cuts(self.cluster[which], self.constant[which], self.slope[which], self.eta_slope[which])

    def broken(self, x: Floats) -> Bools:
        """(m,) whether a point of the master, (n + C + 1,), breaks them."""
        n = self.slope.shape[1]
        level = self.constant + self.slope @ x[:n] + self.eta_slope * x[-1]
        theta = np.where(self.cluster >= 0, x[n + self.cluster], 0.0)
        broken: Bools = level > theta + 1e-9 * np.maximum(1.0, np.abs(level))
        return broken

    def keys(self) -> list[bytes]:
        """For each cut, the same as for an equal one."""
        slope, head = self.slope, np.column_stack([self.cluster, self.constant, self.eta_slope])
        ends = slope.indptr
        return [
            line.tobytes() + slope.indices[low:high].tobytes() + slope.data[low:high].tobytes()
            for line, low, high in zip(head, ends[:-1], ends[1:], strict=True)
        ]


def joined(parts: list[Cuts]) -> Cuts:
    """One after the other."""
    return Cuts(
        np.concatenate([part.cluster for part in parts]), np.concatenate([part.constant for part in parts]),
        sparse.vstack([part.slope for part in parts], format="csr"),
        np.concatenate([part.eta_slope for part in parts]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the master's points: bounds of its integer columns (I,) and of the sums of its groups (G,)."""

    lower: Floats
    upper: Floats
    least: Floats
    most: Floats


class Master:
    """Columns x (n), theta (C, the risk-adjusted recourse of a cluster of samples) and eta (CVaR's quantile)."""

    def __init__(self, stages: TwoStage, cluster: Ints):
        self.stages, self.cluster = stages, cluster
        self.count = int(cluster.max()) + 1
        self.width = len(stages.first.cost)
        self.open = np.zeros(self.count, dtype=bool)
        self.bound = -np.inf
        self.box = BOX
        least = float(stages.weight[stages.weight > 0].min())
        # Beyond the least weight the tail is the worst sample alone, and larger numbers only hurt the solver.
        self.tail = min(stages.risk.tail, 1.0 - least)
        self.step = stages.risk.aversion / (1.0 - self.tail)
        self._known: set[bytes] = set()
        self._rows = sparse.csr_matrix((0, self.width + self.count + 1))
        self._least = np.zeros(0)
        ones = [np.ones(len(group)) for group in stages.groups]
        rows = np.repeat(np.arange(len(ones)), [len(group) for group in stages.groups])
        place = (rows, np.concatenate(stages.groups)) if ones else (rows, rows)
        data = np.concatenate(ones) if ones else np.zeros(0)
        self.sums = sparse.csr_matrix((data, place), shape=(len(ones), self.width + self.count + 1))
        self._lp = self._begin()

    def __len__(self) -> int:
        return len(self._least)

    def problem(self, *, whole: bool = False, tight: Floats | None = None, fresh: int = 0) -> Problem:
        """The master: the first stage (with its integers if `whole`), a row for every group's sum, and the cuts.

        With a point `tight`, of the first `fresh` cuts only those that hold there with equality.
        """
        first, n, count = self.stages.first, self.width, self.count
        ready = bool(self.open.all())
        averse = self.stages.risk.aversion > 0 and ready
        cost = np.concatenate([first.cost, self.open.astype(float), [self.stages.risk.aversion * ready]])
        free = np.append(np.where(self.open, np.inf, 0.0), np.inf if averse else 0.0)
        rows = [sparse.hstack([first.matrix, sparse.csr_matrix((first.matrix.shape[0], count + 1))])]
        rows.append(self.sums)
        groups = self.sums.shape[0]
        low, high = [first.row_lower, np.zeros(groups)], [first.row_upper, np.full(groups, np.inf)]
        if self.stages.most is not None:
            loss = np.concatenate([np.zeros(n), np.ones(count), [self.stages.risk.aversion]])
            rows.append(sparse.csr_matrix(loss))
            low.append(np.full(1, -np.inf))
            high.append(np.full(1, self.stages.most if ready else np.inf))
        kept = np.ones(len(self), dtype=bool)
        if tight is not None:
            kept[:fresh] = (self._rows @ tight - self._least)[:fresh] <= TIGHT
        rows.append(self._rows[kept])
        low.append(self._least[kept])
        high.append(np.full(int(kept.sum()), np.inf))
        mask = np.zeros(n + count + 1, dtype=bool)
        mask[self.stages.integer] = whole
        return Problem(
            cost, np.append(first.lower, -free), np.append(first.upper, free),
            sparse.vstack(rows, format="csr"), np.concatenate(low), np.concatenate(high), mask,
        )  # fmt: skip

    def lacks(self, cuts: Cuts, x: Floats) -> Cuts:
        """Those that the master's point x breaks, and those that are the first of their cluster."""
        opens = (cuts.cluster >= 0) & ~self.open[cuts.cluster]
        return cuts[cuts.broken(x) | opens]

    def add(self, cuts: Cuts) -> int:
        """Put those cuts into the problem that it lacks, and say how many; a cluster counts from its first one on."""
        fresh = {key: i for i, key in enumerate(cuts.keys()) if key not in self._known}
        if not fresh:
            return 0
        self._known.update(fresh)
        cuts = cuts[np.array(list(fresh.values()))]
        matrix, least = self._matrix(cuts)
        self._rows = sparse.vstack([self._rows, matrix], format="csr")
        self._least = np.append(self._least, least)
        before = int(self.open.sum())
        self.open[cuts.cluster[cuts.cluster >= 0]] = True
        if int(self.open.sum()) > before:
            self._lp = self._begin()
        else:
            self._lp.add_rows(least, np.full(len(least), np.inf), matrix)
        return len(cuts)

    def relax(self, part: Part | None = None) -> Answer:
        """The relaxation with the cuts so far, in a part of its points if one is given.

        Without one its bound is that of all points as soon as every cluster is open.
        """
        if part is None:
            answer = self._all()
            if answer.status is Status.OPTIMAL and self.open.all():
                self.bound = max(self.bound, answer.bound)
            return answer
        self._hold(self._lp, part)
        try:
            return self._lp.solve(keep=True)
        except AnswerError:
            # Where the warm solver has lost its way, a new one with a presolve finds it.
            fresh = Solver(self.problem())
            self._hold(fresh, part)
            return fresh.solve()
        finally:
            self._hold(self._lp, self.whole())

    def _all(self) -> Answer:
        """The relaxation; where it has no least point, the least of those in the box, which bounds nothing."""
        first = self.stages.first
        loose = np.flatnonzero(np.isinf(first.lower) | np.isinf(first.upper))
        lower, upper = first.lower[loose], first.upper[loose]
        try:
            return self._lp.solve(keep=True)
        except AnswerError:
            if not len(loose):
                raise
        while True:
            self._lp.set_column_bounds(
                loose,
                np.where(np.isinf(lower), np.minimum(upper, 0) - self.box, lower),
                np.where(np.isinf(upper), np.maximum(lower, 0) + self.box, upper),
            )
            try:
                answer = self._lp.solve(keep=True)
            finally:
                self._lp.set_column_bounds(loose, lower, upper)
            if answer.status is Status.OPTIMAL or self.box >= WIDEST:
                return replace(answer, bound=-np.inf)
            self.widen()

    def widen(self) -> None:
        """A box of ten times the size, unless it is the widest already, in which everything should have its place."""
        if self.box >= WIDEST:
            raise AnswerError(
                "the objective has no least value: a column of the first stage grows without end"
            )
        self.box *= 10

    def whole(self) -> Part:
        """All points."""
        integer, first = self.stages.integer, self.stages.first
        count = self.sums.shape[0]
        return Part(first.lower[integer], first.upper[integer], np.zeros(count), np.full(count, np.inf))

    def at(self, integers: Floats) -> Part:
        """The points with these integers."""
        return replace(self.whole(), lower=integers, upper=integers)

    def _hold(self, solver: Solver, part: Part) -> None:
        solver.set_column_bounds(self.stages.integer, part.lower, part.upper)
        if len(part.least):
            place = len(self.stages.first.row_upper) + np.arange(len(part.least))
            solver.set_row_bounds(place, part.least, part.most)

    def cuts(self, pool: Pool, which: Ints, tail: Bools) -> Cuts:
        """One cut per cluster from the pieces `which` (S,), with the samples in `tail` (S,) counted to the tail."""
        weight = self.stages.weight
        factor = weight * ((1 - self.stages.risk.aversion) + self.step * tail)
        everybody = np.arange(len(weight))
        constant, slope = pool.combined(everybody, which, factor, self.cluster, self.count)
        eta_slope = -self.step * np.bincount(self.cluster, weight * tail, self.count).astype(np.float64)
        return Cuts(np.arange(self.count), constant, slope, eta_slope)

    @staticmethod
    def proofs(pool: Pool, sample: Ints, piece: Ints) -> Cuts:
        """The cuts that keep samples feasible."""
        count = len(sample)
        constant, slope = pool.combined(sample, piece, np.ones(count), np.arange(count), count)
        return Cuts(np.full(count, -1), constant, slope, np.zeros(count))

    def _begin(self) -> Solver:
        solver = Solver(self.problem())
        solver.warm()
        return solver

    def _matrix(self, cuts: Cuts) -> tuple[sparse.csr_matrix, Floats]:
        """Rows and their least values."""
        optimal = np.flatnonzero(cuts.cluster >= 0)
        theta = sparse.csr_matrix(
            (np.ones(len(optimal)), (optimal, cuts.cluster[optimal])), shape=(len(cuts), self.count)
        )
        eta = sparse.csr_matrix(-cuts.eta_slope[:, None])
        return sparse.hstack([-cuts.slope, theta, eta], format="csr"), cuts.constant
