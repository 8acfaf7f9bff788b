"""WN18: a race whose teams are one team."""

from __future__ import annotations

from itertools import combinations

from ..check import Check, cited
from ..flags import Answer
from ..parties import shared_owners
from ..view import Award, Race, View

CHECK = Check(
    "WN18",
    "Parallel race that is not",
    "medium",
    "challenge",
    ("award.made", "bid.opened", "relation.declared"),
)
OWNED = 0.25
TRIES = 2
"""Independent tries that make a race."""


def check(view: View) -> list[Answer]:
    """Flag a challenge of whose funded teams fewer than two are independent.

    Teams that share an owner (25 % or more), a site, a person or an approach count as one. The value is the number of
    groups that are left. A challenge with one funded team is no race, and clear.
    """
    return [_of(view, race) for race in view.races if race.awards]


def _of(view: View, race: Race) -> Answer:
    evidence = [one.record for one in race.awards] + [one.bid.opened for one in race.awards if one.bid]
    if len(race.awards) < TRIES:
        return CHECK.clear(race.id, "one team was funded", cited(evidence), value=1.0, fence=TRIES)
    group = {one.id: one.id for one in race.awards}
    told = []
    for one, other in combinations(race.awards, 2):
        shared = _shared(view, one, other)
        if shared:
            told.append(f"{one.id} and {other.id}: {', '.join(shared)}")
            old, new = group[other.id], group[one.id]
            group = {key: new if value == old else value for key, value in group.items()}
    tries = len(set(group.values()))
    if tries < TRIES:
        return CHECK.flag(race.id, "; ".join(told), cited(evidence), value=float(tries), fence=TRIES)
    return CHECK.clear(
        race.id, f"{tries} independent tries", cited(evidence), value=float(tries), fence=TRIES
    )


def _shared(view: View, one: Award, other: Award) -> list[str]:
    on = max(one.day, other.day)
    found = [f"owner {name}" for name in shared_owners(view.ties, one.payee, other.payee, on, at_least=OWNED)]
    if one.bid and other.bid:
        found += [f"site {site}" for site in sorted(one.bid.sites & other.bid.sites)]
        found += [f"person {person}" for person in sorted(set(one.bid.people) & set(other.bid.people))]
        approach = one.bid.content.get("approach")
        found += (
            [f"approach {approach}"] if approach and approach == other.bid.content.get("approach") else []
        )
    return found
