"""WN14: a payee with nothing behind it."""

from __future__ import annotations

from datetime import date

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, View

CHECK = Check("WN14", "Shell", "medium", "award", ("party.registered", "award.made"))
YOUNG_DAYS = 365
THIN = 0.1
"""Paid-in capital by award."""


def check(view: View) -> list[Answer]:
    """Flag an award to an organization that is young, thinly funded, without earlier output or with owners undeclared.

    Young: founded less than 365 days before the award. Thin: paid-in capital under a tenth of the award, in the same
    currency. One sign is of severity medium, two or more high. The value is the number of signs.
    """
    parties = {one.id: one for one in view.state.all("party.registered")}
    return [_of(award, parties.get(award.payee)) for award in view.awards]


def _of(award: Award, party: Record | None) -> Answer:
    if party is None or party["kind"] != "organization":
        return CHECK.not_computable(award.id, "the payee is not registered as an organization")
    known, signs = [], []
    if party["founded"]:
        age = (award.day - date.fromisoformat(party["founded"])).days
        known.append("age")
        signs += [f"founded {age} days before"] if age < YOUNG_DAYS else []
    if party["capital"] is not None and party["currency"] == award.currency and award.amount:
        part = party["capital"] / award.amount
        known.append("capital")
        signs += [f"paid-in capital {part:.1%} of the award"] if part < THIN else []
    if party["outputs"] is not None:
        known.append("outputs")
        signs += ["no earlier output"] if party["outputs"] == 0 else []
    if party["owners_declared"] is not None:
        known.append("owners")
        signs += [] if party["owners_declared"] else ["owners not declared"]
    if not known:
        return CHECK.not_computable(award.id, "age, capital, outputs and owners are all unknown")
    evidence = cited([party, award.record])
    if signs:
        weight = "high" if len(signs) > 1 else None
        return CHECK.flag(
            award.id, "; ".join(signs), evidence, value=float(len(signs)), fence=0.0, severity=weight
        )
    return CHECK.clear(award.id, f"nothing in its {', '.join(known)}", evidence, value=0.0, fence=0.0)
