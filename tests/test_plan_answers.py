"""What users may rely on: nothing hurts that should not, units are units, limits are named, seeds repeat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from plan_chains import EMBARGO, build, effort, money, planning_chain, route
from polars.testing import assert_frame_equal
from test_plans import after, before, best, everything_chain, funded, rival_chain

from wholenation.chain import Chain
from wholenation.errors import QuestionError
from wholenation.lp import Status
from wholenation.plans import Plan, budget_frontier, difference, plan
from wholenation.plans.setting import FRESH, draw, to_setting
from wholenation.stress import stress

GAP = 0.01
FRAMES = ("loss", "evaluation", "portfolio", "spending", "pools", "rejected")


def quick(chain: Chain, **settings) -> Plan:
    return plan(chain, "AAA", **({"samples": 5, "evaluate": 0, "gap": GAP} | settings))


# --- Nothing hurts


def test_no_project_makes_the_loss_worse():
    """Adding the projects one by one, in two orders, never raises the objective by more than the gap."""
    chain = everything_chain()
    names = chain.projects["project"].to_list()
    for order in (names, names[::-1]):
        found = [quick(chain, exclude=order[count:]) for count in range(len(order) + 1)]
        values = [one.objective for one in found]
        for less, more in zip(found, found[1:], strict=False):
            assert more.objective <= less.objective * (1 + GAP) + 2e-4
            assert more.bound <= less.bound + less.objective * GAP + 2e-4
        assert values[-1] < values[0] - 0.3


def test_more_budget_never_hurts():
    chain = everything_chain()
    frame = budget_frontier(
        chain, "AAA", (0, 20, 60, 120, 250, 500, 1e4, 2e4), samples=5, gap=GAP, risk_aversion=0.0
    ).points
    losses = frame["expected_loss"].to_list()
    for less, more in zip(losses, losses[1:], strict=False):
        assert more <= less * (1 + GAP) + 2e-4
    assert losses[0] > losses[3] + 0.1
    # Beyond all need, more changes nothing.
    assert losses[-2] == pytest.approx(losses[-1], rel=GAP, abs=2e-4)
    assert frame.columns == ["budget_musd", "expected_loss", "cvar", "gap", "per_billion"]
    assert frame["per_billion"][0] is None
    saved = (losses[0] - losses[1]) / 20 * 1000
    assert frame["per_billion"][1] == pytest.approx(saved)


def test_a_budget_of_nothing_funds_nothing():
    found = quick(everything_chain(), budget=0)
    assert found.status is Status.OPTIMAL
    assert found.spending.is_empty()
    assert found.portfolio.is_empty()
    for measure in ("expected", "cvar", "worst"):
        assert after(found, measure) == before(found, measure)
    assert set(found.rejected["project"]) == set(everything_chain().projects["project"])
    assert found.bound == pytest.approx(found.objective, rel=1e-3)


def test_a_budget_beyond_all_need_leaves_what_is_unavoidable():
    """The plant stands in 2027 at the earliest: 0.6 is lost whatever is spent, and no more is spent than it costs."""
    chain = planning_chain(projects=[build()], pools=money({2026: 1}))
    found = [quick(chain, budget=budget) for budget in (100, 1e3, 1e6, 1e9)]
    for one in found:
        assert after(one) == pytest.approx(0.6, abs=1e-5)
        assert one.spending["musd"].sum() == pytest.approx(100, rel=1e-3)


def test_a_loss_that_can_be_avoided_altogether_is():
    chain = planning_chain(
        projects=[build()], pools=money({2026: 1000}), controls=[EMBARGO | {"start": "2028-01-01"}]
    )
    found = quick(chain)
    assert after(found) == pytest.approx(0.0, abs=1e-6)
    assert 0 <= found.bound <= found.objective + 1e-9
    assert found.gap <= GAP


def test_denying_more_never_helps():
    partly = [{**EMBARGO, "coverage": 0.5}]
    values = [
        quick(everything_chain(controls=[*controls, *everything_chain_controls()])).objective
        for controls in (partly, [EMBARGO])
    ]
    assert values[0] <= values[1] * (1 + GAP)


def everything_chain_controls() -> list[dict]:
    return [
        {"scenario": s, "controller": "CCC", "kind": "item", "start": "2029-01-01"} for s in ("both", "late")
    ]


# --- What must change nothing


def same_plan(one: Plan, two: Plan, *, musd: float = 1.0) -> None:
    """The same portfolio and losses, with every sum of money in the second one `musd` times that in the first."""
    assert two.objective == pytest.approx(one.objective, rel=1e-9)
    assert_frame_equal(one.loss, two.loss, rel_tol=1e-9)
    sums = [column for column in ("cost_musd", "capex_musd") if column in one.portfolio.columns]
    assert_frame_equal(
        one.portfolio.with_columns(pl.col(sums) * musd), two.portfolio, rel_tol=1e-6, abs_tol=1e-6
    )
    assert_frame_equal(
        one.spending.with_columns(pl.col("musd") * musd), two.spending, rel_tol=1e-6, abs_tol=1e-6
    )
    assert (one.decision.chosen == two.decision.chosen).all()


@pytest.mark.parametrize("factor", [2.0, 1000.0])
@pytest.mark.parametrize("budget", [None, 150.0])
def test_another_unit_of_money_changes_nothing_but_the_unit(factor, budget):
    chain = everything_chain()
    times = {
        "projects": ["capex_musd"],
        "routes": ["team_year_musd"],
    }
    ends = ("", "_low", "_high")
    dear = replace(
        chain,
        **{
            table: chain.table(table).with_columns(pl.col([c + e for c in columns for e in ends]) * factor)
            for table, columns in times.items()
        },
        pools=chain.pools.with_columns(
            pl.when(pl.col("resource") == "money").then(pl.col(c) * factor).otherwise(pl.col(c)).alias(c)
            for c in ("amount", "amount_low", "amount_high")
        ),
    )
    one = quick(chain, budget=budget)
    two = quick(dear, budget=budget and budget * factor)
    assert len(funded(one)) >= 2
    same_plan(one, two, musd=factor)
    cash = [p.pools.filter(resource="money") for p in (one, two)]
    np.testing.assert_allclose(cash[0]["used"] * factor, cash[1]["used"], rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(cash[0]["price"], cash[1]["price"] * factor, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["item", "capital", "service"])
def test_a_control_after_the_horizon_changes_nothing(kind):
    chain = everything_chain()
    late = {"controller": "CCC", "kind": kind, "start": "2031-01-01"}
    controls = [*rows_of(chain), *({"scenario": s} | late for s in ("embargo", "late"))]
    same_plan(quick(chain), quick(everything_chain(controls=controls)))


def rows_of(chain: Chain) -> list[dict]:
    columns = ("scenario", "controller", "kind", "item", "item_kind", "start", "coverage")
    return chain.controls.select(columns).to_dicts()


def test_a_scenario_that_never_comes_changes_nothing():
    controls = [EMBARGO, EMBARGO | {"scenario": "never", "item": "gas"}]
    tables = {"projects": [build()], "pools": money({2026: 60})}
    one = quick(planning_chain(scenarios={"embargo": 0.5}, **tables))
    two = quick(planning_chain(scenarios={"embargo": 0.5, "never": 0.0}, controls=controls, **tables))
    same_plan(one, two)


def test_one_seed_one_plan():
    chain = everything_chain()
    one, two = (plan(chain, "AAA", samples=6, evaluate=30, seed=4) for _ in range(2))
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    assert (one.objective, one.bound, one.gap) == (two.objective, two.bound, two.gap)
    setting = to_setting(chain, "AAA")
    assert (draw(setting, 6, 4).effort != draw(setting, 6, 5).effort).any()
    other = plan(chain, "AAA", samples=6, evaluate=30, seed=5)
    assert other.objective != one.objective


def test_the_order_of_rows_changes_nothing():
    chain = everything_chain()
    turned = replace(
        chain, **{name: chain.table(name).reverse() for name in ("projects", "routes", "staffing", "pools")}
    )
    same_plan(quick(chain), quick(turned))


# --- Limits that conflict


def test_requirements_without_money_name_the_money_and_the_project():
    found = quick(everything_chain(), budget=0, require=["tool_own"])
    assert found.status is Status.INFEASIBLE
    # Treasury or bank would do (the bank only with another's money, so that it is no way out by itself).
    assert "project tool_own is required" in found.conflicts
    assert "the money of Treasury is limited" in found.conflicts
    assert not any("Region" in limit or "Guest" in limit for limit in found.conflicts), (
        "they may not pay for tools"
    )
    assert not any(
        name in limit for limit in found.conflicts for name in ("engineers", "laboratories", "loss")
    )
    assert np.isnan(found.objective)
    assert found.portfolio.is_empty()
    assert found.loss["after"].is_null().all()
    assert found.loss["before"].is_not_null().all()
    assert np.isnan(found.gap), "nothing was proved"


def test_of_two_requirements_only_those_that_conflict_are_named():
    chain = planning_chain(
        projects=[build("a"), build("b", capex_musd=30), build("c", capex_musd=1)], pools=money({2026: 101})
    )
    assert quick(chain, require=["a", "c"]).status is Status.OPTIMAL
    found = quick(chain, require=["a", "b", "c"])
    assert set(found.conflicts) == {
        "project a is required", "project b is required", "the money of Treasury is limited",
    }  # fmt: skip


def test_people_can_be_the_limit():
    chain = everything_chain()
    few = chain.pools.with_columns(
        pl.when(pl.col("resource") == "laboratories").then(0.0).otherwise(pl.col("amount")).alias("amount")
    )
    found = quick(replace(chain, pools=few), require=["tool_own"])
    assert set(found.conflicts) == {"project tool_own is required", "laboratories is limited in 2028"}


def test_a_requirement_that_no_limit_explains():
    """Research that takes longer than the horizon cannot be required."""
    chain = planning_chain(
        projects=[build(kind="develop")], routes=[route("plant", effort=99)], pools=money({2026: 1e4})
    )
    assert quick(chain, require=["plant"]).conflicts == (
        "project plant is required, but none of its routes can succeed within the horizon",
    )


def test_a_loss_that_nothing_can_reach_is_named_alone():
    found = quick(everything_chain(), max_loss=1e-3)
    assert found.status is Status.INFEASIBLE
    assert found.conflicts == ("the loss may not exceed 0.001 years of output",)


def test_a_loss_that_money_could_reach_names_the_money():
    chain = planning_chain(projects=[build()], pools=money({2026: 50}))
    found = quick(chain, max_loss=1.0)
    assert set(found.conflicts) == {
        "the loss may not exceed 1 years of output", "the money of Treasury is limited",
    }  # fmt: skip
    kept = quick(chain, max_loss=1.81)
    assert kept.status is Status.OPTIMAL
    assert kept.objective <= 1.81


def test_a_loss_that_only_half_a_profile_could_reach_names_what_conflicts():
    """Half of a team would do and could be paid for, but a team is whole: only the money is to blame."""
    chain = planning_chain(
        projects=[build(kind="develop", capex_musd=0)],
        routes=[route("plant", effort=1)],
        pools=[*money({2026: 6}), *money({2026: 6}, "Region", earmark_item="chip")],
    )
    found = quick(chain, max_loss=2.2)
    assert found.status is Status.INFEASIBLE
    assert set(found.conflicts) == {
        "the loss may not exceed 2.2 years of output", "the money of Treasury is limited",
    }  # fmt: skip


@pytest.mark.parametrize("aversion", [0.0, 0.5, 1.0])
def test_the_most_loss_is_meant_as_the_objective(aversion):
    settings = {"risk_aversion": aversion, "tail": 0.6, "gap": 0.0}
    least = quick(rival_chain(), **settings).objective
    assert quick(rival_chain(), max_loss=least * 0.99, **settings).status is Status.INFEASIBLE
    kept = quick(rival_chain(), max_loss=least * 1.01, **settings)
    assert kept.status is Status.OPTIMAL
    assert kept.objective <= least * 1.01


def test_a_required_project_is_funded_whatever_it_is_worth():
    chain = everything_chain()
    found = quick(chain, require=["school", "gas_stock"])
    assert {"school", "gas_stock"} <= funded(found)
    assert "gas_own" not in funded(quick(chain, exclude=["gas_own"]))


# --- Questions that cannot be answered


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"require": ["tool_owm"]}, "is tool_own meant"),
        ({"exclude": ["scool"]}, "is school meant"),
        ({"require": ["school"], "exclude": ["school"]}, "school.*required and excluded"),
        ({"samples": 0}, "samples is 0"),
        ({"samples": 10_001}, "samples is"),
        ({"risk_aversion": 1.1}, "between 0 and 1"),
        ({"risk_aversion": float("nan")}, "risk aversion"),
        ({"tail": 1.0}, "tail"),
        ({"tail": -0.1}, "tail"),
        ({"budget": -1.0}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"budget": float("inf")}, "budget"),
        ({"max_loss": -1.0}, "loss"),
        ({"max_loss": float("nan")}, "loss"),
        ({"gap": -0.1}, "gap"),
        ({"time_limit": 0.0}, "time limit"),
        ({"time_limit": float("nan")}, "time limit"),
        ({"evaluate": -1}, "evaluat"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_questions_are_refused(settings, said):
    with pytest.raises(QuestionError, match=said):
        quick(everything_chain(), **settings)


def test_an_unknown_home_is_refused():
    with pytest.raises(QuestionError, match="AAA"):
        plan(everything_chain(), "CCC")


# --- Evaluation, frames, reasons


def test_the_confidence_interval_holds_the_long_run_mean():
    """The plant is there from 2028 on (1.2 lost) in 0.7 of the futures; else 3 are lost."""
    chain = planning_chain(
        projects=[build(kind="develop")],
        routes=[route("plant", effort=1, feasibility=0.7, correlation=0.5)],
        pools=money({2026: 200}),
        scenarios={"embargo": 0.3},
    )
    exact = 0.3 * (0.7 * 1.2 + 0.3 * 3)
    inside = 0
    for seed in range(20):
        found = plan(chain, "AAA", samples=3, evaluate=60, seed=seed)
        row = found.evaluation.filter(measure="expected", when="after").row(0, named=True)
        assert row["low"] < row["mean"] < row["high"]
        inside += row["low"] <= exact <= row["high"]
        half = 1.96 * 0.3 * 1.8 * np.sqrt(0.7 * 0.3 / 60)
        assert row["high"] - row["mean"] == pytest.approx(half, rel=0.4)
    assert inside >= 17
    first = found.evaluation.row(0, named=True)
    assert (first["measure"], first["when"], first["mean"]) == ("expected", "before", pytest.approx(0.3 * 3))


def test_fresh_draws_are_fresh():
    found = quick(everything_chain(), evaluate=5)
    row = found.evaluation.filter(measure="expected", when="after").row(0, named=True)
    assert row["mean"] != pytest.approx(after(found), rel=1e-6)
    setting = to_setting(everything_chain(), "AAA")
    planned, fresh = draw(setting, 20, 0), draw(setting, 20, FRESH)
    varying = np.isfinite(planned.effort) & np.isfinite(fresh.effort)
    assert (planned.effort != fresh.effort)[varying].mean() > 0.9


COLUMNS = {
    "loss": ["measure", "before", "after"],
    "evaluation": ["measure", "when", "mean", "low", "high"],
    "portfolio": [
        "project", "name", "item", "kind", "route", "start", "end", "ready", "teams", "gate", "cost_musd",
        "capex_musd", "reason", "loss_if_left_out",
    ],
    "spending": ["contributor", "project", "year", "musd"],
    "pools": ["contributor", "resource", "year", "available", "used", "price"],
    "rejected": ["project", "name", "kind", "reason"],
}  # fmt: skip


@pytest.mark.parametrize("settings", [{}, {"budget": 0.0}, {"budget": 0.0, "require": ["tool_own"]}])
def test_frames_have_their_columns_and_types_also_when_empty(settings):
    found = quick(everything_chain(), evaluate=10, **settings)
    full = quick(everything_chain(), evaluate=10)
    for name, columns in COLUMNS.items():
        frame = getattr(found, name)
        assert [c for c in frame.columns if c in columns] == columns, name
        assert frame.schema == getattr(full, name).schema, name
    assert len(found.loss) == 3
    assert set(funded(found)) | set(found.rejected["project"]) == set(everything_chain().projects["project"])


def test_reasons_say_what_would_be_lost():
    found = quick(everything_chain(), gap=0.0)
    losses = dict(found.portfolio.select("project", "loss_if_left_out").iter_rows())
    setting = to_setting(everything_chain(), "AAA")
    drawn = draw(setting, 5, 0)
    for project, worth in losses.items():
        p = found.menu.project.index(project)
        without = setting.judge.losses(found.decision.without(found.menu, p), drawn)
        mean = setting.judge.losses(found.decision, drawn)
        more = 0.75 * drawn.weight @ (without - mean)
        assert worth >= more - 1e-9
    assert found.portfolio["reason"].str.len_chars().min() > 10


def test_rejected_projects_say_why():
    chain = planning_chain(
        needed=("gas",),
        projects=[
            build("gas_plant"), build("tool_plant", item="tool"), build("dear", capex_musd=1e6),
            build("orphan", home="AAA", kind="stockpile"),
        ],
        pools=money({2026: 100}, earmark_kind="build"),
    )  # fmt: skip
    reasons = dict(quick(chain).rejected.select("project", "reason").iter_rows())
    assert "no scenario" in reasons["tool_plant"]
    assert "other projects" in reasons["dear"]
    assert "no contributor" in reasons["orphan"]


def test_training_that_is_not_needed_is_not_blamed_on_scenarios():
    reasons = dict(quick(everything_chain(), budget=0).rejected.select("project", "reason").iter_rows())
    assert "scenario" not in reasons["school"]


# --- Stress with a plan


@pytest.mark.parametrize("step", ["year", "quarter"])
def test_a_plan_never_lowers_output(step):
    chain = everything_chain()
    made = quick(chain, budget=400)
    assert len(funded(made)) >= 3
    found = stress(chain, "AAA", step=step, plan=made)
    losses = found.summary.pivot("plan", index="scenario", values="loss")
    assert (losses["true"] <= losses["false"] + 1e-6).all()
    assert (losses["true"] < losses["false"] - 0.01).any()
    keys = ["scenario", "mission", "time"]
    both = found.table.filter(pl.col("plan")).join(found.table.filter(~pl.col("plan")), on=keys)
    assert len(both) == len(found.table) // 2
    # Year by year a plan may only use stocks in another order; in sum it never loses.
    assert (
        both.group_by("scenario").agg((pl.col("output") - pl.col("output_right")).sum())["output"].min()
        >= -1e-6
    )


def test_stress_with_a_sure_plan_loses_what_the_plan_says():
    found = best(planning_chain(projects=[build()], pools=money({2026: 50, 2028: 50})))
    chain = planning_chain(projects=[build()], pools=money({2026: 50, 2028: 50}))
    outcome = stress(chain, "AAA", plan=found)
    assert outcome.summary.filter(pl.col("plan"))["loss"][0] == pytest.approx(after(found))


def test_stress_takes_the_most_likely_effort():
    """Mastered after two years (the least is a month, the most three), at work a year later: 1.8 are lost."""
    chain = planning_chain(
        projects=[build(kind="develop")],
        routes=[route("plant") | effort(0.1, 2, 3)],
        pools=money({2026: 500}),
    )
    summary = stress(chain, "AAA", plan=best(chain, require=["plant"])).summary
    assert summary.filter(pl.col("plan"))["loss"][0] == pytest.approx(1.8)


def test_stress_keeps_a_foreign_plant_that_stood_before_investment_was_denied():
    controls = [
        EMBARGO,
        {"scenario": "embargo", "controller": "CCC", "kind": "capital", "start": "2029-01-01"},
    ]
    chain = planning_chain(
        projects=[build(kind="attract", jurisdiction="CCC")], pools=money({2026: 100}), controls=controls
    )
    found = best(chain)
    assert after(found) == pytest.approx(0.6)
    for step, loss in (("year", 0.6), ("quarter", None)):
        summary = stress(chain, "AAA", step=step, plan=found).summary
        with_plan = summary.filter(pl.col("plan"))["loss"][0]
        assert with_plan <= 0.6 + 1e-6
        assert loss is None or with_plan == pytest.approx(loss)


def test_a_new_supplier_who_denies_is_of_no_use_in_stress_either():
    chain = planning_chain(
        projects=[build(kind="diversify", jurisdiction="CCC")],
        pools=money({2026: 100}),
        scenarios={"embargo": 0.5, "both": 0.5},
        controls=[
            EMBARGO,
            EMBARGO | {"scenario": "both"},
            EMBARGO | {"scenario": "both", "controller": "CCC"},
        ],
    )
    summary = stress(chain, "AAA", plan=best(chain)).summary
    losses = dict(summary.filter(pl.col("plan")).select("scenario", "loss").iter_rows())
    assert losses == pytest.approx({"embargo": 0.6, "both": 5.0})


# --- Stopping early


def test_a_moment_is_enough_for_some_plan():
    found = quick(rival_chain(), time_limit=1e-6)
    assert found.status in (Status.TIME_LIMIT, Status.OPTIMAL)
    assert found.objective <= max(before(found), before(found, "cvar")) + 1e-9
    assert found.bound <= found.objective


HARD = """
    import os, signal, sys, threading, time
    import numpy as np
    from scipy import sparse
    from wholenation.lp import Problem, Solver

    # Split a market (Cornuejols and Dawande 1998): a handful of equations that branching cannot prove.
    rng = np.random.default_rng(0)
    rows, columns = 6, 60
    split = rng.integers(0, 100, (rows, columns)).astype(float)
    matrix = sparse.csr_matrix(np.hstack([split, np.eye(rows), -np.eye(rows)]))
    cost = np.concatenate([np.zeros(columns), np.ones(2 * rows)])
    upper = np.concatenate([np.ones(columns), np.full(2 * rows, np.inf)])
    half = np.floor(split.sum(axis=1) / 2)
    problem = Problem(cost, np.zeros(len(cost)), upper, matrix, half, half, np.arange(len(cost)) < columns)
    told = (lambda *_: None) if sys.argv[1] == "told" else None
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    try:
        answer = Solver(problem).solve(time_limit=20, progress=told)
    except KeyboardInterrupt:
        print("KeyboardInterrupt", time.monotonic() - start < 10)
    else:
        print(answer.status.name, time.monotonic() - start < 10)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal to one process")
@pytest.mark.parametrize("progress", ["told", "silent"])
def test_ctrl_c_ends_with_the_plan_found_so_far(progress):
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HARD), progress],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.stdout.split() == [Status.INTERRUPTED.name, "True"], found.stderr[-500:]


@pytest.mark.parametrize("setting", ["require", "exclude"])
def test_a_text_is_no_list_of_projects(setting):
    with pytest.raises(QuestionError, match=f"{setting} is the text 'plant'; it is a list of names"):
        quick(planning_chain(projects=[build()], pools=money({2026: 500})), **{setting: "plant"})


def test_a_plan_that_decides_nothing_is_not_compared():
    chain = planning_chain(projects=[build()], pools=money({2026: 500}))
    with pytest.raises(QuestionError, match="the second plan decides nothing: no plan keeps all limits"):
        difference(quick(chain), quick(chain, budget=0, require=["plant"]))
    with pytest.raises(QuestionError, match="the first is no plan but int"):
        difference(3, quick(chain))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("verb", ["sensitivity", "policy"])
def test_ctrl_c_ends_a_verb_of_many_plans(verb):
    """Not only the plan that runs just then."""
    chain = str(Path(__file__).parents[1] / "examples" / "semiconductors")
    asked = [verb, chain, "--home", "CHN", "--samples", "5", "--gap", "0.02"]
    more = {"sensitivity": ["--draws", "8"], "policy": ["--histories", "40"]}[verb]
    words = [sys.executable, "-m", "wholenation", *asked, *more]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            time.sleep(6)
            running.send_signal(signal.SIGINT)
            _, told = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert told.decode().strip() == "wholenation: stopped; no file was left half written"
