"""From a chain's names to array positions: the one place where that happens.

A `Network` is a chain as one home sees it. All amounts are in units of home's base-year need of the item:
1 is what home would need of the item to run its base-year activity without importing any product of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .chain import UNSERVICED_SHARE, Chain
from .errors import QuestionError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LIFETIME_YEARS = 10.0
"""Lifetime of a tool whose lifetime is not given (assumed, 5 to 20)."""


@dataclass(frozen=True, slots=True)
class Mission:
    """A product that home wants, and how much of it, in units of base-year output."""

    name: str
    product: int
    years: tuple[int, ...]
    target: Floats
    weight: Floats
    counts_imports: bool
    part: float
    """The part of home's need of the product that is the mission's own (1 unless others use the product too)."""


@dataclass(frozen=True, slots=True)
class Network:
    """A chain as frozen arrays: n items, R jurisdictions, E needs, G groups of needs.

    `imports[j, r]` is home's base-year import of item j from r; `own[j]` its own production; `use[j]` what its
    base-year activity draws. `edge_*` arrays describe needs: `edge_weight` is the part of the input's need that
    goes to this user, so that `sum(edge_weight[users of j]) == 1`.
    """

    home: str
    items: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    at_home: Bools  # (R,) home itself, or a member of the home bloc
    shares: Floats  # (n, R) world shares, unknown ones filled by an equal split of what is left
    known: Bools  # (n, R) whether the share is known
    own: Floats  # (n,)
    imports: Floats  # (n, R)
    use: Floats  # (n,)
    surge: Floats  # (n,)
    lifetime_years: Floats  # (n,) nan where unknown
    unserviced_years: Floats  # (n,) never nan
    stock_years: Floats  # (n,)
    edge_user: Ints  # (E,)
    edge_input: Ints  # (E,)
    edge_group: Ints  # (E,)
    edge_rate: Floats  # (E,)
    edge_weight: Floats  # (E,)
    group_user: Ints  # (G,)
    order: Ints  # (n,) inputs before users
    missions: tuple[Mission, ...]

    @property
    def tools(self) -> Bools:
        """(n,) items that are installed and wear out."""
        return np.array(self.kinds) == "tool"

    @property
    def stocked(self) -> Bools:
        """(n,) items that are used up and may be stored."""
        return np.isin(self.kinds, ("material", "software"))

    @property
    def life(self) -> Floats:
        """(n,) lifetime in years, where it is unknown the one that is assumed."""
        return np.where(np.isnan(self.lifetime_years), LIFETIME_YEARS, self.lifetime_years)

    @property
    def position(self) -> dict[str, int]:
        """Item code to array position."""
        return {item: j for j, item in enumerate(self.items)}

    def members(self, jurisdiction: str, chain: Chain) -> Bools:
        """(R,) mask of a jurisdiction and, for a bloc, its members."""
        return np.isin(self.jurisdictions, sorted(bloc(chain, jurisdiction)))


def bloc(chain: Chain, jurisdiction: str) -> set[str]:
    """A jurisdiction with all its members (itself alone unless it is a bloc).

    Raises `QuestionError` when the chain does not know it.
    """
    table = chain.jurisdictions
    known = table["jurisdiction"].to_list()
    if jurisdiction not in known:
        raise QuestionError(
            f"the chain has no jurisdiction {jurisdiction!r}; it has {', '.join(sorted(known))}"
        )
    parents = dict(zip(known, table["part_of"].to_list(), strict=True))
    inside = {jurisdiction}
    while True:
        found = {code for code, parent in parents.items() if parent in inside} - inside
        if not found:
            return inside
        inside |= found


def to_network(chain: Chain, home: str, *, rng: np.random.Generator | None = None) -> Network:
    """The chain as `home` sees it; with `rng`, one draw of every ranged number between its low and high.

    Draws are triangular over low, central, high. Raises `QuestionError` when no mission has this home.
    """
    frame = chain.items
    items = tuple(frame["item"].to_list())
    kinds = tuple(frame["kind"].to_list())
    position = {item: j for j, item in enumerate(items)}
    jurisdictions = tuple(chain.jurisdictions["jurisdiction"].to_list())
    inside = bloc(chain, home)
    at_home = np.isin(jurisdictions, sorted(inside))
    missions = _missions(chain, home, position)
    products = np.array([mission.product for mission in missions], dtype=np.int64)

    shares, known = world_shares(chain, position, jurisdictions, rng)
    own = _own(chain, home, shares, at_home, rng)
    supplied = shares.sum(axis=1) > 0
    own[~supplied] = 1.0
    for mission in missions:
        if not mission.counts_imports:
            own[mission.product] = 1.0
    foreign = np.where(at_home, 0.0, shares)
    total = foreign.sum(axis=1)
    own[total <= 0] = 1.0
    imports = (1.0 - own)[:, None] * foreign / np.where(total > 0, total, 1.0)[:, None]

    edges = _edges(chain, position, products, rng)
    graph: dict[int, set[int]] = {j: set() for j in range(len(items))}
    for user, needed in zip(edges["user"], edges["input"], strict=True):
        graph[int(user)].add(int(needed))
    order = np.array(list(TopologicalSorter(graph).static_order()), dtype=np.int64)
    drawn = {
        column: _draw(frame, column, rng)
        for column in ("lifetime_years", "unserviced_years", "stock_months", "surge")
    }
    life = np.where(np.isnan(drawn["lifetime_years"]), LIFETIME_YEARS, drawn["lifetime_years"])
    network = Network(
        home=home,
        items=items,
        names=tuple(frame["name"].to_list()),
        kinds=kinds,
        stages=tuple(frame["stage"].to_list()),
        jurisdictions=jurisdictions,
        at_home=at_home,
        shares=shares,
        known=known,
        own=own,
        imports=imports,
        use=_use(edges, own, missions, len(items)),
        surge=np.nan_to_num(drawn["surge"]),
        lifetime_years=drawn["lifetime_years"],
        unserviced_years=np.where(
            np.isnan(drawn["unserviced_years"]),
            UNSERVICED_SHARE * life,
            drawn["unserviced_years"],
        ),
        stock_years=np.nan_to_num(drawn["stock_months"]) / 12.0,
        edge_user=edges["user"],
        edge_input=edges["input"],
        edge_group=edges["group"],
        edge_rate=edges["rate"],
        edge_weight=edges["weight"],
        group_user=edges["group_user"],
        order=order,
        missions=missions,
    )
    for value in (getattr(network, name) for name in network.__slots__):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return network


def _draw(frame: pl.DataFrame, column: str, rng: np.random.Generator | None) -> Floats:
    """A ranged column: its central values, or one triangular draw over low, central, high."""
    value = frame[column].cast(pl.Float64).to_numpy().astype(np.float64)
    if rng is None or not len(value):
        return value.copy()
    low = frame[f"{column}_low"].cast(pl.Float64).to_numpy().astype(np.float64)
    high = frame[f"{column}_high"].cast(pl.Float64).to_numpy().astype(np.float64)
    low, high = np.where(np.isnan(low), value, low), np.where(np.isnan(high), value, high)
    # One number is drawn for every row, so that adding a range to one row leaves the other rows' draws alone.
    u = rng.random(len(value))
    width = np.where(high > low, high - low, 1.0)
    rise = (value - low) / width
    left = low + np.sqrt(u * width * np.maximum(value - low, 0.0))
    right = high - np.sqrt((1 - u) * width * np.maximum(high - value, 0.0))
    return np.where(high > low, np.where(u < rise, left, right), value)


def world_shares(
    chain: Chain,
    position: dict[str, int],
    jurisdictions: tuple[str, ...],
    rng: np.random.Generator | None = None,
) -> tuple[Floats, Bools]:
    """World shares (n, R), with unknown shares filled by an equal split of what the known ones leave."""
    n, count = len(position), len(jurisdictions)
    place = {code: r for r, code in enumerate(jurisdictions)}
    rows = np.array([position[i] for i in chain.supply["item"]], dtype=np.int64)
    columns = np.array([place[r] for r in chain.supply["jurisdiction"]], dtype=np.int64)
    drawn = _draw(chain.supply, "share", rng)
    shares, known = np.zeros((n, count)), np.ones((n, count), dtype=bool)
    missing = np.isnan(drawn)
    shares[rows, columns] = np.where(missing, 0.0, drawn)
    known[rows[missing], columns[missing]] = False
    total = shares.sum(axis=1)
    left = np.maximum(1.0 - total, 0.0) / np.maximum((~known).sum(axis=1), 1)
    shares = np.where(known, shares, left[:, None])
    # Rounding (and draws) may carry a total above 1; a share stays a share.
    return shares / np.maximum(shares.sum(axis=1), 1.0)[:, None], known


def _own(chain: Chain, home: str, shares: Floats, at_home: Bools, rng: np.random.Generator | None) -> Floats:
    """Home's production as a part of its own need: its suppliers serve home first."""
    demand = _draw(chain.jurisdictions, "demand_share", rng)
    codes = chain.jurisdictions["jurisdiction"].to_list()
    own_demand = demand[codes.index(home)]
    if np.isnan(own_demand):
        own_demand = np.nansum(demand[at_home]) if not np.isnan(demand[at_home]).all() else 1.0
    produced = np.where(at_home, shares, 0.0).sum(axis=1)
    return np.minimum(1.0, produced / max(own_demand, 1e-9))


def _edges(
    chain: Chain, position: dict[str, int], products: Ints, rng: np.random.Generator | None
) -> dict[str, NDArray]:
    user = np.array([position[i] for i in chain.needs["item"]], dtype=np.int64)
    needed = np.array([position[i] for i in chain.needs["input"]], dtype=np.int64)
    labels = list(zip(user.tolist(), chain.needs["group"].to_list(), strict=True))
    numbers: dict[tuple[int, str], int] = {}
    group = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)
    users = _users(needed, products, len(position))
    return {
        "user": user,
        "input": needed,
        "group": group,
        "rate": _draw(chain.needs, "rate", rng),
        "weight": 1.0 / users[needed],
        "group_user": np.array([label[0] for label in numbers], dtype=np.int64),
    }


def _users(needed: Ints, products: Ints, n: int) -> Ints:
    """(n,) users of every item, with the missions that draw on it."""
    return np.bincount(np.concatenate([needed, products]), minlength=n)


def _use(edges: dict[str, NDArray], own: Floats, missions: tuple[Mission, ...], n: int) -> Floats:
    """(n,) base-year draw on every item: its users' own production and its missions, shared by weight."""
    use = np.zeros(n)
    np.add.at(use, edges["input"], edges["weight"] * own[edges["user"]])
    for mission in missions:
        use[mission.product] += mission.part
    return np.minimum(use, 1.0)


def _missions(chain: Chain, home: str, position: dict[str, int]) -> tuple[Mission, ...]:
    rows = chain.missions.filter(pl.col("home") == home).sort("mission", "year")
    if rows.is_empty():
        homes = ", ".join(sorted(set(chain.missions["home"].to_list())))
        raise QuestionError(f"the chain has no mission for home {home!r}; it has missions for {homes}")
    products = np.array([position[product] for product in rows.unique("mission")["product"]], dtype=np.int64)
    needed = np.array([position[i] for i in chain.needs["input"]], dtype=np.int64)
    users = _users(needed, products, len(position))
    found = []
    for name, part in rows.group_by("mission", maintain_order=True):
        found.append(
            Mission(
                name=str(name[0]),
                product=position[part["product"][0]],
                years=tuple(part["year"].to_list()),
                target=part["target"].to_numpy().astype(np.float64),
                weight=part["weight"].to_numpy().astype(np.float64),
                counts_imports=bool(part["counts_imports"][0]),
                part=1.0 / float(users[position[part["product"][0]]]),
            )
        )
    return tuple(found)
