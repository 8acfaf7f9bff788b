"""A chain for planning tests: home AAA makes chips from gas (a material) and with a tool, both bought abroad.

BBB supplies 0.6 of each, CCC 0.4; nothing is in stock and nobody can deliver more. The horizon is 2026 to 2030, so
that an embargo by BBB alone costs 0.6 years of output a year, 3 in all, when only gas is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from random_chains import chain_of

from wholenation.capability import Horizon, base_limits, to_horizon
from wholenation.chain import Chain
from wholenation.lp import Solver, Status
from wholenation.network import Network, to_network
from wholenation.plans.first_stage import NO_RULES, Rules
from wholenation.plans.futures import Decision, Future, Judge, to_future
from wholenation.plans.menu import Menu, to_menu
from wholenation.plans.samples import Samples
from wholenation.plans.stages import to_stages
from wholenation.scenarios import denial
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.two_stage import Risk

Row = dict[str, Any]
YEARS = range(2026, 2031)
SURE = {"basis": "measured", "source": "made up"}
EMBARGO = {"scenario": "embargo", "controller": "BBB", "kind": "item", "start": "2026-01-01"}


def filled(row: Row, **default: Any) -> Row:
    return SURE | default | row


def money(amounts: dict[int, float], contributor: str = "Treasury", **more: Any) -> list[Row]:
    """Pool rows of money in USD million by year."""
    return [
        {"contributor": contributor, "resource": "money", "year": year, "amount": amount, "unit": "musd"}
        | more
        for year, amount in amounts.items()
    ]


def people(amount: float, resource: str = "engineers", years: Iterable[int] = YEARS) -> list[Row]:
    """Pool rows of people, the same number in every year."""
    return [
        {"contributor": "Treasury", "resource": resource, "year": year, "amount": amount, "unit": "people"}
        for year in years
    ]


def build(project: str = "plant", **changes: Any) -> Row:
    """A plant for 0.6 of the need of gas: a year to build, USD 100 million."""
    row = {
        "project": project,
        "item": "gas",
        "kind": "build",
        "capacity": 0.6,
        "ramp_years": 1,
        "capex_musd": 100,
    }
    return row | changes


def route(project: str, name: str = "way", effort: float = 2, **changes: Any) -> Row:
    """A sure route of one team at USD 10 million a year."""
    return {"project": project, "route": name, "effort_team_years": effort, "team_year_musd": 10} | changes


def effort(low: float, mode: float, high: float) -> Row:
    return {"effort_team_years": mode, "effort_team_years_low": low, "effort_team_years_high": high}


def planning_chain(
    *,
    projects: Iterable[Row] = (),
    routes: Iterable[Row] = (),
    staffing: Iterable[Row] = (),
    common_routes: Iterable[Row] = (),
    prerequisites: Iterable[Row] = (),
    pools: Iterable[Row] = (),
    scenarios: dict[str, float] | None = None,
    controls: Iterable[Row] = (EMBARGO,),
    items: dict[str, Row] | None = None,
    needed: Iterable[str] = ("gas",),
    supply: dict[str, dict[str, float]] | None = None,
    target: float = 1,
    home: str = "AAA",
    demand_share: float = 1,
    counts_imports: bool = False,
) -> Chain:
    """The chain with these tables; `items` and `supply` change or add rows, `needed` is what chips need."""
    rows: dict[str, Row] = {
        "chip": {"kind": "product", "stage": "product"},
        "gas": {"kind": "material", "stage": "materials", "stock_months": 0, "surge": 0},
        "tool": {"kind": "tool", "stage": "equipment", "lifetime_years": 2, "surge": 0},
    }
    for item, changes in (items or {}).items():
        rows[item] = rows.get(item, {}) | changes
    shares = {"gas": {"BBB": 0.6, "CCC": 0.4}, "tool": {"BBB": 0.6, "CCC": 0.4}} | (supply or {})
    scenarios = {"embargo": 1.0} if scenarios is None else scenarios
    tables: dict[str, list[Row]] = {
        "jurisdictions": [
            {"jurisdiction": "AAA", "name": "Aland", "part_of": "LEA", "demand_share": demand_share},
            {"jurisdiction": "BBB", "name": "Beland", "part_of": None, "demand_share": None},
            {"jurisdiction": "CCC", "name": "Celand", "part_of": None, "demand_share": None},
            {"jurisdiction": "DDD", "name": "Deland", "part_of": "LEA", "demand_share": None},
            {"jurisdiction": "LEA", "name": "League", "part_of": None, "demand_share": None},
        ],
        "items": [filled({"item": item, "name": item.title()} | row) for item, row in rows.items()],
        "needs": [filled({"item": "chip", "input": item}) for item in needed],
        "supply": [
            filled({"item": item, "jurisdiction": code, "share": share})
            for item, parts in shares.items()
            for code, share in parts.items()
        ],
        "scenarios": [
            filled({"scenario": name, "name": name.title(), "probability": probability})
            for name, probability in scenarios.items()
        ],
        "controls": [filled(row, target=home, coverage=1, reach="direct") for row in controls],
        "missions": [
            {
                "mission": "chips", "home": home, "product": "chip", "year": year, "target": target,
                "counts_imports": str(counts_imports).lower(), "source": "made up",
            }
            for year in (YEARS[0], YEARS[-1])
        ],
        "projects": [filled(row) for row in projects],
        "routes": [filled(row) for row in routes],
        "staffing": [filled(row) for row in staffing],
        "common_routes": [filled(row) for row in common_routes],
        "prerequisites": [{"source": "made up"} | row for row in prerequisites],
        "pools": [filled(row) for row in pools],
    }  # fmt: skip
    return chain_of({name: rows for name, rows in tables.items() if rows})


@dataclass(frozen=True)
class Case:
    """What is known before a decision."""

    network: Network
    horizon: Horizon
    menu: Menu
    futures: list[Future]
    judge: Judge


def case_of(
    chain: Chain, *, step: str = "year", reserve: float = 0.5, holdback: float = 0.0, home: str = "AAA"
) -> Case:
    """The case in these steps; contributors' money comes in as the menu expects it."""
    network = to_network(chain, home)
    horizon = to_horizon(network, step)
    menu = to_menu(chain, network, horizon, reserve=reserve, holdback=holdback)
    base = base_limits(network, horizon)
    names = chain.scenarios["scenario"].to_list()
    futures = [to_future(network, menu, base, denial(chain, network, horizon, name)) for name in names]
    return Case(network, horizon, menu, futures, Judge(menu, horizon, futures))


def samples_of(efforts: Iterable[Iterable[float]], scenario: int = 0) -> Samples:
    """Futures of equal weight in which the routes need these efforts."""
    effort = np.array([list(row) for row in efforts], dtype=float)
    count = len(effort)
    return Samples(np.full(count, scenario), np.full(count, 1.0 / count), effort)


def optimum(case: Case, samples: Samples, rules: Rules = NO_RULES) -> tuple[float, Decision]:
    """The least expected loss over these samples and a decision that has it, from the whole programme at once."""
    programme = to_stages(case.menu, case.network, case.horizon, case.futures, samples, Risk(), rules)
    answer = Solver(deterministic_equivalent(programme.stages).problem).solve(gap=0.0)
    assert answer.status is Status.OPTIMAL
    decision = programme.first.decision(case.menu, answer.x)
    return float(samples.weight @ case.judge.losses(decision, samples)), decision


def held_loss(case: Case, decision: Decision, samples: Samples, s: int) -> float:
    """The loss of sample s in the two-stage programme with the decision held fixed; money and people are no limit."""
    menu, horizon = case.menu, case.horizon
    one = Samples(samples.scenario[[s]], np.ones(1), samples.effort[[s]])
    unlimited = Rules(
        free_pools=frozenset(range(len(menu.pools))), free_resources=frozenset(range(len(menu.resources)))
    )
    programme = to_stages(menu, case.network, horizon, case.futures, one, Risk(0.0, 0.5), unlimited)
    form, problem = programme.first, deterministic_equivalent(programme.stages).problem
    lower, upper = problem.lower.copy(), problem.upper.copy()
    useful = upper[form.paid].max(axis=1) > 0
    held = [
        (form.y, decision.chosen * upper[form.y]),
        (form.paid, decision.paid.cumsum(axis=1) * useful[:, None]),
        (form.cover, decision.covered[form.insured]),
    ]
    for place, value in held:
        lower[place] = upper[place] = value
    answer = Solver(replace(problem, lower=lower, upper=upper, integer=None)).solve()
    assert answer.status is Status.OPTIMAL
    return float(answer.objective - problem.cost[form.c].ravel() @ answer.x[form.c].ravel())
