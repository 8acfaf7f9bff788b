"""R070: who lost is paid after all."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..view import View

CHECK = Check(
    "R070",
    "Losing bidder is paid by the winner",
    "high",
    "award",
    ("bid.sealed", "award.made", "transfer.observed"),
)


def check(view: View) -> list[Answer]:
    """Flag an award whose payee is seen to pay a team that lost the same challenge, from the award on.

    The value is the sum paid by the award, in its currency. Where no transfer was observed, it cannot be told.
    """
    transfers = view.state.all("transfer.observed")
    answers = []
    for race in view.races:
        losers = {bid.team for bid in race.bids} - {one.payee for one in race.awards}
        for award in race.awards:
            if not transfers:
                answers.append(CHECK.not_computable(award.id, "no transfer was observed"))
                continue
            paid = [
                one
                for one in transfers
                if one["payer"] == award.payee
                and one["payee"] in losers
                and one["currency"] == award.currency
                and one["date"] >= award.day.isoformat()
            ]
            part = sum(int(one["amount"]) for one in paid) / max(award.amount, 1)
            names = ", ".join(sorted({str(one["payee"]) for one in paid}))
            say = CHECK.flag if paid else CHECK.clear
            told = f"{part:.0%} of the award went on to {names}, who lost" if paid else "no loser was paid"
            evidence = cited(
                [award.record, *paid, *(bid.record for bid in race.bids if bid.team in names.split(", "))]
            )
            answers.append(say(award.id, told, evidence, value=part, fence=0.0))
    return answers
