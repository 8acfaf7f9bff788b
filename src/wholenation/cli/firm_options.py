"""What the commands about firms share: how a firm network is named and opened, and who is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from ..errors import Fault, QuestionError
from .options import Place, check_files, codes, count, options

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from ..chain import Chain
    from ..export import Result
    from ..firms.network import FirmNetwork

place = click.argument("place", metavar="PLACE", type=Place())
choice = options(
    click.option("--firms", callback=codes, metavar="A,B", help="Firms; in a chain, organizations."),
    click.option("--sectors", callback=codes, metavar="A,B", help="All firms of these sectors."),
    click.option("--jurisdictions", callback=codes, metavar="A,B", help="All firms of these jurisdictions."),
)
spread = options(
    click.option(
        "--engine", default="local", show_default=True, metavar="ENGINE",
        help="Where it is computed: local, or the address of a cluster's scheduler, tcp://HOST:PORT.",
    ),
    click.option("--workers", type=click.IntRange(min=1), help="Threads or processes; all cores, if not told."),
    click.option(
        "--parts", type=Place(file_okay=False), metavar="FOLDER",
        help="Keep in FOLDER what is found on the way, and go on from it.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A firm network as it was asked for, with the chain that it comes from, if it does."""

    network: FirmNetwork
    chain: Chain | None = None
    weights: np.ndarray | None = None

    @property
    def names(self) -> dict[str, str]:
        """The names of the chain's organizations."""
        if self.chain is None:
            return {}
        return dict(self.chain.organizations.select("organization", "name").iter_rows())


def open_firms(place: str, to: str | None) -> Asked:
    """The firm network in a folder or file, or that of a chain's organizations; what is thin is told on stderr."""
    from ..firms.reading import is_firms, read_firms, refuse_own

    check_files([], to)
    refuse_own(place, to)
    if is_firms(place) or not _is_chain(place):
        network = read_firms(place)
        if not network.n:
            raise QuestionError(f"{place}: there is no firm in it")
        if network.warnings:
            counted = count(network.warnings, "warning")
            click.secho(
                f"{counted} about the tables; wholenation check {place} shows them", fg="yellow", err=True
            )
        return Asked(network)
    check_files([place], to)
    from ..chain import read_chain
    from ..firms.from_chain import firms_of

    chain = read_chain(place)
    network = firms_of(chain)
    if network.warnings:
        counted = count(network.warnings, "assumption")
        click.secho(f"{counted} about shares and markets; --json and --to have them", fg="yellow", err=True)
    return Asked(network, chain)


def _is_chain(place: str) -> bool:
    from ..package import read_package

    folder = Path(place)
    if any((folder / f"items{suffix}").is_file() for suffix in (".csv", ".parquet")):
        return True
    return folder.is_dir() and "items" in read_package(folder, []).paths


def firm_result(asked: Asked, verb: str, question: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Result:
    """A verb's answer with what was asked of which network."""
    from ..export import Result

    network = asked.network
    if asked.chain is not None:
        tables = {**tables, "assumed": _faults(network.warnings)}
    size = {"network_firms": network.n, "network_links": network.m}
    data = {"network": network.name, "data_hash": network.data_hash, **size}
    return Result({"wholenation": __version__, "verb": verb, **data, **question}, tables)


def _faults(found: Iterable[Fault]) -> pl.DataFrame:
    import polars as pl

    names = ("file", "column", "value", "message")
    rows = [[getattr(fault, name) for name in names] for fault in found]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
