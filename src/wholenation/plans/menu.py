"""What a home may choose from: projects, routes, profiles and pools as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..capability import Horizon
from ..chain import Chain
from ..network import Bools, Floats, Ints, Network

STARTS = (0, 1, 2, 4)
"""Years after the earliest start in which a route may begin."""

MONEY = "money"


@dataclass(frozen=True, slots=True)
class Menu:
    """P projects, Q routes and F profiles (a route with a start and a number of teams) of one home.

    Money is in USD million; `profile_cost` (F, T) and `profile_staff` (F, resources, T) are per step. A project
    without routes rests on known technology: it is mastered from `earliest` on.
    """

    project: tuple[str, ...]
    kind: tuple[str, ...]
    item: Ints  # (P,) -1 for train
    capacity: Floats
    ramp_years: Floats
    capex_musd: Floats
    earliest: Floats  # (P,) year
    jurisdiction: tuple[str | None, ...]
    trains: tuple[str | None, ...]
    route: tuple[str, ...]
    route_project: Ints
    effort: Floats  # (Q, 3) low, mode, high in team-years
    feasibility: Floats
    correlation: Floats
    team_year_musd: Floats
    gate_years: Floats  # (Q,) nan where there is no gate
    profile_route: Ints
    profile_start: Floats  # (F,) year
    profile_teams: Floats
    profile_cost: Floats  # (F, T)
    profile_staff: Floats  # (F, resources, T)
    resources: tuple[str, ...]
    available: Floats  # (resources, T)
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """One contributor's money under one set of earmarks: what is expected to be paid in at every step, USD million."""

    contributor: str
    paid_musd: Floats  # (T,)
    match_ratio: float | None
    jurisdiction: str | None
    earmarks: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The contributor with its earmarks, as readers see it."""
        marks = ", ".join(value for _, value in self.earmarks)
        return f"{self.contributor} ({marks})" if marks else self.contributor


def to_menu(chain: Chain, network: Network, horizon: Horizon, *, exclude: tuple[str, ...] = ()) -> Menu:
    """The home's projects and pools as arrays, with every profile that could succeed within the horizon."""
    mine = (pl.col("home") == network.home) | pl.col("home").is_null()
    projects = chain.projects.filter(mine & ~pl.col("project").is_in(exclude)).sort("project")
    names = tuple(projects["project"].to_list())
    place = {name: p for p, name in enumerate(names)}
    routes = chain.routes.filter(pl.col("project").is_in(names)).sort("project", "route")
    earliest = projects["earliest"].fill_null(int(horizon.start)).to_numpy().astype(float)
    earliest = np.maximum(earliest, horizon.start)
    route_project = np.array([place[name] for name in routes["project"]], dtype=np.int64)
    effort = routes.select("effort_team_years_low", "effort_team_years", "effort_team_years_high").to_numpy()
    pool_rows = chain.pools.filter(mine)
    resources = tuple(sorted(set(pool_rows["resource"].to_list()) - {MONEY}))
    staffing = _staffing(chain, routes, resources)
    position = network.position
    profiles = _profiles(routes, route_project, earliest, effort, horizon)
    route, start, teams = (
        (np.array(column) for column in zip(*profiles, strict=True))
        if profiles
        else (np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    )
    work = _work(route, start, teams, effort, horizon)
    team_year = routes["team_year_musd"].to_numpy().astype(float)
    return Menu(
        project=names,
        kind=tuple(projects["kind"].to_list()),
        item=np.array([-1 if item is None else position[item] for item in projects["item"]], dtype=np.int64),
        capacity=projects["capacity"].to_numpy().astype(float),
        ramp_years=projects["ramp_years"].to_numpy().astype(float),
        capex_musd=projects["capex_musd"].to_numpy().astype(float),
        earliest=earliest,
        jurisdiction=tuple(projects["jurisdiction"].to_list()),
        trains=tuple(projects["resource"].to_list()),
        route=tuple(routes["route"].to_list()),
        route_project=route_project,
        effort=effort.astype(float),
        feasibility=routes["feasibility"].to_numpy().astype(float),
        correlation=routes["correlation"].to_numpy().astype(float),
        team_year_musd=team_year,
        gate_years=routes["gate_years"].cast(pl.Float64).to_numpy(),
        profile_route=route.astype(np.int64),
        profile_start=start,
        profile_teams=teams,
        profile_cost=work * (team_year[route] * teams)[:, None] if len(route) else work,
        profile_staff=(work > 0)[:, None, :] * (staffing[route] * teams[:, None])[:, :, None]
        if len(route)
        else np.zeros((0, len(resources), horizon.count)),
        resources=resources,
        available=_available(pool_rows, resources, horizon),
        pools=_pools(pool_rows, horizon),
    )


def _profiles(
    routes: pl.DataFrame, route_project: Ints, earliest: Floats, effort: Any, horizon: Horizon
) -> list[tuple[int, float, float]]:
    """Every (route, start year, teams) whose least effort ends before the horizon does."""
    found = []
    for q, row in enumerate(routes.iter_rows(named=True)):
        sizes = sorted({row["teams_min"], max(row["teams_min"], row["teams_max"])})
        for after in STARTS:
            start = earliest[route_project[q]] + after
            found += [
                (q, start, float(teams))
                for teams in sizes
                if start + effort[q, 0] / teams < horizon.end - horizon.delta / 2
            ]
    return found


def _work(route: Ints, start: Floats, teams: Floats, effort: Floats, horizon: Horizon) -> Floats:
    """(F, T) years of work of a profile within every step; money is reserved up to the high effort."""
    if not len(route):
        return np.zeros((0, horizon.count))
    stop = start + effort[route, 2] / teams
    left = np.maximum(horizon.times, start[:, None])
    right = np.minimum(horizon.times + horizon.delta, stop[:, None])
    return np.maximum(right - left, 0.0)


def _staffing(chain: Chain, routes: pl.DataFrame, resources: tuple[str, ...]) -> Floats:
    """(Q, resources) what one team of a route needs."""
    needed = np.zeros((len(routes), len(resources)))
    place = {key: q for q, key in enumerate(routes.select("project", "route").iter_rows())}
    for row in chain.staffing.iter_rows(named=True):
        key = (row["project"], row["route"])
        if key in place and row["resource"] in resources:
            needed[place[key], resources.index(row["resource"])] = row["per_team"]
    return needed


def _by_step(years: Floats, amounts: Floats, horizon: Horizon, *, flow: bool) -> Floats:
    """(T,) yearly amounts on the steps: money flows are split over the year's steps, people are there all year."""
    at = np.floor(horizon.times + 1e-9)
    step = np.array([amounts[years == year].sum() for year in at])
    return step * horizon.delta if flow else step


def _available(rows: pl.DataFrame, resources: tuple[str, ...], horizon: Horizon) -> Floats:
    found = np.zeros((len(resources), horizon.count))
    for i, resource in enumerate(resources):
        part = rows.filter(pl.col("resource") == resource)
        amounts = (part["amount"] * part["paid_in"]).to_numpy().astype(float)
        found[i] = _by_step(part["year"].to_numpy(), amounts, horizon, flow=False)
    return found


def _pools(rows: pl.DataFrame, horizon: Horizon) -> tuple[Pool, ...]:
    marks = [column for column in rows.columns if column.startswith("earmark_")]
    found = []
    money = rows.filter(pl.col("resource") == MONEY).sort("contributor", *marks, "year", nulls_last=False)
    for key, part in money.group_by("contributor", *marks, maintain_order=True):
        amounts = (part["amount"] * part["paid_in"]).to_numpy().astype(float)
        ratios = part["match_ratio"].drop_nulls()
        found.append(
            Pool(
                contributor=str(key[0]),
                paid_musd=_by_step(part["year"].to_numpy(), amounts, horizon, flow=True),
                match_ratio=float(ratios[0]) if len(ratios) else None,
                jurisdiction=part["jurisdiction"][0],
                earmarks=tuple(
                    (mark.removeprefix("earmark_"), str(value))
                    for mark, value in zip(marks, key[1:], strict=True)
                    if value is not None
                ),
            )
        )
    return tuple(found)


def eligible(menu: Menu, network: Network, pool: Pool) -> Bools:
    """(P,) projects that a pool's earmarks allow it to pay for."""
    allowed = np.ones(len(menu.project), dtype=bool)
    for mark, value in pool.earmarks:
        for p, item in enumerate(menu.item):
            has = {
                "stage": network.stages[item] if item >= 0 else None,
                "kind": menu.kind[p],
                "item": network.items[item] if item >= 0 else None,
                "jurisdiction": menu.jurisdiction[p],
            }[mark]
            allowed[p] &= has == value
    return allowed
