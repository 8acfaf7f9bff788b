"""Reviewers: limits kept, affinity as large as another way finds, probabilities as promised, shortages explained."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from wholenation.errors import QuestionError
from wholenation.programme.matching import Reviewer, assign_reviewers


@st.composite
def panels(draw: st.DrawFn) -> dict:
    reviewers = [Reviewer(f"r{i}", draw(st.integers(0, 4))) for i in range(draw(st.integers(1, 6)))]
    bids = [f"b{i}" for i in range(draw(st.integers(1, 5)))]
    pairs = [(one.id, bid) for one in reviewers for bid in bids]
    return {
        "reviewers": reviewers,
        "bids": bids,
        "reviews": draw(st.integers(0, 3)),
        "conflicts": draw(st.sets(st.sampled_from(pairs), max_size=6)),
        "affinity": draw(st.dictionaries(st.sampled_from(pairs), st.integers(0, 10).map(float))),
        "most_probability": draw(st.sampled_from([1.0, 0.5, 0.7, 1 / 3])),
    }


def best_affinity(panel: dict) -> float | None:
    """The same programme by another solver's dense interface; None where there is none."""
    pairs = [(one.id, bid) for one in panel["reviewers"] for bid in panel["bids"]]
    worth = np.array([panel["affinity"].get(pair, 0.0) for pair in pairs])
    top = [0.0 if pair in panel["conflicts"] else panel["most_probability"] for pair in pairs]
    bid_rows = np.array([[pair[1] == bid for pair in pairs] for bid in panel["bids"]], dtype=float)
    load_rows = np.array([[pair[0] == one.id for pair in pairs] for one in panel["reviewers"]], dtype=float)
    found = linprog(
        -worth,
        A_ub=load_rows,
        b_ub=[one.load for one in panel["reviewers"]],
        A_eq=bid_rows,
        b_eq=np.full(len(bid_rows), panel["reviews"]),
        bounds=[(0.0, one) for one in top],
        method="highs-ipm",
    )
    return -found.fun if found.status == 0 else None


@settings(max_examples=150, deadline=None)
@given(panels(), st.integers(0, 5))
def test_limits_are_kept_and_affinity_is_largest(panel: dict, seed: int):
    best = best_affinity(panel)
    if best is None:
        with pytest.raises(QuestionError, match="bid"):
            assign_reviewers(**panel, seed=seed)
        return
    made = assign_reviewers(**panel, seed=seed)
    assert made.expected_affinity == pytest.approx(best, abs=1e-5)
    assert len(set(made.pairs)) == len(made.pairs)
    assert not set(made.pairs) & panel["conflicts"]
    assert set(made.pairs) <= set(made.probability)
    assert all(len(made.of(bid)) == panel["reviews"] for bid in panel["bids"])
    read = Counter(reviewer for reviewer, _ in made.pairs)
    assert all(read[one.id] <= one.load for one in panel["reviewers"])
    assert max(made.probability.values(), default=0.0) <= panel["most_probability"] + 1e-9
    assert made.affinity == pytest.approx(sum(panel["affinity"].get(pair, 0.0) for pair in made.pairs))
    turned = panel | {"reviewers": panel["reviewers"][::-1], "bids": panel["bids"][::-1]}
    assert assign_reviewers(**turned, seed=seed).pairs == made.pairs


def test_pairs_come_as_often_as_their_probability_says():
    rng = np.random.default_rng(3)
    reviewers = [Reviewer(f"r{i}", 2) for i in range(6)]
    bids = ["a", "b", "c", "d"]
    affinity = {(one.id, bid): float(rng.random()) for one in reviewers for bid in bids}
    draws = 1500
    seen: Counter = Counter()
    for seed in range(draws):
        made = assign_reviewers(
            reviewers, bids, reviews=2, affinity=affinity, most_probability=0.6, seed=seed
        )
        seen.update(made.pairs)
    for pair, probability in made.probability.items():
        error = (probability * (1 - probability) / draws) ** 0.5
        assert abs(seen[pair] / draws - probability) <= 4.5 * error + 1e-12


def test_one_review_each_without_a_cap_is_the_assignment_problem():
    rng = np.random.default_rng(7)
    likes = rng.random((8, 8))
    affinity = {(f"r{i}", f"b{j}"): likes[i, j] for i in range(8) for j in range(8)}
    made = assign_reviewers(
        [Reviewer(f"r{i}", 1) for i in range(8)], [f"b{j}" for j in range(8)], reviews=1, affinity=affinity
    )
    rows, columns = linear_sum_assignment(likes, maximize=True)
    assert made.affinity == pytest.approx(likes[rows, columns].sum())


def test_a_bid_that_nobody_may_read_is_named_with_the_reason():
    readers = [Reviewer("ann", 5), Reviewer("bo", 5)]
    with pytest.raises(QuestionError) as wrong:
        assign_reviewers(readers, ["x", "y"], reviews=2, conflicts=[("ann", "x")])
    assert str(wrong.value) == (
        "bid x: 1 reviewers have no conflict with it, 2 reviews with a probability of at most 1 each need 2"
    )


def test_short_loads_name_the_bids_and_the_reviewers():
    """x and y can be read by ann and bo alone, who read one bid each; z has others."""
    readers = [Reviewer("ann", 1), Reviewer("bo", 1), Reviewer("cy", 3), Reviewer("di", 3)]
    apart = [(who, bid) for who in ("cy", "di") for bid in ("x", "y")]
    with pytest.raises(QuestionError) as wrong:
        assign_reviewers(readers, ["x", "y", "z"], reviews=2, conflicts=apart)
    assert str(wrong.value) == (
        "bids x, y: they need 4 reviews, the loads of ann (load 1), bo (load 1) allow 2; 2 reviews are missing"
    )


def test_what_is_no_question_is_refused():
    with pytest.raises(QuestionError) as wrong:
        assign_reviewers(
            [Reviewer("r", -1), Reviewer("r", 2)],
            ["b", "b"],
            reviews=-1,
            affinity={("r", "b"): float("nan")},
            most_probability=1.5,
        )
    assert len(str(wrong.value).splitlines()) == 6
