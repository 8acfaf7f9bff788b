"""R030: the winner's bid came after the deadline."""

from __future__ import annotations

from .dates import moments
from .process import Process, ids
from .releases import Bid
from .verdicts import CLEAR, Question, Verdict


def r030(process: Process, question: Question) -> Verdict | str:
    """Flag where a valid bid of somebody with an award in force is dated after the end of the tender period."""
    period = process.tender.tender_period
    end = None if period is None else period.end_date
    if end is None:
        return "no end of the tender period"
    if process.details is None:
        return "no list of bids"
    if not question.corrected and not [1 for bid in process.valid if bid.date is not None and bid.date > end]:
        return CLEAR
    winners = {one for award in process.active for one in ids(award.suppliers)}
    if not winners:
        return "no supplier of an award in force"
    late: dict[str, float] = {}
    compared = 0
    for bid in process.valid:
        won = winners.intersection(ids(bid.tenderers))
        if not won:
            continue
        after = _after(bid, end, question)
        if isinstance(after, str):
            return after
        compared += 1
        if after:
            late |= dict.fromkeys(won, 1.0)
    if question.corrected and not compared:
        return "no valid bid of a winner"
    return (
        Verdict(1.0, True, f"a winner's bid is dated after the deadline {end}", None, late) if late else CLEAR
    )


def _after(bid: Bid, end: str, question: Question) -> bool | str:
    """Whether a bid came after the deadline, or why that cannot be told."""
    if not question.corrected:
        return bid.date is not None and bid.date > end
    if bid.date is None:
        return "a winner's bid has no date"
    came, deadline = moments(bid.date, question.zone), moments(end, question.zone)
    if came is None or deadline is None:
        return "a date that cannot be read"
    # A day without a time is late only where all of it is.
    return came.earliest > deadline.latest
