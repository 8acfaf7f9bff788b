"""A firm network's folder, or one file of links, in; a checked network, or all of its faults, out."""

from __future__ import annotations

from pathlib import Path

from ..errors import Fault, OutputError, nearest
from ..files import is_file
from ..package import FILE, Package, read_package
from .assembly import Parts, assemble
from .dictionary import TABLES, columns
from .network import FirmNetwork, from_parts
from .sources import open_source
from .tally import Tally
from .writing import write_firms

__all__ = ["check_firms", "is_firms", "read_firms", "refuse_own", "write_firms"]

SUFFIXES = (".csv", ".parquet")


def read_firms(place: str | Path) -> FirmNetwork:
    """The network in a folder (firms, links, essentiality as CSV or Parquet), or in one file of links.

    Of a file of links, and of a folder without a table of firms, the firms are those that the links name, all in one
    sector unless the links tell `supplier_sector` and `buyer_sector`. Links are read block by block: ten million need
    less than 1.5 GB. Raises `ChainError` with all faults at once, of each kind the first twenty.
    """
    parts, found, name = _examine(Path(place))
    return from_parts(parts, found, name)


def check_firms(place: str | Path) -> list[Fault]:
    """Every fault and warning of a firm network, faults first, then by file and row."""
    return _examine(Path(place))[1]


def is_firms(place: str | Path) -> bool:
    """Whether a folder holds a firm network: a table of links, and no items of a chain."""
    folder = Path(place)
    if is_file(folder):
        return folder.suffix in SUFFIXES
    if not folder.is_dir() or any(is_file(folder / f"items{suffix}") for suffix in SUFFIXES):
        return False
    package = read_package(folder, [], columns()) if is_file(folder / FILE) else Package()
    return "links" in package.paths or any(is_file(folder / f"links{suffix}") for suffix in SUFFIXES)


def refuse_own(place: str | Path, to: str | Path | None) -> None:
    """Raise `OutputError` where an answer would be written over a file that the network in `place` is read from."""
    if to is None:
        return
    place = Path(place)
    own = {place.resolve()}
    if place.is_dir():
        package = read_package(place, [], columns()) if is_file(place / FILE) else Package()
        names = [
            FILE,
            *package.paths.values(),
            *(f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES),
        ]
        own |= {(place / name).resolve() for name in names}
    if Path(to).resolve() in own:
        raise OutputError(f"{to} is a file of the network itself; name another file")


def _examine(place: Path) -> tuple[Parts | None, list[Fault], str]:
    tally = Tally()
    if place.is_dir():
        return _examine_folder(place, tally)
    if not is_file(place):
        message = "is no file that can be read" if place.exists() else "there is no such folder or file"
        return None, [Fault(str(place), None, "", "", message)], ""
    links = open_source(place, place.name, tally)
    parts = None if links is None else assemble(None, links, None, tally)
    return parts, tally.result((place.name,)), place.stem


def _examine_folder(folder: Path, tally: Tally) -> tuple[Parts | None, list[Fault], str]:
    package = Package(name=folder.resolve().name)
    if is_file(folder / FILE):
        package = read_package(folder, tally.faults, columns())
    files = {name: _find(name, folder, package, tally) for name in TABLES}
    if files["links"] is None:
        _note_no_links(folder, tally)
    _note_strangers(folder, package, {file for file in files.values() if file}, tally)
    sources = {
        name: None if file is None else open_source(folder / file, file, tally)
        for name, file in files.items()
    }
    parts = None
    if sources["links"] is not None and (files["firms"] is None or sources["firms"] is not None):
        parts = assemble(sources["firms"], sources["links"], sources["essentiality"], tally)
    order = (FILE, *(file for file in files.values() if file))
    return parts, tally.result(order), package.name


def _find(name: str, folder: Path, package: Package, tally: Tally) -> str | None:
    """The table's file: where the package says, else `<name>.csv` or `<name>.parquet`."""
    if name in package.paths:
        # One that is not there was noted with the package.
        return package.paths[name] if is_file(folder / package.paths[name]) else None
    present = [f"{name}{suffix}" for suffix in SUFFIXES if is_file(folder / f"{name}{suffix}")]
    if len(present) > 1:
        tally.fault(present[1], f"{present[0]} is there too: keep one of them")
    if present and package.listed:
        tally.warn(present[0], "is not listed in datapackage.json; it is read all the same")
    return present[0] if present else None


def _note_no_links(folder: Path, tally: Tally) -> None:
    if any(is_file(folder / f"items{suffix}") for suffix in SUFFIXES):
        tally.fault(
            str(folder), "holds a chain (it has items), not a firm network: the table links is missing"
        )
        return
    others = [
        path.stem for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES and path.stem not in TABLES
    ]
    near = nearest("links", others)
    hint = f"; is {near} meant to be it?" if near else ""
    tally.fault("links.csv", f"the table is missing{hint}")


def _note_strangers(folder: Path, package: Package, read: set[str], tally: Tally) -> None:
    known = {*package.paths.values(), *package.others, *read}
    for path in sorted(folder.glob("*")):
        if path.suffix in SUFFIXES and path.name not in known and path.stem not in TABLES:
            tally.warn(path.name, "is no table of a firm network and is not read")
