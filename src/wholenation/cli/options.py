"""What all commands share: their group, which turns mistakes into sentences, their options, and how they answer."""

from __future__ import annotations

import calendar
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import __version__
from ..errors import ChainError, Fault, OutputError, QuestionError, WholenationError, unknown

if TYPE_CHECKING:
    from ..chain import Chain
    from ..export import Result

Command = TypeVar("Command", bound=Callable[..., Any])
INTERRUPTED = 130


class Verbs(click.Group):
    """The verbs in the order in which they are asked; what goes wrong in them becomes a sentence."""

    order = (
        "check", "import", "measure", "stress", "plan", "frontier", "certainty", "sensitivity", "policy",
        "cascade", "propagate", "generate", "programme", "audit", "dispose", "replay", "report", "formulate", "solve",
    )  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they are asked, not by the alphabet."""
        return sorted(self.commands, key=self.order.index)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; exit code 1 for bad data, a bad question or an answer that cannot be written."""
        _settle_streams()
        try:
            return super().invoke(ctx)
        except ChainError as error:
            faults = [fault for fault in error.faults if fault.severity == "fault"]
            print_faults(faults, err=True)
            return _stop(ctx, f"{count(faults, 'fault')}: the tables cannot be used as they are")
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


def _settle_streams() -> None:
    """Streams that take any text; one that the shell has closed leads nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # left so, the next file that is opened would get its number
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal of few characters is no reason to stop


def _stop(ctx: click.Context, sentence: str, code: int = 1) -> None:
    click.secho(f"wholenation: {sentence}", fg="red", err=True)
    ctx.exit(code)


def codes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Codes separated by commas, each once, in the order given."""
    codes = tuple(dict.fromkeys(code.strip() for code in (value or "").split(",") if code.strip()))
    if value is not None and not codes:  # an empty shell variable must not pass for "all"
        raise click.BadParameter(f"{value!r} names nothing; leave the option out to mean no choice")
    return codes


def moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
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


class Rows(click.IntRange):
    """So many rows of a table at most, 1 or more; any number that is larger than tables are long means all."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Numbers of any length may be written, but not handed to a table."""
        return min(super().convert(value, param, ctx), 2**31)


class Place(click.Path):
    """A path; an empty one, such as a shell variable without a value, must not pass for the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse the empty path."""
        if not value:
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order given."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


folder = click.argument("folder", type=Place())
folders = click.argument("folder", nargs=-1, required=True, type=Place(), metavar="FOLDER...")
home = click.option("--home", metavar="CODE", help="Jurisdiction or bloc for which we plan.")
controllers = click.option(
    "--controllers", callback=codes, metavar="A,B,C", help="Who may deny, alone and together."
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
        "--to", type=Place(), metavar="FILE", help="Write to a file: .csv or .parquet (the first table), "
        ".json or .xlsx (all tables).",
    ),
)  # fmt: skip
samples = click.option(
    "--samples", type=click.IntRange(1, 10_000), default=30, show_default=True, help="Futures the plan is made for.",
)  # fmt: skip


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wholenation")
def main() -> None:
    """Where a nation's technology can be stopped, what happens then, and what to fund against it."""


def open_chain(
    folder: str | Sequence[str],
    home: str | None,
    to: str | None,
    controllers: Sequence[str] = (),
    *,
    checkpoint: str | None = None,
) -> tuple[Chain, str]:
    """The chain and the home, after everything about the question that can be checked beforehand.

    Several folders become one chain under one budget.
    """
    places = [folder] if isinstance(folder, str) else list(folder)
    check_files(places, to, checkpoint)
    chain = _united(places)
    homes = sorted(set(chain.missions["home"].to_list()))
    if home is None:
        raise click.UsageError(f"Missing option '--home'. This chain has missions for: {', '.join(homes)}.")
    refuse(
        [
            *unknowns([home], homes, "home with a mission"),
            *unknowns(controllers, chain.jurisdictions["jurisdiction"].to_list(), "jurisdiction"),
        ]
    )
    if chain.warnings:
        hint = (
            f"{count(chain.warnings, 'warning')} about the tables; wholenation check {places[0]} shows them"
        )
        click.secho(hint, fg="yellow", err=True)
    return chain, home


def _united(places: Sequence[str]) -> Chain:
    """The chain of one or several folders; the faults of all of them at once."""
    from ..chain import read_chain

    if len(places) == 1:
        return read_chain(places[0])
    chains, faults = [], []
    for place in places:
        try:
            chains.append(read_chain(place))
        except ChainError as error:
            faults += [_placed(fault, place) for fault in error.faults]
    if faults:
        raise ChainError(faults)
    from ..union import unite

    return unite(chains)


def _placed(fault: Fault, place: str) -> Fault:
    """A fault whose file says in which of several folders it lies."""
    return (
        fault if fault.file == str(Path(place)) else replace(fault, file=f"{Path(place).name}/{fault.file}")
    )


def unknowns(codes: Iterable[str], known: Sequence[str], what: str) -> list[str]:
    """A sentence for each code that is not known."""
    return [
        f"{code or repr(code)}: {unknown(code, list(known), what, show=40)}"
        for code in dict.fromkeys(codes)
        if code not in known
    ]


def refuse(sentences: Sequence[str]) -> None:
    """Raise `QuestionError` with all that is wrong with a question, if anything is."""
    if sentences:
        raise QuestionError("\n".join(sentences))


def known(codes: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise `QuestionError` for codes that are not known, all at once."""
    refuse(unknowns(codes, known, what))


def checked_destination(to: str | None) -> None:
    """Raise `OutputError` for a file that could not be written, before anything is computed."""
    if to is not None:
        from ..export import destination

        destination(to)


def check_files(folders: Sequence[str], to: str | None, checkpoint: str | None = None) -> None:
    """Raise `OutputError` where an answer cannot be written, or would overwrite a chain or its own checkpoint."""
    checked_destination(to)
    from ..package import own_files

    own = {path.resolve() for folder in folders for path in own_files(Path(folder))}
    for path in filter(None, (to, checkpoint)):
        if Path(path).resolve() in own:
            raise OutputError(f"{path} is a file of the chain itself; name another file")
    if to and checkpoint and Path(to).resolve() == Path(checkpoint).resolve():
        raise OutputError(f"{to} is named for the answer and for the checkpoint; name two files")


def to_result(chain: Chain, verb: str, asked: dict[str, Any], tables: dict[str, Any]) -> Result:
    """A verb's answer with what was asked of which data."""
    from ..export import Result

    data = {"chain": chain.name, "title": chain.title, "version": chain.version, "data_hash": chain.data_hash}
    return Result({"wholenation": __version__, "verb": verb, **data, **asked}, tables)


def answer(result: Result, as_json: bool, to: str | None, show: Callable[[], None] | None = None) -> bool:
    """Write the file that was asked for, then print the JSON that was asked for, or `show`; whether JSON was printed.

    An answer that cannot be written after all is shown before that is told, for it may have taken hours.
    """
    from ..export import to_json, write_result

    unwritten = None
    if to is not None:
        try:
            write_result(result, to)
            click.echo(f"Written to {to}.", err=True)
        except OutputError as error:
            unwritten = error
    if as_json:
        click.echo(to_json(result))
    elif show is not None:
        show()
    if unwritten is not None:
        raise unwritten
    return as_json


def print_faults(faults: Iterable[Fault], *, err: bool = False) -> None:
    """One line each."""
    for fault in faults:
        severe = fault.severity == "fault"
        mark = click.style("fault  ", fg="red") if severe else click.style("warning", fg="yellow")
        click.echo(f"{mark} {fault}", err=err)


def count(things: Sequence[object], word: str) -> str:
    """How many, with the word in the plural where there are more."""
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"
