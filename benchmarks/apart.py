"""One solve of the planner's programme in a Python of its own: `python -m benchmarks.apart QUESTION`.

A fresh process gives an honest peak of memory, and no run profits from what another one left behind. The question
comes as JSON, and so goes the answer. The product's own path is timed, `plans.programme.solved` as `plan` calls it:
clocks are put around its engine and around the solver from outside.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import highspy

from benchmarks.peers import GRACE, highs_extensive
from benchmarks.synthetic import HOME, synthetic_chain
from benchmarks.timing import EXAMPLE, ROOT, going_on
from wholenation import read_chain
from wholenation.lp import Floats, Ints, Status
from wholenation.plans.programme import solved
from wholenation.plans.setting import Setting, draw, to_setting
from wholenation.plans.stages import to_stages
from wholenation.stochastic import lshaped
from wholenation.stochastic.blocks import Pieces
from wholenation.stochastic.engines import Engine, start
from wholenation.stochastic.two_stage import Risk

RISK = Risk(0.25, 0.9)
"""The planner's default."""
RUNS = 3


@dataclass(frozen=True)
class Question:
    """What to solve: an instance of `setting_of`, how many samples, to what gap, and for how long at most.

    `method` is `own` or `extensive` (HiGHS on the deterministic equivalent); `workers` None takes all cores.
    """

    instance: str
    samples: int
    gap: float
    limit: float
    workers: int | None = None
    method: str = "own"

    def __str__(self) -> str:
        way = "" if self.method == "own" else f", {self.method} form"
        alone = "" if self.workers is None else f", {plural(self.workers)}"
        return f"{self.instance}, {self.samples:,} samples{way}{alone}"


@dataclass(frozen=True)
class Found:
    """How a solve went. `rounds` are its log as (seconds, bound, value), `mib` the peaks of all its processes.

    `waited` are seconds until the second stages were solved (in other processes, where there are workers), `master`
    those in the solver for everything else, `inside` those in the solver for second stages in this process.
    """

    ended: bool
    seconds: float
    value: float
    bound: float
    mib: float
    rounds: tuple[tuple[float, float, float], ...] = ()
    solved: int = 0
    pivots: int = 0
    waited: float = 0.0
    master: float = 0.0
    inside: float = 0.0

    @property
    def gap(self) -> float:
        """(value - bound) / |value|, at most 1."""
        apart = max(self.value - self.bound, 0.0)
        return min(apart / abs(self.value), 1.0) if 0 < abs(self.value) < float("inf") else 1.0


def plural(workers: int) -> str:
    """Workers in words."""
    return f"{workers} worker{'s'[: workers != 1]}"


def setting_of(instance: str) -> Setting:
    """`synthetic`, `small` (a small one of that kind, for smoke runs), or a home of the example chain."""
    if instance == "synthetic":
        return to_setting(synthetic_chain(), HOME)
    if instance == "small":
        return to_setting(synthetic_chain(40, 5, 5, 30), HOME)
    return to_setting(read_chain(EXAMPLE), instance)


@cache
def apart(question: Question, run: int = 0) -> Found:
    """The answer of a fresh process; `run` tells repetitions apart, each of which is asked once in a session."""
    going_on(f"{question}, run {run + 1}, at most {question.limit:.0f} s")
    command = [sys.executable, "-m", "benchmarks.apart", json.dumps(asdict(question))]
    patience = 2 * question.limit + 5 * GRACE
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=patience
        )
    except subprocess.TimeoutExpired:
        return Found(False, patience, float("inf"), float("-inf"), float("nan"))
    told = json.loads(done.stdout.splitlines()[-1])
    return Found(**told | {"rounds": tuple(map(tuple, told["rounds"]))})


def repeated(question: Question, runs: int = RUNS) -> Found:
    """The run of median time; where the first one does not end in time, there is no other."""
    found = [apart(question)]
    if found[0].ended:
        found += [apart(question, run) for run in range(1, runs)]
    middle = median(sorted(one.seconds for one in found))
    return min(found, key=lambda one: abs(one.seconds - middle))


# --- Inside the process


class Clocks:
    """Seconds spent in an engine and in the solver, and the memory of the engine's processes before it ends."""

    def __init__(self) -> None:
        self.waited = self.master = self.inside = self.workers_mib = 0.0
        self._waiting = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Clocks around every engine that `lshaped.solve` starts, and around every run of the solver."""
        run = highspy.Highs.run

        def started(*given: Any) -> Engine:
            return _Watched(start(*given), self)

        def ran(highs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return run(highs)
            finally:
                taken = time.perf_counter() - begun
                if self._waiting:
                    self.inside += taken
                else:
                    self.master += taken

        with patch.object(lshaped, "start", started), patch.object(highspy.Highs, "run", ran):
            yield

    def wait(self, work: Callable[[], list[Pieces]]) -> list[Pieces]:
        """Do the engine's work."""
        begun, self._waiting = time.perf_counter(), True
        try:
            return work()
        finally:
            self._waiting = False
            self.waited += time.perf_counter() - begun


class _Watched:
    """An engine with a clock."""

    def __init__(self, engine: Engine, clocks: Clocks):
        self._engine, self._clocks = engine, clocks

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        return self._clocks.wait(lambda: self._engine.solve(blocks, x))

    def close(self) -> None:
        self._clocks.workers_mib = max(self._clocks.workers_mib, children_mib())
        self._engine.close()


def children_mib() -> float:
    """The peaks of the processes that this one has started and that still run, added up; 0 where nobody tells."""
    found = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(told["PPid"]) == os.getpid() and "VmHWM" in told:
            found += int(told["VmHWM"].split()[0]) / 1024
    return found


def own_mib() -> float:
    """This process's peak. The kernel's own mark where there is one: getrusage starts a child at its parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def answer(question: Question) -> Found:
    """Solve it here and now."""
    setting = setting_of(question.instance)
    drawn = draw(setting, question.samples, 0)
    if question.method == "extensive":
        stages = to_stages(
            setting.menu, setting.network, setting.horizon, setting.futures, drawn, RISK
        ).stages
        told = highs_extensive(stages, question.gap, question.limit)
        ended = told.gap <= question.gap + 1e-9
        return Found(ended, told.seconds, told.objective, told.bound, own_mib())
    clocks = Clocks()
    begun = time.perf_counter()
    with clocks.running():
        _, result = solved(
            setting, drawn, RISK, gap=question.gap, time_limit=question.limit, workers=question.workers
        )
    found = Found(
        ended=result.status is Status.OPTIMAL,
        seconds=time.perf_counter() - begun,
        value=float(result.value),
        bound=float(result.bound),
        mib=0.0,
        rounds=tuple((line.seconds, float(line.bound), float(line.value)) for line in result.rounds),
        solved=result.solved,
        pivots=result.pivots,
        waited=clocks.waited,
        master=clocks.master,
        inside=clocks.inside,
    )
    return replace(found, mib=own_mib() + clocks.workers_mib)


if __name__ == "__main__":
    print(json.dumps(asdict(answer(Question(**json.loads(sys.argv[1]))))))
