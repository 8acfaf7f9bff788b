"""All measures of all items, the shortlist, its robustness and its coverage."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import polars as pl
import pytest
from edits import with_values
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from random_chains import chains

from wholenation.chain import Chain, read_chain
from wholenation.errors import QuestionError
from wholenation.exposure import Exposure, measure
from wholenation.measures import ALONE, MEASURES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def exposure(toy_chain: Chain) -> Exposure:
    return measure(toy_chain, "AAA", ("CCC", "BBB"), draws=8, top=2)


def value(exposure: Exposure, item: str, name: str, controllers: str) -> float | None:
    table = exposure.table.filter(
        (pl.col("item") == item) & (pl.col("measure") == name) & (pl.col("controllers") == controllers)
    )
    assert len(table) == 1
    return table["value"][0]


def ranged(chain: Chain) -> Chain:
    """The toy chain with so wide a range of stocks that the ranks of wafers and dry etchers change."""
    match = pl.col("item") == "wafer"
    return replace(
        chain,
        items=chain.items.with_columns(
            stock_months_low=pl.when(match).then(0.0).otherwise("stock_months_low"),
            stock_months_high=pl.when(match).then(12.0).otherwise("stock_months_high"),
        ),
    )


def test_controllers_alone_and_together(exposure: Exposure) -> None:
    assert exposure.controllers == ("CCC", "BBB", "BBB+CCC")
    assert exposure.coalition == "BBB+CCC"
    assert value(exposure, "wafer", "loss", "BBB") == pytest.approx(0.75)
    assert value(exposure, "wafer", "loss", "BBB+CCC") == pytest.approx(2.75)
    assert value(exposure, "wafer", "concentration", "") == pytest.approx(0.42)


def test_the_table_is_complete(exposure: Exposure, toy_chain: Chain) -> None:
    assert exposure.table.columns == ["item", "controllers", "measure", "value", "reason"]
    # For each of two controllers the measures that depend on one alone; all of them, and robustness, for both.
    rows = len(toy_chain.items) * (2 * len(ALONE) + len(MEASURES) + 1)
    assert len(exposure.table) == rows
    assert not exposure.table.select("item", "controllers", "measure").is_duplicated().any()
    assert (exposure.table["value"].is_null() == (exposure.table["reason"] != "")).all()
    assert not exposure.table["value"].is_nan().any()


def test_the_shortlist_is_ranked(exposure: Exposure) -> None:
    listed = exposure.shortlist()
    assert listed["rank"].to_list() == [1, 2, 3, 4, 5, 6]
    assert listed["item"].to_list()[:3] == ["wafer", "resist", "etcher_dry"]
    assert listed["denied_by"].to_list()[:3] == ["CCC 33 %, BBB 27 %", "BBB 60 %, CCC 30 %", "BBB 80 %"]
    assert listed["exposure"].is_sorted(descending=True)
    assert exposure.shortlist(top=2)["item"].to_list() == ["wafer", "resist"]
    assert {"name", "kind", "stage", *MEASURES, "rank_robustness", "denied_by"} - {"denied_share"} <= set(
        listed.columns
    )


def test_coverage_counts_what_is_unknown(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "BBB"}, share=None)
    coverage = {row["measure"]: row for row in measure(chain, "AAA", ("BBB",)).coverage.iter_rows(named=True)}
    assert coverage["loss"] == {"measure": "loss", "computable": pytest.approx(5 / 6), "missing": 1}
    # That nothing needs the product is an answer, not missing data.
    assert coverage["substitutes"] == {"measure": "substitutes", "computable": 1.0, "missing": 0}
    assert "rank_robustness" not in coverage


def test_items_that_are_not_computable_come_last(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "BBB"}, share=None)
    last = measure(chain, "AAA", ("BBB",)).shortlist().row(-1, named=True)
    assert (last["item"], last["exposure"]) == ("wafer", None)


@pytest.mark.parametrize("order", list(permutations(("BBB", "CCC", "VAR"))))
def test_the_order_of_controllers_changes_nothing(toy_chain: Chain, order: tuple[str, ...]) -> None:
    one, other = (
        measure(ranged(toy_chain), "AAA", c, draws=5, top=1) for c in (("BBB", "CCC", "VAR"), order)
    )
    assert one.coalition == other.coalition
    assert_frame_equal(one.shortlist(), other.shortlist(), rel_tol=1e-9, abs_tol=1e-9)
    key = ["measure", "controllers", "item"]
    # Equal but for rounding: the solver meets the same problems in another order.
    assert_frame_equal(one.table.sort(key), other.table.sort(key), rel_tol=1e-9, abs_tol=1e-9)


def test_one_seed_one_answer(toy_chain: Chain) -> None:
    chain = ranged(toy_chain)
    one, same, other = (measure(chain, "AAA", ("BBB",), draws=25, top=1, seed=seed) for seed in (1, 1, 2))
    assert one.table.equals(same.table)
    assert not one.table.equals(other.table)
    robust = dict(one.shortlist().select("item", "rank_robustness").iter_rows())
    # Wafers lose first place where their stock is drawn large.
    assert 0 < robust["wafer"] < 1
    assert robust["wafer"] + robust["etcher_dry"] + robust["resist"] == pytest.approx(1)


def test_without_ranges_every_draw_ranks_alike(toy_chain: Chain) -> None:
    exact = measure(toy_chain, "AAA", ("BBB",), draws=4, top=2).shortlist()
    assert exact["rank_robustness"].to_list() == [1, 1, 0, 0, 0, 0]


def test_what_nobody_can_deny_is_never_in_the_top(toy_chain: Chain) -> None:
    listed = measure(toy_chain, "AAA", ("BBB",), draws=3, top=6).shortlist()
    robust = dict(listed.select("item", "rank_robustness").iter_rows())
    assert robust["etch"] == robust["chip"] == 0


def test_without_draws_robustness_is_not_computable(toy_chain: Chain) -> None:
    exposure = measure(toy_chain, "AAA", ("BBB",))
    rows = exposure.table.filter(pl.col("measure") == "rank_robustness")
    assert rows["value"].null_count() == len(rows)
    assert set(rows["reason"]) == {"no draws were asked for"}


def test_without_controllers_all_others_deny(toy_chain: Chain) -> None:
    exposure = measure(toy_chain, "AAA")
    assert exposure.coalition == "all others"
    assert value(exposure, "resist", "loss", "all others") == pytest.approx(5 - 1 / 12)


def test_a_controller_named_twice_counts_once(toy_chain: Chain) -> None:
    assert measure(toy_chain, "AAA", ("BBB", "BBB")).controllers == ("BBB",)


def test_a_bloc_denies_what_its_members_do(toy_chain: Chain) -> None:
    union, members = measure(toy_chain, "AAA", ("UNI",)), measure(toy_chain, "AAA", ("BBB", "CCC"))
    assert union.shortlist().equals(members.shortlist())


def test_questions(toy_chain: Chain) -> None:
    with pytest.raises(QuestionError, match="no jurisdiction 'ZZZ'"):
        measure(toy_chain, "AAA", ("ZZZ",))
    with pytest.raises(QuestionError, match="cannot deny to 'AAA'"):
        measure(toy_chain, "AAA", ("BBB", "AAA"))
    with pytest.raises(QuestionError, match="no mission for home 'BBB'"):
        measure(toy_chain, "BBB")
    with pytest.raises(QuestionError, match="not 'week'"):
        measure(toy_chain, "AAA", step="week")
    union = with_values(toy_chain, "missions", {}, home="UNI")
    with pytest.raises(QuestionError, match="cannot deny to 'UNI'"):
        measure(union, "UNI", ("BBB",))
    assert measure(union, "UNI", ("AAA",)).coalition == "AAA"


def test_progress_counts_to_the_end(toy_chain: Chain) -> None:
    told: list[tuple[int, int]] = []
    measure(
        toy_chain, "AAA", ("BBB", "CCC"), draws=2, progress=lambda done, total, _: told.append((done, total))
    )
    assert told == [(done, 5) for done in range(1, 6)]


@settings(max_examples=15, deadline=None)
@given(chain=chains(), step=st.sampled_from(["year", "quarter"]))
def test_more_controllers_never_deny_less(chain: Chain, step: str) -> None:
    exposure = measure(chain, "AAA", ("BBB", "CCC", "DDD"), step=step)
    wide = exposure.table.filter(pl.col("measure") == "loss").pivot(
        on="controllers", index="item", values="value"
    )
    for code in ("BBB", "CCC", "DDD"):
        both = wide.drop_nulls([code, "BBB+CCC+DDD"])
        assert (both[code] <= both["BBB+CCC+DDD"] + 1e-6).all()
    robust = measure(chain, "AAA", draws=2, top=2).shortlist()["rank_robustness"]
    assert robust.is_between(0, 1).all()
    assert robust.sum() <= 2


def test_finer_steps_bite_a_little_more(toy_chain: Chain) -> None:
    losses = [
        value(measure(toy_chain, "AAA", ("BBB",), step=step), "etcher_dry", "loss", "BBB")
        for step in ("year", "quarter", "month")
    ]
    assert all(coarse < fine for coarse, fine in pairwise(losses))


def test_a_real_chain_in_both_directions() -> None:
    chain = read_chain(ROOT / "examples" / "semiconductors")
    china = measure(chain, "CHN", ("USA", "JPN", "NLD"))
    assert china.coalition == "JPN+NLD+USA"
    top = china.shortlist(20)
    assert top["exposure"].min() > 0
    assert value(china, top["item"][0], "loss", china.coalition) > 0
    together = china.table.filter((pl.col("measure") == "loss") & (pl.col("controllers") == china.coalition))
    missions = chain.missions.filter(pl.col("home") == "CHN")
    everything = float((missions["target"] * missions["weight"]).sum())
    assert 0 < together["value"].drop_nulls().max() <= everything + 1e-6
