"""R022: offers that lie too far apart."""

from __future__ import annotations

from statistics import mean, stdev

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View

CHECK = Check("R022", "Wide spread of bids", "low", "challenge", ("bid.opened", "bid.excluded"))


def check(view: View) -> list[Answer]:
    """Flag a challenge whose valid bids are far more spread than those of its peers.

    The value is (highest - lowest) / lowest price of at least two valid bids in the challenge's currency; the
    coefficient of variation is told beside it.
    """
    prices = {
        race.id: [
            one.price
            for one in race.valid
            if one.price and one.content.get("currency") == race.record["currency"]
        ]
        for race in view.races
    }
    opened = {race.id: cited(one.opened for one in race.valid) for race in view.races}
    measured = {
        key: Measured((max(mine) - min(mine)) / min(mine), opened[key])
        for key, mine in prices.items()
        if len(mine) > 1
    }
    answers = [
        CHECK.not_computable(key, f"{len(mine)} priced bids; two are needed")
        for key, mine in prices.items()
        if len(mine) < 2
    ]
    variation = {key: stdev(mine) / mean(mine) for key, mine in prices.items() if len(mine) > 1}
    usual = (
        f"coefficients of variation from {min(variation.values()):.2f} to {max(variation.values()):.2f}"
        if variation
        else ""
    )
    return [
        *answers,
        *outliers(CHECK, measured, lambda spread: f"spread {spread:.2f} ({usual})", peers_are="challenges"),
    ]
