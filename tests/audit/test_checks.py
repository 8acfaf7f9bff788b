"""One contract for all checks over the ledger: what each says of itself, of honesty, and of its own scheme."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from wholenation.audit.bench import answers, sees
from wholenation.audit.book import Book, Line
from wholenation.audit.checks import CHECKS, HARD, PUBLIC, RESEARCH
from wholenation.audit.flags import SEVERITIES, Answer, Outcome, flagged
from wholenation.audit.injection import DEVELOPMENT_SEEDS, HOLD_OUT_SEEDS, clean
from wholenation.audit.schemes import SCHEMES
from wholenation.programme.entries import faults_of, types

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "checks"
SECTIONS = ["## Method", "## Example", "## Why it is a red flag", "## Exclusions"]


@pytest.fixture(scope="module")
def honest() -> list[Answer]:
    """What is said of an honest programme."""
    return answers(clean(1))


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_what_it_is(name: str) -> None:
    asked = CHECKS[name]
    module = import_module(f"wholenation.audit.checks.{name.lower()}")
    assert asked.check.id == name
    assert asked.check.severity in SEVERITIES
    assert asked.check.version
    assert asked.check.title
    assert asked.check.subject
    assert set(asked.check.reads) <= set(types())
    assert str(module.__doc__).startswith(f"{name}: ")
    assert "The value is" in " ".join(str(asked.ask.__doc__).split())


def test_every_file_is_a_check() -> None:
    files = {path.stem.upper() for path in (ROOT / "src/wholenation/audit/checks").glob("[rw]*.py")}
    assert files == set(CHECKS) == set(SCHEMES) == {*RESEARCH, *PUBLIC}
    assert set(HARD) == {"WN01", "WN02", "WN03", "R068"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_its_page(name: str) -> None:
    page = (PAGES / f"{name.lower()}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}: {CHECKS[name].check.title}\n")
    assert [line for line in page.splitlines() if line.startswith("## ")] == SECTIONS
    assert all(part.strip() for part in re.split(r"^## .*$", page, flags=re.MULTILINE)[1:])
    assert f"]({name.lower()}.md)" in (PAGES / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHECKS)
def test_honest_work_raises_nothing(name: str, honest: list[Answer]) -> None:
    mine = [one for one in honest if one.check == name]
    assert flagged(mine) == []
    # Teams of an honest programme do not meet often enough to speak of a pattern.
    usual = Outcome.NOT_COMPUTABLE if name in ("R053", "R057") else Outcome.CLEAR
    assert any(one.outcome is usual for one in mine), "the clean programme does not even ask it"


def test_the_honest_programme_fails_in_the_open() -> None:
    book = clean(1)
    kills = [line for line in book.lines if line.type == "gate.decided" and line.body["decision"] == "kill"]
    rejected = [line for line in book.lines if line.type == "evaluation.given" and not line.body["accepted"]]
    assert len(kills) > 10
    assert len(rejected) > 50


@pytest.mark.parametrize("killed", [True, False])
def test_failing_in_the_open_raises_nothing(killed: bool) -> None:
    """Nine tenths are spent, the second step is tried and shown not to work; a gate ends it, or has not yet met."""
    book = clean(1)
    contract = next(
        one
        for one in book.contracts.values()
        if len(one.steps) == 3 and "release.decided" in one.steps[-1].lines
    )
    second, third = contract.steps[1:]
    keep = ("belief.stated", "evidence.submitted", "evaluation.given")
    book.remove(line for kind, lines in second.lines.items() if kind not in keep for line in lines)
    book.remove(line for lines in third.lines.values() for line in lines)
    for line in second.lines["evaluation.given"]:
        line.body |= {"accepted": False, "measured": 0.1}
    last = second.lines["evaluation.given"][-1].at
    contract.spending[1].body["amount"] = round(contract.line.body["amount"] * 0.9)
    book.remove(contract.spending[2:])
    book.remove(one for one in book.lines if one.body.get("payer") == contract.payee)
    if killed:
        body = {"gate": "end", "award": contract.id, "milestone": second.body["milestone"]}
        book.write("gate.decided", last, {**body, "decision": "kill", "reason": "Not met."}, hour=20)
        found = answers(book)
    else:
        book.today = last
        found = [one for one in answers(book) if one.outcome is Outcome.FLAG]
    assert [one.sentence for one in flagged(found) if contract.id in one.subject] == []
    assert {one.severity for one in flagged(found)} <= {"low"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_sees_its_scheme(name: str) -> None:
    book = clean(1)
    planted = SCHEMES[name](book)
    assert [fault for entry in book.entries() for fault in faults_of(entry.type, entry.body)] == []
    found = answers(book, [name])
    assert sees(found, planted)
    last = len(book.lines)
    for one in flagged(found):
        assert one.evidence
        assert all(1 <= int(seq) <= last for seq in one.evidence)
        assert one.version == CHECKS[name].check.version
        assert one.subject_kind == CHECKS[name].check.subject
        assert one.value is not None


@pytest.mark.parametrize("name", ["clean", "WN01", "WN06", "WN10", "WN18", "R032", "R057", "R064"])
def test_the_order_of_independent_entries_changes_nothing(name: str) -> None:
    def told(book: Book) -> set[Answer]:
        """The answers, with evidence by the entries' own names instead of their places."""
        keys = {str(entry.seq): entry.key for entry in book.entries()}
        return {
            replace(one, evidence=tuple(sorted(keys[seq] for seq in one.evidence))) for one in answers(book)
        }

    one, other = clean(3), clean(3)
    if name != "clean":
        SCHEMES[name](one)
        SCHEMES[name](other)
    random.Random(7).shuffle(other.lines)
    # What is about one subject keeps its order; a day's entries about others come in any.
    place = {(line.type, next(iter(line.body.values()))): n for n, line in enumerate(one.lines)}
    other.lines.sort(key=lambda line: (line.at, line.hour))
    assert [key(line) for line in other.lines] != [key(line) for line in sorted(one.lines, key=when)]
    _in_order_within(other, place)
    assert told(one) == told(other)


def key(line: Line) -> tuple[str, str]:
    return line.type, str(next(iter(line.body.values())))


def when(line: Line) -> tuple[object, int]:
    return line.at, line.hour


def _in_order_within(book: Book, place: dict[tuple[str, object], int]) -> None:
    """Put the lines of one time and one award back into their order, where they stand."""
    groups: dict[tuple[object, int, str], list[int]] = {}
    for n, line in enumerate(book.lines):
        subject = str(line.body.get("milestone") or line.body.get("evidence") or n)
        groups.setdefault((line.at, line.hour, subject.rsplit("-e", 1)[0]), []).append(n)
    for places in groups.values():
        lines = sorted((book.lines[n] for n in places), key=lambda one: place[key(one)])
        for n, line in zip(places, lines, strict=True):
            book.lines[n] = line


def test_a_younger_ledger_is_asked_as_of_its_day() -> None:
    book = clean(1)
    planted = SCHEMES["WN04"](book)
    change = next(line for line in book.lines if line.type == "milestone.changed")
    for days, seen in ((-1, False), (0, True)):
        book.today = change.at.fromordinal(change.at.toordinal() + days)
        assert sees(answers(book, ["WN04"]), planted) is seen


def test_hold_out_seeds_are_apart() -> None:
    assert not set(DEVELOPMENT_SEEDS) & set(HOLD_OUT_SEEDS)


def test_what_a_bid_says_in_another_form_is_passed_over() -> None:
    book = clean(1)
    contents = [line.body["content"] for line in book.opened.values()]
    contents[0] |= {
        "effort": {"somebody": {"2024-01": "much"}},
        "budget": [7, {"amount": "x"}],
        "people": [3],
    }
    contents[1] |= {"effort": {"2024-01": 0.2}, "budget": "none", "people": "all", "sites": None, "text": 5}
    contents[2].clear()
    assert flagged(answers(book)) == []
