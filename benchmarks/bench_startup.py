"""How long until the command line answers, beside an empty Python."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.timing import Line, median_seconds, run_quietly


def run(smoke: bool) -> list[Line]:
    """`wholenation --help` against `python -c pass`."""
    repeats = 1 if smoke else 15
    command = str(Path(sys.executable).parent / "wholenation")
    ours = median_seconds(lambda: run_quietly([command, "--help"]), repeats)
    empty = median_seconds(lambda: run_quietly([sys.executable, "-c", "pass"]), repeats)
    return [
        Line("wholenation --help", ours, "s", wanted=0.3),
        Line("python -c pass", empty, "s"),
        Line("ratio", ours / empty, "×"),
    ]
