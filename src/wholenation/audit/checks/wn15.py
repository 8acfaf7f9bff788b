"""WN15: money that comes back, or that was promised beside and never came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

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
    transfers = sorted(view.state.all("transfer.observed"), key=lambda one: (one["date"], one.id))
    return [_of(view, award, ends, transfers) for award in view.awards]


def _of(view: View, award: Award, ends: set[str], transfers: list[Record]) -> Answer:
    if not award.releases:
        return CHECK.clear(award.id, "nothing was paid", value=0.0, fence=PART)
    for release in award.releases:
        way = _way(award, release, ends - {award.payee}, transfers)
        if way:
            part = min(int(one["amount"]) for one in way) / int(release["amount"])
            sentence = f"{part:.0%} of {release.id} went on to {way[-1]['payee']}"
            return CHECK.flag(award.id, sentence, cited([release, *way]), value=part, fence=PART)
        missing = _unpaid(view, award, day(release))
        if missing:
            sentence = f"promised by {', '.join(missing)} and due before {release.id}, not received"
            calls = [call for found in missing.values() for call in found]
            return CHECK.flag(award.id, sentence, cited([release, *calls]), value=0.0, fence=PART)
    return CHECK.clear(
        award.id, "no money is seen to come back", cited(award.releases), value=0.0, fence=PART
    )


def _insiders(view: View) -> set[str]:
    people = set(view.programme["approvers"]) if view.programme else set()
    people |= {str(one["contributor"]) for one in view.state.all("pledge.made")}
    return people | {one.a for one in view.ties.all if one.kind == "official"}


def _way(award: Award, release: Record, ends: set[str], transfers: Iterable[Record]) -> list[Record]:
    start = day(release)
    last, least = (start + timedelta(days=WITHIN_DAYS)).isoformat(), PART * int(release["amount"])
    ways: dict[str, list[Record]] = {award.payee: []}
    for one in transfers:
        large = one["currency"] == award.currency and one["amount"] >= least and one["amount"] > 0
        if start.isoformat() <= one["date"] <= last and large and one["payer"] in ways:
            ways.setdefault(str(one["payee"]), [*ways[one["payer"]], one])
            if one["payee"] in ends:
                return [*ways[one["payer"]], one]
    return []


def _unpaid(view: View, award: Award, on: date) -> dict[str, list[Record]]:
    project = award.challenge["project"] if award.challenge else None
    missing: dict[str, list[Record]] = {}
    for pledge in view.state.all("pledge.made"):
        named = project in ((pledge["earmark"] or {}).get("projects") or ())
        if pledge.id not in award.record["funding"] and not named:
            continue
        for call in view.state.all("call.made", pledge=pledge.id):
            paid = sum(
                int(one["amount"])
                for one in view.state.all("payment.received", call=call.id)
                if one["date"] <= on.isoformat()
            )
            if call["due"] < on.isoformat() and paid < call["amount"]:
                missing.setdefault(str(pledge["contributor"]), []).append(call)
    return missing
