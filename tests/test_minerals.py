"""The critical-minerals example: facts against tonnages worked by hand, and the rules of a chain."""

from pathlib import Path

import polars as pl
import pytest

from wholenation.chain import Chain, check, read_chain
from wholenation.menu import exposed, propose_projects

FOLDER = Path(__file__).parents[1] / "examples" / "critical-minerals"
HOMES = ("USA", "EUU", "JPN", "KOR", "CHN", "IND")


@pytest.fixture(scope="module")
def minerals() -> Chain:
    return read_chain(FOLDER)


def share(chain: Chain, item: str, jurisdiction: str) -> float:
    rows = chain.supply.filter((pl.col("item") == item) & (pl.col("jurisdiction") == jurisdiction))
    return float(rows["share"].item())


def test_the_folder_has_no_fault_and_no_warning() -> None:
    assert check(FOLDER) == []


# Tonnages of 2024 in kt, restated from the IEA Critical Minerals Data Explorer (CC BY 4.0) and divided by hand.
@pytest.mark.parametrize(
    ("item", "jurisdiction", "amount", "total"),
    [
        ("copper-mined", "CHL", 5476.0, 22794.0),
        ("copper-refined", "CHN", 11860.0, 26944.0),
        ("cobalt-mined", "COD", 181.796, 273.337),
        ("cobalt-refined", "CHN", 196.143, 250.150),
        ("lithium-mined", "AUS", 89.969, 255.448),
        ("lithium-refined", "CHN", 169.678, 241.612),
        ("nickel-mined", "IDN", 2463.0, 3861.0),
        ("nickel-refined", "IDN", 1493.2, 3483.697),
        ("graphite-mined", "CHN", 1580.0, 1847.235),
        ("graphite-refined", "CHN", 1794.824, 1875.252),
        ("rare-earths-mined", "CHN", 45.787, 75.099),
        ("rare-earths-refined", "CHN", 73.757, 80.805),
    ],
)
def test_shares_are_tonnage_over_tonnage(
    minerals: Chain, item: str, jurisdiction: str, amount: float, total: float
) -> None:
    assert share(minerals, item, jurisdiction) == pytest.approx(amount / total, abs=5e-4)


def test_shares_of_every_item_add_up_to_one(minerals: Chain) -> None:
    totals = minerals.supply.group_by("item").agg(pl.col("share").sum())
    assert totals["share"].to_list() == pytest.approx([1.0] * len(totals), abs=0.002)


def test_no_footnote_is_a_country(minerals: Chain) -> None:
    assert set(minerals.supply["jurisdiction"]) <= set(minerals.jurisdictions["jurisdiction"])
    assert not minerals.jurisdictions["name"].str.contains("Notes|Base case").any()


def test_finland_supplies_its_bloc(minerals: Chain) -> None:
    # 20.12 of 250.15 kt of cobalt is 8.0 %; the bloc wants 13 % of the world, so it makes 62 % of what it needs.
    found = {entry.item: entry.own for entry in exposed(minerals, "EUU", threshold=0.0)}
    assert found["cobalt-refined"] == pytest.approx(20.12 / 250.15 / 0.13, abs=0.01)


def test_every_home_is_exposed_and_has_the_menu_of_the_rule(minerals: Chain) -> None:
    for home in HOMES:
        menu = propose_projects(minerals, home)
        # What the rule leaves open, a reader fills with the column's default.
        proposed = menu["projects"].sort("project")
        proposed = proposed.select(column for column in proposed if column.null_count() < len(column))
        committed = minerals.projects.filter(pl.col("home") == home).sort("project")
        assert committed.select(proposed.columns).equals(proposed, null_equal=True), home
        assert len(minerals.missions.filter(pl.col("home") == home)["mission"].unique()) == 5


def test_china_depends_on_ores_and_the_others_on_china(minerals: Chain) -> None:
    assert {entry.item for entry in exposed(minerals, "CHN")} >= {
        "cobalt-mined",
        "nickel-mined",
        "copper-mined",
    }
    assert "rare-earths-refined" not in {entry.item for entry in exposed(minerals, "CHN")}
    for home in ("USA", "EUU", "KOR", "IND"):
        assert {entry.item for entry in exposed(minerals, home)} >= {"graphite-refined", "permanent-magnets"}


def test_pools_cover_the_resources_of_the_menu(minerals: Chain) -> None:
    wanted = set(minerals.staffing["resource"]) | {"money"}
    for home in HOMES:
        pools = minerals.pools.filter(pl.col("home") == home)
        assert set(pools["resource"]) >= wanted
        assert set(pools.filter(pl.col("resource") == "money")["year"]) >= set(range(2026, 2036))
