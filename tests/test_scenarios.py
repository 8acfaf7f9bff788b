"""From controls to what is denied: all four kinds, their targets, reach, coverage and dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from edits import with_controls, with_row, with_values
from hypothesis import given
from hypothesis import strategies as st

from wholenation.capability import Capability, Horizon, to_horizon
from wholenation.chain import Chain
from wholenation.errors import QuestionError
from wholenation.network import Network, to_network
from wholenation.scenarios import Denial, coalition_denial, denial, in_force, under, year_of

YEARS = Horizon(2026.0, 1.0, 5)
QUARTERS = Horizon(2026.0, 0.25, 20)


class Denied:
    """What the controls deny to a home, looked up by name."""

    def __init__(self, chain: Chain, *controls: dict[str, Any], home: str = "AAA", step: str = "year"):
        self.chain = with_controls(chain, *controls)
        self.network: Network = to_network(self.chain, home)
        self.horizon = to_horizon(self.network, step)
        self.denial: Denial = denial(self.chain, self.network, self.horizon, "s")

    def of(self, item: str, jurisdiction: str) -> list[float]:
        place = self.network.jurisdictions.index(jurisdiction)
        return self.denial.denied[self.network.position[item], place].tolist()

    def all(self) -> dict[tuple[str, str], float]:
        """(item, jurisdiction) -> share denied in the first step, where any is."""
        found = np.argwhere(self.denial.denied[:, :, 0] > 0)
        return {
            (self.network.items[j], self.network.jurisdictions[r]): float(self.denial.denied[j, r, 0])
            for j, r in found
        }

    def loss(self) -> float:
        capability = Capability(self.network, self.horizon)
        return capability.solve(under(self.network, capability.base, self.denial)).loss


# Dates


def test_a_date_is_a_year_with_a_fraction() -> None:
    assert year_of(date(2026, 1, 1)) == 2026.0
    assert year_of(date(2026, 7, 2)) == pytest.approx(2026 + 182 / 365)
    assert year_of(date(2028, 12, 31)) == pytest.approx(2028 + 365 / 366)


def test_a_control_binds_for_the_part_of_the_step_in_which_it_is_in_force() -> None:
    assert in_force(YEARS, date(2026, 1, 1), None).tolist() == [1] * 5
    assert in_force(YEARS, date(2027, 7, 2), None) == pytest.approx([0, 183 / 365, 1, 1, 1])
    # The end is the last day in force.
    assert in_force(YEARS, date(2027, 1, 1), date(2027, 12, 31)).tolist() == [0, 1, 0, 0, 0]
    assert in_force(YEARS, date(2027, 3, 1), date(2027, 3, 1)) == pytest.approx([0, 1 / 365, 0, 0, 0])
    assert in_force(YEARS, date(2019, 7, 1), date(2025, 12, 31)).tolist() == [0] * 5
    assert in_force(YEARS, date(2031, 1, 1), None).tolist() == [0] * 5
    assert in_force(YEARS, date(2019, 7, 1), date(2040, 1, 1)).tolist() == [1] * 5


@given(
    start=st.dates(date(2024, 1, 1), date(2032, 1, 1)),
    days=st.integers(0, 1500),
    horizon=st.sampled_from([YEARS, QUARTERS, Horizon(2026.5, 1 / 12, 60)]),
)
def test_the_parts_add_up_to_the_time_in_force(start: date, days: int, horizon: Horizon) -> None:
    end = date.fromordinal(start.toordinal() + days)
    part = in_force(horizon, start, end)
    assert ((part >= 0) & (part <= 1)).all()
    after = year_of(date.fromordinal(end.toordinal() + 1))
    inside = max(0.0, min(after, horizon.end) - max(year_of(start), horizon.start))
    assert part.sum() * horizon.delta == pytest.approx(inside)


# Items


def test_an_item_control_denies_the_controllers_own_supply(toy_chain: Chain) -> None:
    assert Denied(toy_chain, {"item": "wafer"}).all() == {("wafer", "BBB"): 1.0}
    assert Denied(toy_chain, {"stage": "equipment"}).all() == {
        ("etcher_dry", "BBB"): 1.0,
        ("etcher_wet", "BBB"): 1.0,
    }
    assert set(Denied(toy_chain, {"item_kind": "material"}).all()) == {("wafer", "BBB"), ("resist", "BBB")}
    assert len(Denied(toy_chain, {}).all()) == len(toy_chain.items)


def test_controls_are_independent_sieves(toy_chain: Chain) -> None:
    twice = Denied(
        toy_chain,
        {"item": "wafer", "coverage": 0.5},
        {"stage": "materials", "coverage": 0.4, "start": date(2028, 1, 1), "end": date(2029, 12, 31)},
    )
    assert twice.of("wafer", "BBB") == pytest.approx([0.5, 0.5, 0.7, 0.7, 0.5])
    assert twice.of("resist", "BBB") == pytest.approx([0, 0, 0.4, 0.4, 0])
    assert twice.of("wafer", "CCC") == [0] * 5


def test_coverage_counts_for_the_part_of_a_step(toy_chain: Chain) -> None:
    half = Denied(toy_chain, {"item": "wafer", "coverage": 0.5, "start": date(2026, 7, 2)})
    assert half.of("wafer", "BBB") == pytest.approx([0.5 * 183 / 365, 0.5, 0.5, 0.5, 0.5])


def test_blocs_control_and_are_targets(toy_chain: Chain) -> None:
    assert set(Denied(toy_chain, {"item": "wafer", "controller": "UNI"}).all()) == {
        ("wafer", code) for code in ("BBB", "CCC", "UNI")
    }
    assert Denied(toy_chain, {"item": "wafer", "target": "VAR"}).all() == {}
    inside = with_values(toy_chain, "jurisdictions", {"jurisdiction": "AAA"}, part_of="VAR")
    assert Denied(inside, {"item": "wafer", "target": "VAR"}).all() == {("wafer", "BBB"): 1.0}


def test_a_home_bloc_is_hit_through_its_members_and_denies_nothing_to_itself(toy_chain: Chain) -> None:
    union = with_values(toy_chain, "missions", {}, home="UNI")
    hit = Denied(union, {"item": "wafer", "controller": "AAA", "target": "CCC"}, home="UNI")
    assert hit.all() == {("wafer", "AAA"): 1.0}
    none = Denied(union, {"item": "wafer", "controller": "BBB", "target": "UNI"}, home="UNI")
    assert none.all() == {}


def test_unknown_scenarios_are_questions(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    with pytest.raises(QuestionError, match=r"no scenario 'nope'.*embargo"):
        denial(toy_chain, network, to_horizon(network), "nope")


def test_no_controls_deny_nothing(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    nothing = denial(toy_chain, network, to_horizon(network), "none")
    assert not nothing.denied.any()
    assert not nothing.idle.any()
    assert not nothing.capital.any()


# Reach


@pytest.fixture(scope="module")
def traded(toy_chain: Chain) -> Chain:
    """Chips are supplied by Beland and Celand too, and count as output when imported."""
    chain = with_values(toy_chain, "missions", {}, counts_imports=True)
    for jurisdiction, share in (("AAA", 0.2), ("BBB", 0.3), ("CCC", 0.5)):
        row = {"item": "chip", "jurisdiction": jurisdiction, "share": share, "basis": "measured"}
        chain = with_row(chain, "supply", **row, share_low=share, share_high=share, source="made up")
    return chain


def test_extended_reach_binds_above_the_threshold_only(traded: Chain) -> None:
    # Chips need etching, four fifths of which comes from dry etchers, 95 % of which Beland supplies: 0.76.
    control = {"item": "etcher_dry", "reach": "extended"}
    below = Denied(traded, control | {"threshold": 0.77})
    assert below.all() == {("etcher_dry", "BBB"): 1.0}
    above = Denied(traded, control | {"threshold": 0.75})
    third = {(item, code) for item in ("etch", "chip") for code in ("CCC", "UNI", "VAR")}
    assert set(above.all()) == {("etcher_dry", "BBB"), *third}
    assert above.loss() > below.loss()


def test_extended_reach_spares_home_and_counts_coverage(traded: Chain) -> None:
    control = {"item": "etcher_dry", "reach": "extended", "threshold": 0.5, "coverage": 0.6}
    denied = Denied(traded, control)
    assert denied.of("chip", "CCC")[0] == pytest.approx(0.6)
    assert denied.of("chip", "AAA")[0] == 0.0
    assert denied.of("wafer", "CCC")[0] == 0.0


def test_extended_reach_follows_the_largest_share_along_the_chain(traded: Chain) -> None:
    # Of resists 0.6 come from Beland, of wafers 0.4: the larger counts.
    control = {"stage": "materials", "reach": "extended"}
    assert ("chip", "CCC") in Denied(traded, control | {"threshold": 0.59}).all()
    assert ("chip", "CCC") not in Denied(traded, control | {"threshold": 0.61}).all()


# Service


@pytest.fixture(scope="module")
def serviced(toy_chain: Chain) -> Chain:
    """Without a demand share home makes a quarter of its wet etchers and imports the rest from Celand."""
    return with_values(toy_chain, "jurisdictions", {"jurisdiction": "AAA"}, demand_share=None)


def test_unserviced_tools_fall_idle_by_and_by(serviced: Chain) -> None:
    denied = Denied(serviced, {"kind": "service", "controller": "CCC"})
    idle = denied.denial.idle[denied.network.position["etcher_wet"]]
    # Lifetimes of 10 years with service and 2 without; three quarters of the base came from Celand.
    assert idle == pytest.approx([0.75 * (0.9**t - 0.5**t) for t in range(5)])
    assert not denied.denial.denied.any()
    others = np.array(denied.network.items) != "etcher_wet"
    assert not denied.denial.idle[others].any()


def test_service_that_comes_back_stops_the_decay(serviced: Chain) -> None:
    denied = Denied(serviced, {"kind": "service", "controller": "CCC", "end": date(2026, 12, 31)})
    idle = denied.denial.idle[denied.network.position["etcher_wet"]]
    assert idle == pytest.approx([0, *(0.75 * (0.9 - 0.5) * 0.9**t for t in range(4))])


def test_service_without_a_lifetime_of_its_own_lasts_three_tenths(serviced: Chain) -> None:
    denied = Denied(serviced, {"kind": "service", "item": "etcher_dry"})
    idle = denied.denial.idle[denied.network.position["etcher_dry"]]
    assert idle == pytest.approx([0.95 * (0.9**t - (2 / 3) ** t) for t in range(5)])


@pytest.mark.parametrize("step", ["year", "quarter"])
def test_denied_service_is_worse_than_nothing_and_better_than_denied_tools_too(
    serviced: Chain, step: str
) -> None:
    service = {"kind": "service", "controller": "UNI"}
    tools = {"kind": "item", "controller": "UNI", "stage": "equipment"}
    spared = Denied(serviced, {"kind": "capital"}, step=step).loss()
    alone, both = (
        Denied(serviced, service, step=step).loss(),
        Denied(serviced, service, tools, step=step).loss(),
    )
    assert spared < alone < both
    assert Denied(serviced, tools, step=step).loss() < both


# Capital and organizations


def test_a_capital_control_takes_money_and_nothing_else(toy_chain: Chain) -> None:
    denied = Denied(toy_chain, {"kind": "capital", "coverage": 0.5}, {"kind": "capital", "controller": "CCC"})
    capital = dict(zip(denied.network.jurisdictions, denied.denial.capital[:, 0], strict=True))
    assert capital == {"AAA": 0, "BBB": 0.5, "CCC": 1, "UNI": 0, "VAR": 0}
    assert denied.all() == {}
    assert denied.loss() == pytest.approx(0.2)


def test_a_foreign_organization_takes_its_own_part(toy_chain: Chain) -> None:
    denied = Denied(toy_chain, {"kind": "entity", "organization": "etchcorp"})
    assert denied.all() == pytest.approx({("etcher_dry", "BBB"): 0.9 / 0.95})
    narrowed = Denied(toy_chain, {"kind": "entity", "organization": "etchcorp", "item": "wafer"})
    assert narrowed.all() == {}


def test_an_organization_of_homes_own_is_denied_its_part_of_all_deliveries(toy_chain: Chain) -> None:
    chain = with_row(
        toy_chain, "organizations", organization="fab", name="Fab", jurisdiction="AAA", source="toy"
    )
    row = {"organization": "fab", "basis": "measured", "source": "toy"}
    chain = with_row(chain, "organization_supply", **row, item="wafer", share=0.05)
    chain = with_row(chain, "organization_supply", **row, item="resist", share=None)
    control = {"kind": "entity", "organization": "fab", "coverage": 0.8}
    denied = Denied(chain, control | {"stage": "materials"})
    # Half of home's wafers are the organization's, so half of what comes for everybody is denied, by 0.8.
    assert denied.all() == pytest.approx({("wafer", "BBB"): 0.4, ("resist", "BBB"): 0.4})
    assert len(Denied(chain, control).all()) == len(toy_chain.items)
    assert set(Denied(chain, control | {"controller": "CCC", "item": "resist"}).all()) == {("resist", "CCC")}


# What is left


def test_what_is_left_keeps_its_surge(toy_chain: Chain) -> None:
    denied = Denied(toy_chain, {"item": "wafer", "coverage": 0.5})
    network = denied.network
    limits = under(network, Capability(network, denied.horizon).base, denied.denial)
    left = 0.6 * (4 / 9 * 0.5 + 5 / 9) * 1.2
    assert limits.imports[network.position["wafer"]] == pytest.approx([left] * 5)


def test_a_coalition_denies_all_that_it_holds_of_one_item(toy_chain: Chain) -> None:
    network = to_network(toy_chain, "AAA")
    union = network.members("UNI", toy_chain)
    resist = network.position["resist"]
    assert coalition_denial(network, YEARS, resist, union) == pytest.approx([0.1] * 5)
    assert coalition_denial(network, YEARS, resist, ~union) == pytest.approx([0.9] * 5)
