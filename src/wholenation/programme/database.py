"""Which database a name or URL means, and how it is spoken to so that what is acknowledged is on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import QuestionError

PATIENCE_SECONDS = 60
"""How long a writer waits for the one before."""

ALLOWED = "a ledger is a file (SQLite) or postgresql://USER@HOST:PORT/NAME, whose port may be left out"

SETTABLE = ("application_name", "unix_sock")
"""What the driver takes as text beside where the database is."""

_SETTINGS = re.compile(r" \(timeout is .* and source_address is .*\)")
"""What pg8000 adds to its words of a server that is not there: arguments that nobody gave."""

_TOLD_BY = {"alembic_version", "entry", "head"}
"""Tables by which a ledger of any version is told from other databases."""

_SHOWN = 5
"""Tables of somebody else that are named."""


def connect(url: str, *, create: bool) -> tuple[sa.Engine, str]:
    """An engine for a file name or URL, and what to call it; nothing is opened yet.

    Raises `QuestionError` for what is neither, and for a file that is not there unless it is to be made.
    """
    if "://" not in url:
        return _sqlite(Path(url), create=create), url
    parts = _parts(url)
    kind = parts.get_backend_name()
    if kind == "sqlite" and parts.database:
        return _sqlite(Path(parts.database), create=create), parts.database
    if kind != "postgresql":
        raise QuestionError(f"{kind}: no such kind of ledger; a file (SQLite) or postgresql://... is")
    fault = _url_fault(parts)
    if fault:
        raise QuestionError(f"{_without_password(url)!r} {fault}; {ALLOWED}")
    return _postgresql(parts), parts.render_as_string(hide_password=True)


def _parts(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # the latter for a port that is no number
        told = f"{_without_password(url)!r} is neither a file nor a URL"
        raise QuestionError(f"{told} that can be read; {ALLOWED}") from None


def _url_fault(parts: sa.URL) -> str:
    """What the driver could not take of a PostgreSQL URL, or nothing."""
    if not parts.username:
        return "names no user"
    if parts.port is not None and not 0 < parts.port < 65536:
        return f"has {parts.port} for a port, which is 1 to 65535"
    try:
        (parts.host or "").encode("idna")
    except UnicodeError:
        return "has a host that is no name of one"
    for name, value in parts.query.items():
        if name not in SETTABLE or not isinstance(value, str):
            return f"has {name} behind its question mark, where {' and '.join(SETTABLE)} may stand, each once"
    return ""


def _without_password(url: str) -> str:
    """The URL to be shown, also where it cannot be read."""
    return re.sub("(?<=://)([^:@/]*):.*@", r"\1:***@", url, flags=re.DOTALL)


def _sqlite(path: Path, *, create: bool) -> sa.Engine:
    if path.is_dir() or not path.parent.is_dir():
        raise QuestionError(f"{path} cannot be a ledger: it is a folder, or lies in none")
    if not create and not path.is_file():
        raise QuestionError(f"{path}: no such ledger; wholenation programme init makes one")
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)), connect_args={"timeout": PATIENCE_SECONDS}
    )
    sa.event.listen(engine, "connect", _durable)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    """A writer takes the lock before it reads, so that what it decides on cannot change below it."""
    options = connection.get_execution_options()
    if not options.get("bare"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def write_ahead(engine: sa.Engine) -> None:
    """Let a SQLite file be read while it is written, which it stays; for a ledger only, since it changes the file."""
    if engine.dialect.name == "sqlite":
        with engine.execution_options(bare=True).connect() as connection:  # outside of any transaction
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(url.set(drivername="postgresql+pg8000"), isolation_level="READ COMMITTED")
    except ModuleNotFoundError:
        raise QuestionError("PostgreSQL needs pg8000: pip install 'wholenation[postgresql]'") from None
    engine.dialect.use_insertmanyvalues_wo_returning = True  # many rows in one statement
    return engine


def written_version(engine: sa.Engine, name: str) -> str | None:
    """The version of the ledger's tables, None where there is no table at all.

    Raises `QuestionError` where the tables are somebody else's, and where the version is none.
    """
    with engine.connect() as connection:
        tables = sorted(sa.inspect(connection).get_table_names())
        if not tables:
            return None
        if not _TOLD_BY.issubset(tables):
            names = [table if table.isprintable() else ascii(table) for table in tables[:_SHOWN]]
            listed = ", ".join(names) + (", ..." if len(tables) > _SHOWN else "")
            raise QuestionError(
                f"{name} holds no ledger, but other tables ({listed}); a ledger needs a database of its own"
            )
        version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if not isinstance(version, str):
        raise QuestionError(f"{name} is damaged: the version of its tables is {version!r:.40}")
    return version


def shown(error: Exception) -> str:
    """The database's own words, without the statement."""
    if isinstance(error, UnicodeDecodeError):
        return "the file is damaged: a text in it is none"
    origin = getattr(error, "orig", None) or error
    told = origin.args[0] if origin.args else error
    if isinstance(told, dict):  # what pg8000 raises
        told = told.get("M", told)
    return " ".join(_SETTINGS.sub("", str(told)).split()) or "the database does not answer"
