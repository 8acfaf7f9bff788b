"""From bids to awards: the exact choice of teams, its reasons, and the money that each award reserves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import QuestionError
from .bids import opened_bids
from .clock import day, instant, moment
from .contracts import advance_of, award_name, milestones_of, why_not
from .drafts import to_draft
from .funding import allocate, fundable, reserved
from .ledger import Draft, Entry
from .matching import AwardProblem, Awards, Bid, Challenge, reasons
from .matching import award as choose
from .milestones import preregistered
from .offers import offers
from .office import Programme
from .parties import ties_on
from .reservations import split
from .reviews import probabilities
from .state import Record, State


@dataclass(frozen=True, slots=True)
class Field:
    """The bids of a challenge: those that may win with their problem, and why the others may not."""

    target: Record
    problem: AwardProblem
    milestones: Mapping[str, list[dict[str, Any]]]
    out: Mapping[str, str]


def award(
    programme: Programme,
    *,
    key: str,
    actor: str,
    challenge: str,
    starts: str | None = None,
    ends: str | None = None,
) -> list[Entry]:
    """Award a challenge: the teams that make it likeliest that at least one succeeds, within all limits.

    Every bid that is open counts that is not left out, has been reviewed, and could be contracted as it is
    (`contracts.why_not`). Money is reserved at once, from pledges that are eligible and paid in. Each award carries
    the reason of every bid. Raises `QuestionError` where no bid can win, with all reasons.
    """

    def decide(state: State) -> list[Draft]:
        before = state.all("award.made", challenge=challenge)
        if before:  # the same request once more, or one that the ledger refuses
            return [_again(key, actor, state, one, {"starts": starts, "ends": ends}) for one in before]
        target = state.get("challenge.published", challenge)
        if moment(programme, state) < instant(target["deadline"]):
            raise QuestionError(f"{challenge}: bids are taken until {target['deadline']}")
        field = to_field(state, target, day(programme, state), ends)
        made = choose(field.problem)
        why = explain(field, made)
        if not made.chosen:
            told = "; ".join(f"{bid} {reason}" for bid, reason in why.items()) or "nobody has bid"
            raise QuestionError(f"{challenge}: no bid can win. {told}")
        return _drafts(key, actor, state, field, made.chosen, why, {"starts": starts, "ends": ends})

    return programme.act(decide)


def _again(key: str, actor: str, state: State, made: Record, dates: Mapping[str, str | None]) -> Draft:
    """An award that was made, with the dates that this request gives it: other ones make it say something else."""
    target = state.get("challenge.published", made["challenge"])
    content = state.get("bid.opened", made["bid"])["content"]
    milestones = milestones_of(target, made["bid"], content, dates["ends"])
    body = dict(made.body) | {"milestones": milestones} | _run(content, dates)
    postings = reserved(made.id, made["funding"], made["currency"])
    return to_draft(f"{key}:{made['bid']}", "award.made", actor, body, postings)


def _run(content: Mapping[str, Any], dates: Mapping[str, str | None]) -> dict[str, str | None]:
    """When an award starts and ends: as its bid says, else as it is awarded."""
    return {name: content.get(name) or dates[name] for name in ("starts", "ends")}


def to_field(state: State, target: Record, today: str, ends: str | None) -> Field:
    """A challenge's bids as a problem: probabilities from the reviews, prices, and the money that there is."""
    ties, likely = ties_on(state, today), probabilities(state, target.id)
    milestones, out, bids = {}, {}, []
    opened = opened_bids(state, target.id)
    for sealed in state.all("bid.sealed", challenge=target.id):
        if sealed.id not in opened:
            out[sealed.id] = _not_open(state, sealed.id)
            continue
        content = opened[sealed.id]["content"]
        milestones[sealed.id] = milestones_of(target, sealed.id, content, ends)
        faults = why_not(state, ties, target, opened[sealed.id], milestones[sealed.id])
        if sealed.id not in likely:
            faults.append("nobody has reviewed it")
        if faults:
            out[sealed.id] = f"cannot win: {'; '.join(faults)}"
            continue
        places = (content["institution"], content["approach"])
        bids.append(Bid(sealed.id, target.id, sealed["team"], content["price"], likely[sealed.id], *places))
    challenge = Challenge(
        id=target.id,
        rival_routes=target["rival_routes"],
        cap=target["cap"],
        correlation=target["correlation"] or 0.0,
        institution_cap=target["institution_cap"],
        approach_cap=target["approach_cap"],
    )
    money = fundable(offers(state, target))
    return Field(target, AwardProblem([challenge], bids, money), milestones, out)


def _not_open(state: State, bid: str) -> str:
    if state.has("bid.excluded", bid):
        return f"left out: {state.get('bid.excluded', bid)['reason']}"
    return "cannot win: it was never opened"


def explain(field: Field, made: Awards) -> dict[str, str]:
    """Why each bid won or lost, in a sentence by bid, and at which price or probability that would turn round."""
    return dict(field.out) | {one.bid: one.sentence for one in reasons(field.problem, made)}


def _drafts(
    key: str,
    actor: str,
    state: State,
    field: Field,
    chosen: Sequence[str],
    why: Mapping[str, str],
    dates: Mapping[str, str | None],
) -> list[Draft]:
    """The awards of the chosen bids, each paid by the pledges in the proportion in which they pay for all."""
    winners = [bid for bid in field.problem.bids if bid.id in chosen]
    left = allocate(offers(state, field.target), sum(bid.price for bid in winners))
    drafts = []
    for bid in winners:
        content, name = state.get("bid.opened", bid.id)["content"], award_name(bid.id)
        milestones, parts = field.milestones[bid.id], split(bid.price, left)
        left = {pledge: left[pledge] - part for pledge, part in parts.items()}
        funding = {pledge: part for pledge, part in parts.items() if part}
        body = {
            "award": name,
            "challenge": field.target.id,
            "bid": bid.id,
            "payee": bid.team,
            "amount": bid.price,
            "currency": field.target["currency"],
            "funding": funding,
            "advance": advance_of(milestones) or None,
            "milestones": milestones,
            "preregistered_sha256": preregistered(milestones),
            "reasons": dict(why),
        } | _run(content, dates)
        postings = reserved(name, funding, field.target["currency"])
        drafts.append(to_draft(f"{key}:{bid.id}", "award.made", actor, body, postings))
    return drafts
