"""Solves blocks on the machines of a Dask cluster; the only room that knows the library.

Blocks are pure functions of (block, x), so what a lost worker had is simply done again, and a worker that joins later
takes its share. The programme travels once to every worker, from the scheduler or from another worker.
"""

from __future__ import annotations

import logging
import pickle
import threading
import time
import warnings
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from distributed import Client, Future, KilledWorker, wait

from ..errors import AnswerError, QuestionError, WholenationError
from ..lp import Floats, Ints
from .blocks import Pieces, Subproblems
from .identity import content, software
from .two_stage import TwoStage

REACHED = 10.0
"""Seconds in which the scheduler must answer."""
PATIENCE = 60.0
"""Seconds for which a solve goes on without any worker."""
LOOK = 2.0
"""Seconds between two looks at whether the cluster is still there."""
KEPT = 2
"""Programmes that a worker keeps warm."""
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")


class Cluster:
    """Solves blocks on the cluster whose scheduler has this address, such as tcp://127.0.0.1:8786."""

    def __init__(self, stages: TwoStage, address: str):
        self._address = address
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._client = self._reach()
        try:
            with self._faults(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a programme is large
                self._meet()
                self._programme: Future[bytes] = self._client.submit(
                    _same,
                    zlib.compress(pickle.dumps(stages, protocol=5), 1),
                    key=f"wholenation-{content(stages).hex()}",
                )
        except BaseException:
            self.close()
            raise

    def _reach(self) -> Client:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what must be of one version is compared by the workers
                return Client(self._address, timeout=REACHED, set_as_default=False, name="wholenation")
        except (OSError, ValueError, ImportError, RuntimeError) as fault:
            self._speak()
            raise QuestionError(
                f"no scheduler of a Dask cluster answers at {self._address} within {REACHED:.0f} seconds"
            ) from fault

    def _meet(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=REACHED)
        except TimeoutError as fault:
            raise QuestionError(
                f"the cluster at {self._address} has no workers; start some with: dask worker {self._address}"
            ) from fault

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """Every worker takes the next block as soon as it is free."""
        point = zlib.compress(np.ascontiguousarray(x, dtype=np.float64).tobytes(), 1)
        futures: list[Future[Pieces]] = []
        try:
            with self._faults():
                futures = self._client.map(
                    _solve, blocks, pure=False, programme=self._programme, point=point, ours=software()
                )
                self._wait(futures)
                return self._client.gather(futures)
        except BaseException:
            self._give_up(futures)
            raise

    def _wait(self, futures: list[Future[Pieces]]) -> None:
        """Wait as long as there is somebody to wait for."""
        seen = time.monotonic()
        while True:
            try:
                with self._client.as_current():
                    wait(futures, timeout=LOOK)
            except TimeoutError:
                if self._client.nthreads():
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE:
                    raise AnswerError(
                        f"the cluster at {self._address} has had no worker for {PATIENCE:.0f} seconds"
                    ) from None
            else:
                return

    def _give_up(self, futures: list[Future[Pieces]]) -> None:
        """Leave no work behind, if there is still somebody to tell."""
        if futures and self._client.status == "running":
            try:
                self._client.cancel(futures)
            except (OSError, CancelledError):
                return

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The library's errors in our words."""
        try:
            yield
        except WholenationError:
            raise
        except KilledWorker as fault:
            raise AnswerError(
                "several workers of the cluster died on the same samples; have they enough memory?"
            ) from fault
        except ImportError as fault:
            raise QuestionError(
                f"a worker of the cluster at {self._address} cannot import wholenation ({fault}); "
                f"it needs the same packages as this machine: {software()}"
            ) from fault
        except (OSError, CancelledError) as fault:
            raise AnswerError(f"the scheduler at {self._address} has gone away or was restarted") from fault

    def close(self) -> None:
        """Leave the cluster; it goes on for others."""
        self._client.close(timeout=REACHED)
        self._speak()

    def _speak(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)


# --- What the workers run

_here = threading.local()


def _same(programme: bytes) -> bytes:
    """A task of its own, so that the scheduler knows how to make the programme again when all copies are lost."""
    return programme


def _solve(block: Ints, *, programme: bytes, point: bytes, ours: str) -> Pieces:
    """The pieces of a block at a point; each thread has solvers of its own, for they are not thread-safe."""
    if software() != ours:
        raise QuestionError(
            f"a worker of the cluster has {software()} where this machine has {ours}; "
            "answers could differ: install the same versions"
        )
    kept: dict[bytes, Subproblems] = _here.__dict__.setdefault("kept", {})
    found = kept.pop(programme, None)
    if found is None:
        found = Subproblems(_unpacked(programme), threads=1)
    kept[programme] = found
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
    return found.solve(block, np.frombuffer(zlib.decompress(point), dtype=np.float64))


@lru_cache(maxsize=KEPT)
def _unpacked(programme: bytes) -> TwoStage:
    return pickle.loads(zlib.decompress(programme))  # noqa: S301 (whoever may use a cluster may run code on it)
