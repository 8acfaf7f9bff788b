"""WN13: forecasts that are too good, too often."""

from __future__ import annotations

import math

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..peers import benjamini_hochberg
from ..view import Milestone, View

CHECK = Check("WN13", "Optimism", "low", "forecaster", ("belief.stated", "evaluation.given", "gate.decided"))
RESOLVED = 20
Z = 1.96


def check(view: View) -> list[Answer]:
    """Flag somebody whose forecasts promise more success than came, by Spiegelhalter's z beyond 1.96.

    z = sum (o - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)) over at least 20 forecasts p whose milestone ended as o
    (accepted or not); over-confident is a mean of p above that of o. The last forecast before the first evaluation
    counts. The p-value is the normal upper tail, corrected over all forecasters. The value is z.
    Source: Spiegelhalter (1986), Statistics in Medicine 5, 421-433.
    """
    told: dict[str, list[tuple[float, float, Record, Record]]] = {}
    for milestone in view.milestones:
        ended = _end(milestone)
        if ended is None:
            continue
        last = {
            str(one["by"]): one for one in milestone.beliefs if one.seq < ended.seq and not one["likelihoods"]
        }
        for who, one in last.items():
            told.setdefault(who, []).append((float(one["probability"]), _outcome(ended), one, ended))
    return benjamini_hochberg([_of(who, mine) for who, mine in sorted(told.items())])


def _end(milestone: Milestone) -> Record | None:
    killed = [one for one in milestone.gates if one["decision"] == "kill"]
    return milestone.evaluations[0] if milestone.evaluations else (killed[0] if killed else None)


def _outcome(ended: Record) -> float:
    return 1.0 if ended["accepted"] else 0.0


def _of(who: str, mine: list[tuple[float, float, Record, Record]]) -> Answer:
    if len(mine) < RESOLVED:
        return CHECK.not_computable(who, f"{len(mine)} forecasts are resolved; {RESOLVED} are needed")
    variance = math.fsum((1 - 2 * p) ** 2 * p * (1 - p) for p, _, _, _ in mine)
    if variance <= 0.0:
        return CHECK.not_computable(who, "every forecast is 0, 1 or one half")
    z = math.fsum((o - p) * (1 - 2 * p) for p, o, _, _ in mine) / math.sqrt(variance)
    promised = math.fsum(p for p, _, _, _ in mine) / len(mine)
    came = math.fsum(o for _, o, _, _ in mine) / len(mine)
    tail = 0.5 * math.erfc(z / math.sqrt(2))
    say = CHECK.flag if z > Z and promised > came else CHECK.clear
    sentence = f"promised {promised:.0%}, came {came:.0%} of {len(mine)}, z = {z:.2f}"
    evidence = cited([record for _, _, one, ended in mine for record in (one, ended)])
    return say(who, sentence, evidence, value=z, fence=Z, p=tail)
