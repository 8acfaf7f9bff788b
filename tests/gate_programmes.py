"""A small programme with one award in a race of two, built entry by entry, for the tests of gates and releases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wholenation.programme.funding import reserved
from wholenation.programme.ledger import Draft, Posting, open_ledger
from wholenation.programme.milestones import preregistered
from wholenation.programme.office import Programme

HASH = "ab" * 32
OPENING: dict[str, Any] = {
    "programme": "p", "name": "Programme", "agency": "agency", "currency": "CNY", "approvals_needed": 2,
    "approvers": ["ann", "bea", "cid"],
}  # fmt: skip
PARTIES = (
    "agency",
    "ann",
    "bea",
    "cid",
    "team1",
    "team2",
    "house",
    "user",
    "fund",
    "rival",
    "owner",
    "donor",
)


def milestone(name: str, **changed: Any) -> dict[str, Any]:
    """A milestone of 100 that passes at 5."""
    return {
        "milestone": name, "kind": "test", "description": "it works", "metric": "yield", "threshold": 5.0,
        "direction": "at_least", "protocol_sha256": HASH, "due": "2027-06-30", "payment": 100,
        "evaluator": "house",
    } | changed  # fmt: skip


def challenge(**changed: Any) -> dict[str, Any]:
    """A challenge for two rival teams, of which one goes on; a field that is None is left out."""
    body: dict[str, Any] = {
        "challenge": "c", "title": "Optics", "project": "optics", "kind": "develop", "metric": "yield",
        "threshold": 5.0, "direction": "at_least", "protocol_sha256": HASH, "test_house": "house",
        "deadline": "2026-01-01T00:00:00Z", "cap": 1000, "currency": "CNY", "rival_routes": 2, "keep": 1,
        "down_select": "2099-01-01",
    } | changed  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def award(name: str, payee: str, milestones: list[dict[str, Any]], **changed: Any) -> Draft:
    """An award of 300 that is paid in equal parts by two pledges."""
    body: dict[str, Any] = {
        "award": name, "challenge": "c", "bid": f"bid-{name}", "payee": payee, "amount": 300, "currency": "CNY",
        "funding": {"k1": 100, "k2": 200}, "milestones": milestones,
        "preregistered_sha256": preregistered(milestones), "ends": "2028-12-31",
    } | changed  # fmt: skip
    return Draft(f"award-{name}", "award.made", "agency", body, reserved(name, body["funding"], "CNY"))


def begun(
    folder: Path, *more: Draft, now: Callable[[], str] | None = None, url: str | None = None, **changed: Any
) -> Programme:
    """The programme with two awards of one challenge; `changed` are fields of the challenge, `now` is the clock.

    It is in a file of the folder, if no `url` is told.
    """
    clock = {} if now is None else {"now": now}
    programme = Programme(open_ledger(url or str(folder / "ledger.db"), create=True, **clock))
    drafts = [Draft("open", "programme.opened", "agency", OPENING)]
    drafts += [
        Draft(f"party-{name}", "party.registered", "agency", {"party": name, "kind": kind_of(name)})
        for name in PARTIES
    ]
    for name, amount in (("k1", 300), ("k2", 500)):
        drafts += [
            Draft(f"pledge-{name}", "pledge.made", "donor", {
                "pledge": name, "contributor": "donor", "amount": amount, "currency": "CNY", "calls": [],
            }),
            Draft(f"call-{name}", "call.made", "agency", {
                "call": f"call-{name}", "pledge": name, "due": "2026-01-01", "amount": amount,
            }),
            Draft(f"pay-{name}", "payment.received", "agency", {
                "payment": f"pay-{name}", "call": f"call-{name}", "amount": amount, "date": "2026-01-01",
            }, (Posting("outside:donor", -amount, "CNY"), Posting(f"fund:{name}", amount, "CNY"))),
        ]  # fmt: skip
    drafts += [
        Draft("challenge", "challenge.published", "agency", challenge(**changed)),
        award("a1", "team1", [milestone("m1"), milestone("m2", payment=200, due="2027-12-31")]),
        award("a2", "team2", [milestone("n1"), milestone("n2", payment=200)]),
        *more,
    ]
    programme.ledger.append(drafts)
    programme.refresh()
    return programme


def kind_of(name: str) -> str:
    """Whether a party of these tests is a person."""
    return "person" if name in OPENING["approvers"] else "organization"


def tie(name: str, subject: str, kind: str, other: str, **more: Any) -> Draft:
    """A declared relation."""
    body = {"relation": name, "subject": subject, "object": other, "kind": kind} | more
    return Draft(f"tie-{name}", "relation.declared", "agency", body)
