"""The master problem: the first stage with what is known of the recourse, as cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..lp import Answer, Bools, Floats, Ints, Problem, Solver, Status
from .cuts import Pool
from .two_stage import TwoStage


@dataclass(frozen=True, slots=True)
class Cut:
    """theta_cluster >= constant + slope·x + eta_slope eta; with cluster -1 it says constant + slope·x <= 0."""

    cluster: int
    constant: float
    slope: sparse.csr_matrix  # (1, n)
    eta_slope: float

    @property
    def key(self) -> bytes:
        """The same for equal cuts."""
        head = np.array([self.cluster, self.constant, self.eta_slope])
        return head.tobytes() + self.slope.indices.tobytes() + self.slope.data.tobytes()

    def level(self, x: Floats, eta: float) -> float:
        """What the cut says at a point."""
        return float(self.constant + (self.slope @ x)[0] + self.eta_slope * eta)


class Master:
    """Columns x (n), theta (C, the risk-adjusted recourse of a cluster of samples) and eta (CVaR's quantile)."""

    def __init__(self, stages: TwoStage, cluster: Ints):
        self.stages, self.cluster = stages, cluster
        self.count = int(cluster.max()) + 1
        self.cuts: list[Cut] = []
        self._known: set[bytes] = set()
        self.open = np.zeros(self.count, dtype=bool)
        risk = stages.risk
        least = float(stages.weight[stages.weight > 0].min())
        # Beyond the least weight the tail is the worst sample alone, and larger numbers only hurt the solver.
        self.tail = min(risk.tail, 1.0 - least)
        self.step = risk.aversion / (1.0 - self.tail)
        self._lp = Solver(self.problem(integer=False))
        self._lp.solve_options(presolve=False)
        self.bound = -np.inf

    @property
    def width(self) -> int:
        """Number of the first stage's columns."""
        return len(self.stages.first.cost)

    def problem(self, *, integer: bool) -> Problem:
        """The master problem with all cuts so far."""
        first, n, count = self.stages.first, self.width, self.count
        averse = self.stages.risk.aversion > 0
        cost = np.concatenate([first.cost, self.open.astype(float), [self.stages.risk.aversion]])
        ready = self.open.all()
        free = np.where(self.open, np.inf, 0.0)
        if not ready:
            cost[n + count] = 0.0
        eta = np.inf if averse and ready else 0.0
        lower, upper = (
            np.concatenate([bound, sign * free, [sign * eta]])
            for bound, sign in ((first.lower, -1.0), (first.upper, 1.0))
        )
        rows = [sparse.hstack([first.matrix, sparse.csr_matrix((first.matrix.shape[0], count + 1))])]
        low, high = [first.row_lower], [first.row_upper]
        if self.stages.most is not None:
            row = np.concatenate([np.zeros(n), np.ones(count), [self.stages.risk.aversion]])
            rows.append(sparse.csr_matrix(row))
            low.append(np.full(1, -np.inf))
            high.append(np.full(1, self.stages.most if ready else np.inf))
        if self.cuts:
            matrix, least = self._rows(self.cuts)
            rows.append(matrix)
            low.append(least)
            high.append(np.full(len(least), np.inf))
        mask = np.zeros(n + count + 1, dtype=bool)
        mask[self.stages.integer] = integer
        return Problem(
            cost,
            lower,
            upper,
            sparse.vstack(rows, format="csr"),
            np.concatenate(low),
            np.concatenate(high),
            mask,
        )

    def _rows(self, cuts: list[Cut]) -> tuple[sparse.csr_matrix, Floats]:
        slopes = sparse.vstack([cut.slope for cut in cuts], format="csr")
        cluster = np.array([cut.cluster for cut in cuts])
        optimal = np.flatnonzero(cluster >= 0)
        theta = sparse.csr_matrix(
            (np.ones(len(optimal)), (optimal, cluster[optimal])), shape=(len(cuts), self.count)
        )
        eta = sparse.csr_matrix(-np.array([[cut.eta_slope] for cut in cuts]))
        matrix = sparse.hstack([-slopes, theta, eta], format="csr")
        return matrix, np.array([cut.constant for cut in cuts])

    def add(self, cuts: list[Cut]) -> None:
        """Put those cuts into the problem that it lacks; a cluster without any has not yet been counted."""
        cuts = list({cut.key: cut for cut in cuts if cut.key not in self._known}.values())
        self._known.update(cut.key for cut in cuts)
        if not cuts:
            return
        was = self.open.all()
        fresh = np.array(sorted({cut.cluster for cut in cuts if cut.cluster >= 0}), dtype=np.int64)
        opened = fresh[~self.open[fresh]]
        self.open[opened] = True
        self.cuts += cuts
        if len(opened) or was != self.open.all():
            self._lp = Solver(self.problem(integer=False))
            self._lp.solve_options(presolve=False)
        else:
            matrix, least = self._rows(cuts)
            self._lp.add_rows(least, np.full(len(least), np.inf), matrix)

    def relax(self) -> Answer:
        """The relaxation with the cuts so far; its objective is a lower bound as soon as every cluster is open."""
        answer = self._lp.solve(keep=True)
        if answer.status is Status.OPTIMAL and self.open.all():
            self.bound = max(self.bound, answer.objective)
        return answer

    def fixed(self, x: Floats) -> Solver:
        """The relaxation with the integer columns fixed as in x."""
        problem = self.problem(integer=False)
        lower, upper = problem.lower.copy(), problem.upper.copy()
        integer = self.stages.integer
        lower[integer] = upper[integer] = np.round(x[integer])
        return Solver(replace(problem, lower=lower, upper=upper))

    def cut(self, pool: Pool, which: Ints, tail: Bools) -> list[Cut]:
        """One cut per cluster from the pieces `which` (S,), with the samples in `tail` (S,) counted to the tail."""
        stages, cuts = self.stages, []
        factor = stages.weight * ((1 - stages.risk.aversion) + self.step * tail)
        for c in range(self.count):
            mine = np.flatnonzero(self.cluster == c)
            constant, slope = pool.combined(mine, which[mine], factor[mine])
            eta_slope = -self.step * float(stages.weight[mine][tail[mine]].sum())
            cuts.append(Cut(c, constant, sparse.csr_matrix(slope), eta_slope))
        return cuts

    @staticmethod
    def proof(pool: Pool, sample: int, piece: int) -> Cut:
        """The cut that keeps a sample feasible."""
        constant, slope = pool.combined(np.array([sample]), np.array([piece]), np.ones(1))
        return Cut(-1, constant, sparse.csr_matrix(slope), 0.0)
