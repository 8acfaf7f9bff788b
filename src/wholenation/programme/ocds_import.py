"""OCDS releases as drafts of challenges, bids and awards, and what of them could not be kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .calls_import import text_of
from .entries import faults_of, is_id
from .ocds import minor_units

TAKEN = frozenset((
    "ocid", "id", "date", "tag", "initiationType", "language", "parties", "buyer",
    "tender.id", "tender.title", "tender.value", "tender.tenderPeriod", "tender.procurementMethodRationale",
    "tender.numberOfTenderers", "tender.tenderers", "tender.procuringEntity", "tender.status",
    "bids.details", "bids.details.id", "bids.details.status", "bids.details.value", "bids.details.tenderers",
    "bids.details.date", "awards.id", "awards.status", "awards.value", "awards.suppliers", "awards.contractPeriod",
    "awards.relatedBid", "awards.date", "awards.title",
))  # fmt: skip
"""Fields that are used, or that follow from others; all others are told as dropped."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """The body of an entry as far as a release tells it; `missing` are faults that somebody has to mend first."""

    type: str
    body: Mapping[str, Any]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """The sketches of a file in order, what gave none with row and reason, and how often which field was dropped."""

    sketches: tuple[Sketch, ...]
    dropped_lines: tuple[tuple[int, str], ...]
    dropped_fields: Mapping[str, int]


def read_releases(path: str | Path) -> ReleaseList:
    """The challenges, bids and awards in a file: compiled releases, one JSON object a line, or one release package.

    A release has no metric, threshold, protocol or test house: a challenge's sketch says that these are missing.
    Awards that are not in force, and bids that were only invited or withdrawn, are dropped with a word.
    """
    sketches: list[Sketch] = []
    dropped: list[tuple[int, str]] = []
    fields: Counter[str] = Counter()
    seen: set[str] = set()
    for row, release in _releases(text_of(path)):
        if not isinstance(release, Mapping):
            dropped.append((row, "is no JSON object"))
            continue
        tender, ocid = release.get("tender"), release.get("ocid")
        if not isinstance(tender, Mapping) or not is_id(ocid):
            dropped.append((row, "has no tender, or no ocid that can be an id"))
        elif ocid in seen:
            dropped.append((row, f"has the ocid of a release above: {ocid}"))
        else:
            seen.add(str(ocid))
            sketches.append(_challenge(str(ocid), tender))
            for found in (*_bids(str(ocid), release), *_awards(str(ocid), release)):
                if isinstance(found, Sketch):
                    sketches.append(found)
                else:
                    dropped.append((row, found))
            fields.update(_unknown(release, ""))
    return ReleaseList(tuple(sketches), tuple(dropped), dict(sorted(fields.items())))


def _releases(text: str) -> Iterator[tuple[int, Any]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, Mapping) and isinstance(whole.get("releases"), list):
        yield from enumerate(whole["releases"], start=1)
        return
    for row, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield row, json.loads(line)
            except (ValueError, RecursionError):
                yield row, None


def _sketch(kind: str, body: Mapping[str, Any]) -> Sketch:
    given = {name: value for name, value in body.items() if value is not None}
    return Sketch(kind, given, tuple(faults_of(kind, given)))


def _challenge(ocid: str, tender: Mapping[str, Any]) -> Sketch:
    cap = minor_units(tender.get("value"))
    period = tender.get("tenderPeriod")
    period = period if isinstance(period, Mapping) else {}
    return _sketch(
        "challenge.published",
        {
            "challenge": ocid,
            "title": tender.get("title"),
            "opens": _time(period.get("startDate")),
            "deadline": _time(period.get("endDate")),
            "cap": cap[0] if cap else None,
            "currency": cap[1] if cap else None,
            "sole_source": tender.get("procurementMethodRationale"),
        },
    )


def _bids(ocid: str, release: Mapping[str, Any]) -> Iterator[Sketch | str]:
    bids = release.get("bids")
    for bid in _objects(bids.get("details") if isinstance(bids, Mapping) else None):
        if bid.get("status") in ("invited", "withdrawn"):
            yield f"bid {bid.get('id')} was only {bid['status']}"
            continue
        price = minor_units(bid.get("value"))
        teams = [one.get("id") for one in _objects(bid.get("tenderers"))]
        if len(teams) != 1 or price is None:
            yield f"bid {bid.get('id')} has no price, or not one tenderer"
            continue
        content = {"price": price[0], "currency": price[1], "team": teams[0], "challenge": ocid}
        # What was published is not sealed: a bid comes in opened, without a salt that could prove it.
        yield _sketch("bid.opened", {"bid": f"{ocid}:{bid.get('id')}", "content": content})


def _awards(ocid: str, release: Mapping[str, Any]) -> Iterator[Sketch | str]:
    for award in _objects(release.get("awards")):
        suppliers = [one.get("id") for one in _objects(award.get("suppliers"))]
        value = minor_units(award.get("value"))
        if award.get("status") != "active":
            yield f"award {award.get('id')} is not in force"
        elif len(suppliers) != 1 or value is None:
            yield f"award {award.get('id')} has no value, or not one supplier"
        else:
            period = award.get("contractPeriod")
            period = period if isinstance(period, Mapping) else {}
            bid = award.get("relatedBid")
            yield _sketch(
                "award.made",
                {
                    "award": f"{ocid}:{award.get('id')}",
                    "challenge": ocid,
                    "bid": None if bid is None else f"{ocid}:{bid}",
                    "payee": suppliers[0],
                    "amount": value[0],
                    "currency": value[1],
                    "starts": _day(period.get("startDate")),
                    "ends": _day(period.get("endDate")),
                },
            )


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time(text: Any) -> str | None:
    found = _moment(text)
    return None if found is None else found.strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(text: Any) -> str | None:
    found = _moment(text)
    return None if found is None else found.date().isoformat()


def _unknown(value: Any, place: str) -> Iterator[str]:
    """The fields of a release that are not taken, down to where a whole part is not."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            for name, inner in one.items():
                here = f"{place}.{name}".lstrip(".")
                if here in TAKEN and here != "bids.details":
                    continue
                if any(taken.startswith(f"{here}.") for taken in TAKEN):
                    yield from _unknown(inner, here)
                else:
                    yield here
