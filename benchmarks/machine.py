"""What this machine can do at best: how fast memory streams, and what an access at random costs."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

STEP, OFFSET = 1_664_525, 1_013_904_223
"""A walk through all places of a power of two, none twice (Numerical Recipes' generator)."""
STEPS = 1 << 21


def _stream(array: NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(len(array)):
        total += array[i]
    return total


def _gather(array: NDArray[np.float64], places: NDArray[np.int32]) -> float:
    total = 0.0
    for k in range(len(places)):
        total += array[places[k]]
    return total


def _scatter(array: NDArray[np.float64], places: NDArray[np.int32]) -> None:
    for k in range(len(places)):
        array[places[k]] += 1.0


def _chase(following: NDArray[np.uint32], steps: int) -> int:
    at = np.uint32(0)
    for _ in range(steps):
        at = following[at]
    return int(at)


compiled = njit(fastmath=True)
stream, gather, scatter, chase = compiled(_stream), compiled(_gather), compiled(_scatter), compiled(_chase)


def streaming(mebibytes: float) -> float:
    """Gigabytes a second that one core adds up."""
    array = np.ones(numbers(mebibytes))
    return array.nbytes / 1e9 / _best(lambda: stream(array))


def gathering(mebibytes: float) -> float:
    """Nanoseconds to read a number in so much memory, at places known beforehand."""
    array = np.ones(numbers(mebibytes))
    places = _places(len(array))
    return 1e9 / len(places) * _best(lambda: gather(array, places))


def scattering(mebibytes: float) -> float:
    """Nanoseconds to add to a number in so much memory, at places known beforehand."""
    array = np.ones(numbers(mebibytes))
    places = _places(len(array))
    return 1e9 / len(places) * _best(lambda: scatter(array, places))


def chasing(mebibytes: int) -> float:
    """Nanoseconds to read a number in so much memory (a power of two), each telling where the next one is."""
    size = mebibytes << 18
    following = ((np.arange(size, dtype=np.uint64) * STEP + OFFSET) % size).astype(np.uint32)
    return 1e9 / STEPS * _best(lambda: chase(following, STEPS))


def numbers(mebibytes: float) -> int:
    """So many of 8 bytes fill that memory."""
    return max(1, round(mebibytes * 2**17))


def _places(size: int) -> NDArray[np.int32]:
    return np.random.default_rng(0).integers(0, size, STEPS).astype(np.int32)


def _best(function: Callable[[], object]) -> float:
    """The shortest of five, after one that compiles."""
    function()
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)
