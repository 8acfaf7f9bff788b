"""Where blocks are solved: here, in other processes, or on a cluster. The answers are the same to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from ..errors import AnswerError, QuestionError
from ..lp import Floats, Ints
from .blocks import Pieces, Subproblems
from .two_stage import TwoStage
from .worker import receive, send

RETRIES = 3
SMALL = 24
"""Below this number of samples, other processes take longer to start than they save."""


class Engine(Protocol):
    """Solves blocks of samples of one programme at a first-stage point."""

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """The pieces of every block, in the order of the blocks."""
        ...

    def close(self) -> None:
        """Let go of processes and memory."""
        ...


class Here:
    """Solves every block in this process."""

    def __init__(self, stages: TwoStage):
        self._subproblems = Subproblems(stages)

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """One after the other."""
        return [self._subproblems.solve(block, x) for block in blocks]

    def close(self) -> None:
        """Nothing to let go of."""


class Processes:
    """Solves blocks in worker processes that keep their solvers warm; a worker that dies is replaced.

    They are started as programs of their own, not by `multiprocessing`, which would run the user's script again.
    """

    def __init__(self, stages: TwoStage, workers: int):
        self._stages = stages
        self._told: set[subprocess.Popen[bytes]] = set()
        self._workers = [self._begin() for _ in range(workers)]

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "wholenation.stochastic.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """Every worker takes the next block as soon as it is free; what a dead one had is done again."""
        answers: list[Pieces | None] = [None] * len(blocks)
        waiting: deque[int] = deque(range(len(blocks)))
        faults: list[BaseException] = []

        def serve(worker: int) -> None:
            while not faults:
                try:
                    block = waiting.popleft()
                except IndexError:
                    return
                try:
                    answers[block] = self._ask(worker, (blocks[block], x))
                except Exception as fault:
                    faults.append(fault)

        threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in range(len(self._workers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return [answer for answer in answers if answer is not None]

    def _ask(self, worker: int, question: tuple[Ints, Floats]) -> Pieces:
        for _ in range(RETRIES):
            process = self._workers[worker]
            assert process.stdin is not None  # noqa: S101
            assert process.stdout is not None  # noqa: S101
            try:
                if process not in self._told:
                    send(process.stdin, self._stages)
                    self._told.add(process)
                send(process.stdin, question)
                answer = receive(process.stdout)
            except (EOFError, OSError):
                _end(process)
                self._workers[worker] = self._begin()
                continue
            if isinstance(answer, BaseException):
                raise answer
            return answer
        raise AnswerError(
            f"a worker process died {RETRIES} times on the same samples; is there enough memory?"
        )

    def close(self) -> None:
        """End the workers."""
        for process in self._workers:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def start(stages: TwoStage, engine: str | Engine = "local", workers: int | None = None) -> Engine:
    """The engine of that name: `local` (all cores unless `workers` says how many) or an engine that runs already."""
    if not isinstance(engine, str):
        return engine
    if engine != "local":
        raise QuestionError(f"the engine is {engine!r}; it is local, or the address of a cluster")
    count = workers or os.cpu_count() or 1
    return Here(stages) if count == 1 or len(stages) < SMALL else Processes(stages, count)
