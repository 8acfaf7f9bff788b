"""Earned value: what was planned, what is reached by accepted evidence, and what it has cost, in minor units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .gate_records import GateRecords, gate_records
from .releasing import acceptance_of
from .state import Record, State


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """Planned value PV, earned value EV, actual cost AC and budget at completion BAC; indices follow.

    An index is None, not computable, where its denominator is 0 (PMBOK Guide, 7.4.2.2, gives the formulas).

    >>> fence = EarnedValue(planned=3000, earned=2500, spent=2800, budget=4000)
    >>> round(fence.cpi, 3), round(fence.spi, 3), round(fence.eac)
    (0.893, 0.833, 4480)
    """

    planned: int
    earned: int
    spent: int
    budget: int

    @property
    def cpi(self) -> float | None:
        """Cost performance EV / AC: below 1, money buys less than planned."""
        return _ratio(self.earned, self.spent)

    @property
    def spi(self) -> float | None:
        """Schedule performance EV / PV: below 1, less is reached than should be by now."""
        return _ratio(self.earned, self.planned)

    @property
    def eac(self) -> float | None:
        """Estimate at completion BAC / CPI: what all of it will cost if nothing changes."""
        return _ratio(self.budget * self.spent, self.earned) if self.spent else None

    @property
    def tcpi(self) -> float | None:
        """To-complete performance (BAC - EV) / (BAC - AC): the CPI that the rest needs to stay within the budget."""
        return _ratio(self.budget - self.earned, self.budget - self.spent)

    @property
    def cost_variance(self) -> int:
        """EV - AC: below 0, over budget."""
        return self.earned - self.spent

    @property
    def schedule_variance(self) -> int:
        """EV - PV: below 0, behind schedule."""
        return self.earned - self.planned


def _ratio(over: int, under: int) -> float | None:
    return over / under if under else None


def total(parts: Iterable[EarnedValue]) -> EarnedValue:
    """Several awards as one, of one currency."""
    found = list(parts)
    return EarnedValue(
        sum(one.planned for one in found),
        sum(one.earned for one in found),
        sum(one.spent for one in found),
        sum(one.budget for one in found),
    )


def earned_value(state: State, award: Record, day: str, records: GateRecords | None = None) -> EarnedValue:
    """An award's earned value on a day, YYYY-MM-DD.

    The budget is what its milestones pay; planned are those due by the day as registered, earned those that are
    accepted by their registered evaluator on evidence of then, spent what the team has reported by then. A milestone
    is earned whole or not at all. `records` are those of all gates on that day, where many awards are asked about.
    """
    records = records or gate_records(state, day)
    planned = earned = budget = 0
    for one in award["milestones"]:
        registered = records.terms[one["milestone"]]
        budget += registered.payment
        planned += registered.payment if registered.due <= day else 0
        _, acceptance = acceptance_of(records, registered.milestone)
        counted = acceptance.evaluation
        if acceptance.accepted and counted is not None:
            at = state.get("evaluation.given", counted.evaluation).at
            earned += registered.payment if at[:10] <= day else 0
    reports = state.all("spending.reported", award=award.id)
    spent = sum(report["amount"] for report in reports if report["date"] <= day)
    return EarnedValue(planned, earned, spent, budget)
