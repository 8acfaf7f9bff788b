"""The data dictionary: every column of every table, declared once in `dictionary.csv`.

Reading, checking, defaults, the Frictionless descriptor and the documentation all follow it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Type = Literal["string", "number", "integer", "boolean", "date"]

REQUIRED = ("jurisdictions", "items", "needs", "supply", "scenarios", "controls", "missions")
OPTIONAL = (
    "organizations",
    "organization_supply",
    "projects",
    "routes",
    "common_routes",
    "prerequisites",
    "staffing",
    "pools",
)
# A chain without a row of these says nothing; needs and controls may be empty.
NEVER_EMPTY = ("jurisdictions", "items", "supply", "scenarios", "missions")


@dataclass(frozen=True)
class Column:
    """One declared column; `central` is the column whose range a `_low` or `_high` column gives."""

    table: str
    name: str
    type: Type
    meaning: str
    key: bool = False
    unit: str = ""
    required: bool = False
    ranged: bool = False
    default: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    references: tuple[str, str] | None = None
    central: str = ""


@cache
def dictionary() -> dict[str, dict[str, Column]]:
    """Table -> column name -> declaration, ranged columns followed by their `_low` and `_high`.

    >>> [name for name in dictionary()["supply"]][:5]
    ['item', 'jurisdiction', 'share', 'share_low', 'share_high']
    """
    tables: dict[str, dict[str, Column]] = {name: {} for name in REQUIRED + OPTIONAL}
    text = (files("wholenation") / "dictionary.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        column = declared(row)
        columns = tables[column.table]
        columns[column.name] = column
        if column.ranged:
            columns.update({bound.name: bound for bound in _bounds(column)})
    return tables


def declared(row: dict[str, str]) -> Column:
    """The column that one row of a dictionary declares."""
    table, _, referred = row["references"].partition(".")
    return Column(
        table=row["table"],
        name=row["column"],
        type=row["type"],  # type: ignore[arg-type]
        meaning=row["meaning"],
        key=row["key"] == "yes",
        unit=row["unit"],
        required=row["required"] == "yes",
        ranged=row["ranged"] == "yes",
        default=row["default"],
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        values=tuple(row["values"].split("|")) if row["values"] else (),
        references=(table, referred) if table else None,
    )


def _bounds(column: Column) -> list[Column]:
    """The two optional companions of a ranged column."""
    return [
        Column(
            table=column.table,
            name=f"{column.name}_{end}",
            type=column.type,
            meaning=f"{words} {column.name}. Empty: {column.name}",
            unit=column.unit,
            minimum=column.minimum,
            maximum=column.maximum,
            central=column.name,
        )
        for end, words in (("low", "Lowest plausible"), ("high", "Highest plausible"))
    ]
