"""The ledger from the shell: keys, checkpoints, witnesses, proofs, exports, and one sentence per mistake."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ledger_drafts import paid

from wholenation.cli.ledger_commands import COMMANDS
from wholenation.cli.options import Verbs
from wholenation.programme.ledger import open_ledger

group = Verbs(name="programme", commands={command.name or "": command for command in COMMANDS})


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(group, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    run("keys", "ministry.example/programme", "--to", tmp_path / "keys")
    run("keys", "w1", "--witness", "--to", tmp_path / "keys")
    return tmp_path / "keys"


def test_a_ledger_is_made_signed_cosigned_proved_exported_and_verified(
    database: str, keyed: Path, tmp_path: Path
) -> None:
    book = ["--ledger", database]
    opened = [
        "--as",
        "office",
        "--name",
        "Fabs",
        "--agency",
        "ministry",
        "--currency",
        "EUR",
        "--approvers",
        "ann,bob",
    ]
    assert "it has 0 entries" in run("init", *book).output
    assert "Entry 1" in run("init", "fabs", *book, *opened).output
    assert json.loads(run("init", "fabs", *book, *opened, "--json").output)["seq"] == 1
    ledger = open_ledger(database)
    ledger.append([paid(1), paid(2)])
    ledger.close()
    secret, public = keyed / "ministry.example_programme.key", keyed / "ministry.example_programme.pub"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    note = run("checkpoint", *book, "--signer", secret).output
    assert note.splitlines()[:2] == ["ministry.example/programme", "3"]
    export, cosigned, seen = tmp_path / "e.jsonl", tmp_path / "note", tmp_path / "seen"
    assert "3 entries written" in run("export", *book, "--to", export).output
    for _ in range(2):
        run(
            "cosign", export, "--signer", keyed / "w1.key", "--keys", public, "--seen", seen, "--to", cosigned
        )
    assert seen.read_text() == cosigned.read_text()
    assert (
        run("checkpoint", *book, "--cosigned", cosigned, "--keys", keyed / "w1.pub").output.count("\u2014")
        == 2
    )
    run("export", *book, "--to", export)
    for place in (export, database):
        told = run("verify", place, "--keys", public, "--keys", keyed / "w1.pub", "--workers", "1").output
        assert told.endswith("3 entries as signed by ministry.example/programme, w1\n")
    ledger = open_ledger(database)
    ledger.append([paid(3)])
    ledger.close()
    run("checkpoint", *book, "--signer", secret)
    for words, said in (
        (["2"], "entry 2 is one of the 4"),
        (["--from", "3", "--until", "4"], "4 entries continues"),
    ):
        run("prove", *book, *words, "--to", tmp_path / "proof.json")
        assert said in run("verify", tmp_path / "proof.json", "--keys", public).output
    export.write_bytes(export.read_bytes().replace(b'"payment-2"', b'"payment-3"'))
    told = run("verify", export, "--keys", public, code=1).output
    assert told == f"{export}: entry 3 is wrong: what it says does not hash to its leaf\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["init", "p", "--ledger", "l.db"], 2, "say too: --name, --agency, --currency, --approvers, --as"),
        (
            [
                "init",
                "p",
                "--ledger",
                "no/where/l.db",
                *["--as", "a", "--name", "n", "--agency", "a", "--currency", "EUR", "--approvers", "a"],
            ],
            1,
            "lies in none",
        ),
        (["keys", "two words"], 1, "cannot name a key"),
        (["keys", "w1", "--witness"], 1, "w1.key cannot be written: File exists"),
        (["checkpoint", "--ledger", "none.db", "--signer", "w1.key"], 1, "no such ledger"),
        (["checkpoint", "--ledger", "none.db"], 2, "Say either"),
        (["checkpoint", "--ledger", "l.db", "--signer", "w1.pub"], 1, "this is no private key"),
        (["checkpoint", "--ledger", "l.db", "--signer", "w1.key"], 1, "there is no entry yet"),
        (["checkpoint", "--ledger", "l.db", "--cosigned", "w1.pub"], 1, "the witness's public key is needed"),
        (["checkpoint", "--ledger", "l.db", "--cosigned", "w1.pub", "--keys", "w1.pub"], 1, "no signed note"),
        (["cosign", "none", "--signer", "w1.key", "--keys", "w1.pub"], 1, "none): No such file"),
        (["prove", "--ledger", "l.db"], 2, "Say either"),
        (["prove", "1", "--ledger", "l.db"], 1, "none was signed yet"),
        (["export", "--ledger", "l.db", "--to", "no/where"], 1, "cannot be written"),
        (["verify", "none"], 1, "none): No such file"),
        (["verify", "l.db", "--keys", "w1.key"], 1, "a private key, where a public one is enough"),
        (["verify", "w1.pub", "--keys", "w1.pub"], 1, "line 1 is not the header of an export"),
        (["verify", "noise", "--keys", "noise"], 1, "noise is no text"),
        (["verify", "proof", "--keys", "w1.pub"], 1, "is no proof"),
        (["verify", "postgresql://x@127.0.0.1:1/x"], 1, "postgresql://x@127.0.0.1:1/x: "),
    ],
)
def test_one_sentence_for_each_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run("keys", "w1", "--witness")
    run("init", "--ledger", "l.db")
    Path("noise").write_bytes(b"\xff\xfe")
    Path("proof").write_text('{"format": "wholenation proof 1", ')
    before = sorted(path.name for path in tmp_path.iterdir())
    result = run(*words, code=code)
    assert said in result.output
    assert "Traceback" not in result.output
    assert code == 2 or len(result.output.splitlines()) == 1, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_no_answer_is_written_over_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the ledger itself by any name, nor what SQLite keeps beside it, nor another database."""
    monkeypatch.chdir(tmp_path)
    for key in (["log.example/l"], ["w1", "--witness"]):
        run("keys", *key)
    run("init", "--ledger", "l.db")
    run("init", "--ledger", "other.db")
    ledger = open_ledger("l.db")
    ledger.append([paid(1)])
    run("checkpoint", "--ledger", "l.db", "--signer", "log.example_l.key")
    run("export", "--ledger", "l.db", "--to", "e.jsonl")
    ledger.append([paid(2)])
    Path("link").symlink_to("l.db")
    Path("hard").hardlink_to("l.db")
    Path("to-wal").symlink_to("l.db-wal")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    commands = {
        "--to": [
            ["export", "--ledger", "l.db"],
            ["checkpoint", "--ledger", "l.db", "--signer", "log.example_l.key"],
            ["prove", "1", "--ledger", "l.db"],
            ["cosign", "e.jsonl", "--signer", "w1.key", "--keys", "log.example_l.pub"],
        ],
        "--seen": [["cosign", "e.jsonl", "--signer", "w1.key", "--keys", "log.example_l.pub"]],
    }
    for option, words in [(option, words) for option, some in commands.items() for words in some]:
        for target in (
            "l.db",
            "./l.db",
            "link",
            "hard",
            "l.db-wal",
            "l.db-shm",
            "to-wal",
            "link-wal",
            "other.db",
        ):
            said = run(*words, option, target, code=1).output
            assert "needs a file of its own" in said, (words, target, said)
            assert len(said.splitlines()) == 1
        assert run(*words, option, ".", code=1).output == "wholenation: . is a folder, not a file\n"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    ledger.close()


@pytest.mark.parametrize("table", ["notes", "alembic_version"])
def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, table: str) -> None:
    """Looked at, or taken for an empty one: not a byte of it changes, and nothing is left beside it."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute(f"CREATE TABLE {table} (version_num TEXT)")
    before = other.read_bytes()
    for words in (
        ["verify", other],
        ["export", "--ledger", other, "--to", tmp_path / "e"],
        ["init", "--ledger", other],
    ):
        said = run(*words, code=1).output
        assert f"holds no ledger, but other tables ({table}); a ledger needs a database of its own" in said
    assert other.read_bytes() == before
    assert list(tmp_path.iterdir()) == [other]
    other.write_bytes(b"")
    assert (
        "programme init makes one" in run("export", "--ledger", other, "--to", tmp_path / "e", code=1).output
    )
    assert other.read_bytes() == b""


def test_a_ledger_is_read_while_it_is_written(tmp_path: Path) -> None:
    """Also one that somebody has taken out of this mode."""
    place = tmp_path / "l.db"
    run("init", "--ledger", place)
    for mode in ("wal", "delete"):
        with closing(sqlite3.connect(place)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            connection.execute(f"PRAGMA journal_mode={mode}").close()
        open_ledger(str(place)).close()
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_does_not_belong_to_a_ledger_is_told(tmp_path: Path) -> None:
    place = tmp_path / "l.db"
    run("init", "--ledger", place)
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE more (a)")
    said = run("verify", place, code=1).output
    assert said == f"{place}: the table, view, index or trigger more does not belong to a ledger\n"


def test_a_damaged_version_is_told(tmp_path: Path) -> None:
    place = tmp_path / "l.db"
    run("init", "--ledger", place)
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = x'ff'")
    assert "the version of its tables is b'\\xff'" in run("verify", place, code=1).output
