"""Audit, dispose and interchange from the shell: tables, JSON, files, and one sentence for what goes wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.releases import lines
from wholenation.audit.ocds import Mode, as_cardinal, audit_releases
from wholenation.cli.audit_commands import COMMANDS
from wholenation.cli.interchange_commands import COMMANDS as INTERCHANGE
from wholenation.cli.options import Verbs
from wholenation.programme.ledger import Draft
from wholenation.programme.office import open_programme


def run(*arguments: str) -> Result:
    group = Verbs(
        "wholenation", commands={str(command.name): command for command in (*COMMANDS, *INTERCHANGE)}
    )
    return CliRunner().invoke(group, list(arguments))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "releases.jsonl"
    path.write_bytes(b"".join(lines(24, 300)) + b"no release\n")
    return str(path)


def test_a_file_gives_tables_and_tells_what_was_left_out(file: str) -> None:
    done = run("audit", file)
    assert done.exit_code == 0
    assert "300 of 301 lines used; 1 line left out." in done.output
    assert f"{file} 301: not JSON" in done.output.replace("\n", "") or "301: not JSON" in done.output
    assert run("audit", file, "--strict").exit_code == 1


def test_cardinals_json_has_cardinals_shape(file: str) -> None:
    done = run("audit", file, "--mode", "cardinal", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == as_cardinal(audit_releases(file, mode=Mode.CARDINAL))


def test_flags_go_into_a_file(file: str, tmp_path: Path) -> None:
    target = tmp_path / "flags.csv"
    assert run("audit", file, "--to", str(target)).exit_code == 0
    flags = pl.read_csv(target)
    assert set(flags["outcome"]) == {"flag"}
    assert len(flags) == len(audit_releases(file).answers)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--zone", "Mars"), 1, "no such time zone"),
        (("--settings", "missing.ini"), 1, "missing.ini"),
        (("--fx", "missing.csv"), 1, "missing.csv"),
        (("--record",), 2, "--record"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    arguments: tuple[str, ...], code: int, word: str, file: str
) -> None:
    done = run("audit", file, *arguments)
    assert done.exit_code == code
    assert word in done.output
    assert "Traceback" not in done.output


def test_a_file_without_a_release_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("one\ntwo\n", encoding="utf-8")
    done = run("audit", str(path))
    assert done.exit_code == 1
    assert "no release in it that can be used" in done.output
    assert run("audit", str(tmp_path)).exit_code == 1


def test_a_flag_of_a_ledger_is_disposed_of_once(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    flag = {
        "flag": "f1", "check": "WN01", "subject": "a1", "severity": "hard", "sentence": "paid ahead", "evidence": [],
        "version": "1",
    }  # fmt: skip
    with open_programme(ledger, create=True) as programme:
        programme.act(lambda _: [Draft("k1", "flag.raised", "ann", flag)])
    assert run("audit", "--ledger", ledger).exit_code == 0
    asked = (
        "dispose",
        "f1",
        "--ledger",
        ledger,
        "--as",
        "ann",
        "--disposition",
        "cleared",
        "--reason",
        "seen",
    )
    assert run(*asked).exit_code == run(*asked).exit_code == 0
    with open_programme(ledger) as programme:
        assert [one["disposition"] for one in programme.refresh().all("flag.disposed")] == ["cleared"]
    told = json.loads(run("audit", "--ledger", ledger, "--json").stdout)["precision"]
    assert told == [
        {"check": "WN01", "precision": 0.0, "confirmed": 0, "cleared": 1, "referred": 0, "waiting": 0}
    ]
    assert "Precision" in run("audit", "--ledger", ledger).stdout
    other = run("dispose", "f2", *asked[2:])
    assert other.exit_code == 1
    assert "no such flag" in other.output


def test_a_ledger_goes_out_as_releases_and_tables(tmp_path: Path) -> None:
    ledger, out = str(tmp_path / "ledger.db"), str(tmp_path / "out.jsonl")
    challenge = {
        "challenge": "c1", "title": "A target", "project": "p", "metric": "m", "threshold": 1, "direction": "at_least",
        "protocol_sha256": "ab" * 32, "test_house": "lab", "deadline": "2026-05-01T00:00:00Z", "cap": 5_000,
        "currency": "EUR", "rival_routes": 2,
    }  # fmt: skip
    with open_programme(ledger, create=True) as programme:
        programme.act(lambda _: [Draft("k1", "challenge.published", "ann", challenge)])
    assert run("to-ocds", "--ledger", ledger, "--prefix", "mine", "--to", out).exit_code == 1
    assert run("to-ocds", "--ledger", ledger, "--prefix", "ocds-wn0001", "--to", out).exit_code == 0
    told = run("from-ocds", out)
    assert told.exit_code == 0
    assert "challenge.published ocds-wn0001-c1" in told.output
    assert "dropped field: tender.description (1)" in told.output
    assert run("from-ocds", out, "--json").exit_code == 0
    package = str(tmp_path / "package.json")
    asked = ("--prefix", "ocds-wn0001", "--to", package, "--package", "https://example.org/p.json")
    assert run("to-ocds", "--ledger", ledger, *asked).exit_code == 0
    assert json.loads(Path(package).read_text(encoding="utf-8"))["version"] == "1.1"
    assert (
        run("tables", "--ledger", ledger, "--to", str(tmp_path / "tables"), "--format", "parquet").exit_code
        == 0
    )
    assert len(pl.read_parquet(tmp_path / "tables" / "challenge.published.parquet")) == 1


def test_a_file_and_a_ledger_are_two_questions(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("audit", file, "--ledger", str(tmp_path / "ledger.db"))
    assert done.exit_code == 2
    assert "not both" in done.output
    monkeypatch.setenv("WHOLENATION_LEDGER", str(tmp_path / "ledger.db"))
    assert run("audit", file).exit_code == 0  # a habit of the shell is no contradiction


def test_a_day_before_the_ledger_begins_is_told(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    open_programme(ledger, create=True).close()
    assert run("audit", "--ledger", ledger, "--today", "1999-01-01").exit_code == 0  # nothing yet, on any day
    party = {"party": "ann", "kind": "person"}
    with open_programme(ledger) as programme:
        day = programme.act(lambda _: [Draft("k1", "party.registered", "ann", party)])[0].at[:10]
    done = run("audit", "--ledger", ledger, "--today", "1999-01-01")
    assert done.exit_code == 1
    assert f"begins on {day}; 1999-01-01 is before" in done.output
    assert run("audit", "--ledger", ledger, "--today", day).exit_code == 0


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain.jsonl", tmp_path / "marked.jsonl"
    plain.write_bytes(b"".join(lines(24, 30)))
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    found = audit_releases(marked)
    assert found.answers == audit_releases(plain).answers
    assert (found.reading.used, found.reading.left_out, found.reading.faults) == (30, 0, [])
    assert found.reading.bytes == marked.stat().st_size
    for start in (b"", b"\n\n", b"\xef\xbb\xbf"):
        marked.write_bytes(start)
        assert audit_releases(marked).reading.left_out == 0
