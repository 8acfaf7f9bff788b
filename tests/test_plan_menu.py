"""The menu as arrays: profiles and what they cost, people, pools by year, earmarks."""

import numpy as np
import pytest
from plan_chains import build, effort, money, people, planning_chain, route

from wholenation.capability import Horizon, to_horizon
from wholenation.network import Network, to_network
from wholenation.plans.menu import Menu, eligible, to_menu


def menu_of(step: str = "year", home: str = "AAA", **tables) -> tuple[Menu, Network, Horizon]:
    chain = planning_chain(**tables)
    network = to_network(chain, home)
    horizon = to_horizon(network, step)
    return to_menu(chain, network, horizon), network, horizon


def profiles(menu: Menu) -> set[tuple[float, float]]:
    return set(zip(menu.profile_start.tolist(), menu.profile_teams.tolist(), strict=True))


def test_profiles_are_starts_and_teams_that_can_succeed_in_time():
    """One team needs two years, three need 8 months; what starts in 2030 succeeds too late with one."""
    menu, _, _ = menu_of(projects=[build()], routes=[route("plant", teams_min=1, teams_max=3)])
    late = profiles(menu)
    assert {(2026, 1), (2027, 1), (2028, 1), (2026, 3), (2027, 3), (2028, 3)} <= late
    assert (2030, 1) not in late
    assert len(late) == len(menu.profile_start), "no profile stands there twice"


def test_nothing_starts_before_its_earliest_year():
    menu, _, _ = menu_of(projects=[build(earliest=2028)], routes=[route("plant", effort=1)])
    assert menu.profile_start.min() == 2028
    menu, _, _ = menu_of(projects=[build(earliest=2001)], routes=[route("plant", effort=1)])
    assert menu.profile_start.min() == 2026


@pytest.mark.parametrize("step", ["year", "quarter", "month"])
def test_work_costs_money_and_people_while_it_may_last(step):
    """Money is set aside up to the high effort: 3 team-years with 2 teams are 1.5 years from the start on."""
    menu, _, horizon = menu_of(
        step,
        projects=[build()],
        routes=[route("plant", teams_min=2, teams_max=2, team_year_musd=7) | effort(1, 2, 3)],
        staffing=[{"project": "plant", "route": "way", "resource": "engineers", "per_team": 5}],
        pools=people(100),
    )
    first = menu.profile_start == 2026
    cost = menu.profile_cost[first][0]
    assert cost.sum() == pytest.approx(3 * 7)
    assert cost[horizon.times < 2027].sum() == pytest.approx(2 * 7)
    assert cost[horizon.times >= 2027.5 - 1e-9].sum() == pytest.approx(0.0, abs=1e-9)
    staff = menu.profile_staff[first][0, menu.resources.index("engineers")]
    assert set(staff[horizon.times < 2027.4]) == {10.0}
    assert not staff[horizon.times >= 2028 - 1e-9].any()


@pytest.mark.parametrize("step", ["year", "quarter"])
def test_pools_by_step(step):
    """Money is a flow, spread over the steps of its year; people are there all year; both by what is paid in."""
    menu, _, horizon = menu_of(
        step,
        pools=[*money({2026: 80, 2028: 40}, paid_in=0.5, basis="measured"), *people(30, years=[2027])],
    )
    (pool,) = menu.pools
    year = np.floor(horizon.times + 1e-9)
    assert [pool.paid_musd[year == y].sum() for y in (2026, 2027, 2028)] == pytest.approx([40, 0, 20])
    assert set(menu.available[0][year == 2027]) == {30.0}
    assert not menu.available[0][year != 2027].any()


def test_one_contributor_has_a_pool_for_every_earmark():
    menu, network, _ = menu_of(
        projects=[
            build("gas_plant"),
            build("tool_plant", item="tool"),
            build("partner", kind="diversify", jurisdiction="CCC"),
            {"project": "school", "kind": "train", "capacity": 5, "capex_musd": 1, "resource": "engineers"},
        ],
        pools=[
            *money({2026: 10, 2027: 10}),
            *money({2026: 1}, earmark_stage="materials"),
            *money({2026: 2}, earmark_item="tool"),
            *money({2026: 3}, earmark_kind="train"),
            *money({2026: 4}, earmark_jurisdiction="CCC", earmark_stage="materials"),
            *money({2026: 5}, "Bank", earmark_stage="equipment", earmark_kind="diversify"),
            *people(1),
        ],
    )
    allowed = {
        pool.label: {menu.project[p] for p in np.flatnonzero(eligible(menu, network, pool))}
        for pool in menu.pools
    }
    assert allowed == {
        "Treasury": {"gas_plant", "tool_plant", "partner", "school"},
        "Treasury (materials)": {"gas_plant", "partner"},
        "Treasury (tool)": {"tool_plant"},
        "Treasury (train)": {"school"},
        "Treasury (materials, CCC)": {"partner"},
        "Bank (equipment, diversify)": set(),
    }
    assert {pool.label: pool.paid_musd.sum() for pool in menu.pools}["Treasury"] == 20


def test_a_home_has_its_own_projects_and_pools_and_those_of_any_home():
    menu, _, _ = menu_of(
        projects=[build("mine", home="AAA"), build("theirs", home="BBB"), build("anybodys")],
        routes=[route("mine"), route("theirs")],
        pools=[*money({2026: 5}, home="AAA"), *money({2026: 7}, "Foreign", home="BBB")],
    )
    assert menu.project == ("anybodys", "mine")
    assert [menu.project[p] for p in menu.route_project] == ["mine"]
    assert [pool.contributor for pool in menu.pools] == ["Treasury"]


def test_an_empty_menu():
    menu, _, horizon = menu_of()
    assert menu.project == menu.route == menu.resources == menu.pools == ()
    assert menu.profile_cost.shape == (0, horizon.count)
    assert menu.profile_staff.shape == (0, 0, horizon.count)
