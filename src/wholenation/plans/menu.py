"""What a home may choose from: projects, routes, profiles and pools as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..capability import Horizon
from ..chain import Chain
from ..errors import QuestionError
from ..network import Bools, Floats, Ints, Network
from .profiles import Profiles, to_profiles, to_routes

MONEY = "money"

RESERVE = 0.5
"""Part of what a profile may need after its gate, above what is expected, that is set aside (assumed, 0 to 1)."""


@dataclass(frozen=True, slots=True)
class Menu:
    """P projects, Q routes and F profiles (ways to staff routes, see `profiles`) of one home.

    Money is in USD million; `profile_cost` (F, T) and `profile_staff` (F, resources, T) are per step. A `known`
    project rests on known technology: it is mastered from `earliest` on. Profile `profile_route` is that of its first
    lane; a lane is a route within a profile. A win is what a lane's success masters: the pair (profile, project) at
    position `win_pair`, `win_delay` years later. `requires` holds pairs (project, required project). `holdback` is
    the part of a call that may only be spent after the next one.
    """

    project: tuple[str, ...]
    kind: tuple[str, ...]
    item: Ints  # (P,) -1 for train
    capacity: Floats
    ramp_years: Floats  # (P,) infinite where a required project is missing
    learning: Floats
    capex_musd: Floats
    adoption_years: Floats
    cover_musd: Floats  # (P,) nan where no cover is offered
    earliest: Floats  # (P,) year
    jurisdiction: tuple[str | None, ...]
    trains: tuple[str | None, ...]
    known: Bools  # (P,)
    requires: Ints  # (N, 2)
    route: tuple[str, ...]
    route_project: Ints
    effort: Floats  # (Q, 3) low, mode, high in team-years
    feasibility: Floats
    correlation: Floats
    team_year_musd: Floats
    gate_years: Floats  # (Q,) nan where there is no gate
    route_staff: Floats  # (Q, resources) what one team needs
    profile_project: Ints  # (F,)
    profile_route: Ints
    profile_start: Floats  # (F,) year
    profile_gate: Floats  # (F,) year, infinite where nothing is decided at a gate
    profile_teams: Floats  # (F,) of the first lane, up to the gate
    profile_cost: Floats  # (F, T)
    profile_staff: Floats  # (F, resources, T)
    lane_profile: Ints  # (L,)
    lane_route: Ints
    lane_teams: Floats  # (L,) up to the gate
    lane_then: Floats  # (L,) from the gate on
    lane_cost: Floats  # (L,) up to the gate
    win_lane: Ints
    win_pair: Ints
    win_delay: Floats  # years
    pair_profile: Ints
    pair_project: Ints
    resources: tuple[str, ...]
    available: Floats  # (resources, T)
    pools: tuple[Pool, ...]
    holdback: float = 0.0

    def lanes(self, profile: int) -> Ints:
        """The lanes of a profile."""
        return np.flatnonzero(self.lane_profile == profile)


@dataclass(frozen=True, slots=True)
class Pool:
    """One contributor's money under one set of earmarks: what is expected to be paid in at every step, USD million."""

    contributor: str
    paid_musd: Floats  # (T,)
    match_ratio: float | None
    jurisdiction: str | None
    earmarks: tuple[tuple[str, str], ...]
    cap_musd: float | None = None

    @property
    def label(self) -> str:
        """The contributor with its earmarks, as readers see it."""
        marks = ", ".join(value for _, value in self.earmarks)
        return f"{self.contributor} ({marks})" if marks else self.contributor


def to_menu(
    chain: Chain,
    network: Network,
    horizon: Horizon,
    *,
    exclude: tuple[str, ...] = (),
    reserve: float = RESERVE,
    holdback: float = 0.0,
) -> Menu:
    """The home's projects and pools as arrays, with every profile that could succeed within the horizon.

    `reserve` says how much of what a profile may need after its gate is set aside, from what is expected (0) to the
    most (1); `holdback` is the part of a call that may only be spent after the next one. Raises `QuestionError`
    where one of them is not between 0 and 1.
    """
    for name, value in (("reserve", reserve), ("holdback", holdback)):
        if not 0.0 <= value <= 1.0:
            raise QuestionError(f"{name} is {value}; it lies between 0 and 1")
    mine = (pl.col("home") == network.home) | pl.col("home").is_null()
    projects = chain.projects.filter(mine & ~pl.col("project").is_in(exclude)).sort("project")
    names = tuple(projects["project"].to_list())
    place = {name: p for p, name in enumerate(names)}
    rows = chain.routes.filter(pl.col("project").is_in(names)).sort("project", "route")
    earliest = projects["earliest"].fill_null(int(horizon.start)).to_numpy().astype(float)
    earliest = np.maximum(earliest, horizon.start)
    route_project = np.array([place[name] for name in rows["project"]], dtype=np.int64)
    pool_rows = chain.pools.filter(mine)
    resources = tuple(sorted(set(pool_rows["resource"].to_list()) - {MONEY}))
    routes = to_routes(rows, route_project, _staffing(chain, rows, resources))
    profiles = to_profiles(routes, earliest, horizon, reserve)
    _, first = np.unique(profiles.lane_profile, return_index=True)
    requires, blocked = _requires(chain, place)
    ramp_years = projects["ramp_years"].to_numpy().astype(float)
    kind = np.array(projects["kind"].to_list(), dtype=object)
    return Menu(
        project=names,
        kind=tuple(projects["kind"].to_list()),
        item=np.array(
            [-1 if item is None else network.position[item] for item in projects["item"]], dtype=np.int64
        ),
        capacity=projects["capacity"].to_numpy().astype(float),
        ramp_years=np.where(blocked, np.inf, ramp_years),
        learning=projects["learning"].to_numpy().astype(float),
        capex_musd=projects["capex_musd"].to_numpy().astype(float),
        adoption_years=projects["adoption_years"].to_numpy().astype(float),
        cover_musd=projects["cover_musd"].cast(pl.Float64).to_numpy().astype(float),
        earliest=earliest,
        jurisdiction=tuple(projects["jurisdiction"].to_list()),
        trains=tuple(projects["resource"].to_list()),
        # What is developed by another project's route alone has none of its own, and is not known for that.
        known=~np.isin(np.arange(len(names)), route_project) & (kind != "develop"),
        requires=requires,
        route=tuple(rows["route"].to_list()),
        route_project=route_project,
        effort=routes.effort,
        feasibility=routes.feasibility,
        correlation=routes.correlation,
        team_year_musd=routes.team_year_musd,
        gate_years=routes.gate_years,
        route_staff=routes.staffing,
        profile_project=route_project[profiles.lane_route[first]],
        profile_route=profiles.lane_route[first],
        profile_start=profiles.start,
        profile_gate=profiles.gate,
        profile_teams=profiles.lane_teams[first],
        profile_cost=profiles.cost,
        profile_staff=profiles.staff,
        lane_profile=profiles.lane_profile,
        lane_route=profiles.lane_route,
        lane_teams=profiles.lane_teams,
        lane_then=profiles.lane_then,
        lane_cost=profiles.lane_cost,
        **_wins(chain, rows, route_project, place, profiles),
        resources=resources,
        available=_available(pool_rows, resources, horizon),
        pools=_pools(pool_rows, horizon),
        holdback=holdback,
    )


def _wins(
    chain: Chain, rows: pl.DataFrame, route_project: Ints, place: dict[str, int], profiles: Profiles
) -> dict[str, Any]:
    """What every lane's success masters: its own project at once, the others that its route serves after a delay."""
    served: list[list[tuple[int, float]]] = [[(int(p), 0.0)] for p in route_project]
    of = {key: q for q, key in enumerate(rows.select("project", "route").iter_rows())}
    for row in chain.common_routes.sort("project", "route", "serves").iter_rows(named=True):
        key = (row["project"], row["route"])
        if key in of and row["serves"] in place:
            served[of[key]].append((place[row["serves"]], row["delay_years"]))
    wins = [(lane, *win) for lane, q in enumerate(profiles.lane_route) for win in served[q]]
    lane = np.array([win[0] for win in wins], dtype=np.int64)
    project = np.array([win[1] for win in wins], dtype=np.int64)
    code = profiles.lane_profile[lane] * max(len(place), 1) + project
    pairs, pair = np.unique(code, return_inverse=True)
    return {
        "win_lane": lane,
        "win_pair": pair.astype(np.int64),
        "win_delay": np.array([win[2] for win in wins], dtype=float),
        "pair_profile": pairs // max(len(place), 1),
        "pair_project": pairs % max(len(place), 1),
    }


def _requires(chain: Chain, place: dict[str, int]) -> tuple[Ints, Bools]:
    """(N, 2) project and what it requires; and (P,) the projects that require one that is not in the menu."""
    pairs, blocked = [], np.zeros(len(place), dtype=bool)
    for project, required in (
        chain.prerequisites.select("project", "requires").sort("project", "requires").rows()
    ):
        if project in place and required in place:
            pairs.append((place[project], place[required]))
        elif project in place:
            blocked[place[project]] = True
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), blocked


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


def _paid_in(rows: pl.DataFrame) -> Floats:
    """What is expected of each pledge: all of it if it is paid, a part of it if the contributor defaults."""
    part = rows["paid_in"] + (1.0 - rows["paid_in"]) * rows["recovery"]
    return (rows["amount"] * part).to_numpy().astype(float)


def _available(rows: pl.DataFrame, resources: tuple[str, ...], horizon: Horizon) -> Floats:
    found = np.zeros((len(resources), horizon.count))
    for i, resource in enumerate(resources):
        part = rows.filter(pl.col("resource") == resource)
        amounts = _paid_in(part)
        found[i] = _by_step(part["year"].to_numpy(), amounts, horizon, flow=False)
    return found


def _pools(rows: pl.DataFrame, horizon: Horizon) -> tuple[Pool, ...]:
    marks = [column for column in rows.columns if column.startswith("earmark_")]
    found = []
    money = rows.filter(pl.col("resource") == MONEY).sort("contributor", *marks, "year", nulls_last=False)
    for key, part in money.group_by("contributor", *marks, maintain_order=True):
        amounts = _paid_in(part)
        ratios, caps = part["match_ratio"].drop_nulls(), part["cap_musd"].drop_nulls()
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
                cap_musd=float(caps[0]) if len(caps) else None,
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
