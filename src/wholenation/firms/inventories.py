"""How many days of normal use firms want to have in stock, told or drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import QuestionError, unknown
from .network import FirmNetwork

Draw = Literal["fixed", "poisson"]
DRAWS = ("fixed", "poisson")
MOST_DAYS = 10_000.0
OTHERS = 15.0
"""Days of a sector that is not told, as published."""


def mean_inventories(
    network: FirmNetwork, told: float | Mapping[str, float] | ArrayLike
) -> NDArray[np.float64]:
    """(n,) days of stock: one number for all, one per sector by its code (15 for the others), or one per firm.

    At least 1, for what arrives today is used tomorrow. Raises `QuestionError`.
    """
    if isinstance(told, Mapping):
        for code in told:
            if code not in network.sectors:
                raise QuestionError(f"inventory_days {code}: {unknown(code, network.sectors, 'sector')}")
        days = np.array([told.get(code, OTHERS) for code in network.sectors], np.float64)[network.sector]
    else:
        days = np.array(told, np.float64)
        if days.ndim == 0:
            days = np.full(network.n, float(days))
        elif days.shape != (network.n,):
            raise QuestionError(f"inventory_days has {days.size} entries for {network.n} firms")
    wrong = days[~((days >= 1.0) & (days <= MOST_DAYS))]
    if len(wrong):
        raise QuestionError(
            f"inventory_days {wrong[0]:g}: a stock must last at least 1 day, for what arrives today is used tomorrow, "
            f"and at most {MOST_DAYS:g}"
        )
    return days


def drawn(mean: NDArray[np.float64], draw: Draw, least: float, seed: int, sample: int) -> NDArray[np.float64]:
    """(n,) days of stock in one sample: the mean itself, or a Poisson draw of that mean and of at least `least` days.

    Sample k is the same however many there are and whoever computes it.
    """
    if draw == "fixed":
        return mean
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(sample,)))
    return np.maximum(random.poisson(mean).astype(np.float64), least)
