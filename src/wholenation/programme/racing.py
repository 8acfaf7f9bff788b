"""Rival teams race, and the rule that was published with the challenge says who goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..errors import QuestionError
from .gate_records import GateRecords, gate_records
from .ledger import Draft, Entry
from .office import Programme
from .parties import related
from .releasing import acceptance_of
from .requests import day_of, once
from .reservations import ended, held, voided
from .state import Record, State


@dataclass(frozen=True, slots=True)
class Racer:
    """An award in a race, and the value of the challenge's metric that was measured in time, if any was."""

    award: str
    measured: float | None


def ranked(racers: list[Racer], direction: str) -> list[Racer]:
    """The racers in the order of the rule: best value first, those without one last, equals by name.

    >>> [one.award for one in ranked([Racer("a", 3.0), Racer("b", None), Racer("c", 5.0)], "at_least")]
    ['c', 'a', 'b']
    """
    sign = -1.0 if direction == "at_least" else 1.0
    return sorted(
        racers,
        key=lambda one: (one.measured is None, sign * (one.measured or 0.0), one.award),
    )


def downselect(
    programme: Programme,
    *,
    key: str,
    actor: str,
    downselect: str,
    challenge: str,
    today: date | None = None,
) -> Entry:
    """Decide by the published rule (metric, direction, keep, date) which awards of a challenge go on.

    Nobody chooses: what counts is each team's last value that its registered, independent evaluator had measured by
    the date. What is still reserved for those that are dropped goes back to its pledges. Raises `QuestionError`
    before the date, where no rule was published, and where it was decided already.
    """

    def decide(state: State) -> list[Draft]:
        published = state.get("challenge.published", challenge)
        keep, when = published["keep"], published["down_select"]
        if keep is None or when is None:
            raise QuestionError(
                f"{challenge} was published without a down-select: its rule needs keep and a date"
            )
        day = day_of(programme, state, today)
        if day < when:
            raise QuestionError(f"{challenge} is down-selected on {when} at the earliest; today is {day}")
        for before in state.all("downselect.decided", challenge=challenge):
            raise QuestionError(f"{challenge} was down-selected already, by {before.id}")
        running = [one for one in state.all("award.made", challenge=challenge) if not ended(state, one.id)]
        if not running:
            raise QuestionError(f"{challenge} has no award that is still open")
        records = gate_records(state, day)
        order = ranked(
            [Racer(one.id, measured(records, one, published)) for one in running], published["direction"]
        )
        kept, dropped = order[:keep], {one.award for one in order[keep:]}
        body = {
            "downselect": downselect,
            "challenge": challenge,
            "kept": [one.award for one in kept],
            "dropped": [one.award for one in order[keep:]],
            "ranking": [{"award": one.award, "measured": one.measured} for one in order],
        }
        postings = tuple(
            posting
            for award in running
            if award.id in dropped
            for posting in voided(award, held(state, award))
        )
        return [Draft(key, "downselect.decided", actor, body, postings)]

    asked = {"downselect": downselect, "challenge": challenge}
    return once(programme, "downselect.decided", key, actor, asked, decide)


def measured(records: GateRecords, award: Record, challenge: Record) -> float | None:
    """The last value of a challenge's metric that an award's registered evaluator found until the date of the rule.

    Values of an evaluator who is related to the payee do not count.
    """
    found: tuple[int, float] | None = None
    for one in award["milestones"]:
        if one.get("metric") != challenge["metric"]:
            continue
        terms, _ = acceptance_of(records, one["milestone"])
        if related(records.ties, terms.evaluator, award["payee"]):
            continue
        shown = records.evidence.get(terms.milestone, ())
        for value in (one for paper in shown for one in records.evaluations.get(paper.id, ())):
            own = value["evaluator"] == value.actor == terms.evaluator and value["retest_of"] is None
            in_time = value.at[:10] <= challenge["down_select"]
            if own and in_time and value["measured"] is not None:
                found = max(found or (0, 0.0), (value.seq, float(value["measured"])))
    return None if found is None else found[1]
