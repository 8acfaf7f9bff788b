"""R031: a price that knew the budget."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("R031", "Price at the budget", "low", "award", ("challenge.published", "award.made"))
NEAR = 0.01


def check(view: View) -> list[Answer]:
    """Flag an award within 1 % of what was budgeted for a route, or at or above it.

    The budget of a route is the challenge's cap by its number of rival routes. The value is the award by that. Prices
    in another currency than the cap's are not computable.
    """
    answers = []
    for award in view.awards:
        challenge = award.challenge
        if challenge is None or challenge["currency"] != award.currency or not challenge["cap"]:
            answers.append(CHECK.not_computable(award.id, "no cap in the currency of the award"))
            continue
        part = award.amount * max(int(challenge["rival_routes"]), 1) / int(challenge["cap"])
        say = CHECK.flag if part >= 1.0 - NEAR else CHECK.clear
        evidence = cited([challenge, award.record])
        answers.append(
            say(award.id, f"{part:.1%} of the budget of a route", evidence, value=part, fence=1.0 - NEAR)
        )
    return answers
