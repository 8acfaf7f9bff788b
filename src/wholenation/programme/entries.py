"""What an entry of each type says: the table of entries.csv, and all that is wrong with a body."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from ..errors import unknown

LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""

_HASH = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a type of entry, as declared in entries.csv."""

    name: str
    kind: str
    required: bool
    meaning: str


def is_id(value: object) -> bool:
    """Whether it can name something: 1 to 200 characters, none of them a space or a control character."""
    # What is printable is no control character and no space but the plain one.
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable() and " " not in value


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def is_currency(value: object) -> bool:
    """Whether it looks like an ISO 4217 code."""
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_number(value: object) -> bool:
    return (type(value) is int and abs(value) <= LARGEST) or (type(value) is float and math.isfinite(value))


def _is_date(value: object) -> bool:
    return isinstance(value, str) and _DATE.fullmatch(value) is not None and _parses(date, value)


def is_time(value: object) -> bool:
    """Whether it is a moment in UTC as RFC 3339 writes it, ending in Z."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None and _parses(datetime, value)


def _parses(kind: type[date], value: str) -> bool:
    try:
        kind.fromisoformat(value)
    except ValueError:
        return False
    return True


def _all(check: Check) -> Check:
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_lists(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_all(_is_text), value.values()))


KINDS: Mapping[str, tuple[Check, str]] = {
    "id": (is_id, "an id (1 to 200 characters without spaces)"),
    "ids": (_all(is_id), "a list of ids (1 to 200 characters without spaces)"),
    "text": (_is_text, "a text"),
    "texts": (_all(_is_text), "a list of texts"),
    "hash": (_is_hash, "a SHA-256 (64 lowercase hex digits)"),
    "currency": (is_currency, "a currency (3 capital letters)"),
    "amount": (_is_whole, "an amount (a whole number of minor units from 0 to 2^53 - 1)"),
    "count": (_is_whole, "a count (a whole number from 0 to 2^53 - 1)"),
    "number": (_is_number, "a finite number"),
    "date": (_is_date, "a date (YYYY-MM-DD)"),
    "time": (is_time, "a time in UTC (2026-01-31T12:00:00Z)"),
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "object": (_is_object, "an object"),
    "objects": (_all(_is_object), "a list of objects"),
    "lists": (_is_lists, "an object of lists of texts"),
}
"""What a value of each kind must be, as a test and in words."""


@cache
def types() -> Mapping[str, tuple[Field, ...]]:
    """The fields of every type of entry, in the order of the table."""
    text = resources.files(__package__).joinpath("entries.csv").read_text(encoding="utf-8")
    found: dict[str, list[Field]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        field = Field(row["field"], row["kind"], row["required"] == "yes", row["meaning"])
        found.setdefault(row["type"], []).append(field)
    return MappingProxyType({kind: tuple(fields) for kind, fields in found.items()})


@cache
def subject_of(kind: str) -> str:
    """The field that names what an entry is about: the first of its type. `KeyError` for an unknown type."""
    return types()[kind][0].name


def faults_of(kind: str, body: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the body of an entry of this type, a sentence each; none where all is well."""
    if kind not in types():
        return [f"{kind!r}: {unknown(kind, list(types()), 'type of entry')}"]
    checks, required = _compiled(kind)
    faults = []
    for name, value in body.items():
        check = checks.get(name)
        if check is None:
            faults.append(f"{kind}: {name!r}: {unknown(str(name), list(checks), 'field')}")
        elif not check[0](value):
            faults.append(f"{kind}: {name} is {_shown(value)}; it must be {check[1]}")
    if not required <= body.keys():
        missing = [field.name for field in types()[kind] if field.required and field.name not in body]
        faults += [f"{kind}: {name} is missing" for name in missing]
    return faults


@cache
def _compiled(kind: str) -> tuple[dict[str, tuple[Check, str]], frozenset[str]]:
    """The test of every field, and the names of those that must be there."""
    fields = types()[kind]
    required = frozenset(field.name for field in fields if field.required)
    return {field.name: _test(field.kind) for field in fields}, required


def _test(kind: str) -> tuple[Check, str]:
    word, _, choices = kind.partition(":")
    if word != "choice":
        return KINDS[word]
    allowed = frozenset(choice.strip() for choice in choices.split(","))
    listed = ", ".join(choice.strip() for choice in choices.split(","))
    return (lambda value: isinstance(value, str) and value in allowed), f"one of: {listed}"


def _shown(value: object) -> str:
    text = ascii(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
