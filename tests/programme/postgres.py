"""A real PostgreSQL for tests, on loopback, started once; every test gets a database of its own."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pg8000.dbapi
import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "postgres.sh"
USER = "wholenation"


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    """The port of a PostgreSQL; skipped with a sentence where its programs are not installed."""
    found = subprocess.run(["sh", SCRIPT, "find"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = subprocess.run(["sh", SCRIPT, "start", str(port)], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    yield port
    subprocess.run(["sh", SCRIPT, "stop", started.stdout.strip()], check=True, capture_output=True)


@pytest.fixture
def postgres_url(postgres: int) -> str:
    """The URL of a new, empty database."""
    name = f"ledger_{uuid4().hex}"
    connection = pg8000.dbapi.connect(USER, host="127.0.0.1", port=postgres, database="postgres")
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"postgresql://{USER}@127.0.0.1:{postgres}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds of database, one after the other, where no ledger is yet."""
    if request.param == "sqlite":
        return str(tmp_path / "programme.db")
    return request.getfixturevalue("postgres_url")
