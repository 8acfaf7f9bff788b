"""A task for runs over many shocks that is small enough to see through; other processes import it too."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wholenation.firms.blocks import Columns
from wholenation.firms.shocks import Shocks


@dataclass(frozen=True)
class Losses:
    """The weight of what each shock takes, and the firms that it takes; slower on request."""

    weight: NDArray[np.float64]
    seconds: float = 0.0
    fails_at: int = -1

    @property
    def question(self) -> dict[str, str | int | float | bool | None]:
        return {
            "network": hashlib.sha256(self.weight.tobytes()).hexdigest(),
            "mode": "sum",
            "eps": 0.01,
            "hit": None,
        }

    def scratch(self) -> list[int]:
        return []

    def solve(self, shocks: Shocks, scratch: list[int]) -> Columns:
        scratch.append(len(shocks))
        time.sleep(self.seconds)
        spans = list(zip(shocks.start[:-1], shocks.start[1:], strict=True))
        if any(self.fails_at in shocks.firm[low:high] for low, high in spans):
            raise ZeroDivisionError("a shock to that firm")
        # Sums of many small numbers: another order of blocks or threads inside would show in the last bit.
        risk = [np.sum(self.weight[shocks.firm[low:high]] * shocks.down[low:high]) for low, high in spans]
        hurt = shocks.down > 0.5
        return {
            "risk": np.array(risk, dtype=np.float64),
            "firms": np.diff(shocks.start).astype(np.int32),
            "hit.start": np.concatenate([[0], [hurt[:high].sum() for _, high in spans]]).astype(np.int64),
            "hit.firm": shocks.firm[hurt],
            "hit.loss": shocks.down[hurt],
        }

    def cost(self, shocks: Shocks) -> NDArray[np.float64]:
        return 1.0 + np.diff(shocks.start)


def losses(firms: int = 50, seconds: float = 0.0, **settings: int) -> Losses:
    return Losses(np.random.default_rng(0).random(firms), seconds, **settings)


def random_shocks(count: int = 200, firms: int = 50, seed: int = 1) -> Shocks:
    """Some hit nobody, some hit many."""
    draw = np.random.default_rng(seed)
    several = np.minimum(draw.geometric(0.2, count) - 1, firms)
    firm = [np.sort(draw.choice(firms, size, replace=False)) for size in several]
    start = np.concatenate([[0], np.cumsum(several)]).astype(np.int64)
    total = int(start[-1])
    flat = np.concatenate([*firm, []]).astype(np.int32)
    return Shocks(
        tuple(f"shock {s}" for s in range(count)), start, flat, draw.random(total), draw.random(total)
    )
