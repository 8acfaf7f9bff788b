"""R002: awards crowd just under a threshold."""

from __future__ import annotations

from math import comb

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("R002", "Threshold bunching (R002, R055)", "medium", "programme", ("award.made",))
NEAR = 0.1
"""Part of the threshold on either side of it that is looked at."""
AWARDS = 30
P = 0.01


def check(view: View) -> list[Answer]:
    """Flag a programme of whose awards near a threshold T far more than half lie in [0.9 T, T) than in [T, 1.1 T).

    The value is the share below T among at least 30 awards of the threshold's currency; p is the upper tail of a fair
    coin. Several thresholds are several answers only if there are several currencies.
    """
    if view.programme is None:
        return []
    if not view.thresholds:
        return [CHECK.not_computable(view.programme.id, "no threshold is given")]
    return [_of(view, view.programme.id, *told) for told in sorted(view.thresholds.items())]


def _of(view: View, name: str, currency: str, threshold: int) -> Answer:
    low, high = (1 - NEAR) * threshold, (1 + NEAR) * threshold
    near = [one for one in view.awards if one.currency == currency and low <= one.amount < high]
    if len(near) < AWARDS:
        reason = f"{len(near)} awards in {currency} are near the threshold; {AWARDS} are needed"
        return CHECK.not_computable(name, reason, peers=len(near))
    below = sum(one.amount < threshold for one in near)
    p = sum(comb(len(near), k) for k in range(below, len(near) + 1)) / 2 ** len(near)
    say = CHECK.flag if p < P else CHECK.clear
    sentence = f"{below} of {len(near)} awards near {threshold:,} {currency} minor units are below it"
    evidence = cited(one.record for one in near)
    return say(name, sentence, evidence, value=below / len(near), fence=0.5, peers=len(near), p=p)
