"""The tables of the ledger, as the newest migration leaves them."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = "0001"
"""The newest migration."""

Wide = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
metadata = sa.MetaData()

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("seq", Wide, primary_key=True, autoincrement=False),
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
posting = sa.Table(
    "posting",
    metadata,
    sa.Column("seq", Wide, sa.ForeignKey("entry.seq", name="posting_entry"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("pending", sa.Boolean(create_constraint=True, name="posting_pending"), nullable=False),
)
balance = sa.Table(
    "balance",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("posted", sa.BigInteger, nullable=False),
    sa.Column("pending", sa.BigInteger, nullable=False),
)
head = sa.Table(
    "head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", Wide, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
)
# A row for each signature, so that a witness can sign later without a change to what is there.
checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("size", Wide, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

POSTGRESQL_TRIGGERS = ("entry_kept", "posting_kept", "checkpoint_kept")
"""The triggers that refuse to change what was written."""
