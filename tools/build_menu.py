"""Write projects.csv, routes.csv and staffing.csv of a chain by the menu rule, for some homes.

    python tools/build_menu.py FOLDER HOME...

The rule is `wholenation.menu.propose_projects`; pools.csv must already be in the folder, since a project that trains
people names the pool that grows. The descriptor is written anew, so that it lists the tables.

For a chain with rows in `families.csv` (which item's incumbent technology carries over to which other), also
common_routes.csv, and what the first users of new tools ask for: all of it assumed, by the rules below.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from wholenation.chain import Chain, read_chain, schema, write_package, write_table
from wholenation.menu import exposed, propose_projects

TABLES = ("projects", "routes", "staffing", "common_routes")
FAMILIES = Path(__file__).with_name("families.csv")

ADOPTION_YEARS = {"adoption_years_low": 0.5, "adoption_years": 1.0, "adoption_years_high": 2.0}
"""A new tool is qualified in a fab for 6 to 24 months before anything is made with it."""

PREMIUM = {"cover_musd_low": 0.015, "cover_musd": 0.03, "cover_musd_high": 0.06}
"""First users' insurance, as a part of the price of what is delivered in a year of adoption."""

COVERED = ("CHN",)
"""Homes that offer it: China insures first sets of major equipment, at a premium of at most 3 % (2015)."""
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


def families(chain: Chain) -> pl.DataFrame:
    """The rows of families.csv for this chain."""
    return pl.read_csv(FAMILIES).filter(pl.col("chain") == chain.name)


def common_routes(chain: Chain, menu: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """What the incumbent routes of one home's menu master besides their own project."""
    developed = menu["projects"].filter(pl.col("kind") == "develop")
    of = dict(developed.select("item", "project").iter_rows())
    rows = [
        {
            "project": of[row["item"]],
            "route": "incumbent",
            "serves": of[row["serves"]],
            **{name: row[name] for name in row if name.startswith("delay_years")},
            "basis": "assumed",
            "source": "this project: a family of tools or materials on one platform (tools/families.csv)",
            "note": row["reason"],
        }
        for row in families(chain).iter_rows(named=True)
        if row["item"] in of and row["serves"] in of
    ]
    types = schema("common_routes")
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)


def with_first_users(chain: Chain, home: str, projects: pl.DataFrame) -> pl.DataFrame:
    """Projects with the adoption of tools that are new at home, and with its cover where home offers one."""
    need = {gap.item: gap.need_musd for gap in exposed(chain, home)}
    tools = chain.items.filter(pl.col("kind") == "tool")["item"].to_list()
    new = (pl.col("kind") == "develop") & pl.col("item").is_in(tools)
    worth = pl.col("capacity") * pl.col("item").replace_strict(need, default=None, return_dtype=pl.Float64)
    covered = pl.lit(home in COVERED)
    told = "; adoption: qualification of a new tool takes 6 to 24 months (assumed)"
    if home in COVERED:
        told += (
            "; cover: 3 % (1.5 to 6) of a year's deliveries, as China insures first sets at up to 3 % (2015)"
        )
    return projects.with_columns(
        *(pl.when(new).then(pl.lit(years)).alias(name) for name, years in ADOPTION_YEARS.items()),
        *(
            pl.when(new & covered).then((part * worth).round_sig_figs(3)).alias(name)
            for name, part in PREMIUM.items()
        ),
        pl.when(new).then(pl.col("source") + told).otherwise("source").alias("source"),
    )


def main(folder: str, *homes: str) -> None:
    """Propose and write; prints how many rows each home got."""
    path = Path(folder)
    chain = without_menu(path)
    menus = {home: propose_projects(chain, home) for home in homes}
    if len(families(chain)):
        for home, menu in menus.items():
            menu["common_routes"] = common_routes(chain, menu)
            menu["projects"] = with_first_users(chain, home, menu["projects"])
    for table in TABLES:
        frames = [menu[table] for menu in menus.values() if table in menu]
        if frames:
            write_table(given(pl.concat(frames)), path / f"{table}.csv")
    write_package(path, **metadata(path))
    for home, menu in menus.items():
        print(home, ", ".join(f"{len(menu[table])} {table}" for table in menu))


if __name__ == "__main__":
    main(*sys.argv[1:])
