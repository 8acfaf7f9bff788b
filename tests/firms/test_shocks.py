"""Shocks: singly, together, by group, from matrices, files and lists."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from wholenation.errors import ChainError, QuestionError
from wholenation.firms.network import FirmNetwork, from_arrays
from wholenation.firms.shock_files import ALL_LISTED, listed, read_shocks
from wholenation.firms.shocks import (
    Shocks,
    by_group,
    by_jurisdiction,
    by_sector,
    each,
    every_firm,
    from_matrix,
    joined,
    together,
)

FIRMS = ["alpha", "beta", "gamma", "delta"]
NAMES = ["Alpha Works GmbH", "Beta Optics Co., Ltd.", "Gamma Gas", None]


@pytest.fixture(scope="module")
def network() -> FirmNetwork:
    return from_arrays(
        [0, 1, 1, 2],
        [0, 1, 2],
        [1, 3, 3],
        [3.0, 2.0, 1.0],
        None,
        firms=FIRMS,
        names=NAMES,
        jurisdictions=["DEU", None, "JPN", "DEU"],
        sectors=["tools", "gases", "fabs"],
    )


def dense(shocks: Shocks, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, m) by hand."""
    down, up = np.zeros((n, len(shocks))), np.zeros((n, len(shocks)))
    for s in range(len(shocks)):
        for at in range(shocks.start[s], shocks.start[s + 1]):
            down[shocks.firm[at], s], up[shocks.firm[at], s] = shocks.down[at], shocks.up[at]
    return down, up


def test_every_firm_fails_once(network: FirmNetwork) -> None:
    shocks = every_firm(network)
    down, up = dense(shocks, network.n)
    assert_array_equal(down, np.eye(4))
    assert_array_equal(up, np.eye(4))
    assert list(shocks.names) == FIRMS
    assert not shocks.down.flags.writeable


def test_each_and_together(network: FirmNetwork) -> None:
    shocks = each(network, ["gamma", "alpha", "gamma"])
    assert list(shocks.names) == ["gamma", "alpha"]
    assert_array_equal(dense(shocks, 4)[0], np.eye(4)[:, [2, 0]])
    both = together(network, ["gamma", "alpha"], "both", loss=0.25)
    assert both.names == ("both",)
    assert_array_equal(both.firm, [0, 2])
    assert_array_equal(dense(both, 4)[1][:, 0], [0.25, 0, 0.25, 0])


def test_strangers_are_told_together(network: FirmNetwork) -> None:
    with pytest.raises(QuestionError) as error:
        each(network, ["Betta", "alpha", "?"])
    assert str(error.value) == "Betta: no such firm; is beta meant?\n?: no such firm among 4"
    with pytest.raises(QuestionError, match="and 5 more that the network does not have"):
        each(network, [f"x{i}" for i in range(17)])
    with pytest.raises(QuestionError, match="no firm is named"):
        together(network, [])
    with pytest.raises(QuestionError, match="share between 0 and 1"):
        together(network, ["beta"], loss=2)


def test_groups(network: FirmNetwork) -> None:
    shocks = by_sector(network)
    assert shocks.names == ("fabs", "gases", "tools")
    assert_array_equal(dense(shocks, 4)[0], np.eye(4)[:, [3, 1, 0]] + np.eye(4)[:, [2, 2, 2]] * [0, 1, 0])
    assert by_jurisdiction(network).names == ("DEU", "JPN")
    assert_array_equal(by_jurisdiction(network, ["JPN"]).firm, [2])
    with pytest.raises(QuestionError, match="is gases meant"):
        by_sector(network, ["gasses"])
    with pytest.raises(QuestionError, match="no column owner"):
        by_group(network, "owner")
    owned = replace(network, firms=network.firms.with_columns(owner=pl.Series(["o", "p", None, "o"])))
    assert_array_equal(by_group(owned, "owner").firm, [0, 3, 1])


NUMBERS = st.floats(0, 1)


@given(st.data(), st.integers(0, 5))
@settings(deadline=None, max_examples=50)
def test_matrices_come_back(network: FirmNetwork, data: st.DataObject, m: int) -> None:
    def matrix() -> np.ndarray:
        cells = data.draw(st.lists(NUMBERS, min_size=4 * m, max_size=4 * m))
        return np.array(cells).reshape(4, m)

    given_down, given_up = matrix(), matrix()
    shocks = from_matrix(network, given_down, given_up)
    down, up = dense(shocks, 4)
    assert_array_equal(down, given_down)
    assert_array_equal(up, given_up)
    cut = data.draw(st.integers(0, m))
    again = joined(shocks.part(0, cut), shocks.part(cut, m))
    assert again.data_hash == shocks.data_hash
    assert all((np.diff(one) > 0).all() for one in np.split(shocks.firm, shocks.start[1:-1]))


def test_a_vector_is_one_shock_of_both_directions(network: FirmNetwork) -> None:
    shocks = from_matrix(network, [0, 0.5, 0, 1], names=["s"])
    assert_array_equal(shocks.down, [0.5, 1])
    assert_array_equal(shocks.up, [0.5, 1])


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1, np.inf])
def test_matrices_hold_shares(network: FirmNetwork, wrong: float) -> None:
    with pytest.raises(QuestionError, match="of firm gamma in shock 0, is"):
        from_matrix(network, [0, 0, wrong, 0])
    with pytest.raises(QuestionError, match="of firm gamma"):
        from_matrix(network, [0, 0, 0, 0], [0, 0, wrong, 0])


def test_matrices_have_a_row_per_firm(network: FirmNetwork) -> None:
    with pytest.raises(QuestionError, match=r"shape \(3, 1\)"):
        from_matrix(network, [0, 0, 1])
    with pytest.raises(QuestionError, match="must agree"):
        from_matrix(network, np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(QuestionError, match="2 names for 1 shocks"):
        from_matrix(network, np.zeros(4), names=["a", "b"])


def write(folder: Path, text: str) -> Path:
    file = folder / "storm.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_files_of_shocks(network: FirmNetwork, tmp_path: Path) -> None:
    file = write(tmp_path, "shock,firm,downstream,upstream\nb,gamma,0.5,0\na,beta,1,0.25\nb,alpha,0.125,1\n")
    shocks = read_shocks(network, file)
    assert shocks.names == ("b", "a")
    down, up = dense(shocks, 4)
    assert_array_equal(down, np.array([[0.125, 0, 0.5, 0], [0, 1, 0, 0]]).T)
    assert_array_equal(up, np.array([[1, 0, 0, 0], [0, 0.25, 0, 0]]).T)
    parquet = tmp_path / "storm.parquet"
    pl.read_csv(file).write_parquet(parquet)
    assert read_shocks(network, parquet).data_hash == shocks.data_hash


@pytest.mark.parametrize(
    ("text", "down", "up"),
    [
        ("firm\nbeta\n", 1, 1),
        ("firm,loss\nbeta,0.5\n", 0.5, 0.5),
        ("firm,downstream\nbeta,0.5\n", 0.5, 0),
        ("firm,upstream,note\nbeta,0.5,a strike\n", 0, 0.5),
    ],
)
def test_columns_that_are_left_out(
    network: FirmNetwork, tmp_path: Path, text: str, down: float, up: float
) -> None:
    shocks = read_shocks(network, write(tmp_path, text))
    assert (shocks.names, shocks.firm.tolist()) == (("storm",), [1])
    assert (shocks.down.tolist(), shocks.up.tolist()) == ([down], [up])


def test_all_faults_of_a_file_at_once(network: FirmNetwork, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "shock,firm,loss\na,betta,1\na,beta,1.5\na,gamma,nan\n,alpha,1\nb,alpha,\nc,delta,1\nc,delta,0.5\nb,betta,1\n",
    )
    with pytest.raises(ChainError) as error:
        read_shocks(network, file)
    assert {(fault.row, fault.column) for fault in error.value.faults} == {
        (2, "firm"), (3, "loss"), (4, "loss"), (5, "shock"), (6, "loss"), (8, "shock+firm"),
    }  # fmt: skip
    assert "is beta meant?" in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("shock,firm\n", "no rows"),
        ("shock,loss\na,1\n", "firm: the column is missing"),
        ("firm,loss,downstream\nbeta,1,1\n", "stands beside downstream"),
        ("firm,los\nbeta,1\n", "is loss meant?"),
    ],
)
def test_files_that_are_none(network: FirmNetwork, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ChainError, match=told.replace("?", r"\?")):
        read_shocks(network, write(tmp_path, text))
    with pytest.raises(ChainError, match="cannot be read"):
        read_shocks(network, tmp_path / "none.csv")


def screening(folder: Path) -> Path:
    rows = [
        {
            "name": "OPTICS BETA",
            "entity_number": 1,
            "alt_names": [],
            "ids": [{"type": "LEI", "number": "B7"}],
        },
        {"name": "Alfa", "entity_number": 2, "alt_names": ["ALPHA WORKS"]},
        {"name": "Nobody At All", "entity_number": 3},
    ]
    file = folder / "list.json"
    file.write_text(json.dumps({"results": rows}), encoding="utf-8")
    return file


def test_firms_on_a_list(network: FirmNetwork, tmp_path: Path) -> None:
    file = screening(tmp_path)
    shocks, table = listed(network, file)
    assert set(shocks.names[:-1]) == {"alpha", "beta"}
    assert shocks.names[-1] == ALL_LISTED
    assert_array_equal(dense(shocks, 4)[0][:, -1], [1, 1, 0, 0])
    assert not table["sure"].any()
    ids = pl.Series(["", "lei: b7", None, ""])
    known = replace(network, firms=network.firms.with_columns(identifiers=ids))
    _, table = listed(known, file)
    assert table.row(0, named=True)["shared"] == "lei: b7"
    assert table.filter("sure")["firm"].to_list() == ["beta"]


def test_organizations_on_a_list_fail_with_all_their_firms(network: FirmNetwork, tmp_path: Path) -> None:
    owned = replace(network, firms=network.firms.with_columns(organization=pl.Series(["o", "p", "o", None])))
    shocks, table = listed(
        owned, screening(tmp_path), organizations={"o": "Works, Alpha", "q": "Beta Optics"}
    )
    assert shocks.names == ("o",)
    assert_array_equal(shocks.firm, [0, 2])
    assert table.select("firm", "name", "listed_name").rows() == [("o", "Works, Alpha", "Alfa")]
    shocks, _ = listed(owned, screening(tmp_path), organizations={"o": "Alpha Works", "p": "Beta Optics"})
    assert_array_equal(dense(shocks, 4)[0][:, -1], [1, 1, 1, 0])


def test_nobody_on_a_list(network: FirmNetwork, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("name\nNobody\n", encoding="utf-8")
    with pytest.raises(QuestionError, match="has a name like one of the 1 parties"):
        listed(network, file)
