"""A witness: somebody outside who signs a checkpoint after seeing that the ledger continues what was signed before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import QuestionError
from .export_file import leaves_of, notes_at_end
from .merkle import consistency_proof, verify_consistency
from .notes import Signer, Verifier, join_note, read_checkpoint, split_note, vouching
from .verify import verify_export


def cosign_note(
    note: str, seen: str | None, path: Sequence[bytes], log: Sequence[Verifier], witness: Signer, time: int
) -> str:
    """The note with the witness's signature at this time (seconds since 1970).

    `seen` is the note that it signed last, None for the first time, and `path` the consistency proof from there.
    Raises `QuestionError` where the log has not signed, or where it does not continue what was seen: a ledger that
    was rewritten.
    """
    text, lines = split_note(note)
    now = read_checkpoint(text)
    if not vouching(text, lines, log):
        raise QuestionError(f"the checkpoint of {now.size} entries is signed by no key that was given")
    if seen is not None:
        then = read_checkpoint(split_note(seen)[0])
        if then.origin != now.origin:
            raise QuestionError(
                f"what was seen is a checkpoint of {then.origin}, and this is one of {now.origin}"
            )
        if not verify_consistency(then.size, now.size, path, then.root, now.root):
            raise QuestionError(
                f"the ledger of {now.size} entries does not continue that of {then.size} which was seen before: "
                "it was rewritten, or an older one is shown"
            )
    return join_note(text, [*lines, witness.sign(text, time)])


def cosign_export(
    path: str | Path, seen: str | None, log: Sequence[Verifier], witness: Signer, time: int
) -> str:
    """The newest checkpoint of an export with the witness's signature, after all of the export is verified."""
    verdict = verify_export(path, log)
    if not verdict.sound:
        raise QuestionError(f"{verdict.sentence}; nothing is signed")
    with Path(path).open("rb") as file:
        notes = notes_at_end(file)
        note = next((one for one in reversed(notes) if vouching(*split_note(one), log)), None)
        if note is None:
            raise QuestionError(f"{path}: there is no checkpoint to sign")
        leaves = leaves_of(file, read_checkpoint(split_note(note)[0]).size)
    before = read_checkpoint(split_note(seen)[0]).size if seen is not None else 0
    grown = consistency_proof(before, leaves) if 0 < before <= len(leaves) else []
    return cosign_note(note, seen, grown, log, witness, time)
