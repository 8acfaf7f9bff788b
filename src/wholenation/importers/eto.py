"""From the Emerging Technology Observatory's semiconductor supply chain files to a chain's folder.

The files are "Supply Chain Explorer: Advanced Chips" (CC BY-NC 4.0), https://eto.tech/dataset-docs/chipexplorer/.
Names, shares and market sizes are carried; descriptions are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import polars as pl

from ..chain import schema, write_package, write_table
from ..dictionary import OPTIONAL
from ..errors import OutputError
from .eto_files import Files, parse_market, read_files
from .eto_flow import Flow, flatten
from .eto_questions import homes_of, jurisdictions, missions, threats
from .eto_supply import organizations, supplies
from .eto_told import told
from .eto_words import PUBLISHER, cited, code_of, packaged_rows
from .summary import ImportSummary

GROUP_RANGE = 0.15
Row = dict[str, Any]


def import_eto(source_dir: str | Path, target_folder: str | Path, *, replace: bool = False) -> ImportSummary:
    """Write the chain that the files in `source_dir` describe to `target_folder`, and tell what was done.

    All leaf inputs are needed, except the substitution groups of `eto_groups.csv`; lifetimes, stocks and surge
    are the assumptions of `eto_defaults.csv`. Raises ChainError with every fault of the files, and OutputError
    where the target folder holds something already and `replace` is false.
    """
    source, target = Path(source_dir), Path(target_folder)
    files = read_files(source)
    flow = flatten(files)
    codes = _codes(files, flow)
    counts: Counter[str] = Counter()
    supply = supplies(files, flow, codes, counts)
    firms, firm_supply = organizations(files, flow, codes, counts)
    items = _items(files, flow, codes, counts)
    homes = homes_of(supply)
    year = max((row["year"] for row in [*supply, *items] if row["year"]), default=2025)
    scenarios, controls = threats(supply, items, homes, year)
    product = next(codes[code] for code, kind in flow.kinds.items() if kind == "product")
    used = {row["jurisdiction"] for row in [*supply, *firms]} | set(homes)
    tables = {
        "jurisdictions": jurisdictions(used),
        "items": items,
        "needs": _needs(flow, codes, items),
        "supply": supply,
        "organizations": firms,
        "organization_supply": firm_supply,
        "scenarios": scenarios,
        "controls": controls,
        "missions": missions(homes, product, year),
    }
    _write(target, tables, replace)
    return told(target, files, flow, tables, counts)


def _codes(files: Files, flow: Flow) -> dict[str, str]:
    """Input id -> a short code made of its name; names that collide keep their id."""
    made = {code: code_of(files.inputs[code].name) for code in flow.kinds}
    twice = {slug for slug, count in Counter(made.values()).items() if count > 1}
    return {code: f"{slug}-{code.lower()}" if slug in twice else slug for code, slug in made.items()}


def _items(files: Files, flow: Flow, codes: dict[str, str], counts: Counter[str]) -> list[Row]:
    defaults = packaged_rows("eto_defaults.csv")
    rows = []
    for code, kind in flow.kinds.items():
        entry = files.inputs[code]
        market, year = parse_market(entry.market)
        default = next(
            row
            for row in defaults
            if row["kind"] == kind
            and (not row["words"] or any(word in entry.name.lower() for word in row["words"].split("|")))
        )
        numbers = {
            name: float(value)
            for name, value in default.items()
            if value and name not in ("kind", "words", "reason", "difficulty")
        }
        counts["market"] += market is not None
        counts["no market"] += market is None and kind not in ("process", "product")
        counts["defaults"] += bool(numbers)
        rows.append(
            {
                "item": codes[code],
                "name": entry.name,
                "kind": kind,
                "stage": flow.stages[code],
                "market_musd": market,
                **numbers,
                "difficulty": int(default["difficulty"]) if default["difficulty"] else None,
                "basis": "assumed" if numbers else "measured",
                "source": cited(entry.source),
                "year": year,
                "note": f"assumed by the importer: {default['reason']}" if numbers else "",
            }
        )
    return rows


def _needs(flow: Flow, codes: dict[str, str], items: list[Row]) -> list[Row]:
    """Every need its own group, except stated substitutes, whose rates are the base year's mix by market size."""
    market = {row["item"]: row["market_musd"] for row in items}
    groups = {row["input_id"]: (row["group"], row["reason"]) for row in packaged_rows("eto_groups.csv")}
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for user, part in flow.needs:
        if part in groups:
            together[user, groups[part][0]].append(part)
    rows = []
    for user, part in flow.needs:
        group, reason = groups.get(part, ("", ""))
        members = together[user, group] if group else [part]
        row: Row = {"item": codes[user], "input": codes[part], "rate": 1.0, "basis": "measured"}
        row |= {"source": f"{PUBLISHER}: sequence.csv", "note": ""}
        if len(members) > 1:
            sizes = [market[codes[member]] or 0.0 for member in members]
            sizes = sizes if all(sizes) else [1.0] * len(sizes)
            rate = round(sizes[members.index(part)] / sum(sizes), 6)
            row |= {"group": group, "rate": rate, "basis": "estimated", "note": reason}
            row["rate_low"] = max(rate - GROUP_RANGE, 0.01)
            row["rate_high"] = min(rate + GROUP_RANGE, 0.99)
        rows.append(row)
    return rows


def _write(target: Path, tables: dict[str, list[Row]], replace: bool) -> None:
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file; an import needs a folder")
    if target.is_dir() and any(target.iterdir()) and not replace:
        raise OutputError(f"{target} is not empty; give a new folder, or say that it may be replaced")
    target.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        path = target / f"{name}.csv"
        if not rows and name in OPTIONAL:
            path.unlink(missing_ok=True)
            continue
        columns = schema(name)
        # Dates and all else are written as they stand; empty text is a missing value.
        plain = [{c: None if row.get(c) == "" else row.get(c) for c in columns} for row in rows]
        frame = pl.DataFrame(plain or None, schema=None if plain else columns, infer_schema_length=None)
        filled = [column for column in frame.columns if not plain or frame[column].count()]
        write_table(frame.select(filled), path)
    write_package(
        target,
        "eto-semiconductors",
        "Advanced semiconductors, imported from the ETO chip explorer",
        "Imported for the user's own, non-commercial use. Lifetimes, stocks, surge, scenarios and missions are the "
        "importer's assumptions.",
        [{"name": "CC-BY-NC-4.0", "title": "Creative Commons Attribution-NonCommercial 4.0",
          "path": "https://creativecommons.org/licenses/by-nc/4.0/"}],
        [{"title": f"{PUBLISHER}, Emerging Technology Observatory, Georgetown University",
          "path": "https://eto.tech/dataset-docs/chipexplorer/"}],
    )  # fmt: skip
