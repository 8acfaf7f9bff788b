"""The reduced network loses exactly what the full one loses, whatever is denied, idle or grown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import chains, is_tool, wearing

from wholenation.capability import Capability, Limits, to_horizon
from wholenation.chain import Chain
from wholenation.network import Network, to_network
from wholenation.reduction import affected_items, reduced


def codes(network: Network, mask: np.ndarray) -> set[str]:
    return {network.items[j] for j in np.flatnonzero(mask)}


def mask(network: Network, *items: str) -> np.ndarray:
    return np.isin(network.items, items)


@settings(max_examples=80, deadline=None)
@given(chain=chains(), step=st.sampled_from(["year", "quarter"]), seed=st.integers(0, 2**32 - 1))
def test_the_losses_are_equal(chain: Chain, step: str, seed: int) -> None:
    network = to_network(chain, "AAA")
    horizon = to_horizon(network, step)
    random = np.random.default_rng(seed)
    n = len(network.items)
    touched, grown = (
        random.random(n) < random.choice([0.1, 0.4]),
        random.random(n) < random.choice([0.0, 0.3]),
    )
    whole = Capability(network, horizon)
    part, kept = reduced(network, touched, grown)
    small = Capability(part, horizon)
    for _ in range(3):
        shape = whole.base.own.shape
        imports = np.where(
            touched[:, None], whole.base.imports * random.uniform(0, 1.5, shape), whole.base.imports
        )
        own = np.where(grown[:, None], whole.base.own + random.uniform(-0.2, 1, shape), whole.base.own)
        idle = wearing(network, horizon) * touched[:, None] * random.random(shape)
        limits = whole.base.merged(imports=imports, own=np.maximum(own, 0), lost=idle)
        cut = Limits(*(getattr(limits, name)[kept] for name in ("imports", "own", "lost", "state")))
        assert small.solve(cut).loss == pytest.approx(whole.solve(limits).loss, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(chain=chains(), seed=st.integers(0, 2**32 - 1))
def test_the_parts_fit_together(chain: Chain, seed: int) -> None:
    network = to_network(chain, "AAA")
    random = np.random.default_rng(seed)
    touched = random.random(len(network.items)) < 0.3
    part, kept = reduced(network, touched, ~touched & False)
    assert part.items == tuple(network.items[j] for j in kept)
    for name in ("own", "use", "imports", "lifetime_years", "stock_years"):
        assert getattr(part, name) == pytest.approx(getattr(network, name)[kept], nan_ok=True)
    pairs = {
        (network.items[i], network.items[j])
        for i, j in zip(network.edge_user, network.edge_input, strict=True)
    }
    for i, j in zip(part.edge_user, part.edge_input, strict=True):
        assert (part.items[i], part.items[j]) in pairs
    assert (part.group_user[part.edge_group] == part.edge_user).all()
    assert sorted(part.order) == list(range(len(part.items)))
    assert [part.items[m.product] for m in part.missions] == [
        network.items[m.product] for m in network.missions
    ]


def test_nothing_touched_leaves_the_product_alone(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    none = np.zeros(len(network.items), dtype=bool)
    part, _ = reduced(network, none, none)
    assert part.items == ("chip",)
    assert len(part.edge_user) == 0


def test_a_tool_brings_its_substitutes_and_its_users(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    none = np.zeros(len(network.items), dtype=bool)
    touched = mask(network, "etcher_dry")
    assert codes(network, affected_items(network, touched, none)) == {
        "etcher_dry",
        "etcher_wet",
        "etch",
        "chip",
    }
    part, _ = reduced(network, mask(network, "resist"), none)
    assert part.items == ("chip", "resist")


def test_what_grows_brings_all_its_inputs(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    none = np.zeros(len(network.items), dtype=bool)
    grown = mask(network, "chip")
    assert codes(network, affected_items(network, none, grown)) == {"chip", "etch", "wafer", "resist"}
    assert is_tool(network).sum() == 2


def test_a_mission_that_wants_more_brings_the_other_users_of_its_product(toy_chain: Chain) -> None:
    """A second mission wants more etching than the base year's, which chips then lack, whoever is denied."""
    second = toy_chain.missions.with_columns(mission=pl.lit("etching"), product=pl.lit("etch"))
    chain = replace(toy_chain, missions=pl.concat([toy_chain.missions, second]))
    network = to_network(chain, "AAA")
    horizon, none = to_horizon(network), np.zeros(len(network.items), dtype=bool)
    whole, (part, _) = Capability(network, horizon), reduced(network, none, none)
    small = Capability(part, horizon)
    # Both have their 1 in 2030 and both want 1.2; or the one has 1.2 and the other 0.8.
    assert small.solve(small.base).loss == pytest.approx(whole.solve(whole.base).loss)
    assert whole.solve(whole.base).loss == pytest.approx(0.4)
