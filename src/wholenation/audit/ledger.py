"""The checks asked of a programme's ledger, their flags as entries, and what people made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import QuestionError, unknown
from ..names.matching import Named
from ..programme.canonical import canonical
from ..programme.ledger import Draft, Entry
from ..programme.office import Programme
from ..programme.state import State
from .checks import CHECKS
from .flags import Answer, flagged, in_order
from .view import prepare


def audit_ledger(
    state: State,
    *,
    today: date,
    checks: Sequence[str] | None = None,
    thresholds: Mapping[str, int] | None = None,
    listed: Iterable[Named] = (),
    files: Mapping[str, str] | None = None,
) -> list[Answer]:
    """What every check says of the ledger as it stood at the end of that day, by check and subject.

    `checks` are ids, all of them if left out. `thresholds` in minor units by currency, `listed` parties and the
    SHA-256 of what is on `files` by evidence serve the checks that need them; without, these say not computable.
    """
    names = list(CHECKS) if checks is None else list(dict.fromkeys(checks))
    for name in names:
        if name not in CHECKS:
            raise QuestionError(f"{name!r}: {unknown(name, list(CHECKS), 'check')}")
    view = prepare(state, today=today, thresholds=thresholds, listed=listed, files=files)
    return in_order(answer for name in names for answer in CHECKS[name].ask(view))


def flag_id(answer: Answer) -> str:
    """The name of the flag: the same check, subject and evidence is the same flag."""
    told = [answer.check, answer.subject_kind, answer.subject, list(answer.evidence)]
    return f"{answer.check}-{hashlib.sha256(canonical(told)).hexdigest()[:16]}"


def raise_flags(programme: Programme, answers: Iterable[Answer], *, actor: str) -> list[Entry]:
    """An entry for each answer that is a flag; those that are there already are not raised again."""
    found = {flag_id(one): one for one in flagged(in_order(answers))}

    def decide(state: State) -> list[Draft]:
        return [_raised(key, one, actor) for key, one in found.items() if not state.has("flag.raised", key)]

    return programme.act(decide)


def _raised(key: str, answer: Answer, actor: str) -> Draft:
    body: dict[str, Any] = {
        "flag": key,
        "check": answer.check,
        "subject": answer.subject,
        "severity": answer.severity,
        "sentence": answer.sentence,
        "evidence": list(answer.evidence),
        "version": answer.version,
    }
    if answer.value is not None:
        body["value"] = answer.value
    return Draft(key, "flag.raised", actor, body)


def dispose(
    programme: Programme, *, key: str, actor: str, flag: str, disposition: str, reason: str
) -> list[Entry]:
    """What a person makes of a flag: cleared, confirmed or referred, with the reason. `key` names the disposal."""
    allowed = ("cleared", "confirmed", "referred")
    if disposition not in allowed:
        raise QuestionError(f"disposition {disposition!r}; it is one of {', '.join(allowed)}")
    if not reason.strip():
        raise QuestionError("a disposition takes a reason")

    def decide(state: State) -> list[Draft]:
        state.get("flag.raised", flag)
        body = {"disposal": key, "flag": flag, "disposition": disposition, "reason": reason}
        return [Draft(key, "flag.disposed", actor, body)]

    return programme.act(decide)


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of a check's flags people confirmed, cleared, referred or have not looked at, by their last word."""

    check: str
    confirmed: int = 0
    cleared: int = 0
    referred: int = 0
    waiting: int = 0

    @property
    def value(self) -> float | None:
        """confirmed / (confirmed + cleared), None where nobody has decided either."""
        decided = self.confirmed + self.cleared
        return self.confirmed / decided if decided else None


def precision(state: State) -> list[Precision]:
    """The precision of each check that has raised a flag, by check."""
    last = {str(one["flag"]): str(one["disposition"]) for one in state.all("flag.disposed")}
    counts: dict[str, dict[str, int]] = {}
    for one in state.all("flag.raised"):
        mine = counts.setdefault(str(one["check"]), {})
        word = last.get(one.id, "waiting")
        mine[word] = mine.get(word, 0) + 1
    return [Precision(check, **mine) for check, mine in sorted(counts.items())]
