"""Plans with their proof: how long they take, and how much memory.

Three instances: the example chain for CHN and for USA, and the made-up one of `synthetic`. Every solve runs in a Python
of its own (`apart`); parts that ask the same share the answer within a session. Seconds are the median of three runs.
A solve that does not end within its limit is not repeated.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from statistics import median
from unittest.mock import patch

import numpy as np

from benchmarks.apart import RISK, Found, Question, apart, repeated, setting_of
from benchmarks.timing import Line, Part, Said, going_on
from wholenation.lp import Floats
from wholenation.plans import replan as replans
from wholenation.plans.course import Course, observe
from wholenation.plans.futures import Decision
from wholenation.plans.optimum import optimum
from wholenation.plans.replan import replan
from wholenation.plans.setting import Setting, draw
from wholenation.plans.stages import to_stages

INSTANCES = ("CHN", "USA", "synthetic")
GAP = 0.01
GOALS = {50: 20.0, 200: 60.0, 1000: 480.0}
"""Seconds in which so many samples should reach the gap."""
MOST_MIB = 4096.0
CURVE = (10, 50, 200, 500, 1000, 2000)
USEFUL, USEFUL_GAP, USEFUL_SECONDS = 200, 0.03, 10.0
REPLANNED = 50
NOTHING = "from nothing"
BUILT = 200
SMALL = 6
"""Samples of a smoke run."""


def limit(samples: int) -> float:
    """Seconds after which a solve is given up: half as much again as the goal."""
    return max(30.0, 0.72 * samples) if samples > 200 else 1.5 * GOALS.get(samples, 20.0)


def asked(instance: str, samples: int) -> Question:
    """The question that most parts put, so that they share its answer."""
    return Question(instance, samples, GAP, limit(samples))


def goals(smoke: bool) -> Iterator[Said]:
    """Seconds to the gap at 50, 200 and 1,000 samples, and the memory of the last."""
    for instance in instances(smoke):
        for samples, wanted in {SMALL: 20.0}.items() if smoke else GOALS.items():
            question = asked(instance, samples)
            found = repeated(question, 1 if smoke else 3)
            yield Line(f"{question}", found.seconds, "s", wanted)
            yield Line(f"{question}: gap reached", 100 * found.gap, "%", 100 * GAP)
            if samples == max(GOALS):
                yield Line(f"{question}: peak memory, workers included", found.mib, "MiB", MOST_MIB)


def useful(smoke: bool) -> Iterator[Said]:
    """When the best plan so far first was within 3 % of what the bound is in the end."""
    for instance in instances(smoke):
        question = asked(instance, SMALL if smoke else USEFUL)
        runs = [apart(question, run) for run in range(1 if smoke else 3)]
        seconds = median(first_useful(found) for found in runs)
        yield Line(f"{question}: a plan within 3 % of the bound", seconds, "s", USEFUL_SECONDS)


def first_useful(found: Found) -> float:
    """Seconds until that plan; infinite where there was none."""
    for seconds, _, value in found.rounds:
        if value - found.bound <= USEFUL_GAP * abs(value):
            return seconds
    return found.seconds if found.gap <= USEFUL_GAP else float("inf")


def curve(smoke: bool) -> Iterator[Said]:
    """What a sample more costs: seconds, pivots, memory from 10 to 2,000 samples."""
    for instance in instances(smoke):
        yield (
            f"{instance:<10} samples  seconds  ms/sample   gap    pivots  pivots/s  second stages  solver on the rest"
            "  our code     MiB"
        )
        sizes = (SMALL, 2 * SMALL) if smoke else CURVE
        found = {}
        for samples in sizes:
            one = found[samples] = apart(asked(instance, samples))
            yield f"{'':<10} {samples:>7,} {row(samples, one)}"
        ended = [samples for samples in sizes if found[samples].ended]
        if len(ended) > 2:
            yield Line(
                f"{instance}: a sample more, {ended[-2]:,} to {ended[-1]:,} against {ended[0]} to {ended[1]}",
                added(found, *ended[-2:]) / added(found, *ended[:2]),
                "×",
                1.0,
            )
        # The fewest samples are solved in one process, which would not compare.
        low, high = sizes[min(1, len(sizes) - 2)], sizes[-1]
        memory = (found[high].mib - found[low].mib) / (high - low)
        yield Line(f"{instance}: memory of a sample more, {low:,} to {high:,}", memory, "MiB")
        if ended != list(sizes):
            late = ", ".join(f"{samples:,}" for samples in sizes if samples not in ended)
            yield f"{instance}: the gap was not reached within the limit at {late} samples"


def row(samples: int, found: Found) -> str:
    """A solve as a row of the curve."""
    ours = max(found.seconds - found.waited - found.master, 0.0)
    return (
        f"{found.seconds:>8.1f} {1000 * found.seconds / samples:>10.1f} {found.gap:>5.1%} {found.pivots:>9,}"
        f" {found.pivots / found.seconds:>9,.0f} {found.waited / found.seconds:>14.0%}"
        f" {found.master / found.seconds:>19.0%} {ours / found.seconds:>9.0%} {found.mib:>7,.0f}"
    )


def added(found: dict[int, Found], fewer: int, more: int) -> float:
    """Seconds that a sample more has cost between two sizes."""
    return max(found[more].seconds - found[fewer].seconds, 1e-3) / (more - fewer)


def replanning(smoke: bool) -> Iterator[Said]:
    """Planning again after the first gate: with what the plan had learned, without it, and from nothing.

    From nothing means without the dual solutions of the plan before and without the decision under way to start from.
    """
    samples, time_limit = (SMALL, 10.0) if smoke else (REPLANNED, limit(200))
    for instance in instances(smoke):
        setting = setting_of(instance)
        drawn = draw(setting, samples, 0)
        going_on(f"{instance}, {samples} samples, the plan before the gate")
        before = optimum(setting, drawn, RISK, gap=GAP, time_limit=time_limit)
        begun = Course(setting.menu, before.decision, np.full(len(setting.menu.profile_start), np.inf))
        date = first_gate(setting, before.decision)
        evidence = observe(begun, setting.menu.effort[:, 1], date)

        seconds = {}
        for way, pool in (("with the pool", before.pool), ("without the pool", None), (NOTHING, None)):
            taken = []
            for run in range(1 if smoke else 3):
                going_on(f"{instance}, again in {date:g} {way}, run {run + 1}")
                start = time.perf_counter()
                with patch.object(replans, "_unchanged", _no_start) if way == NOTHING else nullcontext():
                    found = replan(
                        setting, before.decision, evidence, samples=samples, gap=GAP, time_limit=time_limit, pool=pool
                    )  # fmt: skip
                taken.append(time.perf_counter() - start)
            seconds[way] = median(taken)
            yield Line(f"{instance}, {samples} samples: again in {date:g}, {way}", seconds[way], "s")
            yield Line(f"{instance}, {samples} samples: its gap", 100 * found.result.gap, "%")
        quicker = seconds[NOTHING] / seconds["with the pool"]
        yield Line(f"{instance}: from nothing / with the pool", quicker, "×", 5.0, at_least=True)


def _no_start(*_: object) -> list[Floats]:
    """No decision to start from."""
    return []


def first_gate(setting: Setting, decision: Decision) -> float:
    """The year in which the first route that a decision starts comes to its gate."""
    menu = setting.menu
    running = np.flatnonzero(decision.chosen[menu.lane_profile])
    gates = menu.profile_start[menu.lane_profile] + menu.gate_years[menu.lane_route]
    return float(min(gates[running], default=setting.horizon.start + 1.0))


def building(smoke: bool) -> Iterator[Said]:
    """From tables to the programme, before anything is solved."""
    samples, runs = (SMALL, 1) if smoke else (BUILT, 3)
    for instance in instances(smoke):
        times: dict[str, list[float]] = {"menu and futures": [], "draws": [], "model": []}
        for _ in range(runs):
            start = time.perf_counter()
            setting = setting_of(instance)
            read = time.perf_counter()
            drawn = draw(setting, samples, 0)
            known = time.perf_counter()
            to_stages(setting.menu, setting.network, setting.horizon, setting.futures, drawn, RISK)
            for name, taken in zip(
                times, (read - start, known - read, time.perf_counter() - known), strict=True
            ):
                times[name].append(taken)
        for name, taken_ in times.items():
            wanted = 1.0 if name == "model" else None
            yield Line(f"{instance}, {samples} samples: {name}", median(taken_), "s", wanted)


def instances(smoke: bool) -> tuple[str, ...]:
    """Those that are asked about."""
    return ("small",) if smoke else INSTANCES


PARTS = {
    "goals": Part(goals, "50, 200 and 1,000 samples to a gap of 1 %, on three instances", 75),
    "useful": Part(useful, "the first useful plan at 200 samples", 12),
    "curve": Part(curve, "seconds, pivots and memory from 10 to 2,000 samples", 130),
    "replan": Part(replanning, "planning again after a gate, with what is known and without", 15),
    "build": Part(building, "building the model of 200 samples", 1),
}
