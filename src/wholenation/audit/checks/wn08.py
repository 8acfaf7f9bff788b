"""WN08: more work promised than a person has time for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..check import Check, cited
from ..flags import Answer
from ..peers import quantile
from ..view import Award, View

CHECK = Check("WN08", "Over-commitment", "medium", "person", ("bid.opened", "award.made"))
MANY = 16
"""Projects of one lead at the 99th percentile of a sample of NIH grants, over all years; the fence for few peers."""
ENOUGH = 100
"""Fewer leads than this have no 99th percentile of their own."""


def check(view: View) -> list[Answer]:
    """Flag a person with more than 100 % declared effort in a month, or who leads more awards at once than 99 % do.

    Effort is read from `effort` of a bid's content: a share by person and month; awards that were stopped count until
    then. The value is the largest sum of shares.
    """
    effort: dict[str, dict[str, list[tuple[float, Award]]]] = {}
    leads: dict[str, list[Award]] = {}
    for award in view.awards:
        if award.bid is None:
            continue
        if award.bid.people:
            leads.setdefault(award.bid.people[0], []).append(award)
        for person, shares in _effort(award).items():
            for month, share in shares.items():
                if award.stopped is None or month <= award.stopped.at[:7]:
                    effort.setdefault(person, {}).setdefault(month, []).append((share, award))
    at_once = {person: _at_once(mine) for person, mine in leads.items()}
    fence = float(MANY)
    if len(at_once) >= ENOUGH:
        fence = max(quantile([float(n) for n in at_once.values()], 0.99), 1.0)
    answers = []
    for person in sorted(effort.keys() | leads.keys()):
        months = effort.get(person, {})
        sums = {month: math.fsum(share for share, _ in told) for month, told in sorted(months.items())}
        worst = max(sums, key=lambda month: (sums[month], month), default="")
        most = sums.get(worst, 0.0)
        records = [award.record for _, award in months.get(worst, ())] or [
            one.record for one in leads[person]
        ]
        if most > 1.0 + 1e-9:
            answers.append(
                CHECK.flag(
                    person,
                    f"{most:.0%} of a month's work promised in {worst}",
                    cited(records),
                    value=most,
                    fence=1.0,
                    peers=len(at_once),
                )
            )
        elif at_once.get(person, 0) > fence:
            mine = [one.record for one in leads[person]]
            sentence = f"leads {at_once[person]} awards at once; 99 % lead at most {fence:g}"
            answers.append(
                CHECK.flag(person, sentence, cited(mine), value=most, fence=1.0, peers=len(at_once))
            )
        elif not months:
            answers.append(CHECK.not_computable(person, "no effort is declared", peers=len(at_once)))
        else:
            answers.append(
                CHECK.clear(
                    person,
                    f"at most {most:.0%} of a month's work promised",
                    cited(records),
                    value=most,
                    fence=1.0,
                    peers=len(at_once),
                )
            )
    return answers


def _effort(award: Award) -> dict[str, dict[str, float]]:
    told: Any = award.bid.content.get("effort") if award.bid else None
    if not isinstance(told, Mapping):
        return {}
    nested = {str(who): _shares(months) for who, months in told.items() if isinstance(months, Mapping)}
    if nested:
        return nested
    # Without names the shares are the lead's.
    people = award.bid.people if award.bid else ()
    return {people[0]: _shares(told)} if people else {}


def _shares(months: Mapping[Any, Any]) -> dict[str, float]:
    return {str(month)[:7]: float(share) for month, share in months.items() if type(share) in (int, float)}


def _at_once(awards: list[Award]) -> int:
    spans = [award.span for award in awards]
    return max(sum(start <= day <= end for start, end in spans) for day, _ in spans)
