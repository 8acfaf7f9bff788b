"""The made-up instance of the benchmarks: the same from the same seed, sound, of the size promised, and solvable."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.apart import Found, Question, answer
from benchmarks.synthetic import DISCIPLINES, HOME, MIX, PEOPLE, synthetic_chain, write_synthetic
from wholenation import check
from wholenation.chain import Chain
from wholenation.plans.setting import draw, to_setting
from wholenation.plans.stages import to_stages
from wholenation.stochastic.two_stage import Risk, TwoStage

TABLES = (
    "jurisdictions", "items", "needs", "supply", "scenarios", "controls", "missions", "projects", "routes",
    "staffing", "pools",
)  # fmt: skip


@pytest.fixture(scope="module")
def chain() -> Chain:
    return synthetic_chain()


@pytest.fixture(scope="module")
def small() -> Chain:
    return synthetic_chain(40, 5, 5, 30)


def same(one: Chain, other: Chain, table: str) -> bool:
    return getattr(one, table).equals(getattr(other, table))


def staged(chain: Chain, samples: int) -> TwoStage:
    setting = to_setting(chain, HOME)
    parts = (setting.menu, setting.network, setting.horizon, setting.futures)
    return to_stages(*parts, draw(setting, samples, 0), Risk(0.25, 0.9)).stages


def test_a_seed_gives_the_same_tables(chain):
    again = synthetic_chain()
    assert [table for table in TABLES if not same(chain, again, table)] == []


def test_another_seed_gives_other_tables(chain):
    other = synthetic_chain(seed=1)
    fixed = {"jurisdictions", "scenarios"}
    assert {table for table in TABLES if same(chain, other, table)} == fixed


def test_it_has_the_size_that_is_promised(chain):
    assert len(chain.items) == 100
    assert len(chain.jurisdictions) == 8
    assert len(chain.projects) == 150
    assert chain.missions["year"].n_unique() == 8
    assert set(chain.projects["kind"].unique()) == {*MIX, "train"}
    assert set(chain.items["kind"].unique()) == {"product", "process", "tool", "software", "material"}
    assert set(chain.controls["kind"].unique()) == {"item", "service", "capital"}


def test_it_has_as_many_people_as_its_docstring_says(chain):
    wanted = (
        chain.staffing.join(chain.routes, on=["project", "route"])
        .with_columns(people=pl.col("per_team") * pl.col("teams_max"))
        .group_by("resource")
        .agg(pl.col("people").sum())
    )
    for discipline, people in wanted.iter_rows():
        offered = chain.pools.filter(pl.col("resource") == discipline)["amount"].unique()
        assert offered.to_list() == [pytest.approx(PEOPLE * people, abs=1)]
    assert set(wanted["resource"]) == set(DISCIPLINES)


def test_the_chain_passes_every_check(tmp_path):
    assert check(write_synthetic(tmp_path)) == []


@pytest.mark.parametrize(
    "sizes", [{"technologies": 19}, {"regions": 4}, {"years": 2}, {"projects": 3}, {"projects": 1000}]
)
def test_what_the_class_cannot_be_is_refused(sizes):
    with pytest.raises(ValueError, match=r"at least|no room"):
        synthetic_chain(**sizes)


@pytest.mark.parametrize(
    ("technologies", "regions", "years", "projects"), [(20, 5, 3, 12), (60, 6, 6, 80), (200, 12, 8, 300)]
)
def test_it_scales(technologies, regions, years, projects):
    found = synthetic_chain(technologies, regions, years, projects, seed=3)
    assert len(found.items) == technologies
    assert len(found.jurisdictions) == regions
    assert found.missions["year"].n_unique() == years
    assert len(found.projects) == projects


def test_the_programme_grows_with_samples_and_with_the_chain(chain, small):
    few, many, large = staged(small, 10), staged(small, 30), staged(chain, 10)
    assert len(many) >= 3 * len(few) - 2  # one sample stands for all futures that cost nothing
    assert len(many.first.cost) == len(few.first.cost)
    assert len(large.first.cost) > 5000
    assert len(large.integer) > 1000
    assert len(large.recourse) > 5


def test_a_plan_with_few_samples_has_a_finite_gap(small):
    found = answer(Question("small", 6, 0.05, 30.0, workers=1))
    assert found.ended
    assert 0.0 <= found.gap <= 0.05
    assert 0.0 < found.bound <= found.value < found.rounds[0][2], "doing nothing is not the best"
    assert found.mib > 50
    assert found.inside > 0
    assert found.waited + found.master <= found.seconds


def test_the_extensive_form_agrees():
    ours = answer(Question("small", 6, 0.001, 30.0, workers=1))
    whole = answer(Question("small", 6, 0.001, 30.0, method="extensive"))
    assert ours.ended
    assert whole.ended
    assert whole.bound <= ours.value + 1e-6
    assert ours.bound <= whole.value + 1e-6


def test_a_gap_is_told_only_where_there_is_something_to_compare():
    assert Found(True, 1.0, 2.0, 1.5, 0.0).gap == 0.25
    assert Found(False, 1.0, np.inf, 1.5, 0.0).gap == 1.0
    assert Found(False, 1.0, 2.0, -np.inf, 0.0).gap == 1.0
