"""Calibration against closed forms, dense algebra and simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from wholenation.errors import QuestionError
from wholenation.programme.matching import Score, calibrated


def scored(table: np.ndarray) -> list[Score]:
    """A table of raters by bids, NaN where there is no score."""
    return [
        Score(f"r{r:02}", f"b{b:02}", table[r, b]) for r, b in zip(*np.nonzero(~np.isnan(table)), strict=True)
    ]


def simulated(seed: int, raters: int, bids: int, reviews: int, tau: float, sigma: float):
    rng = np.random.default_rng(seed)
    merit, leniency = rng.normal(5, 1, bids), rng.normal(0, tau, raters)
    table = np.full((raters, bids), np.nan)
    for b in range(bids):
        who = rng.choice(raters, reviews, replace=False)
        table[who, b] = merit[b] + leniency[who] + rng.normal(0, sigma, reviews)
    return merit, leniency, table


def test_a_balanced_table_has_the_closed_form_of_the_analysis_of_variance():
    """σ² is the mean square of the rest, τ² = (mean square of raters − σ²) / bids; means are plain."""
    rng = np.random.default_rng(1)
    raters, bids = 5, 12
    table = rng.normal(0, 1, (raters, bids)) + rng.normal(0, 2, (raters, 1)) + rng.normal(0, 1, bids)
    made = calibrated(scored(table))
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    sigma2 = (rest**2).sum() / ((raters - 1) * (bids - 1))
    tau2 = (bids * ((table.mean(axis=1) - table.mean()) ** 2).sum() / (raters - 1) - sigma2) / bids
    assert made.sigma**2 == pytest.approx(sigma2, rel=1e-4)
    assert made.tau**2 == pytest.approx(tau2, rel=1e-4)
    assert [one.mean for one in made.bids] == pytest.approx(table.mean(axis=0))
    assert [one.error for one in made.bids] == pytest.approx(
        [math.sqrt((sigma2 + tau2) / raters)] * bids, rel=1e-4
    )
    shrunk = bids * tau2 / (bids * tau2 + sigma2) * (table.mean(axis=1) - table.mean())
    assert [one.effect for one in made.raters] == pytest.approx(shrunk, rel=1e-4)


def likelihood(table: np.ndarray):
    """By dense matrices, as it is written down: designs, scores, −2 log restricted likelihood of (log σ, log τ)."""
    r, b = np.nonzero(~np.isnan(table))
    X, Z, y = np.eye(table.shape[1])[b], np.eye(table.shape[0])[r], table[r, b]

    def minus_twice(logs: np.ndarray) -> float:
        V = np.exp(2 * logs[0]) * np.eye(len(y)) + np.exp(2 * logs[1]) * Z @ Z.T
        W = np.linalg.inv(V)
        P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        return np.linalg.slogdet(V)[1] + np.linalg.slogdet(X.T @ W @ X)[1] + y @ P @ y

    return X, Z, y, minus_twice


@pytest.mark.parametrize("seed", range(4))
def test_an_unbalanced_table_agrees_with_dense_algebra(seed: int):
    _, _, table = simulated(seed, 6, 15, 3, 1.0, 0.7)
    made = calibrated(scored(table))
    X, Z, y, minus_twice = likelihood(table)
    best = optimize.minimize(
        minus_twice, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    sigma, tau = np.exp(best.x)
    assert (made.sigma, made.tau) == pytest.approx((sigma, tau), rel=1e-4)
    W = np.linalg.inv(made.sigma**2 * np.eye(len(y)) + made.tau**2 * Z @ Z.T)
    spread = np.linalg.inv(X.T @ W @ X)
    merit = spread @ X.T @ W @ y
    assert [one.mean for one in made.bids] == pytest.approx(merit)
    assert [one.error for one in made.bids] == pytest.approx(np.sqrt(np.diag(spread)))
    assert [one.effect for one in made.raters] == pytest.approx(made.tau**2 * Z.T @ W @ (y - X @ merit))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 8))
def test_without_shrinkage_it_is_least_squares(seed: int, raters: int, bids: int):
    _, _, table = simulated(seed, raters, bids, min(2, raters), 1.0, 0.5)
    made = calibrated(scored(table), shrink=False)
    X, Z, y, _ = likelihood(table)
    effect = {one.rater: one.effect for one in made.raters}
    merit = np.array([one.mean for one in made.bids])
    fitted = X @ merit + Z @ [effect.get(f"r{r:02}", 0.0) for r in range(raters)]
    assert fitted == pytest.approx(
        np.column_stack([X, Z]) @ np.linalg.lstsq(np.column_stack([X, Z]), y, rcond=None)[0]
    )
    for group in made.groups:
        assert sum(one.effect for one in made.raters if one.rater in group) == pytest.approx(0, abs=1e-9)


def test_calibrated_means_are_nearer_to_the_truth_and_their_errors_honest():
    plain, calm, inside, told = [], [], [], []
    for seed in range(40):
        merit, _, table = simulated(seed, 12, 40, 3, 1.0, 0.5)
        made = calibrated(scored(table))
        mean = np.array([one.mean for one in made.bids])
        error = np.array([one.error for one in made.bids])
        plain.append(np.mean((np.array([one.plain for one in made.bids]) - merit) ** 2))
        calm.append(np.mean((mean - merit) ** 2))
        inside.append(np.mean(np.abs(mean - merit) <= 1.96 * error))
        told.append((made.sigma, made.tau))
    assert np.mean(calm) < 0.55 * np.mean(plain)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)
    assert np.mean(told, axis=0) == pytest.approx([0.5, 1.0], abs=0.1)


def test_raters_that_share_no_bid_are_told_apart():
    scores = [
        Score("a", "x", 1),
        Score("b", "x", 2),
        Score("b", "y", 2),
        Score("c", "z", 4),
        Score("d", "z", 5),
    ]
    made = calibrated(scores)
    assert made.groups == (("a", "b"), ("c", "d"))
    assert [one.group for one in made.bids] == [0, 0, 1]
    assert [one.group for one in made.raters] == [0, 0, 1, 1]


def test_one_score_a_bid_leaves_nothing_to_tell_apart():
    made = calibrated([Score("a", "x", 1), Score("b", "y", 3)])
    assert [(one.mean, one.error) for one in made.bids] == [(1, math.inf), (3, math.inf)]
    assert made.tau == 0
    assert calibrated([]).bids == ()


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.integers(0, 5)), max_size=12))
def test_any_scores_have_an_answer(rows: list):
    scores = [Score(*row) for row in {row[:2]: row for row in rows}.values()]
    for shrink in (True, False):
        made = calibrated(scores, shrink=shrink)
        assert all(math.isfinite(one.mean) and one.error >= 0 for one in made.bids)
        assert calibrated(scores[::-1], shrink=shrink).groups == made.groups


def test_what_is_no_score_is_refused():
    with pytest.raises(QuestionError) as wrong:
        calibrated([Score("a", "x", math.nan), Score("b", "y", 1), Score("b", "y", 2)])
    assert len(str(wrong.value).splitlines()) == 2
