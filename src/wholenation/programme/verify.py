"""Is a ledger what was signed? An export with public keys, or a database, and the first entry that is wrong."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ..errors import QuestionError
from .cells import checkpoint_fault, first_damaged
from .checkpoints import read_notes
from .chunks import CHUNK, Run, Wrong, check_run
from .entries import LARGEST
from .export_file import notes_at_end, opened, sizes_of
from .ledger import Ledger
from .ledger_export import entry_lines
from .notes import Checkpoint, Verifier, read_checkpoint, split_note, split_signature, vouching
from .projection import Rows, table_fault
from .tally import Tally

_FEW = 4 * CHUNK
"""Up to so many entries, starting processes takes longer than they save."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is right, in a sentence; `entry` is the first wrong one, None where that is no single entry."""

    sound: bool
    sentence: str
    size: int
    entry: int | None = None


@dataclass(slots=True)
class Signed:
    """What the checkpoints vouch for: up to which entry, by whom, and whose signatures nobody could look at."""

    size: int = 0
    by: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def verify_export(path: str | Path, verifiers: Sequence[Verifier], *, workers: int = 1) -> Verdict:
    """Whether an export is as it was signed, from the file and the public keys alone.

    Each entry is canonical JSON, hashes to its leaf, is valid and in order; no key and no subject comes twice;
    postings sum to zero and no fund falls below zero; every checkpoint has the root of the entries before it and is
    signed by a key that is given, and there is at least one. The answer is the same for any number of processes.
    """
    if not verifiers:
        raise QuestionError("a public key is needed: without one, anybody could have written the export")
    with Path(path).open("rb") as file:
        export = opened(file)
        if export.size is None:
            return Verdict(False, f"{path}: line 1 is not the header of an export", 0)
        notes = notes_at_end(file)
        file.seek(len(export.header))
        tally = Tally()
        crew = workers if export.size > _FEW else 1
        wrong = next((one for _, _, one in _taken(tally, export.entry_lines(), notes, crew) if one), None)
        verdict, signed = _judged(str(path), tally, notes, verifiers, wrong)
        if verdict is not None:
            return verdict
        size = tally.frontier.size
        if size != export.size:
            fault = f"its header tells of {export.size} entries, and there are {size}"
        else:
            fault = export.rest_fault()
    if fault:
        return Verdict(False, f"{path}: {fault}; the entries that are there are right", size)
    return _sound(str(path), size, signed, needs_signature=True)


def verify_ledger(ledger: Ledger, verifiers: Sequence[Verifier] = (), *, workers: int = 1) -> Verdict:
    """Whether a database holds what its entries say: the same questions as for an export, asked of its rows.

    Besides, balances, subjects and the tree's head are built anew and compared, the triggers that refuse changes must
    be there, and SQLite's own check of the file must find nothing. Signatures are looked at where keys are given.
    """
    with ledger.snapshot() as connection:
        rows, tally, wrong = Rows(connection), Tally(), None
        size, damaged = rows.size(), first_damaged(connection)
        notes = [] if checkpoint_fault(connection) else read_notes(connection, LARGEST)
        lines = entry_lines(connection, size if damaged is None else min(size, damaged - 1))
        groups = iter(lambda: list(islice(lines, CHUNK)), [])
        for run, some, found in _taken(tally, groups, notes, workers if size > _FEW else 1):
            wrong = found or rows.subject_fault(run, some)
            if wrong:
                break
        if damaged is not None and not wrong and tally.frontier.size == damaged - 1:
            wrong = Wrong(damaged, "a value in its row or its postings is of another kind than was written")
        verdict, signed = _judged(ledger.name, tally, notes, verifiers, wrong)
        if verdict is not None:
            return verdict
        fault = table_fault(rows, tally, size)
    if fault:
        return Verdict(False, f"{ledger.name}: {fault}", tally.frontier.size)
    return _sound(ledger.name, size, signed, needs_signature=bool(verifiers))


def _taken(
    tally: Tally, groups: Iterable[list[bytes]], notes: Sequence[str], workers: int
) -> Iterator[tuple[Run, list[bytes], Wrong | None]]:
    """Each run with its lines, after the tally has taken it; the last is the first with something wrong."""
    with closing(_runs(groups, sizes_of(notes), workers)) as runs:
        for run, lines in runs:
            wrong = tally.take(run, lines)
            yield run, lines, wrong
            if wrong:
                return


def _runs(
    groups: Iterable[list[bytes]], stops: set[int], workers: int
) -> Generator[tuple[Run, list[bytes]], None, None]:
    if workers == 1:
        for number, lines in enumerate(groups):
            yield check_run(1 + number * CHUNK, lines, stops), lines
        return
    waiting: deque[tuple[Future[Run], list[bytes]]] = deque()
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        for number, lines in enumerate(groups):
            first = 1 + number * CHUNK
            near = {stop for stop in stops if first <= stop < first + CHUNK}
            waiting.append((pool.submit(check_run, first, lines, near), lines))
            if len(waiting) > 2 * workers:
                yield _done(waiting)
        while waiting:
            yield _done(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _done(waiting: deque[tuple[Future[Run], list[bytes]]]) -> tuple[Run, list[bytes]]:
    future, lines = waiting.popleft()
    return future.result(), lines


def _judged(
    name: str, tally: Tally, notes: Sequence[str], verifiers: Sequence[Verifier], wrong: Wrong | None
) -> tuple[Verdict | None, Signed]:
    """The verdict on the first wrong entry or checkpoint, if there is one, and what is signed."""
    size = wrong.seq - 1 if wrong else tally.frontier.size
    signed = Signed()
    read, said = _read_in_order(notes)
    fault = Verdict(False, f"{name}: {said}", size) if said else None
    for checkpoint, text, lines in read:
        if wrong and checkpoint.size >= wrong.seq:
            break
        about = f"{name}: the checkpoint of {checkpoint.size} entries"
        try:
            signers = vouching(text, lines, verifiers)
        except QuestionError as error:
            fault = fault or Verdict(False, f"{about}: {error}", size)
            continue
        broken = _root_fault(name, checkpoint, tally.roots, signed.size, bool(signers))
        if broken:
            return broken, signed
        if verifiers and not signers:
            fault = fault or Verdict(False, f"{about} is signed by none of the keys that were given", size)
        _note_signers(signed, checkpoint, signers, lines)
    if wrong:
        return Verdict(
            False, f"{name}: entry {wrong.seq} is wrong: {wrong.sentence}", size, wrong.seq
        ), signed
    return fault, signed


def _read_in_order(notes: Sequence[str]) -> tuple[list[tuple[Checkpoint, str, list[str]]], str]:
    """Those checkpoints that can be read, the smallest first, with text and signatures; what is wrong with them."""
    read, fault = [], ""
    for note in notes:
        try:
            text, lines = split_note(note)
            read.append((read_checkpoint(text), text, lines))
        except QuestionError as error:
            fault = fault or f"a checkpoint cannot be read: {error}"
    ordered = sorted(read, key=lambda one: one[0].size)
    return ordered, fault or ("the checkpoints are not in order" if ordered != read else "")


def _root_fault(
    name: str, checkpoint: Checkpoint, roots: Mapping[int, bytes], before: int, signed: bool
) -> Verdict | None:
    root = roots.get(checkpoint.size)
    if root == checkpoint.root:
        return None
    size = max(roots, default=0)
    if root is None and checkpoint.size > size:
        sentence = f"entry {size + 1} is missing: a checkpoint tells of {checkpoint.size} entries"
        return Verdict(False, f"{name}: {sentence}", size, size + 1)
    if not signed:
        sentence = (
            f"the checkpoint of {checkpoint.size} entries has another root, and no key given has signed it"
        )
        return Verdict(False, f"{name}: {sentence}", size)
    first, last = before + 1, checkpoint.size
    if first == last:
        sentence = f"entry {first} is wrong: it is not the one that was signed"
        return Verdict(False, f"{name}: {sentence}", size, first)
    sentence = (
        f"one of the entries {first} to {last} is not the one that was signed (leaf and entry were changed)"
    )
    return Verdict(False, f"{name}: {sentence}", size)


def _note_signers(
    signed: Signed, checkpoint: Checkpoint, signers: Sequence[Verifier], lines: Sequence[str]
) -> None:
    names = [one.name for one in signers]
    if names:
        signed.size = checkpoint.size
        signed.by = names
    known = {(one.name, one.id) for one in signers}
    for line in lines:
        name, data = split_signature(line)
        if (name, data[:4]) not in known and name not in signed.unknown:
            signed.unknown.append(name)


def _sound(name: str, size: int, signed: Signed, *, needs_signature: bool) -> Verdict:
    if size and needs_signature and not signed.size:
        return Verdict(False, f"{name}: there is no signed checkpoint", size)
    if not size:
        said = "there is no entry yet"
    elif signed.size:
        said = f"{_entries(signed.size)} as signed by {', '.join(signed.by)}"
        if size > signed.size:
            said += f"; {_entries(size - signed.size)} since then, under no checkpoint yet"
    else:
        said = f"{_entries(size)}, each right by itself and beside the others; no key was given to look at signatures"
    if signed.unknown and needs_signature:
        said += f"; not looked at, for want of a key: the signatures of {', '.join(signed.unknown)}"
    return Verdict(True, f"{name}: {said}", size)


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"
