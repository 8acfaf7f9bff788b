"""WN12: money spent, nothing earned."""

from __future__ import annotations

from ...programme.milestones import ADVANCE
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, View

CHECK = Check(
    "WN12",
    "Spend without earned value",
    "medium",
    "award",
    ("award.made", "evaluation.given", "evidence.submitted", "spending.reported"),
)
SPENT = 0.5
"""Part of the award from which on it is asked."""
INDEX = 0.7
"""Cost or schedule index below which it is asked why."""


def check(view: View) -> list[Answer]:
    """Flag an award that has spent half while it has earned less than 0.7 of what was spent or planned.

    EV is the payment of milestones with accepted evidence. AC is what was reported as spent, less the payment of the
    next milestone as long as that can still be met: it is not due, or its evidence waits to be judged. PV is the
    payment of milestones due by now whose evidence does not wait. CPI = EV/AC, SPI = EV/PV. Not where the shortfall is
    told openly: the award was ended, or evidence was judged not to meet the criterion and nothing that is due is
    without judged evidence. The value is the lower index.
    """
    return [_of(view, award) for award in view.awards]


def _of(view: View, award: Award) -> Answer:
    spent = sum(int(one["amount"]) for one in award.spending)
    if not award.spending or award.amount == 0:
        return CHECK.not_computable(award.id, "no spending was reported")
    steps = [one for one in award.milestones if one.body.get("kind") != ADVANCE]
    waits = [one for one in steps if one.evidence and not one.judged]
    due = [one for one in steps if one.due and one.due <= view.today and one not in waits]
    under_way = [
        one for one in steps if one in waits or (not one.judged and one.due and one.due > view.today)
    ]
    earned = sum(one.payment for one in award.milestones if one.accepted_before(float("inf")))
    planned = sum(one.payment for one in due)
    used = spent - min((one.due, one.payment) for one in under_way)[1] if under_way else spent
    index = min(earned / used if used > 0 else 1.0, earned / planned if planned else 1.0)
    judged = [one.judged for one in award.milestones if one.judged]
    failed = any(not one["accepted"] for one in judged)
    open_failure = award.stopped is not None or (failed and all(one.judged for one in due))
    evidence = cited([award.record, *award.spending, *judged, award.stopped])
    told = f"{spent / award.amount:.0%} spent, lower index {index:.2f}"
    if spent / award.amount >= SPENT and index < INDEX and not open_failure:
        return CHECK.flag(award.id, told, evidence, value=index, fence=INDEX)
    return CHECK.clear(
        award.id,
        told + ("; failure openly shown" if open_failure else ""),
        evidence,
        value=index,
        fence=INDEX,
    )
