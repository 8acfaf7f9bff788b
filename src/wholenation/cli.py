"""The command line: one command per verb, one sentence per mistake.

Everything but click is imported inside the command that uses it, so that `--help` answers at once.
"""

from __future__ import annotations

import calendar
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import __version__
from .errors import ChainError, Fault, QuestionError, WholenationError, unknown

if TYPE_CHECKING:
    from .chain import Chain
    from .export import Result
    from .importers import ImportSummary

Command = TypeVar("Command", bound=Callable[..., Any])
INTERRUPTED = 130


class Verbs(click.Group):
    """The verbs in the order in which they are asked; what goes wrong in them becomes a sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As declared, not by the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; exit code 1 for bad data, a bad question or an answer that cannot be written."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal of few characters is no reason to stop
        try:
            return super().invoke(ctx)
        except ChainError as error:
            faults = [fault for fault in error.faults if fault.severity == "fault"]
            _print_faults(faults, err=True)
            return _stop(ctx, f"{_count(faults, 'fault')}: the tables cannot be used as they are")
        except WholenationError as error:
            return _stop(ctx, str(error))
        except KeyboardInterrupt:
            return _stop(ctx, "stopped; no file was left half written", INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            about = f" ({error.filename})" if error.filename else ""
            return _stop(ctx, f"cannot read or write{about}: {error.strerror or error}")
        except Exception as error:
            if os.environ.get("WHOLENATION_DEBUG"):
                raise
            told = f"{type(error).__name__}: {error}".splitlines()[0]
            hint = "set WHOLENATION_DEBUG=1 to see where"
            return _stop(ctx, f"this is a bug of wholenation, not of your tables ({told}); {hint}")


def _stop(ctx: click.Context, sentence: str, code: int = 1) -> None:
    click.secho(f"wholenation: {sentence}", fg="red", err=True)
    ctx.exit(code)


def _codes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Codes separated by commas, each once, in the order given."""
    codes = tuple(dict.fromkeys(code.strip() for code in (value or "").split(",") if code.strip()))
    if value is not None and not codes:  # an empty shell variable must not pass for "all"
        raise click.BadParameter(f"{value!r} names nothing; leave the option out to mean no choice")
    return codes


def _when(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """A point in time in years: 2026, 2026.5, 2026-07 or 2026-07-01; July 2026 is 2026.5."""
    if value is None:
        return None
    found = re.fullmatch(r"([12]\d{3})(\.\d+)?|([12]\d{3})-(0[1-9]|1[0-2])(?:-(\d\d))?", value)
    if not found or not _is_date(int(found[1] or found[3]), int(found[4] or 1), int(found[5] or 1)):
        raise click.BadParameter(
            f"{value!r} is not a year (2026 or 2026.5), a month (2026-07) or a day (2026-07-01)"
        )
    if found[1]:
        return float(value)
    return int(found[3]) + (int(found[4]) - 1) / 12 + (int(found[5] or 1) - 1) / 365.25


def _is_date(year: int, month: int, day: int) -> bool:
    """A day of the calendar, in the years that the tables allow."""
    return 1900 <= year <= 2200 and 1 <= day <= calendar.monthrange(year, month)[1]


class Number(click.FloatRange):
    """A finite number within its range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """NaN is within no range, though every comparison lets it pass."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order given."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


folder = click.argument("folder", type=click.Path())
home = click.option("--home", metavar="CODE", help="Jurisdiction or bloc for which we plan.")
controllers = click.option(
    "--controllers", callback=_codes, metavar="A,B,C", help="Who may deny, alone and together."
)
step = click.option(
    "--step", type=click.Choice(["year", "quarter", "month"]), default="year", show_default=True,
    help="Length of a time step.",
)  # fmt: skip
seed = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same answer."
)
answers = options(
    click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON instead of tables."),
    click.option(
        "--to", type=click.Path(), metavar="FILE", help="Write to a file: .csv or .parquet (the first table), "
        ".json or .xlsx (all tables).",
    ),
)  # fmt: skip
samples = click.option(
    "--samples",
    type=click.IntRange(1, 50),
    default=30,
    show_default=True,
    help="Futures the plan is made for.",
)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wholenation")
def main() -> None:
    """Where a nation's technology can be stopped, what happens then, and what to fund against it."""


@main.command(short_help="Are our tables sound?")
@folder
@answers
def check(folder: str, as_json: bool, to: str | None) -> None:
    """Are our tables sound? Every fault of a chain FOLDER, with file, row and column."""
    _destination(to)
    from .chain import check as find_faults

    found = find_faults(folder)
    faults = [fault for fault in found if fault.severity == "fault"]
    if as_json or to:
        _answer(_faults_result(folder, found), as_json, to)
    if not as_json:
        _print_faults(found)
        counted = f"{_count(faults, 'fault')}, {_count(found[len(faults) :], 'warning')}"
        click.secho(f"{counted} in {folder}", fg="red" if faults else "green")
    click.get_current_context().exit(1 if faults else 0)


@main.group("import", short_help="Can we start from public data?")
def import_() -> None:
    """Can we start from public data? A chain from a publisher's files."""


@import_.command()
@click.argument("source", metavar="DIR", type=click.Path())
@click.option(
    "--to", "target", required=True, type=click.Path(), metavar="FOLDER", help="Folder of the new chain."
)
@click.option("--replace", is_flag=True, help="Write into FOLDER even if it holds something already.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON instead of tables.")
def eto(source: str, target: str, replace: bool, as_json: bool) -> None:
    """Emerging Technology Observatory: DIR holds its five CSV files, of either vintage."""
    from .importers.eto import import_eto

    account = _account(import_eto(source, target, replace=replace), source)
    if not _answer(account, as_json, None):
        from . import output

        output.show_account(account.tables)
        click.echo(f"The chain lies in {target}; wholenation check {target} shows what is thin.", err=True)


@main.command(short_help="Where can we be stopped, by whom, how badly?")
@folder
@home
@controllers
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True, help="Items on the shortlist."
)
@click.option(
    "--draws", type=click.IntRange(min=0), default=0, show_default=True,
    help="Draws over the ranges of the data, for the robustness of ranks.",
)  # fmt: skip
@step
@seed
@answers
def measure(
    folder: str,
    home: str | None,
    controllers: tuple[str, ...],
    top: int,
    draws: int,
    step: str,
    seed: int,
    as_json: bool,
    to: str | None,
) -> None:
    """Where can we be stopped, by whom, how badly? The most exposed items of the chain in FOLDER."""
    chain, home = _open(folder, home, to, controllers)
    from . import output
    from .exposure import measure as run

    with output.progress() as tell:
        exposure = run(chain, home, controllers, step=step, draws=draws, top=top, seed=seed, progress=tell)
    shortlist = exposure.shortlist(top=top)
    asked = {"home": home, "controllers": controllers, "step": step, "draws": draws, "top": top, "seed": seed}
    tables = {"shortlist": shortlist, "measures": exposure.table, "coverage": exposure.coverage}
    if not _answer(_result(chain, "measure", asked, tables), as_json, to):
        output.show_exposure(exposure, shortlist)


@main.command(short_help="What happens if they do it?")
@folder
@home
@click.option(
    "--scenario", "scenarios", callback=_codes, metavar="A,B,C", help="Scenarios. All, if none is named."
)
@click.option(
    "--start", callback=_when, metavar="WHEN", help="Start of the horizon: 2026, 2026.5 or 2026-07."
)
@click.option("--plan/--no-plan", "planned", default=False, help="Also with the plan that `plan` would make.")
@samples
@step
@seed
@answers
def stress(
    folder: str,
    home: str | None,
    scenarios: tuple[str, ...],
    start: float | None,
    planned: bool,
    samples: int,
    step: str,
    seed: int,
    as_json: bool,
    to: str | None,
) -> None:
    """What happens if they do it? Output over time under each scenario of controls."""
    chain, home = _open(folder, home, to)
    _known(scenarios, chain.scenarios["scenario"].to_list(), "scenario")
    from . import output
    from .stress import stress as run

    made = None
    with output.progress() as tell:
        if planned:
            from .plans import plan as make

            made = make(chain, home, samples=samples, seed=seed, progress=tell)
        found = run(
            chain, home, scenarios or None, step=step, start=start, plan=made, seed=seed, progress=tell
        )
    asked = {
        "home": home,
        "scenarios": scenarios,
        "start": start,
        "plan": planned,
        "step": step,
        "seed": seed,
    }
    tables = {"summary": found.summary, "output": found.table, "items": found.items}
    if not _answer(_result(chain, "stress", asked, tables), as_json, to):
        output.show_outcomes(found)


@main.command(short_help="What should we fund, when, from whose money?")
@folder
@home
@samples
@click.option(
    "--budget",
    type=Number(min=0),
    metavar="MUSD",
    help="Money in all, in USD million: all pools are scaled to it.",
)
@click.option(
    "--risk-aversion", type=Number(0, 1), default=0.25, show_default=True,
    help="Weight of the worst futures: 0 plans for the mean, 1 for the tail alone.",
)  # fmt: skip
@click.option(
    "--tail", type=Number(0, 1, max_open=True), default=0.9, show_default=True,
    help="Where the worst futures begin: 0.9 means the worst tenth.",
)  # fmt: skip
@click.option("--require", callback=_codes, metavar="A,B", help="Projects that must be funded.")
@click.option("--exclude", callback=_codes, metavar="A,B", help="Projects that must not be funded.")
@click.option(
    "--max-loss",
    type=Number(min=0),
    metavar="YEARS",
    help="Most loss that the plan may leave, mean and tail mixed, in years of output.",
)
@click.option(
    "--gap",
    type=Number(0, 1, max_open=True),
    default=0.01,
    show_default=True,
    help="Stop when this close to the best possible.",
)
@click.option(
    "--time-limit", type=Number(min=0, min_open=True), default=120.0, show_default=True, metavar="SECONDS",
    help="Stop after this time with the best plan found.",
)  # fmt: skip
@seed
@answers
def plan(folder: str, home: str | None, as_json: bool, to: str | None, **settings: Any) -> None:
    """What should we fund, when, how many rival routes, from whose money? A portfolio with its proof."""
    chain, home = _open(folder, home, to)
    projects = chain.projects["project"].to_list()
    _known((*settings["require"], *settings["exclude"]), projects, "project")
    from . import output
    from .plans import plan as make

    with output.progress() as tell:
        made = make(chain, home, **settings, progress=tell)
    tables = {
        "portfolio": made.portfolio,
        "loss": made.loss,
        "evaluation": made.evaluation,
        "spending": made.spending,
        "pools": made.pools,
        "rejected": made.rejected,
    }
    proof = {"status": made.status.value, "objective": made.objective, "bound": made.bound}
    asked = {"home": home, **settings, **proof, "gap_reached": made.gap, "conflicts": list(made.conflicts)}
    if not _answer(_result(chain, "plan", asked, tables), as_json, to):
        output.show_plan(made)
    if not math.isfinite(made.objective):  # no plan keeps all limits, or none was found
        click.get_current_context().exit(1)


@main.command(short_help="How do I show this to the minister?")
@folder
@home
@controllers
@click.option("--to", required=True, type=click.Path(), metavar="FILE.html", help="The HTML file to write.")
@click.option(
    "--draws", type=click.IntRange(min=0), default=30, show_default=True,
    help="Draws over the ranges of the data, for the robustness of ranks.",
)  # fmt: skip
@samples
@step
@seed
def report(folder: str, home: str | None, controllers: tuple[str, ...], to: str, **settings: Any) -> None:
    """How do I show this to the minister? One HTML file that needs no network."""
    from .export import destination
    from .files import write_whole

    path = destination(to, (".html", ".htm"))
    chain, home = _open(folder, home, None, controllers)
    from . import output
    from .report import report as write

    with output.progress() as tell:
        page = write(chain, home, controllers, **settings, progress=tell)
    write_whole(path, page.encode())
    click.echo(f"The report lies in {path} ({len(page.encode()) / 1e6:.1f} MB).", err=True)


def _open(
    folder: str, home: str | None, to: str | None, controllers: Sequence[str] = ()
) -> tuple[Chain, str]:
    """The chain and the home, after everything about the question that can be checked beforehand."""
    _destination(to)
    from .chain import read_chain

    chain = read_chain(folder)
    homes = sorted(set(chain.missions["home"].to_list()))
    if home is None:
        raise click.UsageError(f"Missing option '--home'. This chain has missions for: {', '.join(homes)}.")
    _known([home], homes, "home with a mission")
    _known(controllers, chain.jurisdictions["jurisdiction"].to_list(), "jurisdiction")
    if chain.warnings:
        hint = f"{_count(chain.warnings, 'warning')} about the tables; wholenation check {folder} shows them"
        click.secho(hint, fg="yellow", err=True)
    return chain, home


def _known(codes: Iterable[str], known: Sequence[str], what: str) -> None:
    for code in codes:
        if code not in known:
            raise QuestionError(f"{code or repr(code)}: {unknown(code, list(known), what, show=40)}")


def _destination(to: str | None) -> None:
    if to is not None:
        from .export import destination

        destination(to)


def _result(chain: Chain, verb: str, asked: dict[str, Any], tables: dict[str, Any]) -> Result:
    from .export import Result

    data = {"chain": chain.name, "title": chain.title, "version": chain.version, "data_hash": chain.data_hash}
    return Result({"wholenation": __version__, "verb": verb, **data, **asked}, tables)


def _answer(result: Result, as_json: bool, to: str | None) -> bool:
    """Write the file that was asked for, print the JSON that was asked for; whether JSON was printed."""
    from .export import to_json, write_result

    if to is not None:
        write_result(result, to)
        click.echo(f"Written to {to}.", err=True)
    if as_json:
        click.echo(to_json(result))
    return as_json


def _faults_result(folder: str, found: Sequence[Fault]) -> Result:
    import polars as pl

    from .export import Result

    names = {"file": pl.String, "row": pl.Int64, "column": pl.String, "value": pl.String}
    frame = pl.DataFrame(
        [{name: getattr(fault, name) for name in (*names, "message", "severity")} for fault in found],
        schema={**names, "message": pl.String, "severity": pl.String},
    )
    return Result(
        {"wholenation": __version__, "verb": "check", "folder": Path(folder).name}, {"faults": frame}
    )


def _account(summary: ImportSummary, source: str) -> Result:
    import polars as pl

    from .export import Result

    names = {"what": pl.String, "count": pl.Int64, "note": pl.String}
    parts = {"mapped": summary.mapped, "defaulted": summary.defaulted, "dropped": summary.dropped}
    frames = {part: pl.DataFrame(lines, schema=names, orient="row") for part, lines in parts.items()}
    return Result({"wholenation": __version__, "verb": "import eto", "source": Path(source).name}, frames)


def _print_faults(faults: Iterable[Fault], *, err: bool = False) -> None:
    for fault in faults:
        severe = fault.severity == "fault"
        mark = click.style("fault  ", fg="red") if severe else click.style("warning", fg="yellow")
        click.echo(f"{mark} {fault}", err=err)


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"
