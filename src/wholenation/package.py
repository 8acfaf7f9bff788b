"""`datapackage.json`: read with its faults, and written from the dictionary as Frictionless Table Schema."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from .dictionary import Column, dictionary
from .errors import Fault, unknown
from .files import is_file, write_whole

FILE = "datapackage.json"
PROFILE = "tabular-data-package"


@dataclass(frozen=True)
class Package:
    """What the descriptor says: table -> file, other resources' files, and the chain's own description."""

    name: str = ""
    title: str = ""
    version: str = ""
    description: str = ""
    licenses: tuple[Mapping[str, Any], ...] = ()
    sources: tuple[Mapping[str, Any], ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    listed: bool = False


Tables = Mapping[str, Mapping[str, Column]]
"""Table -> column -> declaration."""


def read_package(folder: Path, faults: list[Fault], tables: Tables | None = None) -> Package:
    """The descriptor of a folder of `tables` (those of a chain); what is wrong with it is added to `faults`."""
    path = folder / FILE
    if not path.is_file():
        faults.append(_fault("the file is missing, so this is not a chain folder"))
        return Package()
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        faults.append(_fault("is not UTF-8"))
        return Package()
    except OSError as error:
        faults.append(_fault(f"cannot be read ({error.strerror})"))
        return Package()
    except RecursionError:
        faults.append(_fault("is nested too deeply"))
        return Package()
    except json.JSONDecodeError as error:
        faults.append(_fault(f"is not valid JSON ({error.msg}, column {error.colno})", row=error.lineno))
        return Package()
    if not isinstance(descriptor, dict) or not isinstance(descriptor.get("resources"), list):
        faults.append(_fault("must be a JSON object with a list of resources"))
        return Package()
    known = dictionary() if tables is None else tables
    paths, others = _resources(descriptor["resources"], folder, known, faults)
    text = {key: _text(descriptor, key, faults) for key in ("name", "title", "version", "description")}
    return Package(
        name=text["name"] or folder.resolve().name,
        title=text["title"] or text["name"] or folder.resolve().name,
        version=text["version"],
        description=text["description"],
        licenses=_objects(descriptor, "licenses", faults),
        sources=_objects(descriptor, "sources", faults),
        paths=paths,
        others=others,
        listed=True,
    )


def _fault(message: str, column: str = "", value: object = "", row: int | None = None) -> Fault:
    return Fault(FILE, row, column, str(value), message)


def _text(descriptor: dict[str, Any], key: str, faults: list[Fault]) -> str:
    value = descriptor.get(key, "")
    if isinstance(value, str):
        return value
    faults.append(_fault("must be text", key, value))
    return ""


def _objects(descriptor: dict[str, Any], key: str, faults: list[Fault]) -> tuple[Mapping[str, Any], ...]:
    value = descriptor.get(key, [])
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return tuple(value)
    faults.append(_fault("must be a list of objects", key))
    return ()


def _resources(
    resources: Sequence[Any], folder: Path, known: Tables, faults: list[Fault]
) -> tuple[dict[str, str], tuple[str, ...]]:
    paths: dict[str, str] = {}
    others: list[str] = []
    for resource in resources:
        name = resource.get("name") if isinstance(resource, dict) else None
        file = resource.get("path") if isinstance(resource, dict) else None
        if not isinstance(name, str) or not isinstance(file, str):
            faults.append(_fault("every resource needs a name and one path", "resources", name or ""))
            continue
        # The descriptor may come from a stranger: it names files of its own folder and nothing else.
        outside = PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts
        if outside or ":" in file or "\\" in file:
            faults.append(_fault("a path must lead to a file inside the folder", "path", file))
            continue
        if name in paths:
            faults.append(_fault("the resource is listed twice", "name", name))
        if not is_file(folder / file):
            faults.append(_fault("the file is listed but is not there", "path", file))
        if name in known:
            paths[name] = file
        else:
            others.append(file)
            if PurePosixPath(file).suffix in (".csv", ".parquet"):
                message = unknown(name, list(known), "table")
                faults.append(Fault(FILE, None, "name", name, f"{message}; it is not read", "warning"))
    return paths, tuple(others)


def own_files(folder: Path) -> list[Path]:
    """The paths that are, or would be read as, a part of the chain in `folder`."""
    package = read_package(folder, [])
    tables = [f"{name}{suffix}" for name in dictionary() for suffix in (".csv", ".parquet")]
    return [folder / file for file in (FILE, *tables, *package.paths.values(), *package.others)]


def write_package(
    folder: str | Path,
    name: str,
    title: str,
    description: str = "",
    licenses: Sequence[Mapping[str, Any]] = (),
    sources: Sequence[Mapping[str, Any]] = (),
    version: str = "1.0.0",
    tables: Tables | None = None,
) -> Path:
    """Write `datapackage.json` for those of `tables` (by default a chain's) that are in `folder`; returns its path.

    `licenses` are mappings with name, title, path and `sources` with title, path (Data Package standard).
    """
    folder = Path(folder)
    descriptor: dict[str, Any] = {"profile": PROFILE, "name": name, "title": title, "version": version}
    if description:
        descriptor["description"] = description
    if licenses:
        descriptor["licenses"] = [dict(entry) for entry in licenses]
    if sources:
        descriptor["sources"] = [dict(entry) for entry in sources]
    declared = dictionary() if tables is None else tables
    present = {table: path for table in declared if (path := _table_path(folder, table)) is not None}
    descriptor["resources"] = [
        _resource(table, path, declared[table], present) for table, path in present.items()
    ]
    text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return write_whole(folder / FILE, text.encode())


def _table_path(folder: Path, table: str) -> Path | None:
    for suffix in (".csv", ".parquet"):
        if (folder / f"{table}{suffix}").is_file():
            return folder / f"{table}{suffix}"
    return None


def _header(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pl.read_parquet_schema(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def _resource(
    table: str, path: Path, declared: Mapping[str, Column], present: Mapping[str, Path]
) -> dict[str, Any]:
    # The fields follow the file's own order of columns, since Frictionless matches them by position.
    columns = [declared[name] for name in _header(path) if name in declared]
    names = {column.name for column in columns}
    schema: dict[str, Any] = {"fields": [_field(column) for column in columns], "missingValues": [""]}
    keys = [column.name for column in declared.values() if column.key and column.name in names]
    if keys:
        schema["primaryKey"] = keys
    foreign = [
        _foreign_key(table, column.name, *column.references)
        for column in columns
        if column.references and column.references[0] in present
    ]
    if foreign:
        schema["foreignKeys"] = foreign
    resource = {"profile": "tabular-data-resource", "name": table, "path": path.name}
    if path.suffix == ".csv":
        resource |= {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    else:
        resource |= {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    return {**resource, "schema": schema}


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    whole = column.type == "integer"
    for key, limit in (("minimum", column.minimum), ("maximum", column.maximum)):
        if limit is not None:
            constraints[key] = int(limit) if whole or limit == int(limit) else limit
    if column.values:
        constraints["enum"] = list(column.values)
    field_: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.meaning}
    if column.unit:
        field_["unit"] = column.unit
    return {**field_, "constraints": constraints} if constraints else field_


def _foreign_key(table: str, column: str, target: str, referred: str) -> dict[str, Any]:
    # Table Schema writes a reference to the table itself as "".
    resource = "" if target == table else target
    return {"fields": [column], "reference": {"resource": resource, "fields": [referred]}}


def write_table(frame: pl.DataFrame, path: str | Path) -> Path:
    """Write a frame as CSV (UTF-8, commas, LF, empty for missing) or Parquet, whole or not at all."""
    path = Path(path)
    if path.suffix == ".parquet":
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        return write_whole(path, buffer.getvalue())
    return write_whole(path, frame.write_csv().encode())
