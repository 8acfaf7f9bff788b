"""A scenario's controls, day by day among a chain's firms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from wholenation.chain import Chain, read_chain
from wholenation.errors import QuestionError
from wholenation.firms.denials import disruptions_of
from wholenation.firms.disruptions import Disruption, check
from wholenation.firms.from_chain import firms_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_an_embargo_denies_all_deliveries(toy_chain: Chain) -> None:
    found, left_out = disruptions_of(toy_chain, firms_of(toy_chain), "embargo")
    assert found == (
        Disruption(1.0, "deliveries", 0, None, jurisdiction="BBB", to_jurisdiction="AAA", name="embargo"),
    )
    assert left_out == ()


def test_an_organization_abroad_and_at_home(toy_chain: Chain) -> None:
    network = firms_of(toy_chain)
    found, _ = disruptions_of(toy_chain, network, "entity", first_day=date(2025, 12, 1))
    assert found == (
        Disruption(
            1.0, "deliveries", 31, None, firm="etchcorp:etcher_dry", to_jurisdiction="AAA", name="entity"
        ),
    )
    at_home = replace(
        toy_chain, organizations=toy_chain.organizations.with_columns(jurisdiction=pl.lit("AAA"))
    )
    row = pl.col("kind") == "entity"
    stage = toy_chain.controls.with_columns(
        stage=pl.when(row).then(pl.lit("materials")).otherwise("stage"),
        coverage=pl.when(row).then(0.5).otherwise("coverage"),
    )
    found, _ = disruptions_of(replace(at_home, controls=stage), firms_of(at_home), "entity")
    assert {(one.jurisdiction, one.sector, one.to_firm, one.share) for one in found} == {
        ("BBB", "wafer", "etchcorp:etcher_dry", 0.5),
        ("BBB", "resist", "etchcorp:etcher_dry", 0.5),
    }


def test_dates_become_days(toy_chain: Chain) -> None:
    row = pl.col("scenario") == "embargo"
    dated = toy_chain.controls.with_columns(
        start=pl.when(row).then(date(2026, 2, 1)).otherwise("start"),
        end=pl.when(row).then(date(2026, 2, 28)).otherwise("end"),
    )
    chain = replace(toy_chain, controls=dated)
    found, _ = disruptions_of(chain, firms_of(chain), "embargo")
    assert (found[0].start, found[0].end) == (31, 31 + 28)
    over, _ = disruptions_of(chain, firms_of(chain), "embargo", first_day=date(2026, 3, 1))
    assert over == ()


def test_what_has_no_counterpart_is_told(toy_chain: Chain) -> None:
    found, left_out = disruptions_of(toy_chain, firms_of(toy_chain), "service")
    assert found == ()
    assert left_out == ("left out: 1 control of maintenance, which deny no deliveries",)
    with pytest.raises(QuestionError, match="is embargo meant"):
        disruptions_of(toy_chain, firms_of(toy_chain), "embargos")


def test_every_scenario_of_the_example() -> None:
    chain = read_chain(EXAMPLES / "semiconductors")
    network = firms_of(chain)
    for scenario in chain.scenarios["scenario"]:
        found, _ = disruptions_of(chain, network, scenario)
        check(network, found)
        assert bool(found) == (scenario != "none")
