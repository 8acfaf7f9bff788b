"""R053: a bidder who is only there to lose."""

from __future__ import annotations

from itertools import combinations

from ..check import Check, cited
from ..flags import Answer
from ..view import Race, View

CHECK = Check("R053", "Standing loser", "medium", "pair of bidders", ("bid.opened", "award.made"))
TIMES = 5


def check(view: View) -> list[Answer]:
    """Flag two teams that bid against each other in five decided challenges or more, of which always the same one won.

    Challenges that both or neither won do not count. The value is how often they met.
    """
    met: dict[tuple[str, str], list[tuple[Race, str]]] = {}
    for race in view.races:
        won = {one.payee for one in race.awards}
        for pair in combinations(sorted({bid.team for bid in race.valid}), 2):
            winners = won & set(pair)
            if len(winners) == 1:
                met.setdefault(pair, []).append((race, winners.pop()))
    answers = []
    for (one, other), races in sorted(met.items()):
        if len(races) < TIMES:
            reason = f"met {len(races)} times; {TIMES} are needed"
            answers.append(CHECK.not_computable(f"{one} and {other}", reason))
            continue
        names = {winner for _, winner in races}
        evidence = cited(
            [record for race, _ in races for record in (race.record, *(a.record for a in race.awards))]
        )
        told = f"met {len(races)} times; " + (f"always {min(names)} won" if len(names) == 1 else "each won")
        say = CHECK.flag if len(names) == 1 else CHECK.clear
        answers.append(say(f"{one} and {other}", told, evidence, value=float(len(races)), fence=float(TIMES)))
    return answers
