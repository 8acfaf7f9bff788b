"""What is wrong with tables of millions of rows: of each kind the first twenty, and how many more there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, Severity

LISTED = 20


@dataclass
class Tally:
    """Faults and warnings as they are met, and the files that could not be read to their end."""

    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    _counts: Counter[tuple[str, str, str, Severity]] = field(default_factory=Counter)

    def fault(
        self, file: str, message: str, row: int | None = None, column: str = "", value: str = ""
    ) -> None:
        """Note one thing that is wrong."""
        self.faults.append(Fault(file, row, column, value, message))

    def warn(
        self, file: str, message: str, row: int | None = None, column: str = "", value: str = ""
    ) -> None:
        """Note one thing that is accepted but odd."""
        self.faults.append(Fault(file, row, column, value, message, "warning"))

    def many(
        self,
        file: str,
        column: str,
        kind: str,
        rows: NDArray[np.integer],
        tell: Callable[[int], tuple[str, str]],
        severity: Severity = "fault",
    ) -> None:
        """Note the same kind of thing in many `rows` (0: no row); `tell` gives (value, message) of the i-th."""
        key = (file, column, kind, severity)
        for at in range(min(len(rows), LISTED - min(LISTED, self._counts[key]))):
            value, message = tell(at)
            self.faults.append(Fault(file, int(rows[at]) or None, column, value, message, severity))
        self._counts[key] += len(rows)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Forget what is noted meanwhile: a table that is read twice has its faults once."""
        faults, counts = len(self.faults), self._counts.copy()
        try:
            yield
        finally:
            del self.faults[faults:]
            self._counts = counts

    def count(self, kind: str) -> int:
        """How many rows of a kind there are."""
        return sum(number for key, number in self._counts.items() if key[2] == kind)

    def result(self, files: tuple[str, ...] = ()) -> list[Fault]:
        """All of it, faults first, then in the order of `files` and rows; what was not listed is counted last."""
        more = [
            Fault(file, None, column, "", f"and {count - LISTED:,} more rows: {kind}", severity)
            for (file, column, kind, severity), count in self._counts.items()
            if count > LISTED
        ]
        order = {file: at for at, file in enumerate(files)}
        last = 1 << 62

        def place(fault: Fault) -> tuple[bool, int, int]:
            behind = fault in more
            return (
                fault.severity != "fault",
                order.get(fault.file, len(order)),
                last if behind else fault.row or 0,
            )

        return sorted(self.faults + more, key=place)
