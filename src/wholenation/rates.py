"""What the menu rule assumes: what kinds of items ask of their makers, and what a level of difficulty means.

Every figure is an assumption with its reason beside it; `wholenation.menu` says how they combine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Range = tuple[float, float, float]
"""Low, central, high."""

TEAM_PEOPLE = 50
TEAM_MUSD: Range = (15.0, 20.0, 25.0)
"""A team is 50 engineers with laboratories, prototypes and overhead: USD 0.3 to 0.5 million a head and year."""
IMITATION = 0.65
"""Imitation cost over innovation cost (Mansfield, Schwartz & Wagner 1981, Economic Journal 91:907)."""
DEFAULT_LEVEL = 3
KNOWN_SHARE = 0.1
"""World share above which home knows the technology and can build more of it without research."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a kind of item asks of those who make it.

    `intensity` is R&D per sales, `capital` plant per yearly sales (industry: 26 % of sales a year over about five
    years is 1.3), `ramp_years` from mastery to full capacity, `correlation` of rival routes, and `people` and
    `places` what one team needs of every talent and facility.
    """

    intensity: float
    capital: Range
    ramp_years: Range
    correlation: float
    people: Mapping[str, int]
    places: Mapping[str, float]
    at_home: float = 1.0
    """Part of the gap that can be closed at home at most: below 1 where nature decides."""


def _rates(
    intensity: float,
    capital: Range,
    ramp_years: Range,
    correlation: float,
    people: dict[str, int],
    places: dict[str, float],
    at_home: float = 1.0,
) -> Rates:
    return Rates(
        intensity,
        capital,
        ramp_years,
        correlation,
        MappingProxyType(people),
        MappingProxyType(places),
        at_home,
    )


LINE, CLEANROOM = "facility/test-line", "facility/cleanroom"
CHEMISTRY = {"talent/materials": 30, "talent/process": 20}
FAB = {"talent/process": 30, "talent/materials": 10, "talent/software": 10}
MACHINE = {
    "talent/precision-mechanics": 20,
    "talent/optics": 10,
    "talent/software": 10,
    "talent/process": 10,
}
CODE = {"talent/software": TEAM_PEOPLE}

# Tool makers spend 15 to 20 % of sales on R&D, makers of design software about a third, chemical suppliers 5 to
# 12 %; a 3 nm fab costs about two years of its sales (IBS 2023), building one takes 1.9 years on average (CSET);
# tool makers assemble, and grow faster than those who run plants.
KINDS: Mapping[str, Rates] = MappingProxyType(
    {
        "material": _rates(0.08, (0.8, 1.3, 2.0), (1.5, 2, 3), 0.3, CHEMISTRY, {LINE: 0.5}),
        "software": _rates(0.35, (0.05, 0.1, 0.2), (0.5, 1, 2), 0.3, CODE, {}),
        "tool": _rates(0.17, (0.3, 0.5, 0.8), (1, 2, 4), 0.5, MACHINE, {LINE: 0.5, CLEANROOM: 0.2}),
        "process": _rates(0.22, (1.3, 1.9, 2.6), (1.9, 2.5, 4), 0.4, FAB, {CLEANROOM: 0.5}),
    }
)
# Miners spend about 1 % of sales on R&D, refiners about 2 %, makers of magnets and cells 2 to 5 %; a new copper mine
# costs about two years of its sales and opens 3 to 8 years after the decision to build; deposits at home are taken
# to close a quarter of a gap.
STAGES: Mapping[str, Rates] = MappingProxyType(
    {
        "mining": _rates(0.01, (1.5, 2.2, 3.0), (3, 5, 8), 0.3, CHEMISTRY, {LINE: 0.5}, 0.25),
        "components": _rates(0.03, (0.5, 0.8, 1.5), (2, 3, 4), 0.3, CHEMISTRY, {LINE: 0.5}),
        "refining": _rates(0.02, (0.5, 0.8, 1.5), (2, 3, 5), 0.3, CHEMISTRY, {LINE: 0.5}),
    }
)


@dataclass(frozen=True, slots=True)
class Level:
    """A degree of difficulty: how long, how much of the leaders' R&D, how far efforts overrun.

    `overrun` is the high end of the effort over its most likely value. The PERT means overrun by 3 % to 43 %; for
    US weapon systems 30 to 40 % is common (GAO-06-391).
    """

    years: float
    leaders_years: float
    overrun: float


LEVELS: Mapping[int, Level] = MappingProxyType(
    {
        1: Level(1, 0.5, 1.5),
        2: Level(2.5, 1, 2.0),
        3: Level(4.5, 2, 2.5),
        4: Level(7, 5, 3.0),
        5: Level(11, 15, 4.0),
    }
)
FEASIBLE = (1.0, 1.0, 0.99, 0.90, 0.80, 0.50, 0.20, 0.10)
"""Probability of success from level 0 on, after the one before it (Mankins 1998: 99, 90, 80, 50, 20 % for 1 to 5)."""
FOLLOWER = 1
"""Levels by which a route is easier once somebody else has gone it (assumed; 0 would be a pioneer's odds)."""
