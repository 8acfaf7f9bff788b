"""A known case as a ledger: a file of drafts with their days and sources, taken in as those days passed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ChainError, Fault, QuestionError, unknown
from .balances import Place, Sum, added, shortfalls
from .canonical import canonical, parsed
from .entries import subject_of
from .leaves import Draft, Entry, Posting, draft_faults, leaf_data, posting_faults
from .ledger import open_ledger
from .merkle import leaf_hash
from .milestones import faults_of_milestones
from .state import State, fold

FILE = "entries.jsonl"
"""The name of the file in a case's folder."""
BASES = ("reported", "assumed")
NEEDED = ("date", "type", "actor", "key", "body", "source", "basis")
KNOWN = (*NEEDED, "postings", "ranges")
POSTING = ("account", "amount", "currency", "pending")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a case: a draft, the day it would have been entered, and who says so.

    `basis` is `reported`, or `assumed` where the line only completes the ledger. `ranges` gives low and high of the
    numbers that nobody has published, by their place in the body (`amount`, `milestones.0.payment`).
    """

    line: int
    day: date
    draft: Draft
    source: str
    basis: str
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def read_case(path: str | Path) -> tuple[Fact, ...]:
    """The facts of a case, from its folder or its file, in order.

    Raises `ChainError` with every fault: the file, the line, the field, its value. What is asked of a line: the fields
    of its type (entries.csv), a source, a basis, days that do not go back, a range around every number of an assumed
    line, keys and subjects told once, postings that sum to zero and leave no fund below zero.
    """
    path = Path(path)
    file = path / FILE if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ChainError([Fault(str(file), None, "", "", f"cannot be read: {_reason(error)}")]) from None
    faults: list[Fault] = []
    facts = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found = list(_faults_of_line(line))
            faults += [Fault(file.name, number, name, _shown(value), what) for name, value, what in found]
            if not found:
                facts.append(_to_fact(number, json.loads(line)))
    faults += [Fault(file.name, number, name, value, what) for number, name, value, what in _misfits(facts)]
    if not faults and not facts:
        faults.append(Fault(file.name, None, "", "", "holds no entries"))
    if faults:
        raise ChainError(sorted(faults, key=lambda one: one.row or 0))
    return tuple(facts)


def to_state(facts: Iterable[Fact], *, until: date | None = None) -> State:
    """What the ledger would have said at the end of a day; at the end of the case if none is told."""
    return fold(to_entries(one for one in facts if until is None or one.day <= until))


def to_entries(facts: Iterable[Fact]) -> Iterator[Entry]:
    """The entries that a ledger would hold of these facts, each entered at the beginning of its day (UTC)."""
    for seq, one in enumerate(facts, 1):
        draft, at = one.draft, _at(one.day)
        body = canonical(draft.body)
        leaf = leaf_hash(leaf_data(seq, draft.key, draft.type, at, draft.actor, body, draft.postings))
        yield Entry(seq, draft.key, draft.type, at, draft.actor, parsed(body), leaf, draft.postings)


def write_case(facts: Sequence[Fact], url: str) -> int:
    """Add the facts to a new ledger (a file, or a URL) whose clock goes by their days; the number of its entries.

    Done again, it adds nothing. Raises `QuestionError` where the ledger holds something else.
    """
    clock = [_at(facts[0].day)] if facts else [""]
    ledger = open_ledger(url, create=True, now=lambda: clock[0])
    try:
        strange = next((one for one in ledger.entries() if one.key not in {f.draft.key for f in facts}), None)
        if strange is not None:
            raise QuestionError(
                f"{ledger.name} holds {strange.type} {strange.key!r}, which is not of this case"
            )
        for day in sorted({one.day for one in facts}):
            clock[0] = _at(day)
            ledger.append([one.draft for one in facts if one.day == day])
        return ledger.head().size
    finally:
        ledger.close()


def days(facts: Iterable[Fact]) -> list[date]:
    """The days on which something was entered, each once."""
    return sorted({one.day for one in facts})


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000000Z"


def _to_fact(number: int, told: Mapping[str, Any]) -> Fact:
    ranges = {name: (low, high) for name, (low, high) in told.get("ranges", {}).items()}
    return Fact(
        number, date.fromisoformat(told["date"]), _to_draft(told), told["source"], told["basis"], ranges
    )


def _to_draft(told: Mapping[str, Any]) -> Draft:
    postings = tuple(Posting(**one) for one in told.get("postings", ()))
    return Draft(told["key"], told["type"], told["actor"], told["body"], postings)


def _faults_of_line(line: str) -> Iterator[tuple[str, Any, str]]:
    """What is wrong with a line by itself: field, value, sentence."""
    try:
        told = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        yield "", "", f"is not JSON: {_reason(error)}"
        return
    if not isinstance(told, dict):
        yield "", line, 'is not a JSON object such as {"date": "2017-11-01", ...}'
        return
    for name in sorted(told.keys() - set(KNOWN)):
        yield name, "", unknown(name, KNOWN, "field")
    for name in NEEDED:
        if name not in told:
            yield name, "", "is missing"
    for name in ("date", "type", "actor", "key", "source", "basis"):
        if name in told and not (isinstance(told[name], str) and told[name].strip()):
            yield name, told[name], "must be a text"
    if not isinstance(told.get("body", {}), dict):
        yield "body", told["body"], "must be an object"
    elif all(isinstance(told.get(name), str) for name in ("date", "type", "actor", "key", "basis")):
        yield from _faults_of_fields(told)


def _faults_of_fields(told: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    if not _DAY.fullmatch(told["date"]) or not _is_day(told["date"]):
        yield "date", told["date"], "is no date (YYYY-MM-DD)"
    if told["basis"] not in BASES:
        yield "basis", told["basis"], unknown(told["basis"], BASES, "basis")
    shapes = list(_faults_of_postings(told.get("postings", [])))
    yield from shapes
    if not shapes and "body" in told:
        draft = _to_draft(told)
        wrong = draft_faults(replace(draft, postings=()))
        if not wrong and draft.type == "award.made":
            wrong = faults_of_milestones(draft.body["milestones"], draft.body["amount"])
        for what in wrong:
            yield "body", told["type"], what
        for what in posting_faults(draft.postings):
            yield "postings", "", what
        try:
            canonical(told["body"])
        except ValueError as error:
            yield "body", told["type"], str(error)
    yield from _faults_of_ranges(told)


def _faults_of_postings(postings: Any) -> Iterator[tuple[str, Any, str]]:
    if not isinstance(postings, list) or not all(isinstance(one, dict) for one in postings):
        yield "postings", postings, "must be a list of objects"
        return
    for one in postings:
        missing = [name for name in POSTING[:3] if name not in one]
        if missing or one.keys() - set(POSTING) or not isinstance(one.get("pending", False), bool):
            yield "postings", one, "each has account, amount, currency, and pending (true or false) or not"


def _faults_of_ranges(told: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """A range holds its number, and an assumed line has one for each of its numbers."""
    ranges = told.get("ranges", {})
    if not isinstance(ranges, dict):
        yield "ranges", ranges, 'must be an object such as {"amount": [80, 120]}'
        return
    numbers = dict(_numbers(told.get("body", {})))
    for name, bounds in ranges.items():
        if name not in numbers:
            yield "ranges", name, "is no number in the body"
        elif not isinstance(bounds, list) or len(bounds) != 2 or not all(map(_is_number, bounds)):
            yield "ranges", name, "must be low and high, such as [80, 120]"
        elif not bounds[0] <= numbers[name] <= bounds[1]:
            yield "ranges", name, f"{numbers[name]} does not lie within {bounds[0]} to {bounds[1]}"
    if told["basis"] == "assumed":
        for name in sorted(numbers.keys() - ranges.keys()):
            yield "ranges", name, "an assumed number needs its low and high"


def _numbers(value: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a body, with its place."""
    if _is_number(value):
        yield place, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _numbers(part, f"{place}.{name}" if place else str(name))


def _misfits(facts: Sequence[Fact]) -> Iterator[tuple[int, str, str, str]]:
    """What does not fit between the lines: line, field, value, sentence."""
    keys: dict[str, int] = {}
    subjects: dict[tuple[str, str], int] = {}
    sums: dict[Place, Sum] = {}
    for before, one in zip([None, *facts], facts, strict=False):
        draft = one.draft
        if before is not None and one.day < before.day:
            yield one.line, "date", str(one.day), f"is before the line above ({before.day})"
        subject = str(draft.body[subject_of(draft.type)])
        for name, value, first in (
            ("key", draft.key, keys.setdefault(draft.key, one.line)),
            (subject_of(draft.type), subject, subjects.setdefault((draft.type, subject), one.line)),
        ):
            if first != one.line:
                yield one.line, name, value, f"is in line {first} already"
        after = added(sums, draft.postings)
        for what in shortfalls(after):
            yield one.line, "postings", "", what
        sums |= after


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
