"""Small changes to a chain that was read: other rows, other controls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from wholenation.chain import Chain, schema

CONTROL = {
    "scenario": "s",
    "controller": "BBB",
    "target": "AAA",
    "kind": "item",
    "start": date(2026, 1, 1),
    "coverage": 1.0,
    "reach": "direct",
    "threshold": 0.0,
    "basis": "measured",
    "source": "made up",
}


def with_controls(chain: Chain, *controls: dict[str, Any]) -> Chain:
    """The chain with one scenario `s` made of these controls: by BBB, of everything, from 2026 on if not said."""
    scenario = chain.scenarios.head(1).with_columns(scenario=pl.lit("s"), name=pl.lit("Some controls"))
    frame = pl.DataFrame([CONTROL | control for control in controls], schema=schema("controls"))
    return replace(chain, scenarios=scenario, controls=frame)


def with_values(chain: Chain, table: str, where: dict[str, Any], **values: Any) -> Chain:
    """The chain with other values (and no ranges around them) in the rows that match."""
    frame = chain.table(table)
    match = pl.lit(value=True)
    for column, wanted in where.items():
        match &= pl.col(column) == wanted
    columns = {
        column + end: value for column, value in values.items() for end in ("", "_low", "_high")
        if column + end in frame.columns
    }  # fmt: skip
    changed = [
        pl.when(match).then(pl.lit(value, dtype=frame.schema[column])).otherwise(pl.col(column)).alias(column)
        for column, value in columns.items()
    ]
    return replace(chain, **{table: frame.with_columns(changed)})


def with_row(chain: Chain, table: str, **values: Any) -> Chain:
    """The chain with one more row; columns that are not named are empty."""
    frame = chain.table(table)
    row = pl.DataFrame([values], schema=frame.schema)
    return replace(chain, **{table: pl.concat([frame, row])})
