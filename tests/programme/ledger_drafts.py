"""Drafts, ledgers and forged exports for the tests of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from wholenation.programme.canonical import canonical
from wholenation.programme.leaves import leaf_data
from wholenation.programme.ledger import Draft, Posting
from wholenation.programme.merkle import leaf_hash, root
from wholenation.programme.notes import Checkpoint, Signer, join_note, new_signer

LOG = new_signer("ministry.example/programme", seed=b"\x01" * 32)
OTHER = new_signer("elsewhere.example/log", seed=b"\x02" * 32)


def paid(number: int, amount: int = 100, pledge: str = "steel", **changed: Any) -> Draft:
    """Money that comes in for a pledge."""
    body = {"payment": f"payment-{number}", "call": "call-1", "amount": amount, "date": "2026-05-01"}
    postings = (Posting("outside:ministry", -amount, "EUR"), Posting(f"fund:{pledge}", amount, "EUR"))
    return Draft(f"key-{number}", "payment.received", "office", {**body, **changed}, postings)


def reserved(number: int, amount: int, pledge: str = "steel") -> Draft:
    """Money of a pledge that is set aside for first-user cover."""
    body = {
        "cover": f"cover-{number}",
        "user": "airline",
        "premium_share": 0.5,
        "cap": amount,
        "currency": "EUR",
    }
    postings = (
        Posting(f"fund:{pledge}", -amount, "EUR", pending=True),
        Posting(f"cover:cover-{number}", amount, "EUR", pending=True),
    )
    return Draft(f"key-{number}", "cover.granted", "office", body, postings)


def ticking(start: str = "2026-05-01T00:00:00") -> Callable[[], str]:
    """A clock that goes on by a microsecond each time it is asked."""
    ticks = count()
    return lambda: f"{start}.{next(ticks):06d}Z"


def line_of(seq: int, draft: Draft, at: str = "2026-05-01T00:00:00.000000Z") -> bytes:
    """An export's line for an entry that no ledger has looked at."""
    body = canonical(draft.body)
    data = leaf_data(seq, draft.key, draft.type, at, draft.actor, body, draft.postings)
    return framed(data)


def framed(data: bytes) -> bytes:
    """An export's line for any bytes, with the leaf that they have."""
    return b'{"entry":' + data + b',"leaf":"' + leaf_hash(data).hex().encode() + b'"}\n'


def forged(lines: Sequence[bytes], signer: Signer = LOG, stops: Iterable[int] = ()) -> bytes:
    """An export of these lines with signed checkpoints: what a dishonest office could show."""
    leaves = [bytes.fromhex(line[-67:-3].decode()) for line in lines]
    parts = [canonical({"format": "wholenation ledger 1", "size": len(lines)}) + b"\n", *lines]
    for size in [*stops, len(lines)]:
        text = Checkpoint(signer.verifier.name, size, root(leaves[:size])).text()
        parts.append(canonical({"checkpoint": join_note(text, [signer.sign(text)])}) + b"\n")
    return ended(b"".join(parts))


def ended(content: bytes) -> bytes:
    """An export with the last line that its other lines ask for."""
    return content + canonical({"sha256": hashlib.sha256(content).hexdigest()}) + b"\n"
