"""The importer of the chip explorer's files, on small folders in the shape of both vintages, and on the real ones.

The real files are not part of the project: name the folder that holds them (`eto-2021`, `eto-2025`, or both) in
the environment variable WHOLENATION_ETO to test with them.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from wholenation.chain import check, read_chain
from wholenation.errors import ChainError, OutputError
from wholenation.importers import ImportSummary, import_eto
from wholenation.importers.eto_files import jurisdiction, parse_market, parse_share

INPUTS = """input_id,input_name,type,stage_name,stage_id,description,year,{market},caption,{source}
N1,Chip design,process,Design,S1,words,2022,$5 billion (2022),,
N2,Design software,tool_resource,,,words,2019,$6.8 billion (2019),,[CSET](https://example.org/a)
N20,Extreme scanners,tool_resource,,,words,2025,$13 billion (2025),,
N22,Immersion scanners,tool_resource,,,words,2025,$12 billion (2025),,
N19,Scanners,tool_resource,,,words,2025,Over $25 billion,,
N30,Photolithography,process,Fabrication,S2,words,,,,
N31,Resists,material_resource,,,words,2019,about $1 billion (2019),,
N32,Mask tools,tool_resource,,,words,2019,,,
N33,Laser mask writers,tool_resource,,,words,2019,$44 million (2022),,
N34,Masks,material_resource,,,words,2019,"$4 billion (all masks), 2019",,
N40,Unused furnaces,tool_resource,,,words,2019,$21 million (2019),,
N50,Testing,process,"Assembly, testing",S3,words,,,,
N60,CPUs,design_resource,,,words,,,,
N99,Finished chip,ultimate_output,,,words,,,,
""".format(market="market_share_chart_global_market_size_info", source="market_share_chart_source")
PROVIDERS = """provider_name,provider_id,provider_type,country
USA,P1,country,
NLD,P2,country,
JPN,P3,country,
MAL,P4,country,
Various countries,P5,country,
CHN,P6,country,
ASML,P10,organization,NLD
Nikon,P11,organization,JPN
Various companies,P12,organization,Various countries
Writers Inc,P13,organization,USA
"""
SEQUENCE = """input_name,input_id,goes_into_name,goes_into_id,is_type_of_name,is_type_of_id
Design software,N2,Chip design,N1,,
Chip design,N1,Photolithography,N30,,
Extreme scanners,N20,,,Scanners,N19
Immersion scanners,N22,,,Scanners,N19
Scanners,N19,Photolithography,N30,,
Resists,N31,Photolithography,N30,,
Masks,N34,Photolithography,N30,,
Mask tools,N32,Masks,N34,,
Laser mask writers,N33,Mask tools,N32,,
Photolithography,N30,Testing,N50,,
Testing,N50,Finished chip,N99,,
CPUs,N60,,,Chip design,N1
"""
OLD = """provider_name,provider_id,provided_name,provided_id,share_provided,negligible_market_share
USA,P1,Design,S1,61%,
USA,P1,Design software,N2,96%,
MAL,P4,Design software,N2,5%,
NLD,P2,Extreme scanners,N20,100%,
NLD,P2,Immersion scanners,N22,91%,
JPN,P3,Immersion scanners,N22,9%,
ASML,P10,Immersion scanners,N22,91%,
Nikon,P11,Immersion scanners,N22,9%,
JPN,P3,Resists,N31,,
USA,P1,Resists,N31,Major,
CHN,P6,Resists,N31,,negligible
Writers Inc,P13,Laser mask writers,N33,,
JPN,P3,Masks,N34,53%,
Various countries,P5,Masks,N34,40%,
"""
NEW = """provider_name,provider_id,provided_name,provided_id,share_provided,year,source
USA,P1,Design software,N2,96.0,2019,[CSET](https://example.org/a) (2019)
NLD,P2,Extreme scanners,N20,100.0,2025,analysis
NLD,P2,Immersion scanners,N22,99.3,2025,analysis
JPN,P3,Immersion scanners,N22,0.7,2025,analysis
CHN,P6,Immersion scanners,N22,0.0,2025,analysis
ASML,P10,Immersion scanners,N22,99.3,2025,analysis
Various companies,P12,Immersion scanners,N22,0.7,2025,analysis
JPN,P3,Resists,N31,,2019,
NLD,P2,Scanners,N19,81.5,2025,analysis
USA,P1,Chip design,N1,51.0,2022,
USA,P1,Laser mask writers,N33,27.9,2025,analysis
USA,P1,Masks,N34,40.0,2019,
USA,P1,Masks,N34,41.0,2019,
"""


def folder(path: Path, provision: str = OLD, **changed: str) -> Path:
    texts = {"inputs": INPUTS, "providers": PROVIDERS, "sequence": SEQUENCE, "provision": provision} | changed
    path.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def lines(summary: ImportSummary) -> dict[str, int]:
    return {
        what: number
        for part in (summary.mapped, summary.defaulted, summary.dropped)
        for what, number, _ in part
    }


@pytest.fixture(params=[OLD, NEW], ids=["2022 release", "2026 release"])
def imported(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, ImportSummary]:
    source = folder(tmp_path / "source", request.param)
    return tmp_path / "chain", import_eto(source, tmp_path / "chain")


def test_the_imported_folder_is_a_sound_chain(imported: tuple[Path, ImportSummary]) -> None:
    target, _ = imported
    assert [str(fault) for fault in check(target) if fault.severity == "fault"] == []
    chain = read_chain(target)
    assert "NonCommercial" in chain.licenses[0]["title"]
    assert "words" not in (target / "items.csv").read_text()


def test_parents_give_way_to_their_types(imported: tuple[Path, ImportSummary]) -> None:
    target, summary = imported
    chain = read_chain(target)
    needs = set(chain.needs.select("item", "input").iter_rows())
    assert {("photolithography", "extreme-scanners"), ("photolithography", "immersion-scanners")} <= needs
    assert ("masks", "laser-mask-writers") in needs  # a tool that goes into a tool is its type
    assert not {"scanners", "mask-tools", "cpus", "unused-furnaces"} & set(chain.items["item"])
    found = lines(summary)
    assert found["inputs that no product needs"] == 1
    assert found["parents, replaced by their types"] >= 2


def test_stages_kinds_and_substitution_groups(imported: tuple[Path, ImportSummary]) -> None:
    chain = read_chain(imported[0])
    stage = dict(chain.items.select("item", "stage").iter_rows())
    kind = dict(chain.items.select("item", "kind").iter_rows())
    assert stage["design-software"] == "Design"
    assert stage["laser-mask-writers"] == "Fabrication"
    assert stage["finished-chip"] == "Assembly, testing"
    assert (kind["design-software"], kind["resists"], kind["chip-design"]) == (
        "software",
        "material",
        "process",
    )
    rates = chain.needs.filter(pl.col("group") == "critical-layers")["rate"].to_list()
    assert rates == pytest.approx([13 / 25, 12 / 25])


def test_shares_of_the_2022_release(tmp_path: Path) -> None:
    summary = import_eto(folder(tmp_path / "source", OLD), tmp_path / "chain")
    share = {row[:2]: row[2] for row in read_chain(tmp_path / "chain").supply.iter_rows()}
    assert share["design-software", "MYS"] == pytest.approx(5 / 101, abs=1e-6)
    assert share["design-software", "USA"] == pytest.approx(96 / 101, abs=1e-6)
    assert share["resists", "JPN"] is None
    assert share["resists", "USA"] is None
    assert share["resists", "CHN"] == 0.0
    assert share["laser-mask-writers", "USA"] is None  # told by the organization's headquarters
    assert share["masks", "VAR"] == pytest.approx(0.4)
    found = lines(summary)
    assert found["shares of whole stages"] == 1
    assert found["suppliers marked negligible"] == 1
    assert found["items whose shares were rescaled"] == 1
    assert found["suppliers taken from organizations' headquarters"] == 1


def test_shares_of_the_2026_release(tmp_path: Path) -> None:
    summary = import_eto(folder(tmp_path / "source", NEW), tmp_path / "chain")
    chain = read_chain(tmp_path / "chain")
    share = {row[:2]: row[2] for row in chain.supply.iter_rows()}
    assert share["immersion-scanners", "NLD"] == pytest.approx(0.993)
    assert ("immersion-scanners", "CHN") not in share
    assert share["masks", "USA"] == pytest.approx(0.4)
    assert set(chain.organizations["name"]) == {"ASML"}
    assert chain.supply.filter(pl.col("item") == "design-software")["year"].to_list() == [2019]
    found = lines(summary)
    assert found["repeated rows"] == 1
    assert found["shares that are zero"] == 1
    assert found["shares of processes and designs"] == 1
    assert found["unnamed organizations"] == 1


def test_a_parent_with_shares_stays_when_none_of_its_types_has_any(tmp_path: Path) -> None:
    provision = "\n".join(line for line in NEW.splitlines() if ",N20," not in line and ",N22," not in line)
    summary = import_eto(folder(tmp_path / "source", provision), tmp_path / "chain")
    items = set(read_chain(tmp_path / "chain").items["item"])
    assert "scanners" in items
    assert not {"extreme-scanners", "immersion-scanners"} & items
    assert lines(summary)["types without shares, told by their parent"] >= 2


def test_byte_order_marks_and_line_ends_are_no_obstacle(tmp_path: Path) -> None:
    source = folder(tmp_path / "source")
    for path in source.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    import_eto(source, tmp_path / "chain")
    assert read_chain(tmp_path / "chain").items["name"].str.contains("\r").sum() == 0


def test_every_missing_file_and_column_is_named(tmp_path: Path) -> None:
    source = folder(tmp_path / "source", sequence="input_id,goes_into_id\nN1,N30\n", providers="")
    (source / "provision.csv").unlink()
    with pytest.raises(ChainError) as told:
        import_eto(source, tmp_path / "chain")
    text = str(told.value)
    assert "provision.csv: the file is missing" in text
    assert "providers.csv: the file is empty" in text
    assert "sequence.csv 1 is_type_of_id: the column is missing" in text
    assert not (tmp_path / "chain").exists()


@pytest.mark.parametrize(
    ("provision", "message"),
    [
        (OLD.replace("96%", "lots"), "is no share"),
        (OLD.replace("96%", "960%"), "between 0 % and 100 %"),
        (OLD.replace("MAL,P4,Design software,N2,5%", "MAL,P4,Design software,N2,50%"), "add up to 1.460"),
        (OLD.replace("P10,Immersion", "P77,Immersion"), "no such provider"),
        (OLD.replace("Masks,N34,53%", "Masks,N77,53%"), "no such input"),
        (OLD + "JPN,P3,Masks", "cut off"),
    ],
)
def test_unsound_provision_is_refused(tmp_path: Path, provision: str, message: str) -> None:
    with pytest.raises(ChainError, match=message):
        import_eto(folder(tmp_path / "source", provision), tmp_path / "chain")


def test_circles_are_refused(tmp_path: Path) -> None:
    circle = SEQUENCE + "Testing,N50,Photolithography,N30,,\n"
    with pytest.raises(ChainError, match="in a circle"):
        import_eto(folder(tmp_path / "a", sequence=circle), tmp_path / "chain")
    circle = SEQUENCE + "Scanners,N19,,,Extreme scanners,N20\n"
    with pytest.raises(ChainError, match="in a circle"):
        import_eto(folder(tmp_path / "b", sequence=circle), tmp_path / "chain")


def test_an_unknown_type_and_a_missing_product_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match="unknown type of input"):
        import_eto(
            folder(tmp_path / "a", inputs=INPUTS.replace("ultimate_output", "output")), tmp_path / "chain"
        )
    with pytest.raises(ChainError, match="ultimate_output"):
        import_eto(
            folder(tmp_path / "b", inputs=INPUTS.replace("ultimate_output", "process")), tmp_path / "chain"
        )


def test_a_folder_in_use_is_kept(tmp_path: Path) -> None:
    source, target = folder(tmp_path / "source"), tmp_path / "chain"
    import_eto(source, target)
    with pytest.raises(OutputError, match="not empty"):
        import_eto(source, target)
    import_eto(source, target, replace=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        import_eto(source, tmp_path / "file")
    with pytest.raises(ChainError, match="no such folder"):
        import_eto(tmp_path / "nowhere", tmp_path / "other")


def test_two_imports_are_identical(tmp_path: Path) -> None:
    source = folder(tmp_path / "source")
    import_eto(source, tmp_path / "one")
    import_eto(source, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_share_is_read_in_all_its_spellings() -> None:
    assert parse_share(" 7% ") == (0.07, "")
    assert parse_share("7", 100.0) == (0.07, "")
    assert parse_share("Negligible") == (None, "negligible")
    with pytest.raises(ValueError, match="no share"):
        parse_share("nan")


def test_a_market_is_read_in_all_its_phrases() -> None:
    assert parse_market("$56.2 billion (microprocessors) (2019)") == (56200.0, 2019)
    assert parse_market("$0.4 million (2025)") == (0.4, 2025)
    assert parse_market("$1,200 million") == (1200.0, None)
    assert parse_market("") == (None, None)


def test_codes_of_no_single_country_are_unnamed() -> None:
    assert [jurisdiction(code) for code in ("", "Various", "GBR")] == ["VAR", "VAR", "GBR"]


@pytest.mark.skipif(
    "WHOLENATION_ETO" not in os.environ, reason="WHOLENATION_ETO names no folder of real files"
)
def test_the_real_files(tmp_path: Path) -> None:
    root = Path(os.environ["WHOLENATION_ETO"])
    sources = [path.parent for path in sorted([*root.glob("inputs.csv"), *root.glob("*/inputs.csv")])]
    assert sources
    for source in sources:
        target = tmp_path / source.name
        summary = import_eto(source, target)
        assert [str(fault) for fault in check(target) if fault.severity == "fault"] == []
        chain = read_chain(target)
        kinds = set(chain.items["kind"])
        assert {"tool", "material", "software", "process", "product"} == kinds
        assert lines(summary)["items"] > 60
        eda = chain.supply.filter(pl.col("item") == "electronic-design-automation-software")
        assert eda.filter(pl.col("jurisdiction") == "USA")["share"][0] > 0.9
        assert chain.supply["share"].max() <= 1.0
