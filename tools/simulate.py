"""Run the ledger through crashes, torn writes, failing and full disks: `python tools/simulate.py --runs 10000`.

Every run follows from its seed alone (tests/programme/simulator.py), so a seed that is told here fails again there:
`python tools/simulate.py --first SEED --runs 1`. Exit 1 where a run has found that the ledger broke a promise.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
AT_ONCE = 50
SHOWN = 20


def main() -> int:
    """Simulate, and say how many runs met what."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000, help="how many [10000]")
    parser.add_argument("--first", type=int, default=0, help="the first seed [0]")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes [one for each core]"
    )
    asked = parser.parse_args()
    started = time.perf_counter()
    starts = range(asked.first, asked.first + asked.runs, AT_ONCE)
    parts = [(start, min(start + AT_ONCE, starts.stop)) for start in starts]
    told: dict[str, int] = {}
    broken: list[str] = []
    with ProcessPoolExecutor(asked.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (_, end), (met, faults) in zip(parts, pool.map(simulate, parts), strict=True):
            told = {name: told.get(name, 0) + count for name, count in met.items()}
            broken += faults
            print(f"up to seed {end - 1}: {len(broken)} broken", file=sys.stderr)
    seconds = time.perf_counter() - started
    print(f"{asked.runs:,} runs in {seconds:.0f} s ({asked.runs / seconds:.1f} a second)")
    print(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in told.items()))
    print("\n".join(broken[:SHOWN]) or "nothing acknowledged was lost, and no invariant was broken")
    if len(broken) > SHOWN:
        print(f"and {len(broken) - SHOWN} more")
    return 1 if broken else 0


def simulate(seeds: tuple[int, int]) -> tuple[dict[str, int], list[str]]:
    """What the runs of these seeds met, and a sentence for each that failed."""
    sys.path.insert(0, str(TESTS))
    simulator = importlib.import_module("programme.simulator")
    make_bench = importlib.import_module("programme.bench").make_bench
    told: dict[str, int] = {}
    broken = []
    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(Path(folder))
        if bench is None:
            return {}, [
                "the SQLite of this Python is no library of its own, so that no disk can be put under it"
            ]
        for seed in range(*seeds):
            try:
                met = simulator.simulate(seed, bench)
            except Exception as error:  # whatever it is, it belongs to this seed
                broken.append(f"seed {seed}: {type(error).__name__}: {str(error)[:300]}")
                continue
            told = {name: told.get(name, 0) + count for name, count in met.counts().items()}
    return told, broken


if __name__ == "__main__":
    raise SystemExit(main())
