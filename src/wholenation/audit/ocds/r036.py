"""R036: the cheapest bid was disqualified."""

from __future__ import annotations

from .process import Process
from .verdicts import CLEAR, Question, Verdict, of_price_only

CHEAPEST_OUT = Verdict(1.0, True, "the lowest submitted bid was disqualified, and an award was made")


def r036(process: Process, question: Question) -> Verdict | str:
    """Flag where the lowest submitted bid was disqualified, a valid one has a price, and an award is in force."""
    reason = of_price_only(process, question)
    if reason is not None:
        return reason
    if not process.active:
        return "no award in force"
    if not process.disqualified and question.money.settled:
        return CLEAR
    prices = question.money.prices(process.submitted, process)
    if isinstance(prices, str):
        return prices
    if not any(bid.status == "valid" for bid, _ in prices):
        return "no valid bid with a price"
    lowest = min(amount for _, amount in prices)
    cheapest = [bid.status == "disqualified" for bid, amount in prices if amount == lowest]
    # Of equal prices Cardinal takes the first; corrected, one that was let in clears the process.
    out = all(cheapest) if question.corrected else cheapest[0]
    return CHEAPEST_OUT if out else CLEAR
