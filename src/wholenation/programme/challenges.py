"""Challenges: a testable target whose test, deadline, money and race are all fixed when it is published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, combinations
from typing import Any

from ..errors import QuestionError, unknown
from .adopted import current_adoption, planned_project
from .clock import instant, moment, shown
from .drafts import refuse, to_draft
from .ledger import Draft, Entry
from .office import Programme
from .parties import known_party
from .requests import once
from .state import Record, State

FROM_PLAN = ("item", "stage", "kind", "jurisdiction")
SIMILAR = 0.6
"""Part of the words of two titles that both have, from which on they may mean the same."""
WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two things that may pay for the same work, who pays for each, and why they look alike."""

    first: str
    second: str
    contributors: tuple[str, ...]
    reason: str


def publish(programme: Programme, *, key: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """Publish a challenge; nothing of it can be changed after that.

    What the plan in force says of the project (item, stage, kind, jurisdiction) is filled in where it was left out,
    and contradicted nowhere: earmarks are judged by it. Raises `QuestionError` with all that is wrong.
    """
    draft = to_draft(key, "challenge.published", actor, body)

    def decide(state: State) -> list[Draft]:
        known_party(state, draft.body["test_house"])
        whole = _as_planned(state, draft.body)
        refuse(_faults(whole, moment(programme, state)))
        return [to_draft(key, draft.type, actor, whole)]

    return once(programme, draft.type, key, actor, draft.body, decide)


def _as_planned(state: State, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what the plan in force says of its project; as it is where no plan was adopted."""
    adopted = current_adoption(state)
    if adopted is None:
        return dict(body)
    found = planned_project(state, body["project"])
    if found is None:
        names = [one["project"] for one in adopted["projects"]]
        told = unknown(body["project"], names, f"project in {adopted.id}, the plan in force")
        raise QuestionError(f"{body['project']}: {told}")
    said = {name: found[name] for name in FROM_PLAN if found.get(name) is not None}
    # A first user's cover serves the project whatever its own kind is.
    differing = [name for name in said if name in body and body[name] != said[name] and body[name] != "cover"]
    refuse(f"{name} is {body[name]}, but {said[name]} in the plan in force" for name in differing)
    return said | dict(body)


def _faults(body: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Everything about a challenge that would make its race unclear."""
    deadline = instant(body["deadline"])
    if deadline <= now:
        yield f"the deadline {body['deadline']} is over: it is {shown(now)}"
    if "opens" in body and instant(body["opens"]) >= deadline:
        yield f"it opens at {body['opens']}, not before its deadline {body['deadline']}"
    for name, least in (
        ("cap", 1),
        ("rival_routes", 1),
        ("institution_cap", 1),
        ("approach_cap", 1),
        ("keep", 1),
    ):
        if body.get(name, least) < least:
            yield f"{name} {body[name]}: it takes at least {least}"
    if not 0 <= body.get("correlation", 0) <= 1:
        yield f"correlation {body['correlation']}: it lies between 0 and 1"
    if ("keep" in body) != ("down_select" in body):
        yield "a down-select takes both: how many are kept (keep), and when (down_select)"
    elif "keep" in body:
        if body["keep"] > body["rival_routes"]:
            yield f"keep {body['keep']} of {body['rival_routes']} rival routes: these are not as many"
        if body["down_select"] <= body["deadline"][:10]:
            yield f"the down-select on {body['down_select']} is not after the deadline {body['deadline']}"


def duplicates(state: State, others: Mapping[str, str] | None = None) -> list[Duplicate]:
    """What may be paid for twice: projects of plans and challenges of one item and kind, and titles that are alike.

    `others` are titles by id from elsewhere, such as an imported list of calls. Each pair is told once.
    """
    found = (_same_projects(state), _same_purpose(state), _same_challenges(state))
    return [*chain(*found), *_same_titles(state, others or {})]


def _same_projects(state: State) -> Iterator[Duplicate]:
    """Different projects of the plan in force for one item and kind."""
    adopted = current_adoption(state)
    rows = list(adopted["projects"]) if adopted else []
    for one, other in combinations(rows, 2):
        if one.get("item") and (one["item"], one["kind"]) == (other.get("item"), other["kind"]):
            payers = {*one.get("contributors", ()), *other.get("contributors", ())}
            reason = f"both {one['kind']} {one['item']}"
            yield Duplicate(one["project"], other["project"], tuple(sorted(payers)), reason)


def _same_purpose(state: State) -> Iterator[Duplicate]:
    """Pledges of different contributors that single out one project, none of them to match."""
    singled: dict[str, list[Record]] = {}
    for pledge in state.all("pledge.made"):
        if pledge["match_ratio"] is None:
            for project in (pledge["earmark"] or {}).get("projects") or ():
                singled.setdefault(project, []).append(pledge)
    for project, pledges in singled.items():
        for one, other in combinations(pledges, 2):
            payers = sorted({one["contributor"], other["contributor"]})
            if len(payers) > 1:
                reason = f"both set money aside for {project}, none to match"
                yield Duplicate(one.id, other.id, tuple(payers), reason)


def _same_challenges(state: State) -> Iterator[Duplicate]:
    """Challenges that ask for the same metric of one item."""
    challenges = [one for one in state.all("challenge.published") if one["item"]]
    for one, other in combinations(challenges, 2):
        if all(one[name] == other[name] for name in ("item", "kind", "metric")):
            payers = payers_of(state, one.id) | payers_of(state, other.id)
            reason = f"both ask for {one['metric']} of {one['item']}"
            yield Duplicate(one.id, other.id, tuple(sorted(payers)), reason)


def payers_of(state: State, challenge: str) -> set[str]:
    """Contributors whose money is in a challenge's awards."""
    pledges = {name for award in state.all("award.made", challenge=challenge) for name in award["funding"]}
    return {state.get("pledge.made", name)["contributor"] for name in pledges}


def _same_titles(state: State, others: Mapping[str, str]) -> Iterator[Duplicate]:
    """Challenges and calls from elsewhere whose titles share most of their words (Jaccard)."""
    for one in state.all("challenge.published"):
        mine = words(one["title"])
        for name, title in others.items():
            theirs = words(title)
            alike = len(mine & theirs) / max(len(mine | theirs), 1)
            if alike >= SIMILAR:
                payers = tuple(sorted(payers_of(state, one.id)))
                yield Duplicate(one.id, name, payers, f"titles share {alike:.0%} of their words")


def words(text: str) -> frozenset[str]:
    """The words of a text, of three letters or more, whatever their case."""
    return frozenset(WORD.findall(text.casefold()))
