"""Output over time under scenarios: tables that agree with each other, recovery, dates, availability."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from edits import with_controls, with_row, with_values
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import chains

from wholenation.capability import Capability, Horizon, Limits, targets, to_horizon
from wholenation.chain import Chain, read_chain
from wholenation.errors import QuestionError
from wholenation.network import Network, to_network
from wholenation.scenarios import Denial, denial, under
from wholenation.stress import Outcomes, availability, stress

ROOT = Path(__file__).parents[1]


def output(outcomes: Outcomes, scenario: str = "s") -> list[float]:
    return outcomes.table.filter(pl.col("scenario") == scenario)["output"].to_list()


def summary(outcomes: Outcomes, scenario: str = "s") -> dict[str, Any]:
    return outcomes.summary.row(by_predicate=pl.col("scenario") == scenario, named=True)


def under_control(chain: Chain, step: str = "year", horizon: float | None = None, **control: Any) -> Outcomes:
    """Stress under one control; `horizon` is the year with which it starts."""
    return stress(with_controls(chain, control), "AAA", step=step, start=horizon)


# By hand


def test_the_toy_scenarios_by_hand(toy_chain: Chain) -> None:
    outcomes = stress(toy_chain, "AAA")
    assert outcomes.summary["scenario"].to_list() == ["none", "embargo", "service", "entity"]
    assert output(outcomes, "none") == pytest.approx([1] * 5)
    assert output(outcomes, "embargo") == pytest.approx([0.4 + 1 / 12, 0.4, 0.4, 0.4, 0.4])
    # Etch Corp makes 0.9 of Beland's 0.95; the rest comes with a surge of a tenth.
    arriving = 0.2 + 0.8 * (1 - 0.9 / 0.95) * 1.1
    base = [arriving + (1 - arriving) * 0.9**t for t in range(5)]
    assert output(outcomes, "entity") == pytest.approx([0.8 * installed + 0.2 for installed in base])


def test_the_summary_by_hand(toy_chain: Chain) -> None:
    outcomes = stress(toy_chain, "AAA")
    embargo = summary(outcomes, "embargo")
    assert embargo["loss"] == pytest.approx(5.2 - 2 - 1 / 12)
    assert (embargo["name"], embargo["probability"], embargo["plan"]) == ("Embargo by Beland", 0.3, False)
    assert embargo["first_bite"] == 2026.0
    assert embargo["lowest_time"] == 2030.0
    assert embargo["lowest_output"] == pytest.approx(0.4 / 1.2)
    assert embargo["recovered"] is None
    assert embargo["binding"] == "Resists"
    assert summary(outcomes, "entity")["binding"] == "Dry etcher"


def test_a_control_that_ends_is_recovered_from(toy_chain: Chain) -> None:
    steady = with_values(toy_chain, "missions", {}, target=1.0)
    outcomes = under_control(steady, "quarter", item="resist", start=date(2027, 1, 1), end=date(2027, 12, 31))
    row = summary(outcomes)
    # The stock of a month is used up first: three quarters at 0.4 follow a better one.
    assert output(outcomes)[3:9] == pytest.approx([1, 0.4 + 4 / 12, 0.4, 0.4, 0.4, 1])
    assert (row["first_bite"], row["recovered"], row["recovery_years"]) == (2027.0, 2028.0, 1.0)
    assert row["lowest_time"] == 2027.25
    assert row["loss"] == pytest.approx(0.6 - 1 / 12)


def test_stocks_that_suffice_are_no_bite(toy_chain: Chain) -> None:
    steady = with_values(toy_chain, "missions", {}, target=1.0)
    row = summary(under_control(steady, "month", item="wafer", end=date(2026, 6, 30)))
    # A quarter of a year of stock carries a fifth of the need for fifteen months.
    assert row["loss"] == pytest.approx(0.0, abs=1e-9)
    assert row["first_bite"] is row["lowest_time"] is row["recovered"] is row["recovery_years"] is None
    assert (row["lowest_output"], row["binding"]) == (pytest.approx(1.0), "")
    assert (
        summary(under_control(steady, "month", item="wafer", end=date(2027, 12, 31)))["first_bite"] == 2027.25
    )


def test_tools_bite_later_than_materials(toy_chain: Chain) -> None:
    tool = summary(under_control(toy_chain, "month", item="etcher_dry"))
    resist = summary(under_control(toy_chain, "month", item="resist"))
    assert resist["first_bite"] == pytest.approx(2026 + 1 / 12)
    assert tool["first_bite"] == pytest.approx(2026 + 1 / 12)
    assert tool["lowest_output"] > resist["lowest_output"]
    assert resist["loss"] > tool["loss"]


# Dates


def test_the_horizon_can_start_in_another_year(toy_chain: Chain) -> None:
    past = {"item": "resist", "start": date(2019, 7, 1), "end": date(2020, 6, 30)}
    now = under_control(toy_chain, "quarter", **past)
    then = under_control(toy_chain, "quarter", 2019.5, **past)
    assert summary(now)["loss"] == pytest.approx(0.2)
    assert then.table["time"].to_list() == [2019.5 + quarter / 4 for quarter in range(20)]
    # Mid-year is the morning of 2 July but for half a day, so the last day counts a little less.
    assert summary(then)["loss"] == pytest.approx(0.6 - 1 / 12, abs=0.01)
    assert summary(then)["recovered"] == pytest.approx(2020.5)


def test_moving_control_and_horizon_together_changes_nothing(toy_chain: Chain) -> None:
    steady = with_values(toy_chain, "missions", {}, target=1.0)
    here = under_control(steady, item="resist", start=date(2027, 1, 1), end=date(2027, 12, 31))
    past = {"item": "resist", "start": date(2018, 1, 1), "end": date(2018, 12, 31)}
    assert summary(under_control(steady, **past))["loss"] == pytest.approx(0.0, abs=1e-9)
    moved = under_control(steady, horizon=2017.0, **past)
    assert output(moved) == pytest.approx(output(here))
    assert summary(moved)["first_bite"] == summary(here)["first_bite"] - 9


def test_a_start_after_the_control_sees_nothing_of_it(toy_chain: Chain) -> None:
    control = {"item": "resist", "end": date(2026, 12, 31)}
    assert summary(under_control(toy_chain, **control))["loss"] > 0.5
    later = under_control(toy_chain, horizon=2027.0, **control)
    # From 2030 on the target is 1.2: two years of the moved horizon.
    assert summary(later)["loss"] == pytest.approx(0.4)


# Questions and choices


def test_unknown_codes_are_questions(toy_chain: Chain) -> None:
    with pytest.raises(QuestionError, match="no scenario 'nope'"):
        stress(toy_chain, "AAA", ["none", "nope"])
    with pytest.raises(QuestionError, match="no jurisdiction 'ZZZ'"):
        stress(toy_chain, "ZZZ")
    with pytest.raises(QuestionError, match="no mission for home 'CCC'"):
        stress(toy_chain, "CCC")
    with pytest.raises(QuestionError, match="not 'decade'"):
        stress(toy_chain, "AAA", step="decade")


def test_scenarios_are_chosen_in_the_order_asked_for_and_once(toy_chain: Chain) -> None:
    told: list[tuple[int, int, str]] = []
    chosen = stress(toy_chain, "AAA", ["entity", "none", "entity"], progress=lambda *said: told.append(said))
    assert chosen.summary["scenario"].to_list() == ["entity", "none"]
    assert told == [(1, 2, "entity"), (2, 2, "none")]
    whole = stress(toy_chain, "AAA")
    assert output(whole, "entity") == pytest.approx(output(chosen, "entity"))


def test_two_runs_are_identical(toy_chain: Chain) -> None:
    one, other = (stress(toy_chain, "AAA", step="quarter") for _ in range(2))
    for frame in ("table", "items", "summary"):
        assert getattr(one, frame).equals(getattr(other, frame))


class Replaced:
    """A plan that gives home all the resists it needs from 2028 on."""

    def expected_limits(self, network: Network, horizon: Horizon, limits: Limits, _: Denial) -> Limits:
        own = limits.own.copy()
        own[network.position["resist"], horizon.times >= 2028] = 1.0
        return limits.merged(own=own)


def test_a_plan_stands_beside_its_absence(toy_chain: Chain) -> None:
    outcomes = stress(with_controls(toy_chain, {"item": "resist"}), "AAA", plan=Replaced())
    without, with_plan = outcomes.summary.sort("plan").iter_rows(named=True)
    assert without["loss"] == pytest.approx(5.2 - 2 - 1 / 12)
    assert with_plan["loss"] == pytest.approx(2 * 0.6 - 1 / 12 + 0.2)
    assert outcomes.table.filter("plan")["output"].to_list() == pytest.approx([0.4 + 1 / 12, 0.4, 1, 1, 1])
    # The last year's target of 1.2 is missed with and without resists.
    assert with_plan["recovered"] is None


# What must hold


@settings(max_examples=25, deadline=None)
@given(chain=chains(), step=st.sampled_from(["year", "quarter"]))
def test_the_tables_agree(chain: Chain, step: str) -> None:
    outcomes = stress(chain, "AAA", step=step)
    row = summary(outcomes)
    network = to_network(chain, "AAA")
    horizon = to_horizon(network, step)
    target, weight = targets(network, horizon)
    short = target - np.array(outcomes.table["output"]).reshape(target.shape)
    assert row["loss"] == pytest.approx((weight * short).sum() * horizon.delta, abs=1e-3)
    served = np.where(target > 0, 1 - short / np.maximum(target, 1e-9), 1.0).min(axis=0)
    assert row["lowest_output"] == pytest.approx(served.min(), abs=1e-6)
    times = horizon.times[served < 1 - 1e-6]
    assert (row["first_bite"] is None) == (len(times) == 0)
    if len(times):
        assert row["first_bite"] == times[0]
        back = float(times[-1] + horizon.delta)
        assert row["recovered"] == (None if back >= horizon.end - 1e-9 else pytest.approx(back))
        assert row["first_bite"] <= row["lowest_time"]
    assert outcomes.items["availability"].is_between(0, 1).all()
    assert (outcomes.items["price"] >= 0).all()
    assert len(outcomes.items) == len(chain.items) * horizon.count


@settings(max_examples=30, deadline=None)
@given(chain=chains(calm=True), step=st.sampled_from(["year", "quarter"]))
def test_what_is_all_there_loses_nothing(chain: Chain, step: str) -> None:
    network = to_network(chain, "AAA")
    horizon = to_horizon(network, step)
    capability = Capability(network, horizon)
    assert availability(network, horizon, capability.base) == pytest.approx(1.0)
    limits = under(network, capability.base, denial(chain, network, horizon, "s"))
    if availability(network, horizon, limits).min() >= 1 - 1e-9:
        assert capability.solve(limits).loss == pytest.approx(0.0, abs=1e-6)


def test_availability_by_hand(toy_chain: Chain) -> None:
    items = stress(toy_chain, "AAA", ["embargo"]).items
    found = {
        item: part["availability"].to_list() for (item,), part in items.group_by("item", maintain_order=True)
    }
    dry = [0.2 + 0.8 * 0.9**t for t in range(5)]
    assert found["etcher_dry"] == pytest.approx(dry)
    assert found["etcher_wet"] == [1.0] * 5
    assert found["etch"] == pytest.approx([0.8 * installed + 0.2 for installed in dry])
    # 0.8 of the wafers arrive; the stock gives the rest for a year and a quarter.
    assert found["wafer"] == pytest.approx([1, 0.85, 0.8, 0.8, 0.8])
    assert found["resist"] == pytest.approx([0.4 + 1 / 12, 0.4, 0.4, 0.4, 0.4])
    assert found["chip"] == pytest.approx(found["resist"])


def test_idle_tools_are_not_available(toy_chain: Chain) -> None:
    alone = with_values(toy_chain, "jurisdictions", {"jurisdiction": "AAA"}, demand_share=None)
    items = under_control(alone, kind="service", controller="CCC").items
    wet = items.filter(pl.col("item") == "etcher_wet")["availability"].to_list()
    # Celand still delivers, with its surge of a tenth, so the base grows a little beyond what stands idle.
    base = [1 + 0.75 * 0.1 * (1 - 0.9**t) for t in range(5)]
    assert wet == pytest.approx([base[t] - 0.75 * (0.9**t - 0.5**t) for t in range(5)])


def test_what_home_does_not_use_is_not_missed(toy_chain: Chain) -> None:
    chain = with_row(
        toy_chain,
        "items",
        item="idler",
        name="Idler",
        kind="material",
        stage="materials",
        surge=0.0,
        basis="measured",
        source="toy",
    )
    chain = with_row(
        chain, "supply", item="idler", jurisdiction="BBB", share=1.0, basis="measured", source="toy"
    )
    items = under_control(chain, item="idler").items
    assert items.filter(pl.col("item") == "idler")["availability"].to_list() == [1.0] * 5


@pytest.mark.parametrize("step", ["year", "quarter", "month"])
def test_real_scenarios_in_every_step(step: str) -> None:
    chain = read_chain(ROOT / "examples" / "critical-minerals")
    outcomes = stress(chain, "USA", chain.scenarios["scenario"][:3], step=step)
    assert outcomes.step == step
    assert outcomes.items["availability"].is_between(0, 1).all()
    plain = summary(stress(chain, "USA", ["none"], step=step), "none")
    assert plain["loss"] == pytest.approx(0.0, abs=1e-9)


def test_a_group_that_is_short_from_the_start_counts_as_whole(toy_chain: Chain) -> None:
    """Availability is relative to the base year, whatever the rates of a group add up to."""
    for rate, wanted in ((0.25, 0.5), (0.5, 0.5), (1.0, 1.0)):
        chain = with_values(toy_chain, "needs", {"group": "etchers"}, rate=rate)
        network = to_network(chain, "AAA")
        horizon = to_horizon(network)
        base = Capability(network, horizon).base
        etch, dry = network.position["etch"], network.position["etcher_dry"]
        assert availability(network, horizon, base)[etch] == pytest.approx(1.0)
        # One of the two tools gone at once: half of the service, unless one alone is enough.
        lost = base.lost.copy()
        lost[dry] = 1.0
        none = base.merged(lost=lost, imports=base.imports * 0, own=np.where(base.own < 1, 0, base.own))
        assert availability(network, horizon, none)[etch, 0] == pytest.approx(wanted)
