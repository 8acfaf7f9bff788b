"""WN04: goalposts that were moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..check import Check, cited
from ..flags import Answer
from ..view import Milestone, View, day

CHECK = Check("WN04", "Goalposts moved", "high", "milestone", ("award.made", "milestone.changed"))
LAST_DAYS = 30
"""A change in so many days before the date needs a decision of the second level."""


def check(view: View) -> list[Answer]:
    """Flag a milestone whose criterion was weakened, whose test was replaced, or whose date was moved after the award.

    Hard where that happened within 30 days before the date, or after it, without a decision of the second level. The
    value is the number of such changes.
    """
    return [_of(one) for one in view.milestones]


def _of(milestone: Milestone) -> Answer:
    now: dict[str, Any] = dict(milestone.body)
    moved, told, hard = [], [], False
    for change in milestone.changes:
        to = change["to"]
        what = _weaker(now, to)
        if what:
            moved.append(change)
            told += what
            due = now.get("due")
            near = due is not None and (date.fromisoformat(due) - day(change)).days <= LAST_DAYS
            hard |= near and not change["second_level"]
        now |= to
    if not moved:
        return CHECK.clear(
            milestone.id, "as it was pre-registered", cited(milestone.changes), value=0.0, fence=0.0
        )
    return CHECK.flag(
        milestone.id,
        "; ".join(told) + (", shortly before it was due and by nobody of the second level" if hard else ""),
        cited(moved),
        value=float(len(moved)),
        fence=0.0,
        severity="hard" if hard else None,
    )


def _weaker(now: Mapping[str, Any], to: Mapping[str, Any]) -> list[str]:
    told = []
    old, new = now.get("threshold"), to.get("threshold", now.get("threshold"))
    if to.get("direction", now.get("direction")) != now.get("direction"):
        told.append("the direction of the criterion was turned round")
    elif old is not None and new is not None and _easier(old, new, str(now.get("direction"))):
        told.append(f"threshold {old:g} became {new:g}")
    told += [
        f"its {word} was replaced"
        for word, name in (("metric", "metric"), ("protocol", "protocol_sha256"))
        if to.get(name, now.get(name)) != now.get(name)
    ]
    if now.get("due") and to.get("due", now["due"]) > now["due"]:
        told.append(f"due {now['due']} became {to['due']}")
    return told


def _easier(old: float, new: float, direction: str) -> bool:
    return new < old if direction == "at_least" else new > old
