"""Arrays and frames into a network: one form for all, or a sentence that says why not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from wholenation.errors import ChainError, QuestionError
from wholenation.firms.network import FirmNetwork, from_arrays, to_firm_network

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_firms import networks


def frames(network: FirmNetwork) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The three tables that make up a network."""
    codes = network.firms["firm"]
    links = pl.DataFrame(
        {
            "supplier": codes.gather(network.supplier),
            "buyer": codes.gather(network.buyer),
            "value": network.value,
        }
    )
    levels = [
        (one, other, int(network.essentiality[i, j]))
        for i, one in enumerate(network.sectors)
        for j, other in enumerate(network.sectors)
    ]
    names = ["supplier_sector", "buyer_sector", "essentiality"]
    return network.firms, links, pl.DataFrame(levels, schema=names, orient="row")


def same(one: FirmNetwork, other: FirmNetwork) -> None:
    assert one.firms.equals(other.firms)
    assert (one.sectors, one.markets) == (other.sectors, other.markets)
    for name in ("sector", "market", "supplier", "buyer", "value", "essentiality"):
        assert_array_equal(getattr(one, name), getattr(other, name), strict=True)
    assert one.data_hash == other.data_hash


@settings(deadline=None)
@given(networks())
def test_tables_of_a_network_make_it_again(network: FirmNetwork) -> None:
    firms, links, levels = frames(network)
    same(to_firm_network(firms, links, levels), network)


@settings(deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_order_and_splitting_of_links_change_nothing(network: FirmNetwork, random: object) -> None:
    rng = np.random.default_rng(0)
    order = rng.permutation(2 * network.m)
    halves = np.tile(network.value / 2, 2)[order]
    again = from_arrays(
        network.sector,
        np.tile(network.supplier, 2)[order],
        np.tile(network.buyer, 2)[order],
        halves,
        network.essentiality,
        sectors=network.sectors,
    )
    assert_array_equal(again.supplier, network.supplier)
    assert_array_equal(again.buyer, network.buyer)
    assert_array_equal(again.value, network.value)


@settings(deadline=None)
@given(networks())
def test_links_are_sorted_and_unique(network: FirmNetwork) -> None:
    key = network.supplier.astype(np.int64) * network.n + network.buyer
    assert (np.diff(key) > 0).all()
    assert (network.value > 0).all()
    assert (network.supplier != network.buyer).all()


def test_arrays_are_read_only_and_our_own() -> None:
    value = np.array([1.0])
    network = from_arrays([0, 0], [0], [1], value, None)
    value[0] = 7
    assert network.value[0] == 1
    for array in (
        network.sector,
        network.market,
        network.supplier,
        network.buyer,
        network.value,
        network.cost,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_unknown_money_is_nan() -> None:
    network = from_arrays([0, 0], [0], [1], [1.0], None, cost=[2.0, np.nan])
    assert network.firms["cost"].to_list() == [2.0, None]
    assert_array_equal(network.cost, [2.0, np.nan])
    assert np.isnan(network.revenue).all()


def test_links_of_nothing_are_left_out() -> None:
    assert from_arrays([0, 0], [0, 1], [1, 0], [0.0, 1.0], None).m == 1


def test_markets_default_to_sectors_and_are_sorted() -> None:
    assert from_arrays([0, 1], [], [], [], None).markets == ("S1", "S2")
    network = from_arrays([0, 1, 0], [], [], [], None, market=[2, 0, 2], markets=["b", "never", "a"])
    assert network.markets == ("a", "b")
    assert network.market.tolist() == [0, 1, 0]


def test_one_firm_and_none() -> None:
    assert (from_arrays([0], [], [], [], None).n, from_arrays([], [], [], [], None).n) == (1, 0)


def test_the_hash_tells_networks_apart() -> None:
    def of(**changed: object) -> str:
        given = {"value": [1.0], "firms": ["a", "b"], "output": None, **changed}
        return from_arrays([0, 0], [0], [1], given.pop("value"), None, **given).data_hash  # type: ignore[arg-type]

    hashes = [of(), of(value=[2.0]), of(firms=["a", "c"]), of(output=[1.0, 1.0]), of(names=["a", "b"])]
    assert len(set(hashes)) == len(hashes)
    assert of() == of()


WRONG = {
    "negative position": ({"supplier": [-1]}, "positions from 0"),
    "position too high": ({"buyer": [2]}, "position 2, but there are 2"),
    "sector too high": ({"sector": [0, 5], "essentiality": [[1]]}, "position 5"),
    "not whole": ({"supplier": [0.5]}, "whole numbers"),
    "to itself": ({"buyer": [0]}, "cannot sell to itself"),
    "negative value": ({"value": [-1.0]}, "at least 0"),
    "NaN value": ({"value": [np.nan]}, "finite"),
    "infinite value": ({"value": [np.inf]}, "finite"),
    "lengths": ({"value": [1.0, 2.0]}, "1 suppliers, 1 buyers and 2 values"),
    "essentiality of another shape": ({"essentiality": [[1, 1]]}, "square"),
    "essentiality of another level": ({"essentiality": [[3]]}, "2 (essential)"),
    "firms twice": ({"firms": ["a", "a"]}, "2 different codes"),
    "empty firm": ({"firms": ["a", ""]}, "2 different codes"),
    "spaces": ({"firms": ["a", "b "]}, "without spaces"),
    "too few firms": ({"firms": ["a"]}, "2 different codes"),
    "too few names": ({"names": ["a"]}, "one entry for each"),
    "sectors": ({"sectors": ["a", "a"], "essentiality": [[1, 1], [1, 1]]}, "2 different codes"),
    "negative cost": ({"cost": [1.0, -1.0]}, "cost must be finite"),
    "infinite revenue": ({"revenue": [1.0, np.inf]}, "revenue must be finite"),
    "market too high": ({"market": [0, 3], "markets": ["a"]}, "position 3"),
}


@pytest.mark.parametrize(("changed", "told"), WRONG.values(), ids=WRONG)
def test_arrays_that_are_no_network(changed: dict[str, object], told: str) -> None:
    given = {"sector": [0, 0], "supplier": [0], "buyer": [1], "value": [1.0], "essentiality": None, **changed}
    with pytest.raises(QuestionError) as error:
        from_arrays(**given)  # type: ignore[arg-type]
    assert told in str(error.value)


def test_an_array_of_levels_goes_by_the_sorted_sectors() -> None:
    firms = pl.DataFrame({"firm": ["x", "y"], "sector": ["b", "a"]})
    links = pl.DataFrame({"supplier": ["x"], "buyer": ["y"], "value": [1]})
    network = to_firm_network(firms, links, np.array([[0, 1], [2, 1]]))
    assert network.sectors == ("a", "b")
    assert network.essentiality.tolist() == [[0, 1], [2, 1]]
    with pytest.raises(QuestionError, match="2 sectors"):
        to_firm_network(firms, links, np.array([[0]]))


def test_codes_may_be_whole_numbers() -> None:
    firms = pl.DataFrame({"firm": [1, 2, 3], "sector": [10.0, 10.0, 20.0]})
    links = pl.DataFrame({"supplier": [1, 2], "buyer": [3.0, 1.0], "value": [1, 2]})
    network = to_firm_network(firms, links)
    assert network.firms["firm"].to_list() == ["1", "2", "3"]
    assert network.sectors == ("10", "20")
    assert list(zip(network.supplier.tolist(), network.buyer.tolist(), strict=True)) == [(0, 2), (1, 0)]


def test_all_faults_of_frames_at_once() -> None:
    firms = pl.DataFrame({"firm": ["a", "a"], "sector": ["s", None]})
    links = pl.DataFrame({"supplier": ["a"], "buyer": ["z"], "value": [-1.0]})
    with pytest.raises(ChainError) as error:
        to_firm_network(firms, links)
    assert sorted((fault.file, fault.row, fault.column) for fault in error.value.faults) == [
        ("firms", 3, "firm"),
        ("firms", 3, "sector"),
        ("links", 2, "buyer"),
        ("links", 2, "value"),
    ]


def test_no_frame_at_all() -> None:
    with pytest.raises(QuestionError, match="polars frame"):
        to_firm_network(None, [1, 2])  # type: ignore[arg-type]
