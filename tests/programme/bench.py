"""What runs of the simulator share, so that each takes milliseconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from wholenation.programme.ledger import Ledger, open_ledger

from .disk import Disk, File
from .drive import Drive, find_drive


@dataclass(slots=True)
class Bench:
    """What runs share: the drive, a disk with an empty ledger, and two ledgers with their statements compiled."""

    drive: Drive
    path: str
    blank: Disk
    spare: list[Ledger]
    pragmas: list[str] = field(default_factory=list)


def make_bench(folder: Path) -> Bench | None:
    """A bench whose files would lie in that folder; None where the SQLite of this Python cannot be reached."""
    drive = find_drive(str(folder))
    if drive is None:
        return None
    path = folder / "ledger.db"
    path.touch()  # whoever opens a ledger asks the real disk whether it is there
    with drive.running():
        open_ledger(str(path), create=True).close()
        blank = Disk({name: File(one.live[:], one.live[:]) for name, one in drive.disk.files.items()})
        bench = Bench(drive, str(path), blank, [open_ledger(str(path)) for _ in range(2)])
        for ledger in bench.spare:
            ledger.close()
            tune(ledger, bench.pragmas)
    return bench


def tune(ledger: Ledger, pragmas: Sequence[str]) -> None:
    """Let every new connection have these pragmas, as they are then."""

    def connected(connection: sqlite3.Connection, _: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    ledger.engine.dispose()
    sa.event.listen(ledger.engine, "connect", connected)
