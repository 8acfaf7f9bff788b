"""The ledger on SQLite and on a real PostgreSQL: what it takes, what it refuses, and that both say the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_drafts import LOG, OTHER, paid, reserved, ticking

from wholenation.errors import OutputError, QuestionError
from wholenation.programme import schema
from wholenation.programme.balances import Sum
from wholenation.programme.ledger import Draft, Ledger, Posting, open_ledger
from wholenation.programme.ledger_export import export_ledger
from wholenation.programme.merkle import root
from wholenation.programme.office import Programme, open_programme
from wholenation.programme.state import fold
from wholenation.programme.verify import verify_ledger


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    book = open_ledger(database, create=True, now=ticking())
    yield book
    book.close()


def test_entries_come_back_as_they_were_added(ledger: Ledger) -> None:
    added = ledger.append([paid(1), paid(2, 50)]) + ledger.append([paid(3, 25, pledge="glass")])
    assert [entry.seq for entry in added] == [1, 2, 3]
    assert list(ledger.entries()) == added
    assert list(ledger.entries(after=2)) == added[2:]
    assert ledger.balance("fund:steel", "EUR") == Sum(150, 0)
    assert ledger.balance("outside:ministry", "EUR") == Sum(-175, 0)
    assert ledger.balance("fund:steel", "USD") == Sum()
    assert ledger.head().root() == root([entry.leaf for entry in added])
    assert ledger.leaves(2) == [entry.leaf for entry in added[:2]]


def test_the_same_request_twice_is_one_entry(ledger: Ledger) -> None:
    first = ledger.append([paid(1), paid(2)])
    assert ledger.append([paid(2), paid(1)]) == first[::-1]
    again = ledger.append([paid(1), paid(3), paid(3)])
    assert again[0] == first[0]
    assert again[1] == again[2]
    assert ledger.head().size == 3
    assert ledger.balance("fund:steel", "EUR") == Sum(300)


def test_a_number_may_be_written_in_another_way(ledger: Ledger) -> None:
    body = {"belief": "b", "milestone": "m", "by": "ann", "probability": 1.0}
    first = ledger.append([Draft("k", "belief.stated", "ann", body)])
    assert ledger.append([Draft("k", "belief.stated", "ann", {**body, "probability": 1})]) == first


def test_a_key_stands_for_one_thing(ledger: Ledger) -> None:
    ledger.append([paid(1)])
    for other in (
        paid(1, 101),
        paid(1, call="call-2"),
        Draft("key-1", "payment.received", "eve", paid(1).body),
    ):
        with pytest.raises(
            QuestionError, match=r"key 'key-1' is taken by entry 1, payment.received, which says some"
        ):
            ledger.append([paid(2), other])
    with pytest.raises(QuestionError, match="key 'key-4' is taken by another draft beside it"):
        ledger.append([paid(4), paid(4, 5)])
    assert ledger.head().size == 1


def test_a_subject_comes_once(ledger: Ledger) -> None:
    ledger.append([paid(1)])
    for drafts in ([paid(2, payment="payment-1")], [paid(3), paid(4, payment="payment-3")]):
        with pytest.raises(QuestionError, match=r"payment.received: payment 'payment-[13]' is there already"):
            ledger.append(drafts)
    assert ledger.head().size == 1


def test_all_faults_are_told_at_once(ledger: Ledger) -> None:
    with pytest.raises(QuestionError) as caught:
        ledger.append(
            [
                paid(1, date="tomorrow"),
                Draft("a b", "call.made", "", {"call": "c"}, (Posting("fund:x", 1, "EUR"),)),
                Draft("k", "no.type", "ann", {}, (Posting("a b", True, "eur"),)),
            ]
        )
    told = str(caught.value)
    for part in (
        "date is 'tomorrow'",
        "key is 'a b'",
        "actor is ''",
        "pledge is missing",
        "the posted postings in EUR sum to 1",
        "'no.type'",
        "account 'a b' is no id",
        "'eur' is no currency",
        "True is no whole number",
    ):
        assert part in told
    assert ledger.head().size == 0


def test_what_json_cannot_hold_is_refused(ledger: Ledger) -> None:
    body = {"award": "a", "gate": "g", "decision": "go", "reason": "\ud800"}
    with pytest.raises(QuestionError, match=r"gate.decided g: a text holds half of a surrogate pair"):
        ledger.append([Draft("k", "gate.decided", "ann", body)])


def test_postings_sum_to_zero_in_each_currency_and_phase(ledger: Ledger) -> None:
    uneven = (Posting("outside:a", -5, "EUR"), Posting("fund:a", 5, "EUR", pending=True))
    with pytest.raises(QuestionError) as caught:
        ledger.append([Draft("k", "payment.received", "office", paid(1).body, uneven)])
    assert "the posted postings in EUR sum to -5; they must sum to 0" in str(caught.value)
    assert "the pending postings in EUR sum to 5; they must sum to 0" in str(caught.value)


def test_a_fund_never_goes_below_zero(ledger: Ledger) -> None:
    ledger.append([paid(1, 100)])
    ledger.append([reserved(2, 60)])
    assert ledger.balance("fund:steel", "EUR") == Sum(100, -60)
    with pytest.raises(
        QuestionError, match="cover-3: fund:steel would hold 100 EUR paid in and 101 reserved"
    ):
        ledger.append([reserved(3, 41)])
    back = (Posting("fund:steel", -50, "EUR"), Posting("payee:a", 50, "EUR"))
    with pytest.raises(QuestionError, match="fund:steel would hold 50 EUR paid in and 60 reserved"):
        ledger.append([Draft("key-4", "payment.received", "office", paid(4).body, back)])
    # Not even for a moment: money that comes in later in the same row does not help.
    with pytest.raises(QuestionError, match="a fund never goes below zero"):
        ledger.append([reserved(5, 41), paid(6, 100)])
    assert len(ledger.append([paid(6, 100), reserved(5, 41)])) == 2
    assert ledger.balance("fund:steel", "EUR") == Sum(200, -101)


def test_a_sum_too_large_for_a_database_is_refused(ledger: Ledger) -> None:
    most = 2**53 - 1
    rows = (Posting("outside:a", -most, "EUR"), Posting("fund:a", most, "EUR")) * 1025
    with pytest.raises(QuestionError, match=r"more than 2\^63"):
        ledger.append([Draft("k", "payment.received", "office", paid(1).body, rows)])


def test_a_clock_that_goes_back_does_not_take_time_with_it(database: str) -> None:
    times = iter(
        ["2026-05-01T00:00:02.000000Z", "2026-05-01T00:00:01.000000Z", "2026-05-01T00:00:03.000000Z"]
    )
    ledger = open_ledger(database, create=True, now=lambda: next(times))
    seen = [ledger.append([paid(number)])[0].at[17:19] for number in (1, 2, 3)]
    ledger.close()
    assert seen == ["02", "02", "03"]


def test_what_raises_within_a_turn_adds_nothing(ledger: Ledger) -> None:
    with pytest.raises(KeyError), ledger.writing() as session:
        session.append([paid(1)])
        raise KeyError
    with ledger.writing() as session:
        assert list(session.entries()) == []
        session.append([paid(1)])
        with pytest.raises(QuestionError):
            session.append([paid(2), reserved(3, 1000)])
        assert [entry.seq for entry in session.append([paid(4), reserved(5, 150)])] == [2, 3]
        assert len(list(session.entries(after=1))) == 2
    assert ledger.balance("fund:steel", "EUR") == Sum(200, -150)
    assert verify_ledger(ledger).sound


@pytest.mark.parametrize("table", ["entry", "posting", "checkpoint"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = 1", "DELETE FROM {}", "INSERT OR REPLACE INTO {} SELECT * FROM {}"]
)
def test_the_database_itself_refuses_changes(ledger: Ledger, table: str, change: str) -> None:
    ledger.append([paid(1)])
    ledger.checkpoint(LOG)
    if "REPLACE" in change and ledger.engine.dialect.name != "sqlite":
        change = "TRUNCATE {} CASCADE"
    column = {"entry": "seq", "posting": "line", "checkpoint": "line"}[table]
    statement = change.format(table, column if "SET" in change else table)
    refused = pytest.raises(sa.exc.DBAPIError, match=f"rows of ({table}|posting) are never changed")
    with refused, ledger.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert verify_ledger(ledger, [LOG.verifier]).sound


def test_an_entry_is_not_replaced_by_its_key_or_its_subject(ledger: Ledger) -> None:
    if ledger.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite knows INSERT OR REPLACE")
    ledger.append([paid(1), paid(2)])
    for column, value in (("key", "'other'"), ("subject", "'other'")):
        columns = ["seq", "key", "type", "subject", "at", "actor", "body", "leaf"]
        chosen = ["9" if name == "seq" else value if name == column else name for name in columns]
        statement = f"INSERT OR REPLACE INTO entry SELECT {', '.join(chosen)} FROM entry WHERE seq = 1"
        with pytest.raises(sa.exc.DBAPIError, match="never changed"), ledger.engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_both_databases_export_the_same_bytes(tmp_path: Path, postgres_url: str) -> None:
    exports = []
    for name, url in (("a", str(tmp_path / "a.db")), ("b", postgres_url)):
        ledger = open_ledger(url, create=True, now=ticking())
        ledger.append([paid(1), paid(2, 7, pledge="Zürich")])
        ledger.checkpoint(LOG)
        ledger.append(
            [
                reserved(3, 50),
                Draft(
                    "ключ",
                    "belief.stated",
                    "ann",
                    {"belief": "b", "milestone": "m", "by": "a", "probability": 1e-7},
                ),
            ]
        )
        ledger.checkpoint(LOG)
        exports.append(tmp_path / f"{name}.jsonl")
        assert export_ledger(ledger, exports[-1]) == 4
        ledger.close()
    assert exports[0].read_bytes() == exports[1].read_bytes()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_is_asked_balances_are_the_fold(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Requests at random, repeated and in any order: what is accepted folds to what is kept, and funds hold."""
    url = str(tmp_path_factory.mktemp("ledger") / "programme.db")
    numbers = st.integers(1, 6)
    draft = st.builds(paid, numbers, st.integers(0, 9)) | st.builds(reserved, numbers, st.integers(0, 9))
    with open_programme(url, create=True) as programme:
        for drafts in data.draw(st.lists(st.lists(draft, min_size=1, max_size=3), max_size=8)):
            before = programme.ledger.head()
            try:
                programme.act(lambda _, drafts=drafts: drafts)
            except QuestionError:
                assert programme.ledger.head() == before
            state = fold(programme.ledger.entries())
            for (account, currency), kept in state.balances.items():
                assert programme.ledger.balance(account, currency) == (kept.posted, kept.pending)
                assert not account.startswith("fund:") or min(kept.posted, kept.posted + kept.pending) >= 0
        assert verify_ledger(programme.ledger).sound


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from ledger_drafts import paid
from wholenation.programme.office import open_programme
url, first = sys.argv[1], int(sys.argv[2])
with open_programme(url) as programme:
    for number in range(first, first + 40):
        seen = programme.act(lambda state: [paid(number, state.size + 1)])
        assert seen[0].postings[1].amount == seen[0].seq
"""


def test_two_writers_decide_one_after_the_other(database: str) -> None:
    """Each amount is the size of the ledger that the decision saw, so that none was made on an older one."""
    open_ledger(database, create=True).close()
    script = WRITER.format(tests=str(Path(__file__).parent))
    writers = [subprocess.Popen([sys.executable, "-c", script, database, str(first)]) for first in (1, 101)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    ledger = open_ledger(database)
    assert [entry.postings[1].amount for entry in ledger.entries()] == list(range(1, 81))
    assert verify_ledger(ledger).sound
    ledger.close()


def test_a_reader_sees_what_another_has_added(database: str) -> None:
    with open_programme(database, create=True) as one, open_programme(database) as two:
        one.act(lambda _: [paid(1)])
        assert two.refresh().size == 1
        two.act(lambda _: [paid(2)])
        assert one.refresh().has("payment.received", "payment-2")


def test_the_migrations_lead_to_the_schema(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == schema.VERSION
        assert compare_metadata(context, schema.metadata) == []


def test_opening_again_changes_nothing(database: str) -> None:
    first = open_ledger(database, create=True)
    first.append([paid(1)])
    first.close()
    second = open_ledger(database, create=True)
    assert second.head().size == 1
    second.close()


def test_a_ledger_of_another_version_is_told(database: str) -> None:
    ledger = open_ledger(database, create=True)
    for version, said in (("9999", "newer wholenation"), ("0000", "init brings them up to date")):
        with ledger.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        with pytest.raises(QuestionError, match=said):
            open_ledger(database)
    ledger.close()


def test_what_is_no_ledger(tmp_path: Path, postgres_url: str) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be read as the header of one" * 20)
    for url, said in (
        (str(tmp_path / "none.db"), "no such ledger"),
        (str(tmp_path), "it is a folder"),
        (str(tmp_path / "no" / "where.db"), "lies in none"),
        ("mysql://host/name", "mysql: no such kind of ledger"),
        ("://", "neither a file nor a URL"),
        (postgres_url, "holds no ledger; wholenation programme init makes one"),
    ):
        with pytest.raises(QuestionError, match=said):
            open_ledger(url)
    with pytest.raises(OutputError, match="file is not a database"):
        open_ledger(str(tmp_path / "text.db"))
    with pytest.raises(OutputError, match=r"127.0.0.1"):
        open_ledger("postgresql://nobody:secret@127.0.0.1:1/none")
    sqlite = f"sqlite:///{tmp_path / 'url.db'}"
    open_ledger(sqlite, create=True).close()
    assert (tmp_path / "url.db").is_file()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://", "names no user"),
        ("postgresql://127.0.0.1/x", "names no user"),
        ("postgresql://u@127.0.0.1:abc/x", "neither a file nor a URL"),
        ("postgresql://a:secret:c@[::/x", r"a:\*\*\*@.* is neither a file nor a URL"),
        ("postgresql://u:secret@127.0.0.1:99999/x", "99999 for a port"),
        ("postgresql://u@127.0.0.1:0/x", "0 for a port"),
        ("postgresql://u:secret@a..b/x", "a host that is no name of one"),
        ("postgresql://u@127.0.0.1:1/x?sslmode=require", "has sslmode"),
        ("postgresql://u@127.0.0.1:1/x?unix_sock=a&unix_sock=b", "each once"),
    ],
)
def test_a_slip_in_a_url_is_told_with_what_a_ledger_may_be(url: str, said: str) -> None:
    with pytest.raises(
        QuestionError, match=rf"{said}.*; a ledger is a file \(SQLite\) or postgresql://"
    ) as told:
        open_ledger(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_server_that_is_not_there_is_told_in_plain_words(host: str) -> None:
    with pytest.raises(OutputError, match=r"Can't create a connection to host [^ ]+ and port 1\.$"):
        open_ledger(f"postgresql://u@{host}:1/x")


def test_checkpoints_are_signed_once_and_cosigned(ledger: Ledger) -> None:
    with pytest.raises(QuestionError, match="there is no entry yet"):
        ledger.checkpoint(LOG)
    ledger.append([paid(1)])
    note = ledger.checkpoint(LOG)
    assert ledger.checkpoint(LOG) == note
    assert ledger.checkpoints() == [note]
    with pytest.raises(
        QuestionError, match=r"stands under a checkpoint of ministry.example/programme already"
    ):
        ledger.checkpoint(OTHER)
    text = note.split("\n\n")[0] + "\n"
    theirs = f"{text}\n{OTHER.sign(text)}\n"
    both = ledger.cosigned(theirs, OTHER.verifier)
    assert both.count("\u2014") == 2
    assert ledger.cosigned(both, OTHER.verifier) == both
    assert ledger.checkpoints() == [both]
    with pytest.raises(QuestionError, match="no checkpoint of this ledger"):
        ledger.cosigned(theirs.replace("\n1\n", "\n2\n"), OTHER.verifier)
    with pytest.raises(QuestionError, match="not signed by elsewhere"):
        ledger.cosigned(note, OTHER.verifier)


def test_acts_of_a_programme(database: str) -> None:
    with open_programme(database, create=True) as programme:
        assert isinstance(programme, Programme)
        added = programme.act(lambda state: [paid(state.size + 1)])
        assert programme.state.get("payment.received", "payment-1").seq == added[0].seq == 1
        assert programme.state.balance("fund:steel", "EUR").posted == 100
