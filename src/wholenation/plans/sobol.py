"""Scrambled Sobol points by name: streams that others leave alone, and that fill the unit cube evenly together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import count as counting
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..network import Floats

Words = NDArray[np.uint32]
BITS = 32
ROUNDS = ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF))
"""Neighbours, pairs, fours ... of bits that change places when a word is turned around."""


def sobol_points(count: int, names: Iterable[tuple[str, str]], seed: tuple[int, ...]) -> Floats:
    """(count, names) numbers in (0, 1), one column for each (group, name).

    The k-th name of a group has dimension k of a Sobol sequence, Owen-scrambled by a hash of its name (Burley 2020,
    J. Comput. Graph. Tech. 9(4):1). Every column is uniform; of the first 2^m points, one lies in each of 2^m equal
    parts, and the columns of a group fill their cube evenly together. Every group has its points in a random
    order of its own, so that columns of different groups are independent: to scramble one dimension twice
    would not do, since all points would agree, or all disagree, in the leading bit.
    """
    names = list(names)
    columns = list(dict.fromkeys(names))
    if not count or not columns:
        return np.zeros((count, len(names)))
    groups = dict.fromkeys(group for group, _ in columns)
    number = {group: counting() for group in groups}
    dimension = [next(number[group]) for group, _ in columns]
    order = {group: _stream(group, seed).permutation(count) for group in groups}
    points = _unscrambled(max(dimension) + 1, (count - 1).bit_length())
    words = np.array(
        [points[order[group], k] for (group, _), k in zip(columns, dimension, strict=True)]
    ).reshape(len(columns), count)
    hashes = [_stream(f"{group}/{name}", seed).integers(2**BITS, dtype=np.uint32) for group, name in columns]
    found = owen_scrambled(words, np.array(hashes, dtype=np.uint32)[:, None])
    place = {name: column for column, name in enumerate(columns)}
    return (found[[place[name] for name in names]].T.astype(np.float64) + 0.5) / 2.0**BITS


def owen_scrambled(words: Words, seed: Words) -> Words:
    """Words of which every bit is turned or not, as a hash of the seed and of the bits above it says.

    The hash of Laine and Karras (2011, Comput. Graph. Forum 30:1459) with the steps and factors of Vegdahl (2021,
    "Building a better LK hash"): with the first ones, the bits of neighbouring nodes depend on each other. It works
    from the lowest bit upwards; words are turned around for it.
    """
    found = _reversed(words)
    found = found ^ (found * np.uint32(0x3D20ADEA))
    found = (found + seed) * ((seed >> np.uint32(16)) | np.uint32(1))
    found = found ^ (found * np.uint32(0x05526C56))
    found = found ^ (found * np.uint32(0x53A22864))
    return _reversed(found)


def _reversed(words: Words) -> Words:
    """The bits in the opposite order."""
    for step, mask in ROUNDS:
        shift, low = np.uint32(step), np.uint32(mask)
        words = ((words >> shift) & low) | ((words & low) << shift)
    return words


@cache
def _unscrambled(dimensions: int, size: int) -> Words:
    """(2^size, dimensions) the first points of the sequence (Joe and Kuo 2008, SIAM J. Sci. Comput. 30:2635)."""
    sequence = qmc.Sobol(dimensions, scramble=False, bits=BITS)
    return (sequence.random_base2(size) * 2.0**BITS).astype(np.uint32)


def _stream(name: str, seed: tuple[int, ...]) -> np.random.Generator:
    return np.random.default_rng([*seed, crc32(name.encode())])
