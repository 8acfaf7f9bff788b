"""What checks on the bidders of one challenge share: every two teams of it, and what is common to them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from .check import Check, cited
from .flags import Answer
from .parties import shared_owners
from .view import Race, View


def rivals(race: Race) -> Iterator[tuple[str, str]]:
    """Every two different teams with a valid bid."""
    return combinations(sorted({bid.team for bid in race.valid}), 2)


def shared_owner(check: Check, view: View, part: float) -> list[Answer]:
    """An answer for each challenge with two valid bidders: whether somebody owns at least that part of both."""
    answers = []
    declared = {one.evidence for one in view.ties.all if one.kind == "owns"}
    for race in view.races:
        pairs = list(rivals(race))
        if not pairs:
            answers.append(check.not_computable(race.id, "fewer than two valid bidders"))
            continue
        found = [
            (value, f"{one} and {other} through {owner} ({value:.0%})")
            for one, other in pairs
            for owner, value in shared_owners(view.ties, one, other, race.deadline, at_least=part).items()
        ]
        bids = cited(bid.record for bid in race.valid)
        if found:
            teams = {bid.team for bid in race.valid}
            ties = {one.evidence for team in teams for one in view.ties.of.get(team, ())} & declared
            told = "; ".join(sorted(text for _, text in found))
            answers.append(check.flag(race.id, told, [*bids, *ties], value=max(found)[0], fence=part))
        else:
            answers.append(check.clear(race.id, "no owner of both is declared", bids, value=0.0, fence=part))
    return answers
