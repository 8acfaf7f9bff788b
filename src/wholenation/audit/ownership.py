"""Statements of beneficial ownership (BODS 0.2 to 0.4, JSON) as parties and holdings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import ChainError, Fault
from ..names.matching import Named, identifiers
from .parties import Tie


@dataclass(frozen=True, slots=True)
class Ownership:
    """The parties that statements name, and who holds which part of whom; evidence counts statements from 1."""

    parties: tuple[Named, ...]
    ties: tuple[Tie, ...]


def read_bods(path: str | Path) -> Ownership:
    """Parties and holdings from a file of statements: a JSON list, or one statement a line.

    Both shapes are read: entityStatement, personStatement and ownershipOrControlStatement (0.2, 0.3), and recordType
    with recordDetails (0.4). Fields that are not known are passed over; of several statements about one record the last
    holds. A range of shares counts with its middle. Raises `ChainError` with all faults.
    """
    path = Path(path)
    statements, faults = _statements(path)
    parties: dict[str, Named] = {}
    ties: dict[str, Tie] = {}
    for number, one in enumerate(statements, 1):
        if not isinstance(one, Mapping):
            faults.append(Fault(path.name, number, "", str(one), "a statement is an object"))
            continue
        kind = str(one.get("recordType") or one.get("statementType") or "").removesuffix("Statement")
        body = one.get("recordDetails") if isinstance(one.get("recordDetails"), Mapping) else one
        key = str(one.get("recordId") or one.get("statementID") or one.get("statementId") or "")
        if not key:
            faults.append(Fault(path.name, number, "statementId", "", "a statement has an id"))
        elif one.get("recordStatus") == "closed":
            parties.pop(key, None)
            ties.pop(key, None)
        elif kind in ("entity", "person"):
            parties[key] = _party(key, body)
        elif kind in ("ownershipOrControl", "relationship"):
            try:
                ties[key] = _tie(number, body)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                faults.append(Fault(path.name, number, "interests", key, f"not a holding: {error}"))
        else:
            faults.append(
                Fault(path.name, number, "statementType", kind, "entity, person or ownership is known")
            )
    for key, tie in ties.items():
        faults += [
            Fault(
                path.name,
                int(tie.evidence),
                "subject",
                name,
                f"{key} names a party that no statement describes",
            )
            for name in (tie.a, tie.b)
            if name and name not in parties
        ]
    if faults:
        raise ChainError(faults)
    return Ownership(tuple(parties.values()), tuple(one for one in ties.values() if one.a and one.b))


def _statements(path: Path) -> tuple[list[Any], list[Fault]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return [], [Fault(path.name, None, "", "", f"cannot be read: {error}")]
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        return (told if isinstance(told, list) else [told]), []
    found: list[Any] = []
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                faults.append(Fault(path.name, number, "", line, f"is not JSON: {error}"))
    return found, faults


def _party(key: str, body: Any) -> Named:
    names = [str(body["name"])] if isinstance(body.get("name"), str) else []
    names += [
        str(one.get("fullName") or " ".join(filter(None, (one.get("givenName"), one.get("familyName")))))
        for one in body.get("names") or ()
        if isinstance(one, Mapping)
    ]
    names += [str(one) for one in body.get("alternateNames") or ()]
    rows = [one for one in body.get("identifiers") or () if isinstance(one, Mapping)]
    return Named(
        key,
        tuple(filter(None, names)),
        identifiers({"scheme": one.get("scheme"), "id": one.get("id")} for one in rows),
    )


def _tie(number: int, body: Any) -> Tie:
    subject, holder = _reference(body.get("subject")), _reference(body.get("interestedParty"))
    shares, start, end = [], None, None
    for interest in body.get("interests") or ():
        start, end = interest.get("startDate") or start, interest.get("endDate") or end
        share = _share(interest.get("share"))
        if share is not None and interest.get("type", "shareholding") in (
            "shareholding",
            "votingRights",
            "voting-rights",
        ):
            shares.append(share)
    return Tie(
        holder,
        subject,
        "owns",
        str(number),
        max(shares, default=None),
        date.fromisoformat(start[:10]) if start else None,
        date.fromisoformat(end[:10]) if end else None,
    )


def _reference(told: Any) -> str:
    """The party meant; empty where it is not specified."""
    if isinstance(told, str):
        return told
    for name in ("describedByEntityStatement", "describedByPersonStatement"):
        if isinstance(told, Mapping) and told.get(name):
            return str(told[name])
    if isinstance(told, Mapping) and (told.get("unspecified") or told.get("reason")):
        return ""
    raise ValueError("it names no subject or interested party")


def _share(told: Any) -> float | None:
    if not isinstance(told, Mapping):
        return None
    if told.get("exact") is not None:
        percent = float(told["exact"])
    else:
        low = told.get("minimum", told.get("exclusiveMinimum"))
        high = told.get("maximum", told.get("exclusiveMaximum"))
        ends = [float(one) for one in (low, high) if one is not None and not isinstance(one, bool)]
        if not ends:
            return None
        percent = sum(ends) / len(ends)
    if not 0 <= percent <= 100:
        raise ValueError(f"a share of {percent:g} percent")
    return percent / 100
