"""Checks over the ledger: one file, one function each, from the view of a ledger to answers.

`CHECKS` is what `audit_ledger` goes through, by id: the research set WN01 to WN20, then those of the public red flags
whose inputs the ledger holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ..check import Check
from ..flags import Answer
from ..view import View

RESEARCH = tuple(f"WN{number:02d}" for number in range(1, 21))
PUBLIC = (
    *("R002", "R011", "R013", "R022", "R029", "R031", "R032", "R033", "R040", "R042", "R043", "R046"),
    *("R050", "R051", "R053", "R057", "R059", "R062", "R064", "R067", "R068", "R070"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A check with its function."""

    check: Check
    ask: Callable[[View], list[Answer]]


def _load(name: str) -> Asked:
    module = import_module(f"{__name__}.{name.lower()}")
    return Asked(module.CHECK, module.check)


CHECKS: dict[str, Asked] = {name: _load(name) for name in (*RESEARCH, *PUBLIC)}

HARD = tuple(name for name, one in CHECKS.items() if one.check.severity == "hard")
"""Controls that block a release; WN04 joins them for a change shortly before the date."""
