"""The integer L-shaped method: a master problem that learns from the samples' dual solutions.

Van Slyke and Wets (1969, SIAM J. Appl. Math. 17:638) with several cuts a round (Birge and Louveaux 1988, EJOR 34:384),
in-out separation (Ben-Ameur and Neto 2007, Networks 49:3), dual solutions shared between samples, and a
first stage with integers solved by cuts in rounds (Laporte and Louveaux 1993, Oper. Res. Lett. 13:133): the recourse
is linear, so that every cut holds at fractional points too. Three phases:

1. root: the relaxation is solved by cuts alone, at points between the best known and the master's.
2. dive: the integer columns that the relaxation uses hold a first good decision.
3. proof: what reduced costs rule out is fixed, and the master with integers is solved until its bound meets.

At every moment `bound` is what no decision can beat (on these samples), `value` what the best one reaches.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from ..lp import Answer, Bools, Floats, Ints, Problem, Solver, Status
from .cuts import Pool
from .engines import Engine, start
from .master import Cut, Master
from .two_stage import TwoStage, objective

BLOCK = 16
"""Most samples in a block: enough to profit from each other's bases, few enough to share out."""
CLUSTERS = 64
"""Most clusters of samples with a cut of their own in a round."""
MIXED = 0.2
"""Part of the master's point in the point at which cuts are sought; the rest is the best point so far."""
STALLED = 30
"""Rounds without a better bound after which the root is done."""
USED = 1e-6
TIE = 1e-9
POLISH = 4
NODES = 2000

Progress = Callable[[float, float, float, str], None]
"""Seconds so far, bound, value, and the phase."""


@dataclass(frozen=True, slots=True)
class Round:
    """One line of the log."""

    seconds: float
    phase: str
    bound: float
    value: float
    pieces: int


@dataclass(frozen=True, slots=True)
class Result:
    """What the method found: the first stage x (n,), its value, the bound, and how it went.

    `recourse` (S,) is the recourse of every sample at x. `dual` (rows,) and `reduced` (n,) are those of the
    relaxation. `pool` warms a later solve of a programme with the same recourse problems.
    """

    status: Status
    x: Floats
    value: float
    bound: float
    recourse: Floats
    root: float
    root_x: Floats
    dual: Floats
    reduced: Floats
    pool: Pool
    rounds: tuple[Round, ...]
    solved: int
    pivots: int

    @property
    def gap(self) -> float:
        """(value - bound) / |value|."""
        apart = self.value - self.bound
        return (
            max(apart, 0.0) / abs(self.value) if abs(self.value) > 1e-12 else (0.0 if apart <= 1e-9 else 1.0)
        )


def solve(
    stages: TwoStage,
    *,
    gap: float = 0.01,
    time_limit: float = 600.0,
    absolute: float = 1e-9,
    engine: str | Engine = "local",
    workers: int | None = None,
    pool: Pool | None = None,
    starts: Iterable[Floats] = (),
    propose: Callable[[Floats], Iterable[Floats]] | None = None,
    clusters: int = CLUSTERS,
    progress: Progress | None = None,
) -> Result:
    """The best decision found when the gap (relative, or `absolute`) is reached, time is up, or Ctrl-C is pressed.

    `pool` holds dual solutions of an earlier solve with the same recourse problems, `starts` first-stage points that
    are tried first, `propose` turns a relaxed first stage into such points. The answer does not
    depend on `engine` or `workers`.
    """
    method = _Method(stages, gap, absolute, time_limit, clusters, progress)
    if pool is not None:
        method.pool.adopt(pool)
    method.engine = start(stages, engine, workers)
    try:
        with _interrupts(method):
            method.run(starts, propose)
    finally:
        if isinstance(engine, str):
            method.engine.close()
    return method.result()


class _Stop(Exception):  # noqa: N818
    """Time is up, Ctrl-C was pressed, or the gap is reached."""


@dataclass
class _Method:
    """The state of a solve."""

    stages: TwoStage
    gap: float
    absolute: float
    time_limit: float
    clusters: int
    progress: Progress | None
    begun: float = field(default_factory=time.monotonic)
    pressed: bool = False
    engine: Engine = None  # type: ignore[assignment]
    status: Status = Status.TIME_LIMIT
    bound: float = -np.inf
    value: float = np.inf
    solved: int = 0
    pivots: int = 0
    root: float = -np.inf

    def __post_init__(self) -> None:
        stages = self.stages
        self.pool = Pool(stages)
        self.blocks = _blocks(stages, BLOCK)
        self.master = Master(stages, _clusters(stages, self.clusters))
        n = len(stages.first.cost)
        self.x = np.zeros(0)
        self.recourse = np.zeros(0)
        self.dual, self.reduced = np.zeros(len(stages.first.row_upper)), np.zeros(n)
        self.root_x = np.zeros(n)
        self.rounds: list[Round] = []
        self.mixed = len(stages.integer) > 0
        self.eta = 0.0

    # --- What every phase uses

    def left(self) -> float:
        return self.time_limit - (time.monotonic() - self.begun)

    def check(self) -> None:
        """Stop where there is reason to."""
        if self.pressed:
            self.status = Status.INTERRUPTED
            raise _Stop
        if self.left() <= 0:
            raise _Stop
        if self.closed():
            self.status = Status.OPTIMAL
            raise _Stop

    def closed(self) -> bool:
        apart = self.value - self.bound
        return bool(apart <= max(self.gap * abs(self.value), self.absolute)) if np.isfinite(apart) else False

    def told(self, phase: str, pieces: int = 0) -> None:
        now = time.monotonic() - self.begun
        self.rounds.append(Round(now, phase, self.bound, self.value, pieces))
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
        return values

    def worth(self, x: Floats, values: Floats) -> float:
        if not np.isfinite(values).all():
            return np.inf
        loss = objective(values, self.stages.weight, self.stages.risk)
        if self.stages.most is not None and loss > self.stages.most + 1e-9:
            return np.inf
        return float(self.stages.first.cost @ x) + loss

    def keep(self, x: Floats, values: Floats) -> None:
        """Remember x if it is whole and better."""
        worth = self.worth(x, values)
        if worth < self.value and (not self.mixed or _whole(self.stages, x)):
            self.x, self.value, self.recourse = x.copy(), worth, values.copy()

    def learn(self, x: Floats, eta: float, values: Floats | None = None) -> list[Cut]:
        """Cuts at x from the pool; the tail is told by `values` or by what the pool says."""
        found, which = self.pool.best(x)
        cuts = [self.master.proof(self.pool, s, k) for s, k in self.pool.broken(x)]
        if (which < 0).any():
            return cuts
        seen = found if values is None or not np.isfinite(values).all() else values
        for tail in self.tails(seen, eta):
            cuts += self.master.cut(self.pool, which, tail)
        return cuts

    def tails(self, values: Floats, eta: float) -> list[Bools]:
        """The sets of samples (S,) that a cut may count to the tail: above the master's eta, and above the quantile.

        Samples that lie at the quantile itself are tried on both sides of it; until every cluster is open, so are all
        and none, between which eta is bounded.
        """
        nobody = np.zeros(len(values), dtype=bool)
        if self.stages.risk.aversion <= 0:
            return [nobody]
        quantile = _quantile(values, self.stages.weight, self.master.tail)
        near = TIE * max(1.0, abs(quantile))
        found = [values > eta, values > quantile + near, values > quantile - near]
        if not self.master.open.all():
            found += [nobody, ~nobody]
        return list({tail.tobytes(): tail for tail in found}.values())

    # --- Phases

    def run(self, starts: Iterable[Floats], propose: Callable[[Floats], Iterable[Floats]] | None) -> None:
        try:
            for x in starts:
                self.try_out(x, "start")
            self.relaxation()
            if not self.mixed:
                self.status = Status.OPTIMAL if self.closed() else self.status
                return
            if propose is not None:
                for x in propose(self.root_x):
                    self.polish(x, "dive")
            self.dive()
            self.prove()
        except _Stop:
            pass

    def try_out(self, x: Floats, phase: str) -> Floats:
        """Evaluate a point, keep it if it is good, learn from it."""
        values = self.evaluate(x)
        self.keep(x, values)
        self.master.add(self.learn(x, np.inf, values))
        self.told(phase, len(self.pool))
        return values

    def relaxed(self) -> Answer:
        """The master's relaxation; what it says no decision can beat."""
        answer = self.master.relax()
        if answer.status is not Status.OPTIMAL:
            self.status = Status.INFEASIBLE
            raise _Stop
        self.bound = max(self.bound, self.master.bound)
        return answer

    def relaxation(self) -> None:
        """The root: cuts until the bound is as good as the best point, or does not move."""
        n = len(self.stages.first.cost)
        answer = self.relaxed()
        inner, best, stalled, outer_only = None, np.inf, 0, False
        before = -np.inf
        while True:
            self.check()
            out, eta = answer.x[:n], float(answer.x[-1])
            share = 1.0 if inner is None or outer_only else MIXED
            point = out if inner is None or share == 1.0 else share * out + (1 - share) * inner[0]
            eta_point = eta if inner is None or share == 1.0 else share * eta + (1 - share) * inner[1]
            values = self.evaluate(point)
            worth = self.worth(point, values)
            self.keep(point, values)
            if worth < best:
                best, inner = worth, (point, _quantile(values, self.stages.weight, self.master.tail))
            cuts = self.learn(point, eta_point, values)
            broken = _broken(cuts, answer.x, self.master)
            outer_only = not broken
            self.master.add(broken)
            if not broken and share == 1.0:
                break
            if broken:
                answer = self.relaxed()
            self.told("root", len(self.pool))
            tolerance = max(self.gap / 10, 1e-7) * max(abs(best), 1e-9)
            if best - self.bound <= max(tolerance, self.absolute / 2):
                break
            stalled = 0 if self.bound > before + tolerance / 5 else stalled + 1
            before = max(before, self.bound)
            if stalled >= STALLED and self.mixed:
                break
        self.root, self.root_x = self.bound, answer.x[:n].copy()
        self.dual = answer.row_dual[: len(self.dual)].copy()
        self.reduced = answer.reduced_cost[:n].copy()
        self.check()

    def polish(self, x: Floats, phase: str) -> None:
        """With the integers of x, the best of everything else."""
        n = len(self.stages.first.cost)
        best = np.inf
        for _ in range(POLISH):
            self.check()
            answer = self.master.fixed(x).solve()
            if answer.status is not Status.OPTIMAL or answer.objective >= self.value - self.absolute:
                return
            point = answer.x[:n]
            values = self.try_out(point, phase)
            worth = self.worth(point, values)
            if worth - answer.objective <= max(self.gap / 5 * abs(worth), self.absolute) or worth >= best:
                return
            best = worth

    def dive(self) -> None:
        """The integer columns that the relaxation uses, and no others, hold a first decision."""
        problem = self.master.problem(integer=True)
        integer = self.stages.integer
        upper = problem.upper.copy()
        upper[integer] = np.where(self.root_x[integer] > USED, upper[integer], problem.lower[integer])
        self.branch(replace(problem, upper=upper), "dive")

    def prove(self) -> None:
        """The whole master with integers, less what reduced costs rule out, again and again."""
        while True:
            self.check()
            problem = self.fixed_by_cost(self.master.problem(integer=True))
            if not self.branch(problem, "proof", whole=True):
                return

    def fixed_by_cost(self, problem: Problem) -> Problem:
        """Integer columns whose other value costs more than the best decision are fixed."""
        if not np.isfinite(self.value):
            return problem
        integer = self.stages.integer
        room = self.value - self.root
        cost = self.reduced[integer]
        lower, upper = problem.lower.copy(), problem.upper.copy()
        at_low = (cost > room) & (np.abs(self.root_x[integer] - lower[integer]) < USED)
        at_high = (-cost > room) & (np.abs(self.root_x[integer] - upper[integer]) < USED)
        upper[integer[at_low]] = lower[integer[at_low]]
        lower[integer[at_high]] = upper[integer[at_high]]
        return replace(problem, lower=lower, upper=upper)

    def branch(self, problem: Problem, phase: str, *, whole: bool = False) -> bool:
        """Solve a master with integers and try out what it finds; false when there is nothing more to find."""
        n = len(self.stages.first.cost)
        solver = Solver(problem)
        if np.isfinite(self.value):
            solver.set_start(np.arange(n), self.x)
        answer = solver.solve(
            gap=self.gap / 4, time_limit=max(self.left(), 0.1), nodes=NODES if not whole else None
        )
        if answer.status is Status.INTERRUPTED:
            self.pressed = True
        if answer.status is Status.INFEASIBLE:
            if whole:
                # Nothing better than the best decision is left.
                self.bound = self.value
                self.status = Status.OPTIMAL if np.isfinite(self.value) else Status.INFEASIBLE
            return False
        if whole and np.isfinite(answer.bound):
            self.bound = max(self.bound, min(answer.bound, self.value))
        if not len(answer.x) or answer.status is Status.FAILED:
            self.check()
            return False
        self.check()
        x = answer.x[:n].copy()
        x[self.stages.integer] = np.round(x[self.stages.integer])
        before = len(self.master.cuts), self.value, self.bound
        self.try_out(x, phase)
        self.check()
        self.polish(x, phase)
        return before != (len(self.master.cuts), self.value, self.bound)

    def result(self) -> Result:
        if not np.isfinite(self.value) and self.status is not Status.INFEASIBLE:
            self.status = Status.FAILED if self.status is Status.OPTIMAL else self.status
        return Result(
            self.status, self.x, self.value, self.bound, self.recourse, self.root, self.root_x,
            self.dual, self.reduced, self.pool, tuple(self.rounds), self.solved, self.pivots,
        )  # fmt: skip


def _blocks(stages: TwoStage, size: int) -> list[Ints]:
    """Samples of one kind in blocks of nearly equal size."""
    found = []
    for kind in np.unique(stages.kind):
        mine = np.flatnonzero(stages.kind == kind)
        found += np.array_split(mine, -(-len(mine) // size))
    return found


def _clusters(stages: TwoStage, most: int) -> Ints:
    """(S,) cluster of every sample: one each, or nearly equal parts of the samples of a kind."""
    cluster, count = np.zeros(len(stages), dtype=np.int64), 0
    kinds = np.unique(stages.kind)
    for kind in kinds:
        mine = np.flatnonzero(stages.kind == kind)
        parts = min(len(mine), max(round(most * len(mine) / len(stages)), 1))
        for part in np.array_split(mine, parts):
            cluster[part] = count
            count += 1
    return cluster


def _quantile(values: Floats, weight: Floats, tail: float) -> float:
    """The value above which at most 1 - tail of the weight lies."""
    order = np.argsort(-values, kind="stable")
    above = np.cumsum(weight[order])
    return float(values[order[min(int(np.searchsorted(above, 1.0 - tail + 1e-12)), len(order) - 1)]])


def _broken(cuts: list[Cut], x: Floats, master: Master) -> list[Cut]:
    """The cuts that the master's point breaks."""
    n = master.width
    found = []
    for cut in cuts:
        level = cut.level(x[:n], float(x[-1]))
        if cut.cluster < 0:
            broken = level > 1e-9
        else:
            theta = float(x[n + cut.cluster])
            broken = not master.open[cut.cluster] or level > theta + 1e-9 * max(1.0, abs(level))
        if broken:
            found.append(cut)
    return found


def _whole(stages: TwoStage, x: Floats) -> bool:
    part = x[stages.integer]
    return bool((np.abs(part - np.round(part)) <= 1e-6).all())


@contextmanager
def _interrupts(method: _Method) -> Iterator[None]:
    """Ctrl-C sets a flag that every phase looks at."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def press(*_: object) -> None:
        method.pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
