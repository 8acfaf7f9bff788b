"""A chain's organizations as firms: the six items by hand, and what must hold for any chain."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from wholenation.chain import Chain, read_chain
from wholenation.firms.from_chain import FINAL, at_home, firms_of, sales_of, seen_from
from wholenation.firms.network import FirmNetwork
from wholenation.firms.shocks import by_group

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_chains import chains

EXAMPLES = Path(__file__).parents[2] / "examples"


def links(network: FirmNetwork) -> dict[tuple[str, str], float]:
    codes = network.firms["firm"].to_list()
    ends = zip(network.supplier, network.buyer, network.value, strict=True)
    return {(codes[i], codes[j]): float(value) for i, j, value in ends}


def needed(network: FirmNetwork, supplier: str, buyer: str) -> int:
    return int(network.essentiality[network.sectors.index(supplier), network.sectors.index(buyer)])


def test_six_items_by_hand(toy_chain: Chain) -> None:
    network = firms_of(toy_chain)
    # Etching is done by the makers of chips, so that etchers go to them; chips are worth all that goes into them.
    into = {
        "etchcorp:etcher_dry": 7200.0,
        "others-AAA:etcher_dry": 400.0,
        "others-BBB:etcher_dry": 400.0,
        "others-AAA:etcher_wet": 500.0,
        "others-CCC:etcher_wet": 1500.0,
        "others-AAA:wafer": 1200.0,
        "others-BBB:wafer": 4800.0,
        "others-CCC:wafer": 6000.0,
        "others-BBB:resist": 600.0,
        "others-CCC:resist": 300.0,
        "others-VAR:resist": 100.0,
    }
    # Nobody is told to supply chips: they are made where they are wanted, a quarter of them in Aland.
    makers = {"others-AAA:chip": 0.25, "others:chip": 0.75}
    buyers = {"buyers-AAA:chip": 0.25, "buyers:chip": 0.75}
    assert links(network) == pytest.approx(
        {(one, maker): value * part for one, value in into.items() for maker, part in makers.items()}
        | {(maker, one): 23_000.0 * p * q for maker, p in makers.items() for one, q in buyers.items()}
    )
    assert [needed(network, item, "chip") for item in ("wafer", "resist", "etcher_dry", "etcher_wet")] == [
        2,
        2,
        1,
        1,
    ]
    assert needed(network, "chip", FINAL) == 2
    assert network.firms.filter(pl.col("organization") == "etchcorp")["jurisdiction"].to_list() == ["BBB"]
    assert by_group(network, "organization").names == ("etchcorp",)


def test_unknown_shares_take_what_is_left(toy_chain: Chain) -> None:
    rows = toy_chain.organization_supply
    more = pl.concat(
        [
            rows,
            rows.with_columns(organization=pl.lit("second"), share=pl.lit(None, pl.Float64)),
            rows.with_columns(organization=pl.lit("third"), share=pl.lit(None, pl.Float64)),
            rows.with_columns(organization=pl.lit("abroad"), share=pl.lit(None, pl.Float64)),
        ]
    )
    known = toy_chain.organizations
    who = pl.concat(
        [
            known,
            *(
                known.with_columns(organization=pl.lit(code), jurisdiction=pl.lit(seat))
                for code, seat in (("second", "BBB"), ("third", "BBB"), ("abroad", "VAR"))
            ),
        ]
    )
    network = firms_of(replace(toy_chain, organizations=who, organization_supply=more))
    sold = {
        supplier: value / 0.75
        for (supplier, buyer), value in links(network).items()
        if buyer == "others:chip"
    }
    assert sold["etchcorp:etcher_dry"] == pytest.approx(7200.0)
    assert sold["second:etcher_dry"] == pytest.approx(200.0)
    assert sold["third:etcher_dry"] == pytest.approx(200.0)
    # Its jurisdiction has no share of the item, so that nothing is left for it; it stays a firm without sales.
    assert "abroad:etcher_dry" not in sold
    assert "abroad:etcher_dry" in network.firms["firm"].to_list()
    told = "\n".join(map(str, network.warnings))
    assert "3 of 4 rows is unknown" in told
    assert "abroad:etcher_dry" in told


def test_home_is_hit_by_what_reaches_it_alone(toy_chain: Chain) -> None:
    network = firms_of(toy_chain)
    seen = seen_from(network, {"AAA"})
    assert set(links(seen)) == {pair for pair in links(network) if "-AAA:" in pair[1]}
    assert at_home(network, {"AAA"}).sum() == 5
    # What is sold abroad is no link any more, but revenue still.
    maker = network.firms["firm"].to_list().index("others-AAA:chip")
    assert seen.revenue[maker] == pytest.approx(0.25 * 23_000.0)
    assert_allclose(sales_of(network, {"AAA"})[maker], 0.25 * 23_000.0)
    assert (sales_of(network, {"AAA"}) > 0).sum() == 4
    assert_allclose(sales_of(network, {"VAR"}).sum(), 100.0)


@given(chains())
@settings(deadline=None, max_examples=30)
def test_nothing_is_lost_on_the_way(chain: Chain) -> None:
    network = firms_of(chain)
    sales = np.bincount(network.supplier, network.value, network.n)
    made = network.output
    seller = network.firms["sector"].ne(FINAL).to_numpy()
    assert_allclose(sales[seller], made[seller], rtol=1e-9, atol=1e-9)
    market = dict(chain.items.select("item", "market_musd").iter_rows())
    for k, item in enumerate(network.sectors):
        if item != FINAL and market[item] is not None:
            assert sales[network.sector == k].sum() == pytest.approx(market[item])
    # Every link runs along a need, and money that enters an unpriced product leaves it again.
    assert (network.essentiality[network.sector[network.supplier], network.sector[network.buyer]] > 0).all()


@pytest.mark.parametrize("name", ["semiconductors", "semiconductors-2021", "critical-minerals"])
def test_example_chains(name: str) -> None:
    chain = read_chain(EXAMPLES / name)
    network = firms_of(chain)
    named = network.firms.drop_nulls("organization")
    pairs = set(chain.organization_supply.select("organization", "item").iter_rows())
    assert set(named.select("organization", "sector").iter_rows()) == pairs
    assert network.firms["firm"].n_unique() == network.n
    totals = dict(chain.items.drop_nulls("market_musd").select("item", "market_musd").iter_rows())
    made = dict(network.firms.group_by("sector").agg(pl.col("output").sum()).iter_rows())
    assert {item: made[item] for item in totals} == pytest.approx(totals)
    everybody = network.firms.filter(pl.col("sector") == FINAL)
    bought = np.bincount(network.buyer, network.value, network.n)[everybody.height * -1 :].sum()
    products = network.firms.filter(pl.col("sector").is_in(chain.missions["product"].unique().to_list()))
    assert bought == pytest.approx(products["output"].sum())
