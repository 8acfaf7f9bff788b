"""A programme to be, line by line: what can still be changed before it becomes entries."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..names.matching import Named
from ..programme.ledger import Entry
from ..programme.state import State, fold

START = date(2021, 1, 4)
TODAY = date(2026, 3, 31)


@dataclass(slots=True)
class Line:
    """An entry to be: it may still be changed."""

    type: str
    at: date
    body: dict[str, Any]
    actor: str = "office"
    hour: int = 9


@dataclass(slots=True)
class Step:
    """A milestone of an award with the lines about it."""

    body: dict[str, Any]
    lines: dict[str, list[Line]] = field(default_factory=dict)

    def first(self, kind: str) -> Line | None:
        """The first line of a kind."""
        return next(iter(self.lines.get(kind, ())), None)


@dataclass(slots=True)
class Contract:
    """An award with the lines about it."""

    line: Line
    bid: Line
    race: Line
    steps: list[Step] = field(default_factory=list)
    spending: list[Line] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.line.body["award"])

    @property
    def payee(self) -> str:
        """Who is paid."""
        return str(self.line.body["payee"])


@dataclass(slots=True)
class Book:
    """A programme to be: its lines, and what they are about, by name."""

    rng: random.Random
    lines: list[Line] = field(default_factory=list)
    parties: dict[str, Line] = field(default_factory=dict)
    races: dict[str, Line] = field(default_factory=dict)
    sealed: dict[str, Line] = field(default_factory=dict)
    opened: dict[str, Line] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    listed: tuple[Named, ...] = (
        Named(
            "list-1",
            ("Severnaya Zarya Trading House", "SZ Trading"),
            frozenset({("lei", "5299000j2n45dddrt5z1")}),
        ),
        Named("list-2", ("Blue Harbor Precision Parts",), frozenset({("reg", "hb-77120")})),
    )
    today: date = TODAY

    def write(
        self, kind: str, at: date, body: dict[str, Any], *, hour: int = 9, actor: str = "office"
    ) -> Line:
        """Add a line."""
        line = Line(kind, at, body, actor, hour)
        self.lines.append(line)
        return line

    def remove(self, lines: Iterable[Line]) -> None:
        """Take lines out."""
        gone = {id(one) for one in lines}
        self.lines = [one for one in self.lines if id(one) not in gone]

    def entries(self) -> list[Entry]:
        """The lines as entries, in the order of their times; lines of one time stay as they were written."""
        ordered = sorted(self.lines, key=lambda one: (one.at, one.hour))
        return [
            Entry(
                seq,
                f"{one.type}:{next(iter(one.body.values()))}",
                one.type,
                f"{one.at.isoformat()}T{one.hour:02d}:00:00.000000Z",
                one.actor,
                one.body,
                b"",
                (),
            )
            for seq, one in enumerate(ordered, 1)
        ]

    def state(self) -> State:
        """What the entries say."""
        return fold(self.entries())

    def hash(self) -> str:
        """A hash that nothing else has."""
        return hashlib.sha256(self.rng.randbytes(16)).hexdigest()
