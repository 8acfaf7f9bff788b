"""The commands about firms: what they choose, what they answer, and one clear sentence per mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from wholenation.cli import main
from wholenation.firms.cascade import TOLERANCE
from wholenation.firms.generator import generate_firms
from wholenation.firms.writing import write_firms

SMALL = 60


@pytest.fixture(autouse=True)
def plain_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = generate_firms(SMALL, links_per_firm=3, sectors=4, seed=3)
    return write_firms(network, tmp_path_factory.mktemp("nation") / "nation")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(*words: object) -> dict[str, list[dict[str, object]]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_firm_by_its_risk(nation: Path) -> None:
    answer = told("cascade", nation)
    rows = answer["firms"]
    assert [row["rank"] for row in rows] == list(range(1, SMALL + 1))
    risks = [row["risk"] for row in rows]
    assert risks == sorted(risks, reverse=True)
    assert all(row["low"] <= row["risk"] <= row["high"] for row in rows)
    assert all(row["own"] <= row["high"] + 1e-9 for row in rows)
    assert answer["about"]["network_firms"] == SMALL
    assert answer["about"]["mode"] == "converged"
    shown = run("cascade", nation, "--top", "3")
    assert shown.stdout.splitlines()[0].startswith(f"What {SMALL} failures would do to {SMALL} firms with")
    assert f"The first 3 of {SMALL}" in shown.stdout
    assert rows[0]["shock"] in shown.stdout
    assert shown.stderr == ""


def test_shocks_are_chosen(nation: Path, tmp_path: Path) -> None:
    firms = [row["shock"] for row in told("cascade", nation)["firms"]]
    some = told("cascade", nation, "--firms", ",".join(firms[3:5]))["firms"]
    assert [row["shock"] for row in some] == firms[3:5]
    both = told("cascade", nation, "--firms", ",".join(firms[3:5]), "--together")["firms"]
    assert [row["shock"] for row in both] == ["+".join(firms[3:5])]
    assert both[0]["firms"] == 2
    assert both[0]["risk"] >= some[0]["risk"] - 1e-3
    sectors = told("cascade", nation, "--sectors", "S1,S2")["firms"]
    assert {row["shock"] for row in sectors} == {"S1", "S2"}
    assert {row["sector"] for row in sectors} == {"S1", "S2"}
    file = tmp_path / "storm.csv"
    file.write_text(f"shock,firm,loss\nstorm,{firms[0]},0.5\nstorm,{firms[1]},0.25\n")
    storm = told("cascade", nation, "--shocks", file)["firms"]
    assert [row["shock"] for row in storm] == ["storm"]
    assert (
        storm[0]["risk"]
        <= told("cascade", nation, "--firms", ",".join(firms[:2]), "--together")["firms"][0]["risk"]
    )


def test_a_list_finds_firms_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "three"
    folder.mkdir()
    (folder / "firms.csv").write_text(
        "firm,name,sector\na,Blue Harbor Parts Ltd.,s\nb,Green Hill,s\nc,Red Works,t\n"
    )
    (folder / "links.csv").write_text("supplier,buyer,value\na,b,2\nb,c,1\nc,a,1\n")
    screening = tmp_path / "list.csv"
    screening.write_text("name,alt_names,source\nPARTS BLUE HARBOR,,SDN\nNobody,GREEN HILL,SDN\n")
    result = run("cascade", folder, "--listed", screening)
    assert result.exit_code == 0, result.output
    assert "Firms on the list: 2" in result.stdout
    assert "by name alone" in result.stdout
    answer = told("cascade", folder, "--listed", screening)
    assert {row["shock"] for row in answer["firms"]} == {"a", "b", "all listed"}
    assert {row["firm"] for row in answer["matches"]} == {"a", "b"}


def test_other_weights(nation: Path, tmp_path: Path) -> None:
    firms = [row["shock"] for row in told("cascade", nation)["firms"]]
    jobs = tmp_path / "jobs.csv"
    jobs.write_text(f"firm,weight\n{firms[-1]},10\n")
    rows = {row["shock"]: row for row in told("cascade", nation, "--weights", jobs)["firms"]}
    assert rows[firms[-1]]["own"] == 1.0
    assert rows[firms[-1]]["risk"] == pytest.approx(1.0)
    assert run("cascade", nation, "--weights", "output").exit_code == 0
    jobs.write_text(f"firm,weight\n{firms[0]},1e308\n{firms[1]},1e308\n")
    assert "must add up to less than" in run("cascade", nation, "--weights", jobs).stderr


def test_any_number_of_rows_may_be_asked_for(nation: Path) -> None:
    many = ("--top", "9" * 30)
    assert run("cascade", nation, *many).exit_code == 0
    assert run("propagate", nation, "--sectors", "S1", "--days", "5", *many).exit_code == 0


def test_a_chain_has_its_organizations_fail(toy: Path) -> None:
    answer = told("cascade", toy)
    assert [row["shock"] for row in answer["firms"]] == ["etchcorp"]
    assert answer["firms"][0]["name"] == "Etch Corp"
    assert any("market" in row["message"] for row in answer["assumed"])
    shown = run("cascade", toy)
    assert "assumptions about shares and markets" in shown.stderr
    at_home = told("cascade", toy, "--home", "AAA", "--firms", "etchcorp,others-AAA:wafer")["firms"]
    assert {row["shock"] for row in at_home} == {"etchcorp", "others-AAA:wafer"}


def test_controls_on_organizations(toy: Path, nation: Path) -> None:
    answer = told("cascade", toy, "--home", "AAA", "--controls")
    row = answer["controls"][0]
    assert (row["scenario"], row["organization"], row["firms"]) == ("entity", "etchcorp", 1)
    assert row["loss"] > 0
    assert 0 < row["risk"] <= row["risk_if_stopped"]
    assert "Etch Corp" in run("cascade", toy, "--home", "AAA", "--controls").stdout
    elsewhere = told("cascade", nation, "--home", "AAA", "--chain", toy)
    assert elsewhere["controls"][0]["firms"] == 0
    assert elsewhere["controls"][0]["risk"] is None


def test_files_hold_every_firm(nation: Path, tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet", ".xlsx"):
        result = run("cascade", nation, "--top", "2", "--to", tmp_path / f"risk{suffix}")
        assert result.exit_code == 0, result.output
    assert pl.read_parquet(tmp_path / "risk.parquet").height == SMALL


def test_parts_are_kept_and_used_again(nation: Path, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    first = told("cascade", nation, "--parts", parts)
    assert any(parts.iterdir())
    assert told("cascade", nation, "--parts", parts)["firms"] == first["firms"]
    other = run("cascade", nation, "--parts", parts, "--mode", "reference")
    assert other.exit_code == 1
    assert "bug" not in other.output


MISTAKES = {
    "unknown firm": (["--firms", "F7777,F8888"], 1, "F7777: no such firm"),
    "unknown sector": (["--sectors", "S9"], 1, "S9: no such sector"),
    "two choices": (["--firms", "F01", "--sectors", "S1"], 2, "--firms and --sectors choose different shocks"),
    "all and some": (["--firms", "F01", "--all"], 2, "--firms and --all choose different shocks"),
    "together alone": (["--together"], 2, "--together goes with --firms, --sectors or --jurisdictions"),
    "home of a network": (["--home", "CHN"], 2, "--home needs a chain"),
    "controls without home": (["--controls"], 2, "need --home"),
    "controls without a chain": (["--controls", "--home", "AAA"], 2, "--home needs a chain"),
    "no firm": (["--firms", ","], 2, "names nothing"),
    "weights of nothing": (["--weights", "nowhere.csv"], 1, "nowhere.csv: cannot be read"),
    "shocks of nothing": (["--shocks", "nowhere.csv"], 1, "nowhere.csv: cannot be read"),
    "list of nothing": (["--listed", "nowhere.csv"], 1, "nowhere.csv: cannot be read"),
    "eps of nothing": (["--mode", "reference", "--eps", "0"], 2, "0<x<=1"),
    "weights without a name": (["--weights", ""], 2, "the path is empty"),
    "no such format": (["--to", "x.doc"], 1, "tells no format"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_one_clear_sentence(nation: Path, name: str) -> None:
    words, code, sentence = MISTAKES[name]
    result = run("cascade", nation, *words)
    assert result.exit_code == code, result.output
    assert sentence in result.output
    assert "bug of wholenation" not in result.output
    assert result.stdout == ""


def test_a_network_without_firms_is_refused(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("supplier,buyer,value\n")
    result = run("cascade", tmp_path / "links.csv")
    assert result.exit_code == 1
    assert "there is no firm in it" in result.stderr


def test_no_place_is_a_fault() -> None:
    result = run("cascade", "nowhere")
    assert result.exit_code == 1
    assert "nowhere: there is no such folder or file" in result.stderr


def test_generate_writes_what_check_accepts(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    result = run("generate", 50, "--links-per-firm", "2", "--sectors", "3", "--form", "csv", "--to", folder)
    assert result.exit_code == 0, result.output
    assert "50 firms in 3 sectors" in result.stderr
    assert run("check", folder).exit_code == 0
    again = run("generate", 0, "--to", folder)
    assert again.exit_code == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    assert run("generate", 50, "--to", tmp_path / "mine").exit_code == 1
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_importers_make_networks(nation: Path, tmp_path: Path) -> None:
    edges = tmp_path / "edges.csv"
    edges.write_text("seller,buyer,amount\na,b,1\nb,c,2\n")
    result = run(
        "import", "links", edges, "--supplier", "seller", "--value", "amount", "--to", tmp_path / "one"
    )
    assert result.exit_code == 0, result.output
    assert "The network lies in" in result.stderr
    assert told("cascade", tmp_path / "one")["about"]["network_links"] == 2
    graph = tmp_path / "graph.graphml"
    graph.write_text(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">'
        '<node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>'
    )
    assert run("import", "graphml", graph, "--to", tmp_path / "two", "--json").exit_code == 0
    table = tmp_path / "table.csv"
    table.write_text("sector,s,t\ns,1,2\nt,3,0\n")
    assert run("import", "io-table", table, "--to", tmp_path / "three").exit_code == 0
    assert run("check", tmp_path / "three").exit_code == 0


def test_the_help_tells_the_tolerance_that_is_taken() -> None:
    assert f"{TOLERANCE:g}, if not told" in " ".join(run("cascade", "--help").output.split())


def test_propagate_tells_days(nation: Path, tmp_path: Path) -> None:
    firm = told("cascade", nation)["firms"][0]["shock"]
    answer = told("propagate", nation, "--firms", firm, "--days", "20", "--end", "5")
    assert len(answer["days"]) >= 20
    assert answer["summary"]
    shown = run("propagate", nation, "--sectors", "S1", "--share", "0.5", "--days", "20")
    assert shown.exit_code == 0, shown.output
    assert "What happens day by day" in shown.stdout
    assert "lowest output (% of normal)" in shown.stdout
    assert "median" not in shown.stdout  # one sample has no quantiles
    drawn = run(
        "propagate", nation, "--sectors", "S1", "--samples", "2", "--inventory-draw", "poisson", "--days", "9"
    )
    assert "median" in drawn.stdout
    nothing = run("propagate", nation)
    assert nothing.exit_code == 2
    assert "Say what happens" in nothing.output


def test_a_scenario_day_by_day(toy: Path, nation: Path) -> None:
    answer = told("propagate", toy, "--scenario", "embargo", "--days", "60")
    assert answer["about"]["scenario"] == "embargo"
    lost = {row["firm"]: row["lost_days"] for row in answer["firms"]}
    assert lost["others-AAA:chip"] > lost["others:chip"]
    assert lost["others-BBB:wafer"] > 0
    owned = told("propagate", toy, "--firms", "etchcorp", "--days", "10")
    assert {row["firm"]: row["lost_days"] for row in owned["firms"]}["etchcorp:etcher_dry"] == 10
    service = run("propagate", toy, "--scenario", "service")
    assert service.exit_code == 1
    assert "left out: 1 control of maintenance" in service.stderr
    assert "no control of this scenario denies a delivery" in service.stderr
    assert run("propagate", nation, "--scenario", "embargo").exit_code == 2
    assert run("propagate", toy, "--scenario", "embargos").exit_code == 1


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_keeps_the_parts(tmp_path: Path) -> None:
    network = write_firms(generate_firms(20_000, seed=1), tmp_path / "n")
    words = ["cascade", network, "--mode", "reference", "--eps", "1e-9", "--parts", tmp_path / "parts"]
    command = [sys.executable, "-m", "wholenation", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        for _ in range(600):
            time.sleep(0.1)
            if running.poll() is not None or len(list((tmp_path / "parts").glob("*.parquet"))) > 1:
                break
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "the same command goes on from it" in said
    assert "stopped; no file was left half written" in said
