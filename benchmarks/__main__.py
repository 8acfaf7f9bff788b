"""Run the benchmarks: `python -m benchmarks [--smoke] [PHASE ...]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.timing import Line

# In the order in which a user meets them.
ORDER = ["startup", "check", "measure", "plan", "memory"]


def phases() -> list[str]:
    """Every phase that has a file, the known ones first."""
    found = {path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def shown(line: Line) -> str:
    """A line as text: the number, and how it stands to what is wanted."""
    value = f"{line.value:>12,.3f} {line.unit:<4}"
    if line.wanted is None:
        return f"  {line.what:<64}{value}"
    sign = "at least" if line.at_least else "at most"
    return f"  {line.what:<64}{value}  {sign} {line.wanted:g}: {'met' if line.met else 'NOT MET'}"


def main(arguments: list[str]) -> int:
    """0 when everything that was wanted was met; a smoke run only has to get to the end."""
    smoke = "--smoke" in arguments
    wanted = [name for name in arguments if name != "--smoke"]
    unknown = sorted(set(wanted) - set(phases()))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(phases())}", file=sys.stderr)
        return 2
    missed = False
    for phase in wanted or phases():
        print(phase, flush=True)
        for line in import_module(f"benchmarks.bench_{phase}").run(smoke):
            print(f"  {line.what}: ran" if smoke else shown(line), flush=True)
            missed |= line.met is False
    return int(missed and not smoke)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
