"""Every column of a firm network's tables, declared once in `columns.csv` in the form of the chain's dictionary."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from ..dictionary import Column, declared

TABLES = ("firms", "links", "essentiality")
SECTORS_OF_LINKS = ("supplier_sector", "buyer_sector")
"""Columns that a file of links may have where there is no table of firms."""


@cache
def columns() -> dict[str, dict[str, Column]]:
    """Table -> column name -> declaration.

    >>> list(columns()["links"])
    ['supplier', 'buyer', 'value']
    """
    tables: dict[str, dict[str, Column]] = {name: {} for name in TABLES}
    text = (files("wholenation") / "firms" / "columns.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        column = declared(row)
        tables[column.table][column.name] = column
    return tables


@cache
def firm_schema() -> dict[str, pl.DataType]:
    """Column -> polars type of the table of firms."""
    types = {"string": pl.String(), "number": pl.Float64()}
    return {name: types[column.type] for name, column in columns()["firms"].items()}
