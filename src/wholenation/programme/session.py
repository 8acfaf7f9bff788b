"""The single writer's turn: entries are read and added while nobody else can add any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..errors import QuestionError
from . import schema
from .balances import Place, Sum, added, shortfalls
from .canonical import canonical, parsed
from .entries import subject_of
from .leaves import Draft, Entry, Posting, draft_faults, leaf_data
from .merkle import Frontier, leaf_hash
from .reading import ASKED, read_by_key, read_entries, read_head

Content = tuple[str, str, bytes, tuple[Posting, ...]]
"""All of a draft but its key: type, actor, body as canonical JSON, postings."""

_SUBJECTS = sa.select(schema.entry.c.subject).where(
    schema.entry.c.type == sa.bindparam("kind"),
    schema.entry.c.subject.in_(sa.bindparam("subjects", expanding=True)),
)
_BALANCES = sa.select(schema.balance).where(
    schema.balance.c.account.in_(sa.bindparam("accounts", expanding=True))
)
_NEW_SUM = (
    schema.balance.update()
    .where(
        schema.balance.c.account == sa.bindparam("at_account"),
        schema.balance.c.currency == sa.bindparam("in_currency"),
    )
    .values(posted=sa.bindparam("to_posted"), pending=sa.bindparam("to_pending"))
)


@dataclass(slots=True)
class Session:
    """An open transaction that holds the lock; what it adds is there for others once the transaction has ended."""

    connection: sa.Connection
    frontier: Frontier
    last: str
    now: Callable[[], str]
    sums: dict[Place, Sum] = field(default_factory=dict)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries behind this number, in order."""
        return read_entries(self.connection, after)

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Add the drafts, all or none, and give back their entries in the order of the drafts.

        A draft whose key is known, with the same content, gives back the entry of then. Raises `QuestionError` with
        every fault of its kind: wrong fields, postings that do not sum to zero, a key or a subject that is taken,
        a fund below zero.
        """
        _refuse(fault for draft in drafts for fault in draft_faults(draft))
        contents = [_content(draft) for draft in drafts]
        known = read_by_key(self.connection, list({draft.key: None for draft in drafts}))
        fresh = _fresh(drafts, contents, known)
        if fresh:
            self._check_subjects([draft for draft, _ in fresh])
            after = self._sums_after([draft for draft, _ in fresh])
            known |= {entry.key: entry for entry in self._insert(fresh, after)}
        return [known[draft.key] for draft in drafts]

    def _check_subjects(self, drafts: Sequence[Draft]) -> None:
        """No two entries of one type are about the same subject."""
        by_type: dict[str, Counter[str]] = {}
        for draft in drafts:
            by_type.setdefault(draft.type, Counter())[_subject(draft)] += 1
        faults = []
        for kind, counts in by_type.items():
            taken = {subject for subject, times in counts.items() if times > 1}
            for some in _parts(list(counts)):
                taken.update(self.connection.scalars(_SUBJECTS, {"kind": kind, "subjects": some}))
            faults += [f"{kind}: {subject_of(kind)} {one!r} is there already" for one in sorted(taken)]
        _refuse(faults)

    def _sums_after(self, drafts: Sequence[Draft]) -> dict[Place, Sum]:
        """The sums that the drafts change, as they leave them. No draft in the row may leave a fund below zero."""
        accounts = {one.account for draft in drafts for one in draft.postings}
        unread = accounts - {account for account, _ in self.sums}
        for some in _parts(sorted(unread)):
            for row in self.connection.execute(_BALANCES, {"accounts": some}):
                self.sums[row.account, row.currency] = Sum(row.posted, row.pending)
        sums = dict(self.sums)
        after: dict[Place, Sum] = {}
        for draft in drafts:
            changed = added(sums, draft.postings)
            _refuse(f"{draft.type} {_subject(draft)}: {fault}" for fault in shortfalls(changed))
            sums |= changed
            after |= changed
        return after

    def _insert(self, fresh: Sequence[tuple[Draft, Content]], after: dict[Place, Sum]) -> list[Entry]:
        at = max(self.now(), self.last)
        frontier = self.frontier.copy()
        entries, rows, lines = [], [], []
        for draft, (kind, actor, body, postings) in fresh:
            seq = frontier.size + 1
            leaf = leaf_hash(leaf_data(seq, draft.key, kind, at, actor, body, postings))
            frontier.append(leaf)
            # The body is read back, so that the entry is the same now as for those who read it later.
            entry = Entry(seq, draft.key, kind, at, actor, parsed(body), leaf, postings)
            entries.append(entry)
            rows.append(_row(entry, _subject(draft), body))
            lines += _posting_rows(entry)
        self.connection.execute(schema.entry.insert(), rows)
        if lines:
            self.connection.execute(schema.posting.insert(), lines)
        self._write_sums(after)
        self.connection.execute(schema.head.update().values(size=frontier.size, frontier=frontier.packed()))
        self.frontier, self.last = frontier, at
        return entries

    def _write_sums(self, after: dict[Place, Sum]) -> None:
        new = [
            {"account": account, "currency": currency, "posted": posted, "pending": pending}
            for (account, currency), (posted, pending) in after.items()
            if (account, currency) not in self.sums
        ]
        old = [
            {"at_account": account, "in_currency": currency, "to_posted": posted, "to_pending": pending}
            for (account, currency), (posted, pending) in after.items()
            if (account, currency) in self.sums
        ]
        if new:
            self.connection.execute(schema.balance.insert(), new)
        if old:
            self.connection.execute(_NEW_SUM, old)
        self.sums |= after


def begin_session(connection: sa.Connection, now: Callable[[], str]) -> Session:
    """The turn of who holds the lock."""
    frontier = read_head(connection, locked=True)
    last = connection.scalar(sa.select(schema.entry.c.at).where(schema.entry.c.seq == frontier.size))
    return Session(connection, frontier, last or "", now)


def _refuse(faults: Iterable[str]) -> None:
    found = list(dict.fromkeys(faults))
    if found:
        raise QuestionError("\n".join(found))


def _subject(draft: Draft) -> str:
    return str(draft.body[subject_of(draft.type)])


def _content(draft: Draft) -> Content:
    try:
        return draft.type, draft.actor, canonical(draft.body), tuple(draft.postings)
    except ValueError as error:
        raise QuestionError(f"{draft.type} {_subject(draft)}: {error}") from None


def _fresh(
    drafts: Sequence[Draft], contents: Sequence[Content], known: dict[str, Entry]
) -> list[tuple[Draft, Content]]:
    """The drafts that the ledger does not hold yet, each once; `QuestionError` where a key stands for two things."""
    seen = {key: (one.type, one.actor, canonical(one.body), one.postings) for key, one in known.items()}
    fresh, faults = [], []
    for draft, content in zip(drafts, contents, strict=True):
        if draft.key not in seen:
            seen[draft.key] = content
            fresh.append((draft, content))
        elif seen[draft.key] != content:
            entry = known.get(draft.key)
            where = f"entry {entry.seq}, {entry.type}" if entry else "another draft beside it"
            faults.append(f"key {draft.key!r} is taken by {where}, which says something else")
    _refuse(faults)
    return fresh


def _row(entry: Entry, subject: str, body: bytes) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "key": entry.key,
        "type": entry.type,
        "subject": subject,
        "at": entry.at,
        "actor": entry.actor,
        "body": body,
        "leaf": entry.leaf,
    }


def _posting_rows(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "seq": entry.seq,
            "line": line,
            "account": one.account,
            "amount": one.amount,
            "currency": one.currency,
            "pending": one.pending,
        }
        for line, one in enumerate(entry.postings, 1)
    ]


def _parts(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), ASKED):
        yield names[start : start + ASKED]
