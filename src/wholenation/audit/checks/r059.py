"""R059: costs far beyond the contract."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View

CHECK = Check("R059", "Overrun (R059, R069)", "low", "award", ("award.made", "spending.reported"))
LEAST = 1.2


def check(view: View) -> list[Answer]:
    """Flag an award whose reported spending is at least 1.2 times its amount and far beyond that of its peers.

    The value is spending by amount.
    """
    measured = {
        one.id: Measured(
            sum(int(report["amount"]) for report in one.spending) / one.amount,
            cited([one.record, *one.spending]),
        )
        for one in view.awards
        if one.spending and one.amount
    }
    silent = [
        CHECK.not_computable(one.id, "no spending was reported")
        for one in view.awards
        if one.id not in measured
    ]
    told = "times its amount was spent"
    return [
        *outliers(CHECK, measured, lambda times: f"{times:.2f} {told}", floor=LEAST, peers_are="awards"),
        *silent,
    ]
