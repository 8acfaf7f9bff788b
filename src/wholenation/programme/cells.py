"""Cells of a damaged SQLite file: values of another kind than their column's, which SQLite itself lets pass."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..errors import QuestionError
from . import schema
from .notes import read_checkpoint
from .reading import Row

_KINDS = {
    sa.BigInteger: "integer",
    sa.Integer: "integer",
    sa.Boolean: "integer",
    sa.Text: "text",
    sa.LargeBinary: "blob",
}


def first_damaged(connection: sa.Connection) -> int | None:
    """The first entry with such a cell in its row or its postings; a flag other than 0 and 1 is one too."""
    if connection.dialect.name != "sqlite":
        return None
    flag = sa.type_coerce(schema.posting.c.pending, sa.Integer)
    found = [
        connection.scalar(sa.select(sa.func.min(table.c.seq)).where(table.c.seq > 0, wrong))
        for table, wrong in (
            (schema.entry, _damaged(schema.entry)),
            (schema.posting, _damaged(schema.posting) | flag.not_in((0, 1))),
        )
    ]
    return min((seq for seq in found if isinstance(seq, int)), default=None)


def damaged_rows(connection: sa.Connection, table: sa.Table) -> Sequence[Row]:
    """The rows of a table that hold such a cell, each value as SQL writes it."""
    if connection.dialect.name != "sqlite":
        return []
    shown = [sa.func.quote(column, type_=sa.Text) for column in table.c]
    return connection.execute(sa.select(*shown).where(_damaged(table))).all()


def _damaged(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.or_(*(sa.func.typeof(column) != _KINDS[_kind(column)] for column in table.c))


def _kind(column: sa.Column[object]) -> type[object]:
    return next(kind for kind in _KINDS if isinstance(column.type, kind))


def checkpoint_fault(connection: sa.Connection) -> str:
    """What is wrong with how checkpoints are kept: by their size, signatures numbered from 1; or nothing."""
    if damaged_rows(connection, schema.checkpoint):
        return "a checkpoint is damaged: a value of it is of another kind than was written"
    table = schema.checkpoint.c
    size, text, count = 0, "", 0
    for row in connection.execute(sa.select(schema.checkpoint).order_by(table.size, table.line)):
        count = count + 1 if row.size == size else 1
        if row.line != count:
            return f"the signatures of the checkpoint of {row.size} entries are not numbered from 1"
        if count > 1 and row.text != text:
            return f"there are two checkpoints of {row.size} entries"
        size, text = row.size, row.text
        try:
            told = read_checkpoint(text).size
        except QuestionError as error:
            return f"a checkpoint cannot be read: {error}"
        if told != size:
            return f"the checkpoint of {told} entries is kept as one of {size}"
    return ""
