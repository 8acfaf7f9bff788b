"""How good the checks are on made-up programmes: what they find, and what they say of honest ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .book import Book
from .flags import SEVERITIES, Answer, flagged
from .injection import CURRENCY, THRESHOLD, clean
from .ledger import audit_ledger
from .schemes import SCHEMES, WHOLE, Planted

TOP = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one scheme over all seeds, planted by itself."""

    check: str
    planted: int
    found: int
    alarms_on_clean: int

    @property
    def recall(self) -> float:
        """Part of the planted schemes whose own check flags their subject."""
        return self.found / self.planted


@dataclass(frozen=True, slots=True)
class Bench:
    """The bench's figures. `combined` plants every scheme that touches few awards into one programme."""

    singles: tuple[Found, ...]
    combined_planted: int
    combined_found: int
    true_in_top: int
    in_top: int
    clean_runs: int
    clean_alarms: int
    clean_hard: int

    @property
    def recall(self) -> float:
        """Over all schemes planted by themselves."""
        return sum(one.found for one in self.singles) / sum(one.planted for one in self.singles)

    @property
    def combined_recall(self) -> float:
        """Over the schemes of the combined programmes."""
        return self.combined_found / self.combined_planted

    @property
    def precision_at_50(self) -> float:
        """Part of the first 50 flags of each combined programme that are about something a scheme has touched."""
        return self.true_in_top / self.in_top


def answers(book: Book, checks: Sequence[str] | None = None) -> list[Answer]:
    """What the checks, all if left out, say of a book on its last day."""
    return audit_ledger(
        book.state(), today=book.today, checks=checks, thresholds={CURRENCY: THRESHOLD}, listed=book.listed
    )


def ranked(found: Iterable[Answer]) -> list[Answer]:
    """Flags in the order in which somebody should look at them: by severity, then by check and subject."""
    return sorted(flagged(found), key=lambda one: (SEVERITIES.index(one.severity), one.check, one.subject))


def sees(found: Iterable[Answer], planted: Planted) -> bool:
    """Whether the scheme's own check flags its subject."""
    return any(one.check == planted.check and one.subject == planted.subject for one in flagged(found))


def bench(seeds: Sequence[int], *, noise: float = 1.0, checks: Sequence[str] | None = None) -> Bench:
    """Plant every scheme by itself and all small ones together, for each seed, and count; see `Bench`.

    `noise` is how uneven the honest rest of the programme is (see `clean`).
    """
    names = list(SCHEMES) if checks is None else list(checks)
    on_clean = [flagged(answers(clean(seed, noise=noise))) for seed in seeds]
    singles = []
    for name in names:
        found = 0
        for seed in seeds:
            book = clean(seed, noise=noise)
            planted = SCHEMES[name](book)
            found += sees(answers(book, [name]), planted)
        alarms = sum(one.check == name for flags in on_clean for one in flags)
        singles.append(Found(name, len(seeds), found, alarms))
    together = [combined(seed, names, noise) for seed in seeds]
    return Bench(
        tuple(singles),
        sum(planted for planted, _, _, _ in together),
        sum(found for _, found, _, _ in together),
        sum(true for _, _, true, _ in together),
        sum(top for _, _, _, top in together),
        len(seeds),
        sum(map(len, on_clean)),
        sum(one.severity == "hard" for flags in on_clean for one in flags),
    )


def combined(seed: int, names: Iterable[str], noise: float) -> tuple[int, int, int, int]:
    """Schemes planted and found together, and of the first 50 flags those that are true and all."""
    book = clean(seed, noise=noise)
    planted = [SCHEMES[name](book) for name in names if name not in WHOLE]
    found = answers(book)
    touched = frozenset().union(*(one.touched for one in planted))
    top = ranked(found)[:TOP]
    return (
        len(planted),
        sum(sees(found, one) for one in planted),
        sum(one.subject in touched for one in top),
        len(top),
    )
