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
    by_price: dict[tuple[float, str], set[frozenset[str]]] = {}
    priced = 0
    for bid in process.submitted:
        value = bid.value
        if value is None or value.amount is None or value.currency is None:
            continue
        bidders = frozenset(ids(bid.tenderers))
        if bidders:
            priced += 1
            by_price.setdefault((value.amount, value.currency), set()).add(bidders)
    if question.corrected and priced < 2:
        return "fewer than two submitted bids with price and tenderer"
    if len(by_price) == priced:
        return CLEAR
    same = {one for bidders in by_price.values() if len(bidders) > 1 for group in bidders for one in group}
    if not same:
        return CLEAR
    return Verdict(1.0, True, f"{len(same)} tenderers offered the same price", None, dict.fromkeys(same, 1.0))
