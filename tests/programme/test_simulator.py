"""A short run of the simulator, and proof that it finds what it is there to find. The long run: tools/simulate.py."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from programme.bench import Bench, make_bench
from programme.disk import SECTOR, Disk, File, Power
from programme.simulator import LossError, simulate

from wholenation.errors import WholenationError

RUNS = 40


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    found = make_bench(tmp_path_factory.mktemp("disk"))
    if found is None:
        pytest.skip("the SQLite of this Python is no library of its own, so that no disk can be put under it")
    return found


def test_nothing_acknowledged_is_lost(bench: Bench) -> None:
    told = [simulate(seed, bench).counts() for seed in range(RUNS)]
    met = {name: sum(one[name] for one in told) for name in told[0]}
    # Otherwise the runs would have shown nothing.
    assert met["entries"] > 10 * RUNS
    assert met["crashes"] > 2 * RUNS
    assert min(met[name] for name in ("refused", "repeated", "errors")) > RUNS / 2
    assert min(met["doubts_kept"], met["full"]) > 0


def test_a_run_follows_from_its_seed(bench: Bench) -> None:
    first, other = simulate(7, bench), simulate(8, bench)
    assert simulate(7, bench) == first
    assert other.root != first.root


@pytest.mark.parametrize(
    ("weak", "lying"),
    [
        ((), True),
        (("synchronous=OFF",), False),
        (("synchronous=NORMAL",), False),
        (("journal_mode=MEMORY",), False),
    ],
)
def test_a_ledger_that_is_not_durable_is_found_out(weak: Sequence[str], lying: bool, bench: Bench) -> None:
    found = 0
    for seed in range(12):
        try:
            simulate(seed, bench, weak=weak, lying=lying)
        except (LossError, WholenationError):
            found += 1
    assert found >= 3


def disk(*writes: tuple[int, bytes]) -> Disk:
    file = File(bytearray(b"a" * 4 * SECTOR), bytearray(b"a" * 4 * SECTOR))
    for offset, data in writes:
        file.live[offset : offset + len(data)] = data
        file.pending.append((offset, data))
    return Disk({"f": file})


def test_a_killed_process_leaves_what_it_wrote() -> None:
    found = disk((0, b"b" * SECTOR)).after(Power.KILLED, random.Random(0), garbage=True)
    assert found.files["f"].live == b"b" * SECTOR + b"a" * 3 * SECTOR


def test_lost_power_leaves_what_was_synced() -> None:
    found = disk((0, b"b" * SECTOR)).after(Power.LOST, random.Random(0), garbage=True)
    assert found.files["f"].live == b"a" * 4 * SECTOR


def test_writes_survive_in_order_and_tear_at_sectors() -> None:
    """Of two writes the second is never there without the first, and what is there is made of whole sectors."""
    seen = set()
    for seed in range(200):
        after = disk((0, b"b" * 2 * SECTOR), (2 * SECTOR, b"c" * 2 * SECTOR)).after(
            Power.PREFIX, random.Random(seed), garbage=False
        )
        live = bytes(after.files["f"].live)
        sectors = [live[at : at + SECTOR] for at in range(0, len(live), SECTOR)]
        assert all(len(set(one)) == 1 for one in sectors)
        seen.add(b"".join(one[:1] for one in sectors).decode())
    assert all("c" not in one or one.startswith("bb") for one in seen)
    assert {"aaaa", "bbaa", "bbca", "bbac"} <= seen


def test_writes_may_come_out_of_order_on_a_disk_that_mixes_them() -> None:
    seen = set()
    for seed in range(200):
        after = disk((0, b"b" * SECTOR), (SECTOR, b"c" * SECTOR)).after(
            Power.MIXED, random.Random(seed), garbage=False
        )
        seen.add(bytes(after.files["f"].live[::SECTOR][:2]).decode())
    assert seen == {"aa", "ba", "ac", "bc"}


def test_garbage_stays_within_the_write() -> None:
    for seed in range(100):
        after = disk((SECTOR, b"b" * SECTOR)).after(Power.MIXED, random.Random(seed), garbage=True)
        live = after.files["f"].live
        assert live[:SECTOR] + live[2 * SECTOR :] == b"a" * 3 * SECTOR


def test_nobody_elses_files_lie_on_the_disk(bench: Bench, tmp_path: Path) -> None:
    with bench.drive.running():
        connection = sqlite3.connect(tmp_path / "other.db")
        connection.execute("CREATE TABLE t (x)").close()
        connection.close()
    assert (tmp_path / "other.db").stat().st_size > 0
