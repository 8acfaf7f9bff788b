import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from wholenation import __version__
from wholenation.answers import SHORTLIST, show_plan
from wholenation.chain import Chain, write_package
from wholenation.cli import main
from wholenation.errors import OutputError
from wholenation.export import FORMATS, destination, to_json, write_result
from wholenation.export import Result as Answer
from wholenation.importers import ImportSummary, Line
from wholenation.lp import Status
from wholenation.output import show
from wholenation.plans import plan

VERBS = [
    "check", "import", "measure", "stress", "plan", "frontier", "certainty", "sensitivity", "policy",
    "cascade", "propagate", "generate", "programme", "audit", "dispose", "replay", "report", "formulate", "solve",
]  # fmt: skip


@pytest.fixture(autouse=True)
def plain_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def process(*words: object, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wholenation", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **settings)  # type: ignore[call-overload]


# Help and version


def test_the_verbs_stand_in_the_order_of_the_questions() -> None:
    assert main.list_commands(click.Context(main)) == VERBS
    shown = re.findall(r"^  (\w+) +\S.*\?", run("--help").output, re.MULTILINE)
    assert shown == VERBS
    assert run("--version").output.strip() == f"wholenation, version {__version__}"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    command: click.Command = main
    for word in path:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.opts[0] in result.output


def test_help_answers_at_once() -> None:
    """Under 0.3 s on two cores; the best of five, and twice that, so that a busy machine does not fail it."""

    def once() -> float:
        start = time.perf_counter()
        assert process("--help").returncode == 0
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.6


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, wholenation.cli; print([m for m in ('polars', 'numpy', 'rich', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# check


def test_check_of_a_sound_chain(toy: Path) -> None:
    result = run("check", toy)
    assert result.exit_code == 0
    assert result.output == f"0 faults, 0 warnings in {toy}\n"


def test_check_shows_faults_and_warnings_and_exits_with_1(toy: Path) -> None:
    path = toy / "items.csv"
    path.write_text(path.read_text().replace("8000,10", ",0"))
    result = run("check", toy)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "fault   items.csv 4 lifetime_years 0: must be at least 0.1",
        "warning items.csv 4 market_musd: no market size is given",
        "warning items.csv 4 lifetime_years: no lifetime is given for a tool",
        f"1 fault, 2 warnings in {toy}",
    ]
    path.write_text((path.read_text()).replace(",0,,,", ",10,,,"))
    assert run("check", toy).exit_code == 0


def test_check_as_json_and_into_a_file(toy: Path, tmp_path: Path) -> None:
    (toy / "supply.csv").unlink()
    result = run("check", toy, "--json", "--to", tmp_path / "faults.csv")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["faults"][0] == {
        "file": "datapackage.json", "row": None, "column": "path", "value": "supply.csv",
        "message": "the file is listed but is not there", "severity": "fault",
    }  # fmt: skip
    with (tmp_path / "faults.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 1 + len(told["faults"])


def test_a_strangers_control_codes_do_not_reach_the_terminal(toy: Path) -> None:
    path = toy / "items.csv"
    path.write_text(path.read_text().replace("8000", '"\x1b[2J8\n0"'))
    result = run("check", toy)
    assert "\x1b" not in result.output
    assert r"items.csv 4 market_musd \x1b[2J8\n0: is not a number" in result.output


# Mistakes: one sentence, no traceback


MISTAKES = {
    "no home": (["measure", "TOY"], 2, "Missing option '--home'. This chain has missions for: AAA."),
    "unknown home": (["measure", "TOY", "--home", "AAB"], 1, "AAB: no such home with a mission; is AAA meant?"),
    "home without a mission": (["stress", "TOY", "--home", "VAR"], 1, "VAR: no such home with a mission; known: AAA"),
    "unknown controller": (
        ["measure", "TOY", "--home", "AAA", "--controllers", "BBB, XYZ"],
        1, "XYZ: no such jurisdiction; known: AAA, BBB, CCC, UNI, VAR"),
    "home denies itself": (["measure", "TOY", "--home", "AAA", "--controllers", "AAA"], 1, "AAA"),
    "unknown scenario": (
        ["stress", "TOY", "--home", "AAA", "--scenario", "embargos"], 1, "no such scenario; is embargo meant?"),
    "unknown project": (
        ["plan", "TOY", "--home", "AAA", "--exclude", "resist"], 1, "no such project; is resist_own meant?"),
    "unknown suffix": (
        ["measure", "TOY", "--home", "AAA", "--to", "x.doc"],
        1, "x.doc has the suffix .doc, which tells no format; known: .csv, .parquet, .json, .xlsx"),
    "no suffix": (["check", "TOY", "--to", "x"], 1, "no suffix"),
    "report is HTML": (["report", "TOY", "--home", "AAA", "--to", "x.pdf"], 1, "known: .html, .htm"),
    "no folder": (["measure", "nowhere", "--home", "AAA"], 1, "nowhere: there is no such folder"),
    "no folder to check": (["check", "nowhere"], 1, "nowhere: there is no such folder"),
    "negative draws": (["measure", "TOY", "--home", "AAA", "--draws", "-1"], 2, "-1"),
    "no step": (["measure", "TOY", "--home", "AAA", "--step", "week"], 2, "'year', 'quarter', 'month'"),
    "too many samples": (["plan", "TOY", "--home", "AAA", "--samples", "10001"], 2, "1<=x<=10000"),
    "budgets of every kind": (
        ["frontier", "TOY", "--home", "AAA", "--budgets", "0,abc,-5,nan,1e-12,1e30"], 2,
        ("'abc' is not a number; '-5' is not a sum of USD million, zero or more; 'nan' is not a sum of USD million, "
        "zero or more; '1e-12' is neither 0 nor between 1e-06 and 1e+09 USD million; '1e30' is neither")),
    "tiny budget": (["plan", "TOY", "--home", "AAA", "--budget", "1e-12"], 2, "'1e-12' is neither 0 nor between 1e-06"),
    "unknown projects": (
        ["plan", "TOY", "--home", "AAA", "--exclude", "nope,dry_owm", "--require", "nada,nope"], 1,
        ("nada: no such project; known: dry_own, more_people, resist_own, wafer_more, wet_new\n"
        "nope: no such project; known: dry_own, more_people, resist_own, wafer_more, wet_new\n"
        "dry_owm: no such project; is dry_own meant?\n")),
    "unknown factors and projects": (
        ["sensitivity", "TOY", "--home", "AAA", "--factors", "mony,ramps", "--exclude", "dry_owm"], 1,
        ("dry_owm: no such project; is dry_own meant?\nmony: no such factor; is money meant?\n"
        "ramps: no such factor; is ramp meant?")),
    "unknown home and controller": (
        ["measure", "TOY", "--home", "AAB", "--controllers", "BBA"], 1,
        "AAB: no such home with a mission; is AAA meant?\nBBA: no such jurisdiction; is BBB meant?"),
    "several missing folders": (
        ["plan", "nowhere", "TOY", "elsewhere", "--home", "AAA"], 1,
        "fault   nowhere: there is no such folder\nfault   elsewhere: there is no such folder\n"),
    "budget of NaN": (["plan", "TOY", "--home", "AAA", "--budget", "nan"], 2, "not a finite number"),
    "negative budget": (["plan", "TOY", "--home", "AAA", "--budget", "-1"], 2, "x>=0"),
    "no month": (["stress", "TOY", "--home", "AAA", "--start", "2026-13"], 2, "not a year"),
    "no day": (["stress", "TOY", "--home", "AAA", "--start", "2026-02-31"], 2, "not a year"),
    "a year outside the tables": (["stress", "TOY", "--home", "AAA", "--start", "1066"], 2, "not a year"),
    "controllers without a code": (
        ["measure", "TOY", "--home", "AAA", "--controllers", ""], 2, "names nothing"),
    "home without a code": (["measure", "TOY", "--home", ""], 1, "'': no such home"),
    "gap of 1": (["plan", "TOY", "--home", "AAA", "--gap", "1"], 2, "0<=x<1"),
    "unknown verb": (["mesure"], 2, "No such command 'mesure'"),
    "unknown option": (["measure", "TOY", "--hom", "AAA"], 2, "--home"),
    "import from a file": (["import", "eto", __file__, "--to", "new"], 1, "is not a folder"),
    "import from nowhere": (["import", "eto", "nowhere", "--to", "new"], 1, "nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_one_clear_sentence(toy: Path, name: str) -> None:
    words, code, sentence = MISTAKES[name]
    result = run(*(str(toy) if word == "TOY" else word for word in words))
    assert result.exit_code == code, result.output
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert "bug of wholenation" not in result.output
    assert result.stdout == "" or words[0] == "check"


def test_bad_tables_give_all_their_faults(toy: Path) -> None:
    for table, old, new in (
        ("supply", "0.95", "1.95"),
        ("needs", "chip,etch,", "chip,etsh,"),
        ("items", "8000", "x"),
    ):
        path = toy / f"{table}.csv"
        path.write_text(path.read_text().replace(old, new))
    result = run("measure", toy, "--home", "AAA")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "fault   items.csv 4 market_musd x: is not a number",
        "fault   needs.csv 2 input etsh: no such item in items.csv; is etch meant?",
        "fault   supply.csv 3 share 1.95: a share must lie between 0 and 1",
        "wholenation: 3 faults: the tables cannot be used as they are",
    ]


def test_faults_of_several_folders_tell_their_folder(toy: Path, tmp_path: Path) -> None:
    other = shutil.copytree(toy, tmp_path / "other")
    for folder in (toy, other):
        path = folder / "items.csv"
        path.write_text(path.read_text().replace("8000", "x"))
    told = run("plan", toy, other, "--home", "AAA").stderr
    assert f"fault   {toy.name}/items.csv 4 market_musd x: is not a number\n" in told
    assert "fault   other/items.csv 4 market_musd x: is not a number\n" in told


def test_an_unforeseen_error_is_a_sentence_too(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr("wholenation.chain.read_chain", broken)
    result = run("measure", toy, "--home", "AAA")
    assert result.exit_code == 1
    assert "this is a bug of wholenation, not of your tables (KeyError: 'inside')" in result.stderr
    monkeypatch.setenv("WHOLENATION_DEBUG", "1")
    assert isinstance(run("measure", toy, "--home", "AAA").exception, KeyError)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_no_bug_of_ours(toy: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "wholenation", "check", str(toy)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "bug" not in done.stderr


def test_more_items_than_any_chain_has(toy: Path) -> None:
    assert run("measure", toy, "--home", "AAA", "--top", 10**20).exit_code == 0


def test_interrupt_is_one_sentence(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wholenation.chain.read_chain", interrupted)
    result = run("measure", toy, "--home", "AAA")
    assert result.exit_code == 130
    assert result.stderr == "wholenation: stopped; no file was left half written\n"


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_stops_a_real_run(toy: Path, tmp_path: Path) -> None:
    words = ["measure", toy, "--home", "AAA", "--draws", "1000000", "--to", tmp_path / "new" / "x.csv"]
    command = [sys.executable, "-m", "wholenation", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        time.sleep(3)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=20)
    assert running.returncode == 130
    assert told == "wholenation: stopped; no file was left half written\n"
    assert not (tmp_path / "new").exists()


def test_a_closed_pipe_is_no_error(toy: Path) -> None:
    command = f'"{sys.executable}" -m wholenation measure "{toy}" --home AAA --json | head -1'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_a_terminal_of_few_characters_is_no_error(toy: Path) -> None:
    done = process("measure", toy, "--home", "AAA", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "Silicon wafers" in done.stdout


# measure and stress


def test_measure_prints_the_shortlist_and_how_to_read_it(toy: Path) -> None:
    result = run("measure", toy, "--home", "AAA", "--controllers", "BBB,CCC", "--top", "3")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].strip() == "Where AAA can be stopped by BBB+CCC"
    ranks = [line.split()[0] for line in lines if re.match(r"\s+\d+\s", line)]
    assert ranks == ["1", "2", "3"]
    assert "loss = years of output lost" in result.stdout
    assert re.search(r"–: no value, in .*\d of 3 rows", result.stdout)
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_json_holds_the_question_the_data_and_every_table(toy: Path, toy_chain: Chain) -> None:
    words = (
        "measure",
        toy,
        "--home",
        "AAA",
        "--controllers",
        "BBB,CCC",
        "--draws",
        "3",
        "--seed",
        "7",
        "--json",
    )
    told = json.loads(run(*words).stdout)
    assert told["about"] | {"controllers": None} == {
        "wholenation": __version__, "verb": "measure", "chain": "toy", "title": "A toy chain", "version": "1.0.0",
        "data_hash": toy_chain.data_hash, "home": "AAA", "controllers": None, "step": "year", "draws": 3, "top": 20,
        "seed": 7,
    }  # fmt: skip
    assert told["about"]["controllers"] == ["BBB", "CCC"]
    assert [row["rank"] for row in told["shortlist"]] == [1, 2, 3, 4, 5, 6]
    assert {"item", "controllers", "measure", "value", "reason"} == set(told["measures"][0])
    assert any(row["value"] is None and row["reason"] for row in told["measures"])
    assert run(*words).stdout == run(*words).stdout


def test_warnings_are_counted_on_stderr_and_leave_stdout_clean(toy: Path) -> None:
    path = toy / "items.csv"
    path.write_text(path.read_text().replace("8000,10", ",10"))
    result = run("measure", toy, "--home", "AAA", "--json")
    assert json.loads(result.stdout)
    assert result.stderr == f"1 warning about the tables; wholenation check {toy} shows them\n"


def test_every_format_holds_the_same_shortlist(toy: Path, tmp_path: Path) -> None:
    for suffix in FORMATS:
        path = tmp_path / "new" / f"m{suffix}"
        result = run("measure", toy, "--home", "AAA", "--to", path)
        assert result.exit_code == 0, result.output
        assert f"Written to {path}." in result.stderr
    told = json.loads((tmp_path / "new" / "m.json").read_text())["shortlist"]
    parquet = pl.read_parquet(tmp_path / "new" / "m.parquet")
    assert parquet.to_dicts() == told
    table = list(csv.DictReader(io.StringIO((tmp_path / "new" / "m.csv").read_text())))
    assert [row["item"] for row in table] == parquet["item"].to_list()
    assert [float(row["loss"]) for row in table] == parquet["loss"].to_list()
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["m.csv", "m.json", "m.parquet", "m.xlsx"]


def test_stress_tells_of_every_scenario(toy: Path) -> None:
    result = run("stress", toy, "--home", "AAA", "--step", "quarter")
    assert result.exit_code == 0, result.output
    for name in ("No controls", "Embargo by Beland", "No maintenance", "Etch Corp stops"):
        assert name in result.stdout
    one = json.loads(run("stress", toy, "--home", "AAA", "--scenario", "embargo", "--json").stdout)
    assert [row["scenario"] for row in one["summary"]] == ["embargo"]
    assert {row["time"] for row in one["output"]} == {2026.0, 2027.0, 2028.0, 2029.0, 2030.0}


@pytest.mark.parametrize(("word", "time"), [("2028", 2028.0), ("2026.5", 2026.5), ("2026-07", 2026.5)])
def test_start_is_a_year_or_a_month(toy: Path, word: str, time: float) -> None:
    told = json.loads(
        run("stress", toy, "--home", "AAA", "--scenario", "none", "--start", word, "--json").stdout
    )
    assert told["about"]["start"] == time
    assert min(row["time"] for row in told["output"]) == time


# Files


def answer() -> Answer:
    frame = pl.DataFrame({"item": ["=1+1", "b"], "value": [float("nan"), float("inf")], "n": [1, None]})
    return Answer({"verb": "test"}, {"first": frame, "second": frame.head(1)})


def test_json_has_no_nan() -> None:
    told = json.loads(to_json(answer()), parse_constant=pytest.fail)
    assert [row["value"] for row in told["first"]] == [None, None]


def test_xlsx_has_a_sheet_for_each_table_and_equal_results_make_equal_files(tmp_path: Path) -> None:
    import zipfile

    one, two = (write_result(answer(), tmp_path / name) for name in ("1.xlsx", "2.xlsx"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as book:
        names = re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode())
        first = book.read("xl/worksheets/sheet1.xml").decode()
        assert "=1+1" in book.read("xl/sharedStrings.xml").decode()
    assert names == ["first", "second", "about"]
    assert "<f>" not in first


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_result(answer(), target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        destination(tmp_path / "folder.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_result(answer(), tmp_path / "file" / "x.csv")
    assert destination("X.CSV") == Path("X.CSV")


def test_a_narrow_terminal_gets_fewer_columns(capsys: pytest.CaptureFixture[str]) -> None:
    columns = {column.column: [0.5] for column in SHORTLIST}
    frame = pl.DataFrame(columns | {"rank": [1], "name": ["Extreme [red]ultraviolet[/red] scanners"], "kind": ["tool"],
                                    "denied_by": ["NLD 99 %"]})  # fmt: skip

    def printed(width: int) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("wholenation.output.PIPE_WIDTH", width)
            show(frame, SHORTLIST, "Title", "Legend.")
        return capsys.readouterr().out

    wide, narrow = printed(200), printed(70)
    assert "[red]ultraviolet[/red]" in wide
    assert "Left out" not in wide
    assert "Left out for lack of width: kind" in narrow
    assert "NLD 99 %" in narrow
    assert max(map(len, narrow.splitlines())) <= 70


# import


def test_import_shows_its_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def stub(source: str, target: str, *, replace: bool) -> ImportSummary:
        asked.append((source, target, replace))
        return ImportSummary(
            Path(target), (Line("items", 70, "42 tools"),), (Line("lifetimes", 57, "assumed"),), ()
        )

    monkeypatch.setattr("wholenation.importers.eto.import_eto", stub)
    result = run("import", "eto", "downloads", "--to", tmp_path / "new", "--replace")
    assert result.exit_code == 0, result.output
    assert asked == [("downloads", str(tmp_path / "new"), True)]
    assert re.search(r"items +70 +42 tools", result.stdout)
    assert re.search(r"Defaulted\s.*lifetimes +57 +assumed.*Dropped: nothing", result.stdout, re.DOTALL)
    told = json.loads(run("import", "eto", "downloads", "--to", tmp_path / "new", "--json").stdout)
    assert told["mapped"] == [{"what": "items", "count": 70, "note": "42 tools"}]
    assert told["dropped"] == []


# plan and report


def test_plan_prints_the_portfolio_and_its_proof(toy: Path) -> None:
    result = run("plan", toy, "--home", "AAA", "--samples", "5", "--seed", "1")
    assert result.exit_code == 0, result.output
    for words in ("no plan can beat", "What to fund", "Resists", "On fresh draws", "Loss if left out =",
                  "3 projects are left out; why stands in the tables `rejected` and `reasons`"):  # fmt: skip
        assert words in result.stdout
    told = json.loads(
        run("plan", toy, "--home", "AAA", "--samples", "5", "--exclude", "resist_own", "--json").stdout
    )
    assert told["about"]["exclude"] == ["resist_own"]
    assert told["about"]["bound"] <= told["about"]["objective"]
    assert "resist_own" not in {row["project"] for row in told["portfolio"]}


def test_an_infeasible_plan_names_its_limits_and_exits_with_1(toy: Path) -> None:
    words = ("plan", toy, "--home", "AAA", "--samples", "5", "--require", "dry_own", "--budget", "0")
    result = run(*words)
    assert result.exit_code == 1
    assert "cannot hold together" in result.stdout
    assert "dry_own" in result.stdout
    told = json.loads(run(*words, "--json").stdout)
    assert told["portfolio"] == []
    assert told["about"]["objective"] is None
    assert len(told["about"]["conflicts"]) >= 2


def test_stress_with_a_plan_beside_it(toy: Path) -> None:
    words = ("stress", toy, "--home", "AAA", "--scenario", "embargo", "--plan", "--samples", "5", "--json")
    rows = json.loads(run(*words).stdout)["summary"]
    assert [row["plan"] for row in rows] == [False, True]
    assert rows[1]["loss"] < rows[0]["loss"]


def test_report_writes_one_html_file(toy: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    words = ("report", toy, "--home", "AAA", "--controllers", "BBB,CCC", "--draws", "2", "--samples", "5")
    result = run(*words, "--to", path)
    assert result.exit_code == 0, result.output
    assert f"The report lies in {path}" in result.stderr
    page = path.read_text(encoding="utf-8")
    assert page.lstrip().startswith("<!DOCTYPE html>")
    assert "A toy chain" in page
    assert "Silicon wafers" in page


def test_a_chain_without_a_menu_gets_a_plan_that_funds_nothing(toy: Path) -> None:
    for name in ("projects", "routes", "staffing", "pools"):
        (toy / f"{name}.csv").unlink()
    write_package(toy, "toy", "Toy")
    result = run("plan", toy, "--home", "AAA", "--samples", "5")
    assert result.exit_code == 0, result.output
    assert "no project is funded" in result.stdout


def test_a_search_that_was_stopped_does_not_judge_the_menu(
    toy_chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    made = plan(toy_chain, "AAA", samples=1, budget=0)
    show_plan(replace(made, status=Status.TIME_LIMIT))
    shown = capsys.readouterr().out
    assert "the search stopped before" in shown
    assert "worth its money" not in shown


# what surrounds a plan


def test_a_frontier_is_a_table_of_budgets(toy: Path, tmp_path: Path) -> None:
    asked = ("frontier", toy, "--home", "AAA", "--samples", 3, "--budgets", "0,500,3000")
    told = json.loads(run(*map(str, asked), "--json").output)
    losses = [row["expected_loss"] for row in told["points"]]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1]
    assert {row["contributor"] for row in told["contributors"]} == {"Treasury", "Region"}
    assert "What each further billion buys" in run(*map(str, asked)).output


def test_certainty_sensitivity_and_policy_answer(toy: Path) -> None:
    few = ("--home", "AAA", "--samples", "3", "--workers", "1")
    told = json.loads(run("certainty", toy, *few, "--replications", "2", "--evaluate", "20", "--json").output)
    assert {"bounds", "projects", "runs", "information"} <= set(told)
    worth = {row["value_of"]: row for row in told["information"]}
    assert 0 <= worth["perfect information"]["least"] <= worth["perfect information"]["most"]
    for method, draws, column in (
        ("morris", 2, "mu_star_loss"),
        ("sobol", 8, "total_loss"),
        ("robustness", 1, "share"),
    ):
        told = json.loads(
            run("sensitivity", toy, *few, "--method", method, "--draws", draws, "--json").output
        )
        assert column in told["sensitivity"][0]
    told = json.loads(run("policy", toy, *few, "--histories", "2", "--json").output)
    losses = {row["way"]: row["loss"] for row in told["summary"]}
    assert losses["perfect"] <= losses["policy"] + 1e-6
    assert losses["fixed"] <= losses["none"] + 1e-6


def test_what_is_formulated_can_be_solved(toy: Path, tmp_path: Path) -> None:
    """The SMPS files hold the plan's programme: the same optimum comes back."""
    few = ("--home", "AAA", "--samples", "4", "--risk-aversion", "0.25")
    assert run("formulate", toy, *few, "--to", tmp_path / "smps").exit_code == 0
    solved = run("solve", tmp_path / "smps")
    assert solved.exit_code == 0, solved.output
    objective = float(re.search(r"Objective ([\d.e-]+)", solved.output)[1])
    made = json.loads(run("plan", toy, *few, "--gap", "0", "--json").output)
    assert objective == pytest.approx(made["about"]["objective"], abs=2e-4)
    assert run("formulate", toy, *few, "--to", tmp_path / "one.mps").exit_code == 0
    assert (tmp_path / "one.mps").stat().st_size > 1000


def test_a_plan_is_cut_off_and_goes_on(toy: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.journal"
    asked = ("plan", toy, "--home", "AAA", "--samples", "5", "--json")
    first = run(*asked, "--checkpoint", path)
    kept = path.stat().st_size
    again = run(*asked, "--checkpoint", path)
    assert again.exit_code == first.exit_code == 0
    assert again.output == first.output
    assert path.stat().st_size == kept
    other = run("plan", toy, "--home", "AAA", "--samples", "6", "--checkpoint", path)
    assert other.exit_code == 1
    assert "belongs to another question" in other.output


def test_two_chains_are_planned_for_under_one_budget(toy: Path) -> None:
    other = Path(__file__).parents[1] / "examples" / "six-items"
    told = json.loads(run("plan", toy, other, "--home", "AAA", "--samples", "3", "--json").output)
    assert told["about"]["chain"] != json.loads(run("check", toy, "--json").output)["about"].get("chain")
    assert told["portfolio"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frontier", "TOY", "--home", "AAA", "--budgets", "1,x"], "'x' is not a number"),
        (["frontier", "TOY", "--home", "AAA", "--budgets", "-5"], "zero or more"),
        (["plan", "TOY", "--home", "AAA", "--engine", "mars"], "the engine is 'mars'"),
        (["plan", "TOY", "--home", "AAA", "--engine", "tcp://127.0.0.1:1"], "127.0.0.1:1"),
        (["sensitivity", "TOY", "--home", "AAA", "--factors", "luck"], "luck"),
        (["policy", "TOY", "--home", "AAA", "--every", "0.1"], "0.1"),
        (["solve", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_around_a_plan(toy: Path, arguments: list[str], said: str) -> None:
    result = run(*[toy if word == "TOY" else word for word in arguments])
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "bug" not in result.output
