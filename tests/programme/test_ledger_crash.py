"""The ledger when things end badly: killed while it writes, no room on the disk, a log torn at any byte."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_drafts import LOG, paid, ticking

from wholenation.errors import OutputError
from wholenation.programme.ledger import open_ledger
from wholenation.programme.ledger_export import export_ledger
from wholenation.programme.verify import verify_ledger

HERE = str(Path(__file__).parent)

# Tells each key as soon as it is acknowledged; on its next start it first asks for the last one again.
WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from ledger_drafts import paid
from wholenation.programme.ledger import open_ledger
ledger = open_ledger(sys.argv[1])
number = int(sys.argv[3])
while True:
    drafts = [paid(one, 1) for one in range(number, number + 1 + number % 3)]
    for entry in ledger.append(drafts):
        print(entry.seq, entry.key, flush=True)
    number += len(drafts)
"""


def test_killed_while_writing_nothing_acknowledged_is_lost(database: str) -> None:
    open_ledger(database, create=True).close()
    draw = random.Random(3)
    told: dict[int, str] = {}
    for _ in range(6):
        command = [sys.executable, "-c", WRITER, database, HERE, str(max(1, len(told) - 2))]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(draw.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.read().splitlines(keepends=True)
        writer.wait()
        writer.stdout.close()
        for line in lines:
            if line.endswith("\n"):
                seq, key = line.split()
                assert told.setdefault(int(seq), key) == key
        ledger = open_ledger(database)
        kept = {entry.seq: entry.key for entry in ledger.entries()}
        assert verify_ledger(ledger).sound
        ledger.close()
        assert told.items() <= kept.items()
    assert len(told) > 6


def test_a_full_database_takes_nothing_and_says_so(tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "small.db"), create=True)
    sa.event.listen(
        ledger.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 60").close()
    )
    ledger.engine.dispose()
    size = 0
    with pytest.raises(OutputError, match=r"small.db: database or disk is full; nothing was added"):
        for number in range(1, 1000):
            size = ledger.append([paid(2 * number), paid(2 * number + 1)])[-1].seq
    assert size > 10
    assert ledger.head().size == size
    assert verify_ledger(ledger).sound
    ledger.close()


LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from ledger_drafts import paid
from wholenation.errors import OutputError
from wholenation.programme.ledger import open_ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = open_ledger(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for number in range(1, 1000):
        print(ledger.append([paid(2 * number), paid(2 * number + 1)])[-1].seq, flush=True)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit on the size of files")
def test_a_file_that_may_not_grow_leaves_no_half_entry(tmp_path: Path) -> None:
    """A limit of the operating system, which fails in the middle of a write."""
    url = str(tmp_path / "limited.db")
    open_ledger(url, create=True).close()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, url, HERE], capture_output=True, text=True, check=True
    )
    *seqs, said = done.stdout.splitlines()
    assert "; nothing was added" in said
    assert done.stderr == ""
    ledger = open_ledger(url)
    assert ledger.head().size == int(seqs[-1]) >= 2
    assert verify_ledger(ledger).sound
    ledger.append([paid(9000)])
    ledger.close()


def test_a_log_torn_at_any_byte_ends_at_a_whole_entry(tmp_path: Path) -> None:
    """What a power cut could leave of the write-ahead log: cut off, or with a sector of noise at its end."""
    source = tmp_path / "whole.db"
    ledger = open_ledger(str(source), create=True, now=ticking())
    sa.event.listen(
        ledger.engine, "connect", lambda raw, _: raw.execute("PRAGMA wal_autocheckpoint = 0").close()
    )
    ledger.engine.dispose()
    whole = [
        entry for number in range(1, 9) for entry in ledger.append([paid(3 * number), paid(3 * number + 1)])
    ]
    draw = random.Random(4)
    log = source.with_name("whole.db-wal").read_bytes()
    sizes = set()
    for number in range(25):
        copy = tmp_path / f"torn{number}.db"
        shutil.copy(source, copy)
        cut = draw.randrange(len(log))
        noise = draw.randbytes(512) if number % 2 else b""
        copy.with_name(f"{copy.name}-wal").write_bytes(log[:cut] + noise)
        torn = open_ledger(str(copy))
        kept = list(torn.entries())
        assert kept == whole[: len(kept)]
        assert len(kept) % 2 == 0
        assert verify_ledger(torn).sound
        sizes.add(len(kept))
        torn.close()
    assert len(sizes) > 3
    ledger.close()


def test_an_export_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "l.db"), create=True)
    ledger.append([paid(1)])
    ledger.checkpoint(LOG)
    with pytest.raises(OutputError, match="No such file or directory"):
        export_ledger(ledger, tmp_path / "nowhere" / "e.jsonl")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".db", ".db-shm", ".db-wal"]
    ledger.close()
