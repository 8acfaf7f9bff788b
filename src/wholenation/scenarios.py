"""From a scenario's controls to what is denied: shares of deliveries, idle tools, and capital, step by step.

Controls are combined as independent sieves: what passes two controls of coverage a and b is (1 - a)(1 - b).
A control binds in a step for the part of the step in which it is in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from .capability import Horizon, Limits
from .chain import Chain
from .errors import QuestionError
from .network import Bools, Floats, Network, bloc


@dataclass(frozen=True, slots=True)
class Denial:
    """What a scenario takes from a home.

    `denied` (n, R, T) share of item j's deliveries from r; `idle` (n, T) installed tools that stand idle for want
    of service, in units of base-year need; `capital` (R, T) share of r's investment that is denied.
    """

    scenario: str
    denied: Floats
    idle: Floats
    capital: Floats


def year_of(day: date) -> float:
    """A date as a year with a fraction."""
    first = date(day.year, 1, 1)
    return day.year + (day - first).days / (date(day.year + 1, 1, 1) - first).days


def in_force(horizon: Horizon, start: date, end: date | None) -> Floats:
    """(T,) part of every step during which a control is in force (`end` is its last day)."""
    begin = year_of(start)
    stop = np.inf if end is None else year_of(end + timedelta(days=1))
    times = horizon.times
    overlap = np.minimum(times + horizon.delta, stop) - np.maximum(times, begin)
    return np.clip(overlap / horizon.delta, 0.0, 1.0)


def denial(chain: Chain, network: Network, horizon: Horizon, scenario: str) -> Denial:
    """What the controls of a scenario deny to the network's home.

    Raises `QuestionError` for an unknown scenario.
    """
    if scenario not in chain.scenarios["scenario"].to_list():
        known = ", ".join(chain.scenarios["scenario"].to_list())
        raise QuestionError(f"the chain has no scenario {scenario!r}; it has {known}")
    n, count = network.imports.shape
    passed = np.ones((n, count, horizon.count))
    served = np.ones((n, count, horizon.count))
    invested = np.ones((count, horizon.count))
    homes = set(np.array(network.jurisdictions)[network.at_home])
    for control in chain.controls.filter(pl.col("scenario") == scenario).iter_rows(named=True):
        if not homes & bloc(chain, control["target"]):
            continue
        force = control["coverage"] * in_force(horizon, control["start"], control["end"])
        controllers = network.members(control["controller"], chain) & ~network.at_home
        selected = controlled_items(network, control)
        if control["kind"] == "capital":
            invested[controllers] *= 1.0 - force
        elif control["kind"] == "service":
            served[np.ix_(selected, controllers)] *= 1.0 - force
        elif control["kind"] == "entity":
            part = _entity_part(chain, network, control, controllers)
            passed[selected] *= 1.0 - part[selected][:, :, None] * force
        else:
            part = np.outer(selected, controllers).astype(float)
            if control["reach"] == "extended":
                part = np.maximum(part, _extended(network, selected, controllers, control["threshold"]))
            passed *= 1.0 - part[:, :, None] * force
    denied = 1.0 - passed
    return Denial(scenario, denied, _idle(network, horizon, 1.0 - served), 1.0 - invested)


def coalition_denial(network: Network, horizon: Horizon, item: int, controllers: Bools) -> Floats:
    """(T,) upper bounds on deliveries of one item that the controllers deny over the whole horizon."""
    left = network.imports[item] * (1.0 + network.surge[item]) * ~controllers
    return np.full(horizon.count, left.sum())


def under(network: Network, base: Limits, denial: Denial) -> Limits:
    """The base limits with what the denial leaves of deliveries and of installed tools."""
    left = (network.imports * (1.0 + network.surge)[:, None])[:, :, None] * (1.0 - denial.denied)
    return base.merged(imports=left.sum(axis=1), lost=denial.idle)


def controlled_items(network: Network, control: dict[str, Any]) -> Bools:
    """(n,) items that a control names, by item, stage or kind; every item when it names none."""
    if control["item"] is not None:
        return np.array(network.items) == control["item"]
    if control["stage"] is not None:
        return np.array(network.stages) == control["stage"]
    if control["item_kind"] is not None:
        return np.array(network.kinds) == control["item_kind"]
    return np.ones(len(network.items), dtype=bool)


def _extended(network: Network, selected: Bools, controllers: Bools, threshold: float) -> Floats:
    """(n, R) third countries' products that need a controlled item above the de minimis threshold.

    The content of a product is the largest, along any chain of needs, of the controllers' world share of a
    controlled input times the part of the group's service that the input gives.
    """
    controlled = np.where(selected, network.shares[:, controllers].sum(axis=1), 0.0)
    content = np.zeros(len(network.items))
    service = np.bincount(network.edge_group, weights=network.edge_rate, minlength=len(network.group_user))
    part = network.edge_rate / service[network.edge_group] if len(network.edge_rate) else np.zeros(0)
    for user in network.order:
        inputs = network.edge_user == user
        if inputs.any():
            needed = network.edge_input[inputs]
            content[user] = (part[inputs] * np.maximum(controlled[needed], content[needed])).max()
    third = ~controllers & ~network.at_home
    return np.outer(content > threshold, third).astype(float)


def _entity_part(chain: Chain, network: Network, control: dict[str, Any], controllers: Bools) -> Floats:
    """(n, R) part of r's deliveries of j that an entity control denies.

    A foreign organization: its part of its jurisdiction's share of each item. One of home's own: the controller's
    deliveries, by the largest part that the organization has of home's production of any item.
    """
    name = control["organization"]
    where = chain.organizations.filter(pl.col("organization") == name)["jurisdiction"][0]
    rows = chain.organization_supply.filter(pl.col("organization") == name)
    position = network.position
    part = np.zeros_like(network.imports)
    own = network.shares[:, network.at_home].sum(axis=1)
    place = network.jurisdictions.index(where)
    weight_at_home = 0.0
    for item, share in zip(rows["item"], rows["share"], strict=True):
        j, share = position[item], share or 0.0
        if network.at_home[place]:
            weight_at_home = max(weight_at_home, min(1.0, share / own[j]) if own[j] > 0 else share)
        elif network.shares[j, place] > 0:
            part[j, place] = min(1.0, share / network.shares[j, place])
    if network.at_home[place]:
        part[:, controllers] = weight_at_home
    return part


def _idle(network: Network, horizon: Horizon, unserviced: Floats) -> Floats:
    """(n, T) installed tools that would still work if their service (n, R, T) were not denied.

    The base-year stock of r's tools wears by delta / lifetime when serviced and by delta / unserviced_years when
    not; the difference stands idle. Later deliveries are taken to be served by their own supplier.
    """
    tool = network.tools
    idle = np.zeros((len(network.items), horizon.count))
    if not unserviced[tool].any():
        return idle
    kept = 1.0 - np.minimum(horizon.delta / network.life, 1.0)
    kept_bare = 1.0 - np.minimum(horizon.delta / np.minimum(network.unserviced_years, network.life), 1.0)
    serviced = np.ones_like(network.imports)
    left = np.ones_like(network.imports)
    origin = network.imports * network.use[:, None]
    for t in range(horizon.count):
        idle[:, t] = np.where(tool, (origin * (serviced - left)).sum(axis=1), 0.0)
        worn = (1 - unserviced[:, :, t]) * kept[:, None] + unserviced[:, :, t] * kept_bare[:, None]
        serviced, left = serviced * kept[:, None], left * worn
    return idle
