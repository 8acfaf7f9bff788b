"""A chain for planning tests: home AAA makes chips from gas (a material) and with a tool, both bought abroad.

BBB supplies 0.6 of each, CCC 0.4; nothing is in stock and nobody can deliver more. The horizon is 2026 to 2030, so
that an embargo by BBB alone costs 0.6 years of output a year, 3 in all, when only gas is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from random_chains import chain_of

from wholenation.chain import Chain

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
        "pools": [filled(row) for row in pools],
    }  # fmt: skip
    return chain_of({name: rows for name, rows in tables.items() if rows})
