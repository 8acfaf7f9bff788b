"""The release as a pure function: every reason for which it is denied, and what must hold of any case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gate_programmes import award, begun, milestone
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.programme.acceptance import Evaluation, Evidence
from wholenation.programme.evidence_files import place_of, store
from wholenation.programme.ledger import Draft
from wholenation.programme.milestones import Change, Terms, to_terms
from wholenation.programme.parties import Ties
from wholenation.programme.release import Approval, Belief, Case, Earlier, Flag, Source, decide
from wholenation.programme.releasing import release
from wholenation.programme.reservations import split

NONE = Ties({}, {}, {}, frozenset(), frozenset())


def terms(**changed: Any) -> Terms:
    return to_terms(milestone("m", **changed))


def owned(*pairs: tuple[str, str]) -> Ties:
    """Who owns whom, each pair as (owned, owner)."""
    return replace(NONE, owners={thing: ((owner, "is owned by"),) for thing, owner in pairs})


E = Evidence("e", "aa", "aa", 10)
V = Evaluation("v", "e", "house", "house", accepted=True, measured=6.0, retest_of=None, seq=20)
APPROVALS = (Approval("p1", "ann", "ann", 30), Approval("p2", "bea", "bea", 31))
GOOD = Case(
    award="a", payee="team", ceiling=300, advance=0, asked=100, registered=terms(), changes=(), evidence=(E,),
    evaluations=(V,), approvals=APPROVALS, needed=2, approvers=frozenset({"ann", "bea", "cid"}), ties=NONE,
    reserved=300, sources=(Source("k1", 100, 100), Source("k2", 200, 200)), test_house="house",
)  # fmt: skip


def with_(**changed: Any) -> Case:
    return replace(GOOD, **changed)


def changed(to: dict[str, Any], seq: int = 15, by: str = "cid", second: str | None = "cid") -> Change:
    return Change("ch", seq, to, by, second)


LOW = replace(V, measured=4.0)
BELIEFS = (Belief("b1", "house", 0.05, 1), Belief("b2", "ann", 0.09, 2))
ADVANCE = with_(registered=terms(kind="advance"), evidence=(), evaluations=(), advance=100)
ADOPTION = with_(
    registered=terms(kind="adoption", evaluator="user", threshold=None),
    evaluations=(replace(V, evaluator="user", entered_by="user", measured=None),), users=("user",),
)  # fmt: skip

ALLOWED = {
    "as registered": GOOD,
    "exactly the threshold": with_(evaluations=(replace(V, measured=5.0),)),
    "from above": with_(registered=terms(direction="at_most"), evaluations=(LOW,)),
    "a part": with_(asked=1),
    "the second part": with_(asked=60, earlier=(Earlier("r0", "m", 40),)),
    "a later word": with_(evaluations=(replace(V, evaluation="v0", accepted=False, seq=12), V)),
    "a stranger's word": with_(evaluations=(V, replace(V, evaluation="x", evaluator="x", accepted=False, seq=25))),
    "a retest that agrees": with_(evaluations=(V, replace(V, evaluation="w", evaluator="rival", entered_by="rival",
                                                         retest_of="v", seq=25))),
    "the payee's own retest": with_(evaluations=(V, replace(V, evaluation="w", evaluator="team", entered_by="team",
                                                           accepted=False, retest_of="v", seq=25))),
    "evidence after acceptance": with_(evidence=(E, Evidence("late", "bb", None, 40))),
    "tightened": with_(changes=(changed({"threshold": 5.5}, by="x", second=None),)),
    "loosened in vain": with_(changes=(changed({"threshold": 3.0}, by="x", second=None),)),
    "loosened by the second level": with_(changes=(changed({"threshold": 3.0}),), evaluations=(LOW,)),
    "another date": with_(changes=(changed({"due": "2028-01-01"}, seq=25),)),
    "a cleared flag": with_(flags=(Flag("f", "wn01", "s", "cleared"),)),
    "one doubt": with_(beliefs=BELIEFS[:1]),
    "hope again": with_(beliefs=(*BELIEFS, Belief("b3", "house", 0.5, 3))),
    "the payee's doubts": with_(beliefs=(BELIEFS[0], replace(BELIEFS[1], by="team"))),
    "doubts of the payee's owner": with_(beliefs=(BELIEFS[0], replace(BELIEFS[1], by="rich")),
                                       ties=owned(("team", "rich"))),
    "doubts and a go": with_(beliefs=BELIEFS, last_go=3),
    "an advance": ADVANCE,
    "an adoption": ADOPTION,
    "an adoption with a value": replace(ADOPTION, evaluations=(replace(ADOPTION.evaluations[0], measured=0.0),)),
    "an adoption without cover": replace(ADOPTION, users=()),
    "a barred pledge that pays nothing": with_(sources=(*GOOD.sources, Source("k3", 0, 0, "no"))),
}  # fmt: skip

DENIED = {
    "killed": (with_(ended="a was ended"), "a was ended"),
    "on hold": (with_(held="a is on hold"), "a is on hold"),
    "not as hashed": (with_(unregistered=True), "milestones of a are not those whose hash"),
    "no evidence": (with_(evidence=(), evaluations=()), "no evidence has been submitted for m"),
    "missing": (with_(evidence=(replace(E, found=None),)), "evidence e is missing from the store"),
    "other content": (with_(evidence=(replace(E, found="bb"),)), "its hash does not match"),
    "late": (with_(evidence=(replace(E, seq=21),)), "evidence e was submitted after its evaluation v"),
    "another's evidence": (with_(evaluations=(replace(V, evidence="x"),)), "v is on x, which is no evidence"),
    "not evaluated": (with_(evaluations=()), "house has not evaluated the evidence"),
    "by another": (with_(evaluations=(replace(V, evaluator="x", entered_by="x"),)), "x evaluated, but house was"),
    "forged": (with_(evaluations=(replace(V, entered_by="team"),)), "evaluation of house was entered by team"),
    "only a retest": (with_(evaluations=(replace(V, retest_of="v0"),)), "house has not evaluated the evidence"),
    "not accepted": (with_(evaluations=(replace(V, accepted=False),)), "house has not accepted it (evaluation v)"),
    "taken back": (
        with_(evaluations=(V, replace(V, evaluation="v2", accepted=False, seq=22))), "has not accepted it",
    ),
    "not measured": (with_(evaluations=(replace(V, measured=None),)), "v tells no measured value"),
    "not met": (with_(evaluations=(LOW,)), "the measured 4 does not meet the criterion: yield at least 5"),
    "not met from above": (with_(registered=terms(direction="at_most")), "the measured 6 does not meet"),
    "retest failed": (
        with_(evaluations=(V, replace(V, evaluation="w", evaluator="rival", entered_by="rival", accepted=False,
                                      retest_of="v", seq=25))), "retest w of rival did not confirm",
    ),
    "weakened": (
        with_(changes=(changed({"threshold": 3.0}, second=None),), evaluations=(LOW,)),
        "change ch (threshold 5.0 to 3.0) does not count: it was made without a second-level decision",
    ),
    "weakened in another's name": (
        with_(changes=(changed({"threshold": 3.0}, by="team"),), evaluations=(LOW,)), "team entered it, not cid",
    ),
    "weakened by nobody entitled": (
        with_(changes=(changed({"threshold": 3.0}, by="x", second="x"),), evaluations=(LOW,)),
        "x is none of the programme's approvers",
    ),
    "weakened by a relative": (
        with_(changes=(changed({"threshold": 3.0}),), evaluations=(LOW,),
              ties=replace(NONE, near={"cid": (("team", "is family of"),)})), "cid is related to the payee",
    ),
    "changed since": (with_(changes=(changed({"threshold": 5.5}, seq=25),)), "before the milestone was changed"),
    "evaluator is payee": (
        with_(registered=terms(evaluator="team"), evaluations=(replace(V, evaluator="team", entered_by="team"),)),
        "the evaluator team is the payee",
    ),
    "common shareholder": (
        with_(ties=owned(("team", "rich"), ("house", "rich"))), "evaluator house is related to the payee team",
    ),
    "too few": (with_(approvals=APPROVALS[:1]), "1 of the 2 approvals that are needed"),
    "one person twice": (
        with_(approvals=(APPROVALS[0], replace(APPROVALS[0], approval="p3", seq=33))), "1 of the 2 approvals",
    ),
    "approved too early": (
        with_(approvals=(APPROVALS[0], replace(APPROVALS[1], seq=19))), "(bea before the acceptance)",
    ),
    "approved in another's name": (
        with_(approvals=(APPROVALS[0], replace(APPROVALS[1], entered_by="ann"))), "(bea entered by somebody else)",
    ),
    "approved by a stranger": (
        with_(approvals=(APPROVALS[0], Approval("p3", "dan", "dan", 33))),
        "(dan none of the programme's approvers)",
    ),
    "payee approves": (with_(approvals=(*APPROVALS, Approval("p3", "team", "team", 33))), "and is the payee"),
    "evaluator approves": (
        with_(approvals=(*APPROVALS, Approval("p3", "house", "house", 33))), "house approves, and is the evaluator",
    ),
    "relative approves": (
        with_(ties=owned(("ann", "rich"), ("team", "rich"))), "ann approves, and is related to the payee team",
    ),
    "doubted twice": (with_(beliefs=BELIEFS), "below 0.1 twice running, 0.05 (house) and 0.09 (ann)"),
    "doubted after the go": (with_(beliefs=BELIEFS, last_go=1), "a gate must decide to go on first"),
    "open flag": (with_(flags=(Flag("f", "wn01", "look", None),)), "hard flag f of wn01 is open: look"),
    "confirmed flag": (with_(flags=(Flag("f", "wn01", "look", "confirmed"),)), "f of wn01 is confirmed"),
    "nothing": (with_(asked=0), "no amount is asked for"),
    "too much": (with_(asked=101), "101 is more than the milestone's payment of 100"),
    "paid": (with_(earlier=(Earlier("r0", "m", 100),)), "of which 100 is paid already (r0)"),
    "same report": (with_(reused=(("e", "e0", "m0"),)), "e is the same file as e0, for which m0 was paid already"),
    "above the award": (with_(earlier=(Earlier("r0", "x", 250),)), "100 with the 250 paid before is more than"),
    "not reserved": (with_(reserved=99), "99 is reserved for a, less than 100"),
    "not left": (with_(sources=(Source("k1", 50, 500),)), "50 is reserved for a, less than 100"),
    "not paid in": (with_(sources=(Source("k1", 100, 32), GOOD.sources[1])), "32 of k1 is paid in, less than its"),
    "not eligible": (
        with_(sources=(Source("k1", 100, 100, "k1 is for tools"), GOOD.sources[1])), "k1 may not pay for this",
    ),
    "advance too high": (replace(ADVANCE, advance=99), "an advance of 100 is more than the agreed 99"),
    "advance again": (
        replace(ADVANCE, earlier=(Earlier("r0", "x", 1, advance=True),)), "with the 1 paid before is more than",
    ),
    "adoption by a stranger": (replace(ADOPTION, users=("other",)), "accepted by a user (other), not by user"),
    "adoption by the test house": (
        replace(ADOPTION, users=(), test_house="user"), "accepted by a user, not by the test house user",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed(case: Case) -> None:
    assert decide(case).reasons == ()


@pytest.mark.parametrize(("case", "words"), DENIED.values(), ids=DENIED)
def test_every_reason_for_which_it_is_denied(case: Case, words: str) -> None:
    decision = decide(case)
    assert not decision.allowed
    assert any(words in reason for reason in decision.reasons), decision.reasons


def test_all_reasons_are_told_at_once() -> None:
    case = with_(
        ended="over", evidence=(), evaluations=(), approvals=(), reserved=0, beliefs=BELIEFS, asked=101
    )
    told = "\n".join(decide(case).reasons)
    for words in ("over", "no evidence", "0 of the 2 approvals", "twice running", "more than the milestone's",
                  "0 is reserved"):  # fmt: skip
        assert words in told


NAMES = st.sampled_from(["team", "house", "ann", "bea", "cid", "dan"])
HASHES = st.sampled_from(["aa", "bb"])
SEQS = st.integers(1, 40)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases near one that is allowed, each spoilt in a few places or none."""
    evidence = draw(
        st.lists(
            st.builds(Evidence, st.sampled_from(["e", "e2", "e3"]), HASHES, st.none() | HASHES, SEQS),
            max_size=3,
            unique_by=lambda one: one.evidence,
        )
    )
    evaluations = draw(
        st.lists(
            st.builds(
                Evaluation, st.sampled_from(["v", "w"]), st.sampled_from(["e", "e2"]), NAMES, NAMES,
                st.booleans(), st.none() | st.floats(0, 10), st.none() | st.just("v"), SEQS,
            ),
            max_size=3,
            unique_by=lambda one: one.seq,
        )
    )  # fmt: skip
    approvals = draw(st.lists(st.builds(Approval, st.just("p"), NAMES, NAMES, SEQS), max_size=4))
    owners = draw(st.dictionaries(NAMES, st.tuples(st.tuples(NAMES, st.just("is owned by"))), max_size=2))
    spoilt: dict[str, Any] = {
        "evidence": tuple(evidence), "evaluations": tuple(evaluations), "approvals": tuple(approvals),
        "ties": replace(NONE, owners=owners), "asked": draw(st.integers(-5, 320)),
        "reserved": draw(st.integers(0, 300)), "earlier": (Earlier("r0", "m", draw(st.integers(0, 120))),),
    }  # fmt: skip
    which = draw(st.sets(st.sampled_from(sorted(spoilt)), max_size=3))
    return with_(**{name: spoilt[name] for name in which})


@given(cases(), st.randoms())
def test_the_order_in_which_things_are_told_changes_nothing(case: Case, random: Any) -> None:
    def shuffled(parts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(parts, len(parts)))

    names = ("evidence", "evaluations", "approvals", "sources", "earlier", "beliefs", "flags", "changes")
    told: dict[str, Any] = {name: shuffled(getattr(case, name)) for name in names}
    other = replace(case, **told)
    assert decide(other) == decide(case)


@given(cases(), st.builds(Approval, st.just("new"), NAMES, NAMES, SEQS))
def test_one_more_approval_never_denies_but_by_relation(case: Case, approval: Approval) -> None:
    before = decide(case)
    after = decide(replace(case, approvals=(*case.approvals, approval)))
    if before.allowed and not after.allowed:
        assert all(f"{approval.approver} approves, and is" in reason for reason in after.reasons)
    if not before.allowed and after.allowed:
        assert all("approvals that are needed" in reason for reason in before.reasons)


@given(cases(), st.sampled_from(["ended", "held", "unregistered"]))
def test_a_reason_more_never_allows(case: Case, name: str) -> None:
    more: dict[str, Any] = {name: True if name == "unregistered" else "because"}
    worse = replace(case, **more)
    assert not decide(worse).allowed
    assert set(decide(case).reasons) <= set(decide(worse).reasons)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.lists(st.integers(1, 2000), max_size=6))
def test_payments_take_from_the_pledges_no_more_than_they_have(parts: list[int], amounts: list[int]) -> None:
    left = {f"k{n}": part for n, part in enumerate(parts)}
    for amount in [*amounts, 5000]:
        asked = min(amount, sum(left.values()))
        taken = split(asked, left)
        assert sum(taken.values()) == asked
        assert all(0 <= taken[name] <= left[name] for name in left)
        left = {name: left[name] - taken[name] for name in left}


@settings(max_examples=25, deadline=None)
@given(
    spoil=st.sampled_from(["", "store", "evidence", "evaluation", "p", "q", "flag", "kill"]),
    amounts=st.lists(st.integers(0, 120), min_size=1, max_size=4),
)
def test_money_moves_for_what_is_allowed_and_for_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, spoil: str, amounts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("release")
    (folder / "report").write_text("report")
    digest, size = store(folder / "store", folder / "report")
    if spoil == "store":
        place_of(folder / "store", digest).unlink()
    with begun(folder, *_done(spoil, digest, size)) as programme:
        paid = 0
        for number, amount in enumerate(amounts):
            before = _sums(programme)
            entry = release(
                programme, key=f"r{number}", actor="team1", release=f"r{number}", milestone="m1", amount=amount,
                evidence_folder=folder / "store",
            )  # fmt: skip
            allowed = not spoil and amount > 0 and paid + amount <= 100
            assert entry.body["allowed"] == allowed, entry.body["reasons"]
            if allowed:
                paid += amount
            else:
                assert (entry.postings, _sums(programme)) == ((), before)
            assert _sums(programme).get(("payee:team1", "CNY"), (0, 0)) == (paid, 0)


def _done(spoil: str, digest: str, size: int) -> list[Draft]:
    """All that the release of m1 needs, but for what is spoilt."""
    kill = {"gate": "g", "award": "a1", "decision": "kill", "reason": "r"}
    shown = {"evidence": "e", "milestone": "m1", "sha256": digest, "size": size, "name": "report"}
    found = {"evaluation": "v", "evidence": "e", "evaluator": "house", "accepted": True, "measured": 6.0}
    flagged = {
        "flag": "f", "check": "wn", "subject": "a1", "severity": "hard", "sentence": "s", "evidence": [],
        "version": "1",
    }  # fmt: skip
    whole = [
        Draft("evidence", "evidence.submitted", "team1", shown),
        Draft("evaluation", "evaluation.given", "house", found),
        Draft("p", "approval.given", "ann", {"approval": "p", "milestone": "m1", "approver": "ann"}),
        Draft("q", "approval.given", "bea", {"approval": "q", "milestone": "m1", "approver": "bea"}),
    ]
    bad = [Draft("flag", "flag.raised", "audit", flagged), Draft("kill", "gate.decided", "agency", kill)]
    return [draft for draft in whole if draft.key != spoil] + [draft for draft in bad if draft.key == spoil]


def _sums(programme: Any) -> dict[tuple[str, str], tuple[int, int]]:
    return {place: (one.posted, one.pending) for place, one in programme.refresh().balances.items()}


def test_no_pledge_pays_more_than_it_has_reserved_over_a_whole_award(tmp_path: Path) -> None:
    """An award of odd parts, paid in odd tranches, leaves nothing reserved and nothing unpaid."""
    own = [milestone(f"t{n}", kind="advance", payment=part) for n, part in enumerate((1, 32, 17, 50))]
    funding = {"k1": 33, "k2": 67}
    yes = [
        Draft(
            f"{who}{n}",
            "approval.given",
            who,
            {"approval": f"{who}{n}", "milestone": f"t{n}", "approver": who},
        )
        for n in range(4)
        for who in ("ann", "bea")
    ]
    third = award("a3", "rival", own, amount=100, funding=funding, advance=100)
    with begun(tmp_path, third, *yes) as programme:
        for n in range(4):
            entry = release(
                programme,
                key=f"r{n}",
                actor="agency",
                release=f"r{n}",
                milestone=f"t{n}",
                evidence_folder=tmp_path,
            )
            assert entry.body["allowed"], entry.body["reasons"]
        sums = _sums(programme)
        assert sums["award:a3", "CNY"] == (0, 0)
        assert sums["payee:rival", "CNY"] == (100, 0)
        assert (sums["fund:k1", "CNY"][0], sums["fund:k2", "CNY"][0]) == (300 - 33, 500 - 67)
