"""What every benchmark shares: how to time, what a result looks like, and how a long one says that it is alive."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "semiconductors"
HOME = "CHN"


@dataclass(frozen=True)
class Line:
    """One number of a benchmark; `wanted` is a limit that it should stay under (or, with `at_least`, above)."""

    what: str
    value: float
    unit: str
    wanted: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the number is as wanted, None where nothing is wanted."""
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted


Said = Line | str
"""A number, or a sentence where there is none."""


@dataclass(frozen=True)
class Part:
    """A benchmark that can be run by itself: what it does, and about how many minutes that takes at most."""

    run: Callable[[bool], Iterable[Said]]
    told: str
    minutes: float


def going_on(what: str) -> None:
    """Say on standard error what is being done now, so that a long benchmark is not taken for a dead one."""
    print(f"  ... {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def median_seconds(function: Callable[[], object], repeats: int) -> float:
    """Median wall-clock time of `repeats` calls, after one that warms caches unless there is only one."""
    if repeats > 1:
        function()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return median(taken)


def run_quietly(command: list[str]) -> None:
    """Run a command, which must succeed, with its output thrown away."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def peak_mebibytes(code: str) -> float:
    """Peak resident memory of a fresh Python that runs `code`."""
    done = subprocess.run([sys.executable, "-c", code + PEAK], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


# Linux's getrusage starts a child at its parent's peak, so the kernel's own mark is read where there is one.
PEAK = """
import pathlib, resource, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak // 1024 if sys.platform == "darwin" else peak)
"""
