"""Which database a name or URL means, and how it is spoken to so that what is acknowledged is on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import QuestionError

PATIENCE_SECONDS = 60
"""How long a writer waits for the one before."""


def connect(url: str, *, create: bool) -> tuple[sa.Engine, str]:
    """An engine for a file name or URL, and what to call it; nothing is opened yet.

    Raises `QuestionError` for what is neither, and for a file that is not there unless it is to be made.
    """
    if "://" not in url:
        return _sqlite(Path(url), create=create), url
    try:
        parts = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise QuestionError(
            f"{url!r} is neither a file nor a URL such as postgresql://user@host/name"
        ) from None
    kind = parts.get_backend_name()
    if kind == "sqlite" and parts.database:
        return _sqlite(Path(parts.database), create=create), parts.database
    if kind != "postgresql":
        raise QuestionError(f"{kind}: no such kind of ledger; a file (SQLite) or postgresql://... is")
    return _postgresql(parts), parts.render_as_string(hide_password=True)


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    """A writer takes the lock before it reads, so that what it decides on cannot change below it."""
    immediate = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(url.set(drivername="postgresql+pg8000"), isolation_level="READ COMMITTED")
    except ModuleNotFoundError:
        raise QuestionError("PostgreSQL needs pg8000: pip install 'wholenation[postgresql]'") from None
    engine.dialect.use_insertmanyvalues_wo_returning = True  # many rows in one statement
    return engine


def written_version(engine: sa.Engine) -> str | None:
    """The version of the tables that are there, None where there are none."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def shown(error: Exception) -> str:
    """The database's own words, without the statement."""
    if isinstance(error, UnicodeDecodeError):
        return "the file is damaged: a text in it is none"
    origin = getattr(error, "orig", None) or error
    told = origin.args[0] if origin.args else error
    if isinstance(told, dict):  # what pg8000 raises
        told = told.get("M", told)
    return " ".join(str(told).split()) or "the database does not answer"
