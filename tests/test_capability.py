"""The capability problem: against its slow twin, by hand, and by what must hold of it whatever the chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from edits import with_controls
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import Rows, chain_of, chains, is_tool, tables, wearing
from twin import twin

from wholenation.capability import Capability, Horizon, Limits, Service, base_limits, targets, to_horizon
from wholenation.chain import Chain
from wholenation.errors import AnswerError, QuestionError
from wholenation.network import to_network
from wholenation.scenarios import denial, under

GOLDEN = Path(__file__).parent / "golden" / "six-items.lp"
STEPS = st.sampled_from(["year", "quarter"])
SEEDS = st.integers(0, 2**32 - 1)
TOLERANCE = 1e-6


def problem(chain: Chain, step: str = "year", scenario: str = "s") -> tuple[Capability, Limits]:
    """The capability problem of home AAA, and its limits under a scenario."""
    network = to_network(chain, "AAA")
    horizon = to_horizon(network, step)
    capability = Capability(network, horizon)
    return capability, under(network, capability.base, denial(chain, network, horizon, scenario))


def loss(chain: Chain, step: str = "year", scenario: str = "s") -> float:
    capability, limits = problem(chain, step, scenario)
    return capability.solve(limits).loss


def hasty(capability: Capability, limits: Limits) -> Service:
    return Capability(capability.network, capability.horizon, early=True).solve(limits)


# Against the twin


@settings(max_examples=60, deadline=None)
@given(chain=chains(), step=STEPS)
def test_the_loss_is_the_twins(chain: Chain, step: str) -> None:
    assert loss(chain, step) == pytest.approx(twin(chain, "AAA", step, "s", early=False).loss, abs=TOLERANCE)


@settings(max_examples=30, deadline=None)
@given(chain=chains())
def test_early_output_is_as_early_as_the_twins(chain: Chain) -> None:
    capability, limits = problem(chain)
    target, _ = targets(capability.network, capability.horizon)
    short = hasty(capability, limits).shortfall
    expected = target - np.array(twin(chain, "AAA", "year", "s").output)
    wait = capability.horizon.count - np.arange(capability.horizon.count)
    assert (wait * short).sum() == pytest.approx((wait * expected).sum(), abs=1e-3)


@pytest.mark.parametrize("step", ["year", "quarter"])
@pytest.mark.parametrize("scenario", ["none", "embargo"])
def test_the_toy_chain_is_the_twins(toy_chain: Chain, step: str, scenario: str) -> None:
    capability, limits = problem(toy_chain, step, scenario)
    expected = twin(toy_chain, "AAA", step, scenario)
    assert capability.solve(limits).loss == pytest.approx(expected.loss, abs=TOLERANCE)
    target, _ = targets(capability.network, capability.horizon)
    output = target - hasty(capability, limits).shortfall
    assert output == pytest.approx(np.array(expected.output), abs=1e-6)


# By hand


def test_the_embargo_of_the_toy_chain_by_hand(toy_chain: Chain) -> None:
    capability, limits = problem(toy_chain, scenario="embargo")
    # Resists bind: a month's stock is gone in the first year, then the 0.4 that Celand and others deliver is all.
    service = hasty(capability, limits)
    assert service.shortfall[0] == pytest.approx([1 - 0.4 - 1 / 12, 0.6, 0.6, 0.6, 1.2 - 0.4])
    assert capability.solve(limits).loss == pytest.approx(5.2 - 5 * 0.4 - 1 / 12)


def test_a_denied_tool_wears_out(toy_chain: Chain) -> None:
    capability, limits = problem(with_controls(toy_chain, {"item": "etcher_dry"}))
    base = [1.0]
    for _ in range(4):
        base.append(0.9 * base[-1] + 0.1 * 0.2)
    output = [min(1.0, 0.8 * installed + 0.2) for installed in base]
    service = capability.solve(limits)
    assert service.shortfall[0] == pytest.approx([1 - x for x in output[:4]] + [1.2 - output[4]])
    # One more unit a year in step t adds a tenth to every later base, less what wears out again.
    place = capability.network.position["etcher_dry"]
    prices = [0.8 * 0.1 * sum(0.9**k for k in range(4 - t)) for t in range(5)]
    assert service.price[place] == pytest.approx(prices)


def test_finer_steps_approach_the_continuous_limit(toy_chain: Chain) -> None:
    chain = with_controls(toy_chain, {"item": "etcher_dry"})
    # The installed base is 0.2 + 0.8 exp(-t / 10); the last year's target is 1.2.
    limit = 0.64 * (5 - 10 * (1 - np.exp(-0.5))) + 0.2
    errors = [limit - loss(chain, step) for step in ("year", "quarter", "month")]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(3, rel=0.1)


def test_stocks_give_the_same_loss_in_every_step(toy_chain: Chain) -> None:
    chain = with_controls(toy_chain, {"item": "resist"})
    for step in ("year", "quarter", "month"):
        assert loss(chain, step) == pytest.approx(5 * 0.6 - 1 / 12 + 0.2)


# Warm starts


@settings(max_examples=20, deadline=None)
@given(chain=chains(), seed=SEEDS)
def test_the_order_of_solves_changes_nothing(chain: Chain, seed: int) -> None:
    capability, _ = problem(chain)
    random = np.random.default_rng(seed)
    asked = [some_limits(capability, random) for _ in range(4)]
    fresh = [Capability(capability.network, capability.horizon).solve(limits) for limits in asked]
    for order in (range(4), random.permutation(4), (0, 0, 3, 3, 1)):
        for place in order:
            service = capability.solve(asked[place])
            assert service.loss == pytest.approx(fresh[place].loss, abs=TOLERANCE)
            assert service.price == pytest.approx(fresh[place].price, abs=TOLERANCE)


def some_limits(capability: Capability, random: np.random.Generator) -> Limits:
    """Every right-hand side changed somewhere: less and more deliveries and production, idle tools, other stocks."""
    network, base = capability.network, capability.base

    def factor(low: float, high: float) -> np.ndarray:
        some = random.random(base.own.shape) < 0.3
        return np.where(some, random.uniform(low, high, base.own.shape), 1.0)

    return base.merged(
        imports=base.imports * factor(0.0, 1.5),
        own=base.own * factor(0.0, 1.5),
        lost=wearing(network, capability.horizon) * random.choice([0.0, 0.0, 0.3, 0.9]),
        state=np.where(is_tool(network)[:, None], base.state, base.state * factor(0.5, 2.0)),
    )


# Duals


@settings(max_examples=30, deadline=None)
@given(chain=chains(), step=STEPS, seed=SEEDS)
def test_prices_bound_every_change_of_deliveries(chain: Chain, step: str, seed: int) -> None:
    """A dual value is a subgradient of the loss: no change of deliveries does better than it says."""
    capability, limits = problem(chain, step)
    service = capability.solve(limits)
    random = np.random.default_rng(seed)
    for size in (1e-3, 0.3):
        change = size * random.uniform(-1, 1, limits.imports.shape)
        changed = np.maximum(limits.imports + change, 0.0)
        bound = service.loss - (service.price * (changed - limits.imports)).sum() * capability.horizon.delta
        assert capability.solve(limits.merged(imports=changed)).loss >= bound - TOLERANCE


def test_prices_are_finite_differences(toy_chain: Chain) -> None:
    small = 1e-4
    for item in ("etcher_dry", "wafer", "resist"):
        capability, limits = problem(with_controls(toy_chain, {"item": item, "coverage": 0.7}), "quarter")
        place, delta = capability.network.position[item], capability.horizon.delta
        service = capability.solve(limits)
        assert service.price[place].max() > 0
        for t in (0, 7, 19):
            more, less = limits.imports.copy(), limits.imports.copy()
            more[place, t] += small
            less[place, t] -= small
            above, below = (capability.solve(limits.merged(imports=side)).loss for side in (more, less))
            assert (below - above) / (2 * small * delta) == pytest.approx(service.price[place, t], abs=1e-6)


# What must hold


@settings(max_examples=30, deadline=None)
@given(chain=chains(), step=STEPS, seed=SEEDS)
def test_more_of_anything_never_hurts(chain: Chain, step: str, seed: int) -> None:
    capability, limits = problem(chain, step)
    before = capability.solve(limits).loss
    random = np.random.default_rng(seed)
    for name in ("imports", "own", "state"):
        held = getattr(limits, name)
        grown = held + random.uniform(0, 0.5, held.shape) * (random.random(held.shape) < 0.4)
        assert capability.solve(limits.merged(**{name: grown})).loss <= before + TOLERANCE
        shrunk = held * np.where(random.random(held.shape) < 0.4, random.random(held.shape), 1.0)
        if name != "state":
            assert capability.solve(limits.merged(**{name: shrunk})).loss >= before - TOLERANCE
    idle = wearing(capability.network, capability.horizon)
    losses = [capability.solve(limits.merged(lost=part * idle)).loss for part in (0.0, 0.4, 1.0)]
    assert losses == sorted(losses) or losses == pytest.approx(sorted(losses), abs=TOLERANCE)


@settings(max_examples=20, deadline=None)
@given(made=tables(), seed=SEEDS)
def test_larger_stocks_surges_and_lifetimes_never_hurt(made: dict[str, Rows], seed: int) -> None:
    random = np.random.default_rng(seed)
    before = loss(chain_of(made))
    for column, kinds in (
        ("stock_months", ("material", "software")),
        ("surge", ("material", "software", "tool", "process")),
    ):
        richer = [
            item | ({column: (item.get(column) or 0) + random.uniform(0, 3)} if item["kind"] in kinds else {})
            for item in made["items"]
        ]
        assert loss(chain_of(made | {"items": richer})) <= before + TOLERANCE


@settings(max_examples=25, deadline=None)
@given(made=tables())
def test_denying_more_never_helps(made: dict[str, Rows]) -> None:
    before = loss(chain_of(made))
    (first, *rest) = made["controls"]
    for harder in (
        [first | {"coverage": 1}, *rest],
        [first | {"end": None}, *rest],
        [first | {"item": None}, *rest],
        [first, *rest, first | {"controller": "DDD", "start": "2026-01-01", "end": "2027-06-30"}],
    ):
        unique = {(c["controller"], c["item"], str(c["start"]), str(c["end"])): c for c in harder}
        assert loss(chain_of(made | {"controls": list(unique.values())})) >= before - TOLERANCE
    without = loss(chain_of(made | {"controls": [first | {"coverage": 0}]}))
    assert without <= before + TOLERANCE


@settings(max_examples=15, deadline=None)
@given(made=tables())
def test_a_control_after_the_horizon_changes_nothing(made: dict[str, Rows]) -> None:
    late = [row | {"start": "2029-01-01", "end": None} for row in made["controls"][:1]]
    capability, limits = problem(chain_of(made | {"controls": late}))
    assert capability.solve(limits).loss == pytest.approx(
        capability.solve(capability.base).loss, abs=TOLERANCE
    )
    assert limits.imports == pytest.approx(capability.base.imports)


@settings(max_examples=25, deadline=None)
@given(made=tables(), seed=SEEDS)
def test_what_is_written_otherwise_is_the_same_chain(made: dict[str, Rows], seed: int) -> None:
    expected = loss(chain_of(made))
    random = np.random.default_rng(seed)
    shuffled = {name: [rows[i] for i in random.permutation(len(rows))] for name, rows in made.items()}
    assert loss(chain_of(shuffled)) == pytest.approx(expected, abs=TOLERANCE)
    idler: dict[str, Any] = {
        "item": "idler",
        "name": "Nobody needs it",
        "kind": "material",
        "stage": "stage0",
    }
    useless = made | {
        "jurisdictions": [*made["jurisdictions"], {"jurisdiction": "NIL", "name": "Nilland"}],
        "items": [*made["items"], idler | {"source": "made up"}],
        "supply": [
            *made["supply"],
            {"item": "idler", "jurisdiction": "NIL", "share": 1, "source": "made up"},
        ],
    }
    assert loss(chain_of(useless)) == pytest.approx(expected, abs=TOLERANCE)


@settings(max_examples=25, deadline=None)
@given(made=tables())
def test_splitting_a_supplier_changes_nothing(made: dict[str, Rows]) -> None:
    split = []
    for row in made["supply"]:
        if row["jurisdiction"] == "BBB" and row["share"] is not None:
            split += [
                row | {"share": 0.3 * row["share"]},
                row | {"jurisdiction": "BB2", "share": 0.7 * row["share"]},
            ]
        else:
            split.append(row)
    parts = [row | {"controller": "BB2"} for row in made["controls"] if row["controller"] == "BBB"]
    twice = made | {
        "jurisdictions": [
            *made["jurisdictions"],
            {"jurisdiction": "BB2", "name": "East Beland", "part_of": "UNI"},
        ],
        "supply": split,
        "controls": made["controls"] + parts,
    }
    # An unknown share is an equal part of what is left, so a third supplier may well change those.
    if all(row["share"] is not None for row in made["supply"] if row["jurisdiction"] == "BBB"):
        assert loss(chain_of(twice)) == pytest.approx(loss(chain_of(made)), abs=TOLERANCE)


@settings(max_examples=25, deadline=None)
@given(chain=chains(calm=True), step=STEPS)
def test_nothing_is_short_in_the_base_year(chain: Chain, step: str) -> None:
    """Also when two missions want one product, or a product is another's input."""
    capability, _ = problem(chain, step)
    assert capability.solve(capability.base).loss == pytest.approx(0.0, abs=TOLERANCE)


def test_a_year_without_weight_is_served_all_the_same(toy_chain: Chain) -> None:
    late = toy_chain.missions.with_columns(weight=pl.when(pl.col("year") == 2030).then(0.0).otherwise(1.0))
    capability, limits = problem(with_controls(replace(toy_chain, missions=late), {"item": "resist"}))
    assert hasty(capability, limits).shortfall[0, -1] == pytest.approx(1.2 - 0.4)
    assert capability.solve(limits).loss == pytest.approx(4 * 0.6 - 1 / 12)


def test_a_shortfall_is_never_more_than_the_target(toy_chain: Chain) -> None:
    capability, limits = problem(toy_chain, scenario="embargo")
    service = capability.solve(limits)
    target, weight = targets(capability.network, capability.horizon)
    assert ((service.shortfall >= -1e-9) & (service.shortfall <= target + 1e-9)).all()
    assert service.loss == pytest.approx((weight * service.shortfall).sum() * capability.horizon.delta)


# Horizons, questions, files


def test_horizons(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    assert to_horizon(network) == Horizon(2026.0, 1.0, 5)
    quarter = to_horizon(network, "quarter", 2019.5)
    assert (quarter.count, quarter.times[0], quarter.times[-1], quarter.end) == (20, 2019.5, 2024.25, 2024.5)
    assert to_horizon(network, "month").count == 60
    with pytest.raises(QuestionError, match="a step is one of year, quarter, month, not 'week'"):
        to_horizon(network, "week")


def test_targets_hold_until_the_next_year_that_is_given(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    target, weight = targets(network, to_horizon(network, "quarter"))
    assert target[0].tolist() == [1.0] * 16 + [1.2] * 4
    assert (weight == 1).all()


def test_more_idle_tools_than_are_installed_is_no_question(toy_chain: Chain) -> None:
    capability, _ = problem(toy_chain, scenario="none")
    lost = capability.base.lost.copy()
    lost[capability.network.position["etcher_dry"]] = 1.5
    with pytest.raises(AnswerError, match="more tools stand idle"):
        capability.solve(capability.base.merged(lost=lost))
    # The problem is as good as new afterwards.
    assert capability.solve(capability.base).loss == pytest.approx(0.2)


def test_the_base_limits_can_be_changed_in_place_by_nobody_else(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    horizon = to_horizon(network)
    first, second = base_limits(network, horizon), base_limits(network, horizon)
    first.imports[:] = 0.0
    assert second.imports.max() > 0


def test_the_golden_file(toy_chain: Chain, tmp_path: Path) -> None:
    """Text of the whole problem. If a change of it is meant: delete the file, run this test, and read the diff."""
    capability, _ = problem(toy_chain, scenario="none")
    written = tmp_path / "six-items.lp"
    capability.write(written)
    if not GOLDEN.exists():
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_bytes(written.read_bytes())
        pytest.fail(f"there was no {GOLDEN.name}: it is written now, look at it and run the test again")
    assert written.read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")


def test_the_problem_is_written_as_mps_too(toy_chain: Chain, tmp_path: Path) -> None:
    capability, _ = problem(toy_chain, scenario="none")
    capability.write(tmp_path / "six-items.mps")
    text = (tmp_path / "six-items.mps").read_text(encoding="utf-8")
    assert "ROWS" in text
    assert "use_etcher_dry_0" in text


def test_codes_with_hyphens_keep_their_names(toy_chain: Chain, tmp_path: Path) -> None:
    network = to_network(toy_chain, "AAA")
    renamed = replace(network, items=tuple(item.replace("_", "-") for item in network.items))
    Capability(renamed, to_horizon(network)).write(tmp_path / "hyphens.lp")
    assert (tmp_path / "hyphens.lp").read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")
