"""R068: paid more than was agreed."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("R068", "Paid more than the contract", "hard", "award", ("award.made", "release.decided"))


def check(view: View) -> list[Answer]:
    """Flag an award of which more was released than it is worth, or more for a milestone than its payment.

    The value is what was paid by what was agreed, the worst of both.
    """
    answers = []
    for award in view.awards:
        agreed = max(award.amount, 1)
        part, told, records = (
            award.paid / agreed,
            f"paid {award.paid / agreed:.0%} of the award",
            award.releases,
        )
        for one in award.milestones:
            paid = sum(int(release["amount"]) for release in one.releases)
            terms = [one.payment, *(int(change["to"].get("payment") or 0) for change in one.changes)]
            if paid > max(terms) and paid / max(*terms, 1) > max(part, 1.0):
                part, told, records = (
                    paid / max(*terms, 1),
                    f"paid {paid:,} for {one.id}, agreed {max(terms):,}",
                    one.releases,
                )
        say = CHECK.flag if part > 1.0 else CHECK.clear
        answers.append(say(award.id, told, cited([award.record, *records]), value=part, fence=1.0))
    return answers
