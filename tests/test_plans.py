"""The programme against enumeration, hand calculations and its own rules: money, people, capital, kinds of project."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from plan_chains import EMBARGO, build, effort, money, people, planning_chain, route

from wholenation.capability import Capability, base_limits, to_horizon
from wholenation.chain import Chain
from wholenation.lp import Solver, Status
from wholenation.network import to_network
from wholenation.plans import Plan, plan
from wholenation.plans.first_stage import Rules
from wholenation.plans.futures import Decision
from wholenation.plans.samples import Samples
from wholenation.plans.setting import draw, to_setting
from wholenation.plans.stages import to_stages
from wholenation.scenarios import denial, under
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.two_stage import Risk, objective, tail_mean

TIGHT = {"gap": 0.0, "evaluate": 0}


def after(found: Plan, measure: str = "expected") -> float:
    return dict(found.loss.select("measure", "after").iter_rows())[measure]


def before(found: Plan, measure: str = "expected") -> float:
    return dict(found.loss.select("measure", "before").iter_rows())[measure]


def best(chain: Chain, **settings) -> Plan:
    found = plan(chain, "AAA", **({"samples": 4} | TIGHT | settings))
    assert found.status is Status.OPTIMAL
    return found


def funded(found: Plan) -> set[str]:
    return set(found.portfolio["project"])


# --- By hand


def test_a_plant_is_paid_for_in_parts_as_money_comes_in():
    """Half of the plant stands from 2027 on, the other half from 2029 on: 0.6 + 0.3 + 0.3 are lost."""
    found = best(planning_chain(projects=[build()], pools=money({2026: 50, 2028: 50})))
    assert (before(found), after(found)) == pytest.approx((3.0, 1.2))
    assert found.spending.rows() == [
        ("Treasury", "plant", 2026, pytest.approx(50)), ("Treasury", "plant", 2028, pytest.approx(50)),
    ]  # fmt: skip
    row = found.portfolio.row(0, named=True)
    assert (row["start"], row["ready"], row["capex_musd"], row["built"]) == pytest.approx(
        (2026, 2029, 100, 1)
    )
    assert row["loss_if_left_out"] == pytest.approx(1.8)


def test_prices_of_money_are_what_a_little_more_saves():
    pools = {2026: 40, 2028: 20}
    found = best(planning_chain(projects=[build()], pools=money(pools)))
    price = dict(found.pools.filter(resource="money").select("year", "price").iter_rows())
    for year in (2026, 2028):
        more = best(planning_chain(projects=[build()], pools=money(pools | {year: pools[year] + 1})))
        # A trifle is put on money, so that none is spent in vain.
        assert price[year] == pytest.approx((after(found) - after(more)) * 1000, abs=0.01)


def test_capacity_ramps_up():
    """0.15 a year from 2027 on, up to 0.6 in 2030: 0.6 + 0.45 + 0.3 + 0.15 are lost."""
    found = best(planning_chain(projects=[build(ramp_years=4)], pools=money({2026: 100})))
    assert after(found) == pytest.approx(1.5)
    assert found.portfolio["ready"][0] == pytest.approx(2030)


def test_research_comes_before_capacity():
    """Two team-years by two teams: mastered in 2027, at work in 2028; by one team, a year later."""
    ways = [route("plant", teams_min=1, teams_max=2)]
    found = best(planning_chain(projects=[build(kind="develop")], routes=ways, pools=money({2026: 120})))
    assert after(found) == pytest.approx(1.2)
    row = found.portfolio.row(0, named=True)
    assert (row["start"], row["teams"], row["end"], row["ready"]) == (2026, 2, 2027, 2028)
    assert (row["cost_musd"], row["capex_musd"]) == pytest.approx((20, 100))
    slow = best(
        planning_chain(projects=[build(kind="develop")], routes=[route("plant")], pools=money({2026: 120}))
    )
    assert after(slow) == pytest.approx(1.8)


def test_late_money_makes_late_capacity():
    """Mastered in 2027, but the plant is paid for in 2028: with two years of ramp it is complete in 2030."""
    chain = planning_chain(
        projects=[build(kind="develop", ramp_years=2)],
        routes=[route("plant", effort=1)],
        pools=money({2026: 10, 2028: 100}),
    )
    found = best(chain)
    assert after(found) == pytest.approx(0.6 * 3 + 0.3)
    assert found.portfolio["ready"][0] == pytest.approx(2030)


def test_the_exact_expectation_of_a_route_that_may_fail():
    """It succeeds in half of the futures: 3 or 1.2 years are lost."""
    chain = planning_chain(
        projects=[build(kind="develop")],
        routes=[route("plant", effort=1, feasibility=0.5)],
        pools=money({2026: 200}),
    )
    found = best(chain, samples=10, risk_aversion=0.0)
    assert found.objective == after(found) == pytest.approx((3 + 1.2) / 2)
    assert after(found, "cvar") == after(found, "worst") == pytest.approx(3)
    averse = best(chain, samples=10, risk_aversion=0.5, tail=0.4)
    # Of the worst 0.6, 0.5 lose 3 and 0.1 lose 1.2.
    assert after(averse, "cvar") == pytest.approx(2.7)
    assert averse.objective == pytest.approx((2.1 + 2.7) / 2)


@pytest.mark.parametrize("aversion", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("tail", [0.0, 0.5, 0.999])
def test_the_objective_weighs_mean_and_tail(aversion, tail):
    found = best(rival_chain(), risk_aversion=aversion, tail=tail, samples=5)
    mean, cvar, worst = (after(found, name) for name in ("expected", "cvar", "worst"))
    assert found.objective == pytest.approx((1 - aversion) * mean + aversion * cvar)
    assert found.bound <= found.objective
    if tail == 0:
        assert cvar == pytest.approx(mean)
    if tail == 0.999:
        assert cvar == pytest.approx(worst)


# --- By enumeration


def rival_chain(**changes) -> Chain:
    """Two rival routes to gas and one to tools; plants cost nothing, so that all that is decided is a yes or a no."""
    tables = {
        "needed": ("gas", "tool"),
        "supply": {"tool": {"BBB": 0.9, "CCC": 0.1}},
        "projects": [
            build("gas_own", kind="develop", capacity=0.5, capex_musd=0),
            build("tool_own", kind="develop", item="tool", capacity=0.9, capex_musd=0),
        ],
        "routes": [
            route("gas_own", "p", feasibility=0.8, correlation=0.5, teams_max=2) | effort(1, 2, 4),
            route("gas_own", "q", feasibility=0.6, correlation=0.5, team_year_musd=12, teams_max=2)
            | effort(0.5, 1, 3),
            route("tool_own", "r", feasibility=0.9, teams_max=1) | effort(0.5, 1, 2),
        ],
        "staffing": [
            {"project": "gas_own", "route": "p", "resource": "engineers", "per_team": 10},
            {"project": "gas_own", "route": "q", "resource": "engineers", "per_team": 15},
            {"project": "tool_own", "route": "r", "resource": "engineers", "per_team": 10},
        ],
        "pools": [*money({2026: 40, 2028: 25}), *people(30)],
        "scenarios": {"embargo": 0.6, "gas": 0.2},
        "controls": [EMBARGO, EMBARGO | {"scenario": "gas", "item": "gas", "start": "2027-01-01"}],
    }
    return planning_chain(**(tables | changes))


def slow_capacity(
    setting, chosen: tuple[int, ...], paid: dict[int, dict[int, float]], efforts
) -> dict[int, list]:
    """Capacity by project and step, step after step from the rule in words; `paid` is by project and step."""
    menu, times = setting.menu, setting.horizon.times
    grown = {}
    for p in range(len(menu.project)):
        mine = [f for f in chosen if menu.route_project[menu.profile_route[f]] == p]
        routed = p in menu.route_project.tolist()
        first = [menu.profile_start[f] + efforts[menu.profile_route[f]] / menu.profile_teams[f] for f in mine]
        first = min(first, default=np.inf) if routed else menu.earliest[p]
        stands = [0.0]
        for t in range(len(times) - 1):
            speed = menu.capacity[p] / menu.ramp_years[p] * setting.horizon.delta
            bought = menu.capacity[p] * sum(part for step, part in paid.get(p, {}).items() if step <= t)
            stands.append(min(stands[-1] + (speed if first <= times[t] + 1e-9 else 0.0), bought))
        grown[p] = stands
    return grown


class SlowJudge:
    """Losses from the whole network (not the reduced one), with capacity added by hand."""

    def __init__(self, chain: Chain, setting):
        self.setting, self.known = setting, {}
        network, horizon = setting.network, setting.horizon
        self.problem = Capability(network, horizon)
        base = base_limits(network, horizon)
        names = chain.scenarios["scenario"].to_list()
        self.limits = [under(network, base, denial(chain, network, horizon, name)) for name in names] + [base]

    def loss(self, scenario: int, grown: dict[int, list]) -> float:
        key = (scenario, repr(grown))
        if key not in self.known:
            limits, menu = self.limits[scenario], self.setting.menu
            imports, own, state = limits.imports.copy(), limits.own.copy(), limits.state.copy()
            for p, stands in grown.items():
                if menu.item[p] >= 0:
                    {"diversify": imports, "stockpile": state}.get(menu.kind[p], own)[menu.item[p]] += stands
            self.known[key] = self.problem.solve(limits.merged(imports=imports, own=own, state=state)).loss
        return self.known[key]

    def losses(self, chosen, paid, samples: Samples) -> np.ndarray:
        return np.array(
            [
                self.loss(int(s), slow_capacity(self.setting, chosen, paid, efforts))
                for s, efforts in zip(samples.scenario, samples.effort, strict=True)
            ]
        )


def affordable(setting, chosen: tuple[int, ...], capex: np.ndarray | float = 0.0) -> bool:
    """Whether one unconditional pool and the people suffice in every step."""
    menu = setting.menu
    spent = menu.profile_cost[list(chosen)].sum(axis=0) + capex
    staff = menu.profile_staff[list(chosen)].sum(axis=0)
    return bool(
        (np.cumsum(spent) <= np.cumsum(menu.pools[0].paid_musd) + 1e-9).all()
        and (staff <= menu.available + 1e-9).all()
    )


@pytest.mark.parametrize(("aversion", "tail", "seed"), [(0.0, 0.9, 1), (0.25, 0.5, 2), (1.0, 0.8, 3)])
def test_no_set_of_profiles_is_better_than_the_plan(aversion, tail, seed):
    chain = rival_chain()
    setting = to_setting(chain, "AAA")
    drawn, risk = draw(setting, 5, seed), Risk(aversion, tail)
    judge = SlowJudge(chain, setting)
    free = {p: {0: 1.0} for p in range(len(setting.menu.project))}
    by_route = defaultdict(lambda: [None])
    for f, q in enumerate(setting.menu.profile_route):
        by_route[int(q)].append(f)
    values = {}
    for choice in product(*by_route.values()):
        chosen = tuple(f for f in choice if f is not None)
        if affordable(setting, chosen):
            values[chosen] = objective(judge.losses(chosen, free, drawn), drawn.weight, risk)
    found = best(chain, samples=5, seed=seed, risk_aversion=aversion, tail=tail)
    least = min(values.values())
    assert len(values) >= 50
    assert values[()] > least + 0.1, "the case must be worth a plan"
    assert least > 0.01, "the case must not be too easy"
    # A trifle on money may tip a tie.
    assert found.objective == pytest.approx(least, abs=2e-4)
    assert found.bound <= least + 1e-7
    assert found.objective == pytest.approx(
        values[tuple(np.flatnonzero(found.decision.chosen).tolist())], abs=1e-7
    )


def test_no_payments_on_a_grid_are_better_than_the_plan():
    """Two plants that need each other, one slow; parts of a quarter are paid in the first three years."""
    chain = planning_chain(
        needed=("gas", "tool"),
        projects=[build("a", ramp_years=2), build("b", item="tool", capacity=0.5, capex_musd=40)],
        pools=money({2026: 50, 2027: 35, 2028: 30}),
    )
    setting = to_setting(chain, "AAA")
    judge, menu = SlowJudge(chain, setting), setting.menu
    parts = [part for part in product(np.arange(0, 1.01, 0.25), repeat=3) if sum(part) <= 1]
    everywhere = Samples(np.zeros(1, dtype=int), np.ones(1), np.zeros((1, 0)))
    least = np.inf
    for a, b in product(parts, parts):
        spent = np.zeros(5)
        spent[:3] = menu.capex_musd[0] * np.array(a) + menu.capex_musd[1] * np.array(b)
        if affordable(setting, (), spent):
            paid = {p: dict(enumerate(part)) for p, part in enumerate((a, b))}
            least = min(least, judge.losses((), paid, everywhere)[0])
    found = best(chain, samples=1)
    assert found.objective <= least + 1e-6
    assert least - 0.3 < found.bound < before(found) - 0.5


@pytest.mark.parametrize("seed", range(6))
def test_the_judge_and_the_extensive_form_agree_on_every_sample(seed):
    """A random first stage is held fixed; the extensive form of one sample then costs what the judge says."""
    rng = np.random.default_rng(seed)
    chain = everything_chain()
    setting = to_setting(chain, "AAA")
    menu, horizon = setting.menu, setting.horizon
    chosen = np.zeros(len(menu.profile_route), dtype=bool)
    for q in range(len(menu.route)):
        if rng.random() < 0.7:
            chosen[rng.choice(np.flatnonzero(menu.profile_route == q))] = True
    paid = rng.dirichlet(np.full(horizon.count + 1, 0.3), len(menu.project))[:, :-1]
    paid[horizon.times < menu.earliest[:, None]] = 0.0
    routed = np.unique(menu.route_project)
    idle = np.setdiff1d(routed, menu.route_project[menu.profile_route[chosen]])
    paid[idle] = 0.0
    decision = Decision(chosen, paid, np.zeros((len(menu.pools), len(menu.project), horizon.count)))
    drawn = draw(setting, 8, seed)
    losses = setting.judge.losses(decision, drawn)
    slow = SlowJudge(chain, setting)
    unlimited = Rules(
        free_pools=frozenset(range(len(menu.pools))), free_resources=frozenset(range(len(menu.resources)))
    )
    for s in range(len(drawn)):
        one = Samples(drawn.scenario[[s]], np.ones(1), drawn.effort[[s]])
        programme = to_stages(menu, setting.network, horizon, setting.futures, one, Risk(0.0, 0.5), unlimited)
        form, problem = programme.first, deterministic_equivalent(programme.stages).problem
        lower, upper = problem.lower.copy(), problem.upper.copy()
        useful = upper[form.paid].max(axis=1) > 0
        whole = paid.cumsum(axis=1) * useful[:, None]
        for place, value in ((form.y, chosen * upper[form.y]), (form.paid, whole)):
            lower[place] = upper[place] = value
        answer = Solver(replace(problem, lower=lower, upper=upper, integer=None)).solve()
        assert answer.status is Status.OPTIMAL
        trifle = problem.cost[form.c].ravel() @ answer.x[form.c].ravel()
        assert answer.objective - trifle == pytest.approx(losses[s], abs=1e-6)
        if not any(kind in ("attract", "diversify") for kind in menu.kind):
            by_step = {p: dict(enumerate(part)) for p, part in enumerate(paid)}
            grown = slow_capacity(setting, tuple(np.flatnonzero(chosen)), by_step, drawn.effort[s])
            assert slow.loss(int(drawn.scenario[s]), grown) == pytest.approx(losses[s], abs=1e-6)
    assert np.ptp(losses) > 0.01, "the samples must differ"


@pytest.mark.parametrize("target", [1.0, 1.3])
def test_the_judge_on_the_reduced_network_agrees_with_the_whole_one(target):
    chain = rival_chain(target=target, projects=[
        build("a", kind="develop", capacity=0.5), build("b", item="tool", capacity=1.5),
        build("c", kind="stockpile", capacity=0.5),
    ], routes=[route("a", "p") | effort(1, 2, 4)], staffing=())  # fmt: skip
    setting = to_setting(chain, "AAA")
    slow, rng = SlowJudge(chain, setting), np.random.default_rng(0)
    drawn = draw(setting, 6, 0)
    for _ in range(5):
        chosen = np.zeros(len(setting.menu.profile_route), dtype=bool)
        chosen[rng.integers(len(chosen))] = True
        paid = rng.dirichlet(np.full(6, 0.3), 3)[:, :-1]
        decision = Decision(chosen, paid, np.zeros((1, 3, 5)))
        by_step = {p: dict(enumerate(part)) for p, part in enumerate(paid)}
        expected = slow.losses(tuple(np.flatnonzero(chosen)), by_step, drawn)
        np.testing.assert_allclose(setting.judge.losses(decision, drawn), expected, atol=1e-7)


# --- Money and people


def everything_chain(**changes) -> Chain:
    """All six kinds of project, rival routes, four contributors with earmarks, matching and doubtful pledges."""
    tables = {
        "needed": ("gas", "tool"),
        "items": {"gas": {"stock_months": 6, "surge": 0.2}, "tool": {"surge": 0.1}},
        "supply": {"tool": {"BBB": 0.8, "CCC": 0.1, "DDD": 0.1}},
        "projects": [
            build("gas_own", kind="develop", capacity=0.5, ramp_years=2),
            build("gas_plant", capacity=0.2, earliest=2027),
            build("gas_stock", kind="stockpile", capacity=0.5, capex_musd=15),
            build("tool_own", kind="develop", item="tool", capacity=0.8, capex_musd=60),
            build("tool_new", kind="diversify", item="tool", capacity=0.3, capex_musd=30, jurisdiction="CCC"),
            build("tool_guest", kind="attract", item="tool", capacity=0.4, capex_musd=50, jurisdiction="CCC"),
            {"project": "school", "kind": "train", "capacity": 20, "capex_musd": 10, "resource": "engineers"},
        ],
        "routes": [
            route("gas_own", "p", feasibility=0.8, correlation=0.5, teams_max=3) | effort(1, 2, 4),
            route("gas_own", "q", feasibility=0.6, correlation=0.5, team_year_musd=12) | effort(0.5, 1, 3),
            route("tool_own", "r", feasibility=0.7, teams_max=2) | effort(1, 3, 5),
        ],
        "staffing": [
            {"project": "gas_own", "route": "p", "resource": "engineers", "per_team": 10},
            {"project": "gas_own", "route": "q", "resource": "laboratories", "per_team": 1},
            {"project": "tool_own", "route": "r", "resource": "engineers", "per_team": 15},
            {"project": "tool_own", "route": "r", "resource": "laboratories", "per_team": 1},
        ],
        "pools": [
            *money({2026: 60, 2027: 30}),
            *money({2026: 30, 2028: 40}, "Region", earmark_stage="materials", paid_in=0.5),
            *money({2026: 100}, "Bank", match_ratio=0.5),
            *money({2027: 40}, "Guest", jurisdiction="CCC", earmark_kind="attract"),
            *people(20),
            *people(1, "laboratories"),
        ],
        "scenarios": {"embargo": 0.5, "both": 0.2, "late": 0.1},
        "controls": [
            EMBARGO,
            EMBARGO | {"scenario": "both"},
            {"scenario": "both", "controller": "CCC", "kind": "item", "start": "2028-07-01", "coverage": 0.5},
            {"scenario": "both", "controller": "CCC", "kind": "capital", "start": "2028-01-01"},
            {"scenario": "late", "controller": "BBB", "kind": "service", "item_kind": "tool", "start": "2027-01-01"},
        ],
    }  # fmt: skip
    return planning_chain(**(tables | changes))


EVERYTHING = [
    {"seed": 0},
    {"seed": 1, "budget": 120},
    {"risk_aversion": 1.0, "budget": 500, "require": ["school"]},
]


@pytest.fixture(scope="module", params=range(len(EVERYTHING)))
def everything(request) -> Plan:
    found = plan(everything_chain(), "AAA", samples=6, evaluate=20, gap=0.02, **EVERYTHING[request.param])
    assert len(funded(found)) >= 3
    return found


def test_no_pool_is_overspent(everything):
    for k, pool in enumerate(everything.menu.pools):
        spent = everything.decision.money[k].sum(axis=0).cumsum()
        assert (spent <= pool.paid_musd.cumsum() * (1 + 1e-6) + 1e-4).all(), pool.label


def test_money_pays_for_profiles_and_capacity_in_the_step_of_their_cost(everything):
    menu, decision = everything.menu, everything.decision
    owner = menu.route_project[menu.profile_route]
    cost = decision.paid * menu.capex_musd[:, None]
    for f in np.flatnonzero(decision.chosen):
        cost[owner[f]] += menu.profile_cost[f]
    np.testing.assert_allclose(decision.money.sum(axis=0), cost, atol=1e-3)
    rows = everything.portfolio
    assert everything.spending["musd"].sum() == pytest.approx(
        (rows["cost_musd"] + rows["capex_musd"]).sum(), abs=0.01
    )
    assert everything.spending["musd"].sum() == pytest.approx(decision.money.sum(), abs=0.01)


def test_earmarks_and_matching_are_kept(everything):
    kinds = dict(zip(everything.menu.project, everything.menu.kind, strict=True))
    by = {(c, p): 0.0 for c in ("Treasury", "Region (materials)", "Bank", "Guest (attract)") for p in kinds}
    for contributor, project, _, musd in everything.spending.iter_rows():
        by[contributor, project] += musd
    for (contributor, project), musd in by.items():
        if contributor == "Region (materials)":
            assert musd == 0 or project.startswith("gas")
        if contributor == "Guest (attract)":
            assert musd == 0 or kinds[project] == "attract"
        if contributor == "Bank":
            others = sum(by[c, project] for c, _ in by if c != "Bank" and _ == project)
            assert musd <= 0.5 * others + 1e-3
    assert sum(musd for (c, _), musd in by.items() if c == "Bank") > 1, "the case must use the matched pool"


def test_people_and_laboratories_suffice_with_those_who_were_trained(everything):
    menu, decision, horizon = everything.menu, everything.decision, everything.horizon
    trained = np.zeros(horizon.count)
    school = menu.project.index("school")
    for t in range(horizon.count):
        for paid in range(horizon.count):
            # One class a year, the first a year of schooling after it was paid for.
            trained[t] += decision.paid[school, paid] * menu.capacity[school] * max(t - paid, 0)
    staff = np.einsum("f,frt->rt", decision.chosen.astype(float), menu.profile_staff)
    engineers = menu.resources.index("engineers")
    extra = np.zeros_like(staff)
    extra[engineers] = trained
    assert (staff <= menu.available + extra + 1e-5).all()
    for name in menu.resources:
        rows = everything.pools.filter(resource=name)
        assert (rows["used"] <= rows["available"] + 1e-5).all(), "what training adds is available"


def test_one_profile_per_route_and_no_more_than_the_whole_capacity(everything):
    menu, decision = everything.menu, everything.decision
    routes = menu.profile_route[decision.chosen]
    assert len(set(routes)) == len(routes)
    assert (decision.paid.sum(axis=1) <= 1 + 1e-6).all()
    assert (decision.paid[everything.horizon.times < menu.earliest[:, None]].sum()) == 0
    unstaffed = np.setdiff1d(menu.route_project, menu.route_project[routes])
    assert decision.paid[unstaffed].sum() == pytest.approx(0, abs=1e-6)


def test_the_reported_losses_are_those_of_the_decision(everything):
    """The loss table against a run of the judge on the same draws, and the bound against the objective."""
    after_, worst = (after(everything, name) for name in ("expected", "worst"))
    assert everything.bound <= everything.objective + 1e-9
    assert everything.gap <= 0.03
    assert after_ <= before(everything)
    assert after_ <= after(everything, "cvar") + 1e-9 <= worst + 2e-9


def test_only_what_is_expected_to_be_paid_in_can_be_spent():
    """Half of the pledges are paid: half of the plant can be built."""
    found = best(planning_chain(projects=[build()], pools=money({2026: 100}, paid_in=0.5)))
    assert after(found) == pytest.approx(0.6 + 4 * 0.3)
    assert found.pools["available"].sum() == found.spending["musd"].sum() == pytest.approx(50)


def test_matching_money_needs_others_to_match():
    """The bank adds half of what others give to the same project; alone it gives nothing."""
    alone = best(planning_chain(projects=[build()], pools=money({2026: 100}, "Bank", match_ratio=0.5)))
    assert after(alone) == pytest.approx(3.0)
    pools = [*money({2026: 40}), *money({2026: 100}, "Bank", match_ratio=0.5)]
    found = best(planning_chain(projects=[build()], pools=pools))
    assert dict(found.spending.select("contributor", "musd").iter_rows()) == pytest.approx(
        {"Treasury": 40, "Bank": 20}
    )


def test_a_contributor_does_not_match_its_own_money():
    pools = [
        *money({2026: 40}, "Bank", earmark_stage="materials"),
        *money({2026: 100}, "Bank", match_ratio=0.5),
    ]
    found = best(planning_chain(projects=[build()], pools=pools))
    assert found.spending["musd"].sum() == pytest.approx(40)


def test_a_contributor_earmarked_to_nothing_useful_gives_nothing():
    pools = [*money({2026: 50}), *money({2026: 500}, "Region", earmark_item="chip")]
    found = best(planning_chain(projects=[build()], pools=pools))
    assert set(found.spending["contributor"]) == {"Treasury"}
    assert after(found) == pytest.approx(0.6 + 4 * 0.3)
    rows = found.pools.filter(contributor="Region (chip)")
    assert (rows["used"] == 0).all()
    assert (rows["price"].abs() < 1e-9).all(), "more of it would save nothing"


def test_people_hold_back_what_money_could_do():
    chain = {
        "projects": [build(kind="develop")],
        "routes": [route("plant", effort=1)],
        "pools": money({2026: 500}),
    }
    staffing = [{"project": "plant", "route": "way", "resource": "engineers", "per_team": 30}]
    free = planning_chain(**chain)
    assert after(best(free)) == pytest.approx(1.2)
    tables = chain | {"staffing": staffing, "pools": [*chain["pools"], *people(29)]}
    assert after(best(planning_chain(**tables))) == pytest.approx(3.0)
    tables["pools"] = [*chain["pools"], *people(30)]
    assert after(best(planning_chain(**tables))) == pytest.approx(1.2)


def test_training_lets_research_start():
    """The first class graduates after a year; research then runs in 2027, the plant in 2029."""
    school = {"project": "school", "kind": "train", "capacity": 30, "capex_musd": 5, "resource": "engineers"}
    tables = {
        "projects": [build(kind="develop"), school],
        "routes": [route("plant", effort=1)],
        "staffing": [{"project": "plant", "route": "way", "resource": "engineers", "per_team": 30}],
        "pools": [*money({2026: 500}), *people(0)],
    }
    found = best(planning_chain(**tables))
    assert funded(found) == {"plant", "school"}
    assert after(found) == pytest.approx(1.8)
    assert after(best(planning_chain(**tables), exclude=["school"])) == pytest.approx(3.0)


# --- Kinds of project, capital controls


def one_project(kind: str, **changes) -> Chain:
    items = {"gas": {"surge": 1.0}} if kind == "stockpile" else None
    controls = [EMBARGO | ({"start": "2028-01-01"} if kind == "stockpile" else {})]
    settings = {"capacity": 0.6, "jurisdiction": "CCC" if kind in ("diversify", "attract") else None}
    return planning_chain(
        projects=[build(kind=kind, **(settings | changes.pop("project", {})))],
        routes=[route("plant", effort=1)] if kind == "develop" else (),
        **{"items": items, "controls": controls, "pools": money({2026: 500})} | changes,
    )


@pytest.mark.parametrize(
    ("kind", "idle", "least"),
    [
        ("build", 3.0, 0.6),
        ("develop", 3.0, 1.2),
        ("diversify", 3.0, 0.6),
        ("attract", 3.0, 0.6),
        # CCC alone delivers twice 0.4 from 2028 on, which leaves 0.2 a year; a stock of 0.6 saves all of it.
        ("stockpile", 0.6, 0.0),
    ],
)
def test_every_kind_of_project_helps(kind, idle, least):
    found = best(one_project(kind))
    assert (before(found), after(found)) == pytest.approx((idle, least), abs=1e-6)
    assert funded(found) == {"plant"}


def test_a_new_supplier_who_denies_too_is_worth_nothing():
    both = [EMBARGO, EMBARGO | {"controller": "CCC"}]
    found = best(one_project("diversify", controls=both))
    assert after(found) == before(found) == pytest.approx(5.0)
    assert not len(found.portfolio)


def test_a_new_supplier_who_denies_later_helps_until_then():
    late = [EMBARGO, EMBARGO | {"controller": "CCC", "start": "2029-01-01"}]
    found = best(one_project("diversify", controls=late))
    assert after(found) == pytest.approx(0.6 + 2 * 1.0)


CAPITAL = {"scenario": "embargo", "controller": "CCC", "kind": "capital"}


def test_a_capital_control_stops_a_foreign_plant():
    controls = [EMBARGO, CAPITAL | {"start": "2026-01-01"}]
    found = best(one_project("attract", controls=controls))
    assert after(found) == before(found)
    assert not len(found.portfolio)
    # A plant of home's own is not touched by it.
    assert after(best(one_project("build", controls=controls))) == pytest.approx(0.6)


def test_a_capital_control_leaves_what_a_foreign_plant_has_grown_to():
    """A quarter of the capacity a year, until investment is denied in 2028: two quarters stay."""
    found = best(
        one_project(
            "attract", project={"ramp_years": 4}, controls=[EMBARGO, CAPITAL | {"start": "2028-01-01"}]
        )
    )
    assert after(found) == pytest.approx(0.6 + 0.45 + 0.3 * 3)


def test_a_capital_control_stops_a_foreign_contributors_money():
    pools = money({2026: 50, 2028: 50}, "Guest", jurisdiction="CCC")
    controls = [EMBARGO, CAPITAL | {"start": "2028-01-01"}]
    found = best(planning_chain(projects=[build()], pools=pools, controls=controls))
    assert found.spending["musd"].sum() == pytest.approx(50)
    assert after(found) == pytest.approx(0.6 + 4 * 0.3)
    # By its probability, where it may not come.
    maybe = planning_chain(
        projects=[build()], pools=pools, controls=[EMBARGO, CAPITAL | {"scenario": "capital", "start": "2026-01-01"}],
        scenarios={"embargo": 0.75, "capital": 0.25},
    )  # fmt: skip
    assert best(maybe).pools["available"].sum() == pytest.approx(75)
    own = planning_chain(projects=[build()], pools=money({2026: 50, 2028: 50}), controls=controls)
    assert after(best(own)) == pytest.approx(1.2)


# --- Other chains


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"projects": [build()]},
        {"pools": money({2026: 100})},
        {"projects": [build()], "scenarios": {"embargo": 0.0, "none": 1.0}, "pools": money({2026: 100})},
        {
            "projects": [build(kind="develop")],
            "routes": [route("plant", effort=99)],
            "pools": money({2026: 1000}),
        },
    ],
    ids=["nothing", "no pools", "no projects", "no denial", "a route that takes too long"],
)
def test_where_nothing_can_be_done_nothing_is(tables):
    found = best(planning_chain(**tables))
    assert (
        after(found)
        == before(found)
        == found.objective
        == pytest.approx(0.0 if "scenarios" in tables else 3.0)
    )
    assert found.bound <= found.objective
    assert found.gap < 1e-3
    assert found.portfolio.is_empty()
    assert found.spending.is_empty()


def test_a_budget_without_pools_is_a_pool():
    found = best(planning_chain(projects=[build(), build("more", item="tool")]), budget=50)
    # A fifth of it in every year: a tenth of the plant from 2027 on, two from 2028 on.
    assert after(found) == pytest.approx(0.6 * (5 - 0.1 - 0.2 - 0.3 - 0.4))


def test_a_bloc_plans_for_its_members():
    chain = planning_chain(
        home="LEA",
        supply={"gas": {"BBB": 0.6, "DDD": 0.4}},
        projects=[build(home="LEA")],
        pools=money({2026: 100}),
    )
    found = plan(chain, "LEA", samples=2, **TIGHT)
    assert (before(found), after(found)) == pytest.approx((3.0, 0.6))


def test_a_target_above_the_base_year():
    """1.5 is wanted of what is 1 today: gas for 0.5 more is to be made at home, and the embargo's 0.6."""
    chain = planning_chain(
        target=1.5,
        projects=[build(capacity=2.0), build("fab", item="chip", capacity=1.0)],
        pools=money({2026: 400}),
    )
    found = best(chain)
    assert before(found) == pytest.approx(5 * 1.1)
    assert after(found) == pytest.approx(1.1)
    assert funded(found) == {"plant", "fab"}
    assert after(best(chain, exclude=["fab"])) == pytest.approx(1.1 + 4 * 0.5)


def test_a_mission_that_counts_imports():
    """Half of the chips are bought from CCC; BBB's embargo takes all gas for the other half."""
    chain = planning_chain(
        counts_imports=True,
        supply={"chip": {"AAA": 0.5, "CCC": 0.5}, "gas": {"BBB": 1.0, "CCC": 0.0}},
        projects=[build()],
        pools=money({2026: 100}),
    )
    found = best(chain)
    assert before(found) == pytest.approx(5 * 0.5)
    assert after(found) == pytest.approx(0.5)


def test_horizon_of_one_year_leaves_no_time():
    chain = planning_chain(projects=[build()], pools=money({2026: 100}))
    chain = replace(chain, missions=chain.missions.head(1))
    network = to_network(chain, "AAA")
    assert to_horizon(network).count == 1
    found = best(chain)
    assert after(found) == before(found) == pytest.approx(0.6)


def test_tail_mean_of_the_plan_is_over_its_own_samples():
    found = best(rival_chain(), samples=5, tail=0.7)
    setting = to_setting(rival_chain(), "AAA")
    drawn = draw(setting, 5, 0)
    losses = setting.judge.losses(found.decision, drawn)
    assert after(found, "cvar") == pytest.approx(tail_mean(losses, drawn.weight, 0.7))
    assert after(found) == pytest.approx(drawn.weight @ losses)
