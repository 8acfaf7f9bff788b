"""The ledger's slow and obvious twin: a list of entries, and what each request must answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from wholenation.programme.ledger import Draft, Entry

CURRENCIES = ("EUR", "CNY")
FUNDS = ("fund:a", "fund:b")


@dataclass(slots=True)
class Twin:
    """The ledger as a list: what was acknowledged, in order."""

    entries: list[Entry] = field(default_factory=list)

    def answer(self, drafts: Sequence[Draft], now: str) -> list[Entry] | None:
        """The entries that a request must give back, None where it must be refused."""
        known = {one.key: one for one in self.entries}
        subjects = {(one.type, next(iter(one.body.values()))) for one in self.entries}
        sums = self.sums()
        found = []
        at = max([now, *(one.at for one in self.entries[-1:])])
        for draft in drafts:
            if draft.key in known:
                entry = known[draft.key]
                if (entry.type, entry.actor, entry.body, entry.postings) != (
                    draft.type, draft.actor, draft.body, draft.postings,
                ):  # fmt: skip
                    return None
            else:
                subject = (draft.type, next(iter(draft.body.values())))
                if subject in subjects or _is_wrong(draft):
                    return None
                subjects.add(subject)
                for one in draft.postings:
                    place = one.account, one.currency, one.pending
                    sums[place] = sums.get(place, 0) + one.amount
                if any(
                    min(sums.get((fund, money, False), 0),
                        sums.get((fund, money, False), 0) + sums.get((fund, money, True), 0)) < 0
                    for fund in FUNDS for money in CURRENCIES
                ):  # fmt: skip
                    return None
                entry = _to_entry(len(known) + 1, draft, at)
                known[draft.key] = entry
            found.append(entry)
        return found

    def fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that are not there yet, each once."""
        return list({one.seq: one for one in entries if one.seq > len(self.entries)}.values())

    def sums(self) -> dict[tuple[str, str, bool], int]:
        """What stands on each account, posted and pending."""
        sums: dict[tuple[str, str, bool], int] = {}
        for entry in self.entries:
            for one in entry.postings:
                place = one.account, one.currency, one.pending
                sums[place] = sums.get(place, 0) + one.amount
        return sums

    def root(self) -> bytes:
        """The root of the tree, straight from RFC 9162, 2.1.1."""
        return _root([one.leaf for one in self.entries])


def _root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _to_entry(seq: int, draft: Draft, at: str) -> Entry:
    told = {
        "seq": seq,
        "key": draft.key,
        "type": draft.type,
        "at": at,
        "actor": draft.actor,
        "body": draft.body,
        "postings": [
            {"account": one.account, "amount": one.amount, "currency": one.currency, "pending": one.pending}
            for one in draft.postings
        ],
    }
    # For plain letters and whole numbers this is what RFC 8785 asks for.
    data = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(b"\0" + data).digest()
    return Entry(seq, draft.key, draft.type, at, draft.actor, draft.body, leaf, draft.postings)


def _is_wrong(draft: Draft) -> bool:
    sums: dict[tuple[str, bool], int] = {}
    for one in draft.postings:
        sums[one.currency, one.pending] = sums.get((one.currency, one.pending), 0) + one.amount
    return any(sums.values()) or "wrong" in draft.body
