"""WN05: a date that passed in silence."""

from __future__ import annotations

from ...programme.milestones import ADVANCE
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, Milestone, View, day

CHECK = Check(
    "WN05",
    "Silent slip",
    "medium",
    "milestone",
    ("award.made", "evidence.submitted", "milestone.changed", "gate.decided", "downselect.decided"),
)
PATIENCE_DAYS = 90


def check(view: View) -> list[Answer]:
    """Flag a milestone that is more than 90 days late with no evidence and no decision about it.

    A gate decision at the milestone, one on the award since it was due, and the award's end all count as decisions.
    The value is the days since it was due.
    """
    return [_of(view, award, one) for award in view.awards for one in award.milestones]


def _of(view: View, award: Award, milestone: Milestone) -> Answer:
    due = milestone.due
    if milestone.body.get("kind") == ADVANCE:
        return CHECK.clear(milestone.id, "an advance needs no evidence", cited([award.record]))
    if due is None:
        return CHECK.not_computable(milestone.id, "it has no date")
    late = (view.today - due).days
    if late <= PATIENCE_DAYS:
        return CHECK.clear(
            milestone.id,
            f"{late} days since it was due",
            cited([award.record]),
            value=float(late),
            fence=PATIENCE_DAYS,
        )
    decided = [*milestone.gates, *(one for one in award.gates if day(one) >= due)]
    decided += [award.stopped] if award.stopped else []
    answered = [*milestone.evidence, *decided]
    if answered:
        return CHECK.clear(
            milestone.id,
            "evidence or a decision is there",
            cited(answered),
            value=float(late),
            fence=PATIENCE_DAYS,
        )
    return CHECK.flag(
        milestone.id,
        f"{late} days since it was due, no evidence and no decision",
        cited([award.record, *milestone.changes]),
        value=float(late),
        fence=PATIENCE_DAYS,
    )
