"""What an award still holds of each pledge, and the postings that pay it out or give it back."""

from __future__ import annotations

from ..errors import QuestionError
from .funding import shared
from .ledger import Posting
from .state import Record, State


def ended(state: State, award: str) -> str | None:
    """Why an award gets nothing any more, in a sentence; None while it is open."""
    for gate in state.all("gate.decided", award=award, decision="kill"):
        return f"{award} was ended at gate {gate.id}: {gate['reason']}"
    for race in state.all("downselect.decided"):
        if award in race["dropped"]:
            return f"{award} was dropped at the down-select {race.id}"
    return None


def open_award(state: State, award: str) -> Record:
    """The award; `QuestionError` where there is none, or it has ended."""
    found = state.get("award.made", award)
    over = ended(state, award)
    if over:
        raise QuestionError(over)
    return found


def held(state: State, award: Record) -> dict[str, int]:
    """Minor units by pledge that are still reserved for an award; nothing where it has ended.

    Every payment took from the pledges in proportion to what was left of each, as `split` does, so that the payments
    in their order say what is left.
    """
    left = {name: int(award["funding"][name]) for name in sorted(award["funding"])}
    if ended(state, award.id):
        return dict.fromkeys(left, 0)
    for release in state.all("release.decided", award=award.id, allowed=True):
        for name, part in split(release["amount"], left).items():
            left[name] -= part
    return left


def split(amount: int, left: dict[str, int]) -> dict[str, int]:
    """An amount by pledge, in proportion to what is left of each and never more than that."""
    return dict(zip(left, shared(amount, list(left.values())), strict=True))


def paid_out(award: Record, parts: dict[str, int]) -> tuple[Posting, ...]:
    """Postings that turn reserved money into money paid."""
    payee, currency = f"payee:{award['payee']}", award["currency"]
    return tuple(
        posting
        for pledge, part in parts.items()
        if part
        for posting in (
            Posting(f"fund:{pledge}", part, currency, pending=True),
            Posting(f"award:{award.id}", -part, currency, pending=True),
            Posting(f"fund:{pledge}", -part, currency),
            Posting(payee, part, currency),
        )
    )


def voided(award: Record, parts: dict[str, int]) -> tuple[Posting, ...]:
    """Postings that give reserved money back to its pledges."""
    return tuple(
        posting
        for pledge, part in parts.items()
        if part
        for posting in (
            Posting(f"fund:{pledge}", part, award["currency"], pending=True),
            Posting(f"award:{award.id}", -part, award["currency"], pending=True),
        )
    )
