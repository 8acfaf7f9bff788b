"""The replayed cases: every line is sourced and right by itself, and the audit says then what it could have said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wholenation.audit.flags import flagged
from wholenation.audit.ledger import audit_ledger
from wholenation.audit.replay import Raised, audit_days, replay
from wholenation.cli.case_commands import replay as replay_command
from wholenation.errors import ChainError, QuestionError
from wholenation.programme.bids import commitment
from wholenation.programme.cases import Fact, days, read_case, to_entries, to_state, write_case
from wholenation.programme.entries import faults_of
from wholenation.programme.ledger import Draft, open_ledger
from wholenation.programme.milestones import faults_of_milestones, preregistered

CASES = Path(__file__).parents[2] / "examples" / "cases"
NAMES = ("hsmc", "hanxin", "electric-vehicles", "unigroup", "honest-failure")
Flag = tuple[str, str]


@pytest.fixture(params=NAMES)
def facts(request: pytest.FixtureRequest) -> tuple[Fact, ...]:
    return read_case(CASES / request.param)


def raised(facts: tuple[Fact, ...]) -> dict[Flag, date]:
    """The first day on which the audit would have raised each flag, by check and subject."""
    return {(one.answer.check, one.answer.subject): one.day for one in replay(facts)}


@cache
def replayed(case: str) -> tuple[Raised, ...]:
    """The replay of a case as it is, which takes seconds where the case lasts ten years."""
    return tuple(replay(read_case(CASES / case)))


def raised_in(case: str) -> dict[Flag, date]:
    return {(one.answer.check, one.answer.subject): one.day for one in replayed(case)}


def test_every_case_is_here() -> None:
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == set(NAMES)


def test_every_line_is_valid_and_has_a_source(facts: tuple[Fact, ...]) -> None:
    for one in facts:
        assert faults_of(one.draft.type, one.draft.body) == [], one
        assert "https://" in one.source or "http://" in one.source or one.source.startswith("ours: "), one
        assert one.basis == "assumed" or "://" in one.source, f"line {one.line} is reported by nobody"
        for low, high in one.ranges.values():
            assert low <= high


def test_days_go_forward_and_balances_hold(facts: tuple[Fact, ...]) -> None:
    assert days(facts) == list(dict.fromkeys(one.day for one in facts))
    state = to_state(facts)
    totals: dict[tuple[str, bool], int] = {}
    for (account, currency), balance in state.balances.items():
        for pending, amount in ((False, balance.posted), (True, balance.pending)):
            totals[currency, pending] = totals.get((currency, pending), 0) + amount
        if account.startswith("fund:"):
            assert min(balance.posted, balance.posted + balance.pending) >= 0
    assert set(totals.values()) == {0}


def test_what_was_hashed_is_what_is_there(facts: tuple[Fact, ...]) -> None:
    state = to_state(facts)
    for award in state.all("award.made"):
        assert preregistered(award["milestones"]) == award["preregistered_sha256"]
        assert faults_of_milestones(award["milestones"], award["amount"]) == []
        assert sum(award["funding"].values()) == award["amount"]
    for bid in state.all("bid.opened"):
        sealed = state.get("bid.sealed", bid.id)
        assert commitment(bid["salt"], bid["content"]) == sealed["commitment"]
        deadline = state.get("challenge.published", sealed["challenge"])["deadline"]
        assert sealed.at < deadline <= bid.at


def test_money_moves_as_the_acts_say(facts: tuple[Fact, ...]) -> None:
    """What is paid out is the sum of the releases, and an award that was ended holds nothing any more."""
    state = to_state(facts)
    paid: dict[tuple[str, str], int] = {}
    for release in state.all("release.decided", allowed=True):
        award = state.get("award.made", release["award"])
        place = f"payee:{award['payee']}", award["currency"]
        paid[place] = paid.get(place, 0) + release["amount"]
    for place, amount in paid.items():
        assert state.balance(*place).posted == amount
    for award in state.all("award.made"):
        left = state.balance(f"award:{award.id}", award["currency"]).pending
        spent = sum(r["amount"] for r in state.all("release.decided", award=award.id, allowed=True))
        assert left in (0, award["amount"] - spent)
        if state.all("gate.decided", award=award.id, decision="kill"):
            assert left == 0


def test_everybody_who_acts_in_a_relation_is_registered(facts: tuple[Fact, ...]) -> None:
    state = to_state(facts)
    for kind, names in {
        "relation.declared": ("subject", "object"),
        "transfer.observed": ("payer", "payee"),
        "evaluation.given": ("evaluator",),
        "approval.given": ("approver",),
        "award.made": ("payee",),
        "pledge.made": ("contributor",),
        "complaint.received": ("subject",),
    }.items():
        for record in state.all(kind):
            for name in names:
                assert state.has("party.registered", record[name]), record


def test_people_are_roles(facts: tuple[Fact, ...]) -> None:
    parties = to_state(facts).all("party.registered")
    for person in (one for one in parties if one["kind"] == "person"):
        assert person["name"] is None
        assert re.fullmatch(
            r"(chairman|associate|dean|(founder|officer|reader)-\d|lead-\w+|\w+-officer)", person.id
        )


def test_a_case_becomes_a_ledger_of_those_days(facts: tuple[Fact, ...], tmp_path: Path) -> None:
    file = str(tmp_path / "case.db")
    assert write_case(facts, file) == len(facts)
    assert write_case(facts, file) == len(facts)
    ledger = open_ledger(file)
    assert list(ledger.entries()) == list(to_entries(facts))
    assert [entry.at[:10] for entry in ledger.entries()] == [one.day.isoformat() for one in facts]
    ledger.close()


def test_a_case_is_not_written_into_another_ledger(tmp_path: Path) -> None:
    file = str(tmp_path / "other.db")
    ledger = open_ledger(file, create=True)
    ledger.append([Draft("theirs", "party.registered", "them", {"party": "them", "kind": "person"})])
    ledger.close()
    with pytest.raises(QuestionError, match="'theirs', which is not of this case"):
        write_case(read_case(CASES / "hsmc"), file)
    assert open_ledger(file).head().size == 1


def test_hsmc_is_seen_before_money_moves() -> None:
    found = raised_in("hsmc")
    assert found["WN14", "hsmc-award"] == date(2018, 3, 1)  # a shell, on the day of the award
    assert found["WN15", "hsmc-award"] == date(
        2018, 12, 14
    )  # the partner's money was not there at the first release
    assert found["WN12", "hsmc-award"] == date(2019, 12, 31)  # 15.3 billion spent, one shell earned


def test_hsmc_would_have_been_clear_of_wn15_had_the_partner_paid() -> None:
    facts = read_case(CASES / "hsmc")
    call = next(one for one in facts if one.draft.key == "call.made:partner-pledge-call")
    body = {
        "payment": "p",
        "call": "partner-pledge-call",
        "amount": call.draft.body["amount"],
        "date": "2018-01-30",
    }
    paid = replace(call, day=date(2018, 1, 30), draft=Draft("p", "payment.received", "treasurer", body))
    at = next(place for place, one in enumerate(facts) if one.day > paid.day)
    found = raised((*facts[:at], paid, *facts[at:]))
    assert not {check for check, _ in found} & {"WN15"}
    assert "WN14" in {check for check, _ in found}


def test_hanxin_is_seen_at_the_first_demonstration() -> None:
    found = raised_in("hanxin")
    assert found["WN09", "dsp-m1-evaluation"] == date(2003, 2, 26)  # who is paid has tested
    assert found["WN09", "dsp-m2-evaluation"] < date(2006, 1, 17)  # long before the anonymous post
    assert ("WN09", "dsp-m1-retest") not in found


def test_vehicles_are_seen_in_the_papers() -> None:
    found = raised_in("electric-vehicles")
    assert found["WN09", "other-maker-m1-evaluation"] == date(
        2015, 7, 13
    )  # the buyer is the maker's own firm
    assert found["WN06", "gemsea-m2-papers"] == date(2015, 12, 14)  # before the second claim was paid
    assert not any(subject.startswith("other-maker") for check, subject in found if check == "WN06")


def test_unigroup_is_seen_by_concentration_and_late_by_its_ties() -> None:
    found = raised_in("unigroup")
    near = {subject: day for (check, subject), day in found.items() if check == "WN09"}
    assert set(near.values()) == {date(2025, 5, 14)}  # nobody had declared the tie before the judgment
    assert all(subject.endswith("-chairman") for subject in near)
    assert min(day for (check, _), day in found.items() if check in ("R040", "R050")) < date(2017, 1, 1)


def test_unigroup_is_seen_at_the_first_approval_where_ties_are_declared() -> None:
    facts = read_case(CASES / "unigroup")
    tie = next(one for one in facts if one.draft.key == "relation.declared:chairman-associate")
    until = date(2015, 4, 1)
    told = (replace(tie, day=facts[0].day), *(one for one in facts if one is not tie and one.day < until))
    near = {subject: day for (check, subject), day in raised(told).items() if check == "WN09"}
    assert near["works-1-m1-chairman"] == date(2015, 3, 10)
    assert not any("finance-officer" in subject for subject in near)


def test_an_honest_failure_raises_no_flag() -> None:
    assert raised_in("honest-failure") == {}
    assert to_state(read_case(CASES / "honest-failure")).all("gate.decided", decision="kill")


@pytest.mark.parametrize("case", ["hsmc", "hanxin", "electric-vehicles"])
def test_a_replay_sees_nothing_of_what_comes_later(case: str) -> None:
    """Cut off after any flag's day, the case raises the same flags up to then."""
    facts, whole = read_case(CASES / case), replayed(case)
    for day in sorted({one.day for one in whole})[:3]:
        before = tuple(one for one in facts if one.day <= day)
        early = [(one.day, one.answer) for one in whole if one.day <= day]
        assert [(one.day, one.answer) for one in replay(before)] == early


def test_a_flag_that_is_said_no_more_tells_since_when() -> None:
    facts = read_case(CASES / "hsmc")
    spent = next(one for one in replayed("hsmc") if one.answer.check == "WN12")
    assert spent.until == date(2021, 2, 26)  # the award was ended, openly
    before = {
        one.check for one in flagged(audit_ledger(to_state(facts, until=date(2021, 2, 25)), today=spent.day))
    }
    assert "WN12" in before


def test_the_audit_is_held_each_month(facts: tuple[Fact, ...]) -> None:
    found = audit_days(facts)
    assert set(days(facts)) <= set(found)
    assert found[0] == facts[0].day
    assert found[-1] == facts[-1].day
    assert all((later - day).days <= 31 for day, later in zip(found, found[1:], strict=False))
    assert audit_days(()) == []


def test_the_page_tells_what_the_replays_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "programme" / "cases.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z-]+) \| (\d{4}-\d\d-\d\d) \| ((?:WN|R)\d+) \|", page, re.MULTILINE)
    told = {(case, check): day for case, day, check in rows}
    said: dict[tuple[str, str], str] = {}
    for case in NAMES:
        for one in replayed(case):
            said.setdefault((case, one.answer.check), str(one.day))
    assert told == said


def test_the_command_tells_the_flags(tmp_path: Path) -> None:
    file = tmp_path / "case.db"
    done = CliRunner().invoke(replay_command, [str(CASES / "hsmc"), "--to", str(file)])
    assert done.exit_code == 0
    assert done.output.startswith("42 entries from 2017-11-20 to 2021-02-26: ")
    assert "2018-03-01, WN14, high: hsmc-award: founded 106 days before" in done.output
    assert "2019-12-31 (until 2021-02-26), WN12" in done.output
    assert open_ledger(str(file)).head().size == 42
    told = json.loads(CliRunner().invoke(replay_command, [str(CASES / "hsmc"), "--json"]).output)
    assert [one["check"] for one in told["flags"]][:2] == ["WN14", "WN15"]
    honest = CliRunner().invoke(replay_command, [str(CASES / "honest-failure")])
    assert honest.output.endswith(": no flag.\n")


LINE: dict[str, Any] = {
    "date": "2020-01-01",
    "type": "party.registered",
    "actor": "registrar",
    "key": "k",
    "body": {"party": "p", "kind": "organization"},
    "source": "ours: a test",
    "basis": "reported",
}


def with_body(**fields: Any) -> dict[str, Any]:
    return {**LINE, "body": {**LINE["body"], **fields}}


BROKEN: list[tuple[Any, str]] = [
    ("{", r"entries.jsonl 1: is not JSON"),
    ("[" * 100_000, r"entries.jsonl 1: is not JSON"),
    ('{"date": NaN}', r"entries.jsonl 1: is not JSON: NaN is no number"),
    ("[1]", r"entries.jsonl 1 \[1\]: is not a JSON object"),
    ({**LINE, "dote": 1}, r"1 dote: no such field; is date meant"),
    ({name: value for name, value in LINE.items() if name != "source"}, r"1 source: is missing"),
    ({**LINE, "source": " "}, r"1 source  : must be a text"),
    ({**LINE, "actor": 7}, r"1 actor 7: must be a text"),
    ({**LINE, "body": []}, r"1 body \[\]: must be an object"),
    ({**LINE, "date": "2020-02-30"}, r"1 date 2020-02-30: is no date"),
    ({**LINE, "date": "20200101"}, r"1 date 20200101: is no date"),
    ({**LINE, "basis": "heard"}, r"1 basis heard: no such basis"),
    ({**LINE, "type": "party.registred"}, r"is party.registered meant"),
    ({**LINE, "key": "two words"}, r"key is 'two words'"),
    (with_body(kind="firm"), r"must be one of: person, organization"),
    (with_body(party="\ud800"), r"1 body"),
    ({**with_body(capital=5), "basis": "assumed"}, r"1 ranges capital: an assumed number needs its low and high"),
    ({**with_body(capital=5), "ranges": {"capital": [6, 9]}}, r"1 ranges capital: 5 does not lie within 6 to 9"),
    ({**with_body(capital=5), "ranges": {"capital": [6]}}, r"1 ranges capital: must be low and high"),
    ({**LINE, "ranges": {"capital": [6, 9]}}, r"1 ranges capital: is no number in the body"),
    ({**LINE, "ranges": 3}, r"1 ranges 3: must be an object"),
    ({**LINE, "postings": 3}, r"1 postings 3: must be a list"),
    ({**LINE, "postings": [{"account": "a"}]}, r"each has account, amount, currency"),
    ({**LINE, "postings": [{"account": "a", "amount": 5, "currency": "EUR"}]}, r"sum to 5; they must sum to 0"),
    (
        {**LINE, "postings": [
            {"account": "fund:a", "amount": -5, "currency": "EUR"}, {"account": "b", "amount": 5, "currency": "EUR"},
        ]},
        r"1 postings: fund:a would hold -5 EUR; a fund never goes below zero",
    ),
    ({**LINE, "postings": [{"account": "a", "amount": 0, "currency": []}]}, r"1 postings: a: \[\] is no currency"),
    ({**LINE, "postings": [{"account": {}, "amount": 0, "currency": {"x": 1}}]}, r"1 postings: account {} is no id"),
    (
        {**LINE, "type": "pledge.made", "body": {
            "pledge": "p", "contributor": "c", "amount": 1, "currency": "EUR", "calls": [],
            "earmark": {"projects": True},
        }},
        r"1 body pledge.made: pledge.made: earmark is .*; it must be an object of lists of texts",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told"), BROKEN)
def test_a_broken_line_is_told_with_file_line_and_field(line: Any, told: str, tmp_path: Path) -> None:
    (tmp_path / "entries.jsonl").write_text(
        line if isinstance(line, str) else json.dumps(line), encoding="utf-8"
    )
    with pytest.raises(ChainError, match=told):
        read_case(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("due", True, "is not a date"),
        ("due", "2023-02-30", "is not a date"),
        ("direction", [], "is neither of"),
    ],
)
def test_a_milestone_that_is_none_is_told(field: str, value: Any, what: str, tmp_path: Path) -> None:
    rows = (CASES / "honest-failure" / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    at = next(n for n, row in enumerate(rows) if '"award.made"' in row)
    award = json.loads(rows[at])
    award["body"]["milestones"][0][field] = value
    rows[at] = json.dumps(award)
    (tmp_path / "entries.jsonl").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(ChainError, match=rf"entries.jsonl {at + 1} body award.made: .* {field}: .* {what}"):
        read_case(tmp_path)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    later = {**LINE, "date": "2019-12-31"}
    text = "\n".join([json.dumps(LINE), "{", "", json.dumps(later)])
    (tmp_path / "entries.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(ChainError) as caught:
        read_case(tmp_path)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (2, ""),
        (4, "date"),
        (4, "key"),
        (4, "party"),
    ]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: folder / "none", "No such file"),
        (lambda folder: folder, "No such file"),
        (lambda folder: write(folder / "entries.jsonl", b"\xff"), "cannot be read"),
        (lambda folder: write(folder / "entries.jsonl", b"\n"), "holds no entries"),
    ],
)
def test_a_file_that_is_no_case_is_told(make: Callable[[Path], Path], told: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=told):
        read_case(make(tmp_path))


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
