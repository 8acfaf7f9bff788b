"""R013: money without a race."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import Award, View

CHECK = Check("R013", "Share without competition", "medium", "field", ("challenge.published", "award.made"))
LEAST = 0.5
"""Where most fields are raced for, less than this share is no finding."""


def check(view: View) -> list[Answer]:
    """Flag a field of which far more of the money than elsewhere, and at least half, was awarded with one team asked.

    A field is a challenge's item (its project where it has none) in one currency; without competition are challenges
    with a reason for a sole source. The value is the share of the awards' sum.
    """
    fields: dict[str, list[Award]] = {}
    for award in view.awards:
        fields.setdefault(f"{award.item} {award.currency}", []).append(award)
    measured = {
        name: Measured(
            sum(one.amount for one in mine if one.challenge and one.challenge["sole_source"])
            / max(sum(one.amount for one in mine), 1),
            cited(one.record for one in mine),
        )
        for name, mine in fields.items()
    }
    return outliers(
        CHECK,
        measured,
        lambda share: f"{share:.0%} of its money went without a race",
        floor=LEAST,
        peers_are="fields",
    )
