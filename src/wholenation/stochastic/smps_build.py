"""From the names of an SMPS instance to the arrays of a two-stage programme."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..lp import Floats, Ints, Problem
from .mps import Core, row_bounds
from .smps_stoch import Element, Outcome, Stages, core_value
from .two_stage import Recourse, TwoStage

Key = tuple[tuple[Element, float], ...]
RECOURSE, TECHNOLOGY, SIDE = range(3)


@dataclass(frozen=True)
class _Second:
    """The second stage as the core has it, and where the core's rows, columns and entries stand in it.

    `technology` and `matrix` hold positions in `values`, counted from 1, so that an outcome changes values alone.
    """

    base: Problem
    rows: Ints
    row_at: dict[int, int]
    column_at: dict[int, int]
    values: Floats
    at: dict[tuple[int, int], int]
    technology: sparse.csr_matrix
    matrix: sparse.csr_matrix


def assemble(core: Core, stages: Stages, weight: Floats, outcomes: list[Outcome]) -> TwoStage:
    """A sample per outcome: a recourse per distinct costs, matrix and bounds, links where h varies or T is not 0."""
    sign = -1.0 if core.maximise else 1.0
    constant = np.array([sign * core.constant] if core.constant else [])
    varied = {element for outcome in outcomes for element in outcome}
    base = {element: core_value(core, element) for element in varied}
    second = _second(core, stages, sign, varied)
    linked = np.diff(_filled(second.technology, second.values).indptr) > 0
    for element in varied:
        if _part(element, stages) != RECOURSE:
            linked[second.row_at[element[1]]] = True
    link = np.flatnonzero(linked)

    recourses: dict[Key, int] = {}
    problems: list[Recourse] = []
    matrices: dict[Key, sparse.csr_matrix] = {}
    sides: dict[Key, tuple[Floats, Floats]] = {}
    samples = []
    for outcome in outcomes:
        changes: list[list[tuple[Element, float]]] = [[], [], []]
        for element, value in sorted(outcome.items()):
            if value != base[element]:
                changes[_part(element, stages)].append((element, value))
        recourse, technology, side = map(tuple, changes)
        if recourse not in recourses:
            recourses[recourse] = len(problems)
            problems.append(Recourse(_recourse(second, recourse, sign), link))
        if technology not in matrices:
            matrix = _filled(second.technology, _values(second, technology))[link]
            matrices[technology] = _widened(matrix, len(constant))
        if side not in sides:
            sides[side] = _sides(core, second, side, link)
        samples.append((recourses[recourse], matrices[technology], *sides[side]))
    kind, drawn, low, high = zip(*samples, strict=True)
    return TwoStage(
        first=_first(core, stages, sign, constant),
        recourse=tuple(problems),
        kind=np.array(kind, dtype=np.int64),
        weight=weight,
        low=low,
        high=high,
        technology=drawn,
    )


def _part(element: Element, stages: Stages) -> int:
    """Whether an element belongs to the recourse, to T or to the right-hand sides."""
    if element[0] in ("B", "R"):
        return SIDE
    return TECHNOLOGY if element[0] == "A" and stages.columns[element[2]] == 0 else RECOURSE


def _first(core: Core, stages: Stages, sign: float, constant: Floats) -> Problem:
    """The first stage; a constant of the objective is the cost of one more column, fixed at 1."""
    rows, columns = np.flatnonzero(stages.rows == 0), np.flatnonzero(stages.columns == 0)
    low, high = row_bounds(core.sense, core.rhs, core.ranges)
    whole = np.array([column in core.whole for column in columns] + [False for _ in constant], dtype=bool)
    entries = {place: value for place, value in core.entries.items() if stages.rows[place[0]] == 0}
    matrix = _matrix(entries, (len(core.rows), len(core.columns)))[rows][:, columns]
    ones = np.ones(len(constant))
    return Problem(
        cost=np.concatenate([sign * core.cost[columns], constant]),
        lower=np.concatenate([core.lower[columns], ones]),
        upper=np.concatenate([core.upper[columns], ones]),
        matrix=_widened(matrix, len(constant)),
        row_lower=low[rows],
        row_upper=high[rows],
        integer=whole if whole.any() else None,
    )


def _second(core: Core, stages: Stages, sign: float, varied: set[Element]) -> _Second:
    rows = np.flatnonzero(stages.rows == 1)
    before, columns = (np.flatnonzero(stages.columns == stage) for stage in (0, 1))
    known = {place: value for place, value in core.entries.items() if stages.rows[place[0]] == 1}
    for _, row, column in sorted(element for element in varied if element[0] == "A"):
        known.setdefault((row, column), 0.0)
    at = {place: i for i, place in enumerate(known)}
    numbered = _matrix({place: i + 1.0 for place, i in at.items()}, (len(core.rows), len(core.columns)))[rows]
    low, high = row_bounds(core.sense, core.rhs, core.ranges)
    return _Second(
        base=Problem(
            sign * core.cost[columns], core.lower[columns], core.upper[columns],
            numbered[:, columns], low[rows], high[rows],
        ),
        rows=rows,
        row_at={int(row): i for i, row in enumerate(rows)},
        column_at={int(column): i for i, column in enumerate(columns)},
        values=np.array(list(known.values()), dtype=np.float64),
        at=at,
        technology=numbered[:, before],
        matrix=numbered[:, columns],
    )  # fmt: skip


def _recourse(second: _Second, changes: Key, sign: float) -> Problem:
    """The second stage with an outcome's costs, bounds and matrix."""
    cost, lower, upper = second.base.cost.copy(), second.base.lower.copy(), second.base.upper.copy()
    for (kind, place, _), value in changes:
        if kind == "C":
            cost[second.column_at[place]] = sign * value
        elif kind != "A":
            (lower if kind == "LO" else upper)[second.column_at[place]] = value
    matrix = _filled(second.matrix, _values(second, changes))
    return replace(second.base, cost=cost, lower=lower, upper=upper, matrix=matrix)


def _sides(core: Core, second: _Second, changes: Key, link: Ints) -> tuple[Floats, Floats]:
    """The bounds of the linking rows after an outcome's right-hand sides and ranges."""
    rhs, ranges = core.rhs[second.rows], core.ranges[second.rows]
    for (kind, row, _), value in changes:
        (rhs if kind == "B" else ranges)[second.row_at[row]] = value
    return row_bounds(core.sense[second.rows][link], rhs[link], ranges[link])


def _values(second: _Second, changes: Key) -> Floats:
    values = second.values.copy()
    for (kind, row, column), value in changes:
        if kind == "A":
            values[second.at[row, column]] = value
    return values


def _matrix(entries: dict[tuple[int, int], float], shape: tuple[int, int]) -> sparse.csr_matrix:
    at = np.array(list(entries), dtype=np.int64).reshape(-1, 2)
    matrix = sparse.csr_matrix(
        (np.array(list(entries.values()), dtype=np.float64), (at[:, 0], at[:, 1])), shape
    )
    matrix.eliminate_zeros()
    return matrix


def _filled(numbered: sparse.csr_matrix, values: Floats) -> sparse.csr_matrix:
    """The matrix with values in place of their positions, without zeros."""
    given = values[numbered.data.astype(np.int64) - 1]
    matrix = sparse.csr_matrix((given, numbered.indices.copy(), numbered.indptr.copy()), numbered.shape)
    matrix.eliminate_zeros()
    return matrix


def _widened(matrix: sparse.csr_matrix, by: int) -> sparse.csr_matrix:
    return sparse.csr_matrix(
        (matrix.data, matrix.indices, matrix.indptr), (matrix.shape[0], matrix.shape[1] + by)
    )
