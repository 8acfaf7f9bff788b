"""A chain of six items, small enough to work by hand, that tests copy and break.

chip (product) needs etching and lithography (processes) and silicon wafers (material);
etching needs one of two tools (a group), lithography needs its scanner.
"""

from __future__ import annotations

from pathlib import Path

from wholenation.chain import write_package

TABLES: dict[str, str] = {
    "jurisdictions": """\
jurisdiction,name,part_of,demand_share
AAA,Aland,,0.25
BBB,Beland,UNI,
CCC,Celand,UNI,
UNI,Union,,
VAR,"Various, unnamed",,
""",
    "items": """\
item,name,kind,stage,market_musd,lifetime_years,unserviced_years,stock_months,surge,difficulty,basis,source
chip,Chips,product,product,,,,,,,measured,toy
etch,Etching,process,fabrication,,,,,,,measured,toy
etcher_dry,Dry etcher,tool,equipment,8000,10,,,0.1,4,measured,toy
etcher_wet,Wet etcher,tool,equipment,2000,10,2,,0.1,2,measured,toy
wafer,Silicon wafers,material,materials,12000,,,3,0.2,3,measured,toy
resist,Resists,material,materials,1000,,,1,0,3,measured,toy
""",
    "needs": """\
item,input,group,rate,basis,source
chip,etch,,1,measured,toy
chip,wafer,,1,measured,toy
chip,resist,,1,measured,toy
etch,etcher_dry,etchers,0.8,measured,toy
etch,etcher_wet,etchers,0.2,measured,toy
""",
    "supply": """\
item,jurisdiction,share,share_low,share_high,counted_by,basis,source,year
etcher_dry,AAA,0.05,,,headquarters,measured,toy,2024
etcher_dry,BBB,0.95,,,headquarters,measured,toy,2024
etcher_wet,AAA,0.25,0.2,0.3,headquarters,estimated,toy,2024
etcher_wet,CCC,0.75,0.7,0.8,headquarters,estimated,toy,2024
wafer,AAA,0.1,,,location,measured,toy,2024
wafer,BBB,0.4,,,location,measured,toy,2024
wafer,CCC,0.5,,,location,measured,toy,2024
resist,BBB,0.6,,,headquarters,measured,toy,2024
resist,CCC,0.3,,,headquarters,measured,toy,2024
resist,VAR,0.1,,,headquarters,measured,toy,2024
""",
    "scenarios": """\
scenario,name,probability,probability_low,probability_high,basis,source
none,No controls,0.5,0.4,0.6,assumed,toy
embargo,Embargo by Beland,0.3,0.2,0.4,assumed,toy
service,No maintenance,0.1,0,0.2,assumed,toy
entity,Etch Corp stops,0.1,0,0.2,assumed,toy
""",
    "controls": """\
scenario,controller,target,kind,item,stage,item_kind,organization,start,end,coverage,reach,basis,source
embargo,BBB,AAA,item,,,,,2026-01-01,,1,direct,measured,toy
service,CCC,AAA,service,,equipment,,,2026-07-01,2030-12-31,1,direct,measured,toy
entity,BBB,AAA,entity,,,,etchcorp,2026-01-01,,1,direct,measured,toy
""",
    "missions": """\
mission,home,product,year,target,weight,counts_imports,source
chips,AAA,chip,2026,1,1,false,toy
chips,AAA,chip,2030,1.2,1,false,toy
""",
    "organizations": """\
organization,name,jurisdiction,source
etchcorp,Etch Corp,BBB,toy
""",
    "organization_supply": """\
item,organization,share,basis,source
etcher_dry,etchcorp,0.9,measured,toy
""",
    "projects": """\
project,home,item,kind,capacity,ramp_years,capex_musd,jurisdiction,resource,basis,source
dry_own,AAA,etcher_dry,develop,0.8,2,3000,,,measured,toy
resist_own,AAA,resist,build,0.5,1,200,,,measured,toy
wafer_more,AAA,wafer,stockpile,0.5,1,400,,,measured,toy
wet_new,AAA,etcher_wet,diversify,0.5,1,100,VAR,,measured,toy
more_people,AAA,,train,200,1,20,,engineers,measured,toy
""",
    "routes": """\
project,route,effort_team_years,feasibility,correlation,team_year_musd,teams_min,teams_max,gate_years,basis,source
dry_own,plasma,20,0.8,0.3,15,1,5,2,measured,toy
dry_own,laser,30,0.5,0.3,15,1,5,2,measured,toy
""",
    "staffing": """\
project,route,resource,per_team,basis,source
dry_own,plasma,engineers,40,measured,toy
dry_own,laser,engineers,60,measured,toy
""",
    "pools": """\
contributor,home,resource,year,amount,unit,paid_in,earmark_stage,basis,source
Treasury,AAA,money,2026,1000,musd,1,,measured,toy
Treasury,AAA,money,2027,1000,musd,1,,measured,toy
Region,AAA,money,2026,300,musd,0.9,materials,measured,toy
Treasury,AAA,engineers,2026,400,people,1,,measured,toy
""",
}


def write_toy(folder: Path) -> Path:
    """Write the valid toy chain; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    (folder / "NOTES.md").write_text("A made-up chain for tests.\n", encoding="utf-8")
    write_package(
        folder,
        name="toy",
        title="A toy chain",
        description="Six made-up items.",
        licenses=[{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
        sources=[{"title": "Nobody"}],
    )
    return folder
