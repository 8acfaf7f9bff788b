"""What an indicator says, and what it is asked with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple, Protocol

from .money import Exchange, MainCurrency
from .process import Process
from .releases import Tender
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """The settings, whether to correct Cardinal, how prices compare, and the zone of dates without one."""

    settings: Settings
    corrected: bool
    money: MainCurrency | Exchange
    zone: tzinfo


class Verdict(NamedTuple):
    """On one process: the value, whether it raises a flag, and the tenderers that bear it with their values."""

    value: float
    flag: bool = False
    sentence: str = "nothing found"
    fence: float | None = None
    tenderers: Mapping[str, float] = {}


CLEAR = Verdict(0.0)

Judge = Callable[[Process, Question], Verdict | str]
"""An indicator that needs one process: its verdict, or why there is none."""


class Standing(NamedTuple):
    """One subject among its peers: the value, whether it raises a flag, what it rests on; `reason` why it has none."""

    kind: str
    subject: str
    value: float | None
    flag: bool
    sentence: str
    fence: float | None
    peers: int
    evidence: tuple[str, ...] = ()
    reason: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """All subjects of an indicator that compares peers, and its quartiles and fences as Cardinal names them."""

    standings: Iterable[Standing]
    meta: Mapping[str, float] = field(default_factory=dict)


class Collector(Protocol):
    """What is gathered in the pass, for an indicator that compares peers."""

    def take(self, process: Process) -> str | None:
        """Take in a process; why it does not count."""


@dataclass(frozen=True, slots=True)
class Peers:
    """An indicator that compares peers: what to collect, and how to rank what was collected."""

    collect: Callable[[Question], Any]
    rank: Callable[[Any, Question], Ranking]


def compares_prices(tender: Tender, settings: Settings) -> bool:
    """Whether prices decide under this procurement method, by the settings."""
    details = tender.procurement_method_details
    if settings.price_comparison:
        return details in settings.price_comparison
    return details is None or details not in settings.no_price_comparison


def of_price_only(process: Process, question: Question) -> str | None:
    """Why prices do not decide this process, None where they do."""
    if not compares_prices(process.tender, question.settings):
        return "prices do not decide under its procurement method"
    criteria = process.tender.award_criteria
    if question.corrected and criteria is not None and criteria not in PRICE_ONLY:
        return "its award criteria are not price alone"
    return None


PRICE_ONLY = frozenset(("priceOnly", "lowestCost"))
"""Codes of OCDS 1.1 and 1.0 for the lowest price."""
