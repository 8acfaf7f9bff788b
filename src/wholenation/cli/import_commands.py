"""The verb import: a chain, or a network of firms, from a publisher's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from .options import Number, Place, answer, main, options

if TYPE_CHECKING:
    from ..export import Result
    from ..importers import ImportSummary

new = click.option(
    "--to", "target", required=True, type=Place(), metavar="FOLDER", help="Folder of the new network."
)
form = click.option(
    "--form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True,
    help="Form of the new tables.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print the account as JSON instead of tables.")
network = options(new, form, as_json)


@main.group("import", short_help="Can we start from public data?")
def import_() -> None:
    """Can we start from public data? A chain, or a network of firms, from a publisher's files."""


@import_.command()
@click.argument("source", metavar="DIR", type=Place())
@click.option(
    "--to", "target", required=True, type=Place(), metavar="FOLDER", help="Folder of the new chain."
)
@click.option("--replace", is_flag=True, help="Write into FOLDER even if it holds something already.")
@as_json
def eto(source: str, target: str, replace: bool, as_json: bool) -> None:
    """Emerging Technology Observatory: DIR holds its five CSV files, of either vintage."""
    from ..importers.eto import import_eto

    _tell(import_eto(source, target, replace=replace), source, target, "eto", as_json, "chain")


@import_.command()
@click.argument("source", metavar="FILE", type=Place())
@click.option("--supplier", metavar="COLUMN", help="Column of the supplier; found by its name, if not told.")
@click.option("--buyer", metavar="COLUMN", help="Column of the buyer.")
@click.option("--value", metavar="COLUMN", help="Column of the sales; without one, every row counts 1.")
@click.option("--supplier-sector", metavar="COLUMN", help="Column of the supplier's sector.")
@click.option("--buyer-sector", metavar="COLUMN", help="Column of the buyer's sector.")
@click.option("--firms", type=Place(), metavar="FILE", help="A table of firms to go with them.")
@click.option("--essentiality", type=Place(), metavar="FILE", help="A table of essentiality to go with them.")
@network
def links(source: str, target: str, as_json: bool, **settings: Any) -> None:
    """A list of who sells to whom: FILE is CSV or Parquet, one row per sale or pair."""
    from ..firms.importers.edges import import_links

    _tell(import_links(source, target, **settings), source, target, "links", as_json)


@import_.command()
@click.argument("source", metavar="FILE", type=Place())
@click.option("--value", metavar="ATTRIBUTE", help="Attribute of the edges that holds the sales.")
@click.option(
    "--sector", default="sector", show_default=True, metavar="ATTRIBUTE",
    help="Attribute of the nodes that holds the sector.",
)  # fmt: skip
@network
def graphml(source: str, target: str, as_json: bool, **settings: Any) -> None:
    """A directed graph in GraphML: nodes are firms, edges are sales."""
    from ..firms.importers.graphml import import_graphml

    _tell(import_graphml(source, target, **settings), source, target, "graphml", as_json)


@import_.command("io-table")
@click.argument("source", metavar="FILE", type=Place())
@click.option("--year", type=int, help="The year, where the file has several.")
@click.option(
    "--essential", type=Number(0, 1), metavar="SHARE",
    help="Inputs from this share of a sector's purchases on are essential.",
)  # fmt: skip
@click.option(
    "--least", type=Number(min=0), default=0.0, show_default=True, help="Leave out flows below this value."
)
@network
def io_table(source: str, target: str, essential: float | None, as_json: bool, **settings: Any) -> None:
    """An input-output table as a network of sectors: WIOD's CSV, or a matrix with labels as pymrio writes Z."""
    from ..firms.importers.io_files import import_io_table

    told = settings if essential is None else {**settings, "essential": essential}
    _tell(import_io_table(source, target, **told), source, target, "io-table", as_json)


def _tell(
    summary: ImportSummary, source: str, target: str, verb: str, as_json: bool, what: str = "network"
) -> None:
    account = _account(summary, source, verb)
    if not answer(account, as_json, None):
        from .. import answers as shown

        shown.show_account(account.tables)
        click.echo(f"The {what} lies in {target}; wholenation check {target} shows what is thin.", err=True)


def _account(summary: ImportSummary, source: str, verb: str) -> Result:
    import polars as pl

    from ..export import Result

    names = {"what": pl.String, "count": pl.Int64, "note": pl.String}
    parts = {"mapped": summary.mapped, "defaulted": summary.defaulted, "dropped": summary.dropped}
    frames = {part: pl.DataFrame(lines, schema=names, orient="row") for part, lines in parts.items()}
    return Result({"wholenation": __version__, "verb": f"import {verb}", "source": Path(source).name}, frames)
