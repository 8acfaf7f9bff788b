"""Small two-stage programmes for tests of the method's machinery, and what their answers are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from wholenation.lp import Answer, Floats, Ints, Problem, Solver, Status
from wholenation.stochastic.blocks import Pieces
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.lshaped import Result
from wholenation.stochastic.two_stage import Recourse, Risk, TwoStage


def random_programme(seed: int = 0, samples: int = 60, columns: int = 12, rows: int = 8) -> TwoStage:
    """Yes-or-no investments under a budget against random demands, in two kinds of future.

    In the first kind a shortage is only dear; in the second it has an end, so that too little is infeasible.
    """
    draw = np.random.default_rng(seed)
    cost = draw.uniform(1, 4, columns)
    first = Problem(
        cost=cost, lower=np.zeros(columns), upper=np.ones(columns),
        matrix=sparse.csr_matrix(cost), row_lower=np.full(1, -np.inf), row_upper=np.full(1, 0.6 * cost.sum()),
        integer=np.ones(columns, dtype=bool),
    )  # fmt: skip
    ways = 3 * rows
    recourse = []
    for most_short in (np.inf, 4.0):
        made = sparse.random(
            rows, ways, density=0.3, random_state=draw, data_rvs=lambda n: 0.5 + draw.random(n)
        )
        problem = Problem(
            cost=np.concatenate([draw.uniform(1, 3, ways), np.full(rows, 20.0)]),
            lower=np.zeros(ways + rows), upper=np.concatenate([np.ones(ways), np.full(rows, most_short)]),
            matrix=sparse.hstack([made, sparse.identity(rows)], format="csr"),
            row_lower=np.zeros(rows), row_upper=np.full(rows, np.inf),
        )  # fmt: skip
        recourse.append(Recourse(problem, np.arange(rows)))
    gives = sparse.random(
        rows, columns, density=0.4, random_state=draw, data_rvs=lambda n: 3 * draw.random(n)
    )
    weight = draw.uniform(1, 2, samples)
    return TwoStage(
        first=first, recourse=tuple(recourse), kind=draw.integers(0, 2, samples), weight=weight / weight.sum(),
        low=tuple(draw.uniform(4, 12, rows) for _ in range(samples)),
        high=tuple(np.full(rows, np.inf) for _ in range(samples)),
        technology=tuple((gives * draw.uniform(0.5, 1.5)).tocsr() for _ in range(samples)),
        risk=Risk(0.3, 0.8),
    )  # fmt: skip


def blocks_of(stages: TwoStage, size: int = 5) -> list[Ints]:
    """Samples of one kind in blocks of at most that size."""
    kinds = [np.flatnonzero(stages.kind == kind) for kind in np.unique(stages.kind)]
    return [part for mine in kinds for part in np.array_split(mine, -(-len(mine) // size))]


def points(stages: TwoStage, count: int = 3, seed: int = 0) -> list[Floats]:
    """First-stage points: nothing, everything, and some between."""
    draw = np.random.default_rng(seed)
    size = len(stages.first.cost)
    return [np.zeros(size), np.ones(size), *(draw.random(size) for _ in range(count - 2))]


def told(pieces: Sequence[Pieces]) -> list[tuple[object, ...]]:
    """Everything that pieces hold, to the last bit and with its type."""
    return [
        (
            piece.kind, piece.pivots,
            *((part.dtype.str, part.shape, part.tobytes()) for part in (
                piece.sample, piece.value, piece.feasible, piece.constant,
                piece.dual.data, piece.dual.indices, piece.dual.indptr,
            )),
            piece.dual.shape,
        )
        for piece in pieces
    ]  # fmt: skip


def course(result: Result) -> tuple[object, ...]:
    """What a solve found and how it went, less the seconds."""
    rounds = [(r.phase, r.bound, r.value, r.pieces) for r in result.rounds]
    return (
        result.status, result.x.tobytes(), result.value, result.bound, result.recourse.tobytes(), rounds,
        result.solved, result.pivots,
    )  # fmt: skip


def drawn(seed: int, whole: str = "binary", *, hard: bool = False, samples: int = 8) -> TwoStage:
    """Any small programme: a first stage of `binary`, `mixed` or `continuous` columns with an equation, groups and
    risk in turn, and recourses with ranges, equations and free columns. If `hard`, what is short has an end.
    """  # fmt: skip
    draw = np.random.default_rng(seed)
    n = 6
    integer = {"binary": np.ones(n, bool), "mixed": np.arange(n) % 2 == 0, "continuous": np.zeros(n, bool)}[
        whole
    ]
    lower, upper = np.zeros(n), np.ones(n)
    if whole != "binary":
        lower[[1, 2]], upper[[0, 1]], upper[5] = (-1.0, -2.0), 3.0, np.inf
    rows = draw.integers(0, 3, (2, n)).astype(float)
    first = Problem(
        np.round(draw.uniform(-1, 4, n), 2), lower, upper, sparse.csr_matrix(rows),
        np.array([-np.inf, 2.0]), np.array([0.7 * rows[0].sum(), 2.0 if seed % 3 == 0 else np.inf]), integer,
    )  # fmt: skip
    recourse = []
    for _ in range(draw.integers(1, 4)):
        m, k = draw.integers(2, 5), draw.integers(2, 6)
        short = 1.5 if hard else np.inf
        cost = np.concatenate([draw.uniform(-1, 3, k), np.full(2 * m, 12.0)])
        upper = np.concatenate([draw.choice([1.0, 2.5], k), np.full(2 * m, short)])
        lower = np.concatenate([draw.choice([0.0, -0.5], k), np.zeros(2 * m)])
        matrix = draw.integers(-1, 3, (m, k)) * (draw.random((m, k)) < 0.7)
        eye = np.identity(m)
        least = np.where(draw.random(m) < 0.2, 0.0, -2.0)
        problem = Problem(
            cost, lower, upper, sparse.csr_matrix(np.hstack([matrix, eye, -eye])), least, least + 3
        )
        recourse.append(Recourse(problem, np.sort(draw.choice(m, draw.integers(1, m + 1), replace=False))))
    kind = draw.integers(0, len(recourse), samples)
    low, high, technology = [], [], []
    for k in kind:
        size = len(recourse[k].link)
        side = draw.uniform(-1, 4, size)
        width = draw.choice([0, 1, np.inf], size)
        below = draw.random(size) < 0.3
        low.append(np.where(below, -np.inf, side))
        high.append(np.where(below, side, side + width))
        technology.append(
            sparse.random(size, n, 0.5, random_state=draw, data_rvs=lambda c: draw.uniform(-1, 2, c)).tocsr()
        )
    weight = draw.uniform(0.2, 1, samples)
    risk = (Risk(), Risk(0.4, 0.7), Risk(1.0, 0.9), Risk(0.5, 0.3))[seed % 4]
    groups = (np.array([0, 2]), np.array([4])) if whole == "binary" and seed % 2 else ()
    return TwoStage(
        first, tuple(recourse), kind, weight / weight.sum(), tuple(low), tuple(high), tuple(technology), risk,
        groups=groups,
    )  # fmt: skip


def holds(result: Result, optimum: float, tolerance: float = 1e-6) -> None:
    """The truth lies between bound and value, in the end and in every round."""
    room = tolerance * max(1.0, abs(optimum))
    for one in (result, *result.rounds):
        assert one.bound <= optimum + room
        assert one.value >= optimum - room


def reaches(result: Result, optimum: float, tolerance: float = 1e-6) -> None:
    assert result.status is Status.OPTIMAL
    assert result.value == pytest.approx(optimum, rel=tolerance, abs=tolerance)
    assert result.bound == pytest.approx(optimum, rel=tolerance, abs=tolerance)
    holds(result, optimum, tolerance)


def covering(whole: str, worst: float) -> TwoStage:
    """What is needed (1, 2.5 or `worst`) must be covered, for nothing but the first stage's cost; 0.5 comes later."""
    n = 3
    first = Problem(
        np.array([3.0, 2.0, 4.0]), np.zeros(n), np.ones(n), sparse.csr_matrix((0, n)), np.zeros(0), np.zeros(0),
        np.arange(n) < {"binary": 3, "mixed": 1, "continuous": 0}[whole],
    )  # fmt: skip
    second = Problem(
        np.zeros(1), np.zeros(1), np.full(1, 0.5), sparse.csr_matrix([[1.0]]), np.zeros(1), np.full(1, np.inf)
    )
    return TwoStage(
        first, (Recourse(second, np.zeros(1, dtype=np.int64)),), np.zeros(n, dtype=np.int64), np.full(n, 1 / n),
        tuple(np.array([need]) for need in (1.0, 2.5, worst)), (np.full(1, np.inf),) * n,
        (sparse.csr_matrix([[2.0, 1.0, 2.0]]),) * n,
    )  # fmt: skip


def twin(stages: TwoStage) -> Answer:
    """The deterministic equivalent's answer."""
    return Solver(deterministic_equivalent(stages).problem).solve()


def limited(stages: TwoStage, share: float) -> TwoStage:
    """With a limit on the loss, by that share of the way from the least loss to that of the optimum."""
    first, n = stages.first, len(stages.first.cost)
    best, least = twin(stages), twin(replace(stages, first=replace(first, cost=np.zeros(n))))
    if best.status is not Status.OPTIMAL:
        return stages
    loss = best.objective - first.cost @ best.x[:n]
    return replace(stages, most=least.objective + share * max(loss - least.objective, 0.1))


def alone(stages: TwoStage, sample: int, x: Floats) -> float:
    """The recourse of one sample, built and solved by itself."""
    recourse = stages.recourse[stages.kind[sample]]
    low, high = recourse.problem.row_lower.copy(), recourse.problem.row_upper.copy()
    shift = stages.technology[sample] @ x
    low[recourse.link], high[recourse.link] = stages.low[sample] - shift, stages.high[sample] - shift
    answer = Solver(replace(recourse.problem, row_lower=low, row_upper=high)).solve()
    return answer.objective if answer.status is Status.OPTIMAL else np.inf


# --- The same in other words


def taken(stages: TwoStage, samples: Sequence[int], weight: Floats) -> TwoStage:
    """Those samples, in that order."""
    parts = {name: tuple(getattr(stages, name)[s] for s in samples) for name in ("low", "high", "technology")}
    return replace(stages, kind=stages.kind[list(samples)], weight=weight, **parts)


def permuted(stages: TwoStage) -> TwoStage:
    order = np.random.default_rng(0).permutation(len(stages))
    return taken(stages, order, stages.weight[order])


def split(stages: TwoStage) -> TwoStage:
    weight = np.append(stages.weight, stages.weight[2] / 2)
    weight[2] /= 2
    return taken(stages, [*range(len(stages)), 2], weight)


def weightless(stages: TwoStage) -> TwoStage:
    more = taken(stages, [*range(len(stages)), 0, 3], np.append(stages.weight, [0.0, 0.0]))
    side = (more.low[-1] + 5, np.maximum(more.high[-1], more.low[-1] + 6))
    return replace(more, low=(*more.low[:-1], side[0]), high=(*more.high[:-1], side[1]))


def dominated(stages: TwoStage) -> TwoStage:
    """One more column, like the first but dearer; both may not be taken."""
    first, n = stages.first, len(stages.first.cost)
    more = {
        name: np.append(getattr(first, name), getattr(first, name)[0])
        for name in ("lower", "upper", "integer")
    }
    both = sparse.csr_matrix((np.ones(2), (np.zeros(2, int), [0, n])), shape=(1, n + 1))
    wide = sparse.vstack([sparse.hstack([first.matrix, first.matrix[:, [0]]]), both], format="csr")
    limits = np.append(first.row_lower, -np.inf), np.append(first.row_upper, first.upper[0])
    cost = np.append(first.cost, first.cost[0] + 0.5)
    technology = tuple(sparse.hstack([t, t[:, [0]]], format="csr") for t in stages.technology)
    first = replace(first, cost=cost, matrix=wide, row_lower=limits[0], row_upper=limits[1], **more)
    return replace(stages, first=first, technology=technology)


def scaled(stages: TwoStage, factor: float = 1000.0) -> TwoStage:
    recourse = tuple(
        replace(one, problem=replace(one.problem, cost=factor * one.problem.cost)) for one in stages.recourse
    )
    return replace(stages, first=replace(stages.first, cost=factor * stages.first.cost), recourse=recourse)


CHANGES = (permuted, split, weightless, dominated, scaled)
