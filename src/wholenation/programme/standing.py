"""Where a programme stands: its money by pledge, its challenges, its awards, and the flags that are open."""

from __future__ import annotations

from typing import Any

import polars as pl

from .clock import instant
from .funding import available
from .pools import standing
from .reservations import ended
from .state import Record, State

Schema = dict[str, type[pl.DataType]]
POOLS: Schema = {
    "pledge": pl.String, "contributor": pl.String, "currency": pl.String, "pledged": pl.Int64, "called": pl.Int64,
    "paid": pl.Int64, "defaulted": pl.Int64, "reserved": pl.Int64, "spent": pl.Int64, "free": pl.Int64,
}  # fmt: skip
CALLS: Schema = {
    "call": pl.String, "pledge": pl.String, "due": pl.String, "amount": pl.Int64, "paid": pl.Int64,
    "open": pl.Int64, "standing": pl.String,
}  # fmt: skip
CHALLENGES: Schema = {
    "challenge": pl.String, "project": pl.String, "deadline": pl.String, "cap": pl.Int64, "currency": pl.String,
    "bids": pl.Int64, "opened": pl.Int64, "reviews": pl.Int64, "awards": pl.Int64, "standing": pl.String,
}  # fmt: skip
AWARDS: Schema = {
    "award": pl.String, "challenge": pl.String, "payee": pl.String, "amount": pl.Int64, "currency": pl.String,
    "paid": pl.Int64, "reserved": pl.Int64, "standing": pl.String,
}  # fmt: skip
FLAGS: Schema = {
    "flag": pl.String,
    "check": pl.String,
    "subject": pl.String,
    "severity": pl.String,
    "sentence": pl.String,
}


def standing_frames(state: State, now: str) -> dict[str, pl.DataFrame]:
    """Pools, calls, challenges, awards and open flags as frames; money in minor units."""
    rows: dict[str, tuple[list[dict[str, Any]], Schema]] = {
        "pools": ([pool_row(state, one) for one in state.all("pledge.made")], POOLS),
        "calls": ([_call_row(state, one, now[:10]) for one in state.all("call.made")], CALLS),
        "challenges": (
            [_challenge_row(state, one, now) for one in state.all("challenge.published")],
            CHALLENGES,
        ),
        "awards": ([_award_row(state, one) for one in state.all("award.made")], AWARDS),
        "flags": (_open_flags(state), FLAGS),
    }
    return {name: pl.DataFrame(found, schema=schema) for name, (found, schema) in rows.items()}


def pool_row(state: State, pledge: Record) -> dict[str, Any]:
    """A pledge's money: what was paid in is spent, reserved or free."""
    calls = state.all("call.made", pledge=pledge.id)
    stands = [standing(state, call, call["due"]) for call in calls]
    balance = state.balance(f"fund:{pledge.id}", pledge["currency"])
    paid = sum(call.paid for call in stands)
    return {
        "pledge": pledge.id,
        "contributor": pledge["contributor"],
        "currency": pledge["currency"],
        "pledged": pledge["amount"],
        "called": sum(call.amount for call in stands),
        "paid": paid,
        "defaulted": sum(call.defaulted for call in stands),
        "reserved": -balance.pending,
        "spent": paid - balance.posted,
        "free": available(state, pledge),
    }


def _call_row(state: State, call: Record, today: str) -> dict[str, Any]:
    stands = standing(state, call, today)
    return {
        "call": stands.call, "pledge": stands.pledge, "due": stands.due, "amount": stands.amount,
        "paid": stands.paid, "open": stands.open, "standing": stands.standing,
    }  # fmt: skip


def _challenge_row(state: State, challenge: Record, now: str) -> dict[str, Any]:
    bids = state.all("bid.sealed", challenge=challenge.id)
    names = {bid.id for bid in bids}
    opened = sum(state.has("bid.opened", name) for name in names)
    awards = len(state.all("award.made", challenge=challenge.id))
    over = instant(now) >= instant(challenge["deadline"])
    told = "awarded" if awards else "in review" if opened else "closed" if over else "open for bids"
    if state.all("downselect.decided", challenge=challenge.id):
        told = "down-selected"
    return {
        "challenge": challenge.id,
        "project": challenge["project"],
        "deadline": challenge["deadline"],
        "cap": challenge["cap"],
        "currency": challenge["currency"],
        "bids": len(bids),
        "opened": opened,
        "reviews": sum(review["bid"] in names for review in state.all("review.scored")),
        "awards": awards,
        "standing": told,
    }


def _award_row(state: State, award: Record) -> dict[str, Any]:
    paid = sum(one["amount"] for one in state.all("release.decided", award=award.id, allowed=True))
    held = state.balance(f"award:{award.id}", award["currency"]).pending
    over = ended(state, award.id)
    gates = state.all("gate.decided", award=award.id)
    told = "under way" if not gates else gates[-1]["decision"]
    return {
        "award": award.id,
        "challenge": award["challenge"],
        "payee": award["payee"],
        "amount": award["amount"],
        "currency": award["currency"],
        "paid": paid,
        "reserved": held,
        "standing": "ended" if over else "paid in full" if paid == award["amount"] else told,
    }


def _open_flags(state: State) -> list[dict[str, Any]]:
    closed = {one["flag"] for one in state.all("flag.disposed")}
    return [
        {"flag": one.id} | {name: one[name] for name in FLAGS if name != "flag"}
        for one in state.all("flag.raised")
        if one.id not in closed
    ]
