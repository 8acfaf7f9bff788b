"""Whose money may pay for what, and how much: earmarks, caps and matching ratios over what is paid in and free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import groupby

from ..errors import QuestionError
from .ledger import Posting
from .state import Record, State

EARMARKS = {
    "stages": "stage",
    "kinds": "kind",
    "items": "item",
    "jurisdictions": "jurisdiction",
    "projects": "project",
}
"""Each list of an earmark, and the field of a challenge that it allows values of."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one pledge can give to one project, in minor units.

    `given` is already in the project, `free` is paid in and not reserved, `most` what may stand in the project in
    all under the pledge's cap; `ratio` bounds it by what other contributors put in.
    """

    pledge: str
    contributor: str
    given: int
    free: int
    most: int
    ratio: Fraction | None


def available(state: State, pledge: Record) -> int:
    """Minor units of a pledge that are paid in, not paid out and not reserved."""
    stands = state.balance(f"fund:{pledge.id}", pledge["currency"])
    return stands.posted + stands.pending


def why_not_eligible(pledge: Record, challenge: Record) -> str | None:
    """Which earmark or currency of a pledge keeps it out of a challenge, in a sentence; None where none does.

    A field that the challenge does not tell is on no list.
    """
    if pledge["currency"] != challenge["currency"]:
        return f"{pledge.id} is in {pledge['currency']}, not in {challenge['currency']}"
    for name, field in EARMARKS.items():
        allowed = (pledge["earmark"] or {}).get(name) or []
        if allowed and challenge[field] not in allowed:
            told = challenge[field] or f"a challenge that tells no {field}"
            return f"{pledge.id} is for {', '.join(allowed)} alone, not for {told}"
    return None


def shared(amount: int, parts: Sequence[int]) -> list[int]:
    """An amount cut in proportion to parts, in whole minor units that add up to it; no share exceeds its part.

    >>> shared(10, [2, 1, 8])
    [1, 1, 8]
    """
    whole, cut, before = sum(parts), [], 0
    for end in _running(parts):
        upto = amount * end // whole if whole else 0
        cut.append(upto - before)
        before = upto
    return cut


def _running(parts: Sequence[int]) -> list[int]:
    return [sum(parts[: n + 1]) for n in range(len(parts))]


def bounds(offered: Sequence[Offer], total: int) -> dict[str, int]:
    """Most that each pledge may have in the project when all of them together have `total` in it.

    A matched pledge holds at most ratio times what other contributors hold. A contributor's own pledges match
    nothing of each other, so each contributor's greatest part of the total is found first, all rounded down, and
    shared out among its pledges in their order.
    """
    found: dict[str, int] = {}
    by = sorted(offered, key=lambda offer: offer.contributor)
    for _, group in groupby(by, key=lambda offer: offer.contributor):
        mine = list(group)
        part = _greatest(total, partial(_holds, mine, total))
        left = part - sum(offer.given for offer in mine)
        for offer, most in zip(mine, _held(mine, total, part), strict=True):
            more = max(min(most - offer.given, left), 0)
            found[offer.pledge] = offer.given + more
            left -= more
    return found


def _held(mine: Sequence[Offer], total: int, part: int) -> list[int]:
    """Most that each pledge of a contributor may hold where the contributor holds this part of the total."""
    return [min(o.most, int(o.ratio * (total - part))) if o.ratio is not None else o.most for o in mine]


def _holds(mine: Sequence[Offer], total: int, part: int) -> bool:
    return sum(_held(mine, total, part)) >= part


def _greatest(upper: int, holds: Callable[[int], bool]) -> int:
    """The greatest whole number from 0 to `upper` for which this holds, given that it holds up to there alone."""
    low, high = 0, upper
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def fundable(offered: Sequence[Offer]) -> int:
    """Most minor units that these pledges can add to the project together.

    What they can add grows with what is added, so that going down from above to what there is room for ends at the
    most. But for rounding, room is concave in the amount: halving, with a unit of leave for each pledge, starts near.
    """
    stands = sum(offer.given for offer in offered)
    amount = _greatest(
        sum(offer.free for offer in offered),
        lambda amount: _room(offered, stands, amount) + len(offered) >= amount,
    )
    while (room := _room(offered, stands, amount)) < amount:
        amount = room
    return amount


def _room(offered: Sequence[Offer], stands: int, amount: int) -> int:
    limit = bounds(offered, stands + amount)
    return sum(max(min(limit[o.pledge] - o.given, o.free), 0) for o in offered)


def allocate(offered: Sequence[Offer], amount: int) -> dict[str, int]:
    """Minor units by pledge that add up to the amount under every limit.

    Raises `QuestionError` where the money that is paid in and may be used for it does not suffice.
    """
    stands = sum(offer.given for offer in offered)
    limit, left, funding = bounds(offered, stands + amount), amount, {}
    for offer in offered:
        part = min(max(min(limit[offer.pledge] - offer.given, offer.free), 0), left)
        if part:
            funding[offer.pledge] = part
            left -= part
    if left:
        free = sum(offer.free for offer in offered)
        raise QuestionError(
            f"{amount} cannot be funded: {free} is paid in, free and eligible, of which caps and matching leave "
            f"{amount - left} for this project"
        )
    return funding


def reserved(award: str, funding: dict[str, int], currency: str) -> tuple[Posting, ...]:
    """Pending postings that reserve an award's money in its pledges."""
    return tuple(
        posting
        for pledge, amount in sorted(funding.items())  # in the same order whenever it is made again
        for posting in (
            Posting(f"fund:{pledge}", -amount, currency, pending=True),
            Posting(f"award:{award}", amount, currency, pending=True),
        )
    )
