"""Pure tasks on the machines of a Dask cluster; the only room that knows the library.

What a lost worker had is simply done again, and a worker that joins later takes its share. What all tasks share
travels once to every worker, from the scheduler or from another worker.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from distributed import Client, Future, KilledWorker, wait

from ..errors import AnswerError, QuestionError, WholenationError
from .versions import versions

REACHED = 10.0
"""Seconds in which the scheduler must answer."""
PATIENCE = 60.0
"""Seconds for which work goes on without any worker."""
LOOK = 2.0
"""Seconds between two looks at whether the cluster is still there."""
AHEAD = 3
"""Tasks that every thread of the cluster is given at once, so that none waits for the next."""
SAMPLE, WORTH = 1 << 20, 0.7
"""So many bytes are squeezed for a try, and have to come down to that part."""
KEPT = 2
"""Shared things that a worker keeps warm."""
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")


class Cluster:
    """The cluster whose scheduler has this address, such as tcp://127.0.0.1:8786, with what its tasks share.

    Every thread of a worker calls `begin(shared)` once, keeps what comes back warm, and calls that with each task.
    It must be pure: the answer a function of `shared` and the task alone. Workers whose
    `packages` have other versions than ours are refused.
    """

    def __init__(
        self,
        address: str,
        shared: Any,
        begin: Callable[[Any], Callable[..., Any]],
        *,
        packages: tuple[str, ...],
    ):
        self._address, self._packages, self._ours = address, packages, versions(*packages)
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._client = self._reach()
        try:
            with self._faults(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it is large
                self._meet()
                packed = _packed((begin, shared))
                key = f"wholenation-{hashlib.blake2b(packed, digest_size=16).hexdigest()}"
                self._shared: Future[bytes] = self._client.submit(_same, packed, key=key)
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

    def every(self, tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers in the order of the tasks; every worker takes the next one as soon as it is free."""
        futures: list[Future[Any]] = []
        try:
            with self._faults():
                futures = self._sent(tasks)
                self._wait(futures, "ALL_COMPLETED")
                return self._client.gather(futures)
        except BaseException:
            self._give_up(futures)
            raise

    def each(self, tasks: Iterable[tuple[Any, ...]]) -> Generator[tuple[int, Any], None, None]:
        """The place of a task and its answer, as they come in.

        Only so many are on their way at once that no thread waits: neither tasks nor answers pile up.
        """
        coming = enumerate(tasks)
        under_way: dict[Future[Any], int] = {}
        try:
            with self._faults():
                while True:
                    threads = max(1, sum(self._client.nthreads().values()))
                    new = list(islice(coming, max(0, AHEAD * threads - len(under_way))))
                    sent = self._sent([task for _, task in new])
                    under_way |= {future: place for future, (place, _) in zip(sent, new, strict=True)}
                    if not under_way:
                        return
                    self._wait(list(under_way), "FIRST_COMPLETED")
                    done = [future for future in under_way if future.done()]
                    for future, answer in zip(done, self._client.gather(done), strict=True):
                        yield under_way.pop(future), answer
        except BaseException:
            self._give_up(list(under_way))
            raise

    def _sent(self, tasks: Sequence[tuple[Any, ...]]) -> list[Future[Any]]:
        return self._client.map(
            _work, tasks, pure=False, shared=self._shared, packages=self._packages, ours=self._ours
        )

    def _wait(self, futures: list[Future[Any]], until: Literal["ALL_COMPLETED", "FIRST_COMPLETED"]) -> None:
        """Wait as long as there is somebody to wait for."""
        seen = time.monotonic()
        while True:
            try:
                with self._client.as_current():
                    wait(futures, timeout=LOOK, return_when=until)
            except TimeoutError:
                if self._client.nthreads():
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE:
                    raise AnswerError(
                        f"the cluster at {self._address} has had no worker for {PATIENCE:.0f} seconds"
                    ) from None
            else:
                return

    def _give_up(self, futures: list[Future[Any]]) -> None:
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
                "several workers of the cluster died on the same task; have they enough memory?"
            ) from fault
        except ImportError as fault:
            raise QuestionError(
                f"a worker of the cluster at {self._address} cannot import wholenation ({fault}); "
                f"it needs the same packages as this machine: {self._ours}"
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


def _packed(what: Any) -> bytes:
    """Pickled, and squeezed where a look at the middle says that it pays.

    Numbers that look random take longer to squeeze than to send.
    """
    plain = pickle.dumps(what, protocol=5)
    middle = len(plain) // 2
    sample = plain[middle : middle + SAMPLE]
    pays = len(zlib.compress(sample, 1)) < WORTH * len(sample)
    return b"z" + zlib.compress(plain, 1) if pays else b"p" + plain


# --- What the workers run

_here = threading.local()
_one = threading.Lock()


def _same(shared: bytes) -> bytes:
    """A task of its own, so that the scheduler knows how to make it again when all copies are lost."""
    return shared


def _work(task: tuple[Any, ...], *, shared: bytes, packages: tuple[str, ...], ours: str) -> Any:
    """The answer to a task; what a thread keeps warm is its own, for it need not be thread-safe."""
    if (here := versions(*packages)) != ours:
        raise QuestionError(
            f"a worker of the cluster has {here} where this machine has {ours}; "
            "answers could differ: install the same versions"
        )
    kept: dict[bytes, Callable[..., Any]] = _here.__dict__.setdefault("kept", {})
    found = kept.pop(shared, None)
    if found is None:
        with _one:  # threads that begin together share what they unpack
            begin, what = _unpacked(shared)
        found = begin(what)
    kept[shared] = found
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
    return found(*task)


@lru_cache(maxsize=KEPT)
def _unpacked(shared: bytes) -> tuple[Callable[[Any], Callable[..., Any]], Any]:
    plain = memoryview(shared)[1:]
    return pickle.loads(zlib.decompress(plain) if shared[:1] == b"z" else plain)  # noqa: S301 (whoever may use a cluster may run code on it)
