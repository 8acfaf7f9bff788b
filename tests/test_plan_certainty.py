"""Certainty of plans against enumeration, hand calculation and their own order: what must be above what."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from plan_chains import EMBARGO, build, effort, money, planning_chain, route

from wholenation.chain import Chain
from wholenation.errors import QuestionError
from wholenation.plans.assumptions import FACTORS, ranged, varied
from wholenation.plans.certainty import replicate
from wholenation.plans.evaluation import stratified_mean
from wholenation.plans.futures import Decision
from wholenation.plans.information import expected, perfect_information, stochastic_solution
from wholenation.plans.optimum import optimum
from wholenation.plans.samples import Samples
from wholenation.plans.sensitivity import robustness, sensitivity
from wholenation.plans.setting import draw, to_setting
from wholenation.stochastic.two_stage import Risk, objective

MEAN = Risk(0.0, 0.0)
AVERSE = Risk(0.5, 0.7)
EXACT = {"gap": 0.0, "workers": 1}


def rivals(**changes) -> Chain:
    """Money for one of two plants for gas: a small sure one, and a whole one whose route may fail."""
    tables = {
        "projects": [build("sure", capacity=0.3), build("bold", kind="develop", capacity=0.6, capex_musd=90)],
        "routes": [route("bold", effort=1, feasibility=0.7)],
        "pools": money({2026: 100}),
    }
    return planning_chain(**(tables | changes))


def futures_of(*feasible: float, weight: tuple[float, ...] | None = None) -> Samples:
    """One sample for each effort of the only route."""
    count = len(feasible)
    parts = np.full(count, 1 / count) if weight is None else np.array(weight)
    return Samples(np.zeros(count, dtype=np.int64), parts, np.array(feasible)[:, None])


# --- By hand: the embargo takes 0.6 a year. Sure, 0.3 of it comes back from 2027 on: 1.8 are lost. Bold, the route
# takes a year and the plant another, so that 1.2 are lost if it succeeds, and 3 if it fails.
SURE, DONE, FAILED = 1.8, 1.2, 3.0


def test_perfect_information_by_hand():
    """Bold where it will succeed, sure where it will not; without knowing, sure."""
    setting, samples = to_setting(rivals(), "AAA"), futures_of(1, np.inf)
    found = perfect_information(setting, samples, MEAN, **EXACT)
    assert found.other == pytest.approx(((DONE + SURE) / 2,) * 2, abs=1e-6)
    assert found.plan == pytest.approx((SURE,) * 2, abs=2e-4)
    assert (found.least, found.most) == pytest.approx(((SURE - DONE) / 2,) * 2, abs=2e-4)


def test_perfect_information_counts_the_tail_as_the_plan_does():
    """The worst half of what remains with it is 1.8 with certainty."""
    setting, samples = to_setting(rivals(), "AAA"), futures_of(1, np.inf)
    found = perfect_information(setting, samples, Risk(1.0, 0.5), plan=(1.7, 1.9), **EXACT)
    assert found.other == pytest.approx((SURE, SURE), abs=1e-6)
    assert (found.least, found.most) == pytest.approx((0.0, 1.9 - SURE), abs=1e-6)


def test_the_stochastic_solution_by_hand():
    """With 0.5 expected to succeed, the simple plan is bold and loses 2.1 on the mean; sure loses 1.8."""
    ways = [route("bold", effort=1, feasibility=0.5)]
    setting, samples = to_setting(rivals(routes=ways), "AAA"), futures_of(1, np.inf)
    found = stochastic_solution(setting, samples, MEAN, **EXACT)
    assert found.other == pytest.approx(((DONE + FAILED) / 2,) * 2, abs=1e-6)
    assert (found.least, found.most) == pytest.approx(((DONE + FAILED) / 2 - SURE,) * 2, abs=2e-4)
    unlikely = to_setting(rivals(routes=[route("bold", effort=1, feasibility=0.49)]), "AAA")
    assert stochastic_solution(unlikely, samples, MEAN, **EXACT).most == pytest.approx(0, abs=2e-4)


def test_expected_samples():
    """Mean efforts of likely routes, one sample a scenario, weights kept."""
    chain = rivals(
        routes=[
            route("bold", "p", feasibility=0.5) | effort(1, 2, 9),
            route("bold", "q", feasibility=0.4),
        ],
        scenarios={"embargo": 0.4, "late": 0.6},
        controls=[EMBARGO, EMBARGO | {"scenario": "late", "start": "2028-01-01"}],
    )
    setting = to_setting(chain, "AAA")
    found = expected(setting, draw(setting, 7, 1))
    assert found.scenario.tolist() == [0, 1]
    np.testing.assert_allclose(found.weight, [0.4, 0.6])
    assert found.effort.tolist() == [[3.0, np.inf]] * 2


def uncertain(**changes) -> Chain:
    """Two scenarios, two developments with rivals and ranges, a sure plant, and too little money for all."""
    tables = {
        "needed": ("gas", "tool"),
        "projects": [
            build("gas_own", kind="develop", capacity=0.6, capex_musd=50),
            build("gas_plant", capacity=0.2, capex_musd=40),
            build("tool_own", kind="develop", item="tool", capacity=0.6, capex_musd=40),
        ],
        "routes": [
            route("gas_own", "p", feasibility=0.8, correlation=0.5) | effort(1, 2, 4),
            route("gas_own", "q", feasibility=0.6, correlation=0.5) | effort(0.5, 1, 3),
            route("tool_own", "r", feasibility=0.9) | effort(0.5, 1, 2),
        ],
        "pools": money({2026: 60, 2027: 40, 2028: 30}),
        "scenarios": {"embargo": 0.6, "gas": 0.2},
        "controls": [EMBARGO, EMBARGO | {"scenario": "gas", "item": "gas", "start": "2027-01-01"}],
    }
    return planning_chain(**(tables | changes))


@pytest.mark.parametrize(("risk", "seed"), [(MEAN, 1), (AVERSE, 2), (Risk(1.0, 0.8), 3)])
def test_knowing_more_never_hurts(risk, seed):
    """Wait and see <= the best plan <= the plan for expected efforts."""
    setting = to_setting(uncertain(), "AAA")
    samples = draw(setting, 8, seed)
    gain = stochastic_solution(setting, samples, risk, **EXACT)
    known = perfect_information(setting, samples, risk, plan=gain.plan, **EXACT)
    assert 0 < known.other[0] <= known.other[1] + 1e-9
    assert known.other[1] <= gain.plan[1] + 2e-4
    assert gain.plan[0] <= gain.plan[1] <= gain.other[1] + 2e-4
    assert known.most > 0.01, "the case must be uncertain"
    assert (known.least, gain.least) >= (0, 0)


def test_wait_and_see_is_the_mean_of_plans_for_one_sample():
    """Each sample through the integer L-shaped method, and judged."""
    setting = to_setting(uncertain(), "AAA")
    samples = draw(setting, 6, 4)
    alone = [
        optimum(setting, Samples(samples.scenario[[s]], np.ones(1), samples.effort[[s]]), MEAN, **EXACT).value
        for s in range(len(samples))
    ]
    found = perfect_information(setting, samples, MEAN, plan=(0.0, 9.0), **EXACT)
    assert found.other == pytest.approx((samples.weight @ alone,) * 2, abs=2e-4)
    assert len(set(np.round(alone, 6))) > 2


# --- Replications


def coin(**changes) -> Chain:
    """Three developments that succeed or fail, each for a part of the gas; money for two at most."""
    tables = {
        "projects": [
            build(name, kind="develop", capacity=size, capex_musd=cost)
            for name, size, cost in (("a", 0.5, 60), ("b", 0.3, 40), ("c", 0.3, 30))
        ],
        "routes": [
            route("a", effort=1, feasibility=0.55),
            route("b", effort=1, feasibility=0.8),
            route("c", effort=1, feasibility=0.65),
        ],
        "pools": money({2026: 90}),
    }
    return planning_chain(**(tables | changes))


def true_losses(chain: Chain, decision: Decision, risk: Risk) -> float:
    """The objective over all eight futures with their exact probabilities."""
    setting = to_setting(chain, "AAA")
    chances = setting.menu.feasibility
    outcomes = np.array(list(product([True, False], repeat=3)))
    weight = np.where(outcomes, chances, 1 - chances).prod(axis=1)
    futures = Samples(np.zeros(8, dtype=np.int64), weight, np.where(outcomes, 1.0, np.inf))
    return objective(setting.judge.losses(decision, futures), weight, risk)


def true_optimum(chain: Chain, risk: Risk) -> float:
    """The best of all plans for all futures."""
    setting = to_setting(chain, "AAA")
    chances = setting.menu.feasibility
    outcomes = np.array(list(product([True, False], repeat=3)))
    weight = np.where(outcomes, chances, 1 - chances).prod(axis=1)
    futures = Samples(np.zeros(8, dtype=np.int64), weight, np.where(outcomes, 1.0, np.inf))
    return optimum(setting, futures, risk, **EXACT).value


@pytest.mark.parametrize("risk", [MEAN, AVERSE])
def test_the_interval_of_replications_covers_the_true_optimum(risk):
    chain = coin()
    least = true_optimum(chain, risk)
    covered = limited = 0
    for seed in range(6):
        # Solves that stop early: their bounds cover what they leave open.
        found = replicate(
            chain, "AAA", replications=4, samples=4, evaluate=60, seed=seed,
            risk_aversion=risk.aversion, tail=risk.tail, gap=0.03, workers=1,
        )  # fmt: skip
        low, own, gap = (found.bounds.row(i, named=True) for i in range(3))
        true = true_losses(chain, found.decision, risk)
        assert true >= least - 2e-4
        covered += low["low"] <= least <= own["high"] + 1e-9
        limited += true - least <= found.gap_limit + 1e-9
        assert (gap["mean"], gap["high"]) == (found.gap, found.gap_limit)
        # On its own samples no plan beats the bound, and the candidate is one of the plans.
        assert (found.runs["plan"] >= found.runs["bound"] - 1e-9).all()
        assert (found.runs["value"] >= found.runs["bound"] - 1e-9).all()
        assert found.gap_limit >= found.gap >= 0
    assert covered >= 5
    assert limited >= 5
    assert found.gap_limit < 1.5, "the limit must say something"


def test_more_samples_make_a_smaller_gap():
    few, many = (
        replicate(coin(), "AAA", replications=3, samples=n, evaluate=50, risk_aversion=0.0, **EXACT)
        for n in (3, 24)
    )
    assert many.gap_limit < few.gap_limit / 2
    assert many.runs["bound"].std() < few.runs["bound"].std()


def test_replications_agree_on_what_is_certain_and_the_same_seed_says_the_same():
    """The sure plant is always funded; the coin is a matter of the draws."""
    chain = coin(projects=[
        build("plant", capacity=0.3, capex_musd=10),
        build("a", kind="develop", capacity=0.3, capex_musd=20),
        build("b", kind="develop", capacity=0.3, capex_musd=20),
    ], routes=[route("a", effort=1, feasibility=0.5), route("b", effort=1, feasibility=0.5)],
        pools=money({2026: 45}))  # fmt: skip
    settings = {"samples": 3, "evaluate": 20, "risk_aversion": 0.0} | EXACT
    found = replicate(chain, "AAA", replications=6, **settings)
    table = {row["project"]: row for row in found.projects.iter_rows(named=True)}
    assert table["plant"]["share"] == 1.0
    assert table["plant"]["in_plan"]
    assert table["plant"]["musd"] == pytest.approx(10, abs=1e-3)
    assert table["plant"]["start"] == 2026
    assert table["a"]["share"] + table["b"]["share"] == pytest.approx(1.0)
    assert 0 < table["a"]["share"] < 1
    again = replicate(chain, "AAA", replications=6, **settings)
    assert found.bounds.equals(again.bounds)
    assert found.projects.equals(again.projects)
    fewer = replicate(chain, "AAA", replications=4, **settings)
    assert fewer.runs.equals(found.runs.head(4)), "more replications go on from fewer"


def test_replicate_asks_for_what_it_can_answer():
    with pytest.raises(QuestionError, match="takes 2"):
        replicate(coin(), "AAA", replications=1)
    with pytest.raises(QuestionError, match="no plan keeps all limits"):
        replicate(coin(pools=money({2026: 5})), "AAA", replications=2, samples=2, require=["a"], **EXACT)


def test_stratified_mean_by_hand():
    """Variance 2 of two draws with half the weight, 8 of the others: (2 / 2 + 8 / 2) / 4."""
    samples = Samples(np.array([0, 0, 1, 1]), np.full(4, 0.25), np.zeros((4, 0)))
    assert stratified_mean(np.array([1.0, 3.0, 2.0, 6.0]), samples) == pytest.approx((3.0, np.sqrt(1.25)))


# --- Assumptions


def ranges(**changes) -> Chain:
    """`rivals` with ranges: the bold route's feasibility decides, the surge of an item that nobody needs cannot."""
    tables = {
        "routes": [route("bold", effort=1, feasibility=0.7, feasibility_low=0.4, feasibility_high=1.0)],
        "items": {"tool": {"surge": 0.5, "surge_low": 0.1, "surge_high": 0.9}},
    }
    return rivals(**(tables | changes))


def test_levels_move_columns_between_their_bounds():
    chain = ranges()
    levels = {0.0: 0.4, 0.25: 0.55, 0.5: 0.7, 0.75: 0.85, 1.0: 1.0}
    for level, value in levels.items():
        routes = varied(chain, {"feasibility": level}).routes
        for end in ("", "_low", "_high"):
            assert routes[f"feasibility{end}"][0] == pytest.approx(value)
        assert routes.drop([f"feasibility{end}" for end in ("", "_low", "_high")]).equals(
            chain.routes.drop([f"feasibility{end}" for end in ("", "_low", "_high")])
        )
    assert varied(chain, {"feasibility": 0.0}).items.equals(chain.items)
    assert varied(chain, {"feasibility": 0.0}).data_hash != chain.data_hash


def test_the_middle_is_the_tables_as_they_are():
    chain = uncertain()
    same = varied(chain, dict.fromkeys(FACTORS, 0.5))
    for name in ("routes", "pools", "scenarios", "items", "projects", "controls"):
        columns = [c for c in chain.table(name).columns if not c.endswith(("_low", "_high"))]
        assert same.table(name).select(columns).equals(chain.table(name).select(columns)), name


def test_efforts_keep_their_range():
    row = varied(uncertain(), {"effort": 0.0}).routes.row(0, named=True)
    assert [row[f"effort_team_years{end}"] for end in ("_low", "", "_high")] == [1, 1, 4]
    row = varied(uncertain(), {"effort": 1.0}).routes.row(0, named=True)
    assert [row[f"effort_team_years{end}"] for end in ("_low", "", "_high")] == [1, 4, 4]


def test_probabilities_keep_their_sum():
    """What controls take, the scenario without any gives; never more than there is."""
    chain = uncertain(scenarios={"embargo": 0.3, "gas": 0.2, "none": 0.5})
    assert chain.scenarios["scenario"].to_list() == ["embargo", "gas", "none"]
    low, high = pl.Series([0.1, 0.1, 0.4]), pl.Series([0.7, 0.6, 0.6])
    chain = replace(chain, scenarios=chain.scenarios.with_columns(probability_low=low, probability_high=high))
    low = varied(chain, {"probability": 0.0}).scenarios["probability"].to_list()
    high = varied(chain, {"probability": 1.0}).scenarios["probability"].to_list()
    assert low == pytest.approx([0.1, 0.1, 0.8])
    assert high == pytest.approx([0.7 / 1.3, 0.6 / 1.3, 0.0])


def test_what_has_a_range():
    chain = ranges()
    assert [name for name in FACTORS if ranged(chain, "AAA", name)] == ["feasibility", "surge"]
    with pytest.raises(QuestionError, match="is surge meant"):
        varied(chain, {"surges": 0.5})
    with pytest.raises(QuestionError, match="lies between 0"):
        varied(chain, {"surge": 1.5})


QUICK = {"samples": 8, "risk_aversion": 0.0, "gap": 1e-3, "workers": 1}


def test_the_factor_that_flips_the_plan_shows_up_and_one_that_cannot_matter_is_zero():
    """Bold beats sure from feasibility 2/3 on; it wins 1.8 a unit of feasibility where it is chosen."""
    pytest.importorskip("SALib")
    found = sensitivity(ranges(), "AAA", draws=2, **QUICK)
    assert len(found) == len(FACTORS)
    rows = {row["factor"]: row for row in found.iter_rows(named=True)}
    assert found["factor"][0] == "feasibility"
    assert rows["feasibility"]["mu_star_loss"] > 0.3
    assert rows["feasibility"]["mu_star_portfolio"] == 1.0
    assert "100% of the projects change" in rows["feasibility"]["sentence"]
    for name in ("surge", "money"):
        assert [rows[name][c] for c in ("mu_star_loss", "sigma_loss", "mu_star_portfolio")] == [0, 0, 0]
    assert "neither" in rows["surge"]["sentence"]
    assert "no range" in rows["money"]["sentence"]


def test_parts_of_variance():
    pytest.importorskip("SALib")
    found = sensitivity(ranges(), "AAA", method="sobol", draws=16, factors=["surge", "feasibility"], **QUICK)
    first = found.row(0, named=True)
    assert first["factor"] == "feasibility"
    assert first["total_loss"] == pytest.approx(1.0, abs=0.25)
    assert first["total_portfolio"] > 0.5
    last = found.row(1, named=True)
    assert [last[c] for c in ("first_loss", "total_loss", "total_portfolio")] == pytest.approx(
        [0, 0, 0], abs=1e-12
    )


def test_sensitivity_asks_for_what_it_can_answer():
    with pytest.raises(QuestionError, match="morris, sobol"):
        sensitivity(ranges(), "AAA", method="guess")
    with pytest.raises(QuestionError, match="power of two"):
        sensitivity(ranges(), "AAA", method="sobol", draws=3)
    with pytest.raises(QuestionError, match="is surge meant"):
        sensitivity(ranges(), "AAA", factors=["surges"])


def test_sensitivity_says_what_it_lacks(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "SALib.analyze", None)
    with pytest.raises(QuestionError, match="sensitivity needs SALib: pip install"):
        sensitivity(ranges(), "AAA")


def test_robustness_is_the_share_of_the_range_in_which_a_project_is_funded():
    """Feasibility runs from 0.4 to 1; bold is chosen above 2/3, in five ninths of it."""
    found = robustness(ranges(), "AAA", draws=9, **(QUICK | {"samples": 20}))
    rows = {row["project"]: row for row in found.iter_rows(named=True)}
    assert rows["bold"]["share"] + rows["sure"]["share"] == pytest.approx(1.0)
    assert rows["bold"]["share"] == pytest.approx(5 / 9, abs=0.12)
    assert rows["bold"]["in_plan"]
    assert not rows["sure"]["in_plan"]
    certain = robustness(rivals(), "AAA", draws=2, **QUICK)
    assert set(certain["share"]) == {1.0}
