"""The verbs about the chain: check, measure, stress, report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from ..errors import Fault
from .options import (
    Place,
    Rows,
    answer,
    answers,
    check_files,
    codes,
    controllers,
    count,
    folder,
    home,
    known,
    main,
    moment,
    open_chain,
    print_faults,
    samples,
    seed,
    step,
    to_result,
)

if TYPE_CHECKING:
    from ..export import Result


@main.command(short_help="Are our tables sound?")
@folder
@answers
def check(folder: str, as_json: bool, to: str | None) -> None:
    """Are our tables sound? Every fault of a chain FOLDER, or of a firm network, with file, row and column."""
    check_files([folder], to)
    from ..chain import check as faults_of_chain
    from ..firms.reading import check_firms, is_firms, refuse_own

    refuse_own(folder, to)
    found = check_firms(folder) if is_firms(folder) else faults_of_chain(folder)
    faults = [fault for fault in found if fault.severity == "fault"]

    def show() -> None:
        print_faults(found)
        counted = f"{count(faults, 'fault')}, {count(found[len(faults) :], 'warning')}"
        click.secho(f"{counted} in {folder}", fg="red" if faults else "green")

    answer(_faults_result(folder, found), as_json, to, show)
    click.get_current_context().exit(1 if faults else 0)


@main.command(short_help="Where can we be stopped, by whom, how badly?")
@folder
@home
@controllers
@click.option("--top", type=Rows(), default=20, show_default=True, help="Items on the shortlist.")
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
    chain, home = open_chain(folder, home, to, controllers)
    from .. import answers as shown
    from .. import output
    from ..exposure import measure as run

    with output.progress() as tell:
        exposure = run(chain, home, controllers, step=step, draws=draws, top=top, seed=seed, progress=tell)
    shortlist = exposure.shortlist(top=top)
    asked = {"home": home, "controllers": controllers, "step": step, "draws": draws, "top": top, "seed": seed}
    tables = {"shortlist": shortlist, "measures": exposure.table, "coverage": exposure.coverage}
    result = to_result(chain, "measure", asked, tables)
    answer(result, as_json, to, lambda: shown.show_exposure(exposure, shortlist))


@main.command(short_help="What happens if they do it?")
@folder
@home
@click.option(
    "--scenario", "scenarios", callback=codes, metavar="A,B,C", help="Scenarios. All, if none is named."
)
@click.option(
    "--start", callback=moment, metavar="WHEN", help="Start of the horizon: 2026, 2026.5 or 2026-07."
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
    chain, home = open_chain(folder, home, to)
    known(scenarios, chain.scenarios["scenario"].to_list(), "scenario")
    from .. import answers as shown
    from .. import output
    from ..stress import stress as run

    made = None
    with output.progress() as tell:
        if planned:
            from ..plans import plan as make

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
    answer(to_result(chain, "stress", asked, tables), as_json, to, lambda: shown.show_outcomes(found))


@main.command(short_help="How do I show this to the minister?")
@folder
@home
@controllers
@click.option("--to", required=True, type=Place(), metavar="FILE.html", help="The HTML file to write.")
@click.option(
    "--draws", type=click.IntRange(min=0), default=30, show_default=True,
    help="Draws over the ranges of the data, for the robustness of ranks.",
)  # fmt: skip
@samples
@step
@seed
def report(folder: str, home: str | None, controllers: tuple[str, ...], to: str, **settings: Any) -> None:
    """How do I show this to the minister? One HTML file that needs no network."""
    from ..export import destination
    from ..files import write_whole

    path = destination(to, (".html", ".htm"))
    chain, home = open_chain(folder, home, None, controllers)
    from .. import output
    from ..report import report as write

    with output.progress() as tell:
        page = write(chain, home, controllers, **settings, progress=tell)
    write_whole(path, page.encode())
    click.echo(f"The report lies in {path} ({len(page.encode()) / 1e6:.1f} MB).", err=True)


def _faults_result(folder: str, found: Sequence[Fault]) -> Result:
    import polars as pl

    from ..export import Result

    names = {"file": pl.String, "row": pl.Int64, "column": pl.String, "value": pl.String}
    frame = pl.DataFrame(
        [{name: getattr(fault, name) for name in (*names, "message", "severity")} for fault in found],
        schema={**names, "message": pl.String, "severity": pl.String},
    )
    return Result(
        {"wholenation": __version__, "verb": "check", "folder": Path(folder).name}, {"faults": frame}
    )
