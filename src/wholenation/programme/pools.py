"""Contributors' money: pledged, called by schedule, paid in whole, in part or late, or never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import QuestionError, unknown
from .adopted import current_adoption
from .drafts import refuse, to_draft
from .entries import is_id
from .funding import EARMARKS
from .ledger import Draft, Entry, Posting
from .office import Programme
from .parties import known_party
from .state import Record, State


@dataclass(frozen=True, slots=True)
class Call:
    """How a call stands, in minor units; `days_late` is what its last payment was late, or what is open by now is."""

    call: str
    pledge: str
    due: str
    amount: int
    paid: int
    defaulted: int
    days_late: int

    @property
    def open(self) -> int:
        """What has not come in and has not been given up."""
        return self.amount - self.paid - self.defaulted

    @property
    def standing(self) -> str:
        """The call's standing in words."""
        if self.defaulted:
            return "defaulted in part" if self.paid else "defaulted"
        if self.open:
            told = "paid in part" if self.paid else "open"
            return f"{told}, {self.days_late} days late" if self.days_late else told
        return f"paid, {self.days_late} days late" if self.days_late else "paid"


def pledge(programme: Programme, *, key: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """A contributor's promise with its earmarks, cap, matching ratio and schedule of calls.

    The scheduled calls come to no more than the pledge, each has an id of its own, and a matching ratio is not
    negative. Raises `QuestionError` with all that is wrong.
    """

    draft = to_draft(key, "pledge.made", actor, body)

    def decide(state: State) -> list[Draft]:
        if not state.has("pledge.made", draft.body["pledge"]):
            known_party(state, draft.body["contributor"])
            refuse(_pledge_faults(state, draft.body))
        return [draft]

    return programme.act(decide)[0]


def _pledge_faults(state: State, body: Mapping[str, Any]) -> list[str]:
    faults = []
    taken = {call["call"] for one in state.all("pledge.made") for call in one["calls"]}
    for number, call in enumerate(body["calls"], start=1):
        faults += [f"call {number}: {fault}" for fault in _scheduled_faults(call, taken)]
        taken.add(call.get("call"))
    asked = sum(call["amount"] for call in body["calls"] if isinstance(call.get("amount"), int))
    if asked > body["amount"]:
        faults.append(f"the calls come to {asked}, more than the {body['amount']} that is pledged")
    if body["amount"] == 0:
        faults.append("amount 0 promises nothing")
    for name, allowed in body.get("earmark", {}).items():
        if name not in EARMARKS:
            faults.append(f"earmark {name}: {unknown(name, list(EARMARKS), 'earmark')}")
        elif not isinstance(allowed, list) or not all(isinstance(one, str) and one for one in allowed):
            faults.append(f"earmark {name} takes a list of texts, not {allowed!r}")
    if body.get("match_ratio", 0) < 0:
        faults.append(f"matching ratio {body['match_ratio']} is negative")
    return faults


def _scheduled_faults(call: Mapping[str, Any], taken: set[Any]) -> list[str]:
    faults = []
    name, due, amount = call.get("call"), call.get("due"), call.get("amount")
    if not is_id(name):
        faults.append(f"{name!r} is no id; an id is a text without spaces")
    elif name in taken:
        faults.append(f"there is a call {name} already")
    if not isinstance(due, str) or not is_date(due):
        faults.append(f"due {due!r} is no date; an example: 2027-01-31")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        faults.append(f"amount {amount!r} is no whole number of minor units above 0")
    return faults


def unplanned(state: State, earmark: Mapping[str, Any]) -> list[str]:
    """Values of an earmark that no project of the plan in force has, a sentence each; a later plan may have them."""
    adopted = current_adoption(state)
    if adopted is None:
        return []
    found = []
    for name, field in EARMARKS.items():
        known = sorted({str(one[field]) for one in adopted["projects"] if one.get(field)})
        # A challenge for first users serves a project of any kind.
        odd = [one for one in earmark.get(name) or () if known and one not in known and one != "cover"]
        what = f"{field} in {adopted.id}, the plan in force"
        found += [f"earmark {name}={one}: {unknown(one, known, what)}" for one in odd]
    return found


def is_date(text: str) -> bool:
    """Whether this is a day of the calendar as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def call(
    programme: Programme,
    *,
    key: str,
    actor: str,
    pledge: str,
    call: str | None = None,
    by: str | None = None,
) -> list[Entry]:
    """Ask for money: one scheduled call of a pledge, or all of them that are due up to a day.

    Amount and date are those of the schedule.
    """
    if (call is None) == (by is None):
        raise QuestionError("name either one call or the day up to which calls are made")

    def decide(state: State) -> list[Draft]:
        scheduled = {one["call"]: one for one in state.get("pledge.made", pledge)["calls"]}
        if call is not None:
            if call not in scheduled:
                told = unknown(call, list(scheduled), f"call in the schedule of {pledge}")
                raise QuestionError(f"{call}: {told}")
            return [_call(key, actor, pledge, scheduled[call])]
        # What was asked for already by this very request is given back, what others have asked for is left alone.
        due = [one for one in scheduled.values() if one["due"] <= str(by)]
        new = [one for one in due if not state.has("call.made", one["call"])]
        if not new and not due:
            raise QuestionError(f"{pledge}: no call is due by {by}")
        return [_call(f"{key}:{one['call']}", actor, pledge, one) for one in new or due]

    return programme.act(decide)


def _call(key: str, actor: str, pledge: str, scheduled: Mapping[str, Any]) -> Draft:
    body = {name: scheduled[name] for name in ("call", "due", "amount")} | {"pledge": pledge}
    return to_draft(key, "call.made", actor, body)


def pay(
    programme: Programme, *, key: str, actor: str, payment: str, call: str, amount: int, date: str
) -> Entry:
    """Money that has come in for a call, in whole, in part or late; it stands in the pledge's fund from now on.

    More than is open of the call is refused.
    """
    body = {"payment": payment, "call": call, "amount": amount, "date": date}
    to_draft(key, "payment.received", actor, body)

    def decide(state: State) -> list[Draft]:
        asked = state.get("call.made", call)
        made = state.get("pledge.made", asked["pledge"])
        if not state.has("payment.received", payment):
            _within(standing(state, asked, date), amount)
        postings = (
            Posting(f"outside:{made['contributor']}", -amount, made["currency"]),
            Posting(f"fund:{made.id}", amount, made["currency"]),
        )
        return [to_draft(key, "payment.received", actor, body, postings)]

    return programme.act(decide)[0]


def default(
    programme: Programme, *, key: str, actor: str, default: str, call: str, amount: int | None, reason: str
) -> Entry:
    """Money of a call that has not come in and will not: all that is open of it, if no amount is named."""

    if not reason.strip():
        raise QuestionError(f"{default}: it takes a reason to give money up")

    def decide(state: State) -> list[Draft]:
        asked = state.get("call.made", call)
        if state.has("default.recorded", default):
            lost = state.get("default.recorded", default)["amount"] if amount is None else amount
        else:
            stands = standing(state, asked, asked["due"])
            lost = stands.open if amount is None else amount
            _within(stands, lost)
        body = {"default": default, "call": call, "amount": lost, "reason": reason}
        return [to_draft(key, "default.recorded", actor, body)]

    return programme.act(decide)[0]


def _within(stands: Call, amount: int) -> None:
    if amount <= 0:
        raise QuestionError(f"amount {amount}: it takes more than 0")
    if amount > stands.open:
        raise QuestionError(f"{amount} is more than the {stands.open} that is open of call {stands.call}")


def standing(state: State, asked: Record, today: str) -> Call:
    """How a call that was made stands on a day."""
    payments = state.all("payment.received", call=asked.id)
    paid = sum(one["amount"] for one in payments)
    lost = sum(one["amount"] for one in state.all("default.recorded", call=asked.id))
    done = paid + lost >= asked["amount"]
    last = max((one["date"] for one in payments), default=asked["due"]) if done else today
    late = max((date.fromisoformat(last) - date.fromisoformat(asked["due"])).days, 0)
    return Call(asked.id, asked["pledge"], asked["due"], asked["amount"], paid, lost, late)
