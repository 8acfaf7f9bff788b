"""Who takes part, how they are tied to each other, and who may therefore not judge whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import QuestionError
from .drafts import refuse, to_draft
from .ledger import Draft, Entry
from .office import Programme
from .state import State

COMMON_OWNER = 0.1
"""Least part of both that somebody must own for them to count as related through that owner."""

Words = dict[str, str]
SAID = {"owns": "is owned by", "employed": "is employed by", "official": "is an official of"}


@dataclass(frozen=True, slots=True)
class Ties:
    """The ties in force on a day, by the party that has them: each to whom and in which words."""

    near: Mapping[str, tuple[tuple[str, str], ...]]  # family and contacts, from both sides
    employers: Mapping[str, tuple[tuple[str, str], ...]]
    owners: Mapping[str, tuple[tuple[str, str], ...]]
    holders: frozenset[tuple[str, str]]  # owner and owned where the share is too small to tie others
    neutral: frozenset[str]  # the programme's agency: many serve it, and are not related for that


def open_office(programme: Programme, *, key: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """Open the programme: the first entry of its ledger, with the rules that hold for all others.

    At least one person must approve a release, and there are at least as many approvers as that.
    """
    draft = to_draft(key, "programme.opened", actor, body)
    approvers, needed = body["approvers"], body["approvals_needed"]
    faults = []
    if len(set(approvers)) < len(approvers):
        faults.append(f"approvers: each is named once; got {', '.join(approvers)}")
    if not 1 <= needed <= len(approvers):
        faults.append(f"approvals needed: {needed}; it takes 1 to {len(approvers)}, as many as may approve")
    refuse(faults)

    def decide(state: State) -> list[Draft]:
        opened = state.all("programme.opened")
        if opened and opened[0].id != body["programme"]:
            raise QuestionError(f"this ledger is that of {opened[0].id}; a ledger holds one programme")
        return [draft]

    return programme.act(decide)[0]


def register_party(programme: Programme, *, key: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """Register a person or an organization.

    A person's name has no place in the tree, from which nothing can be taken out again: a salted commitment has.
    """
    draft = to_draft(key, "party.registered", actor, body)
    if draft.body["kind"] == "person" and "name" in draft.body:
        raise QuestionError(
            f"{body['party']}: a person's name stays outside the ledger; give a salted commitment to it"
        )
    if "capital" in draft.body and "currency" not in draft.body:
        raise QuestionError(f"{body['party']}: capital {body['capital']} takes a currency")
    return programme.act(lambda _: [draft])[0]


def declare_relation(programme: Programme, *, key: str, actor: str, body: Mapping[str, Any]) -> Entry:
    """Declare a tie between two registered parties; it counts from its start to its end, both days included."""
    draft = to_draft(key, "relation.declared", actor, body)
    said = draft.body
    faults = []
    if said["subject"] == said["object"]:
        faults.append(f"{said['subject']}: a party has no tie to itself")
    if not 0 <= said.get("share", 0) <= 1:
        faults.append(f"share {said['share']} is no part of a whole; it lies between 0 and 1")
    if "share" in said and said["kind"] != "owns":
        faults.append(f"share {said['share']} is a part that is owned; a tie of kind {said['kind']} has none")
    if "start" in said and said.get("end", said["start"]) < said["start"]:
        faults.append(f"the tie ends on {said['end']}, before it starts on {said['start']}")
    refuse(faults)

    def decide(state: State) -> list[Draft]:
        for side in ("subject", "object"):
            known_party(state, said[side])
        return [draft]

    return programme.act(decide)[0]


def known_party(state: State, party: str) -> str:
    """The party's id; `QuestionError` where nobody has registered it."""
    return state.get("party.registered", party).id


def ties_on(state: State, day: str) -> Ties:
    """Ties in force on a day (YYYY-MM-DD) as declared by now; equal contacts of two parties are a tie too."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {"near": {}, "employers": {}, "owners": {}}
    holders: set[tuple[str, str]] = set()
    for tie in state.all("relation.declared"):
        if (tie["start"] or day) > day or (tie["end"] or day) < day:
            continue
        subject, kind = tie["subject"], tie["kind"]
        if kind == "owns":
            if tie["share"] is None or tie["share"] >= COMMON_OWNER:
                found["owners"].setdefault(tie["object"], []).append((subject, SAID[kind]))
            else:
                holders.add((subject, tie["object"]))
        elif kind in SAID:
            found["employers"].setdefault(subject, []).append((tie["object"], SAID[kind]))
        else:
            words = "is family of" if kind == "family" else "shares a contact with"
            _both(found["near"], subject, tie["object"], words)
    for one, other in _same_contacts(state):
        _both(found["near"], one, other, "shares a contact with")
    agency = [opened["agency"] for opened in state.all("programme.opened")]
    whole = {name: {party: tuple(ends) for party, ends in part.items()} for name, part in found.items()}
    return Ties(**whole, holders=frozenset(holders), neutral=frozenset(agency))


def _both(near: dict[str, list[tuple[str, str]]], one: str, other: str, words: str) -> None:
    near.setdefault(one, []).append((other, words))
    near.setdefault(other, []).append((one, words))


def _same_contacts(state: State) -> Iterable[tuple[str, str]]:
    """Pairs of parties that have registered the same address, phone, domain or account."""
    first: dict[tuple[str, str], str] = {}
    for party in state.all("party.registered"):
        for contact in party["contacts"] or ():
            place = (str(contact.get("scheme")), str(contact.get("id")).strip().casefold())
            other = first.setdefault(place, party.id)
            if other != party.id:
                yield other, party.id


def circle(ties: Ties, party: str) -> Words:
    """The party and all on whose side it stands, each with the words that lead there.

    Those are its family and contacts, the employers of all of these, and the owners of any of these, through any
    number of hands.
    """
    found = {party: party}
    _spread(found, ties.near)
    _spread(found, ties.employers)
    before = 0
    while before < len(found):
        before = len(found)
        _spread(found, ties.owners)
    return found


def _spread(found: Words, ends: Mapping[str, tuple[tuple[str, str], ...]]) -> None:
    for member, words in list(found.items()):
        for other, how in ends.get(member, ()):
            found.setdefault(other, f"{words} {how} {other}")


def related(ties: Ties, one: str, other: str) -> str | None:
    """Why two parties are not independent of each other, in a sentence; None where nothing declared ties them.

    They are related where somebody stands on the side of both, be it one of the two; the programme's own agency
    brings nobody together.
    """
    if one == other:
        return f"{one} is both"
    for owner, owned in ((one, other), (other, one)):
        if (owner, owned) in ties.holders:
            return f"{owned} is owned by {owner} in part"
    mine, theirs = circle(ties, one), circle(ties, other)
    for member in mine:
        if member in theirs and (member not in ties.neutral or member in (one, other)):
            told = [words for words in (mine[member], theirs[member]) if words != member]
            return " and ".join(dict.fromkeys(told))
    return None


def conflict(state: State, one: str, other: str, day: str) -> str | None:
    """`related` for a single pair, on a day."""
    return related(ties_on(state, day), one, other)
