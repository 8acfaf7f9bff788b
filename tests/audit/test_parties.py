"""Names and ties: what is the same, what is only possible, who owns what, and the two public formats."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.audit.ownership import read_bods
from wholenation.audit.parties import (
    Named,
    Tie,
    group,
    match,
    matches,
    owners,
    path,
    plain,
    shared_owners,
    tied,
)
from wholenation.audit.screening import read_screening_list
from wholenation.errors import ChainError

DAY = date(2026, 1, 1)
LEI = frozenset({("lei", "x1")})


def owns(a: str, b: str, share: float | None, number: int = 1) -> Tie:
    return Tie(a, b, "owns", str(number), share)


def test_a_name_alone_is_only_possible() -> None:
    one = Named("a", ("Müller Optik GmbH",))
    assert match(one, Named("b", ("OPTIK, Muller",))).possible  # type: ignore[union-attr]
    sure = match(Named("a", one.names, LEI), Named("b", ("Mueller Optik", "Optik Muller AG"), LEI))
    assert sure is not None
    assert not sure.possible
    assert sure.shared == (("lei", "x1"),)
    assert match(one, Named("b", ("Meyer Chemie",), LEI)) is None
    # The same identifier under quite another name is not a match of names.
    assert match(Named("a", one.names, LEI), Named("b", ("Harbor Tools",), LEI)) is None


def test_sure_matches_come_first() -> None:
    listed = [Named("x", ("Alpha Works",)), Named("y", ("Alpha Works",), LEI)]
    found = matches([Named("a", ("Alpha Works Ltd",), LEI)], listed)
    assert [(one.other, one.possible) for one in found] == [("y", False), ("x", True)]


@given(st.lists(st.sampled_from(["Nova", "Orion", "Quartz", "Zeta", "Ltd"]), min_size=1, max_size=5))
@settings(deadline=None)
def test_the_order_of_words_does_not_count(words: list[str]) -> None:
    one = Named("a", (" ".join(words),))
    for order in list(permutations(words))[:6]:
        assert match(one, Named("b", (" ".join(order),))) is not None
    assert plain(plain(one.names[0])) == plain(one.names[0])


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


def test_the_screening_list_in_both_forms(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(
        "_id,source,entity_number,type,programs,name,title,addresses,alt_names,ids,unheard\n"
        "a1,Specially Designated Nationals (SDN) - Treasury Department,9639,Entity,SDGT,BLUE HARBOR PARTS,,"
        '"Main St 1; Side St 2","BHP; HARBOR BLUE","Registration ID, 12345, XX; Tax ID: 99",?\n',
        encoding="utf-8",
    )
    rows = tmp_path / "list.json"
    row = {
        "source": "Specially Designated Nationals (SDN) - Treasury Department",
        "entity_number": 9639,
        "name": "BLUE HARBOR PARTS",
        "alt_names": ["BHP", "HARBOR BLUE"],
        "ids": [{"type": "Registration ID", "number": "12345"}, {"type": "Tax ID", "number": "99"}],
    }
    rows.write_text(json.dumps({"total": 1, "results": [row]}), encoding="utf-8")
    assert read_screening_list(table)[0].names == ("BLUE HARBOR PARTS", "BHP", "HARBOR BLUE")
    assert read_screening_list(table)[0].identifiers == {("registration id", "12345"), ("tax id", "99")}
    assert read_screening_list(table)[0].names == read_screening_list(rows)[0].names
    assert read_screening_list(table)[0].identifiers == read_screening_list(rows)[0].identifiers


def test_all_faults_of_the_screening_list_at_once(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("source,name\nSDN,\nSDN,Good\nSDN, \n", encoding="utf-8")
    with pytest.raises(ChainError) as error:
        read_screening_list(file)
    assert [fault.row for fault in error.value.faults] == [2, 4]
    file.write_text("source,title\nSDN,x\n", encoding="utf-8")
    with pytest.raises(ChainError, match="no such column"):
        read_screening_list(file)
    with pytest.raises(ChainError, match="cannot be read"):
        read_screening_list(tmp_path / "none.csv")
