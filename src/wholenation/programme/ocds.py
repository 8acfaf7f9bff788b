"""Challenges and awards as releases of the Open Contracting Data Standard 1.1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import QuestionError
from ..files import write_whole
from .state import Record, State

EXTENSIONS = ("https://extensions.open-contracting.org/en/extensions/bids/v1.1.5/",)
DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "OMR": 3,
    "TND": 3,
}
"""Decimals of currencies that have not two (ISO 4217)."""

PREFIX = re.compile(r"ocds-[a-z0-9]{6}")
DIRECTIONS = {"at_least": "at least", "at_most": "at most"}


def compiled_releases(state: State, *, prefix: str) -> Iterator[dict[str, Any]]:
    """A compiled release for each challenge, in the order of publication.

    `prefix` is the one that the standard's registry gives a publisher: ocds- and six letters or digits.
    """
    if not PREFIX.fullmatch(prefix):
        raise QuestionError(
            f"{prefix!r}: an ocid prefix is ocds- and six small letters or digits, as ocds-213czf"
        )
    for challenge in state.all("challenge.published"):
        yield _release(state, challenge, prefix)


def release_package(state: State, *, prefix: str, uri: str, publisher: str) -> dict[str, Any]:
    """All challenges in a release package, one release each, published where `uri` says."""
    releases = []
    for release in compiled_releases(state, prefix=prefix):
        parts = ["tender"] + (["award"] if release.get("awards") else [])
        releases.append({**release, "tag": parts})
    return {
        "uri": uri,
        "version": "1.1",
        "extensions": list(EXTENSIONS),
        "publishedDate": max((release["date"] for release in releases), default="1970-01-01T00:00:00Z"),
        "publisher": {"name": publisher},
        "releases": releases,
    }


def write_releases(state: State, file: str | Path, *, prefix: str) -> int:
    """Write compiled releases as JSON lines, whole or not at all; how many there are."""
    found = [json.dumps(one, ensure_ascii=False) + "\n" for one in compiled_releases(state, prefix=prefix)]
    write_whole(Path(file), "".join(found).encode())
    return len(found)


def _release(state: State, challenge: Record, prefix: str) -> dict[str, Any]:
    bids = state.all("bid.sealed", challenge=challenge.id)
    awards = state.all("award.made", challenge=challenge.id)
    opened = state.all("programme.opened")
    agency = str(opened[0]["agency"]) if opened else "unknown"
    ocid = f"{prefix}-{challenge.id}"
    last = max([challenge, *bids, *awards], key=lambda record: record.seq)
    release = {
        "ocid": ocid,
        "id": f"{ocid}-{last.seq}",
        "date": last.at,
        "tag": ["compiled"],
        "initiationType": "tender",
        "language": "en",
        "parties": _parties(state, agency, bids, awards),
        "buyer": _named(state, agency),
        "tender": _tender(state, challenge, agency, bids, awards),
    }
    if bids:
        release["bids"] = {"details": [_bid(state, bid) for bid in bids]}
    if awards:
        release["awards"] = [_award(state, award) for award in awards]
    return release


def _tender(
    state: State, challenge: Record, agency: str, bids: list[Record], awards: list[Record]
) -> dict[str, Any]:
    passes = f"{challenge['metric']} {DIRECTIONS[challenge['direction']]} {challenge['threshold']}"
    tender: dict[str, Any] = {
        "id": challenge.id,
        "title": challenge["title"],
        "description": f"{passes}, tested by {challenge['test_house']} under protocol {challenge['protocol_sha256']}",
        "status": "complete" if awards else "active",
        "procuringEntity": _named(state, agency),
        "value": _value(challenge["cap"], challenge["currency"]),
        "procurementMethod": "direct" if challenge["sole_source"] else "open",
        "awardCriteria": "ratedCriteria",
        "tenderPeriod": {"startDate": challenge["opens"] or challenge.at, "endDate": challenge["deadline"]},
        "numberOfTenderers": len({bid["team"] for bid in bids}),
        "tenderers": [_named(state, team) for team in dict.fromkeys(str(bid["team"]) for bid in bids)],
    }
    if challenge["sole_source"]:
        tender["procurementMethodRationale"] = challenge["sole_source"]
    if not bids:  # the schema wants no empty lists
        del tender["tenderers"]
    return tender


def _bid(state: State, bid: Record) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": bid.id,
        "date": bid.at,
        "status": "pending",
        "tenderers": [_named(state, str(bid["team"]))],
    }
    if state.has("bid.opened", bid.id):
        content = state.get("bid.opened", bid.id)["content"]
        found["status"] = "valid"
        if isinstance(content.get("price"), int) and isinstance(content.get("currency"), str):
            found["value"] = _value(content["price"], content["currency"])
    if state.has("bid.excluded", bid.id):
        found["status"] = "disqualified"
    return found


def _award(state: State, award: Record) -> dict[str, Any]:
    period = {"startDate": _midnight(award["starts"]), "endDate": _midnight(award["ends"])}
    period = {name: value for name, value in period.items() if value is not None}
    found = {
        "id": award.id,
        "title": state.get("challenge.published", str(award["challenge"]))["title"],
        "status": "active",
        "date": award.at,
        "value": _value(award["amount"], award["currency"]),
        "suppliers": [_named(state, str(award["payee"]))],
        "relatedBid": award["bid"],
    }
    return {**found, "contractPeriod": period} if period else found


def _parties(state: State, agency: str, bids: list[Record], awards: list[Record]) -> list[dict[str, Any]]:
    roles: dict[str, list[str]] = {agency: ["buyer", "procuringEntity"]}
    for role, parties in (
        ("tenderer", [b["team"] for b in bids]),
        ("supplier", [a["payee"] for a in awards]),
    ):
        for party in dict.fromkeys(map(str, parties)):
            roles.setdefault(party, []).append(role)
    return [{**_named(state, party), "roles": mine} for party, mine in roles.items()]


def _named(state: State, party: str) -> dict[str, Any]:
    """A reference; people's names are not in the ledger."""
    name = state.get("party.registered", party)["name"] if state.has("party.registered", party) else None
    return {"id": party, "name": name or party}


def _value(amount: int, currency: str) -> dict[str, Any]:
    decimals = DECIMALS.get(currency, 2)
    return {"amount": amount if decimals == 0 else amount / 10**decimals, "currency": currency}


def _midnight(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00Z"


def minor_units(value: Any) -> tuple[int, str] | None:
    """Amount in minor units and currency of an OCDS value, None where either is missing or negative."""
    if not isinstance(value, Mapping):
        return None
    amount, currency = value.get("amount"), value.get("currency")
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return None
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        return None
    if not 0 <= amount < 2**53 / 1000:
        return None
    return round(amount * 10 ** DECIMALS.get(currency, 2)), currency
