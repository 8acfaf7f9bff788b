"""SMPS, the text form in which stochastic programmes are exchanged: read here, written by `smps_write`.

Three files: a core (a linear programme in MPS form), a time file that splits it in two stages, and a stoch file
that says which elements are random (Birge et al. 1987, COAL Newsletter 17:1; Gassmann and Kristjánsson 2008,
IMA J. Management Math. 19:347).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import QuestionError
from ..lp import Ints
from .mps import NO_SECTION, Core, Handler, LineError, Sheet, lookup, read_core, stray
from .smps_build import assemble
from .smps_stoch import Factor, Stages, draw, read_stoch
from .smps_write import write_mps, write_smps
from .two_stage import TwoStage

__all__ = ["read_smps", "write_mps", "write_smps"]

SUFFIXES = {
    "core": (".cor", ".core", ".mps"),
    "time": (".tim", ".time"),
    "stoch": (".sto", ".stoch"),
}
MOST_SAMPLES = 1_000_000


def read_smps(
    core: str | Path,
    time: str | Path | None = None,
    stoch: str | Path | None = None,
    *,
    samples: int | None = None,
    seed: int = 0,
) -> TwoStage:
    """The two-stage programme of an SMPS instance, always to be minimised.

    `core` is the core file, the instance's path without suffix, or a folder that holds one instance; `time` and
    `stoch` are looked for beside it. Independent distributions are multiplied out when their product has at most
    10,000 samples (or at most `samples`, where given); else `samples` (1,000) equiprobable ones are drawn by a
    scrambled Sobol sequence. Continuous distributions need `samples`: UNIFORM (from, to), NORMAL (mean, variance),
    GAMMA (scale, shape), BETA (a, b). Probabilities that add up to 1 but for rounding are divided by their sum.

    An objective to be maximised has its signs turned, and so has the optimum. A constant in the objective stands as
    the cost of one more column, the last of the first stage, fixed at 1. Samples with the same costs, matrix and
    bounds of the second stage share a `Recourse`; they are ordered as in the file, the last distribution fastest.

    QuestionError names every fault of the core, or of the two other files, with its line. Not read: more than two
    stages, an integer second stage, semi-continuous columns, and sections other than INDEP, BLOCKS and SCENARIOS.
    """
    if samples is not None and not 1 <= samples <= MOST_SAMPLES:
        raise QuestionError(f"samples is {samples}; it must be from 1 to {MOST_SAMPLES}")
    paths = _files(Path(core), time, stoch)
    programme = read_core(paths[0])
    stages, factors = _read_random(paths[1], paths[2], programme)
    weight, outcomes = draw(factors, samples, seed, paths[2].name)
    return assemble(programme, stages, weight, outcomes)


def _read_random(time: Path, stoch: Path, core: Core) -> tuple[Stages, list[Factor]]:
    """The stages and what is random in them; the faults of both files at once."""
    try:
        stages = _read_time(time, core)
    except QuestionError as error:
        # Where the stages are not known, anything may be random.
        every = Stages(np.ones(len(core.rows), np.int64), np.ones(len(core.columns), np.int64), ())
        try:
            read_stoch(stoch, core, every)
        except QuestionError as more:
            raise QuestionError(f"{error}\n{more}") from None
        raise
    return stages, read_stoch(stoch, core, stages)


def _files(core: Path, time: str | Path | None, stoch: str | Path | None) -> tuple[Path, Path, Path]:
    """The three files of an instance, those not named found by their suffixes."""
    if core.is_dir():
        found = [file for file in _listed(core) if file.suffix.lower() in SUFFIXES["core"]]
        if len(found) != 1:
            names = ", ".join(file.name for file in found[:5])
            raise QuestionError(
                f"{core.absolute().name}: one core file is expected in the folder, found: {names or 'none'}"
            )
        core = found[0]
    kind = next((kind for kind, suffixes in SUFFIXES.items() if core.suffix.lower() in suffixes), "")
    stem = core.stem if kind or core.is_file() else core.name
    if kind in ("time", "stoch") or not (kind or core.is_file()):
        core = _sibling(core, stem, "core")
    return (
        core,
        Path(time) if time else _sibling(core, stem, "time"),
        Path(stoch) if stoch else _sibling(core, stem, "stoch"),
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        raise QuestionError(f"{folder.absolute().name}: cannot be read ({error.strerror or error})") from None


def _sibling(core: Path, stem: str, kind: str) -> Path:
    files = _listed(core.parent)
    for suffix in SUFFIXES[kind]:
        alike = [file for file in files if file.name.casefold() == (stem + suffix).casefold()]
        if alike:
            return next((file for file in alike if file.stem == stem), alike[0])
    raise QuestionError(f"{stem}: no {kind} file ({', '.join(SUFFIXES[kind])}) beside it")


@dataclass
class _TimeReader:
    """Collects a time file: the periods in order, and where each begins or what belongs to it."""

    sheet: Sheet
    core: Core
    lines: list[int] = field(default_factory=list)
    periods: list[str] = field(default_factory=list)
    starts: list[tuple[int, int]] = field(default_factory=list)
    stage: dict[str, dict[str, int]] = field(default_factory=lambda: {"ROWS": {}, "COLUMNS": {}})

    def start(self, _line: int, words: list[str]) -> Handler:
        head = words[0].upper()
        if head in ("TIME", "NAME"):
            title = "".join(words[1:2])
            if title and self.core.title and title.casefold() != self.core.title.casefold():
                raise LineError(title, f"another instance; {self.core.name} holds {self.core.title}")
            return stray
        if head == "PERIODS":
            return self._period
        if head in ("ROWS", "COLUMNS"):
            return lambda _line, words: self._member(head, words)
        raise LineError(words[0], NO_SECTION)

    def _period(self, line: int, words: list[str]) -> None:
        if len(words) not in (1, 3):
            raise LineError(
                words[0], "a period, or its first column, its first row and its name are expected"
            )
        if words[-1] in self.periods:
            raise LineError(words[-1], "a period twice")
        if len(words) == 3:
            column = lookup(words[0], self.core.columns, "column")
            self.starts.append((lookup(words[1], self.core.order, "row"), column))
        self.periods.append(words[-1])
        self.lines.append(line)

    def _member(self, section: str, words: list[str]) -> None:
        if len(words) != 2:
            raise LineError(words[0], "a name and its period are expected")
        lookup(words[0], self.core.order if section == "ROWS" else self.core.columns, section[:-1].lower())
        if words[1] not in self.periods:
            raise LineError(words[1], "no such period above")
        if words[0] in self.stage[section]:
            raise LineError(words[0], "twice in " + section)
        self.stage[section][words[0]] = self.periods.index(words[1])


def _read_time(path: Path, core: Core) -> Stages:
    """The stages of a core's rows and columns."""
    sheet = Sheet(path)
    reader = _TimeReader(sheet, core)
    sheet.read(reader.start)
    sheet.check()
    if len(reader.periods) != 2:
        line, word = (reader.lines[2], reader.periods[2]) if len(reader.periods) > 2 else (1, "PERIODS")
        sheet.fault(line, word, f"{len(reader.periods)} stages; two are expected")
    elif len(reader.starts) == 2:
        rows, columns = _implicit(reader, core)
    elif reader.starts:
        sheet.fault(
            reader.lines[1], reader.periods[1], "a period with its first column and row, another without"
        )
    else:
        for section, names in (("ROWS", core.rows), ("COLUMNS", core.columns)):
            lost = next((name for name in names if name not in reader.stage[section]), None)
            if lost is not None:
                sheet.fault(reader.lines[-1], lost, f"in no period: {section} must name all")
        rows = np.array([reader.stage["ROWS"].get(name, 0) for name in core.rows], dtype=np.int64)
        columns = np.array([reader.stage["COLUMNS"].get(name, 0) for name in core.columns], dtype=np.int64)
    sheet.check()
    _check_stages(sheet, reader.lines[1], core, rows, columns)
    return Stages(rows, columns, (reader.periods[0], reader.periods[1]))


def _implicit(reader: _TimeReader, core: Core) -> tuple[Ints, Ints]:
    """Stages by the first row and column of each period, in the core's order."""
    (_, first), (row, column) = reader.starts
    if first != 0:
        reader.sheet.fault(reader.lines[0], reader.periods[0], "does not begin with the core's first column")
    if column == 0:
        reader.sheet.fault(reader.lines[1], reader.periods[1], "leaves no column to the first stage")
    rows = np.array([core.order[name] >= row for name in core.rows], dtype=np.int64)
    return rows, (np.arange(len(core.columns)) >= column).astype(np.int64)


def _check_stages(sheet: Sheet, line: int, core: Core, rows: Ints, columns: Ints) -> None:
    names, titles = list(core.columns), list(core.rows)
    for row, column in core.entries:
        if rows[row] < columns[column]:
            sheet.fault(
                line, titles[row], f"a row of the first stage with a column of the second, {names[column]}"
            )
    for column, place in core.whole.items():
        if columns[column]:
            sheet.faults.append(f"{core.name}:{place} {names[column]}: an integer column of the second stage")
    if not columns.any():
        sheet.fault(line, "", "no column is left to the second stage")
    sheet.check()
