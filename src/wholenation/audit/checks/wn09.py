"""WN09: somebody who judged is close to who is paid."""

from __future__ import annotations

from collections.abc import Iterator

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..parties import path
from ..view import View, day

CHECK = Check(
    "WN09",
    "Conflict of interest",
    "high",
    "decision",
    ("review.scored", "evaluation.given", "approval.given", "relation.declared", "party.registered"),
)
NEAR = 2
"""Steps between two parties that are too few."""


def check(view: View) -> list[Answer]:
    """Flag a review, evaluation or approval by somebody within two steps of the payee on that day.

    Steps go over employment, ownership, family, office, a shared contact, and having been on one award within 36
    months. The value is the number of steps.
    """
    answers = []
    for record, person, party in _decisions(view):
        found = path(view.ties, person, party, day(record), longest=NEAR)
        if found is None:
            answers.append(
                CHECK.clear(record.id, f"{person} is not near {party}", cited([record]), fence=NEAR)
            )
            continue
        way = ", ".join(f"{one.a} {one.kind} {one.b}" for one in found) or "the same party"
        evidence = {*cited([record]), *(one.evidence for one in found)}
        steps = float(len(found))
        answers.append(
            CHECK.flag(record.id, f"{person} is near {party}: {way}", evidence, value=steps, fence=NEAR)
        )
    return answers


def _decisions(view: View) -> Iterator[tuple[Record, str, str]]:
    teams = {bid.id: bid.team for bid in view.bids}
    reviewers = {one.id: str(one["reviewer"]) for one in view.state.all("review.assigned")}
    for one in sorted(view.state.all("review.scored"), key=lambda record: record.id):
        if one["bid"] in teams and one["assignment"] in reviewers:
            yield one, reviewers[one["assignment"]], teams[one["bid"]]
    for award in view.awards:
        for milestone in award.milestones:
            for one in milestone.evaluations:
                yield one, str(one["evaluator"]), award.payee
            for one in milestone.approvals:
                yield one, str(one["approver"]), award.payee
