"""Prices that can be compared: of one main currency, as Cardinal has it, or converted at the rate of their day."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path
from typing import ClassVar

from ...errors import ChainError, Fault
from .dates import moments
from .process import Process
from .releases import Bid

STALE_DAYS = 10
"""A rate is used for so many days, which bridges holidays but no missing month."""

Price = tuple[Bid, float]


@dataclass(slots=True)
class MainCurrency:
    """Cardinal's way: bids in any other than the main currency do not count; without a setting it is the first seen."""

    currency: str | None

    @property
    def settled(self) -> bool:
        """Whether a main currency is known, so that bids need not be looked at to find it."""
        return self.currency is not None

    def prices(self, bids: Sequence[Bid], process: Process) -> list[Price] | str:  # noqa: ARG002
        """The bids that have a price in the main currency, in their order."""
        found = []
        for bid in bids:
            value = bid.value
            if value is not None and value.amount is not None and value.currency is not None:
                if self.currency is None:
                    self.currency = value.currency
                if value.currency == self.currency:
                    found.append((bid, value.amount))
        return found


@dataclass(frozen=True, slots=True)
class Exchange:
    """Prices in one currency where bids have several: each at the last rate on or before its day.

    `rates` hold, for a currency, the days in order and what one unit was worth on them. A bid without a date has the
    last day of the tender period.
    """

    rates: Mapping[str, tuple[list[date], list[float]]] = field(default_factory=dict)
    zone: tzinfo = UTC
    settled: ClassVar[bool] = True

    def prices(self, bids: Sequence[Bid], process: Process) -> list[Price] | str:
        """The bids with comparable prices, or why there is none."""
        found: list[tuple[Bid, float, str]] = []
        for bid in bids:
            if bid.value is None or bid.value.amount is None or bid.value.currency is None:
                return "a bid has no amount or no currency"
            found.append((bid, bid.value.amount, bid.value.currency))
        if len({currency for _, _, currency in found}) < 2:
            return [(bid, amount) for bid, amount, _ in found]
        converted: list[Price] = []
        for bid, amount, currency in found:
            rate = self._rate(currency, _day(bid, process, self.zone))
            if rate is None:
                return f"several currencies, and no rate of {currency} for the day of a bid"
            converted.append((bid, amount * rate))
        return converted

    def _rate(self, currency: str, day: date | None) -> float | None:
        if day is None or currency not in self.rates:
            return None
        days, rates = self.rates[currency]
        at = bisect_right(days, day) - 1
        return rates[at] if at >= 0 and day - days[at] <= timedelta(STALE_DAYS) else None


def _day(bid: Bid, process: Process, zone: tzinfo) -> date | None:
    period = process.tender.tender_period
    for text in (bid.date, None if period is None else period.end_date):
        found = None if text is None else moments(text, zone)
        if found is not None:
            return found.earliest.astimezone(zone).date()
    return None


def read_rates(path: str) -> dict[str, tuple[list[date], list[float]]]:
    """The table of a CSV file with the columns date, currency, rate: what one unit was worth in a common currency.

    The common currency itself needs rows, too, at rate 1. `ChainError` has every fault of the file.
    """
    faults: list[Fault] = []
    found: dict[str, dict[date, float]] = {}
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = list(csv.DictReader(file))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ChainError([Fault(path, None, "", "", f"no CSV in UTF-8 ({error})")]) from None
    if not rows or not {"date", "currency", "rate"} <= rows[0].keys():
        raise ChainError([Fault(path, 1, "", "", "needs the columns date, currency, rate, and rows")])
    for number, row in enumerate(rows, start=2):
        day, rate = _read_day(row["date"] or ""), _read_rate(row["rate"] or "")
        if day is None:
            faults.append(Fault(path, number, "date", row["date"] or "", "takes a day such as 2026-03-01"))
        if rate is None:
            faults.append(Fault(path, number, "rate", row["rate"] or "", "takes a number above 0"))
        if not row["currency"]:
            faults.append(Fault(path, number, "currency", "", "is missing"))
        if day is None or rate is None or not row["currency"]:
            continue
        if found.setdefault(row["currency"], {}).setdefault(day, rate) != rate:
            faults.append(Fault(path, number, "rate", row["rate"], "another rate of this day came before"))
    if faults:
        raise ChainError(faults)
    ordered = {currency: sorted(rates.items()) for currency, rates in found.items()}
    return {c: ([day for day, _ in rates], [rate for _, rate in rates]) for c, rates in ordered.items()}


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_rate(text: str) -> float | None:
    try:
        rate = float(text)
    except ValueError:
        return None
    return rate if math.isfinite(rate) and rate > 0 else None
