"""What every pledge can give to a challenge's project, after what it has given already."""

from __future__ import annotations

from fractions import Fraction

from .funding import Offer, available, why_not_eligible
from .reservations import ended, split
from .state import Record, State


def committed(state: State, project: str, currency: str) -> dict[str, int]:
    """Minor units that each pledge has in a project: reserved or paid out, without what was voided."""
    challenges = {one.id for one in state.all("challenge.published", project=project)}
    total: dict[str, int] = {}
    for award in state.all("award.made", currency=currency):
        if award["challenge"] in challenges:
            for pledge, amount in still_funded(state, award).items():
                total[pledge] = total.get(pledge, 0) + amount
    return total


def still_funded(state: State, award: Record) -> dict[str, int]:
    """Minor units by pledge that an award holds or has paid; where it has ended, what was paid by then."""
    funding = {name: int(award["funding"][name]) for name in sorted(award["funding"])}
    if ended(state, award.id) is None:
        return funding
    left = dict(funding)
    for release in state.all("release.decided", award=award.id, allowed=True):
        for name, part in split(release["amount"], left).items():
            left[name] -= part
    return {name: amount - left[name] for name, amount in funding.items()}


def offers(state: State, challenge: Record) -> list[Offer]:
    """What every eligible pledge can give to a challenge's project; the most narrowly earmarked first.

    Narrow money comes first, so that money that could go elsewhere stays free for longer.
    """
    given = committed(state, challenge["project"], challenge["currency"])
    found = []
    for pledge in state.all("pledge.made"):
        if why_not_eligible(pledge, challenge) is None:
            mine, free = given.get(pledge.id, 0), available(state, pledge)
            cap = mine + free if pledge["cap"] is None else min(pledge["cap"], mine + free)
            ratio = None if pledge["match_ratio"] is None else Fraction(str(pledge["match_ratio"]))
            found.append(Offer(pledge.id, pledge["contributor"], mine, free, cap, ratio))
        elif pledge.id in given:  # it counts for the matching of others, and gives no more
            mine = given[pledge.id]
            found.append(Offer(pledge.id, pledge["contributor"], mine, 0, mine, None))
    marks = {
        one.id: sum(bool(allowed) for allowed in (one["earmark"] or {}).values())
        for one in state.all("pledge.made")
    }
    return sorted(found, key=lambda offer: -marks[offer.pledge])
