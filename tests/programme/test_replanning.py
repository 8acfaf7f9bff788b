"""Planning again from gates: what the ledger says in the plan's own terms, and the new plan in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_programmes import begun
from plan_chains import build, effort, money, people, planning_chain, route

from wholenation.chain import Chain
from wholenation.errors import QuestionError
from wholenation.plans import plan
from wholenation.plans.course import Course, observe
from wholenation.plans.futures import nothing
from wholenation.plans.result import Plan
from wholenation.plans.setting import to_setting
from wholenation.programme.adoption import adopt
from wholenation.programme.gate_evidence import Progress, progress, year_of
from wholenation.programme.ledger import Draft
from wholenation.programme.office import Programme
from wholenation.programme.replanning import adopt_renewed, renew

SETTINGS: dict[str, Any] = {"samples": 8, "seed": 1, "risk_aversion": 0.0, "tail": 0.5, "gap": 0.0}
EUV, DPP = 1, 0  # routes by name


@dataclass
class Clock:
    """A clock that is set by hand."""

    day: str = "2026-01-01"

    def __call__(self) -> str:
        return f"{self.day}T00:00:00Z"


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Gas by optics, along one of two routes that may fail, or from a plant that costs four times as much."""
    return planning_chain(
        projects=[build("optics", kind="develop", capex_musd=40), build("plant", capex_musd=200)],
        routes=[
            route("optics", "euv", feasibility=0.9, **effort(1, 1.5, 2)),
            route("optics", "dpp", feasibility=0.6, **effort(1, 2, 3)),
        ],
        pools=[*money({2026: 30, 2027: 30, 2028: 30}), *people(100)],
    )


@pytest.fixture(scope="module")
def made(chain: Chain) -> Plan:
    found = plan(chain, "AAA", evaluate=0, **SETTINGS)
    assert [found.menu.route[found.menu.profile_route[f]] for f in np.flatnonzero(found.decision.chosen)] == [
        "euv"
    ]
    return found


@dataclass
class Office:
    """A programme of which the clock can be set."""

    programme: Programme
    clock: Clock
    course: Course

    def at(self, day: str, *drafts: Draft) -> None:
        self.clock.day = day
        self.programme.ledger.append(list(drafts))

    def told(self, day: str) -> Progress:
        return progress(self.programme.refresh(), self.course, day)


@pytest.fixture
def office(tmp_path: Path, chain: Chain, made: Plan) -> Iterator[Office]:
    """The plan adopted, and its optics awarded to two teams, one on each route, at the start of 2026."""
    clock = Clock()
    opened = [
        Draft(f"open-{name}", "bid.opened", "agency", {
            "bid": f"bid-{name}", "salt": "s", "content": {"approach": way},
        })
        for name, way in (("a1", "euv"), ("a2", "dpp"))
    ]  # fmt: skip
    with begun(tmp_path, *opened, now=clock, project="optics") as programme:
        adopt(programme, key="plan", actor="agency", adoption="plan", plan=made, chain=chain)
        course = Course(made.menu, made.decision, np.full(len(made.menu.profile_start), np.inf))
        yield Office(programme, clock, course)


def judged(name: str, milestone: str, accepted: bool) -> list[Draft]:
    shown = {"evidence": f"e{name}", "milestone": milestone, "sha256": "aa" * 32, "size": 1, "name": "f"}
    found = {"evaluation": f"v{name}", "evidence": f"e{name}", "evaluator": "house", "accepted": accepted,
             "measured": 6.0 if accepted else 1.0}  # fmt: skip
    return [
        Draft(f"e{name}", "evidence.submitted", "team1", shown),
        Draft(f"v{name}", "evaluation.given", "house", found),
    ]


def kill(award: str, decision: str = "kill") -> Draft:
    body = {"gate": f"g-{award}", "award": award, "decision": decision, "reason": "as tested"}
    return Draft(f"g-{award}", "gate.decided", "agency", body)


def test_a_day_is_a_part_of_its_year() -> None:
    assert year_of("2027-01-01") == 2027.0
    assert year_of("2028-07-01T12:00:00Z") == pytest.approx(2028 + 182 / 366)


def test_a_route_under_way_has_used_its_effort(office: Office) -> None:
    found = office.told("2027-01-01")
    assert found.evidence.spent[EUV] == pytest.approx(1.0)
    assert np.isnan(found.evidence.needed).all()
    assert not found.evidence.feasible.any()
    assert found.remarks == ("a2 runs dpp, which the plan does not: it says nothing to it",)


def test_an_award_that_starts_later_has_not_begun(office: Office) -> None:
    assert office.told("2025-12-31").remarks == ()


def test_all_tests_met_is_success_at_that_time(office: Office) -> None:
    office.at("2027-01-01", *judged("1", "m1", accepted=True))
    assert np.isnan(office.told("2027-01-01").evidence.needed[EUV])
    assert office.told("2027-01-01").evidence.feasible[EUV]
    office.at("2027-07-02", *judged("2", "m2", accepted=True))
    found = office.told("2028-01-01").evidence
    assert found.needed[EUV] == found.spent[EUV] == pytest.approx(1.5, abs=0.01)


def test_a_kill_after_a_rejection_rules_a_route_out_and_any_other_does_not(office: Office) -> None:
    office.at("2027-01-01", kill("a1"))
    found = office.told("2027-06-01")
    assert np.isnan(found.evidence.needed[EUV])
    assert found.evidence.spent[EUV] == pytest.approx(1.0)
    assert found.course.stop[office.course.decision.chosen] == 2027.0


def test_a_project_without_an_award_has_not_begun(office: Office) -> None:
    office.clock.day = "2027-01-01"
    state = office.programme.refresh()
    state.records["award.made"].clear()
    found = office.told("2027-01-01")
    assert not found.course.decision.chosen.any()
    assert found.remarks == ("optics should have begun and has no award: it is open again",)
    optics = office.course.menu.project.index("optics")
    assert found.course.decision.money[:, optics].sum() == 0.0
    assert office.course.decision.money[:, optics].sum() > 0.0


def test_after_a_failed_gate_the_money_goes_elsewhere(office: Office, chain: Chain) -> None:
    office.at("2027-01-01", *judged("1", "m1", accepted=False), kill("a1"))
    found = renew(office.programme, chain, workers=1)
    assert found.day == "2027-01-01"
    assert np.isposinf(found.progress.evidence.needed[EUV])
    rows = {row["project"]: row for row in found.difference.iter_rows(named=True)}
    assert rows["plant"]["after_musd"] > rows["plant"]["before_musd"]
    assert rows["optics"]["after_musd"] < rows["optics"]["before_musd"]
    assert "euv (1 from 2026.0) " in rows["optics"]["sentence"]
    before = office.programme.state.size
    entry = adopt_renewed(
        office.programme, key="p2", actor="agency", adoption="plan-2", renewed=found, chain=chain
    )
    assert (entry.seq, entry.body["replaces"]) == (before + 1, "plan")
    assert entry.body["objective"] == pytest.approx(found.found.objective)
    # What was planned again can be planned again: it is made anew from the entries alone.
    office.clock.day = "2028-01-01"
    again = renew(office.programme, chain, workers=1)
    assert again.adoption == "plan-2"
    assert np.array_equal(again.before.decision.money, found.found.course.decision.money)
    assert again.found.objective == pytest.approx(found.found.objective, abs=1e-3)


def test_success_keeps_the_plan(office: Office, chain: Chain) -> None:
    office.at("2027-01-01", *judged("1", "m1", accepted=True), *judged("2", "m2", accepted=True))
    found = renew(office.programme, chain, workers=1)
    assert found.found.objective <= 1.75
    failed = [row for row in found.difference.iter_rows(named=True) if row["change"] == "dropped"]
    assert failed == []


def test_what_cannot_be_planned_again(office: Office, chain: Chain, tmp_path: Path) -> None:
    other = planning_chain(projects=[build("plant")], pools=money({2026: 100}))
    with pytest.raises(QuestionError, match="give the chain of then"):
        renew(office.programme, other)
    body = dict(office.programme.refresh().get("plan.adopted", "plan").body)
    wrong = {**body, "adoption": "wrong", "objective": 9.0, "replaces": "plan"}
    office.at("2027-01-01", Draft("wrong", "plan.adopted", "agency", wrong))
    with pytest.raises(QuestionError, match="wrong cannot be made again: it lost 9 years"):
        renew(office.programme, chain, workers=1)
    (tmp_path / "other").mkdir()
    with (
        begun(tmp_path / "other") as programme,
        pytest.raises(QuestionError, match="no plan is adopted yet"),
    ):
        renew(programme, chain)


def test_what_the_ledger_tells_is_what_the_planner_would_observe(tmp_path: Path) -> None:
    """A race of two routes with a gate in 2028: the ledger's evidence is that of `plans.course.observe`."""
    rivals = planning_chain(
        projects=[build("optics", kind="develop", capex_musd=40)],
        routes=[
            route("optics", "euv", feasibility=0.9, gate_years=2, teams_max=2) | effort(1, 3, 6),
            route("optics", "dpp", feasibility=0.9, gate_years=2, teams_max=2) | effort(1, 3, 6),
        ],
        pools=[*money({2026: 200, 2027: 200}), *people(100)],
    )
    setting = to_setting(rivals, "AAA")
    menu = setting.menu
    race = next(
        f
        for f in range(len(menu.profile_start))
        if len(menu.lanes(f)) == 2 and menu.profile_start[f] == 2026.0
    )
    idle = nothing(menu, setting.horizon)
    chosen = idle.chosen.copy()
    chosen[race] = True
    course = Course(menu, replace(idle, chosen=chosen), np.full(len(menu.profile_start), np.inf))
    gate = int(menu.profile_gate[race])
    needed = np.array([4.5, 3.5])  # dpp, euv: the second goes on at the gate, and has not succeeded by then
    clock = Clock()
    opened = [
        Draft(f"open-{name}", "bid.opened", "agency", {
            "bid": f"bid-{name}", "salt": "s", "content": {"approach": way},
        })
        for name, way in (("a1", "euv"), ("a2", "dpp"))
    ]  # fmt: skip
    drop = {"downselect": "d", "challenge": "c", "kept": ["a1"], "dropped": ["a2"], "ranking": []}
    with begun(tmp_path, *opened, now=clock, project="optics") as programme:
        for day in (f"{gate - 1}-01-01", f"{gate}-01-01"):
            seen = observe(course, needed, year_of(day))
            clock.day = day
            if day.startswith(str(gate)):
                (undecided,) = progress(programme.refresh(), course, day).remarks
                assert undecided.startswith("the race of dpp, euv should be decided by now")
                programme.ledger.append([kill("a1", "go"), Draft("d", "downselect.decided", "agency", drop)])
            told = progress(programme.refresh(), course, day)
            assert told.remarks == ()
            np.testing.assert_allclose(told.evidence.spent, seen.spent)
            np.testing.assert_equal(told.evidence.needed, seen.needed)
            assert told.evidence.feasible[EUV] == seen.feasible[EUV]
            assert told.evidence.ahead == seen.ahead
