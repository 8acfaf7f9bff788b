"""WN03: evidence that is missing, is not what was hashed, or came after its acceptance."""

from __future__ import annotations

from ...programme.milestones import preregistered
from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, Milestone, View

CHECK = Check(
    "WN03",
    "Evidence missing, altered or late",
    "hard",
    "release",
    ("award.made", "evidence.submitted", "evaluation.given", "release.decided"),
)


def check(view: View) -> list[Answer]:
    """Flag a release without evidence, with a file of another hash than then, or with evidence after the fact.

    A payment within the agreed advance needs no evidence. Files are compared where the caller gives the hashes of what
    is on file. The value is the number of faults.
    """
    return [
        _of(view, award, milestone, release)
        for award in view.awards
        for milestone in award.milestones
        for release in milestone.releases
    ]


def _of(view: View, award: Award, milestone: Milestone, release: Record) -> Answer:
    before = [one for one in milestone.evidence if one.seq < release.seq]
    paid = sum(int(one["amount"]) for one in award.releases if one.seq <= release.seq)
    if not before and paid <= int(award.record["advance"] or 0):
        return CHECK.clear(release.id, "within the agreed advance", cited([award.record, release]), value=0.0)
    wrong = [] if before else ["there was no evidence"]
    if preregistered(award.record["milestones"]) != award.record["preregistered_sha256"]:
        wrong.append("the award's milestones are not those that were registered by hash")
    wrong += [
        f"{one.id} on file does not have the hash that was submitted"
        for one in before
        if view.files.get(one.id, one["sha256"]) != one["sha256"]
    ]
    judged = {str(one["evidence"]): one for one in milestone.evaluations}
    late = [one for one in milestone.evidence if one.id in judged and judged[one.id].seq < one.seq]
    wrong += [f"{one.id} was submitted after it had been judged" for one in late]
    say = CHECK.flag if wrong else CHECK.clear
    sentence = "; ".join(wrong) or f"{len(before)} files of evidence came before their evaluation"
    return say(release.id, sentence, cited([release, *before, *late]), value=float(len(wrong)), fence=0.0)
