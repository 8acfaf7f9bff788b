"""WN02: a release without enough distinct and unrelated approvers."""

from __future__ import annotations

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..parties import path
from ..view import Award, Milestone, View, day

CHECK = Check(
    "WN02",
    "Release without distinct, unrelated approvers",
    "hard",
    "release",
    ("programme.opened", "approval.given", "evaluation.given", "relation.declared", "release.decided"),
)
NEAR = 2
"""Steps between an approver and the payee that are too few."""


def check(view: View) -> list[Answer]:
    """Flag a release with fewer distinct approvers than needed, or one who evaluated it or is tied to the payee.

    An approver counts once, only if the programme names them, and only before the release. Tied means one or two
    steps over ownership, employment, family, office or a shared contact on the day of the release. The value is the
    number of approvers who count.
    """
    if view.programme is None:
        return []
    return [
        _of(view, view.programme, award, milestone, release)
        for award in view.awards
        for milestone in award.milestones
        for release in milestone.releases
    ]


def _of(view: View, office: Record, award: Award, milestone: Milestone, release: Record) -> Answer:
    needed = int(office["approvals_needed"])
    before = [one for one in milestone.approvals if one.seq < release.seq]
    people = sorted({str(one["approver"]) for one in before} & set(office["approvers"]))
    evaluators = {
        str(milestone.body.get("evaluator")),
        *(str(one["evaluator"]) for one in milestone.evaluations),
    }
    wrong = [f"{one} also evaluated" for one in people if one in evaluators]
    wrong += [
        f"{one} is tied to the payee"
        for one in people
        if path(view.ties, one, award.payee, day(release), longest=NEAR, without="co-award") is not None
    ]
    if len(people) < needed:
        wrong.insert(0, f"{len(people)} of {needed} approvers")
    evidence = cited([release, *before, *milestone.evaluations] if wrong else [release, *before])
    say = CHECK.flag if wrong else CHECK.clear
    sentence = "; ".join(wrong) or f"{len(people)} distinct approvers, none of them tied"
    return say(release.id, sentence, evidence, value=float(len(people)), fence=float(needed))
