"""A verb's answer as a file or as JSON: the same tables whatever the format."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from .errors import OutputError
from .files import check_writable, write_whole


@dataclass(frozen=True)
class Result:
    """The answer of a verb: what was asked of which data, and its tables, the most important first."""

    about: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]


def destination(path: str | Path, suffixes: tuple[str, ...] = ()) -> Path:
    """The path, if its suffix tells a known format and a file can be written there; raises `OutputError` if not."""
    path = Path(path)
    known = suffixes or tuple(FORMATS)
    if path.suffix.lower() not in known:
        got = f"the suffix {path.suffix}" if path.suffix else "no suffix"
        raise OutputError(f"{path} has {got}, which tells no format; known: {', '.join(known)}")
    check_writable(path)
    return path


def write_result(result: Result, path: str | Path) -> Path:
    """Write a result in the format that the suffix tells, whole or not at all.

    CSV and Parquet hold the first table; JSON and XLSX hold all tables and what was asked.
    """
    path = destination(path)
    return write_whole(path, FORMATS[path.suffix.lower()](result))


def to_json(result: Result) -> str:
    """The result as JSON: `about`, then every table as a list of rows; what is not computable is null."""
    about = {key: _finite(value) for key, value in result.about.items()}
    tables = {name: _rows(frame) for name, frame in result.tables.items()}
    return json.dumps(
        {"about": about, **tables}, indent=2, ensure_ascii=False, allow_nan=False, default=_plain
    )


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [{key: _finite(value) for key, value in row.items()} for row in frame.iter_rows(named=True)]


def _finite(value: Any) -> Any:
    """JSON has no word for NaN and infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _first(result: Result) -> pl.DataFrame:
    return next(iter(result.tables.values()))


def _csv(result: Result) -> bytes:
    return _first(result).write_csv().encode()


def _parquet(result: Result) -> bytes:
    buffer = io.BytesIO()
    _first(result).write_parquet(buffer)
    return buffer.getvalue()


def _json(result: Result) -> bytes:
    return (to_json(result) + "\n").encode()


def _xlsx(result: Result) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    # Text that begins with "=" stays text: the tables may come from a stranger.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # so that equal results make equal files
        for name, frame in result.tables.items():
            floats = pl.selectors.float()
            finite = frame.with_columns(pl.when(floats.is_finite()).then(floats))
            finite.write_excel(book, worksheet=name[:31], autofit=True, float_precision=6)
        about = pl.DataFrame(
            {"what": list(result.about), "value": [_told(value) for value in result.about.values()]},
            schema={"what": pl.String, "value": pl.String},
        )
        about.write_excel(book, worksheet="about", autofit=True)
    return buffer.getvalue()


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=_plain)


FORMATS: dict[str, Callable[[Result], bytes]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".xlsx": _xlsx,
}
