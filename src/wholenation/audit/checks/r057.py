"""R057: bidders who take turns."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import comb

from ..check import Check, cited
from ..flags import Answer
from ..peers import benjamini_hochberg
from ..view import Race, View

CHECK = Check("R057", "Wins in rotation", "medium", "pair of bidders", ("bid.opened", "award.made"))
TIMES = 10
"""Alternating wins of fewer challenges than this are no surprise at 1 %."""
P = 0.01


def check(view: View) -> list[Answer]:
    """Flag two teams whose wins against each other alternate more often than chance would have it.

    The value is the number of runs in the sequence of winners by deadline, p the exact upper tail of Wald and
    Wolfowitz's runs test (1940), corrected over all pairs that met ten times.
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
        order = [winner for _, winner in races]
        runs = 1 + sum(a != b for a, b in pairwise(order))
        p = _tail(runs, order.count(one), order.count(other))
        evidence = cited(
            [record for race, _ in races for record in (race.record, *(a.record for a in race.awards))]
        )
        say = CHECK.flag if p < P else CHECK.clear
        told = f"{runs} runs in {len(races)} meetings"
        answers.append(say(f"{one} and {other}", told, evidence, value=float(runs), p=p))
    return benjamini_hochberg(answers)


def _tail(runs: int, a: int, b: int) -> float:
    """The chance of at least so many runs of `a` wins of one and `b` of the other."""
    if a == 0 or b == 0:
        return 1.0
    return sum(_ways(r, a, b) for r in range(runs, a + b + 1)) / comb(a + b, a)


def _ways(runs: int, a: int, b: int) -> int:
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * comb(a - 1, half - 1) * comb(b - 1, half - 1) if half else 0
    return comb(a - 1, half) * comb(b - 1, half - 1) + comb(a - 1, half - 1) * comb(b - 1, half)
