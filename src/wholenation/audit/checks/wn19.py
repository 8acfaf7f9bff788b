"""WN19: a race that hardly anybody runs."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import Race, View

CHECK = Check(
    "WN19",
    "Thin race",
    "low",
    "challenge",
    ("challenge.published", "bid.sealed", "bid.opened", "bid.excluded"),
)
MANY = 3
"""Bids of which only one is left: criteria that one team meets."""


def check(view: View) -> list[Answer]:
    """Flag a challenge with at most one valid team twice running for its project, or whose criteria leave one of three.

    The value is the number of valid teams. Before the deadline it cannot be told.
    """
    before: dict[str, Race] = {}
    answers = []
    for race in view.races:
        if race.deadline >= view.today or any(
            one.opened is None and one.excluded is None for one in race.bids
        ):
            answers.append(CHECK.not_computable(race.id, "its bids are not opened yet"))
            continue
        project = str(race.record["project"])
        last = before.get(project)
        before[project] = race
        answers.append(_of(race, last))
    return answers


def _of(race: Race, last: Race | None) -> Answer:
    teams = _teams(race)
    excluded = [one.excluded for one in race.bids]
    evidence = [race.record, *(one.record for one in race.bids), *excluded]
    if teams <= 1 and last is not None and _teams(last) <= 1:
        sentence = f"{teams} valid teams, after {_teams(last)} in {last.id}"
        return CHECK.flag(race.id, sentence, cited([*evidence, last.record]), value=float(teams), fence=1.0)
    if teams == 1 and len(race.bids) >= MANY:
        sentence = f"of {len(race.bids)} bids one met the criteria"
        return CHECK.flag(race.id, sentence, cited(evidence), value=float(teams), fence=1.0)
    return CHECK.clear(race.id, f"{teams} valid teams", cited(evidence), value=float(teams), fence=1.0)


def _teams(race: Race) -> int:
    return len({one.team for one in race.valid})
