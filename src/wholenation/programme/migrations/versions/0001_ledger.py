"""The five tables of the ledger, and triggers that refuse to change what was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("entry", "posting", "checkpoint")

# In SQLite, INSERT OR REPLACE deletes without asking the triggers for DELETE, so inserts are watched too.
TAKEN = {
    "entry": "EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)"
    " OR EXISTS (SELECT 1 FROM entry WHERE key = NEW.key)"
    " OR EXISTS (SELECT 1 FROM entry WHERE type = NEW.type AND subject = NEW.subject)",
    "posting": "NEW.seq <= (SELECT size FROM head)",
    "checkpoint": "EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size AND line = NEW.line)",
}


def upgrade() -> None:
    """Make the tables, the row of the empty tree, and the triggers."""
    _tables()
    op.execute(sa.text("INSERT INTO head (id, size, frontier) VALUES (1, 0, :none)").bindparams(none=b""))
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            _sqlite_triggers(table)
    else:
        _postgresql_triggers()


def downgrade() -> None:
    """Refused: a ledger is not taken away."""
    raise NotImplementedError("a ledger is not taken away")


def _tables() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", WIDE, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("key", name="entry_key"),
        sa.UniqueConstraint("type", "subject", name="entry_subject"),
    )
    op.create_table(
        "posting",
        sa.Column("seq", WIDE, sa.ForeignKey("entry.seq", name="posting_entry"), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("pending", sa.Boolean(create_constraint=True, name="posting_pending"), nullable=False),
    )
    op.create_table(
        "balance",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("currency", sa.Text, primary_key=True),
        sa.Column("posted", sa.BigInteger, nullable=False),
        sa.Column("pending", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", WIDE, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", WIDE, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )


def _sqlite_triggers(table: str) -> None:
    refuse = f"SELECT RAISE(ABORT, 'rows of {table} are never changed')"
    for what in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_{what.lower()} BEFORE {what} ON {table} BEGIN {refuse}; END")
    op.execute(
        f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table} WHEN {TAKEN[table]} BEGIN {refuse}; END"
    )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        )
