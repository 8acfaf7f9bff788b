"""WN16: money that goes out before the year closes."""

from __future__ import annotations

from datetime import date, timedelta

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View, day

CHECK = Check("WN16", "Year-end dump", "low", "payee", ("programme.opened", "release.decided"))
LAST_DAYS = 15
LEAST = 0.5
"""Where most payees get nothing in those days, less than this share is no finding."""
FEWEST = 5
"""Releases that a payee must have had to be compared."""


def check(view: View) -> list[Answer]:
    """Flag a payee with at least half of its releases in the last 15 days of the fiscal year, far more than its peers.

    The fiscal year ends as the programme says, on 31 December where it does not. The value is that share.
    """
    end = str((view.programme["fiscal_year_end"] if view.programme else None) or "12-31")
    releases: dict[str, list[Record]] = {}
    for award in view.awards:
        releases.setdefault(award.payee, []).extend(award.releases)
    measured = {
        payee: Measured(sum(_late(day(one), end) for one in mine) / len(mine), cited(mine))
        for payee, mine in releases.items()
        if len(mine) >= FEWEST
    }
    few = [
        CHECK.not_computable(payee, f"{len(mine)} releases; {FEWEST} are needed")
        for payee, mine in sorted(releases.items())
        if len(mine) < FEWEST
    ]
    told = f"of its releases in the last {LAST_DAYS} days of the fiscal year"
    return [
        *outliers(CHECK, measured, lambda share: f"{share:.0%} {told}", floor=LEAST, peers_are="payees"),
        *few,
    ]


def _late(on: date, end: str) -> bool:
    month, last = map(int, end.split("-"))
    # The end of February in a year that has no 29th.
    closes = [
        date(year, month, last) if (month, last) != (2, 29) else date(year, 3, 1) - timedelta(days=1)
        for year in (on.year, on.year + 1)
    ]
    return any(timedelta(0) <= close - on < timedelta(days=LAST_DAYS) for close in closes)
