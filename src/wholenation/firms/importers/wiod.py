"""Tables of the World Input-Output Database, release 2016 (Timmer et al. 2015, Review of International Economics)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import QuestionError
from .io_rows import IOTable, Rows, numbers, wrong

COLUMN = re.compile(r"([A-Z]{3})(\d{1,2})")
SECTORS = 56
"""Sectors of a country; its columns above are final demand."""
WORLD = ("IndustryCode", "Country", "RNr")
NATIONAL = ("Code", "Origin")


def read_world(header: Sequence[str], rows: Rows, file: str) -> IOTable:
    """A world table: a row for each country and industry, columns such as AUS1; 1 to 56 are industries."""
    code, country, industry = (header.index(name) for name in WORLD)
    labels = [COLUMN.fullmatch(name) for name in header]
    inner = [at for at, found in enumerate(labels) if found and int(found[2]) <= SECTORS]
    outer = [at for at, found in enumerate(labels) if found and int(found[2]) > SECTORS]
    keys = [header[at] for at in inner]
    known = set(keys)
    flows: dict[str, NDArray[np.float64]] = {}
    final: dict[str, float] = {}
    names: dict[str, str] = {}
    for number, row in rows:
        if len(row) <= max(code, country, industry):
            continue
        key = row[country].strip() + row[industry].strip()
        if key in flows:
            raise wrong(file, number, "repeats a row above", "RNr", key)
        if key in known:  # what follows below them are taxes, margins and value added
            flows[key] = numbers(row, inner, header, number, file)
            final[key] = float(numbers(row, outer, header, number, file).sum())
            names[key] = row[code].strip()
    missing = [key for key in keys if key not in flows]
    if missing or not keys:
        what = f"no row for {missing[0]}" if missing else "no column of an industry, such as AUS1"
        raise wrong(file, None, f"has {what}; is the file complete?")
    matrix = np.array([flows[key] for key in keys])
    output = np.maximum(matrix.sum(axis=1) + [final[key] for key in keys], 0)
    return IOTable(matrix, output, None, [names[key] for key in keys], [key[:3] for key in keys])


def read_national(header: Sequence[str], rows: Rows, file: str, year: int | None) -> IOTable:
    """A national table: domestic rows are its flows, imported ones add to what sectors spend on inputs."""
    found = _by_origin(header, rows, file, year)
    domestic, imports = found["domestic"], found["imports"]
    names = [name for name in header if name in domestic]
    if not names:
        raise wrong(file, None, "has no domestic row whose Code is the name of a column")
    at = [header.index(name) for name in names]
    flows = np.array(
        [numbers(row, at, header, number, file) for number, row in map(domestic.__getitem__, names)]
    )
    brought = sum(
        (numbers(row, at, header, number, file) for number, row in imports.values()), np.zeros(len(at))
    )
    output = None
    if "GO" in header:
        total = [header.index("GO")]
        sums = [numbers(row, total, header, number, file) for number, row in map(domestic.__getitem__, names)]
        output = np.concatenate(sums)
    return IOTable(flows, output, flows.sum(axis=0) + brought if imports else None, names, None)


def _by_origin(
    header: Sequence[str], rows: Rows, file: str, year: int | None
) -> dict[str, dict[str, tuple[int, list[str]]]]:
    """domestic and imports -> code -> (number, row), of the year that was asked for."""
    code, origin = (header.index(name) for name in NATIONAL)
    when = header.index("Year") if "Year" in header else None
    found: dict[str, dict[str, tuple[int, list[str]]]] = {"domestic": {}, "imports": {}}
    years: set[str] = set()
    for number, row in rows:
        kind = row[origin].strip().casefold() if origin < len(row) else ""
        if kind not in found:
            continue
        if when is not None:
            years.add(row[when].strip())
            if year is not None and row[when].strip() != str(year):
                continue
        key = row[code].strip()
        if key in found[kind] and (year is not None or len(years) < 2):
            raise wrong(file, number, "repeats a row above", "Code", key)
        found[kind][key] = number, row
    if year is None and len(years) > 1:
        raise QuestionError(f"say which year of {file}: {', '.join(sorted(years))}")
    if year is not None and when is not None and str(year) not in years:
        raise QuestionError(f"{file} has no year {year}; it has {', '.join(sorted(years)) or 'none'}")
    return found
