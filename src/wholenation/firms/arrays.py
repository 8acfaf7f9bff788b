"""Arrays of a firm network: brought into one form, and refused where they can be no network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import QuestionError

LEVELS = (0, 1, 2)

MOST = 1e300
TOO_LARGE = f"must add up to less than {MOST:g}; name a larger unit of money"


def positions(given: ArrayLike, what: str) -> NDArray[np.int32]:
    """Whole numbers from 0 in one dimension, as a copy of our own."""
    array = np.asarray(given)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise QuestionError(f"{what} must be whole numbers in one dimension, got {array.dtype} {array.shape}")
    if array.size and (array.min() < 0 or array.max() > np.iinfo(np.int32).max):
        raise QuestionError(f"{what} must be positions from 0, got {array.min()} to {array.max()}")
    return array.astype(np.int32)


def within(array: NDArray[np.int32], count: int, what: str) -> None:
    """Refuse positions of what is not there."""
    if len(array) and array.max() >= count:
        raise QuestionError(f"{what} has position {array.max()}, but there are {count} (counted from 0)")


def matrix(given: ArrayLike | None, k: int) -> NDArray[np.int8]:
    """(K, K) levels of essentiality; (k, k) of non-essential inputs where none are given."""
    if given is None:
        return np.ones((k, k), np.int8)
    array = np.asarray(given)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise QuestionError(f"essentiality must be a square matrix over the sectors, got {array.shape}")
    if not np.isin(array, LEVELS).all():
        raise QuestionError("essentiality must be 2 (essential), 1 (non-essential) or 0 (irrelevant)")
    return array.astype(np.int8)


def default_codes(given: Sequence[str] | None, count: int, letter: str) -> tuple[str, ...]:
    """The codes that are given, else S1, S2, ... of equal length."""
    if given is None:
        width = len(str(count))
        return tuple(f"{letter}{at:0{width}d}" for at in range(1, count + 1))
    codes = tuple(given)
    if (
        len(codes) != count
        or len(set(codes)) != count
        or not all(code and code == code.strip() for code in codes)
    ):
        raise QuestionError(
            f"there must be {count} different codes without spaces around them, got {len(set(codes))}"
        )
    return codes


def money(given: ArrayLike | None, what: str) -> pl.Series | None:
    """Amounts of at least 0, null where they are NaN."""
    if given is None:
        return None
    array = np.asarray(given, np.float64)
    if array.ndim != 1 or not (np.isnan(array) | ((array >= 0) & np.isfinite(array))).all():
        raise QuestionError(f"{what} must be finite amounts of at least 0, or NaN where they are not known")
    return pl.Series(what, array, nan_to_null=True)


def overflows(amounts: NDArray[np.float64]) -> bool:
    """Whether amounts come to more than can be reckoned with: shares of an infinite sum are all 0."""
    with np.errstate(over="ignore"):
        return not amounts.sum() < MOST


def grouped(
    firms: pl.DataFrame, sectors: tuple[str, ...], sector: NDArray[np.int32]
) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.int32]]:
    """(markets, sector, market): markets are the sectors unless a firm tells another one, else sorted by code."""
    if firms["market"].equals(firms["sector"]):
        return sectors, sector, sector
    markets = firms["market"].unique().sort()
    at = firms["market"].cast(pl.Enum(markets)).to_physical().to_numpy().astype(np.int32)
    return tuple(markets), sector, at


def sorted_links(
    supplier: NDArray[np.int32], buyer: NDArray[np.int32], value: ArrayLike, n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """(supplier, buyer, value) by supplier, then buyer, each pair once with the sum of its values, if above 0."""
    within(supplier, n, "supplier")
    within(buyer, n, "buyer")
    values = np.array(value, np.float64)
    if not len(supplier) == len(buyer) == len(values) or values.ndim != 1:
        raise QuestionError(
            f"links have {len(supplier)} suppliers, {len(buyer)} buyers and {values.size} values"
        )
    if not (np.isfinite(values) & (values >= 0)).all():
        raise QuestionError("the values of links must be finite numbers of at least 0")
    if (supplier == buyer).any():
        raise QuestionError("a firm cannot sell to itself: leave out links from a firm to itself")
    key = supplier.astype(np.int64) * n + buyer
    if (np.diff(key) <= 0).any():
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        supplier, buyer = supplier[order][first], buyer[order][first]
        with np.errstate(over="ignore"):
            values = np.add.reduceat(values[order], first)
    if overflows(values):
        raise QuestionError(f"the values of links {TOO_LARGE}")
    if not values.all():
        sold = values > 0
        supplier, buyer, values = supplier[sold], buyer[sold], values[sold]
    return supplier, buyer, values
