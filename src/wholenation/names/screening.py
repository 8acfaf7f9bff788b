"""The United States' Consolidated Screening List, as CSV or JSON, as parties to match names with."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ChainError, Fault
from .matching import Named, identifiers

NUMBER = re.compile(r"\s*(?P<scheme>[^,;:]+)[,:]\s*(?P<id>[^,;]+)")


def read_screening_list(path: str | Path) -> list[Named]:
    """The listed parties with their names, alternative names and identifiers, in the order of the file.

    Read are the columns name, alt_names, ids, source and entity_number; all others are passed over. JSON is a list of
    rows, or an object that holds it as `results`. Raises `ChainError` with all faults.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ChainError([Fault(path.name, None, "", "", f"cannot be read: {error}")]) from None
    rows, first = _rows(path, text)
    faults, found = [], []
    for number, row in enumerate(rows, first):
        if not isinstance(row, Mapping):
            faults.append(Fault(path.name, number, "", str(row), "a row is an object"))
        elif not str(row.get("name") or "").strip():
            faults.append(Fault(path.name, number, "name", "", "a listed party has a name"))
        else:
            found.append(_named(number, row))
    if faults:
        raise ChainError(faults)
    return found


def _rows(path: Path, text: str) -> tuple[list[Any], int]:
    if path.suffix.casefold() == ".json":
        try:
            told = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ChainError([Fault(path.name, None, "", "", f"is not JSON: {error}")]) from None
        rows = told.get("results") if isinstance(told, Mapping) else told
        if not isinstance(rows, list):
            raise ChainError([Fault(path.name, None, "results", "", "a list of rows is wanted")])
        return rows, 1
    reader = csv.DictReader(text.splitlines(keepends=True))
    if "name" not in (reader.fieldnames or ()):
        raise ChainError([Fault(path.name, 1, "name", "", "there is no such column")])
    return list(reader), 2


def _named(number: int, row: Mapping[str, Any]) -> Named:
    source = str(row.get("source") or "list").split("(")[-1].rstrip(")").split(" - ")[0].strip()
    entity = str(row.get("entity_number") or row.get("_id") or row.get("id") or number)
    names = (str(row["name"]), *_alternatives(row.get("alt_names")))
    return Named(f"{source}:{entity}", names, told_identifiers(row.get("ids")))


def told_identifiers(told: Any) -> frozenset[tuple[str, str]]:
    """Identifiers as a list tells them: rows of JSON, or a text such as `Registration ID, 12345; Tax ID: 99`.

    >>> sorted(told_identifiers("LEI: X1; Tax ID, 99"))
    [('lei', 'x1'), ('tax id', '99')]
    """
    return identifiers(_ids(told))


def _alternatives(told: Any) -> list[str]:
    found = told if isinstance(told, list) else str(told or "").split(";")
    return [str(one).strip() for one in found if str(one).strip()]


def _ids(told: Any) -> Iterable[dict[str, str]]:
    if isinstance(told, list):
        for one in told:
            if isinstance(one, Mapping) and one.get("number"):
                yield {"scheme": str(one.get("type") or ""), "id": str(one["number"])}
        return
    for part in str(told or "").split(";"):
        found = NUMBER.match(part)
        if found:
            yield {"scheme": found["scheme"], "id": found["id"]}
