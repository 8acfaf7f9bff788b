"""The report's section on firms: which organizations home leans on, and what controls on named ones do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..chain import Chain
from ..firms.cascade import cascade
from ..firms.from_chain import FINAL, firms_of, sales_of, seen_from
from ..firms.linked import Linked, link_firms
from ..firms.network import FirmNetwork
from ..firms.shocks import by_group
from ..firms.telling import who_is_hit, with_names
from ..network import bloc
from .assumptions import sources

Row = dict[str, Any]
FIRST = 12
"""So many organizations stand in the table."""
ITEMS = 3
"""So many of its items are named with an organization."""


@dataclass(frozen=True, eq=False)
class Firms:
    """The cascades behind the section.

    `table`: every organization by the risk of its denial to home, as `with_names` tells it, with `world` and
    `world_rank`, its risk where it fails for everybody. `hit`: who is hit at home. `network` is the whole one.
    """

    table: pl.DataFrame
    hit: pl.DataFrame
    network: FirmNetwork
    linked: Linked


def cascades(chain: Chain, home: str, *, step: str = "year") -> Firms | None:
    """The cascades of a chain's organizations; None where it has none, or where nothing of them reaches home."""
    if chain.organization_supply.is_empty():
        return None
    network, members = firms_of(chain), bloc(chain, home)
    seen = seen_from(network, members)
    weights = sales_of(network, members)
    if not weights.any():
        return None
    shocks = by_group(network, "organization")
    found = cascade(seen, shocks, weights=weights)
    world = cascade(network, shocks, hit=0).firms.select("shock", world="risk", world_rank="rank")
    names = dict(chain.organizations.select("organization", "name").iter_rows())
    table = with_names(found.firms, seen, shocks, weights, names).join(
        world, on="shock", maintain_order="left"
    )
    return Firms(table, found.hit, network, link_firms(chain, home, step=step))


def sector_names(chain: Chain) -> dict[str, str]:
    """The sectors of a chain's firms are its items, and its final buyers."""
    return dict(chain.items.select("item", "name").iter_rows()) | {FINAL: "final buyers"}


def told(chain: Chain, home: str, firms: Firms) -> Row:
    """What the template shows, each number with those of the sources that it rests on."""
    network = firms.network
    number_of = {row["source"]: row["number"] for row in sources(chain, home)}
    made = network.firms.filter(pl.col("sector") != FINAL)
    unnamed = made.filter(pl.col("organization").is_null())
    risky = firms.table.filter(pl.col("risk") > 0)
    return {
        "organizations": firms.table.height,
        "firms": network.n,
        "links": network.m,
        "unnamed": float(unnamed["output"].sum()) / float(made["output"].sum()),
        "harmless": firms.table.height - risky.height,
        "rows": _organizations(chain, firms, risky.head(FIRST), number_of),
        "controls": _controls(chain, firms.linked, number_of),
        "assumed": [
            f"{fault.value}: {fault.message}" if fault.value else fault.message for fault in network.warnings
        ],
    }


def _organizations(chain: Chain, firms: Firms, rows: pl.DataFrame, number_of: Mapping[str, int]) -> list[Row]:
    names = sector_names(chain)
    countries = dict(chain.jurisdictions.select("jurisdiction", "name").iter_rows())
    seats = dict(chain.organizations.select("organization", "jurisdiction").iter_rows())
    hit = who_is_hit(firms.hit, rows["shock"], names)
    sold = firms.network.firms.sort("output", descending=True, nulls_last=True)
    found = []
    for row in rows.iter_rows(named=True):
        code = row["shock"]
        mine = sold.filter((pl.col("organization") == code) & (pl.col("output") > 0))["sector"].to_list()
        rests = chain.organization_supply.filter(pl.col("organization") == code)["source"]
        found.append(
            row
            | {
                "seat": countries[seats[code]],
                "items": _several([names[item] for item in mine], ITEMS),
                "hit": hit.get(code, ""),
                "sources": _numbers(rests, number_of),
            }
        )
    return found


def _controls(chain: Chain, linked: Linked, number_of: Mapping[str, int]) -> list[Row]:
    """Controls that say the same in several scenarios stand together, with what they add to each."""
    names = dict(chain.scenarios.select("scenario", "name").iter_rows())
    countries = dict(chain.jurisdictions.select("jurisdiction", "name").iter_rows())
    rests = chain.controls.filter(pl.col("kind") == "entity")
    found = []
    for row in linked.controls.iter_rows(named=True):
        items = linked.items.filter(pl.col("control") == row["control"]).sort("loss", descending=True)
        same = rests.filter(
            (pl.col("scenario") == row["scenario"]) & (pl.col("organization") == row["organization"])
        )
        found.append(
            row
            | {
                "scenario": names[row["scenario"]],
                "controller": countries[row["controller"]],
                "items": items.height,
                "worst": items.row(0, named=True) if items.height and items["loss"][0] > 0 else None,
                "sources": _numbers(same["source"], number_of),
            }
        )
    return found


def _several(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _numbers(rests: pl.Series, number_of: Mapping[str, int]) -> str:
    return ", ".join(
        str(number) for number in sorted({number_of[source] for source in rests if source in number_of})
    )
