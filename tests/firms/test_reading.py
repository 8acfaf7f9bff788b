"""Firm networks in files: they come back as they were written, and every fault is told with its row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from wholenation.cli import main
from wholenation.errors import ChainError, Fault, OutputError
from wholenation.firms import csv_blocks, sources
from wholenation.firms.dictionary import columns
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork, from_arrays, to_firm_network
from wholenation.firms.reading import check_firms, is_firms, read_firms, refuse_own, write_firms

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_firms import networks

FIRMS = """firm,name,sector,market,jurisdiction,output,revenue,cost
a,Alpha,mining,,AAA,10,12,5
b,"Beta, Sons",steel,,AAA,,,
c,,cars,,BBB,30,30.5,20
"""
LINKS = """supplier,buyer,value
a,b,4
b,c,6
c,a,0.5
"""
LEVELS = """supplier_sector,buyer_sector,essentiality
mining,mining,1
mining,steel,2
mining,cars,1
steel,mining,1
steel,steel,1
steel,cars,2
cars,mining,0
cars,steel,0
cars,cars,1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound folder of three firms, to be broken at will."""
    place = tmp_path / "three"
    place.mkdir()
    for name, text in (("firms", FIRMS), ("links", LINKS), ("essentiality", LEVELS)):
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def faults(place: Path) -> list[str]:
    return [str(fault) for fault in check_firms(place) if fault.severity == "fault"]


def warnings(place: Path) -> list[str]:
    return [str(fault) for fault in check_firms(place) if fault.severity == "warning"]


def same(one: FirmNetwork, other: FirmNetwork) -> None:
    assert one.firms.equals(other.firms)
    assert (one.sectors, one.markets) == (other.sectors, other.markets)
    for name in ("sector", "market", "supplier", "buyer", "value", "essentiality"):
        assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def test_a_sound_folder(folder: Path) -> None:
    assert check_firms(folder) == []
    network = read_firms(folder)
    assert network.firms["firm"].to_list() == ["a", "b", "c"]
    assert network.firms["name"].to_list() == ["Alpha", "Beta, Sons", None]
    assert network.sectors == ("mining", "steel", "cars")
    assert network.essentiality.tolist() == [[1, 2, 1], [1, 1, 2], [0, 0, 1]]
    links = zip(network.supplier.tolist(), network.buyer.tolist(), network.value.tolist(), strict=True)
    assert list(links) == [(0, 1, 4.0), (1, 2, 6.0), (2, 0, 0.5)]
    assert_array_equal(network.cost, [5, np.nan, 20])
    assert network.name == "three"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(network=networks(), form=st.sampled_from(["csv", "parquet"]))
def test_what_is_written_reads_back(network: FirmNetwork, form: str, tmp_path: Path) -> None:
    place = write_firms(network, tmp_path / "round", form)  # type: ignore[arg-type]
    again = read_firms(place)
    same(again, network)
    assert again.data_hash == network.data_hash
    assert all("no link" in str(fault) for fault in again.warnings)


def test_columns_in_any_order_and_spaces_around_cells(folder: Path) -> None:
    (folder / "links.csv").write_text("value, buyer ,supplier\n 4 , b,a \n6,c,b\n0.5,a,c\n")
    assert read_firms(folder).value.tolist() == [4, 6, 0.5]


def test_a_matrix_of_essentiality(folder: Path) -> None:
    expected = read_firms(folder)
    (folder / "essentiality.csv").write_text(
        "from,mining,steel,cars\nmining,1,2,1\nsteel,1,1,2\ncars,0,0,1\n"
    )
    same(read_firms(folder), expected)


def test_without_essentiality_all_inputs_are_non_essential(folder: Path) -> None:
    (folder / "essentiality.csv").unlink()
    network = read_firms(folder)
    assert network.sectors == ("cars", "mining", "steel")
    assert (network.essentiality == 1).all()
    assert ["no essentiality is told" in str(fault) for fault in network.warnings] == [True]


def test_untold_pairs_are_one_warning(folder: Path) -> None:
    (folder / "essentiality.csv").write_text("\n".join(LEVELS.splitlines()[:-3]) + "\n")
    assert warnings(folder) == [
        "essentiality.csv: 3 pairs of sectors are not told; their inputs are taken to be non-essential"
    ]
    (folder / "essentiality.csv").write_text("from,mining,steel,cars\nmining,1,2,1\nsteel,1,,2\n")
    assert ["4 pairs" in warning for warning in warnings(folder)] == [True]
    assert read_firms(folder).essentiality.tolist() == [[1, 2, 1], [1, 1, 2], [1, 1, 1]]


def test_a_file_of_links_alone(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("supplier,buyer,value\n10,9,1\n9,2,3\n")
    network = read_firms(path)
    assert network.firms["firm"].to_list() == ["2", "9", "10"]  # by number, since all are numbers
    assert network.sectors == ("all",)
    path.write_text("supplier,buyer,value,supplier_sector,buyer_sector\nb,a,1,x,y\na,c,3,y,x\nb,c,1,,\n")
    network = read_firms(path)
    assert network.firms.select("firm", "sector").rows() == [("a", "y"), ("b", "x"), ("c", "x")]


def test_a_file_of_links_with_torn_or_missing_sectors(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("supplier,buyer,value,supplier_sector,buyer_sector\na,b,1,x,y\nb,c,1,z,\n")
    assert faults(path) == [
        "sales.csv b: is told to be in several sectors: y, z",
        "sales.csv c: no row tells the sector of this firm",
    ]


def test_a_folder_of_links_alone(folder: Path) -> None:
    (folder / "firms.csv").unlink()
    (folder / "essentiality.csv").unlink()
    assert read_firms(folder).n == 3


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt32, pl.String, pl.Categorical])
def test_parquet_of_any_type_of_code(tmp_path: Path, dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"supplier": ["1", "2"], "buyer": ["2", "3"], "value": [1, 2]})
    frame = frame.with_columns(pl.col("supplier", "buyer").cast(dtype), pl.col("value").cast(pl.Float32))
    frame.write_parquet(tmp_path / "links.parquet")
    network = read_firms(tmp_path / "links.parquet")
    assert network.firms["firm"].to_list() == ["1", "2", "3"]
    assert network.value.tolist() == [1.0, 2.0]


BROKEN = {
    "negative": ("links", "a,b,4", "a,b,-4", "links.csv 2 value -4: must be at least 0"),
    "NaN": ("links", "a,b,4", "a,b,NaN", "links.csv 2 value NaN: is not a finite number; leave"),
    "infinite": ("links", "a,b,4", "a,b,inf", "links.csv 2 value inf: is not a finite number; leave"),
    "huge": ("links", "a,b,4", "a,b,1e999", "links.csv 2 value 1e999: is not a number"),
    "text": ("links", "b,c,6", "b,c,six", "links.csv 3 value six: is not a number"),
    "decimal comma": ("links", "b,c,6", 'b,c,"6,5"', "links.csv 3 value 6,5: is not a number; write a point"),
    "no value": ("links", "b,c,6", "b,c,", "links.csv 3 value: is empty; a value is required"),
    "too much": ("links", "b,c,6", "b,c,1e301", "links.csv value: must add up to less than 1e+300"),
    "no supplier": ("links", "b,c,6", ",c,6", "links.csv 3 supplier: is empty; a value is required"),
    "itself": ("links", "b,c,6", "b,b,6", "links.csv 3 buyer b: a firm cannot sell to itself"),
    "itself, unknown": ("links", "b,c,6", "z,z,6", "links.csv 3 buyer z: a firm cannot sell to itself"),
    "twice": ("links", "c,a,0.5", "a,b,1", "links.csv 4 supplier+buyer a, b: repeats the link of row 2"),
    "no such supplier": ("links", "a,b,4", "z,b,4", "links.csv 2 supplier z: no such firm in the table of firms"),
    "no such buyer": ("links", "a,b,4", "a,bb,4", "links.csv 2 buyer bb: no such firm in the table of firms; is b"),
    "too few fields": ("links", "b,c,6", "b,c", "links.csv 3: has 2 fields, the header has 3"),
    "too many fields": ("links", "b,c,6", "b,c,6,7", "links.csv 3: has 4 fields, the header has 3; is there a comma"),
    "no column": ("links", "supplier,buyer,value", "supplier,buyer,worth", "links.csv 1 value: the column is missing"),
    "column twice": ("links", "supplier,buyer,value", "buyer,buyer,value", "links.csv 1 buyer: the column appears"),
    "firm twice": ("firms", "c,,cars", "a,,cars", "firms.csv 4 firm a: repeats the firm of row 2"),
    "firm empty": ("firms", "c,,cars", ",,cars", "firms.csv 4 firm: is empty; a value is required"),
    "sector empty": ("firms", "c,,cars", "c,,", "firms.csv 4 sector: is empty; a value is required"),
    "sector unknown": ("firms", "c,,cars", "c,,car", "firms.csv 4 sector car: no such sector in essentiality.csv; is"),
    "negative cost": ("firms", "10,12,5", "10,12,-5", "firms.csv 2 cost -5: must be at least 0"),
    "negative output": ("firms", "10,12,5", "-10,12,5", "firms.csv 2 output -10: must be at least 0"),
    "percent": ("firms", "10,12,5", "10,12 %,5", "firms.csv 2 revenue 12 %: is not a number; write 45 %"),
    "no revenue, but sales": ("firms", "10,12,5", "10,0,5", "firms.csv 2 revenue 0: is 0, but the firm sells for 4"),
    "no cost, but purchases": ("firms", "10,12,5", "10,12,0", "firms.csv 2 cost 0: is 0, but the firm buys for 0.5"),
    "level": ("essentiality", "cars,cars,1", "cars,cars,3", "essentiality.csv 10 essentiality 3: must be 2 (ess"),
    "half level": ("essentiality", "cars,cars,1", "cars,cars,1.5", "essentiality.csv 10 essentiality 1.5: must be 2"),
    "pair twice": ("essentiality", "cars,cars,1", "cars,steel,1", "essentiality.csv 10 supplier_sector+buyer_sector"),
    "empty sector": ("essentiality", "cars,cars,1", "cars,,1", "essentiality.csv 10 buyer_sector: is empty"),
    "other header": ("essentiality", "supplier_sector,buyer_sector,essentiality", "a,a,a", "essentiality.csv 1: must"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "told"), BROKEN.values(), ids=BROKEN)
def test_every_fault(folder: Path, table: str, old: str, new: str, told: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = faults(folder)
    assert any(fault.startswith(told) for fault in found), found
    with pytest.raises(ChainError) as error:
        read_firms(folder)
    assert [str(fault) for fault in error.value.faults] == found


def test_all_faults_at_once(folder: Path) -> None:
    for table, old, new, _ in (BROKEN[name] for name in ("negative", "itself", "sector unknown", "level")):
        path = folder / f"{table}.csv"
        path.write_text(path.read_text().replace(old, new, 1))
    assert len(faults(folder)) == 4


def test_odd_but_accepted(folder: Path) -> None:
    (folder / "links.csv").write_text(LINKS.replace("b,c,6", "b,c,0"))
    (folder / "firms.csv").write_text(FIRMS.replace("10,12,5", "10,3,0.25").replace("market", "markt"))
    (folder / "notes.csv").write_text("a\n")
    assert warnings(folder) == [
        "firms.csv 1 markt: unknown column, which is not read; is market meant?",
        "firms.csv 2 revenue 3: is below what the firm sells in the links (4)",
        "firms.csv 2 cost 0.25: is below what the firm buys in the links (0.5)",
        "links.csv 3 value 0: is 0: no sale, so the link is left out",
        "notes.csv: is no table of a firm network and is not read",
    ]
    assert read_firms(folder).m == 2


def test_many_faults_of_a_kind_are_counted(tmp_path: Path) -> None:
    lines = "".join(f"a,b{i},-1\n" for i in range(1000))
    (tmp_path / "links.csv").write_text(f"supplier,buyer,value\n{lines}a,a,1\n")
    found = faults(tmp_path)
    assert len(found) == 22
    assert found[-1] == "links.csv value: and 980 more rows: must be at least 0"
    assert any("itself" in fault for fault in found)


# What the file itself may be.

MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_and_windows_lines(folder: Path) -> None:
    expected = read_firms(folder)
    for name in ("firms", "links", "essentiality"):
        path = folder / f"{name}.csv"
        path.write_bytes(MARK + path.read_bytes().replace(b"\n", b"\r\n"))
    same(read_firms(folder), expected)
    assert len(warnings(folder)) == 6


def test_quoted_cells_with_line_ends_count_as_one_row(folder: Path) -> None:
    (folder / "firms.csv").write_text(
        FIRMS.replace('"Beta, Sons"', '"Beta\nand ""Sons"""').replace("30.5", "x")
    )
    assert faults(folder) == ["firms.csv 4 revenue x: is not a number"]
    (folder / "firms.csv").write_text(FIRMS.replace('"Beta, Sons"', '"Beta\nand ""Sons"""'))
    assert read_firms(folder).firms["name"][1] == 'Beta\nand "Sons"'


def test_empty_lines_count_as_rows(folder: Path) -> None:
    (folder / "links.csv").write_text("\nsupplier,buyer,value\n\na,b,4\n,,\nb,c,x\n\n")
    assert faults(folder) == ["links.csv 6 value x: is not a number"]


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "links.csv: the file is empty"),
    "only a mark": (MARK, "links.csv: the file is empty"),
    "latin-1": (LINKS.replace("b,c", "\xfc,c").encode("latin-1"), "links.csv 3: is not UTF-8 (byte 0xFC"),
    "latin-1 header": ("supplier,buyer,w\xe4hrung\n".encode("latin-1"), "links.csv 1: is not UTF-8"),
    "utf-16": (LINKS.encode("utf-16"), "links.csv: is encoded as UTF-16"),
    "excel": (b"PK\x03\x04" + bytes(2000), "links.csv: is an Excel workbook"),
    "semicolons": (LINKS.replace(",", ";").encode(), "links.csv: is separated by semicolons"),
    "tabs": (LINKS.replace(",", "\t").encode(), "links.csv: is separated by tabs"),
    "sep=": (b"sep=,\n" + LINKS.encode(), "links.csv: starts with Excel's line"),
    "old Mac": (LINKS.replace("\n", "\r").encode(), "links.csv: has carriage returns for line ends"),
    "binary": (bytes(range(1, 32)) * 40, "links.csv: is binary data"),
    "open quote": (LINKS.replace("b,c", '"b,c').encode(), "links.csv 3: cannot be read from here on"),
    "broken parquet": (b"PAR1" + bytes(50), "links.csv: is not a readable Parquet file"),
    "header only": (b"supplier,buyer,value\n", ""),
}


@pytest.mark.parametrize(("content", "told"), FILES.values(), ids=FILES)
def test_files_that_are_no_table(folder: Path, content: bytes, told: str) -> None:
    (folder / "links.csv").write_bytes(content)
    found = faults(folder)
    if told:
        assert found[0].startswith(told), found
        assert len(found) == 1
    else:
        assert found == []
        assert "no link" in warnings(folder)[0]


@pytest.mark.parametrize("name", ["firms", "essentiality"])
@pytest.mark.parametrize(("content", "told"), [FILES[k] for k in ("empty", "latin-1", "excel")])
def test_the_other_files_too(folder: Path, name: str, content: bytes, told: str) -> None:
    (folder / f"{name}.csv").write_bytes(content)
    assert any(
        fault.startswith(told.split(":")[0].split(" ")[0].replace("links", name)) for fault in faults(folder)
    )


def test_firms_without_rows(folder: Path) -> None:
    (folder / "firms.csv").write_text("firm,sector\n")
    assert faults(folder) == ["firms.csv: the file has a header but no rows"]


def test_missing_places(tmp_path: Path, folder: Path) -> None:
    assert "there is no such folder or file" in faults(tmp_path / "nowhere")[0]
    (folder / "links.csv").rename(folder / "linkz.csv")
    assert faults(folder) == ["links.csv: the table is missing; is linkz meant to be it?"]
    (folder / "items.csv").write_text("item\n")
    assert "holds a chain" in faults(folder)[0]
    (folder / "links.csv").mkdir()
    assert faults(folder)
    assert read_fails(folder / "links.csv")


def read_fails(place: Path) -> bool:
    with pytest.raises(ChainError) as error:
        read_firms(place)
    return bool(str(error.value))


def test_both_forms_of_a_table(folder: Path) -> None:
    pl.read_csv(folder / "links.csv").write_parquet(folder / "links.parquet")
    assert faults(folder) == ["links.parquet: links.csv is there too: keep one of them"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "links.csv").chmod(0)
    assert "cannot be read" in faults(folder)[0]


def test_the_descriptor_names_files(folder: Path) -> None:
    (folder / "links.csv").rename(folder / "sales.csv")
    resources = [{"name": "links", "path": "sales.csv"}, {"name": "firms", "path": "firms.csv"}]
    (folder / "datapackage.json").write_text(json.dumps({"name": "own", "resources": resources}))
    network = read_firms(folder)
    assert (network.name, network.m) == ("own", 3)
    assert [fault.message for fault in network.warnings] == [
        "is not listed in datapackage.json; it is read all the same"
    ]
    (folder / "datapackage.json").write_text("{")
    assert "datapackage.json 1: is not valid JSON" in faults(folder)[0]
    (folder / "datapackage.json").write_text(
        json.dumps({"resources": [{"name": "links", "path": "../x.csv"}]})
    )
    assert any("inside the folder" in fault for fault in faults(folder))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(network=networks(), size=st.integers(1, 60), windows=st.booleans())
def test_blocks_of_any_size_give_the_same(
    network: FirmNetwork, size: int, windows: bool, tmp_path: Path
) -> None:
    place = write_firms(network, tmp_path / "blocks", "csv")
    for path in place.glob("*.csv"):
        text = path.read_bytes() + b"\n"
        path.write_bytes(text.replace(b"\n", b"\r\n") if windows else text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_blocks, "BYTES", size)
        patch.setattr(csv_blocks, "LONGEST", 10_000)
        same(read_firms(place), network)


def test_a_code_may_begin_with_what_looks_like_a_byte_order_mark(tmp_path: Path) -> None:
    network = from_arrays([0, 0], [0], [1], [1.0], None, firms=["\ufeffa", "a"])
    same(read_firms(write_firms(network, tmp_path / "firms", "csv")), network)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_of_faults_in_later_blocks(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "BYTES", 100)
    monkeypatch.setattr(sources, "ROWS", 7)
    values = ["1"] * 300
    for row in (5, 150, 299):
        values[row] = "x"
    frame = pl.DataFrame({"supplier": [f"a{i}" for i in range(300)], "buyer": ["b"] * 300, "value": values})
    path = tmp_path / f"links.{form}"
    frame.write_csv(path) if form == "csv" else frame.write_parquet(path)
    assert [fault.row for fault in check_firms(path) if fault.severity == "fault"] == [7, 152, 301]


def test_a_quote_that_is_never_closed_in_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "BYTES", 100)
    monkeypatch.setattr(csv_blocks, "LONGEST", 1000)
    lines = [f"a{i},b,1" for i in range(500)]
    lines[20] = '"a20,b,1'
    (tmp_path / "links.csv").write_text("supplier,buyer,value\n" + "\n".join(lines) + "\n")
    assert faults(tmp_path) == ["links.csv: a quotation mark is never closed; what follows is not read"]


# Writing.


def test_a_written_folder_is_a_sound_data_package(tmp_path: Path) -> None:
    from frictionless import validate

    place = write_firms(generate_firms(60, links_per_firm=3, sectors=4, seed=2), tmp_path / "made", "csv")
    here = Path.cwd()
    os.chdir(place)
    try:
        report = validate("datapackage.json")
    finally:
        os.chdir(here)
    assert report.valid, report.to_summary()


def test_writing_again_replaces_the_other_form(tmp_path: Path) -> None:
    first, second = (generate_firms(20, links_per_firm=2, sectors=3, seed=seed) for seed in (1, 2))
    write_firms(first, tmp_path / "net", "csv")
    write_firms(second, tmp_path / "net", "parquet")
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == [
        "datapackage.json",
        "essentiality.csv",
        "firms.parquet",
        "links.parquet",
    ]
    assert read_firms(tmp_path / "net").data_hash == second.data_hash
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


def test_markets_may_be_called_as_sectors_are(tmp_path: Path) -> None:
    firms = pl.DataFrame({"firm": ["a", "b", "c"], "sector": ["x", "x", "y"], "market": ["y", "x", "y"]})
    links = pl.DataFrame({"supplier": ["a"], "buyer": ["c"], "value": [1.0]})
    network = to_firm_network(firms, links)
    same(read_firms(write_firms(network, tmp_path / "net")), network)


def test_nothing_else_is_written_over(toy: Path, tmp_path: Path) -> None:
    network = generate_firms(5, links_per_firm=1, sectors=2)
    before = sorted(toy.iterdir())
    with pytest.raises(OutputError, match="no part of a firm network"):
        write_firms(network, toy)
    assert sorted(toy.iterdir()) == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        write_firms(network, tmp_path / "file")
    write_firms(network, tmp_path / "net")
    (tmp_path / "net" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        write_firms(network, tmp_path / "net")
    (tmp_path / "empty").mkdir()
    write_firms(network, tmp_path / "empty")


def test_answers_do_not_go_over_the_network(folder: Path) -> None:
    refuse_own(folder, None)
    refuse_own(folder, folder / "answer.csv")
    for own in ("links.csv", "firms.parquet", "datapackage.json"):
        with pytest.raises(OutputError, match="network itself"):
            refuse_own(folder, folder / own)
    with pytest.raises(OutputError, match="network itself"):
        refuse_own(folder / "links.csv", folder / "links.csv")


# The command.


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_check_knows_a_firm_network(folder: Path, toy: Path) -> None:
    assert (is_firms(folder), is_firms(folder / "links.csv"), is_firms(toy)) == (True, True, False)
    result = run("check", folder)
    assert (result.exit_code, result.output) == (0, f"0 faults, 0 warnings in {folder}\n")
    (folder / "links.csv").write_text(LINKS.replace("b,c,6", "b,b,x"))
    result = run("check", folder)
    assert result.exit_code == 1
    assert "links.csv 3 value x: is not a number" in result.output
    result = run("check", folder, "--to", folder / "links.csv")
    assert result.exit_code == 1


def test_ten_million_links_fit_by_what_a_hundredth_of_them_takes(tmp_path: Path) -> None:
    """Memory above that of a small network grows by less than 100 bytes a link."""
    used = {}
    for n in (100, 10_000):
        place = write_firms(generate_firms(n, seed=1), tmp_path / f"net{n}", "csv")
        code = (
            "import resource\nfrom wholenation.firms.reading import read_firms\n"
            f"read_firms({str(place)!r})\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        used[n] = int(done.stdout) * 1024
    assert used[10_000] - used[100] < 100 * 100_000 + 40e6


def test_every_column_is_told_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "firms.md").read_text(encoding="utf-8")
    for table, declared in columns().items():
        part = page.split(f"### {table}\n", 1)[1].split("\n### ", 1)[0]
        for name in declared:
            assert f"| `{name}`" in part, f"{table}.{name}"


def test_faults_are_ordinary_faults(folder: Path) -> None:
    (folder / "links.csv").write_text(LINKS.replace("a,b,4", "a,b,-4"))
    assert check_firms(folder) == [Fault("links.csv", 2, "value", "-4", "must be at least 0")]


# A slow and obvious twin of the reader of links.

CODES = ("a", "b", "c", "z", "")
VALUES = ("1", "2.5", "0", "-1", "x", "nan", "1e999", "")


def slow_faults(rows: list[tuple[str, str, str]]) -> set[tuple[int, str]]:
    """(row, column) of every fault of links between a, b and c."""
    found: set[tuple[int, str]] = set()
    seen: set[tuple[str, str]] = set()
    for row, (supplier, buyer, value) in enumerate(rows, start=2):
        if not (supplier or buyer or value):
            continue
        for column, code in (("supplier", supplier), ("buyer", buyer)):
            if code not in ("a", "b", "c"):
                found.add((row, column))
        if supplier and supplier == buyer:
            found.add((row, "buyer"))
        if value not in ("1", "2.5", "0"):
            found.add((row, "value"))
        if supplier != buyer and {supplier, buyer} <= {"a", "b", "c"}:
            if (supplier, buyer) in seen:
                found.add((row, "supplier+buyer"))
            seen.add((supplier, buyer))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(VALUES)), max_size=15
    ),
    form=st.sampled_from(["csv", "parquet", "quoted"]),
    size=st.integers(1, 80),
)
def test_faults_of_links_are_those_of_a_slow_reader(
    rows: list[tuple[str, str, str]], form: str, size: int, tmp_path: Path
) -> None:
    for old in tmp_path.glob("links.*"):
        old.unlink()
    (tmp_path / "firms.csv").write_text("firm,sector\na,x\nb,x\nc,y\n")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("supplier", "buyer", "value"), pl.String), orient="row")
    if form == "parquet":
        frame.write_parquet(tmp_path / "links.parquet")
    else:
        frame.write_csv(tmp_path / "links.csv", quote_style="always" if form == "quoted" else "necessary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_blocks, "BYTES", size)
        patch.setattr(sources, "ROWS", size)
        found = [fault for fault in check_firms(tmp_path) if fault.severity == "fault"]
    assert {(fault.row, fault.column) for fault in found} == slow_faults(rows)


def test_a_header_without_names(folder: Path) -> None:
    for text in (",", '"', ",,\n,,\n", '""'):
        (folder / "links.csv").write_text(text)
        assert len(faults(folder)) == 1


@pytest.mark.parametrize("name", ["firms", "links"])
def test_damaged_parquet(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    place = write_firms(generate_firms(40, links_per_firm=3, sectors=4, seed=1), tmp_path / "net", "parquet")
    path = place / f"{name}.parquet"
    whole = path.read_bytes()
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut] + b"\xff\xff" + whole[cut + 2 :])
        check_firms(place)  # whatever is damaged, it is told or it was of no import
        path.write_bytes(whole[:cut])
        assert faults(place)
    capfd.readouterr()  # the panics of polars
