"""A chain as one home sees it: positions, shares, own production, imports, use, and draws over the ranges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from chains import TABLES
from edits import with_row, with_values
from hypothesis import given, settings
from random_chains import chains
from twin import own_and_imports

from wholenation.chain import Chain, read_chain
from wholenation.errors import QuestionError
from wholenation.network import Network, bloc, to_network

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def network(toy_chain: Chain) -> Network:
    return to_network(toy_chain, "AAA")


def imported(network: Network, item: str) -> dict[str, float]:
    row = network.imports[network.position[item]]
    return {code: value for code, value in zip(network.jurisdictions, row, strict=True) if value > 0}


def test_own_production_serves_home_first(network: Network) -> None:
    own = dict(zip(network.items, network.own, strict=True))
    # Shares over the demand share 0.25; what nobody supplies is made at home.
    assert own == pytest.approx(
        {"chip": 1, "etch": 1, "etcher_dry": 0.2, "etcher_wet": 1, "wafer": 0.4, "resist": 0}
    )


def test_imports_follow_the_foreign_shares(network: Network) -> None:
    assert imported(network, "wafer") == pytest.approx({"BBB": 0.6 * 4 / 9, "CCC": 0.6 * 5 / 9})
    assert imported(network, "resist") == pytest.approx({"BBB": 0.6, "CCC": 0.3, "VAR": 0.1})
    assert imported(network, "etcher_wet") == {}


def test_without_a_demand_share_own_production_is_the_share(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "jurisdictions", {"jurisdiction": "AAA"}, demand_share=None)
    network = to_network(chain, "AAA")
    assert network.own[network.position["etcher_wet"]] == pytest.approx(0.25)
    assert imported(network, "etcher_wet") == pytest.approx({"CCC": 0.75})


def test_unknown_shares_split_what_is_left(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "BBB"}, share=None)
    chain = with_values(chain, "supply", {"item": "wafer", "jurisdiction": "CCC"}, share=None)
    network = to_network(chain, "AAA")
    j = network.position["wafer"]
    known = dict(zip(network.jurisdictions, network.known[j], strict=True))
    assert known == {"AAA": True, "BBB": False, "CCC": False, "UNI": True, "VAR": True}
    assert network.shares[j] == pytest.approx([0.1, 0.45, 0.45, 0, 0])


def test_a_bloc_at_home_is_all_its_members(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "missions", {}, home="UNI")
    network = to_network(chain, "UNI")
    assert [code for code, inside in zip(network.jurisdictions, network.at_home, strict=True) if inside] == [
        "BBB",
        "CCC",
        "UNI",
    ]
    assert network.own[network.position["wafer"]] == pytest.approx(0.9)
    assert imported(network, "wafer") == pytest.approx({"AAA": 0.1})
    halved = with_values(chain, "jurisdictions", {"jurisdiction": "BBB"}, demand_share=0.6)
    halved = with_values(halved, "jurisdictions", {"jurisdiction": "CCC"}, demand_share=0.9)
    # The members' demand shares add up where the bloc has none of its own.
    assert to_network(halved, "UNI").own[network.position["wafer"]] == pytest.approx(0.9 / 1.5)


def test_blocs_within_blocs(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "jurisdictions", {"jurisdiction": "UNI"}, part_of="VAR")
    assert bloc(chain, "VAR") == {"VAR", "UNI", "BBB", "CCC"}
    assert bloc(chain, "BBB") == {"BBB"}


def test_unknown_codes_are_questions(toy_chain: Chain) -> None:
    with pytest.raises(QuestionError, match="no jurisdiction 'ZZZ'"):
        to_network(toy_chain, "ZZZ")
    with pytest.raises(QuestionError, match=r"no mission for home 'BBB'.*AAA"):
        to_network(toy_chain, "BBB")


def test_missions_are_sorted_by_year(toy_chain: Chain) -> None:
    shuffled = toy_chain.missions.reverse()
    (mission,) = to_network(replace(toy_chain, missions=shuffled), "AAA").missions
    assert mission.years == (2026, 2030)
    assert mission.target.tolist() == [1, 1.2]


def test_the_mission_shares_its_product_with_other_users(toy_chain: Chain) -> None:
    second = toy_chain.missions.with_columns(mission=pl.lit("military"), product=pl.lit("etch"))
    chain = replace(toy_chain, missions=pl.concat([toy_chain.missions, second]))
    network = to_network(chain, "AAA")
    parts = {mission.name: mission.part for mission in network.missions}
    assert parts == {"chips": 1.0, "military": 0.5}
    (edge,) = np.flatnonzero(network.edge_input == network.position["etch"])
    assert network.edge_weight[edge] == 0.5
    assert network.use[network.position["etch"]] == pytest.approx(1.0)


def test_arrays_are_frozen(network: Network) -> None:
    with pytest.raises(ValueError, match="read-only"):
        network.own[0] = 2.0


def test_a_share_above_one_is_scaled(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "CCC"}, share=0.52)
    assert to_network(chain, "AAA").shares.sum(axis=1).max() == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(chain=chains())
def test_units_hold_for_every_chain(chain: Chain) -> None:
    network = to_network(chain, "AAA")
    own, imports = own_and_imports(chain, "AAA")
    assert dict(zip(network.items, network.own, strict=True)) == pytest.approx(own)
    for item in network.items:
        assert imported(network, item) == pytest.approx({k: v for k, v in imports[item].items() if v > 0})
    # Base-year need is 1: what home does not make, it imports, where anybody abroad supplies it.
    assert network.own + network.imports.sum(axis=1) == pytest.approx(np.ones(len(network.items)))
    assert (network.imports[:, network.at_home] == 0).all()
    for item, use in zip(network.items, network.use, strict=True):
        users = [
            own[user] for user, input_ in chain.needs.select("item", "input").iter_rows() if input_ == item
        ]
        users += [1.0 for mission in network.missions if network.items[mission.product] == item]
        # What users make at home, each with the same part of the need; a mission is a user.
        assert use == pytest.approx(sum(users) / max(len(users), 1))
    weight = np.bincount(network.edge_input, network.edge_weight, minlength=len(network.items))
    for mission in network.missions:
        weight[mission.product] += mission.part
    assert weight == pytest.approx(np.ones(len(weight)))
    place = np.argsort(network.order)
    assert (place[network.edge_input] < place[network.edge_user]).all()


@settings(max_examples=15, deadline=None)
@given(chain=chains())
def test_draws_are_the_central_values_without_ranges(chain: Chain) -> None:
    drawn, central = to_network(chain, "AAA", rng=np.random.default_rng(3)), to_network(chain, "AAA")
    for name in ("own", "imports", "use", "surge", "lifetime_years", "unserviced_years", "stock_years"):
        assert getattr(drawn, name) == pytest.approx(getattr(central, name), nan_ok=True)


def test_draws_stay_within_their_ranges_and_fill_them() -> None:
    chain = read_chain(ROOT / "examples" / "critical-minerals")
    home = chain.missions["home"][0]
    low, high = (chain.items[f"stock_months_{end}"].fill_null(0.0).to_numpy() / 12 for end in ("low", "high"))
    streams = np.random.SeedSequence(0).spawn(60)
    draws = np.array([to_network(chain, home, rng=np.random.default_rng(s)).stock_years for s in streams])
    assert (draws >= low - 1e-12).all()
    assert (draws <= high + 1e-12).all()
    ranged = high > low
    assert ranged.any()
    # A triangular draw visits the outer parts of its range, and its mean is (low + central + high) / 3.
    spread = (draws.max(axis=0) - draws.min(axis=0))[ranged] / (high - low)[ranged]
    assert (spread > 0.5).all()
    central = chain.items["stock_months"].fill_null(0.0).to_numpy() / 12
    mean = (low + central + high)[ranged] / 3
    assert draws.mean(axis=0)[ranged] == pytest.approx(mean, rel=0.2)


def test_a_range_in_one_row_leaves_the_draws_of_others_alone(toy_chain: Chain) -> None:
    def drawn(chain: Chain) -> Network:
        return to_network(chain, "AAA", rng=np.random.default_rng(7))

    match = pl.col("item") == "wafer"
    ranged = toy_chain.items.with_columns(
        stock_months_low=pl.when(match).then(1.0).otherwise("stock_months_low"),
        stock_months_high=pl.when(match).then(9.0).otherwise("stock_months_high"),
    )
    before, after = drawn(toy_chain), drawn(replace(toy_chain, items=ranged))
    others = np.array(before.items) != "wafer"
    assert (before.stock_years[others] == after.stock_years[others]).all()
    assert before.stock_years[~others] != pytest.approx(after.stock_years[~others])
    assert (before.shares == after.shares).all()


def test_a_row_without_a_need_changes_nothing(toy_chain: Chain) -> None:
    chain = with_row(toy_chain, "jurisdictions", jurisdiction="NIL", name="Nilland")
    network, plain = to_network(chain, "AAA"), to_network(toy_chain, "AAA")
    assert (network.own == plain.own).all()
    assert (network.imports[:, :-1] == plain.imports).all()


def test_the_example_is_the_toy_chain() -> None:
    """The chain that the documentation works by hand is the one that the tests use."""
    folder = ROOT / "examples" / "six-items"
    assert {path.stem for path in folder.glob("*.csv")} == set(TABLES)
    for name, text in TABLES.items():
        assert (folder / f"{name}.csv").read_text(encoding="utf-8") == text, name
