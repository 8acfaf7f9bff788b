"""A slow, obvious twin of the capability problem: the formulas of the concepts page, item by item and step by step.

It shares no line with the package beyond the frames of a chain: plain loops, dictionaries, and SciPy's `linprog`.
Amounts are in units of home's base-year need of each item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from scipy.optimize import linprog

from wholenation.chain import Chain

STEPS = {"year": 1.0, "quarter": 1 / 4, "month": 1 / 12}
SURE_LIFETIME = 10.0


@dataclass
class Twin:
    """What the twin found: the loss, and by mission what is served in every step, as early as can be."""

    loss: float
    output: list[list[float]]


def members(chain: Chain, code: str) -> set[str]:
    """A jurisdiction and everything that is, by any way, part of it."""
    parents = {row["jurisdiction"]: row["part_of"] for row in chain.jurisdictions.iter_rows(named=True)}
    found = {code}
    for _ in parents:
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def world_shares(chain: Chain) -> dict[str, dict[str, float]]:
    """Item -> jurisdiction -> share, unknown shares being equal parts of what the known ones leave."""
    shares: dict[str, dict[str, float]] = {item: {} for item in chain.items["item"]}
    for item, known in shares.items():
        rows = [row for row in chain.supply.iter_rows(named=True) if row["item"] == item]
        unsaid = [row["jurisdiction"] for row in rows if row["share"] is None]
        known |= {row["jurisdiction"]: row["share"] for row in rows if row["share"] is not None}
        left = max(0.0, 1.0 - sum(known.values()))
        known |= {code: left / len(unsaid) for code in unsaid}
        total = max(1.0, sum(known.values()))
        shares[item] = {code: share / total for code, share in known.items()}
    return shares


def own_and_imports(chain: Chain, home: str) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Home's production of every item, and its imports of it by jurisdiction."""
    inside = members(chain, home)
    demand = {row["jurisdiction"]: row["demand_share"] for row in chain.jurisdictions.iter_rows(named=True)}
    parts = [demand[code] for code in inside if demand[code] is not None]
    wanted = demand[home] if demand[home] is not None else (sum(parts) if parts else 1.0)
    missions = chain.missions.filter(chain.missions["home"] == home)
    at_home = {row["product"] for row in missions.iter_rows(named=True) if not row["counts_imports"]}
    own: dict[str, float] = {}
    imports: dict[str, dict[str, float]] = {}
    for item, shares in world_shares(chain).items():
        foreign = {code: share for code, share in shares.items() if code not in inside and share > 0}
        made = sum(share for code, share in shares.items() if code in inside)
        own[item] = 1.0 if not foreign or item in at_home else min(1.0, made / wanted)
        total = sum(foreign.values())
        imports[item] = {code: (1 - own[item]) * share / total for code, share in foreign.items()}
    return own, imports


def as_year(day: date) -> float:
    length = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
    return day.year + (day.timetuple().tm_yday - 1) / length


def denied_by_controls(chain: Chain, home: str, scenario: str) -> Callable[[str, str, float, float], float]:
    """(item, jurisdiction, from, until) -> share denied by the direct item controls of a scenario."""
    items = {row["item"]: row for row in chain.items.iter_rows(named=True)}
    rows = [row for row in chain.controls.iter_rows(named=True) if row["scenario"] == scenario]

    def denied(item: str, code: str, begin: float, end: float) -> float:
        passed = 1.0
        for row in rows:
            assert row["kind"] == "item" and row["reach"] == "direct", "the twin knows no other controls"
            if not members(chain, row["target"]) & members(chain, home):
                continue
            if code not in members(chain, row["controller"]):
                continue
            named = (("item", "item"), ("stage", "stage"), ("item_kind", "kind"))
            if any(row[scope] not in (None, items[item][column]) for scope, column in named):
                continue
            start = as_year(row["start"])
            stop = 9999.0
            if row["end"] is not None:
                day = row["end"]
                stop = as_year(day) + 1 / (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
            part = max(0.0, min(end, stop) - max(begin, start)) / (end - begin)
            passed *= 1.0 - row["coverage"] * part
        return 1.0 - passed

    return denied


def twin(
    chain: Chain, home: str, step: str = "year", scenario: str | None = None, *, early: bool = True
) -> Twin:
    """The least loss of home's missions under a scenario of direct item controls, and the earliest output."""
    own, imports = own_and_imports(chain, home)
    denied = denied_by_controls(chain, home, scenario) if scenario else lambda *_: 0.0
    items = {row["item"]: row for row in chain.items.iter_rows(named=True)}
    needs = list(chain.needs.iter_rows(named=True))
    goals: dict[str, dict[int, dict]] = defaultdict(dict)
    for row in chain.missions.iter_rows(named=True):
        if row["home"] == home:
            goals[row["mission"]][row["year"]] = row
    products = {goal: next(iter(rows.values()))["product"] for goal, rows in goals.items()}

    years = [year for rows in goals.values() for year in rows]
    delta = STEPS[step]
    count = round((max(years) + 1 - min(years)) / delta)

    def wanted(goal: str, t: int) -> dict:
        now = min(years) + t * delta + 1e-9
        passed = [year for year in goals[goal] if year <= now]
        return goals[goal][max(passed) if passed else min(goals[goal])]

    users = {
        item: sum(need["input"] == item for need in needs) + sum(p == item for p in products.values())
        for item in items
    }
    # Each user (a mission is one) has the same part of home's need of an item.
    use = {
        item: sum(own[need["item"]] / users[item] for need in needs if need["input"] == item)
        + sum(1 / users[item] for product in products.values() if product == item)
        for item in items
    }

    columns: dict[tuple, int] = {}
    top: list[float | None] = []

    def variable(key: tuple, upper: float | None = None) -> int:
        columns[key] = len(columns)
        top.append(upper)
        return columns[key]

    for t in range(count):
        begin = min(years) + t * delta
        for item, row in items.items():
            left = sum(
                amount * (1 - denied(item, code, begin, begin + delta))
                for code, amount in imports[item].items()
            )
            variable(("delivered", item, t), left * (1 + (row["surge"] or 0.0)))
            variable(("made", item, t), own[item])
            if row["kind"] in ("material", "software"):
                variable(("held", item, t), (row["stock_months"] or 0.0) / 12 * use[item])
            if row["kind"] == "tool":
                targets = [mission["target"] for rows in goals.values() for mission in rows.values()]
                variable(("held", item, t), max([1.0, *targets]))
        for need in needs:
            variable(("used", need["item"], need["input"], t))
        for goal in goals:
            variable(("served", goal, t))
            variable(("short", goal, t))

    rows: list[dict[tuple, float]] = []
    limits: list[float] = []

    def at_most(row: dict[tuple, float], limit: float) -> None:
        rows.append(row)
        limits.append(limit)

    for t in range(count):
        for item, row in items.items():
            drawn: dict[tuple, float] = {}
            for need in needs:
                if need["input"] == item:
                    drawn["used", need["item"], item, t] = 1.0
            for goal, product in products.items():
                if product == item:
                    drawn["served", goal, t] = 1 / users[item]
            arriving = (("delivered", item, t), ("made", item, t))
            if row["kind"] in ("material", "software"):
                # use * step + stock at the end <= stock at the start + arrivals * step
                balance = {key: value * delta for key, value in drawn.items()}
                balance["held", item, t] = 1.0
                balance |= dict.fromkeys(arriving, -delta)
                if t:
                    balance["held", item, t - 1] = -1.0
                at_most(balance, 0.0 if t else (row["stock_months"] or 0.0) / 12 * use[item])
            elif row["kind"] == "tool":
                # use <= what is installed at the start of the step; then it wears out and is renewed
                worn = min(1.0, delta / (row["lifetime_years"] or SURE_LIFETIME))
                at_most(drawn | ({("held", item, t - 1): -1.0} if t else {}), 0.0 if t else use[item])
                renewal = {("held", item, t): 1.0} | dict.fromkeys(arriving, -worn)
                if t:
                    renewal["held", item, t - 1] = -(1 - worn)
                at_most(renewal, 0.0 if t else (1 - worn) * use[item])
            else:
                at_most(drawn | dict.fromkeys(arriving, -1.0), 0.0)
            for group in {need["group"] for need in needs if need["item"] == item}:
                service = {("made", item, t): 1.0}
                for need in needs:
                    if need["item"] == item and need["group"] == group:
                        service["used", item, need["input"], t] = -need["rate"] * users[need["input"]]
                at_most(service, 0.0)
        for goal in goals:
            at_most({("short", goal, t): -1.0, ("served", goal, t): -1.0}, -wanted(goal, t)["target"])

    cost = [0.0] * len(columns)
    haste = [0.0] * len(columns)
    for goal in goals:
        for t in range(count):
            cost[columns["short", goal, t]] = wanted(goal, t)["weight"] * delta
            haste[columns["short", goal, t]] = count - t
    x, loss = _solved(cost, rows, limits, columns, top)
    if early:
        priced = {key: cost[column] for key, column in columns.items() if cost[column]}
        x, _ = _solved(haste, [*rows, priced], [*limits, loss + 1e-9], columns, top)
    return Twin(
        loss,
        [[wanted(goal, t)["target"] - x[columns["short", goal, t]] for t in range(count)] for goal in goals],
    )


def _solved(
    cost: list[float],
    rows: list[dict[tuple, float]],
    limits: list[float],
    columns: dict[tuple, int],
    top: list[float | None],
) -> tuple[list[float], float]:
    matrix = [[0.0] * len(columns) for _ in rows]
    for place, row in zip(matrix, rows, strict=True):
        for key, value in row.items():
            place[columns[key]] = value
    found = linprog(cost, A_ub=matrix, b_ub=limits, bounds=[(0, upper) for upper in top], method="highs")
    assert found.status == 0, found.message
    return list(found.x), float(found.fun)
