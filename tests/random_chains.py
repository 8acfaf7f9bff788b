"""Random small chains for hypothesis: 4 to 9 items in a random directed graph, home AAA, and one scenario."""

from __future__ import annotations

import csv
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from wholenation.capability import Horizon
from wholenation.chain import Chain, read_chain, write_package
from wholenation.network import Network

Rows = list[dict[str, Any]]
FOREIGN = ("BBB", "CCC", "DDD")
SOURCE = {"source": "made up"}


def chain_of(tables: dict[str, Rows]) -> Chain:
    """The chain that these rows make, through files as a user would write them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table, rows in tables.items():
            fields = list(dict.fromkeys(key for row in rows for key in row))
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, fields, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        write_package(folder, name="random", title="A random chain")
        return read_chain(folder)


def jurisdictions(demand: float | None) -> Rows:
    return [
        {"jurisdiction": "AAA", "name": "Aland", "part_of": None, "demand_share": demand},
        {"jurisdiction": "BBB", "name": "Beland", "part_of": "UNI", "demand_share": None},
        {"jurisdiction": "CCC", "name": "Celand", "part_of": "UNI", "demand_share": None},
        {"jurisdiction": "DDD", "name": "Deland", "part_of": None, "demand_share": None},
        {"jurisdiction": "UNI", "name": "Union", "part_of": None, "demand_share": None},
    ]


@st.composite
def tables(draw: st.DrawFn, *, calm: bool = False) -> dict[str, Rows]:
    """Tables of a random chain with the scenario `s`; with `calm`, nothing is short in the base year."""
    count = draw(st.integers(4, 9))
    codes = [f"item{i}" for i in range(count)]
    items, needs, supply = [], [], []
    for i, code in enumerate(codes):
        kind = "product" if i == 0 else draw(st.sampled_from(["material", "software", "tool", "process"]))
        item: dict[str, Any] = {"item": code, "name": code, "kind": kind, "stage": f"stage{i % 2}"}
        if kind == "tool":
            item["lifetime_years"] = draw(st.sampled_from([None, 0.5, 2, 5, 12]))
        if kind in ("material", "software"):
            item["stock_months"] = draw(st.sampled_from([None, 0, 1, 4, 12]))
        item["surge"] = draw(st.sampled_from([0, 0, 0.1, 0.4]))
        items.append(item | SOURCE)
        if kind != "process" or draw(st.booleans()):
            supply += _suppliers(draw, code)
    for i, code in enumerate(codes[1:], start=1):
        for user in draw(st.lists(st.sampled_from(codes[:i]), min_size=1, max_size=2, unique=True)):
            group = draw(st.sampled_from([None, None, "g"]))
            rate = 1 if group is None else draw(st.sampled_from([0.25, 0.5, 0.75, 1, 1.25]))
            needs.append({"item": user, "input": code, "group": group, "rate": rate} | SOURCE)
    if calm:
        for need in needs:
            mates = [n for n in needs if n["item"] == need["item"] and n["group"] == need["group"]]
            if need["group"] and need is mates[0]:
                total = sum(mate["rate"] for mate in mates)
                for mate in mates:
                    mate["rate"] = round(mate["rate"] / total, 9) + 1e-9
    return {
        "jurisdictions": jurisdictions(draw(st.sampled_from([None, 0.3, 1]))),
        "items": items,
        "needs": needs,
        "supply": supply,
        "scenarios": [
            {"scenario": "s", "name": "Some controls", "probability": 0.5, "basis": "measured"} | SOURCE
        ],
        "controls": _controls(draw, codes),
        "missions": _missions(draw, codes, items, calm),
    }


def _suppliers(draw: st.DrawFn, code: str) -> Rows:
    parts = draw(st.lists(st.integers(0, 8), min_size=4, max_size=4).filter(any))
    unsaid = draw(st.sampled_from([None, None, None, "BBB", "AAA"]))
    rows = []
    for jurisdiction, part in zip(("AAA", *FOREIGN), parts, strict=True):
        if part:
            share = None if jurisdiction == unsaid else round(part / (sum(parts) + 1), 4)
            rows.append({"item": code, "jurisdiction": jurisdiction, "share": share} | SOURCE)
    return rows


def _controls(draw: st.DrawFn, codes: list[str]) -> Rows:
    rows: dict[tuple, dict[str, Any]] = {}
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.dates(date(2025, 1, 1), date(2029, 6, 1)))
        end = draw(st.one_of(st.none(), st.dates(start, date(2030, 1, 1))))
        row = {
            "scenario": "s",
            "controller": draw(st.sampled_from([*FOREIGN, "UNI"])),
            "target": "AAA",
            "kind": "item",
            "item": draw(st.sampled_from([None, *codes])),
            "start": start,
            "end": end,
            "coverage": draw(st.sampled_from([1, 1, 0.5, 0.9])),
            "basis": "measured",
        }
        rows[row["controller"], row["item"], start, end] = row | SOURCE
    return list(rows.values())


def _missions(draw: st.DrawFn, codes: list[str], items: Rows, calm: bool) -> Rows:
    rows = []
    products = ["item0"]
    others = [item["item"] for item in items if item["kind"] in ("process", "product")]
    if draw(st.booleans()):
        products.append(draw(st.sampled_from(others)))
    for number, product in enumerate(products):
        imported = draw(st.booleans())
        for year in (2026, 2027, 2028):
            target = 1 if calm else draw(st.sampled_from([1, 1, 0.8, 1.2]))
            weight = draw(st.sampled_from([1, 1, 0.5, 0]))
            mission = {"mission": f"m{number}", "home": "AAA", "product": product, "year": year}
            rows.append(
                mission
                | {"target": target, "weight": weight, "counts_imports": str(imported).lower()}
                | SOURCE
            )
    return rows


def chains(*, calm: bool = False) -> st.SearchStrategy[Chain]:
    """Random chains; with `calm`, nothing is short in the base year and every target is 1."""
    return tables(calm=calm).map(chain_of)


def is_tool(network: Network) -> np.ndarray:
    return np.array(network.kinds) == "tool"


def wearing(network: Network, horizon: Horizon) -> np.ndarray:
    """(n, T) what is left of the base-year tools if none is renewed: at most that can stand idle."""
    life = np.where(np.isnan(network.lifetime_years), 10.0, network.lifetime_years)
    kept = 1.0 - np.minimum(horizon.delta / life, 1.0)
    base = network.use * is_tool(network)
    return base[:, None] * kept[:, None] ** np.arange(horizon.count)
