"""Samples of an uncertain network as blocks of work, for one machine or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..kernels.days import CREATED, HELD, USED
from ..kernels.production import ADDED, FINAL, OUTPUT
from .blocks import Columns
from .economy import Economy
from .effects import Effects, Hit
from .inventories import Draw, drawn
from .parts import Question
from .simulation import Rules, Run, Spread, State, one_by_one, simulate


@dataclass(frozen=True)
class Samples:
    """The numbers `low` to before `high` of an ensemble's samples."""

    low: int
    high: int

    @property
    def names(self) -> Sequence[str]:
        """One for each."""
        return [str(number) for number in range(self.low, self.high)]

    @property
    def data_hash(self) -> str:
        """All that they are is their numbers."""
        return f"{self.low}-{self.high}"

    def part(self, low: int, high: int) -> Self:
        """Those from `low` to before `high`, counted from the first of these."""
        return type(self)(self.low + low, self.low + high)

    def __len__(self) -> int:
        return self.high - self.low


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What is asked about every sample."""

    economy: Economy
    hits: tuple[Hit, ...]
    rules: Rules
    days: int
    inventory: NDArray[np.float64]
    draw: Draw
    least: float
    seed: int
    record: NDArray[np.int32]
    """Firms whose output is kept day by day."""
    question: Question
    threads: int = 1
    """Threads that share one sample's work; the answers do not depend on it."""

    def scratch(self) -> None:
        """Nothing is shared between samples."""

    def cost(self, samples: Samples) -> NDArray[np.float64]:
        """Every sample is as much work as the next one."""
        return np.ones(len(samples))

    def solve(
        self,
        samples: Samples,
        scratch: None = None,  # noqa: ARG002
        told: Callable[[int], None] | None = None,
    ) -> Columns:
        """Days, sectors' days (day by day) and firms of every sample; `told` hears of every day that is done."""

        runs: list[Run] = []
        kept = np.empty((len(samples), self.days, len(self.record)))

        def evening(day: int, state: State, effects: Effects) -> None:  # noqa: ARG001
            kept[len(runs), day] = state.output[self.record]
            if told is not None:
                told(day + 1)

        with threads(self.threads) as spread:
            for number in range(samples.low, samples.high):
                stocks = drawn(self.inventory, self.draw, self.least, self.seed, number)
                runs.append(
                    simulate(
                        self.economy, self.hits, self.rules, stocks, self.days, spread=spread, told=evening
                    )
                )
        columns = to_columns(runs, self.days, self.economy.sectors, self.economy.n)
        if len(self.record):
            columns["record.start"] = np.arange(len(runs) + 1, dtype=np.int64) * self.days * len(self.record)
            columns["record.output"] = kept.ravel()
        return columns


@contextmanager
def threads(count: int) -> Iterator[Spread]:
    """Work spread over so many threads."""
    if count <= 1:
        yield one_by_one
        return
    with ThreadPoolExecutor(count) as pool:

        def spread(function: Callable[[int], None], parts: int) -> None:
            for _ in pool.map(function, range(parts)):
                pass

        yield spread


def to_columns(runs: Sequence[Run], days: int, sectors: int, firms: int) -> Columns:
    """Runs as one block of answers."""

    def start(length: int) -> NDArray[Any]:
        return np.arange(len(runs) + 1, dtype=np.int64) * length

    def flat(arrays: list[NDArray[Any]], kind: type = np.float64) -> NDArray[Any]:
        return np.concatenate([array.ravel() for array in arrays]) if arrays else np.empty(0, kind)

    return {
        "day.start": start(days),
        "day.final": flat([run.sums[:, :, FINAL].sum(axis=1) for run in runs]),
        "day.used": flat([run.accounts[:, USED] for run in runs]),
        "day.held": flat([run.accounts[:, HELD] for run in runs]),
        "day.created": flat([run.accounts[:, CREATED] for run in runs]),
        "cell.start": start(days * sectors),
        "cell.output": flat([run.sums[:, :, OUTPUT] for run in runs]),
        "cell.added": flat([run.sums[:, :, ADDED] for run in runs]),
        "firm.start": start(firms),
        "firm.lost": flat([run.lost for run in runs]),
        "firm.lowest": flat([run.lowest for run in runs]),
        "firm.below": flat([run.below for run in runs], np.int32),
    }
