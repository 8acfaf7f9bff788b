"""Write pools.csv of the examples: who pays, when, under which earmarks; and the people and places there are.

    python tools/build_pools.py FOLDER...

Published totals are spread evenly over the years in which they are called, at the exchange rate of the day that is
named. What is published is the total; its spread, its range and how much is paid in are assumptions.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Range = tuple[float, float, float]
Row = dict[str, Any]


@dataclass(frozen=True)
class Money:
    """One contributor's money: `total` of its currency (billion), called evenly from `first` to `last`."""

    contributor: str
    home: str
    first: int
    last: int
    total: float
    per_usd: float
    source: str
    spread: tuple[float, float] = (0.7, 1.3)
    paid_in: Range = (1.0, 1.0, 1.0)
    match_ratio: float | None = None
    jurisdiction: str = ""
    earmarks: dict[str, str] = field(default_factory=dict)
    note: str = ""


FUND_III = (
    "Big Fund III, May 2024: 344 bn RMB of 19 shareholders, paid within ten years (TrendForce, 27 May 2024)"
)
LATER = (
    "; 93 bn RMB went to a first tranche of December 2024, the rest is taken to be called evenly in 2026-33"
)
RMB, JPY, KRW, EUR, TWD, INR = 7.24, 150.0, 1364.0, 0.926, 32.4, 84.0
REST_III = 344 - 93
CHIPS = "CHIPS and Science Act: 39 bn USD of incentives, direct awards 5 to 15 % of capital (fierceelectronics.com)"
ECA = "European Court of Auditors, special report of April 2025: 86 bn EUR until 2030, 4.5 bn of it the Commission's"
IPCEI = "IPCEI ME/CT, June 2023: 8.1 bn EUR public, 13.7 bn EUR private (evertiq.com 53854)"
OURS = "our assumption"
LAST = 2035


def shareholder(name: str, part: float, paid_in: Range) -> Money:
    """A shareholder of Big Fund III with its part of what is still to be called."""
    return Money(
        f"Big Fund III: {name}", "CHN", 2026, 2033, part * REST_III, RMB, FUND_III, (0.8, 1.0), paid_in,
        note=f"{part:.2%} of 251 bn RMB{LATER}",
    )  # fmt: skip


CHINA = (
    Money("Big Fund III: first tranche", "CHN", 2026, 2030, 93, RMB, "93 bn RMB for tools and materials, December 2024",
          (0.6, 1.0), earmarks={"earmark_stage": "fabrication"},
          note="the stage of tools and materials; invested evenly over five years"),
    shareholder("Ministry of Finance", 0.1744, (0.95, 1.0, 1.0)),
    shareholder("CDB Capital", 0.1047, (0.9, 0.98, 1.0)),
    shareholder("Shanghai Guosheng", 0.0872, (0.7, 0.9, 1.0)),
    shareholder("six state banks", 114 / 344, (0.9, 0.98, 1.0)),
    shareholder("other shareholders", 1 - 0.1744 - 0.1047 - 0.0872 - 114 / 344, (0.5, 0.75, 0.95)),
    Money("Local guidance funds", "CHN", 2026, LAST, 60 * RMB, RMB,
          "CSET, March 2021: 1,741 funds raised 43 % of their target; pledge for chokepoints: our assumption",
          (0.5, 1.5), (0.3, 0.43, 0.6), 0.5,
          note="6 bn USD a year pledged; at most half of what others put in, as the rule of 2017 for car subsidies"),
    Money("Local guidance funds", "CHN", 2026, LAST, 20 * RMB, RMB,
          "CSET, March 2021: 1,741 funds raised 43 % of their target; pledge: our assumption",
          (0.5, 1.5), (0.3, 0.43, 0.6), earmarks={"earmark_kind": "build"},
          note="2 bn USD a year pledged for plant in the region"),
    Money("Enterprises", "CHN", 2026, LAST, 25 * RMB, RMB, "R&D of listed tool and material makers, " + OURS,
          (0.6, 1.6), (0.8, 0.9, 1.0), 1.0, note="2.5 bn USD a year, a unit for each of others"),
)  # fmt: skip
USA = (
    Money("CHIPS incentives", "USA", 2026, 2031, 39 * 6 / 7, 1, CHIPS, (0.6, 1.0), (0.7, 0.9, 1.0), 0.18,
          note="39 bn USD over the milestones of 2025-31; 15 to 85 of others is 0.18"),
    Money("CHIPS R&D", "USA", 2026, 2027, 4.4, 1, "CHIPS and Science Act: 11 bn USD for R&D over five years",
          (0.5, 1.0), (0.3, 0.6, 0.9), earmarks={"earmark_kind": "develop"}, note="2.2 bn USD a year of 2023-27"),
    Money("CHIPS R&D, renewed", "USA", 2028, LAST, 8.8, 1, OURS + ": half of the CHIPS R&D programme goes on",
          (0.0, 2.0), (0.3, 0.6, 0.9), earmarks={"earmark_kind": "develop"}),
    Money("Companies", "USA", 2026, LAST, 100, 1, OURS + ": 10 bn USD a year for what the menu holds",
          (0.5, 2.0), (0.8, 0.9, 1.0), 5.67, note="85 to 15 of public money: they come where an award is given"),
)  # fmt: skip
JAPAN = (
    Money("METI: research aid", "JPN", 2026, 2030, 1722.5 * 5 / 4, JPY,
          "Rapidus: 1.7225 trn JPY of state aid by FY2025 (nippon.com); that its pace goes on: our assumption",
          (0.4, 1.2), (0.8, 0.9, 1.0), earmarks={"earmark_kind": "develop"}, note="431 bn JPY a year"),
    Money("METI: specified critical products", "JPN", 2026, 2030, 368.6, JPY,
          "368.6 bn JPY for capital, with ten years of guaranteed production (Nikkei Asia)", (0.7, 1.5),
          match_ratio=0.5, note="a third of the capital: 0.5 of what others put in; 74 bn JPY a year"),
    Money("Economic security fund, later", "JPN", 2031, LAST, 1200, JPY, OURS + ": 240 bn JPY a year",
          (0.0, 2.0), (0.5, 0.8, 1.0)),
    Money("Companies", "JPN", 2026, LAST, 1675, JPY, "Rapidus: 167.6 bn JPY of 32 companies (nippon.com), taken to be "
          "a year's engagement; our assumption", (0.5, 2.0), (0.8, 0.9, 1.0), 1.0, note="168 bn JPY a year"),
)  # fmt: skip
KOREA = (
    Money("Materials, parts and equipment account", "KOR", 2026, LAST, 25_500, KRW,
          "budget of 2021: KRW 2.55 trn (Business Korea); that it goes on: our assumption", (0.6, 1.4),
          note="KRW 2.55 trn a year"),
    Money("Companies", "KOR", 2026, LAST, 20_460, KRW, OURS + ": 1.5 bn USD a year", (0.5, 2.0), (0.8, 0.9, 1.0), 1.0),
)  # fmt: skip
EUROPE = (
    Money("European Commission", "EUU", 2026, 2030, 2.25, EUR, ECA, (0.8, 1.2),
          note="4.5 bn EUR in 2021-30, evenly"),
    Money("IPCEI: member states", "EUU", 2026, 2032, 8.1 * 7 / 10, EUR, IPCEI, (0.7, 1.1), (0.8, 0.9, 1.0), 0.59,
          note="8.1 bn EUR in 2023-32, evenly; 8.1 to 13.7 is 0.59"),
    Money("IPCEI: companies", "EUU", 2026, 2032, 13.7 * 7 / 10, EUR, IPCEI, (0.5, 1.1), (0.6, 0.8, 1.0), 1.69),
    Money("Member states and industry", "EUU", 2026, 2030, 59.7 / 2, EUR, ECA, (0.5, 1.0), (0.3, 0.585, 0.8),
          earmarks={"earmark_kind": "build"},
          note="what is left of 86 bn EUR, mostly for plant; paid in as the forecast to the target: 11.7 to 20 %"),
    Money("European Commission, next budget", "EUU", 2031, LAST, 2.25, EUR, OURS + ": goes on", (0.5, 3.0)),
    Money("Member states, later", "EUU", 2031, LAST, 10, EUR, OURS + ": 2 bn EUR a year", (0.2, 2.0), (0.4, 0.6, 0.9)),
)  # fmt: skip
TAIWAN = (
    Money("Chip-based Industrial Innovation Program", "TWN", 2026, 2033, 240, TWD,
          "Executive Yuan, November 2023: NT$300 bn in 2024-33", (0.6, 1.2), (0.8, 0.9, 1.0),
          note="NT$30 bn a year"),
    Money("Companies", "TWN", 2026, LAST, 648, TWD, OURS + ": 2 bn USD a year", (0.5, 2.0), (0.8, 0.9, 1.0), 1.0),
)  # fmt: skip

RMB_19, JPY_19, EUR_19, TWD_19 = 6.9, 109.0, 0.893, 30.9
CHIPS_2021 = (
    Money("Big Fund II", "CHN", 2019, 2023, 204.15, RMB_19, "204.15 bn RMB of 27 shareholders, October 2019 (Yicai)",
          (0.8, 1.0), (0.7, 0.9, 1.0), note="called evenly over five years"),
    Money("Big Fund, a third phase", "CHN", 2024, 2028, 204.15, RMB_19, OURS + ": a third phase like the second",
          (0.5, 1.7), (0.6, 0.85, 1.0)),
    Money("Local guidance funds", "CHN", 2019, 2028, 60 * RMB_19, RMB_19,
          "CSET, March 2021: 1,741 funds raised 43 % of their target; pledge: our assumption",
          (0.5, 1.5), (0.3, 0.43, 0.6), 0.5, note="6 bn USD a year pledged"),
    Money("Enterprises", "CHN", 2019, 2028, 10 * RMB_19, RMB_19, "R&D of tool and material makers, " + OURS,
          (0.6, 1.6), (0.8, 0.9, 1.0), 1.0, note="1 bn USD a year"),
    Money("CHIPS incentives", "USA", 2023, 2028, 39, 1, CHIPS, (0.6, 1.0), (0.7, 0.9, 1.0), 0.18,
          note="called evenly from 2023 on"),
    Money("CHIPS R&D", "USA", 2023, 2027, 11, 1, "CHIPS and Science Act: 11 bn USD for R&D over five years",
          (0.5, 1.0), (0.5, 0.8, 1.0), earmarks={"earmark_kind": "develop"}),
    Money("Companies", "USA", 2019, 2028, 100, 1, OURS + ": 10 bn USD a year", (0.5, 2.0), (0.8, 0.9, 1.0), 5.67),
    Money("METI: research aid", "JPN", 2021, 2028, 1722.5, JPY_19,
          "Rapidus and before: 1.7225 trn JPY of state aid by FY2025 (nippon.com), spread by us", (0.4, 1.2),
          (0.8, 0.9, 1.0)),
    Money("Companies", "JPN", 2019, 2028, 1676, JPY_19, OURS + ": 168 bn JPY a year", (0.5, 2.0), (0.8, 0.9, 1.0), 1.0),
    Money("Materials, parts and equipment account", "KOR", 2019, 2019, 1090, 1166, "budget of 2019: KRW 1.09 trn "
          "(Business Korea)", (1.0, 1.0)),
    Money("Materials, parts and equipment account", "KOR", 2020, 2020, 2070, 1180, "budget of 2020: KRW 2.07 trn "
          "(Business Korea)", (1.0, 1.0)),
    Money("Materials, parts and equipment account", "KOR", 2021, 2021, 2550, 1144, "budget of 2021: KRW 2.55 trn "
          "(Business Korea)", (1.0, 1.0)),
    Money("Materials, parts and equipment account", "KOR", 2022, 2028, 17_850, 1144, "budget of 2021, KRW 2.55 trn, "
          "that it goes on: our assumption", (0.6, 1.4)),
    Money("Companies", "KOR", 2019, 2028, 17_000, 1144, OURS + ": 1.5 bn USD a year", (0.5, 2.0), (0.8, 0.9, 1.0), 1.0),
    Money("European Commission", "EUU", 2021, 2028, 3.6, EUR_19, ECA, (0.8, 1.2)),
    Money("IPCEI: member states", "EUU", 2023, 2028, 4.86, EUR_19, IPCEI, (0.7, 1.1), (0.8, 0.9, 1.0), 0.59),
    Money("IPCEI: companies", "EUU", 2023, 2028, 8.22, EUR_19, IPCEI, (0.5, 1.1), (0.6, 0.8, 1.0), 1.69),
    Money("Companies and ministries", "TWN", 2019, 2028, 618, TWD_19, OURS + ": 2 bn USD a year", (0.5, 2.0),
          (0.8, 0.9, 1.0)),
)  # fmt: skip

MINERALS = (
    Money("Defense: critical minerals", "USA", 2026, 2029, 5.5, 1,
          "Public Law 119-21, July 2025, section 20004: 5 bn USD to invest, 0.5 bn for loans", (0.6, 1.0),
          (0.7, 0.9, 1.0), note="called evenly over four years"),
    Money("National Defense Stockpile", "USA", 2026, 2029, 2, 1,
          "Public Law 119-21, July 2025, section 20004: 2 bn USD", (0.8, 1.0), earmarks={"earmark_kind": "stockpile"}),
    Money("Defense Production Act", "USA", 2026, 2027, 1, 1, "Public Law 119-21, July 2025, section 30004: 1 bn USD",
          (0.6, 1.0), (0.7, 0.9, 1.0), 1.0),
    Money("Companies", "USA", 2026, LAST, 30, 1, OURS + ": 3 bn USD a year", (0.3, 2.0), (0.7, 0.85, 1.0), 2.0),
    Money("RESourceEU", "EUU", 2026, 2026, 3, EUR, "European Commission, 3 December 2025: 3 bn EUR within a year",
          (0.7, 1.0), (0.7, 0.9, 1.0)),
    Money("EIB and Commission, later", "EUU", 2027, LAST, 18, EUR, OURS + ": 2 bn EUR a year, the EIB's figure of 2025",
          (0.3, 1.5), (0.7, 0.9, 1.0)),
    Money("Companies", "EUU", 2026, LAST, 20, EUR, OURS + ": 2 bn EUR a year", (0.3, 2.0), (0.7, 0.85, 1.0), 2.0),
    Money("JOGMEC", "JPN", 2026, LAST, 1500, JPY, OURS + ": 150 bn JPY a year, the order of its budgets since 2022",
          (0.5, 1.5)),
    Money("Trading houses", "JPN", 2026, LAST, 1500, JPY, OURS + ": 150 bn JPY a year", (0.3, 2.0), (0.7, 0.85, 1.0),
          1.0, earmarks={"earmark_kind": "diversify"}),
    Money("Supply Chain Stabilization Fund", "KOR", 2026, LAST, 20_000, KRW,
          "KRW 10 trn in 2025 for all supply chains (Korea Times); a fifth of it a year: our assumption", (0.3, 1.5)),
    Money("Companies", "KOR", 2026, LAST, 13_640, KRW, OURS + ": 1 bn USD a year", (0.3, 2.0), (0.7, 0.85, 1.0), 1.0),
    Money("National Critical Mineral Mission", "IND", 2026, 2030, 163 * 5 / 7, INR,
          "Union Cabinet, 29 January 2025: 16,300 crore INR over seven years", (0.7, 1.0), (0.7, 0.9, 1.0),
          note="23 bn INR a year"),
    Money("Public sector companies", "IND", 2026, 2030, 180 * 5 / 7, INR,
          "Union Cabinet, 29 January 2025: 18,000 crore INR of public companies", (0.5, 1.0), (0.4, 0.7, 0.95), 1.1),
    Money("Mission and companies, later", "IND", 2031, LAST, 250, INR, OURS + ": the pace goes on", (0.3, 2.0),
          (0.5, 0.75, 1.0)),
    Money("State banks: mines abroad", "CHN", 2026, LAST, 27 * RMB, RMB,
          "AidData, January 2025: 57 bn USD of loans for transition minerals in 2000-21, its yearly mean",
          (0.5, 2.0), (0.8, 0.9, 1.0), earmarks={"earmark_kind": "diversify"}),
    Money("Central and local funds", "CHN", 2026, LAST, 30 * RMB, RMB, OURS + ": 3 bn USD a year", (0.5, 2.0),
          (0.6, 0.8, 1.0)),
)  # fmt: skip

# home: employed in the trade (thousand), part that a programme can draw on, source
CHIP_PEOPLE = {
    "CHN": (
        164.3,
        "Arm China survey: 164,300 supplied, 199,300 wanted in 2022; gap put at 35,000 to 300,000",
    ),
    "USA": (345.0, "SIA and Oxford Economics, July 2023: 345,000 employed, 67,000 short by 2030"),
    "JPN": (170.0, "about 170,000 employed, our estimate"),
    "KOR": (177.0, "about 177,000 employed in 2021, our estimate"),
    "TWN": (290.0, "about 290,000 employed, our estimate"),
    "EUU": (200.0, "about 200,000 employed, our estimate"),
}
CHIP_MIX = {"process": 0.30, "precision-mechanics": 0.25, "software": 0.20, "materials": 0.15, "optics": 0.10}
DRAWN = "; a programme draws on a tenth of them (5 to 15 %) and on {mix:.0%} of those in this trade: our assumptions"
MINERAL_PEOPLE = {"USA": 2.5, "EUU": 3.0, "JPN": 2.5, "KOR": 2.0, "CHN": 10.0, "IND": 3.0}
MINERAL_MIX = {"materials": 0.6, "process": 0.4}
CHIP_PLACES = {"test-line": 0.5, "cleanroom": 0.2}
MINERAL_PLACES = {"test-line": 0.5}
TEAM = 50
INVESTORS = ("USA", "JPN", "NLD", "KOR", "TWN", "DEU")
MINERS = ("AUS", "CHL", "CAN", "IDN", "JPN", "KOR", "USA", "MYS")


def money_rows(money: Money) -> Iterator[Row]:
    """One row a year."""
    amount = money.total / money.per_usd / (money.last - money.first + 1) * 1000
    low, high = money.spread
    for year in range(money.first, money.last + 1):
        yield {
            "contributor": money.contributor, "home": money.home, "resource": "money", "year": year, "unit": "musd",
            **_ranged("amount", (low * amount, amount, high * amount)), **_ranged("paid_in", money.paid_in),
            "match_ratio": money.match_ratio, "jurisdiction": money.jurisdiction or money.home, **money.earmarks,
            "basis": "assumed", "source": money.source,
            "note": "; ".join(part for part in (money.note, _rate(money)) if part),
        }  # fmt: skip


def _rate(money: Money) -> str:
    return (
        ""
        if money.per_usd == 1
        else f"{money.total:,.4g} bn at {money.per_usd:g} per USD in {money.first}-{money.last}"
    )


def investors(home: str, known: tuple[str, ...], musd: float, first: int, last: int) -> Iterator[Row]:
    """Foreign companies that bring 85 for each 15 of home, to attract projects of their own country alone."""
    for place in known:
        if place != home:
            yield from money_rows(
                Money(f"Investors from {place}", home, first, last, musd * (last - first + 1) / 1000, 1,
                      OURS + f": {musd:g} million USD a year", (0.2, 2.0), (0.7, 0.85, 1.0), 5.67, place,
                      {"earmark_kind": "attract", "earmark_jurisdiction": place},
                      "85 to 15 of home's money (CHIPS direct awards); a capital control of its country stops it")
            )  # fmt: skip


def talent_rows(
    home: str,
    people: float,
    mix: dict[str, float],
    places: dict[str, float],
    source: str,
    years: range,
) -> Iterator[Row]:
    """People by discipline and places by facility: enough places for nine tenths of the teams."""
    counts = [(f"talent/{name}", "people", part * people, part) for name, part in mix.items()]
    counts += [
        (f"facility/{name}", "places", 0.9 * part * people / TEAM, 0.0) for name, part in places.items()
    ]
    for resource, unit, amount, part in counts:
        said = (
            source + DRAWN.format(mix=part)
            if part
            else OURS + ": room for nine tenths of the teams there are"
        )
        for year in years:
            yield {
                "contributor": f"{home}: {'workforce' if part else 'laboratories'}", "home": home,
                "resource": resource, "year": year, "unit": unit,
                **_ranged("amount", (0.5 * amount, amount, 1.5 * amount)), **_ranged("paid_in", (1, 1, 1)),
                "jurisdiction": home, "basis": "assumed", "source": said,
            }  # fmt: skip


def _ranged(column: str, values: Range) -> Row:
    low, central, high = (float(f"{value:.4g}") for value in values)
    return {column: central, f"{column}_low": low, f"{column}_high": high}


def pools(chain: str) -> Iterator[Row]:
    """All rows of an example, by its folder's name."""
    if chain == "critical-minerals":
        for money in MINERALS:
            yield from money_rows(money)
        for home, thousand in MINERAL_PEOPLE.items():
            yield from investors(home, MINERS, 300, 2026, LAST)
            yield from talent_rows(
                home, 1000 * thousand, MINERAL_MIX, MINERAL_PLACES, "our estimate of metallurgists and engineers",
                range(2026, LAST + 1),
            )  # fmt: skip
        return
    first = 2019 if chain.endswith("2021") else 2026
    for money in CHIPS_2021 if first == 2019 else (*CHINA, *USA, *JAPAN, *KOREA, *EUROPE, *TAIWAN):
        yield from money_rows(money)
    for home, (thousand, source) in CHIP_PEOPLE.items():
        yield from investors(home, INVESTORS, 500, first, first + 9)
        yield from talent_rows(home, 100 * thousand, CHIP_MIX, CHIP_PLACES, source, range(first, first + 15))


COLUMNS = (
    "contributor", "home", "resource", "year", "amount", "amount_low", "amount_high", "unit", "paid_in",
    "paid_in_low", "paid_in_high", "match_ratio", "jurisdiction", "earmark_stage", "earmark_kind",
    "earmark_item", "earmark_jurisdiction", "basis", "source", "note",
)  # fmt: skip


def main(folders: list[str]) -> None:
    """Write pools.csv into every folder."""
    for folder in folders:
        path = Path(folder)
        with (path / "pools.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(pools(path.resolve().name))


if __name__ == "__main__":
    main(sys.argv[1:])
