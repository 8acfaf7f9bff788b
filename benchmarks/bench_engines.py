"""Where second stages are solved: what each engine adds to the work itself, and what a second worker brings.

`Here` is this process, `Processes` are our own workers, and the cluster is Dask's, with real processes and a scheduler
on this machine's loopback. Overheads are ratios to `Here` on the same blocks and points within one session.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from distributed import LocalCluster

from benchmarks.apart import RISK, Clocks, plural, setting_of
from benchmarks.peers import PYTHON, planned, random_stages
from benchmarks.synthetic import HOME, synthetic_chain
from benchmarks.timing import Line, Part, Said, going_on
from wholenation.lp import Floats, Ints
from wholenation.plans.programme import solved
from wholenation.plans.setting import draw
from wholenation.stochastic.engines import Engine, Here, Processes
from wholenation.stochastic.lshaped import solve
from wholenation.stochastic.remote import Remote
from wholenation.stochastic.search import BLOCK
from wholenation.stochastic.two_stage import TwoStage

SCRIPT = Path(__file__).with_name("peer_engines.py")
WORKERS = (1, 2)
SAMPLES = 96
POINTS = 4
ROUNDS = 5
WHOLE = ("CHN", 50)
LIMIT = 120.0


def overhead(smoke: bool) -> Iterator[Said]:
    """Milliseconds per second stage: the solver alone, then each engine, and how they stand to `Here`."""
    samples = 16 if smoke else SAMPLES
    chain = synthetic_chain(40, 5, 5, 30) if smoke else synthetic_chain()
    programmes = {"synthetic": planned(chain, HOME, samples), "nearly empty": random_stages(samples)}
    for name, stages in programmes.items():
        # From nothing to what the relaxation does: all of these are feasible.
        far = solve(stages, gap=0.2, time_limit=20.0, workers=1).root_x
        points = [far * k / (POINTS - 1) for k in range(POINTS)]
        blocks = blocks_of(stages)
        each = 1000.0 / (len(points) * len(stages))
        clocks = Clocks()
        with clocks.running():
            here = seconds(Here(stages), blocks, points, 1 if smoke else ROUNDS)
        rounds = 2 if smoke else ROUNDS + 1
        yield Line(f"{name}: solver alone, per second stage", each * clocks.master / rounds, "ms")
        yield Line(f"{name}: Here", each * here, "ms")
        for told, engine in engines(stages, WORKERS[-1:] if smoke else WORKERS):
            taken = seconds(engine, blocks, points, 1 if smoke else ROUNDS)
            yield Line(f"{name}: {told}", each * taken, "ms")
            yield Line(f"{name}: {told} / Here", taken / here, "×")


def engines(stages: TwoStage, numbers: tuple[int, ...]) -> Iterator[tuple[str, Engine]]:
    """Every engine with other processes, as many as these numbers say."""
    for workers in numbers:
        yield f"Processes, {plural(workers)}", Processes(stages, workers)
    for workers in numbers:
        with cluster(workers) as address:
            yield f"cluster, {plural(workers)}", Remote(stages, address)


def seconds(engine: Engine, blocks: list[Ints], points: list[Floats], rounds: int) -> float:
    """Median seconds for all points, after a first round in which solvers warm up."""
    taken = []
    try:
        for number in range(rounds + 1):
            start = time.perf_counter()
            for x in points:
                engine.solve(blocks, x)
            if number:
                taken.append(time.perf_counter() - start)
    finally:
        engine.close()
    return median(taken)


def blocks_of(stages: TwoStage) -> list[Ints]:
    """The samples of each kind in blocks, as the method makes them."""
    kinds = [np.flatnonzero(stages.kind == kind) for kind in np.unique(stages.kind)]
    return [part for mine in kinds for part in np.array_split(mine, -(-len(mine) // BLOCK))]


def workers(smoke: bool) -> Iterator[Said]:
    """A whole solve with one and two workers, of ours and of a cluster; all find the same to the last bit."""
    instance, samples = ("small", 24) if smoke else WHOLE
    setting = setting_of(instance)
    drawn = draw(setting, samples, 0)

    def timed(engine: str, count: int | None) -> tuple[float, float, float]:
        start = time.perf_counter()
        _, found = solved(setting, drawn, RISK, gap=0.01, time_limit=LIMIT, engine=engine, workers=count)
        return time.perf_counter() - start, found.value, found.bound

    answers, alone = set(), np.nan
    for kind in ("local", "cluster"):
        for count in WORKERS[-1:] if smoke else WORKERS:
            going_on(f"{instance}, {samples} samples, {kind} with {plural(count)}")
            runs = []
            for _ in range(1 if smoke else 3):
                if kind == "local":
                    runs.append(timed("local", count))
                else:
                    with cluster(count) as address:
                        runs.append(timed(address, None))
            answers |= {run[1:] for run in runs}
            taken = median(run[0] for run in runs)
            alone = taken if np.isnan(alone) else alone  # the first is one worker here
            what = f"{instance}, {samples} samples: {kind}, {plural(count)}"
            yield Line(what, taken, "s")
            yield Line(f"{what} / local, 1 worker", taken / alone, "×")
    yield Line(f"{instance}, {samples} samples: different answers among them", len(answers) - 1, "", 0.0)


def libraries(smoke: bool) -> Iterator[Said]:
    """Milliseconds per empty task of Dask, Ray and MPI themselves, as far as they are installed."""
    for library in ("dask",) if smoke else ("dask", "ray", "mpi"):
        python = sys.executable if library == "dask" else PYTHON
        going_on(f"{library} alone")
        done = subprocess.run(
            [python, str(SCRIPT), library], capture_output=True, text=True, check=False, timeout=LIMIT
        )
        said = (done.stderr if done.returncode else done.stdout).strip().splitlines() or ["it said nothing"]
        yield f"{library} is skipped: {said[-1]}" if done.returncode else said[-1]


@contextmanager
def cluster(count: int) -> Iterator[str]:
    """The address of a cluster of one-threaded processes on this machine, nothing of it open to others."""
    with LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield str(running.scheduler_address)


PARTS = {
    "overhead": Part(overhead, "what each engine adds to a second stage", 4),
    "libraries": Part(libraries, "what a task costs with Dask, Ray and MPI themselves", 1),
    "workers": Part(workers, "a whole solve with one and two workers, ours and a cluster's", 6),
}
