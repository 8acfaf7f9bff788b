"""R048: one supplier for everything."""

from __future__ import annotations

from dataclasses import dataclass, field

from .process import Process, only_id
from .statistics import LEAST_PEERS, fences
from .verdicts import Question, Ranking, Standing


@dataclass(slots=True)
class Classes:
    """For each supplier in how many processes it was awarded classified items, and of which classes."""

    question: Question
    processes: dict[str, int] = field(default_factory=dict)
    classes: dict[str, set[str]] = field(default_factory=dict)

    def take(self, process: Process) -> str | None:
        """Take in the awards in force that have one supplier; why none counts."""
        digits = self.question.settings.r048_digits
        seen = set()
        for award in process.active:
            supplier = only_id(award.suppliers)
            if supplier is None or not award.items:
                continue
            found = {
                item.classification.id[:digits]
                for item in award.items
                if item.classification is not None and type(item.classification.id) is str
            }
            if found:
                seen.add(supplier)
                self.classes.setdefault(supplier, set()).update(found)
        for supplier in seen:
            self.processes[supplier] = self.processes.get(supplier, 0) + 1
        return None if seen else "no classified item awarded to a single supplier"


def r048(collected: Classes, question: Question) -> Ranking:
    """Flag suppliers of many processes whose number of item classes is at or over Q3 + 1.5 IQR, or the threshold."""
    settings = question.settings
    least = settings.r048_minimum_contracting_processes
    counts = {
        supplier: float(len(classes))
        for supplier, classes in collected.classes.items()
        if collected.processes[supplier] >= least
    }
    meta: dict[str, float] = {}
    too_few = False
    if settings.r048_threshold is None:
        q1, q3, _, fence = fences(counts.values())
        meta |= {"q1": q1, "q3": q3}
        too_few = question.corrected and len(counts) < LEAST_PEERS
    else:
        fence = float(settings.r048_threshold)
    meta["upper_fence"] = fence
    standings = []
    for supplier, count in counts.items():
        flag = not too_few and count >= fence
        sentence = f"supplied items of {count:g} classes" if flag else "nothing found"
        if too_few:
            sentence = f"only {len(counts)} suppliers to compare with, fewer than {LEAST_PEERS}"
        standings.append(
            Standing("Tenderer", supplier, count, flag, sentence, fence, len(counts), reason=too_few)
        )
    return Ranking(standings, meta)
