"""What happens at a gate: evidence comes in, somebody independent judges it, people approve, and go, hold or kill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ..errors import QuestionError
from ..files import is_file
from .evidence_files import read, store
from .gate_records import gate_records
from .ledger import Draft, Entry
from .milestones import find
from .minhash import LARGEST, signature
from .office import Programme
from .parties import known_party, related, ties_on
from .releasing import acceptance_of
from .requests import day_of, given, once
from .reservations import held, open_award, voided
from .state import Record, State

DECISIONS = ("go", "hold", "kill")
GRACE = timedelta(days=90)
"""Time after the end of an award in which its last evidence may still come in (assumed)."""


def submit_evidence(
    programme: Programme,
    *,
    key: str,
    actor: str,
    evidence: str,
    milestone: str,
    file: Path,
    evidence_folder: Path,
) -> Entry:
    """Keep a file in the store and record its hash; a text's MinHash signature goes with it, to find it used again.

    Raises `QuestionError` where the actor is none of payee, agency and approvers, or the file is empty.
    """
    award, _ = find(programme.refresh(), milestone)
    open_award(programme.state, award.id)
    _may_submit(programme.state, actor, award, milestone)
    if is_file(file) and file.stat().st_size == 0:
        raise QuestionError(f"{file} is empty: it shows nothing of {milestone}")
    digest, size = store(evidence_folder, file)
    body = {"evidence": evidence, "milestone": milestone, "sha256": digest, "size": size, "name": file.name}
    shingles = _shingles(read(evidence_folder, digest)) if size <= LARGEST else []
    if shingles:
        body["shingles"] = shingles

    def decide(state: State) -> list[Draft]:
        open_award(state, award.id)
        return [Draft(key, "evidence.submitted", actor, body)]

    return once(programme, "evidence.submitted", key, actor, body, decide)


def _may_submit(state: State, actor: str, award: Record, milestone: str) -> None:
    office = state.all("programme.opened")
    agency = [one["agency"] for one in office]
    if actor not in (award["payee"], *agency, *(name for one in office for name in one["approvers"])):
        raise QuestionError(
            f"{actor} submits no evidence for {milestone}: its payee {award['payee']}, the agency"
            f" {', '.join(agency)} and the approvers do"
        )


def _shingles(content: bytes) -> list[str]:
    try:
        return signature(content.decode("utf-8"))
    except UnicodeDecodeError:
        return []


def evaluate(
    programme: Programme,
    *,
    key: str,
    actor: str,
    evaluation: str,
    evidence: str,
    accepted: bool,
    measured: float | None = None,
    retest_of: str | None = None,
    note: str | None = None,
    today: date | None = None,
) -> Entry:
    """Record what the actor found on a piece of evidence; nobody evaluates in another's name.

    Raises `QuestionError` where the actor is not who was registered (but for a retest, which anybody independent may
    make), is the payee or related to it, or accepts a value that does not meet the criterion.
    """
    body = given(
        evaluation=evaluation, evidence=evidence, evaluator=actor, measured=measured, accepted=accepted,
        retest_of=retest_of, note=note,
    )  # fmt: skip

    def decide(state: State) -> list[Draft]:
        milestone = state.get("evidence.submitted", evidence)["milestone"]
        award, _ = find(state, milestone)
        open_award(state, award.id)
        known_party(state, actor)
        day = day_of(programme, state, today)
        terms, _ = acceptance_of(gate_records(state, day), milestone)
        if retest_of is not None:
            first = state.get("evaluation.given", retest_of)
            if first["evaluator"] == actor:
                raise QuestionError(f"{retest_of} is by {actor}; a retest is by somebody else")
        elif actor != terms.evaluator:
            raise QuestionError(
                f"{actor} does not evaluate {milestone}: {terms.evaluator} is registered for it"
            )
        tie = related(ties_on(state, day), actor, award["payee"])
        if tie:
            raise QuestionError(f"{actor} cannot evaluate what {award['payee']} is paid for: {tie}")
        if accepted and terms.threshold is not None and (measured is None or not terms.meets(measured)):
            value = "no measured value" if measured is None else f"{measured:g}"
            raise QuestionError(f"{value} does not meet the criterion of {milestone}: {terms.criterion}")
        return [Draft(key, "evaluation.given", actor, body)]

    return once(programme, "evaluation.given", key, actor, body, decide)


def approve(
    programme: Programme, *, key: str, actor: str, approval: str, milestone: str, today: date | None = None
) -> Entry:
    """Record the actor's yes to the release of a milestone; nobody approves in another's name.

    Raises `QuestionError` where the actor is none of the approvers, or not independent of payee and evaluator.
    """
    body = {"approval": approval, "milestone": milestone, "approver": actor}

    def decide(state: State) -> list[Draft]:
        award, _ = find(state, milestone)
        open_award(state, award.id)
        day = day_of(programme, state, today)
        terms, _ = acceptance_of(gate_records(state, day), milestone)
        approvers = [name for one in state.all("programme.opened") for name in one["approvers"]]
        ties = ties_on(state, day)
        for role, party in (("payee", award["payee"]), ("evaluator", terms.evaluator)):
            tie = related(ties, actor, party)
            if tie:
                raise QuestionError(f"{actor} cannot approve: not independent of the {role} {party}, {tie}")
        if actor not in approvers:
            raise QuestionError(f"{actor} is none of the approvers: {', '.join(approvers)}")
        return [Draft(key, "approval.given", actor, body)]

    return once(programme, "approval.given", key, actor, body, decide)


def decide_gate(
    programme: Programme,
    *,
    key: str,
    actor: str,
    gate: str,
    award: str,
    decision: str,
    reason: str,
    milestone: str | None = None,
    today: date | None = None,
) -> Entry:
    """Decide whether an award goes on, waits or ends; a kill gives back all that is still reserved for it."""
    if decision not in DECISIONS:
        raise QuestionError(f"decision {decision!r}: one of {', '.join(DECISIONS)}")
    body = given(gate=gate, award=award, milestone=milestone, decision=decision, reason=reason)

    def decide(state: State) -> list[Draft]:
        mine = open_award(state, award)
        _not_by_the_payee(state, actor, mine, day_of(programme, state, today))
        if milestone is not None and find(state, milestone)[0].id != award:
            raise QuestionError(f"{milestone} is no milestone of {award}")
        postings = voided(mine, held(state, mine)) if decision == "kill" else ()
        return [Draft(key, "gate.decided", actor, body, postings)]

    return once(programme, "gate.decided", key, actor, body, decide)


def expire(
    programme: Programme, *, key: str, actor: str, gate: str, award: str, today: date | None = None
) -> Entry:
    """End an award that is past its end: what is still reserved for it goes back to its pledges.

    It has expired 90 days after its end (or the last milestone's due date), unless an accepted milestone is unpaid.
    """

    def decide(state: State) -> list[Draft]:
        mine = open_award(state, award)
        day = day_of(programme, state, today)
        _not_by_the_payee(state, actor, mine, day)
        last = expires(mine)
        if day <= last:
            raise QuestionError(f"{award} does not expire before {last}; today is {day}")
        owed = unpaid(state, mine, day)
        if owed:
            raise QuestionError(f"{award} cannot expire: {', '.join(owed)} is accepted and not paid")
        reason = f"expired: it was open until {last}"
        body = {"gate": gate, "award": award, "decision": "kill", "reason": reason}
        return [Draft(key, "gate.decided", actor, body, voided(mine, held(state, mine)))]

    return once(programme, "gate.decided", key, actor, {"gate": gate, "award": award}, decide)


def expires(award: Record) -> str:
    """The last day on which an award is open, if nothing is decided."""
    dues = [str(one["due"]) for one in award["milestones"]]
    end = max([*dues, award["ends"] or ""])
    return (date.fromisoformat(end) + GRACE).isoformat()


def unpaid(state: State, award: Record, day: str) -> list[str]:
    """Milestones of an award that are accepted, and for which something is still to be paid."""
    found = []
    records = gate_records(state, day)
    for one in award["milestones"]:
        terms, acceptance = acceptance_of(records, one["milestone"])
        releases = state.all("release.decided", milestone=terms.milestone, allowed=True)
        if acceptance.accepted and sum(release["amount"] for release in releases) < terms.payment:
            found.append(terms.milestone)
    return found


def _not_by_the_payee(state: State, actor: str, award: Record, day: str) -> None:
    tie = related(ties_on(state, day), actor, award["payee"])
    if tie:
        raise QuestionError(f"{actor} cannot decide on an award of {award['payee']}: {tie}")


def report_spending(
    programme: Programme,
    *,
    key: str,
    actor: str,
    report: str,
    award: str,
    date: str,
    amount: int,
    lines: Sequence[Mapping[str, Any]] | None = None,
) -> Entry:
    """Record what a team says it has spent since its last report; lines, where told, add up to the amount."""
    body = given(report=report, award=award, date=date, amount=amount, lines=lines)

    def decide(state: State) -> list[Draft]:
        state.get("award.made", award)
        if lines is not None and sum(int(line.get("amount", 0)) for line in lines) != amount:
            told = sum(int(line.get("amount", 0)) for line in lines)
            raise QuestionError(f"{report}: its lines add up to {told}, not to {amount}")
        before = state.all("spending.reported", award=award)
        if before and date < before[-1]["date"]:
            raise QuestionError(f"{report}: {date} lies before the last report of {before[-1]['date']}")
        return [Draft(key, "spending.reported", actor, body)]

    return once(programme, "spending.reported", key, actor, body, decide)
