"""OCDS releases and tables for others, and what releases of others tell. `COMMANDS` go into the group programme."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click

from .ledger_options import as_json, dumped, ledger_url, opened
from .options import count


@click.command("to-ocds", short_help="What can procurement portals read?")
@ledger_url
@click.option("--prefix", required=True, metavar="ocds-xxxxxx", help="Registered prefix of our ocids.")
@click.option("--to", required=True, type=click.Path(), metavar="FILE", help="File to write.")
@click.option(
    "--package", "uri", metavar="URI", help="Write a release package published at URI, not JSON lines."
)
def to_ocds(ledger: str, prefix: str, to: str, uri: str | None) -> None:
    """What can procurement portals read? Challenges with bids and awards as OCDS releases, one a line."""
    from ..files import write_whole
    from ..programme.ocds import release_package, write_releases
    from ..programme.targets import check_target

    check_target(to)
    with opened(ledger) as programme:
        if uri is None:
            written = write_releases(programme.state, to, prefix=prefix)
        else:
            names = programme.state.all("programme.opened")
            publisher = str(names[0]["name"]) if names else "unknown"
            package = release_package(programme.state, prefix=prefix, uri=uri, publisher=publisher)
            written = len(package["releases"])
            write_whole(Path(to), json.dumps(package, ensure_ascii=False).encode())
    click.echo(f"{written} releases written to {to}.")


@click.command("from-ocds", short_help="What do releases of others tell?")
@click.argument("file", metavar="FILE")
@as_json
def from_ocds(file: str, as_json: bool) -> None:
    """What do releases of others tell? Challenges, bids and awards in FILE as drafts, and what was dropped.

    Nothing is written into a ledger: a release does not tell how a target is tested, which has to be added first.
    """
    from ..programme.ocds_import import read_releases

    found = read_releases(file)
    if as_json:
        click.echo(dumped(asdict(found)))
        return
    for sketch in found.sketches:
        missing = f"; {'; '.join(sketch.missing)}" if sketch.missing else ""
        click.echo(f"{sketch.type} {next(iter(sketch.body.values()))}{missing}")
    for row, reason in found.dropped_lines:
        click.echo(f"dropped, row {row}: {reason}", err=True)
    for name, times in found.dropped_fields.items():
        click.echo(f"dropped field: {name} ({times})", err=True)
    click.echo(f"{count(found.sketches, 'draft')}, {len(found.dropped_lines)} dropped.")


@click.command(short_help="What does the ledger say, as tables?")
@ledger_url
@click.option("--to", required=True, type=click.Path(), metavar="FOLDER", help="Folder, which is made.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Of files.",
)
def tables(ledger: str, to: str, form: Literal["csv", "parquet"]) -> None:
    """What does the ledger say, as tables? One file for each type of entry, and one of balances."""
    from ..programme.projections import write_projections

    with opened(ledger) as programme:
        files = write_projections(programme.state, to, form=form)
    click.echo(f"{count(files, 'table')} written to {to}.")


COMMANDS = (to_ocds, from_ocds, tables)
