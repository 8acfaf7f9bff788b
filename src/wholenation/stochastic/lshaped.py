"""The integer L-shaped method: a master problem that learns from the samples' dual solutions.

Van Slyke and Wets (1969, SIAM J. Appl. Math. 17:638) with several cuts a round (Birge and Louveaux 1988, EJOR 34:384)
and dual solutions shared between samples. Three phases:

1. `root`: the relaxation is solved by cuts alone.
2. `integers.dive` and `integers.narrow`: good whole decisions within seconds.
3. `integers.prove`: a tree in which all nodes share their cuts, until its bound meets the best decision.

At every moment `bound` is what no decision can beat (on these samples), `value` what the best one reaches.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..lp import Floats, Status
from .cuts import Pool
from .engines import Engine, start
from .integers import PARTS, dive, narrow, polish, prove
from .journal import Journal, Remembered
from .root import solve_root
from .search import Progress, Round, Search, Stop
from .two_stage import TwoStage

USEFUL = 3.0
"""A decision within so many gaps of the bound is a useful one; the root stops for what is worse."""
CLUSTERS = 64
"""Most clusters of samples with a cut of their own in a round."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the method found: the first stage x (n,), its value, the bound, and how it went.

    `recourse` (S,) is the recourse of every sample at x. `dual` (rows,) and `reduced` (n,) are those of the
    relaxation at the root. `pool` warms a later solve of a programme with the same recourse problems.
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
        """(value - bound) / |value|, and 1 where there is nothing to compare."""
        apart = self.value - self.bound
        if not np.isfinite(apart):
            return 1.0
        return max(apart, 0.0) / abs(self.value) if abs(self.value) > 1e-12 else float(apart > 1e-9)


def solve(
    stages: TwoStage,
    *,
    gap: float = 0.01,
    absolute: float = 1e-9,
    time_limit: float = 600.0,
    engine: str | Engine = "local",
    workers: int | None = None,
    pool: Pool | None = None,
    starts: Iterable[Floats] = (),
    propose: Callable[[Floats], Iterable[Floats]] | None = None,
    clusters: int = CLUSTERS,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """The best decision found when the gap (relative, or `absolute`) is reached, time is up, or Ctrl-C is pressed.

    `pool` holds dual solutions of an earlier solve with the same recourse problems, `starts` first-stage points that
    are tried first, `propose` turns a relaxed first stage into whole ones. The answer does not depend on `engine` or
    `workers`. A solve that was cut off goes on from the file `checkpoint`, where it kept what it had solved, and ends
    at the same answer; the time that it took before does not count.
    """
    journal = None if checkpoint is None else Journal(checkpoint, stages)
    try:
        running = start(stages, engine, workers)
    except BaseException:
        if journal is not None:
            journal.close()
        raise
    asked = running if journal is None else Remembered(running, journal)
    search = Search(stages, asked, gap, absolute, time_limit, clusters, progress)
    try:
        if pool is not None:
            search.pool.adopt(pool)
        with _interrupts(search):
            _run(search, starts, propose)
    except Stop:
        pass
    finally:
        if isinstance(engine, str):
            running.close()
        if journal is not None:
            journal.close()
    if search.status is Status.OPTIMAL and not np.isfinite(search.value):
        search.status = Status.FAILED
    if search.pressed and search.status is not Status.INFEASIBLE:
        # Also where the gap was reached in that moment: whoever makes many plans must hear of it.
        search.status = Status.INTERRUPTED
    return Result(
        search.status, search.x, search.value, search.bound, search.recourse, search.root, search.root_x,
        search.dual, search.reduced, search.pool, tuple(search.rounds), search.solved, search.pivots,
    )  # fmt: skip


def _run(
    search: Search, starts: Iterable[Floats], propose: Callable[[Floats], Iterable[Floats]] | None
) -> None:
    for x in starts:
        search.try_out(x, "start")

    def try_early(near: bool) -> None:
        for x in propose(search.root_x) if propose else ():
            polish(search, x[search.stages.integer], "dive", rounds=2)
        if near and search.value - search.bound > search.room(search.value, USEFUL):
            narrow(search, PARTS[:1])

    solve_root(search, try_early if search.mixed else None)
    if not search.mixed:
        search.over()
        return
    for x in propose(search.root_x) if propose else ():
        polish(search, x[search.stages.integer], "dive")
    dive(search)
    narrow(search)
    prove(search)
    search.over()


@contextmanager
def _interrupts(search: Search) -> Iterator[None]:
    """Ctrl-C sets a flag that every phase looks at."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def press(*_: object) -> None:
        search.pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
