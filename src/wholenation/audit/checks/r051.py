"""R051: a field with few payees."""

from __future__ import annotations

from ..check import Check, cited
from ..concentration import by_field, groups
from ..flags import Answer
from ..view import View

CHECK = Check("R051", "Concentrated field", "low", "field", ("award.made", "challenge.published"))
HHI = 0.25
AWARDS = 5


def check(view: View) -> list[Answer]:
    """Flag a field whose Herfindahl-Hirschman index of awards by owner's group is above 0.25.

    The value is the index, the sum of squared shares, 0 to 1. A field with fewer than five awards is not computable.
    """
    answers = []
    for name, awards in sorted(by_field(view).items()):
        if len(awards) < AWARDS:
            answers.append(
                CHECK.not_computable(name, f"{len(awards)} awards; {AWARDS} are needed", peers=len(awards))
            )
            continue
        sums = [sum(one.amount for one in mine) for mine in groups(view, awards).values()]
        index = sum((one / max(sum(sums), 1)) ** 2 for one in sorted(sums))
        say = CHECK.flag if index > HHI else CHECK.clear
        evidence = cited(one.record for one in awards)
        answers.append(
            say(
                name,
                f"index {index:.2f} over {len(sums)} groups",
                evidence,
                value=index,
                fence=HHI,
                peers=len(awards),
            )
        )
    return answers
