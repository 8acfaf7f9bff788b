"""R050: one payee has much of a field's money."""

from __future__ import annotations

from ..check import Check
from ..concentration import by_field, shares
from ..flags import Answer
from ..view import View

CHECK = Check("R050", "Concentration in a field", "low", "payee group", ("award.made", "challenge.published"))
PART = 0.4
AWARDS = 5


def check(view: View) -> list[Answer]:
    """Flag an owner's group that has at least 40 % of what was awarded in a field, in two awards or more.

    The value is its share, in one currency. A field with fewer than five awards is not computable.
    """
    return shares(CHECK, view, by_field(view), part=PART, awards=2, of=AWARDS)
