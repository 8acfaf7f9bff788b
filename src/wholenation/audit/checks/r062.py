"""R062: a decision too quick or too slow."""

from __future__ import annotations

from ..check import Check, cited
from ..flags import Answer
from ..peers import Measured, outliers
from ..view import View

CHECK = Check("R062", "Unusual time to decide", "low", "challenge", ("challenge.published", "award.made"))


def check(view: View) -> list[Answer]:
    """Flag a challenge decided far sooner or later after its deadline than its peers.

    The value is the days from the deadline to the first award.
    """
    measured = {
        race.id: Measured(
            float(min((one.day - race.deadline).days for one in race.awards)),
            cited([race.record, *(one.record for one in race.awards)]),
        )
        for race in view.races
        if race.awards
    }
    told = "days from the deadline to the award"
    return outliers(CHECK, measured, lambda days: f"{days:.0f} {told}", both=True, peers_are="challenges")
