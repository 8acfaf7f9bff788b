"""What an award decision is made of: challenges, bids and limits, and the same as arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import QuestionError
from ...lp import Floats, Ints
from .success import damping

UNLIMITED = 2**62
"""Stands for money without a limit; sums of 64-bit integers stay below twice as much."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A target and its limits. `value` is what reaching it is worth, in any unit that all challenges share.

    `cap`: most that all its awards may cost together, in minor units; `rival_routes`: most teams; `institution_cap`
    and `approach_cap`: most teams of one institution and of one approach class; None sets no limit. `correlation`:
    see `any_succeeds`.
    """

    id: str
    rival_routes: int
    value: float = 1.0
    cap: int | None = None
    correlation: float = 0.0
    institution_cap: int | None = None
    approach_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    """A team's offer: `price` in minor units, `probability` that the team reaches the target.

    An institution or approach class left empty is counted under no cap.
    """

    id: str
    challenge: str
    team: str
    price: int
    probability: float
    institution: str = ""
    approach: str = ""


@dataclass(frozen=True, slots=True)
class AwardProblem:
    """Challenges, bids and what they share: `budget` in minor units, and how many awards a team can carry.

    A team wins a challenge at most once. One that `capacity` does not name may win any number of challenges.
    Prices, caps and budget are in one currency.
    """

    challenges: Sequence[Challenge]
    bids: Sequence[Bid]
    budget: int | None = None
    capacity: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tables:
    """The problem as arrays: bids by challenge, the likeliest first (then the cheapest, then by id).

    `start` and `end` bound a challenge's bids; `most`, `room`, `institution_cap`, `approach_cap` are its limits,
    with the budget in `room`; `damping[c, j]` is what the j-th likeliest winner is multiplied by; a code of −1 is
    counted under no cap.
    """

    challenges: tuple[Challenge, ...]
    bids: tuple[Bid, ...]
    teams: tuple[str, ...]
    start: Ints
    end: Ints
    value: Floats
    most: Ints
    room: Ints
    institution_cap: Ints
    approach_cap: Ints
    damping: Floats
    challenge: Ints
    probability: Floats
    price: Ints
    team: Ints
    institution: Ints
    approach: Ints
    capacity: Ints
    budget: int


def tables(problem: AwardProblem) -> Tables:
    """The problem as arrays. Raises `QuestionError` with everything that is wrong in it, one line each."""
    wrong = list(_faults(problem))
    if wrong:
        raise QuestionError("\n".join(wrong))
    challenges = tuple(sorted(problem.challenges, key=lambda one: one.id))
    place = {one.id: position for position, one in enumerate(challenges)}
    bids = tuple(
        sorted(problem.bids, key=lambda bid: (place[bid.challenge], -bid.probability, bid.price, bid.id))
    )
    challenge = np.array([place[bid.challenge] for bid in bids], dtype=np.int64)
    positions = np.arange(len(challenges))
    start = np.searchsorted(challenge, positions)
    end = np.searchsorted(challenge, positions, side="right")
    most = np.minimum([min(one.rival_routes, UNLIMITED) for one in challenges], end - start).astype(np.int64)
    widest = int(most.max(initial=0))
    budget = UNLIMITED if problem.budget is None else problem.budget
    team, teams = _codes([bid.team for bid in bids])
    return Tables(
        challenges=challenges,
        bids=bids,
        teams=teams,
        start=start,
        end=end,
        value=np.array([one.value for one in challenges], dtype=np.float64),
        most=most,
        room=_limits([budget if one.cap is None else min(one.cap, budget) for one in challenges]),
        institution_cap=_limits([one.institution_cap for one in challenges]),
        approach_cap=_limits([one.approach_cap for one in challenges]),
        damping=np.array([damping(one.correlation, widest) for one in challenges]).reshape(
            len(challenges), widest
        ),
        challenge=challenge,
        probability=np.array([bid.probability for bid in bids], dtype=np.float64),
        price=np.array([bid.price for bid in bids], dtype=np.int64),
        team=team,
        institution=_codes([bid.institution for bid in bids])[0],
        approach=_codes([bid.approach for bid in bids])[0],
        capacity=_limits([problem.capacity.get(name) for name in teams]),
        budget=budget,
    )


def _limits(limits: list[int | None]) -> Ints:
    return np.array([UNLIMITED if one is None else min(one, UNLIMITED) for one in limits], dtype=np.int64)


def _codes(names: list[str]) -> tuple[Ints, tuple[str, ...]]:
    known = sorted(set(names) - {""})
    code = {name: position for position, name in enumerate(known)}
    return np.array([code.get(name, -1) for name in names], dtype=np.int64), tuple(known)


def _faults(problem: AwardProblem) -> Iterator[str]:
    known = {one.id for one in problem.challenges}
    for what, ids in (("challenge", problem.challenges), ("bid", problem.bids)):
        for name, times in Counter(one.id for one in ids).items():
            if times > 1:
                yield f"{what} {name}: named {times} times, once is allowed"
    for one in problem.challenges:
        if not (math.isfinite(one.value) and one.value >= 0):
            yield f"challenge {one.id}: value {one.value} is not a number from 0 up"
        if not 0 <= one.correlation <= 1:
            yield f"challenge {one.id}: correlation {one.correlation} is not in 0 to 1"
        for limit in ("rival_routes", "cap", "institution_cap", "approach_cap"):
            yield from _below_zero(f"challenge {one.id}: {limit}", getattr(one, limit))
    for bid in problem.bids:
        if bid.challenge not in known:
            yield f"bid {bid.id}: its challenge {bid.challenge} is not among the {len(known)} given"
        if not 0 <= bid.probability <= 1:
            yield f"bid {bid.id}: probability {bid.probability} is not in 0 to 1"
        if not bid.team:
            yield f"bid {bid.id}: names no team"
        yield from _below_zero(f"bid {bid.id}: price", bid.price)
    yield from _below_zero("budget", problem.budget)
    for name, awards in problem.capacity.items():
        yield from _below_zero(f"team {name}: capacity", awards)
    total = sum(max(bid.price, 0) for bid in problem.bids)
    if total >= UNLIMITED:
        yield f"the bids ask for {total} minor units together; less than {UNLIMITED} can be counted"


def _below_zero(what: str, number: int | None) -> Iterator[str]:
    if number is not None and number < 0:
        yield f"{what} is {number}, it must be 0 or more"
