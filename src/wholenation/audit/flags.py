"""What every check answers: a flag, nothing found, or why it cannot be told; with all that the answer rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    FLAG = "flag"
    CLEAR = "clear"
    NOT_COMPUTABLE = "not computable"


SEVERITIES = ("hard", "high", "medium", "low")
"""From the one that blocks a release to those that only ask."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One check's answer about one subject.

    `value` is what was measured and `fence` what it was held against; `peers` counts the subjects that the fence was
    drawn from (0 where the check needs none). `evidence` names the entries or processes that the answer rests on,
    `version` the check's wording and constants. `p` is a probability under an honest course of things, where the
    check has one. Where nothing can be told, `sentence` says why.
    """

    check: str
    subject_kind: str
    subject: str
    outcome: Outcome
    value: float | None
    sentence: str
    severity: str
    fence: float | None
    peers: int
    evidence: tuple[str, ...]
    version: str
    p: float | None = None


def in_order(answers: Iterable[Answer]) -> list[Answer]:
    """By check, kind of subject and subject, so that neither the order of records nor that of workers shows."""
    return sorted(answers, key=lambda one: (one.check, one.subject_kind, one.subject, one.evidence))


def flagged(answers: Iterable[Answer]) -> list[Answer]:
    """The answers that somebody must look at."""
    return [one for one in answers if one.outcome is Outcome.FLAG]
