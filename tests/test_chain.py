import csv
import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from chains import TABLES
from frictionless import validate

import wholenation
from wholenation.chain import check, read_chain, write_package, write_table
from wholenation.dictionary import REQUIRED, dictionary
from wholenation.errors import ChainError, Fault
from wholenation.faults import cycles


def faults(folder: Path) -> list[Fault]:
    return [fault for fault in check(folder) if fault.severity == "fault"]


def warnings(folder: Path) -> list[Fault]:
    return [fault for fault in check(folder) if fault.severity == "warning"]


def edit(folder: Path, table: str, change: Callable[[list[list[str]]], None]) -> None:
    """Change a table's rows in place: rows[0] is the header, rows[1] stands in spreadsheet row 2."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def put(folder: Path, table: str, row: int, column: str, value: str) -> None:
    """Write one cell, by its spreadsheet row and its column's name; a new column is added at the end."""

    def change(rows: list[list[str]]) -> None:
        if column not in rows[0]:
            for line in rows:
                line.append("")
            rows[0][-1] = column
        rows[row - 1][rows[0].index(column)] = value

    edit(folder, table, change)


def add(folder: Path, table: str, **values: str) -> None:
    def change(rows: list[list[str]]) -> None:
        rows.append([values.get(name, "toy" if name == "source" else "") for name in rows[0]])

    edit(folder, table, change)


def drop(folder: Path, table: str, row: int) -> None:
    edit(folder, table, lambda rows: rows.__delitem__(row - 1))


# The valid chain


def test_toy_is_sound_and_typed(toy: Path) -> None:
    assert check(toy) == []
    chain = read_chain(toy)
    assert (chain.folder, chain.name, chain.title) == ("toy", "toy", "A toy chain")
    assert chain.licenses[0]["name"] == "CC0-1.0"
    for name, columns in dictionary().items():
        assert chain.table(name).columns == list(columns)
        assert len(chain.table(name)) == TABLES.get(name, "\n").count("\n") - 1
    assert chain.missions["counts_imports"].to_list() == [False, False]
    assert chain.controls.schema["start"] == pl.Date


def test_defaults_and_ranges(toy_chain: wholenation.Chain) -> None:
    needs = {(i, j): (g, r, lo, hi) for i, j, g, r, lo, hi in toy_chain.needs.select(
        "item", "input", "group", "rate", "rate_low", "rate_high").iter_rows()}  # fmt: skip
    assert needs["chip", "etch"] == ("etch", 1.0, 1.0, 1.0)
    assert needs["etch", "etcher_wet"] == ("etchers", 0.2, 0.2, 0.2)
    supply = toy_chain.supply.filter(item="etcher_wet", jurisdiction="AAA")
    assert supply.select("share_low", "share", "share_high").row(0) == (0.2, 0.25, 0.3)
    items = {row["item"]: row for row in toy_chain.items.iter_rows(named=True)}
    assert items["etcher_dry"]["unserviced_years"] == pytest.approx(3.0)
    assert items["etcher_dry"]["unserviced_years_high"] == pytest.approx(3.0)
    assert items["etcher_wet"]["unserviced_years"] == 2.0
    assert items["wafer"]["unserviced_years"] is None
    assert items["chip"]["surge"] == 0.0
    assert toy_chain.controls["threshold"].to_list() == [0.0] * 3
    assert toy_chain.items["note"].null_count() == 6


def test_optional_tables_may_be_absent(toy: Path) -> None:
    for name in ("organizations", "organization_supply", "projects", "routes", "staffing", "pools"):
        (toy / f"{name}.csv").unlink()
    drop(toy, "controls", 4)
    drop(toy, "scenarios", 5)
    write_package(toy, "toy", "Toy")
    chain = read_chain(toy)
    assert chain.pools.is_empty()
    assert chain.pools.schema["amount"] == pl.Float64


def test_parquet_reads_as_csv_does(toy: Path) -> None:
    before = read_chain(toy)
    for name in ("items", "controls", "missions"):
        write_table(before.table(name), toy / f"{name}.parquet")
        (toy / f"{name}.csv").unlink()
    write_package(toy, "toy", "Toy")
    after = read_chain(toy)
    assert after.items.equals(before.items)
    assert after.controls.equals(before.controls)
    assert after.data_hash == before.data_hash


def test_broken_parquet_and_two_forms_of_one_table_are_faults(toy: Path) -> None:
    items = read_chain(toy).items
    write_table(items, toy / "items.parquet")
    (toy / "datapackage.json").unlink()
    assert [str(f) for f in faults(toy) if f.file.startswith("items")] == [
        "items.parquet: items.csv is there too: keep one of them"
    ]
    (toy / "items.csv").unlink()
    write_package(toy, "toy", "Toy")
    assert faults(toy) == []
    (toy / "items.parquet").write_bytes(b"PAR1 and nothing more")
    found = faults(toy)
    assert [f.file for f in found] == ["items.parquet"]
    assert "not a readable Parquet file" in found[0].message


def test_a_parquet_table_is_checked_as_a_csv_is(toy: Path) -> None:
    items = read_chain(toy).items.with_columns(market_musd=pl.lit(float("nan")))
    (toy / "items.csv").unlink()
    write_table(items, toy / "items.parquet")
    write_package(toy, "toy", "Toy")
    assert [(f.file, f.row, f.value) for f in faults(toy)] == [
        ("items.parquet", n, "nan") for n in range(2, 8)
    ]


def test_hash_follows_content_not_form(toy: Path) -> None:
    before = read_chain(toy).data_hash

    def shuffle(rows: list[list[str]]) -> None:
        body = rows[1:]
        random.Random(3).shuffle(body)
        rows[1:] = body
        for row in rows:
            row.reverse()

    edit(toy, "supply", shuffle)
    text = (toy / "items.csv").read_text(encoding="utf-8").replace("\n", "\r\n")
    (toy / "items.csv").write_text(text, encoding="utf-8", newline="")
    assert read_chain(toy).data_hash == before
    put(toy, "items", 6, "stock_months", "4")
    assert read_chain(toy).data_hash != before


def test_columns_in_another_order_and_extra_blank_rows(toy: Path) -> None:
    before = read_chain(toy)
    for name in TABLES:
        edit(toy, name, lambda rows: [row.reverse() for row in rows] and None)
    edit(toy, "items", lambda rows: rows.extend([[""] * len(rows[0])] * 2))
    after = read_chain(toy)
    assert after.warnings == ()
    for name in TABLES:
        assert after.table(name).equals(before.table(name))


def test_frictionless_accepts_a_written_package(toy: Path) -> None:
    report = validate(str(toy / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    put(toy, "supply", 3, "share", "1.5")
    put(toy, "needs", 3, "input", "nothing")
    broken = validate(str(toy / "datapackage.json")).flatten(["rowNumber", "type"])
    assert sorted(broken) == [[3, "constraint-error"], [3, "foreign-key"]]


def test_written_package_declares_what_the_dictionary_says(toy: Path) -> None:
    descriptor = json.loads((toy / "datapackage.json").read_text(encoding="utf-8"))
    supply = next(entry for entry in descriptor["resources"] if entry["name"] == "supply")
    fields = {field["name"]: field for field in supply["schema"]["fields"]}
    assert fields["share"]["constraints"] == {"minimum": 0, "maximum": 1}
    assert fields["counted_by"]["constraints"]["enum"] == ["headquarters", "location"]
    assert supply["schema"]["primaryKey"] == ["item", "jurisdiction"]
    assert {"fields": ["item"], "reference": {"resource": "items", "fields": ["item"]}} in supply["schema"][
        "foreignKeys"
    ]


def test_write_table_is_plain_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["x, y", None], "b": [0.1, None], "c": [True, False]})
    path = write_table(frame, tmp_path / "new" / "t.csv")
    assert path.read_bytes() == b'a,b,c\n"x, y",0.1,true\n,,false\n'
    assert [entry.name for entry in path.parent.iterdir()] == ["t.csv"]


# One fault at a time: (what is done, (file, row, column, value), words of the message)

Case = tuple[Callable[[Path], object], tuple[str, int | None, str, str], str]


def raw(table: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def act(folder: Path) -> None:
        path = folder / f"{table}.csv"
        path.write_bytes(change(path.read_bytes()))

    return act


def both(*acts: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: [act(folder) for act in acts]


CASES: dict[str, Case] = {
    "wrong type": (
        lambda f: put(f, "items", 4, "market_musd", "much"),
        ("items.csv", 4, "market_musd", "much"), "is not a number"),
    "decimal comma": (
        lambda f: put(f, "supply", 2, "share", "0,05"),
        ("supply.csv", 2, "share", "0,05"), "decimal mark"),
    "percent": (
        lambda f: put(f, "supply", 2, "share", "5%"), ("supply.csv", 2, "share", "5%"), "write 45 % as 0.45"),
    "underscore in a number": (
        lambda f: put(f, "items", 4, "market_musd", "1_000"),
        ("items.csv", 4, "market_musd", "1_000"), "is not a number"),
    "not whole": (
        lambda f: put(f, "items", 4, "difficulty", "2.5"),
        ("items.csv", 4, "difficulty", "2.5"), "whole number"),
    "nan": (
        lambda f: put(f, "items", 4, "lifetime_years", "NaN"),
        ("items.csv", 4, "lifetime_years", "NaN"), "not a finite number"),
    "infinite": (
        lambda f: put(f, "items", 4, "surge", "inf"), ("items.csv", 4, "surge", "inf"), "not a finite number"),
    "infinite by its digits": (
        lambda f: put(f, "items", 4, "surge", "1e999"), ("items.csv", 4, "surge", "1e999"), "too large"),
    "not a date": (
        lambda f: put(f, "controls", 2, "start", "01/10/2026"),
        ("controls.csv", 2, "start", "01/10/2026"), "2024-12-31"),
    "no such day": (
        lambda f: put(f, "controls", 2, "start", "2026-02-30"),
        ("controls.csv", 2, "start", "2026-02-30"), "calendar"),
    "not a boolean": (
        lambda f: put(f, "missions", 3, "counts_imports", "maybe"),
        ("missions.csv", 3, "counts_imports", "maybe"), "neither true nor false"),
    "not in the list": (
        lambda f: put(f, "items", 6, "kind", "materials"),
        ("items.csv", 6, "kind", "materials"), "is material meant?"),
    "share above 1": (
        lambda f: put(f, "supply", 3, "share", "1.2"), ("supply.csv", 3, "share", "1.2"), "between 0 and 1"),
    "share below 0": (
        lambda f: put(f, "supply", 3, "share", "-0.1"), ("supply.csv", 3, "share", "-0.1"), "between 0 and 1"),
    "below its minimum": (
        lambda f: put(f, "items", 4, "lifetime_years", "0"),
        ("items.csv", 4, "lifetime_years", "0"), "at least 0.1"),
    "required but empty": (
        lambda f: put(f, "items", 4, "name", ""), ("items.csv", 4, "name", ""), "required"),
    "unknown column": (
        lambda f: put(f, "supply", 2, "shares_low", "0.1"),
        ("supply.csv", 1, "shares_low", ""), "unknown column"),
    "missing column": (
        lambda f: edit(f, "items", lambda rows: [row.pop(3) for row in rows] and None),
        ("items.csv", 1, "stage", ""), "column is missing"),
    "duplicate column": (
        lambda f: edit(f, "supply", lambda rows: [row.append(row[2]) for row in rows] and None),
        ("supply.csv", 1, "share", ""), "twice"),
    "column without a name": (
        lambda f: edit(f, "supply", lambda rows: [row.append("x" * (row is not rows[0])) for row in rows] and None),
        ("supply.csv", 1, "", ""), "has no name"),
    "duplicate key": (
        lambda f: add(f, "supply", item="wafer", jurisdiction="AAA", share="0.01"),
        ("supply.csv", 12, "item+jurisdiction", "wafer, AAA"), "row 6"),
    "duplicate item": (
        lambda f: add(f, "items", item="wafer", name="Wafers", kind="material", stage="materials", market_musd="1"),
        ("items.csv", 8, "item", "wafer"), "row 6"),
    "shares above 1": (
        lambda f: put(f, "supply", 11, "share", "0.2"),
        ("supply.csv", 11, "share", "1.1"), "shares of resist add up to more than 1 (rows 9, 10, 11)"),
    "low above the value": (
        lambda f: put(f, "supply", 4, "share_low", "0.3"), ("supply.csv", 4, "share_low", "0.3"), "above share"),
    "high below the value": (
        lambda f: put(f, "supply", 4, "share_high", "0.2"),
        ("supply.csv", 4, "share_high", "0.2"), "below share (0.25)"),
    "estimated without a range": (
        lambda f: put(f, "supply", 4, "share_low", ""),
        ("supply.csv", 4, "share_low", ""), "is missing; share is estimated"),
    "assumed by default, without a range": (
        lambda f: put(f, "scenarios", 4, "basis", "") or put(f, "scenarios", 4, "probability_high", ""),
        ("scenarios.csv", 4, "probability_high", ""), "probability is assumed"),
    "a range without its value": (
        lambda f: put(f, "items", 6, "lifetime_years_low", "3"),
        ("items.csv", 6, "lifetime_years", ""), "range is given"),
    "unknown item": (
        lambda f: put(f, "needs", 5, "input", "etcher_dri"),
        ("needs.csv", 5, "input", "etcher_dri"), "is etcher_dry meant?"),
    "unknown jurisdiction": (
        lambda f: put(f, "supply", 11, "jurisdiction", "XYZ"),
        ("supply.csv", 11, "jurisdiction", "XYZ"), "known: AAA, BBB, CCC, UNI, VAR"),
    "code in the wrong case": (
        lambda f: put(f, "supply", 11, "jurisdiction", "var"),
        ("supply.csv", 11, "jurisdiction", "var"), "is VAR meant?"),
    "a cycle of needs": (
        lambda f: add(f, "needs", item="etcher_dry", input="chip"),
        ("needs.csv", 7, "input", "chip"), "chip > etch > etcher_dry > chip"),
    "needs itself": (
        lambda f: add(f, "needs", item="wafer", input="wafer"),
        ("needs.csv", 7, "input", "wafer"), "cannot need itself"),
    "nobody supplies": (
        lambda f: edit(f, "supply", lambda rows: rows.__delitem__(slice(8, 11))),
        ("items.csv", 7, "item", "resist"), "nobody supplies it"),
    "scenario without controls": (
        lambda f: drop(f, "controls", 2), ("scenarios.csv", 3, "scenario", "embargo"), "has no controls"),
    "probabilities above 1": (
        lambda f: put(f, "scenarios", 5, "probability", "0.2"),
        ("scenarios.csv", 5, "probability", "1.1"), "add up to more than 1"),
    "control of two scopes": (
        lambda f: put(f, "controls", 3, "item", "wafer"),
        ("controls.csv", 3, "stage", "equipment"), "not item and stage"),
    "entity control of nobody": (
        lambda f: put(f, "controls", 4, "organization", ""),
        ("controls.csv", 4, "organization", ""), "must name an organization"),
    "organization without entity control": (
        lambda f: put(f, "controls", 2, "organization", "etchcorp"),
        ("controls.csv", 2, "organization", "etchcorp"), "only an entity control"),
    "unknown organization": (
        lambda f: put(f, "controls", 4, "organization", "etchcrop"),
        ("controls.csv", 4, "organization", "etchcrop"), "is etchcorp meant?"),
    "unknown stage": (
        lambda f: put(f, "controls", 3, "stage", "equipement"),
        ("controls.csv", 3, "stage", "equipement"), "is equipment meant?"),
    "ends before it starts": (
        lambda f: put(f, "controls", 3, "end", "2026-06-30"),
        ("controls.csv", 3, "end", "2026-06-30"), "before it starts (2026-07-01)"),
    "denies itself": (
        lambda f: put(f, "controls", 2, "target", "BBB"), ("controls.csv", 2, "target", "BBB"), "deny itself"),
    "mission of two products": (
        lambda f: put(f, "missions", 3, "product", "wafer"),
        ("missions.csv", 3, "product", "wafer"), "has chip in its first row"),
    "mission without product": (
        lambda f: put(f, "missions", 3, "product", ""), ("missions.csv", 3, "product", ""), "required"),
    "project for an unknown item": (
        lambda f: put(f, "projects", 3, "item", "resit"), ("projects.csv", 3, "item", "resit"), "resist meant?"),
    "project without item": (
        lambda f: put(f, "projects", 4, "item", ""),
        ("projects.csv", 4, "item", ""), "of kind stockpile must name an item"),
    "develop without routes": (
        lambda f: put(f, "projects", 3, "kind", "develop"),
        ("projects.csv", 3, "project", "resist_own"), "at least one row in routes"),
    "diversify towards nobody": (
        lambda f: put(f, "projects", 5, "jurisdiction", ""),
        ("projects.csv", 5, "jurisdiction", ""), "must name a jurisdiction"),
    "train nobody": (
        lambda f: put(f, "projects", 6, "resource", "engineer"),
        ("projects.csv", 6, "resource", "engineer"), "is engineers meant?"),
    "staffing of another project's route": (
        lambda f: put(f, "staffing", 3, "project", "resist_own"),
        ("staffing.csv", 3, "route", "laser"), "not a route of project resist_own"),
    "teams": (
        lambda f: put(f, "routes", 2, "teams_min", "7"), ("routes.csv", 2, "teams_max", "5"), "below teams_min"),
    "money in another unit": (
        lambda f: put(f, "pools", 2, "unit", "people"), ("pools.csv", 2, "unit", "people"), "counted in musd"),
    "a unit that is not known": (
        lambda f: put(f, "pools", 5, "unit", "peeple"),
        ("pools.csv", 5, "unit", "peeple"), "must be one of musd, people, places; is people meant?"),
    "money misspelt": (
        lambda f: put(f, "pools", 2, "resource", "mony"), ("pools.csv", 2, "resource", "mony"), "is money meant?"),
    "more money than there is": (
        lambda f: put(f, "projects", 2, "capex_musd", "1e30"),
        ("projects.csv", 2, "capex_musd", "1e30"), "between 0 and 1e+09"),
    "a team dearer than the world": (
        lambda f: put(f, "routes", 2, "team_year_musd", "1e30"),
        ("routes.csv", 2, "team_year_musd", "1e30"), "between 0 and 1e+09"),
    "people in musd": (
        lambda f: put(f, "pools", 5, "unit", "musd"), ("pools.csv", 5, "unit", "musd"), "people or places"),
    "bloc of itself": (
        lambda f: put(f, "jurisdictions", 5, "part_of", "UNI"),
        ("jurisdictions.csv", 5, "part_of", "UNI"), "cannot be part of itself"),
    "bloc cycle": (
        both(lambda f: put(f, "jurisdictions", 5, "part_of", "AAA"),
             lambda f: put(f, "jurisdictions", 2, "part_of", "UNI")),
        ("jurisdictions.csv", 5, "part_of", "AAA"), "AAA > UNI > AAA"),
    "demand shares above 1": (
        lambda f: put(f, "jurisdictions", 3, "demand_share", "0.8"),
        ("jurisdictions.csv", 3, "demand_share", "1.05"), "more than 1"),
    "too few fields": (
        raw("supply", lambda b: b.replace(b",,,location,measured,toy,2024\nwafer,BBB", b"\nwafer,BBB")),
        ("supply.csv", 6, "", ""), "has 3 fields, the header has 9"),
    "too many fields": (
        raw("items", lambda b: b.replace(b"Silicon wafers", b"Silicon, wafers")),
        ("items.csv", 6, "", ""), "has 13 fields, the header has 12; is there a comma"),
    "cut in the middle of a row": (
        raw("needs", lambda b: b[:-25]), ("needs.csv", 6, "", ""), "may have been cut here"),
    "cut inside quotes": (
        raw("jurisdictions", lambda b: b[: b.index(b"Various") + 3]),
        ("jurisdictions.csv", 6, "", ""), "quotation mark is never closed"),
    "stray quote": (
        raw("pools", lambda b: b.replace(b"\nRegion,", b'\n"Reg"ion,')),
        ("pools.csv", 4, "", ""), "must be doubled"),
    "empty file": (raw("needs", lambda b: b""), ("needs.csv", None, "", ""), "is empty"),
    "only a byte order mark": (raw("needs", lambda b: b"\xef\xbb\xbf\r\n"), ("needs.csv", None, "", ""), "is empty"),
    "header alone": (
        raw("missions", lambda b: b.split(b"\n")[0] + b"\n"), ("missions.csv", None, "", ""), "no rows"),
    "UTF-16": (
        raw("items", lambda b: b.decode().encode("utf-16")), ("items.csv", None, "", ""), "UTF-16, not UTF-8"),
    "UTF-16 without mark": (
        raw("items", lambda b: b.decode().encode("utf-16-be")), ("items.csv", None, "", ""), "UTF-16, not UTF-8"),
    "Latin-1": (
        raw("items", lambda b: b.replace(b"Dry etcher", "Trockenätzer".encode("latin-1"))),
        ("items.csv", 4, "", ""), "byte 0xE4"),
    "semicolons": (
        raw("supply", lambda b: b.replace(b",", b";").replace(b"0.", b"0,")),
        ("supply.csv", 1, "", ""), "separated by semicolons"),
    "tabs": (raw("supply", lambda b: b.replace(b",", b"\t")), ("supply.csv", 1, "", ""), "separated by tabs"),
    "missing table": (
        both(lambda f: (f / "supply.csv").unlink(), lambda f: write_package(f, "toy", "Toy")),
        ("supply.csv", None, "", ""), "table is missing"),
    "listed but not there": (
        lambda f: (f / "pools.csv").unlink(), ("datapackage.json", None, "path", "pools.csv"), "is not there"),
    "path out of the folder": (
        lambda f: (f / "datapackage.json").write_text(
            (f / "datapackage.json").read_text().replace('"supply.csv"', '"../toy/supply.csv"')),
        ("datapackage.json", None, "path", "../toy/supply.csv"), "inside the folder"),
    "no descriptor": (
        lambda f: (f / "datapackage.json").unlink(), ("datapackage.json", None, "", ""), "is missing"),
    "descriptor is no JSON": (
        lambda f: (f / "datapackage.json").write_text('{\n  "name": toy\n}'),
        ("datapackage.json", 2, "", ""), "not valid JSON"),
    "descriptor is no object": (
        lambda f: (f / "datapackage.json").write_text("[]"), ("datapackage.json", None, "", ""), "JSON object"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_fault_is_reported_where_it_is(toy: Path, name: str) -> None:
    act, place, words = CASES[name]
    act(toy)
    found = faults(toy)
    assert [(f.file, f.row, f.column, f.value) for f in found] == [place], "\n".join(map(str, found))
    assert words in found[0].message
    with pytest.raises(ChainError) as caught:
        read_chain(toy)
    assert [f for f in caught.value.faults if f.severity == "fault"] == found
    assert str(found[0]) in str(caught.value)


# Many faults at once, cut files, Excel


def test_thirty_faults_together_are_all_reported(toy: Path) -> None:
    """Faults that do not hide one another, in one folder: every one is there, and nothing else."""
    chosen = [
        "wrong type", "not in the list", "infinite", "not a date", "not a boolean", "required but empty",
        "duplicate key", "low above the value", "unknown item", "needs itself", "probabilities above 1",
        "control of two scopes", "entity control of nobody", "organization without entity control",
        "ends before it starts", "mission without product", "project for an unknown item",
        "project without item", "diversify towards nobody", "train nobody", "teams",
        "staffing of another project's route", "money in another unit", "people in musd",
        "bloc of itself", "demand shares above 1", "share below 0", "a range without its value",
        "header without meaning", "denies itself",
    ]  # fmt: skip
    cases = dict(CASES)
    cases["header without meaning"] = (
        lambda f: put(f, "organizations", 2, "remark", "x"),
        ("organizations.csv", 1, "remark", ""),
        "unknown",
    )
    for name in chosen:
        cases[name][0](toy)
    found = faults(toy)
    places = [(f.file, f.row, f.column, f.value) for f in found]
    for name in chosen:
        assert cases[name][1] in places, name
    assert len(found) == len(chosen), "\n".join(map(str, found))
    order = list(TABLES)
    keys = [(order.index(f.file.removesuffix(".csv")), f.row) for f in found]
    assert keys == sorted(keys)


@pytest.mark.parametrize("table", TABLES)
def test_a_file_cut_anywhere_never_passes_in_silence(toy: Path, table: str) -> None:
    """Cut at every byte but the row ends, a file gives a fault or a warning, and never an exception."""
    path = toy / f"{table}.csv"
    whole = path.read_bytes()
    ends = {at + 1 for at, byte in enumerate(whole) if byte == 10}
    for at in range(0, len(whole) - 1, 3):
        if at not in ends:
            path.write_bytes(whole[:at])
            assert any(f.file == path.name for f in check(toy)), whole[:at][-40:]


def test_a_cut_file_does_not_drag_the_others_along(toy: Path) -> None:
    path = toy / "items.csv"
    path.write_bytes(path.read_bytes()[:250])
    assert {f.file for f in faults(toy)} == {"items.csv"}


def test_excel_csv_is_read_with_warnings(toy: Path) -> None:
    before = read_chain(toy)
    for name in TABLES:
        path = toy / f"{name}.csv"
        text = path.read_text(encoding="utf-8").replace("false", "FALSE").replace("\n", "\r\n")
        path.write_text(text, encoding="utf-8-sig", newline="")
    after = read_chain(toy)
    assert after.data_hash == before.data_hash
    assert len(after.warnings) == 2 * len(TABLES)
    assert "byte order mark (BOM)" in after.warnings[0].message
    assert "(CRLF)" in after.warnings[1].message


def test_quoted_line_ends_keep_the_spreadsheets_row_numbers(toy: Path) -> None:
    put(toy, "items", 3, "name", "Etching\nof wafers\nand more")
    put(toy, "items", 5, "market_musd", "x")
    assert [(f.row, f.value) for f in faults(toy)] == [(5, "x")]


WARNINGS: dict[str, Case] = {
    "no market": (
        lambda f: put(f, "items", 4, "market_musd", ""), ("items.csv", 4, "market_musd", ""), "no market size"),
    "no lifetime": (
        lambda f: put(f, "items", 4, "lifetime_years", ""),
        ("items.csv", 4, "lifetime_years", ""), "no lifetime"),
    "thin shares": (
        lambda f: put(f, "supply", 10, "share", "0.1"), ("supply.csv", 11, "share", "0.8"), "less than 0.9"),
    "pools after the missions": (
        both(lambda f: put(f, "pools", 3, "year", "2099"), lambda f: put(f, "pools", 5, "year", "1999")),
        ("pools.csv", 3, "year", "2099"), "does not count: the missions run from 2026 to 2030 (rows 3, 5)"),
    "share unknown": (
        lambda f: put(f, "supply", 9, "share", ""), ("supply.csv", 9, "share", ""), "is not known (row 9)"),
    "stranger": (
        lambda f: shutil.copy(f / "items.csv", f / "things.csv"), ("things.csv", None, "", ""), "is not read"),
    "no last line end": (
        raw("needs", lambda b: b[:-1]), ("needs.csv", None, "", ""), "is the file complete?"),
    "not listed": (
        lambda f: (f / "datapackage.json").write_text('{"resources": []}'),
        ("jurisdictions.csv", None, "", ""), "is not listed"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings_are_shown_and_allowed(toy: Path, name: str) -> None:
    act, place, words = WARNINGS[name]
    act(toy)
    assert faults(toy) == []
    first = warnings(toy)[0]
    assert (first.file, first.row, first.column, first.value) == place
    assert words in first.message
    assert read_chain(toy).warnings == tuple(check(toy))


def test_shares_may_pass_1_by_the_tolerance(toy: Path) -> None:
    put(toy, "supply", 11, "share", "0.12")
    assert check(toy) == []
    put(toy, "supply", 11, "share", "0.121")
    assert len(faults(toy)) == 1


def test_folder_faults_are_one_sentence(tmp_path: Path) -> None:
    assert [f.message for f in check(tmp_path / "nowhere")] == ["there is no such folder"]
    (tmp_path / "file").write_text("")
    assert [f.message for f in check(tmp_path / "file")] == ["is not a folder"]
    empty = [(f.file, f.message) for f in check(tmp_path)]
    assert empty[0] == ("datapackage.json", "the file is missing, so this is not a chain folder")
    assert len(empty) == 1 + len(REQUIRED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and more", "is an Excel workbook or another zip archive, not CSV"),
        (b"PAR1 and more", "is a Parquet file, not CSV"),
        (bytes(range(256)), "is binary data, not CSV"),
        (b"sep=,\nitem,share\n", "starts with Excel's line that names the separator"),
    ],
)
def test_a_file_that_is_no_csv_is_one_fault(toy: Path, content: bytes, message: str) -> None:
    (toy / "supply.csv").write_bytes(content)
    assert [(f.file, f.message.startswith(message)) for f in faults(toy)] == [("supply.csv", True)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "is nested too deeply"),
        ('{"resources": [{"name": "items", "path": "' + "a" * 5000 + '"}]}', "is listed but is not there"),
    ],
)
def test_an_odd_descriptor_is_one_fault(toy: Path, text: str, message: str) -> None:
    (toy / "datapackage.json").write_text(text)
    assert [message in f.message for f in faults(toy)] == [True]


def test_a_second_form_of_a_listed_table_is_told(toy: Path) -> None:
    write_table(read_chain(toy).items, toy / "items.parquet")
    assert [(f.file, f.severity) for f in check(toy)] == [("items.parquet", "warning")]


def test_single_precision_reads_as_it_was_written(toy: Path) -> None:
    before = read_chain(toy)
    write_table(before.supply.with_columns(pl.selectors.float().cast(pl.Float32)), toy / "supply.parquet")
    (toy / "supply.csv").unlink()
    write_package(toy, "toy", "Toy")
    assert read_chain(toy).supply.equals(before.supply)


def test_an_empty_table_is_not_told_on_every_row_that_refers_to_it(toy: Path) -> None:
    path = toy / "items.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    found = [f for f in faults(toy) if f.file == "supply.csv"]
    assert len(found) == 1
    assert "items.csv is absent or empty (and " in found[0].message


def test_a_strangers_header_has_no_control_codes() -> None:
    assert str(Fault("a\nb.csv", 1, "\x1b[31mred", "", "no")) == "a\\nb.csv 1 \\x1b[31mred: no"


def test_a_misnamed_table_is_guessed(toy: Path) -> None:
    (toy / "supply.csv").rename(toy / "supplies.csv")
    write_package(toy, "toy", "Toy")
    assert [str(f) for f in faults(toy)] == [
        "supply.csv: the table is missing; is supplies.csv meant to be it?"
    ]


def test_fault_reads_as_file_row_column_value_message() -> None:
    fault = Fault("supply.csv", 7, "share", "1.3", "a share must lie between 0 and 1")
    assert str(fault) == "supply.csv 7 share 1.3: a share must lie between 0 and 1"
    assert str(Fault("supply.csv", None, "", "", "is empty")) == "supply.csv: is empty"
    assert len(str(Fault("a.csv", 1, "b", "x" * 500, "is long"))) < 100


def test_every_cycle_is_named_once() -> None:
    assert cycles([("a", "b"), ("b", "c"), ("a", "c"), ("c", None)]) == []
    found = cycles([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("b", "c")])
    assert sorted(found) == [["a", "b", "a"], ["c", "d", "c"]]


def test_reading_three_thousand_rows_takes_well_under_half_a_second(toy: Path) -> None:
    def grow(rows: list[list[str]]) -> None:
        rows.extend([f"m{n}", f"Material {n}", "material", "materials", "10", "", "", "3", "0.1", "3",
                     "measured", "toy"] for n in range(1000))  # fmt: skip

    def supply(rows: list[list[str]]) -> None:
        rows.extend([f"m{n}", code, "0.5", "", "", "location", "measured", "toy", "2024"]
                    for n in range(1000) for code in ("AAA", "BBB"))  # fmt: skip

    edit(toy, "items", grow)
    edit(toy, "supply", supply)
    read_chain(toy)
    start = time.perf_counter()
    chain = read_chain(toy)
    assert time.perf_counter() - start < 0.5
    assert len(chain.supply) == 2010


def test_public_names_are_lazy_and_verbs_win_over_modules() -> None:
    assert wholenation.__version__ == "0.1.0"
    assert wholenation.read_chain is read_chain
    assert "measure" in dir(wholenation)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wholenation.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_damaged_bytes_give_faults_and_never_an_exception(toy: Path) -> None:
    """Six hundred random damages of the files, among them the descriptor: check always answers."""
    draw = random.Random(20261123)
    names = [f"{name}.csv" for name in TABLES] + ["datapackage.json"]
    whole = {name: (toy / name).read_bytes() for name in names}
    pieces = [
        b"",
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b";",
        b"nan",
        b"-1",
        b"9" * 400,
        b"\xef\xbb\xbf",
        b"{",
        b"[]",
    ]
    found = 0
    for _ in range(600):
        name = draw.choice(names)
        content = whole[name]
        at = draw.randrange(len(content))
        damaged = content[:at] + draw.choice(pieces) + content[at + draw.choice([0, 1, 5, 40]) :]
        (toy / name).write_bytes(damaged)
        found += bool(check(toy))
        (toy / name).write_bytes(content)
    assert found > 300
    assert check(toy) == []
