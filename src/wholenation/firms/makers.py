"""Who makes each item of a chain: its organizations, those that are not named, and what each makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from ..chain import Chain
from ..errors import Fault
from ..network import world_shares

LEAST = 1e-3
"""What is left of a jurisdiction's share below this is rounding, not a supplier."""
ACTIVITIES = ("process", "product")
Shares = dict[str | None, float]
"""By jurisdiction, or None where none is told."""


@dataclass(frozen=True, slots=True)
class Maker:
    """One firm: what an organization, or those that are not named, make of one item."""

    code: str
    name: str
    organization: str | None
    jurisdiction: str | None
    sector: str
    share: float
    """Of what is made of the item in the world."""


def makers_of(chain: Chain) -> tuple[dict[str, list[Maker]], tuple[Fault, ...]]:
    """The makers of every item, and what had to be assumed.

    Their shares add up to 1; or to less, the rest being made by those who use it: an activity at home that has no
    suppliers, and any item that nobody supplies (but not what the chain is for). An unknown share of an organization is
    an even part of what the others leave of its jurisdiction's share. Where the chain tells no shares by jurisdiction,
    products are made where they are wanted, all else in one place. What named organizations leave of a jurisdiction is
    one more firm there.
    """
    places = tuple(chain.jurisdictions["jurisdiction"].to_list())
    countries = dict(chain.jurisdictions.select("jurisdiction", "name").iter_rows())
    parents = dict(chain.jurisdictions.select("jurisdiction", "part_of").iter_rows())
    names = dict(chain.organizations.select("organization", "name").iter_rows())
    seats = dict(chain.organizations.select("organization", "jurisdiction").iter_rows())
    items = chain.items["item"].to_list()
    shares, _ = world_shares(chain, {item: j for j, item in enumerate(items)}, places)
    told: dict[str, dict[str, float | None]] = {item: {} for item in items}
    rows = chain.organization_supply.select("item", "organization", "share")
    for item, organization, share in rows.iter_rows():
        told[item][organization] = share
    products = set(chain.missions["product"].to_list())
    used = set(chain.needs["input"].to_list()) - products
    demand = demand_of(chain)
    found: dict[str, list[Maker]] = {}
    for j, (item, called, kind) in enumerate(chain.items.select("item", "name", "kind").iter_rows()):
        world: Shares = {place: float(s) for place, s in zip(places, shares[j], strict=True) if s > 0}
        by_users = not world and item in used and (kind in ACTIVITIES or not told[item])
        if not world and not by_users:
            world = demand if item in products else {None: 1.0}
        at = {one: _place(seats[one], world, parents) for one in told[item]}
        named = _named(told[item], at, world)
        least = LEAST * sum(world.values())
        taken = {} if by_users else _left(named, at, world)
        others = {place: left for place, left in taken.items() if left > least}
        total = sum(named.values()) + sum(others.values())
        scale = 1.0 if by_users and total <= 1.0 else 1.0 / total
        found[item] = [
            Maker(f"{one}:{item}", f"{names[one]}: {called}", one, seats[one], item, share * scale)
            for one, share in named.items()
        ]
        for place, share in others.items():
            code, there = (f"others-{place}", f" in {countries[place]}") if place else ("others", "")
            found[item].append(
                Maker(f"{code}:{item}", f"others{there}: {called}", None, place, item, share * scale)
            )
    return found, tuple(_assumed(chain, found))


def demand_of(chain: Chain) -> Shares:
    """Shares of the world's demand, by jurisdiction; None stands for everywhere else."""
    rows = chain.jurisdictions.filter(pl.col("demand_share") > 0)
    told: Shares = dict(rows.select("jurisdiction", "demand_share").iter_rows())
    total = max(1.0, sum(told.values()))
    shares: Shares = {place: share / total for place, share in told.items()}
    rest = 1.0 - sum(shares.values())
    return shares | ({None: rest} if rest > LEAST else {})


def _place(seat: str, world: Shares, parents: Mapping[str, str | None]) -> str | None:
    """The jurisdiction, or the smallest bloc that it belongs to, that has a share; None if there is none."""
    place: str | None = seat
    while place is not None and place not in world:
        place = parents[place]
    return place


def _named(told: Mapping[str, float | None], at: Mapping[str, str | None], world: Shares) -> dict[str, float]:
    """The share of every named organization."""
    known = {one: share for one, share in told.items() if share is not None}
    left = _left(known, at, world)
    unknown = [at[one] for one in told if one not in known]
    return {
        one: left.get(at[one], 0.0) / unknown.count(at[one]) if share is None else share
        for one, share in told.items()
    }


def _left(named: Mapping[str, float], at: Mapping[str, str | None], world: Shares) -> Shares:
    """What the named ones leave of the share of each jurisdiction."""
    return {
        place: max(0.0, share - sum(s for one, s in named.items() if at[one] == place))
        for place, share in world.items()
    }


def _assumed(chain: Chain, found: Mapping[str, list[Maker]]) -> Iterable[Fault]:
    rows = chain.organization_supply
    unknown = rows.filter(pl.col("share").is_null())
    if len(unknown):
        told = (
            f"the share of {len(unknown)} of {len(rows)} rows is unknown: what known ones leave of their "
            "jurisdiction's share is split evenly among them"
        )
        yield Fault("organization_supply.csv", None, "share", "", told, "warning")
    share = {maker.code: maker.share for makers in found.values() for maker in makers}
    pairs = unknown.select("organization", "item").iter_rows()
    idle = [f"{organization}:{item}" for organization, item in pairs if share[f"{organization}:{item}"] == 0]
    if idle:
        told = f"nothing is left of their jurisdiction's share for {len(idle)}: {', '.join(idle[:5])}"
        yield Fault("organization_supply.csv", None, "share", "", told, "warning")
    others = sum(maker.organization is None for makers in found.values() for maker in makers)
    if others:
        told = f"{others} suppliers are not named: one firm for each item and jurisdiction"
        yield Fault("organization_supply.csv", None, "", "", told, "warning")
