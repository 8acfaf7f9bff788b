"""What a chain needs beside the publisher's facts before it can be measured: homes, missions and threats.

All of it is derived from the supply table; no jurisdiction is named here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .eto_files import VARIOUS
from .eto_words import packaged_rows

HORIZON_YEARS = 10
LEADERS = 3
Row = dict[str, Any]


def homes_of(supply: list[Row]) -> list[str]:
    """Every named jurisdiction that supplies something, and the blocs of their members: each may plan."""
    blocs = {row["jurisdiction"]: row["part_of"] for row in packaged_rows("eto_jurisdictions.csv")}
    suppliers = {row["jurisdiction"] for row in supply} - {VARIOUS}
    return sorted(suppliers | {blocs[code] for code in suppliers if blocs.get(code)})


def threats(supply: list[Row], items: list[Row], homes: list[str], year: int) -> tuple[list[Row], list[Row]]:
    """Two neutral threats: the leading suppliers deny everything to all others, and all others to them.

    Leading is who has the largest sum, over all items, of share times world market.
    """
    market = {row["item"]: row["market_musd"] or 0.0 for row in items}
    weight: defaultdict[str, float] = defaultdict(float)
    for row in supply:
        if row["jurisdiction"] != VARIOUS:
            weight[row["jurisdiction"]] += (row.get("share") or 0.0) * market[row["item"]]
    blocs = {row["jurisdiction"]: row["part_of"] for row in packaged_rows("eto_jurisdictions.csv")}
    leaders = sorted(weight, key=lambda code: -weight[code])[:LEADERS]
    held = set(leaders) | {blocs.get(code) for code in leaders}
    others = [code for code in homes if code not in held]
    single = [code for code in others if code not in blocs.values()]
    source = (
        f"The importer's own threat: {', '.join(leaders)} lead by share times market; probability assumed"
    )
    common = {"basis": "assumed", "source": source}
    scenarios = [
        {"scenario": "leaders", "name": "The leading suppliers deny everything", "probability": 0.2,
         "probability_low": 0.05, "probability_high": 0.5, **common},
        {"scenario": "others", "name": "All others deny everything to the leading suppliers", "probability": 0.1,
         "probability_low": 0.02, "probability_high": 0.3, **common},
    ]  # fmt: skip
    pairs = [("leaders", leader, other) for leader in leaders for other in others]
    pairs += [("others", other, leader) for other in single for leader in leaders]
    controls = [
        {"scenario": scenario, "controller": controller, "target": target, "kind": "item",
         "start": f"{year + 2}-01-01", "coverage": 1.0, "coverage_low": 0.9, "coverage_high": 1.0, **common}
        for scenario, controller, target in pairs
    ]  # fmt: skip
    bound = {control["scenario"] for control in controls}
    if not bound:  # nobody is left to deny anything: a chain with a single supplier
        source = "The importer's own: the files name too few suppliers for a threat"
        return [{"scenario": "none", "name": "No controls", "basis": "measured", "source": source}], []
    return [row for row in scenarios if row["scenario"] in bound], controls


def missions(homes: list[str], product: str, year: int) -> list[Row]:
    """Every home wants its base year's output of the product, every year of the horizon."""
    return [
        {"mission": home.lower(), "home": home, "product": product, "year": year + 1 + after, "target": 1.0,
         "weight": 1.0, "counts_imports": False, "source": "The importer's own: keep the base year's output"}
        for home in homes
        for after in range(HORIZON_YEARS)
    ]  # fmt: skip


def jurisdictions(used: set[str]) -> list[Row]:
    """The jurisdictions used and their blocs; a code without a name keeps its code."""
    known = {row["jurisdiction"]: row for row in packaged_rows("eto_jurisdictions.csv")}
    blocs = {known[code]["part_of"] for code in used if code in known} - {""}
    bare = {code: {"jurisdiction": code, "name": code, "part_of": ""} for code in used}
    plain = [(bare | known)[code] for code in sorted(used | blocs)]
    return [dict(row) for row in sorted(plain, key=lambda row: row["jurisdiction"] == VARIOUS)]
