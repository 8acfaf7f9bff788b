"""Two-stage programmes out to other solvers: as SMPS, or as one deterministic problem."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse

from ..errors import OutputError, QuestionError
from ..lp import Floats, Problem, Solver
from .deterministic import deterministic_equivalent
from .mps import INFINITE
from .smps_blocks import Block, blocks, picked, union, written_matrix, written_sides, written_technology
from .two_stage import Recourse, Risk, TwoStage


def write_smps(stages: TwoStage, folder: str | Path, name: str) -> list[Path]:
    """The files `name`.cor, .tim and .sto in `folder`, which say the same programme in SMPS with SCENARIOS.

    A sample is a scenario under ROOT that lists what differs from the core, in costs, matrix and right-hand sides
    only: column bounds and ranges that differ between samples are written as rows. Where the second stages have
    different shapes, the core holds one block of rows and columns for each shape; a scenario switches the other
    blocks off (no costs, no first stage, right-hand sides that one point keeps), and scenarios of one block have
    its first one as parent.

    SMPS knows expectations only: an aversion becomes a free first-stage column (the quantile), a column and a row
    of the second stage (Rockafellar and Uryasev 2000). QuestionError where `most` is set, which has no place in it.
    """
    if stages.most is not None:
        raise QuestionError("SMPS has no place for a limit on the objective (most); write_mps takes it")
    if not name or Path(name).name != name:
        raise QuestionError(f"{name!r} is not a file name")
    if not len(stages.first.cost):
        raise QuestionError("SMPS needs a first stage with a column")
    stages = _expected(stages)
    parts = blocks(stages)
    if not any(len(block.take) for block in parts):
        raise QuestionError("SMPS needs a second stage with a row")
    writer = _Writer(stages, parts)
    begin = writer.first_rows[0][0] if writer.first_rows else "COST"
    texts = {
        ".cor": [f"NAME          {name}", *writer.core()],
        ".tim": [
            f"TIME          {name}",
            "PERIODS",
            _line("X0", begin, "STAGE1"),
            _line("Z0", "R0", "STAGE2"),
        ],
        ".sto": [f"STOCH         {name}", "SCENARIOS     DISCRETE", *writer.scenarios()],
    }
    paths = []
    for suffix, lines in texts.items():
        path = Path(folder) / (name + suffix)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join([*lines, "ENDATA", ""]), encoding="ascii")
        except OSError as error:
            raise OutputError(f"{path.name} cannot be written ({error.strerror or error})") from None
        paths.append(path)
    return paths


def write_mps(stages: TwoStage, path: str | Path) -> Path:
    """The deterministic equivalent as one .mps or .lp file: x, then z of each sample, then the CVaR's columns."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".mps", ".lp"):
        raise QuestionError(f"{path.name}: the suffix is .mps or .lp")
    whole = deterministic_equivalent(stages)
    height, width = whole.problem.matrix.shape
    names = [f"x{j}" for j in range(len(stages.first.cost))]
    names += [f"z{s}_{j}" for s, columns in enumerate(whole.samples) for j in range(len(columns))]
    names += ["eta", *(f"xi{s}" for s in range(len(stages)))][: width - len(names)]
    partial = path.with_name(f".{path.name}.{os.getpid()}{suffix}")  # the solver knows small suffixes only
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Solver(whole.problem, names=(names, [f"r{i}" for i in range(height)])).write(partial)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path.name} cannot be written ({error.strerror or error})") from None
    finally:
        if partial.is_file():
            partial.unlink()
    return path


def _expected(stages: TwoStage) -> TwoStage:
    """The same programme with its CVaR, if any, in columns and rows: only an expectation is left."""
    aversion = stages.risk.aversion
    if aversion <= 0:
        return stages
    first, n = stages.first, len(stages.first.cost)
    integer = None if first.integer is None else np.append(first.integer, False)
    height = first.matrix.shape[0]
    widened = Problem(
        np.append(first.cost, aversion), np.append(first.lower, -np.inf), np.append(first.upper, np.inf),
        sparse.hstack([first.matrix, sparse.csr_matrix((height, 1))], format="csr"),
        first.row_lower, first.row_upper, integer,
    )  # fmt: skip
    share = aversion / max(1.0 - stages.risk.tail, 1e-9)
    eta = sparse.csr_matrix(([1.0], ([0], [n])), (1, n + 1))

    def excess(recourse: Recourse) -> Recourse:
        # The last row: xi + eta - q.z >= 0.
        problem = recourse.problem
        loss = sparse.csr_matrix(-problem.cost)
        larger = Problem(
            np.append((1 - aversion) * problem.cost, share),
            np.append(problem.lower, 0.0), np.append(problem.upper, np.inf),
            sparse.bmat([[problem.matrix, None], [loss, sparse.csr_matrix([[1.0]])]], format="csr"),
            np.append(problem.row_lower, 0.0), np.append(problem.row_upper, np.inf),
        )  # fmt: skip
        return Recourse(larger, np.append(recourse.link, len(problem.row_lower)))

    # Samples that share a matrix go on sharing it.
    grown = {
        id(t): sparse.vstack([sparse.hstack([t, sparse.csr_matrix((t.shape[0], 1))]), eta], format="csr")
        for t in {id(t): t for t in stages.technology}.values()
    }
    return replace(
        stages,
        first=widened,
        recourse=tuple(map(excess, stages.recourse)),
        low=tuple(np.append(low, 0.0) for low in stages.low),
        high=tuple(np.append(high, np.inf) for high in stages.high),
        technology=tuple(grown[id(t)] for t in stages.technology),
        risk=Risk(),
    )


def _line(*words: str) -> str:
    return "    " + "".join(f"{word:<10}" for word in words[:-1]) + words[-1]


def _number(value: float) -> str:
    return repr(float(value))


class _Writer:
    """The lines of a core and its scenarios; names are X and A in the first stage, Z and R in the second."""

    def __init__(self, stages: TwoStage, blocks: list[Block]) -> None:
        self.stages, self.blocks = stages, blocks
        self.down = np.cumsum([0, *(len(block.take) for block in blocks)])
        self.right = np.cumsum([0, *(len(block.lower) for block in blocks)])
        self.first_rows = list(self._first_rows())
        self.bases = [stages.recourse[stages.kind[block.samples[0]]].problem for block in blocks]
        self.matrices = [written_matrix(*pair) for pair in zip(blocks, self.bases, strict=True)]
        self.links = [written_technology(block, stages, block.samples[0]) for block in blocks]
        self.sides = [written_sides(block, stages, block.samples[0]) for block in blocks]

    def _first_rows(self) -> Iterator[tuple[str, int, str, float, float]]:
        """Name, position, sense, right-hand side and range of each first-stage row that is bounded."""
        first = self.stages.first
        for i, (low, high) in enumerate(zip(first.row_lower, first.row_upper, strict=True)):
            below, above = abs(low) < INFINITE, abs(high) < INFINITE
            if below and low == high:
                yield f"A{i}", i, "E", low, np.nan
            elif below:
                yield f"A{i}", i, "G", low, high - low if above else np.nan
            elif above:
                yield f"A{i}", i, "L", high, np.nan

    def core(self) -> Iterator[str]:
        rows = [(name, sense, side, span) for name, _, sense, side, span in self.first_rows]
        for b, block in enumerate(self.blocks):
            written = zip(block.sense, self.sides[b], block.ranges, strict=True)
            rows += [(f"R{self.down[b] + i}", *row) for i, row in enumerate(written)]
        yield "ROWS"
        yield " N  COST"
        yield from (f" {sense}  {name}" for name, sense, _, _ in rows)
        yield "COLUMNS"
        yield from self._columns()
        yield "RHS"
        yield from (_line("RHS", name, _number(side)) for name, _, side, _ in rows if side)
        if any(not np.isnan(span) for *_, span in rows):
            yield "RANGES"
            yield from (_line("RNG", name, _number(span)) for name, *_, span in rows if not np.isnan(span))
        yield "BOUNDS"
        first = self.stages.first
        whole = np.zeros(len(first.cost), dtype=bool) if first.integer is None else first.integer
        for j, (lower, upper) in enumerate(zip(first.lower, first.upper, strict=True)):
            yield from _bounds(f"X{j}", lower, upper, bool(whole[j]))
        for b, block in enumerate(self.blocks):
            for j, (lower, upper) in enumerate(zip(block.lower, block.upper, strict=True)):
                yield from _bounds(f"Z{self.right[b] + j}", lower, upper, False)

    def _columns(self) -> Iterator[str]:
        """The entries by column; what some scenario changes from 0 is written as 0."""
        first = self.stages.first
        kept = [i for _, i, *_ in self.first_rows]
        names = [name for name, *_ in self.first_rows] + [f"R{i}" for i in range(self.down[-1])]
        technology, recourse = [], []
        for b, block in enumerate(self.blocks):
            alike = {(id(self.stages.technology[s]), self.stages.kind[s]): s for s in block.samples}
            links = [written_technology(block, self.stages, s) for s in alike.values()]
            technology.append(union([self.links[b], *links]))
            kinds = dict.fromkeys(self.stages.kind[s] for s in block.samples)
            recourse.append(union([written_matrix(block, self.stages.recourse[k].problem) for k in kinds]))
        left = sparse.vstack([first.matrix.tocsr()[kept], *technology], format="csc")
        right = sparse.vstack(
            [sparse.csr_matrix((len(kept), self.right[-1])), sparse.block_diag(recourse)], format="csc"
        )
        marked = False
        for j, cost in enumerate(first.cost):
            whole = first.integer is not None and bool(first.integer[j])
            if whole != marked:
                marked = whole
                yield _line("M", "'MARKER'", "'INTORG'" if whole else "'INTEND'")
            yield from _column(f"X{j}", cost, left, j, names)
        if marked:
            yield _line("M", "'MARKER'", "'INTEND'")
        for j, cost in enumerate(np.concatenate([base.cost for base in self.bases])):
            yield from _column(f"Z{j}", cost, right, j, names)

    def scenarios(self) -> Iterator[str]:
        home = {s: b for b, block in enumerate(self.blocks) for s in block.samples}
        recourse: dict[tuple[int, int], list[str]] = {}
        technology: dict[tuple[int, int, int], list[str]] = {}
        for s, weight in enumerate(self.stages.weight):
            b, kind = home[s], int(self.stages.kind[s])
            block = self.blocks[b]
            first = block.samples[0]
            alone = len(self.blocks) == 1 or s == first
            parent = "ROOT" if alone else f"S{first}"
            yield f" SC {f'S{s}':<10}{parent:<10}{_number(weight):<24} STAGE2"
            if s == first:
                for other in range(len(self.blocks)):
                    if other != b:
                        yield from self._off(other)
                continue
            problem, given = self.stages.recourse[kind].problem, self.stages.technology[s]
            if (b, kind) not in recourse:
                recourse[b, kind] = [*self._costs(b, problem.cost), *self._entries(b, block, problem)]
            if (b, kind, id(given)) not in technology:
                link = written_technology(block, self.stages, s)
                technology[b, kind, id(given)] = list(self._differences(b, self.links[b], link, "X", 0))
            yield from recourse[b, kind]
            yield from technology[b, kind, id(given)]
            yield from self._changed_sides(b, written_sides(block, self.stages, s))

    def _off(self, b: int) -> Iterator[str]:
        """What switches a block off: the point nearest to 0 keeps its rows at no cost."""
        block, matrix = self.blocks[b], self.matrices[b]
        yield from self._costs(b, np.zeros(len(block.lower)))
        yield from self._differences(b, self.links[b], sparse.csr_matrix(self.links[b].shape), "X", 0)
        yield from self._changed_sides(
            b, matrix @ np.clip(np.zeros(len(block.lower)), block.lower, block.upper)
        )

    def _costs(self, b: int, cost: Floats) -> Iterator[str]:
        for j in np.flatnonzero(cost != self.bases[b].cost):
            yield _line(f"Z{self.right[b] + j}", "COST", _number(cost[j]))

    def _entries(self, b: int, block: Block, problem: Problem) -> Iterator[str]:
        if problem is not self.bases[b]:
            matrix = written_matrix(block, problem)
            yield from self._differences(b, self.matrices[b], matrix, "Z", int(self.right[b]))

    def _differences(
        self, b: int, before: sparse.csr_matrix, after: sparse.csr_matrix, letter: str, right: int
    ) -> Iterator[str]:
        changed = (before != after).tocoo()
        values = picked(after, changed.row, changed.col)
        for i, j, value in zip(changed.row, changed.col, values, strict=True):
            yield _line(f"{letter}{right + j}", f"R{self.down[b] + i}", _number(value))

    def _changed_sides(self, b: int, sides: Floats) -> Iterator[str]:
        for i in np.flatnonzero(sides != self.sides[b]):
            yield _line("RHS", f"R{self.down[b] + i}", _number(sides[i]))


def _column(name: str, cost: float, matrix: sparse.csc_matrix, j: int, names: list[str]) -> Iterator[str]:
    part = slice(matrix.indptr[j], matrix.indptr[j + 1])
    # A column without an entry would not exist.
    if cost or part.start == part.stop:
        yield _line(name, "COST", _number(cost))
    for i, value in zip(matrix.indices[part], matrix.data[part], strict=True):
        yield _line(name, names[i], _number(value))


def _bounds(name: str, lower: float, upper: float, whole: bool) -> Iterator[str]:
    """The bounds of a column; those of an integer one always, since readers disagree on what it has without."""
    below, above = abs(lower) < INFINITE, abs(upper) < INFINITE
    if not below and not above:
        yield f" FR {_line('BND', name)[4:]}"
    elif below and lower == upper:
        yield f" FX {_line('BND', name, _number(lower))[4:]}"
    else:
        if not below:
            yield f" MI {_line('BND', name)[4:]}"
        elif lower or (above and upper <= 0):
            yield f" LO {_line('BND', name, _number(lower))[4:]}"
        if above:
            yield f" UP {_line('BND', name, _number(upper))[4:]}"
        elif whole:
            yield f" PL {_line('BND', name)[4:]}"
