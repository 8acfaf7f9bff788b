"""One thing changed anywhere in an export or a database, and which entry is named; proofs and witnesses."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_drafts import LOG, OTHER, ended, forged, framed, line_of, paid, reserved, ticking

from wholenation.errors import QuestionError, WholenationError
from wholenation.programme import chunks, verify
from wholenation.programme.canonical import canonical
from wholenation.programme.leaves import Draft, Posting
from wholenation.programme.ledger import Ledger, open_ledger
from wholenation.programme.ledger_export import export_ledger
from wholenation.programme.merkle import root
from wholenation.programme.notes import WITNESS, Checkpoint, Verifier, join_note, new_signer
from wholenation.programme.proofs import prove_entry, prove_growth, verify_proof
from wholenation.programme.verify import verify_export, verify_ledger
from wholenation.programme.witness import cosign_export, cosign_note

KEYS = [LOG.verifier]
W1 = new_signer("witness.example/w1", WITNESS, seed=b"\x03" * 32)


def fill(ledger: Ledger) -> None:
    ledger.append([paid(1), paid(2)])
    ledger.checkpoint(LOG)
    ledger.append([paid(3), reserved(4, 60)])
    ledger.append(
        [
            Draft(
                "key-5",
                "belief.stated",
                "ann",
                {"belief": "b", "milestone": "m", "by": "ann", "probability": 1e-7},
            )
        ]
    )
    ledger.checkpoint(LOG)
    ledger.append([paid(6)])


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    book = open_ledger(database, create=True, now=ticking())
    fill(book)
    yield book
    book.close()


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    book = open_ledger(str(tmp_path / "sqlite.db"), create=True, now=ticking())
    fill(book)
    book.close()
    return tmp_path / "sqlite.db"


@pytest.fixture
def export(sqlite_file: Path, tmp_path: Path) -> Path:
    book = open_ledger(str(sqlite_file))
    export_ledger(book, tmp_path / "export.jsonl")
    book.close()
    return tmp_path / "export.jsonl"


def verdict_on(path: Path, content: bytes) -> tuple[bool, str, int | None]:
    path.write_bytes(content)
    found = verify_export(path, KEYS)
    return found.sound, found.sentence.removeprefix(f"{path}: "), found.entry


def test_what_is_right_is_found_right(ledger: Ledger, tmp_path: Path) -> None:
    export_ledger(ledger, tmp_path / "e.jsonl")
    said = "5 entries as signed by ministry.example/programme; 1 entry since then, under no checkpoint yet"
    for found in (verify_export(tmp_path / "e.jsonl", KEYS), verify_ledger(ledger, KEYS)):
        assert found.sound
        assert found.size == 6
        assert found.sentence.endswith(said)
    without = verify_ledger(ledger)
    assert without.sound
    assert "no key was given to look at signatures" in without.sentence


def test_every_byte_of_an_export_counts(export: Path, tmp_path: Path) -> None:
    """Each byte changed by one bit: found each time, and in an entry the entry is named."""
    content, path = export.read_bytes(), tmp_path / "changed.jsonl"
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    draw = random.Random(1)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        sound, sentence, entry = verdict_on(path, bytes(changed))
        assert not sound, (place, sentence)
        line = next(number for number, start in enumerate(starts) if start > place) - 1
        if 1 <= line <= 6:
            assert entry == line, (place, sentence)


@pytest.mark.parametrize("line", range(9))
def test_lines_taken_away_doubled_or_moved(export: Path, tmp_path: Path, line: int) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    without = [*lines[:line], *lines[line + 1 :]]
    doubled = [*lines[: line + 1], *lines[line:]]
    moved = [*without[: line + 1], lines[line], *without[line + 1 :]]
    for changed in (without, doubled, moved if line < 8 else lines[:line]):
        content = b"".join(changed)
        for whole in (content, ended(content.rpartition(b'{"sha256"')[0] or content)):
            sound, sentence, entry = verdict_on(tmp_path / "changed.jsonl", whole)
            if whole == export.read_bytes():
                continue
            # With the last line made anew, an export may still leave out a checkpoint, but never an entry.
            if sound:
                assert b"".join(lines[1:7]) in whole
            if 1 <= line <= 5 and changed is without:
                assert entry == line, sentence


def test_an_entry_changed_together_with_its_leaf(export: Path, tmp_path: Path) -> None:
    content = export.read_bytes().splitlines(keepends=True)
    for seq, said in (
        (1, "one of the entries 1 to 2 is not the one that was signed"),
        (4, "one of the entries 3 to 5 is not the one that was signed"),
    ):
        lines = list(content)
        data = lines[seq][9:-76].replace(b'"office"', b'"nobody"')
        lines[seq] = framed(data)
        sound, sentence, _ = verdict_on(tmp_path / "c.jsonl", ended(b"".join(lines[:-1])))
        assert not sound
        assert sentence.startswith(said)
    one = forged([line_of(1, paid(1))]).replace(b'"office"', b'"nobody"')
    data = one.splitlines()[1][9:-75]
    changed = one.replace(one.splitlines(keepends=True)[1], framed(data)).rpartition(b'{"sha256"')[0]
    assert verdict_on(tmp_path / "c.jsonl", ended(changed)) == (
        False,
        "entry 1 is wrong: it is not the one that was signed",
        1,
    )


def entry_line(**changed: object) -> bytes:
    value: dict[str, object] = {
        "actor": "office",
        "at": "2026-05-01T00:00:00.000000Z",
        "body": dict(paid(3).body),
        "key": "key-3",
        "postings": [],
        "seq": 3,
        "type": "payment.received",
    }
    return framed(canonical(value | changed))


def posting(**changed: object) -> list[object]:
    return [{"account": "a", "amount": 0, "currency": "EUR", "pending": False} | changed]


def with_number(word: bytes) -> bytes:
    """A line whose entry has a word where a number is meant."""
    return framed(
        entry_line(postings=posting()).removeprefix(b'{"entry":')[:-76].replace(b":0,", b":%b," % word)
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (entry_line(seq=4), "it calls itself entry 4"),
        (entry_line(at="2026-04-30T00:00:00Z"), "is before that of the entry before it"),
        (entry_line(at="yesterday"), "its time 'yesterday' is none"),
        (entry_line(key="key-1"), "its key 'key-1' has been there before"),
        (
            entry_line(body=dict(paid(2).body)),
            "its subject 'payment.received payment-2' has been there before",
        ),
        (entry_line(actor="a b"), "its key or its actor is no id"),
        (entry_line(type="no.type"), "'no.type': no such type of entry"),
        (entry_line(type=3), "it does not have the fields of an entry"),
        (entry_line(more=3), "it does not have the fields of an entry"),
        (entry_line(body={**paid(3).body, "amount": -1}), "amount is -1"),
        (entry_line(postings=posting(amount=1)), "sum to 1; they must sum to 0"),
        (entry_line(postings=posting(account=1)), "account 1 is no id"),
        (entry_line(postings=posting(amount="1")), "'1' is no whole number"),
        (entry_line(postings=posting(pending=0)), "its postings do not have the fields of a posting"),
        (entry_line(postings=posting(more=0)), "its postings do not have the fields of a posting"),
        (entry_line(postings=[1]), "its postings do not have the fields of a posting"),
        (line_of(3, reserved(3, 201)), "a fund never goes below zero"),
        (framed(b'{"a": 1}'), "it is not canonical JSON"),
        (framed(b"\xff"), "it is not canonical JSON"),
        (framed(b"3"), "it does not have the fields of an entry"),
        (entry_line(at=""), "its time '' is none"),
        (with_number(b"NaN"), "it is not canonical JSON: NaN is no JSON"),
        (with_number(b"-Infinity"), "it is not canonical JSON: -Infinity is no JSON"),
    ],
)
def test_a_signature_does_not_make_a_wrong_entry_right(tmp_path: Path, line: bytes, said: str) -> None:
    """What a dishonest office could sign: each is named, whatever stands behind it."""
    lines = [line_of(1, paid(1)), line_of(2, paid(2)), line, line_of(4, paid(4))]
    sound, sentence, entry = verdict_on(tmp_path / "forged.jsonl", forged(lines))
    assert (sound, entry) == (False, 3)
    assert said in sentence


def test_the_first_entry_has_a_time(tmp_path: Path) -> None:
    """Nothing stands before it that its time could be compared with."""
    found = verdict_on(tmp_path / "f.jsonl", forged([line_of(1, paid(1), at=""), line_of(2, paid(2))]))
    assert found == (False, "entry 1 is wrong: its time '' is none", 1)


def test_the_first_of_several_faults_is_named(tmp_path: Path) -> None:
    lines = [line_of(1, paid(1)), line_of(2, reserved(2, 101)), line_of(3, paid(1)), framed(b"{}")]
    assert verdict_on(tmp_path / "f.jsonl", forged(lines))[2] == 2
    assert verdict_on(tmp_path / "f.jsonl", forged([lines[0], line_of(2, paid(2)), *lines[2:]]))[2] == 3


def test_a_long_ledger_is_the_same_for_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults within runs and between them, by one process and by two."""
    size = 2 * chunks.CHUNK + 100
    good = [line_of(seq, paid(seq, 1)) for seq in range(1, size + 1)]
    late = size - 50
    cases = {
        None: good,
        9000: [*good[:8999], good[8999].replace(b"office", b"nobody"), *good[9000:]],
        late: [*good[: late - 1], line_of(late, reserved(late, late)), *good[late:]],
        8193: [*good[:8192], line_of(8193, paid(1, 1, payment="other")), *good[8193:]],
    }
    monkeypatch.setattr(verify, "_FEW", 0)
    for wanted, lines in cases.items():
        path = tmp_path / f"{wanted}.jsonl"
        path.write_bytes(forged(lines, stops=[1, 100, 8191, 8192, 8193, 16384]))
        one, two = verify_export(path, KEYS, workers=1), verify_export(path, KEYS, workers=2)
        assert one == two
        assert (one.entry, one.sound) == (wanted, wanted is None), one.sentence


def test_what_is_no_export(export: Path, tmp_path: Path) -> None:
    for content in (b"", b"\n", b"{}\n", b'{"format":"wholenation ledger 1","size":-1}\n', b"[" * 99999):
        assert "line 1 is not the header" in verdict_on(tmp_path / "n.jsonl", content)[1]
    with pytest.raises(QuestionError, match="a public key is needed"):
        verify_export(export, [])
    unsigned = forged([line_of(1, paid(1))], signer=OTHER)
    assert "of 1 entries is signed by none of the keys" in verdict_on(tmp_path / "u.jsonl", unsigned)[1]
    bare = ended(b"".join(unsigned.splitlines(keepends=True)[:2]))
    assert verdict_on(tmp_path / "u.jsonl", bare) == (False, "there is no signed checkpoint", None)
    empty = ended(canonical({"format": "wholenation ledger 1", "size": 0}) + b"\n")
    assert verdict_on(tmp_path / "e.jsonl", empty) == (True, "there is no entry yet", None)


def test_signatures_that_nobody_could_look_at_are_told(tmp_path: Path) -> None:
    export = forged([line_of(1, paid(1))])
    text = Checkpoint(
        LOG.verifier.name, 1, root([bytes.fromhex(export.splitlines()[1][-66:-2].decode())])
    ).text()
    both = canonical({"checkpoint": join_note(text, [LOG.sign(text), OTHER.sign(text)])}) + b"\n"
    content = ended(b"".join(export.splitlines(keepends=True)[:2]) + both)
    sound, sentence, _ = verdict_on(tmp_path / "m.jsonl", content)
    assert sound
    assert "not looked at, for want of a key: the signatures of elsewhere.example/log" in sentence
    assert verify_export(tmp_path / "m.jsonl", [*KEYS, OTHER.verifier]).sentence.endswith(
        "1 entry as signed by ministry.example/programme, elsewhere.example/log"
    )


def test_a_checkpoint_of_a_size_of_thousands_of_digits(tmp_path: Path) -> None:
    """Python itself refuses to read such a number."""
    content = forged([line_of(1, paid(1))]).rpartition(b'{"sha256"')[0]
    note = join_note(f"{LOG.verifier.name}\n{'9' * 5000}\n{'A' * 43}=\n", [LOG.sign("")])
    found = verdict_on(tmp_path / "d.jsonl", ended(content + canonical({"checkpoint": note}) + b"\n"))
    assert found[0] is False
    assert found[1].startswith("a checkpoint cannot be read: this is no checkpoint")


def test_checkpoints_out_of_order(tmp_path: Path) -> None:
    good = [line_of(seq, paid(seq)) for seq in (1, 2, 3)]
    for stops, entries in (([2, 1], "entry 3 is"), ([3, 1], "one of the entries 2 to 3 is")):
        path = tmp_path / "o.jsonl"
        swapped = forged(good, stops=stops)
        assert verdict_on(path, swapped) == (False, "the checkpoints are not in order", None)
        with pytest.raises(QuestionError, match="not in order; nothing is signed"):
            cosign_export(path, None, KEYS, W1, 1)
        # An entry that was changed under them is still told by where the largest checkpoint before it ends.
        lines = swapped.splitlines(keepends=True)
        lines[3] = line_of(3, paid(3, 101))
        assert verdict_on(path, ended(b"".join(lines[:-1])))[1].startswith(entries)


def test_a_log_does_not_pass_for_another(tmp_path: Path) -> None:
    """Signed by a key that was given, but under the name of another log."""
    first = line_of(1, paid(1))
    text = Checkpoint("elsewhere.example/log", 1, root([bytes.fromhex(first[-67:-3].decode())])).text()
    note = join_note(text, [LOG.sign(text)])
    content = [*forged([first]).splitlines(keepends=True)[:2], canonical({"checkpoint": note}) + b"\n"]
    said = "it is one of 'elsewhere.example/log', and is signed by ministry.example/programme"
    assert verdict_on(tmp_path / "o.jsonl", ended(b"".join(content)))[:2] == (
        False,
        f"the checkpoint of 1 entries: {said}",
    )
    for call in (
        lambda: verify_proof({"path": [], "entry": {"seq": 1}, "checkpoint": note}, KEYS),
        lambda: cosign_note(note, None, [], KEYS, W1, 1),
    ):
        with pytest.raises(QuestionError, match=f"^{said}$"):
            call()


CHANGES = {
    "UPDATE entry SET actor = 'eve' WHERE seq = 2": "entry 2 is wrong",
    "UPDATE entry SET body = replace(body, '100', '999') WHERE seq = 3": "entry 3 is wrong",
    "UPDATE entry SET at = '2026-05-01T00:00:01.000000Z' WHERE seq = 1": "entry 1 is wrong",
    "UPDATE entry SET subject = 'other' WHERE seq = 4": "entry 4 is wrong: its row tells of 'other'",
    "UPDATE entry SET type = NULLIF('x', 'y') WHERE seq = 5": "entry 5 is wrong",
    "DELETE FROM entry WHERE seq = 5": "entry 5 is wrong: it calls itself entry 6",
    "DELETE FROM entry WHERE seq = 6": "entry 6: the head tells of 6 entries, and there are 5",
    "UPDATE posting SET amount = amount * 2 WHERE seq = 1": "entry 1 is wrong",
    "UPDATE posting SET pending = NOT pending WHERE seq = 4": "entry 4 is wrong",
    "UPDATE posting SET line = line + 1 WHERE seq = 6 AND line = 2": "entry 6 is wrong: its postings are not numbered",
    "DELETE FROM posting WHERE seq = 3": "entry 3 is wrong",
    "UPDATE balance SET posted = posted + 1 WHERE account = 'fund:steel'": "the balance of fund:steel in EUR is kept",
    "DELETE FROM balance WHERE account = 'fund:steel'": "the balance of fund:steel in EUR is kept as 0",
    "UPDATE head SET size = 5": "entry 6: the head tells of 5 entries, and there are 6",
    "UPDATE head SET size = 7": "entry 7: the head tells of 7 entries, and there are 6",
    "UPDATE checkpoint SET signature = replace(signature, 'A', 'B')": "the signature of",
    "UPDATE checkpoint SET size = 3, text = replace(text, '\n2\n', '\n3\n') WHERE size = 2": "the signature of",
}


@pytest.mark.parametrize(("statement", "said"), CHANGES.items())
def test_a_database_that_somebody_has_changed(ledger: Ledger, statement: str, said: str) -> None:
    """With the triggers out of the way, as its owner can: each change is found and named."""
    if ledger.engine.dialect.name == "postgresql":
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")
            connection.exec_driver_sql(statement.replace("replace(body, '100', '999')", "'{}'"))
            connection.exec_driver_sql("SET session_replication_role = origin")
    else:
        untriggered(Path(ledger.name), statement)
    found = verify_ledger(ledger, KEYS)
    assert not found.sound
    assert said in found.sentence


def untriggered(path: Path, statement: str) -> None:
    """Run a statement on a SQLite ledger, with its triggers taken away and put back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        for _, sql in kept:
            connection.execute(sql)


KIND = "is wrong: a value in its row or its postings is of another kind than was written"
DAMAGES = {
    "UPDATE entry SET leaf = 'text' WHERE seq = 5": f"entry 5 {KIND}",
    "UPDATE entry SET leaf = 1000000000000 WHERE seq = 5": f"entry 5 {KIND}",
    "UPDATE entry SET leaf = NULL WHERE seq = 5": f"entry 5 {KIND}",
    "UPDATE entry SET key = x'ff' WHERE seq = 2": f"entry 2 {KIND}",
    "UPDATE entry SET subject = NULL WHERE seq = 3": f"entry 3 {KIND}",
    "UPDATE entry SET body = NULL WHERE seq = 3": f"entry 3 {KIND}",
    "UPDATE entry SET body = 1000000000000 WHERE seq = 3": f"entry 3 {KIND}",
    "UPDATE posting SET amount = 100.0 WHERE seq = 6 AND amount = 100": f"entry 6 {KIND}",
    "UPDATE posting SET amount = '100' WHERE seq = 6 AND amount = 100": f"entry 6 {KIND}",
    "UPDATE posting SET amount = NULL WHERE seq = 6": f"entry 6 {KIND}",
    "UPDATE posting SET line = 1.0 WHERE seq = 6 AND line = 1": f"entry 6 {KIND}",
    "UPDATE posting SET pending = 2 WHERE seq = 4": f"entry 4 {KIND}",
    "UPDATE posting SET pending = 'yes' WHERE seq = 4": f"entry 4 {KIND}",
    "UPDATE posting SET seq = NULL WHERE seq = 6": "entry 6 is wrong: what it says does not hash to its leaf",
    "INSERT INTO posting VALUES ('x', 1, 'a', 0, 'EUR', 0)": "a posting is damaged: it belongs to no entry",
    "INSERT INTO posting VALUES (NULL, 1, 'a', 0, 'EUR', 0)": "a posting is damaged: it belongs to no entry",
    "UPDATE head SET frontier = 't'": "the head of the ledger is damaged",
    "UPDATE head SET frontier = NULL": "the head of the ledger is damaged",
    "UPDATE head SET size = 'abc'": "the head of the ledger is damaged: it tells of 'abc' entries",
    "UPDATE head SET size = NULL": "the head of the ledger is damaged: it tells of NULL entries",
    "UPDATE balance SET account = x'ff' WHERE account = 'fund:steel'": "the balance of X'FF' in 'EUR' is damaged",
    "UPDATE balance SET posted = 300.0 WHERE account = 'fund:steel'": "is damaged: it is kept as 300.0 and -60",
    "UPDATE balance SET pending = NULL WHERE account = 'fund:steel'": "the balance of 'fund:steel' in 'EUR' is damaged",
    "UPDATE checkpoint SET signature = NULL WHERE size = 2": "a checkpoint is damaged",
    "UPDATE checkpoint SET text = x'ff' WHERE size = 2": "a checkpoint is damaged",
    "UPDATE checkpoint SET text = 'x' WHERE size = 2": "a checkpoint cannot be read",
    "UPDATE checkpoint SET size = 3 WHERE size = 2": "the checkpoint of 2 entries is kept as one of 3",
    "UPDATE checkpoint SET line = 2 WHERE size = 2": "the signatures of the checkpoint of 2 entries are not numbered",
    "INSERT INTO checkpoint SELECT 2, 2, text, signature FROM checkpoint WHERE size = 5": "there are two checkpoints",
}


@pytest.mark.parametrize(("statement", "said"), DAMAGES.items())
@pytest.mark.parametrize("keys", [KEYS, []])
def test_a_value_of_another_kind(sqlite_file: Path, statement: str, said: str, keys: list[Verifier]) -> None:
    """What flipped bytes can make of a row: SQLite shows values that its column could not take."""
    unguarded(sqlite_file, statement)
    book = open_ledger(str(sqlite_file))
    found = verify_ledger(book, keys)
    if "head" in statement:
        with pytest.raises(QuestionError, match="the head of the ledger is damaged"):
            book.head()
    book.close()
    assert not found.sound
    assert said in found.sentence


def unguarded(path: Path, statement: str) -> None:
    """Run a statement on a SQLite ledger whose columns take anything, and put its tables back as they were."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        for kind in ("BIGINT", "INTEGER", "TEXT", "BOOLEAN", "BLOB"):
            loose = f"replace(replace(sql, ' {kind} NOT NULL', ''), ' {kind}', '')"
            where = f"type = 'table' AND NOT (name = 'entry' AND '{kind}' = 'INTEGER')"
            connection.execute(f"UPDATE sqlite_master SET sql = {loose} WHERE {where}")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'CHECK (pending IN (0, 1))', 'CHECK (1)')"
        )
        connection.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in kept:
            if sql.startswith("CREATE TRIGGER"):
                connection.execute(sql)
            else:
                connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))


def test_a_trigger_taken_away_is_missed(ledger: Ledger) -> None:
    name = "entry_update" if ledger.engine.dialect.name == "sqlite" else "entry_kept ON entry"
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    assert f"trigger {name.split()[0]} is missing" in verify_ledger(ledger, KEYS).sentence


@pytest.mark.parametrize("change", ["type = 'tRigger'", "tbl_name = 'Entry'"])
def test_a_trigger_that_sqlite_passes_over(sqlite_file: Path, change: str) -> None:
    """SQLite lets this pass, and programs that look for triggers by these words find none."""
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"UPDATE sqlite_master SET {change} WHERE name = 'entry_update'")
    book = open_ledger(str(sqlite_file))
    try:
        said = verify_ledger(book, KEYS).sentence
    finally:
        book.close()
    assert said == f"{sqlite_file}: the table or trigger entry_update is missing, or not as it was made"


def dump(path: Path) -> list[str] | None:
    """All that a database says, None where SQLite itself cannot read it."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def test_bytes_changed_in_a_database_file(sqlite_file: Path, tmp_path: Path) -> None:
    """Any byte of the file: either it is found, or it says nothing (unused room of a page)."""
    content, before = sqlite_file.read_bytes(), dump(sqlite_file)
    draw, found = random.Random(2), 0
    used = [place for place, byte in enumerate(content) if byte]
    path = tmp_path / "flipped.db"
    for place in draw.sample(used, 150):
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        try:
            book = open_ledger(str(path))
            try:
                sound = verify_ledger(book, KEYS).sound
            finally:
                book.close()
        except WholenationError:
            sound = False
        found += not sound
        assert not sound or dump(path) == before, place
        for left in tmp_path.glob("flipped.db-*"):
            left.unlink()
    assert found > 100


def test_proofs_of_entries_and_growth(ledger: Ledger) -> None:
    for seq in range(1, 6):
        proof = prove_entry(ledger, seq)
        assert (
            verify_proof(proof, KEYS)
            == f"entry {seq} is one of the 5 that were signed by {LOG.verifier.name}"
        )
        proof["entry"]["actor"] = "eve"
        with pytest.raises(QuestionError, match=f"entry {seq} is not as it was signed"):
            verify_proof(proof, KEYS)
    with pytest.raises(
        QuestionError, match=r"entry 6 stands under no checkpoint: the newest one covers entries 1 to 5"
    ):
        prove_entry(ledger, 6)
    growth = prove_growth(ledger, 2, 5)
    assert verify_proof(growth, KEYS).startswith("the ledger of 5 entries continues that of 2")
    with pytest.raises(QuestionError, match=r"does not continue"):
        verify_proof({**growth, "path": growth["path"][::-1]}, KEYS)
    with pytest.raises(QuestionError, match="signed by no key that was given"):
        verify_proof(growth, [OTHER.verifier])
    with pytest.raises(QuestionError, match="there are checkpoints of: 2, 5"):
        prove_growth(ledger, 3, 5)
    for broken in ({}, {**growth, "path": "x"}, {**growth, "path": ["zz"]}, {**growth, "checkpoint": 3}):
        with pytest.raises(QuestionError, match=r"no proof|no signed note"):
            verify_proof(broken, KEYS)


def test_no_proof_without_a_checkpoint(tmp_path: Path) -> None:
    book = open_ledger(str(tmp_path / "l.db"), create=True)
    book.append([paid(1)])
    with pytest.raises(QuestionError, match="none was signed yet"):
        prove_entry(book, 1)
    book.close()


def test_a_witness_signs_what_grows_and_nothing_else(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    export_ledger(ledger, path)
    first = cosign_export(path, None, KEYS, W1, 1_800_000_000)
    assert ledger.cosigned(first, W1.verifier) == first
    ledger.checkpoint(LOG)
    export_ledger(ledger, path)
    assert verify_export(path, [*KEYS, W1.verifier]).sound
    second = cosign_export(path, first, KEYS, W1, 1_800_000_001)
    assert second.split("\n")[1] == "6"
    # Another history with the same key, and an older state of this one.
    other = tmp_path / "other.jsonl"
    other.write_bytes(forged([line_of(seq, paid(seq, 7)) for seq in range(1, 8)]))
    with pytest.raises(QuestionError, match="it was rewritten, or an older one is shown"):
        cosign_export(other, second, KEYS, W1, 1_800_000_002)
    other.write_bytes(forged([line_of(1, paid(1))]))
    with pytest.raises(QuestionError, match="it was rewritten, or an older one is shown"):
        cosign_export(other, second, KEYS, W1, 1_800_000_002)
    other.write_bytes(forged([framed(b"{}")]))
    with pytest.raises(QuestionError, match=r"entry 1 is wrong: .*; nothing is signed"):
        cosign_export(other, None, KEYS, W1, 1_800_000_002)
    with pytest.raises(QuestionError, match="what was seen is a checkpoint of ministry"):
        cosign_note(forged_note(), first, [], [OTHER.verifier], W1, 1)
    with pytest.raises(QuestionError, match="signed by no key that was given"):
        cosign_note(second, None, [], [OTHER.verifier], W1, 1)
    other.write_bytes(ended(canonical({"format": "wholenation ledger 1", "size": 0}) + b"\n"))
    with pytest.raises(QuestionError, match="there is no checkpoint to sign"):
        cosign_export(other, None, KEYS, W1, 1)


def forged_note() -> str:
    """A good note of another log."""
    text = Checkpoint(OTHER.verifier.name, 9, b"\x00" * 32).text()
    return join_note(text, [OTHER.sign(text)])


def test_postings_of_an_unknown_entry(sqlite_file: Path) -> None:
    connection = sqlite3.connect(sqlite_file)
    connection.execute("INSERT INTO posting VALUES (9, 1, 'fund:steel', 5, 'EUR', 0)")
    connection.commit()
    connection.close()
    book = open_ledger(str(sqlite_file))
    assert (
        "entry 9 is wrong: its postings are not numbered, or belong to no entry"
        in verify_ledger(book).sentence
    )
    book.close()


def test_an_index_that_lies_is_found(sqlite_file: Path) -> None:
    """SQLite's own check of the file, where every row is right."""
    connection = sqlite3.connect(sqlite_file)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'amount', 'amuont') WHERE name = 'posting'"
    )
    connection.commit()
    connection.close()
    book = open_ledger(str(sqlite_file))
    with pytest.raises(WholenationError, match="no such column"):
        verify_ledger(book)
    book.close()


def test_money_is_not_made_of_pending_and_posted_together(tmp_path: Path) -> None:
    mixed = (Posting("outside:a", -5, "EUR"), Posting("fund:a", 5, "EUR", pending=True))
    lines = [line_of(1, Draft("k", "payment.received", "office", paid(1).body, mixed))]
    assert "sum to" in verdict_on(tmp_path / "f.jsonl", forged(lines))[1]
