"""Text in sections, and the core file of an SMPS instance: a linear programme in MPS form, by names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, QuestionError, nearest
from ..lp import Floats

Handler = Callable[[int, list[str]], None]  # the number and the words of a line

INFINITE = 1e20
SHOWN = 50  # faults of one file; a file of another kind has one in every line
# The columns of the fixed form, for names with blanks.
FIXED = (slice(1, 3), slice(4, 12), slice(14, 22), slice(24, 36), slice(39, 47), slice(49, 61))
NO_END = "the file ends without ENDATA"
NO_PAIRS = "a column and one or two pairs of row and value are expected"
SIDE_SET = re.compile(r"RHS\d*", re.IGNORECASE)
NO_SECTION = "not a section that is read; the lines of a section are indented"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")
INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


class LineError(Exception):
    """What is wrong in a line: the word, and why."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(word, message)
        self.word, self.message = word, message


@dataclass
class Sheet:
    """A text file under reading: its name and every fault found in it so far."""

    path: Path
    faults: list[str] = field(default_factory=list)

    def fault(self, line: int, word: str, message: str) -> None:
        """Note what is wrong with a word in a line."""
        self.faults.append(str(Fault(f"{self.path.name}:{line}", None, "", word, message)))

    def check(self) -> None:
        """Raise QuestionError with all faults, if there is any."""
        if self.faults:
            more = len(self.faults) - SHOWN
            raise QuestionError("\n".join(self.faults[:SHOWN] + ([f"and {more} more"] if more > 0 else [])))

    def read(self, start: Callable[[int, list[str]], Handler]) -> None:
        """Give each header to `start` and the lines below it to the handler that `start` gives back."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise QuestionError(f"{self.path.name}: cannot be read ({error.strerror or error})") from None
        handler: Handler | None = None
        headed, number = False, 0
        for number, raw in enumerate(text.split("\n"), start=1):
            line = raw.rstrip()
            if not line or line.startswith("*"):
                continue
            words = line.split()
            if line[0].isspace():
                if handler is not None:
                    self._line(handler, number, line.expandtabs(8), words)
                elif not headed:
                    self.fault(number, words[0], "a line before the first section")
                continue
            headed = True
            if words[0].upper() == "ENDATA":
                return
            try:
                handler = start(number, words)
            except LineError as error:
                handler = None
                self.fault(number, error.word, error.message)
        self.fault(number, "", NO_END)

    def _line(self, handler: Handler, number: int, line: str, words: list[str]) -> None:
        try:
            handler(number, words)
        except LineError as error:
            placed = [word for word in (line[part].strip() for part in FIXED) if word]
            # A word that runs over the edge of a column says that the line is not in the fixed form.
            whole = "".join(placed).replace(" ", "") == "".join(words)
            try:
                if whole and placed != words:
                    return handler(number, placed)
            except LineError:
                pass
            self.fault(number, error.word, error.message)


def number(word: str, *, infinite: bool = False) -> float:
    """The number that a word is; beyond 1e20 it is infinite, which only bounds may be."""
    if INFINITY.fullmatch(word):
        value = -np.inf if word.startswith("-") else np.inf
    elif NUMBER.fullmatch(word):
        value = float(word.replace("d", "e").replace("D", "e"))
    else:
        raise LineError(word, "not a number")
    if abs(value) < INFINITE:
        return value
    if not infinite:
        raise LineError(word, "not a finite number")
    return float(np.copysign(np.inf, value))


def stray(_line: int, words: list[str]) -> None:
    """For headers without lines: whatever stands below them is a fault."""
    raise LineError(words[0], "a line outside of any section")


def lookup(word: str, known: dict[str, int], what: str) -> int:
    """The position of a name."""
    if word not in known:
        near = nearest(word, known) if len(known) <= 1000 else ""
        raise LineError(word, f"no such {what}; is {near} meant?" if near else f"no such {what}")
    return known[word]


def pairs(words: list[str]) -> Iterator[tuple[str, float]]:
    """Row and value, one or two times."""
    for row, value in zip(words[::2], words[1::2], strict=True):
        yield row, number(value)


@dataclass(frozen=True)
class Core:
    """A linear programme by names, in its own sense: columns, constraint rows and what stands in them.

    `name` is the file's, `title` what its NAME says; `order` counts every row, the free ones too;
    `sets` names the sets of right-hand sides, ranges and bounds;
    `whole` holds the line in which a column became integer; a range is nan where there is none.
    """

    name: str
    title: str
    order: dict[str, int]
    rows: dict[str, int]
    columns: dict[str, int]
    objective: str
    maximise: bool
    constant: float
    cost: Floats
    entries: dict[tuple[int, int], float]
    sense: NDArray[np.str_]
    rhs: Floats
    ranges: Floats
    lower: Floats
    upper: Floats
    whole: dict[int, int]
    sets: dict[str, str]


def row_bounds(sense: NDArray[np.str_], rhs: Floats, ranges: Floats) -> tuple[Floats, Floats]:
    """Lower and upper bounds of rows from their sense, right-hand side and range (nan: none)."""
    span = np.where(np.isnan(ranges), 0.0, ranges)
    low = np.where(sense == "L", np.where(np.isnan(ranges), -np.inf, rhs - abs(span)), rhs)
    high = np.where(sense == "G", np.where(np.isnan(ranges), np.inf, rhs + abs(span)), rhs)
    equal = sense == "E"
    return low + np.where(equal, np.minimum(span, 0), 0), high + np.where(equal, np.maximum(span, 0), 0)


def read_core(path: Path) -> Core:
    """The core file at `path`; QuestionError with all its faults.

    The first N row is the objective, others are left out. An upper bound below 0 without a lower bound frees the
    column downwards; an integer column without any bound is binary, as HiGHS and CPLEX read it.
    """
    reader = _CoreReader(Sheet(path))
    reader.sheet.read(reader.start)
    reader.check_sections()
    if not reader.sheet.faults:
        if not reader.objective:
            reader.sheet.fault(1, "ROWS", "no objective: a row of kind N is missing")
        elif not reader.columns:
            reader.sheet.fault(1, "COLUMNS", "no column")
    reader.sheet.check()
    return reader.core()


class _CoreReader:
    """Collects a core file line by line; every handler checks its line before it keeps any of it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.title = ""
        self.headed: set[str] = set()
        self.order: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.columns: dict[str, int] = {}
        self.senses: list[str] = []
        self.objective = ""
        self.maximise = False
        self.marked = False
        self.values: dict[tuple[str, int], float] = {}  # of free rows too
        self.sides: dict[str, dict[str, float]] = {"RHS": {}, "RANGES": {}}
        self.sets: dict[str, str] = {}
        self.bounds: dict[int, dict[str, float]] = {}
        self.codes: set[tuple[int, str]] = set()
        self.whole: dict[int, int] = {}

    def start(self, _line: int, words: list[str]) -> Handler:
        head = words[0].upper()
        self.headed.add(head)
        if head == "NAME":
            self.title = "".join(words[1:2])
        if head in ("MAX", "MAXIMIZE", "MAXIMISE", "MIN", "MINIMIZE", "MINIMISE"):
            self._sense(_line, [head])
            return stray
        if head == "OBJSENSE" and len(words) > 1:
            self._sense(_line, words[1:])
        handlers: dict[str, Handler] = {
            "NAME": stray,
            "OBJSENSE": self._sense,
            "ROWS": self._row,
            "COLUMNS": self._column,
            "RHS": lambda line, words: self._side("RHS", line, words),
            "RANGES": lambda line, words: self._side("RANGES", line, words),
            "BOUNDS": self._bound,
        }
        if head not in handlers:
            raise LineError(words[0], NO_SECTION)
        return handlers[head]

    def check_sections(self) -> None:
        """A section without its header is told once, instead of every line that therefore stands elsewhere.

        A core may have no RHS, when all are 0; lines of one that stand in COLUMNS tell that its header was lost.
        """
        faults, missing = self.sheet.faults, [name for name in ("ROWS", "COLUMNS") if name not in self.headed]
        if missing:
            kept = [fault for fault in faults if fault.endswith((NO_SECTION, NO_END))]
        else:
            kept = [fault for fault in faults if not fault.endswith(NO_PAIRS)]
            if "RHS" in self.headed or (kept == faults and not any(map(SIDE_SET.fullmatch, self.columns))):
                return
            missing = ["RHS"]
        self.sheet.faults = [f"{self.sheet.path.name}: section {name} is missing" for name in missing] + kept

    def _sense(self, _line: int, words: list[str]) -> None:
        word = words[0].upper()
        if len(words) != 1 or word[:3] not in ("MAX", "MIN"):
            raise LineError(words[0], "neither MAX nor MIN")
        self.maximise = word.startswith("MAX")

    def _row(self, _line: int, words: list[str]) -> None:
        if len(words) != 2:
            raise LineError(words[0], "a kind and a name are expected")
        kind, name = words[0].upper(), words[1]
        if kind not in ("N", "L", "G", "E"):
            raise LineError(words[0], "not a kind of row: N, L, G or E")
        if name in self.order:
            raise LineError(name, "a row twice")
        self.order[name] = len(self.order)
        if kind != "N":
            self.rows[name] = len(self.rows)
            self.senses.append(kind)
        elif not self.objective:
            self.objective = name

    def _column(self, line: int, words: list[str]) -> None:
        if len(words) >= 3 and words[1].strip("'\"").upper() == "MARKER":
            kind = words[-1].strip("'\"").upper()
            if kind not in ("INTORG", "INTEND"):
                raise LineError(words[-1], "neither INTORG nor INTEND")
            self.marked = kind == "INTORG"
            return
        if len(words) not in (3, 5):
            raise LineError(words[0], NO_PAIRS)
        name, found = words[0], list(pairs(words[1:]))
        column = self.columns.get(name, len(self.columns))
        taken = set()
        for row, _ in found:
            lookup(row, self.order, "row")
            if (row, column) in self.values or row in taken:
                raise LineError(row, f"twice in column {name}")
            taken.add(row)
        self.columns.setdefault(name, column)
        self.values.update({(row, column): value for row, value in found})
        if self.marked:
            self.whole.setdefault(column, line)

    def _set(self, section: str, name: str) -> None:
        """The first set of a section counts; another one would be dropped in silence."""
        if self.sets.setdefault(section, name) != name:
            raise LineError(name, f"a second set of {section}; one is read, {self.sets[section]}")

    def _side(self, section: str, _line: int, words: list[str]) -> None:
        if not 2 <= len(words) <= 5:
            raise LineError(words[0], "a set and one or two pairs of row and value are expected")
        found, taken = list(pairs(words[len(words) % 2 :])), set()
        for row, _ in found:
            lookup(row, self.order, "row")
            if row in self.sides[section] or row in taken:
                raise LineError(row, f"twice in {section}")
            taken.add(row)
        if len(words) % 2:
            self._set(section, words[0])
        self.sides[section].update(found)

    def _bound(self, line: int, words: list[str]) -> None:
        code, plain = words[0].upper(), words[1:]
        if code == "SC":
            raise LineError(words[0], "semi-continuous columns are not read")
        if code not in ("UP", "LO", "FX", "LI", "UI", "FR", "MI", "PL", "BV"):
            raise LineError(words[0], "not a kind of bound")
        valued = code in ("UP", "LO", "FX", "LI", "UI")
        named = len(plain) == 3 or (len(plain) == 2 and not valued and plain[1] in self.columns)
        rest = plain[1:] if named else plain
        if not (len(rest) == 2 if valued else 1 <= len(rest) <= 2):
            raise LineError(
                words[0], "a set, a column" + (" and a value are" if valued else " are") + " expected"
            )
        column = lookup(rest[0], self.columns, "column")
        value = number(rest[1], infinite=True) if valued else 0.0
        if code == "FX" and not np.isfinite(value):
            raise LineError(rest[1], "not a finite number")
        if (column, code) in self.codes:
            raise LineError(rest[0], f"bound {code} twice")
        if named:
            self._set("BOUNDS", plain[0])
        self.codes.add((column, code))
        given = self.bounds.setdefault(column, {})
        if code in ("LO", "LI", "FX", "FR", "MI", "BV"):
            given["lower"] = -np.inf if code in ("FR", "MI") else value
        if code in ("UP", "UI", "FX", "FR", "PL", "BV"):
            given["upper"] = np.inf if code in ("FR", "PL") else 1.0 if code == "BV" else value
        if code in ("LI", "UI", "BV"):
            self.whole.setdefault(column, line)

    def core(self) -> Core:
        width, height = len(self.columns), len(self.rows)
        lower, upper = np.zeros(width), np.full(width, np.inf)
        for column in self.whole:
            upper[column] = np.inf if column in self.bounds else 1.0
        for column, given in self.bounds.items():
            upper[column] = given.get("upper", np.inf)
            lower[column] = given.get("lower", -np.inf if upper[column] < 0 else 0.0)
        cost, rhs, ranges = np.zeros(width), np.zeros(height), np.full(height, np.nan)
        entries: dict[tuple[int, int], float] = {}
        for (row, column), value in self.values.items():
            if row == self.objective:
                cost[column] = value
            elif row in self.rows:
                entries[self.rows[row], column] = value
        for section, target in (("RHS", rhs), ("RANGES", ranges)):
            for row, value in self.sides[section].items():
                if row in self.rows:
                    target[self.rows[row]] = value
        return Core(
            name=self.sheet.path.name,
            title=self.title,
            order=self.order,
            rows=self.rows,
            columns=self.columns,
            objective=self.objective,
            maximise=self.maximise,
            constant=-self.sides["RHS"].get(self.objective, 0.0),
            cost=cost,
            entries=entries,
            sense=np.array(self.senses, dtype="<U1"),
            rhs=rhs,
            ranges=ranges,
            lower=lower,
            upper=upper,
            whole=self.whole,
            sets=self.sets,
        )
