"""Challenges and awards as OCDS releases that validate, OCDS releases as sketches, and every projection as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
from click.testing import CliRunner

from wholenation.audit.ocds import Mode, audit_releases
from wholenation.cli import main
from wholenation.errors import QuestionError
from wholenation.programme.entries import types
from wholenation.programme.ledger import Draft
from wholenation.programme.ocds import compiled_releases, minor_units, release_package, write_releases
from wholenation.programme.ocds_import import read_releases
from wholenation.programme.office import Programme, open_programme
from wholenation.programme.projections import projections, write_projections

PREFIX = "ocds-wn0001"
HASH = "ab" * 32

STRING = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}


def closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def several(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": item, "uniqueItems": True}


# No installable package carries the standard's own schema. This one is written from its published field definitions
# (OCDS 1.1, with the extension for bids): the parts that we emit, their codelists, and nothing beyond.
REFERENCE = closed({"id": STRING, "name": STRING}, "id", "name")
VALUE = closed(
    {"amount": {"type": "number"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
    "amount",
    "currency",
)
PERIOD = closed({"startDate": TIME, "endDate": TIME})
ROLES = {"enum": ["buyer", "procuringEntity", "tenderer", "supplier"]}
TENDER = closed(
    {
        "id": STRING,
        "title": STRING,
        "description": STRING,
        "status": {
            "enum": ["planning", "planned", "active", "cancelled", "unsuccessful", "complete", "withdrawn"]
        },
        "procuringEntity": REFERENCE,
        "value": VALUE,
        "procurementMethod": {"enum": ["open", "selective", "limited", "direct"]},
        "procurementMethodRationale": STRING,
        "awardCriteria": {"enum": ["priceOnly", "costOnly", "qualityOnly", "ratedCriteria"]},
        "tenderPeriod": PERIOD,
        "numberOfTenderers": {"type": "integer", "minimum": 0},
        "tenderers": several(REFERENCE),
    },
    "id",
)
BID = closed(
    {
        "id": STRING,
        "date": TIME,
        "status": {"enum": ["invited", "pending", "valid", "disqualified", "withdrawn"]},
        "tenderers": several(REFERENCE),
        "value": VALUE,
    },
    "id",
)
AWARD = closed(
    {
        "id": STRING,
        "title": STRING,
        "status": {"enum": ["pending", "active", "cancelled", "unsuccessful"]},
        "date": TIME,
        "value": VALUE,
        "suppliers": several(REFERENCE),
        "contractPeriod": PERIOD,
        "relatedBid": STRING,
    },
    "id",
)
RELEASE = closed(
    {
        "ocid": {"type": "string", "pattern": "^ocds-[a-z0-9]{6}-.+$"},
        "id": {"type": "string", "pattern": "^[^#]+$"},
        "date": TIME,
        "tag": several({"enum": ["tender", "award", "compiled"]}),
        "initiationType": {"enum": ["tender"]},
        "language": STRING,
        "parties": several(
            closed({"id": STRING, "name": STRING, "roles": several(ROLES)}, "id", "name", "roles"),
        ),
        "buyer": REFERENCE,
        "tender": TENDER,
        "bids": closed({"details": several(BID)}),
        "awards": several(AWARD),
    },
    "ocid", "id", "date", "tag", "initiationType",
)  # fmt: skip
PACKAGE = closed(
    {
        "uri": STRING,
        "version": {"const": "1.1"},
        "extensions": several(STRING),
        "publishedDate": TIME,
        "publisher": closed({"name": STRING}, "name"),
        "releases": several(RELEASE),
    },
    "uri", "publisher", "publishedDate", "releases", "version",
)  # fmt: skip


def challenge(name: str, **other: Any) -> dict[str, Any]:
    body = {
        "challenge": name, "title": f"A target {name}", "project": "p1", "metric": "resolution_nm", "threshold": 8.5,
        "direction": "at_most", "protocol_sha256": HASH, "test_house": "lab", "deadline": "2026-05-01T00:00:00Z",
        "cap": 250_000_050, "currency": "EUR", "rival_routes": 2,
    }  # fmt: skip
    return body | other


def award(name: str, bid: str, payee: str) -> dict[str, Any]:
    return {
        "award": name, "challenge": "c1", "bid": bid, "payee": payee, "amount": 100_000_010, "currency": "EUR",
        "funding": {}, "milestones": [], "preregistered_sha256": HASH, "starts": "2026-06-01", "ends": "2027-06-01",
    }  # fmt: skip


@pytest.fixture
def programme(tmp_path: Path) -> Iterator[Programme]:
    """Two challenges, one with three bids and an award, one for which nobody has bid yet."""
    entries: list[tuple[str, dict[str, Any]]] = [
        ("programme.opened", {
            "programme": "prog", "name": "Programme", "agency": "agency", "currency": "EUR", "approvals_needed": 1,
            "approvers": ["ann"],
        }),
        ("party.registered", {"party": "agency", "kind": "organization", "name": "The Agency"}),
        ("party.registered", {"party": "team1", "kind": "organization", "name": "Team \u00c9ins"}),
        ("challenge.published", challenge("c1")),
        ("challenge.published", challenge("c2", sole_source="nobody else has the tool", currency="JPY")),
        *(
            ("bid.sealed", {"bid": f"b{i}", "challenge": "c1", "team": f"team{i}", "commitment": HASH})
            for i in (1, 2, 3)
        ),
        *(
            ("bid.opened", {"bid": f"b{i}", "salt": "s", "content": {"price": 100_000_010 * i, "currency": "EUR"}})
            for i in (1, 2)
        ),
        ("bid.excluded", {"bid": "b2", "reason": "late"}),
        ("award.made", award("a1", "b1", "team1")),
    ]  # fmt: skip
    with open_programme(str(tmp_path / "ledger.db"), create=True) as found:
        found.act(lambda _: [Draft(f"k{i}", kind, "ann", body) for i, (kind, body) in enumerate(entries)])
        yield found


def test_compiled_releases_validate(programme: Programme) -> None:
    found = list(compiled_releases(programme.refresh(), prefix=PREFIX))
    assert [one["ocid"] for one in found] == [f"{PREFIX}-c1", f"{PREFIX}-c2"]
    for one in found:
        jsonschema.validate(one, RELEASE)
    first, second = found
    assert first["awards"][0]["value"] == {"amount": 1_000_000.1, "currency": "EUR"}
    assert [bid["status"] for bid in first["bids"]["details"]] == ["valid", "disqualified", "pending"]
    assert "value" not in first["bids"]["details"][2], "a sealed bid has shown no price"
    assert second["tender"]["value"] == {"amount": 250_000_050, "currency": "JPY"}, "yen have no smaller unit"
    assert second["tender"]["procurementMethod"] == "direct"
    assert "awards" not in second


def test_the_schema_can_fail(programme: Programme) -> None:
    release = next(compiled_releases(programme.refresh(), prefix=PREFIX))
    for broken in ({**release, "ocid": "c1"}, {**release, "extra": 1}, {**release, "tag": []}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, RELEASE)


def test_the_package_validates_and_each_reference_is_a_party(programme: Programme) -> None:
    package = release_package(
        programme.refresh(), prefix=PREFIX, uri="https://example.org/releases.json", publisher="The Agency"
    )
    jsonschema.validate(package, PACKAGE)
    assert [one["tag"] for one in package["releases"]] == [["tender", "award"], ["tender"]]
    for release in package["releases"]:
        parties = {party["id"]: set(party["roles"]) for party in release["parties"]}
        assert {"buyer", "procuringEntity"} <= parties[release["buyer"]["id"]]
        for one in release.get("awards", []):
            assert all("supplier" in parties[supplier["id"]] for supplier in one["suppliers"])


def test_what_was_written_is_read_by_the_audit_and_comes_back(programme: Programme, tmp_path: Path) -> None:
    file = tmp_path / "releases.jsonl"
    assert write_releases(programme.refresh(), file, prefix=PREFIX) == 2
    report = audit_releases(str(file), mode=Mode.CARDINAL)
    assert (report.reading.used, report.reading.left_out, report.reading.mended) == (2, 0, 0)
    back = read_releases(file)
    by_type: dict[str, list[Any]] = {}
    for sketch in back.sketches:
        by_type.setdefault(sketch.type, []).append(sketch)
    assert {kind: len(found) for kind, found in by_type.items()} == {
        "challenge.published": 2, "bid.opened": 2, "award.made": 1,
    }  # fmt: skip
    first = by_type["challenge.published"][0]
    assert (first.body["cap"], first.body["currency"], first.body["deadline"]) == (
        250_000_050, "EUR", "2026-05-01T00:00:00Z",
    )  # fmt: skip
    assert any("metric" in fault for fault in first.missing), "a release cannot tell how a target is tested"
    assert by_type["award.made"][0].body["amount"] == 100_000_010
    assert [reason for _, reason in back.dropped_lines] == ["bid b3 has no price, or not one tenderer"]
    assert back.dropped_fields == {
        "tender.awardCriteria": 2, "tender.description": 2, "tender.procurementMethod": 2,
    }  # fmt: skip


def test_a_package_reads_as_its_releases_do(programme: Programme, tmp_path: Path) -> None:
    state = programme.refresh()
    lines, package = tmp_path / "lines.jsonl", tmp_path / "package.json"
    write_releases(state, lines, prefix=PREFIX)
    package.write_text(
        json.dumps(release_package(state, prefix=PREFIX, uri="u", publisher="p")), encoding="utf-8"
    )
    assert read_releases(lines) == read_releases(package)


def test_bad_lines_are_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    good = {
        "ocid": "ocds-x",
        "tender": {"title": "T", "items": [1], "tenderPeriod": 7},
        "bids": 3,
        "awards": [None],
    }
    texts = ["{", "[]", '{"ocid": "a b", "tender": {}}', json.dumps(good), "", json.dumps(good)]
    file.write_text("\n".join(texts), encoding="utf-8")
    found = read_releases(file)
    assert [row for row, _ in found.dropped_lines] == [1, 2, 3, 6]
    assert [sketch.body for sketch in found.sketches] == [{"challenge": "ocds-x", "title": "T"}]
    assert found.dropped_fields == {"tender.items": 1}


def test_a_prefix_has_the_registrys_form(programme: Programme) -> None:
    with pytest.raises(QuestionError, match="ocds-213czf"):
        list(compiled_releases(programme.refresh(), prefix="mine"))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"amount": 10.1, "currency": "EUR"}, (1010, "EUR")), ({"amount": 7, "currency": "JPY"}, (7, "JPY")),
        ({"amount": 1.2345, "currency": "KWD"}, (1234, "KWD")), ({"amount": -1, "currency": "EUR"}, None),
        ({"amount": True, "currency": "EUR"}, None), ({"amount": 1, "currency": "eur"}, None),
        ({"amount": 1e300, "currency": "EUR"}, None), (None, None),
    ],
)  # fmt: skip
def test_amounts_become_minor_units(value: Any, found: Any) -> None:
    assert minor_units(value) == found


def test_every_projection_is_a_table_of_its_own(programme: Programme, tmp_path: Path) -> None:
    state = programme.refresh()
    tables = projections(state)
    assert set(tables) == {*types(), "balances"}
    made = tables["award.made"]
    assert made["amount"].to_list() == [100_000_010]
    assert made.schema["amount"] == pl.Int64
    assert json.loads(made["funding"][0]) == {}
    assert sum(len(table) for name, table in tables.items() if name != "balances") == state.size
    for form in ("csv", "parquet"):
        files = write_projections(state, tmp_path / form, form=form)  # type: ignore[arg-type]
        assert len(files) == len(tables)
        read = pl.read_csv if form == "csv" else pl.read_parquet
        again = read(tmp_path / form / f"challenge.published.{form}")
        assert again["title"].to_list() == tables["challenge.published"]["title"].to_list()


def test_releases_are_never_written_over_a_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    open_programme(str(ledger), create=True).close()
    before = ledger.read_bytes()
    words = ["programme", "to-ocds", "--ledger", str(ledger), "--prefix", PREFIX, "--to", str(ledger)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1 and "is a database; the answer needs a file of its own" in result.output
    assert ledger.read_bytes() == before
