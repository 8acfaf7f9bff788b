"""Who reads what: conflicts kept apart, loads kept, and no pair certain enough to be worth a bribe.

Jecmen, Zhang, Liu, Shah, Conitzer, Fang: Mitigating manipulation in peer review via randomized reviewer assignments
(NeurIPS 2020): the probability of each pair is capped, total expected affinity is maximised by a linear programme,
and an assignment is drawn with just these probabilities. The draw is the dependent rounding of Gandhi, Khuller,
Parthasarathy and Srinivasan (J. ACM 53, 2006), in whole numbers, so that probabilities and loads are kept to the
last digit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import sparse

from ...errors import AnswerError, QuestionError
from ...lp import Answer, Floats, Ints, Problem, Solver, Status
from .rounding import drawn

Pair = tuple[str, str]
"""A reviewer and a bid."""

FINEST = 1000
"""A probability cap is taken as the nearest fraction with a denominator up to this, not above it."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who reads, and how many bids at most."""

    id: str
    load: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """Sorted `pairs` of reviewer and bid, the `probability` with which each could come, and affinity."""

    pairs: tuple[Pair, ...]
    probability: Mapping[Pair, float]
    expected_affinity: float
    affinity: float

    def of(self, bid: str) -> tuple[str, ...]:
        """The reviewers of a bid."""
        return tuple(reviewer for reviewer, other in self.pairs if other == bid)


def assign_reviewers(
    reviewers: Sequence[Reviewer],
    bids: Sequence[str],
    *,
    reviews: int,
    conflicts: Collection[Pair] = (),
    affinity: Mapping[Pair, float] | None = None,
    most_probability: float = 1.0,
    seed: int = 0,
) -> Assignment:
    """An assignment of `reviews` distinct readers to each bid, drawn so that expected affinity is as large as can be.

    No reviewer gets a bid with which there is a conflict, nor more than the load; no pair comes with a probability
    above `most_probability`. A pair that `affinity` does not name has 0. The same arguments give the same
    assignment, in whatever order reviewers and bids come.

    Raises `QuestionError` with every bid that cannot be covered and why, or, where loads are short together, with
    the bids and reviewers among whom they are.

    >>> readers = [Reviewer("ann", 1), Reviewer("bo", 1), Reviewer("cy", 2)]
    >>> made = assign_reviewers(readers, ["x", "y"], reviews=2, conflicts=[("ann", "x")])
    >>> made.of("x"), made.of("y")
    (('bo', 'cy'), ('ann', 'cy'))
    """
    likes = affinity or {}
    cap = _fraction(most_probability)
    wrong = list(_faults(reviewers, bids, reviews, cap, most_probability, likes))
    if wrong:
        raise QuestionError("\n".join(wrong))
    readers = sorted(reviewers, key=lambda one: one.id)
    names = sorted(bids)
    apart = set(conflicts)
    pairs = [
        (r, b)
        for r in range(len(readers))
        for b in range(len(names))
        if (readers[r].id, names[b]) not in apart
    ]
    reader = np.array([r for r, _ in pairs], dtype=np.int64)
    bid = np.array([b for _, b in pairs], dtype=np.int64)
    load = np.array([one.load for one in readers], dtype=np.int64)
    _coverable(names, bid, reviews, cap)
    worth = np.array([likes.get((readers[r].id, names[b]), 0.0) for r, b in pairs])
    parts = _parts(reader, bid, load, len(names), reviews, cap, worth)
    if parts is None:
        raise QuestionError(_shortage(readers, names, reader, bid, load, reviews, cap))
    taken = drawn(reader, bid, parts, cap.denominator, np.random.default_rng(np.random.SeedSequence(seed)))
    chance = parts / cap.denominator
    named = [(readers[r].id, names[b]) for r, b in pairs]
    return Assignment(
        pairs=tuple(pair for pair, yes in zip(named, taken, strict=True) if yes),
        probability={pair: float(one) for pair, one in zip(named, chance, strict=True) if one > 0},
        expected_affinity=float(chance @ worth),
        affinity=float(worth[taken].sum()),
    )


def _fraction(probability: float) -> Fraction:
    """The cap as a fraction that is not above it; 0 for what is no cap."""
    if not 0 < probability <= 1:
        return Fraction(0)
    near = Fraction(probability).limit_denominator(FINEST)
    return near if near <= probability + 1e-12 else Fraction(int(probability * FINEST), FINEST)


def _faults(
    reviewers: Sequence[Reviewer],
    bids: Sequence[str],
    reviews: int,
    cap: Fraction,
    given: float,
    likes: Mapping[Pair, float],
) -> Iterator[str]:
    for what, names in (("reviewer", [one.id for one in reviewers]), ("bid", list(bids))):
        for name in sorted({one for one in names if names.count(one) > 1}):
            yield f"{what} {name}: named {names.count(name)} times, once is allowed"
    if reviews < 0:
        yield f"reviews is {reviews}, it must be 0 or more"
    if not 0 < cap <= 1:
        yield f"most_probability is {given}, it must be from {1 / FINEST:g} to 1"
    for one in reviewers:
        if one.load < 0:
            yield f"reviewer {one.id}: load is {one.load}, it must be 0 or more"
    for (reviewer, bid), liking in likes.items():
        if not math.isfinite(liking):
            yield f"reviewer {reviewer}, bid {bid}: affinity {liking} is not a finite number"


def _coverable(names: Sequence[str], bid: Ints, reviews: int, cap: Fraction) -> None:
    """Raise with every bid that has too few readers without a conflict."""
    free = np.bincount(bid, minlength=len(names))
    needed = -(-reviews // cap)
    short = [
        f"bid {name}: {there} reviewers have no conflict with it, {reviews} reviews with a probability of at most "
        f"{float(cap):g} each need {needed}"
        for name, there in zip(names, free, strict=True)
        if there < needed
    ]
    if short:
        raise QuestionError("\n".join(short))


def _solved(
    reader: Ints,
    bid: Ints,
    load: Ints,
    bids: int,
    reviews: int,
    cap: Fraction,
    cost: Floats,
    *,
    slack: bool,
) -> Answer:
    """The programme in units of 1/denominator: bounds are whole, so its corners are (a network's matrix)."""
    pairs, whole = len(reader), cap.denominator
    each = np.arange(pairs)
    extra = bids if slack else 0
    rows = np.concatenate([bid, bids + reader, np.arange(extra)])
    columns = np.concatenate([each, each, pairs + np.arange(extra)])
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(bids + len(load), pairs + extra))
    need = np.full(bids, float(reviews * whole))
    return Solver(
        Problem(
            cost=cost,
            lower=np.zeros(pairs + extra),
            upper=np.concatenate([np.full(pairs, float(cap.numerator)), np.full(extra, np.inf)]),
            matrix=matrix,
            row_lower=np.concatenate([need, np.full(len(load), -np.inf)]),
            row_upper=np.concatenate([need, load * float(whole)]),
        )
    ).solve()


def _parts(
    reader: Ints, bid: Ints, load: Ints, bids: int, reviews: int, cap: Fraction, worth: Floats
) -> Ints | None:
    """Each pair's probability in units of 1/denominator; None where loads do not suffice."""
    if not len(reader):
        return np.zeros(0, dtype=np.int64) if not bids or not reviews else None
    answer = _solved(reader, bid, load, bids, reviews, cap, -worth, slack=False)
    if answer.status is Status.INFEASIBLE:
        return None
    parts = np.rint(answer.x).astype(np.int64)
    given = np.bincount(bid, weights=parts, minlength=bids)
    carried = np.bincount(reader, weights=parts, minlength=len(load))
    if (given != reviews * cap.denominator).any() or (carried > load * cap.denominator).any():
        raise AnswerError(f"{Status.FAILED.value}: the assignment's probabilities are not at a corner")
    return parts


def _shortage(
    readers: Sequence[Reviewer],
    names: Sequence[str],
    reader: Ints,
    bid: Ints,
    load: Ints,
    reviews: int,
    cap: Fraction,
) -> str:
    """The bids that ask for more reviews than can be had, and the reviewers whose loads are used up by them.

    Where as few reviews as possible are missing, start from the bids that miss one, and go on to every reviewer who
    could take one of them and to every bid that this reviewer has: these bids need more than these reviewers' loads
    and the capped pairs with all others can give, and no smaller set with them does (the least cut of the network).
    """
    cost = np.concatenate([np.zeros(len(reader)), np.ones(len(names))])
    answer = _solved(reader, bid, load, len(names), reviews, cap, cost, slack=True)
    parts = np.rint(answer.x[: len(reader)])
    short, full = answer.x[len(reader) :] > 0.5, np.zeros(len(readers), dtype=bool)
    before = -1
    while before < short.sum():
        before = short.sum()
        full[reader[short[bid] & (parts < cap.numerator)]] = True
        short[bid[full[reader] & (parts > 0)]] = True
    through = int((short[bid] & ~full[reader]).sum()) * cap
    need, carried = int(short.sum()) * reviews, int(load[full].sum())
    who = ", ".join(f"{one.id} (load {one.load})" for one, yes in zip(readers, full, strict=True) if yes)
    told = f"bids {', '.join(name for name, yes in zip(names, short, strict=True) if yes)}: they need {need} reviews"
    told += f", the loads of {who} allow {carried}" if who else ""
    other = f", and all other pairs without a conflict at most {float(through):g}" if through else ""
    missing = float(answer.objective) / cap.denominator
    return f"{told}{other}; {missing:g} reviews are missing"
