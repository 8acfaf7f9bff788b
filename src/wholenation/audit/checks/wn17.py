"""WN17: costs that were copied or made up."""

from __future__ import annotations

from collections import Counter

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View, claims

CHECK = Check("WN17", "Clone costs", "medium", "bid", ("bid.opened", "spending.reported"))
SAME = 0.8
"""Part of the lines of one budget that stand in another's."""
LINES = 5
"""Fewer lines than this are the same by chance."""
ROUND = 100_000
"""An amount in minor units that this divides is round."""
LEAST = 0.5
"""A smaller share of round sums is no finding."""


def check(view: View) -> list[Answer]:
    """Flag a bid of whose budget another bidder's has 80 %, or whose award claims far more round sums than its peers.

    A line is its text and amount. Of the claims of an award (at least 10 lines) the share that 100,000 minor units
    divide is held against all awards, and is no finding under one half. The value is the larger share of equal lines,
    or the share of round claims.
    """
    budgets = {bid.id: Counter(bid.lines) for bid in view.bids if bid.valid}
    budgets = {key: lines for key, lines in budgets.items() if sum(lines.values()) >= LINES}
    bids = {bid.id: bid for bid in view.bids}
    having: dict[tuple[str, int], list[str]] = {}
    for key, lines in sorted(budgets.items()):
        for line in lines:
            having.setdefault(line, []).append(key)
    round_claims = {one.subject: one for one in _round_claims(view)}
    answers = []
    for key, lines in sorted(budgets.items()):
        near = Counter(
            other
            for line, n in lines.items()
            for other in having[line]
            if bids[other].team != bids[key].team
            for _ in range(n)
        )
        nearest = min(near, key=lambda other: (-near[other], other), default="")
        share = near[nearest] / sum(lines.values()) if nearest else 0.0
        if share >= SAME:
            evidence = cited([bids[key].opened, bids[nearest].opened])
            sentence = f"{share:.0%} of its budget's lines are those of {nearest}"
            answers.append(CHECK.flag(key, sentence, evidence, value=share, fence=SAME))
        elif key in round_claims:
            answers.append(round_claims[key])
        else:
            sentence = f"at most {share:.0%} of its lines stand in another's budget"
            answers.append(CHECK.clear(key, sentence, cited([bids[key].opened]), value=share, fence=SAME))
    return [*answers, *(one for key, one in sorted(round_claims.items()) if key not in budgets)]


def _round_claims(view: View) -> list[Answer]:
    measured = {}
    for award in view.awards:
        amounts = [amount for one in award.spending for _, amount in claims(one["lines"])]
        if award.bid and len(amounts) >= 2 * LINES:
            share = sum(one % ROUND == 0 for one in amounts) / len(amounts)
            measured[award.bid.id] = Measured(share, cited(award.spending))
    return outliers(
        CHECK,
        measured,
        lambda share: f"{share:.0%} of its claims are round sums",
        floor=LEAST,
        peers_are="awards",
    )
