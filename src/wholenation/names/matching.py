"""Names matched with a second identifier: without capitals, accents, legal forms and the order of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

LIKE = 90.0
"""Names at or above this token-sort ratio (0 to 100) are taken to be like each other."""

CELLS = 1 << 24
"""Pairs of names that are compared at once: one byte each."""

LEGAL_FORM = re.compile(
    "ag|bv|co|company|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|ltd|nv|oy|plc|pte|sa|sarl|se|spa|srl"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A party as a list knows it: its names, and identifiers as (scheme, id) in small letters."""

    id: str
    names: tuple[str, ...]
    identifiers: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Two parties that are like each other; without a shared identifier only a possible match."""

    one: str
    other: str
    score: float
    shared: tuple[tuple[str, str], ...]

    @property
    def possible(self) -> bool:
        """Whether it rests on the name alone."""
        return not self.shared


def plain(name: str) -> str:
    """A name without accents, capitals, punctuation and legal form.

    >>> plain("Müller & Söhne GmbH")
    'muller sohne'
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"\w+", bare.casefold())
    return " ".join(word for word in words if not LEGAL_FORM.fullmatch(word)) or " ".join(words)


def identifiers(rows: Iterable[Mapping[str, Any]] | None) -> frozenset[tuple[str, str]]:
    """Pairs of scheme and id, as they are compared."""
    return frozenset(
        (str(row.get("scheme", "")).strip().casefold(), str(row["id"]).strip().casefold())
        for row in rows or ()
        if row.get("id")
    )


def closest(word: str, known: Sequence[str], *, like: float = 60.0) -> str:
    """The known code most like a mistyped one, or "" where none is near; fast enough for a million codes.

    >>> closest("F0013", ["F0017", "G2", "f0013"])
    'f0013'
    """
    found = process.extractOne(word, known, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=like)
    return str(found[0]) if found else ""


def match(one: Named, other: Named, *, like: float = LIKE) -> Match | None:
    """How two parties match, None where their names are not alike.

    The score is rapidfuzz's token-sort ratio of the best pair of names, so that the order of words does not count.
    """
    score = max(
        (fuzz.token_sort_ratio(plain(a), plain(b)) for a in one.names for b in other.names), default=0.0
    )
    if score < like:
        return None
    return Match(one.id, other.id, score, tuple(sorted(one.identifiers & other.identifiers)))


def matches(parties: Iterable[Named], listed: Iterable[Named], *, like: float = LIKE) -> list[Match]:
    """Every match between two lists, sure ones first, then by score.

    What `match` says of every pair, but each spelling is compared once, and only with those of a length from which
    the score can be reached: 100,000 parties against 10,000 listed take seconds.
    """
    if like < 1:  # nearly everybody is like everybody
        known = list(listed)
        pairs = [found for party in parties for other in known if (found := match(party, other, like=like))]
        return sorted(pairs, key=_order)
    ours, theirs = _spelled(parties), _spelled(listed)
    best: dict[tuple[int, int], tuple[float, Named, Named]] = {}
    for a, b in _alike(sorted(ours, key=len), sorted(theirs, key=len), like):
        score = fuzz.token_sort_ratio(a, b)
        if score < like:
            continue
        for i, one in ours[a]:
            for j, other in theirs[b]:
                if (i, j) not in best or best[i, j][0] < score:
                    best[i, j] = (score, one, other)
    return sorted(
        (
            Match(one.id, other.id, score, tuple(sorted(one.identifiers & other.identifiers)))
            for score, one, other in best.values()
        ),
        key=_order,
    )


def _order(one: Match) -> tuple[bool, float, str, str]:
    return one.possible, -one.score, one.one, one.other


def _spelled(parties: Iterable[Named]) -> dict[str, list[tuple[int, Named]]]:
    """Who bears each spelling, with their numbers."""
    found: dict[str, list[tuple[int, Named]]] = {}
    for number, party in enumerate(parties):
        for spelling in {" ".join(sorted(plain(name).split())) for name in party.names}:
            found.setdefault(spelling, []).append((number, party))
    return found


def _alike(ours: Sequence[str], theirs: Sequence[str], like: float) -> Iterator[tuple[str, str]]:
    """Pairs that may reach the score; both lists go from short to long.

    The score is 1 − d/(a + b) with d ≥ |a − b| letters that only one of them has, so that a name of length a is like
    no longer one than a (2 − s)/s, s = like/100, and like no shorter one than a s/(2 − s).
    """
    if not ours or not theirs:
        return
    lengths = np.array([len(name) for name in theirs])
    stretch = (2.0 - like / 100.0) / (like / 100.0)
    rows = max(1, CELLS // len(theirs))
    for start in range(0, len(ours), rows):
        block = ours[start : start + rows]
        first = int(np.searchsorted(lengths, len(block[0]) / stretch - 1e-6, side="left"))
        last = int(np.searchsorted(lengths, len(block[-1]) * stretch + 1e-6, side="right"))
        near = theirs[first:last]
        if not near:
            continue
        # Whole numbers do for telling what is far off; the caller asks for the exact score of the rest.
        score: NDArray[np.uint8] = process.cdist(
            block, near, scorer=fuzz.ratio, score_cutoff=like - 0.5, dtype=np.uint8, workers=-1
        )
        for row, column in zip(*np.nonzero(score), strict=True):
            yield block[row], near[column]
