"""How far the lowest bid that lost lay above the one that won: what R024 and R058 look at."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from .process import Process, only_id, only_supplier, why_no_only_supplier
from .statistics import Fences, fences
from .verdicts import Question, of_price_only


class Spread(NamedTuple):
    """(lowest losing price - winning price) / winning price, and whose they were."""

    ratio: float
    winner: str
    runner_up: str


@dataclass(slots=True)
class Spreads:
    """The spread of every process that has one."""

    question: Question
    by_ocid: dict[str, Spread] = field(default_factory=dict)

    def take(self, process: Process) -> str | None:
        """Take in a process; why it has no spread."""
        found = spread(process, self.question)
        if isinstance(found, str):
            return found
        self.by_ocid[process.ocid] = found
        return None

    def fences(self) -> Fences:
        """The fences of all spreads. Nothing over nothing is no number, and has no place among numbers."""
        return fences(one.ratio for one in self.by_ocid.values() if not math.isnan(one.ratio))


def spread(process: Process, question: Question) -> Spread | str:
    """The spread of a process with one award in force, one supplier and bids of one tenderer each, or why none."""
    reason = of_price_only(process, question)
    if reason is not None:
        return reason
    supplier = only_supplier(process)
    if supplier is None:
        return why_no_only_supplier(process)
    bids = [bid for bid in process.valid if only_id(bid.tenderers) is not None]
    prices = question.money.prices(bids, process)
    if isinstance(prices, str):
        return prices
    winning = losing = None
    runner_up = ""
    for bid, amount in prices:
        tenderer = only_id(bid.tenderers) or ""
        if tenderer == supplier:
            if winning is None or amount < winning:
                winning = amount
        elif (
            losing is None
            or amount < losing
            or (question.corrected and (amount, tenderer) < (losing, runner_up))
        ):
            losing, runner_up = amount, tenderer
    if winning is None or losing is None:
        return "no valid bid of the winner, or none of another"
    if losing < winning:
        return "a lower valid bid did not win, so that prices alone did not decide"
    if question.corrected and winning <= 0:
        return "the winning price is not above 0"
    return Spread(_ratio(losing - winning, winning), supplier, runner_up)


def _ratio(difference: float, price: float) -> float:
    if price:
        return difference / price
    return math.nan if difference == 0 else math.copysign(math.inf, price)
