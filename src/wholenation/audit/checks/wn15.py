"""WN15: money that comes back, or that was promised beside and never came."""

from __future__ import annotations

from collections.abc import Mapping

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..flows import PART, Late, late_calls, way_back
from ..view import Award, View

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
    late = late_calls(view)
    return [_of(award, ends, moved, late) for award in view.awards]


def _of(award: Award, ends: set[str], moved: Mapping[str, list[Record]], late: list[Late]) -> Answer:
    if not award.releases:
        return CHECK.clear(award.id, "nothing was paid", value=0.0, fence=PART)
    project = award.challenge["project"] if award.challenge else None
    matching = [one for one in late if one.pledge.id in award.record["funding"] or project in one.projects]
    for release in award.releases:
        way = way_back(award, release, ends - {award.payee}, moved)
        if way:
            part = min(int(one["amount"]) for one in way) / max(int(release["amount"]), 1)
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
