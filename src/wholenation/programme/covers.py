"""Cover for the first user of a new product: part of the premium up to a cap, reserved when it is granted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..errors import QuestionError
from .funding import available, why_not_eligible
from .ledger import Draft, Entry, Posting
from .office import Programme
from .parties import known_party, related, ties_on
from .requests import day_of, given, once
from .reservations import open_award
from .state import State


def grant_cover(
    programme: Programme,
    *,
    key: str,
    actor: str,
    cover: str,
    user: str,
    premium_share: float,
    cap: int,
    currency: str,
    funding: Mapping[str, int],
    award: str | None = None,
    today: date | None = None,
) -> Entry:
    """Promise a first user part of the premium of insuring a new product's failure, at most `cap` minor units.

    The cap is reserved from the pledges in `funding`, as far as they are paid in and free. A user who is related to the
    payee is none: such an acceptance would prove nothing.
    """
    body = given(cover=cover, award=award, user=user, premium_share=premium_share, cap=cap, currency=currency)

    def decide(state: State) -> list[Draft]:
        known_party(state, user)
        if not 0 <= premium_share <= 1:
            raise QuestionError(f"premium share {premium_share}: a part of the premium, 0 to 1")
        if sum(funding.values()) != cap or any(part <= 0 for part in funding.values()):
            raise QuestionError(
                f"the funding adds up to {sum(funding.values())} in parts above 0, not to {cap}"
            )
        faults = _faults(state, funding, currency)
        if award is not None:
            mine = open_award(state, award)
            tie = related(ties_on(state, day_of(programme, state, today)), user, mine["payee"])
            if tie:
                faults.append(f"{user} is no independent user of what {mine['payee']} makes: {tie}")
            challenge = state.get("challenge.published", mine["challenge"])
            for name in funding:
                barred = why_not_eligible(state.get("pledge.made", name), challenge)
                if barred:
                    faults.append(barred)
        if faults:
            raise QuestionError("; ".join(faults))
        return [Draft(key, "cover.granted", actor, body, _reserved(cover, funding, currency))]

    return once(programme, "cover.granted", key, actor, body, decide)


def _faults(state: State, funding: Mapping[str, int], currency: str) -> list[str]:
    found = []
    for name, part in funding.items():
        pledge = state.get("pledge.made", name)
        if pledge["currency"] != currency:
            found.append(f"{name} is in {pledge['currency']}, not in {currency}")
        elif part > available(state, pledge):
            found.append(
                f"{name}: {part} is more than the {available(state, pledge)} that is paid in and free"
            )
    return found


def _reserved(cover: str, funding: Mapping[str, int], currency: str) -> tuple[Posting, ...]:
    return tuple(
        posting
        for pledge, part in funding.items()
        for posting in (
            Posting(f"fund:{pledge}", -part, currency, pending=True),
            Posting(f"cover:{cover}", part, currency, pending=True),
        )
    )
