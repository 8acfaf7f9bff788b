"""WN20: a programme that never stops anything."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("WN20", "No stop", "medium", "programme", ("gate.decided", "downselect.decided"))
REVIEWED = 20
USUAL = 0.121
"""2,949 of 24,339 resolved trials in a sample of NIH's were terminated or withdrawn."""


def check(view: View) -> list[Answer]:
    """Flag a programme that has reviewed at least 20 milestones at gates and ended nothing.

    The value is the share of reviews that ended an award; the p-value is the chance of no stop at the usual rate.
    """
    if view.programme is None:
        return []
    name = view.programme.id
    gates = [one for award in view.awards for one in award.gates]
    reviewed = {str(one["milestone"] or one.id) for one in gates}
    stops = [one.stopped for one in view.awards if one.stopped]
    if len(reviewed) < REVIEWED:
        reason = f"{len(reviewed)} milestones were reviewed; {REVIEWED} are needed"
        return [CHECK.not_computable(name, reason, peers=len(reviewed))]
    share = len(stops) / len(reviewed)
    say = CHECK.clear if stops else CHECK.flag
    chance = (1 - USUAL) ** len(reviewed)
    sentence = f"{len(stops)} stops at {len(reviewed)} reviewed milestones; usual is {USUAL:.1%}"
    return [
        say(name, sentence, cited([*gates, *stops]), value=share, fence=0.0, peers=len(reviewed), p=chance)
    ]
