"""How second stages of one or several shapes are written as the rows and columns of a single core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..lp import Floats, Ints, Problem
from .mps import INFINITE
from .two_stage import TwoStage

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Samples whose second stages have one shape, and how its rows and columns are written.

    `take` holds the row behind every written row, counted over the second stage's rows, then the lower and the
    upper bounds that differ between samples (`lows` and `highs`, by column); `above` says which bound is written.
    """

    samples: list[int]
    lower: Floats
    upper: Floats
    lows: Ints
    highs: Ints
    take: Ints
    above: Bools
    sense: list[str]
    ranges: Floats


def _rows(stages: TwoStage, sample: int) -> tuple[Floats, Floats]:
    """Bounds of all rows of a sample's second stage."""
    recourse = stages.recourse[stages.kind[sample]]
    low, high = recourse.problem.row_lower.copy(), recourse.problem.row_upper.copy()
    low[recourse.link], high[recourse.link] = stages.low[sample], stages.high[sample]
    return low, high


def _finite(values: Floats) -> Bools:
    return abs(values) < INFINITE


def blocks(stages: TwoStage) -> list[Block]:
    """The samples by shape: size of the second stage, and which of its bounds are finite."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for s, kind in enumerate(stages.kind):
        problem = stages.recourse[kind].problem
        bounds = (*_rows(stages, s), problem.lower, problem.upper)
        groups.setdefault((problem.matrix.shape, *(_finite(b).tobytes() for b in bounds)), []).append(s)
    return [_block(stages, samples) for samples in groups.values()]


def _block(stages: TwoStage, samples: list[int]) -> Block:
    problems = [stages.recourse[kind].problem for kind in dict.fromkeys(stages.kind[s] for s in samples)]
    base = problems[0]
    lows = np.flatnonzero(_finite(base.lower) & np.any([p.lower != base.lower for p in problems], axis=0))
    highs = np.flatnonzero(_finite(base.upper) & np.any([p.upper != base.upper for p in problems], axis=0))
    lower, upper = base.lower.copy(), base.upper.copy()
    lower[lows], upper[highs] = -np.inf, np.inf

    low, high = _rows(stages, samples[0])
    equal, fixed = np.ones(len(low), dtype=bool), np.ones(len(low), dtype=bool)
    for s in samples:
        ours = _rows(stages, s)
        equal &= ours[0] == ours[1]
        fixed &= (ours[0] == low) & (ours[1] == high)
    below, above = _finite(low), _finite(high)
    written: list[tuple[int, bool, str, float]] = []
    for i in range(len(low)):
        if equal[i] and below[i]:
            written.append((i, False, "E", np.nan))
        elif below[i] and above[i] and fixed[i]:
            written.append((i, False, "G", float(high[i] - low[i])))
        else:
            # A range that moves is two rows: random ranges are read by few.
            written += [(i, False, "G", np.nan)] if below[i] else []
            written += [(i, True, "L", np.nan)] if above[i] else []
    written += [(len(low) + i, False, "G", np.nan) for i in range(len(lows))]
    written += [(len(low) + len(lows) + i, False, "L", np.nan) for i in range(len(highs))]
    return Block(
        samples, lower, upper, lows, highs,
        take=np.array([row[0] for row in written], dtype=np.int64),
        above=np.array([row[1] for row in written], dtype=bool),
        sense=[row[2] for row in written],
        ranges=np.array([row[3] for row in written]),
    )  # fmt: skip


def written_matrix(block: Block, problem: Problem) -> sparse.csr_matrix:
    """The written rows' matrix over the second stage's columns."""
    unit = sparse.identity(len(problem.cost), format="csr")
    return sparse.vstack([problem.matrix, unit[block.lows], unit[block.highs]], format="csr")[block.take]


def written_technology(block: Block, stages: TwoStage, sample: int) -> sparse.csr_matrix:
    """The written rows' matrix over the first stage's columns."""
    recourse, given = stages.recourse[stages.kind[sample]], stages.technology[sample].tocoo()
    height = recourse.problem.matrix.shape[0] + len(block.lows) + len(block.highs)
    placed = (given.data, (recourse.link[given.row], given.col))
    return sparse.csr_matrix(placed, (height, given.shape[1]))[block.take]


def written_sides(block: Block, stages: TwoStage, sample: int) -> Floats:
    """The written rows' right-hand sides."""
    problem = stages.recourse[stages.kind[sample]].problem
    low, high = _rows(stages, sample)
    bounds = np.concatenate([problem.lower[block.lows], problem.upper[block.highs]])
    low, high = np.concatenate([low, bounds]), np.concatenate([high, bounds])
    return np.where(block.above, high[block.take], low[block.take])


def union(matrices: list[sparse.csr_matrix]) -> sparse.coo_matrix:
    """The first matrix with a stored zero wherever another one has an entry."""
    pattern = sum((abs(m.sign()) for m in matrices[1:]), abs(matrices[0].sign())).tocoo()
    values = picked(matrices[0], pattern.row, pattern.col)
    return sparse.coo_matrix((values, (pattern.row, pattern.col)), pattern.shape)


def picked(matrix: sparse.csr_matrix, row: Ints, column: Ints) -> Floats:
    """The entries at some places; the matrix itself would give a matrix back, and for no places an odd one."""
    return np.asarray(matrix[row, column]).ravel() if len(row) else np.zeros(0)
