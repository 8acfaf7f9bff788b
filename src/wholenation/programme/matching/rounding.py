"""Dependent rounding: a random yes or no for every pair that keeps each pair's probability and each vertex's sum."""

from __future__ import annotations

import numpy as np

from ...lp import Bools, Ints


def drawn(reader: Ints, bid: Ints, parts: Ints, whole: int, random: np.random.Generator) -> Bools:
    """Which pairs are taken: pair i with probability parts_i / whole; bids keep their sums, readers a rounded one.

    Bids' sums must be multiples of `whole`. Along a cycle of undecided pairs, every second one is raised and the
    others are lowered by the same number until one is decided, or the other way round, with the odds that keep all
    expectations.
    """
    left, right, value = _completed(reader, bid, parts, whole)
    meets: dict[int, set[int]] = {}
    for edge in [place for place, one in enumerate(value) if 0 < one < whole]:
        for vertex in (left[edge], right[edge]):
            meets.setdefault(vertex, set()).add(edge)
    while meets:
        cycle = _cycle(meets, left, right)
        odd, even = cycle[::2], cycle[1::2]
        up = min(*(whole - value[edge] for edge in odd), *(value[edge] for edge in even))
        down = min(*(value[edge] for edge in odd), *(whole - value[edge] for edge in even))
        shift = up if random.integers(up + down) < down else -down
        for edges, sign in ((odd, 1), (even, -1)):
            for edge in edges:
                value[edge] += sign * shift
                if value[edge] in (0, whole):
                    _decided(meets, left[edge], right[edge], edge)
    return np.array(value[: len(parts)], dtype=np.int64) == whole


def _completed(reader: Ints, bid: Ints, parts: Ints, whole: int) -> tuple[list[int], list[int], list[int]]:
    """The pairs, and for each reader whose sum is not whole one with a bid of nobody that makes it so.

    Then every vertex with an undecided pair has two, and there is always a cycle. Bids are numbered after readers.
    """
    readers = int(reader.max(initial=-1)) + 1
    nobody = readers + int(bid.max(initial=-1)) + 1
    sums = np.bincount(reader, weights=parts, minlength=readers).astype(np.int64)
    missing = -sums % whole
    extra = np.flatnonzero(missing)
    return (
        [*reader.tolist(), *extra.tolist()],
        [*(readers + bid).tolist(), *([nobody] * len(extra))],
        [*parts.tolist(), *missing[extra].tolist()],
    )


def _cycle(meets: dict[int, set[int]], left: list[int], right: list[int]) -> list[int]:
    """The edges of a cycle, in order; the graph has two sides, so that their number is even."""
    vertex = min(meets)
    path: list[int] = []
    seen = {vertex: 0}
    while True:
        edge = min(one for one in meets[vertex] if not path or one != path[-1])
        path.append(edge)
        vertex = left[edge] + right[edge] - vertex
        if vertex in seen:
            return path[seen[vertex] :]
        seen[vertex] = len(path)


def _decided(meets: dict[int, set[int]], one: int, other: int, edge: int) -> None:
    for vertex in (one, other):
        meets[vertex].discard(edge)
        if not meets[vertex]:
            del meets[vertex]
