"""Sealed bids: a hash before the deadline, the offer itself only after it, and only if it has that hash."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import QuestionError, unknown
from ..files import is_file, write_whole
from .canonical import canonical, sha256_hex
from .clock import instant, moment, shown
from .drafts import refuse, to_draft
from .entries import is_currency, is_id
from .ledger import Draft, Entry
from .office import Programme
from .parties import known_party
from .state import Record, State

CONTENT = {
    "price": (True, "a whole number of minor units above 0"),
    "currency": (True, "a currency such as EUR"),
    "approach": (True, "the class of the approach, an id"),
    "institution": (True, "the institution that answers for the team, an id"),
    "probability": (False, "the team's own probability of success, 0 to 1"),
    "people": (False, "a list"),
    "sites": (False, "a list"),
    "budget": (False, "a list"),
    "effort": (False, "an object"),
    "milestones": (False, "a list"),
    "starts": (False, "a date"),
    "ends": (False, "a date"),
    "text": (False, "a text"),
    "discloses": (False, "a list of other bids and awards for the same work"),
}
"""What a bid says, whether it must, and in which form."""
KINDS = {
    "people": list,
    "sites": list,
    "budget": list,
    "milestones": list,
    "effort": Mapping,
    "text": str,
    "discloses": list,
}
BLIND = ("approach", "price", "currency", "effort", "budget", "milestones", "text")
"""What a reviewer sees of a bid: nothing that tells who made it."""

NO_FILE_NAME = (
    "cannot name a bid, whose secret is kept in a file of its name: no / and no \\, not . and not .."
)


def commitment(salt: str, content: Mapping[str, Any]) -> str:
    """SHA-256 of the salt, as UTF-8, followed by the content in canonical JSON (RFC 8785), in hexadecimal."""
    return sha256_hex(salt.encode() + canonical(content))


def keep_secret(path: str | Path, content: Mapping[str, Any]) -> str:
    """The commitment to a bid whose salt and content are kept in a file until the deadline is over.

    A file that holds the same content already keeps its salt, so that sealing twice is the same bid.
    """
    refuse(content_faults(content))
    path = Path(path)
    if is_file(path):
        salt, before = read_secret(path)
        if canonical(before) != canonical(content):
            raise QuestionError(f"{path} holds another bid; name another file")
        return commitment(salt, content)
    salt = secrets.token_hex(32)
    write_whole(path, json.dumps({"salt": salt, "content": content}, indent=2, ensure_ascii=False).encode())
    path.chmod(0o600)
    return commitment(salt, content)


def read_secret(path: str | Path) -> tuple[str, dict[str, Any]]:
    """Salt and content from the file that `keep_secret` wrote."""
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise QuestionError(f"{path} cannot be read as the secret of a bid: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("salt"), str):
        raise QuestionError(
            f"{path} holds no salt and content; sealing the bid has written the file that does"
        )
    if not isinstance(found.get("content"), dict):
        raise QuestionError(f"{path} holds no content of a bid")
    return found["salt"], found["content"]


def seal(
    programme: Programme, *, key: str, actor: str, bid: str, challenge: str, team: str, commitment: str
) -> Entry:
    """Hand in the commitment to a bid, between the challenge's opening and its deadline by the ledger's clock."""
    body = {"bid": bid, "challenge": challenge, "team": team, "commitment": commitment}
    draft = to_draft(key, "bid.sealed", actor, body)

    def decide(state: State) -> list[Draft]:
        sealable(state, bid, challenge, team, moment(programme, state))
        return [draft]

    return programme.act(decide)[0]


def sealable(state: State, bid: str, challenge: str, team: str, now: datetime) -> Record:
    """The challenge of a bid that may be sealed now, or was sealed before.

    Raises `QuestionError` where challenge or team is unknown, the bid comes too early or too late, or it has a name
    that no file can safely have.
    """
    if not names_file(bid):
        raise QuestionError(f"{bid!r} {NO_FILE_NAME}")
    target = state.get("challenge.published", challenge)
    known_party(state, team)
    if not state.has("bid.sealed", bid):
        _in_time(bid, target, now)
    return target


def names_file(bid: str) -> bool:
    """Whether a file named after a bid lies in the folder where it was put: its secret is kept as BID.json."""
    return "/" not in bid and "\\" not in bid and bid not in (".", "..")


def _in_time(bid: str, target: Record, now: datetime) -> None:
    if now >= instant(target["deadline"]):
        raise QuestionError(
            f"{bid} comes too late: the deadline was {target['deadline']}, it is {shown(now)}"
        )
    if target["opens"] and now < instant(target["opens"]):
        raise QuestionError(
            f"{bid} comes too early: bids are taken from {target['opens']}, it is {shown(now)}"
        )


def open_bid(
    programme: Programme, *, key: str, actor: str, bid: str, salt: str, content: Mapping[str, Any]
) -> Entry:
    """Open a bid after the deadline. One that does not have the hash of then is refused, whatever it says."""
    draft = to_draft(key, "bid.opened", actor, {"bid": bid, "salt": salt, "content": content})

    def decide(state: State) -> list[Draft]:
        sealed = state.get("bid.sealed", bid)
        target = state.get("challenge.published", sealed["challenge"])
        now = moment(programme, state)
        if not state.has("bid.opened", bid) and now < instant(target["deadline"]):
            raise QuestionError(
                f"{bid} stays sealed until the deadline {target['deadline']}; it is {shown(now)}"
            )
        if commitment(salt, content) != sealed["commitment"]:
            raise QuestionError(f"{bid}: this is not what was sealed; its hash is another")
        refuse(content_faults(content))
        return [draft]

    return programme.act(decide)[0]


def exclude(programme: Programme, *, key: str, actor: str, bid: str, reason: str) -> Entry:
    """Say why a bid does not count; that takes a reason, and a bid that has not won."""
    draft = to_draft(key, "bid.excluded", actor, {"bid": bid, "reason": reason})

    def decide(state: State) -> list[Draft]:
        state.get("bid.sealed", bid)
        if not reason.strip():
            raise QuestionError(f"{bid}: it takes a reason to leave a bid out")
        if not state.has("bid.excluded", bid) and state.all("award.made", bid=bid):
            raise QuestionError(f"{bid} has an award already, which a gate can end")
        return [draft]

    return programme.act(decide)[0]


def content_faults(content: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is wrong with what a bid says, a sentence each."""
    for name in content:
        if name not in CONTENT:
            yield f"{name}: {unknown(name, list(CONTENT), 'field of a bid')}"
    for name, (required, form) in CONTENT.items():
        if name not in content:
            if required:
                yield f"{name} is missing; it takes {form}"
        elif not _has_form(name, content[name]):
            yield f"{name} is {str(content[name])[:60]!r}; it takes {form}"


def _has_form(name: str, value: Any) -> bool:
    if name in KINDS:
        return isinstance(value, KINDS[name])
    if name == "price":
        return type(value) is int and value > 0
    if name == "currency":
        return is_currency(value)
    if name == "probability":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    if name in ("starts", "ends"):
        return isinstance(value, str) and len(value) == 10
    return is_id(value)


def opened_bids(state: State, challenge: str) -> dict[str, Record]:
    """The bids of a challenge that are open and not left out, by id in the order of sealing: their openings."""
    return {
        bid.id: state.get("bid.opened", bid.id)
        for bid in state.all("bid.sealed", challenge=challenge)
        if state.has("bid.opened", bid.id) and not state.has("bid.excluded", bid.id)
    }


def blind(state: State, bid: str) -> dict[str, Any]:
    """What a reviewer may see of a bid."""
    content = state.get("bid.opened", bid)["content"]
    return {name: content[name] for name in BLIND if name in content}
