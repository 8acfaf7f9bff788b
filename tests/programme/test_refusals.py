"""What an act of money or evidence does not take: each told in a sentence, with nothing added to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gate_programmes import begun
from offices import Office, office

from wholenation.cli import main, programme_commands
from wholenation.errors import QuestionError
from wholenation.programme import pools
from wholenation.programme.evidence_files import folder_of
from wholenation.programme.gates import submit_evidence
from wholenation.programme.ledger import Draft

assert programme_commands.programme  # registers the commands that are tried here


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path)
    made.pledge("t", 100)
    made.call("t")
    yield made
    made.programme.close()


def run(hall: Office, *words: str) -> Result:
    ledger = ["--ledger", hall.programme.ledger.name, "--as", "office"]
    return CliRunner().invoke(main, ["programme", *words, *ledger])


def lost(hall: Office, reason: str) -> None:
    pools.default(
        hall.programme, key="d", actor="office", default="d", call="t-1", amount=None, reason=reason
    )


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda hall: lost(hall, ""), "takes a reason"),
        (lambda hall: lost(hall, " "), "takes a reason"),
        (lambda hall: hall.party("rich", capital=5), "capital 5 takes a currency"),
        (lambda hall: hall.tie("ann", "employed", "firm", share=0.5), "a tie of kind employed has none"),
        (lambda hall: hall.tie("ann", "family", "bea", share=0.0), "a tie of kind family has none"),
    ],
)
def test_what_says_too_little_or_too_much(hall: Office, act: Callable[[Office], None], words: str) -> None:
    size = hall.programme.refresh().size
    with pytest.raises(QuestionError, match=words):
        act(hall)
    assert hall.programme.refresh().size == size


def test_what_says_enough_is_taken(hall: Office) -> None:
    lost(hall, "cut")
    hall.party("rich", capital=5, currency="EUR")
    hall.tie("firm", "owns", "rich", share=0.5)


def test_a_default_takes_a_key_that_names_a_request(hall: Office) -> None:
    size = hall.programme.refresh().size
    for key in ("", " "):
        result = run(hall, "default", "d", "--call", "t-1", "--reason", "cut", "--key", key)
        assert result.exit_code == 2 and "--key" in result.output
    assert hall.programme.refresh().size == size


def test_an_earmark_that_no_project_of_the_plan_has_is_warned_of(hall: Office) -> None:
    told = ("pledge", "x", "--contributor", "region", "--amount", "5", "--currency", "EUR", "--earmark")
    assert "Warning" not in run(hall, *told, "stages=nosuch").output  # no plan is in force
    projects = [
        {"project": "optics", "item": "lens", "kind": "develop", "stage": "equipment"},
        {"project": "resist", "item": "resist", "kind": "build", "stage": "materials"},
    ]
    hashes: dict[str, Any] = dict.fromkeys(("plan_sha256", "data_sha256", "assumptions_sha256"), "ab" * 32)
    body = {"adoption": "p", "home": "AAA", "settings": {}, "objective": 1, "bound": 1, "projects": projects}
    hall.programme.ledger.append([Draft("p", "plan.adopted", "office", body | hashes)])
    warned = run(hall, *told, "stages=nosuch")
    assert warned.exit_code == 0
    assert (
        "Warning: earmark stages=nosuch: no such stage in p, the plan in force; known: equipment, materials"
        in (" ".join(warned.output.split()))
    )
    state = hall.programme.refresh()
    assert pools.unplanned(state, {"stages": ["materials"], "kinds": ["cover", "build"]}) == []
    assert len(pools.unplanned(state, {"projects": ["optic"], "items": ["lens"], "kinds": ["test"]})) == 2
    assert pools.unplanned(state, {"jurisdictions": ["AAA"]}) == []  # the plan tells none


@pytest.mark.parametrize(
    ("who", "text", "words"),
    [
        ("house", "it works", "house submits no evidence for m1: its payee team1"),
        ("team2", "it works", "team2 submits no evidence"),
        ("nobody", "it works", "nobody submits no evidence"),
        ("team1", "", "is empty"),
    ],
)
def test_evidence_of_a_stranger_or_of_nothing_is_not_kept(
    tmp_path: Path, who: str, text: str, words: str
) -> None:
    file, folder = tmp_path / "report.txt", folder_of(str(tmp_path / "ledger.db"))
    file.write_text(text)
    with begun(tmp_path) as programme:
        size = programme.state.size
        with pytest.raises(QuestionError, match=words):
            submit_evidence(
                programme, key="e", actor=who, evidence="e", milestone="m1", file=file, evidence_folder=folder
            )
        assert programme.refresh().size == size and not folder.exists()


@pytest.mark.parametrize("who", ["team1", "agency", "ann"])
def test_payee_agency_and_approvers_submit_evidence(tmp_path: Path, who: str) -> None:
    file = tmp_path / "report.txt"
    file.write_text("it works")
    with begun(tmp_path) as programme:
        entry = submit_evidence(
            programme, key="e", actor=who, evidence="e", milestone="m1", file=file,
            evidence_folder=folder_of(str(tmp_path / "ledger.db")),
        )  # fmt: skip
    assert entry.actor == who


def test_a_change_that_is_nested_too_deep_is_one_sentence(tmp_path: Path) -> None:
    begun(tmp_path).close()
    words = ["change", "m1", "x", "--to", '{"due": ' + "[" * 50_000, "--reason", "r", "--as", "ann"]
    result = CliRunner().invoke(main, ["programme", *words, "--ledger", str(tmp_path / "ledger.db")])
    assert result.exit_code == 1 and "--to: lists and objects are nested too deep" in result.output
