"""Run the benchmarks: `python -m benchmarks [--smoke | --list] [PHASE | PHASE.PART ...]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.timing import Line, Part

# In the order in which a user meets them.
ORDER = [
    "startup", "check", "measure", "plan", "peers", "engines", "smps", "cascade", "propagate",
    "ledger", "awards", "flags", "injection", "memory",
]  # fmt: skip
FLAGS = ("--smoke", "--list")


def phases() -> list[str]:
    """Every phase that has a file, the known ones first."""
    found = {path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def parts(phase: str) -> dict[str, Part]:
    """What a phase consists of, by name; most are a part of themselves."""
    module = import_module(f"benchmarks.bench_{phase}")
    if hasattr(module, "PARTS"):
        return {f"{phase}.{name}": part for name, part in module.PARTS.items()}
    told = str(module.__doc__).splitlines()[0].rstrip(".")
    return {phase: Part(module.run, told[0].lower() + told[1:], 1)}


def chosen(names: list[str]) -> dict[str, Part]:
    """The parts of that name or phase, all of them without one. Raises `KeyError` with a name that is unknown."""
    found: dict[str, Part] = {}
    for name in names or phases():
        phase = name.partition(".")[0]
        if phase not in phases():
            raise KeyError(name)
        mine = parts(phase)
        if name not in mine and name != phase:
            raise KeyError(name)
        found |= {name: mine[name]} if name in mine else mine
    return found


def shown(line: Line) -> str:
    """A line as text: the number, and how it stands to what is wanted."""
    value = f"{line.value:>12,.3f} {line.unit:<4}"
    if line.wanted is None:
        return f"  {line.what:<72}{value}"
    sign = "at least" if line.at_least else "at most"
    return f"  {line.what:<72}{value}  {sign} {line.wanted:g}: {'met' if line.met else 'NOT MET'}"


def main(arguments: list[str]) -> int:
    """0 when everything that was wanted was met; a smoke run only has to get to the end."""
    smoke = "--smoke" in arguments
    try:
        wanted = chosen([name for name in arguments if name not in FLAGS])
    except KeyError as unknown:
        known = ", ".join(name for phase in phases() for name in parts(phase))
        print(f"no such benchmark: {unknown.args[0]}; there are {known}", file=sys.stderr)
        return 2
    missed = False
    for name, part in wanted.items():
        print(f"{name}: {part.told}" + ("" if smoke else f" (up to {part.minutes:g} min)"), flush=True)
        if "--list" in arguments:
            continue
        for said in part.run(smoke):
            if isinstance(said, Line):
                print(f"  {said.what}: ran" if smoke else shown(said), flush=True)
                missed |= said.met is False
            else:
                print(f"  {said}", flush=True)
    return int(missed and not smoke)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
