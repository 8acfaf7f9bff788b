"""R043: a bidder at an official's address."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check(
    "R043",
    "Bidder shares a contact with an official",
    "high",
    "bid",
    ("bid.sealed", "party.registered", "programme.opened"),
)


def check(view: View) -> list[Answer]:
    """Flag a bid by a team that shares an address, phone, mail domain or bank account with an official.

    Officials are who approves, the agency, who evaluates or reviews, and who is declared one. The value is how many.
    """
    officials = {one.a for one in view.ties.all if one.kind == "official"}
    if view.programme:
        officials |= {*view.programme["approvers"], str(view.programme["agency"])}
    officials |= {str(one["reviewer"]) for one in view.state.all("review.assigned")}
    officials |= {str(one["evaluator"]) for one in view.state.all("evaluation.given")}
    answers = []
    for bid in view.bids:
        shared = [
            (tie, other)
            for tie in view.ties.of.get(bid.team, ())
            for other in (tie.a, tie.b)
            if tie.kind == "contact" and other != bid.team and other in officials
        ]
        evidence = {*cited([bid.record]), *(tie.evidence for tie, _ in shared)}
        told = ", ".join(sorted(other for _, other in shared))
        say = CHECK.flag if shared else CHECK.clear
        sentence = (
            f"{bid.team} shares a contact with {told}" if shared else "no contact is shared with an official"
        )
        answers.append(say(bid.id, sentence, evidence, value=float(len(shared)), fence=0.0))
    return answers
