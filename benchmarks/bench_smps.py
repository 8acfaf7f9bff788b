"""Public instances in SMPS: the L-shaped method and HiGHS on the deterministic equivalent, and the published optima.

These are small (at most 1,280 samples of five rows), so that a solve costs little but the method's own steps, and HiGHS
alone is the faster way. What counts here is that both find what was published.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.instances import gbd_by_route, load, published
from benchmarks.timing import Line, Said
from wholenation.lp import Solver
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.lshaped import solve
from wholenation.stochastic.two_stage import TwoStage

GAP = 1e-7
FEW = ("farmer", "dakota")
"""Instances of a smoke run."""


def run(smoke: bool) -> Iterator[Said]:
    """Seconds of both, their ratio, and how far the two are at most from an optimum in `instances.csv`."""
    farthest = 0.0
    for instance in published():
        if smoke and instance.name not in FEW:
            continue
        stages = gbd_by_route() if instance.name == "gbd_large" else load(instance.name)
        ours, value = timed(lshaped, stages, 1 if smoke else 3)
        theirs, other = timed(whole, stages, 1 if smoke else 3)
        worst = max(abs(value - instance.found), abs(other - instance.found))
        farthest = max(farthest, worst / abs(instance.found))
        what = f"{instance.name}, {len(stages):,} samples: L-shaped"
        yield Line(what, ours, "s")
        yield Line(f"{what} / HiGHS on the whole", ours / theirs, "×")
    yield Line("farthest from a published optimum", 1e6 * farthest, "ppm", 1.0)


def timed(way: Callable[[TwoStage], float], stages: TwoStage, runs: int) -> tuple[float, float]:
    """Median seconds, and the value found."""
    taken, value = [], float("nan")
    for _ in range(runs):
        start = time.perf_counter()
        value = way(stages)
        taken.append(time.perf_counter() - start)
    return median(taken), value


def lshaped(stages: TwoStage) -> float:
    """The optimum by the L-shaped method."""
    return solve(stages, gap=GAP, workers=1).value


def whole(stages: TwoStage) -> float:
    """The optimum by HiGHS, all samples at once."""
    return Solver(deterministic_equivalent(stages).problem).solve().objective
