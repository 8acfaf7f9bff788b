"""Whether a tranche is paid: a pure function of everything that matters, with all reasons why not.

`decide` reads no ledger, no file and no clock; `releasing` gathers a `Case` from the ledger and records the decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .acceptance import Acceptance, Evaluation, Evidence, accept
from .milestones import ADVANCE, Change, Terms, in_force
from .parties import Ties, related
from .reservations import split

KILL_LINE = 0.1
"""Probability of success below which going on must be decided at a gate (assumed)."""
CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes, and who entered it."""

    approval: str
    approver: str
    entered_by: str
    seq: int


@dataclass(frozen=True, slots=True)
class Belief:
    """A probability that somebody stated for a milestone of the award that is not accepted yet."""

    belief: str
    by: str
    probability: float
    seq: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A hard flag on something that this release rests on, and what a person made of it last, if anything."""

    flag: str
    check: str
    sentence: str
    disposition: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """One pledge's part of the award in minor units: what is still reserved, what of the pledge is paid in and there,
    and why it may not pay for this, if so."""

    pledge: str
    left: int
    paid_in: int
    barred: str | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A payment of this award that was allowed before; `advance` tells one that needed no evidence."""

    release: str
    milestone: str
    amount: int
    advance: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """All that a release depends on. `ended` and `held` say why the award gets nothing (any more, or for now);
    `unregistered` that its milestones are not those whose hash was recorded; `reused` names earlier paid evidence."""

    award: str
    payee: str
    ceiling: int
    advance: int
    asked: int
    registered: Terms
    changes: tuple[Change, ...]
    evidence: tuple[Evidence, ...]
    evaluations: tuple[Evaluation, ...]
    approvals: tuple[Approval, ...]
    needed: int
    approvers: frozenset[str]
    ties: Ties
    reserved: int
    sources: tuple[Source, ...]
    earlier: tuple[Earlier, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    last_go: int = 0
    flags: tuple[Flag, ...] = ()
    reused: tuple[
        tuple[str, str, str], ...
    ] = ()  # evidence, the paid evidence of the same content, its milestone
    users: tuple[str, ...] = ()
    test_house: str | None = None
    ended: str | None = None
    held: str | None = None
    unregistered: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or every reason why not."""

    reasons: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether the money may go."""
        return not self.reasons


def decide(case: Case) -> Decision:
    """Whether the amount asked for is paid for this milestone, with all reasons why not.

    The order in which evidence, approvals and the rest are told changes nothing, and a reason more never pays.
    """
    terms, since, ignored = in_force(
        case.registered, case.changes, payee=case.payee, approvers=case.approvers, ties=case.ties
    )
    reasons = _standing(case)
    after = 0
    evaluator = terms.evaluator
    if terms.kind == ADVANCE:
        reasons += _advance(case)
    else:
        judged = accept(
            terms, since, case.evidence, case.evaluations, payee=case.payee, ties=case.ties, users=case.users,
            test_house=case.test_house,
        )  # fmt: skip
        reasons += judged.reasons
        reasons += ignored if _would_matter(case, judged) else []
        after = judged.evaluation.seq if judged.evaluation else 0
    reasons += _approvals(case, evaluator, max(after, since))
    reasons += _beliefs(case) + _flags(case) + _once_only(case, terms) + _money(case)
    return Decision(tuple(reasons))


def _would_matter(case: Case, judged: Acceptance) -> bool:
    """Changes that do not count are told only where what they would have loosened is not met."""
    return bool(case.changes) and not judged.accepted


def _standing(case: Case) -> list[str]:
    found = [reason for reason in (case.ended, case.held) if reason]
    if case.unregistered:
        found.append(
            f"the milestones of {case.award} are not those whose hash was registered before work started"
        )
    return found


def _advance(case: Case) -> list[str]:
    """An advance needs no evidence, but never exceeds what was agreed."""
    before = sum(one.amount for one in case.earlier if one.advance)
    if before + case.asked > case.advance:
        told = f" with the {before} paid before" if before else ""
        return [f"an advance of {case.asked}{told} is more than the agreed {case.advance}"]
    return []


def _approvals(case: Case, evaluator: str, after: int) -> list[str]:
    """Enough distinct people, who approve what was accepted and are independent of payee and evaluator."""
    own = [one for one in case.approvals if one.entered_by == one.approver and one.seq > after]
    people = sorted({one.approver for one in own})
    found = []
    for person in people:
        for role, party in (("payee", case.payee), ("evaluator", evaluator)):
            if person == party:
                found.append(f"{person} approves, and is the {role}")
            elif tie := related(case.ties, person, party):
                found.append(f"{person} approves, and is related to the {role} {party}: {tie}")
    counted = [person for person in people if person in case.approvers]
    if len(counted) < case.needed:
        found.append(
            f"{len(counted)} of the {case.needed} approvals that are needed{_not_counted(case, people, after)}"
        )
    return found


def _not_counted(case: Case, people: Sequence[str], after: int) -> str:
    """Why approvals that were given do not count, in brackets."""
    early = sorted({one.approver for one in case.approvals if one.seq <= after} - set(people))
    forged = sorted({one.approver for one in case.approvals if one.entered_by != one.approver})
    strange = [person for person in people if person not in case.approvers]
    told = [
        f"{', '.join(names)} {why}"
        for names, why in (
            (early, "before the acceptance"),
            (forged, "entered by somebody else"),
            (strange, "none of the programme's approvers"),
        )
        if names
    ]
    return f" ({'; '.join(told)})" if told else ""


def _beliefs(case: Case) -> list[str]:
    """Two reviews in a row below the kill line call for a gate before more money goes."""
    own = {one.by for one in case.beliefs if related(case.ties, one.by, case.payee)}
    told = sorted((one for one in case.beliefs if one.by not in own), key=lambda one: one.seq)
    last = told[-2:]
    if len(last) == 2 and all(one.probability < KILL_LINE for one in last) and case.last_go < last[-1].seq:
        stated = " and ".join(f"{one.probability:g} ({one.by})" for one in last)
        return [
            f"belief in success is below {KILL_LINE:g} twice running, {stated}: a gate must decide to go on first"
        ]
    return []


def _flags(case: Case) -> list[str]:
    """Hard flags block until a person has cleared them; a confirmed or referred one blocks all the more."""
    return [
        f"hard flag {one.flag} of {one.check} is {one.disposition or 'open'}: {one.sentence}"
        for one in sorted(case.flags, key=lambda one: one.flag)
        if one.disposition != CLEARED
    ]


def _once_only(case: Case, terms: Terms) -> list[str]:
    """A milestone is paid once, and so is a report."""
    mine = [one for one in case.earlier if one.milestone == terms.milestone]
    paid = sum(one.amount for one in mine)
    found = []
    if case.asked <= 0:
        found.append("no amount is asked for")
    if paid + case.asked > terms.payment:
        before = (
            f", of which {paid} is paid already ({', '.join(one.release for one in mine)})" if mine else ""
        )
        found.append(f"{case.asked} is more than the milestone's payment of {terms.payment}{before}")
    for evidence, other, milestone in sorted(case.reused):
        found.append(
            f"evidence {evidence} is the same file as {other}, for which {milestone} was paid already"
        )
    return found


def _money(case: Case) -> list[str]:
    """The amount is within the award, reserved, paid in, and each pledge may pay for it."""
    total = sum(one.amount for one in case.earlier)
    found = []
    if total + case.asked > case.ceiling:
        found.append(f"{case.asked} with the {total} paid before is more than the award of {case.ceiling}")
    left = {one.pledge: one.left for one in sorted(case.sources, key=lambda one: one.pledge)}
    covered = min(case.reserved, sum(left.values()))
    if case.asked > covered:
        return [*found, f"{covered} is reserved for {case.award}, less than {case.asked}"]
    parts = split(max(case.asked, 0), left)
    for one in sorted(case.sources, key=lambda one: one.pledge):
        if parts[one.pledge] and one.barred:
            found.append(f"the pledge {one.pledge} may not pay for this: {one.barred}")
        if parts[one.pledge] > one.paid_in:
            found.append(
                f"{one.paid_in} of {one.pledge} is paid in, less than its part of {parts[one.pledge]}"
            )
    return found
