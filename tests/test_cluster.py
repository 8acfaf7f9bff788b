"""A real cluster on this machine's loopback: the same answers as here, whatever happens to its workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from loopback import loopback
from two_stages import blocks_of, points, random_programme, told

from wholenation.errors import QuestionError
from wholenation.stochastic.engines import Here, start
from wholenation.stochastic.places import open_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with loopback() as running:
        yield running


def powers(shared: int) -> Callable[[int, float], tuple[int, int]]:
    """A task that takes a while, and says who did it."""

    def power(of: int, seconds: float) -> tuple[int, int]:
        time.sleep(seconds)
        return shared**of, os.getpid()

    return power


def broken(shared: int) -> Callable[[int], int]:
    raise ZeroDivisionError(f"{shared} tasks")


def opened(cluster: Any, begin=powers, packages=("numpy",)):
    return closing(open_cluster(cluster.scheduler_address, 3, begin, packages=packages))


def test_second_stages_are_the_same_on_a_cluster(cluster):
    stages = random_programme()
    blocks = blocks_of(stages)
    here, there = Here(stages), start(stages, cluster.scheduler_address)
    try:
        for x in points(stages):
            assert told(there.solve(blocks, x)) == told(here.solve(blocks, x))
        assert there.solve([], points(stages)[0]) == []
    finally:
        there.close()


def test_answers_come_one_by_one_and_each_once(cluster):
    with opened(cluster) as there:
        answers = list(there.each((of, 0.0) for of in range(50)))
        assert sorted(place for place, _ in answers) == list(range(50))
        assert all(answer[0] == 3**place for place, answer in answers)
        assert len({answer[1] for _, answer in answers}) == 2, "both workers had some"
        assert list(there.each([])) == []


def test_what_a_killed_worker_had_is_done_again():
    with loopback() as running, opened(running) as there:
        found: dict[int, int] = {}
        workers: set[int] = set()
        for place, (answer, worker) in there.each((of, 0.05) for of in range(60)):
            assert place not in found
            found[place] = answer
            workers.add(worker)
            if len(found) == 10:
                os.kill(worker, signal.SIGKILL)
        assert found == {of: 3**of for of in range(60)}
        assert len(workers) > 2, "another one took its place"


def test_a_worker_that_joins_later_takes_its_share():
    with loopback(1) as running, opened(running) as there:
        workers = []
        for _, (_, worker) in there.each((of, 0.05) for of in range(80)):
            workers.append(worker)
            if len(workers) == 5:
                running.scale(2)
        assert len(workers) == 80
        assert len(set(workers)) == 2


def test_a_run_that_is_given_up_leaves_no_work_behind(cluster):
    with opened(cluster) as there:
        with closing(there.each((of, 0.2) for of in range(1000))) as answers:
            next(answers)
        began = time.monotonic()
        assert [answer[0] for answer in there.every([(2, 0.0), (1, 0.0)])] == [9, 3]
        assert time.monotonic() - began < 5


def test_a_fault_on_a_worker_comes_back(cluster):
    with opened(cluster, broken) as there, pytest.raises(ZeroDivisionError, match="3 tasks"):
        there.every([(1,)])


def test_workers_with_other_software_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("wholenation.stochastic.cluster.versions", lambda *_: "numpy 0.1")
    with opened(cluster) as there, pytest.raises(QuestionError, match="where this machine has numpy"):
        there.every([(1, 0.0)])


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr("wholenation.stochastic.cluster.REACHED", 0.5)
    with pytest.raises(QuestionError, match="no scheduler of a Dask cluster answers at tcp"):
        open_cluster("tcp://127.0.0.1:9", 3, powers, packages=())
