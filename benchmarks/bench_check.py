"""Reading and checking the example, beside the public frictionless tool on the same package."""

from __future__ import annotations

import frictionless

from benchmarks.timing import EXAMPLE, Line, median_seconds
from wholenation import read_chain


def run(smoke: bool) -> list[Line]:
    """`read_chain` (all of our checks) against `frictionless.validate` (types, constraints, keys)."""
    ours = median_seconds(lambda: read_chain(EXAMPLE), 1 if smoke else 9)
    descriptor = str(EXAMPLE / "datapackage.json")
    theirs = median_seconds(lambda: frictionless.validate(descriptor), 1 if smoke else 3)
    return [
        Line("read_chain, examples/semiconductors", ours, "s", wanted=1.0),
        Line("frictionless.validate, the same package", theirs, "s"),
        Line("frictionless / read_chain", theirs / ours, "×"),
    ]
