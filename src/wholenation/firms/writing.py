"""A firm network as a folder of tables with `datapackage.json`, which reads back as the same network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from ..errors import OutputError
from ..files import is_file
from ..package import FILE, read_package, write_package
from .dictionary import columns
from .network import FirmNetwork

Format = Literal["csv", "parquet"]
ROWS = 1_000_000


def write_firms(
    network: FirmNetwork,
    folder: str | Path,
    format: Format = "parquet",  # noqa: A002
    *,
    title: str = "",
) -> Path:
    """Write the tables of a network and their descriptor into `folder`; returns it.

    Firms and links are written in the `format`, essentiality always as CSV. The folder appears whole or not at all.
    Raises `OutputError` where it exists and holds anything but a firm network.
    """
    folder = Path(folder)
    check_target(folder)
    partial = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}.partial")
    old = partial.with_suffix(".old")
    try:
        partial.mkdir(parents=True)
        try:
            _write_tables(network, partial, format)
            write_package(partial, network.name, title or network.name, tables=columns())
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error
    return folder


def check_target(folder: str | Path) -> None:
    """Raise `OutputError` where `write_firms` would destroy something else than a firm network."""
    folder = Path(folder)
    if is_file(folder):
        raise OutputError(f"{folder} is a file, not a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    found = read_package(folder, [], columns()) if is_file(folder / FILE) else None
    own = set(found.paths.values()) | {FILE} if found is not None and "links" in found.paths else set()
    strange = sorted({path.name for path in folder.iterdir()} - own)
    if strange:
        raise OutputError(
            f"{folder} holds {strange[0]}, which is no part of a firm network; name another folder"
        )


def _write_tables(network: FirmNetwork, folder: Path, form: Format) -> None:
    firms = network.firms
    if firms["market"].equals(firms["sector"]):  # codes may be the same, and still be given to other firms
        firms = firms.with_columns(pl.lit(None, pl.String).alias("market"))
    # Columns of which nothing is known are left out, but for those that every table has.
    kept = [
        name
        for name in columns()["firms"]
        if name in ("firm", "sector") or firms[name].null_count() < len(firms)
    ]
    _write(firms.select(kept), folder / f"firms.{form}")
    _write_links(network, folder / f"links.{form}")
    _write(essentiality_frame(network), folder / "essentiality.csv")


def _write(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)


def _write_links(network: FirmNetwork, path: Path) -> None:
    codes = network.firms["firm"]

    def rows(first: int, last: int) -> pl.DataFrame:
        ends = {name: getattr(network, name)[first:last] for name in ("supplier", "buyer")}
        named = {name: codes.gather(at).alias(name) for name, at in ends.items()}
        return pl.DataFrame({**named, "value": network.value[first:last]})

    if path.suffix == ".parquet":
        rows(0, network.m).write_parquet(path)
        return
    with path.open("wb") as stream:
        for first in range(
            0, max(network.m, 1), ROWS
        ):  # slice by slice, so that the text never lies in memory whole
            rows(first, first + ROWS).write_csv(stream, include_header=first == 0)


def essentiality_frame(network: FirmNetwork) -> pl.DataFrame:
    """(supplier_sector, buyer_sector, essentiality) of every pair of sectors, in the network's order."""
    k = len(network.sectors)
    codes = pl.Series(list(network.sectors), dtype=pl.String)
    at = np.arange(k)
    return pl.DataFrame(
        {
            "supplier_sector": codes.gather(np.repeat(at, k)),
            "buyer_sector": codes.gather(np.tile(at, k)),
            "essentiality": network.essentiality.ravel().astype(np.int64),
        }
    )
