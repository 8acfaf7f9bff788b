"""Results as the verbs return them, made up by hand, so that figures can be tested without solving anything."""

from __future__ import annotations

from enum import StrEnum
from types import SimpleNamespace

import polars as pl


class Status(StrEnum):
    OPTIMAL = "solved to the gap asked for"


def made_up_exposure(
    rows: list[tuple[str, str, float | None]], robust: float | None = 0.9
) -> SimpleNamespace:
    """Exposure of items given as (code, name, exposure)."""
    ranked = pl.DataFrame(
        {
            "rank": list(range(1, len(rows) + 1)),
            "item": [item for item, _, _ in rows],
            "name": [name for _, name, _ in rows],
            "kind": ["tool"] * len(rows),
            "stage": ["fabrication"] * len(rows),
            "exposure": [value for _, _, value in rows],
            "loss": [value for _, _, value in rows],
            "price": [0.5] * len(rows),
            "concentration": [0.9] * len(rows),
            "foreign_share": [0.8] * len(rows),
            "substitutes": [0] * len(rows),
            "controllers_needed": [1] * len(rows),
            "time_to_bite_years": [0.5] * len(rows),
            "time_to_replace_years": [None] * len(rows),
            "rank_robustness": [robust] * len(rows),
            "denied_by": ["NLD 99 %"] * len(rows),
        },
        schema_overrides={
            "exposure": pl.Float64, "loss": pl.Float64, "rank_robustness": pl.Float64,
            "time_to_replace_years": pl.Float64,
        },
    )  # fmt: skip
    table = ranked.select(
        "item",
        pl.lit("NLD").alias("controllers"),
        pl.lit("exposure").alias("measure"),
        pl.col("exposure").alias("value"),
        pl.lit("").alias("reason"),
    )
    coverage = pl.DataFrame({"measure": ["exposure"], "computable": [1.0], "missing": [0]})
    return SimpleNamespace(
        home="CHN", controllers=("NLD",), coalition="NLD", step="year", seed=0, draws=0,
        table=table, coverage=coverage, shortlist=ranked.head,
    )  # fmt: skip


def made_up_outcomes(scenarios: dict[str, list[float]], *, planned: bool = True) -> SimpleNamespace:
    """Output by year from 2026, relative to a target of 1; the plan gives back half of what is lost."""
    rows, summary, items = [], [], []
    for name, outputs in scenarios.items():
        for plan in (False, True) if planned else (False,):
            told = [(1 + value) / 2 if plan else value for value in outputs]
            for k, value in enumerate(told):
                rows.append((name, plan, "chips", 2026.0 + k, value, 1.0))
                items.append((name, plan, 2026.0 + k, "resist", value, 0.0))
            lost = sum(1 - value for value in told)
            bite = 2026.0 if lost else None
            summary.append(
                (name, f"Scenario {name}", 0.5, plan, lost, min(told), bite, bite, None, "Resists")
            )
    table = ["scenario", "plan", "mission", "time", "output", "target"]
    item = ["scenario", "plan", "time", "item", "availability", "price"]
    columns = {
        "scenario": pl.String, "name": pl.String, "probability": pl.Float64, "plan": pl.Boolean, "loss": pl.Float64,
        "lowest_output": pl.Float64, "lowest_time": pl.Float64, "first_bite": pl.Float64, "recovered": pl.Float64,
        "binding": pl.String,
    }  # fmt: skip
    schema = {"scenario": pl.String, "plan": pl.Boolean, "mission": pl.String, "time": pl.Float64,
              "output": pl.Float64, "target": pl.Float64}  # fmt: skip
    return SimpleNamespace(
        home="CHN", step="year", seed=0,
        table=pl.DataFrame(rows, schema=schema if not rows else table, orient="row"),
        items=pl.DataFrame(items, schema=item, orient="row") if items else pl.DataFrame(),
        summary=pl.DataFrame(summary, schema=columns, orient="row"),
    )  # fmt: skip


def made_up_plan(name: str = "Dry etchers", *, empty: bool = False) -> SimpleNamespace:
    """A plan of two projects, three routes and two contributors; or one that funds nothing."""
    portfolio = pl.DataFrame(
        {
            "project": ["dry", "dry", "stock"],
            "name": [name, name, "Resists"],
            "item": ["etcher_dry", "etcher_dry", "resist"],
            "kind": ["develop", "develop", "stockpile"],
            "route": ["plasma", "laser", ""],
            "start": [2026.0, 2027.0, 2026.0],
            "end": [2029.5, 2030.0, 2026.0],
            "ready": [2032.0, None, 2027.0],
            "teams": [3.0, 1.0, None],
            "gate": [2028.0, 2029.0, None],
            "cost_musd": [900.0, 300.0, 0.0],
            "capex_musd": [2500.0, 0.0, 120.0],
            "reason": ["imported and denied", "a rival route", "bridges the ramp"],
            "loss_if_left_out": [0.4, 0.4, 0.02],
        }
    )
    spending = pl.DataFrame(
        {
            "contributor": ["Treasury", "Treasury", "Region"],
            "project": ["dry", "dry", "stock"],
            "year": [2026, 2028, 2026],
            "musd": [1200.0, 600.0, 300.0],
        }
    )
    pools = pl.DataFrame(
        {
            "contributor": ["Treasury", "Treasury", "all"],
            "resource": ["money", "money", "engineers"],
            "year": [2026, 2027, 2026],
            "available": [1000.0, 1000.0, 400.0],
            "used": [1000.0, 0.0, 400.0],
            "price": [0.08, 0.0, 0.0002],
        }
    )
    loss = pl.DataFrame({"measure": ["expected", "cvar"], "before": [4.0, 7.5], "after": [2.0, 4.5]})
    evaluation = pl.DataFrame(
        {
            "measure": ["expected", "cvar", "expected", "cvar"],
            "when": ["before", "before", "after", "after"],
            "mean": [4.2, 7.8, 2.2, 4.8],
            "low": [3.9, None, 2.0, None],
            "high": [4.5, None, 2.4, None],
        }
    )
    rejected = pl.DataFrame(
        {"project": ["x"], "name": ["Wafers"], "kind": ["build"], "reason": ["never short"]}
    )
    frames = {
        "portfolio": portfolio, "spending": spending, "pools": pools, "loss": loss, "evaluation": evaluation,
        "rejected": rejected,
    }  # fmt: skip
    if empty:
        frames = {key: frame.clear() for key, frame in frames.items()}
    return SimpleNamespace(
        home="CHN", status=Status.OPTIMAL, samples=30, seed=0, objective=2.6, bound=2.58, gap=0.008, conflicts=(),
        **frames,
    )  # fmt: skip


def made_up_frontier() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "budget_musd": [0.0, 1000.0, 3000.0],
            "expected_loss": [4.0, 3.0, 2.5],
            "cvar": [7.5, 6.0, 5.5],
            "per_billion": [None, 1.0, 0.25],
        }
    )


def made_up_cascade(names: list[str], *, sure: bool = True) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A cascade's table and who is hit: risks fall tenfold from one firm to the next, three quarters in fabs."""
    risks = [0.5 * 0.1**k for k in range(len(names))]
    table = pl.DataFrame(
        {
            "rank": list(range(1, len(names) + 1)),
            "shock": [f"f{k}" for k in range(len(names))],
            "name": names,
            "risk": risks,
            "low": [0.9 * risk if sure else None for risk in risks],
            "high": [1.1 * risk if sure else None for risk in risks],
            "own": [risk / 20 for risk in risks],
        },
        schema_overrides={"name": pl.String, "shock": pl.String}
        | dict.fromkeys(("risk", "low", "high", "own"), pl.Float64),
    )
    rows = [
        (shock, "sector", code, None, 0.5, share)
        for shock in table["shock"]
        for code, share in (("fabs", 0.75), ("tools", 0.2))
    ]
    columns = {"shock": pl.String, "of": pl.String, "code": pl.String, "name": pl.String}
    return table, pl.DataFrame(rows, schema=columns | {"loss": pl.Float64, "share": pl.Float64}, orient="row")
