"""What a programme's state says, as tables: one for each type of entry, and one of balances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ..errors import OutputError
from ..files import write_whole
from .entries import types
from .state import State

OF_ENTRY = {"seq": pl.Int64, "at": pl.String, "actor": pl.String}


def projections(state: State) -> dict[str, pl.DataFrame]:
    """Every projection by name, such as award.made: its rows in the order of the ledger, its fields as columns.

    Lists and objects are JSON texts, so that the tables fit CSV and Parquet alike. Types without entries have a table
    without rows. `balances` has what stands on each account, and what of it is reserved.
    """
    tables = {kind: _table(state, kind) for kind in types()}
    rows = [
        (account, currency, balance.posted, balance.pending)
        for (account, currency), balance in sorted(state.balances.items())
    ]
    schema = {"account": pl.String, "currency": pl.String, "posted": pl.Int64, "pending": pl.Int64}
    return {**tables, "balances": pl.DataFrame(rows, schema=schema, orient="row")}


def _table(state: State, kind: str) -> pl.DataFrame:
    records = state.all(kind)
    columns: dict[str, list[Any]] = {
        "seq": [one.seq for one in records],
        "at": [one.at for one in records],
        "actor": [one.actor for one in records],
    }
    schema: dict[str, Any] = dict(OF_ENTRY)
    for field in types()[kind]:
        name, form = field.name, field.kind
        # A field named as a column of every entry is told apart by its type.
        column = f"{kind.split('.')[0]}_{name}" if name in schema else name
        schema[column] = FORMS.get(form, pl.String)
        columns[column] = [_cell(one[name]) for one in records]
    return pl.DataFrame(columns, schema=schema, strict=False)


FORMS: Mapping[str, Any] = {"amount": pl.Int64, "count": pl.Int64, "number": pl.Float64, "flag": pl.Boolean}
"""Kinds of fields that are no text."""


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (Mapping, list, tuple)) else value


def write_projections(
    state: State, folder: str | Path, *, form: Literal["csv", "parquet"] = "csv"
) -> list[Path]:
    """Write every projection into a folder, which is made; the files written."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}") from None
    return [_write(frame, folder / f"{name}.{form}", form) for name, frame in projections(state).items()]


def _write(frame: pl.DataFrame, file: Path, form: str) -> Path:
    buffer = BytesIO()
    if form == "csv":
        frame.write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    write_whole(file, buffer.getvalue())
    return file
