"""The organizations of a chain as a network of firms: who delivers to whom, as far as the chain can tell.

A firm is one line of business of one organization: what it makes of one item. An organization with several items is
several firms, because what its clients need of it is one item and not the other, and because others can replace it in
one and not in the other. Whoever acts on the organization acts on all its firms: `by_group(network, "organization")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..chain import Chain
from ..errors import Fault
from .makers import Maker, demand_of, makers_of
from .network import ESSENTIAL, IRRELEVANT, NON_ESSENTIAL, FirmNetwork, from_arrays

FINAL = "final-demand"
"""The sector of those who buy a product for good."""
Parts = dict[str, float]
Levels = dict[str, int]


@dataclass(frozen=True, slots=True)
class Item:
    """An item on its way through the chain."""

    users: Levels
    """Items that need it, and how: essential, or non-essential where another input can stand in."""
    final: bool
    """Whether it is what the chain is for."""
    by_users: float
    """The part that its users make themselves, instead of buying it."""


def firms_of(chain: Chain) -> FirmNetwork:
    """One firm per organization and item, what they sell to each other, and the final buyers of the products.

    A link is worth the input's world market, times the part of it that goes to this use (shared evenly among its users,
    as everywhere in a chain), times the supplier's share, times the buyer's share of what is made with it. Suppliers
    that are not named stand as one firm per item and jurisdiction. An activity that nobody sells (a process) is done
    by its users: its inputs are theirs. Inputs that the chain needs are essential; those that replace each other, and
    what users also make themselves, are not. Final buyers are one firm per product and jurisdiction, by its share of
    the world's demand. All money is in USD million a year. What had to be assumed stands in `warnings`.
    """
    makers, warnings = makers_of(chain)
    items = _items(chain, makers)
    flows, levels = _flows(items)
    sold, told = _sold(chain, items, flows)
    buyers = _buyers(chain, items)
    firms = [maker for by_item in (makers, buyers) for item in items for maker in by_item.get(item, [])]
    sectors = [*(item for item in items if makers[item]), FINAL]
    network = from_arrays(
        [sectors.index(firm.sector) for firm in firms],
        *_links(firms, makers, buyers, flows, sold),
        _essentiality(sectors, items, levels),
        output=[sold.get(firm.sector, np.nan) * firm.share for firm in firms],
        firms=[firm.code for firm in firms],
        names=[firm.name for firm in firms],
        jurisdictions=[firm.jurisdiction for firm in firms],
        sectors=sectors,
        name=chain.name,
    )
    owner = pl.Series("organization", [firm.organization for firm in firms], dtype=pl.String)
    return replace(network, firms=network.firms.with_columns(owner), warnings=(*warnings, *told))


def seen_from(network: FirmNetwork, jurisdictions: Iterable[str]) -> FirmNetwork:
    """The part of a network that a denial to these jurisdictions can touch: what is delivered to their firms.

    A supplier abroad that is kept from delivering there goes on delivering to all others, and buying from them. So only
    deliveries there stay, and its failure in this network is the denial: it is replaced as far as others have a share
    of these deliveries. Revenues are what firms sell in the whole network, since a firm there that loses orders at home
    keeps those from abroad.
    """
    kept = at_home(network, jurisdictions)[network.buyer]
    links = {part: getattr(network, part)[kept] for part in ("supplier", "buyer", "value")}
    sold = pl.Series("revenue", np.bincount(network.supplier, network.value, network.n))
    return replace(network, firms=network.firms.with_columns(sold), **links)


def at_home(network: FirmNetwork, jurisdictions: Iterable[str]) -> NDArray[np.bool_]:
    """(n,) firms of these jurisdictions."""
    return network.firms["jurisdiction"].is_in(sorted(jurisdictions)).fill_null(value=False).to_numpy()


def sales_of(network: FirmNetwork, jurisdictions: Iterable[str]) -> NDArray[np.float64]:
    """(n,) what the firms of these jurisdictions sell, 0 for all others; where none sells anything, what they buy."""
    home = at_home(network, jurisdictions)
    sold = np.where(home, np.bincount(network.supplier, network.value, network.n), 0.0)
    return sold if sold.any() else np.where(home, np.bincount(network.buyer, network.value, network.n), 0.0)


def _items(chain: Chain, makers: Mapping[str, list[Maker]]) -> dict[str, Item]:
    """Every item with its users; inputs come before what is made with them."""
    codes = chain.items["item"].to_list()
    users: dict[str, Levels] = {code: {} for code in codes}
    inputs: dict[str, list[str]] = {code: [] for code in codes}
    alone = pl.len().over("item", "group") == 1
    for item, needed, only in chain.needs.select("item", "input", alone.alias("only")).iter_rows():
        users[needed][item] = ESSENTIAL if only else NON_ESSENTIAL
        inputs[item].append(needed)
    wanted = set(chain.missions["product"].to_list())
    found = {}
    for code in TopologicalSorter(inputs).static_order():
        made = sum(maker.share for maker in makers[code])
        final = code in wanted or not users[code]
        found[code] = Item(users[code], final, 1.0 - made if made < 1.0 - 1e-9 else 0.0)
    return found


def _flows(items: Mapping[str, Item]) -> tuple[dict[str, Parts], dict[str, Levels]]:
    """By item: the part of it that firms of each sector buy, and how they need it.

    What goes into something that its users make themselves goes on to these users.
    """
    flows: dict[str, Parts] = {}
    levels: dict[str, Levels] = {}
    for code in reversed(list(items)):
        item = items[code]
        ways = len(item.users) + item.final
        flow: Parts = {FINAL: 1.0 / ways} if item.final else {}
        level: Levels = {FINAL: ESSENTIAL} if item.final else {}
        for user, needed in item.users.items():
            there = items[user]
            if there.by_users < 1.0:
                flow[user] = flow.get(user, 0.0) + (1.0 - there.by_users) / ways
                level[user] = max(level.get(user, 0), needed)
            if there.by_users > 0.0:
                for sector, part in flows[user].items():
                    flow[sector] = flow.get(sector, 0.0) + there.by_users * part / ways
                    level[sector] = max(level.get(sector, 0), min(needed, levels[user][sector]))
        flows[code] = flow
        levels[code] = level
    return flows, levels


def _sold(chain: Chain, items: Mapping[str, Item], flows: Mapping[str, Parts]) -> tuple[Parts, list[Fault]]:
    """What is sold of every item in a year, in USD million, and what had to be assumed for it."""
    market = dict(chain.items.select("item", "market_musd").iter_rows())
    known = [value for value in market.values() if value]
    usual = float(np.median(known)) if known else 1.0
    sold: Parts = {}
    assumed = []
    for code, item in items.items():
        if item.by_users == 1.0:
            continue
        if market[code] is not None:
            sold[code] = market[code] * (1.0 - item.by_users)
            continue
        bought = sum(value * flows[made].get(code, 0.0) for made, value in sold.items())
        sold[code] = bought or usual
        told = "what goes into it" if bought else "as large as the median of the others" if known else "1"
        message = f"has no market; taken to be {told}: USD {sold[code]:,.0f} million"
        assumed.append(Fault("items.csv", None, "market_musd", code, message, "warning"))
    return sold, assumed


def _buyers(chain: Chain, items: Mapping[str, Item]) -> dict[str, list[Maker]]:
    """Those who buy a product for good, by their share of the world's demand."""
    countries = dict(chain.jurisdictions.select("jurisdiction", "name").iter_rows())
    places = [
        (place, f"buyers in {countries[place]}" if place else "buyers elsewhere", share)
        for place, share in demand_of(chain).items()
    ]
    names = dict(chain.items.select("item", "name").iter_rows())

    def buyer(item: str, place: str | None, who: str, share: float) -> Maker:
        code = f"buyers-{place}:{item}" if place else f"buyers:{item}"
        return Maker(code, f"{who}: {names[item]}", None, place, FINAL, share)

    products = [code for code, item in items.items() if item.final and item.by_users < 1.0]
    return {item: [buyer(item, *one) for one in places] for item in products}


def _links(
    firms: list[Maker],
    makers: Mapping[str, list[Maker]],
    buyers: Mapping[str, list[Maker]],
    flows: Mapping[str, Parts],
    sold: Parts,
) -> tuple[list[int], list[int], list[float]]:
    at = {firm.code: i for i, firm in enumerate(firms)}
    supplier, buyer, value = [], [], []
    for code, worth in sold.items():
        sellers = makers[code]
        whole = sum(one.share for one in sellers)
        for sector, part in flows[code].items():
            ends = buyers[code] if sector == FINAL else makers[sector]
            all_of_them = sum(other.share for other in ends)
            for one in sellers:
                for other in ends:
                    supplier.append(at[one.code])
                    buyer.append(at[other.code])
                    value.append(worth * part * one.share / whole * other.share / all_of_them)
    return supplier, buyer, value


def _essentiality(
    sectors: list[str], items: Mapping[str, Item], levels: Mapping[str, Levels]
) -> NDArray[np.int8]:
    at = {code: k for k, code in enumerate(sectors)}
    matrix = np.full((len(sectors), len(sectors)), IRRELEVANT, dtype=np.int8)
    for code in sectors[:-1]:
        # Nobody stops for want of what he also makes himself; whatever goes into it, he does need.
        most = NON_ESSENTIAL if items[code].by_users > 0.0 else ESSENTIAL
        for sector, needed in levels[code].items():
            matrix[at[code], at[sector]] = min(needed, most)
    return matrix
