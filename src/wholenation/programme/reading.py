"""Entries as the database holds them, a page at a time, so that memory does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..errors import QuestionError
from . import schema
from .canonical import parsed
from .leaves import Entry, Posting, leaf_data
from .merkle import Frontier

PAGE = 5_000
"""Entries read at once."""

ASKED = 500
"""Names asked for at once: databases bound the number of parameters."""

_entry, _posting = schema.entry.c, schema.posting.c
_ENTRIES = sa.select(_entry.seq, _entry.key, _entry.type, _entry.at, _entry.actor, _entry.body, _entry.leaf)
_PAGE = _ENTRIES.where(_entry.seq > sa.bindparam("after")).order_by(_entry.seq).limit(sa.bindparam("most"))
_BY_KEY = _ENTRIES.where(_entry.key.in_(sa.bindparam("keys", expanding=True)))
_LINES = sa.select(
    _posting.seq, _posting.account, _posting.amount, _posting.currency, _posting.pending
).order_by(_posting.seq, _posting.line)
_LINES_OF_PAGE = _LINES.where(_posting.seq > sa.bindparam("after"), _posting.seq <= sa.bindparam("last"))
_LINES_OF = _LINES.where(_posting.seq.in_(sa.bindparam("seqs", expanding=True)))

_HEAD = sa.select(schema.head.c.size, schema.head.c.frontier)
Row = Sequence[Any]
"""seq, key, type, at, actor, body as bytes, leaf."""


def read_entries(connection: sa.Connection, after: int = 0) -> Iterator[Entry]:
    """The entries behind `after`, in order."""
    while page := read_page(connection, after):
        yield from page
        after = page[-1].seq


def read_page(connection: sa.Connection, after: int) -> list[Entry]:
    """The next entries behind `after`, at most a page."""
    rows = _rows(connection, after)
    return _entries(rows, _postings(connection, after, rows))


def read_leaves(connection: sa.Connection, after: int) -> list[tuple[bytes, bytes]]:
    """What the next entries say as canonical JSON, and the leaf that stands beside each, as it is written there."""
    rows = _rows(connection, after)
    postings = _postings(connection, after, rows)
    return [(_data(row, postings.get(row[0], ())), _bytes(row[6])) for row in rows]


def _data(row: Row, postings: Sequence[Posting]) -> bytes:
    """What a row says; null where somebody has put there what no entry can hold."""
    seq, key, kind, at, actor, body, _ = row
    try:
        return leaf_data(seq, key, kind, at, actor, _bytes(body), postings)
    except (TypeError, ValueError):
        return b"null"


def read_by_key(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Entry]:
    """Those entries that have one of these keys."""
    found: dict[str, Entry] = {}
    for start in range(0, len(keys), ASKED):
        rows = connection.execute(_BY_KEY, {"keys": list(keys[start : start + ASKED])}).all()
        if rows:
            lines = connection.execute(_LINES_OF, {"seqs": [row.seq for row in rows]})
            found |= {entry.key: entry for entry in _entries(rows, _by_entry(lines))}
    return found


def read_head(connection: sa.Connection, *, locked: bool = False) -> Frontier:
    """The tree as it is kept; read for a change, it is locked (SQLite took its lock as the transaction began)."""
    size, packed = connection.execute(_HEAD.with_for_update() if locked else _HEAD).one()
    if type(size) is not int:
        raise QuestionError(f"the head of the ledger is damaged: it tells of {size!r:.40} entries")
    try:
        return Frontier.unpacked(size, _bytes(packed))
    except ValueError as error:
        raise QuestionError(f"the head of the ledger is damaged: {error}") from None


def read_leaf_hashes(connection: sa.Connection, size: int) -> list[bytes]:
    """The leaves of the first so many entries."""
    wanted = sa.select(_entry.leaf).where(_entry.seq <= size).order_by(_entry.seq)
    return [_bytes(leaf) for leaf in connection.scalars(wanted)]


def _rows(connection: sa.Connection, after: int) -> Sequence[Row]:
    return connection.execute(_PAGE, {"after": after, "most": PAGE}).all()


def _postings(connection: sa.Connection, after: int, rows: Sequence[Row]) -> dict[int, list[Posting]]:
    if not rows:
        return {}
    return _by_entry(connection.execute(_LINES_OF_PAGE, {"after": after, "last": rows[-1][0]}))


def _by_entry(lines: Iterable[Any]) -> dict[int, list[Posting]]:
    postings: dict[int, list[Posting]] = {}
    for seq, account, amount, currency, pending in lines:
        postings.setdefault(seq, []).append(Posting(account, amount, currency, pending))
    return postings


def _bytes(value: Any) -> bytes:
    """What a column of bytes holds; nothing where a damaged file holds something else in it."""
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def _entries(rows: Sequence[Row], postings: dict[int, list[Posting]]) -> list[Entry]:
    return [
        Entry(seq, key, kind, at, actor, _body(seq, body), _bytes(leaf), tuple(postings.get(seq, ())))
        for seq, key, kind, at, actor, body, leaf in rows
    ]


def _body(seq: int, data: bytes) -> Mapping[str, Any]:
    try:
        return parsed(_bytes(data))
    except ValueError:
        raise QuestionError(
            f"entry {seq} is damaged; wholenation programme verify says what else is"
        ) from None
