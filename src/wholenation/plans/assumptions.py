"""The ranged assumptions of a chain in a few factors, each of which one level moves between low and high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..chain import Chain, data_hash
from ..dictionary import dictionary
from ..errors import QuestionError, unknown

MIDDLE = 0.5
"""The level of the tables as they are."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Columns (table, column) that move together, in the rows where `where` holds; with `keep`, their ranges stay."""

    words: str
    columns: tuple[tuple[str, str], ...]
    where: pl.Expr | None = None
    keep: bool = False


FACTORS: dict[str, Factor] = {
    # The range of an effort is what the plan draws from: only its most likely value moves.
    "effort": Factor("the most likely effort of routes", (("routes", "effort_team_years"),), keep=True),
    "feasibility": Factor("the feasibility of routes", (("routes", "feasibility"),)),
    "costs": Factor(
        "what team-years and capacity cost", (("routes", "team_year_musd"), ("projects", "capex_musd"))
    ),
    "capacity": Factor("the capacity of projects", (("projects", "capacity"),)),
    "ramp": Factor("the years that capacity takes to build", (("projects", "ramp_years"),)),
    "money": Factor(
        "the money paid in", (("pools", "amount"), ("pools", "paid_in")), pl.col("resource") == "money"
    ),
    "people": Factor(
        "the people there are", (("pools", "amount"), ("pools", "paid_in")), pl.col("resource") != "money"
    ),
    "probability": Factor("how likely controls are", (("scenarios", "probability"),)),
    "coverage": Factor("how much controls cover", (("controls", "coverage"),)),
    "stocks": Factor("stocks", (("items", "stock_months"),)),
    "surge": Factor("how far suppliers can raise deliveries", (("items", "surge"),)),
    "lifetimes": Factor("how long tools last", (("items", "lifetime_years"), ("items", "unserviced_years"))),
}


def varied(chain: Chain, levels: Mapping[str, float]) -> Chain:
    """The chain with factors at these levels: 0 is low, 0.5 the tables as they are, 1 high, straight in between.

    What moves has no range any more, except for efforts, from whose range plans draw. Scenarios without controls take
    what the others leave of the sum of all; the others together are at most 1. Shares of supply, rates and
    people per team stay: they move against each other, and `measure` draws over them.
    """
    frames = {name: chain.table(name) for name in dictionary()}
    for name, level in levels.items():
        if name not in FACTORS:
            raise QuestionError(f"{name}: {unknown(name, list(FACTORS), 'factor')}")
        if not 0.0 <= level <= 1.0:
            raise QuestionError(f"the level of {name} is {level}; it lies between 0 (low) and 1 (high)")
        for table, column in FACTORS[name].columns:
            frames[table] = _moved(frames[table], column, FACTORS[name], level)
    if "probability" in levels:
        frames["scenarios"] = _summed(chain, frames["scenarios"])
    return replace(chain, **frames, data_hash=data_hash(frames))  # type: ignore[arg-type]


def _moved(frame: pl.DataFrame, column: str, factor: Factor, level: float) -> pl.DataFrame:
    """The column between its bounds; straight from low to the value, and from there to high."""
    value, low, high = (pl.col(f"{column}{end}") for end in ("", "_low", "_high"))
    below, above = min(level / MIDDLE, 1.0), max((level - MIDDLE) / (1.0 - MIDDLE), 0.0)
    new = low + below * (value - low) + above * (high - value)
    new = pl.when(level == MIDDLE).then(value).otherwise(new.clip(low, high))
    where = pl.lit(True) if factor.where is None else factor.where
    names = [column] if factor.keep else [column, f"{column}_low", f"{column}_high"]
    return frame.with_columns(pl.when(where).then(new).otherwise(pl.col(name)).alias(name) for name in names)


def _summed(chain: Chain, scenarios: pl.DataFrame) -> pl.DataFrame:
    """Probabilities whose sum is what it was, as far as scenarios without controls can take up the difference."""
    harmful = scenarios["scenario"].is_in(chain.controls["scenario"].unique().to_list()).to_numpy()
    before = chain.scenarios["probability"].to_numpy().astype(float)
    after = scenarios["probability"].to_numpy().astype(float).copy()
    calm, moved = before[~harmful].sum(), after[harmful].sum()
    after[harmful] /= max(moved, 1.0)
    left = max(before.sum() - min(moved, 1.0), 0.0)
    after[~harmful] = before[~harmful] * (left / calm) if calm > 0 else 0.0
    bounds = {f"probability{end}": after for end in ("", "_low", "_high")}
    return scenarios.with_columns(pl.Series(name, np.asarray(values)) for name, values in bounds.items())


def ranged(chain: Chain, home: str, name: str) -> bool:
    """Whether a factor has a range anywhere in what a home plans with."""
    if name not in FACTORS:
        raise QuestionError(f"{name}: {unknown(name, list(FACTORS), 'factor')}")
    factor = FACTORS[name]
    mine = (pl.col("home") == home) | pl.col("home").is_null()
    for table, column in factor.columns:
        frame = chain.table(table)
        if "home" in frame.columns:
            frame = frame.filter(mine)
        if table == "routes":
            frame = frame.filter(pl.col("project").is_in(chain.projects.filter(mine)["project"].to_list()))
        if factor.where is not None:
            frame = frame.filter(factor.where)
        wide = pl.col(f"{column}_low") < pl.col(f"{column}_high")
        if frame.select(wide.any())[0, 0]:
            return True
    return False
