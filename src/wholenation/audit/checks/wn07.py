"""WN07: one piece of work paid twice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from ..check import Check, cited
from ..flags import Answer
from ..parties import group
from ..view import Award, View

CHECK = Check("WN07", "Double funding", "high", "award", ("bid.opened", "award.made", "relation.declared"))
LIKE = 0.8
"""Cosine of two proposals' weights of words (TF-IDF)."""


def check(view: View) -> list[Answer]:
    """Flag an award whose proposal nearly repeats another award's of the same lead or owners at overlapping dates.

    Not where the proposal discloses the other award or bid (`discloses` of its content). The value is the largest
    cosine; proposals without a text are not computable.
    """
    texts = {one.id: str(one.bid.content.get("text") or "") if one.bid else "" for one in view.awards}
    weights = _weights({key: text for key, text in texts.items() if text})
    found: dict[str, tuple[float, Award]] = {}
    for one, other in _near(view, [award for award in view.awards if award.id in weights]):
        likeness = sum(weight * weights[other.id].get(word, 0.0) for word, weight in weights[one.id].items())
        if likeness >= LIKE and _same_work(view, one, other):
            for mine, theirs in ((one, other), (other, one)):
                if likeness > found.get(mine.id, (0.0, theirs))[0]:
                    found[mine.id] = (likeness, theirs)
    answers = []
    for award in view.awards:
        if award.id not in weights:
            answers.append(CHECK.not_computable(award.id, "its proposal has no text"))
        elif award.id in found:
            likeness, other = found[award.id]
            sentence = f"its proposal is {likeness:.0%} that of award {other.id}, which it does not disclose"
            records = [award.record, other.record, *(one.bid.opened for one in (award, other) if one.bid)]
            answers.append(CHECK.flag(award.id, sentence, cited(records), value=likeness, fence=LIKE))
        else:
            answers.append(
                CHECK.clear(award.id, "no other award does the same", cited([award.record]), fence=LIKE)
            )
    return answers


def _weights(texts: dict[str, str]) -> dict[str, dict[str, float]]:
    counts = {key: Counter(text.casefold().split()) for key, text in texts.items()}
    seen = Counter(word for words in counts.values() for word in words)
    rare = {word: 1.0 + math.log((1 + len(texts)) / (1 + n)) for word, n in seen.items()}
    weights = {}
    for key, words in counts.items():
        raw = {word: words[word] * rare[word] for word in sorted(words)}
        length = math.sqrt(math.fsum(value * value for value in raw.values()))
        weights[key] = {word: value / length for word, value in raw.items()}
    return weights


def _near(view: View, awards: list[Award]) -> Iterator[tuple[Award, Award]]:
    """Every two awards with one lead, or of one owner's group when either was made or now: others need no look."""
    together: dict[str, list[Award]] = {}
    for award in awards:
        leads = award.bid.people[:1] if award.bid else ()
        groups = [min(group(view.ties, award.payee, on)) for on in (award.day, view.today)]
        for name in {*(f"lead {one}" for one in leads), *groups}:
            together.setdefault(name, []).append(award)
    pairs = {
        (one.id, other.id): (one, other) for mine in together.values() for one, other in combinations(mine, 2)
    }
    for key in sorted(pairs):
        yield pairs[key]


def _same_work(view: View, one: Award, other: Award) -> bool:
    if one.bid is None or other.bid is None:
        return False
    told = one.bid.discloses | other.bid.discloses
    if told & {one.id, other.id, one.bid.id, other.bid.id}:
        return False
    (start, end), (begin, finish) = one.span, other.span
    leads = {bid.people[0] for bid in (one.bid, other.bid) if bid.people}
    same_lead = len(leads) == 1 and bool(one.bid.people and other.bid.people)
    day = max(one.day, other.day)
    related = same_lead or other.payee in group(view.ties, one.payee, day)
    return related and start <= finish and begin <= end
