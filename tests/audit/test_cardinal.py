"""Cardinal mode against ocdscardinal 0.0.8: value by value, indicator by indicator, also where releases are damaged."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import ocdscardinal
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.releases import lines
from wholenation.audit.flags import Outcome
from wholenation.audit.ocds import INDICATORS, Mode, Report, as_cardinal, audit_releases, read_settings
from wholenation.audit.ocds.dates import DAY_NANOSECONDS, nanoseconds
from wholenation.audit.ocds.settings import CODES, Settings
from wholenation.audit.ocds.statistics import fused, quantile, rounded
from wholenation.errors import QuestionError

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
ALL = "".join(f"[{code}]\n" for code in CODES)
SETTINGS = {
    "plain": "currency = USD\n" + ALL,
    "odd": "currency = USD\n" + ALL,
    "damaged": "; the main currency\ncurrency = EUR\n" + ALL,
    "set": """currency = USD
no_price_comparison_procurement_methods = Random Selection|
[exclusions]
procurement_method_details = Emergency
[R003]
threshold = 10
procurement_methods = open|selective
[R003.procurement_method_details]
Ordinary = 15
[R018]
procurement_methods = limited|direct
[R024]
threshold = 0.29
[R025]
percentile = 50
threshold = 0.3
[R028]
[R035]
threshold = 2
[R038]
threshold = 0.2
minimum_submitted_bids = 5
minimum_contracting_processes = 3
[R048]
digits = 3
threshold = 2
minimum_contracting_processes = 5
[R058]
threshold = 1.5
""",
    "allowed": """currency = USD
price_comparison_procurement_methods = Ordinary|Reverse Auction
[R024]
[R028]
[R036]
[R058]
""",
}
PEER = os.environ.get("OCDSCARDINAL")
"""The command of ocdscardinal, where there is one: then everything is asked anew."""


def written(folder: Path, found: list[bytes]) -> str:
    file = folder / "releases.jsonl"
    file.write_bytes(b"".join(found))
    return str(file)


def settings(folder: Path, name: str) -> Settings:
    file = folder / "settings.ini"
    file.write_text(SETTINGS[name], encoding="utf-8")
    return read_settings(str(file))


def flags(report: Report) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for one in report.answers:
        assert one.outcome is Outcome.FLAG
        assert one.value is not None
        found.setdefault(one.check, {}).setdefault(one.subject_kind, {})[one.subject] = one.value
    return found


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_every_value_of_every_indicator_is_cardinals(file: Path, tmp_path: Path) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    releases = written(tmp_path, lines(golden["seed"], golden["count"], odd=golden["odd"]))
    report = audit_releases(releases, mode=Mode.CARDINAL, settings=settings(tmp_path, file.stem))
    found = flags(report)
    for code in CODES:
        assert found.get(code, {}) == golden["flags"].get(code, {}), code
        ours = {name: str(value) for name, value in report.meta.get(code, {}).items()}
        theirs = {name: str(float(value)) for name, value in golden["meta"].get(code, {}).items()}
        assert ours == theirs, code


def test_the_golden_files_hold_flags_of_every_indicator() -> None:
    raised = set()
    for file in GOLDEN:
        raised |= {(c, kind) for c, kinds in json.loads(file.read_text())["flags"].items() for kind in kinds}
    assert {code for code, _ in raised} == set(CODES) == set(INDICATORS)
    assert {("R038", kind) for kind in ("Buyer", "ProcuringEntity", "Tenderer")} <= raised


@pytest.mark.skipif(PEER is None, reason="OCDSCARDINAL names no command of ocdscardinal")
@pytest.mark.parametrize("seed", range(8))
def test_the_command_itself_says_the_same(seed: int, tmp_path: Path) -> None:
    releases = written(tmp_path, spoiled(seed, lines(100 + seed, 1000, odd=0.3)))
    asked = settings(tmp_path, "plain")
    command = [str(PEER), "indicators", "--settings", str(tmp_path / "settings.ini"), releases]
    done = subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "RAYON_NUM_THREADS": "1"}
    )
    assert as_cardinal(audit_releases(releases, mode=Mode.CARDINAL, settings=asked)) == json.loads(
        done.stdout
    )


def spoiled(seed: int, found: list[bytes]) -> list[bytes]:
    """Some lines cut, doubled, or with a byte changed."""
    draw = random.Random(seed)
    result = []
    for line in found:
        kind = draw.randrange(20)
        if kind == 0:
            line = line[: draw.randrange(len(line))] + b"\n"
        elif kind == 1:
            line = line[:-1] + line
        elif kind == 2:
            at = draw.randrange(len(line) - 1)
            line = line[:at] + bytes([draw.randrange(256)]) + line[at + 1 :]
        result.append(line)
    return result


def test_cardinals_package_reads_the_same_releases(tmp_path: Path) -> None:
    # Its Python part only counts fields; so it can say at least that both read as many.
    found = spoiled(7, lines(7, 300, odd=0.2))
    releases = written(tmp_path, found)
    counted = ocdscardinal.coverage(releases)
    report = audit_releases(releases, mode=Mode.CARDINAL, settings=Settings(codes=()))
    without = sum("ocid" in fault.message for fault in report.reading.faults)
    assert report.reading.left_out < 100
    objects = counted["/ocid"]
    assert report.reading.used <= objects <= report.reading.used + without
    assert objects > 200


def test_what_is_no_release_is_told_with_its_line_and_the_rest_is_used(tmp_path: Path) -> None:
    good = lines(1, 6)
    bad = [
        b"not json\n",
        b"[1, 2]\n",
        b'{"id": "without"}\n',
        b'{"ocid": 5}\n',
        b'{"ocid": "x", "t": "\xff"}\n',
        b"\n",
    ]
    wrong = b'{"ocid": "y", "tender": {"status": 5, "tenderPeriod": "soon"}, "awards": [7]}\n'
    report = audit_releases(written(tmp_path, [*good[:3], *bad, wrong, *good[3:]]), mode=Mode.CARDINAL)
    reading = report.reading
    assert [fault.row for fault in reading.faults] == [4, 5, 6, 7, 8, 10]
    assert [fault.message for fault in reading.faults] == [
        "not JSON",
        "JSON, but no object",
        "no ocid that is a string, so nothing can be said about it",
        "no ocid that is a string, so nothing can be said about it",
        "not in UTF-8",
        "of a wrong type and taken for missing and 2 more",
    ]
    assert (reading.lines, reading.used, reading.left_out, reading.mended) == (13, 7, 5, 1)
    assert "5 lines left out" in reading.sentence()


def test_the_size_of_chunks_changes_nothing(tmp_path: Path) -> None:
    releases = written(tmp_path, spoiled(3, lines(3, 200, odd=0.3)))
    whole = audit_releases(releases, mode=Mode.CARDINAL)
    for chunk in (1, 77, 4096):
        other = audit_releases(releases, mode=Mode.CARDINAL, chunk_bytes=chunk)
        assert other.answers == whole.answers
        assert other.reading == whole.reading


def test_the_first_currency_seen_is_the_main_one_without_a_setting(tmp_path: Path) -> None:
    found = [line.replace(b"USD", b"PEN") for line in lines(5, 200)] + lines(6, 200)
    releases = written(tmp_path, found)
    free = audit_releases(releases, mode=Mode.CARDINAL, settings=Settings(codes=("R036",)))
    fixed = audit_releases(releases, mode=Mode.CARDINAL, settings=Settings(codes=("R036",), currency="PEN"))
    assert flags(free) == flags(fixed) != {}


def test_settings_name_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "bad.ini"
    file.write_text(
        "[R003]\nthreshold = many\n[R099]\n[R024]\nthreshhold = 1\n[R048]\ndigits = -2\n[defaults]\nx = 1\n"
    )
    with pytest.raises(QuestionError) as told:
        read_settings(str(file))
    text = str(told.value)
    assert len(text.splitlines()) == 4
    for word in ("threshold = 'many'", "[R099]", "is threshold meant", "digits = '-2'"):
        assert word in text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("2026-03-01T10:00:00Z", True), ("2026-03-01t10:00:00z", True), ("2026-03-01 10:00:00+05:30", True),
        ("2026-03-01T10:00:00.123456789123Z", True), ("2026-03-01T10:00:60Z", True), ("0000-02-29T00:00:00Z", True),
        ("2026-03-01", False), ("2026-03-01T10:00:00", False), ("2026-03-01T10:00:00+0530", False),
        ("2026-02-29T10:00:00Z", False), ("2026-03-01T24:00:00Z", False), ("2026-03-01T10:00:00-05:60", False),
        ("2026-W09-1T10:00:00Z", False), ("0000-02-30T00:00:00Z", False), ("2026-03-01T10:00:61Z", False), ("", False),
    ],
)  # fmt: skip
def test_dates_are_those_of_rfc_3339(text: str, known: bool) -> None:
    assert (nanoseconds(text) is not None) is known


def test_days_are_counted_over_zones_leap_years_and_year_nought() -> None:
    def apart(first: str, second: str) -> float:
        begins, ends = nanoseconds(first), nanoseconds(second)
        assert begins is not None
        assert ends is not None
        return (ends - begins) / DAY_NANOSECONDS

    assert apart("2026-03-01T00:00:00Z", "2026-03-02T00:00:00+12:00") == 0.5
    assert apart("2024-02-28T00:00:00Z", "2024-03-01T00:00:00Z") == 2
    assert apart("0000-12-31T00:00:00Z", "0001-01-01T00:00:00Z") == 1
    assert apart("0000-02-28T00:00:00Z", "0000-03-01T00:00:00Z") == 2
    assert apart("2026-03-01T23:59:59Z", "2026-03-01T23:59:60Z") == 1 / 86_400


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_lies_within_and_grows(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert ordered[0] - 1e-6 <= found <= ordered[-1] + 1e-6
    assert quantile(ordered, share / 2) <= found + 1e-6


def test_quantiles_are_those_of_hyndman_and_fan() -> None:
    # Their definition 8 of ten numbers, by hand: h = (10 + 1/3) 0.7 + 1/3 = 7 + 17/30, so 4 + 17/30 (5 - 4).
    ordered = [-3.0, -1.0, -0.5, 0.0, 0.2, 1.0, 4.0, 5.0, 6.0, 10.0]
    assert quantile(ordered, 0.7) == pytest.approx(137 / 30, abs=1e-15)
    assert quantile(ordered, 0.01) == -3.0
    assert quantile(ordered, 0.99) == 10.0
    assert math.isnan(quantile([], 0.5))


def test_a_fence_is_rounded_once() -> None:
    # (1 + 2^-30)^2 - 1 loses its last part where the product is rounded first.
    tiny = 2.0**-30
    assert fused(1 + tiny, 1 + tiny, -1.0) == 2 * tiny + tiny * tiny != (1 + tiny) * (1 + tiny) - 1.0
    assert [rounded(value) for value in (0.00005, -0.00005, 1.23456, math.nan)] == [
        0.0001,
        -0.0001,
        1.2346,
        None,
    ]


def test_the_shape_is_that_of_cardinals_output(tmp_path: Path) -> None:
    found: dict[str, Any] = as_cardinal(audit_releases(written(tmp_path, lines(1, 500)), mode=Mode.CARDINAL))
    assert set(found) <= {"OCID", "Buyer", "ProcuringEntity", "Tenderer", "Meta"}
    assert set(found["Meta"]) == {"R024", "R025", "R038", "R048", "R058"}
