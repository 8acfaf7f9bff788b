"""R024: the runner-up was suspiciously near."""

from __future__ import annotations

from .spreads import Spreads
from .statistics import LEAST_PEERS
from .tenderers import with_tenderers
from .verdicts import Question, Ranking, Standing


def r024(spreads: Spreads, question: Question) -> Ranking:
    """Flag the spreads at or under Q1 - 1.5 IQR of all, or under the threshold."""
    threshold = question.settings.r024_threshold
    peers = len(spreads.by_ocid)
    meta: dict[str, float] = {}
    if threshold is None:
        q1, q3, fence, _ = spreads.fences()
        meta |= {"q1": q1, "q3": q3}
        # Where a quarter of all have no distance at all, nearness tells nothing.
        usable = q1 > 0.0 and fence > 0.0
        too_few = question.corrected and peers < LEAST_PEERS
    else:
        fence, usable, too_few = threshold, threshold > 0.0, False
    meta["lower_fence"] = fence
    standings: list[Standing] = []
    for ocid, one in spreads.by_ocid.items():
        if too_few:
            sentence = f"only {peers} processes to compare with, fewer than {LEAST_PEERS}"
            standings.append(Standing("OCID", ocid, one.ratio, False, sentence, None, peers, (ocid,), True))
        elif usable and one.ratio <= fence:
            sentence = f"the next price lay only {one.ratio:.4f} above the winner's"
            flag = Standing("OCID", ocid, one.ratio, True, sentence, fence, peers, (ocid,))
            standings += with_tenderers(flag, (one.winner, one.runner_up))
        else:
            standings.append(Standing("OCID", ocid, one.ratio, False, "nothing found", fence, peers, (ocid,)))
    return Ranking(standings, meta)
