"""R058: the runner-up was suspiciously far."""

from __future__ import annotations

from .spreads import Spreads
from .statistics import LEAST_PEERS
from .tenderers import with_tenderers
from .verdicts import Question, Ranking, Standing


def r058(spreads: Spreads, question: Question) -> Ranking:
    """Flag the spreads at or over Q3 + 1.5 IQR of all, or over the threshold."""
    threshold = question.settings.r058_threshold
    peers = len(spreads.by_ocid)
    meta: dict[str, float] = {}
    if threshold is None:
        q1, q3, _, fence = spreads.fences()
        meta |= {"q1": q1, "q3": q3}
    else:
        fence = threshold
    meta["upper_fence"] = fence
    too_few = question.corrected and threshold is None and peers < LEAST_PEERS
    standings: list[Standing] = []
    for ocid, one in spreads.by_ocid.items():
        if too_few:
            sentence = f"only {peers} processes to compare with, fewer than {LEAST_PEERS}"
            standings.append(Standing("OCID", ocid, one.ratio, False, sentence, None, peers, (ocid,), True))
        elif fence > 0.0 and one.ratio >= fence:
            sentence = f"the next price lay {one.ratio:.4f} above the winner's"
            flag = Standing("OCID", ocid, one.ratio, True, sentence, fence, peers, (ocid,))
            standings += with_tenderers(flag, (one.winner,))
        else:
            standings.append(Standing("OCID", ocid, one.ratio, False, "nothing found", fence, peers, (ocid,)))
    return Ranking(standings, meta)
