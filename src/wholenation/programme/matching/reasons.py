"""Why each bid won or lost, and what would have turned it round: computed by asking again, not guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ...errors import QuestionError, unknown
from ...lp import Floats
from .awards import Awards
from .problem import UNLIMITED, AwardProblem, Bid, Challenge, Tables, tables
from .sets import search, tightness
from .success import any_succeeds

STEP = 1e-4
"""To what a turning probability is computed."""

MARGIN = 1e-9
"""Share of a challenge's value that counts as better and not as rounding."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one bid won or lost, all else as awarded.

    `adds`: value that the winner adds to the other winners, or that the loser would add to the winners, were there
    room; `independent`: the same if the tries were independent, so that the difference is what the common cause
    takes. `binds`: the limits that keep a loser out. `price` is the highest at which the bid wins and `probability`
    the lowest at which it wins (to 0.0001, above); None where none would do, and for a price that no money limit
    makes count. `sentence` says all this.
    """

    bid: str
    challenge: str
    won: bool
    adds: float
    independent: float
    binds: tuple[str, ...]
    price: int | None
    probability: float | None
    sentence: str


def reasons(problem: AwardProblem, made: Awards, bids: Iterable[str] | None = None) -> tuple[Reason, ...]:
    """For each of `bids` (all if None), by id: why it won or lost, and at which price or probability that turns round.

    The other challenges' awards stay as they are: the challenge is decided again on the money and capacity that
    they leave. For a lone challenge that is the whole truth; among several, a loser that reaches its turning price
    or probability wins for certain, and might win before.
    """
    known = {bid.id: bid for bid in problem.bids}
    asked = sorted(known if bids is None else set(bids))
    for one in asked:
        if one not in known:
            raise QuestionError(f"bid {one}: {unknown(one, list(known), 'bid')}")
    chosen = set(made.chosen)
    alone = {one.id: _alone(problem, chosen, one) for one in problem.challenges}
    tight = {name: _tight(alone[name]) for name in {known[one].challenge for one in asked}}
    return tuple(
        _reason(alone[bid.challenge], chosen, bid, made.money_price, tight[bid.challenge])
        for bid in (known[one] for one in asked)
    )


def _alone(problem: AwardProblem, chosen: set[str], challenge: Challenge) -> AwardProblem:
    """The challenge with what the winners of the others leave to it."""
    others = [bid for bid in problem.bids if bid.id in chosen and bid.challenge != challenge.id]
    carried = Counter(bid.team for bid in others)
    return AwardProblem(
        [challenge],
        [bid for bid in problem.bids if bid.challenge == challenge.id],
        None if problem.budget is None else problem.budget - sum(bid.price for bid in others),
        {team: capacity - carried[team] for team, capacity in problem.capacity.items()},
    )


def _reason(alone: AwardProblem, chosen: set[str], bid: Bid, money_price: float, tight: Floats) -> Reason:
    challenge = alone.challenges[0]
    others = [one for one in alone.bids if one.id in chosen and one.id != bid.id]
    won = bid.id in chosen
    adds = _adds(challenge, others, bid, challenge.correlation)
    independent = _adds(challenge, others, bid, 0.0)
    binds = () if won else tuple(_binding(alone, others, bid))
    price, probability = _turning(alone, bid, tight)
    told = _sentence(bid, won, adds, independent, binds, price, probability, money_price)
    return Reason(bid.id, bid.challenge, won, adds, independent, binds, price, probability, told)


def _adds(challenge: Challenge, others: list[Bid], bid: Bid, correlation: float) -> float:
    before = [one.probability for one in others]
    gained = any_succeeds([*before, bid.probability], correlation) - any_succeeds(before, correlation)
    return challenge.value * gained


def _binding(alone: AwardProblem, others: list[Bid], bid: Bid) -> list[str]:
    """The limits that would be broken if the bid joined the winners."""
    challenge = alone.challenges[0]
    spent = sum(one.price for one in others)
    found = []
    if len(others) >= challenge.rival_routes:
        found.append(f"the challenge has its {challenge.rival_routes} teams")
    if any(one.team == bid.team for one in others):
        found.append("its team wins the challenge with another bid")
    for limit, what in ((challenge.cap, "the challenge's cap"), (alone.budget, "the budget")):
        if limit is not None and spent + bid.price > limit:
            found.append(f"{max(limit - spent, 0)} is left under {what}")
    if alone.capacity.get(bid.team, UNLIMITED) < 1:
        found.append("its team has all the awards that it can carry")
    for name, field, cap in (
        ("institution", bid.institution, challenge.institution_cap),
        ("approach", bid.approach, challenge.approach_cap),
    ):
        alike = [one for one in others if getattr(one, name) == field]
        if field and cap is not None and len(alike) >= cap:
            found.append(f"its {name} {field} has the {cap} that it may have")
    return found


def _turning(alone: AwardProblem, bid: Bid, tight: Floats) -> tuple[int | None, float | None]:
    """The highest price, and the lowest probability, at which the best choice of one challenge must have the bid.

    None where there is none, and for a price that nothing limits. Value falls with a bid's price and rises with its
    probability, so that halving finds the turn.
    """
    others = [one for one in alone.bids if one.id != bid.id]
    floor = _best(replace(alone, bids=others), 0.0, tight) + MARGIN * alone.challenges[0].value

    def wins(changed: Bid) -> bool:
        return _best(replace(alone, bids=[*others, changed]), floor, tight) > floor

    limits = [one for one in (alone.budget, alone.challenges[0].cap) if one is not None]
    price = _last(lambda asked: wins(replace(bid, price=asked)), min(limits)) if limits else None
    # From the far end: steps down from certainty while the bid still wins.
    steps = _last(lambda down: wins(replace(bid, probability=1 - down * STEP)), round(1 / STEP))
    return price, None if steps is None else round(1 - steps * STEP, 4)


def _last(holds: Callable[[int], bool], most: int) -> int | None:
    """The last number from 0 to `most` for which it holds, as it does for all before; None: not even for 0."""
    if most < 0 or not holds(0):
        return None
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _usable(alone: AwardProblem) -> Tables:
    """The lone challenge without the bids of teams that can carry no more."""
    bids = [one for one in alone.bids if alone.capacity.get(one.team, 1) > 0]
    return tables(replace(alone, bids=bids, capacity={}))


def _tight(alone: AwardProblem) -> Floats:
    t = _usable(alone)
    return tightness(t) if t.damping.size else np.zeros(1)


def _best(alone: AwardProblem, floor: float, tight: Floats) -> float:
    """The best value of a lone challenge if it is above `floor`, else `floor`: among few sets first, then among all."""
    t = _usable(alone)
    if not t.damping.size:
        return floor
    for width in (50, 20_000):
        found = search(t, np.zeros(len(t.bids)), np.array([floor]), width=width, tight=tight)
        better = float(found.value.max(initial=floor))
        if found.bound[0] <= better:
            return better
        floor = better
    return floor


def _sentence(
    bid: Bid,
    won: bool,
    adds: float,
    independent: float,
    binds: tuple[str, ...],
    price: int | None,
    probability: float | None,
    money_price: float,
) -> str:
    if won:
        said = [f"wins: without it, {adds:.4g} of value would be lost"]
        if probability is None or probability - STEP >= bid.probability:
            said.append("another choice is worth as much")
        else:
            upto = "" if price is None else f"up to a price of {price} and "
            said.append(f"it wins {upto}down to a probability of {probability}")
        return "; ".join(said)
    said = [f"loses: it would add {adds:.4g} to the winners"]
    if independent > adds * (1 + MARGIN):
        said.append(f"{independent - adds:.4g} less than if the tries were independent")
    said += binds
    if money_price > 0:
        said.append(f"what it asks is worth {money_price * bid.price:.4g} elsewhere")
    turns = [f"at a price of {price} or less"] if price is not None else []
    turns += [f"with a probability of {probability} or more"] if probability is not None else []
    said.append(
        f"it would win {' or '.join(turns)}" if turns else "no price and no probability would make it win"
    )
    return "; ".join(said)
