"""Names: what is the same, what is only possible, and the list of the United States."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.errors import ChainError
from wholenation.names.matching import Match, Named, match, matches, plain
from wholenation.names.screening import read_screening_list

LEI = frozenset({("lei", "x1")})


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


def slow_matches(parties: list[Named], listed: list[Named], like: float) -> list[Match]:
    """Everybody against everybody."""
    found = [one for party in parties for other in listed if (one := match(party, other, like=like))]
    return sorted(found, key=lambda one: (one.possible, -one.score, one.one, one.other))


WORDS = st.sampled_from(["Nova", "Novo", "Orion", "Quartz", "Quarz", "Q", "Ltd", "??", "Ünal", "Z-eta"])
NAMES = st.lists(WORDS, max_size=4).map(" ".join)
IDS = st.frozensets(st.sampled_from([("lei", "x1"), ("reg", "7")]), max_size=1)


def parties(letter: str) -> st.SearchStrategy[list[Named]]:
    one = st.tuples(st.lists(NAMES, max_size=3).map(tuple), IDS)
    return st.lists(one, max_size=6).map(
        lambda told: [Named(f"{letter}{n}", names, ids) for n, (names, ids) in enumerate(told)]
    )


@given(parties("a"), parties("b"), st.sampled_from([0.0, 0.4, 55.5, 80.0, 90.0, 99.9, 100.0]))
@settings(deadline=None, max_examples=200)
def test_many_are_matched_as_each_pair_is(one: list[Named], other: list[Named], like: float) -> None:
    assert matches(one, other, like=like) == slow_matches(one, other, like)


@given(st.text(max_size=12), st.text(max_size=12), st.floats(1.0, 100.0))
@settings(deadline=None, max_examples=300)
def test_any_two_names_are_matched_as_a_pair_is(a: str, b: str, like: float) -> None:
    one, other = [Named("a", (a,))], [Named("b", (b,))]
    assert matches(one, other, like=like) == slow_matches(one, other, like)


def test_blocks_of_names_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholenation.names.matching.CELLS", 7)
    stems = ["Alpha Works", "Alpha Work", "Alpine Works", "Beta", "Betta", "Harbour Tools", "Harbor Tools"]
    ours = [Named(f"a{n}", (stem,)) for n, stem in enumerate(stems)]
    theirs = [Named(f"b{n}", (stem + " Ltd",)) for n, stem in enumerate(stems)]
    assert matches(ours, theirs) == slow_matches(ours, theirs, 90.0)


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
