"""The state of a solve, and what all its phases use: exact values, cuts, the best decision, reasons to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..lp import Bools, Floats, Ints, Status
from .cuts import Pool
from .engines import Engine
from .master import Cuts, Master, joined
from .two_stage import TwoStage, objective

BLOCK = 16
"""Most samples in a block: enough to profit from each other's bases, few enough to share out."""
TIE = 1e-9
"""What part of a value is rounding."""
WHOLE = 1e-6
"""What solvers may be wrong by: an integer, a row with its coefficients, a value with its size."""
LIMIT = 1e-7
"""What part of itself the limit on the objective may be exceeded by."""

Progress = Callable[[float, float, float, str], None]
"""Seconds so far, bound, value, and the phase."""


class Stop(Exception):  # noqa: N818
    """Time is up, Ctrl-C was pressed, the gap is reached, or nothing is feasible."""


@dataclass(frozen=True, slots=True)
class Round:
    """One line of the log."""

    seconds: float
    phase: str
    bound: float
    value: float
    pieces: int


@dataclass
class Search:
    """A solve under way."""

    stages: TwoStage
    engine: Engine
    gap: float
    absolute: float
    time_limit: float
    clusters: int
    progress: Progress | None
    begun: float = field(default_factory=time.monotonic)
    pressed: bool = False
    status: Status = Status.TIME_LIMIT
    bound: float = -np.inf
    value: float = np.inf
    solved: int = 0
    pivots: int = 0
    root: float = -np.inf

    def __post_init__(self) -> None:
        stages = self.stages
        self.pool = Pool(stages)
        self.blocks = _parts(stages, lambda count: -(-count // BLOCK))
        share = self.clusters / len(stages)
        self.master = Master(
            stages, _clusters(stages, lambda count: min(count, max(round(share * count), 1)))
        )
        self.x, self.recourse = np.zeros(0), np.zeros(0)
        self.root_x, self.reduced = np.zeros(self.master.width), np.zeros(self.master.width)
        self.dual = np.zeros(len(stages.first.row_upper))
        self._slack = WHOLE * np.maximum(np.asarray(abs(stages.first.matrix).sum(axis=1)).ravel(), 1.0)
        self.rounds: list[Round] = []

    @property
    def mixed(self) -> bool:
        """Whether the first stage has integers."""
        return len(self.stages.integer) > 0

    def left(self) -> float:
        """Seconds that are left."""
        return self.time_limit - (time.monotonic() - self.begun)

    @property
    def closed(self) -> bool:
        """Whether bound and value are as near as is asked for."""
        return bool(np.isfinite(self.value) and self.value - self.bound <= self.room(self.value))

    def room(self, value: float, part: float = 1.0) -> float:
        """How near to a value the bound must come; `part` is a part of the gap, not of what is only rounding."""
        return max(part * self.gap * abs(value), self.absolute, TIE * abs(value))

    def check(self) -> None:
        """Stop where there is reason to."""
        if self.closed:
            self.status = Status.OPTIMAL
        elif self.pressed:
            self.status = Status.INTERRUPTED
        elif self.left() > 0:
            return
        raise Stop

    def over(self) -> None:
        """Nothing is left to be learned: what remains between bound and value is within what solvers are wrong by."""
        self.check()
        apart = self.value - self.bound
        near = np.isfinite(apart) and apart <= WHOLE * max(1.0, abs(self.value))
        self.status = Status.OPTIMAL if near else Status.FAILED

    def infeasible(self) -> None:
        """Nothing can be decided, or nothing better than what was found."""
        found = np.isfinite(self.value)
        self.bound = self.value if found else np.inf
        self.status = Status.OPTIMAL if found else Status.INFEASIBLE
        raise Stop

    def raise_bound(self, bound: float) -> None:
        """Nothing can be better than `bound` unless it is no better than the best decision."""
        self.bound = max(self.bound, min(bound, self.value))

    def told(self, phase: str) -> None:
        """Write a line of the log."""
        now = time.monotonic() - self.begun
        self.rounds.append(Round(now, phase, self.bound, self.value, len(self.pool)))
        if self.progress:
            self.progress(now, self.bound, self.value, phase)

    def evaluate(self, x: Floats) -> Floats:
        """(S,) the recourse of every sample at x, exactly; what it teaches goes into the pool."""
        pieces = self.engine.solve(self.blocks, x)
        self.pool.add(pieces)
        values = np.empty(len(self.stages))
        for piece in pieces:
            values[piece.sample] = piece.value
        self.solved += len(values)
        self.pivots += sum(piece.pivots for piece in pieces)
        worth = self.worth(x, values)
        if worth < self.value and self.allowed(x):
            self.x, self.value, self.recourse = x.copy(), worth, values.copy()
        return values

    def allowed(self, x: Floats) -> bool:
        """Whether x keeps what the first stage asks for."""
        first, whole = self.stages.first, x[self.stages.integer]
        row = first.matrix @ x
        return bool(
            (np.abs(whole - np.round(whole)) <= WHOLE).all()
            and (x >= first.lower - WHOLE).all() and (x <= first.upper + WHOLE).all()
            and (row >= first.row_lower - self._slack).all() and (row <= first.row_upper + self._slack).all()
        )  # fmt: skip

    def worth(self, x: Floats, values: Floats) -> float:
        """The objective at x; infinite where the second stage has no solution or loses more than it may."""
        if not np.isfinite(values).all():
            return np.inf
        loss = objective(values, self.stages.weight, self.stages.risk)
        most = self.stages.most
        if most is not None and loss > most + LIMIT * max(1.0, abs(most)):
            return np.inf
        return float(self.stages.first.cost @ x) + loss

    def cuts(self, x: Floats, eta: float = np.inf, values: Floats | None = None) -> Cuts:
        """Cuts at x from the pool; the tail is told by `values` (S,) or by what the pool says."""
        found, which = self.pool.best(x)
        cuts = [self.master.proofs(self.pool, *self.pool.broken(x))]
        if (which >= 0).all():
            seen = found if values is None or not np.isfinite(values).all() else values
            cuts += [self.master.cuts(self.pool, which, tail) for tail in self._tails(seen, eta)]
        return joined(cuts)

    def try_out(self, x: Floats, phase: str) -> tuple[float, int]:
        """Evaluate a point, learn from it; its worth, and the number of cuts that it gave."""
        values = self.evaluate(x)
        fresh = self.master.add(self.cuts(x, values=values))
        self.told(phase)
        return self.worth(x, values), fresh

    def quantile(self, values: Floats) -> float:
        """The value above which at most 1 - tail of the weight lies."""
        order = np.argsort(-values, kind="stable")
        above = np.cumsum(self.stages.weight[order])
        place = int(np.searchsorted(above, 1.0 - self.master.tail + 1e-12))
        return float(values[order[min(place, len(order) - 1)]])

    def _tails(self, values: Floats, eta: float) -> list[Bools]:
        """The sets of samples (S,) that a cut may count to the tail: above the master's eta, and above the quantile.

        Samples that lie at the quantile itself are tried on both sides of it; until every cluster is open, so are all
        and none, between which eta is bounded.
        """
        nobody = np.zeros(len(values), dtype=bool)
        if self.stages.risk.aversion <= 0:
            return [nobody]
        quantile = self.quantile(values)
        near = TIE * max(1.0, abs(quantile))
        found = [values > eta, values > quantile + near, values > quantile - near]
        if not self.master.open.all():
            found += [nobody, ~nobody]
        return list({tail.tobytes(): tail for tail in found}.values())


def _parts(stages: TwoStage, number: Callable[[int], int]) -> list[Ints]:
    """The samples of each kind in `number` nearly equal parts."""
    found: list[Ints] = []
    for kind in np.unique(stages.kind):
        mine = np.flatnonzero(stages.kind == kind)
        found += np.array_split(mine, number(len(mine)))
    return found


def _clusters(stages: TwoStage, number: Callable[[int], int]) -> Ints:
    """(S,) the part that every sample belongs to."""
    cluster = np.zeros(len(stages), dtype=np.int64)
    for c, part in enumerate(_parts(stages, number)):
        cluster[part] = c
    return cluster
