"""WN15: money that comes back, or that was promised beside and never came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, View, day

CHECK = Check(
    "WN15",
    "Round trip",
    "high",
    "award",
    (
        "transfer.observed",
        "release.decided",
        "pledge.made",
        "call.made",
        "payment.received",
        "relation.declared",
    ),
)
WITHIN_DAYS = 365
PART = 0.1
"""Part of the tranche that must come back."""


def check(view: View) -> list[Answer]:
    """Flag an award of whose tranche a part gets to a contributor or official, or whose promised match is unpaid.

    A way is a chain of observed transfers from the payee, each not before the last, within 12 months of the release
    and of at least a tenth of it. Officials are those so declared, and who approves. Unpaid: a call on a pledge for the
    award or its project that was due by a release and had not been received. The value is the largest part come back.
    """
    ends = _insiders(view)
    moved: dict[str, list[Record]] = {}
    for one in sorted(view.state.all("transfer.observed"), key=lambda record: (record["date"], record.id)):
        moved.setdefault(str(one["payer"]), []).append(one)
    late = _late_calls(view)
    return [_of(award, ends, moved, late) for award in view.awards]


def _of(award: Award, ends: set[str], moved: Mapping[str, list[Record]], late: list[Late]) -> Answer:
    if not award.releases:
        return CHECK.clear(award.id, "nothing was paid", value=0.0, fence=PART)
    project = award.challenge["project"] if award.challenge else None
    matching = [one for one in late if one.pledge.id in award.record["funding"] or project in one.projects]
    for release in award.releases:
        way = _way(award, release, ends - {award.payee}, moved)
        if way:
            part = min(int(one["amount"]) for one in way) / int(release["amount"])
            sentence = f"{part:.0%} of {release.id} went on to {way[-1]['payee']}"
            return CHECK.flag(award.id, sentence, cited([release, *way]), value=part, fence=PART)
        missing = [one for one in matching if one.open_on(release.at[:10])]
        if missing:
            names = ", ".join(sorted({str(one.pledge["contributor"]) for one in missing}))
            sentence = f"promised by {names} and due before {release.id}, not received"
            records = [release, *(record for one in missing for record in (one.pledge, one.call))]
            return CHECK.flag(award.id, sentence, cited(records), value=0.0, fence=PART)
    return CHECK.clear(
        award.id, "no money is seen to come back", cited(award.releases), value=0.0, fence=PART
    )


def _insiders(view: View) -> set[str]:
    people = set(view.programme["approvers"]) if view.programme else set()
    people |= {str(one["contributor"]) for one in view.state.all("pledge.made")}
    return people | {one.a for one in view.ties.all if one.kind == "official"}


def _way(award: Award, release: Record, ends: set[str], moved: Mapping[str, list[Record]]) -> list[Record]:
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


def _late_calls(view: View) -> list[Late]:
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
