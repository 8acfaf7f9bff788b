"""The ledger: entries that are added and never changed, in a SQLite file or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from ..errors import OutputError, QuestionError
from . import schema
from .balances import Sum
from .checkpoints import add_cosignature, read_notes, sign_head
from .database import connect, shown, write_ahead, written_version
from .leaves import Draft, Entry, Posting
from .merkle import Frontier
from .notes import Signer, Verifier
from .reading import read_head, read_leaf_hashes, read_page
from .session import Session, begin_session

__all__ = ["Draft", "Entry", "Ledger", "Posting", "Session", "open_ledger"]


def utc_now() -> str:
    """The clock of this machine, to the microsecond, always as wide: later moments are later texts."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger. `name` is how it is called in sentences: the file, or the URL without its password."""

    engine: sa.Engine
    name: str
    now: Callable[[], str] = utc_now

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries behind this number, in order, in a page's memory."""
        while True:
            with self.reading() as connection:
                page = read_page(connection, after)
            if not page:
                return
            yield from page
            after = page[-1].seq

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The single writer's turn. What was added stays if the block ends well, and is gone if it raises."""
        with (
            _told(self.name, "nothing was added; after a power cut, ask again with the same key"),
            self.engine.execution_options(writing=True).begin() as connection,
        ):
            yield begin_session(connection, self.now)

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Add the drafts, all or none (see `Session.append`); when it returns, they are on disk."""
        with self.writing() as session:
            return session.append(drafts)

    def balance(self, account: str, currency: str) -> Sum:
        """What stands on an account, in minor units; nothing where it was never named."""
        where = (schema.balance.c.account == account) & (schema.balance.c.currency == currency)
        with self.reading() as connection:
            row = connection.execute(sa.select(schema.balance).where(where)).one_or_none()
        return Sum(row.posted, row.pending) if row else Sum()

    def head(self) -> Frontier:
        """The tree as it is now: its size, and what its root follows from."""
        with self.reading() as connection:
            return read_head(connection)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for a look; faults of the database become sentences."""
        with _told(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection that sees one moment, however long the look takes and whoever adds meanwhile."""
        with _told(self.name), self.engine.connect() as connection:
            if self.engine.dialect.name != "sqlite":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def checkpoint(self, signer: Signer) -> str:
        """The note of a checkpoint of the ledger as it is now, signed with this key."""
        with self.writing() as session:
            return sign_head(session.connection, session.frontier, signer)

    def cosigned(self, note: str, witness: Verifier) -> str:
        """Keep the signature that a witness has put on one of our checkpoints; the note with all signatures."""
        with self.writing() as session:
            return add_cosignature(session.connection, note, witness)

    def checkpoints(self) -> list[str]:
        """The signed notes of all checkpoints, in order."""
        with self.reading() as connection:
            return read_notes(connection, self.head().size)

    def leaves(self, size: int) -> list[bytes]:
        """The leaf hashes of the first so many entries, from which proofs are made."""
        with self.reading() as connection:
            return read_leaf_hashes(connection, size)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_ledger(url: str, *, create: bool = False, now: Callable[[], str] = utc_now) -> Ledger:
    """The ledger in a SQLite file (its name) or a PostgreSQL database (postgresql://user@host/name).

    With `create`, what is missing is made, and older tables are brought up to date. `now` is the clock. Raises
    `QuestionError` where there is no ledger, or one of another version, or somebody else's tables.
    """
    engine, name = connect(url, create=create)
    try:
        with _told(name):
            _make_ready(engine, name, create=create)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, name, now)


def _make_ready(engine: sa.Engine, name: str, *, create: bool) -> None:
    version = written_version(engine, name)
    if version == schema.VERSION:
        write_ahead(engine)
        return
    if version is not None and version > schema.VERSION:
        raise QuestionError(f"{name} was written by a newer wholenation (tables of version {version})")
    if not create:
        if version is None:
            raise QuestionError(f"{name} holds no ledger; wholenation programme init makes one")
        raise QuestionError(f"{name} has older tables; wholenation programme init brings them up to date")
    from .migrations import upgrade

    write_ahead(engine)
    with engine.execution_options(writing=True).begin() as connection:
        upgrade(connection)


@contextmanager
def _told(name: str, consequence: str = "") -> Iterator[None]:
    """What a database complains of, as one sentence."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, UnicodeDecodeError) as error:
        if consequence and getattr(error, "connection_invalidated", False):
            consequence = "whether it was added is not known: ask again with the same key"
        said = f"{name}: {shown(error)}"
        raise OutputError(f"{said}; {consequence}" if consequence else said) from error
