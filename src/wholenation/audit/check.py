"""What a check over the ledger is: its name and weight, and how it says flag, clear or not computable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..programme.state import Record
from .flags import Answer, Outcome


@dataclass(frozen=True, slots=True)
class Check:
    """A check's constants. `subject` is what it is asked about, `reads` the types of entries that it looks at.

    A check of severity hard blocks a release; all others only ask. `version` changes with the rule or a constant of
    it, so that an old flag can be told from a new one.
    """

    id: str
    title: str
    severity: str
    subject: str
    reads: tuple[str, ...]
    version: str = "1"

    def flag(
        self,
        subject: str,
        sentence: str,
        evidence: Iterable[str],
        *,
        value: float | None = None,
        fence: float | None = None,
        peers: int = 0,
        p: float | None = None,
        severity: str | None = None,
    ) -> Answer:
        """Somebody must look at this."""
        weight = severity or self.severity
        return self._answer(Outcome.FLAG, subject, sentence, evidence, value, fence, peers, p, weight)

    def clear(
        self,
        subject: str,
        sentence: str,
        evidence: Iterable[str] = (),
        *,
        value: float | None = None,
        fence: float | None = None,
        peers: int = 0,
        p: float | None = None,
    ) -> Answer:
        """Nothing found, and on what that rests."""
        return self._answer(Outcome.CLEAR, subject, sentence, evidence, value, fence, peers, p, self.severity)

    def not_computable(self, subject: str, reason: str, *, peers: int = 0) -> Answer:
        """It cannot be told, and why."""
        return self._answer(
            Outcome.NOT_COMPUTABLE, subject, reason, (), None, None, peers, None, self.severity
        )

    def _answer(
        self,
        outcome: Outcome,
        subject: str,
        sentence: str,
        evidence: Iterable[str],
        value: float | None,
        fence: float | None,
        peers: int,
        p: float | None,
        severity: str,
    ) -> Answer:
        told = tuple(sorted(set(evidence), key=int))
        return Answer(
            self.id,
            self.subject,
            subject,
            outcome,
            value,
            sentence,
            severity,
            fence,
            peers,
            told,
            self.version,
            p,
        )


def cited(records: Iterable[Record | None]) -> tuple[str, ...]:
    """The entries behind these records, as evidence."""
    return tuple(str(seq) for seq in sorted({one.seq for one in records if one is not None}))
