"""R064: a contract that is changed again and again."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View

CHECK = Check("R064", "Many amendments", "low", "award", ("award.made", "milestone.changed"))
LEAST = 3.0
"""Where most contracts are never changed, fewer changes than this are no finding."""


def check(view: View) -> list[Answer]:
    """Flag an award whose milestones were changed far more often than those of its peers, and at least three times.

    The value is the number of changes.
    """
    measured = {}
    for award in view.awards:
        changes = [change for one in award.milestones for change in one.changes]
        measured[award.id] = Measured(float(len(changes)), cited([award.record, *changes]))
    return outliers(CHECK, measured, lambda n: f"changed {n:.0f} times", floor=LEAST, peers_are="awards")
