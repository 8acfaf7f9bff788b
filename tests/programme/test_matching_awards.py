"""Awards against every choice there is, and the law of rival tries against published numbers."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.errors import QuestionError
from wholenation.lp import Status
from wholenation.programme.matching import AwardProblem, Bid, Challenge, any_succeeds, award


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
