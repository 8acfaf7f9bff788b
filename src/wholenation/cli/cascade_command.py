"""The verb cascade: who, if sanctioned or failed, brings the economy down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..errors import QuestionError
from .firm_options import Asked, choice, firm_result, open_firms, place, spread
from .options import Number, Place, Rows, answer, answers, known

if TYPE_CHECKING:
    import polars as pl

    from ..firms.cascade import Mode
    from ..firms.shocks import Shocks

COUNTED = ("network", "firms", "links", "shocks")
"""Settings that the answer tells about its network anyway."""
CHOICES = ("firms", "sectors", "jurisdictions", "shocks", "listed")


@click.command(short_help="Who, if sanctioned, brings us down?")
@place
@choice
@click.option("--shocks", type=Place(), metavar="FILE", help="Shocks as CSV or Parquet: shock, firm, loss.")
@click.option(
    "--listed", type=Place(), metavar="FILE",
    help="Firms on a list in the form of the US Consolidated Screening List, CSV or JSON.",
)  # fmt: skip
@click.option(
    "--all",
    "everybody",
    is_flag=True,
    help="Every firm, one by one (this is so anyway if nothing is chosen).",
)
@click.option("--together", is_flag=True, help="What is chosen fails at the same time, in one shock.")
@click.option(
    "--home", metavar="CODE", help="In a chain: only deliveries to CODE; what its firms sell counts."
)
@click.option(
    "--controls", is_flag=True,
    help="In a chain, with --home: the controls on named organizations, by items and by firms.",
)  # fmt: skip
@click.option(
    "--chain", "linked_to", type=Place(), metavar="FOLDER",
    help="With --home: the controls of the chain in FOLDER on organizations that are firms of PLACE.",
)  # fmt: skip
@click.option(
    "--mode", type=click.Choice(["converged", "reference"]), default="converged", show_default=True,
    help="To the end, with a bracket; or as the published method stops.",
)  # fmt: skip
@click.option(
    "--eps", type=Number(0, 1, min_open=True), default=1e-2, show_default=True,
    help="Reference mode: stop when no level changes by more.",
)  # fmt: skip
@click.option(
    "--stopping", type=click.IntRange(1, 2), default=1, show_default=True,
    help="Reference mode: 1 looks at the levels, 2 at the growth of the risk.",
)  # fmt: skip
@click.option(
    "--tolerance", type=Number(0, 1), metavar="SHARE",
    help="Converged mode: part of the risk that an estimate may leave unsure; 0 follows all to its end. "
    "0.1, if not told.",
)  # fmt: skip
@click.option(
    "--weights", type=Place(), metavar="COLUMN|FILE",
    help="What a firm counts: output, revenue, cost, or a file with firm and weight. Its sales, if not told.",
)  # fmt: skip
@click.option("--top", type=Rows(), default=10, show_default=True, help="Rows of the table.")
@click.option(
    "--hit", type=click.IntRange(min=0), default=10, show_default=True,
    help="Sectors and firms told for each row of the table, of those hit.",
)  # fmt: skip
@spread
@answers
def cascade(
    place: str,
    home: str | None,
    controls: bool,
    linked_to: str | None,
    weights: str | None,
    top: int,
    as_json: bool,
    to: str | None,
    **told: Any,
) -> None:
    """Who, if sanctioned, brings us down? Systemic risk of the firms in PLACE.

    PLACE is the folder of a firm network, one file of its links, or a chain, whose organizations then are the firms.
    """
    chosen = {name: told.pop(name) for name in (*CHOICES, "everybody", "together")}
    _one_choice(chosen)
    if (controls or linked_to) and home is None:
        raise click.UsageError("--controls and --chain need --home: whose loss is asked for?")
    from .. import output

    asked = _open(place, home, to, weights, linked_to)
    if controls or linked_to:
        _controls(asked, home or "", linked_to, told["mode"], as_json, to)
        return
    shocks, matches = _shocks(asked, chosen)
    settings = {name: value for name, value in told.items() if value is not None}
    from ..firms.cascade import cascade as run
    from ..firms.telling import who_is_hit, with_names

    with output.progress() as tell:
        try:
            found = run(asked.network, shocks, weights=asked.weights, detailed=top, **settings, progress=tell)
        except KeyboardInterrupt:
            if told["parts"]:
                click.echo(
                    f"What is done lies in {told['parts']}; the same command goes on from it.", err=True
                )
            raise
    if found.unsaved:
        click.secho(found.unsaved, fg="yellow", err=True)
    table = with_names(found.firms, asked.network, shocks, asked.weights, asked.names)
    tables: dict[str, pl.DataFrame] = {"firms": table, "hit": found.hit}
    if matches is not None:
        tables["matches"] = matches
    question = {"home": home, **{name: value for name, value in chosen.items() if value}, "weights": weights}
    used = {name: value for name, value in found.settings.items() if name not in COUNTED}
    result = firm_result(asked, "cascade", used | question, tables)

    def show() -> None:
        from ..answers import firms as shown

        if matches is not None:
            shown.show_matches(matches, top)
        hit = who_is_hit(found.hit, table["shock"].head(top))
        shown.show_cascade(table, hit, found.settings, _title(asked, home, len(shocks)), top)

    answer(result, as_json, to, show)


def _one_choice(chosen: dict[str, Any]) -> None:
    named = [name for name in CHOICES if chosen[name]]
    if len(named) > 1 or (named and chosen["everybody"]):
        words = " and ".join(f"--{name}" for name in [*named, *(["all"] if chosen["everybody"] else [])])
        raise click.UsageError(f"{words} choose different shocks; name one of them.")
    if chosen["together"] and (not named or named[0] in ("shocks", "listed")):
        raise click.UsageError("--together goes with --firms, --sectors or --jurisdictions.")


def _open(place: str, home: str | None, to: str | None, weights: str | None, linked_to: str | None) -> Asked:
    """The network, seen from home, with the weights that count."""
    asked = open_firms(place, to)
    if home is None or linked_to:
        if weights is None:
            return asked
        from ..firms.weights import read_weights

        return replace(asked, weights=read_weights(asked.network, weights))
    if asked.chain is None:
        raise click.UsageError("--home needs a chain: in a firm network, choose --jurisdictions.")
    if weights is not None:
        raise click.UsageError("--home and --weights both say what counts; name one of them.")
    from ..firms.from_chain import sales_of, seen_from
    from ..network import bloc

    known([home], asked.chain.jurisdictions["jurisdiction"].to_list(), "jurisdiction")
    members = bloc(asked.chain, home)
    seen = seen_from(asked.network, members)
    counted = sales_of(asked.network, members)
    if not counted.any():
        raise QuestionError(f"{home}: no firm of this chain sells or buys anything there")
    return Asked(seen, asked.chain, counted)


def _shocks(asked: Asked, chosen: dict[str, Any]) -> tuple[Shocks, pl.DataFrame | None]:
    """The shocks that were chosen, and the matches where a list chose them."""
    from ..firms.shock_files import listed, read_shocks
    from ..firms.shocks import by_group, every_firm, together

    network = asked.network
    if chosen["shocks"]:
        return read_shocks(network, chosen["shocks"]), None
    if chosen["listed"]:
        return listed(network, chosen["listed"], organizations=asked.names or None)
    for option, column in (("sectors", "sector"), ("jurisdictions", "jurisdiction")):
        if chosen[option]:
            shocks = by_group(network, column, chosen[option])
            if not chosen["together"]:
                return shocks, None
            members = [network.firms["firm"][int(i)] for i in shocks.firm]
            return together(network, members, "+".join(chosen[option])), None
    if asked.chain is not None and not asked.chain.organization_supply.is_empty():
        if not chosen["firms"]:
            return by_group(network, "organization"), None
        return _organizations(asked, chosen["firms"], chosen["together"]), None
    if not chosen["firms"]:
        return every_firm(network), None
    from ..firms.shocks import each

    if chosen["together"]:
        return together(network, chosen["firms"], "+".join(chosen["firms"])), None
    return each(network, chosen["firms"]), None


def _organizations(asked: Asked, named: tuple[str, ...], at_once: bool) -> Shocks:
    """Organizations with all that they make, or single firms by their own code."""
    from ..firms.shocks import by_group, each, joined, together

    network = asked.network
    owners = set(network.firms["organization"].drop_nulls())
    firms = set(network.firms["firm"])
    known(named, [*sorted(owners), *(code for code in named if code in firms)], "organization")
    parts = [
        by_group(network, "organization", [code]) if code in owners else each(network, [code])
        for code in named
    ]
    if not at_once:
        return joined(*parts)
    return together(
        network, [network.firms["firm"][int(i)] for one in parts for i in one.firm], "+".join(named)
    )


def _controls(
    asked: Asked, home: str, linked_to: str | None, mode: Mode, as_json: bool, to: str | None
) -> None:
    """The controls on organizations of the chain itself, or of another one whose organizations are among the firms."""
    from ..firms.linked import link_firms

    chain = asked.chain
    if linked_to is not None:
        from ..chain import read_chain

        chain = read_chain(linked_to)
    if chain is None:
        raise click.UsageError("--controls needs a chain; --chain names the one of a firm network.")
    known([home], sorted(set(chain.missions["home"].to_list())), "home with a mission")
    found = link_firms(chain, home, None if linked_to is None else asked.network, mode=mode)
    tables = {"controls": found.controls, "items": found.items, "hit": found.hit, "matched": found.matched}
    question = {"home": home, "controls": True, "chain": chain.name, "mode": mode}

    def show() -> None:
        from ..answers.firms import show_linked

        show_linked(found)

    answer(firm_result(asked, "cascade", question, tables), as_json, to, show)


def _title(asked: Asked, home: str | None, shocks: int) -> str:
    network = asked.network
    whose = f"the firms of {home}" if home else f"{network.n:,} firms with {network.m:,} links"
    return f"What {shocks:,} failures would do to {whose}" if shocks > 1 else f"What it would do to {whose}"
