"""Where blocks are solved: here, in other processes, or on a cluster. The answers are the same to the last bit."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from ..errors import AnswerError
from ..lp import Floats, Ints
from .blocks import Pieces, Subproblems
from .places import cores, on_cluster
from .remote import Remote
from .two_stage import TwoStage
from .worker import BOOT, READY, receive, send, send_packed

RETRIES = 3
PATIENCE = 120.0
"""Seconds after which a worker process that has not started is given up."""
EACH, EACH_ROWS = 12, 40_000
"""A process is worth so many samples, or so many rows of theirs; with fewer it takes longer to start than it saves."""
FLAGS = {"isolated": "-I", "ignore_environment": "-E", "no_user_site": "-s", "no_site": "-S"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


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
    They end with this process, however it ends: their question's pipe closes.
    """

    def __init__(self, stages: TwoStage, workers: int):
        self._programme = pickle.dumps(stages, protocol=5)
        self._lock = threading.Lock()
        self._closed = False
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers):
                self._workers.append(_Worker(self._programme))
        except BaseException:
            self.close()
            raise

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
                    answers[block] = self._ask(worker, blocks[block], x)
                except Exception as fault:
                    faults.append(fault)

        count = min(len(self._workers), len(blocks))
        threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in range(count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            # Workers are in the middle of something that nobody will ask for any more.
            self.close()
            raise
        if faults:
            raise faults[0]
        return [answer for answer in answers if answer is not None]

    def _ask(self, place: int, block: Ints, x: Floats) -> Pieces:
        for _ in range(RETRIES):
            worker = self._workers[place]
            try:
                answer = worker.ask(block, x)
            except (EOFError, OSError):
                self._replace(place)
                continue
            if isinstance(answer, BaseException):
                raise answer
            return answer
        if not worker.started:
            raise AnswerError(f"worker processes do not start with {sys.executable}{worker.last_words}")
        raise AnswerError(
            f"a worker process died {RETRIES} times on the same samples{worker.last_words}; is there enough memory?"
        )

    def _replace(self, place: int) -> None:
        self._workers[place].end()
        with self._lock:
            if self._closed:
                raise AnswerError("the worker processes have been ended")
            self._workers[place] = _Worker(self._programme)

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            self._closed = True
        for worker in self._workers:
            worker.end()


class _Worker:
    """A worker process as it is seen from here."""

    def __init__(self, programme: bytes):
        self._programme = programme
        self.started = False
        self.last_words = ""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        flags = [flag for name, flag in FLAGS.items() if getattr(sys.flags, name)]
        path = json.dumps([entry for entry in sys.path if isinstance(entry, str)])
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and code)
                [sys.executable, "-P", *flags, "-c", BOOT, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **ONE_THREAD},
                # Ctrl-C in the terminal is for this process alone, from the worker's first moment on.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as fault:
            self._errors.close()
            raise AnswerError(
                f"worker processes do not start with {sys.executable}: {fault.strerror}"
            ) from fault

    def ask(self, block: Ints, x: Floats) -> Pieces | BaseException:
        """The answer; raises `EOFError` or `OSError` where the worker is gone."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None  # noqa: S101
        assert answered is not None  # noqa: S101
        if not self.started:
            late = threading.Timer(PATIENCE, self._process.kill)
            late.daemon = True
            late.start()
            try:
                # Whatever the interpreter prints before it runs our code is passed over.
                while not (line := answered.readline()).endswith(READY):
                    if not line:
                        raise EOFError
            finally:
                late.cancel()
            send_packed(asked, self._programme)
            self.started = True
        send(asked, (block, x))
        return receive(answered)

    def end(self) -> None:
        """Kill the process and keep the last line of what it said."""
        self._process.kill()
        self._process.communicate()
        if not self._errors.closed:
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
            self.last_words = f": {lines[-1]}" if lines else ""
            self._errors.close()


def start(stages: TwoStage, engine: str | Engine = "local", workers: int | None = None) -> Engine:
    """The engine of that name: `local` (all cores unless `workers` says how many), the address of a cluster's
    scheduler (`tcp://host:8786`), or an engine that runs already.
    """  # fmt: skip
    if not isinstance(engine, str):
        return engine
    if on_cluster(engine, workers):
        return Remote(stages, engine)
    # A program that only looks like a Python (a frozen one, an embedded one) would start itself again.
    alone = not sys.executable or getattr(sys, "frozen", False)
    rows = sum(len(stages.recourse[kind].problem.row_lower) for kind in stages.kind)
    worth = max(len(stages) // EACH, rows // EACH_ROWS)
    count = 1 if alone else min(workers or cores(), worth)
    return Processes(stages, count) if count > 1 else Here(stages)
