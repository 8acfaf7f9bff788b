"""R025: somebody who bids often and hardly ever wins."""

from __future__ import annotations

from dataclasses import dataclass, field

from .process import Process, only_id, only_supplier, why_no_only_supplier
from .statistics import LEAST_PEERS, fences, quantile
from .verdicts import Question, Ranking, Standing


@dataclass(slots=True)
class Wins:
    """For each tenderer in how many processes it had a valid bid, and how many it won."""

    question: Question
    by_tenderer: dict[str, list[int]] = field(default_factory=dict)

    def take(self, process: Process) -> str | None:
        """Take in a process with one award and one supplier; why it does not count."""
        supplier = only_supplier(process)
        if supplier is None:
            return why_no_only_supplier(process)
        valid = {only_id(bid.tenderers) for bid in process.valid}
        valid.discard(None)
        for tenderer in valid:
            if tenderer is not None:
                counts = self.by_tenderer.setdefault(tenderer, [0, 0])
                counts[0] += tenderer == supplier
                counts[1] += 1
        return None if valid else "no valid bid of a single tenderer"


def r025(wins: Wins, question: Question) -> Ranking:
    """Flag tenderers among the busiest quarter whose share of wins is at or under Q1 - 1.5 IQR, or the threshold."""
    settings = question.settings
    counted = wins.by_tenderer
    busy = quantile(sorted(float(n) for _, n in counted.values()), settings.r025_percentile / 100.0)
    meta: dict[str, float] = {}
    too_few = False
    if settings.r025_threshold is None:
        q1, q3, fence, _ = fences(won / n for won, n in counted.values())
        meta |= {"q1": q1, "q3": q3}
        usable = q1 > 0.0 and fence > 0.0
        too_few = question.corrected and len(counted) < LEAST_PEERS
    else:
        fence = settings.r025_threshold
        usable = fence > 0.0
    meta |= {"upper_fence": busy, "lower_fence": fence}
    standings = []
    for tenderer, (won, n) in counted.items():
        flag = not too_few and usable and n >= busy and won / n <= fence
        sentence = f"won {won} of {n} processes with a valid bid" if flag else "nothing found"
        if too_few:
            sentence = f"only {len(counted)} tenderers to compare with, fewer than {LEAST_PEERS}"
        standings.append(
            Standing("Tenderer", tenderer, won / n, flag, sentence, fence, len(counted), reason=too_few)
        )
    return Ranking(standings, meta)
