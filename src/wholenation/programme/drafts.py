"""Drafts of entries whose body is right by itself, so that an act only asks whether it fits the state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import QuestionError
from .entries import faults_of
from .ledger import Draft, Posting


def to_draft(
    key: str, kind: str, actor: str, body: Mapping[str, Any], postings: Sequence[Posting] = ()
) -> Draft:
    """A draft of this type; fields that are None are left out. `QuestionError` with all that is wrong by itself."""
    given = {name: value for name, value in body.items() if value is not None}
    refuse(faults_of(kind, given))
    return Draft(key, kind, actor, given, tuple(postings))


def refuse(faults: Iterable[str]) -> None:
    """Raise `QuestionError` with all of these sentences, if there are any."""
    told = "; ".join(faults)
    if told:
        raise QuestionError(told)
