"""Corrected mode: dates with a zone, prices by the rate of their day, and a reason wherever nothing can be told."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.releases import lines
from wholenation.audit.flags import SEVERITIES, Answer, Outcome
from wholenation.audit.ocds import INDICATORS, Mode, Report, Settings, audit_releases, read_rates
from wholenation.audit.ocds.dates import moments
from wholenation.audit.ocds.settings import CODES
from wholenation.errors import ChainError, QuestionError

PAGES = Path(__file__).parents[2] / "docs" / "checks"
FLAG, CLEAR, UNTOLD = Outcome.FLAG, Outcome.CLEAR, Outcome.NOT_COMPUTABLE


def asked(tmp_path: Path, releases: list[dict[str, Any]], code: str, **options: Any) -> dict[str, Answer]:
    """The answers of one indicator by subject, all of them."""
    file = tmp_path / "releases.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in releases), encoding="utf-8")
    report = audit_releases(str(file), settings=Settings(codes=(code,)), every=True, **options)
    return {one.subject: one for one in report.answers}


def bid(tenderer: str, amount: float | None, status: str = "valid", **other: Any) -> dict[str, Any]:
    value = {} if amount is None else {"value": {"amount": amount, "currency": other.pop("currency", "EUR")}}
    return {"status": status, "tenderers": [{"id": tenderer}], **value, **other}


def process(ocid: str, bids: list[dict[str, Any]], winner: str = "w", **tender: Any) -> dict[str, Any]:
    return {
        "ocid": ocid,
        "tender": {"procurementMethod": "open", **tender},
        "bids": {"details": bids},
        "awards": [{"status": "active", "suppliers": [{"id": winner}]}],
    }


@pytest.mark.parametrize(
    ("start", "end", "outcome", "value"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z", CLEAR, 15),
        ("2026-03-01T00:00:00Z", "2026-03-15T23:59:59Z", FLAG, 14),
        ("2026-03-01", "2026-03-15", CLEAR, 15),
        ("2026-03-01", "2026-03-14", FLAG, 14),
        ("2026-03-01T00:00:00", "2026-03-16T00:00:00+08:00", FLAG, 14),
        ("2026-03-16", "2026-03-01", UNTOLD, None),
        ("soon", "2026-03-01", UNTOLD, None),
        (None, "2026-03-01", UNTOLD, None),
    ],
)
def test_r003_reads_days_and_zones(
    start: str | None, end: str, outcome: Outcome, value: int | None, tmp_path: Path
) -> None:
    release = process("o", [], tenderPeriod={"startDate": start, "endDate": end})
    found = asked(tmp_path, [release], "R003")["o"]
    assert (found.outcome, found.value) == (outcome, value)


def test_a_zone_moves_dates_that_have_none(tmp_path: Path) -> None:
    release = process(
        "o", [], tenderPeriod={"startDate": "2026-03-01T00:00:00", "endDate": "2026-03-16T00:00:00+08:00"}
    )
    there = asked(tmp_path, [release], "R003", zone=ZoneInfo("Asia/Shanghai"))["o"]
    assert (there.outcome, there.value) == (CLEAR, 15)
    assert moments("9999-12-31", ZoneInfo("UTC")) is None, "its end is beyond the calendar"


@pytest.mark.parametrize(
    ("date", "outcome"),
    [
        ("2026-03-15T12:00:00Z", CLEAR),
        ("2026-03-15T12:00:01Z", FLAG),
        ("2026-03-15T14:00:00+08:00", CLEAR),  # as a string this comes after the deadline
        ("2026-03-15T11:00:00-04:00", FLAG),  # and this one before
        ("2026-03-15", CLEAR),
        ("2026-03-16", FLAG),
        ("late", UNTOLD),
        (None, UNTOLD),
    ],
)
def test_r030_compares_instants(date: str | None, outcome: Outcome, tmp_path: Path) -> None:
    release = process("o", [bid("w", 1, date=date)], tenderPeriod={"endDate": "2026-03-15T12:00:00Z"})
    assert asked(tmp_path, [release], "R030")["o"].outcome is outcome


def test_prices_in_several_currencies_take_the_rate_of_their_day(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(
        "date,currency,rate\n2026-03-01,EUR,1\n2026-03-01,USD,0.5\n2026-03-20,USD,2\n", encoding="utf-8"
    )
    table = read_rates(str(rates))
    found = {}
    for day, name in (
        ("2026-03-05", "cheap"),
        ("2026-03-20", "dear"),
        ("2026-03-19", "stale"),
        ("2026-02-01", "early"),
    ):
        bids = [bid("w", 10, date="2026-03-05"), bid("x", 15, "disqualified", currency="USD", date=day)]
        release = process("o", bids)
        found[name] = asked(tmp_path, [release], "R036", rates=table)["o"].outcome
    assert found == {"cheap": FLAG, "dear": CLEAR, "stale": UNTOLD, "early": UNTOLD}
    without = asked(tmp_path, [release], "R036")["o"]
    assert without.outcome is UNTOLD
    assert "no rate of" in without.sentence


def test_a_rate_table_tells_all_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(
        "date,currency,rate\nx,EUR,1\n2026-01-01,,0\n2026-01-01,USD,1\n2026-01-01,USD,2\n", encoding="utf-8"
    )
    with pytest.raises(ChainError) as told:
        read_rates(str(file))
    assert [(fault.row, fault.column) for fault in told.value.faults] == [
        (2, "date"), (3, "rate"), (3, "currency"), (5, "rate"),
    ]  # fmt: skip
    file.write_text("day,money\n", encoding="utf-8")
    with pytest.raises(ChainError, match="needs the columns"):
        read_rates(str(file))


def test_cardinal_mode_takes_no_rates(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="corrected"):
        audit_releases(str(tmp_path / "x"), mode=Mode.CARDINAL, rates={"EUR": ([], [])})


def test_fences_take_twenty_peers(tmp_path: Path) -> None:
    def processes(count: int) -> list[dict[str, Any]]:
        near = [process(f"o{i}", [bid("w", 100), bid("x", 130 + i % 3)]) for i in range(count - 1)]
        return [*near, process("close", [bid("w", 100), bid("x", 100.5)])]

    few = asked(tmp_path, processes(19), "R024")
    assert {one.outcome for one in few.values()} == {UNTOLD}
    assert "fewer than 20" in few["close"].sentence
    many = asked(tmp_path, processes(20), "R024")
    assert many["close"].outcome is FLAG
    assert many["close"].peers == 20
    assert many["w"].subject_kind == many["x"].subject_kind == "Tenderer"
    assert many["o1"].outcome is CLEAR


def test_equal_lowest_prices_clear_r036_in_either_order(tmp_path: Path) -> None:
    tie = [bid("w", 10), bid("x", 10, "disqualified")]
    for bids in (tie, tie[::-1]):
        assert asked(tmp_path, [process("o", bids)], "R036")["o"].outcome is CLEAR


@pytest.mark.parametrize("code", CODES)
def test_an_empty_release_is_not_computable_anywhere(code: str, tmp_path: Path) -> None:
    found = asked(tmp_path, [{"ocid": "o"}], code)["o"]
    assert found.outcome is UNTOLD
    assert found.value is None
    assert found.sentence


def test_an_ocid_on_several_lines_is_believed_nowhere(tmp_path: Path) -> None:
    # Twice the same would count a tenderer's wins twice; two that differ would depend on their order.
    twin = process("twin", [bid("w", 1), bid("x", 1)])
    found = asked(tmp_path, [twin, process("own", [bid("w", 1), bid("x", 1)]), twin], "R028")
    assert found["twin"].outcome is UNTOLD
    assert "several releases" in found["twin"].sentence
    assert found["own"].outcome is FLAG
    assert found["w"].evidence == ("own",)


def outcome_of(tmp_path: Path, found: list[bytes], **options: Any) -> Report:
    file = tmp_path / "releases.jsonl"
    file.write_bytes(b"".join(found))
    return audit_releases(str(file), every=True, **options)


def test_neither_order_nor_chunks_change_an_answer(tmp_path: Path) -> None:
    found = lines(11, 400, odd=0.3)
    found += found[:5]
    whole = outcome_of(tmp_path, found)
    for seed in range(3):
        shuffled = random.Random(seed).sample(found, len(found))
        other = outcome_of(tmp_path, shuffled, chunk_bytes=1000 + seed)
        assert other.answers == whole.answers
        assert other.tallies == whole.tallies
        assert str(other.meta) == str(whole.meta)


def test_every_answer_keeps_the_contract(tmp_path: Path) -> None:
    report = outcome_of(tmp_path, lines(24, 1200, odd=0.1))
    seen = set()
    for one in report.answers:
        seen.add((one.check, one.outcome))
        assert one.check in INDICATORS
        assert one.severity in SEVERITIES
        assert one.severity != "hard", "what is found in releases blocks nothing"
        assert one.sentence
        assert one.version
        if one.outcome is FLAG:
            assert one.value is not None
        if one.outcome is UNTOLD:
            assert one.sentence != "nothing found"
    for code in CODES:
        assert report.tallies[code].flag == len({
            (a.subject_kind, a.subject) for a in report.answers if a.check == code and a.outcome is FLAG
        })  # fmt: skip
        assert {outcome for check, outcome in seen if check == code} >= {UNTOLD}


@pytest.mark.parametrize("code", CODES)
def test_every_indicator_has_a_page_whose_example_raises_it(code: str, tmp_path: Path) -> None:
    text = (PAGES / f"{code.lower()}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code}: {INDICATORS[code].title}\n")
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert sections == ["## Method", "## Example", "## Why it is a red flag", "## Exclusions"]
    example = text.split("```json\n")[1].split("```")[0]
    releases = [json.loads(line) for line in example.splitlines()]
    # Fences need peers; the example shows the value against a threshold.
    thresholds: dict[str, float] = {"R024": 0.05, "R025": 0.2, "R038": 0.5, "R048": 3, "R058": 0.5}
    options: dict[str, Any] = {f"{code.lower()}_threshold": thresholds[code]} if code in thresholds else {}
    if code == "R048":
        options["r048_minimum_contracting_processes"] = 1
    file = tmp_path / "example.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in releases), encoding="utf-8")
    for mode in Mode:
        report = audit_releases(str(file), mode=mode, settings=Settings(codes=(code,), **options))
        assert {one.check for one in report.answers} == {code}, mode
        assert len(releases) > len([a for a in report.answers if a.subject_kind == "OCID"]), (
            "one of them is clear"
        )
