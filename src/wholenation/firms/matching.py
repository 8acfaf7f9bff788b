"""Customers for suppliers: links drawn so that numbers of partners and tastes of sectors are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS, ANYHOW = 60, 12
PARTS = 4_000_000


@dataclass(frozen=True)
class Stubs:
    """How many links each firm wants to have at either end, and how much sectors like each other."""

    sector: NDArray[np.int32]
    sold: NDArray[np.int64]
    """(n,) wanted customers."""
    bought: NDArray[np.int64]
    """(n,) wanted suppliers."""
    preference: NDArray[np.float64]
    """(K, K), row = supplying sector."""


def match(rng: np.random.Generator, stubs: Stubs, wanted: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(supplier, buyer) of `wanted` different links, sorted; no firm sells to itself.

    Every supplier draws the sector of each customer by the two sectors' taste, then a customer in it by how many
    suppliers the customer wants. Links drawn twice are drawn anew; after a dozen rounds, which only a network nearly
    full needs, any pair of firms will do.
    """
    n = len(stubs.sector)
    found = np.empty(0, np.int64)
    if not wanted:
        return found.astype(np.int32), found.astype(np.int32)
    order = np.argsort(stubs.sector, kind="stable").astype(np.int32)
    bounds = np.searchsorted(stubs.sector[order], np.arange(len(stubs.preference) + 1))
    sellers = np.repeat(order, stubs.sold[order])
    buyers = np.repeat(order, stubs.bought[order])
    ends = np.concatenate([[0], np.cumsum(stubs.bought[order])])[bounds]
    taste = _taste(stubs, ends)
    for turn in range(ROUNDS):
        missing = wanted - len(found)
        if missing <= 0:
            break
        if turn == 0:
            drawn = sellers
        elif turn < ANYHOW:
            # More than are missing, for many of them will be known or drawn twice.
            drawn = sellers[rng.integers(0, len(sellers), missing + missing // 8 + 8)]
        else:
            drawn = rng.integers(0, n, 2 * missing + 8).astype(np.int32)
        keys = [
            _customers(rng, part, stubs.sector, buyers, ends, taste, anyhow=turn >= ANYHOW)
            for part in np.array_split(drawn, -(-len(drawn) // PARTS))
        ]
        new = _new(np.concatenate(keys), found)
        if len(new) > missing:
            new = np.delete(new, rng.choice(len(new), len(new) - missing, replace=False))
        found = np.concatenate([found, new])
        found.sort()
    supplier = found // n
    return supplier.astype(np.int32), (found - supplier * n).astype(np.int32)


def _taste(stubs: Stubs, ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, K) cumulated over columns: with which chance a supplier's customer lies in which sector.

    Scaled row by row and column by column in turn, so that what sectors want to buy is what they are sold.
    """
    k = len(stubs.preference)
    supply = np.bincount(stubs.sector, stubs.sold, k)
    demand = np.diff(ends).astype(np.float64)
    chance = stubs.preference * supply[:, None] * demand[None, :]
    for _ in range(50):
        for total, axis in ((supply[:, None], 1), (demand[None, :], 0)):
            have = chance.sum(axis=axis, keepdims=True)
            chance = chance * total / np.where(have > 0, have, 1)
    steps = np.cumsum(chance, axis=1)
    return steps / np.where(steps[:, -1:] > 0, steps[:, -1:], 1)


def _customers(
    rng: np.random.Generator,
    suppliers: NDArray[np.int32],
    sector: NDArray[np.int32],
    buyers: NDArray[np.int32],
    ends: NDArray[np.int64],
    taste: NDArray[np.float64],
    *,
    anyhow: bool,
) -> NDArray[np.int64]:
    """Keys (supplier * n + buyer) of one customer per entry, without sales to oneself."""
    n, k = len(sector), len(taste)
    if anyhow:
        buyer = rng.integers(0, n, len(suppliers)).astype(np.int64)
    else:
        # The row's number in front makes one sorted array of all rows, so that one search serves all suppliers.
        steps = (taste + np.arange(k)[:, None]).ravel()
        of = sector[suppliers].astype(np.int64)
        group = np.searchsorted(steps, rng.random(len(suppliers)) + of, side="right") - of * k
        group = np.clip(group, 0, k - 1)
        count = (ends[1:] - ends[:-1])[group]
        place = ends[group] + (rng.random(len(suppliers)) * count).astype(np.int64)
        # A sector in which nobody buys is met by rounding only; its draws are dropped.
        buyer = buyers[np.minimum(place, len(buyers) - 1)].astype(np.int64)
        suppliers, buyer = suppliers[count > 0], buyer[count > 0]
    keys = suppliers.astype(np.int64) * n + buyer
    return keys[suppliers != buyer]


def _new(keys: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """The keys, each once and sorted, that are not yet found."""
    keys.sort()
    keys = keys[np.diff(keys, prepend=-1) > 0]
    if not len(found):
        return keys
    at = np.minimum(np.searchsorted(found, keys), len(found) - 1)
    return keys[found[at] != keys]
