"""Generated networks: the same for the same seed, sound, and shaped as their docstring says."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from wholenation.errors import QuestionError
from wholenation.firms.generator import generate_firms
from wholenation.firms.matching import Stubs, match
from wholenation.firms.network import FirmNetwork


def degrees(network: FirmNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = network.n
    return np.bincount(network.supplier, minlength=n), np.bincount(network.buyer, minlength=n)


def hill(values: NDArray, share: float = 0.01) -> float:
    """The tail's exponent by Hill's estimator over the largest `share` of values above 0."""
    ordered = np.sort(values[values > 0])[::-1].astype(float)
    k = int(share * len(ordered))
    return float(1 / np.mean(np.log(ordered[:k] / ordered[k])))


@pytest.fixture(scope="module")
def large() -> FirmNetwork:
    return generate_firms(50_000, seed=3)


@given(
    n=st.integers(1, 60),
    per_firm=st.floats(0, 30),
    sectors=st.integers(1, 12),
    seed=st.integers(0, 10**9),
    money=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_network_is_sound(n: int, per_firm: float, sectors: int, seed: int, money: bool) -> None:
    network = generate_firms(n, links_per_firm=per_firm, sectors=sectors, seed=seed, money=money)
    key = network.supplier.astype(np.int64) * n + network.buyer
    assert (np.diff(key) > 0).all()
    assert (network.supplier != network.buyer).all()
    assert (network.value >= 0.01).all()
    assert network.m == min(round(n * per_firm), n * (n - 1) // 2)
    if money:
        assert (network.revenue >= np.bincount(network.supplier, network.value, n) - 1e-6).all()
        assert (network.cost >= np.bincount(network.buyer, network.value, n) - 1e-6).all()
        assert (network.revenue >= network.cost).all()
        assert (network.revenue > 0).all()
    else:
        assert np.isnan([network.output, network.revenue, network.cost]).all()


def test_the_same_seed_gives_the_same_network() -> None:
    one, other = (generate_firms(500, seed=7) for _ in range(2))
    assert one.data_hash == other.data_hash
    assert generate_firms(500, seed=8).data_hash != one.data_hash


def test_a_setting_of_one_part_leaves_the_others() -> None:
    one, other = generate_firms(300, seed=1), generate_firms(300, seed=1, money=False, value_spread=1.0)
    assert_array_equal(one.supplier, other.supplier)
    assert_array_equal(one.buyer, other.buyer)
    assert_array_equal(one.sector, other.sector)


def test_tails_of_partners_and_sales(large: FirmNetwork) -> None:
    customers, suppliers = degrees(large)
    assert customers.mean() == suppliers.mean() == 10
    assert 1.1 < hill(customers) < 1.6
    assert 1.1 < hill(suppliers) < 1.7
    assert max(customers.max(), suppliers.max()) <= 0.1 * large.n
    sales = np.bincount(large.supplier, large.value, large.n)
    assert 0.8 < hill(sales) < 1.4


@pytest.mark.parametrize("exponent", [1.2, 1.8, 2.5])
def test_tails_follow_the_exponents(exponent: float) -> None:
    network = generate_firms(
        50_000,
        links_per_firm=5,
        customers_exponent=exponent,
        suppliers_exponent=exponent,
        seed=1,
    )
    for degree in degrees(network):
        assert hill(degree) == pytest.approx(exponent, rel=0.25)


def test_some_have_no_customers_or_suppliers(large: FirmNetwork) -> None:
    customers, suppliers = degrees(large)
    assert np.mean(customers == 0) == pytest.approx(0.2, abs=0.01)
    assert 0.05 <= np.mean(suppliers == 0) < 0.25
    everyone = generate_firms(20_000, no_customers=0, seed=1)
    assert np.mean(degrees(everyone)[0] == 0) < 0.005


def test_large_firms_have_many_partners(large: FirmNetwork) -> None:
    customers, suppliers = degrees(large)

    def ranks(values: NDArray) -> NDArray:
        return np.argsort(np.argsort(values))

    assert np.corrcoef(ranks(customers), ranks(suppliers))[0, 1] > 0.2
    assert np.corrcoef(ranks(large.revenue), ranks(customers))[0, 1] > 0.3


def test_sectors_follow_zipf(large: FirmNetwork) -> None:
    sizes = np.sort(np.bincount(large.sector, minlength=80))[::-1]
    expected = large.n / np.arange(1, 81) / (1 / np.arange(1, 81)).sum()
    assert sizes[:20] == pytest.approx(expected[:20], rel=0.15)


def test_sectors_have_favourites_and_like_their_own(large: FirmNetwork) -> None:
    k = len(large.sectors)
    pairs = np.bincount(large.sector[large.supplier] * k + large.sector[large.buyer], minlength=k * k)
    between = pairs.reshape(k, k)
    chance = between.sum(axis=1, keepdims=True) * between.sum(axis=0, keepdims=True) / between.sum()
    assert np.trace(between) > 1.5 * np.trace(chance)
    ratio = between[chance > 20] / chance[chance > 20]
    assert np.log(np.maximum(ratio, 1e-3)).std() > 0.7


def test_goods_are_essential_for_makers_of_goods() -> None:
    network = generate_firms(100, sectors=20, physical=0.25, links_per_firm=2)
    assert (network.essentiality[:5, :5] == 2).all()
    assert (network.essentiality == 2).sum() == 25
    assert (network.essentiality >= 1).all()


def test_values_are_hundredths(large: FirmNetwork) -> None:
    hundreds = large.value[large.value < 1e6] * 100
    assert np.abs(hundreds - np.round(hundreds)).max() < 1e-6


def test_a_nearly_full_network_is_filled() -> None:
    stubs = Stubs(np.zeros(6, np.int32), np.full(6, 3), np.full(6, 3), np.ones((1, 1)))
    supplier, buyer = match(np.random.default_rng(0), stubs, 30)
    assert len(supplier) == 30
    assert set(zip(supplier.tolist(), buyer.tolist(), strict=True)) == {
        (i, j) for i in range(6) for j in range(6) if i != j
    }


REFUSED = {
    "no firms": {"n": 0},
    "negative": {"links_per_firm": -1.0},
    "not a number": {"links_per_firm": float("nan")},
    "no sector": {"sectors": 0},
    "seed": {"seed": -1},
    "mean of a fat tail": {"customers_exponent": 1.0},
    "share": {"no_customers": 1.0},
    "correlation": {"size_correlation": -0.1},
    "final demand": {"final_demand": (0.1, 1.0)},
    "final demand the wrong way round": {"final_demand": (0.8, 0.1)},
    "spread": {"value_spread": -1.0},
    "zipf": {"sector_exponent": -1.0},
}


@pytest.mark.parametrize("settings", REFUSED.values(), ids=REFUSED)
def test_settings_out_of_range(settings: dict[str, object]) -> None:
    with pytest.raises(QuestionError):
        generate_firms(**{"n": 10, **settings})  # type: ignore[arg-type]


def test_another_processor_draws_the_same_network() -> None:
    """Powers and exponentials differ in the last bit between processors; what is drawn from them must not."""
    features = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    code = "from wholenation.firms.generator import generate_firms\nprint(generate_firms(20_000, seed=5).data_hash)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features)},
    )
    assert done.stdout.strip() == generate_firms(20_000, seed=5).data_hash
