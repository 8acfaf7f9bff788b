"""The menu rule: monotone, proportional, ordered, complete."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wholenation.chain import Chain, read_chain
from wholenation.dictionary import dictionary
from wholenation.errors import QuestionError
from wholenation.menu import Gap, effort, exposed, propose_projects
from wholenation.rates import FEASIBLE, KINDS, LEVELS, TEAM_MUSD


def with_items(chain: Chain, **columns: pl.Expr) -> Chain:
    return replace(chain, items=chain.items.with_columns(**columns))


def gap(market: float = 5000.0, level: int = 3, kind: str = "tool") -> Gap:
    return Gap(
        "x", "X", kind, (market,) * 3, "", level, KINDS[kind], 0.02, 0.1, 0.2 * market, (("BBB", 0.9),)
    )


def test_own_share_is_share_over_demand(toy_chain: Chain) -> None:
    # AAA demands 0.25: it supplies 0.05/0.25 = 0.2 of its dry etchers, all wet ones, 0.4 of its wafers, no resist.
    found = {entry.item: entry.own for entry in exposed(toy_chain, "AAA")}
    assert found == pytest.approx({"etcher_dry": 0.2, "wafer": 0.4, "resist": 0.0})


def test_members_of_a_bloc_count_as_home(toy_chain: Chain) -> None:
    # UNI has no demand share, so its share is its own part: 0.95, 0.75, 0.9 and 0.9, none below 0.7.
    assert exposed(toy_chain, "UNI") == []
    assert {entry.item for entry in exposed(toy_chain, "UNI", threshold=0.2)} == {"etcher_wet"}


def test_threshold_decides_what_is_exposed(toy_chain: Chain) -> None:
    assert {entry.item for entry in exposed(toy_chain, "AAA", threshold=0.9)} == {"resist"}
    assert {entry.item for entry in exposed(toy_chain, "AAA", threshold=0.0)} == {
        "etcher_dry",
        "wafer",
        "resist",
    }


def test_a_home_without_demand_needs_nothing(toy_chain: Chain) -> None:
    none = toy_chain.jurisdictions.with_columns(demand_share=pl.lit(0.0))
    assert exposed(replace(toy_chain, jurisdictions=none), "AAA") == []


def test_every_exposed_item_is_developed_by_two_rival_routes_and_no_other(toy_chain: Chain) -> None:
    menu = propose_projects(toy_chain, "AAA")
    developed = menu["projects"].filter(pl.col("kind") == "develop")
    assert set(developed["item"]) == {"etcher_dry", "wafer", "resist"}
    assert set(menu["projects"]["item"].drop_nulls()) == {"etcher_dry", "wafer", "resist"}
    routes = menu["routes"].group_by("project").agg(pl.col("route").sort())
    assert set(routes["project"]) == set(developed["project"])
    assert all(names == ["alternative", "incumbent"] for names in routes["route"].to_list())


def test_a_home_that_is_not_exposed_gets_nothing(toy_chain: Chain) -> None:
    menu = propose_projects(toy_chain, "UNI")
    assert all(frame.is_empty() for frame in menu.values())
    assert set(menu["projects"].columns) == set(dictionary()["projects"])


def test_kinds_follow_the_rule(toy_chain: Chain) -> None:
    projects = propose_projects(toy_chain, "AAA")["projects"]
    by_kind = {kind: set(part["item"]) for (kind,), part in projects.group_by("kind")}
    assert by_kind["stockpile"] == {"wafer", "resist"}
    assert "build" not in by_kind  # 0.1 of the world's wafers is not above the share that counts as known
    assert projects.filter(pl.col("kind") == "train")["resource"].str.starts_with("talent/").all()
    assert len(by_kind["train"]) == 1
    diversify = projects.filter(pl.col("kind") == "diversify")
    # Wafers come from CCC (0.5) before BBB (0.4), resist from BBB (0.6) before CCC (0.3); VAR has no name.
    assert dict(diversify.select("item", "jurisdiction").iter_rows()) == {"wafer": "BBB", "resist": "CCC"}


def test_known_technology_can_be_built(toy_chain: Chain) -> None:
    supply = toy_chain.supply.with_columns(
        share=pl.when((pl.col("item") == "wafer") & (pl.col("jurisdiction") == "AAA"))
        .then(0.15)
        .otherwise("share")
    )
    projects = propose_projects(replace(toy_chain, supply=supply), "AAA")["projects"]
    build = projects.filter(pl.col("kind") == "build")
    assert build["item"].to_list() == ["wafer"]
    assert build["capacity"].item() == pytest.approx(0.4)  # the gap, since home makes 0.6 of its need


def test_every_range_is_ordered_and_assumed(toy_chain: Chain) -> None:
    for table, frame in propose_projects(toy_chain, "AAA").items():
        assert (frame["basis"] == "assumed").all()
        assert frame["source"].str.contains("rule of wholenation.menu").all()
        for column in (c.name for c in dictionary()[table].values() if c.ranged):
            low, central, high = (frame[f"{column}{end}"] for end in ("_low", "", "_high"))
            assert (low <= central).all(), column
            assert (central <= high).all(), column
        limited = [c for c in dictionary()[table].values() if c.maximum is not None and c.type == "number"]
        assert all((frame[c.name].drop_nulls() <= c.maximum).all() for c in limited)


def test_twice_the_market_is_twice_the_money(toy_chain: Chain) -> None:
    # Ten times the toy's markets, so that no effort rests on the floor of one team.
    large = with_items(toy_chain, market_musd=10 * pl.col("market_musd"))
    larger = with_items(toy_chain, market_musd=20 * pl.col("market_musd"))
    one, two = propose_projects(large, "AAA"), propose_projects(larger, "AAA")
    for menu in (one, two):
        menu["projects"] = menu["projects"].filter(pl.col("kind") != "train")
    assert one["projects"]["project"].to_list() == two["projects"]["project"].to_list()
    assert one["projects"]["capacity"].to_list() == two["projects"]["capacity"].to_list()
    for table, column in (("projects", "capex_musd"), ("routes", "effort_team_years")):
        for end in ("", "_low", "_high"):
            expected = [2 * value for value in one[table][column + end].to_list()]
            assert two[table][column + end].to_list() == pytest.approx(expected, rel=0.01)


def test_a_small_market_still_takes_a_team(toy_chain: Chain) -> None:
    tiny = with_items(toy_chain, market_musd=pl.lit(1.0))
    routes = propose_projects(tiny, "AAA")["routes"].filter(pl.col("route") == "incumbent")
    levels = {"aaa-develop-etcher_dry": 4, "aaa-develop-wafer": 3, "aaa-develop-resist": 3}
    assert dict(routes.select("project", "effort_team_years").iter_rows()) == {
        project: LEVELS[level].years for project, level in levels.items()
    }


@given(st.floats(1, 200_000), st.sampled_from(list(KINDS)), st.integers(1, 4))
def test_a_harder_item_costs_more_takes_longer_and_is_less_certain(
    market: float, kind: str, level: int
) -> None:
    easy, hard = gap(market, level, kind), gap(market, level + 1, kind)
    assert effort(hard) > effort(easy)
    assert LEVELS[level + 1].years > LEVELS[level].years
    assert FEASIBLE[level + 1] < FEASIBLE[level]


def test_the_scale_is_that_of_the_published_cases() -> None:
    # EUV: 13 bn USD a year, level 5: tens of billions, more than ten years. Hydrogen fluoride in Korea: below 1 bn.
    euv = effort(gap(13_000, 5, "tool"))
    assert 15_000 < euv * TEAM_MUSD[1] < 40_000
    assert LEVELS[5].years > 10
    chemical = effort(gap(1_000, 2, "material"))
    assert chemical * TEAM_MUSD[1] < 1000
    assert 1 <= LEVELS[2].years <= 3


def test_an_unknown_market_is_taken_from_its_neighbours(toy_chain: Chain) -> None:
    blank = with_items(
        toy_chain, market_musd=pl.when(pl.col("item") == "resist").then(None).otherwise("market_musd")
    )
    projects = propose_projects(blank, "AAA")["projects"]
    row = projects.filter(pl.col("project") == "aaa-develop-resist").row(0, named=True)
    assert "no market known" in row["note"]
    assert row["capex_musd_high"] > 3 * row["capex_musd"]
    assert row["capex_musd_low"] < 0.3 * row["capex_musd"]


def test_the_first_year_is_that_of_the_missions(toy_chain: Chain) -> None:
    projects = propose_projects(toy_chain, "AAA")["projects"]
    assert set(projects.filter(pl.col("kind") == "develop")["earliest"]) == {2026}
    later = propose_projects(toy_chain, "AAA", first_year=2030)["projects"]
    assert later["earliest"].min() == 2030


def test_an_unknown_home_is_a_question_error(toy_chain: Chain) -> None:
    with pytest.raises(QuestionError, match="ZZZ"):
        propose_projects(toy_chain, "ZZZ")


@pytest.mark.parametrize("name", ["semiconductors", "semiconductors-2021", "critical-minerals"])
def test_the_committed_menus_cover_what_is_exposed(name: str) -> None:
    chain = read_chain(Path(__file__).parents[1] / "examples" / name)
    for home in sorted(set(chain.missions["home"])):
        mine = chain.projects.filter(pl.col("home") == home)
        missing = {entry.item for entry in exposed(chain, home)} - set(mine["item"])
        assert not missing, f"run tools/build_menu.py for {name}: {home} lacks {sorted(missing)}"
        assert len(mine) <= 150
