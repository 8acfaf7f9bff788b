"""What a bid becomes if it wins: its milestones as they will be registered, and why it could not win at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .milestones import ADOPTION, ADVANCE, faults_of_milestones
from .parties import Ties, related
from .state import Record, State

TEST = "test"
"""The kind of a milestone that the challenge's test house judges."""


def award_name(bid: str) -> str:
    """The id of the award that a bid becomes."""
    return f"award-{bid}"


def milestones_of(
    target: Record, bid: str, content: Mapping[str, Any], ends: str | None
) -> list[dict[str, Any]]:
    """The milestones of a bid as its award carries them.

    A bid that tells none gets one: the challenge's acceptance test by the end, for the whole price. Ids begin with
    that of the award, since those of all awards differ. The test house judges all but what a user accepts.
    """
    told = content.get("milestones") or [
        {"milestone": "acceptance", "description": target["title"], "due": content.get("ends") or ends}
        | {"payment": content["price"]}
        | {name: target[name] for name in ("metric", "threshold", "direction")}
    ]
    found = []
    for number, one in enumerate(told, start=1):
        name = f"{award_name(bid)}.{one.get('milestone') or number}"
        default = {"kind": TEST, "evaluator": target["test_house"]}
        if one.get("metric") == target["metric"]:
            default["protocol_sha256"] = target["protocol_sha256"]
        found.append(default | dict(one) | {"milestone": name})
    return found


def advance_of(milestones: list[dict[str, Any]]) -> int:
    """What is paid without evidence, in minor units."""
    return sum(one["payment"] for one in milestones if one["kind"] == ADVANCE)


def why_not(
    state: State, ties: Ties, target: Record, opening: Record, milestones: list[dict[str, Any]]
) -> list[str]:
    """Everything that keeps a bid from winning whatever its chances, a sentence each."""
    content, team = opening["content"], state.get("bid.sealed", opening.id)["team"]
    found = []
    if content["currency"] != target["currency"]:
        found.append(f"it is in {content['currency']}, the challenge in {target['currency']}")
    if content["price"] > target["cap"]:
        found.append(f"its price {content['price']} is above the cap {target['cap']}")
    faults = faults_of_milestones(milestones, content["price"])
    return found + (
        faults or [*_unfit(target, content, milestones), *_judged_by_own(state, ties, team, milestones)]
    )


def _unfit(target: Record, content: Mapping[str, Any], milestones: list[dict[str, Any]]) -> Iterator[str]:
    """Milestones pay the whole price, for the challenge's own test in the end."""
    paid = sum(one["payment"] for one in milestones)
    if paid != content["price"]:
        yield f"its milestones pay {paid} of its price {content['price']}"
    if not any(_as_strict(target, one) for one in milestones):
        words = target["direction"].replace("_", " ")
        yield f"no milestone holds the acceptance test: {target['metric']} {words} {target['threshold']:g}"
    for one in milestones:
        if one["evaluator"] != target["test_house"] and one["kind"] != ADOPTION:
            yield f"{one['milestone']} names {one['evaluator']} as evaluator, the test house is {target['test_house']}"


def _as_strict(target: Record, one: Mapping[str, Any]) -> bool:
    if one["kind"] == ADVANCE or one.get("threshold") is None:
        return False
    if (one.get("metric"), one.get("direction")) != (target["metric"], target["direction"]):
        return False
    if one.get("protocol_sha256") != target["protocol_sha256"]:
        return False
    least = target["direction"] == "at_least"
    passes = one["threshold"] >= target["threshold"] if least else one["threshold"] <= target["threshold"]
    return bool(passes)


def _judged_by_own(state: State, ties: Ties, team: str, milestones: list[dict[str, Any]]) -> Iterator[str]:
    for evaluator in dict.fromkeys(one["evaluator"] for one in milestones):
        if not state.has("party.registered", evaluator):
            yield f"its evaluator {evaluator} is not registered"
            continue
        tie = related(ties, evaluator, team)
        if tie:
            yield f"its evaluator is not independent of it: {tie}"
