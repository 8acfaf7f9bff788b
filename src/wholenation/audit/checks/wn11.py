"""WN11: money for what is believed to be dead."""

from __future__ import annotations

from ...programme.release import KILL_LINE
from ..check import Check, cited
from ..flags import Answer
from ..view import Award, View

CHECK = Check("WN11", "Zombie", "high", "award", ("belief.stated", "release.decided"))


def check(view: View) -> list[Answer]:
    """Flag an award that was paid after two successive reviews put its chance of success under the kill line.

    Reviews are the beliefs that others than the payee and its people state on its milestones; the last two before a
    release count. The value is the lower of the two.
    """
    return [_of(award) for award in view.awards]


def _of(award: Award) -> Answer:
    own = {award.payee, *(award.bid.people if award.bid else ())}
    beliefs = sorted(
        (one for milestone in award.milestones for one in milestone.beliefs if one["by"] not in own),
        key=lambda one: one.seq,
    )
    if len(beliefs) < 2:
        return CHECK.not_computable(award.id, f"{len(beliefs)} reviews state a probability; two are needed")
    for release in award.releases:
        last = [one for one in beliefs if one.seq < release.seq][-2:]
        if len(last) == 2 and all(one["probability"] < KILL_LINE for one in last):
            lowest = min(float(one["probability"]) for one in last)
            sentence = f"paid after two reviews under {KILL_LINE:.0%}, the lower {lowest:.0%}"
            return CHECK.flag(award.id, sentence, cited([*last, release]), value=lowest, fence=KILL_LINE)
    lowest = min(float(one["probability"]) for one in beliefs)
    return CHECK.clear(
        award.id,
        "not paid after two low reviews",
        cited([*beliefs, *award.releases]),
        value=lowest,
        fence=KILL_LINE,
    )
