"""The verbs about what to fund: plan, frontier, certainty, sensitivity, policy, formulate, solve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..errors import OutputError, QuestionError
from .options import (
    Number,
    Place,
    answer,
    answers,
    codes,
    folders,
    home,
    known,
    main,
    open_chain,
    options,
    refuse,
    samples,
    seed,
    step,
    to_result,
    unknowns,
)

LEAST_MONEY = 1e-6
MOST_MONEY = 1e9
"""USD million; the tables have the same limit."""


def _no_money(sum_musd: float) -> list[str]:
    """What is wrong with a sum of money."""
    if not (math.isfinite(sum_musd) and sum_musd >= 0):
        return ["not a sum of USD million, zero or more"]
    if 0 < sum_musd < LEAST_MONEY or sum_musd > MOST_MONEY:
        return [f"neither 0 nor between {LEAST_MONEY:g} and {MOST_MONEY:g} USD million"]
    return []


class Money(Number):
    """A sum in USD million: nothing, or one that the solver can tell from nothing and from all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Beyond its own precision the solver refuses the whole problem."""
        number = super().convert(value, param, ctx)
        for sentence in _no_money(number):
            self.fail(f"{value!r} is {sentence}", param, ctx)
        return number


problem = options(
    samples,
    click.option(
        "--risk-aversion", type=Number(0, 1), default=0.25, show_default=True,
        help="Weight of the worst futures: 0 plans for the mean, 1 for the tail alone.",
    ),
    click.option(
        "--tail", type=Number(0, 1, max_open=True), default=0.9, show_default=True,
        help="Where the worst futures begin: 0.9 means the worst tenth.",
    ),
    click.option("--exclude", callback=codes, metavar="A,B", help="Projects that must not be funded."),
    step,
    click.option(
        "--reserve", type=Number(0, 1), default=0.5, show_default=True,
        help="What is set aside for after a gate: 0 what is expected, 1 the most.",
    ),
    click.option(
        "--holdback", type=Number(0, 1), default=0.0, show_default=True,
        help="Part of each call of money that is kept until the next one.",
    ),
    seed,
)  # fmt: skip
method = options(
    click.option(
        "--gap", type=Number(0, 1, max_open=True), default=0.01, show_default=True,
        help="Stop when this close to the best possible.",
    ),
    click.option(
        "--time-limit", type=Number(min=0, min_open=True), default=120.0, show_default=True, metavar="SECONDS",
        help="Stop after this time with the best plan found.",
    ),
    click.option("--workers", type=click.IntRange(min=1), help="Processes that solve; all cores, if not told."),
)  # fmt: skip
question = options(problem, method)
budget = click.option(
    "--budget", type=Money(min=0), metavar="MUSD",
    help="Money in all, in USD million: all pools are scaled to it.",
)  # fmt: skip
limits = options(
    click.option("--require", callback=codes, metavar="A,B", help="Projects that must be funded."),
    click.option(
        "--max-loss", type=Number(min=0), metavar="YEARS",
        help="Most loss that the plan may leave, mean and tail mixed, in years of output.",
    ),
)  # fmt: skip
engine = click.option(
    "--engine", default="local", show_default=True, metavar="ENGINE",
    help="Where subproblems are solved: local, or the address of a cluster's scheduler, tcp://HOST:PORT.",
)  # fmt: skip


def numbers(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[float, ...]:
    """Sums of money separated by commas; what is wrong with any of them is told at once."""
    found, wrong = [], []
    for part in (value or "").split(","):
        try:
            found.append(float(part))
        except ValueError:
            wrong.append(f"{part.strip()!r} is not a number")
        else:
            wrong += [f"{part.strip()!r} is {sentence}" for sentence in _no_money(found[-1])]
    if wrong:
        raise click.BadParameter("; ".join(wrong) + "; an example: 0,1000,5000")
    return tuple(found)


def check_form(to: str) -> None:
    """Raise `OutputError` where a formulation cannot be written."""
    from ..files import check_writable

    path = Path(to)
    if path.suffix.lower() in (".mps", ".lp"):
        check_writable(path)
    elif path.is_dir():
        check_writable(path / "x.cor")
    elif path.exists():
        raise OutputError(f"{path} is a file, where a folder for SMPS, or a file .mps or .lp, is expected")
    elif path.suffix:
        raise OutputError(
            f"{path} has the suffix {path.suffix}; taken are a file .mps or .lp, or a folder without suffix for SMPS"
        )
    else:
        check_writable(path / "x.cor")


@main.command(short_help="What should we fund, when, from whose money?")
@folders
@home
@question
@budget
@limits
@engine
@click.option(
    "--explain", type=Number(min=0), default=0.0, show_default=True, metavar="SECONDS",
    help="Plan again with single choices reversed, for so long: what each is worth exactly.",
)  # fmt: skip
@click.option(
    "--checkpoint", type=Place(dir_okay=False), metavar="FILE",
    help="Keep in FILE what is found on the way, and go on from it.",
)  # fmt: skip
@answers
def plan(folder: Sequence[str], home: str | None, as_json: bool, to: str | None, **settings: Any) -> None:
    """What should we fund, when, how many rival routes, from whose money? A portfolio with its proof.

    Several FOLDERs are planned for together, under one budget.
    """
    chain, home = open_chain(folder, home, to, checkpoint=settings["checkpoint"])
    known((*settings["require"], *settings["exclude"]), chain.projects["project"].to_list(), "project")
    from .. import answers as shown
    from .. import output
    from ..plans import plan as make

    with output.progress() as tell:
        made = make(chain, home, **settings, progress=tell)
    tables = {
        "portfolio": made.portfolio,
        "loss": made.loss,
        "evaluation": made.evaluation,
        "spending": made.spending,
        "pools": made.pools,
        "rejected": made.rejected,
        "reasons": made.reasons,
    }
    proof = {"status": made.status.value, "objective": made.objective, "bound": made.bound}
    asked = {"home": home, **settings, **proof, "gap_reached": made.gap, "conflicts": list(made.conflicts)}
    result = to_result(chain, "plan", asked, tables)
    answer(result, as_json, to, lambda: shown.show_plan(made, explained=settings["explain"] > 0))
    if not math.isfinite(made.objective):  # no plan keeps all limits, or none was found
        click.get_current_context().exit(1)


@main.command(short_help="What does each further billion buy, and whose?")
@folders
@home
@click.option(
    "--budgets",
    callback=numbers,
    required=True,
    metavar="MUSD,MUSD",
    help="Money in all, in USD million each.",
)
@question
@limits
@engine
@answers
def frontier(folder: Sequence[str], home: str | None, as_json: bool, to: str | None, **settings: Any) -> None:
    """What does each further billion buy, and whose? The best plan at each budget."""
    chain, home = open_chain(folder, home, to)
    known((*settings["require"], *settings["exclude"]), chain.projects["project"].to_list(), "project")
    from .. import answers as shown
    from .. import output
    from ..plans import budget_frontier

    with output.progress() as tell:
        found = budget_frontier(chain, home, **settings, progress=tell)
    tables = {"points": found.points, "contributors": found.contributors}
    result = to_result(chain, "frontier", {"home": home, **settings}, tables)
    answer(result, as_json, to, lambda: shown.show_frontier(found))


@main.command(short_help="How sure is that?")
@folders
@home
@question
@budget
@limits
@engine
@click.option(
    "--replications", type=click.IntRange(min=2), default=5, show_default=True,
    help="Independent plans that bound the true optimum.",
)  # fmt: skip
@click.option(
    "--evaluate", type=click.IntRange(min=1), default=500, show_default=True, help="Fresh draws that judge the plan."
)  # fmt: skip
@click.option(
    "--information/--no-information", default=True, show_default=True,
    help="Also what perfect information, and planning for more than one future, is worth.",
)  # fmt: skip
@answers
def certainty(
    folder: Sequence[str],
    home: str | None,
    information: bool,
    as_json: bool,
    to: str | None,
    **settings: Any,
) -> None:
    """How sure is that? The plan's gap to the true optimum, and how firm its choice of projects is."""
    chain, home = open_chain(folder, home, to)
    known((*settings["require"], *settings["exclude"]), chain.projects["project"].to_list(), "project")
    from .. import answers as shown
    from .. import output
    from ..plans import replicate, value_of_information

    with output.progress() as tell:
        found = replicate(chain, home, **settings, progress=tell)
        tables = {"bounds": found.bounds, "projects": found.projects, "runs": found.runs}
        if information:
            left_out = ("replications", "evaluate", "engine")
            others = {name: value for name, value in settings.items() if name not in left_out}
            tables["information"] = value_of_information(chain, home, **others, progress=tell)
    result = to_result(chain, "certainty", {"home": home, "information": information, **settings}, tables)
    answer(result, as_json, to, lambda: shown.show_certainty(found, tables.get("information")))


@main.command(short_help="Which assumptions would change the plan?")
@folders
@home
@question
@budget
@click.option(
    "--method", type=click.Choice(["morris", "sobol", "robustness"]), default="morris", show_default=True,
    help="Screening, parts of variance, or how often each project is funded over the ranges.",
)  # fmt: skip
@click.option("--factors", callback=codes, metavar="A,B", help="Assumptions to vary. All, if none is named.")
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    help="Trajectories (morris, 4 if not told), base points (sobol, a power of two, 16) or draws (robustness, 16).",
)
@answers
def sensitivity(
    folder: Sequence[str],
    home: str | None,
    method: str,
    draws: int | None,
    as_json: bool,
    to: str | None,
    **settings: Any,
) -> None:
    """Which assumptions would change the plan? Ranges of the tables, varied one by one and together."""
    chain, home = open_chain(folder, home, to)
    from .. import answers as shown
    from .. import output
    from ..plans.assumptions import FACTORS

    projects = chain.projects["project"].to_list()
    strange = unknowns(settings["exclude"], projects, "project")
    refuse([*strange, *unknowns(settings["factors"], list(FACTORS), "factor")])
    settings["draws"] = draws or {"morris": 4, "sobol": 16, "robustness": 16}[method]
    from ..plans import robustness
    from ..plans import sensitivity as run

    with output.progress() as tell:
        if method == "robustness":
            found = robustness(chain, home, **settings, progress=tell)
        else:
            found = run(chain, home, method=method, **settings, progress=tell)
    asked = {"home": home, "method": method, **settings}
    result = to_result(chain, "sensitivity", asked, {"sensitivity": found})
    answer(result, as_json, to, lambda: shown.show_sensitivity(found, method))


@main.command(short_help="What if we plan again as evidence comes in?")
@folders
@home
@question
@budget
@click.option(
    "--histories", type=click.IntRange(min=1), default=20, show_default=True, help="Histories that are lived through."
)  # fmt: skip
@click.option(
    "--every", type=Number(min=0, min_open=True), default=2.0, show_default=True, metavar="YEARS",
    help="Time from one plan to the next.",
)  # fmt: skip
@answers
def policy(folder: Sequence[str], home: str | None, as_json: bool, to: str | None, **settings: Any) -> None:
    """What if we plan again as evidence comes in? Between the fixed plan and perfect information."""
    chain, home = open_chain(folder, home, to)
    known(settings["exclude"], chain.projects["project"].to_list(), "project")
    from .. import answers as shown
    from .. import output
    from ..plans import simulate_policy

    with output.progress() as tell:
        found = simulate_policy(chain, home, **settings, progress=tell)
    tables = {
        "summary": found.summary,
        "gains": found.gains,
        "histories": found.histories,
        "decisions": found.decisions,
    }
    result = to_result(chain, "policy", {"home": home, **settings}, tables)
    answer(result, as_json, to, lambda: shown.show_policy(found))


@main.command(short_help="How do I hand the problem to another solver?")
@folders
@home
@problem
@budget
@limits
@click.option(
    "--to", required=True, type=Place(), metavar="PATH",
    help="A file .mps or .lp (all futures in one), or a folder for SMPS.",
)  # fmt: skip
def formulate(folder: Sequence[str], home: str | None, to: str, **settings: Any) -> None:
    """How do I hand the problem to another solver? The plan's programme as MPS, LP or SMPS."""
    check_form(to)
    chain, home = open_chain(folder, home, None)
    known((*settings["require"], *settings["exclude"]), chain.projects["project"].to_list(), "project")
    from ..plans import formulate as write

    for path in write(chain, home, to, **settings):
        click.echo(f"Written to {path}.", err=True)


@main.command(short_help="Does the method solve what others solved?")
@click.argument("instance", type=Place())
@click.option(
    "--samples", type=click.IntRange(min=1), help="Draw so many samples; all are taken, if there are few."
)
@click.option(
    "--risk-aversion", type=Number(0, 1), default=0.0, show_default=True, help="Weight of the tail."
)
@click.option(
    "--tail", type=Number(0, 1, max_open=True), default=0.9, show_default=True, help="Where it begins."
)
@click.option(
    "--gap", type=Number(0, 1, max_open=True), default=1e-6, show_default=True, help="Stop when this close."
)
@click.option(
    "--time-limit", type=Number(min=0, min_open=True), default=600.0, show_default=True, metavar="SECONDS",
    help="Stop after this time with the best found.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes that solve; all cores, if not told.")
@click.option(
    "--engine", default="local", show_default=True, metavar="ENGINE", help="local, or tcp://HOST:PORT."
)
@click.option(
    "--checkpoint", type=Place(dir_okay=False), metavar="FILE",
    help="Keep in FILE what is found on the way, and go on from it.",
)  # fmt: skip
@seed
def solve(instance: str, risk_aversion: float, tail: float, **settings: Any) -> None:
    """Does the method solve what others solved? A two-stage INSTANCE in SMPS: its folder, or its core file."""
    from dataclasses import replace

    from .. import output
    from ..stochastic.lshaped import solve as run
    from ..stochastic.smps import read_smps
    from ..stochastic.two_stage import Risk

    stages = read_smps(instance, samples=settings.pop("samples"), seed=settings.pop("seed"))
    stages = replace(stages, risk=Risk(risk_aversion, tail))
    limit = settings["time_limit"]

    with output.progress() as tell:

        def told(seconds: float, bound: float, value: float, phase: str) -> None:
            tell(int(min(seconds, limit)), math.ceil(limit), f"{phase}: {value:.6g}, at best {bound:.6g}")

        found = run(stages, **settings, progress=told)
    click.echo(f"{found.status.value.capitalize()}.")
    if not math.isfinite(found.value):
        raise QuestionError(f"{Path(instance).name}: {found.status.value}")
    click.echo(f"Objective {found.value:.10g}, no decision can beat {found.bound:.10g}: gap {found.gap:.2g}.")
    click.echo(
        f"{len(stages)} samples, {found.solved} subproblems, {found.pivots} pivots, {len(found.rounds)} rounds."
    )
    click.echo(
        "x = " + ", ".join(f"{value:.6g}" for value in found.x[:50]) + (" …" if len(found.x) > 50 else "")
    )
