"""What stands on accounts: sums of postings, and the rule that a fund never goes below zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .leaves import Posting

FUND = "fund:"
"""Accounts with this beginning hold money that was paid in; they bear the rule."""

_WIDEST = 2**63
Place = tuple[str, str]
"""An account and a currency."""


class Sum(NamedTuple):
    """Minor units that stand on an account, and those that are reserved (negative: will leave it)."""

    posted: int = 0
    pending: int = 0


def added(sums: Mapping[Place, Sum], postings: Iterable[Posting]) -> dict[Place, Sum]:
    """The sums of the accounts that the postings touch, after them."""
    after: dict[Place, Sum] = {}
    for one in postings:
        place = (one.account, one.currency)
        posted, pending = after.get(place) or sums.get(place) or Sum()
        if one.pending:
            after[place] = Sum(posted, pending + one.amount)
        else:
            after[place] = Sum(posted + one.amount, pending)
    return after


def shortfalls(after: Mapping[Place, Sum]) -> list[str]:
    """A sentence for every fund below zero, and for every sum too large for a database."""
    faults = []
    for (account, currency), (posted, pending) in after.items():
        if account.startswith(FUND) and min(posted, posted + pending) < 0:
            left = (
                f"{posted} {currency} paid in and {-pending} reserved" if pending else f"{posted} {currency}"
            )
            faults.append(f"{account} would hold {left}; a fund never goes below zero")
        if max(abs(posted), abs(pending)) >= _WIDEST:
            faults.append(f"{account} would hold {posted} {currency}, more than 2^63 minor units")
    return faults
