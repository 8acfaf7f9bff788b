"""A plan of 30 samples to a gap of 1 %: how long, and how near the bound."""

from __future__ import annotations

import time

from benchmarks.timing import EXAMPLE, HOME, Line
from wholenation import plan, read_chain


def run(smoke: bool) -> list[Line]:
    """Time and gap of one plan, without the evaluation on fresh draws."""
    chain = read_chain(EXAMPLE)
    samples, gap = (3, 0.2) if smoke else (30, 0.01)
    start = time.perf_counter()
    found = plan(chain, HOME, samples=samples, gap=gap, evaluate=0, time_limit=30 if smoke else 600)
    taken = time.perf_counter() - start
    return [
        Line(f"plan, {samples} samples, gap asked {gap:.0%}", taken, "s", wanted=120.0),
        Line("gap reached", 100 * found.gap, "%", wanted=100 * gap),
    ]
