"""Checkpoints of a ledger: signed by its own key, and by witnesses who have seen that it only grew."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..errors import QuestionError
from . import schema
from .merkle import Frontier
from .notes import Checkpoint, Signer, Verifier, join_note, read_checkpoint, signed_by, split_note

_table = schema.checkpoint.c


def read_notes(connection: sa.Connection, until: int) -> list[str]:
    """The signed checkpoints up to this size, in order."""
    rows = connection.execute(
        sa.select(schema.checkpoint).where(_table.size <= until).order_by(_table.size, _table.line)
    )
    notes: dict[tuple[int, str], list[str]] = {}
    for size, _, text, signature in rows:
        notes.setdefault((size, text), []).append(signature)
    return [join_note(text, signatures) for (_, text), signatures in notes.items()]


def sign_head(connection: sa.Connection, frontier: Frontier, signer: Signer) -> str:
    """The note of a checkpoint of the ledger as it is, signed now unless this key has signed it before.

    The origin is the key's name. Raises `QuestionError` for an empty ledger, and where another log's name stands on
    the checkpoint of this size.
    """
    if not frontier.size:
        raise QuestionError("there is no entry yet, so there is nothing to sign")
    text = Checkpoint(signer.verifier.name, frontier.size, frontier.root()).text()
    note = _note_of(connection, frontier.size)
    if note is not None and note[0] != text:
        origin = note[0].split("\n")[0]
        raise QuestionError(f"entry {frontier.size} stands under a checkpoint of {origin} already")
    return _with(connection, frontier.size, text, note[1] if note else [], [signer.sign(text)])


def add_cosignature(connection: sa.Connection, note: str, witness: Verifier) -> str:
    """Our checkpoint with the witness's signature that the note brings; `QuestionError` where it brings none."""
    text, lines = split_note(note)
    size = read_checkpoint(text).size
    ours = _note_of(connection, size)
    if ours is None or ours[0] != text:
        raise QuestionError(f"the note is no checkpoint of this ledger (its size is {size})")
    brought = [line for line in lines if signed_by(text, [line], [witness])]
    if not brought:
        raise QuestionError(f"the note is not signed by {witness.name}")
    return _with(connection, size, text, ours[1], brought)


def _note_of(connection: sa.Connection, size: int) -> tuple[str, list[str]] | None:
    rows = connection.execute(
        sa.select(_table.text, _table.signature).where(_table.size == size).order_by(_table.line)
    ).all()
    return (rows[0].text, [row.signature for row in rows]) if rows else None


def _with(connection: sa.Connection, size: int, text: str, old: Sequence[str], new: Sequence[str]) -> str:
    """The note after the signatures that are not there yet are written down."""
    lines = list(old)
    for signature in new:
        if signature not in lines:
            lines.append(signature)
            row = {"size": size, "line": len(lines), "text": text, "signature": signature}
            connection.execute(schema.checkpoint.insert(), row)
    return join_note(text, lines)
