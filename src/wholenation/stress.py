"""What happens if they do it? Output over time under each scenario, with and without a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl

from .capability import Capability, Horizon, Limits, Service, targets, to_horizon
from .chain import Chain
from .errors import QuestionError
from .network import Floats, Network, to_network
from .scenarios import Denial, denial, under

Progress = Callable[[int, int, str], None]
SHORT = 1e-6
NAMED = 3


class Planned(Protocol):
    """What stress needs of a plan: the capacity it is expected to add under a denial."""

    def expected_limits(self, network: Network, horizon: Horizon, limits: Limits, denial: Denial) -> Limits:
        """The limits with the capacity that the plan adds when every route takes its most likely effort."""
        ...


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Output under scenarios.

    `table`: scenario, plan, mission, time, output, target. `items`: scenario, plan, time, item, availability (what
    is there of an item relative to home's base-year use, at most 1), price (years of output per unit and year).
    `summary`: one row per scenario and plan; `recovered` is the first time from which output stays at target.
    """

    home: str
    step: str
    seed: int
    table: pl.DataFrame
    items: pl.DataFrame
    summary: pl.DataFrame


def stress(
    chain: Chain,
    home: str,
    scenarios: Iterable[str] | None = None,
    *,
    step: str = "year",
    start: float | None = None,
    plan: Planned | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Outcomes:
    """Output of home's missions over time under each scenario (all of the chain's unless some are named).

    `start` moves the horizon to another year (2019.5 replays the second half of 2019 on). With a `plan`, every
    scenario is solved twice: without it and with the capacity it adds when every route takes its most likely
    effort. Raises `QuestionError` for unknown codes.
    """
    known = chain.scenarios["scenario"].to_list()
    chosen = known if scenarios is None else list(dict.fromkeys(scenarios))
    for scenario in chosen:
        if scenario not in known:
            raise QuestionError(f"the chain has no scenario {scenario!r}; it has {', '.join(known)}")
    network = to_network(chain, home)
    horizon = to_horizon(network, step, start)
    capability, early = Capability(network, horizon), Capability(network, horizon, early=True)
    plain = capability.base
    rows, items, summary = [], [], []
    runs = [(scenario, planned) for scenario in chosen for planned in ((None, plan) if plan else (None,))]
    for done, (scenario, planned) in enumerate(runs):
        taken = denial(chain, network, horizon, scenario)
        limits = under(network, plain, taken)
        if planned is not None:
            limits = planned.expected_limits(network, horizon, limits, taken)
        # Prices come from the plain problem, the path over time from the one that settles it.
        service = replace(capability.solve(limits), shortfall=early.solve(limits).shortfall)
        key = {"scenario": scenario, "plan": planned is not None}
        rows.append(_table(network, horizon, service).select(*_constants(key), pl.all()))
        items.append(_items(network, horizon, limits, service).select(*_constants(key), pl.all()))
        summary.append(key | _summary(chain, network, horizon, plain, limits, service, scenario))
        if progress:
            progress(done + 1, len(runs), scenario)
    order = ["scenario", "name", "probability", "plan", "loss", "lowest_output", "lowest_time"]
    frame = pl.DataFrame(
        summary,
        schema_overrides=dict.fromkeys(
            ("first_bite", "recovered", "lowest_time", "recovery_years"), pl.Float64
        ),
    )
    return Outcomes(
        home,
        step,
        seed,
        pl.concat(rows),
        pl.concat(items),
        frame.select(*order, "first_bite", "recovered", "recovery_years", "binding"),
    )


def _constants(key: Mapping[str, object]) -> list[pl.Expr]:
    return [pl.lit(value).alias(name) for name, value in key.items()]


def _table(network: Network, horizon: Horizon, service: Service) -> pl.DataFrame:
    target, _ = targets(network, horizon)
    goals = len(network.missions)
    return pl.DataFrame(
        {
            "mission": np.repeat([mission.name for mission in network.missions], horizon.count),
            "time": np.tile(horizon.times, goals),
            "output": (target - service.shortfall).clip(min=0.0).ravel(),
            "target": target.ravel(),
        }
    )


def _items(network: Network, horizon: Horizon, limits: Limits, service: Service) -> pl.DataFrame:
    available = availability(network, horizon, limits)
    n = len(network.items)
    return pl.DataFrame(
        {
            "time": np.repeat(horizon.times, n),
            "item": list(network.items) * horizon.count,
            "availability": available.T.ravel(),
            "price": service.price.T.ravel(),
        }
    )


def availability(network: Network, horizon: Horizon, limits: Limits) -> Floats:
    """(n, T) what there is of every item relative to its base-year use, in [0, 1], item by item.

    A plain forward pass without choices: every item is drawn at its base-year use, home production is held back by
    its scarcest group of inputs, stocks run down, tools wear out. It shows where things run short, also behind
    the narrowest point, where the optimum would not bother.
    """
    found = np.ones_like(limits.own)
    for j in network.order:
        if network.use[j] > 0:
            arriving = limits.own[j] * _fed(network, found, j) + limits.imports[j]
            given = _given(network, horizon, limits, j, arriving)
            found[j] = np.clip(given / network.use[j], 0.0, 1.0)
    return found


def _fed(network: Network, found: Floats, item: int) -> Floats:
    """(T,) how far the scarcest group of inputs lets home's production of an item run."""
    inside = np.flatnonzero(network.edge_user == item)
    held = np.ones(found.shape[1])
    for group in np.unique(network.edge_group[inside]):
        edges = inside[network.edge_group[inside] == group]
        rate = network.edge_rate[edges]
        held = np.minimum(held, rate @ found[network.edge_input[edges]] / min(1.0, rate.sum()))
    return held


def _given(network: Network, horizon: Horizon, limits: Limits, item: int, arriving: Floats) -> Floats:
    """(T,) what an item can give a year, from what arrives of it and from its stock or installed base."""
    delta = horizon.delta
    use, most = network.use[item], limits.state[item]
    if network.tools[item]:
        renewal = min(delta / network.life[item], 1.0)
        installed = np.empty(horizon.count)
        held = use
        for t in range(horizon.count):
            installed[t] = held
            held = min(most[t], (1.0 - renewal) * held + renewal * arriving[t])
        return installed - limits.lost[item]
    if network.stocked[item]:
        stock = np.empty(horizon.count)
        held = network.stock_years[item] * use
        for t in range(horizon.count):
            stock[t] = held
            held = min(most[t], max(held + delta * (arriving[t] - use), 0.0))
        return stock / delta + arriving
    return arriving


def _summary(
    chain: Chain,
    network: Network,
    horizon: Horizon,
    plain: Limits,
    limits: Limits,
    service: Service,
    scenario: str,
) -> dict[str, object]:
    row = chain.scenarios.row(by_predicate=pl.col("scenario") == scenario, named=True)
    target, _ = targets(network, horizon)
    served = np.where(target > 0, 1.0 - service.shortfall / np.maximum(target, 1e-12), 1.0).min(axis=0)
    short = served < 1.0 - SHORT
    first = float(horizon.times[short.argmax()]) if short.any() else None
    lasts = not short.any() or short[-1]
    recovered = None if lasts else float(horizon.times[len(short) - short[::-1].argmax()])
    lowest = int(served.argmin())
    return {
        "name": row["name"],
        "probability": row["probability"],
        "loss": service.loss,
        "lowest_output": float(served[lowest]),
        "lowest_time": float(horizon.times[lowest]) if short.any() else None,
        "first_bite": first,
        "recovered": recovered,
        "recovery_years": None if recovered is None or first is None else recovered - first,
        "binding": _binding(network, horizon, plain, limits, service),
    }


def _binding(network: Network, horizon: Horizon, plain: Limits, limits: Limits, service: Service) -> str:
    """The denied items whose return would save most, by price times what is missing of them: years of output."""
    missing = np.maximum(plain.imports - limits.imports, 0.0)
    worth = (horizon.delta * service.price * missing + service.scarcity * limits.lost).sum(axis=1)
    first = [j for j in np.argsort(-worth, kind="stable")[:NAMED] if worth[j] > SHORT]
    return ", ".join(network.names[j] for j in first)
