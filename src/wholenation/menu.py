"""A menu of projects for every item in which a home is exposed, by one documented rule.

Nobody publishes what it costs to replace a supplier item by item, so the menu is *assumed*: each number follows from
the item's world market M (USD million a year), its difficulty level (NASA R&D3, 1 to 5), its kind and home's share
of the world's demand d, and carries a range. An item is exposed when more than `threshold` of home's need of it
comes from abroad: gap = 1 - own, own = min(1, share / d).

    effort    = max(M * intensity * leaders_years * IMITATION / TEAM_MUSD, years)            team-years
    teams_max = effort / years, teams_min half of it: the most likely duration at full staffing is `years`
    capex     = capacity * M * d * capital * premium                                         USD million
    capacity  = gap (develop: half of it at worst; in mining a quarter), at most own (build), at most half of
                a supplier's output (diversify, attract), 0.75 years of the gap (stockpile)

The figures stand in `wholenation.rates`: `intensity` (R&D per sales) and `capital` (plant per yearly sales) depend on
the kind, for minerals on the stage; `years`, `leaders_years` (years of the leaders' R&D that a follower repeats) and
the feasibility depend on the level. The scale is set by three facts: EUV took decades and tens of billions; Korea
localised simple chemicals within 1 to 3 years for about USD 50 million an item (KRW 5.7 trillion over 100 items,
2019-21); industry as a whole spends 22 % of sales on R&D and 26 % on capital (BCG and SIA 2021, for 2019).
Ranges of effort are those of the level; an unknown market, taken from its neighbours, widens the range of capex.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain as joined
from math import ceil, floor, log10
from statistics import median
from typing import Any

import polars as pl

from wholenation.chain import Chain, schema
from wholenation.errors import QuestionError, unknown
from wholenation.rates import (
    DEFAULT_LEVEL,
    FEASIBLE,
    FOLLOWER,
    IMITATION,
    KINDS,
    KNOWN_SHARE,
    LEVELS,
    STAGES,
    TEAM_MUSD,
    TEAM_PEOPLE,
    Range,
    Rates,
)

Row = dict[str, Any]

THRESHOLD = 0.3
UNNAMED = "VAR"
TOP = 8
"""For so many items a second supplier is proposed, abroad and at home: those for which it can do most."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An item of which home buys more than the threshold abroad; `need_musd` is home's need of it a year."""

    item: str
    name: str
    kind: str
    market: Range
    market_note: str
    level: int
    rates: Rates
    share: float
    own: float
    need_musd: float
    suppliers: tuple[tuple[str, float], ...]

    @property
    def named(self) -> list[tuple[str, float]]:
        """Foreign suppliers that have a name, by falling share of the world."""
        return [(place, share) for place, share in self.suppliers if share > 0 and place != UNNAMED]

    @property
    def second(self) -> float:
        """What the second supplier abroad could add, as a part of home's need.

        It sells share x market a year; half of that more is as fast as a supplier grows in a few years. Where there
        is one supplier alone, it is that one.
        """
        if not self.named:
            return 0.0
        _, share = self.named[min(1, len(self.named) - 1)]
        return min(self.gap, 0.5 * share * self.market[1] / self.need_musd)

    @property
    def gap(self) -> float:
        """The foreign part of home's need."""
        return 1.0 - self.own

    def capex(self, capacity: float, premium: Range = (1.0, 1.0, 1.0)) -> Range:
        """Money for plant of this capacity, in USD million."""
        scale = capacity * self.need_musd / self.market[1]
        low, central, high = (
            scale * m * k * p for m, k, p in zip(self.market, self.rates.capital, premium, strict=True)
        )
        return low, central, high


def propose_projects(
    chain: Chain, home: str, *, threshold: float = THRESHOLD, first_year: int | None = None
) -> dict[str, pl.DataFrame]:
    """Projects, routes and staffing for every item of which `home` buys more than `threshold` abroad.

    Every exposed item gets a develop project with two rival routes; materials and software also a stockpile; what
    home knows how to make also build. The eight items for which a second supplier abroad can do most (in USD) get
    diversify (its plant there) and attract (its plant at home). Two train projects serve the disciplines that the
    develop projects need most. `first_year` is the first year of the missions unless given.

    Raises `QuestionError` for a home that the chain does not know.
    """
    codes = chain.jurisdictions["jurisdiction"].to_list()
    if home not in codes:
        raise QuestionError(f"{home!r}: {unknown(home, codes, 'jurisdiction')}")
    gaps = exposed(chain, home, threshold)
    missions = chain.missions.filter(pl.col("home") == home)
    missions = chain.missions if missions.is_empty() else missions
    first = int(str(missions["year"].min())) if first_year is None else first_year
    largest = sorted(gaps, key=lambda gap: (-gap.second * gap.need_musd, gap.item))
    diversified = {gap.item for gap in [gap for gap in largest if len(gap.named) > 1][:TOP]}
    attracted = {gap.item for gap in [gap for gap in largest if gap.named][:TOP]}
    projects: list[Row] = []
    routes: list[Row] = []
    staffing: list[Row] = []
    for gap in gaps:
        developed = _develop(gap, home, first)
        projects.append(developed)
        for route in _routes(gap, developed["project"]):
            routes.append(route)
            staffing += _staffing(gap, route)
        if gap.kind in ("material", "software"):
            projects.append(_stockpile(gap, home, first))
        if gap.share > KNOWN_SHARE:
            projects.append(_build(gap, home, first))
        for kind, chosen in (("diversify", diversified), ("attract", attracted)):
            if gap.item in chosen:
                projects.append(_second_supplier(gap, home, first, kind))
    projects += _train(routes, staffing, home, first)
    return {
        "projects": _frame("projects", projects),
        "routes": _frame("routes", routes),
        "staffing": _frame("staffing", staffing),
    }


def exposed(chain: Chain, home: str, threshold: float = THRESHOLD) -> list[Gap]:
    """The items of which home buys more than `threshold` of its need abroad, in the order of the chain."""
    inside = _members(chain, home)
    demand = dict(chain.jurisdictions.select("jurisdiction", "demand_share").iter_rows())
    demands = [demand[code] for code in sorted(inside) if demand[code] is not None]
    d = demand[home] if demand[home] is not None else (sum(demands) or 1.0)
    if d <= 0:
        return []
    gaps = []
    for row in chain.items.filter(pl.col("kind") != "product").iter_rows(named=True):
        shares = _shares(chain, row["item"])
        share = sum(value for place, value in shares.items() if place in inside)
        own = min(1.0, share / d) if shares else 1.0
        if 1.0 - own <= threshold + 1e-9:
            continue
        market, note = _market(chain, row)
        foreign = [(place, value) for place, value in shares.items() if place not in inside]
        gaps.append(
            Gap(
                item=row["item"],
                name=row["name"],
                kind=row["kind"],
                market=market,
                market_note=note,
                level=row["difficulty"] or DEFAULT_LEVEL,
                rates=STAGES.get(row["stage"], KINDS[row["kind"]]),
                share=share,
                own=own,
                need_musd=market[1] * d,
                suppliers=tuple(sorted(foreign, key=lambda entry: (-entry[1], entry[0]))),
            )
        )
    return gaps


def _members(chain: Chain, home: str) -> set[str]:
    parent = dict(chain.jurisdictions.select("jurisdiction", "part_of").iter_rows())
    inside = {home}
    while found := {code for code, bloc in parent.items() if bloc in inside} - inside:
        inside |= found
    return inside


def _shares(chain: Chain, item: str) -> dict[str, float]:
    """Jurisdiction -> world share; unknown shares split what the known ones leave."""
    rows = chain.supply.filter(pl.col("item") == item).select("jurisdiction", "share")
    given = dict(rows.iter_rows())
    unsaid = [place for place, share in given.items() if share is None]
    left = max(0.0, 1.0 - sum(share for share in given.values() if share is not None))
    return {place: left / len(unsaid) if share is None else share for place, share in given.items()}


def _market(chain: Chain, row: Row) -> tuple[Range, str]:
    """The item's world market; where it is unknown, the median of its stage and kind, then of its kind."""
    if row["market_musd"]:
        return (row["market_musd"],) * 3, ""
    same = chain.items.filter((pl.col("kind") == row["kind"]) & (pl.col("market_musd") > 0))
    near = same.filter(pl.col("stage") == row["stage"])
    known, where = (same, "kind") if near.is_empty() else (near, "stage and kind")
    if known.is_empty():
        known, where = chain.items.filter(pl.col("market_musd") > 0), "chain"
    central = median(known["market_musd"].to_list()) if len(known) else 1000.0
    note = (
        f"no market known: the median of its {where}, {central:g} musd, with a fifth and three times as range"
    )
    return (0.2 * central, central, 3 * central), note


def effort(gap: Gap) -> float:
    """Most likely effort of the incumbent's route in team-years; at least one team for the level's years."""
    level = LEVELS[gap.level]
    leaders = gap.market[1] * gap.rates.intensity * level.leaders_years
    return max(leaders * IMITATION / TEAM_MUSD[1], level.years)


def _develop(gap: Gap, home: str, first: int) -> Row:
    size = gap.rates.at_home * gap.gap
    source = "rule of wholenation.menu: capacity = gap, half at worst; capex = capacity x market x demand x capital"
    return _project(gap, home, "develop", (size / 2, size, size), gap.capex(size), first, source)


def _routes(gap: Gap, project: str) -> list[Row]:
    """The incumbent's route, and an indirect one: six tenths of the effort, but one level less certain.

    The level grades the unknown. A follower knows that the incumbent's route leads there, so that it counts one
    level easier; nobody has shown the indirect one, so that it counts as the level says.
    """
    level, most_likely = LEVELS[gap.level], effort(gap)
    market = (
        f"market {gap.market[1]:g}, intensity {gap.rates.intensity:g}, leaders' years {level.leaders_years:g}"
    )
    rows = []
    for route, harder, part, low, more in (
        ("incumbent", 0, 1.0, 0.6, 1.0),
        ("alternative", 1, 0.6, 0.5, 1.2),
    ):
        at = gap.level + harder - FOLLOWER
        mode = part * most_likely
        teams = max(1, ceil(mode / level.years - 1e-9))
        spread = (low * mode, mode, more * level.overrun * mode)
        rows.append(
            {
                "project": project,
                "route": route,
                **_ranged("effort_team_years", spread),
                **_ranged("feasibility", _feasibility(at)),
                "correlation": gap.rates.correlation,
                **_ranged("team_year_musd", TEAM_MUSD),
                "teams_min": max(1, teams // 2),
                "teams_max": teams,
                "gate_years": round(0.4 * level.years, 1),
                "basis": "assumed",
                "source": "rule of wholenation.menu: effort = market x R&D intensity x leaders' years x 0.65 / 20, "
                "at least one team for the level's years; feasibility by NASA R&D3 (Mankins 1998)",
                "note": f"feasibility of level {at}; {market}"
                + ("; 0.6 of the incumbent's effort" if harder else ""),
            }
        )
    return rows


def _feasibility(level: int) -> Range:
    """The level's probability of success, with a range that ends halfway to its neighbours."""
    easier, central, harder = FEASIBLE[level : level + 3]
    return (central + harder) / 2, central, (central + easier) / 2


def _staffing(gap: Gap, route: Row) -> list[Row]:
    return [
        {
            "project": route["project"],
            "route": route["route"],
            "resource": resource,
            **_ranged("per_team", (0.7 * amount, amount, 1.3 * amount)),
            "basis": "assumed",
            "source": f"rule of wholenation.menu: a team of {TEAM_PEOPLE} by discipline, and its share of facilities",
        }
        for resource, amount in joined(gap.rates.people.items(), gap.rates.places.items())
    ]


def _stockpile(gap: Gap, home: str, first: int) -> Row:
    scale = gap.gap * gap.need_musd / gap.market[1]
    low, central, high = gap.market
    cost = (0.5 * scale * low, 0.75 * scale * central * 1.1, scale * high * 1.3)
    source = "rule of wholenation.menu: 0.75 years of the gap (0.5 to 1), at 1.1 of the price (storage, price rise)"
    capacity = (0.5 * gap.gap, 0.75 * gap.gap, gap.gap)
    return _project(gap, home, "stockpile", capacity, cost, first, source) | _ranged(
        "ramp_years", (0.5, 1, 2)
    )


def _build(gap: Gap, home: str, first: int) -> Row:
    size = min(gap.gap, gap.own)
    source = "rule of wholenation.menu: at most double of what home makes; capex = capacity x need x capital"
    return _project(gap, home, "build", (0.5 * size, size, size), gap.capex(size), first, source)


def _second_supplier(gap: Gap, home: str, first: int, kind: str) -> Row:
    """More from the second supplier abroad (from the only one, if there is one alone), in its country or at home."""
    place, _ = gap.named[min(1, len(gap.named) - 1)]
    size = gap.second
    which = "second" if len(gap.named) > 1 else "only"
    source = (
        f"rule of wholenation.menu: half of the output of the {which} supplier abroad; capex as for develop"
    )
    capex = gap.capex(size)
    if kind == "attract":
        capex = gap.capex(size, (1.0, 1.2, 1.65))
        source += ", x 1.2 (1 to 1.65, BCG and SIA 2021)"
    row = _project(gap, home, kind, (0.5 * size, size, size), capex, first + 1, source)
    return row | {"jurisdiction": place}


def _train(routes: list[Row], staffing: list[Row], home: str, first: int) -> list[Row]:
    """Two projects for the disciplines most wanted if every incumbent's route ran at once, a tenth of it a year."""
    teams = {(row["project"], row["route"]): row["teams_max"] for row in routes}
    wanted: dict[str, float] = {}
    for row in staffing:
        if row["route"] == "incumbent" and row["resource"].startswith("talent/"):
            amount = row["per_team"] * teams[row["project"], row["route"]]
            wanted[row["resource"]] = wanted.get(row["resource"], 0.0) + amount
    rows = []
    for resource, people in sorted(wanted.items(), key=lambda entry: (-entry[1], entry[0]))[:2]:
        capacity = max(10.0, 0.1 * people)
        rows.append(
            {
                "project": f"{home.lower()}-train-{resource.removeprefix('talent/')}",
                "home": home,
                "kind": "train",
                **_ranged("capacity", (0.5 * capacity, capacity, capacity)),
                **_ranged("ramp_years", (3, 4, 6)),
                **_ranged("capex_musd", (0.2 * capacity, 0.4 * capacity, 0.8 * capacity)),
                "earliest": first,
                "resource": resource,
                "basis": "assumed",
                "source": "rule of wholenation.menu: a tenth of the people wanted at once, 4 years at USD 0.1 million",
            }
        )
    return rows


def _project(
    gap: Gap, home: str, kind: str, capacity: Range, capex: Range, earliest: int, source: str
) -> Row:
    facts = (
        f"market {gap.market[1]:g}, home needs {gap.need_musd:,.0f} musd a year, {gap.gap:.0%} from abroad"
    )
    return {
        "project": f"{home.lower()}-{kind}-{gap.item.lower()}",
        "home": home,
        "item": gap.item,
        "kind": kind,
        **_ranged("capacity", capacity),
        **_ranged("ramp_years", gap.rates.ramp_years),
        **_ranged("capex_musd", capex),
        "earliest": earliest,
        "basis": "assumed",
        "source": source,
        "note": "; ".join(part for part in (facts, gap.market_note) if part),
    }


def _ranged(column: str, values: Range) -> Row:
    low, central, high = (_rounded(value) for value in values)
    return {column: central, f"{column}_low": low, f"{column}_high": high}


def _rounded(value: float) -> float:
    """Three significant digits: more would pretend to know."""
    return 0.0 if value <= 0 else round(value, 2 - floor(log10(value)))


def _frame(table: str, rows: list[Row]) -> pl.DataFrame:
    types = schema(table)
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)
