"""Where money went after a release, and which money was promised and did not come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush

from ..programme.state import Record
from .view import Award, View, day

WITHIN_DAYS = 365
PART = 0.1
"""Part of the tranche that must come back."""


def way_back(
    award: Award, release: Record, ends: set[str], moved: Mapping[str, list[Record]]
) -> list[Record]:
    """The transfers by which money of the release gets soonest to one of the ends; none where it does not."""
    start = day(release)
    last, least = (start + timedelta(days=WITHIN_DAYS)).isoformat(), max(PART * int(release["amount"]), 1)
    queue: list[tuple[str, int, list[Record]]] = []
    seen: set[str] = set()

    def leave(party: str, since: str, way: list[Record]) -> None:
        seen.add(party)
        for one in moved.get(party, ()):
            if since <= one["date"] <= last and one["currency"] == award.currency and one["amount"] >= least:
                heappush(queue, (one["date"], one.seq, [*way, one]))

    leave(award.payee, start.isoformat(), [])
    while queue:
        on, _, way = heappop(queue)
        party = str(way[-1]["payee"])
        if party in ends:
            return way
        if party not in seen:
            leave(party, on, way)
    return []


@dataclass(frozen=True, slots=True)
class Late:
    """A call that was not paid in full when it was due, with what had come in by which day."""

    pledge: Record
    projects: tuple[str, ...]
    call: Record
    payments: tuple[Record, ...]

    def open_on(self, on: str) -> bool:
        """Whether it was due before that day and not yet paid in full on it."""
        paid = sum(int(one["amount"]) for one in self.payments if one["date"] <= on)
        return self.call["due"] < on and paid < self.call["amount"]


def late_calls(view: View) -> list[Late]:
    """Every call that was open on the day after it was due."""
    payments: dict[str, list[Record]] = {}
    for one in view.state.all("payment.received"):
        payments.setdefault(str(one["call"]), []).append(one)
    pledges = {one.id: one for one in view.state.all("pledge.made")}
    calls = [
        Late(
            pledge,
            tuple((pledge["earmark"] or {}).get("projects") or ()),
            call,
            tuple(payments.get(call.id, ())),
        )
        for call in view.state.all("call.made")
        if (pledge := pledges.get(str(call["pledge"]))) is not None
    ]
    on_time = {one.call.id for one in calls if not one.open_on(_day_after(one.call["due"]))}
    return [one for one in calls if one.call.id not in on_time]


def _day_after(told: str) -> str:
    return (date.fromisoformat(told) + timedelta(days=1)).isoformat()
