"""The ledger as one file that anybody can verify: JSON lines, byte for byte the same from every database.

{"format":"wholenation ledger 1","size":2}
{"entry":{...},"leaf":"..."}                  an entry's canonical JSON, and its leaf, for each in order
{"checkpoint":"..."}                          a signed note, for each in order
{"sha256":"..."}                              of all lines above
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from ..errors import OutputError
from .canonical import canonical
from .checkpoints import read_notes
from .ledger import Ledger
from .reading import read_head, read_leaves
from .targets import check_target

FORMAT = "wholenation ledger 1"


def export_ledger(ledger: Ledger, path: str | Path) -> int:
    """Write the ledger as it is now to a file, which appears whole or not at all; returns how many entries.

    Raises `OutputError` where the file cannot be written, or is a database.
    """
    path = Path(path)
    check_target(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        try:
            with partial.open("wb") as file, ledger.snapshot() as connection:
                size = read_head(connection).size
                file.writelines(export_lines(connection, size))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    return size


def export_lines(connection: sa.Connection, size: int) -> Iterator[bytes]:
    """The lines of the export of the first so many entries."""
    digest = hashlib.sha256()
    for line in _lines(connection, size):
        digest.update(line)
        yield line
    yield canonical({"sha256": digest.hexdigest()}) + b"\n"


def _lines(connection: sa.Connection, size: int) -> Iterator[bytes]:
    yield canonical({"format": FORMAT, "size": size}) + b"\n"
    yield from entry_lines(connection, size)
    for note in read_notes(connection, size):
        yield canonical({"checkpoint": note}) + b"\n"


def entry_lines(connection: sa.Connection, size: int) -> Iterator[bytes]:
    """A line for each of the first so many entries that are there."""
    after = 0
    while after < size:
        page = read_leaves(connection, after)
        if not page:
            return
        for data, leaf in page[: size - after]:
            yield b'{"entry":%b,"leaf":"%b"}\n' % (data, leaf.hex().encode())
        after += len(page)
