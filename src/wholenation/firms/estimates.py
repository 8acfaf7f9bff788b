"""How far a run is, and about how long it takes still."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[int, int, str], None]


class Told:
    """Says how many shocks (or `what` else) are done, and about how long the others take by what they cost."""

    def __init__(self, progress: Progress | None, done: int, total: int, cost: float, what: str = "shocks"):
        self._progress, self._done, self._total, self._what = progress, done, total, what
        self._cost, self._paid, self._began = cost, 0.0, time.monotonic()
        self._tell(what)

    def done(self, count: int, cost: float) -> None:
        """So many more, of that cost."""
        self._done += count
        self._paid += cost
        left = 0.0
        if 0 < self._paid < self._cost:
            left = (time.monotonic() - self._began) * (self._cost - self._paid) / self._paid
        self._tell(f"{self._what}, about {duration(left)} left" if left >= 1 else self._what)

    def _tell(self, label: str) -> None:
        if self._progress:
            self._progress(self._done, self._total, label)


def duration(seconds: float) -> str:
    """Seconds in words that are rounded as an estimate is."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
