"""What blind scores say about bids when some raters are lenient and others severe.

    score = merit of the bid + leniency of the rater + error,   leniency ~ N(0, τ²), error ~ N(0, σ²)

Merits are free, leniencies are shrunk (Henderson's mixed-model equations; Robinson, Statistical Science 6, 1991),
and σ and τ are those of the restricted likelihood (Patterson and Thompson, Biometrika 58, 1971). With the merits
eliminated, all is a matter of one symmetric matrix of raters, K = Z'Z − Z'X (X'X)⁻¹ X'Z, whose eigenvectors are
found once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse
from scipy.sparse import csgraph

from ...errors import QuestionError
from ...lp import Floats, Ints

WIDEST = 12.0
"""τ²/σ² is sought between 1e−12 and 1e12."""


@dataclass(frozen=True, slots=True)
class Score:
    """One rater's number for one bid."""

    rater: str
    bid: str
    value: float


@dataclass(frozen=True, slots=True)
class Merit:
    """A bid's calibrated mean with its standard error (infinite where it cannot be told), and the plain mean."""

    bid: str
    mean: float
    error: float
    plain: float
    reviews: int
    group: int


@dataclass(frozen=True, slots=True)
class Leniency:
    """What a rater gives above an average one, shrunk towards 0, with its standard error of prediction."""

    rater: str
    effect: float
    error: float
    reviews: int
    group: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bids and raters by id, σ of the errors and τ of the raters, and groups of raters.

    Raters of different `groups` share no bid, not even through others: nothing in the scores compares them. Means
    across groups rest on the assumption alone that raters are alike on average; without shrinkage they cannot be
    compared at all.
    """

    bids: tuple[Merit, ...]
    raters: tuple[Leniency, ...]
    sigma: float
    tau: float
    groups: tuple[tuple[str, ...], ...]


def calibrated(scores: Sequence[Score], *, shrink: bool = True) -> Calibration:
    """Every bid's mean with the raters' leniency taken out, with standard errors.

    Without `shrink`, leniencies are free (least squares), and sum to 0 in each group. Where all raters have read
    all bids, calibrated and plain means are the same. Where no bid has two scores, nothing can be taken out: plain
    means, infinite errors.

    Raises `QuestionError` on a score that is no finite number, or two of one rater for one bid.

    >>> scores = [Score("kind", "x", 9), Score("hard", "x", 5), Score("kind", "y", 7), Score("hard", "z", 4)]
    >>> [(one.bid, one.mean) for one in calibrated(scores, shrink=False).bids]
    [('x', 7.0), ('y', 5.0), ('z', 6.0)]
    """
    _sound(scores)
    raters, bids = sorted({one.rater for one in scores}), sorted({one.bid for one in scores})
    places = {name: i for i, name in enumerate(raters)}, {name: i for i, name in enumerate(bids)}
    rater = np.array([places[0][one.rater] for one in scores], dtype=np.int64)
    bid = np.array([places[1][one.bid] for one in scores], dtype=np.int64)
    value = np.array([one.value for one in scores], dtype=np.float64)
    groups, of_rater, of_bid = _groups(rater, bid, len(raters), len(bids))
    many = np.bincount(bid, minlength=len(bids))
    read = np.bincount(rater, minlength=len(raters))
    plain = np.bincount(bid, value, len(bids)) / many
    share = sparse.csr_matrix((1.0 / many[bid], (bid, rater)), shape=(len(bids), len(raters)))
    kept = np.diag(read.astype(np.float64)) - (share.T @ sparse.diags(many.astype(float)) @ share).toarray()
    away: Floats = value - plain[bid]
    curve, vectors = np.linalg.eigh(kept) if len(raters) else (np.zeros(0), np.zeros((0, 0)))
    curve = np.where(curve > 1e-9 * max(curve.max(initial=0.0), 1.0), curve, 0.0)
    pull: Floats = vectors.T @ np.bincount(rater, away, len(raters)).astype(np.float64)
    sigma, tau = _spread(curve, pull, float(away @ away), len(value) - len(bids), shrink)
    inverse = _inverse(curve, sigma, tau, shrink)
    effect = vectors @ (inverse * pull)
    spread = share @ vectors
    merit = plain - share @ effect
    merit_error = _times(sigma, np.sqrt(1.0 / many + (spread**2) @ inverse))
    rater_error = _times(sigma, np.sqrt((vectors**2) @ inverse))
    return Calibration(
        tuple(
            map(
                Merit, bids, _plain(merit), _plain(merit_error), _plain(plain), many.tolist(), of_bid.tolist()
            )
        ),
        tuple(map(Leniency, raters, _plain(effect), _plain(rater_error), read.tolist(), of_rater.tolist())),
        sigma,
        tau,
        tuple(tuple(raters[i] for i in np.flatnonzero(of_rater == group)) for group in range(groups)),
    )


def _sound(scores: Sequence[Score]) -> None:
    wrong = [
        f"rater {one.rater}, bid {one.bid}: score {one.value} is not a finite number"
        for one in scores
        if not math.isfinite(one.value)
    ]
    twice = Counter((one.rater, one.bid) for one in scores)
    wrong += [
        f"rater {rater}, bid {bid}: scored {times} times, once is allowed"
        for (rater, bid), times in twice.items()
        if times > 1
    ]
    if wrong:
        raise QuestionError("\n".join(wrong))


def _groups(rater: Ints, bid: Ints, raters: int, bids: int) -> tuple[int, Ints, Ints]:
    """Connected parts of the graph of raters and bids: how many, and that of each rater and bid."""
    if not raters:
        nothing = np.zeros(0, dtype=np.int64)
        return 0, nothing, nothing
    graph = sparse.coo_matrix((np.ones(len(rater)), (rater, raters + bid)), shape=(raters + bids,) * 2)
    count, label = csgraph.connected_components(graph, directed=False)
    return int(count), label[:raters], label[raters:]


def _spread(curve: Floats, pull: Floats, total: float, free: int, shrink: bool) -> tuple[float, float]:
    """σ and τ: of the restricted likelihood, or (without shrinkage) σ of least squares and τ without a limit."""
    bent = curve > 0
    if not shrink:
        left = free - int(bent.sum())
        rest = total - float((pull[bent] ** 2 / curve[bent]).sum())
        return (math.sqrt(max(rest, 0.0) / left) if left > 0 else math.inf), math.inf
    if free <= 0:
        return math.inf, 0.0
    # Scores that agree to the last digit leave nothing to fit.
    if total <= 1e-24 or not bent.any():
        return math.sqrt(total / free), 0.0

    def minus_twice(exponent: float) -> float:
        ratio = 10.0**exponent
        rest = max(total - float((ratio * pull**2 / (1 + ratio * curve)).sum()), 1e-300)
        return free * math.log(rest) + float(np.log1p(ratio * curve).sum())

    grid = np.linspace(-WIDEST, WIDEST, 97)
    start = int(np.argmin([minus_twice(one) for one in grid]))
    around = grid[max(start - 1, 0)], grid[min(start + 1, len(grid) - 1)]
    best = float(
        optimize.minimize_scalar(minus_twice, bounds=around, method="bounded", options={"xatol": 1e-9}).x
    )
    none = free * math.log(total)
    ratio = 10.0**best if minus_twice(best) < none - 1e-12 else 0.0
    rest = max(total - float((ratio * pull**2 / (1 + ratio * curve)).sum()), 0.0)
    sigma = math.sqrt(rest / free)
    return sigma, sigma * math.sqrt(ratio)


def _inverse(curve: Floats, sigma: float, tau: float, shrink: bool) -> Floats:
    """Eigenvalues of the inverse of K + (σ²/τ²) I; of K's pseudo-inverse without shrinkage."""
    if not shrink:
        return np.where(curve > 0, 1.0 / np.where(curve > 0, curve, 1.0), 0.0)
    if not (sigma > 0 and math.isfinite(sigma)):
        return np.zeros(len(curve))
    ratio = (tau / sigma) ** 2
    return ratio / (1 + ratio * curve)


def _times(sigma: float, errors: Floats) -> Floats:
    return sigma * errors if math.isfinite(sigma) else np.full(len(errors), math.inf)


def _plain(values: Floats) -> list[float]:
    return [float(one) for one in values]
