"""Write items.csv, needs.csv and supply.csv of examples/critical-minerals from the IEA data file.

    python tools/build_minerals.py PATH/TO/iea.json [FOLDER]

The file is the IEA Critical Minerals Data Explorer as one JSON document (CC BY 4.0). Only facts are restated:
tonnages of 2024 become shares. What the file does not hold (prices, magnets, producers that it counts under
"Rest of world") stands in this script, each with its source. The other tables of the folder are kept by hand.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

Ranged = tuple[float, float | None, float | None]
"""A central value with its low and high, None where it is measured."""

YEAR = "2024"
IEA = "IEA Critical Minerals Data Explorer 2024, CC BY 4.0"

CODES = {
    "Argentina": "ARG", "Australia": "AUS", "Brazil": "BRA", "Canada": "CAN", "Chile": "CHL", "China": "CHN",
    "Democratic Republic of Congo": "COD", "Finland": "FIN", "Germany": "DEU", "India": "IND",
    "Indonesia": "IDN", "Japan": "JPN", "Madagascar": "MDG", "Malaysia": "MYS", "Mozambique": "MOZ",
    "Myanmar": "MMR", "New Caledonia": "NCL", "Peru": "PER", "Philippines": "PHL", "Russia": "RUS",
    "Sweden": "SWE", "Tanzania": "TZA", "United States": "USA", "Zimbabwe": "ZWE", "Rest of world": "VAR",
}  # fmt: skip

# code, name in the file, name shown, refined price in USD a tonne of content, part of it that the mined
# material is worth, difficulty of refining, headings of the Harmonized System (mined, refined)
MINERALS = (
    ("copper", "Copper", "copper", 9_150, 0.90, 1, "2603", "7403"),
    ("cobalt", "Cobalt", "cobalt", 26_000, 0.60, 2, "2605", "8105"),
    ("lithium", "Lithium", "lithium chemicals", 69_000, 0.60, 2, "253090", "283691"),
    ("nickel", "Nickel", "nickel", 16_800, 0.30, 2, "2604", "7502"),
    ("graphite", "Graphite", "battery-grade graphite", 5_000, 0.20, 3, "2504", "3801"),
    ("rare-earths", "Rare Earth Elements", "magnet rare earths", 65_000, 0.45, 3, "253090", "2846"),
)
PRICES = (
    "tonnage of IEA times a rounded average price of 2024 (London Metal Exchange for metals; lithium "
    "carbonate at 13 USD/kg in lithium content; blended anode graphite; blended oxides of Nd, Pr, Dy, Tb), "
    "our estimate"
)
ORE_VALUE = "; mined material valued at a payable part of {part:.0%} of the refined price, our assumption"

# Producers that the IEA file counts under "Rest of world", and magnets, which it does not hold:
# (item, jurisdiction, share, low, high, source). Shares under "Rest of world" are taken from VAR.
EXTRA: tuple[tuple[str, str, float, float, float, str], ...] = (
    ("copper-refined", "COD", 0.093, 0.080, 0.100, "estimate after ICSG and USGS (about 2.5 Mt in 2024)"),
    ("copper-refined", "EUU", 0.096, 0.085, 0.105, "estimate after ICSG and USGS (about 2.6 Mt in 2024)"),
    ("copper-refined", "USA", 0.033, 0.030, 0.036, "estimate after USGS (about 0.9 Mt in 2024)"),
    ("copper-refined", "KOR", 0.023, 0.020, 0.026, "estimate after USGS (about 0.6 Mt in 2024)"),
    ("copper-mined", "EUU", 0.035, 0.030, 0.042, "estimate after USGS (Poland, Spain, Bulgaria, Sweden)"),
    ("nickel-refined", "JPN", 0.043, 0.030, 0.055, "estimate after INSG (about 0.15 Mt in 2024)"),
    ("lithium-refined", "USA", 0.012, 0.005, 0.018, "estimate; the IEA file leaves 2 % to all others"),
    ("graphite-refined", "KOR", 0.014, 0.008, 0.018, "estimate (one anode maker); the IEA file leaves 1.8 %"),
    ("rare-earths-refined", "EUU", 0.008, 0.004, 0.012, "estimate (one plant in Estonia, one in France)"),
)
MAGNET_SOURCE = "IEA commentary, October 2025: China makes 94 % of permanent magnets"
MAGNETS = (
    ("CHN", 0.94, 0.92, 0.95, MAGNET_SOURCE),
    ("JPN", 0.04, 0.03, 0.05, "estimate of what China leaves"),
    ("EUU", 0.008, 0.004, 0.01, "estimate of what China leaves"),
    ("VAR", 0.012, 0.005, 0.02, "what is left"),
)

# code, name, kind, stage
MADE = (
    ("needle-coke", "Needle coke (feedstock of synthetic graphite)", "process", "refining"),
    ("permanent-magnets", "Rare-earth permanent magnets", "material", "components"),
    ("cells-nickel", "Battery cells with nickel and cobalt", "process", "components"),
    ("cells-lfp", "Battery cells without nickel and cobalt (LFP)", "process", "components"),
    ("motors-magnet-free", "Traction motors without permanent magnets", "process", "components"),
    ("generators-magnet-free", "Wind generators without permanent magnets", "process", "components"),
    ("electric-vehicles", "Electric vehicles", "product", "use"),
    ("grid-storage", "Grid battery storage", "product", "use"),
    ("wind-turbines", "Wind turbines", "product", "use"),
    ("solar-pv", "Solar PV", "product", "use"),
    ("electricity-networks", "Electricity networks", "product", "use"),
)
MIX_EV = "world mix of EV batteries 2024: LFP nearly half (IEA Global EV Outlook 2025), rounded"
MIX_GRID = "grid storage is mostly LFP; the nickel cells in it are left out"
MIX_MOTOR = "most EV motors hold rare-earth magnets, rounded assumption"
MIX_WIND = "about a third of new wind capacity has magnet generators, rounded assumption"
MIX_ANODE = "about three quarters of anode graphite is synthetic, rounded assumption"
SECTOR = "IEA: {tech} used {kt:,.3g} kt of {mineral} in 2024"
# item, input, group, rate, source ("": the tonnage of the sector in the file). The rates of a group are the
# base-year mix, which is their low; their high is how far an input could replace the other: half again.
NEEDS: tuple[tuple[str, str, str, float, str], ...] = (
    ("graphite-refined", "graphite-mined", "feedstock", 0.25, MIX_ANODE),
    ("graphite-refined", "needle-coke", "feedstock", 0.75, MIX_ANODE),
    ("permanent-magnets", "rare-earths-refined", "", 1, "composition of Nd-Fe-B magnets"),
    ("cells-nickel", "nickel-refined", "", 1, "composition of nickel cathodes"),
    ("cells-nickel", "cobalt-refined", "", 1, "composition of nickel cathodes"),
    ("cells-nickel", "lithium-refined", "", 1, "composition of lithium-ion cells"),
    ("cells-nickel", "graphite-refined", "", 1, "composition of lithium-ion cells"),
    ("cells-nickel", "copper-refined", "", 1, "composition of lithium-ion cells (foil)"),
    ("cells-lfp", "lithium-refined", "", 1, "composition of lithium-ion cells"),
    ("cells-lfp", "graphite-refined", "", 1, "composition of lithium-ion cells"),
    ("cells-lfp", "copper-refined", "", 1, "composition of lithium-ion cells (foil)"),
    ("motors-magnet-free", "copper-refined", "", 1, "composition of wound-rotor motors"),
    ("generators-magnet-free", "copper-refined", "", 1, "composition of wound-rotor generators"),
    ("electric-vehicles", "cells-nickel", "cells", 0.5, MIX_EV),
    ("electric-vehicles", "cells-lfp", "cells", 0.5, MIX_EV),
    ("electric-vehicles", "permanent-magnets", "motor", 0.85, MIX_MOTOR),
    ("electric-vehicles", "motors-magnet-free", "motor", 0.15, MIX_MOTOR),
    ("electric-vehicles", "copper-refined", "", 1, ""),
    ("grid-storage", "cells-lfp", "", 1, MIX_GRID),
    ("grid-storage", "copper-refined", "", 1, ""),
    ("wind-turbines", "permanent-magnets", "generator", 0.35, MIX_WIND),
    ("wind-turbines", "generators-magnet-free", "generator", 0.65, MIX_WIND),
    ("wind-turbines", "copper-refined", "", 1, ""),
    ("wind-turbines", "nickel-refined", "", 1, ""),
    ("solar-pv", "copper-refined", "", 1, ""),
    ("electricity-networks", "copper-refined", "", 1, ""),
)  # fmt: skip
SECTORS = {
    "electric-vehicles": "Electric vehicles", "grid-storage": "Grid battery storage", "wind-turbines": "Wind",
    "solar-pv": "Solar PV", "electricity-networks": "Electricity networks",
}  # fmt: skip


def tonnages(data: dict[str, Any], mineral: str, stage: str) -> dict[str, float]:
    """Jurisdiction -> kilotonnes of 2024.

    Two footnotes parsed as countries have no tonnage and drop out. Where the file lists a sixth country, its tonnage
    is in "Rest of world" once more; so that is taken as what the named countries leave of the file's total.
    """
    part = data["supply"][mineral][stage]
    amounts = {CODES[name]: values[YEAR] for name, values in part["countries"].items() if values[YEAR]}
    named = sum(amount for place, amount in amounts.items() if place != "VAR")
    return amounts | {"VAR": part["total"][YEAR] - named}


def supply_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Shares of the world's tonnage, with the producers of `EXTRA` taken out of "Rest of world"."""
    rows = []
    for code, mineral, *_ in MINERALS:
        for stage, suffix in (("mining", "mined"), ("refining", "refined")):
            item, amounts = f"{code}-{suffix}", tonnages(data, mineral, stage)
            total = sum(amounts.values())
            extra = [row for row in EXTRA if row[0] == item]
            for place, amount in amounts.items():
                source, note = f"{IEA}, {stage} of {mineral.lower()}", f"{amount:,.1f} of {total:,.1f} kt"
                shares: Ranged = (amount / total, None, None)
                if place == "VAR" and extra:
                    share = amount / total
                    shares = (
                        share - sum(row[2] for row in extra),
                        share - sum(row[4] for row in extra),
                        share - sum(row[3] for row in extra),
                    )
                    note += ", less the producers listed on their own"
                rows.append(_supply(item, place, shares, source, note))
            rows += [_supply(item, row[1], row[2:5], row[5], "in IEA's rest of world") for row in extra]
    rows += [_supply("permanent-magnets", row[0], row[1:4], row[4], "") for row in MAGNETS]
    return rows


def _supply(item: str, place: str, shares: Ranged, source: str, note: str) -> dict[str, Any]:
    share, low, high = (None if value is None else round(value, 4) for value in shares)
    return {
        "item": item, "jurisdiction": place, "share": share, "share_low": low, "share_high": high,
        "counted_by": "location", "basis": "measured" if low is None else "estimated",
        "source": source, "year": YEAR, "note": note,
    }  # fmt: skip


def item_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Mined and refined materials, then what is made of them; stocks and surge are our assumptions."""
    rows = []
    for suffix, stage in (("mined", "mining"), ("refined", "refining")):
        for code, mineral, shown, price, part, level, mined_hs, refined_hs in MINERALS:
            mined = suffix == "mined"
            amount = sum(tonnages(data, mineral, stage).values())
            worth = amount * price / 1000 * (part if mined else 1)
            name = f"{code.replace('-', ' ').capitalize()}, mined" if mined else shown[0].upper() + shown[1:]
            rows.append({
                "item": f"{code}-{suffix}", "name": name, "kind": "material", "stage": stage,
                "market_musd": int(float(f"{worth:.2g}")),
                **_ranged("stock_months", (1, 0.5, 2) if mined else (2, 1, 4)),
                **_ranged("surge", (0.05, 0, 0.15)),
                "difficulty": 3 if mined else level, "hs": mined_hs if mined else refined_hs,
                "basis": "assumed",
                "source": f"{IEA}; stocks, surge and difficulty: our assumptions", "year": YEAR,
                "note": "Market: " + PRICES + (ORE_VALUE.format(part=part) if mined else ""),
            })  # fmt: skip
    for code, name, kind, stage in MADE:
        row: dict[str, Any] = {"item": code, "name": name, "kind": kind, "stage": stage, "difficulty": 2}
        if kind == "material":
            row |= {
                "market_musd": 25_000, "difficulty": 3, "hs": "850511", "basis": "assumed",
                **_ranged("stock_months", (2, 1, 4)), **_ranged("surge", (0.05, 0, 0.15)),
                "source": f"{MAGNET_SOURCE}; stocks, surge and difficulty: our assumptions",
                "note": "Market: about 250 kt a year at about 100 USD/kg, our estimate",
            }  # fmt: skip
        else:
            row |= {"basis": "measured", "source": "our grouping of uses after IEA, demand by technology"}
        rows.append(row | {"year": YEAR})
    return sorted(rows, key=lambda row: ("mining", "refining", "components", "use").index(row["stage"]))


def _ranged(column: str, values: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((column, f"{column}_low", f"{column}_high"), values, strict=True))


def need_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Refining needs mining; the rest as `NEEDS` says, with the sector's tonnage where the file holds it."""
    needs = [
        (f"{code}-refined", f"{code}-mined", "", 1.0, f"{IEA}: refining follows mining")
        for code, *_ in MINERALS
        if code != "graphite"
    ]
    rows = []
    for item, input_, group, rate, source in (*needs, *NEEDS):
        if not source:
            mineral = next(name for code, name, *_ in MINERALS if input_ == f"{code}-refined")
            kt = data["totalDemand"][mineral]["sectors"][SECTORS[item]][YEAR]
            source = SECTOR.format(tech=SECTORS[item].lower(), kt=kt, mineral=mineral.lower())
        rows.append({
            "item": item, "input": input_, "group": group or None, "rate": rate,
            "rate_low": rate if group else None, "rate_high": min(1.0, 1.5 * rate) if group else None,
            "basis": "assumed" if group else "measured", "source": source, "year": YEAR,
        })  # fmt: skip
    return rows


ITEM_COLUMNS = (
    "item", "name", "kind", "stage", "market_musd", "stock_months", "stock_months_low", "stock_months_high",
    "surge", "surge_low", "surge_high", "difficulty", "hs", "basis", "source", "year", "note",
)  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Write rows as CSV with these columns; what a row lacks is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(source: str, folder: str = "examples/critical-minerals") -> None:
    """Read the IEA file and write the three tables."""
    data = json.loads(Path(source).read_text(encoding="utf-8"))
    target = Path(folder)
    write(target / "items.csv", item_rows(data), ITEM_COLUMNS)
    needs, supply = need_rows(data), supply_rows(data)
    write(target / "needs.csv", needs, tuple(needs[0]))
    write(target / "supply.csv", supply, tuple(supply[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
