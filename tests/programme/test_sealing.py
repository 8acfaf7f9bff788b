"""Sealing bids from what they say: everything is checked first, and a refused bid leaves no file behind."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from offices import AFTER, Office, office

from wholenation.cli import main, programme_commands
from wholenation.errors import ChainError, QuestionError
from wholenation.programme import bids
from wholenation.programme.bids_import import read_bids
from wholenation.programme.sealing import Sealing, seal_kept

assert programme_commands.programme  # registers the commands that are tried here
OFFER = {"price": 300, "currency": "EUR", "approach": "a", "institution": "alpha"}
HEADER = "bid,challenge,team,price,currency,approach,institution\n"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path)
    made.party("alpha", "beta")
    made.challenge(deadline="2099-02-01T12:00:00Z")
    yield made
    made.programme.close()


def sealed(hall: Office, place: Path, **more: Any) -> None:
    told = {"key": "k", "bid": "b", "challenge": "optics", "team": "alpha", "content": OFFER} | more
    seal_kept(hall.programme, actor="alpha", sealings=[Sealing(secret=place / "left.json", **told)])


def bid(hall: Office, *words: object) -> Result:
    url = str(hall.programme.ledger.name)
    return CliRunner().invoke(main, ["programme", "bid", *map(str, words), "--ledger", url, "--as", "alpha"])


# --- names that become files


@pytest.mark.parametrize("name", ["../../x", "..", ".", "a/b", "a\\b"])
def test_a_bid_never_names_a_file_outside_its_folder(hall: Office, tmp_path: Path, name: str) -> None:
    table = tmp_path / "tab.csv"
    table.write_text(f"{HEADER}{name},optics,alpha,1,EUR,a,alpha\ngood,optics,alpha,1,EUR,a,alpha\n")
    before, size = sorted(tmp_path.rglob("*")), hall.programme.refresh().size
    with pytest.raises(ChainError, match="cannot name a bid") as caught:
        read_bids(table)
    assert str(caught.value).startswith(f"tab.csv 2 bid {name!r}: ") or "\\" in name
    result = bid(hall, "--table", table, "--secret", tmp_path / "deep" / "secrets")
    assert result.exit_code == 1 and "cannot name a bid" in result.output
    with pytest.raises(QuestionError, match="cannot name a bid"):
        hall.bid(name, "alpha")
    with pytest.raises(QuestionError, match="cannot name a bid"):
        sealed(hall, tmp_path / "deep", bid=name)
    assert sorted(tmp_path.rglob("*")) == before and hall.programme.refresh().size == size


# --- a refused bid


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"team": "nobody"}, "'nobody': no such party"),
        ({"challenge": "optic"}, "is optics meant"),
        ({"key": "a b"}, "key is 'a b'"),
        ({"content": OFFER | {"price": 0}}, "price is '0'"),
        ({"content": OFFER | {"currency": "USD"}}, "b is in USD, optics in EUR"),
        ({"content": OFFER | {"price": 1001}}, "price 1001 is above the cap 1000 of optics"),
    ],
)
def test_a_refused_bid_leaves_neither_file_nor_folder(
    hall: Office, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    size = hall.programme.refresh().size
    with pytest.raises(QuestionError, match=words):
        sealed(hall, tmp_path / "new" / "deep", **more)
    assert not (tmp_path / "new").exists()
    bids.keep_secret(tmp_path / "left.json", OFFER | {"price": 7})
    with pytest.raises(QuestionError, match=words):  # and not: left.json holds another bid
        sealed(hall, tmp_path, **more)
    assert bids.read_secret(tmp_path / "left.json")[1]["price"] == 7
    assert hall.programme.refresh().size == size


def test_a_bid_that_comes_too_late_leaves_no_file(hall: Office, tmp_path: Path) -> None:
    hall.challenge("early")
    hall.clock.now = AFTER
    with pytest.raises(QuestionError, match="too late"):
        sealed(hall, tmp_path / "new", challenge="early")
    assert not (tmp_path / "new").exists()


def test_a_key_that_is_taken_leaves_no_file_and_no_other_bid(hall: Office, tmp_path: Path) -> None:
    first = Sealing("k1", "one", "optics", "alpha", OFFER, tmp_path / "new" / "one.json")
    second = Sealing("party:alpha", "two", "optics", "alpha", OFFER, tmp_path / "new" / "two.json")
    with pytest.raises(QuestionError, match="says something else"):
        seal_kept(hall.programme, actor="alpha", sealings=[first, second])
    assert not (tmp_path / "new").exists()
    assert not hall.programme.refresh().all("bid.sealed")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "others.txt").write_text("stays")
    with pytest.raises(QuestionError, match="says something else"):
        seal_kept(hall.programme, actor="alpha", sealings=[second])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["others.txt"]


def test_sealing_twice_is_one_bid_that_can_be_opened(hall: Office, tmp_path: Path) -> None:
    hall.challenge("early")
    for _ in range(2):
        sealed(hall, tmp_path / "new", challenge="early")
    assert len(hall.programme.refresh().all("bid.sealed")) == 1
    place = tmp_path / "new" / "left.json"
    assert place.stat().st_mode & 0o777 == 0o600
    hall.clock.now = AFTER
    salt, content = bids.read_secret(place)
    assert hall.open("b", content, salt).body["content"] == OFFER


def test_a_table_is_sealed_whole_or_not_at_all(hall: Office, tmp_path: Path) -> None:
    table, folder = tmp_path / "bids.csv", tmp_path / "secrets"
    row = "{},optics,{},{},EUR,a,alpha\n"
    table.write_text(HEADER + row.format("x", "alpha", 10) + row.format("y", "nobody", 10))
    assert "'nobody': no such party" in bid(hall, "--table", table, "--secret", folder).output
    assert not folder.exists() and not hall.programme.refresh().all("bid.sealed")
    table.write_text(HEADER + row.format("x", "alpha", 10) + row.format("y", "beta", 10))
    done = bid(hall, "--table", table, "--secret", folder)
    assert done.exit_code == 0, done.output
    assert bid(hall, "--table", table, "--secret", folder).output == done.output
    assert sorted(path.name for path in folder.iterdir()) == ["x.json", "y.json"]


# --- files that no reader takes


def test_an_offer_that_is_nested_too_deep_is_one_sentence(hall: Office, tmp_path: Path) -> None:
    place = tmp_path / "offer.json"
    words = (
        "b",
        "--challenge",
        "optics",
        "--team",
        "alpha",
        "--content",
        place,
        "--secret",
        tmp_path / "s.json",
    )
    for text in (
        '{"price": ' + "[" * 50_000,
        json.dumps(OFFER)[:-1] + ', "budget": ' + "[" * 900 + "]" * 900 + "}",
    ):
        place.write_text(text)
        result = bid(hall, *words)
        assert result.exit_code == 1 and "offer.json: lists and objects are nested too deep" in result.output
    place.write_text(json.dumps(OFFER)[:-1] + ', "budget": [NaN]}')
    assert "offer.json: " in bid(hall, *words).output
    assert not (tmp_path / "s.json").exists()


def test_a_field_beyond_the_limit_is_told_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "tab.csv"
    table.write_text(f"{HEADER}b,optics,alpha,1,EUR,a,{'x' * 200_000}\n")
    limit = csv.field_size_limit(131_072)  # Python's own; libraries that other tests load raise it
    try:
        with pytest.raises(ChainError, match=r"^tab\.csv 2: cannot be read: field larger than field limit"):
            read_bids(table)
    finally:
        csv.field_size_limit(limit)
