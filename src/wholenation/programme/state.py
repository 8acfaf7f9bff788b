"""What the entries so far say: every record by type and id, and every balance; a fold that can be made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import QuestionError, unknown
from .entries import subject_of
from .ledger import Entry


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as what it is about: `id` is its first field, `body` all of them."""

    id: str
    seq: int
    at: str
    actor: str
    body: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """A field, None where it was left out."""
        return self.body.get(name)


@dataclass(slots=True)
class Balance:
    """Minor units that stand on an account, and those that are reserved (negative: will leave it)."""

    posted: int = 0
    pending: int = 0


@dataclass(slots=True)
class State:
    """The fold. `records` are by type, then by id in the order of the ledger."""

    size: int = 0
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    balances: dict[tuple[str, str], Balance] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take in the next entry."""
        if entry.seq != self.size + 1:
            raise ValueError(f"entry {entry.seq} does not follow {self.size}")
        key = str(entry.body[subject_of(entry.type)])
        record = Record(key, entry.seq, entry.at, entry.actor, entry.body)
        self.records.setdefault(entry.type, {})[key] = record
        for posting in entry.postings:
            balance = self.balances.setdefault((posting.account, posting.currency), Balance())
            if posting.pending:
                balance.pending += posting.amount
            else:
                balance.posted += posting.amount
        self.size = entry.seq

    def all(self, kind: str, /, **where: Any) -> list[Record]:
        """The records of a type whose fields have these values, in order."""
        found = self.records.get(kind, {}).values()
        return [one for one in found if all(one[name] == value for name, value in where.items())]

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such a record."""
        return key in self.records.get(kind, {})

    def get(self, kind: str, key: str) -> Record:
        """The record; `QuestionError` with the nearest known one where there is none."""
        found = self.records.get(kind, {})
        if key not in found:
            what = kind.split(".")[0]
            raise QuestionError(f"{key!r}: {unknown(key, list(found), what)}")
        return found[key]

    def balance(self, account: str, currency: str) -> Balance:
        """What stands on an account; nothing where it was never named."""
        return self.balances.get((account, currency), Balance())


def fold(entries: Iterable[Entry]) -> State:
    """The state after these entries, from the first on."""
    state = State()
    for entry in entries:
        state.apply(entry)
    return state
