"""Ties: who owns what, who is near whom, and the public format of ownership."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.audit.ownership import read_bods
from wholenation.audit.parties import (
    Tie,
    group,
    owners,
    path,
    shared_owners,
    tied,
)
from wholenation.errors import ChainError

DAY = date(2026, 1, 1)


def owns(a: str, b: str, share: float | None, number: int = 1) -> Tie:
    return Tie(a, b, "owns", str(number), share)


def slow_part(edges: dict[tuple[str, str], float], owner: str, owned: str) -> float:
    """The part by walking down every way by hand."""
    return sum(
        share * (1.0 if b == owned else slow_part(edges, b, owned))
        for (a, b), share in edges.items()
        if a == owner
    )


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1]),
        st.floats(0.0, 1.0),
        max_size=10,
    )
)
@settings(deadline=None)
def test_parts_are_sums_over_ways_of_products(edges: dict[tuple[int, int], float]) -> None:
    named = {(str(a), str(b)): share for (a, b), share in edges.items()}
    ties = tied(owns(a, b, share) for (a, b), share in named.items())
    found = owners(ties, "5", DAY)
    for n in range(5):
        assert found.get(str(n), 0.0) == pytest.approx(slow_part(named, str(n), "5"))


def test_holdings_in_a_circle_end() -> None:
    ties = tied([owns("a", "b", 0.5), owns("b", "a", 0.5), owns("c", "a", 0.5)])
    assert owners(ties, "a", DAY) == {"b": 0.5, "c": 0.5}
    assert group(ties, "c", DAY) == {"a", "b", "c"}


def test_shared_owners_through_companies() -> None:
    ties = tied([owns("p", "h", 0.8), owns("h", "one", 0.5), owns("p", "two", 0.3), owns("q", "two", 0.7)])
    assert shared_owners(ties, "one", "two", DAY, at_least=0.25) == pytest.approx({"p": 0.3})
    assert shared_owners(ties, "one", "two", DAY, at_least=0.35) == {}


def test_a_path_is_short_in_time_and_not_over_the_agency() -> None:
    ended = Tie("r", "firm", "employed", "1", end=date(2025, 12, 31))
    holding = owns("firm", "payee", 0.1, 2)
    assert path(tied([ended, holding]), "r", "payee", DAY) is None
    before = path(tied([ended, holding]), "r", "payee", date(2025, 6, 1))
    assert [one.evidence for one in before or ()] == ["1", "2"]
    agency = tied([Tie("r", "agency", "employed", "1"), owns("agency", "payee", 0.1, 2)], neutral=["agency"])
    assert path(agency, "r", "payee", DAY) is None
    assert path(agency, "agency", "payee", DAY) is not None
    assert path(agency, "r", "r", DAY) == ()


OLD = [
    {"statementID": "e1", "statementType": "entityStatement", "name": "Works", "new": 1},
    {
        "statementID": "p1",
        "statementType": "personStatement",
        "names": [{"fullName": "A. Owner"}],
        "identifiers": [{"scheme": "TAX", "id": "77"}],
    },
    {
        "statementID": "o1",
        "statementType": "ownershipOrControlStatement",
        "subject": {"describedByEntityStatement": "e1"},
        "interestedParty": {"describedByPersonStatement": "p1"},
        "interests": [
            {"type": "shareholding", "share": {"minimum": 25, "maximum": 75}, "startDate": "2020-02-01"}
        ],
    },
]
NEW = [
    {"statementId": "s1", "recordId": "e1", "recordType": "entity", "recordDetails": {"name": "Works"}},
    {
        "statementId": "s2",
        "recordId": "p1",
        "recordType": "person",
        "recordDetails": {
            "names": [{"fullName": "A. Owner"}],
            "identifiers": [{"scheme": "TAX", "id": "77"}],
        },
    },
    {
        "statementId": "s3",
        "recordId": "o1",
        "recordType": "relationship",
        "recordDetails": {
            "subject": "e1",
            "interestedParty": "p1",
            "interests": [{"type": "shareholding", "share": {"exact": 50}, "startDate": "2020-02-01"}],
        },
    },
]


@pytest.mark.parametrize("told", [OLD, NEW], ids=["0.2", "0.4"])
@pytest.mark.parametrize("lines", [False, True])
def test_statements_of_ownership(tmp_path: Path, told: list[dict[str, object]], lines: bool) -> None:
    file = tmp_path / "bods.json"
    file.write_text("\n".join(map(json.dumps, told)) if lines else json.dumps(told), encoding="utf-8")
    found = read_bods(file)
    assert [(one.id, one.names) for one in found.parties] == [("e1", ("Works",)), ("p1", ("A. Owner",))]
    assert found.parties[1].identifiers == {("tax", "77")}
    assert owners(tied(found.ties), "e1", DAY) == {"p1": 0.5}
    assert found.ties[0].start == date(2020, 2, 1)


def test_all_faults_of_statements_at_once(tmp_path: Path) -> None:
    wrong = [
        {"statementType": "entityStatement"},
        {"statementID": "x", "statementType": "poem"},
        {"statementID": "o", "statementType": "ownershipOrControlStatement", "subject": {}},
        {**OLD[2], "statementID": "o2"},
        7,
    ]
    file = tmp_path / "bods.json"
    file.write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(ChainError) as error:
        read_bods(file)
    assert {fault.row for fault in error.value.faults} == {1, 2, 3, 4, 5}
