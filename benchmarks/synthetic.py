"""Made-up chains of the planner's class, of any size, and hard in the way that the real one is.

`write_synthetic` draws tables and writes them as a user would; `synthetic_chain` reads them with all checks. Every
number comes from uniform draws of seeded PCG64 streams (one per group of tables) by sums, products and quotients alone,
and is rounded: a seed gives the same tables on every machine. What is drawn from what:

- items: 8 % products, 18 % processes in three layers, 32 % tools, 8 % software, 34 % materials in two layers; world
  markets of 60 to 16,000 USD million a year (uniform over octaves), tool lifetimes of 5 to 15 years, stocks of 1 to 6
  months, surge of 0 to 0.2.
- needs: for every item a user in a layer above it, for every product and process a process below it, and a quarter as
  many needs as items at random; two tools of one process substitute each other in four cases of ten.
- supply: 2 to 5 suppliers abroad, with shares as 1/k² (times 0.7 to 1.3), the first jurisdictions oftener in front.
  Home, a fifth of the world's demand, makes nothing of a third of what it buys, most or all of its need of a seventh,
  and up to 0.45 of it of the rest. Seven processes in ten are made at home alone.
- scenarios: six, of weight 0.85 in all. The greatest supplier lists items; it escalates from tools to materials to
  service; a coalition of three acts, in part with extended reach; two others deny materials and software; a crisis
  ends after one to three years; an embargo takes everything and the capital. All begin in the first third of the
  horizon. But for the embargo, they name a part of the items of which the controller has more than 0.3 of the world.
- missions: every product at 0.9 to 1 of the base year, rising to 1, at weights of 0.3 to 1.
- projects: of the items of which home makes less than `EXPOSED`, by the parts in `MIX`, and one that trains people of
  each discipline. A capacity closes a part of home's gap: `BREAKTHROUGH` if developed, `SUPPORT` if built, attracted or
  bought elsewhere, 0.3 to 0.8 in stock. Capital is 0.5 to 1.5 of what that capacity makes in a year.
- routes: two rivals in eight cases of ten. The known one costs `RESEARCH` of a year's world market of its item, by
  teams of USD 15 to 35 million a year that most likely take 1 to 2.5 years, and 0.5 and 2 to 3.5 times that at best
  and at worst; the rival costs 0.5 to 0.8 of it. Feasibility 0.5 to 0.95, the rival's 0.3 to 0.7; correlation 0.2 to
  0.5. A team takes 15 to 45 people of one or two disciplines.
- people: of each discipline `PEOPLE` times what all routes at once would take; training adds 0.04 to 0.08 of that a
  year.
- money: `MONEY` times what all projects and all routes would most likely cost, growing over the years (early money is
  the scarcest): half from the treasury, a quarter from industry, which matches what others give, a quarter from
  regions, earmarked for two stages, of which 0.85 is paid in.

How large things are beside each other is taken from the example chain for CHN (in brackets), as far as that decides how
hard the problem is. All routes at once would take 5.5 times the people there are (3 to 6 times). A route takes 0.01 to
0.02 of them in the median (0.01 to 0.03), the largest more than there are (0.9), so that only a part of its teams can
work; and 0.02 of the money in the median (0.005), 0.4 at most (0.2). Worth is spread over three orders of magnitude, as
markets are. What stays made up is the shape of the chain.

Which instance it is: 100 items, 8 jurisdictions, 8 years and 150 projects give a first stage of 5,600 columns, 1,100 of
them binary, and second stages of 2,200 to 6,300 rows. The relaxation lies 0.5 to 2 % below the optimum (seeds 0 to 2,
10 and 50 samples), because a part of a profile buys the same part of the mastery: where controls take less than a
project offers, the relaxation pays for that much alone. Seed 0 is the hardest of the three for HiGHS on the extensive
form, and the benchmarks use it; with 10 samples the extensive form is no hopeless case.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from wholenation.chain import Chain, read_chain, write_package
from wholenation.dictionary import dictionary

Row = dict[str, Any]
Tables = dict[str, list[Row]]
T = TypeVar("T")

KNOWN = {"basis": "measured", "source": "made up"}
HOME = "R00"
FIRST_YEAR = 2026
MONEY = 0.35
PEOPLE = 0.2
RESEARCH = (0.1, 0.4)
"""What the known route costs, as a part of a year's world market of its item."""
BREAKTHROUGH = (0.2, 0.5)
"""The part of home's gap that a developed item closes."""
SUPPORT = (0.1, 0.4)
"""The part of home's gap that a plant or a new supplier closes."""
DEMAND = 0.2
"""Home's part of the world's demand."""
STRONG = 0.3
"""A controller denies items of which it has more than this part of the world."""
EXPOSED = 0.7
"""An item of which home makes less than this part of its need is exposed."""
DISCIPLINES = ("engineers", "scientists", "programmers")
LAYERS = ("products", "assembly", "fabrication", "treatment", "equipment", "design", "materials", "feedstock")
PARTS = (0.08, 0.06, 0.06, 0.06, 0.32, 0.08, 0.22, 0.12)
KINDS = ("product", "process", "process", "process", "tool", "software", "material", "material")
USERS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (2,), (1, 2, 3), (1, 2, 3), (1, 2, 3, 4), (6,))
"""The layers whose items may need an item of each layer."""
MIX = {"develop": 0.5, "stockpile": 0.18, "build": 0.12, "diversify": 0.11, "attract": 0.09}


@dataclass(frozen=True, slots=True)
class _Wave:
    """Controls that begin together: `part` of the items of these kinds in which a controller is strong; 0: all."""

    scenario: str
    controllers: tuple[int, ...]
    part: float
    kinds: tuple[str, ...]
    coverage: tuple[float, float]
    kind: str = "item"
    later: bool = False
    """Begins after the first wave of the scenario."""
    days: tuple[int, int] | None = None
    extended: float = 0.0
    """Probability that the reach is extended."""


BOUGHT = ("tool", "software", "material")
SCENARIOS = {
    "listing": 0.2,
    "escalation": 0.2,
    "coalition": 0.15,
    "materials": 0.12,
    "crisis": 0.1,
    "embargo": 0.08,
}
WAVES = (
    _Wave("listing", (1,), 0.25, BOUGHT, (0.5, 0.9)),
    _Wave("escalation", (1,), 0.5, ("tool",), (0.7, 1.0)),
    _Wave("escalation", (1,), 0.35, ("software", "material"), (0.5, 0.9), later=True),
    _Wave("escalation", (1,), 0.25, ("tool",), (0.4, 0.8), kind="service", later=True),
    _Wave("coalition", (1, 2, 3), 0.3, ("tool", "material"), (0.6, 1.0), extended=0.3),
    _Wave("materials", (2, 4), 0.7, ("software", "material"), (0.6, 1.0)),
    _Wave("crisis", (1, 3), 0.4, BOUGHT, (0.7, 1.0), days=(400, 900)),
    _Wave("embargo", (1, 2, 3), 0.0, (), (0.85, 1.0)),
    _Wave("embargo", (1, 2, 3), 0.0, (), (0.9, 1.0), kind="capital"),
)


class _Draws:
    """Draws from one stream, by uniform numbers alone."""

    def __init__(self, seed: np.random.SeedSequence):
        self._stream = np.random.Generator(np.random.PCG64(seed))

    def number(self, low: float, high: float, digits: int = 3) -> float:
        return round(low + (high - low) * float(self._stream.random()), digits)

    def whole(self, low: int, high: int) -> int:
        return low + int((high - low + 1) * float(self._stream.random()))

    def chance(self, probability: float) -> bool:
        return float(self._stream.random()) < probability

    def one(self, of: Sequence[T]) -> T:
        return of[self.whole(0, len(of) - 1)]

    def some(self, of: Sequence[T], count: int) -> list[T]:
        """`count` different ones, the earlier ones oftener."""
        left, taken = list(of), list[T]()
        while left and len(taken) < count:
            taken.append(left.pop(min(self.whole(0, len(left) - 1), self.whole(0, len(left) - 1))))
        return taken


@dataclass(frozen=True, slots=True)
class _Item:
    """What later tables need to know of an item."""

    code: str
    layer: int
    need_musd: float
    own: float
    suppliers: tuple[tuple[str, float], ...]


def synthetic_chain(
    technologies: int = 100, regions: int = 8, years: int = 8, projects: int = 150, seed: int = 0
) -> Chain:
    """A random chain of so many items, jurisdictions (home is R00), years of missions, and projects.

    Raises `ValueError` where the class needs more of something, or the items have no room for so many projects.
    """
    with tempfile.TemporaryDirectory() as folder:
        return read_chain(write_synthetic(Path(folder), technologies, regions, years, projects, seed))


def write_synthetic(
    folder: Path,
    technologies: int = 100,
    regions: int = 8,
    years: int = 8,
    projects: int = 150,
    seed: int = 0,
) -> Path:
    """The folder, with the package of such a chain in it."""
    for name, given, least in (
        ("technologies", technologies, 20),
        ("regions", regions, 5),
        ("years", years, 3),
        ("projects", projects, len(DISCIPLINES) + 1),
    ):
        if given < least:
            raise ValueError(f"{name} is {given}; it is at least {least}")
    streams = [_Draws(part) for part in np.random.SeedSequence(seed).spawn(7)]
    codes = [f"R{r:02d}" for r in range(regions)]
    made, items, supply = _items(streams[0], streams[1], technologies, codes)
    menu = _projects(streams[5], made, projects)
    tables: Tables = {
        "jurisdictions": [{"jurisdiction": code, "name": code} for code in codes],
        "items": items,
        "needs": _needs(streams[2], made),
        "supply": supply,
        "scenarios": [
            {"scenario": name, "name": name.title(), "probability": weight}
            for name, weight in SCENARIOS.items()
        ],
        "controls": _controls(streams[3], made, codes, years),
        "missions": _missions(streams[4], made, years),
        **menu,
        "pools": _pools(streams[6], menu, years),
    }
    tables["jurisdictions"][0]["demand_share"] = DEMAND
    name = f"synthetic-{technologies}-{regions}-{years}-{projects}-{seed}"
    for table, rows in tables.items():
        # Drawn, so known exactly: ranges other than those of the efforts would say nothing.
        known = {column: value for column, value in KNOWN.items() if column in dictionary()[table]}
        told = [row | known for row in rows]
        fields = list(dict.fromkeys(key for row in told for key in row))
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(told)
    write_package(folder, name=name, title="A made-up chain")
    return folder


def _items(
    draws: _Draws, trade: _Draws, count: int, codes: list[str]
) -> tuple[list[_Item], list[Row], list[Row]]:
    """The items, as later tables need to know them and as rows, and their supply."""
    made: list[_Item] = []
    items: list[Row] = []
    supply: list[Row] = []
    sizes = [max(2, round(part * count)) for part in PARTS]
    sizes[LAYERS.index("equipment")] += count - sum(sizes)
    for layer, size in enumerate(sizes):
        kind = KINDS[layer]
        for number in range(size):
            code = f"{LAYERS[layer]}-{number:03d}"
            market = round(60.0 * 2 ** draws.whole(0, 7) * draws.number(1, 2))
            row: Row = {"item": code, "name": code, "kind": kind, "stage": LAYERS[layer]}
            row |= {"market_musd": market, "surge": draws.number(0, 0.2), "difficulty": draws.whole(1, 5)}
            if kind == "tool":
                row["lifetime_years"] = draws.number(5, 15, 1)
            if kind in ("material", "software"):
                row["stock_months"] = draws.number(1, 6, 1)
            items.append(row)
            shares = _shares(trade, kind, codes)
            supply += [{"item": code, "jurisdiction": place, "share": share} for place, share in shares]
            own = min(1.0, dict(shares).get(HOME, 0.0) / DEMAND) if shares else 1.0
            abroad = tuple((place, share) for place, share in shares if place != HOME)
            made.append(_Item(code, layer, market * DEMAND, own, abroad))
    return made, items, supply


def _shares(draws: _Draws, kind: str, codes: list[str]) -> list[tuple[str, float]]:
    """World shares, home's first; none where home makes all it needs."""
    if kind == "product" or (kind == "process" and draws.chance(0.7)):
        return []
    low, high = (0.06, 0.14) if kind == "process" else (0.01, 0.09)
    home = 0.0 if draws.chance(0.35) else draws.number(low, high)
    if kind != "process" and draws.chance(0.15):
        home = draws.number(0.14, 0.2)
    places = draws.some(codes[1:], draws.whole(2, min(5, len(codes) - 1)))
    weights = [draws.number(0.7, 1.3) / (k + 1) ** 2 for k in range(len(places))]
    rest = [round((1.0 - home) * weight / sum(weights), 4) for weight in weights]
    return ([(HOME, home)] if home else []) + list(zip(places, rest, strict=True))


def _needs(draws: _Draws, made: list[_Item]) -> list[Row]:
    above = [[item for item in made if item.layer in USERS[layer]] for layer in range(len(LAYERS))]
    pairs: dict[tuple[str, str], _Item] = {}
    for item in made:
        if item.layer:
            pairs[draws.one(above[item.layer]).code, item.code] = item
    # A product needs a step of assembly, that one of fabrication, and that one of treatment.
    for user in made:
        if user.layer < 3:
            item = draws.one([one for one in made if one.layer == user.layer + 1])
            pairs[user.code, item.code] = item
    wanted = len(pairs) + len(made) // 4
    lower = [item for item in made if item.layer]
    while len(pairs) < wanted:
        item = draws.one(lower)
        pairs[draws.one(above[item.layer]).code, item.code] = item
    needs: list[Row] = []
    tools: dict[str, list[Row]] = {}
    for user_code, code in sorted(pairs):
        row: Row = {"item": user_code, "input": code, "group": None, "rate": 1}
        needs.append(row)
        if KINDS[pairs[user_code, code].layer] == "tool":
            tools.setdefault(user_code, []).append(row)
    for user_code, rows in tools.items():
        if len(rows) > 1 and draws.chance(0.4):
            part = draws.number(0.4, 0.7, 2)
            rows[0] |= {"group": f"{user_code}-tools", "rate": part}
            rows[1] |= {"group": f"{user_code}-tools", "rate": round(1 - part, 2)}
    return needs


def _controls(draws: _Draws, made: list[_Item], codes: list[str], years: int) -> list[Row]:
    third, first = int(365 * years / 3), date(FIRST_YEAR, 1, 1)
    begun = {scenario: draws.whole(0, third) for scenario in SCENARIOS}
    controls: list[Row] = []
    for wave in WAVES:
        after = draws.whole(begun[wave.scenario], third) if wave.later else begun[wave.scenario]
        start = first + timedelta(days=after)
        end = start + timedelta(days=draws.whole(*wave.days)) if wave.days else None
        for place in wave.controllers:
            for item in _listed(draws, made, codes[place], wave):
                row: Row = {"scenario": wave.scenario, "controller": codes[place], "target": HOME}
                row |= {"kind": wave.kind, "item": item, "start": start, "end": end, "threshold": 0.25}
                row |= {"reach": "extended" if draws.chance(wave.extended) else "direct"}
                controls.append(row | {"coverage": draws.number(*wave.coverage, 2)})
    return controls


def _listed(draws: _Draws, made: list[_Item], controller: str, wave: _Wave) -> list[str | None]:
    """The items that a wave names: at least one, or none where it takes everything."""
    if not wave.part:
        return [None]
    kept = [item for item in made if KINDS[item.layer] in wave.kinds]
    kept.sort(key=lambda item: -dict(item.suppliers).get(controller, 0.0))
    strong = [item for item in kept if dict(item.suppliers).get(controller, 0.0) > STRONG]
    return [item.code for item in strong if draws.chance(wave.part)] or [kept[0].code]


def _missions(draws: _Draws, made: list[_Item], years: int) -> list[Row]:
    rows: list[Row] = []
    for item in (item for item in made if item.layer == 0):
        mission: Row = {"mission": f"keep-{item.code}", "home": HOME, "product": item.code}
        target = draws.number(0.9, 1, 2)
        mission |= {"weight": draws.number(0.3, 1, 2), "counts_imports": "false"}
        for year in range(years):
            path = round(target + (1 - target) * year / (years - 1), 3)
            rows.append(mission | {"year": FIRST_YEAR + year, "target": path})
    return rows


def _projects(draws: _Draws, made: list[_Item], count: int) -> Tables:
    """Projects, with the routes and the staffing of those that develop."""
    exposed = [item for item in made if item.own < EXPOSED]
    room = dict.fromkeys(MIX, exposed)
    room["stockpile"] = [item for item in exposed if KINDS[item.layer] in ("software", "material")]
    room["build"] = [item for item in exposed if item.own > 0.1]
    wanted = count - len(DISCIPLINES)
    if wanted > sum(map(len, room.values())):
        raise ValueError(f"{len(exposed)} exposed items have no room for {count} projects")
    number = {kind: min(round(part * wanted), len(room[kind])) for kind, part in MIX.items()}
    while sum(number.values()) != wanted:
        more = sum(number.values()) < wanted
        kind = draws.one([k for k in MIX if (number[k] < len(room[k]) if more else number[k] > 0)])
        number[kind] += 1 if more else -1
    tables: Tables = {"projects": [], "routes": [], "staffing": []}
    for kind in MIX:
        for item in sorted(draws.some(room[kind], number[kind]), key=lambda one: one.code):
            tables["projects"].append(_project(draws, kind, item))
            if kind == "develop":
                _routes(draws, item, tables)
    for discipline, people in _people(tables).items():
        graduates = max(1, round(draws.number(0.04, 0.08) * PEOPLE * people))
        row: Row = {"project": f"train-{discipline}", "kind": "train", "resource": discipline}
        row |= {"capacity": graduates, "ramp_years": draws.whole(2, 3), "capex_musd": 2 * graduates}
        tables["projects"].append(row)
    return tables


def _project(draws: _Draws, kind: str, item: _Item) -> Row:
    row: Row = {"project": f"{kind}-{item.code}", "item": item.code, "kind": kind}
    if kind == "stockpile":
        size, price = draws.number(0.3, 0.8) * (1 - item.own), 1.1
        row["ramp_years"] = 1
    else:
        size = draws.number(*(BREAKTHROUGH if kind == "develop" else SUPPORT)) * (1 - item.own)
        price = draws.number(0.5, 1.5)
        row["ramp_years"] = draws.number(1, 3, 1)
    if kind == "diversify":
        row["jurisdiction"] = draws.one(item.suppliers[1:])[0]
    if kind == "attract":
        row["jurisdiction"] = draws.one(item.suppliers)[0]
    if draws.chance(0.2):
        row["earliest"] = FIRST_YEAR + 1
    return row | {"capacity": round(size, 3), "capex_musd": round(size * item.need_musd * price, 1)}


def _routes(draws: _Draws, item: _Item, tables: Tables) -> None:
    """One route, or two rivals: the second one is cheaper and less certain."""
    project, correlation = f"develop-{item.code}", draws.number(0.2, 0.5, 2)
    research_musd = item.need_musd / DEMAND * draws.number(*RESEARCH)
    for name in ("known", "rival")[: 1 + draws.chance(0.8)]:
        rival = name == "rival"
        team_year_musd = draws.number(15, 35, 1)
        effort = research_musd * (draws.number(0.5, 0.8) if rival else 1.0) / team_year_musd
        effort = max(1.0, round(effort, 1))
        teams = max(1, round(effort / draws.number(1, 2.5)))
        row: Row = {"project": project, "route": name, "effort_team_years": effort}
        row["effort_team_years_low"] = round(0.5 * effort, 1)
        row["effort_team_years_high"] = round(effort * draws.number(2, 3.5), 1)
        row["feasibility"] = draws.number(0.3, 0.7, 2) if rival else draws.number(0.5, 0.95, 2)
        row |= {"correlation": correlation, "team_year_musd": team_year_musd}
        row |= {"teams_min": max(1, teams // 2), "teams_max": teams, "gate_years": draws.number(1, 2.5, 1)}
        tables["routes"].append(row)
        first = draws.whole(0, len(DISCIPLINES) - 1)
        for discipline in (DISCIPLINES * 2)[first : first + draws.whole(1, 2)]:
            people = {"project": project, "route": name, "resource": discipline}
            tables["staffing"].append(people | {"per_team": draws.whole(15, 45)})


def _people(menu: Tables) -> dict[str, float]:
    """What all routes at once would take of each discipline."""
    teams = {(row["project"], row["route"]): row["teams_max"] for row in menu["routes"]}
    found = dict.fromkeys(DISCIPLINES, 0.0)
    for row in menu["staffing"]:
        found[row["resource"]] += row["per_team"] * teams[row["project"], row["route"]]
    return found


def _pools(draws: _Draws, menu: Tables, years: int) -> list[Row]:
    pools: list[Row] = []
    routes = menu["routes"]
    for discipline, people in _people(menu).items():
        pool: Row = {"contributor": "Universities", "resource": discipline, "unit": "people"}
        pool["amount"] = round(PEOPLE * people)
        pools += [pool | {"year": FIRST_YEAR + year} for year in range(years)]
    research = sum(row["effort_team_years"] * row["team_year_musd"] for row in routes)
    total = MONEY * (research + sum(row["capex_musd"] for row in menu["projects"]))
    # Contributor, part of all money, terms.
    terms: list[tuple[str, float, Row]] = [
        ("Treasury", 0.5, {}),
        ("Industry", 0.25, {"match_ratio": draws.number(0.5, 1, 2)}),
        ("Regions", 0.15, {"earmark_stage": "equipment", "paid_in": 0.85}),
        ("Regions", 0.1, {"earmark_stage": "materials", "paid_in": 0.85}),
    ]
    # Programmes start small: the last year has nearly six times the money of the first.
    slope = [0.3 + 1.4 * year / (years - 1) for year in range(years)]
    for contributor, part, term in terms:
        pledged = part * total / term.get("paid_in", 1.0)
        pool = {"contributor": contributor, "resource": "money", "unit": "musd"} | term
        pools += [
            pool | {"year": FIRST_YEAR + year, "amount": round(pledged * slope[year] / sum(slope), 1)}
            for year in range(years)
        ]
    return pools
