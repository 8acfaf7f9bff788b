"""Gates on a real ledger: from evidence to a paid tranche, to a kill, an expiry and a lost race."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from gate_programmes import HASH, award, begun, milestone, tie

from wholenation.errors import OutputError, QuestionError
from wholenation.programme.covers import grant_cover
from wholenation.programme.evidence_files import digest_of, folder_of, hash_of, place_of, read, store
from wholenation.programme.gates import (
    approve,
    decide_gate,
    evaluate,
    expire,
    report_spending,
    submit_evidence,
    unpaid,
)
from wholenation.programme.ledger import Draft, Entry
from wholenation.programme.milestones import change_milestone, faults_of_milestones, find, loosened, to_terms
from wholenation.programme.minhash import signature, similarity
from wholenation.programme.office import Programme, open_programme
from wholenation.programme.racing import downselect
from wholenation.programme.releasing import release
from wholenation.programme.reservations import ended, held


@pytest.fixture
def programme(tmp_path: Path) -> Iterator[Programme]:
    with begun(tmp_path) as opened:
        yield opened


def store_of(tmp_path: Path) -> Path:
    return folder_of(str(tmp_path / "ledger.db"))


def shown(programme: Programme, tmp_path: Path, name: str = "m1", text: str = "it works well") -> Entry:
    file = tmp_path / f"{name}.txt"
    file.write_text(text)
    payee = find(programme.refresh(), name)[0]["payee"]
    return submit_evidence(
        programme, key=f"e-{name}", actor=payee, evidence=f"e-{name}", milestone=name, file=file,
        evidence_folder=store_of(tmp_path),
    )  # fmt: skip


def judged(programme: Programme, name: str = "m1", measured: float = 6.0, accepted: bool = True) -> Entry:
    return evaluate(
        programme, key=f"v-{name}", actor="house", evaluation=f"v-{name}", evidence=f"e-{name}",
        accepted=accepted, measured=measured,
    )  # fmt: skip


def approved(programme: Programme, name: str = "m1", people: tuple[str, ...] = ("ann", "bea")) -> None:
    for person in people:
        approve(
            programme, key=f"ok-{name}-{person}", actor=person, approval=f"{name}-{person}", milestone=name
        )


def released(programme: Programme, tmp_path: Path, name: str = "m1", number: int = 1, **more: Any) -> Entry:
    return release(
        programme, key=f"r-{name}-{number}", actor="agency", release=f"r-{name}-{number}", milestone=name,
        evidence_folder=store_of(tmp_path), **more,
    )  # fmt: skip


def sums(programme: Programme) -> dict[str, tuple[int, int]]:
    return {name: (b.posted, b.pending) for (name, _), b in programme.refresh().balances.items()}


def ready(programme: Programme, tmp_path: Path, name: str = "m1", **more: Any) -> None:
    shown(programme, tmp_path, name, **more)
    judged(programme, name)
    approved(programme, name)


def test_an_accepted_and_approved_milestone_is_paid_from_what_was_reserved(
    programme: Programme, tmp_path: Path
) -> None:
    ready(programme, tmp_path)
    entry = released(programme, tmp_path)
    assert entry.body["allowed"], entry.body["reasons"]
    assert (entry.body["amount"], entry.body["reasons"]) == (100, [])
    now = sums(programme)
    assert now["payee:team1"] == (100, 0)
    assert now["award:a1"] == (0, 200)
    assert now["fund:k1"][0] + now["fund:k2"][0] == 700
    assert held(programme.state, programme.state.get("award.made", "a1")) == {"k1": 67, "k2": 133}


def test_a_gate_on_either_database(tmp_path: Path, database: str) -> None:
    with begun(tmp_path, url=database) as programme:
        ready(programme, tmp_path)
        paid = released(programme, tmp_path)
        assert paid.body["allowed"]
        assert released(programme, tmp_path) == paid
        decide_gate(
            programme, key="g", actor="agency", gate="g", award="a1", decision="kill", reason="enough"
        )
        assert sums(programme)["payee:team1"] == (100, 0)
        assert sums(programme)["award:a1"] == (0, 0)


def test_two_requests_at_once_pay_once(tmp_path: Path, database: str) -> None:
    """Two offices ask for the same tranche under two names, each from what it knew before the other."""
    with begun(tmp_path, url=database) as one, open_programme(database) as other:
        ready(one, tmp_path)
        other.refresh()
        first = released(one, tmp_path)
        second = released(other, tmp_path, number=2, amount=100)
        assert (first.body["allowed"], second.body["allowed"]) == (True, False)
        assert sums(one)["payee:team1"] == (100, 0)


def test_the_same_release_twice_is_one_entry_and_another_is_denied(
    programme: Programme, tmp_path: Path
) -> None:
    ready(programme, tmp_path)
    first = released(programme, tmp_path)
    assert released(programme, tmp_path) == first
    again = released(programme, tmp_path, number=2, amount=100)
    assert not again.body["allowed"]
    assert "of which 100 is paid already (r-m1-1)" in " ".join(again.body["reasons"])
    assert again.postings == ()
    assert sums(programme)["payee:team1"] == (100, 0)


def test_one_report_is_not_paid_for_twice(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    released(programme, tmp_path)
    ready(programme, tmp_path, "m2")
    entry = released(programme, tmp_path, "m2")
    assert entry.body["reasons"] == ["evidence e-m2 is the same file as e-m1, for which m1 was paid already"]


def test_partial_payments_add_up_to_the_whole(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    for number, amount in enumerate((33, 33, 34), 1):
        assert released(programme, tmp_path, number=number, amount=amount).body["allowed"]
    ready(programme, tmp_path, "m2", text="another report")
    assert released(programme, tmp_path, "m2").body["allowed"]
    now = sums(programme)
    assert (now["payee:team1"], now["award:a1"]) == ((300, 0), (0, 0))
    assert (now["fund:k1"], now["fund:k2"]) == ((200, -100), (300, -200))


def test_evidence_that_was_changed_or_lost_in_the_store_is_not_paid_for(
    programme: Programme, tmp_path: Path
) -> None:
    ready(programme, tmp_path)
    sha256 = programme.state.get("evidence.submitted", "e-m1")["sha256"]
    place = place_of(store_of(tmp_path), sha256)
    place.write_text("it works even better")
    entry = released(programme, tmp_path)
    assert entry.body["reasons"] == [
        "evidence e-m1 has another content than was submitted: its hash does not match"
    ]
    place.unlink()
    entry = released(programme, tmp_path, number=2)
    assert entry.body["reasons"] == ["evidence e-m1 is missing from the store"]


def test_a_payee_who_approves_is_refused_and_denied(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    with pytest.raises(QuestionError, match="not independent of the payee team1"):
        approved(programme, people=("team1",))
    body = {"approval": "own", "milestone": "m1", "approver": "team1"}
    programme.ledger.append([Draft("own", "approval.given", "team1", body)])
    assert released(programme, tmp_path).body["reasons"] == ["team1 approves, and is the payee"]


def test_an_evaluator_who_shares_a_shareholder_with_the_payee_is_denied(
    programme: Programme, tmp_path: Path
) -> None:
    ready(programme, tmp_path)
    programme.ledger.append(
        [tie("t1", "owner", "owns", "house", share=0.3), tie("t2", "owner", "owns", "team1", share=0.4)]
    )
    (reason,) = released(programme, tmp_path).body["reasons"]
    assert reason.startswith("the evaluator house is related to the payee team1: ")
    assert "is owned by owner" in reason
    with pytest.raises(QuestionError, match="cannot evaluate what team1 is paid for"):
        evaluate(
            programme, key="v2", actor="house", evaluation="v2", evidence="e-m1", accepted=True, measured=6.0
        )


def test_a_relation_that_has_ended_by_the_decision_is_none(programme: Programme, tmp_path: Path) -> None:
    programme.ledger.append([tie("t1", "owner", "owns", "house", share=1.0, start="2025-01-01", end="2026-01-31"),
                             tie("t2", "owner", "owns", "team1", share=1.0)])  # fmt: skip
    ready(programme, tmp_path)
    assert not released(programme, tmp_path, today=date(2026, 1, 31)).body["allowed"]
    assert released(programme, tmp_path, number=2).body["allowed"]


def test_a_weakened_criterion_counts_only_by_a_second_level_decision(
    programme: Programme, tmp_path: Path
) -> None:
    shown(programme, tmp_path)
    change_milestone(
        programme, key="ch", actor="team1", change="ch", milestone="m1", to={"threshold": 3.0}, reason="hard"
    )
    with pytest.raises(QuestionError, match="4 does not meet the criterion of m1: yield at least 5"):
        judged(programme, measured=4.0)
    body = {"evaluation": "v", "evidence": "e-m1", "evaluator": "house", "measured": 4.0, "accepted": True}
    programme.ledger.append([Draft("v", "evaluation.given", "house", body)])
    approved(programme)
    assert released(programme, tmp_path).body["reasons"] == [
        "the measured 4 does not meet the criterion: yield at least 5",
        "change ch (threshold 5 to 3) does not count: it was made without a second-level decision",
    ]
    change_milestone(
        programme, key="ch2", actor="cid", change="ch2", milestone="m1", to={"threshold": 3.0}, reason="physics",
        second_level="cid",
    )  # fmt: skip
    reasons = " ".join(released(programme, tmp_path, number=2).body["reasons"])
    assert "evaluation v was given before the milestone was changed" in reasons
    assert "2 before" not in reasons
    judged(programme, measured=4.0)
    for person in ("ann", "bea"):
        approve(programme, key=f"{person}2", actor=person, approval=f"{person}2", milestone="m1")
    assert released(programme, tmp_path, number=3).body["allowed"]


def test_a_kill_gives_back_what_is_reserved_and_ends_the_award(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    released(programme, tmp_path)
    kill = decide_gate(
        programme, key="g", actor="agency", gate="g", award="a1", decision="kill", reason="no yield"
    )
    now = sums(programme)
    assert now["award:a1"] == (0, 0)
    assert now["fund:k1"][1] + now["fund:k2"][1] == -300  # the other award's
    assert sum(p.amount for p in kill.postings if p.account.startswith("fund:")) == 200
    with pytest.raises(QuestionError, match="a1 was ended at gate g: no yield"):
        decide_gate(
            programme, key="g2", actor="agency", gate="g2", award="a1", decision="go", reason="after all"
        )
    entry = released(programme, tmp_path, "m2")
    assert "a1 was ended at gate g: no yield" in entry.body["reasons"]


def test_hold_waits_and_go_goes_on(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)

    def gate(name: str, decision: str) -> Entry:
        return decide_gate(
            programme, key=name, actor="agency", gate=name, award="a1", decision=decision, reason="look",
            milestone="m1",
        )  # fmt: skip

    gate("g1", "hold")
    assert released(programme, tmp_path).body["reasons"] == ["a1 is on hold since gate g1: look"]
    gate("g2", "go")
    assert released(programme, tmp_path, number=2).body["allowed"]
    with pytest.raises(QuestionError, match="'maybe': one of go, hold, kill"):
        gate("g3", "maybe")
    with pytest.raises(QuestionError, match="n1 is no milestone of a1"):
        decide_gate(
            programme,
            key="g4",
            actor="agency",
            gate="g4",
            award="a1",
            decision="go",
            reason="x",
            milestone="n1",
        )
    with pytest.raises(QuestionError, match="team1 cannot decide on an award of team1"):
        decide_gate(programme, key="g5", actor="team1", gate="g5", award="a1", decision="go", reason="x")


def test_an_award_expires_after_its_end_unless_it_is_owed_something(
    programme: Programme, tmp_path: Path
) -> None:
    def over(today: date) -> Entry:
        return expire(programme, key="x", actor="agency", gate="x", award="a1", today=today)

    with pytest.raises(QuestionError, match="a1 does not expire before 2029-03-31"):
        over(date(2029, 3, 31))
    ready(programme, tmp_path)
    assert unpaid(programme.state, programme.state.get("award.made", "a1"), "2026-12-31") == ["m1"]
    with pytest.raises(QuestionError, match="m1 is accepted and not paid"):
        over(date(2029, 4, 1))
    released(programme, tmp_path)
    assert over(date(2029, 4, 1)).body["decision"] == "kill"
    assert sums(programme)["award:a1"] == (0, 0)


def raced(programme: Programme, tmp_path: Path, values: dict[str, float]) -> None:
    for name, value in values.items():
        shown(programme, tmp_path, name, text=f"report {name}")
        judged(programme, name, value, value >= 5)


def test_the_race_is_decided_by_the_published_rule_alone(programme: Programme, tmp_path: Path) -> None:
    raced(programme, tmp_path, {"m1": 4.0, "n1": 7.0})
    with pytest.raises(QuestionError, match="on 2099-01-01 at the earliest"):
        downselect(programme, key="d", actor="agency", downselect="d", challenge="c")
    entry = downselect(
        programme, key="d", actor="agency", downselect="d", challenge="c", today=date(2099, 1, 1)
    )
    assert (entry.body["kept"], entry.body["dropped"]) == (["a2"], ["a1"])
    assert entry.body["ranking"] == [{"award": "a2", "measured": 7.0}, {"award": "a1", "measured": 4.0}]
    assert sums(programme)["award:a1"] == (0, 0)
    assert sums(programme)["award:a2"] == (0, 300)
    assert ended(programme.state, "a2") is None
    same = downselect(programme, key="d", actor="agency", downselect="d", challenge="c")
    assert same == entry
    with pytest.raises(QuestionError, match="was down-selected already, by d"):
        downselect(
            programme, key="d2", actor="agency", downselect="d2", challenge="c", today=date(2099, 1, 1)
        )
    with pytest.raises(QuestionError, match="a1 was dropped at the down-select d"):
        change_milestone(
            programme, key="x", actor="cid", change="x", milestone="m1", to={"due": "2027-01-01"}, reason="x"
        )


def test_values_after_the_date_do_not_count_and_the_unmeasured_come_last(tmp_path: Path) -> None:
    with begun(tmp_path, down_select="2026-01-01", direction="at_most") as programme:
        raced(programme, tmp_path, {"n1": 7.0})
        entry = downselect(programme, key="d", actor="agency", downselect="d", challenge="c")
        assert entry.body["ranking"] == [{"award": "a1", "measured": None}, {"award": "a2", "measured": None}]
        assert entry.body["kept"] == ["a1"]


def test_a_race_without_a_rule_is_not_decided(tmp_path: Path) -> None:
    with (
        begun(tmp_path, keep=None, down_select=None) as programme,
        pytest.raises(QuestionError, match="without a down-select"),
    ):
        downselect(programme, key="d", actor="agency", downselect="d", challenge="c")


def test_only_who_was_registered_evaluates_and_only_approvers_approve(
    programme: Programme, tmp_path: Path
) -> None:
    shown(programme, tmp_path)
    with pytest.raises(QuestionError, match="rival does not evaluate m1: house is registered"):
        evaluate(
            programme, key="v", actor="rival", evaluation="v", evidence="e-m1", accepted=True, measured=9.0
        )
    judged(programme)
    with pytest.raises(QuestionError, match="a retest is by somebody else"):
        evaluate(
            programme, key="w", actor="house", evaluation="w", evidence="e-m1", accepted=True, measured=9.0,
            retest_of="v-m1",
        )  # fmt: skip
    evaluate(
        programme, key="w", actor="rival", evaluation="w", evidence="e-m1", accepted=False, measured=1.0,
        retest_of="v-m1",
    )  # fmt: skip
    with pytest.raises(QuestionError, match="rival is none of the approvers: ann, bea, cid"):
        approved(programme, people=("rival",))
    approved(programme)
    assert released(programme, tmp_path).body["reasons"] == [
        "the independent retest w of rival did not confirm it"
    ]


def test_an_advance_needs_no_evidence_within_what_was_agreed(tmp_path: Path) -> None:
    own = [milestone("adv", kind="advance", payment=60, threshold=None, direction=None), milestone("t")]
    with begun(
        tmp_path, award("a3", "rival", own, amount=200, funding={"k1": 100, "k2": 100}, advance=50)
    ) as programme:
        approved(programme, "adv")
        entry = released(programme, tmp_path, "adv")
        assert entry.body["reasons"] == ["an advance of 60 is more than the agreed 50"]
        assert released(programme, tmp_path, "adv", 2, amount=50).body["allowed"]
        entry = released(programme, tmp_path, "adv", 3)
        assert entry.body["reasons"] == [
            "an advance of 10 with the 50 paid before is more than the agreed 50"
        ]


def test_a_user_accepts_an_adoption_and_its_cover_is_reserved(tmp_path: Path) -> None:
    own = [milestone("ad", kind="adoption", evaluator="user", threshold=None, metric=None, direction=None)]
    marked = {"pledge": "k9", "contributor": "donor", "amount": 10, "currency": "CNY", "calls": [],
              "earmark": {"kinds": ["tools"]}}  # fmt: skip
    third = award("a3", "rival", own, amount=100, funding={"k2": 50, "k1": 50})
    with begun(tmp_path, third, Draft("k9", "pledge.made", "donor", marked)) as programme:

        def cover(name: str, user: str, cap: int = 40, **more: Any) -> Entry:
            asked: dict[str, Any] = {
                "premium_share": 0.8,
                "currency": "CNY",
                "funding": {"k1": 10, "k2": 30},
                "award": "a3",
            }
            return grant_cover(
                programme, key=name, actor="agency", cover=name, user=user, cap=cap, **(asked | more)
            )

        with pytest.raises(QuestionError, match="rival is no independent user"):
            cover("x", "rival")
        with pytest.raises(QuestionError, match="premium share 2"):
            cover("x", "user", premium_share=2.0)
        with pytest.raises(QuestionError, match="adds up to 40 in parts above 0, not to 50"):
            cover("x", "user", cap=50)
        with pytest.raises(QuestionError, match="k1: 60 is more than the 50 that is paid in and free"):
            cover("x", "user", cap=60, funding={"k1": 60})
        with pytest.raises(QuestionError, match="k1 is in CNY, not in USD"):
            cover("x", "user", cap=10, funding={"k1": 10}, currency="USD", award=None)
        with pytest.raises(QuestionError, match="k9 is for tools alone, not for develop"):
            cover("x", "user", cap=10, funding={"k9": 10})
        cover("cover", "user")
        assert sums(programme)["cover:cover"] == (0, 40)
        file = tmp_path / "use.bin"
        file.write_bytes(b"\xff\x00")
        submit_evidence(
            programme, key="e", actor="rival", evidence="e", milestone="ad", file=file,
            evidence_folder=store_of(tmp_path),
        )  # fmt: skip
        assert programme.state.get("evidence.submitted", "e")["shingles"] is None
        evaluate(programme, key="v", actor="user", evaluation="v", evidence="e", accepted=True)
        approved(programme, "ad")
        assert released(programme, tmp_path, "ad").body["allowed"]


def test_hard_flags_block_until_they_are_cleared(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    raised = {"check": "wn03", "severity": "hard", "sentence": "look", "evidence": [], "version": "1"}
    drafts = [
        Draft("f1", "flag.raised", "audit", {"flag": "f1", "subject": "payee:team1"} | raised),
        Draft("f2", "flag.raised", "audit", {"flag": "f2", "subject": "a2"} | raised),
        Draft("f3", "flag.raised", "audit", {"flag": "f3", "subject": "a1"} | raised | {"severity": "high"}),
    ]
    programme.ledger.append(drafts)
    assert released(programme, tmp_path).body["reasons"] == ["hard flag f1 of wn03 is open: look"]
    done = {"disposal": "d", "flag": "f1", "disposition": "cleared", "reason": "seen"}
    programme.ledger.append([Draft("d", "flag.disposed", "ann", done)])
    assert released(programme, tmp_path, number=2).body["allowed"]


def test_a_twice_doubted_award_waits_for_a_gate(programme: Programme, tmp_path: Path) -> None:
    ready(programme, tmp_path)
    for number, probability in enumerate((0.05, 0.02)):
        body = {"belief": f"b{number}", "milestone": "m2", "by": "house", "probability": probability}
        programme.ledger.append([Draft(f"b{number}", "belief.stated", "house", body)])
    (reason,) = released(programme, tmp_path).body["reasons"]
    assert reason.startswith("belief in success is below 0.1 twice running, 0.05 (house) and 0.02 (house)")
    decide_gate(
        programme, key="g", actor="agency", gate="g", award="a1", decision="go", reason="one more try"
    )
    assert released(programme, tmp_path, number=2).body["allowed"]


def test_milestones_that_are_not_those_registered_are_not_paid(tmp_path: Path) -> None:
    own = [milestone("t")]
    other = award("a3", "rival", own, amount=100, funding={"k2": 100}, preregistered_sha256=HASH)
    with begun(tmp_path, other) as programme:
        ready(programme, tmp_path, "t")
        assert released(programme, tmp_path, "t").body["reasons"] == [
            "the milestones of a3 are not those whose hash was registered before work started"
        ]


def test_spending_is_reported_in_order_with_lines_that_add_up(programme: Programme) -> None:
    def report(name: str, day: str, amount: int, **more: Any) -> Entry:
        return report_spending(
            programme, key=name, actor="team1", report=name, award="a1", date=day, amount=amount, **more
        )

    report("s1", "2026-06-30", 40, lines=[{"text": "lens", "amount": 40}])
    with pytest.raises(QuestionError, match="its lines add up to 30, not to 40"):
        report("s2", "2026-07-31", 40, lines=[{"text": "lens", "amount": 30}])
    with pytest.raises(QuestionError, match="2026-05-31 lies before the last report of 2026-06-30"):
        report("s2", "2026-05-31", 40)


def test_a_request_of_another_content_does_not_take_a_name(programme: Programme) -> None:
    to = {"due": "2027-01-01"}
    first = change_milestone(programme, key="k", actor="ann", change="ch", milestone="m1", to=to, reason="x")
    assert (
        change_milestone(programme, key="k", actor="ann", change="ch", milestone="m1", to=to, reason="x")
        == first
    )
    with pytest.raises(QuestionError, match=r"ch: entry \d+ of ann has this name already"):
        change_milestone(programme, key="k2", actor="ann", change="ch", milestone="m1", to=to, reason="x")


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({}, "nothing is changed"),
        ({"tresholds": 3}, "tresholds: no such field; is threshold meant"),
        ({"kind": "advance"}, "kind: no such field"),
        ({"payment": 150}, "with the other milestones' 200 is more than the award of 300"),
        ({"payment": None}, "payment: a milestone cannot do without"),
        ({"due": "2027-02-30"}, "'2027-02-30' is not a date"),
        ({"threshold": float("nan")}, "nan is not a finite number"),
        ({"direction": "above"}, "'above' is neither of at_least, at_most"),
        ({"metric": 3}, "metric: 3 is not text"),
        ({"payment": True}, "True is not a whole number"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    programme: Programme, to: dict[str, Any], words: str
) -> None:
    with pytest.raises(QuestionError, match=words):
        change_milestone(programme, key="k", actor="ann", change="ch", milestone="m1", to=to, reason="x")


@pytest.mark.parametrize(
    ("to", "easier"),
    [
        ({"threshold": 6.0}, []),
        ({"due": "2027-01-01"}, []),
        ({"payment": 50}, []),
        ({"threshold": 4.0}, ["threshold 5.0 to 4.0"]),
        ({"threshold": None}, ["threshold 5.0 to None"]),
        ({"direction": "at_most"}, ["direction at_least to at_most"]),
        ({"due": "2028-01-01"}, ["due 2027-06-30 to 2028-01-01"]),
        ({"evaluator": "rival", "payment": 101}, ["payment 100 to 101", "evaluator house to rival"]),
    ],
)
def test_what_loosens_a_milestone(to: dict[str, Any], easier: list[str]) -> None:
    assert loosened(to_terms(milestone("m")), to) == easier
    if to.get("threshold"):
        other = to_terms(milestone("m", direction="at_most"))
        assert (loosened(other, to) == []) == bool(easier)


def test_all_faults_of_milestones_are_told_at_once() -> None:
    faults = faults_of_milestones(
        [
            milestone("m"),
            milestone("m", due="soon", evaluator="", payment=-1, colour="red"),
            {"kind": "test"},
        ],
        50,
    )
    for words in ("m: two milestones", "colour: no such field", "m evaluator: missing", "m due: 'soon'",
                  "m payment: -1", "milestone 3 milestone: missing", "milestone 3 due: missing",
                  "the milestones pay 100, more than the award of 50"):  # fmt: skip
        assert any(words in fault for fault in faults), (words, faults)
    assert faults_of_milestones([milestone("m", direction=None)], 100) == [
        "m direction: missing, where a threshold is set"
    ]


def test_terms_of_a_milestone() -> None:
    assert to_terms(milestone("m")).criterion == "yield at least 5"
    assert to_terms(milestone("m", threshold=None)).criterion == "acceptance by the evaluator"
    with pytest.raises(QuestionError, match=r"m due: missing"):
        to_terms({"milestone": "m", "kind": "test", "evaluator": "house", "payment": 1})


def test_only_values_of_the_metric_by_an_independent_evaluator_rank(tmp_path: Path) -> None:
    own = [milestone("t", metric="cost", direction="at_most"), milestone("u", evaluator="rival")]
    third = award("a3", "user", own, amount=200, funding={"k1": 100, "k2": 100})
    with begun(
        tmp_path, third, tie("t1", "owner", "owns", "rival"), tie("t2", "owner", "owns", "user")
    ) as programme:
        for number, (name, who) in enumerate((("t", "house"), ("u", "rival"))):
            shown(programme, tmp_path, name)
            body = {"evaluation": f"v{number}", "evidence": f"e-{name}", "evaluator": who, "measured": 9.0,
                    "accepted": False}  # fmt: skip
            programme.ledger.append([Draft(f"v{number}", "evaluation.given", who, body)])
        entry = downselect(
            programme, key="d", actor="agency", downselect="d", challenge="c", today=date(2099, 1, 1)
        )
        assert {"award": "a3", "measured": None} in entry.body["ranking"]


def test_a_race_that_nobody_runs_any_more_is_not_decided(programme: Programme) -> None:
    for name in ("a1", "a2"):
        decide_gate(
            programme, key=name, actor="agency", gate=name, award=name, decision="kill", reason="no yield"
        )
    with pytest.raises(QuestionError, match="c has no award that is still open"):
        downselect(programme, key="d", actor="agency", downselect="d", challenge="c", today=date(2099, 1, 1))


def test_an_unknown_milestone_is_named_with_the_nearest(programme: Programme) -> None:
    with pytest.raises(QuestionError, match="no such milestone"):
        find(programme.state, "zzz")


def test_files_are_kept_by_their_content_and_read_back_verified(tmp_path: Path) -> None:
    folder, file = tmp_path / "store", tmp_path / "report.pdf"
    file.write_bytes(b"content")
    digest, size = store(folder, file)
    assert (digest, size, read(folder, digest)) == (digest_of(file), 7, b"content")
    place = folder / "sha256" / digest[:2] / digest[2:]
    assert place.read_bytes() == b"content"
    place.write_bytes(b"contents")
    assert hash_of(folder, digest) != digest
    with pytest.raises(QuestionError, match="has another content"):
        read(folder, digest)
    store(folder, file)
    assert read(folder, digest) == b"content"
    with pytest.raises(QuestionError, match="No such file"):
        read(folder, HASH)
    with pytest.raises(QuestionError, match="cannot be read"):
        store(folder, tmp_path / "none")
    (tmp_path / "full").write_text("no folder")
    with pytest.raises(OutputError, match="evidence cannot be kept: Not a directory"):
        store(tmp_path / "full", file)
    assert [path for path in folder.rglob("*") if "partial" in path.name] == []
    assert folder_of("sqlite:///a/b.db") == Path("a/b.db.evidence")
    with pytest.raises(QuestionError, match="name the folder of the evidence"):
        folder_of("postgresql://u@h/n")


def test_signatures_estimate_how_much_texts_share() -> None:
    words = [f"w{n}" for n in range(400)]
    one, other = " ".join(words[:300]), " ".join(words[100:])
    runs = [{tuple(part[at : at + 5]) for at in range(len(part) - 4)} for part in (words[:300], words[100:])]
    exact = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    assert abs(similarity(signature(one), signature(other)) - exact) < 0.2
    assert similarity(signature(one), signature(one.upper())) == 1.0
    assert similarity(signature(one), signature("nothing of the kind at all here")) < 0.1
    assert signature(" .,") == []
    assert similarity([], []) == 0.0
