"""What the terminal shows: tables with a line that tells how to read them, and progress on stderr."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .figures.formats import MISSING, number, share, when

if TYPE_CHECKING:
    from .exposure import Exposure
    from .plans import Plan
    from .stress import Outcomes

# What a pipe or a file is taken to be wide; a terminal or COLUMNS tells its own width.
PIPE_WIDTH = 160
WRAP_WIDTH = 24  # text longer than this may be wrapped
LEAST_WIDTH = 12  # but not into less than this
Tell = Callable[[int, int, str], None]


def amount(value: float | None) -> str:
    """A number to two digits, as tables show it."""
    return number(value, 2)


def text(value: object) -> str:
    """A cell's text without control codes, the missing one as a dash."""
    if value is None:
        return MISSING
    return "".join(c if c.isprintable() else " " for c in str(value))


@dataclass(frozen=True)
class Shown:
    """A column as shown: where it comes from, its header, its format, from what value on it is alarming.

    Where the terminal is narrow, columns with the highest `spare` are left out first; 0 always stays.
    """

    column: str
    header: str
    format: Callable[[Any], str] = text
    alarming: float | None = None
    spare: int = 0


SHORTLIST = (
    Shown("rank", "#"),
    Shown("name", "item"),
    Shown("kind", "kind", spare=7),
    Shown("exposure", "expo-\nsure", amount, 0.5),
    Shown("loss", "loss\n(years)", amount, 1.0),
    Shown("price", "price", amount, spare=4),
    Shown("concentration", "concen-\ntration", amount, 0.5, spare=5),
    Shown("foreign_share", "foreign", share, 0.9, spare=2),
    Shown("substitutes", "substi-\ntutes", spare=8),
    Shown("controllers_needed", "deniers\nneeded", spare=6),
    Shown("time_to_bite_years", "bites\nafter (y)", amount),
    Shown("time_to_replace_years", "replaced\nafter (y)", amount, spare=3),
    Shown("rank_robustness", "in top\n(draws)", share, spare=1),
    Shown("denied_by", "denied by"),
)
SCENARIOS = (
    Shown("scenario", "scenario", spare=3),
    Shown("name", "name"),
    Shown("probability", "prob-\nability", share, spare=2),
    Shown("plan", "plan", lambda value: "with" if value else "without"),
    Shown("loss", "loss\n(years)", amount, 1.0),
    Shown("lowest_output", "lowest\noutput", share),
    Shown("lowest_time", "when", when, spare=1),
    Shown("first_bite", "first\nbite", when),
    Shown("recovered", "recov-\nered", when),
    Shown("binding", "what binds"),
)
LOSSES = (
    Shown("measure", "loss"),
    Shown("before", "without\nthe plan", amount),
    Shown("after", "with\nthe plan", amount),
)
EVALUATION = (
    Shown("measure", "loss"),
    Shown("when", "the plan", lambda value: {"before": "without", "after": "with"}.get(value, value)),
    Shown("mean", "mean", amount),
    Shown("low", "low", amount),
    Shown("high", "high", amount),
)
PORTFOLIO = (
    Shown("name", "item"),
    Shown("kind", "kind", spare=2),
    Shown("route", "route"),
    Shown("start", "start", when),
    Shown("end", "end", when, spare=4),
    Shown("ready", "capacity", when),
    Shown("teams", "teams", amount),
    Shown("gate", "gate", when, spare=5),
    Shown("cost_musd", "R&D\n(USD m)", amount, spare=3),
    Shown("capex_musd", "plant\n(USD m)", amount),
    Shown("loss_if_left_out", "loss if\nleft out", amount),
    Shown("reason", "reason", spare=1),
)
POOLS = (
    Shown("contributor", "contributor"),
    Shown("resource", "resource"),
    Shown("year", "year"),
    Shown("available", "available", amount),
    Shown("used", "used", amount),
    Shown("price", "worth of\none more", amount),
)
ACCOUNT = (Shown("what", "what"), Shown("count", "count"), Shown("note", "note"))


def console(*, stderr: bool = False) -> Console:
    """The terminal, or a plain text of fixed width where output goes into a pipe or a file."""
    stream = sys.stderr if stderr else sys.stdout
    told = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, width=None if told else PIPE_WIDTH, highlight=False, emoji=False)


def show(frame: pl.DataFrame, columns: Sequence[Shown], title: str, legend: str) -> None:
    """Print a frame as a table, with its legend and the count of what is not computable below."""
    out = console()
    columns = [column for column in columns if column.column in frame.columns]
    cells = {c.column: [_cell(value, c) for value in frame[c.column]] for c in columns}
    shown = _fitting(columns, cells, out.width)
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in shown:
        numeric = frame.schema[column.column].is_numeric()
        width = _width(column, cells[column.column])
        table.add_column(
            column.header,
            justify="right" if numeric else "left",
            no_wrap=numeric,
            min_width=min(width, LEAST_WIDTH),
        )
    for row in zip(*(cells[column.column] for column in shown), strict=True):
        table.add_row(*row)
    out.print(table)
    left_out = [_flat(column.header) for column in columns if column not in shown]
    if left_out:
        legend += f" Left out for lack of width: {', '.join(left_out)} (--to and --json have all)."
    for sentence in filter(None, (legend, _missing(frame, shown))):
        out.print(Text(sentence, style="dim"))


def _fitting(columns: Sequence[Shown], cells: Mapping[str, Sequence[Text]], width: int) -> list[Shown]:
    """The columns that fit, long text being wrapped; the most dispensable ones are left out first."""
    shown = list(columns)
    while True:
        # Two spaces stand between columns.
        needed = sum(min(_width(c, cells[c.column]), WRAP_WIDTH) + 2 for c in shown)
        last = max(shown, key=lambda column: column.spare)
        if needed <= width or last.spare == 0:
            return shown
        shown.remove(last)


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


def show_exposure(exposure: Exposure, shortlist: pl.DataFrame) -> None:
    """The shortlist, and for what part of the items each measure could be computed."""
    columns = [c for c in SHORTLIST if c.column != "rank_robustness" or exposure.draws]
    legend = (
        f"If {exposure.coalition} denied the item: loss = years of output lost over the horizon; exposure = those lost "
        "before home could replace it, its substitutes in the same hands denied too; price = years saved by one unit a "
        "year more; bites = until a tenth of the item is missing. Concentration 1 = one supplier. Deniers needed = "
        "fewest that deny 90 % of foreign supply. Replaced = fastest project at home."
    )
    if exposure.draws:
        legend += f" In top = share of {exposure.draws} draws over the data's ranges that keep the item here."
    show(shortlist, columns, f"Where {exposure.home} can be stopped by {exposure.coalition}", legend)
    thin = exposure.coverage.filter(pl.col("computable") < 1)
    told = ", ".join(f"{row[0].replace('_', ' ')} {share(row[1])}" for row in thin.iter_rows())
    if told:
        say(
            f"Computable for this share of all items: {told}; all other measures for every item.", style="dim"
        )


def show_outcomes(outcomes: Outcomes) -> None:
    """One row per scenario, with and without the plan."""
    columns = [c for c in SCENARIOS if c.column != "plan" or outcomes.summary["plan"].any()]
    legend = (
        "Loss = shortfall below the target in years of target output, over the horizon. Lowest output is relative to "
        "the target. No date under recovered: not within the horizon, or never below target."
    )
    show(outcomes.summary, columns, f"What happens to {outcomes.home}", legend)


def show_plan(plan: Plan) -> None:
    """The status, the loss before and after, what is funded and why, and the pools that bind."""
    from .lp import Status

    solved = math.isfinite(plan.objective)
    status = plan.status.value.capitalize()
    say(
        f"{status}. These cannot hold together:" if plan.conflicts else f"{status}.",
        style="bold" if solved else "red",
    )
    for conflict in plan.conflicts:
        say(f"  {conflict}", style="red")
    if not solved:
        return
    say(f"Objective {amount(plan.objective)}, no plan can beat {amount(plan.bound)}: gap {plan.gap:.2%}.")
    show(plan.loss, LOSSES, f"Loss of {plan.home}", "In years of target output, over the horizon.")
    if len(plan.evaluation):
        fresh = "Low and high: 95 % confidence interval of the mean; these draws were not planned for."
        show(plan.evaluation, EVALUATION, "On fresh draws", fresh)
    funded = (
        "Capacity = likely time at which it is there. "
        "Loss if left out = by how much the loss grows without the project."
    )
    if len(plan.portfolio):
        show(plan.portfolio, PORTFOLIO, "What to fund", funded)
    elif plan.status is Status.OPTIMAL:
        say(
            "Nothing on the menu is worth its money, or the menu is empty: no project is funded.",
            style="bold",
        )
    else:
        say("No project is funded: the search stopped before it found a better plan.", style="bold")
    binding = plan.pools.filter(pl.col("price") > 1e-6).sort("price", descending=True)
    worth = "Worth of one more = years of loss saved per further USD billion, or per further unit."
    if len(binding):
        show(binding.head(20), POOLS, "Pools that bind", worth)
    else:
        say("No pool binds: more money or people would not lower the loss.", style="dim")


def show_account(frames: Mapping[str, pl.DataFrame]) -> None:
    """What an importer mapped, defaulted and dropped."""
    for part, frame in frames.items():
        if len(frame):
            show(frame, ACCOUNT, part.capitalize(), "")
        else:
            say(f"{part.capitalize()}: nothing", style="bold")
