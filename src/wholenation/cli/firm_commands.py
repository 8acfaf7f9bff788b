"""The verbs about firms beside cascade: propagate and generate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import QuestionError
from .firm_options import Asked, choice, firm_result, open_firms, place, spread
from .options import Number, Place, Rows, answer, answers, seed

if TYPE_CHECKING:
    from ..firms.disruptions import Disruption


@click.command(short_help="How deep, how long, until when?")
@place
@click.option(
    "--disruptions", type=Place(), metavar="FILE",
    help="What happens, as CSV or Parquet: share, kind, start, end, firm, sector, jurisdiction, ...",
)  # fmt: skip
@click.option(
    "--scenario", metavar="CODE", help="In a chain: the controls of this scenario, with their dates."
)
@choice
@click.option(
    "--share",
    type=Number(0, 1),
    default=1.0,
    show_default=True,
    help="What those that are named cannot make.",
)
@click.option(
    "--start",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="DAY",
    help="From this day on.",
)
@click.option(
    "--end", type=click.IntRange(min=1), metavar="DAY", help="Until the day before; for good, if not told."
)
@click.option("--days", type=click.IntRange(min=1), default=365, show_default=True, help="Days that are run.")
@click.option(
    "--rationing", type=click.Choice(["proportional", "smallest_first"]), default="proportional", show_default=True,
    help="Who gets what when there is too little: all the same part, or the smallest relative shortfalls first.",
)  # fmt: skip
@click.option(
    "--final-demand", type=click.Choice(["equal", "last"]), default="equal", show_default=True,
    help="Whether final buyers are rationed as firms are, or served last.",
)  # fmt: skip
@click.option(
    "--inputs", type=click.Choice(["essentiality", "essential"]), default="essentiality", show_default=True,
    help="Whether inputs count as the table says, or all are essential.",
)  # fmt: skip
@click.option(
    "--stocks", type=click.Choice(["input", "supplier"]), default="input", show_default=True,
    help="Whether stocks are held by input, or by supplier.",
)  # fmt: skip
@click.option(
    "--inventory-days",
    type=Number(min=0),
    default=15.0,
    show_default=True,
    help="Days of use that stocks last.",
)
@click.option(
    "--inventory-draw", type=click.Choice(["fixed", "poisson"]), default="fixed", show_default=True,
    help="The same for all, or drawn for each firm anew in each sample.",
)  # fmt: skip
@click.option(
    "--reorder-days",
    type=Number(min=1),
    default=6.0,
    show_default=True,
    help="Days over which a gap in stocks is filled.",
)
@click.option(
    "--spare-capacity",
    type=Number(min=0),
    default=0.0,
    show_default=True,
    help="What firms can make beyond the usual: 0.1 is a tenth.",
)
@click.option(
    "--substitution-days",
    type=click.IntRange(min=0),
    help="Days until other suppliers are found; never, if not told.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs with inventories drawn anew.",
)
@seed
@click.option("--top", type=Rows(), default=10, show_default=True, help="Firms of the table.")
@spread
@answers
def propagate(
    place: str,
    disruptions: str | None,
    scenario: str | None,
    firms: tuple[str, ...],
    sectors: tuple[str, ...],
    jurisdictions: tuple[str, ...],
    share: float,
    start: int,
    end: int | None,
    top: int,
    as_json: bool,
    to: str | None,
    **settings: Any,
) -> None:
    """How deep, how long, until when? Firms of PLACE day by day, with inventories, rationing and recovery."""
    named = {"firm": firms, "sector": sectors, "jurisdiction": jurisdictions}
    if [bool(disruptions), bool(scenario), any(named.values())].count(True) != 1:
        raise click.UsageError(
            "Say what happens: a file of --disruptions, a --scenario, or --firms, --sectors or --jurisdictions."
        )
    asked = open_firms(place, to)
    if asked.chain is not None:
        click.secho(
            "Tools are used up here as fast as materials; stress knows their lifetimes.",
            fg="yellow",
            err=True,
        )
    from .. import output
    from ..firms.disruptions import Disruption
    from ..firms.dynamics import propagate as run

    what: Any = disruptions or [
        Disruption(share=share, start=start, end=end, **whom)
        for kind, listed in named.items()
        for code in listed
        for whom in _whom(asked, kind, code)
    ]
    if scenario:
        what = _controls(asked, scenario)
    with output.progress() as tell:
        found = run(asked.network, what, **settings, progress=tell)
    tables = {
        "summary": found.summary,
        "days": found.days,
        "sectors": found.sectors,
        "firms": found.firms,
        "samples": found.samples,
    }
    question: dict[str, Any] = {kind: listed for kind, listed in named.items() if listed}
    question |= {"disruptions": disruptions, "scenario": scenario}
    result = firm_result(asked, "propagate", question | dict(found.settings), tables)

    def show() -> None:
        from ..answers.firms import show_propagation

        show_propagation(found, top)

    answer(result, as_json, to, show)


def _whom(asked: Asked, kind: str, code: str) -> list[dict[str, Any]]:
    """Whom a code means: in a chain, that of an organization means all of its firms."""
    if kind == "firm" and code in asked.names:
        owned = asked.network.firms.filter(asked.network.firms["organization"] == code)
        return [{"firm": firm} for firm in owned["firm"]]
    return [{kind: code}]


def _controls(asked: Asked, scenario: str) -> Sequence[Disruption]:
    """What a scenario's controls deny among the firms of its chain; what they leave out is told on stderr."""
    if asked.chain is None:
        raise click.UsageError("--scenario needs a chain; for a firm network, write its --disruptions.")
    from ..firms.denials import disruptions_of

    found, left_out = disruptions_of(asked.chain, asked.network, scenario)
    for sentence in left_out:
        click.secho(sentence, fg="yellow", err=True)
    if not found:
        raise QuestionError(f"{scenario}: no control of this scenario denies a delivery of these firms")
    return found


@click.command(short_help="What would a nation's firms look like?")
@click.argument("n", metavar="FIRMS", type=click.IntRange(min=1))
@click.option("--to", required=True, type=Place(), metavar="FOLDER", help="Folder of the new network.")
@click.option(
    "--links-per-firm",
    type=Number(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Suppliers of a firm, on average.",
)
@click.option(
    "--sectors",
    type=click.IntRange(min=1),
    default=80,
    show_default=True,
    help="Sectors, their sizes by Zipf's law.",
)
@click.option(
    "--money/--no-money", default=True, show_default=True, help="Whether firms have output, revenue and cost."
)
@click.option(
    "--form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Form of the tables.",
)
@seed
def generate(n: int, to: str, form: Any, **settings: Any) -> None:
    """What would a nation's firms look like? A random network with the tails of real ones, to try things on."""
    from ..firms.generator import generate_firms
    from ..firms.writing import check_target, write_firms

    check_target(to)
    network = generate_firms(n, **settings)
    write_firms(network, to, form, title=f"{n:,} generated firms, seed {settings['seed']}")
    click.echo(
        f"{network.n:,} firms in {len(network.sectors)} sectors with {network.m:,} links lie in {to}.",
        err=True,
    )


COMMANDS = (propagate, generate)
