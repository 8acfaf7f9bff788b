"""WN06: the same evidence twice."""

from __future__ import annotations

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("WN06", "Evidence reused", "high", "evidence", ("award.made", "evidence.submitted"))
LIKE = 0.8
"""Share of equal places of two MinHash signatures, an estimate of Jaccard's index of the texts."""
BAND = 4
"""Of signatures alike in 80 % of places, at least one band of four places is the same: none is missed."""


def check(view: View) -> list[Answer]:
    """Flag evidence whose file, or nearly whose text, was also submitted under another award.

    The value is the likeness with the nearest such file: 1 for the same SHA-256, otherwise the share of equal places
    of the MinHash signatures.
    """
    award_of = {one.id: one.award for one in view.milestones}
    papers = {one.id: one for milestone in view.milestones for one in milestone.evidence}
    near: dict[str, list[str]] = {}
    for group in _alike(papers):
        for one in group:
            near.setdefault(one, []).extend(other for other in group if other != one)
    answers = []
    for key, paper in sorted(papers.items()):
        mine = award_of[str(paper["milestone"])]
        others = [
            (_likeness(paper, papers[other]), other)
            for other in sorted(set(near.get(key, ())))
            if award_of[str(papers[other]["milestone"])] != mine
        ]
        likeness, nearest = max(others, default=(0.0, ""), key=lambda one: (one[0], one[1]))
        if likeness < LIKE:
            answers.append(CHECK.clear(key, "not seen elsewhere", cited([paper]), value=likeness, fence=LIKE))
            continue
        other = papers[nearest]
        sentence = f"{likeness:.0%} the same as {nearest} of award {award_of[str(other['milestone'])]}"
        answers.append(CHECK.flag(key, sentence, cited([paper, other]), value=likeness, fence=LIKE))
    return answers


def _alike(papers: dict[str, Record]) -> list[list[str]]:
    groups: dict[tuple[object, ...], list[str]] = {}
    for key, paper in sorted(papers.items()):
        groups.setdefault(("file", paper["sha256"]), []).append(key)
        signature = paper["shingles"] or ()
        for start in range(0, len(signature) - BAND + 1, BAND):
            band = (start, len(signature), *signature[start : start + BAND])
            groups.setdefault(band, []).append(key)
    return [group for group in groups.values() if len(group) > 1]


def _likeness(one: Record, other: Record) -> float:
    if one["sha256"] == other["sha256"]:
        return 1.0
    a, b = one["shingles"] or (), other["shingles"] or ()
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a) if a and len(a) == len(b) else 0.0
