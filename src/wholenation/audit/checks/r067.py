"""R067: evidence that came very late."""

from __future__ import annotations

from ...programme.milestones import ADVANCE
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, Milestone, View, day

CHECK = Check(
    "R067", "Late delivery", "low", "milestone", ("award.made", "evidence.submitted", "gate.decided")
)
LATE_DAYS = 90


def check(view: View) -> list[Answer]:
    """Flag a milestone whose first evidence came more than 90 days after it was due.

    A milestone that failed with evidence in time is clear: failing is what a gate is for. One without any evidence is
    asked about by WN05. The value is the days of delay.
    """
    return [
        _of(award, one)
        for award in view.awards
        for one in award.milestones
        if one.body.get("kind") != ADVANCE
    ]


def _of(award: Award, milestone: Milestone) -> Answer:
    due = milestone.due
    if due is None:
        return CHECK.not_computable(milestone.id, "it has no date")
    if not milestone.evidence:
        return CHECK.not_computable(milestone.id, "no evidence yet")
    first = milestone.evidence[0]
    late = (day(first) - due).days
    say = CHECK.flag if late > LATE_DAYS else CHECK.clear
    told = f"first evidence {late} days after it was due" if late > 0 else "evidence in time"
    return say(
        milestone.id,
        told,
        cited([award.record, *milestone.changes, first]),
        value=float(late),
        fence=LATE_DAYS,
    )
