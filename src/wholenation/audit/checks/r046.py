"""R046: a party on a list of sanctions or debarments."""

from __future__ import annotations

from ...names.matching import LIKE, Named, identifiers, match
from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check("R046", "Listed party", "high", "party", ("party.registered", "bid.sealed", "award.made"))


def check(view: View) -> list[Answer]:
    """Flag a bidder or payee whose name is like a listed one; of severity high only with a second identifier in common.

    By the name alone it is only possible, and of severity low. The value is the token-sort ratio of the names, 0 to
    100. Without a list, or for a person whose name stays outside the ledger, it is not computable.
    """
    parties = {one.id: one for one in view.state.all("party.registered")}
    asked = {bid.team for bid in view.bids} | {award.payee for award in view.awards}
    return [_of(view, key, parties.get(key)) for key in sorted(asked)]


def _of(view: View, key: str, party: Record | None) -> Answer:
    if not view.listed:
        return CHECK.not_computable(key, "no list is given")
    if party is None or not party["name"]:
        return CHECK.not_computable(key, "its name is not in the ledger")
    mine = Named(key, (str(party["name"]),), identifiers(party["identifiers"]))
    found = [one for other in view.listed if (one := match(mine, other))]
    if not found:
        return CHECK.clear(key, f"not like any of {len(view.listed)} listed", cited([party]), fence=LIKE)
    best = min(found, key=lambda one: (one.possible, -one.score, one.other))
    if best.possible:
        told = f"possibly {best.other}, by the name alone ({best.score:.0f} of 100)"
        return CHECK.flag(key, told, cited([party]), value=best.score, fence=LIKE, severity="low")
    told = (
        f"{best.other}, by name ({best.score:.0f} of 100) and {', '.join(f'{a} {b}' for a, b in best.shared)}"
    )
    return CHECK.flag(key, told, cited([party]), value=best.score, fence=LIKE)
