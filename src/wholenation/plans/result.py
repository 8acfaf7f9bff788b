"""What a plan is: the portfolio with its proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..capability import Horizon, Limits
from ..lp import Status
from ..network import Floats, Network
from ..scenarios import Denial
from ..stochastic.lshaped import Result
from ..stochastic.two_stage import Risk
from .futures import Decision, added_capacity, lanes_succeed, left_open, usable_capacity, with_capacity
from .menu import Menu, eligible
from .samples import Samples
from .setting import Setting

LITTLE = 0.005
"""A smaller part of home's need is shown as none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A portfolio and why it is the one.

    `objective` and `bound` are in years of target output, (1 - lambda) mean + lambda CVaR over the samples; `gap` is
    their distance relative to the objective. `loss` compares before and after on the samples that were planned
    for, `evaluation` on fresh ones. Frames: `portfolio` (project, route, start, teams, money, why), `spending`
    (contributor, project, year, musd), `pools` (what is used and what a further USD billion or unit is worth),
    `reasons` (every project: what the opposite costs and what would turn the choice round), `rejected`. `drawn` are
    the futures that were planned for, `found` what the method says of them.
    """

    home: str
    status: Status
    samples: int
    seed: int
    objective: float
    bound: float
    gap: float
    loss: pl.DataFrame
    evaluation: pl.DataFrame
    portfolio: pl.DataFrame
    spending: pl.DataFrame
    pools: pl.DataFrame
    rejected: pl.DataFrame
    reasons: pl.DataFrame
    conflicts: tuple[str, ...]
    risk: Risk
    setting: Setting
    drawn: Samples
    decision: Decision
    found: Result

    @property
    def menu(self) -> Menu:
        """The projects, routes and pools that the plan chose from."""
        return self.setting.menu

    @property
    def horizon(self) -> Horizon:
        """The plan's own steps."""
        return self.setting.horizon

    def expected_limits(self, network: Network, horizon: Horizon, limits: Limits, denial: Denial) -> Limits:
        """Limits with the capacity that the plan adds when every funded route takes its most likely effort."""
        menu, mine = self.menu, self.horizon
        open_ = left_open(network, menu, denial)
        # A capital control stops a foreign plant's growth, not the plant: in the plan's own steps, its mean there.
        first = mine.times[:, None] - 1e-9
        inside = (horizon.times >= first) & (horizon.times < first + mine.delta)
        steps = inside.sum(axis=1)
        left = np.where(steps > 0, open_ @ inside.T / np.maximum(steps, 1), 1.0)
        grown = usable_capacity(menu, self.decision, menu.effort[:, 1], left, mine)
        on_steps = np.array([np.interp(horizon.times, mine.times, row) for row in grown])
        on_steps = on_steps.reshape(len(menu.project), horizon.count)
        place = {j: j for j in range(len(network.items))}
        return with_capacity(limits, menu, on_steps, open_, place)


def portfolio_frame(
    menu: Menu, network: Network, horizon: Horizon, decision: Decision, worth: dict[int, float]
) -> pl.DataFrame:
    """One row per funded route, and one per funded project that needs none of its own.

    What belongs to the project or to a profile as a whole is written beside its first route: plant, cover, and the
    money that a down-select sets aside beyond its gate.
    """
    rows = []
    for p in funded(menu, decision):
        mine = [int(f) for f in np.flatnonzero(decision.chosen & (menu.profile_project == p))]
        part = decision.paid[p]
        item = int(menu.item[p])
        offered = menu.cover_musd[p]
        cover = (
            0.0 if decision.cover is None or np.isnan(offered) else float(decision.cover[p].sum() * offered)
        )
        common = {
            "project": menu.project[p],
            "name": network.names[item] if item >= 0 else f"people: {menu.trains[p]}",
            "item": network.items[item] if item >= 0 else None,
            "kind": menu.kind[p],
            "built": float(part.sum()),
            "reason": _reason(menu, network, p, worth[p]),
            "loss_if_left_out": worth[p],
        }
        staffed = [row for f in mine for row in _lanes(menu, horizon, decision, p, f)]
        for number, row in enumerate(staffed or [_unstaffed(menu, horizon, decision, p)]):
            whole = number == 0
            capex = float(part.sum() * menu.capex_musd[p]) if whole else 0.0
            rows.append(common | row | {"capex_musd": capex, "cover_musd": cover if whole else 0.0})
    columns = {
        "project": pl.String, "name": pl.String, "item": pl.String, "kind": pl.String, "route": pl.String,
        "start": pl.Float64, "end": pl.Float64, "ready": pl.Float64, "teams": pl.Float64, "gate": pl.Float64,
        "cost_musd": pl.Float64, "capex_musd": pl.Float64, "built": pl.Float64, "reason": pl.String,
        "loss_if_left_out": pl.Float64, "gate_rule": pl.String, "cover_musd": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns).sort("loss_if_left_out", "project", descending=[True, False])


def funded(menu: Menu, decision: Decision) -> list[int]:
    """Projects that the decision puts money or teams into."""
    running = np.zeros(len(menu.project), dtype=bool)
    running[menu.profile_project[decision.chosen]] = True
    return [int(p) for p in np.flatnonzero(running | (decision.paid.sum(axis=1) > 1e-6))]


def _unstaffed(menu: Menu, horizon: Horizon, decision: Decision, p: int) -> dict[str, object]:
    """When a project that runs no route of its own is first paid for and stands at full capacity."""
    start = float(horizon.times[(decision.paid[p].cumsum() > 1e-6).argmax()])
    return {
        "route": "", "start": start, "end": start, "ready": _ready(menu, horizon, decision, p, None),
        "teams": None, "gate": None, "cost_musd": 0.0, "gate_rule": "",
    }  # fmt: skip


def _lanes(menu: Menu, horizon: Horizon, decision: Decision, p: int, f: int) -> list[dict[str, object]]:
    """When the routes of a profile start, end their research and stand at full capacity, by their likely efforts.

    A route that is likely to be stopped at the gate ends there.
    """
    start, gate = float(menu.profile_start[f]), float(menu.profile_gate[f])
    lanes = menu.lanes(f)
    years = lanes_succeed(menu, menu.effort[:, 1])
    ready = _ready(menu, horizon, decision, p, f)
    rule = _gate_rule(menu, f)
    rows: list[dict[str, object]] = []
    for number, lane in enumerate(lanes):
        q = int(menu.lane_route[lane])
        shown = gate if np.isfinite(gate) else start + menu.gate_years[q]
        first = menu.profile_cost[f].sum() - menu.lane_cost[lanes[1:]].sum()
        rows.append(
            {
                "route": menu.route[q],
                "start": start,
                "end": float(min(years[lane], gate) if np.isinf(years[lane]) else years[lane]),
                "ready": ready,
                "teams": float(menu.lane_teams[lane]),
                "gate": None if np.isnan(shown) else float(shown),
                "cost_musd": float(menu.lane_cost[lane] if number else first),
                "gate_rule": rule,
            }
        )
    return rows


def _gate_rule(menu: Menu, f: int) -> str:
    """What is decided at a profile's gate, in a sentence; empty where nothing is."""
    gate, lanes = float(menu.profile_gate[f]), menu.lanes(f)
    if np.isinf(gate):
        return ""
    if len(lanes) == 1:
        return (
            f"at the gate in {gate:.1f} the route goes on with {_teams(menu.lane_then[lanes[0]])} "
            "if it has proved feasible, and is stopped if not"
        )
    named = ", ".join(f"{menu.route[menu.lane_route[x]]} with {_teams(menu.lane_then[x])}" for x in lanes)
    return (
        f"at the gate in {gate:.1f} the route with the least effort still to do goes on ({named}) "
        "and the others are stopped; none goes on if none has proved feasible"
    )


def _teams(number: float) -> str:
    return f"{number:g} {'team' if number == 1 else 'teams'}"


def _ready(menu: Menu, horizon: Horizon, decision: Decision, p: int, f: int | None) -> float | None:
    """Start of the first step in which all that is paid for stands, by the most likely efforts of this profile."""
    part = decision.paid[p].sum()
    if part <= 1e-6:
        return None
    chosen = decision.chosen & (menu.profile_project != p)
    if f is not None:
        chosen[f] = True
    free = np.ones((len(menu.project), horizon.count))
    grown = added_capacity(menu, replace(decision, chosen=chosen), menu.effort[:, 1], free, horizon)[p]
    full = np.flatnonzero(grown >= (1.0 - 1e-6) * part * menu.capacity[p])
    return float(horizon.times[full[0]]) if len(full) else None


def _reason(menu: Menu, network: Network, p: int, worth: float) -> str:
    if menu.kind[p] == "train":
        return f"adds people to {menu.trains[p]}"
    foreign = 1.0 - network.own[menu.item[p]]
    if foreign < LITTLE:
        # Nobody can deny it, and yet more of it helps.
        return (
            "home makes what it needs of it; more stands in for what is denied, or serves a target that grows; "
            f"left out, {worth:.3f} years of output more are lost"
        )
    return f"{foreign:.0%} of home's need is imported; left out, {worth:.3f} years of output more are lost"


def spending_frame(menu: Menu, horizon: Horizon, decision: Decision) -> pl.DataFrame:
    """Money by contributor, project and calendar year."""
    pool, project, step = np.nonzero(decision.money > 1e-6)
    frame = pl.DataFrame(
        {
            "contributor": [menu.pools[k].label for k in pool],
            "project": [menu.project[p] for p in project],
            "year": np.floor(horizon.times[step] + 1e-9).astype(np.int64),
            "musd": decision.money[pool, project, step],
        },
        schema={"contributor": pl.String, "project": pl.String, "year": pl.Int64, "musd": pl.Float64},
    )
    keys = ["contributor", "project", "year"]
    return frame.group_by(keys).agg(pl.col("musd").sum()).sort(keys)


def pool_frame(
    menu: Menu, horizon: Horizon, decision: Decision, prices: tuple[Floats, Floats] | None
) -> pl.DataFrame:
    """What every pool offers and gives by year, and what more of it would save."""
    rows: list[tuple[str, str, int, float, float, float | None]] = []
    years = np.floor(horizon.times + 1e-9).astype(int)
    staff = np.einsum("f,frt->rt", decision.chosen.astype(float), menu.profile_staff)
    for k, pool in enumerate(menu.pools):
        used = decision.money[k].sum(axis=0)
        for t, year in enumerate(years):
            price = None if prices is None else float(prices[0][k, t])
            rows.append((pool.label, "money", int(year), float(pool.paid_musd[t]), float(used[t]), price))
    available = menu.available + trained(menu, horizon, decision.paid)
    for r, name in enumerate(menu.resources):
        for t, year in enumerate(years):
            price = None if prices is None else float(prices[1][r, t])
            rows.append(("all", name, int(year), float(available[r, t]), float(staff[r, t]), price))
    columns = {
        "contributor": pl.String, "resource": pl.String, "year": pl.Int64,
        "available": pl.Float64, "used": pl.Float64, "price": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")


def trained(menu: Menu, horizon: Horizon, paid: Floats) -> Floats:
    """(R, T) people that funded training has added by each step: a class a step, once the first has graduated."""
    added = np.zeros((len(menu.resources), horizon.count))
    for p, name in enumerate(menu.trains):
        if menu.kind[p] != "train" or name not in menu.resources:
            continue
        wait = int(np.ceil(menu.ramp_years[p] / horizon.delta - 1e-9))
        classes = np.maximum(np.arange(horizon.count)[:, None] - np.arange(horizon.count) - wait + 1, 0)
        added[menu.resources.index(name)] += menu.capacity[p] * horizon.delta * (classes @ paid[p])
    return added


def rejected_frame(setting: Setting, decision: Decision, reasons: pl.DataFrame) -> pl.DataFrame:
    """Projects that are not funded: why, in a few words and in full, and what would have to change."""
    menu = setting.menu
    taken = set(funded(menu, decision))
    matter = np.logical_or.reduce([future.projects for future in setting.futures])
    payable = np.zeros(len(menu.project), dtype=bool)
    for pool in menu.pools:
        payable |= eligible(menu, setting.network, pool) & bool(pool.paid_musd.any())
    competes = dict(reasons.select("project", pl.col("binds") != "").iter_rows())
    rows = [
        (
            menu.project[p],
            setting.network.names[menu.item[p]] if menu.item[p] >= 0 else str(menu.trains[p]),
            menu.kind[p],
            _why_rejected(menu, p, bool(matter[p]), bool(payable[p]), competes.get(menu.project[p], True)),
        )
        for p in range(len(menu.project))
        if p not in taken
    ]
    columns = {"project": pl.String, "name": pl.String, "kind": pl.String, "reason": pl.String}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.join(
        reasons.select("project", "sentence", "reverses_if"), on="project", how="left", maintain_order="left"
    )


def _why_rejected(menu: Menu, p: int, matters: bool, payable: bool, competes: bool) -> str:
    if not payable:
        return "no contributor has money for it"
    if menu.kind[p] == "train":
        return "the people there are suffice for what is funded"
    if not matters:
        return "no scenario makes its item short"
    return (
        "other projects save more with the same money and people"
        if competes
        else "it adds nothing to what is funded, or too late"
    )


def plan_frames(
    setting: Setting, decision: Decision, reasons: pl.DataFrame, prices: tuple[Floats, Floats] | None
) -> dict[str, Any]:
    """The frames that describe a decision."""
    menu, network, horizon = setting.menu, setting.network, setting.horizon
    lost = dict(reasons.select("project", "loss_unchanged").iter_rows())
    worth = {p: max(lost.get(menu.project[p]) or 0.0, 0.0) for p in funded(menu, decision)}
    return {
        "portfolio": portfolio_frame(menu, network, horizon, decision, worth),
        "spending": spending_frame(menu, horizon, decision),
        "pools": pool_frame(menu, horizon, decision, prices),
        "rejected": rejected_frame(setting, decision, reasons),
    }
