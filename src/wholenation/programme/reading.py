"""Entries as the database holds them, a page at a time, so that memory does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from . import schema
from .canonical import parsed
from .leaves import Entry, Posting

PAGE = 5_000
"""Entries read at once."""

ASKED = 500
"""Names asked for at once: databases bound the number of parameters."""

_entry, _posting = schema.entry.c, schema.posting.c
_COLUMNS = (_entry.seq, _entry.key, _entry.type, _entry.at, _entry.actor, _entry.body, _entry.leaf)
_PAGE = (
    sa.select(*_COLUMNS)
    .where(_entry.seq > sa.bindparam("after"))
    .order_by(_entry.seq)
    .limit(sa.bindparam("most"))
)
_BY_KEY = sa.select(*_COLUMNS).where(_entry.key.in_(sa.bindparam("keys", expanding=True)))
_LINES = (
    sa.select(_posting.seq, _posting.account, _posting.amount, _posting.currency, _posting.pending)
    .order_by(_posting.seq, _posting.line)
)  # fmt: skip
_LINES_OF_PAGE = _LINES.where(_posting.seq > sa.bindparam("after"), _posting.seq <= sa.bindparam("last"))
_LINES_OF = _LINES.where(_posting.seq.in_(sa.bindparam("seqs", expanding=True)))


def read_entries(connection: sa.Connection, after: int = 0) -> Iterator[Entry]:
    """The entries behind `after`, in order."""
    while page := read_page(connection, after):
        yield from page
        after = page[-1].seq


def read_page(connection: sa.Connection, after: int, most: int = PAGE) -> list[Entry]:
    """The next entries behind `after`, at most so many."""
    rows = connection.execute(_PAGE, {"after": after, "most": most}).all()
    if not rows:
        return []
    return _joined(rows, connection.execute(_LINES_OF_PAGE, {"after": after, "last": rows[-1].seq}).all())


def read_by_key(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Entry]:
    """Those entries that have one of these keys."""
    found: dict[str, Entry] = {}
    for start in range(0, len(keys), ASKED):
        rows = connection.execute(_BY_KEY, {"keys": list(keys[start : start + ASKED])}).all()
        if rows:
            lines = connection.execute(_LINES_OF, {"seqs": [row.seq for row in rows]}).all()
            found |= {entry.key: entry for entry in _joined(rows, lines)}
    return found


def _joined(rows: Sequence[Any], lines: Sequence[Any]) -> list[Entry]:
    postings: dict[int, list[Posting]] = {}
    for seq, account, amount, currency, pending in lines:
        postings.setdefault(seq, []).append(Posting(account, amount, currency, pending))
    return [
        Entry(seq, key, kind, at, actor, parsed(body), bytes(leaf), tuple(postings.get(seq, ())))
        for seq, key, kind, at, actor, body, leaf in rows
    ]
