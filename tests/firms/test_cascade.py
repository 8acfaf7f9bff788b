"""The static cascade: the published results, a twin that can be read beside the paper, and what must always hold."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from firm_twin import esri
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.errors import QuestionError
from wholenation.firms.cascade import cascade, losses
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork, from_arrays
from wholenation.firms.shocks import Shocks, each, every_firm, from_matrix, together

GOLDEN = Path(__file__).parents[1] / "golden" / "esri"
VECTORS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
END = 1e-13


def table(place: Path) -> np.ndarray:
    with place.open() as file:
        return np.array(list(csv.reader(file))[1:], float)


@cache
def vector(name: str, unit: float = 1.0) -> tuple[FirmNetwork, Shocks, dict[str, object], np.ndarray | None]:
    folder = GOLDEN / name
    with (folder / "firms.csv").open() as file:
        firms = list(csv.DictReader(file))
    with (folder / "essential.csv").open() as file:
        rows = list(csv.reader(file))
    codes, essential = rows[0][1:], np.array([row[1:] for row in rows[1:]], int)
    edges = table(folder / "edges.csv")
    network = from_arrays(
        [codes.index(firm["sector"]) for firm in firms],
        edges[:, 0].astype(int), edges[:, 1].astype(int), edges[:, 2] * unit, essential, sectors=codes,
    )  # fmt: skip
    psi = table(folder / "psi.csv") if (folder / "psi.csv").exists() else np.eye(network.n)
    above = table(folder / "psi_up.csv") if (folder / "psi_up.csv").exists() else None
    weights = np.array([float(firm["weight"]) for firm in firms]) if "weight" in firms[0] else None
    return network, from_matrix(network, psi, above), json.loads((folder / "meta.json").read_text()), weights


@pytest.mark.parametrize("unit", [1.0, 1e-9, 3e6])
@pytest.mark.parametrize("name", VECTORS)
def test_published_results_sweep_counts_and_losses_are_met(name: str, unit: float) -> None:
    network, shocks, meta, weights = vector(name, unit)
    asked = {"mode": "reference", "eps": meta["eps"], "stopping": meta["conv_type"], "weights": weights}
    found = cascade(network, shocks, **asked).firms
    expected = table(GOLDEN / name / "expected.csv")
    for column, at in (("risk", 1), ("downstream", 2), ("upstream", 3)):
        np.testing.assert_allclose(found[column].to_numpy(), expected[:, at], rtol=0, atol=1e-12)
    assert found["sweeps"].to_list() == expected[:, 4].astype(int).tolist()
    if (GOLDEN / name / "loss_down.csv").exists():
        for ours, file in zip(
            losses(network, shocks, **asked), ("loss_down.csv", "loss_up.csv"), strict=True
        ):
            np.testing.assert_allclose(ours, table(GOLDEN / name / file), rtol=0, atol=1e-12)


@st.composite
def cases(draw: st.DrawFn, most: int = 9) -> tuple[FirmNetwork, np.ndarray, np.ndarray]:
    """A network with anything that the format allows, and two matrices of shocks."""
    n, sectors = draw(st.integers(1, most)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    linked = (rng.random((n, n)) < draw(st.sampled_from([0.15, 0.4, 0.8]))) & ~np.eye(n, dtype=bool)
    supplier, buyer = np.nonzero(linked)
    value = rng.integers(1, 100, len(supplier)).astype(float)
    sales, bought = np.bincount(supplier, value, n), np.bincount(buyer, value, n)
    told: dict[str, np.ndarray] = {}
    if draw(st.booleans()):
        told["revenue"] = np.where(rng.random(n) < 0.8, sales * rng.uniform(1, 3, n) + 1, np.nan)
    if draw(st.booleans()):
        told["cost"] = np.where(rng.random(n) < 0.8, bought * rng.uniform(1, 3, n) + 1, np.nan)
    if draw(st.booleans()):
        told["market"] = rng.integers(0, 3, n)
    network = from_arrays(
        rng.integers(0, sectors, n), supplier, buyer, value, rng.integers(0, 3, (sectors, sectors)), **told
    )
    kind = draw(st.sampled_from(["each", "parts", "several"]))
    if kind == "each":
        return network, np.eye(n), np.eye(n)
    some = rng.random((n, 3)) < 0.5
    if kind == "several":
        return network, some.astype(float), some.astype(float)
    return network, some * rng.random((n, 3)), (rng.random((n, 3)) < 0.5) * rng.random((n, 3))


def twin(network: FirmNetwork, down: np.ndarray, up: np.ndarray, eps: float, stopping: int = 1) -> list:
    links = np.zeros((network.n, network.n))
    links[network.supplier, network.buyer] = network.value
    known = {"revenue": np.nan_to_num(network.revenue), "cost": np.nan_to_num(network.cost)}
    return [
        esri(links, network.sector, network.essentiality, d, u, eps, stopping, market=network.market, **known)
        for d, u in zip(down.T, up.T, strict=True)
    ]


@given(cases(), st.sampled_from([1e-1, 1e-2, 1e-4]), st.sampled_from([1, 2]))
@settings(max_examples=150, deadline=None)
def test_reference_is_the_formula(case: tuple, eps: float, stopping: int) -> None:
    network, down, up = case
    found = cascade(
        network, from_matrix(network, down, up), mode="reference", eps=eps, stopping=stopping
    ).firms
    told = twin(network, down, up, eps, stopping)
    for column in ("risk", "downstream", "upstream"):
        np.testing.assert_allclose(found[column], [getattr(one, column) for one in told], rtol=0, atol=1e-12)
    assert found["sweeps"].to_list() == [one.sweeps for one in told]


def ended(network: FirmNetwork, down: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Risks where the published iteration ends: what is still missing is far below 1e-8."""
    shocks = from_matrix(network, down, up)
    return cascade(network, shocks, mode="reference", eps=END, hit=0).firms["risk"].to_numpy()


@given(cases())
@settings(max_examples=150, deadline=None)
def test_converged_is_the_end_of_reference(case: tuple) -> None:
    network, down, up = case
    found = cascade(network, from_matrix(network, down, up)).firms
    risk = ended(network, down, up)
    np.testing.assert_allclose(found["risk"], risk, rtol=0, atol=1e-8)
    # The twin stops just before the end, which slow circles of firms make a little more.
    assert (found["low"].to_numpy() <= risk + 1e-8).all()
    assert (found["high"].to_numpy() >= risk - 1e-8).all()


@given(cases())
@settings(max_examples=60, deadline=None)
def test_upstream_is_the_closed_form(case: tuple) -> None:
    """ESRI_u,i = (wᵀG)_i / G_ii where G exists and losses stay below 1."""
    network, _, _ = case
    n = network.n
    sales = np.bincount(network.supplier, network.value, n)
    revenue = np.where(network.revenue > 0, network.revenue, sales * 1.5 + 1)
    network = replace(network, firms=network.firms.with_columns(revenue=revenue))
    onward = np.zeros((n, n))
    onward[network.supplier, network.buyer] = network.value / revenue[network.supplier]
    inverse = np.linalg.inv(np.eye(n) - onward)
    weight = sales / (sales.sum() or 1)
    found = cascade(network).firms["upstream"].to_numpy()
    np.testing.assert_allclose(found, weight @ inverse / np.diag(inverse), rtol=0, atol=1e-12)


@given(cases(), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_larger_shock_never_lowers_a_loss(case: tuple, factor: float) -> None:
    network, down, up = case
    less = losses(network, from_matrix(network, down * factor, up * factor))
    more = losses(network, from_matrix(network, down, up))
    for small, large in zip(less, more, strict=True):
        assert (small <= large + 1e-9).all()


@given(cases())
@settings(max_examples=60, deadline=None)
def test_a_risk_is_never_below_what_fails_at_once(case: tuple) -> None:
    network, down, up = case
    weight = np.bincount(network.supplier, network.value, network.n)
    at_once = weight / (weight.sum() or 1) @ np.maximum(down, up)
    for mode in ("converged", "reference"):
        assert (
            cascade(network, from_matrix(network, down, up), mode=mode).firms["risk"] >= at_once - 1e-12
        ).all()


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_names_and_numbers_of_firms_and_sectors_change_nothing(case: tuple, random) -> None:
    network, down, up = case
    firm, sector = list(range(network.n)), list(range(len(network.sectors)))
    random.shuffle(firm)
    random.shuffle(sector)
    firm, sector = np.array(firm), np.array(sector)
    essential = np.empty_like(network.essentiality)
    essential[np.ix_(sector, sector)] = network.essentiality
    back = np.argsort(firm)
    other = from_arrays(
        sector[network.sector][back], firm[network.supplier], firm[network.buyer], network.value, essential,
        market=network.market[back], revenue=network.revenue[back], cost=network.cost[back],
    )  # fmt: skip
    for mode in ("converged", "reference"):
        one = cascade(network, from_matrix(network, down, up), mode=mode).firms["risk"]
        two = cascade(other, from_matrix(other, down[back], up[back]), mode=mode).firms["risk"]
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-9)


@given(cases(), st.sampled_from([1e-12, 1e-3, 7.3, 1e12]))
@settings(max_examples=60, deadline=None)
def test_the_currency_does_not_matter(case: tuple, unit: float) -> None:
    network, down, up = case
    other = from_arrays(
        network.sector, network.supplier, network.buyer, network.value * unit, network.essentiality,
        market=network.market, revenue=network.revenue * unit, cost=network.cost * unit,
    )  # fmt: skip
    for mode in ("converged", "reference"):
        one, two = (
            cascade(which, from_matrix(which, down, up), mode=mode).firms for which in (network, other)
        )
        np.testing.assert_allclose(one["risk"], two["risk"], rtol=0, atol=1e-12)
        if mode == "reference":
            assert one["sweeps"].to_list() == two["sweeps"].to_list()


def halves(network: FirmNetwork, firm: int) -> FirmNetwork:
    """The same network with one firm split into two identical ones, the second at the end."""
    n = network.n
    mine = (network.supplier == firm) | (network.buyer == firm)
    value = np.where(mine, network.value / 2, network.value)
    twin_of = np.arange(n)
    twin_of[firm] = n
    return from_arrays(
        np.append(network.sector, network.sector[firm]),
        np.append(network.supplier, twin_of[network.supplier[mine]]),
        np.append(network.buyer, twin_of[network.buyer[mine]]),
        np.append(value, value[mine]),
        network.essentiality,
        market=np.append(network.market, network.market[firm]),
    )  # fmt: skip


@given(cases())
@settings(max_examples=80, deadline=None)
def test_two_halves_of_a_firm(case: tuple) -> None:
    """Together they take the same orders away. What they sell is replaced more easily, as each is half as large in its
    market, unless nobody else is in it: then it is missed as before."""
    network, _, _ = case
    network = replace(
        network,
        firms=network.firms.with_columns(revenue=None, cost=None).cast({"revenue": float, "cost": float}),
    )
    for firm in range(network.n):
        split = halves(network, firm)
        both = split.firms["firm"][[firm, network.n]].to_list()
        whole = cascade(network, each(network, [network.firms["firm"][firm]])).firms
        parts = cascade(split, together(split, both)).firms
        assert parts["upstream"][0] == pytest.approx(whole["upstream"][0], abs=1e-9)
        assert parts["downstream"][0] <= whole["downstream"][0] + 1e-9
        if np.count_nonzero(network.market == network.market[firm]) == 1:
            assert parts["downstream"][0] == pytest.approx(whole["downstream"][0], abs=1e-9)
        one = cascade(split, each(split, both)).firms
        assert one["risk"][0] == pytest.approx(one["risk"][1], abs=1e-9)
        assert one["risk"][0] <= whole["risk"][0] + 1e-9


def test_two_components_do_not_touch() -> None:
    essential = np.full((1, 1), 2)
    network = from_arrays([0] * 4, [0, 2], [1, 3], [3.0, 1.0], essential, market=[0, 1, 2, 3])
    down, up = losses(network, every_firm(network))
    assert down[2:, :2].sum() == down[:2, 2:].sum() == up[2:, :2].sum() == up[:2, 2:].sum() == 0
    assert down[1, 0] == down[3, 2] == 1


def test_a_firm_alone_and_a_network_without_links() -> None:
    alone = from_arrays([0], [], [], [], None)
    assert cascade(alone).firms["risk"].to_list() == [0.0]
    none = from_arrays([0, 1, 1], [], [], [], np.ones((4, 4), int), sectors=["A", "B", "C", "D"])
    assert cascade(none).firms["risk"].to_list() == [0.0] * 3
    assert cascade(none, weights=np.array([1.0, 1.0, 2.0])).firms["risk"].to_list() == [0.25, 0.25, 0.5]
    assert cascade(none).hit.is_empty()


def test_a_star_falls_with_its_middle() -> None:
    leaves = 50
    network = from_arrays(
        [0] + [1] * leaves, [0] * leaves, range(1, leaves + 1), [1.0] * leaves, np.full((2, 2), 2)
    )
    found = cascade(network)
    assert found.firms["risk"][0] == pytest.approx(1.0)
    down, _ = losses(network, each(network, ["0"]))
    assert down[:, 0].tolist() == [1.0] * (leaves + 1)
    # A leaf takes its order with it, one in fifty.
    assert found.firms["upstream"][1] == pytest.approx(1 / leaves)
    assert set(found.hit["of"]) == {"sector", "firm"}


@pytest.mark.parametrize("mode", ["converged", "reference"])
def test_a_million_leaves(mode: str) -> None:
    leaves = 1_000_000
    buyer = np.arange(1, leaves + 1)
    network = from_arrays(
        np.minimum(np.arange(leaves + 1), 1),
        np.zeros(leaves, int),
        buyer,
        np.ones(leaves),
        np.full((2, 2), 2),
    )
    found = cascade(network, each(network, ["0", "7"]), mode=mode).firms
    assert found["risk"][0] == pytest.approx(1.0)
    assert found["risk"][1] == pytest.approx(1 / leaves)


def test_firms_that_sell_to_each_other_alone_fall_together() -> None:
    """Orders among three firms in a ring have nowhere else to come from; a fourth sells to the ring, and to a fifth."""
    network = from_arrays(
        [0] * 5, [0, 1, 2, 3, 3], [1, 2, 0, 0, 4], [5.0, 5.0, 5.0, 2.0, 6.0], np.zeros((1, 1), int)
    )
    _, up = losses(network, each(network, ["1"]))
    assert up[:3, 0] == pytest.approx([1, 1, 1])
    assert up[3, 0] == pytest.approx(2 / 8)
    _, half = losses(network, from_matrix(network, [0, 0.5, 0, 0, 0]))
    assert half[:4, 0] == pytest.approx([0.5, 0.5, 0.5, 0.125])


def test_revenues_below_sales_are_followed_to_the_end() -> None:
    rng = np.random.default_rng(3)
    supplier, buyer = np.nonzero(~np.eye(6, dtype=bool))
    value = rng.integers(1, 9, len(supplier)).astype(float)
    sales = np.bincount(supplier, value, 6)
    network = from_arrays([0] * 6, supplier, buyer, value, np.ones((1, 1), int), revenue=sales * 0.4)
    risk = ended(network, np.eye(6), np.eye(6))
    np.testing.assert_allclose(cascade(network).firms["risk"], risk, atol=1e-9)


@pytest.mark.parametrize(("firms", "seed", "money"), [(3_000, 1, False), (3_000, 2, True), (6_000, 3, False)])
def test_estimates_on_networks_like_those_of_nations(firms: int, seed: int, money: bool) -> None:
    """The largest firms and others, beside the published iteration carried on to the end."""
    network = generate_firms(firms, seed=seed, money=money)
    sales = np.bincount(network.supplier, network.value, network.n)
    chosen = np.concatenate(
        [np.argsort(-sales)[:40], np.random.default_rng(seed).choice(firms, 80, replace=False)]
    )
    shocks = each(network, network.firms["firm"].gather(np.unique(chosen)).to_list())
    found = cascade(network, shocks).firms
    true = cascade(network, shocks, mode="reference", eps=1e-14, hit=0).firms["risk"].to_numpy()
    scale = np.where(true > 0, true, 1)
    assert np.mean(np.abs(found["risk"].to_numpy() - true) / scale) < 2e-3
    inside = (found["low"].to_numpy() <= true) & (true <= found["high"].to_numpy())
    assert inside.mean() >= 0.98


def held(network: FirmNetwork, shocks: Shocks | None = None, **asked: object) -> float:
    """The part of brackets that hold what following everything finds."""
    found = cascade(network, shocks, hit=0, **asked).firms
    true = cascade(network, shocks, hit=0, **{**asked, "tolerance": 0.0}).firms["risk"].to_numpy()
    return float(
        np.mean((found["low"].to_numpy() <= true + 1e-12) & (true <= found["high"].to_numpy() + 1e-12))
    )


def test_brackets_hold_where_few_firms_count() -> None:
    """Their losses lie far from where most shocks begin."""
    network = generate_firms(600, seed=0)
    one = np.zeros(network.n)
    one[7] = 1.0
    assert held(network, weights=one) >= 0.98
    assert held(network, weights=(network.sector == network.sector.max()) * 1.0) >= 0.98


def test_brackets_hold_for_shocks_of_orders_to_several_firms() -> None:
    network = generate_firms(400, seed=3, money=False)
    rng = np.random.default_rng(0)
    orders = rng.random((400, 20)) * (rng.random((400, 20)) < 0.02)
    assert held(network, from_matrix(network, 0 * orders, orders)) == 1.0
    assert held(network, tolerance=1e-6) >= 0.98


def test_tolerance_narrows_the_bracket() -> None:
    network = generate_firms(2_000, seed=5, money=False)
    shocks = each(network, [str(i) for i in network.firms["firm"].head(50)])
    wide, narrow = (cascade(network, shocks, tolerance=told, hit=0).firms for told in (0.05, 0.0))
    assert (narrow["high"] - narrow["low"]).sum() < 1e-3 * (wide["high"] - wide["low"]).sum()
    assert ((narrow["risk"] >= wide["low"]) & (narrow["risk"] <= wide["high"])).mean() >= 0.98


def test_one_worker_and_two_find_the_same_bits() -> None:
    network = generate_firms(1_500, seed=4)
    for mode in ("converged", "reference"):
        one, two = (cascade(network, mode=mode, workers=workers) for workers in (1, 2))
        assert one.firms.equals(two.firms)
        assert one.hit.equals(two.hit)


def test_who_is_hit_adds_up() -> None:
    network = generate_firms(400, seed=6)
    found = cascade(network, hit=1_000, detailed=3)
    for shock in found.hit["shock"].unique():
        rows = found.hit.filter(found.hit["shock"] == shock)
        risk = found.firms.filter(found.firms["shock"] == shock)["risk"][0]
        for of in ("sector", "firm"):
            assert rows.filter(rows["of"] == of)["share"].sum() == pytest.approx(1.0)
        weight = np.bincount(network.supplier, network.value, network.n)
        place = {code: i for i, code in enumerate(network.firms["firm"])}
        firms = rows.filter(rows["of"] == "firm")
        lost = sum(loss * weight[place[code]] for code, loss in firms.select("code", "loss").iter_rows())
        assert lost / weight.sum() == pytest.approx(risk, rel=0.02)
    assert found.hit["shock"].n_unique() == 3


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"mode": "quick"}, "the mode is 'quick'"),
        ({"eps": 0.0, "mode": "reference"}, "eps is 0.0"),
        ({"eps": float("nan"), "mode": "reference"}, "eps is nan"),
        ({"stopping": 3, "mode": "reference"}, "the stopping rule is 3"),
        ({"tolerance": -1.0}, "the tolerance is -1.0"),
        ({"hit": -1}, "-1 who are hit"),
        ({"weights": np.ones(3)}, "3 weights for 20 firms"),
        ({"weights": np.append(np.ones(19), np.nan)}, "nan, of firm 20"),
        ({"weights": np.zeros(20)}, "all weights are zero"),
    ],
)
def test_questions_that_cannot_be_answered(asked: dict, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        cascade(generate_firms(20, links_per_firm=2.0), **asked)


def test_no_shock_at_all_and_shocks_to_nobody() -> None:
    network = generate_firms(20, links_per_firm=2.0)
    nothing = from_matrix(network, np.zeros((20, 2)))
    for mode in ("converged", "reference"):
        assert cascade(network, nothing, mode=mode).firms["risk"].to_list() == [0.0, 0.0]
    assert cascade(network, nothing.part(0, 0)).firms.height == 0
