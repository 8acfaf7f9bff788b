"""A chain's folder in, checked and typed frames out; or every fault of the folder at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from . import faults as rules
from .cells import Table, parse_default, typed
from .dictionary import REQUIRED, Column, dictionary
from .errors import ChainError, Fault, nearest
from .files import is_file
from .package import Package, read_package, write_package, write_table
from .tables import RawTable, read_table

__all__ = ["Chain", "check", "read_chain", "write_package", "write_table"]

UNSERVICED_SHARE = 0.3
"""Lifetime of a tool without maintenance, as a part of its lifetime, where it is not given (assumed, 0.2 to 0.5)."""

TYPES: dict[str, pl.DataType] = {
    "string": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


@dataclass(frozen=True, eq=False)
class Chain:
    """A checked chain: one frame per table, every column of the dictionary present, defaults filled in.

    Ranged columns have `_low` and `_high` beside them, equal to the central value where no range
    was given. Text that was left empty is null. Optional tables that are absent are empty frames.
    """

    folder: str
    name: str
    title: str
    version: str
    jurisdictions: pl.DataFrame
    items: pl.DataFrame
    needs: pl.DataFrame
    supply: pl.DataFrame
    scenarios: pl.DataFrame
    controls: pl.DataFrame
    missions: pl.DataFrame
    organizations: pl.DataFrame
    organization_supply: pl.DataFrame
    projects: pl.DataFrame
    routes: pl.DataFrame
    common_routes: pl.DataFrame
    prerequisites: pl.DataFrame
    staffing: pl.DataFrame
    pools: pl.DataFrame
    data_hash: str
    warnings: tuple[Fault, ...] = ()
    description: str = ""
    licenses: tuple[Mapping[str, Any], ...] = field(default=())
    sources: tuple[Mapping[str, Any], ...] = field(default=())

    def table(self, name: str) -> pl.DataFrame:
        """The frame of a table by its name in the dictionary."""
        if name not in dictionary():
            raise KeyError(name)
        frame: pl.DataFrame = getattr(self, name)
        return frame

    def __repr__(self) -> str:
        counts = f"{len(self.items)} items, {len(self.needs)} needs, {len(self.supply)} supply rows"
        return f"Chain({self.name!r}: {counts}, data {self.data_hash[:12]})"


def read_chain(folder: str | Path) -> Chain:
    """The chain in `folder`; raises ChainError with all faults at once."""
    package, tables, found = _examine(Path(folder))
    faults = [fault for fault in found if fault.severity == "fault"]
    if faults:
        raise ChainError(faults)
    frames = {name: _frame(table) for name, table in tables.items()}
    return Chain(
        folder=Path(folder).resolve().name,
        name=package.name,
        title=package.title,
        version=package.version,
        **frames,
        data_hash=data_hash(frames),
        warnings=tuple(found),
        description=package.description,
        licenses=package.licenses,
        sources=package.sources,
    )


def check(folder: str | Path) -> list[Fault]:
    """Every fault and warning of a chain folder, faults first, then by file and row."""
    return _examine(Path(folder))[2]


def _examine(folder: Path) -> tuple[Package, dict[str, Table], list[Fault]]:
    faults: list[Fault] = []
    if not folder.is_dir():
        message = "is not a folder" if folder.exists() else "there is no such folder"
        return Package(), {}, [Fault(str(folder), None, "", "", message)]
    package = read_package(folder, faults)
    tables: dict[str, Table] = {}
    for name, columns in dictionary().items():
        raw = _find(name, folder, package, faults)
        tables[name] = typed(raw, columns, faults)
    _check_strangers(folder, package, faults)
    faults.extend(rules.relations(tables))
    order = {table.file: at for at, table in enumerate(tables.values(), start=1)}
    faults.sort(key=lambda f: (f.severity != "fault", order.get(f.file, 0), f.row or 0))
    return package, tables, faults


def _find(name: str, folder: Path, package: Package, faults: list[Fault]) -> RawTable:
    """The raw table of the dictionary's name: where the package says, else `<name>.csv` or `.parquet`."""
    if name in package.paths:
        file = package.paths[name]
        if is_file(folder / file):
            return read_table(name, folder / file, file)
        return RawTable(name, file, complete=False)  # the missing file was reported with the package
    present = [f"{name}{suffix}" for suffix in (".csv", ".parquet") if (folder / f"{name}{suffix}").is_file()]
    if len(present) > 1:
        faults.append(Fault(present[1], None, "", "", f"{present[0]} is there too: keep one of them"))
    if present:
        if package.listed:
            message = "is not listed in datapackage.json; it is read all the same"
            faults.append(Fault(present[0], None, "", "", message, "warning"))
        return read_table(name, folder / present[0], present[0])
    if name in REQUIRED:
        others = [path.stem for path in sorted(folder.glob("*.csv")) if path.stem not in dictionary()]
        near = nearest(name, others)
        hint = f"; is {near}.csv meant to be it?" if near else ""
        faults.append(Fault(f"{name}.csv", None, "", "", f"the table is missing{hint}"))
    return RawTable(name, f"{name}.csv", complete=name not in REQUIRED)


def _check_strangers(folder: Path, package: Package, faults: list[Fault]) -> None:
    known = set(package.paths.values()) | set(package.others)
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")]):
        if path.name not in known and path.stem not in dictionary():
            message = "is no table of a chain and is not read"
            faults.append(Fault(path.name, None, "", "", message, "warning"))
        elif path.name not in known and path.stem in package.paths:
            message = f"is not read: datapackage.json names {package.paths[path.stem]} for this table"
            faults.append(Fault(path.name, None, "", "", message, "warning"))


@cache
def schema(name: str) -> dict[str, pl.DataType]:
    """Column -> polars type of a table."""
    return {column.name: TYPES[column.type] for column in dictionary()[name].values()}


def _frame(table: Table) -> pl.DataFrame:
    """The typed frame with defaults; the bounds of a ranged column follow its central value."""
    frame = pl.DataFrame(table.columns, schema=schema(table.name))
    if table.name == "needs":
        frame = frame.with_columns(pl.col("group").fill_null(pl.col("input")))
    if table.name == "items":
        lasting = {f"unserviced_years{end}": f"lifetime_years{end}" for end in ("", "_low", "_high")}
        given = pl.col("unserviced_years").is_not_null()
        frame = frame.with_columns(
            pl.when(given).then(pl.col(mine)).otherwise(
                UNSERVICED_SHARE * pl.coalesce(pl.col(whole), pl.col("lifetime_years"))
            )
            for mine, whole in lasting.items()
        )  # fmt: skip
    return frame.with_columns(_filled(column) for column in dictionary()[table.name].values())


def _filled(column: Column) -> pl.Expr:
    if column.central:
        central = dictionary()[column.table][column.central]
        return pl.col(column.name).fill_null(_filled(central)).alias(column.name)
    default = parse_default(column)
    return pl.col(column.name) if default is None else pl.col(column.name).fill_null(default)


def data_hash(frames: Mapping[str, pl.DataFrame]) -> str:
    """SHA-256 over the content of the tables, whatever the order of rows and columns in the files."""
    digest = hashlib.sha256()
    for name in sorted(frames):
        frame = frames[name]
        digest.update(f"\n{name}\n{sorted(frame.columns)}\n".encode())
        for row in sorted(map(repr, frame.select(sorted(frame.columns)).iter_rows())):
            digest.update(row.encode())
    return digest.hexdigest()
