"""R042: bidders at one address."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..parties import path
from ..rivals import rivals
from ..view import View

CHECK = Check("R042", "Bidders share a contact", "medium", "challenge", ("bid.sealed", "party.registered"))


def check(view: View) -> list[Answer]:
    """Flag a challenge of whose valid bidders two share an address, phone, mail domain or bank account.

    The value is the number of such pairs.
    """
    answers = []
    for race in view.races:
        pairs = list(rivals(race))
        if not pairs:
            answers.append(CHECK.not_computable(race.id, "fewer than two valid bidders"))
            continue
        shared = [
            (one, other, tie)
            for one, other in pairs
            for tie in path(view.ties, one, other, race.deadline, longest=1) or ()
            if tie.kind == "contact"
        ]
        evidence = {*cited(bid.record for bid in race.valid), *(tie.evidence for _, _, tie in shared)}
        told = "; ".join(f"{one} and {other}" for one, other, _ in shared)
        say = CHECK.flag if shared else CHECK.clear
        answers.append(
            say(race.id, told or "no contact is shared", evidence, value=float(len(shared)), fence=0.0)
        )
    return answers
