"""Every measure, worked by hand on the six-item chain, and what all of them promise."""

from __future__ import annotations

import inspect
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from edits import with_row, with_values
from hypothesis import given, settings
from random_chains import SOURCE, chain_of, chains, jurisdictions

from wholenation.capability import Capability, to_horizon
from wholenation.chain import Chain, read_chain
from wholenation.measures import BY_CONTROLLERS, MEASURES, Capabilities, Question, Values
from wholenation.network import to_network

ROOT = Path(__file__).parents[1]
UNKNOWN = "shares of its suppliers are unknown"


def ask(chain: Chain, *controllers: str, home: str = "AAA", step: str = "year") -> Question:
    network = to_network(chain, home)
    mask = np.logical_or.reduce([network.members(code, chain) for code in controllers])
    return Question(chain, network, Capabilities(network, to_horizon(network, step)), mask)


def values(question: Question, measure: str) -> dict[str, float]:
    """Item -> value, where it is computable."""
    found = MEASURES[measure](question)
    pairs = zip(question.network.items, found.value, strict=True)
    return {item: float(value) for item, value in pairs if not np.isnan(value)}


def reason(question: Question, measure: str, item: str) -> str:
    return MEASURES[measure](question).reason[question.network.position[item]]


WITHOUT_CHIP = {"etch": 0.0, "etcher_wet": 0.0}


@pytest.mark.parametrize(
    ("measure", "controllers", "expected"),
    [
        (
            "loss",
            ("BBB",),
            {
                "etcher_dry": 4 - sum(0.8 * (0.2 + 0.8 * 0.9**t) + 0.2 for t in range(1, 5)),
                "wafer": 5 * 0.2
                - 0.25,  # Celand's third with its surge and home's 0.4 leave 0.2 to the stock
                "resist": 5 * 0.6 - 1 / 12,
                "chip": 0,
                **WITHOUT_CHIP,
            },
        ),
        (
            "loss",
            ("BBB", "CCC"),
            {
                "etcher_dry": 4 - sum(0.8 * (0.2 + 0.8 * 0.9**t) + 0.2 for t in range(1, 5)),
                "wafer": 5 * 0.6 - 0.25,
                "resist": 5 * 0.9 - 1 / 12,
                "chip": 0,
                **WITHOUT_CHIP,
            },
        ),
        (
            "price",
            ("BBB",),
            {
                "etcher_dry": 0.08 * sum(0.9**k for t in range(5) for k in range(4 - t)),
                "wafer": 5,
                "resist": 5,
                "chip": 0,
                **WITHOUT_CHIP,
            },
        ),
        (
            "exposure",
            ("BBB",),
            {
                "etcher_dry": 4 - sum(0.8 * (0.2 + 0.8 * 0.9**t) + 0.2 for t in range(1, 5)),
                "wafer": 5 * 0.2 - 0.25,
                "resist": 1 - 0.4 - 1 / 12,  # home makes it from the second year on
                "chip": 0,
                **WITHOUT_CHIP,
            },
        ),
        (
            "denied_share",
            ("BBB",),
            {"etcher_dry": 0.8, "wafer": 0.6 * 4 / 9, "resist": 0.6, "chip": 0, **WITHOUT_CHIP},
        ),
        (
            "denied_share",
            ("UNI",),
            {"etcher_dry": 0.8, "wafer": 0.6, "resist": 0.9, "chip": 0, **WITHOUT_CHIP},
        ),
        (
            "concentration",
            ("BBB",),
            {
                "etcher_dry": 0.05**2 + 0.95**2,
                "etcher_wet": 0.25**2 + 0.75**2,
                "wafer": 0.1**2 + 0.4**2 + 0.5**2,
                "resist": 0.6**2 + 0.3**2 + 0.1**2,
            },
        ),
        (
            "foreign_share",
            ("BBB",),
            {"etcher_dry": 0.8, "wafer": 0.6, "resist": 1, "chip": 0, **WITHOUT_CHIP},
        ),
        (
            "substitutes",
            ("BBB",),
            {"etcher_dry": 1, "etcher_wet": 1, "wafer": 0, "resist": 0, "etch": 0},
        ),
        ("controllers_needed", ("BBB",), {"etcher_dry": 1, "wafer": 2, "resist": 2}),
        (
            "time_to_bite_years",
            ("BBB",),
            {"etcher_dry": 10 * math.log(0.8 / 0.7), "wafer": 0.25 / 0.2, "resist": (1 / 12) / 0.6},
        ),
        (
            "time_to_bite_years",
            ("BBB", "CCC"),
            {"etcher_dry": 10 * math.log(0.8 / 0.7), "wafer": 0.25 / 0.6, "resist": (1 / 12) / 0.9},
        ),
        # Four years of twenty team-years by five teams, and two of ramp; a year of ramp.
        ("time_to_replace_years", ("BBB",), {"etcher_dry": 6, "resist": 1}),
    ],
)
def test_by_hand(
    toy_chain: Chain, measure: str, controllers: tuple[str, ...], expected: dict[str, float]
) -> None:
    assert values(ask(toy_chain, *controllers), measure) == pytest.approx(expected)


def test_reasons_by_hand(toy_chain: Chain) -> None:
    question = ask(toy_chain, "BBB")
    told = {
        ("concentration", "chip"): "it has no world market: it is an activity at home",
        ("substitutes", "chip"): "nothing needs it",
        ("controllers_needed", "etcher_wet"): "home imports none of it",
        ("time_to_bite_years", "etch"): "the coalition cannot make a tenth of it missing",
        ("time_to_replace_years", "wafer"): "no project would make it at home",
    }
    for (measure, item), why in told.items():
        assert reason(question, measure, item) == why


# Contract


def contract(question: Question) -> None:
    n = len(question.network.items)
    for name, function in MEASURES.items():
        found = function(question)
        assert isinstance(found, Values)
        assert found.value.shape == (n,), name
        assert len(found.reason) == n, name
        assert [bool(why) for why in found.reason] == np.isnan(found.value).tolist(), name
        assert np.nanmin(np.append(found.value, 0.0)) >= 0.0, name
        assert not np.isinf(found.value).any(), name
        if name in ("denied_share", "concentration", "foreign_share"):
            assert np.nanmax(np.append(found.value, 0.0)) <= 1 + 1e-9, name


def test_every_measure_keeps_the_contract_on_the_toy_chain(toy_chain: Chain) -> None:
    contract(ask(toy_chain, "BBB"))
    contract(ask(toy_chain, "UNI", "VAR", step="quarter"))


def test_every_measure_keeps_the_contract_on_a_real_chain() -> None:
    contract(ask(read_chain(ROOT / "examples" / "critical-minerals"), "CHN", home="USA"))


@settings(max_examples=25, deadline=None)
@given(chain=chains())
def test_every_measure_keeps_the_contract(chain: Chain) -> None:
    contract(ask(chain, "UNI"))


def test_every_measure_says_what_it_is() -> None:
    for name, function in MEASURES.items():
        text = inspect.getdoc(function) or ""
        assert len(text) > 40, name
        module = inspect.getmodule(function)
        assert module and module.__doc__, name
    assert set(BY_CONTROLLERS) < set(MEASURES)


@settings(max_examples=20, deadline=None)
@given(chain=chains())
def test_the_loss_of_a_measure_is_that_of_the_whole_problem(chain: Chain) -> None:
    question = ask(chain, "BBB", "CCC")
    network = question.network
    capability = Capability(network, question.horizon)
    plain = capability.solve(capability.base).loss
    found = values(question, "loss")
    for item, value in found.items():
        j = network.position[item]
        imports = capability.base.imports.copy()
        imports[j] = (network.imports[j] * ~question.controllers).sum() * (1 + network.surge[j])
        whole = capability.solve(capability.base.merged(imports=imports)).loss
        assert value == pytest.approx(whole - plain, abs=1e-6), item


# Missing data


def test_unknown_shares_leave_who_denies_in_doubt(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "BBB"}, share=None)
    question = ask(chain, "BBB")
    for measure in ("loss", "price", "exposure", "denied_share", "time_to_bite_years"):
        assert reason(question, measure, "wafer") == UNKNOWN
        assert "resist" in values(question, measure)
    assert reason(question, "concentration", "wafer") == UNKNOWN
    assert reason(question, "controllers_needed", "wafer") == UNKNOWN
    # Home's own share is known, so what it imports is.
    assert values(question, "foreign_share")["wafer"] == pytest.approx(0.6)


def test_a_coalition_of_all_suppliers_leaves_no_doubt(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "BBB"}, share=None)
    assert values(ask(chain, "UNI"), "loss")["wafer"] == pytest.approx(5 * 0.6 - 0.25)
    assert values(ask(chain, "VAR"), "loss")["wafer"] == 0.0


def test_homes_unknown_share_leaves_all_in_doubt(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "supply", {"item": "wafer", "jurisdiction": "AAA"}, share=None)
    question = ask(chain, "UNI")
    assert reason(question, "loss", "wafer") == UNKNOWN
    assert reason(question, "foreign_share", "wafer") == "home's share of its supply is unknown"


def test_an_unknown_lifetime(toy_chain: Chain) -> None:
    chain = with_values(
        toy_chain, "items", {"item": "etcher_dry"}, lifetime_years=None, unserviced_years=None
    )
    question = ask(chain, "BBB")
    for measure in ("loss", "price", "exposure", "time_to_bite_years"):
        assert reason(question, measure, "etcher_dry") == "the tool's lifetime is unknown"
    assert values(question, "denied_share")["etcher_dry"] == pytest.approx(0.8)


def test_an_unknown_stock(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "items", {"item": "wafer"}, stock_months=None)
    assert reason(ask(chain, "BBB"), "time_to_bite_years", "wafer") == "its stock is unknown"
    # The loss is then that without any stock: an upper bound.
    assert values(ask(chain, "BBB"), "loss")["wafer"] == pytest.approx(5 * 0.2)


def test_the_first_reason_counts() -> None:
    found = Values.of(
        np.array([1.0, 2.0, 3.0]), {"a": np.array([False, True, False]), "b": np.array([True, True, False])}
    )
    assert found.reason == ("b", "a", "")
    assert np.isnan(found.value).tolist() == [True, True, False]


# Single measures


def test_a_substitute_in_the_same_hands_is_no_refuge(toy_chain: Chain) -> None:
    chain = with_values(toy_chain, "jurisdictions", {"jurisdiction": "AAA"}, demand_share=None)
    chain = replace(chain, projects=chain.projects.clear())
    alone, together = values(ask(chain, "UNI"), "loss"), values(ask(chain, "UNI"), "exposure")
    assert together["etcher_dry"] > alone["etcher_dry"] > 0
    assert together["etcher_wet"] == pytest.approx(together["etcher_dry"])
    assert together["wafer"] == pytest.approx(alone["wafer"])


def test_a_substitute_that_serves_only_what_nobody_reaches() -> None:
    """Nitrogen and argon stand in for each other in welding, all of which home imports; chips need nitrogen too."""
    chain = chain_of(
        {
            "jurisdictions": jurisdictions(None),
            "items": [
                {"item": item, "name": item, "kind": kind, "stage": "all"} | SOURCE
                for item, kind in (
                    ("chip", "product"),
                    ("weld", "process"),
                    ("nitrogen", "material"),
                    ("argon", "material"),
                )
            ],
            "needs": [
                {"item": user, "input": input_, "group": group} | SOURCE
                for user, input_, group in (
                    ("chip", "nitrogen", None),
                    ("weld", "nitrogen", "gas"),
                    ("weld", "argon", "gas"),
                )
            ],
            "supply": [
                {"item": item, "jurisdiction": "BBB", "share": 1} | SOURCE
                for item in ("weld", "nitrogen", "argon")
            ],
            "scenarios": [{"scenario": "none", "name": "None", "basis": "measured"} | SOURCE],
            "controls": [
                {
                    "scenario": "none",
                    "controller": "BBB",
                    "target": "AAA",
                    "kind": "item",
                    "start": "2026-01-01",
                }
                | {"basis": "measured"}
                | SOURCE
            ],
            "missions": [
                {"mission": "m", "home": "AAA", "product": "chip", "year": 2026, "target": 1} | SOURCE,
                {"mission": "m", "home": "AAA", "product": "chip", "year": 2027, "target": 1} | SOURCE,
            ],
        }
    )
    assert values(ask(chain, "BBB"), "exposure") == pytest.approx(
        {"chip": 0, "weld": 0, "nitrogen": 2, "argon": 0}
    )


def test_replacement_shortens_the_loss(toy_chain: Chain) -> None:
    faster = with_values(toy_chain, "routes", {"project": "dry_own"}, effort_team_years=2.0)
    question = ask(faster, "BBB")
    # Two team-years by five teams, and two years of ramp.
    assert values(question, "time_to_replace_years")["etcher_dry"] == pytest.approx(2.4)
    assert values(question, "exposure")["etcher_dry"] < values(question, "loss")["etcher_dry"]


def test_replacement_waits_for_its_start_and_belongs_to_its_home(toy_chain: Chain) -> None:
    later = with_values(toy_chain, "projects", {"project": "resist_own"}, earliest=2028)
    assert values(ask(later, "BBB"), "time_to_replace_years")["resist"] == pytest.approx(3)
    elsewhere = with_values(toy_chain, "projects", {"project": "resist_own"}, home="CCC")
    assert "resist" not in values(ask(elsewhere, "BBB"), "time_to_replace_years")


def test_controllers_needed_counts_the_largest_first(toy_chain: Chain) -> None:
    row = {"item": "etcher_wet", "basis": "measured", "source": "toy", "share_low": None, "share_high": None}
    chain = with_values(toy_chain, "supply", {"item": "etcher_wet", "jurisdiction": "AAA"}, share=0.0)
    chain = with_values(chain, "supply", {"item": "etcher_wet", "jurisdiction": "CCC"}, share=0.89)
    assert values(
        ask(with_row(chain, "supply", **row, jurisdiction="BBB", share=0.06), "BBB"), "controllers_needed"
    )["etcher_wet"] == pytest.approx(1)
    assert values(
        ask(with_row(chain, "supply", **row, jurisdiction="BBB", share=0.11), "BBB"), "controllers_needed"
    )["etcher_wet"] == pytest.approx(2)


def test_with_several_users_the_fewest_substitutes_count(toy_chain: Chain) -> None:
    chain = with_row(
        toy_chain,
        "needs",
        item="chip",
        input="etcher_dry",
        group="etcher_dry",
        rate=1.0,
        basis="measured",
        source="toy",
    )
    found = values(ask(chain, "BBB"), "substitutes")
    assert (found["etcher_dry"], found["etcher_wet"]) == (0, 1)


def test_surges_of_the_others_soften_a_denial(toy_chain: Chain) -> None:
    stiff = with_values(toy_chain, "items", {"item": "wafer"}, surge=0.0)
    supplied = 0.4 + 0.6 * 5 / 9
    assert values(ask(stiff, "BBB"), "time_to_bite_years")["wafer"] == pytest.approx(0.25 / (1 - supplied))
    assert values(ask(stiff, "BBB"), "loss")["wafer"] == pytest.approx(5 * (1 - supplied) - 0.25)


def test_the_hand_values_need_the_toy_as_it_is(toy_chain: Chain) -> None:
    assert toy_chain.items.filter(pl.col("item") == "wafer")["surge"].to_list() == [0.2]
