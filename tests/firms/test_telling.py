"""What a reader sees of a cascade: names, own parts and who is hit; and what firms count."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from numpy.testing import assert_array_equal

from wholenation.errors import ChainError, QuestionError
from wholenation.firms.network import FirmNetwork, from_arrays
from wholenation.firms.shocks import every_firm, joined, together
from wholenation.firms.telling import who_is_hit, with_names
from wholenation.firms.weights import read_weights


@pytest.fixture(scope="module")
def network() -> FirmNetwork:
    return from_arrays(
        [0, 1, 1],
        [0, 0, 1],
        [1, 2, 2],
        [3.0, 4.0, 1.0],
        None,
        names=["Alpha", None, "Gamma"],
        output=[8.0, 2.0, 0.0],
        revenue=[8.0, 2.0, float("nan")],
    )


def found(network: FirmNetwork, risks: list[float], names: list[str]) -> pl.DataFrame:
    frame = pl.DataFrame({"shock": names, "name": None, "risk": risks, "low": risks, "high": risks})
    return frame.with_columns(rank=pl.col("risk").rank("ordinal", descending=True)).sort("risk")


def test_shocks_bear_the_names_of_their_firms(network: FirmNetwork) -> None:
    shocks = joined(
        every_firm(network), together(network, ["1", "2"], "both", loss=0.5), together(network, ["0", "2"])
    )
    table = with_names(
        found(network, [0.9, 0.2, 0.0, 0.1, 0.95], list(shocks.names)),
        network,
        shocks,
        names={"both": "Two of them"},
    )
    assert table.columns == ["rank", "shock", "name", "sector", "firms", "own", "risk", "low", "high"]
    assert table.select("shock", "name", "sector", "firms").rows() == [
        ("together", None, None, 2),
        ("0", "Alpha", "S1", 1),
        ("1", None, "S2", 1),
        ("both", "Two of them", "S2", 2),
        ("2", "Gamma", "S2", 1),
    ]
    # Firm 0 sells 7 of 8, firm 1 the rest, firm 2 nothing.
    assert table["own"].to_list() == pytest.approx([7 / 8, 7 / 8, 1 / 8, 1 / 16, 0.0])
    counted = with_names(
        found(network, [0.9, 0.2, 0.0], ["0", "1", "2"]), network, every_firm(network), network.output
    )
    assert counted["own"].to_list() == pytest.approx([0.8, 0.2, 0.0])


def test_who_is_hit_most() -> None:
    hit = pl.DataFrame(
        {
            "shock": ["a"] * 6 + ["b", "c"],
            "of": ["sector"] * 5 + ["firm", "sector", "sector"],
            "code": ["v", "w", "x", "y", "z", "f", "w", "w"],
            "share": [0.1, 0.5, 0.201, 0.15, 0.001, 1.0, 0.004, 1.0],
        }
    )
    assert who_is_hit(hit, pl.Series(["a", "b"])) == {"a": "w 50%, x 20%, y 15%"}


def test_weights_of_a_column(network: FirmNetwork) -> None:
    assert_array_equal(read_weights(network, "output"), [8, 2, 0])
    with pytest.raises(QuestionError, match="1 of 3 firms have no revenue"):
        read_weights(network, "revenue")


def test_weights_of_a_file(network: FirmNetwork, tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("firm,weight,note\n2,100,\n0,0.5,few\n")
    assert_array_equal(read_weights(network, file), [0.5, 0, 100])
    file.write_text("firm,weight\n2,-1\n3,1\n0,x\n0,1\n")
    with pytest.raises(ChainError) as error:
        read_weights(network, file)
    assert {(fault.row, fault.column) for fault in error.value.faults} == {
        (2, "weight"), (3, "firm"), (4, "weight"), (5, "firm"),
    }  # fmt: skip
    file.write_text("firm,weight\n2,0\n")
    with pytest.raises(ChainError, match="no firm has a weight above 0"):
        read_weights(network, file)
    with pytest.raises(ChainError, match="cannot be read"):
        read_weights(network, tmp_path / "none.csv")
