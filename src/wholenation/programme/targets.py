"""Where an answer may be written: never over a ledger."""

from __future__ import annotations

from pathlib import Path

from ..errors import OutputError
from ..files import check_writable, is_file

_SQLITE = b"SQLite format 3"
_BESIDE = ("-wal", "-shm", "-journal")
"""What the names of the files that SQLite keeps beside a database end in."""


def check_target(path: str | Path) -> None:
    """Raise `OutputError` where nothing can be written, and for a database or a file that SQLite keeps beside one.

    Links are followed: what stands at their end is asked.
    """
    check_writable(path)
    for place in {Path(path).absolute(), Path(path).resolve()}:
        if is_database(place):
            raise OutputError(f"{path} is a database; the answer needs a file of its own")
        if _lies_beside(place):
            raise OutputError(f"{path} belongs to a database; the answer needs a file of its own")


def is_database(path: Path) -> bool:
    """Whether it is a file that SQLite has written."""
    if not is_file(path):
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _lies_beside(path: Path) -> bool:
    return any(
        path.name.endswith(end) and is_database(path.with_name(path.name.removesuffix(end)))
        for end in _BESIDE
        if path.name != end
    )
