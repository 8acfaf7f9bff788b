"""Bids that are sealed from their content: checked whole, their secrets kept in files, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import QuestionError, WholenationError
from .bids import content_faults, keep_secret, sealable
from .clock import moment
from .drafts import to_draft
from .leaves import draft_faults
from .ledger import Draft, Entry
from .office import Programme
from .state import State

UNHASHED = "0" * 64
"""Stands for the commitment while all else of a bid is checked."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """A bid with what it says, the key of the request, and the file in which its secret is kept."""

    key: str
    bid: str
    challenge: str
    team: str
    content: Mapping[str, Any]
    secret: Path


def seal_kept(programme: Programme, *, actor: str, sealings: Sequence[Sealing]) -> list[Entry]:
    """Seal bids whose salts and contents are kept in files until the deadline: all of them, or none.

    Everything is checked before a file is written, and what was written is taken away again where the ledger refuses.
    Where the database cannot say whether it has added the bids, the files stay: without them no bid can be opened.
    """
    written: list[Path] = []
    decided = False

    def decide(state: State) -> list[Draft]:
        nonlocal decided
        now = moment(programme, state)
        faults = list(dict.fromkeys(fault for one in sealings for fault in _faults(state, actor, one, now)))
        if faults:
            raise QuestionError("\n".join(faults))
        drafts = [_draft(actor, one, _kept(one, written)) for one in sealings]
        decided = True
        return drafts

    try:
        return programme.act(decide)
    except WholenationError as error:
        if isinstance(error, QuestionError) or not decided:
            _take_away(written)
        raise


def _faults(state: State, actor: str, one: Sealing, now: datetime) -> Iterator[str]:
    """Everything that would make the ledger refuse a bid, or keep it from winning for certain."""
    yield from draft_faults(Draft(one.key, "bid.sealed", actor, _body(one, UNHASHED)))
    wrong = list(content_faults(one.content))
    yield from wrong
    try:
        target = sealable(state, one.bid, one.challenge, one.team, now)
    except QuestionError as error:
        yield str(error)
        return
    if wrong or state.has("bid.sealed", one.bid):
        return
    price, currency = one.content["price"], one.content["currency"]
    if currency != target["currency"]:
        yield f"{one.bid} is in {currency}, {target.id} in {target['currency']}: it cannot win"
    elif price > target["cap"]:
        yield f"{one.bid}: its price {price} is above the cap {target['cap']} of {target.id}: it cannot win"


def _draft(actor: str, one: Sealing, commitment: str) -> Draft:
    return to_draft(one.key, "bid.sealed", actor, _body(one, commitment))


def _body(one: Sealing, commitment: str) -> dict[str, Any]:
    return {"bid": one.bid, "challenge": one.challenge, "team": one.team, "commitment": commitment}


def _kept(one: Sealing, written: list[Path]) -> str:
    """The commitment of a bid; files and folders that were made for its secret are added to `written`."""
    places = (one.secret, *one.secret.parents)
    written += [place for place in reversed(places) if not _is_there(place)]
    return keep_secret(one.secret, one.content)


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # a name that no file can have
        return True


def _take_away(written: Sequence[Path]) -> None:
    """Remove files, and folders that are empty then, the last one made first."""
    for place in reversed(written):
        with suppress(OSError):
            place.rmdir() if place.is_dir() else place.unlink()
