"""R032: two bidders of one owner."""

from __future__ import annotations

from ..check import Check
from ..flags import Answer
from ..rivals import shared_owner
from ..view import View

CHECK = Check(
    "R032", "Bidders share a beneficial owner", "high", "challenge", ("bid.sealed", "relation.declared")
)
PART = 0.25


def check(view: View) -> list[Answer]:
    """Flag a challenge of whose valid bidders two have an owner of at least 25 % of both, through any companies.

    A part is the sum over paths of the product of holdings at the deadline. The value is the smaller part.
    """
    return shared_owner(CHECK, view, PART)
