"""Raw rows into typed columns, every cell checked against the dictionary."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from .dictionary import NEVER_EMPTY, Column
from .errors import Fault, nearest
from .tables import RawTable

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
INTEGER = re.compile(r"[+-]?\d{1,15}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class CellError(ValueError):
    """A cell's text is not of its column's type; the message says what it should be."""


@dataclass
class Table:
    """Typed columns as lists (None: missing, before defaults), and the spreadsheet row of each entry."""

    name: str
    file: str
    rows: list[int]
    columns: dict[str, list[Any]]
    complete: bool = True

    def __len__(self) -> int:
        return len(self.rows)

    def records(self, *names: str) -> Iterable[tuple[Any, ...]]:
        """(spreadsheet row, value, value, ...) of the named columns."""
        return zip(self.rows, *(self.columns[name] for name in names), strict=True)


def typed(raw: RawTable, declared: dict[str, Column], faults: list[Fault]) -> Table:
    """The typed table; what is wrong with header and cells is added to `faults`."""
    faults.extend(raw.faults)
    if not raw.header:
        return Table(raw.name, raw.file, [], {name: [] for name in declared}, raw.complete)
    positions = _check_header(raw, declared, faults)
    if not raw.rows and raw.complete and raw.name in NEVER_EMPTY:
        faults.append(Fault(raw.file, None, "", "", "the file has a header but no rows"))
    width = len(raw.header)
    # A row of the wrong length was reported as a whole: its cells are read quietly, for the codes in it.
    whole = [len(row) == width for row in raw.rows]
    columns: dict[str, list[Any]] = {}
    for name, column in declared.items():
        if name not in positions:
            columns[name] = [None] * len(raw.rows)
            continue
        at = positions[name]
        texts = [row[at] if at < len(row) else "" for row in raw.rows]
        columns[name] = _parse_column(raw, column, texts, whole, faults)
    # Without one of its required columns, nothing can be concluded from what a table does not say.
    complete = raw.complete and all(name in positions for name, c in declared.items() if c.required)
    table = Table(raw.name, raw.file, raw.numbers, columns, complete)
    _check_keys(table, declared, positions, whole, faults)
    _check_ranges(table, declared, positions, whole, faults)
    return table


def _check_header(raw: RawTable, declared: dict[str, Column], faults: list[Fault]) -> dict[str, int]:
    positions: dict[str, int] = {}
    missing = [c.name for c in declared.values() if (c.required or c.key) and c.name not in raw.header]
    for at, name in enumerate(raw.header):
        if name in positions:
            faults.append(Fault(raw.file, 1, name, "", "the column appears twice"))
        elif name in declared:
            positions[name] = at
        elif not name:
            faults.append(Fault(raw.file, 1, "", "", f"column {at + 1} has no name"))
        else:
            near = nearest(name, missing) or nearest(name, set(declared) - set(raw.header))
            hint = f"is {near} meant?" if near else f"known: {', '.join(_plain(declared))}"
            faults.append(Fault(raw.file, 1, name, "", f"unknown column; {hint}"))
    for name in missing:
        if declared[name].required:
            near = nearest(name, set(raw.header) - set(declared))
            hint = f"; is {near} meant to be it?" if near else ""
            faults.append(Fault(raw.file, 1, name, "", f"the column is missing{hint}"))
    return positions


def _plain(declared: dict[str, Column]) -> list[str]:
    return [column.name for column in declared.values() if not column.central]


def _parse_column(
    raw: RawTable, column: Column, texts: list[str], whole: list[bool], faults: list[Fault]
) -> list[Any]:
    parse = _PARSERS[column.type]
    values: list[Any] = []
    # A column repeats few distinct texts, so each is parsed and checked once.
    empty = "is empty; a value is required" if column.required else ""
    seen: dict[str, tuple[Any, str]] = {"": (None, empty)}
    for number, text, sound in zip(raw.numbers, texts, whole, strict=True):
        if text not in seen:
            try:
                value = parse(text)
                outside = _outside(value, column)
                seen[text] = (None if outside else value, outside)
            except CellError as error:
                seen[text] = (None, str(error))
        value, message = seen[text]
        if message and sound:
            faults.append(Fault(raw.file, number, column.name, text, message))
        values.append(value)
    return values


def _outside(value: Any, column: Column) -> str:
    """What is wrong with a value of the right type, or ""."""
    if column.values and value not in column.values:
        near = nearest(value, column.values)
        hint = f"; is {near} meant?" if near else ""
        return f"must be one of {', '.join(column.values)}{hint}"
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        what = column.unit if column.unit in ("share", "probability") else "it"
        if low is not None and high is not None:
            subject = f"a {what}" if what != "it" else "it"
            return f"{subject} must lie between {low:g} and {high:g}"
        return f"must be at least {low:g}" if low is not None else f"must be at most {high:g}"
    return ""


def _string(text: str) -> str:
    if "\0" in text:
        raise CellError("contains a zero byte")
    return text


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise CellError(not_a_number(text))
    value = float(text)
    if math.isinf(value):
        raise CellError("is too large for a number")
    return value


def not_a_number(text: str) -> str:
    """Why a text is no number, and what to write instead."""
    if text.lstrip("+-").casefold() in ("nan", "inf", "infinity"):
        return "is not a finite number; leave the cell empty if it is not known"
    if text.endswith("%"):
        return "is not a number; write 45 % as 0.45"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return "is not a number; write a point as decimal mark and no thousands separator"
    if text.casefold() in ("na", "n/a", "-", "–", "?", "none", "null", "unknown"):
        return "is not a number; leave the cell empty if it is not known"
    return "is not a number"


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise CellError("is not a whole number")
    return int(text)


def _boolean(text: str) -> bool:
    # Excel writes TRUE and FALSE.
    if text.casefold() not in BOOLEANS:
        raise CellError("is neither true nor false")
    return BOOLEANS[text.casefold()]


def _date(text: str) -> date:
    if not DATE.fullmatch(text):
        raise CellError("is not a date; write it as 2024-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CellError("is not a day of the calendar") from None


_PARSERS: dict[str, Callable[[str], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
}


def parse_default(column: Column) -> Any:
    """The typed default of a column, None when it has none."""
    return _PARSERS[column.type](column.default) if column.default else None


def _check_keys(
    table: Table, declared: dict[str, Column], present: dict[str, int], whole: list[bool], faults: list[Fault]
) -> None:
    keys = [name for name, column in declared.items() if column.key]
    required = [name for name in keys if declared[name].required]
    if not keys or any(name not in present for name in required):
        return
    first: dict[tuple[Any, ...], int] = {}
    for (number, *values), sound in zip(table.records(*keys), whole, strict=True):
        named = dict(zip(keys, values, strict=True))
        if not sound or any(named[name] is None for name in required):
            continue
        key = tuple(values)
        if key in first:
            shown = ", ".join(str(value) for value in values if value is not None)
            which = keys[0] if len(keys) == 1 else "+".join(name for name in keys if named[name] is not None)
            faults.append(Fault(table.file, number, which, shown, f"repeats the key of row {first[key]}"))
        else:
            first[key] = number


def _check_ranges(
    table: Table, declared: dict[str, Column], present: dict[str, int], whole: list[bool], faults: list[Fault]
) -> None:
    """low <= value <= high, and both ends given wherever the basis is not `measured`."""
    basis = table.columns.get("basis", ["measured"] * len(table))
    default = declared["basis"].default if "basis" in declared else ""
    reported = {(fault.row, fault.column) for fault in faults if fault.file == table.file}
    for name, column in declared.items():
        if not column.ranged or name not in present:
            continue
        names = (name, f"{name}_low", f"{name}_high")
        for (number, value, low, high), known, sound in zip(table.records(*names), basis, whole, strict=True):
            if not sound or (value is None and low is None and high is None):
                continue
            for at, message in _range_faults(name, value, low, high, known or default):
                if (number, at) not in reported:
                    shown = {names[1]: low, names[2]: high}.get(at)
                    text = "" if shown is None else f"{shown:.12g}"
                    faults.append(Fault(table.file, number, at, text, message))


def _range_faults(name: str, value: Any, low: Any, high: Any, basis: str) -> Iterable[tuple[str, str]]:
    if value is None:
        yield name, f"is empty, but its range is given ({low} to {high})"
        return
    if low is not None and low > value:
        yield f"{name}_low", f"is above {name} ({value:.12g})"
    if high is not None and high < value:
        yield f"{name}_high", f"is below {name} ({value:.12g})"
    if basis in ("estimated", "assumed"):
        for end, bound in (("low", low), ("high", high)):
            if bound is None:
                yield f"{name}_{end}", f"is missing; {name} is {basis}, so it needs a range"
