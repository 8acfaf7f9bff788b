"""Planning again: what is lived through, against perfect information, on real chains and on one where it must pay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from plan_chains import build, effort, money, people, planning_chain, route

import wholenation as wn
from wholenation.lp import Status
from wholenation.plans.course import Course, observe
from wholenation.plans.optimum import optimum
from wholenation.plans.replan import replan
from wholenation.plans.setting import draw, to_setting
from wholenation.stochastic.two_stage import Risk

ROOT = Path(__file__).parents[1]
FEW = {"samples": 5, "histories": 4, "gap": 0.0}


@pytest.fixture(scope="module")
def rivals() -> wn.Chain:
    """Two projects that compete for the same people; the first may prove impossible within a year."""
    return planning_chain(
        projects=[build(kind="develop", capex_musd=20), build("more", kind="develop", capacity=0.3)],
        routes=[
            route("plant", "p", feasibility=0.5, teams_max=2, gate_years=1) | effort(1, 2, 4),
            route("more", "q", feasibility=1.0, teams_max=2) | effort(0.5, 1, 3),
        ],
        staffing=[
            {"project": "plant", "route": "p", "resource": "engineers", "per_team": 10},
            {"project": "more", "route": "q", "resource": "engineers", "per_team": 10},
        ],
        pools=[*money({2026: 60, 2028: 40}), *people(15)],
    )


def losses(found: wn.Policy) -> dict[str, float]:
    return dict(found.summary.select("way", "loss").iter_rows())


@pytest.mark.parametrize("step", [1, 2])
def test_hindsight_loses_least_in_every_history(rivals: wn.Chain, step: int) -> None:
    found = wn.simulate_policy(rivals, "AAA", every=step, **FEW)
    rows = found.histories
    for way in ("none", "fixed", "policy"):
        assert (rows["loss_perfect"] <= rows[f"loss_{way}"] + 2e-4).all()
    assert losses(found)["fixed"] <= losses(found)["none"] + 1e-6


def test_money_that_a_gate_frees_is_worth_something(rivals: wn.Chain) -> None:
    """Where the plant proves impossible, its people and money go to the other project; else it goes on."""
    found = wn.simulate_policy(rivals, "AAA", every=1, **FEW)
    by = losses(found)
    assert by["perfect"] < by["policy"] < by["fixed"]
    assert found.value_of_adaptation == pytest.approx(by["fixed"] - by["policy"])


def test_the_same_seed_lives_the_same_lives(rivals: wn.Chain) -> None:
    one, two = (wn.simulate_policy(rivals, "AAA", workers=w, **FEW) for w in (1, 2))
    assert one.histories.equals(two.histories)
    assert one.decisions.equals(two.decisions)


def test_without_chance_nothing_is_learned() -> None:
    sure = planning_chain(projects=[build()], pools=money({2026: 100}))
    found = losses(wn.simulate_policy(sure, "AAA", **FEW))
    assert found["policy"] == pytest.approx(found["fixed"], abs=2e-4)
    assert found["perfect"] == pytest.approx(found["fixed"], abs=2e-4)


def test_scenarios_that_evidence_rules_out_do_not_end_a_policy() -> None:
    """On a real chain: once only futures without a loss agree, the plan goes on."""
    chain = wn.read_chain(ROOT / "examples" / "critical-minerals")
    found = wn.simulate_policy(chain, "USA", samples=5, histories=5, workers=1)
    assert found.histories["weight"].sum() == pytest.approx(1.0)
    assert losses(found)["perfect"] <= losses(found)["policy"] <= losses(found)["none"]
    wide = found.summary.filter(pl.col("way") == "none")
    assert wide["high"][0] > wide["low"][0], "one history a scenario leaves much open"


def test_reasons_hold_for_what_is_reversed(rivals: wn.Chain) -> None:
    """Each exact loss is that of a plan with the choice forced, made on its own."""
    settings = {"samples": 5, "gap": 0.0, "evaluate": 0}
    made = wn.plan(rivals, "AAA", explain=20, **settings)
    assert sorted(made.reasons["project"]) == sorted(rivals.projects["project"])
    exact = made.reasons.filter(pl.col("exact"))
    assert len(exact)
    for row in exact.iter_rows(named=True):
        reverse = {"exclude" if row["decision"] == "in" else "require": [row["project"]]}
        other = wn.plan(rivals, "AAA", **reverse, **settings)
        assert row["loss_if_reversed"] == pytest.approx(other.objective - made.objective, abs=5e-4)
        assert row["at_least"] <= other.objective - made.objective + 5e-4


def test_matched_money_that_came_first_stands_when_a_route_ends_early() -> None:
    """Industry matches what the Treasury pays, which is due only after the route has succeeded already."""
    chain = planning_chain(
        projects=[build(kind="develop", capex_musd=1)],
        routes=[route("plant", "p", feasibility=1.0, teams_max=1) | effort(1, 2, 4)],
        pools=[
            *money({2027: 100}),
            *money({2026: 100}, "Industry", match_ratio=1.0),
        ],
    )
    setting = to_setting(chain, "AAA")
    drawn = draw(setting, 20, 0)
    before = optimum(setting, drawn, Risk(0.0, 0.5), gap=0.0)
    assert before.decision.chosen.any()
    begun = Course(setting.menu, before.decision, np.full(len(setting.menu.profile_start), np.inf))
    spent = before.decision.money.sum(axis=1)[:, 0]
    assert spent[[pool.contributor for pool in setting.menu.pools].index("Industry")] > 0
    evidence = observe(begun, setting.menu.effort[:, 0], 2027.0)
    found = replan(setting, before.decision, evidence, samples=20, gap=0.0)
    assert found.status is Status.OPTIMAL
    # What is built already goes on working: nothing is lost by what industry paid first.
    assert found.objective <= before.value + 1e-6
