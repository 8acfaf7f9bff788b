"""What the audit would have said of a known case, and on which day first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..programme.cases import Fact, days, to_state
from .flags import Answer, flagged
from .ledger import audit_ledger


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag, the day on which it would have been raised first, and the day since when it is said no more, if any."""

    day: date
    answer: Answer
    until: date | None = None


def replay(facts: Sequence[Fact]) -> list[Raised]:
    """Every flag that an office would have seen that audits whenever something is entered, and each month, by day.

    Each audit sees the ledger as it was at the end of that day, and nothing of what came later. A flag is the same as
    long as check and subject are; its answer is that of the first day.
    """
    found: dict[tuple[str, str, str], Raised] = {}
    for day in audit_days(facts):
        answers = flagged(audit_ledger(to_state(facts, until=day), today=day))
        now = {(one.check, one.subject_kind, one.subject): one for one in answers}
        for name, one in found.items():
            gone = None if name in now else one.until or day
            found[name] = Raised(one.day, one.answer, gone)
        for name, answer in now.items():
            found.setdefault(name, Raised(day, answer))
    return sorted(found.values(), key=lambda one: (one.day, one.answer.check, one.answer.subject))


def audit_days(facts: Sequence[Fact]) -> list[date]:
    """The days on which something is entered, and the first of every month between the first and the last of them."""
    entered = days(facts)
    if not entered:
        return []
    first, last = entered[0], entered[-1]
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    return sorted({*entered, *(date(month // 12, month % 12 + 1, 1) for month in months)})
