"""Proofs for one reader: that an entry is in the ledger that was signed, and that a later ledger continues it.

A proof is one JSON object, which shows nothing of the other entries, and is verified from itself and public keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import QuestionError
from .canonical import canonical, parsed
from .ledger import Ledger
from .merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from .notes import Checkpoint, Verifier, read_checkpoint, split_note, vouching
from .reading import read_leaves

FORMAT = "wholenation proof 1"


def prove_entry(ledger: Ledger, seq: int) -> dict[str, Any]:
    """The proof that an entry is under the newest checkpoint; `QuestionError` where no checkpoint covers it."""
    notes = ledger.checkpoints()
    note = notes[-1] if notes else None
    size = _checkpoint(note).size if note else 0
    if not 1 <= seq <= size:
        raise QuestionError(
            f"entry {seq} stands under no checkpoint: the newest one covers entries 1 to {size}"
            if size
            else f"entry {seq} stands under no checkpoint: none was signed yet"
        )
    with ledger.reading() as connection:
        data, _ = read_leaves(connection, seq - 1)[0]
    return {
        "format": FORMAT,
        "entry": parsed(data),
        "path": [one.hex() for one in inclusion_proof(seq - 1, ledger.leaves(size))],
        "checkpoint": note,
    }


def prove_growth(ledger: Ledger, first: int, second: int) -> dict[str, Any]:
    """The proof that the ledger of `second` entries continues that of `first`; both have a checkpoint."""
    notes = {_checkpoint(note).size: note for note in ledger.checkpoints()}
    missing = [str(size) for size in (first, second) if size not in notes]
    if missing or first > second:
        listed = ", ".join(map(str, notes)) or "none"
        raise QuestionError(
            f"from {first} to {second}: a proof leads from one checkpoint to a later one; "
            f"there are checkpoints of: {listed}"
        )
    path = consistency_proof(first, ledger.leaves(second))
    return {
        "format": FORMAT,
        "before": notes[first],
        "path": [one.hex() for one in path],
        "checkpoint": notes[second],
    }


def verify_proof(proof: Mapping[str, Any], verifiers: Sequence[Verifier]) -> str:
    """What the proof shows, in a sentence; `QuestionError` where it shows nothing."""
    try:
        path = [bytes.fromhex(one) for one in proof["path"]]
        signers, now = _signed(proof["checkpoint"], verifiers)
        by = ", ".join(one.name for one in signers)
        if "before" in proof:
            return _growth(path, _signed(proof["before"], verifiers)[1], now, by)
        return _inclusion(path, proof["entry"], now, by)
    except QuestionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise QuestionError("this is no proof: entry or before, path, checkpoint") from None


def _growth(path: Sequence[bytes], then: Checkpoint, now: Checkpoint, by: str) -> str:
    grown = verify_consistency(then.size, now.size, path, then.root, now.root)
    if not grown or then.origin != now.origin:
        raise QuestionError(f"the ledger of {now.size} entries does not continue that of {then.size}")
    return f"the ledger of {now.size} entries continues that of {then.size}; signed by {by}"


def _inclusion(path: Sequence[bytes], entry: Mapping[str, Any], now: Checkpoint, by: str) -> str:
    seq = int(entry["seq"])
    if not verify_inclusion(leaf_hash(canonical(entry)), seq - 1, now.size, path, now.root):
        raise QuestionError(f"entry {seq} is not as it was signed")
    return f"entry {seq} is one of the {now.size} that were signed by {by}"


def _checkpoint(note: str) -> Checkpoint:
    return read_checkpoint(split_note(note)[0])


def _signed(note: str, verifiers: Sequence[Verifier]) -> tuple[list[Verifier], Checkpoint]:
    text, lines = split_note(note)
    checkpoint = read_checkpoint(text)
    signers = vouching(text, lines, verifiers)
    if not signers:
        raise QuestionError(f"the checkpoint of {checkpoint.size} entries is signed by no key that was given")
    return signers, checkpoint
