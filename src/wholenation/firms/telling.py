"""A cascade as readers want it: every shock with its name, what it took at once, and who is hit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .network import FirmNetwork
from .shocks import Shocks

FIRST = 3
"""So many sectors are named of those that are hit."""


def with_names(
    firms: pl.DataFrame,
    network: FirmNetwork,
    shocks: Shocks,
    weights: NDArray[np.float64] | None = None,
    names: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """The table of a cascade by rank, each shock with `name`, `sector`, `firms` and `own`.

    `firms` is how many firms it hits, `own` the part of everything that these lose at once: a risk far above it is
    what comes on top. `names` are those of shocks to several firms. The sector is told where they have one in common.
    """
    counted = np.bincount(network.supplier, network.value, network.n) if weights is None else weights
    lost = counted[shocks.firm] * np.maximum(shocks.down, shocks.up) / (counted.sum() or 1.0)
    count = np.diff(shocks.start)
    number = np.repeat(np.arange(len(shocks)), count)
    hit = np.flatnonzero(count > 0)
    first = np.zeros(len(shocks), dtype=np.int64)
    first[hit] = shocks.firm[shocks.start[hit]]
    sector = network.sector[shocks.firm]
    same = np.bincount(number, sector != network.sector[first[number]], len(shocks)) == 0
    told = pl.DataFrame(
        {
            "shock": pl.Series(shocks.names, dtype=pl.String),
            "name": network.firms["name"].gather(first),
            "sector": network.firms["sector"].gather(first),
            "firms": count,
            "own": np.bincount(number, lost, len(shocks)),
        }
    ).with_columns(
        name=pl.when(pl.Series(count == 1)).then("name"),
        sector=pl.when(pl.Series(same & (count > 0))).then("sector"),
    )
    if names:
        called = pl.col("shock").replace_strict(dict(names), default=None, return_dtype=pl.String)
        told = told.with_columns(name=pl.coalesce(called, "name"))
    others = [name for name in firms.columns if name not in told.columns]
    return firms.select("shock", *others).join(told, on="shock", how="left", maintain_order="left").sort("rank").select(
        "rank", "shock", "name", "sector", "firms", "own", *(name for name in others if name != "rank")
    )  # fmt: skip


def who_is_hit(
    hit: pl.DataFrame, shocks: pl.Series, names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """For each of these shocks the sectors that bear most of the loss, with their parts of it."""
    called = names or {}
    rows = hit.filter((pl.col("of") == "sector") & pl.col("shock").is_in(shocks.implode()))
    told: dict[str, list[str]] = {}
    for shock, code, share in (
        rows.sort("share", descending=True, maintain_order=True).select("shock", "code", "share").iter_rows()
    ):
        if share >= 0.005:
            told.setdefault(shock, []).append(f"{called.get(code, code)} {share:.0%}")
    return {shock: ", ".join(parts[:FIRST]) for shock, parts in told.items()}
