"""Firm networks that look like those of nations, for tests, benchmarks and teaching."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import QuestionError
from .matching import Stubs, match
from .network import FirmNetwork, from_arrays

LARGEST_SHARE = 0.1
"""No firm deals with more than this share of all others (assumed, 0.02 to 0.2)."""
KEPT_IN_SECTOR = 3.0
"""How much likelier than by its size a sector buys from itself (assumed, 2 to 10)."""
PREFERENCE = 1.5
"""Standard deviation of the logarithm of how much one sector likes to buy from another (assumed, 1 to 2.5)."""
BUYER_SIZE, SUPPLIER_SIZE = 0.5, 0.5
"""Powers with which the sizes of both firms enter the value of their link (assumed, 0.3 to 0.7)."""
OUTSIDE_INPUTS = (0.0, 0.5)
"""What a firm spends on inputs from outside the network, as a part of what it buys inside (assumed)."""
MARGIN = 0.05
"""By how much a firm earns at least more than its inputs cost (assumed, 0 to 0.2)."""


def generate_firms(
    n: int,
    *,
    links_per_firm: float = 10.0,
    sectors: int = 80,
    seed: int = 0,
    customers_exponent: float = 1.26,
    suppliers_exponent: float = 1.35,
    size_exponent: float = 1.06,
    sector_exponent: float = 1.0,
    no_customers: float = 0.2,
    no_suppliers: float = 0.05,
    size_correlation: float = 0.7,
    value_spread: float = 1.5,
    physical: float = 0.45,
    final_demand: tuple[float, float] = (0.1, 0.8),
    money: bool = True,
    name: str = "generated",
) -> FirmNetwork:
    """A random network of `n` firms with `links_per_firm` links each on average, the same for the same seed.

    What is assumed, with its source:

    - numbers of customers and of suppliers follow power laws, P(more than k) ~ k^-exponent: 1.26 for customers and
      1.35 for suppliers among a million Japanese firms (Fujiwara and Aoyama 2010, European Physical Journal B 77);
      the largest firm deals with at most a tenth of all firms (assumed, 0.02 to 0.2)
    - `links_per_firm`: 4.5 among 243,399 Hungarian firms (Diem et al. 2024, PNAS Nexus 3, pgae064); registers of every
      invoice hold more, so that 10 is assumed (4 to 30)
    - `no_customers`: the share of firms that sell to final demand only (assumed, 0.1 to 0.5); `no_suppliers`: the share
      that buys from nobody inside (assumed, 0 to 0.3)
    - sizes are Pareto, P(larger than s) ~ s^-1.06 (Axtell 2001, Science 293, for US firms), and rise with the numbers
      of customers and suppliers: `size_correlation` 0.7 of the underlying normal variables (assumed, 0.5 to 0.9)
    - sector sizes follow Zipf's law, the k-th largest with 1/k^`sector_exponent` of the first (assumed, 0.7 to 1.2);
      which sectors buy from which is drawn (`PREFERENCE`), and each likes to buy from itself (`KEPT_IN_SECTOR`)
    - the value of a link is the root of the product of both sizes times a lognormal factor whose logarithm has standard
      deviation `value_spread` (assumed, 1 to 2), rounded to hundredths
    - essentiality as in Diem et al. 2022 (Scientific Reports 12, 7719): the first `physical` part of the sectors makes
      goods (NACE divisions below 45 are 0.45 of all), and what these sell is essential for makers of goods; all other
      inputs are non-essential
    - with `money`, cost is purchases plus inputs from outside (`OUTSIDE_INPUTS`); revenue is sales over (1 - the share
      of final demand), that share drawn by sector within `final_demand`, and at least cost and its `MARGIN`; output is
      revenue. Without, all three are unknown.

    No pair of firms has two links, and no firm sells to itself; at most half of all pairs are linked. A network with
    few firms beside its links per firm has no room for such tails. The firms stand in no order.
    Raises `QuestionError` for a number outside its range.

    >>> network = generate_firms(1000, seed=1)
    >>> network.n, network.m, len(network.sectors)
    (1000, 10000, 80)
    """
    _refuse("n", n, 1, 100_000_000)
    _refuse("links_per_firm", links_per_firm, 0, 1000)
    _refuse("sectors", sectors, 1, 10_000)
    _refuse("seed", seed, 0, np.inf)
    _refuse("customers_exponent", customers_exponent, 1.01, 10)  # the mean is infinite at 1
    _refuse("suppliers_exponent", suppliers_exponent, 1.01, 10)
    _refuse("size_exponent", size_exponent, 0.5, 10)
    _refuse("sector_exponent", sector_exponent, 0, 10)
    _refuse("no_customers", no_customers, 0, 0.99)
    _refuse("no_suppliers", no_suppliers, 0, 0.99)
    _refuse("size_correlation", size_correlation, 0, 1)
    _refuse("value_spread", value_spread, 0, 10)
    _refuse("physical", physical, 0, 1)
    _refuse("the lower end of final_demand", final_demand[0], 0, final_demand[1])
    _refuse("the upper end of final_demand", final_demand[1], 0, 0.99)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]
    sector = _sectors(streams[0], n, sectors, sector_exponent)
    size, customers, suppliers = _latent(streams[1], n, size_correlation)
    sizes = size ** (-1 / size_exponent)
    wanted = min(round(n * links_per_firm), n * (n - 1) // 2)
    most = max(1, int(LARGEST_SHARE * n))
    sold = _degrees(customers, wanted, customers_exponent, no_customers, most)
    bought = _degrees(suppliers, wanted, suppliers_exponent, no_suppliers, most)
    preference = _preference(streams[2], sectors)
    supplier, buyer = match(streams[3], Stubs(sector, sold, bought, preference), wanted)
    value = _values(streams[4], supplier, buyer, sizes, value_spread)
    firms = pl.select("F" + pl.int_range(1, n + 1).cast(pl.String).str.zfill(len(str(n)))).to_series()
    revenue = cost = None
    if money:
        revenue, cost = _money(streams[5], sector, supplier, buyer, value, sizes, final_demand)
    return from_arrays(
        sector,
        supplier,
        buyer,
        value,
        _essentiality(sectors, physical),
        output=revenue,
        revenue=revenue,
        cost=cost,
        firms=firms,
        name=name,
    )


def _refuse(what: str, number: float, low: float, high: float) -> None:
    if not low <= number <= high:  # NaN lies nowhere
        raise QuestionError(f"{what} must lie between {low:,g} and {high:,g}, got {number:g}")


def _sectors(rng: np.random.Generator, n: int, k: int, exponent: float) -> NDArray[np.int32]:
    """(n,) sector of each firm; which sector is the largest is drawn."""
    shares = 1 / np.arange(1, k + 1) ** exponent
    edges = np.cumsum(shares) / shares.sum()
    place = np.minimum(np.searchsorted(edges, rng.random(n), side="right"), k - 1)
    return rng.permutation(k).astype(np.int32)[place]


def _latent(rng: np.random.Generator, n: int, correlation: float) -> list[NDArray[np.float64]]:
    """Three (n,) arrays of uniform ranks in (0, 1), small for large firms, that go together (a normal copula)."""
    common = rng.standard_normal(n)
    alike, alone = correlation, np.sqrt(1 - correlation**2)
    ranks = []
    for latent in (common, *(alike * common + alone * rng.standard_normal(n) for _ in range(2))):
        rank = np.empty(n)
        rank[np.argsort(-latent, kind="stable")] = (np.arange(n) + 0.5) / n
        ranks.append(rank)
    return ranks


def _degrees(
    rank: NDArray[np.float64], total: int, exponent: float, none: float, most: int
) -> NDArray[np.int64]:
    """(n,) whole numbers with a power-law tail that add up to `total`; the last `none` of the ranks have 0."""
    if total == 0:
        return np.zeros(len(rank), np.int64)
    some = rank < 1 - none
    tail = np.where(some, (rank / (1 - none)) ** (-1 / exponent) - 1, 0.0)

    def at(scale: float) -> NDArray[np.int64]:
        return np.where(some, np.minimum(1 + np.floor(scale * tail), most), 0).astype(np.int64)

    low, high = 0.0, 1.0
    while at(high).sum() < total and high < 1e12:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).sum() < total else (low, middle)
    degrees = at(high)
    # The few too many are taken from the middle-sized, where one more or less is not seen.
    spare = np.flatnonzero(degrees > 1)
    over = min(max(int(degrees.sum()) - total, 0), len(spare))
    degrees[spare[:over]] -= 1
    return degrees


def _preference(rng: np.random.Generator, k: int) -> NDArray[np.float64]:
    """(K, K) how much likelier than by size alone a link runs from the sector of the row to that of the column."""
    drawn = np.exp(PREFERENCE * rng.standard_normal((k, k)))
    drawn[np.diag_indices(k)] *= KEPT_IN_SECTOR
    return drawn


def _essentiality(k: int, physical: float) -> NDArray[np.int8]:
    goods = np.arange(k) < round(physical * k)
    return np.where(goods[:, None] & goods[None, :], 2, 1).astype(np.int8)


def _values(
    rng: np.random.Generator,
    supplier: NDArray[np.int32],
    buyer: NDArray[np.int32],
    sizes: NDArray[np.float64],
    spread: float,
) -> NDArray[np.float64]:
    # Rounded to hundredths: processors differ in the last bit of a power or an exponential.
    seller, client = (100 * sizes) ** SUPPLIER_SIZE, sizes**BUYER_SIZE
    drawn = rng.standard_normal(len(supplier))
    drawn *= spread
    np.exp(drawn, out=drawn)
    drawn *= seller[supplier]
    drawn *= client[buyer]
    return np.maximum(np.round(drawn, 2), 0.01)


def _money(
    rng: np.random.Generator,
    sector: NDArray[np.int32],
    supplier: NDArray[np.int32],
    buyer: NDArray[np.int32],
    value: NDArray[np.float64],
    sizes: NDArray[np.float64],
    final_demand: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(revenue, cost), never below what the links say."""
    n = len(sector)
    sales = np.bincount(supplier, value, n)
    purchases = np.bincount(buyer, value, n)
    final = rng.uniform(*final_demand, sector.max() + 1)[sector]
    cost = _up(purchases * (1 + rng.uniform(*OUTSIDE_INPUTS, n)))
    revenue = _up(np.maximum(sales / (1 - final), np.maximum(cost * (1 + MARGIN), 10 * sizes)))
    return revenue, cost


def _up(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """To the next hundredth above, so that rounding takes nobody below what it sells or buys."""
    return np.ceil(amounts * 100) / 100
