"""What checks on concentration share: awards by field and currency, and by the owner's group of the payee."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .check import Check, cited
from .flags import Answer
from .parties import group
from .view import Award, View


def by_field(view: View) -> dict[str, list[Award]]:
    """Awards by the item or project of their challenge, and currency."""
    fields: dict[str, list[Award]] = {}
    for award in view.awards:
        fields.setdefault(f"{award.item} {award.currency}", []).append(award)
    return fields


def groups(view: View, awards: Iterable[Award]) -> dict[str, list[Award]]:
    """Awards by the first name of the payee's group as it is now."""
    found: dict[str, list[Award]] = {}
    for award in awards:
        found.setdefault(min(group(view.ties, award.payee, view.today)), []).append(award)
    return found


def shares(
    check: Check,
    view: View,
    fields: Mapping[str, Sequence[Award]],
    *,
    part: float,
    awards: int,
    of: int = 0,
    payees: int = 0,
) -> list[Answer]:
    """An answer for each group in each field and currency: whether it has that part, in at least so many awards.

    A field with fewer than `of` awards or `payees` groups is not computable.
    """
    split: dict[str, list[Award]] = {}
    for name, mine in fields.items():
        for award in mine:
            split.setdefault(name or award.currency, []).append(award)
    answers = []
    for name, mine in sorted(split.items()):
        by_group = groups(view, mine)
        total = max(sum(one.amount for one in mine), 1)
        for head, theirs in sorted(by_group.items()):
            subject = f"{head} in {name}"
            if len(mine) < of or len(by_group) < payees:
                reason = f"{len(mine)} awards to {len(by_group)} payees are too few to speak of concentration"
                answers.append(check.not_computable(subject, reason, peers=len(by_group)))
                continue
            share = sum(one.amount for one in theirs) / total
            say = check.flag if share >= part and len(theirs) >= awards else check.clear
            evidence = cited(one.record for one in theirs)
            told = f"{share:.0%} of the money in {len(theirs)} awards"
            answers.append(say(subject, told, evidence, value=share, fence=part, peers=len(by_group)))
    return answers
