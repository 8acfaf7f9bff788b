"""WN01: paid ahead of proof."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import Award, Milestone, View

CHECK = Check(
    "WN01",
    "Paid ahead of proof",
    "hard",
    "award",
    ("award.made", "evidence.submitted", "evaluation.given", "release.decided"),
)


def check(view: View) -> list[Answer]:
    """Flag an award of which, at some release, more was paid than accepted evidence and the advance allow.

    Covered is the advance and the payment of every milestone whose last evaluation before it was paid (or, unpaid,
    before this release) accepts its evidence: a later re-test does not make an earlier payment wrong. The value is the
    largest sum paid beyond that, in minor units.
    """
    return [_of(award) for award in view.awards]


def _of(award: Award) -> Answer:
    if not award.releases:
        return CHECK.clear(award.id, "nothing was paid", value=0.0)
    paid, worst, behind = 0, 0, []
    for release in award.releases:
        paid += int(release["amount"])
        covered = int(award.record["advance"] or 0) + sum(
            one.payment for one in award.milestones if one.accepted_before(_asked(one, release.seq))
        )
        if paid > covered:
            worst = max(worst, paid - covered)
            behind.append(release)
    if behind:
        sentence = f"{worst:,} {award.currency} minor units were paid before evidence for them was accepted"
        return CHECK.flag(award.id, sentence, cited([award.record, *behind]), value=float(worst), fence=0.0)
    return CHECK.clear(
        award.id, "every payment followed accepted evidence", cited(award.releases), value=0.0, fence=0.0
    )


def _asked(milestone: Milestone, seq: int) -> int:
    return min([seq, *(one.seq for one in milestone.releases)])
