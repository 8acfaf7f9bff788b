"""R035: all others were disqualified."""

from __future__ import annotations

from .process import Process, ids
from .verdicts import CLEAR, Question, Verdict


def r035(process: Process, question: Question) -> Verdict | str:
    """Flag where one tenderer alone has valid bids and the award, and others (the value) were disqualified."""
    if process.final is None or process.details is None:
        return process.unsettled
    valid: set[str] = set()
    disqualified: set[str] = set()
    for bid in process.details:
        if bid.status == "valid":
            valid.update(ids(bid.tenderers))
        elif bid.status == "disqualified":
            disqualified.update(ids(bid.tenderers))
    if question.corrected and not (valid or disqualified):
        return "no bid that is valid or disqualified"
    if len(valid) != 1 or valid != {one for award in process.final for one in ids(award.suppliers)}:
        return CLEAR
    others = len(disqualified - valid)
    if others < max(question.settings.r035_threshold, 1):
        return Verdict(float(others))
    sentence = f"only the winner's bids were found valid; {others} other tenderers were disqualified"
    return Verdict(float(others), True, sentence, None, dict.fromkeys(valid, 0.0))
