"""One run of a firm network through its days: a sample of its inventories, some disruptions, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernels.days import opening_orders, restock
from ..kernels.layout import Floats
from ..kernels.production import produce, tally
from ..kernels.stocks_by_supplier import restock_by_supplier
from ..kernels.trade import NO_CLIENTS, Clients, clients
from .economy import Economy
from .effects import Effects, Hit

Spread = Callable[[Callable[[int], None], int], None]
"""Calls a function with 0, 1, ... up to a number, on as many threads as it has."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How firms ration, restock and look for other suppliers."""

    by_level: bool = False
    firms_first: bool = False
    rate: float = 1 / 6
    steady: bool = True
    spare: float = 0.0
    wait: int = -1
    """Days of shortage before a buyer asks the whole sector; -1: never."""
    by_supplier: bool = False
    enough: float = 0.99


@dataclass(frozen=True, eq=False)
class Run:
    """What came of one sample."""

    sums: Floats
    """(days, sectors, 3) output, value added and deliveries to final demand, per year."""
    lost: Floats
    """(n,) days of own output."""
    lowest: Floats
    """(n,) of normal output."""
    below: NDArray[np.int32]
    """(n,) the last day below enough, -1 where there was none."""
    accounts: Floats
    """(days, 3) goods used; goods in stock in the evening; goods used that were not there (stocks by supplier alone).

    Amounts are per year, so that a stock of one day's use counts as a year's use.
    """


class State:
    """The stocks, orders and levels of one sample, changed from day to day."""

    def __init__(self, economy: Economy, rules: Rules, target: Floats):
        trade, n, ranges = economy.trade, economy.n, economy.ranges
        searching = rules.wait >= 0
        if rules.by_supplier:
            self.stock = np.repeat(np.repeat(target, np.diff(trade.input_start)), np.diff(trade.link_start))
        else:
            self.stock = np.repeat(target, np.diff(trade.input_start))
        inputs = len(trade.need)
        self.target = target
        self.output = np.ones(n)
        self.given = np.full(n, np.inf) if rules.by_level else np.ones(n)
        self.limit = np.full(n, np.inf)
        self.delivered = np.empty(n)
        self.orders = np.zeros((ranges, n))
        self.ratio = np.ones(len(self.stock))
        self.idle = np.zeros(n if searching else 0)
        self.unmet = np.zeros(inputs if searching else 0)
        self.lacking = np.zeros(inputs if searching else 0, np.int16)
        self.asked = np.zeros((ranges, economy.sectors))
        self.offered = np.zeros((ranges, economy.sectors))
        self.taken, self.met = np.zeros(economy.sectors), np.zeros(economy.sectors)
        self.accounts = np.zeros((ranges, 3))
        self.lost, self.lowest = np.zeros(n), np.ones(n)
        self.below = np.full(n, -1, np.int32)
        self.sums = np.zeros((ranges, economy.sectors, 3))


def one_by_one(function: Callable[[int], None], count: int) -> None:
    """A `Spread` without threads."""
    for at in range(count):
        function(at)


def simulate(
    economy: Economy,
    hits: Iterable[Hit],
    rules: Rules,
    target: Floats,
    days: int,
    *,
    spread: Spread = one_by_one,
    told: Callable[[int, State, Effects], None] | None = None,
) -> Run:
    """Run so many days from normal times; `target` (n,) is the stock that firms hold, in days of normal use.

    `told(day, state, effects)` is called every evening, and may raise to end it. The run is a function of everything
    but `spread`: any number of threads gives the same to the last bit.
    """
    state = State(economy, rules, target)
    effects = Effects(economy, tuple(hits), rules.spare)
    served = clients(economy.trade, economy.n) if rules.by_level else NO_CLIENTS
    sums = np.zeros((days, economy.sectors, 3))
    accounts = np.zeros((days, 3))
    effects.look_ahead(0)
    _open(economy, state, effects, spread)
    for day in range(days):
        effects.advance(day)
        _morning(economy, rules, state, effects, served, spread)
        _close_market(state)
        _count(economy, rules, state, day, spread)
        for c in range(economy.ranges):
            sums[day] += state.sums[c]
        effects.look_ahead(day + 1)
        _evening(economy, rules, state, effects, spread)
        for c in range(economy.ranges):
            accounts[day] += state.accounts[c]
        if told is not None:
            told(day, state, effects)
    return Run(sums, state.lost, state.lowest, state.below, accounts)


def _open(economy: Economy, state: State, effects: Effects, spread: Spread) -> None:
    """Normal orders, and what normal stocks allow."""
    trade, buyer = economy.trade, np.repeat(np.arange(economy.n), np.diff(economy.trade.input_start))
    np.minimum.at(state.limit, buyer, state.target[buyer])
    cuts = economy.buyers

    def ordered(c: int) -> None:
        opening_orders(cuts[c], cuts[c + 1], trade, effects.ahead, state.orders[c])

    spread(ordered, economy.ranges)


def _morning(
    economy: Economy, rules: Rules, state: State, effects: Effects, served: Clients, spread: Spread
) -> None:
    def part(c: int) -> None:
        produce(
            economy.firms[c], economy.firms[c + 1], state.orders, effects.final, economy.normal, effects.capacity,
            state.limit, rules.firms_first, rules.by_level, served, effects.flow, state.ratio,
            state.output, state.given, state.delivered, effects.sells, economy.sector, state.idle, state.offered[c],
        )  # fmt: skip

    spread(part, economy.ranges)


def _close_market(state: State) -> None:
    """Per sector: the part of what was asked last night that is met today, and of what idles that is taken."""
    if not len(state.idle):
        return
    asked, offered = np.zeros(len(state.met)), np.zeros(len(state.met))
    for c in range(len(state.asked)):
        asked += state.asked[c]
        offered += state.offered[c]
    sold = np.minimum(asked, offered)
    state.met[:] = np.divide(sold, asked, out=np.zeros_like(sold), where=asked > 0)
    state.taken[:] = np.divide(sold, offered, out=np.zeros_like(sold), where=offered > 0)


def _count(economy: Economy, rules: Rules, state: State, day: int, spread: Spread) -> None:
    def part(c: int) -> None:
        tally(
            economy.firms[c], economy.firms[c + 1], day, rules.enough, economy.normal, economy.added,
            state.delivered, economy.sector, state.output, state.idle, state.taken, state.lost, state.lowest,
            state.below, state.sums[c],
        )  # fmt: skip

    spread(part, economy.ranges)


def _evening(economy: Economy, rules: Rules, state: State, effects: Effects, spread: Spread) -> None:
    trade, cuts = economy.trade, economy.buyers

    def part(c: int) -> None:
        if rules.by_supplier:
            restock_by_supplier(
                cuts[c], cuts[c + 1], trade, effects.flow, effects.ahead, state.target, rules.rate, rules.steady,
                1.0 + rules.spare, state.output, state.given, state.stock, state.ratio,
                state.orders[c], state.limit, state.accounts[c],
            )  # fmt: skip
        else:
            restock(
                cuts[c], cuts[c + 1], trade, effects.flow, effects.ahead, state.target, rules.rate, rules.steady,
                1.0 + rules.spare, rules.by_level, state.output, state.given, state.stock, state.ratio,
                state.orders[c], state.limit, rules.wait, effects.buys, state.met, state.unmet, state.lacking,
                state.asked[c], state.accounts[c],
            )  # fmt: skip

    spread(part, economy.ranges)
