"""The eleven indicators: their titles, how much they weigh, and what answers them."""

from __future__ import annotations

from dataclasses import dataclass

from .r003 import r003
from .r018 import r018
from .r024 import r024
from .r025 import Wins, r025
from .r028 import r028
from .r030 import r030
from .r035 import r035
from .r036 import r036
from .r038 import Disqualified, r038
from .r048 import Classes, r048
from .r058 import r058
from .spreads import Spreads
from .verdicts import Judge, Peers


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator; `how` judges each process by itself, or compares peers."""

    title: str
    severity: str
    how: Judge | Peers


INDICATORS: dict[str, Indicator] = {
    "R003": Indicator("The tender period is short", "low", r003),
    "R018": Indicator("One bidder where competition was open", "low", r018),
    "R024": Indicator("The runner-up was suspiciously near", "medium", Peers(Spreads, r024)),
    "R025": Indicator("Bids often and hardly ever wins", "medium", Peers(Wins, r025)),
    "R028": Indicator("Different tenderers offered the same price", "high", r028),
    "R030": Indicator("The winner's bid came after the deadline", "high", r030),
    "R035": Indicator("All others were disqualified", "medium", r035),
    "R036": Indicator("The cheapest bid was disqualified", "medium", r036),
    "R038": Indicator(
        "Bids are disqualified far more often than elsewhere", "medium", Peers(Disqualified, r038)
    ),
    "R048": Indicator("One supplier for everything", "low", Peers(Classes, r048)),
    "R058": Indicator("The runner-up was suspiciously far", "medium", Peers(Spreads, r058)),
}
"""None of them blocks anything: each asks somebody to look."""
