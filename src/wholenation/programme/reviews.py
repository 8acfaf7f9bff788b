"""Who reads which bids, what they say without knowing whose they are, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ..errors import QuestionError, unknown
from .bids import opened_bids
from .clock import day, instant, moment
from .drafts import refuse, to_draft
from .ledger import Draft, Entry
from .matching import Reviewer, Score, assign_reviewers, calibrated
from .office import Programme
from .parties import Ties, known_party, related, ties_on
from .state import Record, State

PROBABILITY = "probability"
"""The criterion that every review answers: how likely the team passes the acceptance test, 0 to 1."""
HIGHEST = 10.0
"""The best mark of any other criterion; the worst is 0."""
FIRM = 0.01
"""No bid is certain, and none is hopeless: probabilities keep this distance from 0 and 1."""


def assign(
    programme: Programme,
    *,
    key: str,
    actor: str,
    challenge: str,
    reviewers: Sequence[str],
    per_bid: int,
    load: int,
    most_probability: float = 1.0,
    seed: int = 0,
) -> list[Entry]:
    """Share out the open bids of a challenge: `per_bid` readers for each, at most `load` bids a reader.

    Nobody reads the bid of somebody to whom ties declared by now relate them. The draw is random, by the seed, and
    no pair comes with more than `most_probability`, so that nobody can count on a certain reader. One entry for each
    reader that has a bid to read. The same request once more is drawn again from what the ledger held then, and
    gives back the entries of then; one that would give others is refused.
    """

    def decide(state: State) -> list[Draft]:
        for one in reviewers:
            known_party(state, one)
        target = state.get("challenge.published", challenge)
        made = state.all("review.assigned", challenge=challenge)
        if not made and moment(programme, state) < instant(target["deadline"]):
            raise QuestionError(f"{challenge}: bids are sealed until {target['deadline']}")
        then = _before(state, made[0].seq) if made else state
        today = made[0].at[:10] if made else day(programme, state)
        bids = opened_bids(then, challenge)
        if not bids:
            raise QuestionError(f"{challenge}: no bid is open")
        given = assign_reviewers(
            [Reviewer(one, load) for one in reviewers], list(bids), reviews=per_bid,
            conflicts=conflicts(then, ties_on(then, today), bids, reviewers),
            most_probability=most_probability, seed=seed,
        )  # fmt: skip
        shares = {one: [bid for bid in bids if (one, bid) in given.pairs] for one in reviewers}
        if made and {one["reviewer"]: list(one["bids"]) for one in made} != _read(shares):
            raise QuestionError(
                f"{challenge}: key {key!r} says something else; its bids are shared out since entry {made[0].seq}"
            )
        return [
            to_draft(f"{key}:{reviewer}", "review.assigned", actor, _assignment(challenge, reviewer, mine))
            for reviewer, mine in _read(shares).items()
        ]

    return programme.act(decide)


def _before(state: State, seq: int) -> State:
    """The records of a state as they were before an entry, without balances."""
    kept = {
        kind: {name: one for name, one in records.items() if one.seq < seq}
        for kind, records in state.records.items()
    }
    return State(seq - 1, kept)


def _read(shares: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The shares of those who have a bid to read."""
    return {reviewer: bids for reviewer, bids in shares.items() if bids}


def _assignment(challenge: str, reviewer: str, bids: list[str]) -> dict[str, Any]:
    name = f"{challenge}.{reviewer}"
    return {"assignment": name, "challenge": challenge, "reviewer": reviewer, "bids": bids}


def conflicts(
    state: State, ties: Ties, bids: Mapping[str, Record], reviewers: Sequence[str]
) -> dict[tuple[str, str], str]:
    """Why a reviewer may not read a bid, by (reviewer, bid); pairs without a reason are not there."""
    found = {}
    for bid, opening in bids.items():
        for reviewer in reviewers:
            why = _conflict(state, ties, opening, reviewer)
            if why:
                found[reviewer, bid] = why
    return found


def _conflict(state: State, ties: Ties, opening: Record, reviewer: str) -> str | None:
    """A tie to the team, its institution, or a person that it names."""
    people = [
        one.get("person") if isinstance(one, Mapping) else one for one in opening["content"].get("people", ())
    ]
    team = state.get("bid.sealed", opening.id)["team"]
    for party in dict.fromkeys([team, opening["content"]["institution"], *map(str, filter(None, people))]):
        why = related(ties, reviewer, party)
        if why:
            return why
    return None


def score(
    programme: Programme,
    *,
    key: str,
    actor: str,
    review: str,
    assignment: str,
    bid: str,
    scores: Mapping[str, float],
) -> Entry:
    """A reader's view of one bid: `probability` of passing the test, and marks from 0 to 10 for other criteria.

    Only the reader to whom the bid was given may score it, once, and only while nothing relates the two.
    """
    body = {"review": review, "assignment": assignment, "bid": bid, "scores": dict(scores)}
    draft = to_draft(key, "review.scored", actor, body)

    def decide(state: State) -> list[Draft]:
        if state.has("review.scored", review):
            return [draft]
        readable(state, assignment, bid, actor)
        if state.all("review.scored", assignment=assignment, bid=bid):
            raise QuestionError(f"{bid} has been scored under {assignment} already")
        ties = ties_on(state, day(programme, state))
        why = _conflict(state, ties, state.get("bid.opened", bid), actor)
        if why:
            raise QuestionError(f"{actor} cannot score {bid}: {why}")
        refuse(_score_faults(scores))
        return [draft]

    return programme.act(decide)[0]


def readable(state: State, assignment: str, bid: str, reader: str) -> None:
    """Raise `QuestionError` where an assignment does not give this bid to this reader."""
    given = state.get("review.assigned", assignment)
    if reader != given["reviewer"]:
        raise QuestionError(f"{reader} cannot read under {assignment}, which is {given['reviewer']}'s")
    if bid not in given["bids"]:
        raise QuestionError(f"{bid}: {unknown(bid, list(given['bids']), f'bid of {assignment}')}")


def _score_faults(scores: Mapping[str, float]) -> list[str]:
    faults = [] if PROBABILITY in scores else [f"{PROBABILITY} is missing: 0 to 1"]
    for name, value in scores.items():
        most = 1.0 if name == PROBABILITY else HIGHEST
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:
            faults.append(f"{name} is {value}; it lies between 0 and {most:g}")
    return faults


def probabilities(state: State, challenge: str) -> dict[str, float]:
    """The probability that each reviewed bid passes the test, after taking out how lenient each reader is.

    Readers are calibrated on log-odds, log(p / (1 − p)), where a lenient one is so by a constant, and within the
    challenge alone: what they say of other targets teaches nothing here.
    """
    bids = opened_bids(state, challenge)
    reader = {one.id: one["reviewer"] for one in state.all("review.assigned", challenge=challenge)}
    told = [
        Score(reader[one["assignment"]], one["bid"], _log_odds(float(one["scores"][PROBABILITY])))
        for one in state.all("review.scored")
        if one["assignment"] in reader and one["bid"] in bids and PROBABILITY in one["scores"]
    ]
    return {one.bid: _firm(1.0 / (1.0 + math.exp(-one.mean))) for one in calibrated(told).bids}


def _log_odds(probability: float) -> float:
    firm = _firm(probability)
    return math.log(firm / (1.0 - firm))


def _firm(probability: float) -> float:
    return min(max(probability, FIRM), 1.0 - FIRM)


def marks(state: State, challenge: str) -> dict[str, dict[str, float]]:
    """The mean mark of every bid for each criterion, as it was given."""
    bids = opened_bids(state, challenge)
    given: dict[str, dict[str, list[float]]] = {}
    for one in state.all("review.scored"):
        if one["bid"] in bids:
            for name, value in one["scores"].items():
                given.setdefault(one["bid"], {}).setdefault(name, []).append(float(value))
    return {bid: {name: fmean(values) for name, values in told.items()} for bid, told in given.items()}
