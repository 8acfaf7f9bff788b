"""Links into compressed rows, by counting."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def rows(key: NDArray[np.int32], n: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where each of n rows starts (n+1,), and the links in the order of their rows, each row in the order given."""
    start = np.zeros(n + 1, np.int64)
    for e in range(len(key)):
        start[key[e] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    at = start[:-1].copy()
    order = np.empty(len(key), np.int32)
    for e in range(len(key)):
        order[at[key[e]]] = e
        at[key[e]] += 1
    return start, order


@njit(cache=True, nogil=True)
def slots(
    start: NDArray[np.int64], order: NDArray[np.int32], kind: NDArray[np.int32], classes: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The slot of every link (-1 where it has none), and the firm of every slot.

    `start` and `order` are rows by buyer; `kind` (m,) is the class of a link's input, -1 for one that does not count.
    Links of one buyer and one class share a slot. Slots are numbered buyer by buyer.
    """
    slot = np.full(len(order), -1, np.int32)
    firm = np.empty(len(order), np.int32)
    last_buyer = np.full(classes, -1, np.int32)
    last_slot = np.empty(classes, np.int32)
    count = 0
    for j in range(len(start) - 1):
        for at in range(start[j], start[j + 1]):
            e = order[at]
            k = kind[e]
            if k < 0:
                continue
            if last_buyer[k] != j:
                last_buyer[k] = j
                last_slot[k] = count
                firm[count] = j
                count += 1
            slot[e] = last_slot[k]
    return slot, firm[:count].copy()


@njit(cache=True, nogil=True)
def reaches(
    start: NDArray[np.int64], other: NDArray[np.int32], found: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which rows are found, or named in a row that is: breadth first, from those found on."""
    found = found.copy()
    queue = np.empty(len(found), np.int32)
    tail = 0
    for i in range(len(found)):
        if found[i]:
            queue[tail] = i
            tail += 1
    head = 0
    while head < tail:
        i = queue[head]
        head += 1
        for e in range(start[i], start[i + 1]):
            j = other[e]
            if not found[j]:
                found[j] = True
                queue[tail] = j
                tail += 1
    return found


@njit(cache=True, nogil=True)
def products(
    start: NDArray[np.int64],
    other: NDArray[np.int32],
    weight: NDArray[np.float64],
    x: NDArray[np.float64],
    low: int,
    high: int,
    out: NDArray[np.float64],
) -> None:
    """Rows `low` up to `high` of a matrix in compressed rows, times x, into `out`."""
    for i in range(low, high):
        total = 0.0
        for e in range(start[i], start[i + 1]):
            total += weight[e] * x[other[e]]
        out[i] = total
