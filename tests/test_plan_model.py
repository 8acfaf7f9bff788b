"""Gates, common routes, prerequisites, learning, first users, contributors' terms, short steps: by hand and twin."""

from __future__ import annotations

import numpy as np
import pytest
from plan_chains import (
    Case,
    build,
    case_of,
    effort,
    held_loss,
    money,
    optimum,
    people,
    planning_chain,
    route,
    samples_of,
)

from wholenation.errors import ChainError, QuestionError
from wholenation.plans.first_stage import called
from wholenation.plans.futures import Decision, lanes_succeed, success_years, usable_capacity
from wholenation.plans.menu import Menu
from wholenation.plans.profiles import any_feasible
from wholenation.plans.result import portfolio_frame, spending_frame
from wholenation.plans.samples import Samples

NEVER = np.inf


def profile(menu: Menu, *, routes: int, gated: bool, start: float = 2026) -> int:
    """The only profile with so many routes, with or without a gate, and this start; of equal ones the fewest teams."""
    found = [
        f
        for f in range(len(menu.profile_start))
        if len(menu.lanes(f)) == routes
        and np.isfinite(menu.profile_gate[f]) == gated
        and menu.profile_start[f] == start
    ]
    return found[0]


def least(case: Case, *efforts: list[float]) -> float:
    return optimum(case, samples_of(efforts or [[]]))[0]


# --- Gates


def gated_chain(**changes):
    """One route of 1 to 4 team-years with a gate after a year, by one team or two; its plant costs nothing."""
    way = route("plant", teams_min=1, teams_max=2, gate_years=1, feasibility=0.5) | effort(1, 2, 4)
    tables = {"projects": [build(kind="develop", capex_musd=0)], "routes": [way], "pools": money({2026: 500})}
    return planning_chain(**(tables | changes))


@pytest.mark.parametrize(
    ("needed", "year"), [(0.5, 2026.5), (1, 2027), (1.5, 2027.25), (4, 2028.5), (NEVER, NEVER)]
)
def test_a_gated_route_goes_on_with_all_its_teams(needed, year):
    menu = case_of(gated_chain()).menu
    f = profile(menu, routes=1, gated=True)
    assert success_years(menu, np.array([needed]))[f] == pytest.approx(year)


@pytest.mark.parametrize("reserve", [0.0, 0.5, 1.0])
def test_what_is_set_aside_beyond_the_gate(reserve):
    """A year of one team, then 1.5 years of two (USD 20 million, then 10), which come with probability 0.5."""
    staffing = [{"project": "plant", "route": "way", "resource": "engineers", "per_team": 5}]
    menu = case_of(
        gated_chain(staffing=staffing, pools=[*money({2026: 500}), *people(9)]), reserve=reserve
    ).menu
    f = profile(menu, routes=1, gated=True)
    part = 0.5 + reserve * 0.5
    assert menu.profile_cost[f] == pytest.approx([10, 20 * part, 10 * part, 0, 0])
    assert menu.profile_staff[f, 0] == pytest.approx([5, 10 * part, 10 * part, 0, 0])


def test_a_gate_lets_little_money_go_far():
    """3 team-years are needed. Two teams from the start are too dear; one needs until 2029, with the gate 2028."""
    case = case_of(gated_chain(pools=money({2026: 10, 2027: 15, 2028: 10, 2029: 10})))
    value, decision = optimum(case, samples_of([[3]]))
    assert value == pytest.approx(3 * 0.6)
    (f,) = np.flatnonzero(decision.chosen)
    assert f == profile(case.menu, routes=1, gated=True)
    rows = portfolio_frame(case.menu, case.network, case.horizon, decision, {0: 1.0})
    row = rows.row(0, named=True)
    assert row["gate_rule"] == (
        "at the gate in 2027.0 the route goes on with 2 teams if it has proved feasible, and is stopped if not"
    )
    assert (row["teams"], row["gate"], row["end"], row["cost_musd"]) == pytest.approx((1, 2027, 2027.5, 32.5))


def test_a_plain_profile_has_no_rule_and_gates_make_few_profiles():
    case = case_of(gated_chain(pools=money({2026: 500})))
    plain = np.isinf(case.menu.profile_gate)
    assert set(case.menu.profile_start[~plain]) == {2026, 2028}
    chosen = np.zeros(len(plain), dtype=bool)
    chosen[profile(case.menu, routes=1, gated=False)] = True
    decision = Decision(chosen, np.zeros((1, 5)), np.zeros((1, 1, 5)))
    rows = portfolio_frame(case.menu, case.network, case.horizon, decision, {0: 1.0})
    assert rows["gate_rule"].to_list() == [""]


def test_a_gate_that_decides_nothing_makes_no_profile():
    sure = route("plant", teams_min=2, teams_max=2, gate_years=1) | effort(1, 2, 4)
    never = route("plant", "b", teams_min=1, teams_max=2, feasibility=0.5, gate_years=4) | effort(1, 2, 4)
    menu = case_of(gated_chain(routes=[sure, never])).menu
    assert not any(len(menu.lanes(f)) == 1 for f in np.flatnonzero(np.isfinite(menu.profile_gate)))


# --- Down-select


def select_chain(**changes):
    """Two rivals of one team each, with gates after one and two years; then p has three teams, q two."""
    routes = [
        route("plant", "p", teams_max=3, gate_years=1, feasibility=0.8, correlation=0.5) | effort(1, 4, 8),
        route("plant", "q", teams_max=2, gate_years=2, feasibility=0.6, correlation=0.5, team_year_musd=20)
        | effort(1, 5, 6),
        route("plant", "r") | effort(1, 2, 3),
    ]
    tables = {"projects": [build(kind="develop", capex_musd=0)], "routes": routes}
    return planning_chain(**(tables | {"pools": money({2026: 900})} | changes))


@pytest.mark.parametrize(
    ("needed", "p", "q"),
    [
        ((5, 4), NEVER, 2029),  # 3 and 2 are left: q goes on with two teams
        ((4, 4), 2028 + 2 / 3, NEVER),  # a tie goes to the first by name
        ((8, NEVER), 2030, NEVER),
        ((NEVER, NEVER), NEVER, NEVER),
        ((1.5, 9), 2027.5, NEVER),  # what has succeeded before the gate ends the race
        ((1.5, 2), 2027.5, 2028),
    ],
)
def test_the_route_with_the_least_left_goes_on(needed, p, q):
    menu = case_of(select_chain()).menu
    f = profile(menu, routes=2, gated=True)
    assert menu.profile_gate[f] == 2028
    years = lanes_succeed(menu, np.array([*needed, NEVER]))[menu.lanes(f)]
    assert years.tolist() == pytest.approx([p, q])
    assert success_years(menu, np.array([*needed, NEVER]))[f] == pytest.approx(min(p, q))


@pytest.mark.parametrize("reserve", [0.0, 0.3, 1.0])
def test_what_a_down_select_sets_aside(reserve):
    """After two years p may need 6 team-years by three teams (2028-29), q 4 by two of USD 20 million."""
    menu = case_of(select_chain(), reserve=reserve).menu
    f = profile(menu, routes=2, gated=True)
    p, q = np.array([0, 0, 30, 30, 0.0]), np.array([0, 0, 40, 40, 0.0])
    expected = any_feasible(np.array([0.8, 0.6]), np.array([0.5, 0.5])) * (p + q) / 2
    later = expected + reserve * (np.maximum(p, q) - expected)
    assert menu.profile_cost[f] == pytest.approx(np.array([30, 30, 0, 0, 0]) + later)
    assert menu.lane_cost[menu.lanes(f)] == pytest.approx([20, 40])


def test_probability_that_any_route_is_feasible():
    f = np.array([0.5, 0.2, 0.7])
    assert any_feasible(f, np.zeros(3)) == pytest.approx(1 - 0.5 * 0.8 * 0.3, abs=1e-6)
    assert any_feasible(f, np.ones(3)) == pytest.approx(0.7, abs=1e-3)
    assert any_feasible(np.array([1.0, 0.2]), np.full(2, 0.5)) == 1.0
    assert any_feasible(np.zeros(2), np.full(2, 0.5)) == 0.0
    rng = np.random.default_rng(1)
    rho = np.array([0.2, 0.5, 0.8])
    latent = np.sqrt(rho) * rng.normal(size=(400_000, 1)) + np.sqrt(1 - rho) * rng.normal(size=(400_000, 3))
    uniform = latent.argsort(axis=0).argsort(axis=0) / len(latent)
    assert any_feasible(f, rho) == pytest.approx((uniform < f).any(axis=1).mean(), abs=0.004)


def test_a_route_is_in_one_profile_at_most():
    """Every pair of profiles that share a route is more than the first stage allows."""
    case = case_of(select_chain(pools=money({2026: 100_000})))
    rng = np.random.default_rng(0)
    drawn = samples_of(rng.uniform(1, 8, (6, 3)))
    _, decision = optimum(case, drawn)
    routes = [q for f in np.flatnonzero(decision.chosen) for q in case.menu.lane_route[case.menu.lanes(f)]]
    assert len(routes) == len(set(routes)) > 1


# --- What a success and a mastery bring elsewhere


INK = {"ink": {"kind": "material", "stage": "materials", "stock_months": 0, "surge": 0}}
OF_INK = {"ink": {"BBB": 0.6, "CCC": 0.4}}


def pair_chain(first: dict, second: dict, **changes):
    tables = {"items": INK, "supply": OF_INK, "projects": [first, second], "pools": money({2026: 900})}
    return planning_chain(**(tables | changes))


@pytest.mark.parametrize(("delay", "loss"), [(0, 1.2), (1, 1.8), (1.5, 2.4)])
def test_a_common_route_masters_another_project_later(delay, loss):
    """Gas is mastered in 2027 and stands in 2028, ink after the delay; both are short before."""
    serves = {"project": "gas_own", "route": "way", "serves": "ink_own", "delay_years": delay}
    tables = {"needed": ("gas", "ink"), "routes": [route("gas_own", effort=1)], "common_routes": [serves]}
    chain = pair_chain(
        build("gas_own", kind="develop"), build("ink_own", kind="develop", item="ink"), **tables
    )
    value, decision = optimum(case_of(chain), samples_of([[1]]))
    assert value == pytest.approx(loss)
    assert decision.paid.sum(axis=1) == pytest.approx([1, 1])


def test_capacity_is_paid_for_only_where_some_route_masters_it():
    """The only route costs more than there is: nothing may be built."""
    serves = {"project": "gas_own", "route": "way", "serves": "ink_own"}
    chain = pair_chain(
        build("gas_own", kind="develop"),
        build("ink_own", kind="develop", item="ink", capex_musd=1),
        needed=("ink",),
        routes=[route("gas_own", effort=1)],
        common_routes=[serves],
        pools=money({2026: 9}),
    )
    value, decision = optimum(case_of(chain), samples_of([[1]]))
    assert (value, decision.paid.sum()) == pytest.approx((3.0, 0.0))
    # With a little more the route runs for the sake of ink alone, though nobody needs gas.
    chain = pair_chain(
        build("gas_own", kind="develop"), build("ink_own", kind="develop", item="ink", capex_musd=1),
        needed=("ink",), routes=[route("gas_own", effort=1)], common_routes=[serves], pools=money({2026: 11}),
    )  # fmt: skip
    assert least(case_of(chain), [1]) == pytest.approx(1.2)


@pytest.mark.parametrize(("needed", "loss"), [(1, 1.2), (2, 1.8), (NEVER, 3.0)])
def test_capacity_waits_for_what_it_requires(needed, loss):
    """The ink plant is known technology, but grows only once gas is mastered, which nobody needs otherwise."""
    chain = pair_chain(
        build("gas_own", kind="develop"),
        build("ink_plant", item="ink"),
        needed=("ink",),
        routes=[route("gas_own", effort=1)],
        prerequisites=[{"project": "ink_plant", "requires": "gas_own"}],
    )
    assert least(case_of(chain), [needed]) == pytest.approx(loss)


def test_known_technology_is_mastered_from_its_earliest_year():
    chain = pair_chain(
        build("gas_plant", earliest=2028), build("ink_plant", item="ink"), needed=("ink",),
        prerequisites=[{"project": "ink_plant", "requires": "gas_plant"}],
    )  # fmt: skip
    assert least(case_of(chain)) == pytest.approx(0.6 * 3)


def test_what_requires_a_project_of_another_home_never_grows():
    chain = pair_chain(
        build("gas_plant", home="BBB"), build("ink_plant", item="ink"), needed=("ink",),
        prerequisites=[{"project": "ink_plant", "requires": "gas_plant"}],
    )  # fmt: skip
    assert least(case_of(chain)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"prerequisites": [("a", "b"), ("b", "a")]},
            "the prerequisites run in a circle: a > b > a",
        ),
        ({"prerequisites": [("a", "a")]}, "a project cannot require itself"),
        ({"prerequisites": [("school", "a")]}, "a train project cannot wait for another to be mastered"),
        ({"common_routes": [("a", "way", "a")]}, "a route serves its own project anyway"),
        ({"common_routes": [("b", "way", "a")]}, "is not a route of project b"),
    ],
)
def test_faults_of_prerequisites_and_common_routes(tables, message):
    names = {
        "prerequisites": ("project", "requires"),
        "common_routes": ("project", "route", "serves"),
    }
    school = {"project": "school", "kind": "train", "capacity": 5, "capex_musd": 1, "resource": "engineers"}
    rows = {
        table: [dict(zip(names[table], row, strict=True)) for row in given] for table, given in tables.items()
    }
    with pytest.raises(ChainError) as caught:
        planning_chain(
            projects=[build("a"), build("b"), school], routes=[route("a")], pools=people(1), **rows
        )
    assert message in str(caught.value)


def test_faults_of_projects_and_pools():
    school = {"project": "school", "kind": "train", "capacity": 5, "capex_musd": 1, "resource": "engineers"}
    with pytest.raises(ChainError, match="a train project takes no adoption_years"):
        planning_chain(projects=[school | {"adoption_years": 1}], pools=people(1))
    with pytest.raises(ChainError, match="limit per project is 5 in an earlier row"):
        planning_chain(pools=[*money({2026: 1}, cap_musd=5), *money({2027: 1}, cap_musd=6)])
    with pytest.raises(ChainError, match="a limit of money is not for engineers"):
        planning_chain(pools=[row | {"cap_musd": 5} for row in people(1)])


# --- Building and using


def test_learning_in_building():
    """0.15 a year and half of what stands: 0.15, 0.375, all of the 0.6 in 2029."""
    chain = planning_chain(projects=[build(ramp_years=4, learning=0.5)], pools=money({2026: 100}))
    assert least(case_of(chain)) == pytest.approx(0.6 + 0.45 + 0.225)


@pytest.mark.parametrize(("budget", "part"), [(55, 0.5), (100, 100 / 110), (120, 1.0)])
def test_first_users_wait_unless_their_risk_is_covered(budget, part):
    """A plant stands in 2027 and is used in 2028. With a cover, a tenth of its price, it is used at once.

    The cover saves a year of use and costs no more than a tenth of four years: it is bought for all that is built.
    """
    plant = build(adoption_years=1, cover_musd=10)
    case = case_of(planning_chain(projects=[plant], pools=money({2026: budget})))
    value, decision = optimum(case, samples_of([[]]))
    assert value == pytest.approx(0.6 + 4 * 0.6 * (1 - part))
    portfolio = portfolio_frame(case.menu, case.network, case.horizon, decision, {0: 1.0})
    assert portfolio["cover_musd"].to_list() == pytest.approx([10 * part])
    assert spending_frame(case.menu, case.horizon, decision)["musd"].sum() == pytest.approx(110 * part)
    assert decision.without(case.menu, 0).covered.sum() == 0


def test_without_an_offer_first_users_wait():
    for years, loss in ((0.5, 1.2), (2, 1.8), (9, 3.0)):
        plant = build(adoption_years=years)
        assert least(case_of(planning_chain(projects=[plant], pools=money({2026: 900})))) == pytest.approx(
            loss
        )


# --- Contributors


def test_a_contributor_gives_at_most_its_limit_to_one_project():
    """USD 30 million of the Treasury and 20 of the Region build half of the plant."""
    pools = [*money({2026: 100}, cap_musd=30), *money({2026: 20}, "Region")]
    assert least(case_of(planning_chain(projects=[build()], pools=pools))) == pytest.approx(0.6 + 4 * 0.3)
    two = [build(), build("ink_plant", item="ink")]
    chain = planning_chain(
        items=INK,
        supply=OF_INK,
        needed=("gas", "ink"),
        projects=two,
        pools=money({2026: 60, 2027: 40}, cap_musd=30),
    )
    _, decision = optimum(case_of(chain), samples_of([[]]))
    assert decision.money.sum(axis=(0, 2)) == pytest.approx([30, 30], abs=1e-5)


def test_what_a_contributor_pays_though_it_defaults():
    pools = money({2026: 100}, paid_in=0.5, recovery=0.4)
    case = case_of(planning_chain(projects=[build()], pools=pools))
    assert case.menu.pools[0].paid_musd[0] == pytest.approx(70)
    assert least(case) == pytest.approx(3 - 4 * 0.7 * 0.6)


def test_a_part_of_each_call_is_held_until_the_next():
    """Half of 80 is spent in 2026, the rest and the last call, of which nothing is held, in 2028."""
    chain = planning_chain(projects=[build()], pools=money({2026: 80, 2028: 20}))
    value, decision = optimum(case_of(chain, holdback=0.5), samples_of([[]]))
    assert decision.money[0, 0] == pytest.approx([40, 0, 60, 0, 0], abs=1e-5)
    assert value == pytest.approx(0.6 + 0.36 + 0.36)
    assert least(case_of(chain)) == pytest.approx(0.6 + 0.12 + 0.12)


def test_a_call_is_paid_in_over_the_steps_of_its_year():
    case = case_of(planning_chain(pools=money({2026: 80, 2028: 20})), step="quarter")
    held = called(case.menu.pools[0].paid_musd, case.horizon)
    assert held.tolist() == pytest.approx([20, 40, 60, 80] + [80] * 4 + [0] * 12)


@pytest.mark.parametrize("name", ["reserve", "holdback"])
def test_reserve_and_holdback_are_parts(name):
    with pytest.raises(QuestionError, match=rf"{name} is 1.5; it lies between 0 and 1"):
        case_of(planning_chain(), **{name: 1.5})


# --- Steps


@pytest.mark.parametrize(("step", "loss"), [("year", 0.6), ("quarter", 0.375), ("month", 0.325)])
def test_a_plant_in_shorter_steps(step, loss):
    """It stands a step after it is paid for: of the first year, the mean of what is missing is lost."""
    case = case_of(planning_chain(projects=[build()], pools=money({2026: 100})), step=step)
    assert least(case) == pytest.approx(loss)


@pytest.mark.parametrize(("step", "ready"), [("year", 2028), ("quarter", 2027.5), ("month", 2027 + 5 / 12)])
def test_success_counts_from_the_next_step_on(step, ready):
    """1.4 team-years by one team: mastered in May 2027; the plant then grows by 0.6 a year."""
    case = case_of(gated_chain(routes=[route("plant") | effort(1, 1.4, 4)]), step=step)
    delta = case.horizon.delta
    grown = np.clip((case.horizon.times - ready) * 0.6, 0, 0.6)
    assert least(case, [1.4]) == pytest.approx(float(delta * (0.6 - grown).sum()))


@pytest.mark.parametrize(("step", "steps"), [("year", 2), ("quarter", 6), ("month", 18)])
def test_people_work_until_the_high_effort_is_reached(step, steps):
    """Eighteen months are eighteen steps of a month: what rounding leaves of the next one is no work."""
    staffing = [{"project": "plant", "route": "way", "resource": "engineers", "per_team": 5}]
    way = route("plant", teams_min=2, teams_max=2) | effort(1, 2, 3)
    tables = {"projects": [build()], "routes": [way], "staffing": staffing, "pools": people(9)}
    menu = case_of(planning_chain(**tables), step=step).menu
    assert {int((staff > 0).sum()) for staff in menu.profile_staff[:2, 0]} == {steps}


@pytest.mark.parametrize("step", ["year", "quarter"])
def test_adoption_in_shorter_steps(step):
    """A year of adoption is a year in every step, on top of a year of building."""
    case = case_of(planning_chain(projects=[build(adoption_years=1)], pools=money({2026: 100})), step=step)
    assert least(case) == pytest.approx({"year": 1.2, "quarter": 0.6 + 0.375}[step])


# --- The judge, the programme and the rules in words


def full_chain():
    """Everything at once: gates, a down-select, common routes, prerequisites, learning, adoption, covers."""
    return planning_chain(
        needed=("gas", "ink", "tool"),
        items=INK | {"gas": {"stock_months": 3, "surge": 0.1}, "tool": {"surge": 0.1}},
        supply=OF_INK,
        projects=[
            build("gas_own", kind="develop", capacity=0.5, ramp_years=2, learning=0.4),
            build("gas_plant", capacity=0.2, earliest=2027, adoption_years=0.5, cover_musd=20),
            build("ink_guest", kind="attract", item="ink", jurisdiction="CCC", learning=0.2, ramp_years=2),
            build("ink_own", kind="develop", item="ink", capacity=0.4),
            build("ink_stock", kind="stockpile", item="ink", capacity=0.4, adoption_years=1),
            build("tool_own", kind="develop", item="tool", capacity=0.6, adoption_years=1, cover_musd=30),
            build("tool_new", kind="diversify", item="tool", capacity=0.3, jurisdiction="CCC", adoption_years=0.25),
        ],
        routes=[
            route("gas_own", "p", teams_max=3, gate_years=1, feasibility=0.8, correlation=0.5) | effort(1, 2, 4),
            route("gas_own", "q", teams_max=2, gate_years=0.6, feasibility=0.6, correlation=0.5) | effort(0.5, 1, 3),
            route("tool_own", "r", teams_max=2, gate_years=1, feasibility=0.7) | effort(1, 3, 5),
        ],
        common_routes=[
            {"project": "gas_own", "route": "q", "serves": "ink_own", "delay_years": 0.7},
            {"project": "gas_own", "route": "p", "serves": "ink_own", "delay_years": 0},
            {"project": "tool_own", "route": "r", "serves": "gas_own", "delay_years": 1},
        ],
        prerequisites=[
            {"project": "tool_new", "requires": "ink_guest"},
            {"project": "ink_stock", "requires": "gas_own"},
            {"project": "gas_plant", "requires": "tool_own"},
        ],
        pools=money({2026: 400, 2028: 100}),
        scenarios={"embargo": 0.6, "both": 0.4},
        controls=[
            {"scenario": "embargo", "controller": "BBB", "kind": "item", "start": "2026-01-01"},
            {"scenario": "both", "controller": "BBB", "kind": "item", "start": "2027-01-01"},
            {"scenario": "both", "controller": "CCC", "kind": "capital", "start": "2027-07-01"},
            {"scenario": "both", "controller": "CCC", "kind": "item", "start": "2029-01-01"},
        ],
    )  # fmt: skip


def random_decision(case: Case, rng: np.random.Generator) -> Decision:
    """Profiles that share no route, payments and covers in parts."""
    menu, horizon = case.menu, case.horizon
    chosen, taken = np.zeros(len(menu.profile_start), dtype=bool), set()
    for f in rng.permutation(len(chosen))[:6]:
        routes = set(menu.lane_route[menu.lanes(int(f))].tolist())
        if not routes & taken:
            chosen[f] = True
            taken |= routes
    parts = [rng.dirichlet(np.full(horizon.count + 1, 0.3), len(menu.project))[:, :-1] for _ in range(2)]
    paid, cover = parts
    paid[horizon.times < menu.earliest[:, None]] = 0.0
    reached = np.unique(menu.pair_project[chosen[menu.pair_profile]])
    paid[~menu.known & ~np.isin(np.arange(len(menu.project)), reached)] = 0.0
    cover[np.isnan(menu.cover_musd)] = 0.0
    money_ = np.zeros((len(menu.pools), len(menu.project), horizon.count))
    return Decision(chosen, paid, money_, cover)


def random_samples(case: Case, rng: np.random.Generator, count: int) -> Samples:
    low, _, high = case.menu.effort.T
    efforts = rng.uniform(low, high, (count, len(low)))
    efforts[rng.random(efforts.shape) < 0.25] = NEVER
    return Samples(rng.integers(len(case.futures), size=count), np.full(count, 1 / count), efforts)


@pytest.mark.parametrize("step", ["year", "quarter"])
def test_the_judge_and_the_programme_agree_on_every_sample(step):
    case, spread = case_of(full_chain(), step=step), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        decision, drawn = random_decision(case, rng), random_samples(case, rng, 5)
        losses = case.judge.losses(decision, drawn)
        held = [held_loss(case, decision, drawn, s) for s in range(len(drawn))]
        np.testing.assert_allclose(held, losses, atol=1e-6)
        spread.append(float(np.ptp(losses)))
    assert sum(apart > 0.01 for apart in spread) >= 4, "the samples must differ"


def slow_use(case: Case, decision: Decision, efforts: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Capacity in use by project and step, from the rules in words, profile after profile and step after step."""
    menu, times, delta = case.menu, case.horizon.times, case.horizon.delta
    serves = {
        ("gas_own", "q"): ("ink_own", 0.7),
        ("gas_own", "p"): ("ink_own", 0.0),
        ("tool_own", "r"): ("gas_own", 1.0),
    }
    needs = {"tool_new": "ink_guest", "ink_stock": "gas_own", "gas_plant": "tool_own"}
    routed = {"gas_own", "ink_own", "tool_own"}
    first = {name: NEVER if name in routed else menu.earliest[p] for p, name in enumerate(menu.project)}
    for f in np.flatnonzero(decision.chosen):
        start, gate = menu.profile_start[f], menu.profile_gate[f]
        state = []
        for x in menu.lanes(int(f)):
            q = int(menu.lane_route[x])
            left = efforts[q] - menu.lane_teams[x] * (gate - start) if np.isfinite(gate) else -1.0
            state.append((max(left, 0.0), q, x))
        goes_on = min(state, key=lambda entry: (entry[0], menu.route[entry[1]]))
        for left, q, x in state:
            if left <= 0:
                year = start + efforts[q] / menu.lane_teams[x]
            elif (left, q, x) == goes_on and left < NEVER:
                year = gate + left / menu.lane_then[x]
            else:
                continue
            name = menu.project[menu.route_project[q]]
            first[name] = min(first[name], year)
            if (name, menu.route[q]) in serves:
                other, delay = serves[name, menu.route[q]]
                first[other] = min(first[other], year + delay)
    used = np.zeros((len(menu.project), len(times)))
    for p, name in enumerate(menu.project):
        ready = max(first[name], first[needs[name]] if name in needs else 0.0)
        stands = [0.0]
        for t in range(len(times) - 1):
            more = menu.capacity[p] / menu.ramp_years[p] if ready <= times[t] + 1e-9 else 0.0
            more = (more + menu.learning[p] * stands[t]) * delta
            if menu.kind[p] == "attract":
                more *= open_[p, t]
            stands.append(min(stands[t] + more, menu.capacity[p] * decision.paid[p, : t + 1].sum()))
        for t, time in enumerate(times):
            long = [x for x, then in enumerate(times) if then <= time - menu.adoption_years[p] + 1e-9]
            proven = stands[long[-1]] if long else 0.0
            used[p, t] = min(stands[t], proven + menu.capacity[p] * decision.cover[p, : t + 1].sum())
    return used


@pytest.mark.parametrize("step", ["year", "quarter", "month"])
def test_capacity_in_use_follows_the_rules_in_words(step):
    case, rng = case_of(full_chain(), step=step), np.random.default_rng(7)
    some = 0
    for _ in range(12):
        decision, drawn = random_decision(case, rng), random_samples(case, rng, 4)
        for scenario, efforts in zip(drawn.scenario, drawn.effort, strict=True):
            open_ = case.futures[scenario].open
            expected = slow_use(case, decision, efforts, open_)
            found = usable_capacity(case.menu, decision, efforts, open_, case.horizon)
            np.testing.assert_allclose(found, expected, atol=1e-9)
            some += int((expected > 0.01).any(axis=1).sum())
    assert some > 60


def test_no_pair_of_profiles_is_better_than_the_optimum():
    """All choices of profiles for a project with a down-select; the plant is free, so nothing else is decided."""
    case = case_of(select_chain(pools=money({2026: 90, 2028: 40})))
    menu, rng = case.menu, np.random.default_rng(3)
    efforts = rng.uniform(1, 8, (5, 3))
    efforts[rng.random(efforts.shape) < 0.3] = NEVER
    drawn = samples_of(efforts)
    value, decision = optimum(case, drawn)
    paid = np.ones((1, case.horizon.count)) * [1, 0, 0, 0, 0]
    sets = [()] + [(f,) for f in range(len(menu.profile_start))]
    sets += [(f, h) for f in range(len(menu.profile_start)) for h in range(f)]
    values = []
    for chosen in sets:
        routes = [q for f in chosen for q in menu.lane_route[menu.lanes(f)]]
        spent = menu.profile_cost[list(chosen)].sum(axis=0).cumsum()
        if len(routes) > len(set(routes)) or (spent > menu.pools[0].paid_musd.cumsum() + 1e-9).any():
            continue
        mask = np.isin(np.arange(len(menu.profile_start)), chosen)
        values.append(case.judge.losses(Decision(mask, paid, decision.money), drawn).mean())
    assert min(values) < values[0] - 0.1
    assert value == pytest.approx(min(values), abs=2e-4)
