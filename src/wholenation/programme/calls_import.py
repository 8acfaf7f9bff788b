"""Calls that others have published, as the EU Funding & Tenders Portal tells them, with all that was left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import QuestionError
from .entries import is_id

TAG = re.compile(r"<[^>]*>")
MILLISECONDS = 10**11  # a number above is no number of seconds of this century


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """A call that somebody else has published. `budget` is in minor units of euro; None where it is not told."""

    call: str
    title: str
    deadline: str | None
    opens: str | None
    budget: int | None
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class CallList:
    """The calls of a file, and what of it was left out: row, identifier and why."""

    calls: tuple[ForeignCall, ...]
    dropped: tuple[tuple[int, str, str], ...]

    def titles(self) -> dict[str, str]:
        """Titles by id, to look for work that is paid for twice."""
        return {call.call: call.title for call in self.calls}


def read_calls(path: str | Path) -> CallList:
    """The calls in a file of JSON lines as the EU Funding & Tenders Portal's topics are: one object a line.

    Both shapes are read: flat topics (identifier, title, deadlineDate, budget), and search results whose `metadata`
    holds a list for each field. The last of several deadlines counts, for until then bids are taken. Lines without
    an identifier or a title, and identifiers that came before, are left out and told.
    """
    calls: dict[str, ForeignCall] = {}
    dropped = []
    for row, line in enumerate(text_of(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = _call(json.loads(line))
        except (ValueError, RecursionError) as error:
            dropped.append((row, "", f"{error}" if isinstance(error, QuestionError) else "is no JSON object"))
            continue
        if found.call in calls:
            dropped.append((row, found.call, "has the identifier of a line above"))
        else:
            calls[found.call] = found
    return CallList(tuple(calls.values()), tuple(dropped))


def text_of(path: str | Path) -> str:
    """The text of a file; `QuestionError` where it is not UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise QuestionError(f"{path} is not UTF-8") from None


def _call(line: Any) -> ForeignCall:
    if not isinstance(line, dict):
        raise QuestionError("is no JSON object")
    fields = {**line, **_mapping(line.get("metadata"))}
    name = _word(fields, "identifier", "topicIdentifier", "callIdentifier", "reference", "code", "id")
    title = _word(fields, "title", "callTitle", "summary", "name")
    if not name or not is_id(name):
        raise QuestionError(
            "has no identifier that can be an id" if not name else f"{name!r} cannot be an id"
        )
    if not title:
        raise QuestionError(f"{name} has no title")
    deadlines = _moments(fields, "deadlineDate", "deadlineDatesLong", "deadline", "closeDate")
    opens = _moments(fields, "plannedOpeningDateLong", "startDate", "openingDate", "openDate")
    return ForeignCall(
        call=name,
        title=title,
        deadline=deadlines[-1] if deadlines else None,
        opens=opens[0] if opens else None,
        budget=_budget(fields, name),
        status=_word(fields, "status", "sortStatus"),
        text=_word(fields, "descriptionByte", "description"),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _every(fields: Mapping[str, Any], *names: str) -> list[Any]:
    """All values of the first of these fields that has any."""
    for name in names:
        value = fields.get(name)
        found = [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
        if found:
            return found
    return []


def _moments(fields: Mapping[str, Any], *names: str) -> list[str]:
    """The moments that the first of these fields tells, in order."""
    return sorted(filter(None, map(_when, _every(fields, *names))))


def _word(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these fields as plain text; of an object, its name or its abbreviation."""
    for value in _every(fields, *names)[:1]:
        told = value.get("description") or value.get("abbreviation") if isinstance(value, dict) else value
        return " ".join(TAG.sub(" ", str(told or "")).split())
    return ""


def _when(value: Any) -> str | None:
    """A moment in UTC out of a number of seconds or milliseconds, or of a text; None where it tells none."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) > MILLISECONDS else value
            when = datetime.fromtimestamp(seconds, UTC)
        else:
            when = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _budget(fields: Mapping[str, Any], name: str) -> int | None:
    """The call's money in euro cents: its budget, or the sum over years of those of its actions."""
    for value in _every(fields, "budget", "budgetTopicActionMap", "budgetOverview"):
        whole = _euro(value)
        if whole is not None:
            return whole
        try:
            actions = list(_actions(json.loads(value) if isinstance(value, str) else value))
        except (ValueError, RecursionError):
            return None
        # A topic's overview lists the actions of all topics that were published with it.
        mine = [one for one in actions if str(one.get("action", "")).casefold().startswith(name.casefold())]
        sums = [_euro(amount) for one in mine or actions for amount in one["budgetYearMap"].values()]
        known = [one for one in sums if one is not None]
        return sum(known) if known else None
    return None


def _actions(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every action with its budget by year, however deep it lies."""
    if isinstance(value, dict) and isinstance(value.get("budgetYearMap"), dict):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _actions(part)


def _euro(value: Any) -> int | None:
    try:
        amount = float(str(value).replace(" ", "").replace(",", ""))
    except ValueError:
        return None
    return round(amount * 100) if 0 <= amount < 1e13 else None
