"""What the terminal shows: tables with a line that tells how to read them, and progress on stderr."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .formats import MISSING, number

# What a pipe or a file is taken to be wide; a terminal or COLUMNS tells its own width.
PIPE_WIDTH = 160
WRAP_WIDTH = 24  # text longer than this may be wrapped
LEAST_WIDTH = 12  # but not into less than this
BETWEEN = 3  # blanks between two columns
Tell = Callable[[int, int, str], None]


def amount(value: float | None) -> str:
    """A number to two digits, as tables show it."""
    return number(value, 2)


def places(value: float | None) -> str:
    """A number to three places, for what differs by little."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:.3f}"


def whole(value: float | None) -> str:
    """A sum as a whole number."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:,.0f}"


def text(value: object) -> str:
    """A cell's text without control codes, the missing one as a dash."""
    if value is None:
        return MISSING
    return "".join(c if c.isprintable() else " " for c in str(value))


@dataclass(frozen=True)
class Shown:
    """A column as shown: where it comes from, its header, its format, from what value on it is alarming.

    Where the terminal is narrow, columns with the highest `spare` are left out first; 0 and the first always stay.
    """

    column: str
    header: str
    format: Callable[[Any], str] = text
    alarming: float | None = None
    spare: int = 0


def console(*, stderr: bool = False) -> Console:
    """The terminal, or a plain text of fixed width where output goes into a pipe or a file."""
    stream = sys.stderr if stderr else sys.stdout
    told = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, width=None if told else PIPE_WIDTH, highlight=False, emoji=False)


def show(frame: pl.DataFrame, columns: Sequence[Shown], title: str, legend: str) -> None:
    """Print a frame as a table, with its legend and the count of what is not computable below.

    Numbers are shown whole: where not even the columns that must stay fit, lines are longer than the terminal.
    """
    out = console()
    columns = [column for column in columns if column.column in frame.columns]
    cells = {c.column: [_cell(value, c) for value in frame[c.column]] for c in columns}
    numeric = {c.column for c in columns if frame.schema[c.column].is_numeric()}
    shown = _fitting(columns, cells, numeric, out.width)
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in shown:
        whole = column.column in numeric
        table.add_column(
            column.header,
            justify="right" if whole else "left",
            overflow="fold",
            no_wrap=whole,
            min_width=_least(column, cells, numeric, LEAST_WIDTH),
        )
    for row in zip(*(cells[column.column] for column in shown), strict=True):
        table.add_row(*row)
    text_width = out.width
    out.width = max(text_width, _needed(shown, cells, numeric, LEAST_WIDTH))
    out.print(table)
    out.width = text_width
    left_out = [_flat(column.header) for column in columns if column not in shown]
    if left_out:
        legend += f" Left out for lack of width: {', '.join(left_out)} (--to and --json have all)."
    for sentence in filter(None, (legend, _missing(frame, shown))):
        out.print(Text(sentence, style="dim"))


def _fitting(
    columns: Sequence[Shown], cells: Mapping[str, Sequence[Text]], numeric: set[str], width: int
) -> list[Shown]:
    """The columns that fit, long text being wrapped; the most dispensable ones are left out first."""
    shown = list(columns)
    while _needed(shown, cells, numeric, WRAP_WIDTH) > width:
        last = max(shown[1:], key=lambda column: column.spare, default=None)
        if last is None or last.spare == 0:
            break
        shown.remove(last)
    return shown


def _needed(
    columns: Sequence[Shown], cells: Mapping[str, Sequence[Text]], numeric: set[str], wrapped: int
) -> int:
    """Width of a table whose text is wrapped at so many characters, with the blanks between and at its edges."""
    return sum(_least(column, cells, numeric, wrapped) + BETWEEN for column in columns) - 1


def _least(column: Shown, cells: Mapping[str, Sequence[Text]], numeric: set[str], wrapped: int) -> int:
    """Width of a column whose text is wrapped at so many characters; a number is never cut."""
    width = _width(column, cells[column.column])
    return width if column.column in numeric else min(width, wrapped)


def _width(column: Shown, cells: Sequence[Text]) -> int:
    return max(*(len(line) for line in column.header.split("\n")), *(cell.cell_len for cell in cells), 0)


def _cell(value: Any, column: Shown) -> Text:
    shown = column.format(value)
    alarming = column.alarming is not None and value is not None and value >= column.alarming
    return Text(shown, style="bold red" if alarming else "")


def _missing(frame: pl.DataFrame, columns: Sequence[Shown]) -> str:
    numeric = [column for column in columns if frame.schema[column.column].is_numeric()]
    counts = {_flat(column.header): frame[column.column].null_count() for column in numeric}
    told = [f"{header} {count}" for header, count in counts.items() if count]
    return f"{MISSING}: no value, in {', '.join(told)} of {_rows(frame)}." if told else ""


def _rows(frame: pl.DataFrame) -> str:
    return "1 row" if len(frame) == 1 else f"{len(frame)} rows"


def _flat(header: str) -> str:
    return header.replace("-\n", "").replace("\n", " ")


def say(sentence: str, *, style: str = "") -> None:
    """One sentence on stdout."""
    console().print(Text(sentence, style=style))


@contextmanager
def progress() -> Iterator[Tell]:
    """A bar on stderr that a long computation moves with (done, total, label); nothing in a pipe."""
    out = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield tell
