"""Bids from a table, or all that is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ChainError, Fault, unknown
from .bids import NO_FILE_NAME, content_faults, names_file
from .calls_import import text_of
from .entries import is_id

IDS = ("bid", "challenge", "team")
COLUMNS = (*IDS, "price", "currency", "approach", "institution")
OPTIONAL = ("probability", "people", "sites", "starts", "ends", "text")
LISTS = ("people", "sites")


@dataclass(frozen=True, slots=True)
class BidRow:
    """A bid from a table, before it is sealed."""

    bid: str
    challenge: str
    team: str
    content: Mapping[str, Any]


def read_bids(path: str | Path) -> list[BidRow]:
    """The bids in a CSV file. Raises `ChainError` with every fault at once, by row, column and value.

    Columns: bid, challenge, team, price in minor units, currency, approach, institution, and if wanted probability,
    people and sites (separated by ;), starts, ends, text.
    """
    name = Path(path).name
    rows = _rows(name, text_of(path))
    header = [cell.strip() for cell in rows[0]] if rows else []
    faults = list(_header_faults(name, header))
    if faults:
        raise ChainError(faults)
    found: list[BidRow] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.append(
                Fault(name, number, "", "", f"has {len(cells)} cells, the header has {len(header)}")
            )
            continue
        told = {column: cell.strip() for column, cell in zip(header, cells, strict=True) if cell.strip()}
        row, wrong = _bid(name, number, told)
        if row.bid in seen:
            wrong.append(Fault(name, number, "bid", row.bid, f"is in row {seen[row.bid]} already"))
        seen.setdefault(row.bid, number)
        faults += wrong
        found.append(row)
    if faults:
        raise ChainError(faults)
    if not found:
        raise ChainError([Fault(name, None, "", "", "holds no bid")])
    return found


def _rows(name: str, text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return list(reader)
    except csv.Error as error:
        raise ChainError([Fault(name, reader.line_num, "", "", f"cannot be read: {error}")]) from None


def _header_faults(name: str, header: Sequence[str]) -> Iterator[Fault]:
    known = [*COLUMNS, *OPTIONAL]
    for column in header:
        if column not in known:
            yield Fault(name, 1, column, "", unknown(column, known, "column"))
        elif header.count(column) > 1:
            yield Fault(name, 1, column, "", "is there more than once")
    for column in COLUMNS:
        if column not in header:
            yield Fault(name, 1, column, "", "the column is missing")


def _bid(name: str, number: int, told: Mapping[str, str]) -> tuple[BidRow, list[Fault]]:
    faults = [
        Fault(name, number, column, told.get(column, ""), "takes an id without spaces")
        for column in IDS
        if not is_id(told.get(column))
    ]
    if is_id(told.get("bid")) and not names_file(told["bid"]):
        faults.append(Fault(name, number, "bid", repr(told["bid"]), NO_FILE_NAME))
    content = {column: _value(column, cell) for column, cell in told.items() if column not in IDS}
    for fault in content_faults(content):
        column = fault.split(" ", 1)[0]
        message = fault.split("; ", 1)[-1] if column in told else fault.split(" ", 1)[1]
        faults.append(Fault(name, number, column, told.get(column, ""), message))
    return BidRow(told.get("bid", ""), told.get("challenge", ""), told.get("team", ""), content), faults


def _value(column: str, cell: str) -> Any:
    """A cell as a bid says it; what is no number stays as it is, and is a fault then."""
    if column in LISTS:
        return [part.strip() for part in cell.split(";") if part.strip()]
    if column == "price" and re.fullmatch(r"\d{1,15}", cell, re.ASCII):
        return int(cell)
    if column == "probability" and re.fullmatch(r"\d*\.?\d+", cell, re.ASCII):
        return float(cell)
    return cell
