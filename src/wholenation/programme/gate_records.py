"""The records of gates by what they belong to, so that a question on all milestones reads the ledger once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .milestones import Change, Terms, to_terms
from .parties import Ties, ties_on
from .state import Record, State


@dataclass(frozen=True, slots=True)
class GateRecords:
    """Evidence, changes and terms by milestone, evaluations by evidence, users by award, on a day's relations."""

    ties: Ties
    awards: Mapping[str, Record]
    terms: Mapping[str, Terms]
    evidence: Mapping[str, Sequence[Record]]
    evaluations: Mapping[str, Sequence[Record]]
    changes: Mapping[str, Sequence[Change]]
    users: Mapping[str, Sequence[str]]
    houses: Mapping[str, str]
    approvers: frozenset[str]


def gate_records(state: State, day: str) -> GateRecords:
    """The records of all gates as the ledger has them now, with the relations in force on a day."""
    awards, terms = {}, {}
    for award in state.all("award.made"):
        for one in award["milestones"]:
            name = str(one.get("milestone"))
            if name not in awards:
                awards[name], terms[name] = award, to_terms(one)
    changes: dict[str, list[Change]] = defaultdict(list)
    for one in state.all("milestone.changed"):
        changes[one["milestone"]].append(Change(one.id, one.seq, one["to"], one.actor, one["second_level"]))
    users: dict[str, list[str]] = defaultdict(list)
    for one in state.all("cover.granted"):
        users[one["award"]].append(one["user"])
    return GateRecords(
        ties=ties_on(state, day),
        awards=awards,
        terms=terms,
        evidence=_grouped(state, "evidence.submitted", "milestone"),
        evaluations=_grouped(state, "evaluation.given", "evidence"),
        changes=changes,
        users=users,
        houses={one.id: one["test_house"] for one in state.all("challenge.published")},
        approvers=frozenset(name for one in state.all("programme.opened") for name in one["approvers"]),
    )


def _grouped(state: State, kind: str, field: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for one in state.all(kind):
        found[one[field]].append(one)
    return found
