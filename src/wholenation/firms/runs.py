"""Many shocks, solved in blocks: by the threads of this process or on a cluster, and kept in parts on the way.

Blocks are cut by the number of shocks alone and each is a pure function of what is in it, so that the answers are the
same to the last bit for any number of workers, on any engine, and after any number of interruptions.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import QuestionError
from ..stochastic.places import cores, on_cluster, open_cluster
from ..stochastic.versions import versions
from .blocks import Columns, joined
from .estimates import Progress, Told
from .parts import Parts, Question

PACKAGES = ("wholenation", "numba", "llvmlite", "numpy")
"""What can change the last bit of an answer."""
BLOCKS = 1024
SMALLEST, LARGEST = 32, 1024
"""About so many blocks of so many shocks: enough to share among many workers, few enough to keep as files."""
LOOK = 0.5
"""Seconds between two looks at whether somebody has pressed Ctrl-C, on systems that do not wake a thread for it."""

Answers = Generator[tuple[int, Columns], None, None]


class Several(Protocol):
    """Shocks, as a run needs to know them."""

    @property
    def names(self) -> Sequence[str]:
        """One for each."""
        ...

    @property
    def data_hash(self) -> str:
        """The same for equal shocks, on every machine."""
        ...

    def part(self, low: int, high: int) -> Self:
        """Those from `low` to before `high`."""
        ...

    def __len__(self) -> int: ...


class Task(Protocol):
    """What is asked about every shock; it can be pickled, and answers are a function of it and the shocks alone."""

    @property
    def question(self) -> Question:
        """All that the answers depend on besides the shocks, such as the hash of the network and the settings."""
        ...

    def scratch(self) -> Any:
        """Memory that one thread needs and uses again for every block."""
        ...

    def solve(self, shocks: Any, scratch: Any, /) -> Columns:
        """The answers to a block of shocks, even an empty one, in their order; lets other threads run meanwhile."""
        ...

    def cost(self, shocks: Any) -> NDArray[np.float64]:
        """About how much work each shock is, in any unit; costly blocks are begun first, which changes no answer."""
        ...


@dataclass(frozen=True)
class Run:
    """The answers to all shocks, in their order."""

    columns: Columns
    reused: int
    """How many shocks were answered by parts of an earlier run."""
    unsaved: str
    """A sentence where parts could not be kept, otherwise empty."""


def run(
    task: Task,
    shocks: Several,
    *,
    engine: str = "local",
    workers: int | None = None,
    parts: str | Path | None = None,
    progress: Progress | None = None,
    block: int | None = None,
    what: str = "shocks",
) -> Run:
    """The answers of `task` to all shocks, the same to the last bit for any engine and number of workers.

    `engine` is `local` (threads of this process, one for each core unless `workers` says how many) or the address of
    a cluster's scheduler. `parts` is a folder where finished blocks are kept: the same run goes on from there when it
    was cut off. `block` is how many shocks make a block (a number that depends on how many there are), `what` the word
    that `progress` has for them. Ctrl-C ends the run when the blocks under way are done; they are kept too. Raises
    `QuestionError` for settings that make no sense and for parts of another question, `OutputError` for a folder that
    cannot be used.
    """
    far = on_cluster(engine, workers)
    size = block_size(len(shocks)) if block is None else block
    if size < 1:
        raise QuestionError(f"a block has {size} shocks; it has 1 or more")
    bounds = [(low, min(low + size, len(shocks))) for low in range(0, max(len(shocks), 1), size)]
    kept = Parts(parts, _question(task, shocks, size)) if parts is not None else None
    answers = [kept.read(number, high - low) if kept else None for number, (low, high) in enumerate(bounds)]
    missing = [number for number, answer in enumerate(answers) if answer is None]
    reused = len(shocks) - sum(bounds[number][1] - bounds[number][0] for number in missing)
    cost = _costs(task.cost(shocks), bounds)
    told = Told(progress, reused, len(shocks), float(cost[missing].sum()), what)

    def keep(number: int, columns: Columns) -> None:
        if kept:
            low, high = bounds[number]
            kept.write(number, shocks.names[low:high], columns)

    if missing:
        if kept:
            kept.check()
        # What takes longest is begun first, so that no worker is left alone with it at the end.
        missing.sort(key=lambda number: -cost[number])
        cut = {number: partial(shocks.part, *bounds[number]) for number in missing}
        coming = (
            _on_cluster(task, cut, keep, engine)
            if far
            else _on_threads(task, cut, keep, min(workers or cores(), len(missing)))
        )
        with closing(coming):
            for number, columns in coming:
                answers[number] = columns
                told.done(bounds[number][1] - bounds[number][0], cost[number])
    whole = joined([answer for answer in answers if answer is not None])
    return Run(whole, reused, kept.unsaved if kept else "")


def block_size(count: int) -> int:
    """How many of so many shocks make a block where nobody says otherwise."""
    return min(max(-(-count // BLOCKS), SMALLEST), LARGEST)


def _question(task: Task, shocks: Several, size: int) -> Question:
    return {
        **task.question, "shocks": shocks.data_hash, "block": size, "software": versions(*PACKAGES),
    }  # fmt: skip


def _costs(each: NDArray[np.float64], bounds: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """The cost of every block; one of no shocks has none."""
    total = np.concatenate([[0.0], np.cumsum(each, dtype=np.float64)])
    return np.array([total[high] - total[low] for low, high in bounds])


# --- Where blocks are solved

Cut = Mapping[int, Callable[[], Any]]
Keep = Callable[[int, Columns], None]


def _on_threads(task: Task, cut: Cut, keep: Keep, workers: int) -> Answers:
    """Threads that take one block after the other, in the order of `cut`."""
    waiting = deque(cut)
    finished: queue.SimpleQueue[tuple[int, Columns] | BaseException] = queue.SimpleQueue()
    enough = threading.Event()

    def serve() -> None:
        try:
            scratch = task.scratch()
            while waiting and not enough.is_set():
                try:
                    number = waiting.popleft()
                except IndexError:
                    return
                columns = task.solve(cut[number](), scratch)
                keep(number, columns)
                finished.put((number, columns))
        except BaseException as fault:
            finished.put(fault)

    # A second Ctrl-C, while the first is waiting for blocks under way, leaves without them: hence daemons.
    threads = [threading.Thread(target=serve, daemon=True) for _ in range(workers)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(len(cut)):
            found = _next(finished)
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        enough.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _next(finished: queue.SimpleQueue[Any]) -> Any:
    while True:
        try:
            return finished.get(timeout=LOOK)
        except queue.Empty:
            continue


def _on_cluster(task: Task, cut: Cut, keep: Keep, address: str) -> Answers:
    """The workers of a cluster, which get the task once."""
    numbers = list(cut)
    cluster = open_cluster(address, task, _begin, packages=PACKAGES)
    with closing(cluster), closing(cluster.each((cut[number](),) for number in numbers)) as coming:
        for place, columns in coming:
            keep(numbers[place], columns)
            yield numbers[place], columns


def _begin(task: Task) -> Callable[[Any], Columns]:
    """What a thread of a cluster's worker starts with."""
    memory = task.scratch()
    return lambda shocks: task.solve(shocks, memory)
