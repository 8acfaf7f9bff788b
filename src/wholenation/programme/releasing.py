"""A release on the ledger: the case is gathered from the entries so far, decided, and the decision recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from .acceptance import Acceptance, Evaluation, Evidence, accept
from .evidence_files import hash_of
from .funding import why_not_eligible
from .gate_records import GateRecords
from .ledger import Draft, Entry
from .milestones import ADVANCE, Terms, changes_of, find, in_force, preregistered
from .office import Programme
from .parties import ties_on
from .release import Approval, Belief, Case, Earlier, Flag, Source, decide
from .requests import day_of, given, once
from .reservations import ended, held, paid_out, split
from .state import Record, State

Found = Callable[[str], str | None]


def release(
    programme: Programme,
    *,
    key: str,
    actor: str,
    release: str,
    milestone: str,
    evidence_folder: Path,
    amount: int | None = None,
    today: date | None = None,
) -> Entry:
    """Ask for a tranche: the decision is an entry in any case, and moves money only where it is allowed.

    Without an `amount` what is left of the milestone's payment is asked for. Relations are those in force `today`.
    """
    asked = given(release=release, milestone=milestone, amount=amount)
    hashes: dict[str, str | None] = {}

    def found(sha256: str) -> str | None:
        if sha256 not in hashes:
            hashes[sha256] = hash_of(evidence_folder, sha256)
        return hashes[sha256]

    # Large files are read before the writer's lock is taken.
    for one in programme.refresh().all("evidence.submitted", milestone=milestone):
        found(one["sha256"])

    def propose(state: State) -> list[Draft]:
        case = to_case(state, milestone, amount, found, day_of(programme, state, today))
        decision = decide(case)
        body = {
            "release": release, "milestone": milestone, "award": case.award, "amount": case.asked,
            "allowed": decision.allowed, "reasons": list(decision.reasons),
        }  # fmt: skip
        award = state.get("award.made", case.award)
        postings = paid_out(award, split(case.asked, held(state, award))) if decision.allowed else ()
        return [Draft(key, "release.decided", actor, body, postings)]

    return once(programme, "release.decided", key, actor, asked, propose)


def paid_in_full(programme: Programme, milestone: str) -> Entry | None:
    """The release with which all of a milestone's payment was made; None while something of it is left."""
    state = programme.refresh()
    award, registered = find(state, milestone)
    terms, _, _ = in_force(
        registered, changes_of(state, milestone), payee=award["payee"], approvers=approvers_of(state),
        ties=ties_on(state, day_of(programme, state)),
    )  # fmt: skip
    paid = state.all("release.decided", milestone=milestone, allowed=True)
    if not paid or sum(one["amount"] for one in paid) < terms.payment:
        return None
    return next(programme.ledger.entries(after=paid[-1].seq - 1))


def to_case(state: State, milestone: str, amount: int | None, found: Found, day: str) -> Case:
    """Everything that the release of a milestone depends on, as the ledger has it now."""
    award, registered = find(state, milestone)
    challenge = state.get("challenge.published", award["challenge"])
    office = state.all("programme.opened")
    ties = ties_on(state, day)
    advances = {one["milestone"] for one in award["milestones"] if one.get("kind") == ADVANCE}
    earlier = tuple(
        Earlier(one.id, one["milestone"], one["amount"], one["milestone"] in advances)
        for one in state.all("release.decided", award=award.id, allowed=True)
    )
    approvers = approvers_of(state)
    changes = changes_of(state, milestone)
    terms, _, _ = in_force(registered, changes, payee=award["payee"], approvers=approvers, ties=ties)
    paid = sum(one.amount for one in earlier if one.milestone == milestone)
    return Case(
        award=award.id,
        payee=award["payee"],
        ceiling=award["amount"],
        advance=award["advance"] or 0,
        asked=max(terms.payment - paid, 0) if amount is None else amount,
        registered=registered,
        changes=changes,
        evidence=evidence_of(state, milestone, found),
        evaluations=evaluations_of(state, milestone),
        approvals=tuple(
            Approval(one.id, one["approver"], one.actor, one.seq)
            for one in state.all("approval.given", milestone=milestone)
        ),
        needed=max((one["approvals_needed"] for one in office), default=1),
        approvers=approvers,
        ties=ties,
        reserved=state.balance(f"award:{award.id}", award["currency"]).pending,
        sources=_sources(state, award, challenge),
        earlier=earlier,
        beliefs=_beliefs(state, award),
        last_go=max((one.seq for one in state.all("gate.decided", award=award.id, decision="go")), default=0),
        flags=_flags(state, award, challenge),
        reused=_reused(state, milestone),
        users=tuple(one["user"] for one in state.all("cover.granted", award=award.id)),
        test_house=challenge["test_house"],
        ended=ended(state, award.id),
        held=_held(state, award, milestone),
        unregistered=preregistered(award["milestones"]) != award["preregistered_sha256"],
    )


def approvers_of(state: State) -> frozenset[str]:
    """The people who may approve releases, and decide on the second level."""
    return frozenset(name for one in state.all("programme.opened") for name in one["approvers"])


def evidence_of(state: State, milestone: str, found: Found) -> tuple[Evidence, ...]:
    """The files that were submitted for a milestone, each with what is in the store now."""
    return tuple(
        Evidence(one.id, one["sha256"], found(one["sha256"]), one.seq)
        for one in state.all("evidence.submitted", milestone=milestone)
    )


def evaluations_of(state: State, milestone: str) -> tuple[Evaluation, ...]:
    """What was found on a milestone's evidence."""
    mine = {one.id for one in state.all("evidence.submitted", milestone=milestone)}
    return tuple(_evaluation(one) for one in state.all("evaluation.given") if one["evidence"] in mine)


def acceptance_of(records: GateRecords, milestone: str) -> tuple[Terms, Acceptance]:
    """The terms in force of a milestone and whether it is reached by the ledger alone, its files taken as recorded."""
    award = records.awards[milestone]
    payee, ties = award["payee"], records.ties
    terms, since, _ = in_force(
        records.terms[milestone], records.changes.get(milestone, ()), payee=payee, approvers=records.approvers,
        ties=ties,
    )  # fmt: skip
    shown = records.evidence.get(milestone, ())
    evidence = [Evidence(one.id, one["sha256"], one["sha256"], one.seq) for one in shown]
    evaluations = [_evaluation(one) for paper in shown for one in records.evaluations.get(paper.id, ())]
    return terms, accept(
        terms, since, evidence, evaluations, payee=payee, ties=ties, users=records.users.get(award.id, ()),
        test_house=records.houses.get(award["challenge"]),
    )  # fmt: skip


def _evaluation(one: Record) -> Evaluation:
    return Evaluation(
        one.id, one["evidence"], one["evaluator"], one.actor, one["accepted"], one["measured"], one["retest_of"],
        one.seq,
    )  # fmt: skip


def _sources(state: State, award: Record, challenge: Record) -> tuple[Source, ...]:
    found = []
    for name, left in held(state, award).items():
        pledge = state.get("pledge.made", name)
        paid_in = state.balance(f"fund:{name}", pledge["currency"]).posted
        found.append(Source(name, left, paid_in, why_not_eligible(pledge, challenge)))
    return tuple(found)


def _beliefs(state: State, award: Record) -> tuple[Belief, ...]:
    """Beliefs in what is still to be reached: a milestone that was accepted is no matter of belief any more."""
    accepted = {
        state.get("evidence.submitted", one["evidence"])["milestone"]
        for one in state.all("evaluation.given", accepted=True)
        if state.has("evidence.submitted", one["evidence"])
    }
    still = {one["milestone"] for one in award["milestones"]} - accepted
    return tuple(
        Belief(one.id, one["by"], one["probability"], one.seq)
        for one in state.all("belief.stated")
        if one["milestone"] in still
    )


def _flags(state: State, award: Record, challenge: Record) -> tuple[Flag, ...]:
    """Hard flags on the award, its parties, or any entry that its releases rest on."""
    milestones = {one["milestone"] for one in award["milestones"]}
    evidence = {one.id for one in state.all("evidence.submitted") if one["milestone"] in milestones}
    about = {award.id, award["bid"], award["payee"], challenge.id, *milestones, *evidence}
    about |= {one.id for one in state.all("evaluation.given") if one["evidence"] in evidence}
    about |= {one.id for one in state.all("approval.given") if one["milestone"] in milestones}
    about |= {one.id for one in state.all("release.decided", award=award.id)}
    last = {one["flag"]: one["disposition"] for one in state.all("flag.disposed")}
    return tuple(
        Flag(one.id, one["check"], one["sentence"], last.get(one.id))
        for one in state.all("flag.raised", severity="hard")
        if not about.isdisjoint((one["subject"], *one["subject"].replace(":", " ").split()))
    )


def _reused(state: State, milestone: str) -> tuple[tuple[str, str, str], ...]:
    """Evidence with the content of evidence that another milestone was paid for."""
    paid = {one["milestone"] for one in state.all("release.decided", allowed=True)} - {milestone}
    others: dict[str, Record] = {}
    for one in state.all("evidence.submitted"):
        if one["milestone"] in paid:
            others.setdefault(one["sha256"], one)
    return tuple(
        (one.id, others[one["sha256"]].id, others[one["sha256"]]["milestone"])
        for one in state.all("evidence.submitted", milestone=milestone)
        if one["sha256"] in others
    )


def _held(state: State, award: Record, milestone: str) -> str | None:
    """Why the award waits: the last gate on it as a whole, or on this milestone, decided to hold."""
    gates = [
        one
        for one in state.all("gate.decided", award=award.id)
        if one["milestone"] is None or one["milestone"] == milestone
    ]
    if gates and gates[-1]["decision"] == "hold":
        return f"{award.id} is on hold since gate {gates[-1].id}: {gates[-1]['reason']}"
    return None
