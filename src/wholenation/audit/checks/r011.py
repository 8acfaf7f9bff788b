"""R011: one contract in pieces."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..parties import group
from ..view import Award, View

CHECK = Check(
    "R011", "Splitting", "medium", "award", ("award.made", "challenge.published", "relation.declared")
)
WITHIN_DAYS = 90


def check(view: View) -> list[Answer]:
    """Flag awards under a threshold to one owner's group, in one field and within 90 days, that reach it together.

    The value is their sum by the threshold of their currency.
    """
    return [_of(view, award) for award in view.awards]


def _of(view: View, award: Award) -> Answer:
    threshold = view.thresholds.get(award.currency)
    if threshold is None:
        return CHECK.not_computable(award.id, f"no threshold in {award.currency} is given")
    family = group(view.ties, award.payee, award.day)
    near = [
        one
        for one in view.awards
        if one.currency == award.currency
        and one.item == award.item
        and one.payee in family
        and 0 <= (one.day - award.day).days <= WITHIN_DAYS
        and one.amount < threshold
    ]
    total = sum(one.amount for one in near) / threshold
    evidence = cited(one.record for one in near)
    # Asked from the earliest of the pieces on, so that they are one flag.
    if award in near and len(near) > 1 and total >= 1.0:
        names = ", ".join(one.id for one in near)
        return CHECK.flag(
            award.id, f"{names}: together {total:.0%} of the threshold", evidence, value=total, fence=1.0
        )
    return CHECK.clear(award.id, f"{len(near)} awards under the threshold", evidence, value=total, fence=1.0)
