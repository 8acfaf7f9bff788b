"""What a database keeps beside its entries (subjects, balances, the head), compared with what follows from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from . import schema
from .balances import Sum
from .cells import checkpoint_fault, damaged_rows
from .chunks import Run, Wrong
from .entries import LARGEST
from .migrations import upgrade
from .tally import Tally

_SQLITE_SCHEMA = "SELECT name, type, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
_POSTGRESQL_TRIGGERS = (
    "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgenabled IN ('O', 'A')"
    " AND prosrc LIKE '%RAISE EXCEPTION ''rows of % are never changed''%'"
)
_ENTRIES = sa.select(schema.entry.c.subject).order_by(schema.entry.c.seq)
_LOOSE = (
    sa.select(schema.posting.c.seq)
    .outerjoin(schema.entry, schema.entry.c.seq == schema.posting.c.seq)
    .group_by(schema.posting.c.seq)
    .having(
        (sa.func.min(schema.posting.c.line) != 1)
        | (sa.func.max(schema.posting.c.line) != sa.func.count())
        | (sa.func.count(schema.entry.c.seq) == 0)
    )
    .order_by(schema.posting.c.seq)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a database."""

    connection: sa.Connection

    def size(self) -> int:
        """How many entries the head tells of; where it tells of no number, as many as there could be."""
        if damaged_rows(self.connection, schema.head):
            return LARGEST
        return self.connection.scalar(sa.select(schema.head.c.size)) or 0

    def subject_fault(self, run: Run, lines: Sequence[bytes]) -> Wrong | None:
        """The first entry of a run whose row tells another subject than its body."""
        last = run.first + len(lines) - 1
        within = schema.entry.c.seq.between(run.first, last)
        told = self.connection.scalars(_ENTRIES.where(within)).all()
        for seq, subject, meant, line in zip(
            range(run.first, last + 1), told, run.subjects, lines, strict=False
        ):
            if f"{json.loads(line)['entry']['type']} {subject}" != meant:
                return Wrong(seq, f"its row tells of {subject!r}, its body of {meant.split(' ', 1)[1]!r}")
        return None

    def sums(self) -> dict[tuple[str, str], Sum]:
        """The balances as they are kept."""
        found = self.connection.execute(sa.select(schema.balance))
        return {(row.account, row.currency): Sum(row.posted, row.pending) for row in found}


def table_fault(rows: Rows, tally: Tally, size: int) -> str:
    """The first thing that does not follow from the entries, or nothing; the entries themselves are right."""
    return (
        _head_fault(rows.connection, tally, size)
        or _balance_fault(rows, tally)
        or _posting_fault(rows.connection)
        or checkpoint_fault(rows.connection)
        or _schema_fault(rows.connection)
        or _file_fault(rows.connection)
    )


def _head_fault(connection: sa.Connection, tally: Tally, size: int) -> str:
    for _, told, _ in damaged_rows(connection, schema.head):
        return f"the head of the ledger is damaged: it tells of {told:.40} entries, or its tree is no bytes"
    count = connection.scalar(sa.select(sa.func.count()).select_from(schema.entry))
    heads = connection.execute(sa.select(schema.head)).all()
    if len(heads) != 1 or tally.frontier.size != size or count != size:
        return f"entry {tally.frontier.size + 1}: the head tells of {size} entries, and there are {count}"
    if bytes(heads[0].frontier) != tally.frontier.packed():
        return "the tree kept at the head is not that of the entries"
    return ""


def _balance_fault(rows: Rows, tally: Tally) -> str:
    for account, currency, posted, pending in damaged_rows(rows.connection, schema.balance):
        where = f"{account:.60} in {currency:.40}"
        return f"the balance of {where} is damaged: it is kept as {posted:.40} and {pending:.40} pending"
    kept = rows.sums()
    for place in sorted(kept.keys() | tally.sums.keys()):
        told, found = kept.get(place, Sum()), tally.sums.get(place, Sum())
        if told != found:
            return (
                f"the balance of {place[0]} in {place[1]} is kept as {told.posted} and {told.pending} pending; "
                f"the entries make it {found.posted} and {found.pending}"
            )
    return ""


def _posting_fault(connection: sa.Connection) -> str:
    row = connection.execute(_LOOSE).first()
    if row is None:
        return ""
    if not isinstance(row.seq, int):
        return "a posting is damaged: it belongs to no entry"
    return f"entry {row.seq} is wrong: its postings are not numbered, or belong to no entry"


def _schema_fault(connection: sa.Connection) -> str:
    """Triggers that are gone, and in SQLite, whose schema is text in the file, any word of it that is another."""
    if connection.dialect.name != "sqlite":
        names = set(connection.scalars(sa.text(_POSTGRESQL_TRIGGERS)))
        missing = [name for name in schema.POSTGRESQL_TRIGGERS if name not in names]
        return f"nothing refuses changes any more: trigger {missing[0]} is missing" if missing else ""
    there = _sqlite_schema(connection)
    wanted = _fresh_schema()
    for name in sorted(wanted.keys() | there.keys()):
        if name not in wanted:
            return f"the table, view, index or trigger {name} does not belong to a ledger"
        if there.get(name) != wanted.get(name):
            return f"the table or trigger {name} is missing, or not as it was made"
    return ""


def _sqlite_schema(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """By name, what a thing of the schema is, which table it belongs to, and the words that made it."""
    return {str(name): tuple(told) for name, *told in connection.exec_driver_sql(_SQLITE_SCHEMA)}


def _fresh_schema() -> dict[str, tuple[str, ...]]:
    """The schema of a new SQLite ledger."""
    engine = sa.create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection)
            return _sqlite_schema(connection)
    finally:
        engine.dispose()


def _file_fault(connection: sa.Connection) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    return "" if said == "ok" else f"the file is damaged: {said}"
