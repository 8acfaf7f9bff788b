"""Whether a milestone is reached: evidence that is there, judged by whom it was registered to be judged by.

Pure: everything that matters comes in as values, so that the same question has the same answer at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .milestones import ADOPTION, Terms
from .parties import Ties, related


@dataclass(frozen=True, slots=True)
class Evidence:
    """A submitted file: the hash that was recorded, and the one of what lies in the store now (None: nothing)."""

    evidence: str
    sha256: str
    found: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What somebody found on one piece of evidence, and who entered that."""

    evaluation: str
    evidence: str
    evaluator: str
    entered_by: str
    accepted: bool
    measured: float | None
    retest_of: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The evaluation that counts, None where there is none, and every reason why it does not accept the milestone."""

    evaluation: Evaluation | None
    reasons: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the milestone is reached."""
        return not self.reasons


def accept(
    terms: Terms,
    since: int,
    evidence: Sequence[Evidence],
    evaluations: Sequence[Evaluation],
    *,
    payee: str,
    ties: Ties,
    users: Sequence[str] = (),
    test_house: str | None = None,
) -> Acceptance:
    """Whether the evidence meets the terms, by the last word of the registered evaluator.

    `since` is the entry that last changed what is judged: an evaluation before it was of something else. `users` are
    those whose first use of the product is covered; an adoption is theirs to accept, never the test house's.
    """
    counted = _last_word(terms, evaluations)
    reasons = _independent(terms, payee, ties) + _by_a_user(terms, users, test_house)
    if counted is None:
        reasons.append(_nothing_counts(terms, evidence, evaluations))
        return Acceptance(None, tuple(reasons + _intact(evidence)))
    before = [one for one in evidence if one.seq < counted.seq]
    reasons += _shown(counted, evidence) + _intact(before)
    if counted.seq < since:
        reasons.append(
            f"evaluation {counted.evaluation} was given before the milestone was changed (entry {since})"
        )
    reasons += _met(terms, counted) + _retested(counted, evaluations, payee, ties)
    return Acceptance(counted, tuple(reasons))


def _last_word(terms: Terms, evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The registered evaluator's latest evaluation, if they have entered it themselves."""
    own = [
        one
        for one in evaluations
        if one.evaluator == one.entered_by == terms.evaluator and one.retest_of is None
    ]
    return max(own, key=lambda one: (one.seq, one.evaluation), default=None)


def _nothing_counts(terms: Terms, evidence: Sequence[Evidence], evaluations: Sequence[Evaluation]) -> str:
    if not evidence:
        return f"no evidence has been submitted for {terms.milestone}"
    others = sorted({one.evaluator for one in evaluations} - {terms.evaluator})
    if others:
        return f"{', '.join(others)} evaluated, but {terms.evaluator} was registered as the evaluator"
    forged = sorted({one.entered_by for one in evaluations} - {terms.evaluator})
    if forged:
        return f"the evaluation of {terms.evaluator} was entered by {', '.join(forged)}"
    return f"{terms.evaluator} has not evaluated the evidence"


def _independent(terms: Terms, payee: str, ties: Ties) -> list[str]:
    if terms.evaluator == payee:
        return [f"the evaluator {payee} is the payee"]
    tie = related(ties, terms.evaluator, payee)
    return [f"the evaluator {terms.evaluator} is related to the payee {payee}: {tie}"] if tie else []


def _by_a_user(terms: Terms, users: Sequence[str], test_house: str | None) -> list[str]:
    if terms.kind != ADOPTION:
        return []
    if users and terms.evaluator not in users:
        return [f"an adoption is accepted by a user ({', '.join(sorted(users))}), not by {terms.evaluator}"]
    if terms.evaluator == test_house:
        return [f"an adoption is accepted by a user, not by the test house {test_house}"]
    return []


def _shown(counted: Evaluation, evidence: Sequence[Evidence]) -> list[str]:
    """The evidence that was evaluated is one of this milestone's, and was there before it was accepted."""
    mine = [one for one in evidence if one.evidence == counted.evidence]
    if not mine:
        return [
            f"evaluation {counted.evaluation} is on {counted.evidence}, which is no evidence of this milestone"
        ]
    if mine[0].seq > counted.seq:
        return [f"evidence {counted.evidence} was submitted after its evaluation {counted.evaluation}"]
    return []


def _intact(evidence: Sequence[Evidence]) -> list[str]:
    found = []
    for one in sorted(evidence, key=lambda one: (one.seq, one.evidence)):
        if one.found is None:
            found.append(f"evidence {one.evidence} is missing from the store")
        elif one.found != one.sha256:
            found.append(
                f"evidence {one.evidence} has another content than was submitted: its hash does not match"
            )
    return found


def _met(terms: Terms, counted: Evaluation) -> list[str]:
    if not counted.accepted:
        return [f"{terms.evaluator} has not accepted it (evaluation {counted.evaluation})"]
    if counted.measured is None:
        told = f"evaluation {counted.evaluation} tells no measured value; {terms.criterion} was registered"
        return [] if terms.threshold is None else [told]
    if not terms.meets(counted.measured):
        return [f"the measured {counted.measured:g} does not meet the criterion: {terms.criterion}"]
    return []


def _retested(counted: Evaluation, evaluations: Sequence[Evaluation], payee: str, ties: Ties) -> list[str]:
    """Independent repetitions that came to another result."""
    return [
        f"the independent retest {one.evaluation} of {one.evaluator} did not confirm it"
        for one in sorted(evaluations, key=lambda one: (one.seq, one.evaluation))
        if one.retest_of == counted.evaluation
        and not one.accepted
        and one.entered_by == one.evaluator
        and one.evaluator != payee
        and related(ties, one.evaluator, payee) is None
    ]
