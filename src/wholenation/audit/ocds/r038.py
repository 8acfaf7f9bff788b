"""R038: bids are disqualified far more often than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from .process import Process
from .statistics import LEAST_PEERS, fences
from .verdicts import Question, Ranking, Standing

Counts = dict[str, list[int]]
"""By identifier: disqualified bids, submitted bids."""


@dataclass(slots=True)
class Disqualified:
    """Disqualified and submitted bids of every buyer, procuring entity and tenderer."""

    question: Question
    buyers: Counts = field(default_factory=dict)
    entities: Counts = field(default_factory=dict)
    tenderers: Counts = field(default_factory=dict)

    def take(self, process: Process) -> str | None:
        """Take in a process; why it does not count."""
        if not process.submitted:
            return "no submitted bids"
        out = len(process.disqualified)
        tenderers = self.tenderers
        for bid in process.submitted:
            was_out = bid.status == "disqualified"
            for tenderer in bid.tenderers or ():
                if type(tenderer.id) is str:
                    _add(tenderers, tenderer.id, was_out, 1)
        buyer, entity = process.release.buyer, process.tender.procuring_entity
        if buyer is not None and type(buyer.id) is str:
            _add(self.buyers, buyer.id, out, len(process.submitted))
        if entity is not None and type(entity.id) is str:
            _add(self.entities, entity.id, out, len(process.submitted))
        return None


def _add(counts: Counts, key: str, out: int, submitted: int) -> None:
    found = counts.get(key)
    if found is None:
        counts[key] = [out, submitted]
    else:
        found[0] += out
        found[1] += submitted


def r038(counted: Disqualified, question: Question) -> Ranking:
    """Flag shares of disqualified bids at or over Q3 + 1.5 IQR of their group, or over the threshold."""
    settings = question.settings
    groups = (
        ("Buyer", counted.buyers, settings.r038_minimum_contracting_processes),
        ("ProcuringEntity", counted.entities, settings.r038_minimum_contracting_processes),
        ("Tenderer", counted.tenderers, settings.r038_minimum_submitted_bids),
    )
    standings: list[Standing] = []
    meta: dict[str, float] = {}
    for kind, counts, least in groups:
        # Cardinal would divide by zero where the minimum is 0; nobody without bids is ever counted.
        shares = {key: out / n for key, (out, n) in counts.items() if n >= least}
        if not shares:
            continue
        fence = settings.r038_threshold
        too_few = False
        if fence is None:
            q1, q3, _, fence = fences(shares.values())
            meta |= {f"{kind}_q1": q1, f"{kind}_q3": q3}
            too_few = question.corrected and len(shares) < LEAST_PEERS
        meta[f"{kind}_upper_fence"] = fence
        for key, share in shares.items():
            flag = not too_few and fence > 0.0 and share >= fence
            out, n = counts[key]
            sentence = f"{out} of {n} submitted bids disqualified" if flag else "nothing found"
            if too_few:
                sentence = f"only {len(shares)} to compare with, fewer than {LEAST_PEERS}"
            standings.append(Standing(kind, key, share, flag, sentence, fence, len(shares), reason=too_few))
    return Ranking(standings, meta)
