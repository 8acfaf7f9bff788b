"""Milestones as they were registered before work started, and what later changes of them count for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from ..errors import QuestionError, unknown
from .canonical import canonical, sha256_hex
from .ledger import Draft, Entry
from .office import Programme
from .parties import Ties, related
from .requests import given, once
from .reservations import open_award
from .state import Record, State

ADVANCE = "advance"
"""The kind of a milestone that needs no evidence, within the award's agreed advance."""
ADOPTION = "adoption"
"""The kind of a milestone that an independent user accepts."""
DIRECTIONS = {"at_least": "at least", "at_most": "at most"}
JUDGED = ("description", "metric", "threshold", "direction", "protocol_sha256", "evaluator")
"""Fields whose change makes an earlier evaluation one of something else."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a milestone asks for: who measures what by which protocol, the value that passes, by when, for how much."""

    milestone: str
    kind: str
    description: str
    metric: str | None
    threshold: float | None
    direction: str | None
    protocol_sha256: str | None
    due: str
    payment: int
    evaluator: str

    def meets(self, measured: float) -> bool:
        """Whether a measured value passes; any does where no threshold was set."""
        if self.threshold is None:
            return True
        return measured >= self.threshold if self.direction == "at_least" else measured <= self.threshold

    @property
    def criterion(self) -> str:
        """The value that passes, in words."""
        if self.threshold is None:
            return "acceptance by the evaluator"
        return f"{self.metric or 'a value of'} {DIRECTIONS[self.direction or 'at_least']} {self.threshold:g}"


CHANGEABLE = tuple(field.name for field in fields(Terms) if field.name not in ("milestone", "kind"))


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded change of a milestone, with who entered it and who of the second level decided it, if anybody."""

    change: str
    seq: int
    to: Mapping[str, Any]
    entered_by: str
    second_level: str | None


def preregistered(milestones: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the milestones in canonical JSON, which the award carries from before work starts."""
    return sha256_hex(canonical([dict(one) for one in milestones]))


def faults_of_milestones(milestones: Sequence[Mapping[str, Any]], amount: int) -> list[str]:
    """Everything that is wrong with an award's milestones, one sentence each; `amount` is what the award may cost."""
    found, seen, total = [], set(), 0
    for number, one in enumerate(milestones, 1):
        name = str(one.get("milestone") or f"milestone {number}")
        if name in seen:
            found.append(f"{name}: two milestones of this name")
        seen.add(name)
        extra = sorted(set(one) - {field.name for field in fields(Terms)})
        found += [f"{name} {field}: no such field of a milestone" for field in extra]
        for field in ("milestone", "kind", "evaluator"):
            if not isinstance(one.get(field), str) or not one[field]:
                found.append(f"{name} {field}: missing")
        found += [f"{name} {fault}" for fault in _faults(one)]
        total += int(one["payment"]) if _is_whole(one.get("payment")) else 0
    if total > amount:
        found.append(f"the milestones pay {total}, more than the award of {amount}")
    return found


def _faults(values: Mapping[str, Any], needed: Collection[str] = ("due", "payment")) -> list[str]:
    """What is wrong with the values of a milestone, whole or in part."""
    found = [f"{name}: missing" for name in needed if values.get(name) is None]
    if values.get("due") is not None and not _is_date(values["due"]):
        found.append(f"due: {values['due']!r} is not a date as YYYY-MM-DD")
    if values.get("payment") is not None and not _is_whole(values["payment"]):
        found.append(f"payment: {values['payment']!r} is not a whole number of minor units, 0 or more")
    threshold, direction = values.get("threshold"), values.get("direction")
    if threshold is not None and not _is_number(threshold):
        found.append(f"threshold: {threshold!r} is not a finite number")
    if direction is not None and not (isinstance(direction, str) and direction in DIRECTIONS):
        found.append(f"direction: {direction!r} is neither of {', '.join(DIRECTIONS)}")
    if threshold is not None and direction is None and "due" in needed:
        found.append("direction: missing, where a threshold is set")
    words = {name: values.get(name) for name in ("description", "metric", "protocol_sha256", "evaluator")}
    return found + [
        f"{name}: {value!r} is not text" for name, value in words.items() if not isinstance(value, str | None)
    ]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(value: object) -> bool:
    try:
        return date.fromisoformat(str(value)).isoformat() == value
    except ValueError:
        return False


def to_terms(one: Mapping[str, Any]) -> Terms:
    """A milestone of an award as terms. Raises `QuestionError` with all that is wrong with it."""
    faults = faults_of_milestones([one], 2**63)
    if faults:
        raise QuestionError("; ".join(faults))
    values = {field.name: one.get(field.name) for field in fields(Terms)}
    return Terms(**(values | {"description": one.get("description") or ""}))


def find(state: State, milestone: str) -> tuple[Record, Terms]:
    """The award that a milestone belongs to, and its terms as registered."""
    names = []
    for award in state.all("award.made"):
        for one in award["milestones"]:
            if one.get("milestone") == milestone:
                return award, to_terms(one)
            names.append(str(one.get("milestone")))
    raise QuestionError(f"{milestone!r}: {unknown(milestone, names, 'milestone')}")


def changes_of(state: State, milestone: str) -> tuple[Change, ...]:
    """The recorded changes of a milestone."""
    return tuple(
        Change(one.id, one.seq, one["to"], one.actor, one["second_level"])
        for one in state.all("milestone.changed", milestone=milestone)
    )


def loosened(terms: Terms, to: Mapping[str, Any]) -> list[str]:
    """What a change makes easier, or other, for whoever must reach the milestone; empty where it only tightens."""
    found = []
    new = replace(terms, **dict(to))
    for name in CHANGEABLE:
        old, other = getattr(terms, name), getattr(new, name)
        if old == other:
            continue
        tighter = {
            "threshold": new.direction == terms.direction
            and None not in (old, other)
            and (other > old if terms.direction == "at_least" else other < old),
            "due": name == "due" and str(other) < str(old),
            "payment": name == "payment" and other < old,
        }
        if not tighter.get(name, False):
            found.append(f"{name} {old} to {other}")
    return found


def in_force(
    registered: Terms, changes: Sequence[Change], *, payee: str, approvers: Collection[str], ties: Ties
) -> tuple[Terms, int, list[str]]:
    """The terms that count, the last entry that changed what is judged, and the changes that do not count.

    A change that only tightens counts. Any other counts if a person of the second level has entered it: one of the
    programme's approvers, unrelated to the payee. In all other cases the terms stay as they were.
    """
    terms, since, ignored = registered, 0, []
    for one in sorted(changes, key=lambda change: change.seq):
        easier = loosened(terms, one.to)
        why = _not_decided(one, payee, approvers, ties) if easier else ""
        if why:
            ignored.append(f"change {one.change} ({', '.join(easier)}) does not count: {why}")
            continue
        if any(name in JUDGED for name in one.to):
            since = one.seq
        terms = replace(terms, **dict(one.to))
    return terms, since, ignored


def _not_decided(one: Change, payee: str, approvers: Collection[str], ties: Ties) -> str:
    """Why a loosening change was not decided as it must be; empty where it was."""
    if one.second_level is None:
        return "it was made without a second-level decision"
    if one.second_level != one.entered_by:
        return f"{one.entered_by} entered it, not {one.second_level} of the second level"
    if one.second_level not in approvers:
        return f"{one.second_level} is none of the programme's approvers"
    tie = related(ties, one.second_level, payee)
    return f"{one.second_level} is related to the payee ({tie})" if tie else ""


def change_milestone(
    programme: Programme,
    *,
    key: str,
    actor: str,
    change: str,
    milestone: str,
    to: Mapping[str, Any],
    reason: str,
    second_level: str | None = None,
) -> Entry:
    """Record another criterion, date, payment or evaluator of a milestone; what was registered stays on record.

    Whether it counts is decided at the release (`in_force`). Raises `QuestionError` for fields that cannot change.
    """
    body = given(change=change, milestone=milestone, to=dict(to), reason=reason, second_level=second_level)

    def decide(state: State) -> list[Draft]:
        award, terms = find(state, milestone)
        open_award(state, award.id)
        faults = [f"{name}: {unknown(name, CHANGEABLE, 'field')}" for name in to if name not in CHANGEABLE]
        faults += _faults(to, needed=())
        faults += [f"{name}: a milestone cannot do without" for name in ("due", "payment", "evaluator")
                   if name in to and to[name] is None]  # fmt: skip
        if not to:
            faults.append("to: nothing is changed")
        if faults:
            raise QuestionError(f"{milestone}: {'; '.join(faults)}")
        others = sum(one["payment"] for one in award["milestones"] if one["milestone"] != milestone)
        payment = to.get("payment", terms.payment)
        if others + payment > award["amount"]:
            raise QuestionError(
                f"{milestone} payment: {payment} with the other milestones' {others} is more than the award of "
                f"{award['amount']}"
            )
        return [Draft(key, "milestone.changed", actor, body)]

    return once(programme, "milestone.changed", key, actor, body, decide)
