"""R035: all others were disqualified."""

from __future__ import annotations

from .process import Process, ids
from .verdicts import CLEAR, Question, Verdict


def r035(process: Process, question: Question) -> Verdict | str:
    """Flag where one tenderer alone has valid bids and the award, and others (the value) were disqualified."""
    if process.final is None:
        return process.unsettled
    if not process.disqualified:
        return "no bid that is valid or disqualified" if question.corrected and not process.valid else CLEAR
    valid = {one for bid in process.valid for one in ids(bid.tenderers)}
    disqualified = {one for bid in process.disqualified for one in ids(bid.tenderers)}
    if len(valid) != 1 or valid != {one for award in process.final for one in ids(award.suppliers)}:
        return CLEAR
    others = len(disqualified - valid)
    if others < max(question.settings.r035_threshold, 1):
        return Verdict(float(others))
    sentence = f"only the winner's bids were found valid; {others} other tenderers were disqualified"
    return Verdict(float(others), True, sentence, None, dict.fromkeys(valid, 0.0))
