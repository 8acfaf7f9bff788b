"""Acts that are asked for again: the same request gives the entries of then, another one is refused and told why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gate_programmes import begun
from offices import AFTER, Office, office

from wholenation.cli import main, programme_commands
from wholenation.errors import QuestionError
from wholenation.programme.awarding import award

assert programme_commands.programme  # registers the commands that are tried here


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Office]:
    """Two bids that are open, of which one tells its own end."""
    made = office(tmp_path)
    made.party("alpha", "beta")
    made.paid("t", 1000)
    made.challenge()
    told = {"alpha": made.bid("a", "alpha"), "beta": made.bid("b", "beta", ends="2028-06-30")}
    made.clock.now = AFTER
    for bid, team in (("a", "alpha"), ("b", "beta")):
        made.open(bid, told[team])
    yield made
    made.programme.close()


def test_an_assignment_is_given_back_whatever_came_in_between(hall: Office) -> None:
    first = hall.assign(["cid", "dan"], load=1, seed=3)
    hall.tie("cid", "employed", "alpha")
    hall.tie("cid", "family", "beta")
    assert hall.assign(["cid", "dan"], load=1, seed=3) == first
    assert hall.assign(["dan", "cid"], load=1, seed=3) in (first, first[::-1])


@pytest.mark.parametrize(
    ("reviewers", "more", "words"),
    [
        (["nobody"], {}, "'nobody': no such party"),
        (["dan"], {}, "says something else"),
        (["cid", "dan"], {"per_bid": 2}, "says something else"),
        (["cid"], {"load": 1}, "."),
    ],
)
def test_another_assignment_is_refused(
    hall: Office, reviewers: list[str], more: dict[str, Any], words: str
) -> None:
    hall.assign(["cid"])
    size = hall.programme.refresh().size
    with pytest.raises(QuestionError, match=words):
        hall.assign(reviewers, **more)
    assert hall.programme.refresh().size == size


def test_unknown_reviewers_are_told_before_all_else(tmp_path: Path) -> None:
    made = office(tmp_path)
    made.challenge()
    with pytest.raises(QuestionError, match="'nobody': no such party"):  # and not: bids are sealed
        made.assign(["nobody"])
    made.programme.close()


def test_an_award_with_other_dates_is_refused(hall: Office) -> None:
    hall.assign(["cid"])
    for bid in ("a", "b"):
        hall.score("cid", bid, 0.5)
    first = hall.award()
    assert [one.body["ends"] for one in sorted(first, key=lambda one: str(one.body["bid"]))] == [
        "2028-12-31",
        "2028-06-30",
    ]
    assert hall.award() == first
    dates: dict[str, str | None]
    for dates in ({"ends": "2020-01-01"}, {"ends": "2028-12-31", "starts": "2027-03-01"}):
        with pytest.raises(QuestionError, match="says something else"):
            award(hall.programme, key="award", actor="office", challenge="optics", **dates)
    with pytest.raises(QuestionError):
        award(hall.programme, key="award", actor="office", challenge="optics", ends=None)
    assert len(hall.programme.refresh().all("award.made")) == 2


# --- a tranche that is paid


def run(folder: Path, *words: object, who: str = "agency") -> Result:
    ledger = ["--ledger", str(folder / "ledger.db"), "--as", who]
    return CliRunner().invoke(main, ["programme", *map(str, words), *ledger])


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    begun(tmp_path).close()
    report = tmp_path / "report.txt"
    report.write_text("measured six")
    for words, who in (
        (("evidence", "m1", report, "--id", "e1"), "team1"),
        (("evaluate", "e1", "--accept", "--measured", 6), "house"),
        (("approve", "m1"), "ann"),
        (("approve", "m1"), "bea"),
        (("release", "m1", "--amount", 40), "agency"),
        (("release", "m1"), "agency"),
    ):
        result = run(tmp_path, *words, who=who)
        assert result.exit_code == 0, result.output
    return tmp_path


def releases(folder: Path) -> list[str]:
    from wholenation.programme.office import open_programme

    with open_programme(str(folder / "ledger.db")) as programme:
        return [one.id for one in programme.refresh().all("release.decided")]


def test_a_paid_tranche_asked_for_again_is_the_entry_of_then(paid: Path) -> None:
    assert releases(paid) == ["m1-1", "m1-2"]
    for words in ((), ("--amount", 60)):
        again = run(paid, "release", "m1", *words, "--json")
        assert again.exit_code == 0
        body = json.loads(again.output)["body"]
        assert (body["release"], body["amount"], body["allowed"]) == ("m1-2", 60, True)
    assert run(paid, "release", "m1", "--id", "m1-1", "--amount", 40).exit_code == 0
    assert releases(paid) == ["m1-1", "m1-2"]


@pytest.mark.parametrize("words", [("--amount", 10), ("--id", "more"), ("--key", "more"), ("--as", "ann")])
def test_more_of_a_paid_tranche_is_refused_without_an_entry(paid: Path, words: tuple[object, ...]) -> None:
    who = "ann" if words[0] == "--as" else "agency"
    refused = run(paid, "release", "m1", *(words if who == "agency" else ()), who=who)
    assert refused.exit_code == 1
    assert "m1 is paid already: entry " in refused.output and "m1-2" in refused.output
    assert releases(paid) == ["m1-1", "m1-2"]
