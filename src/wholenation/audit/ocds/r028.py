"""R028: different tenderers offered the very same price."""

from __future__ import annotations

from .process import Process, ids
from .verdicts import CLEAR, Question, Verdict, compares_prices


def r028(process: Process, question: Question) -> Verdict | str:
    """Flag where two submitted bids of different tenderers have the same amount in the same currency."""
    if not compares_prices(process.tender, question.settings):
        return "prices do not decide under its procurement method"
    if len(process.submitted) < 2:
        return "fewer than two submitted bids"
    prices = [
        (bid.value.amount, bid.value.currency, bid.tenderers)
        for bid in process.submitted
        if bid.value is not None and bid.value.amount is not None and bid.value.currency is not None
    ]
    if question.corrected and len(prices) < 2:
        return "fewer than two submitted bids with a price"
    if len({price[:2] for price in prices}) == len(prices):
        return CLEAR
    by_price: dict[tuple[float, str], set[frozenset[str]]] = {}
    for amount, currency, tenderers in prices:
        if bidders := frozenset(ids(tenderers)):
            by_price.setdefault((amount, currency), set()).add(bidders)
    same = {one for bidders in by_price.values() if len(bidders) > 1 for group in bidders for one in group}
    if not same:
        return CLEAR
    return Verdict(1.0, True, f"{len(same)} tenderers offered the same price", None, dict.fromkeys(same, 1.0))
