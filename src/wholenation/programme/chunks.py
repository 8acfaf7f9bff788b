"""A run of lines of an export, verified by itself, so that several processes can verify a ledger together.

A run begins where `size` is a multiple of CHUNK, a power of two. The peaks of its own little tree are then also the
last peaks of the whole tree, and what it does to an account can be told as a sum and the lowest point on the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .balances import FUND, Place
from .canonical import canonical, parsed
from .entries import faults_of, is_id, is_time, subject_of
from .leaves import Posting, posting_faults
from .merkle import levels, peaks_at

CHUNK = 1 << 13

_START, _LEAF, _END = b'{"entry":', b',"leaf":"', b'"}\n'
_TAIL = len(_LEAF) + 64 + len(_END)
_NAMES = {"actor", "at", "body", "key", "postings", "seq", "type"}
_POSTING = {"account", "amount", "currency", "pending"}


class _UnusualError(ValueError):
    """A number that the standard library writes in another way than RFC 8785, or one that is none in JSON."""


def _fraction(digits: str) -> float:
    if "e" in digits or "E" in digits or digits.endswith(".0"):
        raise _UnusualError
    return float(digits)


def _whole(digits: str) -> int:
    if len(digits) > 15:
        raise _UnusualError
    return int(digits)


def _constant(word: str) -> float:
    raise _UnusualError(word)


_plain_decoder = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=_constant)
_plain_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Movement(NamedTuple):
    """What a run does to an account: sums of its postings, and the lowest that `posted` and `posted + pending` fall."""

    posted: int = 0
    pending: int = 0
    least: int = 0
    least_free: int = 0


class Wrong(NamedTuple):
    """An entry, and what is wrong with it."""

    seq: int
    sentence: str


@dataclass(slots=True)
class Run:
    """What a run of entries comes to, up to the first that is wrong."""

    first: int
    peaks: dict[int, list[bytes]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    start: str = ""
    end: str = ""
    movements: dict[Place, Movement] = field(default_factory=dict)
    wrong: Wrong | None = None


def check_run(first: int, lines: Sequence[bytes], stops: Iterable[int]) -> Run:
    """Verify the lines of the entries from `first` on.

    `stops` are the sizes of checkpoints; where one lies within the run, the peaks at that size are kept, and those at
    the end of the run always.
    """
    run = Run(first)
    leaves: list[bytes] = []
    for seq, line in enumerate(lines, first):
        leaf = hashlib.sha256(b"\x00" + line[len(_START) : -_TAIL]).digest()
        fault = _take(run, seq, line, leaf)
        if fault:
            run.wrong = Wrong(seq, fault)
            break
        leaves.append(leaf)
    trees = levels(leaves)
    for size in {*(stop - first + 1 for stop in stops), len(leaves)}:
        if 0 <= size <= len(leaves):
            run.peaks[first - 1 + size] = peaks_at(trees, size)
    return run


def _take(run: Run, seq: int, line: bytes, leaf: bytes) -> str:
    """Add an entry to the run; what is wrong with it, or nothing."""
    if line[-_TAIL:] != b"%b%b%b" % (_LEAF, leaf.hex().encode(), _END) or not line.startswith(_START):
        return "what it says does not hash to its leaf"
    try:
        value = read_entry(line[len(_START) : -_TAIL])
    except ValueError as error:
        return f"it is not canonical JSON: {error}"
    fault = _form_fault(value, seq, run.end)
    if fault:
        return fault
    run.start = run.start or value["at"]
    run.end = value["at"]
    run.keys.append(value["key"])
    run.subjects.append(f"{value['type']} {value['body'][subject_of(value['type'])]}")
    return _posted(run.movements, value["postings"]) if value["postings"] else ""


def read_entry(data: bytes) -> Any:
    """The value of canonical JSON; `ValueError` where it is another JSON, or none.

    Whatever has neither an exponent, a long number nor a letter beyond ASCII is written by the standard library's
    own encoder as RFC 8785 wants it, which is faster than ours.
    """
    text = data.decode()
    try:
        value = _plainly(text) if text.isascii() else None
        if value is None:
            value = parsed(text)
            if canonical(value) != data:
                raise ValueError("its bytes are not those that its value has")
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None
    return value


def _plainly(text: str) -> Any:
    """The value, if the standard library writes it as it is written; else None."""
    try:
        value, end = _plain_decoder.raw_decode(text)
    except _UnusualError:
        return None
    return value if end == len(text) and _plain_encoder(value) == text else None


def _form_fault(value: Any, seq: int, before: str) -> str:
    if not isinstance(value, dict) or value.keys() != _NAMES:
        return "it does not have the fields of an entry"
    if value["seq"] != seq or type(value["seq"]) is not int:
        return f"it calls itself entry {value['seq']!r:.40}"
    at, body, kind = value["at"], value["body"], value["type"]
    if not before or at != before:
        if not is_time(at):
            return f"its time {at!r:.60} is none"
        if at < before:
            return f"its time {at} is before that of the entry before it, {before}"
    if not is_id(value["key"]) or not is_id(value["actor"]):
        return "its key or its actor is no id"
    if not isinstance(kind, str) or not isinstance(body, dict) or not isinstance(value["postings"], list):
        return "it does not have the fields of an entry"
    return "; ".join(faults_of(kind, body))


def _posted(movements: dict[Place, Movement], lines: Sequence[Any]) -> str:
    """Add the postings of an entry to what the run does; what is wrong with them, or nothing."""
    if not all(isinstance(one, dict) and one.keys() == _POSTING for one in lines):
        return "its postings do not have the fields of a posting"
    postings = [Posting(one["account"], one["amount"], one["currency"], one["pending"]) for one in lines]
    if not all(isinstance(one.pending, bool) and isinstance(one.currency, str) for one in postings):
        return "its postings do not have the fields of a posting"
    faults = posting_faults(postings)
    if faults:
        return "; ".join(faults)
    changed = summed(postings)
    for place, (posted, pending) in changed.items():
        before = movements.get(place, Movement())
        posted, pending = before.posted + posted, before.pending + pending
        movements[place] = Movement(
            posted, pending, min(before.least, posted), min(before.least_free, posted + pending)
        )
    return ""


def summed(postings: Iterable[Posting]) -> Mapping[Place, tuple[int, int]]:
    """By account and currency, what is posted and what is reserved."""
    sums: dict[Place, tuple[int, int]] = {}
    for one in postings:
        posted, pending = sums.get((one.account, one.currency), (0, 0))
        if one.pending:
            pending += one.amount
        else:
            posted += one.amount
        sums[one.account, one.currency] = (posted, pending)
    return sums


def overdrawn(place: Place, before: tuple[int, int], movement: Movement) -> bool:
    """Whether a fund that held `before` (posted, pending) goes below zero somewhere in the run."""
    posted, pending = before
    return (
        place[0].startswith(FUND) and min(posted + movement.least, posted + pending + movement.least_free) < 0
    )
