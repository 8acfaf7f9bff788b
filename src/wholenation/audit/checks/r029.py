"""R029: first digits that no course of business makes."""

from __future__ import annotations

import math
from collections import Counter

from ..check import Check, cited
from ..flags import Answer
from ..view import View, claims

CHECK = Check("R029", "First digits", "low", "programme", ("spending.reported",))
AMOUNTS = 1000
MAGNITUDES = 3
P = 0.01


def check(view: View) -> list[Answer]:
    """Flag a programme whose claimed amounts do not follow Benford's law; never attached to one award.

    The value is chi-squared over the nine first digits (8 degrees of freedom), asked of at least 1,000 amounts over
    three orders of magnitude. p is its upper tail, exp(-x/2) (1 + x/2 + (x/2)^2/2 + (x/2)^3/6).
    """
    if view.programme is None:
        return []
    name = view.programme.id
    reports = view.state.all("spending.reported")
    amounts = [amount for one in reports for _, amount in claims(one["lines"]) if amount > 0]
    if len(amounts) < AMOUNTS:
        return [
            CHECK.not_computable(
                name, f"{len(amounts)} claimed amounts; {AMOUNTS} are needed", peers=len(amounts)
            )
        ]
    if math.log10(max(amounts) / min(amounts)) < MAGNITUDES:
        reason = f"the amounts do not span {MAGNITUDES} orders of magnitude"
        return [CHECK.not_computable(name, reason, peers=len(amounts))]
    counts = Counter(int(str(one)[0]) for one in amounts)
    expected = {digit: len(amounts) * math.log10(1 + 1 / digit) for digit in range(1, 10)}
    chi = math.fsum((counts[digit] - n) ** 2 / n for digit, n in expected.items())
    half = chi / 2
    p = math.exp(-half) * (1 + half + half**2 / 2 + half**3 / 6)
    say = CHECK.flag if p < P else CHECK.clear
    evidence = cited(reports)
    sentence = f"chi-squared {chi:.1f} over the first digits of {len(amounts)} amounts"
    return [say(name, sentence, evidence, value=chi, fence=20.09, peers=len(amounts), p=p)]
