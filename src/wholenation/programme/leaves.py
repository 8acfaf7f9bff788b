"""An entry, what asks to become one, and the bytes that its leaf of the tree is the hash of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .canonical import canonical
from .entries import LARGEST, faults_of, is_currency, is_id


@dataclass(frozen=True, slots=True)
class Posting:
    """Money on or off an account, in signed minor units; `pending` where it is only reserved."""

    account: str
    amount: int
    currency: str
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to add. `key` is made by who asks, so that asking twice adds it once."""

    key: str
    type: str
    actor: str
    body: Mapping[str, Any]
    postings: tuple[Posting, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `seq` counts from 1, `at` is UTC, `leaf` is the hash in the tree."""

    seq: int
    key: str
    type: str
    at: str
    actor: str
    body: Mapping[str, Any]
    leaf: bytes
    postings: tuple[Posting, ...]


def draft_faults(draft: Draft) -> list[str]:
    """Everything that is wrong with a draft by itself, a sentence each."""
    faults = [
        f"{draft.type}: {name} is {value!r}; it must be an id (1 to 200 characters without spaces)"
        for name, value in (("key", draft.key), ("actor", draft.actor))
        if not is_id(value)
    ]
    return faults + faults_of(draft.type, draft.body) + posting_faults(draft.postings)


def posting_faults(postings: Sequence[Posting]) -> list[str]:
    """What is wrong with the postings of an entry: they sum to zero in each currency, posted and pending apart."""
    faults = []
    sums: dict[tuple[str, bool], int] = {}
    for one in postings:
        if not is_id(one.account):
            faults.append(f"account {one.account!r} is no id (1 to 200 characters without spaces)")
        if not is_currency(one.currency):
            faults.append(f"{one.account}: {one.currency!r} is no currency (3 capital letters)")
        if type(one.amount) is not int or abs(one.amount) > LARGEST:
            faults.append(f"{one.account}: {one.amount!r} is no whole number of minor units up to 2^53 - 1")
        elif isinstance(one.currency, str):
            place = (one.currency, one.pending)
            sums[place] = sums.get(place, 0) + one.amount
    for (currency, pending), total in sums.items():
        if total:
            phase = "pending" if pending else "posted"
            faults.append(f"the {phase} postings in {currency} sum to {total}; they must sum to 0")
    return faults


def leaf_data(
    seq: int, key: str, kind: str, at: str, actor: str, body: bytes, postings: Iterable[Posting]
) -> bytes:
    """The canonical JSON of an entry, whose hash is its leaf; `body` is canonical JSON already."""
    lines = [
        {"account": one.account, "amount": one.amount, "currency": one.currency, "pending": one.pending}
        for one in postings
    ]
    return b'{"actor":%b,"at":%b,"body":%b,"key":%b,"postings":%b,"seq":%d,"type":%b}' % (
        canonical(actor),
        canonical(at),
        body,
        canonical(key),
        canonical(lines) if lines else b"[]",
        seq,
        canonical(kind),
    )
