"""From a plan to awards: what is fixed at publication, what stays sealed, who may not judge, and who wins why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offices import AFTER, DEADLINE, Office, office
from plan_chains import build, money, planning_chain

from wholenation.errors import ChainError, QuestionError
from wholenation.export import Result, write_result
from wholenation.plans import plan
from wholenation.programme import adoption, bids, challenges
from wholenation.programme.bids_import import read_bids
from wholenation.programme.calls_import import read_calls
from wholenation.programme.canonical import canonical, sha256_hex
from wholenation.programme.contracts import milestones_of
from wholenation.programme.matching import any_succeeds
from wholenation.programme.milestones import preregistered
from wholenation.programme.parties import conflict
from wholenation.programme.reviews import probabilities


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path)
    made.party("alpha", "beta", "gamma")
    yield made
    made.programme.close()


def reviewed(hall: Office, chances: dict[str, float], **more: Any) -> None:
    """Bids of alpha, beta, gamma that cid has read: sealed, opened and scored."""
    hall.challenge(**more)
    content = {name: hall.bid(f"bid-{name}", name) for name in chances}
    hall.clock.now = AFTER
    for name, said in content.items():
        hall.open(f"bid-{name}", said)
    hall.assign(["cid"])
    for name, chance in chances.items():
        hall.score("cid", f"bid-{name}", chance)


# --- publication


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"deadline": "2026-12-31T00:00:00Z"}, "is over"),
        ({"opens": DEADLINE}, "not before its deadline"),
        ({"rival_routes": 0}, "at least 1"),
        ({"keep": 1}, "takes both"),
        ({"keep": 3, "down_select": "2027-12-31"}, "not as many"),
        ({"keep": 1, "down_select": "2027-02-01"}, "not after the deadline"),
        ({"correlation": 1.5}, "between 0 and 1"),
        ({"test_house": "hous"}, "is house meant"),
        ({"deadline": "tomorrow"}, "time in UTC"),
    ],
)
def test_a_challenge_whose_race_is_unclear_is_not_published(
    hall: Office, more: dict[str, Any], words: str
) -> None:
    size = hall.programme.refresh().size
    with pytest.raises(QuestionError, match=words):
        hall.challenge(**more)
    assert hall.programme.refresh().size == size


def test_what_was_published_cannot_be_published_otherwise(hall: Office) -> None:
    first = hall.challenge()
    assert hall.challenge() == first
    with pytest.raises(QuestionError):
        hall.challenge(threshold=9.0)


# --- sealed bids


def test_the_commitment_is_the_hash_of_salt_and_canonical_content() -> None:
    content = {"price": 1, "approach": "ä"}
    assert bids.commitment("s", content) == sha256_hex(b's{"approach":"\xc3\xa4","price":1}')


def test_nothing_of_a_bid_is_in_the_ledger_before_the_deadline(hall: Office) -> None:
    hall.challenge()
    content = hall.bid("b", "alpha", price=287)
    told = b"".join(canonical(entry.body) for entry in hall.programme.ledger.entries())
    assert b"287" not in told
    with pytest.raises(QuestionError, match="stays sealed"):
        hall.open("b", content)
    hall.clock.now = AFTER
    assert hall.open("b", content).body["content"]["price"] == 287


def test_another_offer_than_was_sealed_is_refused(hall: Office) -> None:
    hall.challenge()
    content = hall.bid("b", "alpha")
    hall.clock.now = AFTER
    for said, salt in ((content | {"price": 299}, ""), (content, "another salt")):
        with pytest.raises(QuestionError, match="not what was sealed"):
            hall.open("b", said, salt)
    assert not hall.programme.refresh().all("bid.opened")


def test_bids_come_between_opening_and_deadline_by_the_ledgers_clock(hall: Office) -> None:
    hall.challenge(opens="2027-01-15T00:00:00Z")
    with pytest.raises(QuestionError, match="too early"):
        hall.bid("b", "alpha")
    hall.clock.now = "2027-02-01T11:59:59.999999Z"
    first = hall.bid("b", "alpha")
    # Half a second after the deadline, whose text comes later in the alphabet.
    hall.clock.now = "2027-02-01T12:00:00.500000Z"
    with pytest.raises(QuestionError, match="too late"):
        hall.bid("c", "beta")
    assert hall.bid("b", "alpha") == first  # the same request once more is the bid of then
    hall.clock.now = "2027-01-20T00:00:00.000000Z"
    hall.party("late")
    hall.clock.now = "2026-01-01T00:00:00.000000Z"
    with pytest.raises(QuestionError, match="stays sealed"):
        hall.open("b", first)


def test_a_clock_that_goes_back_reopens_nothing(hall: Office) -> None:
    hall.challenge()
    hall.clock.now = AFTER
    hall.party("late")
    hall.clock.now = "2027-01-20T00:00:00.000000Z"
    with pytest.raises(QuestionError, match="too late"):
        hall.bid("b", "late")


def test_a_secret_keeps_its_salt(tmp_path: Path) -> None:
    content = {"price": 5, "currency": "EUR", "approach": "a", "institution": "i"}
    first = bids.keep_secret(tmp_path / "b.json", content)
    assert bids.keep_secret(tmp_path / "b.json", content) == first
    assert bids.commitment(*bids.read_secret(tmp_path / "b.json")) == first
    assert bids.keep_secret(tmp_path / "c.json", content) != first
    with pytest.raises(QuestionError, match="holds another bid"):
        bids.keep_secret(tmp_path / "b.json", content | {"price": 6})


def test_all_that_is_wrong_with_an_offer_is_told_at_once() -> None:
    content = {"price": -5, "currency": "euro", "approach": "a b", "probability": 2, "prize": 3}
    faults = list(bids.content_faults(content))
    assert len(faults) == 6
    assert any("is price meant" in fault for fault in faults)


# --- who may judge


def test_ties_that_keep_two_apart(hall: Office) -> None:
    hall.party("holding", "minor", "bank")
    hall.tie("holding", "owns", "alpha", share=0.6)
    hall.tie("holding", "owns", "house", share=0.2)
    hall.tie("cid", "employed", "beta", start="2027-01-01", end="2027-06-30")
    hall.tie("dan", "family", "ann")
    hall.tie("ann", "owns", "gamma", share=0.05)
    hall.tie("minor", "owns", "alpha", share=0.01)
    hall.tie("minor", "owns", "beta", share=0.01)
    hall.tie("ann", "employed", "office")
    hall.tie("bea", "employed", "office")
    state = hall.programme.state
    day = "2027-03-01"
    assert "holding" in str(conflict(state, "house", "alpha", day))  # a common shareholder
    assert conflict(state, "cid", "beta", day)
    assert conflict(state, "cid", "beta", "2027-07-01") is None  # he has left
    assert conflict(state, "ann", "gamma", day)  # any share of one's own
    assert conflict(state, "dan", "ann", day)
    assert conflict(state, "alpha", "beta", day) is None  # a common holder of very little
    assert conflict(state, "ann", "bea", day) is None  # both serve the agency
    assert conflict(state, "ann", "office", day)
    assert conflict(state, "house", "house", day)


def test_equal_contacts_tie_parties(hall: Office) -> None:
    hall.party("north", contacts=[{"scheme": "account", "id": "DE12"}])
    hall.party("south", contacts=[{"scheme": "account", "id": "de12 "}])
    assert conflict(hall.programme.state, "north", "south", "2027-01-01")


def test_reviewers_with_a_conflict_get_no_such_bid(hall: Office) -> None:
    hall.tie("cid", "employed", "alpha")
    hall.challenge()
    said = {name: hall.bid(f"bid-{name}", name) for name in ("alpha", "beta")}
    hall.clock.now = AFTER
    for name, content in said.items():
        hall.open(f"bid-{name}", content)
    entries = hall.assign(["cid", "dan"])
    given = {entry.body["reviewer"]: list(entry.body["bids"]) for entry in entries}
    assert "bid-alpha" not in given.get("cid", [])
    assert sorted(bid for mine in given.values() for bid in mine) == ["bid-alpha", "bid-beta"]
    assert hall.assign(["cid", "dan"]) == entries


def test_too_few_readers_without_a_conflict(hall: Office) -> None:
    hall.tie("cid", "employed", "alpha")
    hall.challenge()
    content = hall.bid("b", "alpha")
    hall.clock.now = AFTER
    hall.open("b", content)
    with pytest.raises(QuestionError, match="no conflict"):
        hall.assign(["cid"])


def test_a_tie_that_is_declared_later_stops_the_review(hall: Office) -> None:
    hall.challenge()
    content = hall.bid("b", "alpha")
    hall.clock.now = AFTER
    hall.open("b", content)
    hall.assign(["cid"])
    hall.tie("cid", "family", "dan")
    hall.tie("dan", "owns", "alpha", share=1.0)
    with pytest.raises(QuestionError, match="cid is family of dan"):
        hall.score("cid", "b", 0.5)


def test_reviews_are_blind_and_the_readers_own(hall: Office) -> None:
    hall.challenge()
    content = hall.bid("b", "alpha", text="We etch.", people=["cleo"], sites=["Aland"])
    hall.clock.now = AFTER
    hall.open("b", content)
    hall.assign(["cid"])
    seen = bids.blind(hall.programme.state, "b")
    assert seen["text"] == "We etch."
    assert not {"team", "institution", "people", "sites"} & set(seen)
    for reader, chance, words in (("dan", 0.5, "no such review"), ("cid", 1.5, "between 0 and 1")):
        with pytest.raises(QuestionError, match=words):
            hall.score(reader, "b", chance)
    hall.score("cid", "b", 0.5, clarity=7.0)
    with pytest.raises(QuestionError):
        hall.score("cid", "b", 0.6)


def test_a_lenient_reader_lifts_no_bid(hall: Office) -> None:
    """Both have read four bids alike but for a constant; the lenient one alone has read alpha, the severe one gamma."""
    hall.party("delta", "eta", "theta")
    hall.challenge()
    said = {name: hall.bid(name, name) for name in ("alpha", "beta", "gamma", "delta", "eta", "theta")}
    hall.clock.now = AFTER
    for name, content in said.items():
        hall.open(name, content)
    hall.assign(["cid", "dan"], per_bid=2)
    for name, kind, severe in (
        ("beta", 0.7, 0.4),
        ("delta", 0.81, 0.5),
        ("eta", 0.6, 0.31),
        ("theta", 0.9, 0.7),
    ):
        hall.score("cid", name, kind)
        hall.score("dan", name, severe)
    hall.score("cid", "alpha", 0.7)
    hall.score("dan", "gamma", 0.4)
    found = probabilities(hall.programme.state, "optics")
    assert abs(found["alpha"] - found["gamma"]) < 0.05  # as given, 0.3 lay between them
    assert 0.4 < found["beta"] < 0.7


# --- awards


def test_the_award_is_the_best_that_trying_all_choices_finds(hall: Office) -> None:
    hall.paid("p", 650)
    reviewed(hall, {"alpha": 0.5, "beta": 0.4, "gamma": 0.3})
    entries = hall.award()
    assert [entry.body["bid"] for entry in entries] == ["bid-alpha", "bid-beta"]
    why = entries[0].body["reasons"]
    assert why["bid-alpha"].startswith("wins") and why["bid-gamma"].startswith("loses")
    fund = hall.programme.ledger.balance("fund:p", "EUR")
    assert (fund.posted, fund.pending) == (650, -600)
    assert hall.award() == entries
    with pytest.raises(QuestionError):
        hall.award(key="once more")


def test_an_award_draws_on_paid_money_alone(hall: Office) -> None:
    hall.paid("little", 350)
    hall.pledge("promised", 10_000)
    hall.paid("elsewhere", 10_000, earmark={"items": ["gas"]})
    reviewed(hall, {"alpha": 0.5, "beta": 0.4})
    entries = hall.award()
    assert [dict(entry.body["funding"]) for entry in entries] == [{"little": 300}]


def test_without_money_nobody_wins(hall: Office) -> None:
    hall.pledge("promised", 10_000)
    reviewed(hall, {"alpha": 0.5})
    size = hall.programme.state.size
    with pytest.raises(QuestionError, match="no bid can win"):
        hall.award()
    assert hall.programme.refresh().size == size


def test_what_keeps_a_bid_from_winning(hall: Office) -> None:
    hall.paid("p", 5000)
    hall.party("holding")
    hall.tie("holding", "owns", "gamma", share=0.5)
    hall.tie("holding", "owns", "house", share=0.5)
    hall.challenge()
    goal = {"metric": "resolution_nm", "direction": "at_most", "due": "2028-01-01"}
    weak = [{"milestone": "m", **goal, "threshold": 9.0, "payment": 300}]
    said = {
        "good": hall.bid(
            "good", "alpha", milestones=[{"milestone": "m", **goal, "threshold": 8.0, "payment": 300}]
        ),
        "weak": hall.bid("weak", "beta", milestones=weak),
        "dear": hall.bid("dear", "beta", price=1001),
        "yen": hall.bid("yen", "beta", currency="JPY"),
        "judged": hall.bid("judged", "gamma"),
        "closed": hall.bid("closed", "beta"),
        "unread": hall.bid("unread", "beta"),
    }
    hall.clock.now = AFTER
    for name, content in said.items():
        if name != "closed":
            hall.open(name, content)
    hall.assign(["cid"])
    for name in said:
        if name not in ("closed", "unread"):
            hall.score("cid", name, 0.5)
    bids.exclude(hall.programme, key="x", actor="office", bid="dear", reason="withdrawn")
    (entry,) = hall.award()
    why = entry.body["reasons"]
    assert entry.body["bid"] == "good"
    assert "acceptance test" in why["weak"]
    assert "withdrawn" in why["dear"]
    assert "JPY" in why["yen"]
    assert "not independent" in why["judged"]
    assert "never opened" in why["closed"]
    assert "nobody has reviewed it" in why["unread"]
    assert entry.body["preregistered_sha256"] == preregistered(entry.body["milestones"])
    assert entry.body["milestones"][0]["evaluator"] == "house"


def test_a_bid_without_milestones_has_the_acceptance_test(hall: Office) -> None:
    hall.challenge()
    target = hall.programme.state.get("challenge.published", "optics")
    content = {"price": 300}
    (one,) = milestones_of(target, "b", content, "2028-12-31")
    assert (one["metric"], one["threshold"], one["payment"], one["due"]) == (
        "resolution_nm",
        8.0,
        300,
        "2028-12-31",
    )
    assert one["milestone"] == "award-b.acceptance"


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 400)), min_size=1, max_size=5),
    st.integers(0, 900),
    st.integers(1, 3),
)
def test_awards_are_what_an_obvious_search_finds(
    tmp_path_factory: pytest.TempPathFactory, offers: list[tuple[int, int]], paid: int, rivals: int
) -> None:
    hall = office(tmp_path_factory.mktemp("office"))
    if paid:
        hall.paid("p", paid)
    hall.challenge(rival_routes=rivals)
    said = {}
    for number, (_, price) in enumerate(offers):
        hall.party(f"team{number}")
        said[f"b{number}"] = hall.bid(f"b{number}", f"team{number}", price)
    hall.clock.now = AFTER
    for name, content in said.items():
        hall.open(name, content)
    hall.assign(["cid"])
    for number, (tenths, _) in enumerate(offers):
        hall.score("cid", f"b{number}", tenths / 10)
    best = max(
        any_succeeds([offers[one][0] / 10 for one in some], 0.0)
        for size in range(rivals + 1)
        for some in combinations(range(len(offers)), size)
        if sum(offers[one][1] for one in some) <= min(paid, 1000)
    )
    try:
        won = [int(entry.body["bid"][1:]) for entry in hall.award()]
    except QuestionError:
        won = []
    assert any_succeeds([offers[one][0] / 10 for one in won], 0.0) == pytest.approx(best, abs=1e-9)
    state = hall.programme.refresh()
    assert all(
        one.posted + one.pending >= 0 for place, one in state.balances.items() if place[0][:5] == "fund:"
    )
    assert sum(one.pending for one in state.balances.values()) == 0
    hall.programme.close()


# --- plans, calls and tables


@pytest.fixture(scope="module")
def planned() -> tuple[Any, Any]:
    chain = planning_chain(projects=[build()], pools=money({2026: 100}))
    return chain, plan(chain, "AAA", samples=2, evaluate=0, workers=1)


def test_a_plan_enters_by_its_hashes_whether_made_now_or_read(
    hall: Office, planned: tuple[Any, Any], tmp_path: Path
) -> None:
    chain, made = planned
    about = {"verb": "plan", "home": "AAA", "data_hash": chain.data_hash, "samples": 2, "seed": 0}
    about |= {"objective": made.objective, "bound": made.bound}
    tables = {name: getattr(made, name) for name in adoption.TABLES}
    write_result(Result(about, tables), tmp_path / "plans" / "plan.json")
    one = adoption.adopt(
        hall.programme, key="a", actor="office", adoption="a", plan=tmp_path / "plans", chain=chain
    )
    other = adoption.adopt(
        hall.programme, key="b", actor="office", adoption="b", plan=made, chain=chain, replaces="a"
    )
    for name in ("plan_sha256", "data_sha256", "assumptions_sha256", "objective", "projects"):
        assert one.body[name] == other.body[name]
    assert one.body["projects"][0]["item"] == "gas"
    with pytest.raises(QuestionError, match="b is in force"):
        adoption.adopt(hall.programme, key="c", actor="office", adoption="c", plan=made, chain=chain)
    hall.challenge(project="plant", item="gas", stage="materials", kind="build")
    with pytest.raises(QuestionError, match="gas in the plan"):
        hall.challenge("other", project="plant", item="tool")
    with pytest.raises(QuestionError, match="no such project"):
        hall.challenge("another", project="plants and more")


def test_a_plan_of_other_data_is_refused(hall: Office, planned: tuple[Any, Any], tmp_path: Path) -> None:
    chain, made = planned
    about = {"verb": "plan", "home": "AAA", "data_hash": "0" * 64, "objective": 1.0, "bound": 1.0}
    tables = {name: getattr(made, name) for name in adoption.TABLES}
    write_result(Result(about, tables), tmp_path / "plan.json")
    with pytest.raises(QuestionError, match="made from data"):
        adoption.adopt(
            hall.programme, key="a", actor="office", adoption="a", plan=tmp_path / "plan.json", chain=chain
        )
    (tmp_path / "plan.json").write_text("[]")
    with pytest.raises(QuestionError, match="is no plan"):
        adoption.read_plan(tmp_path / "plan.json")


def test_work_that_may_be_paid_for_twice_is_shown(hall: Office) -> None:
    hall.challenge()
    hall.challenge("mirrors", title="Mirrors")
    hall.pledge("p", 10, earmark={"projects": ["optics"]})
    hall.pledge("q", 10, "region", earmark={"projects": ["optics"]})
    hall.pledge("r", 10, "firm", earmark={"projects": ["optics"]}, match_ratio=1.0)
    found = challenges.duplicates(hall.programme.state, {"EU-1": "Optics without any distortion"})
    assert {(one.first, one.second) for one in found} == {
        ("p", "q"),
        ("optics", "mirrors"),
        ("optics", "EU-1"),
    }
    assert found[0].contributors == ("region", "treasury")


def test_calls_of_others_are_read_in_both_shapes(tmp_path: Path) -> None:
    actions = [
        {"action": "B-2 - RIA", "budgetYearMap": {"2026": 1_000_000, "2027": "500000"}},
        {"action": "B-3 - RIA", "budgetYearMap": {"2026": 9_000_000}},  # of another topic of the same call
    ]
    years = json.dumps({"budgetTopicActionMap": {"1": actions}})
    lines = [
        {"identifier": "A-1", "title": "<b>Light</b>", "deadlineDate": 1_800_000_000_000, "budget": "1,000.50"},
        {"metadata": {"identifier": ["B-2"], "title": ["Ion"], "budgetOverview": [years],
                      "deadlineDate": ["2027-01-01T17:00:00.000+0100", "2027-06-01T17:00:00.000+0200"]}},
        {"title": "nameless"},
        {"identifier": "A-1", "title": "again"},
        {"identifier": "C-3", "title": "C", "deadlineDate": "soon"},
    ]  # fmt: skip
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join([*map(json.dumps, lines), "{", ""]))
    found = read_calls(path)
    assert [(one.call, one.title, one.deadline, one.budget) for one in found.calls] == [
        ("A-1", "Light", "2027-01-15T08:00:00Z", 100_050),
        ("B-2", "Ion", "2027-06-01T15:00:00Z", 150_000_000),
        ("C-3", "C", None, None),
    ]
    assert [row for row, _, _ in found.dropped] == [3, 4, 6]


def test_every_fault_of_a_table_of_bids_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bids.csv"
    header = "bid,challenge,team,price,currency,approach,institution,people"
    path.write_text(f"{header}\nb1,c,alpha,100,EUR,etch,uni,ann;bea\nb2,c,beta,50,EUR,etch,uni,\n")
    found = read_bids(path)
    assert found[0].content == {
        "price": 100, "currency": "EUR", "approach": "etch", "institution": "uni", "people": ["ann", "bea"],
    }  # fmt: skip
    path.write_text(f"{header}\nb1,c,alpha,1.5,EUR,etch,uni,\nb1,c d,,7,euro,etch,,\nb3,c\n")
    with pytest.raises(ChainError) as told:
        read_bids(path)
    places = {(fault.row, fault.column, fault.value) for fault in told.value.faults}
    assert places == {
        (2, "price", "1.5"), (3, "bid", "b1"), (3, "challenge", "c d"), (3, "team", ""),
        (3, "currency", "euro"), (3, "institution", ""), (4, "", ""),
    }  # fmt: skip
    path.write_text("bid,prize\n")
    with pytest.raises(ChainError, match="is price meant"):
        read_bids(path)
