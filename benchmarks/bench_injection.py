"""Schemes planted into made-up programmes: recall, precision of the first 50 flags, and alarms on honest ones.

The seeds are those that were kept apart while the checks were written; noise 1 gives honest offices their long tails.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.timing import Line, Part, Said, going_on
from wholenation.audit.bench import Bench, Found, bench
from wholenation.audit.injection import DEVELOPMENT_SEEDS, HOLD_OUT_SEEDS

FEW = ("WN01", "WN06", "R042")
"""Schemes of a smoke run."""


def run(smoke: bool) -> Iterator[Said]:
    """The figures over all hold-out seeds, then the checks that miss something or alarm on honest programmes."""
    start = time.perf_counter()
    if smoke:
        done = bench(DEVELOPMENT_SEEDS[:1], checks=FEW)
    else:
        going_on(f"{len(HOLD_OUT_SEEDS)} seeds, every scheme by itself and all small ones together")
        done = bench(HOLD_OUT_SEEDS)
    yield from figures(done)
    for one in done.singles:
        if one.found < one.planted or one.alarms_on_clean:
            yield told(one)
    yield Line("all of it", time.perf_counter() - start, "s")


def figures(done: Bench) -> Iterator[Line]:
    """The figures of a bench, with what is wanted of them."""
    yield Line("recall, each scheme by itself", done.recall, "", 0.9, at_least=True)
    yield Line("recall, all small schemes in one programme", done.combined_recall, "", 0.9, at_least=True)
    yield Line("precision of the first 50 flags", done.precision_at_50, "", 0.9, at_least=True)
    yield Line("flags for each honest programme", done.clean_alarms / done.clean_runs, "")
    yield Line("hard flags on honest programmes", float(done.clean_hard), "", 0.0)


def told(one: Found) -> str:
    """A check that is not perfect, in a sentence."""
    return (
        f"{one.check}: found {one.found} of {one.planted}, {one.alarms_on_clean} flags on honest programmes"
    )


PARTS = {"schemes": Part(run, "schemes planted into made-up programmes, and what the checks find", 4)}
