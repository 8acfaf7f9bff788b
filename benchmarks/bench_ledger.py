"""The ledger: entries made durable one by one and in batches, and a million of them verified from an export.

What a database on this disk can do is measured beside it: the same number of transactions of one plain row each, and
of a thousand, through the standard library, as durable as the ledger's.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.timing import Line, Part, Said, going_on
from wholenation.programme.canonical import canonical
from wholenation.programme.leaves import Draft, Posting, leaf_data
from wholenation.programme.ledger import open_ledger
from wholenation.programme.ledger_export import FORMAT
from wholenation.programme.merkle import Frontier, leaf_hash
from wholenation.programme.notes import Checkpoint, Signer, join_note, new_signer
from wholenation.programme.verify import verify_export

BATCH = 1_000
HASH = hashlib.sha256(b"report").hexdigest()


def draft(number: int) -> Draft:
    """One of four kinds in turn: money, a file, an approval, a belief."""
    key, kind = f"key-{number}", number % 4
    if kind == 0:
        body = {"payment": f"payment-{number}", "call": "call", "amount": 1000, "date": "2026-05-01"}
        fund = f"fund:pledge-{number % 97}"
        lines = (Posting("outside:ministry", -1000, "EUR"), Posting(fund, 1000, "EUR"))
        return Draft(key, "payment.received", "office", body, lines)
    if kind == 1:
        body = {
            "evidence": f"evidence-{number}",
            "milestone": "m",
            "sha256": HASH,
            "size": 1,
            "name": "a.pdf",
        }
        return Draft(key, "evidence.submitted", "team", body)
    if kind == 2:
        body = {"approval": f"approval-{number}", "milestone": "m", "approver": "ann"}
        return Draft(key, "approval.given", "ann", body)
    body = {"belief": f"belief-{number}", "milestone": "m", "by": "bob", "probability": 0.5}
    return Draft(key, "belief.stated", "bob", body)


def appending(smoke: bool) -> Iterator[Said]:
    """Durable entries a second, and the ratio to plain rows in the same SQLite."""
    one_by_one, batches = (20, 1) if smoke else (1_000, 30)
    with tempfile.TemporaryDirectory() as folder:
        single, batched = _ledger_rates(Path(folder), one_by_one, batches)
        plain, many = _plain_rates(Path(folder), one_by_one, batches)
    yield Line("durable entries one by one", single, "/s", 200, at_least=True)
    yield Line(f"durable entries in batches of {BATCH:,}", batched, "/s", 10_000, at_least=True)
    yield Line("one by one / plain rows", single / plain, "×")
    yield Line("in batches / plain rows", batched / many, "×")


def _ledger_rates(folder: Path, one_by_one: int, batches: int) -> tuple[float, float]:
    ledger = open_ledger(str(folder / "ledger.db"), create=True)
    drafts = [draft(number) for number in range(one_by_one + batches * BATCH)]
    single = _rate(one_by_one, (partial(ledger.append, [one]) for one in drafts[:one_by_one]))
    rest = drafts[one_by_one:]
    parts = (rest[start : start + BATCH] for start in range(0, len(rest), BATCH))
    batched = _rate(len(rest), (partial(ledger.append, part) for part in parts))
    ledger.close()
    return single, batched


def _plain_rates(folder: Path, one_by_one: int, batches: int) -> tuple[float, float]:
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE plain (text)")

        def add(rows: int) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO plain VALUES (?)", [("x" * 300,)] * rows)
            connection.execute("COMMIT")

        single = _rate(one_by_one, (partial(add, 1) for _ in range(one_by_one)))
        return single, _rate(batches * BATCH, (partial(add, BATCH) for _ in range(batches)))


def _rate(count: int, acts: Iterable[Callable[[], object]]) -> float:
    start = time.perf_counter()
    for act in acts:
        act()
    return count / (time.perf_counter() - start)


def verifying(smoke: bool) -> Iterator[Said]:
    """Seconds for an export of a million entries, by all cores and by one, and the ratio to hashing the file alone."""
    size = 5_000 if smoke else 1_000_000
    signer = new_signer("benchmark", seed=b"\x00" * 32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.jsonl"
        going_on(f"writing an export of {size:,} entries")
        with path.open("wb") as file:
            digest = hashlib.sha256()
            for line in _export(size, signer):
                file.write(line)
                digest.update(line)
            file.write(canonical({"sha256": digest.hexdigest()}) + b"\n")
        seconds = {}
        for workers in dict.fromkeys((os.cpu_count() or 1, 1)):
            going_on(f"verifying with {workers} processes")
            start = time.perf_counter()
            verdict = verify_export(path, [signer.verifier], workers=workers)
            seconds[workers] = time.perf_counter() - start
            if not verdict.sound:
                raise RuntimeError(verdict.sentence)
        start = time.perf_counter()
        hashlib.sha256(path.read_bytes()).digest()
        hashing = time.perf_counter() - start
    for number, (workers, taken) in enumerate(seconds.items()):
        wanted = 10.0 if number == 0 and not smoke else None
        yield Line(f"{size:,} entries verified, processes: {workers}", taken, "s", wanted)
    yield Line("by one process / hashing the file", seconds[1] / hashing, "×")


def _export(size: int, signer: Signer) -> Iterator[bytes]:
    tree = Frontier()
    yield canonical({"format": FORMAT, "size": size}) + b"\n"
    for seq in range(1, size + 1):
        one = draft(seq)
        at = (
            f"2026-05-01T00:00:00.{seq % 1_000_000 // 1000:03d}000Z"
            if seq < 1_000_000
            else "2026-05-02T00:00:00Z"
        )
        data = leaf_data(seq, one.key, one.type, at, one.actor, canonical(one.body), one.postings)
        leaf = leaf_hash(data)
        tree.append(leaf)
        yield b'{"entry":%b,"leaf":"%b"}\n' % (data, leaf.hex().encode())
    text = Checkpoint(signer.verifier.name, size, tree.root()).text()
    yield canonical({"checkpoint": join_note(text, [signer.sign(text)])}) + b"\n"


PARTS = {
    "append": Part(appending, "entries made durable, one by one and in batches", 1),
    "verify": Part(verifying, "a million entries verified from an export", 3),
}
