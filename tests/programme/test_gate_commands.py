"""Gates from the shell: every act as an entry, every mistake as one sentence, the same request as one entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gate_programmes import begun, tie

from wholenation.chain import read_chain
from wholenation.cli import main, programme_commands
from wholenation.plans import plan
from wholenation.programme.adoption import adopt

assert programme_commands.programme  # registers the verbs that are tried here


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    begun(tmp_path).close()
    return tmp_path / "ledger.db"


def run(ledger: Path, *words: object, who: str | None = None) -> Result:
    more = ["--as", who] if who else []
    return CliRunner().invoke(main, ["programme", *map(str, words), "--ledger", str(ledger), *more])


def done(ledger: Path, *words: object, who: str | None = None) -> str:
    result = run(ledger, *words, who=who)
    assert result.exit_code == 0, result.output
    return result.output


def as_json(ledger: Path, *words: object, who: str | None = None) -> Any:
    return json.loads(done(ledger, *words, "--json", who=who))


def test_from_evidence_to_payment(ledger: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("measured six")
    assert "Entry " in done(ledger, "evidence", "m1", report, "--id", "e1", who="team1")
    sha256 = as_json(ledger, "evidence", "m1", report, "--id", "e1", who="team1")["body"]["sha256"]
    assert (
        tmp_path / "ledger.db.evidence" / "sha256" / sha256[:2] / sha256[2:]
    ).read_text() == "measured six"
    done(ledger, "evaluate", "e1", "--accept", "--measured", 6, who="house")
    done(ledger, "approve", "m1", who="ann")
    denied = run(ledger, "release", "m1", who="agency")
    assert denied.exit_code == 1
    assert "Denied: 100 for m1." in denied.output
    assert "- 1 of the 2 approvals that are needed" in denied.output
    done(ledger, "approve", "m1", who="bea")
    paid = as_json(ledger, "release", "m1", "--id", "r", who="agency")
    assert as_json(ledger, "release", "m1", "--id", "r", who="agency") == paid
    assert paid["body"]["allowed"] is True
    assert sum(one["amount"] for one in paid["postings"]) == 0
    value = as_json(ledger, "earned-value", "--date", "2028-01-01")
    assert value["awards"][0] | {"AC": 0} == value["awards"][0]
    assert (value["awards"][0]["EV"], value["awards"][0]["PV"], value["awards"][0]["CPI"]) == (100, 300, None)
    assert "SPI 0.333" in done(ledger, "earned-value", "a1", "--date", "2028-01-01")


def test_the_other_acts(ledger: Path) -> None:
    assert "probability 0.4" in done(ledger, "belief", "m1", "b1", "--probability", 0.4, who="ann")
    told = as_json(ledger, "belief", "m1", "b2", "--likelihoods", 0.9, 0.3, who="ann")["body"]
    assert told["probability"] == pytest.approx(2 / 3)
    body = as_json(ledger, "cover", "cv", "--user", "user", "--award", "a1", "--premium-share", 0.8, "--currency",
                   "CNY", "--from", "k1", 10, "--from", "k2", 5, who="agency")["body"]  # fmt: skip
    assert body["cap"] == 15
    done(ledger, "change", "m2", "ch", "--to", '{"due": "2027-01-01"}', "--reason", "early", who="cid")
    change = as_json(ledger, "change", "m2", "ch2", "--to", '{"payment": 150}', "--reason", "less", "--second-level",
                     who="cid")["body"]  # fmt: skip
    assert change["second_level"] == "cid"
    spent = as_json(ledger, "spend", "a1", "s", "--date", "2026-05-01", "--amount", 30, "--line", "lens", 30,
                    who="team1")["body"]  # fmt: skip
    assert spent["lines"] == [{"text": "lens", "amount": 30}]
    assert "decision kill" in done(ledger, "gate", "a2", "kill", "--reason", "no yield", who="agency")
    assert "Forecasts of ann: count 1" in done(ledger, "scores", "--date", "2028-01-01")
    assert as_json(ledger, "scores", "--date", "2028-01-01")["by"]["ann"]["count"] == 1
    assert "No milestone that somebody forecast" in done(ledger, "scores")


@pytest.mark.parametrize(
    ("words", "who", "sentence"),
    [
        (("evidence", "m9", __file__), "team1", "'m9': no such milestone; known: m1, m2, n1, n2"),
        (("evidence", "m1", "nowhere.pdf"), "team1", "nowhere.pdf: cannot be read"),
        (("evaluate", "e9", "--reject"), "house", "'e9'"),
        (("approve", "m1"), "team1", "cannot approve: not independent of the payee"),
        (("gate", "a1", "kill"), "agency", "a1: a decision to kill needs a --reason"),
        (("gate", "a1", "expire"), "agency", "a1 does not expire before 2029-03-31"),
        (("downselect", "c"), "agency", "c is down-selected on 2099-01-01 at the earliest"),
        (("change", "m1", "x", "--to", "[1]", "--reason", "r"), "ann", "is not a JSON object"),
        (("change", "m1", "x", "--to", "{", "--reason", "r"), "ann", "is not JSON"),
        (("earned-value", "--date", "soon"), None, "'soon' is not a day as YYYY-MM-DD"),
        (("earned-value", "a9"), None, "no such award"),
        (("replan", "x", "--adopt", "p2"), None, "--adopt needs --as"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(
    ledger: Path, words: tuple[str, ...], who: str | None, sentence: str
) -> None:
    with_ledger = len(list_of(ledger))
    result = run(ledger, *words, who=who)
    assert result.exit_code == 1, result.output
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert len(list_of(ledger)) == with_ledger
    assert not (ledger.parent / "ledger.db.evidence").exists()


def list_of(ledger: Path) -> list[Any]:
    from wholenation.programme.ledger import open_ledger

    opened = open_ledger(str(ledger))
    try:
        return list(opened.entries())
    finally:
        opened.close()


def test_a_conflict_that_came_later_is_seen_at_the_release(tmp_path: Path) -> None:
    with begun(tmp_path) as programme:
        programme.ledger.append([tie("t1", "owner", "owns", "house"), tie("t2", "owner", "owns", "team1")])
    denied = run(tmp_path / "ledger.db", "release", "m1", who="agency")
    assert "the evaluator house is related to the payee team1" in denied.output


def test_replanning_records_nothing_but_when_asked(tmp_path: Path, toy: Path) -> None:
    chain = read_chain(toy)
    home = chain.missions["home"][0]
    made = plan(chain, home, samples=4, gap=0.0, evaluate=0, risk_aversion=0.0)
    with begun(tmp_path) as programme:
        adopt(programme, key="p", actor="agency", adoption="plan", plan=made, chain=chain)
    ledger = tmp_path / "ledger.db"
    before = len(list_of(ledger))
    told = as_json(ledger, "replan", toy, "--workers", 1)
    assert (told["adoption"], told["adopted"]) == ("plan", None)
    assert len(list_of(ledger)) == before
    shown = done(ledger, "replan", toy, "--workers", 1, "--adopt", "plan-2", who="agency")
    assert "plan planned again from" in shown
    assert "Note: a1 runs no route of the plan's project optics: it is left out." in shown
    assert list_of(ledger)[-1].body["replaces"] == "plan"
    done(ledger, "replan", toy, "--workers", 1, "--adopt", "plan-2", who="agency")
    assert len(list_of(ledger)) == before + 1
    taken = run(ledger, "replan", toy, "--adopt", "plan-2", "--key", "other", who="agency")
    assert "plan-2: entry" in taken.output
