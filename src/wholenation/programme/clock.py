"""What time it is for an act: the ledger's clock, which never goes back behind the last entry."""

from __future__ import annotations

from datetime import datetime

from .office import Programme
from .state import State


def instant(text: str) -> datetime:
    """A moment written as RFC 3339, to compare with others: as texts, 12:00:00.5Z comes before 12:00:00Z."""
    return datetime.fromisoformat(text)


def moment(programme: Programme, state: State) -> datetime:
    """The ledger's clock, or the time of the last entry where the clock has gone back behind it."""
    last = [next(reversed(records.values())).at for records in state.records.values()]
    return max(map(instant, (programme.ledger.now(), *last)))


def day(programme: Programme, state: State) -> str:
    """The day of an act, in UTC, as YYYY-MM-DD."""
    return moment(programme, state).date().isoformat()


def shown(when: datetime) -> str:
    """A moment to the second, for a sentence."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
