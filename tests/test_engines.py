"""Worker processes: the same answers as here, whatever happens to them, and nothing left behind."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from plan_chains import build, effort, money, people, planning_chain, route
from two_stages import blocks_of, course, points, random_programme, told

import wholenation
from wholenation.errors import AnswerError, QuestionError
from wholenation.plans.setting import draw, to_setting
from wholenation.plans.stages import to_stages
from wholenation.stochastic import engines
from wholenation.stochastic.engines import Here, Processes, start
from wholenation.stochastic.lshaped import solve
from wholenation.stochastic.two_stage import Risk, TwoStage

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and process groups of POSIX")
STAGES = random_programme()
BLOCKS = blocks_of(STAGES)


def planned() -> TwoStage:
    """Two rival routes to gas, planned for with 30 samples."""
    chain = planning_chain(
        projects=[build(kind="develop", capex_musd=20), build("more", capacity=0.3)],
        routes=[
            route("plant", "p", feasibility=0.8, correlation=0.5, teams_max=2) | effort(1, 2, 4),
            route("plant", "q", feasibility=0.6, correlation=0.5, teams_max=2) | effort(0.5, 1, 3),
        ],
        staffing=[{"project": "plant", "route": "p", "resource": "engineers", "per_team": 10}],
        pools=[*money({2026: 60, 2028: 40}), *people(15)],
    )
    setting = to_setting(chain, "AAA")
    samples = draw(setting, 30, 0)
    parts = (setting.menu, setting.network, setting.horizon, setting.futures, samples, Risk(0.25, 0.9))
    return to_stages(*parts).stages


@pytest.fixture(scope="module")
def expected() -> list[list[tuple[object, ...]]]:
    here = Here(STAGES)
    answers = [here.solve(BLOCKS, x) for x in points(STAGES)]
    feasible = np.concatenate([piece.feasible for piece in answers[0]])
    assert feasible.any(), "the case must hold answers"
    assert not feasible.all(), "and proofs that there is none"
    return [told(answer) for answer in answers]


def pids(engine: Processes) -> list[int]:
    return [worker._process.pid for worker in engine._workers]


def gone(pid: int) -> bool:
    """Whether the process has ended, be it that nobody has asked for its exit code yet."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def wait_until(happened, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


# --- The same answers


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_processes_answer_as_here(workers, expected):
    engine = Processes(STAGES, workers)
    try:
        assert [told(engine.solve(BLOCKS, x)) for x in points(STAGES)] == expected
        assert engine.solve([], points(STAGES)[0]) == []
    finally:
        engine.close()
    assert all(worker._process.poll() is not None for worker in engine._workers)


@pytest.mark.parametrize("case", [planned, lambda: random_programme(3)], ids=["plan", "random"])
def test_a_solve_goes_the_same_way_with_any_number_of_workers(case):
    stages = case()
    alone = solve(stages, gap=0.0, engine=Here(stages))
    assert len(alone.rounds) > 3
    for workers in (2, 4):
        engine = Processes(stages, workers)
        try:
            assert course(solve(stages, gap=0.0, engine=engine)) == course(alone)
        finally:
            engine.close()


def test_proofs_and_values_do_not_depend_on_the_threads_of_blas():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np\n"
        "from wholenation.stochastic.blocks import _side\n"
        "draw = np.random.default_rng(0)\n"
        "dual, low, high = (draw.normal(size=100_001) for _ in range(3))\n"
        "print(_side(dual, low, high).hex())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(wholenation.__file__).parents[1])],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads}, capture_output=True, text=True, check=True,
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(answers) == 1


# --- What happens to workers


def test_workers_that_are_killed_are_replaced_and_nothing_is_lost(expected):
    engine = Processes(STAGES, 2)
    chance, over = random.Random(0), threading.Event()
    killed: list[int] = []

    def killer() -> None:
        while not over.wait(chance.uniform(0.05, 0.6)):
            # One that never starts, however often it is replaced, is rightly an error.
            if ready := [worker for worker in engine._workers if worker.started]:
                victim = chance.choice(ready)
                victim._process.kill()
                killed.append(victim._process.pid)

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        until = time.monotonic() + 30
        while len(set(killed)) < 4 and time.monotonic() < until:
            for x, wanted in zip(points(STAGES), expected, strict=True):
                assert told(engine.solve(BLOCKS, x)) == wanted
    finally:
        over.set()
        thread.join()
        engine.close()
    assert len(set(killed)) >= 4


def test_a_worker_that_dies_on_the_same_samples_again_and_again_is_an_error(monkeypatch):
    boot = "import os\nfrom wholenation.stochastic import worker\nworker.Subproblems.solve = lambda *_: os._exit(9)\n"
    monkeypatch.setattr(engines, "BOOT", engines.BOOT.replace("from wholenation", boot + "from wholenation"))
    engine = Processes(STAGES, 1)
    with pytest.raises(AnswerError, match="died 3 times on the same samples"):
        engine.solve(BLOCKS, points(STAGES)[0])
    engine.close()


def test_a_fault_in_a_worker_comes_back_with_its_place(expected):
    engine = Processes(STAGES, 2)
    try:
        with pytest.raises(ValueError) as caught:
            engine.solve(BLOCKS, np.zeros(3))
        assert "in a worker process" in caught.value.__notes__[0]
        assert told(engine.solve(BLOCKS, points(STAGES)[0])) == expected[0], "the workers go on"
    finally:
        engine.close()


def interpreter(folder: Path, text: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@POSIX
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "do not start with .*: No such file"),
        ("echo is broken >&2; exit 1", "do not start with .*: is broken"),
        ("exec sleep 60", "do not start"),
    ],
    ids=["not there", "breaks", "hangs"],
)
def test_an_interpreter_that_does_not_start_is_an_error_and_no_hang(text, message, monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "PATIENCE", 0.3)
    monkeypatch.setattr(sys, "executable", interpreter(tmp_path, text) if text else str(tmp_path / "none"))
    with pytest.raises(AnswerError, match=message):
        engine = Processes(STAGES, 2)
        try:
            engine.solve(BLOCKS, points(STAGES)[0])
        finally:
            engine.close()
            assert all(gone(pid) for pid in pids(engine))


@POSIX
def test_what_an_interpreter_prints_at_its_start_does_no_harm(monkeypatch, tmp_path, expected):
    monkeypatch.setattr(
        sys, "executable", interpreter(tmp_path, f'echo welcome; printf more; exec "{sys.executable}" "$@"')
    )
    engine = Processes(STAGES, 1)
    try:
        assert told(engine.solve(BLOCKS, points(STAGES)[0])) == expected[0]
    finally:
        engine.close()


@POSIX
def test_ctrl_c_in_the_terminal_does_not_reach_workers(expected):
    engine = Processes(STAGES, 2)
    try:
        # From the first moment on, when they could not yet have asked to be spared.
        assert all(os.getpgid(pid) != os.getpgid(0) for pid in pids(engine))
        before = pids(engine)
        assert told(engine.solve(BLOCKS, points(STAGES)[0])) == expected[0]
        for pid in before:
            os.kill(pid, signal.SIGINT)
        assert told(engine.solve(BLOCKS, points(STAGES)[1])) == expected[1]
        assert pids(engine) == before
    finally:
        engine.close()


PARENT = """
import sys
sys.path[:0] = sys.argv[1].split("|")
import pickle, time
import wholenation
from wholenation.stochastic.engines import Processes
stages, blocks, x = pickle.load(open(sys.argv[2], "rb"))
engine = Processes(stages, 2)
engine.solve(blocks, x)
print(wholenation.__file__, *(worker._process.pid for worker in engine._workers), flush=True)
if sys.argv[3] == "stay":
    time.sleep(60)
engine.close()
"""


@pytest.fixture
def parent(tmp_path):
    """Runs a Python that has workers of its own; gives back the process, its place of wholenation and the pids."""
    question = tmp_path / "question"
    question.write_bytes(pickle.dumps((STAGES, BLOCKS, points(STAGES)[0])))
    begun: list[subprocess.Popen[str]] = []

    def begin(path: list[str], *flags: str, stay: bool = False, cwd: Path = tmp_path):
        process = subprocess.Popen(
            [sys.executable, *flags, "-c", PARENT, "|".join(path), str(question), "stay" if stay else "go"],
            stdout=subprocess.PIPE, text=True, cwd=cwd,
        )  # fmt: skip
        begun.append(process)
        words = process.stdout.readline().split()
        assert words, "it must get to its answer"
        return process, Path(words[0]), [int(word) for word in words[1:]]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@POSIX
def test_no_worker_outlives_a_process_that_is_killed(parent):
    process, _, workers = parent([str(Path(wholenation.__file__).parents[1])], stay=True)
    assert len(workers) == 2
    assert not any(gone(pid) for pid in workers)
    process.kill()
    wait_until(lambda: all(gone(pid) for pid in workers))


def test_workers_find_what_their_parent_found(parent, tmp_path):
    """From a zipped wheel, in an isolated Python without site packages, in a folder whose files are named like ours."""
    wheel = shutil.make_archive(
        str(tmp_path / "wheel"), "zip", Path(wholenation.__file__).parents[1], "wholenation"
    )
    folder = tmp_path / "here"
    folder.mkdir()
    for trap in ("numpy.py", "wholenation.py", "pickle.py"):
        (folder / trap).write_text("raise SystemExit('the wrong module')\n", encoding="utf-8")
    packages = [str(Path(np.__file__).parents[1])]
    process, place, _ = parent([wheel, *packages], "-I", "-S", cwd=folder)
    assert str(place).startswith(wheel)
    assert process.wait(20) == 0


# --- Which engine


def test_the_engine_is_chosen_by_name_and_size(monkeypatch):
    monkeypatch.setattr(engines, "cores", lambda: 2)
    few = random_programme(samples=engines.EACH)
    assert isinstance(start(few), Here)
    assert isinstance(start(STAGES, workers=1), Here)
    own = Here(STAGES)
    assert start(STAGES, own) is own
    engine = start(STAGES)
    assert isinstance(engine, Processes)
    assert len(engine._workers) == 2
    engine.close()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert isinstance(start(STAGES), Here)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"engine": "somewhere"}, "it is local, or the address of a cluster"),
        ({"workers": 0}, "the number of workers is 0; it is 1 or more"),
        ({"workers": -1}, "1 or more"),
        ({"engine": "tcp://127.0.0.1:1", "workers": 2}, "a cluster has its own workers"),
    ],
)
def test_questions_about_engines_that_make_no_sense(asked, message):
    with pytest.raises(QuestionError, match=message):
        start(STAGES, **asked)


def test_a_cluster_without_its_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "wholenation.stochastic.cluster", raising=False)
    with pytest.raises(QuestionError, match=r"needs the package distributed; install it with"):
        start(STAGES, "tcp://127.0.0.1:1")
