"""What came of disruptions, day by day: results as frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..kernels.layout import Floats
from .blocks import Columns
from .economy import Economy
from .network import FirmNetwork

DAYS_PER_YEAR = 365
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class Propagation:
    """A firm network through its days. Day 0 is the first one; without a disruption every share is 1.

    `days`: output, value_added, deliveries to final_demand, inputs used and stocks in the evening, as shares of
    normal (means over samples), and between what `output_low` and `output_high` nine of ten samples lie. `sectors`:
    the output of every sector on every day, as a share of its normal output. `firms`: lost_days (days of own
    output), lost (money), lowest (share of own output) as means over samples, and `recovered`, the first day from
    which on the firm made enough in every sample (null: not within these days; 0: never less). `samples`: one row
    each, with the nation's lowest output and its day, `recovered`, lost_days (days of the nation's output),
    lost_output and lost_value_added (money), and `created` (goods used that were not there) where stocks by
    supplier let that happen. `summary`: mean, low (5 %), median and high (95 %) of these over samples; a quantile
    that falls on samples that did not recover is null. `recorded` has the output of the firms of `record` on every
    day (means). `assumed` says what had to be assumed.
    """

    days: pl.DataFrame
    sectors: pl.DataFrame
    firms: pl.DataFrame
    samples: pl.DataFrame
    summary: pl.DataFrame
    recorded: pl.DataFrame
    settings: dict[str, Any]
    assumed: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        row = self.summary.filter(pl.col("measure") == "lost_days").row(0, named=True)
        lost = f"{row['mean']:.3g} days of output lost"
        return f"Propagation({len(self.days)} days, {len(self.firms):,} firms, {len(self.samples)} samples: {lost})"


def to_propagation(
    network: FirmNetwork,
    economy: Economy,
    columns: Columns,
    days: int,
    enough: float,
    inventory: Floats,
    record: NDArray[np.int32],
    settings: dict[str, Any],
) -> Propagation:
    """The frames of an ensemble's answers."""
    count, k = len(columns["day.start"]) - 1, economy.sectors
    output = columns["cell.output"].reshape(count, days, k)
    added = columns["cell.added"].reshape(count, days, k).sum(axis=2)
    final = columns["day.final"].reshape(count, days)
    national = output.sum(axis=2)
    total, whole, bought = (
        float(economy.by_sector(amount).sum()) for amount in (economy.normal, economy.added, economy.final)
    )
    samples = _samples(national / total, added, whole, total, enough)
    if columns["day.created"].any():
        samples = samples.with_columns(
            created=columns["day.created"].reshape(count, days).sum(axis=1) / DAYS_PER_YEAR
        )
    shares, trade = national / total, economy.trade
    stocks = np.repeat(inventory, np.diff(trade.input_start))
    frame = pl.DataFrame(
        {
            "day": np.arange(days, dtype=np.int32),
            "output": shares.mean(axis=0),
            "value_added": _share(added.mean(axis=0), whole),
            "final_demand": _share(final.mean(axis=0), bought),
            "used": _share(columns["day.used"].reshape(count, days).mean(axis=0), float(trade.need.sum())),
            "stocks": _share(
                columns["day.held"].reshape(count, days).mean(axis=0), float(trade.need @ stocks)
            ),
            "output_low": np.quantile(shares, LOW, axis=0),
            "output_high": np.quantile(shares, HIGH, axis=0),
        }
    )
    return Propagation(
        frame,
        _sectors(network, economy, output.mean(axis=0)),
        _firms(network, economy, columns, count, days),
        samples,
        _summary(samples),
        _recorded(network, columns, record, count, days),
        settings,
        economy.assumed,
    )


def _share(amount: Floats, normal: float) -> pl.Series:
    """Of normal; null where there is nothing in normal times."""
    if normal <= 0:
        return pl.repeat(None, len(amount), dtype=pl.Float64, eager=True)
    return pl.Series(amount / normal)


def _recovered(below: NDArray[Any], days: int) -> pl.Series:
    """The day after the last one below, null where that is beyond the end."""
    day = pl.Series(below, dtype=pl.Int32) + 1
    return day.set(day >= days, None)


def _samples(shares: Floats, added: Floats, whole: float, total: float, enough: float) -> pl.DataFrame:
    count, days = shares.shape
    low = shares < enough
    below = np.where(low.any(axis=1), days - 1 - low[:, ::-1].argmax(axis=1), -1)
    lost = (1.0 - shares).sum(axis=1)
    return pl.DataFrame(
        {
            "sample": np.arange(count, dtype=np.int32),
            "lowest_output": shares.min(axis=1),
            "lowest_day": shares.argmin(axis=1).astype(np.int32),
            "recovered": _recovered(below, days),
            "lost_days": lost,
            "lost_output": lost * total / DAYS_PER_YEAR,
            "lost_value_added": (whole - added).sum(axis=1) / DAYS_PER_YEAR,
        }
    )


def _summary(samples: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for name in samples.columns[1:]:
        values = samples[name].cast(pl.Float64).fill_null(np.inf).to_numpy()
        # "higher" never mixes a finite day with one that never comes.
        low, median, high = (float(np.quantile(values, q, method="higher")) for q in (LOW, 0.5, HIGH))
        known = [None if np.isinf(value) else value for value in (float(values.mean()), low, median, high)]
        rows.append((name, *known))
    schema = ("measure", "mean", "low", "median", "high")
    return pl.DataFrame(
        rows, schema={name: pl.String if name == "measure" else pl.Float64 for name in schema}, orient="row"
    )


def _sectors(network: FirmNetwork, economy: Economy, output: Floats) -> pl.DataFrame:
    """Sectors that make something."""
    normal = economy.by_sector(economy.normal)
    there = np.flatnonzero(normal > 0)
    days = len(output)
    return pl.DataFrame(
        {
            "day": np.repeat(np.arange(days, dtype=np.int32), len(there)),
            "sector": pl.Series([network.sectors[at] for at in there] * days, dtype=pl.String),
            "output": (output[:, there] / normal[there]).ravel(),
        }
    )


def _recorded(
    network: FirmNetwork, columns: Columns, record: NDArray[np.int32], count: int, days: int
) -> pl.DataFrame:
    output = columns.get("record.output", np.empty(0)).reshape(count, days, len(record)).mean(axis=0)
    return pl.DataFrame(
        {
            "day": np.repeat(np.arange(days, dtype=np.int32), len(record)),
            "firm": pl.concat([network.firms["firm"].gather(record)] * days),
            "output": output.ravel(),
        }
    )


def _firms(network: FirmNetwork, economy: Economy, columns: Columns, count: int, days: int) -> pl.DataFrame:
    def mean(name: str) -> Floats:
        return columns[name].reshape(count, economy.n).mean(axis=0)

    lost = mean("firm.lost")
    return network.firms.select("firm", "name", "sector", "jurisdiction").with_columns(
        output=pl.Series(economy.normal),
        lost_days=pl.Series(lost),
        lost=pl.Series(lost * economy.normal / DAYS_PER_YEAR),
        lowest=pl.Series(mean("firm.lowest")),
        recovered=_recovered(columns["firm.below"].reshape(count, economy.n).max(axis=0), days),
    )
