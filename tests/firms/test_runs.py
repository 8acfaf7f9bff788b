"""Many shocks in blocks: the same answer for any number of workers, anywhere, and however often it is cut off."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from loopback import loopback
from shock_tasks import losses, random_shocks

import wholenation
from wholenation.errors import OutputError, QuestionError
from wholenation.firms import runs
from wholenation.firms.blocks import Columns, joined, to_columns, to_frame
from wholenation.firms.estimates import Told, duration
from wholenation.firms.runs import block_size, run

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
ROOT = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
SHOCKS = random_shocks()
BLOCK = 7


def told(columns: Columns) -> dict[str, tuple[str, bytes]]:
    """The bits of an answer."""
    return {name: (array.dtype.str, array.tobytes()) for name, array in columns.items()}


@pytest.fixture(scope="module")
def expected() -> dict[str, tuple[str, bytes]]:
    """All shocks as one block, without any machinery."""
    task = losses()
    return told(task.solve(SHOCKS, task.scratch()))


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


# --- The same answers


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("block", [1, BLOCK, 1000, None])
def test_any_number_of_workers_and_any_block_give_the_same(workers, block, expected):
    found = run(losses(), SHOCKS, workers=workers, block=block)
    assert told(found.columns) == expected
    assert (found.reused, found.unsaved) == (0, "")


def test_no_shocks_are_empty_columns(tmp_path):
    task, none = losses(), SHOCKS.part(0, 0)
    for _ in range(2):
        found = run(task, none, parts=tmp_path / "parts").columns
        assert told(found) == told(task.solve(none, task.scratch()))


def test_each_thread_has_memory_of_its_own_and_keeps_it(monkeypatch):
    mine: list[tuple[int, int]] = []
    made: list[list[int]] = []

    class Watched(type(losses())):
        def scratch(self):
            made.append([])
            return made[-1]

        def solve(self, shocks, scratch):
            mine.append((threading.get_ident(), id(scratch)))
            return super().solve(shocks, scratch)

    run(Watched(losses().weight, 0.001), SHOCKS, workers=3, block=BLOCK)
    assert len(made) == 3
    assert len({thread for thread, _ in mine}) == len(set(mine))
    assert threading.main_thread().ident not in dict(mine), "the main thread stays free for Ctrl-C"


def test_costly_blocks_are_begun_first():
    begun: list[int] = []

    class Watched(type(losses())):
        def solve(self, shocks, scratch):
            begun.append(len(shocks.firm) + len(shocks))
            return super().solve(shocks, scratch)

    run(Watched(losses().weight), SHOCKS, workers=1, block=BLOCK)
    assert begun == sorted(begun, reverse=True)


def test_the_size_of_a_block_depends_on_the_number_of_shocks_alone():
    sizes = [block_size(count) for count in (0, 1, 10_000, 100_000, 1_000_000, 10**8)]
    assert sizes == sorted(sizes)
    assert sizes[0] == runs.SMALLEST
    assert sizes[-1] == runs.LARGEST


def test_a_fault_in_a_block_comes_back_at_once():
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError, match="a shock to that firm"):
        run(losses(seconds=0.05, fails_at=int(SHOCKS.firm[0])), SHOCKS, workers=2, block=1)
    assert time.monotonic() - began < 0.05 * len(SHOCKS) / 2
    assert threading.active_count() < 4


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"engine": "somewhere"}, "it is local, or the address of a cluster"),
        ({"workers": 0}, "the number of workers is 0; it is 1 or more"),
        ({"engine": "tcp://127.0.0.1:1", "workers": 2}, "a cluster has its own workers"),
        ({"block": 0}, "a block has 0 shocks"),
    ],
)
def test_questions_that_make_no_sense(asked, message):
    with pytest.raises(QuestionError, match=message):
        run(losses(), SHOCKS, **asked)


def test_progress_counts_shocks(tmp_path):
    said: list[tuple[int, int, str]] = []
    for _ in range(2):
        run(losses(), SHOCKS, block=20, parts=tmp_path, progress=lambda *what: said.append(what))
    assert [done for done, _, _ in said] == [*range(0, 201, 20), 200], "and at once all where all are known"
    assert said[-1] == said[-2] == (200, 200, "shocks")


def test_progress_estimates_the_rest_by_what_it_costs(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    said: list[str] = []
    told = Told(lambda done, total, label: said.append(label), done=5, total=10, cost=100.0)
    for seconds, cost in ((60.0, 60.0), (80.0, 20.0), (99.5, 19.5), (100.0, 0.5)):
        now[0] = seconds
        told.done(1, cost)
    assert said == ["shocks", "shocks, about 40 s left", "shocks, about 20 s left", "shocks", "shocks"]
    assert [duration(seconds) for seconds in (1.2, 99, 100, 5000, 36000)] == [
        "1 s", "99 s", "2 min", "83 min", "10 h",
    ]  # fmt: skip


# --- Blocks as frames


@st.composite
def blocks(draw) -> Columns:
    count = draw(st.integers(0, 6))
    numbers = arrays.arrays(np.float64, count, elements=st.floats(width=64))
    lengths = draw(arrays.arrays(np.int64, count, elements=st.integers(0, 3)))
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return {
        "risk": draw(numbers),
        "sweeps": draw(arrays.arrays(np.int32, count)),
        "fine": draw(arrays.arrays(np.bool_, count)),
        "hit.start": start,
        "hit.firm": draw(arrays.arrays(np.int32, int(start[-1]))),
        "hit.loss": draw(arrays.arrays(np.float64, int(start[-1]))),
    }


@given(blocks())
def test_a_frame_holds_a_block_to_the_last_bit(block):
    frame = to_frame(block)
    assert len(frame) == len(block["risk"])
    assert told(to_columns(frame)) == told(block)


@given(st.lists(blocks(), min_size=1, max_size=4))
def test_joined_blocks_are_their_rows_one_after_the_other(several):
    rows = pl.concat([to_frame(block) for block in several])
    assert told(joined([dict(block) for block in several])) == told(to_columns(rows))


# --- Parts


def test_a_second_run_reads_what_the_first_has_written(tmp_path, expected, monkeypatch):
    folder = tmp_path / "deep" / "parts"
    first = run(losses(), SHOCKS, parts=folder, block=BLOCK)
    assert told(first.columns) == expected
    assert len(parts_of(folder)) == -(-len(SHOCKS) // BLOCK)
    frame = pl.concat([pl.read_parquet(path) for path in parts_of(folder)])
    assert frame["shock"].to_list() == list(SHOCKS.names), "anybody can read them"
    monkeypatch.setattr(type(losses()), "solve", lambda *_: pytest.fail("nothing is left to solve"))
    again = run(losses(), SHOCKS, parts=folder, block=BLOCK)
    assert told(again.columns) == expected
    assert again.reused == len(SHOCKS)


def damage(folder: Path, how: str) -> None:
    first, second, *_ = parts_of(folder)
    content = first.read_bytes()
    if how == "cut short":
        first.write_bytes(content[:-50])
    elif how == "empty":
        first.write_bytes(b"")
    elif how == "one bit":
        first.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    elif how == "of another block":
        shutil.copy(second, first)
    elif how == "renamed":
        first.rename(folder / f"part-000000{second.name[11:]}")


@pytest.mark.parametrize("how", ["cut short", "empty", "one bit", "of another block", "renamed"])
def test_a_damaged_part_is_computed_again(how, tmp_path, expected):
    run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    before = {path: path.read_bytes() for path in parts_of(tmp_path)}
    damage(tmp_path, how)
    found = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    assert told(found.columns) == expected
    assert found.reused == len(SHOCKS) - BLOCK
    assert {path: path.read_bytes() for path in parts_of(tmp_path)} == before, "and the folder is whole again"


def test_a_part_of_another_question_is_not_taken(tmp_path, expected):
    other = losses(60)
    run(other, SHOCKS, parts=tmp_path / "other", block=BLOCK)
    run(losses(), SHOCKS, parts=tmp_path / "own", block=BLOCK)
    for path in parts_of(tmp_path / "own"):
        path.unlink()
    for path in parts_of(tmp_path / "other"):
        shutil.copy(path, tmp_path / "own")
    found = run(losses(), SHOCKS, parts=tmp_path / "own", block=BLOCK)
    assert told(found.columns) == expected
    assert found.reused == 0


def test_another_question_is_told_from_this_one(tmp_path, monkeypatch):
    run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    with pytest.raises(
        QuestionError, match=r"another question \(block 7 there, 8 here\); name another folder"
    ):
        run(losses(), SHOCKS, parts=tmp_path, block=8)
    with pytest.raises(QuestionError, match=r"shocks [0-9a-f]{12}… there, [0-9a-f]{12}… here"):
        run(losses(), random_shocks(seed=2), parts=tmp_path, block=BLOCK)
    monkeypatch.setattr(runs, "versions", lambda *_: "wholenation 99")
    with pytest.raises(QuestionError, match=r"software .* there, wholenation 99 here"):
        run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    monkeypatch.undo()
    monkeypatch.setattr(type(losses()), "question", {"mode": "sum", "network": "1", "tolerance": 0.1})
    with pytest.raises(QuestionError, match=r"tolerance – there, 0.1 here; eps 0.01 there, – here"):
        run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"thesis.docx": "years of work"}, "holds other files and no parts of a run"),
        ({"manifest.json": "{"}, "is not that of a run"),
        ({"manifest.json": '["wholenation parts 1"]'}, "is not that of a run"),
        ({"manifest.json": '{"name": "somebody else\'s"}'}, "is not that of a run"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(files, message, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=message):
        run(losses(), SHOCKS, parts=tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files


def test_a_place_that_cannot_be_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("text")
    for place in (
        tmp_path / "file",
        tmp_path / "file" / "parts",
        tmp_path / "zero\0byte",
        tmp_path / ("n" * 300),
    ):
        with pytest.raises(OutputError, match=r"."):
            run(losses(), SHOCKS, parts=place)


@POSIX
@ROOT
def test_a_folder_that_may_not_be_written(tmp_path, expected):
    run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    tmp_path.chmod(0o500)
    try:
        assert run(losses(), SHOCKS, parts=tmp_path, block=BLOCK).reused == len(SHOCKS)
        tmp_path.chmod(0o700)
        parts_of(tmp_path)[0].unlink()
        tmp_path.chmod(0o500)
        with pytest.raises(OutputError, match="cannot be written: Permission denied"):
            run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_is_full_does_not_cost_the_answer(tmp_path, expected, monkeypatch):
    whole, written = Path.write_bytes, []

    def write(path: Path, content: bytes) -> int:
        if path.name.startswith(".part") and len(written) >= 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        return whole(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    found = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK, workers=2)
    assert told(found.columns) == expected
    assert "No space left on device); the answer is complete" in found.unsaved
    assert found.unsaved.count("\n") == 0
    monkeypatch.undo()
    kept = len(parts_of(tmp_path))
    assert 0 < kept < -(-len(SHOCKS) // BLOCK)
    assert not list(tmp_path.glob(".*"))
    again = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    assert told(again.columns) == expected
    assert again.reused >= BLOCK * (kept - 1)


def test_what_a_killed_run_has_left_half_written_is_taken_away(tmp_path, expected):
    old, young = tmp_path / ".part-000003-0.parquet.77.partial", tmp_path / ".manifest.json.78.partial"
    for path in (old, young):
        path.write_bytes(b"half of it")
    os.utime(old, (0, 0))
    assert told(run(losses(), SHOCKS, parts=tmp_path, block=BLOCK).columns) == expected
    assert not old.exists()
    assert young.exists(), "somebody may be writing it now"


# --- Cut off

CHILD = """
import sys
sys.path[:0] = sys.argv[1].split("|")
from shock_tasks import losses, random_shocks
from wholenation.firms.runs import run
try:
    run(losses(seconds=0.05), random_shocks(), parts=sys.argv[2], workers=2, block=7,
        progress=lambda done, *_: print(done, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def cut_off(folder: Path, after: int, sign: int) -> list[str]:
    """Start a run, send it a signal when so many lines of progress have come, and wait for its end."""
    path = [str(Path(wholenation.__file__).parents[1]), str(Path(__file__).parents[1])]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, "|".join(path), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = [process.stdout.readline().strip() for _ in range(after)]
    process.send_signal(sign)
    rest, errors = process.communicate(timeout=30)
    assert errors == ""
    return lines + rest.split()


@POSIX
def test_a_run_that_is_killed_goes_on_from_its_parts(tmp_path, expected):
    before = 0
    for _ in range(3):
        cut_off(tmp_path, 5, signal.SIGKILL)
        assert before < len(parts_of(tmp_path)) < -(-len(SHOCKS) // BLOCK), "half-way, and further each time"
        before = len(parts_of(tmp_path))
    found = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    assert told(found.columns) == expected
    assert found.reused >= BLOCK * (before - 1)


@POSIX
def test_ctrl_c_ends_with_the_blocks_under_way_and_keeps_them(tmp_path, expected):
    lines = cut_off(tmp_path, 5, signal.SIGINT)
    assert lines[-1] == "interrupted"
    done = [int(line) for line in lines[:-1]]
    kept = len(parts_of(tmp_path))
    assert max(done) // BLOCK <= kept <= max(done) // BLOCK + 3
    assert not list(tmp_path.glob(".*")), "no half of a part"
    found = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    assert told(found.columns) == expected
    assert found.reused >= BLOCK * (kept - 1)


# --- On a cluster


def test_a_cluster_answers_as_this_process_and_loses_nothing_with_a_worker(tmp_path, expected):
    killed: list[int] = []
    with loopback() as cluster:
        address = cluster.scheduler_address
        assert told(run(losses(), SHOCKS, engine=address, block=BLOCK).columns) == expected

        def kill(done: int, total: int, label: str) -> None:
            if done > total // 4 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        found = run(losses(seconds=0.05), SHOCKS, engine=address, block=BLOCK, parts=tmp_path, progress=kill)
        assert killed
        assert told(found.columns) == expected
    again = run(losses(), SHOCKS, parts=tmp_path, block=BLOCK)
    assert told(again.columns) == expected
    assert again.reused == len(SHOCKS), "parts from a cluster are parts for this process"
    assert json.loads((tmp_path / "manifest.json").read_text())["block"] == BLOCK
