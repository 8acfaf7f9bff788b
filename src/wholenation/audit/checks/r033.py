"""R033: two bidders of one shareholder."""

from __future__ import annotations

from ..check import Check
from ..flags import Answer
from ..rivals import shared_owner
from ..view import View

CHECK = Check(
    "R033", "Bidders share a shareholder", "medium", "challenge", ("bid.sealed", "relation.declared")
)
PART = 0.1


def check(view: View) -> list[Answer]:
    """Flag a challenge of whose valid bidders two have a shareholder with at least 10 % of both.

    A part is the sum over paths of the product of holdings at the deadline. The value is the smaller part.
    """
    return shared_owner(CHECK, view, PART)
