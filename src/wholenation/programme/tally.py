"""What verified runs of entries come to together: the tree, the accounts, keys and subjects that come once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from .balances import Place, Sum, added, shortfalls
from .chunks import Run, Wrong, overdrawn
from .leaves import Posting
from .merkle import Frontier


@dataclass(slots=True)
class Tally:
    """The entries so far. `roots` are those at the sizes that were asked for, and at the end of each run."""

    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    sums: dict[Place, Sum] = field(default_factory=dict)
    end: str = ""

    def take(self, run: Run, lines: Sequence[bytes]) -> Wrong | None:
        """Add a run, whose lines these are; the first entry that is wrong, by itself or beside those before it."""
        found = [run.wrong] if run.wrong else []
        if run.start and run.start < self.end:
            sentence = f"its time {run.start} is before that of the entry before it, {self.end}"
            found.append(Wrong(run.first, sentence))
        found += self._repeated(run)
        if any(overdrawn(place, self._sum(place), one) for place, one in run.movements.items()):
            found.append(self._first_overdrawn(run, lines))
        for size, peaks in sorted(run.peaks.items()):
            tree = self.frontier.copy()
            tree.extend(peaks, size - run.first + 1)
            self.roots[size] = tree.root()
        if found:
            return min(found)
        self._add(run)
        return None

    def _add(self, run: Run) -> None:
        size = max(run.peaks)
        self.frontier.extend(run.peaks[size], size - run.first + 1)
        self.keys.update(run.keys)
        self.subjects.update(run.subjects)
        for place, one in run.movements.items():
            posted, pending = self._sum(place)
            self.sums[place] = Sum(posted + one.posted, pending + one.pending)
        self.end = run.end or self.end

    def _sum(self, place: Place) -> Sum:
        return self.sums.get(place) or Sum()

    def _repeated(self, run: Run) -> list[Wrong]:
        return [
            Wrong(run.first + at, f"{what} {names[at]!r} has been there before")
            for what, names, before in (
                ("its key", run.keys, self.keys),
                ("its subject", run.subjects, self.subjects),
            )
            if (at := _first_repeated(names, before)) is not None
        ]

    def _first_overdrawn(self, run: Run, lines: Sequence[bytes]) -> Wrong:
        """Go through the run once more, entry by entry; the lines up to the one searched for are sound."""
        sums = dict(self.sums)
        for seq, line in enumerate(lines, run.first):
            postings = json.loads(line)["entry"]["postings"]
            changed = added(sums, (Posting(**one) for one in postings))
            faults = shortfalls(changed)
            if faults:
                return Wrong(seq, "; ".join(faults))
            sums |= changed
        raise AssertionError("an account falls below zero in a run, but at none of its entries")


def _first_repeated(names: Sequence[str], before: set[str]) -> int | None:
    distinct = set(names)
    if len(distinct) == len(names) and before.isdisjoint(distinct):
        return None
    seen: set[str] = set()
    for at, name in enumerate(names):
        if name in before or name in seen:
            return at
        seen.add(name)
    return None
