"""A programme office for the tests of money and challenges: a clock that is set by hand, and short ways to act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wholenation.programme import bids, challenges, parties, pools, reviews
from wholenation.programme.awarding import award
from wholenation.programme.canonical import sha256_hex
from wholenation.programme.ledger import Entry, open_ledger
from wholenation.programme.office import Programme

PROTOCOL = sha256_hex(b"measure it three times")
OPENS, DEADLINE, AFTER = "2027-01-01T00:00:00.000000Z", "2027-02-01T12:00:00Z", "2027-02-02T00:00:00.000000Z"


@dataclass
class Clock:
    """The ledger's clock, standing still until it is set."""

    now: str = OPENS

    def __call__(self) -> str:
        return self.now


@dataclass
class Office:
    """A programme under way; every act's key is made of its kind and subject."""

    programme: Programme
    clock: Clock = field(default_factory=Clock)

    def party(self, *names: str, kind: str = "organization", **more: Any) -> None:
        for name in names:
            body = {"party": name, "kind": kind, **more}
            parties.register_party(self.programme, key=f"party:{name}", actor="office", body=body)

    def tie(self, subject: str, kind: str, other: str, **more: Any) -> None:
        name = f"{subject}-{kind}-{other}"
        body = {"relation": name, "subject": subject, "object": other, "kind": kind, **more}
        parties.declare_relation(self.programme, key=f"tie:{name}", actor="office", body=body)

    def pledge(self, name: str, amount: int, contributor: str = "treasury", **more: Any) -> Entry:
        calls = [{"call": f"{name}-1", "due": "2027-01-31", "amount": amount}]
        body = {
            "pledge": name,
            "contributor": contributor,
            "amount": amount,
            "currency": "EUR",
            "calls": calls,
        }
        return pools.pledge(self.programme, key=f"pledge:{name}", actor=contributor, body=body | more)

    def paid(self, name: str, amount: int, contributor: str = "treasury", **more: Any) -> None:
        """A pledge that is called and paid in full."""
        self.pledge(name, amount, contributor, **more)
        self.call(name)
        self.pay(f"{name}-paid", f"{name}-1", amount)

    def call(self, name: str) -> Entry:
        return pools.call(self.programme, key=f"call:{name}", actor="office", pledge=name, call=f"{name}-1")[
            0
        ]

    def pay(self, name: str, call: str, amount: int, date: str = "2027-01-30", key: str = "") -> Entry:
        told = key or f"pay:{name}"
        return pools.pay(
            self.programme, key=told, actor="office", payment=name, call=call, amount=amount, date=date
        )

    def challenge(self, name: str = "optics", **more: Any) -> Entry:
        body = {
            "challenge": name, "title": "Optics without distortion", "project": "optics", "item": "lens",
            "stage": "equipment", "kind": "develop", "metric": "resolution_nm", "threshold": 8.0,
            "direction": "at_most", "protocol_sha256": PROTOCOL, "test_house": "house", "deadline": DEADLINE,
            "cap": 1000, "currency": "EUR", "rival_routes": 2,
        } | more  # fmt: skip
        return challenges.publish(self.programme, key=f"challenge:{name}", actor="office", body=body)

    def bid(
        self, name: str, team: str, price: int = 300, challenge: str = "optics", **more: Any
    ) -> dict[str, Any]:
        """Seal a bid; what it says comes back."""
        content = {"price": price, "currency": "EUR", "approach": f"way-{name}", "institution": team} | more
        hashed = bids.commitment(f"salt-{name}", content)
        bids.seal(
            self.programme, key=f"bid:{name}", actor=team, bid=name, challenge=challenge, team=team,
            commitment=hashed,
        )  # fmt: skip
        return content

    def open(self, name: str, content: dict[str, Any], salt: str = "") -> Entry:
        told = salt or f"salt-{name}"
        return bids.open_bid(
            self.programme, key=f"open:{name}", actor="office", bid=name, salt=told, content=content
        )

    def assign(self, reviewers: Iterable[str], challenge: str = "optics", **more: Any) -> list[Entry]:
        settings = {"per_bid": 1, "load": 10} | more
        return reviews.assign(
            self.programme, key=f"assign:{challenge}", actor="office", challenge=challenge,
            reviewers=list(reviewers), **settings,
        )  # fmt: skip

    def score(
        self, reader: str, bid: str, probability: float, challenge: str = "optics", **more: float
    ) -> Entry:
        return reviews.score(
            self.programme, key=f"score:{reader}:{bid}", actor=reader, review=f"{reader}-{bid}",
            assignment=f"{challenge}.{reader}", bid=bid, scores={"probability": probability} | more,
        )  # fmt: skip

    def award(self, challenge: str = "optics", key: str = "award") -> list[Entry]:
        return award(self.programme, key=key, actor="office", challenge=challenge, ends="2028-12-31")


def office(folder: Path) -> Office:
    """An open programme with an agency, a treasury, a test house, and people who may approve and review."""
    clock = Clock()
    programme = Programme(open_ledger(str(folder / "programme.db"), create=True, now=clock))
    body = {
        "programme": "chips", "name": "Chips", "agency": "office", "currency": "EUR", "approvals_needed": 2,
        "approvers": ["ann", "bea"],
    }  # fmt: skip
    parties.open_office(programme, key="open", actor="office", body=body)
    found = Office(programme, clock)
    found.party("office", "treasury", "region", "firm", "house")
    found.party("ann", "bea", "cid", "dan", kind="person")
    return found
