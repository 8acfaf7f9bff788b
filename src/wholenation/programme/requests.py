"""Requests that may come twice: the second one gets the entry of the first, whatever has changed in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from ..errors import QuestionError
from .clock import day
from .entries import subject_of
from .ledger import Draft, Entry
from .office import Programme
from .state import State


def once(
    programme: Programme,
    kind: str,
    key: str,
    actor: str,
    asked: Mapping[str, Any],
    decide: Callable[[State], Sequence[Draft]],
) -> Entry:
    """The entry of this request: the one of then if it has come before, else the one that `decide` makes now.

    `asked` are the fields that the request itself names, the subject among them; what a decision adds to them (whether
    a release is allowed, who goes on) was decided then and is not decided again. `QuestionError` where the subject is
    known from another request.
    """
    subject = str(asked[subject_of(kind)])
    state = programme.refresh()
    if state.has(kind, subject):
        entry = next(programme.ledger.entries(after=state.get(kind, subject).seq - 1))
        same = all(entry.body.get(name) == value for name, value in asked.items())
        if entry.key == key and entry.actor == actor and same:
            return entry
        raise QuestionError(
            f"{subject}: entry {entry.seq} of {entry.actor} has this name already ({kind}); give it another one"
        )
    return programme.act(decide)[0]


def day_of(programme: Programme, state: State, today: date | None = None) -> str:
    """The day of a decision as YYYY-MM-DD: the one told, or that of the ledger's clock; never before the last entry."""
    return day(programme, state) if today is None else today.isoformat()


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: an entry leaves out what it does not tell."""
    return {name: value for name, value in fields.items() if value is not None}
