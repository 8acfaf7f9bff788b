"""What a chain rests on: its rows that are not measured, with their ranges, and its sources."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from .. import formats
from ..chain import Chain
from ..dictionary import dictionary

Row = dict[str, Any]


def rows_of(chain: Chain, table: str, home: str) -> pl.DataFrame:
    """A table's rows, of the projects, routes, staffing and pools only those that this home could use."""
    frame = chain.table(table)
    mine = pl.col("home").is_null() | (pl.col("home") == home)
    if table in ("projects", "pools", "missions"):
        return frame.filter(mine)
    if table in ("routes", "staffing", "common_routes", "prerequisites"):
        return frame.filter(pl.col("project").is_in(chain.projects.filter(mine)["project"].to_list()))
    return frame


def measured(chain: Chain, home: str) -> Row:
    """How many rows of the tables are measured, and how many are not."""
    counts = {"measured": 0, "estimated": 0, "assumed": 0}
    for name in dictionary():
        frame = rows_of(chain, name, home)
        if "basis" in frame.columns:
            for basis, count in frame.group_by("basis").len().iter_rows():
                counts[basis] = counts.get(basis, 0) + count
    return counts


def assumptions(chain: Chain, home: str) -> list[Row]:
    """Per table: every row that is not measured, with the range of each of its numbers and its source.

    Rows that agree in all of that are told in one line, by their keys.
    """
    number_of = {row["source"]: row["number"] for row in sources(chain, home)}
    names = dict(zip(chain.items["item"], chain.items["name"], strict=True))
    found = []
    for table, columns in dictionary().items():
        frame = rows_of(chain, table, home)
        if "basis" not in frame.columns:
            continue
        frame = frame.filter(pl.col("basis").is_not_null() & (pl.col("basis") != "measured"))
        ranged = [c for c in columns.values() if c.ranged and frame[c.name].null_count() < frame.height]
        groups: dict[tuple[Any, ...], list[str]] = {}
        for row in frame.iter_rows(named=True):
            keys = [str(row[c.name]) for c in columns.values() if c.key and row[c.name] is not None]
            told = names.get(row.get("item") or "", "")
            cells = [(row[c.name], row[f"{c.name}_low"], row[f"{c.name}_high"]) for c in ranged]
            source = number_of.get(row["source"], "")
            key = " · ".join(keys) + (f", {told}" if told else "")
            groups.setdefault((tuple(_range(*cell) for cell in cells), row["basis"], source), []).append(key)
        if groups:
            heads = [{"name": c.name, "unit": c.unit, "meaning": c.meaning} for c in ranged]
            rows = [
                {"keys": keys, "cells": cells, "basis": basis, "source": source}
                for (cells, basis, source), keys in groups.items()
            ]
            found.append({"table": table, "heads": heads, "rows": rows, "count": frame.height})
    return found


def _range(value: Any, low: Any, high: Any) -> tuple[str, str, str] | None:
    """Central, low and high as text; dates are as good as numbers."""
    if value is None:
        return None
    told = [str(v) if isinstance(v, date) else formats.number(v, 3) for v in (value, low, high)]
    return told[0], told[1], told[2]


def sources(chain: Chain, home: str) -> list[Row]:
    """Every source once, with the number of rows that rest on it, table by table; most used first."""
    counts: dict[str, dict[str, int]] = {}
    for table in dictionary():
        frame = rows_of(chain, table, home)
        if "source" in frame.columns:
            for source, count in frame.group_by("source").len().sort("source").iter_rows():
                if source is not None:
                    counts.setdefault(source, {})[table] = count
    order = sorted(counts, key=lambda s: (-sum(counts[s].values()), s))
    return [
        {
            "number": i + 1,
            "source": source,
            "rows": sum(counts[source].values()),
            "tables": ", ".join(f"{table} {count}" for table, count in counts[source].items()),
        }
        for i, source in enumerate(order)
    ]
