"""Write projects.csv, routes.csv and staffing.csv of a chain by the menu rule, for some homes.

    python tools/build_menu.py FOLDER HOME...

The rule is `wholenation.menu.propose_projects`; pools.csv must already be in the folder, since a project that trains
people names the pool that grows. The descriptor is written anew, so that it lists the tables.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from wholenation.chain import Chain, read_chain, write_package, write_table
from wholenation.menu import propose_projects

TABLES = ("projects", "routes", "staffing")
META = ("name", "title", "description", "licenses", "sources", "version")


def metadata(folder: Path) -> dict[str, Any]:
    """What the folder's descriptor says of the chain as a whole."""
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return {key: descriptor[key] for key in META if key in descriptor}


def without_menu(folder: Path) -> Chain:
    """The chain without an earlier menu, which may name items that are gone."""
    with TemporaryDirectory() as name:
        bare = Path(name)
        for path in folder.glob("*.csv"):
            if path.stem not in TABLES:
                shutil.copy(path, bare)
        write_package(bare, **metadata(folder))
        return read_chain(bare)


def given(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that hold something: what is empty everywhere need not be written."""
    return frame.select(column.name for column in frame if column.null_count() < len(column))


def main(folder: str, *homes: str) -> None:
    """Propose and write; prints how many rows each home got."""
    path = Path(folder)
    chain = without_menu(path)
    menus = {home: propose_projects(chain, home) for home in homes}
    for table in TABLES:
        write_table(given(pl.concat([menu[table] for menu in menus.values()])), path / f"{table}.csv")
    write_package(path, **metadata(path))
    for home, menu in menus.items():
        print(home, ", ".join(f"{len(menu[table])} {table}" for table in TABLES))


if __name__ == "__main__":
    main(*sys.argv[1:])
