"""Awards against every choice there is, and the law of rival tries against published numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from wholenation.errors import QuestionError
from wholenation.lp import Status
from wholenation.programme.matching import AwardProblem, Bid, Challenge, any_succeeds, award, reasons
from wholenation.programme.matching.problem import tables
from wholenation.programme.matching.sets import search


@pytest.mark.parametrize(
    ("p", "correlation", "by_tries"),
    [
        (0.8, 0.0, {1: 0.80, 2: 0.96, 3: 0.99, 4: 1.00, 6: 1.00}),
        (0.8, 0.2, {1: 0.80, 2: 0.93, 3: 0.97, 4: 0.98, 6: 0.99}),
        (0.8, 0.5, {1: 0.80, 2: 0.88, 3: 0.91, 4: 0.93, 6: 0.95}),
        (0.5, 0.0, {1: 0.50, 2: 0.75, 3: 0.88, 4: 0.94, 6: 0.98}),
        (0.5, 0.2, {1: 0.50, 2: 0.70, 3: 0.80, 4: 0.86, 6: 0.92}),
        (0.5, 0.5, {1: 0.50, 2: 0.63, 3: 0.69, 4: 0.73, 6: 0.77}),
        (0.2, 0.0, {1: 0.20, 2: 0.36, 3: 0.49, 4: 0.59, 6: 0.74}),
        (0.2, 0.2, {1: 0.20, 2: 0.33, 3: 0.42, 4: 0.48, 6: 0.58}),
        (0.2, 0.5, {1: 0.20, 2: 0.28, 3: 0.33, 4: 0.36, 6: 0.41}),
    ],
)
def test_equal_tries_follow_the_beta_binomial_table(p: float, correlation: float, by_tries: dict[int, float]):
    for tries, published in by_tries.items():
        assert any_succeeds([p] * tries, correlation) == pytest.approx(published, abs=0.0051)


chances = st.lists(st.floats(0, 1), min_size=1, max_size=4)


@given(chances, st.floats(0, 1))
def test_rival_tries_are_a_law_of_probability(ps: list[float], correlation: float):
    """Each pattern of failures has a probability from 0 up, by inclusion and exclusion over who fails at least."""
    everyone = range(len(ps))
    fails = {
        who: 1 - any_succeeds([ps[i] for i in who], correlation)
        for many in range(len(ps) + 1)
        for who in combinations(everyone, many)
    }
    for who in fails:
        exactly = sum((-1) ** (len(more) - len(who)) * fails[more] for more in fails if set(who) <= set(more))
        assert exactly >= -1e-9
    assert max(ps) - 1e-12 <= any_succeeds(ps, correlation) <= any_succeeds(ps, 0.0) + 1e-12


@st.composite
def problems(draw: st.DrawFn, most_challenges: int = 3, most_bids: int = 8) -> AwardProblem:
    cap = st.none() | st.integers(0, 3)
    challenges = [
        Challenge(
            id=f"c{i}",
            rival_routes=draw(st.integers(0, 4)),
            value=draw(st.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0])),
            cap=draw(st.none() | st.integers(0, 60)),
            correlation=draw(st.sampled_from([0.0, 0.2, 0.5, 1.0])),
            institution_cap=draw(cap),
            approach_cap=draw(cap),
        )
        for i in range(draw(st.integers(1, most_challenges)))
    ]
    bids = [
        Bid(
            id=f"b{i}",
            challenge=draw(st.sampled_from(challenges)).id,
            team=draw(st.sampled_from("ABCDE")),
            price=draw(st.integers(0, 30)),
            probability=draw(st.integers(0, 20)) / 20,
            institution=draw(st.sampled_from(["", "X", "Y"])),
            approach=draw(st.sampled_from(["", "wet", "dry"])),
        )
        for i in range(draw(st.integers(0, most_bids)))
    ]
    budget = draw(st.none() | st.integers(0, 100))
    capacity = draw(st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 2)))
    return AwardProblem(challenges, bids, budget, capacity)


def allowed(problem: AwardProblem, chosen: tuple[Bid, ...]) -> bool:
    """Whether these bids keep every limit, one after the other."""
    if problem.budget is not None and sum(bid.price for bid in chosen) > problem.budget:
        return False
    for team, capacity in problem.capacity.items():
        if sum(bid.team == team for bid in chosen) > capacity:
            return False
    for challenge in problem.challenges:
        mine = [bid for bid in chosen if bid.challenge == challenge.id]
        if len(mine) > challenge.rival_routes or len({bid.team for bid in mine}) < len(mine):
            return False
        if challenge.cap is not None and sum(bid.price for bid in mine) > challenge.cap:
            return False
        for field, cap in (("institution", challenge.institution_cap), ("approach", challenge.approach_cap)):
            names = [getattr(bid, field) for bid in mine if getattr(bid, field)]
            if cap is not None and any(names.count(name) > cap for name in names):
                return False
    return True


def value(problem: AwardProblem, chosen: tuple[Bid, ...]) -> float:
    return sum(
        one.value
        * any_succeeds([bid.probability for bid in chosen if bid.challenge == one.id], one.correlation)
        for one in problem.challenges
    )


def best_of_all(problem: AwardProblem) -> float:
    """The best value over every subset of the bids."""
    return max(
        value(problem, chosen)
        for many in range(len(problem.bids) + 1)
        for chosen in combinations(problem.bids, many)
        if allowed(problem, chosen)
    )


@settings(max_examples=150, deadline=None)
@given(problems())
def test_the_choice_is_the_best_of_all(problem: AwardProblem):
    made = award(problem)
    chosen = tuple(bid for bid in problem.bids if bid.id in made.chosen)
    assert allowed(problem, chosen)
    assert made.status is Status.OPTIMAL
    assert made.value == pytest.approx(value(problem, chosen), abs=1e-9)
    assert made.value == pytest.approx(best_of_all(problem), abs=1e-7)
    assert made.bound == pytest.approx(made.value, abs=1e-6)
    assert made.spent == sum(bid.price for bid in chosen)


@settings(max_examples=30, deadline=None)
@given(problems(), st.randoms())
def test_the_order_of_bids_and_challenges_is_nothing(problem: AwardProblem, random):
    other = AwardProblem(
        random.sample(list(problem.challenges), len(problem.challenges)),
        random.sample(list(problem.bids), len(problem.bids)),
        problem.budget,
        problem.capacity,
    )
    assert award(other) == award(problem)


def test_everything_that_is_wrong_is_said_at_once():
    problem = AwardProblem(
        [Challenge("c", rival_routes=-1, correlation=2.0)],
        [Bid("b", "d", "T", -5, 1.5), Bid("b", "c", "", 5, 0.5)],
        budget=-1,
        capacity={"T": -2},
    )
    with pytest.raises(QuestionError) as wrong:
        award(problem)
    assert len(str(wrong.value).splitlines()) == 9


def with_bid(problem: AwardProblem, bid: Bid) -> AwardProblem:
    bids = [bid if one.id == bid.id else one for one in problem.bids]
    return AwardProblem(problem.challenges, bids, problem.budget, problem.capacity)


def needs(problem: AwardProblem, name: str) -> bool:
    """Whether the best of all choices is better than the best without the bid."""
    without = [one for one in problem.bids if one.id != name]
    less = AwardProblem(problem.challenges, without, problem.budget, problem.capacity)
    return best_of_all(problem) > best_of_all(less) + 1e-8


@settings(max_examples=60, deadline=None)
@given(problems(most_challenges=1, most_bids=6))
def test_a_bid_turns_where_it_is_said_to_turn(problem: AwardProblem):
    made = award(problem)
    for bid, why in zip(sorted(problem.bids, key=lambda one: one.id), reasons(problem, made), strict=True):
        assert why.bid == bid.id
        assert why.won == (bid.id in made.chosen)
        limits = [one for one in (problem.budget, problem.challenges[0].cap) if one is not None]
        if why.price is not None:
            assert needs(with_bid(problem, replace(bid, price=why.price)), bid.id)
            assert not needs(with_bid(problem, replace(bid, price=why.price + 1)), bid.id)
        elif limits:
            assert not needs(with_bid(problem, replace(bid, price=0)), bid.id)
        if why.probability is None:
            assert not needs(with_bid(problem, replace(bid, probability=1.0)), bid.id)
        else:
            assert needs(with_bid(problem, replace(bid, probability=why.probability)), bid.id)
            if why.probability > 0.001:
                assert not needs(
                    with_bid(problem, replace(bid, probability=why.probability - 0.0002)), bid.id
                )


@settings(max_examples=40, deadline=None)
@given(problems(most_bids=6))
def test_a_loser_wins_at_its_turn_among_many_challenges(problem: AwardProblem):
    made = award(problem)
    for why, bid in zip(reasons(problem, made), sorted(problem.bids, key=lambda one: one.id), strict=True):
        if not why.won and why.price is not None:
            assert bid.id in award(with_bid(problem, replace(bid, price=why.price))).chosen
        if not why.won and why.probability is not None:
            assert bid.id in award(with_bid(problem, replace(bid, probability=why.probability))).chosen


def test_reasons_say_what_binds_and_what_would_turn_it():
    """Two of three routes: b at 0.5 adds 0.5 · 0.4; c would need more than b's 0.5 in its place."""
    bids = [
        Bid("a", "fab", "A", 50, 0.6, approach="wet"),
        Bid("b", "fab", "B", 40, 0.5, approach="dry"),
        Bid("c", "fab", "C", 30, 0.4, approach="wet"),
    ]
    problem = AwardProblem([Challenge("fab", rival_routes=2, cap=100, approach_cap=1, correlation=0.5)], bids)
    a, b, c = reasons(problem, award(problem))
    assert (a.won, b.won, c.won) == (True, True, False)
    assert b.adds == pytest.approx(0.4 * 0.25)
    assert b.independent == pytest.approx(0.4 * 0.5)
    assert c.binds == ("the challenge has its 2 teams", "10 is left under the challenge's cap",
                       "its approach wet has the 1 that it may have")  # fmt: skip
    assert c.price is None  # at any price, a is likelier and takes the only wet place
    assert c.probability == pytest.approx(0.6001)
    assert b.price == 50
    with pytest.raises(QuestionError, match="no such bid"):
        reasons(problem, award(problem), ["z"])


@settings(max_examples=60, deadline=None)
@given(problems(most_challenges=2, most_bids=7), st.floats(0, 0.2), st.floats(-1, 2), st.floats(0, 1))
def test_the_search_lists_just_the_sets_above_the_floor(
    problem: AwardProblem, money: float, floor: float, price: float
):
    t = tables(problem)
    if not t.damping.size:
        return
    found = search(
        t, money * t.price, np.full(len(t.challenges), floor), tight=np.full(len(t.challenges), price)
    )
    listed = {frozenset(t.bids[i].id for i in row if i >= 0) for row in found.members}
    assert len(listed) == len(found)
    for one in problem.challenges:
        lone = AwardProblem([one], [bid for bid in problem.bids if bid.challenge == one.id], problem.budget)
        for many in range(1, len(lone.bids) + 1):
            for chosen in combinations(lone.bids, many):
                worth = value(lone, chosen) - money * sum(bid.price for bid in chosen)
                if abs(worth - floor) > 1e-9:
                    assert (frozenset(bid.id for bid in chosen) in listed) == (
                        allowed(lone, chosen) and worth > floor
                    )


def by_all_sets(problem: AwardProblem) -> float:
    """The optimum of one programme with a column for every set that a challenge may choose, by scipy."""
    columns = [
        (one, chosen)
        for one in problem.challenges
        for many in range(1, one.rival_routes + 1)
        for chosen in combinations([bid for bid in problem.bids if bid.challenge == one.id], many)
        if allowed(AwardProblem([one], chosen), chosen)
    ]
    teams = sorted(problem.capacity)
    rows = [[float(one == other) for one, _ in columns] for other in problem.challenges]
    rows.append([sum(bid.price for bid in chosen) for _, chosen in columns])
    rows += [[float(sum(bid.team == team for bid in chosen)) for _, chosen in columns] for team in teams]
    most = [1.0] * len(problem.challenges) + [problem.budget] + [problem.capacity[team] for team in teams]
    worth = [
        one.value * any_succeeds([bid.probability for bid in chosen], one.correlation)
        for one, chosen in columns
    ]
    found = milp(
        -np.array(worth),
        integrality=1,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), ub=most),
        options={"mip_rel_gap": 0},
    )
    return -found.fun


@pytest.mark.parametrize("seed", range(6))
def test_many_challenges_agree_with_one_programme_over_all_sets(seed: int):
    random = np.random.default_rng(seed)
    challenges = [
        Challenge(f"c{c}", 3, float(random.lognormal(1, 0.7)), 150, float(random.choice([0, 0.2, 0.5])), 1, 2)
        for c in range(10)
    ]
    bids = [
        Bid(f"b{b}", f"c{b % 10}", f"t{random.integers(25)}", int(random.integers(20, 80)), float(random.beta(2, 4)),
            f"i{random.integers(8)}", f"a{random.integers(4)}")
        for b in range(90)
    ]  # fmt: skip
    problem = AwardProblem(challenges, bids, 700, {f"t{one}": 1 for one in range(25)})
    made = award(problem)
    assert made.status is Status.OPTIMAL
    assert allowed(problem, tuple(bid for bid in bids if bid.id in made.chosen))
    assert made.value == pytest.approx(by_all_sets(problem), rel=1e-7)
    assert made.money_price > 0


@pytest.mark.parametrize("over", [0, 1])
def test_money_is_counted_to_the_last_minor_unit(over: int):
    """A budget of ten billion: one cent too much is too much, though no solver's tolerance sees it."""
    half = 500_000_000_000
    challenges = [Challenge("c", 1), Challenge("d", 1)]
    bids = [
        Bid("a", "c", "A", half, 0.5),
        Bid("b", "d", "B", half + over, 0.5),
        Bid("z", "d", "Z", half - 1, 0.4),
    ]
    made = award(AwardProblem(challenges, bids, 2 * half))
    assert made.chosen == (("a", "z") if over else ("a", "b"))
    assert made.value == pytest.approx(made.bound)


def test_a_time_limit_ends_with_a_choice_and_an_honest_gap():
    random = np.random.default_rng(0)
    bids = [
        Bid(f"b{b}", f"c{b % 40}", f"t{b % 97}", int(random.integers(10**6, 10**7)), float(random.beta(2, 4)))
        for b in range(1200)
    ]
    problem = AwardProblem(
        [Challenge(f"c{c}", 3, float(random.lognormal())) for c in range(40)],
        bids,
        10**8,
        {f"t{one}": 1 for one in range(97)},
    )
    short, full = award(problem, time_limit=0.0), award(problem)
    assert allowed(problem, tuple(bid for bid in bids if bid.id in short.chosen))
    assert short.value <= full.value * (1 + 1e-9) <= short.bound * (1 + 2e-9)
    assert short.gap == pytest.approx((short.bound - short.value) / short.bound)
    assert full.status is Status.OPTIMAL


def test_where_no_team_can_carry_an_award_nobody_wins():
    """The bound is a difference of prices, and so 0 to rounding only."""
    bids = [Bid("a", "c", "A", 0, 0.6), Bid("b", "d", "B", 0, 0.7), Bid("e", "c", "A", 0, 0.0)]
    for first in (0.1, 0.3, 3.0):
        made = award(
            AwardProblem([Challenge("c", 1, first), Challenge("d", 1, 10.0)], bids, None, {"A": 0, "B": 0})
        )
        assert (made.chosen, made.value, made.bound, made.status) == ((), 0.0, 0.0, Status.OPTIMAL)
