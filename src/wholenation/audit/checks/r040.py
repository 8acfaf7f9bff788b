"""R040: one payee has much of the agency's money."""

from __future__ import annotations

from ..check import Check
from ..concentration import shares
from ..flags import Answer
from ..view import View

CHECK = Check(
    "R040", "Concentration at the agency", "low", "payee group", ("award.made", "relation.declared")
)
PART = 0.3
AWARDS = 5


def check(view: View) -> list[Answer]:
    """Flag an owner's group that has at least 30 % of what was awarded, in five awards or more.

    The value is its share, in one currency. Fewer than 20 payees in all: not computable, for then much is no finding.
    """
    return shares(CHECK, view, {"": view.awards}, part=PART, awards=AWARDS, payees=20)
