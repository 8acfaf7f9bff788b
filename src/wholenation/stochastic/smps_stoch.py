"""The stoch file of an SMPS instance: which elements are random, and the samples drawn from it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import qmc

from ..errors import QuestionError
from ..lp import Floats
from .mps import NO_SECTION, Core, Handler, LineError, Sheet, lookup, number, stray

# An element: "A" row and column of the matrix, "C" column's cost, "B" row's right-hand side, "R" row's range,
# "LO" and "UP" column's bounds; positions of the core, -1 where there is none.
Element = tuple[str, int, int]
Outcome = dict[Element, float]

ENUMERATED = 10_000  # samples up to which a product of distributions is enumerated unless asked otherwise
DRAWN = 1_000
ROUNDING = 1e-3  # by how much probabilities may miss 1
MODES = ("REPLACE", "ADD", "MULTIPLY")
DENSITIES: dict[str, Callable[[float, float], Any]] = {
    "UNIFORM": lambda a, b: stats.uniform(a, b - a),
    "NORMAL": lambda mean, variance: stats.norm(mean, math.sqrt(variance)),
    "GAMMA": lambda scale, shape: stats.gamma(shape, scale=scale),
    "BETA": lambda a, b: stats.beta(a, b),
}


@dataclass
class Factor:
    """An independent part of the randomness: outcomes with probabilities, or a quantile function of one element."""

    where: tuple[int, str]
    probability: list[float] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    quantile: Callable[[Floats], list[Outcome]] | None = None


@dataclass(frozen=True)
class Stages:
    """Stage (0 or 1) of every constraint row and column of a core, and the periods' names, none if not known."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    periods: tuple[str, ...]


def core_value(core: Core, element: Element) -> float:
    """What the core says of an element; 0 where it says nothing, nan for a range that is not there."""
    kind, place, column = element
    if kind == "A":
        return core.entries.get((place, column), 0.0)
    held = {"C": core.cost, "B": core.rhs, "R": core.ranges, "LO": core.lower, "UP": core.upper}[kind]
    return float(held[place])


def read_stoch(path: Path, core: Core, stages: Stages) -> list[Factor]:
    """The independent factors of the stoch file at `path`; QuestionError with all its faults."""
    reader = _StochReader(Sheet(path), core, stages)
    reader.sheet.read(reader.start)
    factors = [*reader.single.values(), *reader.blocks.values()]
    if reader.scenarios.outcomes:
        factors.append(reader.scenarios)
    owner: dict[Element, Factor] = {}
    for factor in factors:
        line, name = factor.where
        total = math.fsum(factor.probability)
        if factor.quantile is None and abs(total - 1) > ROUNDING:
            reader.sheet.fault(line, name, f"probabilities add up to {total:.6g}, not 1")
        for element in {element for outcome in factor.outcomes for element in outcome}:
            if owner.setdefault(element, factor) is not factor:
                reader.sheet.fault(line, name, "an element that is random elsewhere too")
                break
    if not factors and not reader.sheet.faults:
        reader.sheet.fault(1, "", "no random element")
    reader.sheet.check()
    return factors


def draw(factors: list[Factor], samples: int | None, seed: int, name: str) -> tuple[Floats, list[Outcome]]:
    """Probabilities and outcomes: the whole product, or equiprobable Sobol draws where it is too large."""
    count = math.prod(len(factor.outcomes) for factor in factors if factor.quantile is None)
    dense = [factor for factor in factors if factor.quantile is not None]
    if dense and samples is None:
        line, word = dense[0].where
        raise QuestionError(f"{name}:{line} {word}: a continuous distribution; say how many samples to draw")
    if not dense and count <= (ENUMERATED if samples is None else samples):
        products = itertools.product(*(zip(f.probability, f.outcomes, strict=True) for f in factors))
        chosen = [(math.prod(p for p, _ in parts), _merged(o for _, o in parts)) for parts in products]
        weight = np.array([p for p, _ in chosen])
        return weight / weight.sum(), [outcome for _, outcome in chosen]
    if len(factors) > qmc.Sobol.MAXDIM:
        raise QuestionError(
            f"{name}: {len(factors)} independent parts; at most {qmc.Sobol.MAXDIM} can be sampled"
        )
    size = DRAWN if samples is None else samples
    # A power of two keeps the sequence balanced; its beginning is taken.
    points = qmc.Sobol(len(factors), scramble=True, seed=seed).random_base2(max(size - 1, 0).bit_length())[
        :size
    ]
    parts = [_at(factor, points[:, i]) for i, factor in enumerate(factors)]
    return np.full(size, 1 / size), [_merged(row) for row in zip(*parts, strict=True)]


def _at(factor: Factor, levels: Floats) -> list[Outcome]:
    """A factor's outcomes at levels of its distribution function."""
    if factor.quantile is not None:
        return factor.quantile(np.clip(levels, 1e-12, 1 - 1e-12))
    steps = np.cumsum(factor.probability)
    found = np.searchsorted(steps, levels * steps[-1], side="right")
    return [factor.outcomes[i] for i in np.minimum(found, len(steps) - 1)]


def _merged(outcomes: Iterable[Outcome]) -> Outcome:
    return {element: value for outcome in outcomes for element, value in outcome.items()}


class _StochReader:
    """Collects a stoch file line by line."""

    def __init__(self, sheet: Sheet, core: Core, stages: Stages) -> None:
        self.sheet, self.core, self.stages = sheet, core, stages
        self.mode = "REPLACE"
        self.single: dict[tuple[Element, ...], Factor] = {}
        self.blocks: dict[str, Factor] = {}
        self.scenarios = Factor((0, ""))
        self.named: dict[str, Outcome] = {}
        self.current: Outcome | None = None
        self.fresh: set[Element] = set()  # elements that the current outcome has been given itself

    def start(self, _line: int, words: list[str]) -> Handler:
        head, rest = words[0].upper(), [word.upper() for word in words[1:]]
        self.current, self.mode = None, "REPLACE"
        if head in ("STOCH", "NAME"):
            return stray
        if head not in ("INDEP", "BLOCKS", "SCENARIOS"):
            raise LineError(words[0], NO_SECTION)
        kind = rest.pop(0) if rest and rest[0] not in MODES else "DISCRETE"
        if rest:
            if rest[0] not in MODES or len(rest) > 1:
                raise LineError(words[-1], "not one of " + ", ".join(MODES))
            self.mode = rest[0]
        if kind in DENSITIES and head == "INDEP":
            return lambda line, words: self._density(kind, line, words)
        if kind != "DISCRETE":
            raise LineError(kind, f"a distribution that is not read in {head}")
        return {"INDEP": self._independent, "BLOCKS": self._block, "SCENARIOS": self._scenario}[head]

    def _elements(self, words: list[str]) -> tuple[list[Element], int]:
        """The elements that a line speaks of (none for a free row), and how many words say so."""
        if len(words) > 3 and words[0].upper() in ("UP", "LO", "FX") and words[1] not in self.core.order:
            column = self._second(words[2], self.core.columns, self.stages.columns, "column")
            codes = ("LO", "UP") if words[0].upper() == "FX" else (words[0].upper(),)
            return [(code, column, -1) for code in codes], 3
        if len(words) < 3:
            raise LineError(words[0], "a column, a row and a value are expected")
        name, row = words[:2]
        lookup(row, self.core.order, "row")
        if name not in self.core.columns:
            for section, code, prefixes in (("RHS", "B", ("RHS",)), ("RANGES", "R", ("RNG", "RANGE"))):
                if name == self.core.sets.get(section) or name.upper().startswith(prefixes):
                    if row == self.core.objective:
                        raise LineError(row, "a random constant of the objective is not read")
                    if row not in self.core.rows:
                        return [], 2
                    return [(code, self._second(row, self.core.rows, self.stages.rows, "row"), -1)], 2
        column = lookup(name, self.core.columns, "column")
        if row == self.core.objective:
            return [("C", self._second(name, self.core.columns, self.stages.columns, "column"), -1)], 2
        if row not in self.core.rows:
            return [], 2
        return [("A", self._second(row, self.core.rows, self.stages.rows, "row"), column)], 2

    def _second(self, name: str, known: dict[str, int], stage: NDArray[np.int64], what: str) -> int:
        place = lookup(name, known, what)
        if stage[place] == 0:
            raise LineError(name, f"a {what} of the first stage, where nothing can be random")
        return place

    def _valued(self, element: Element, value: float, mode: str = "") -> float:
        """The value that an element takes, after a mode that may speak of the core's value."""
        mode = mode or self.mode
        if mode == "REPLACE":
            return value
        base = core_value(self.core, element)
        if math.isnan(base):
            base = 0.0
        if mode == "ADD":
            return base + value
        return base * value if value else 0.0  # the core's bound may be infinite

    def _period(self, word: str) -> None:
        if self.stages.periods and word not in self.stages.periods:
            raise LineError(word, "no such period; known: " + ", ".join(self.stages.periods))

    def _spread(self, words: list[str]) -> tuple[list[Element], float, float]:
        """The elements of a line of INDEP, its value and its probability (or its two parameters)."""
        elements, taken = self._elements(words)
        if len(words) not in (taken + 2, taken + 3):
            raise LineError(
                words[0], "a column, a row, a value, perhaps a period, and a probability are expected"
            )
        if len(words) == taken + 3:
            self._period(words[taken + 1])
        return elements, number(words[taken]), number(words[-1])

    def _independent(self, line: int, words: list[str]) -> None:
        elements, value, probability = self._spread(words)
        _positive(probability, words[-1])
        if elements:
            factor = self.single.setdefault(tuple(elements), Factor((line, words[1])))
            if factor.quantile is not None:
                raise LineError(words[1], "an element with two distributions")
            factor.probability.append(probability)
            factor.outcomes.append({element: self._valued(element, value) for element in elements})

    def _density(self, kind: str, line: int, words: list[str]) -> None:
        elements, first, second = self._spread(words)
        positive = {"UNIFORM": second >= first, "NORMAL": second >= 0}.get(kind, first > 0 and second > 0)
        if not positive:
            raise LineError(words[-1], f"not a parameter of {kind}")
        if tuple(elements) in self.single:
            raise LineError(words[1], "an element with two distributions")
        if not elements:
            return
        density, mode = DENSITIES[kind](first, second), self.mode

        def quantile(levels: Floats) -> list[Outcome]:
            values = (
                density.ppf(levels) if second != first or kind != "UNIFORM" else np.full(len(levels), first)
            )
            return [{element: self._valued(element, float(v), mode) for element in elements} for v in values]

        # The empty outcome under each element lets a second section find that it is random already.
        self.single[tuple(elements)] = Factor((line, kind), [1.0], [dict.fromkeys(elements, 0.0)], quantile)

    def _block(self, line: int, words: list[str]) -> None:
        if words[0].upper() != "BL":
            self._entry(words)
            return
        if len(words) != 4:
            raise LineError(words[0], "BL, a block, a period and a probability are expected")
        self._period(words[2])
        probability = _positive(number(words[3]), words[3])
        factor = self.blocks.setdefault(words[1], Factor((line, words[1])))
        # What a later realisation does not repeat stays as in the block's first.
        self._open(factor, probability, factor.outcomes[0] if factor.outcomes else {})

    def _scenario(self, line: int, words: list[str]) -> None:
        if words[0].upper() != "SC":
            self._entry(words)
            return
        if len(words) not in (4, 5):
            raise LineError(words[0], "SC, a scenario, its parent, a probability and a period are expected")
        name, parent = words[1], words[2].strip("'\"")
        if name in self.named:
            raise LineError(name, "a scenario twice")
        if parent not in self.named and parent.upper() != "ROOT":
            raise LineError(words[2], "no such scenario above; ROOT is the first parent")
        if len(words) == 5:
            self._period(words[4])
        probability = _positive(number(words[3]), words[3])
        self.scenarios.where = (line, name)
        self._open(self.scenarios, probability, self.named.get(parent, {}))
        self.named[name] = self.scenarios.outcomes[-1]

    def _open(self, factor: Factor, probability: float, start: Outcome) -> None:
        self.current, self.fresh = dict(start), set()
        factor.probability.append(probability)
        factor.outcomes.append(self.current)

    def _entry(self, words: list[str]) -> None:
        if self.current is None:
            raise LineError(words[0], "a line before the first BL or SC")
        elements, taken = self._elements(words)
        found = [(elements, number(words[taken]))] if len(words) > taken else []
        if len(words) == 5 and taken == 2:
            found.append((self._elements([words[0], words[3], words[4]])[0], number(words[4])))
        elif len(words) != taken + 1:
            raise LineError(words[0], "a column and one or two pairs of row and value are expected")
        fresh = [element for elements, _ in found for element in elements]
        if len(set(fresh)) < len(fresh) or self.fresh.intersection(fresh):
            raise LineError(words[1], "an element twice in one realisation")
        self.fresh.update(fresh)
        self.current.update({e: self._valued(e, value) for elements, value in found for e in elements})


def _positive(probability: float, word: str) -> float:
    if not 0 <= probability <= 1 + ROUNDING:
        raise LineError(word, "not a probability")
    return probability
