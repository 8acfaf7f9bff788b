"""Other people's networks: edge lists, GraphML and input–output tables, against slow and obvious twins."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from wholenation.errors import ChainError, OutputError, QuestionError
from wholenation.firms.importers import (
    from_io_table,
    from_pymrio,
    import_graphml,
    import_io_table,
    import_links,
)
from wholenation.firms.network import FirmNetwork
from wholenation.firms.reading import read_firms
from wholenation.importers import ImportSummary


def links(network: FirmNetwork) -> dict[tuple[str, str], float]:
    codes = network.firms["firm"].to_list()
    ends = zip(network.supplier.tolist(), network.buyer.tolist(), network.value.tolist(), strict=True)
    return {(codes[i], codes[j]): value for i, j, value in ends}


def told(summary: ImportSummary, part: str) -> dict[str, int]:
    return {line.what: line.number for line in getattr(summary, part)}


# Edge lists.

EDGES = "Source,Target,Weight,year\na,b,3,2020\nb,a,1,2020\na,b,2,2021\nc,c,1,2020\na,c,0,2020\n"


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text(EDGES)
    summary = import_links(tmp_path / "edges.csv", tmp_path / "net")
    assert links(read_firms(tmp_path / "net")) == {("a", "b"): 5, ("b", "a"): 1}
    assert told(summary, "mapped") == {"firms": 3, "links": 2, "sectors": 1}
    assert told(summary, "dropped") == {
        "sales to oneself": 1,
        "links of value 0": 1,
        "repeated links": 1,
        "columns": 1,
    }
    assert "year" in str(summary)


def test_columns_may_be_told_and_values_be_absent(tmp_path: Path) -> None:
    pl.DataFrame(
        {"who": [1, 2, 1], "to_whom": [2, 3, 2], "in": ["x", "y", "x"], "out": ["y", "x", "y"]}
    ).write_parquet(tmp_path / "edges.parquet")
    summary = import_links(
        tmp_path / "edges.parquet",
        tmp_path / "net",
        supplier="who",
        buyer="to_whom",
        supplier_sector="in",
        buyer_sector="out",
        form="csv",
    )
    network = read_firms(tmp_path / "net")
    assert links(network) == {("1", "2"): 2, ("2", "3"): 1}
    assert network.firms["sector"].to_list() == ["x", "y", "x"]
    assert told(summary, "defaulted")["values of links"] == 2


def test_tables_of_ours_may_go_with_edges(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text(EDGES)
    (tmp_path / "firms.csv").write_text("firm,sector,cost\na,x,1\nb,y,9\nc,y,\n")
    (tmp_path / "levels.csv").write_text("from,x,y\nx,1,2\ny,0,1\n")
    summary = import_links(
        tmp_path / "edges.csv",
        tmp_path / "net",
        firms=tmp_path / "firms.csv",
        essentiality=tmp_path / "levels.csv",
    )
    network = read_firms(tmp_path / "net")
    assert network.essentiality.tolist() == [[1, 2], [0, 1]]
    assert network.firms["cost"].to_list() == [1, 9, None]
    assert "pairs of sectors" not in told(summary, "defaulted")


def test_edges_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("who,whom,much\na,b,1\n")
    with pytest.raises(QuestionError) as error:
        import_links(path, tmp_path / "net")
    assert str(error.value).count("say which column") == 2
    with pytest.raises(QuestionError, match="no such column"):
        import_links(path, tmp_path / "net", supplier="hwo", buyer="whom")
    path.write_text("from,to,value\na,b,x\nb,,-1\n")
    with pytest.raises(ChainError) as faults:
        import_links(path, tmp_path / "net")
    assert {(fault.row, fault.column) for fault in faults.value.faults} == {
        (2, "value"),
        (3, "value"),
        (3, "buyer"),
    }
    with pytest.raises(QuestionError, match="no such file"):
        import_links(tmp_path / "nothing.csv", tmp_path / "net")
    with pytest.raises(QuestionError, match="from cannot be both the supplier and the buyer"):
        import_links(path, tmp_path / "net", buyer="from")
    path.write_text("from,to,in\na,b,x\n")
    import_links(path, tmp_path / "same", supplier_sector="in", buyer_sector="in")
    assert read_firms(tmp_path / "same").firms["sector"].to_list() == ["x", "x"]
    path.write_text("from,from,to\na,b,c\n")
    with pytest.raises(QuestionError, match="several columns of this name"):
        import_links(path, tmp_path / "net")
    path.write_text("")
    with pytest.raises(ChainError, match="empty"):
        import_links(path, tmp_path / "net")
    path.write_text("from,to\n")
    with pytest.raises(ChainError, match="no rows"):
        import_links(path, tmp_path / "net")
    assert not (tmp_path / "net").exists()
    with pytest.raises(OutputError):
        import_links(path, tmp_path)


# GraphML.


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    edges=st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.floats(0.001, 1e9), max_size=20)
)
def test_graphs_of_networkx(edges: dict[tuple[int, int], float], tmp_path: Path) -> None:
    graph = nx.DiGraph()
    for i in range(7):
        graph.add_node(f"n{i}", sector=f"s{i % 2}", label=f"Firm & {i}", revenue=1e12 if i == 3 else 1e13)
    for (i, j), value in edges.items():
        graph.add_edge(f"n{i}", f"n{j}", weight=value)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    import_graphml(tmp_path / "g.graphml", tmp_path / "net")
    network = read_firms(tmp_path / "net")
    assert links(network) == {(f"n{i}", f"n{j}"): value for (i, j), value in edges.items() if i != j}
    assert network.firms["name"].to_list() == [f"Firm & {i}" for i in range(7)]
    assert network.firms["sector"].to_list() == [f"s{i % 2}" for i in range(7)]
    assert network.revenue[3] == 1e12


def graphml(body: str, keys: str = "", head: str = "") -> str:
    space = 'xmlns="http://graphml.graphdrawing.org/xmlns"'
    return f'<?xml version="1.0"?>{head}<graphml {space}>{keys}{body}</graphml>'


WEIGHT = '<key id="w" for="edge" attr.name="Weight" attr.type="double"><default>2.5</default></key>'


def test_defaults_repeated_edges_and_nodes_that_are_not_told(tmp_path: Path) -> None:
    body = (
        '<graph edgedefault="directed"><node id="a"/><edge source="a" target="b"/>'
        '<edge source="a" target="b"><data key="w"> 4 </data></edge><edge source="b" target="b"/></graph>'
    )
    (tmp_path / "g.xml").write_text(graphml(body, WEIGHT))
    summary = import_graphml(tmp_path / "g.xml", tmp_path / "net")
    assert links(read_firms(tmp_path / "net")) == {("a", "b"): 6.5}
    assert told(summary, "dropped") == {"sales to oneself": 1, "repeated links": 1}
    assert told(summary, "defaulted")["sectors of firms"] == 2


EDGE = '<graph edgedefault="directed"><edge source="a" target="b"/></graph>'
LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
GRAPHS = {
    "entities": (graphml("<graph>&b;</graph>", head=LAUGHS), "has a document type"),
    "another file": (graphml(EDGE, head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "has a document type"),
    "undirected": (graphml(EDGE.replace('"directed"', '"undirected"')), "is undirected"),
    "undirected edge": (graphml(EDGE.replace("<edge ", '<edge directed="false" ')), "undirected edge"),
    "cut": (graphml(EDGE)[:-20], "is not well-formed XML"),
    "no XML": ("a,b\n", "is not well-formed XML"),
    "empty": ("", "is not well-formed XML"),
    "encoding": (graphml(EDGE).replace("?>", ' encoding="utf-5"?>', 1), "encoding that is not known"),
    "other XML": ("<svg></svg>", "is not GraphML: its root is svg"),
    "no end": (graphml('<graph edgedefault="directed"><edge source="a"/></graph>'), "no source or target"),
    "value": (graphml(EDGE.replace("/>", '><data key="w">x</data></edge>', 1), WEIGHT), "is not a number"),
    "negative": (graphml(EDGE.replace("/>", '><data key="w">-1</data></edge>', 1), WEIGHT), "at least 0"),
}


@pytest.mark.parametrize(("text", "message"), GRAPHS.values(), ids=GRAPHS)
def test_graphs_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "g.graphml").write_text(text)
    with pytest.raises(ChainError) as error:
        import_graphml(tmp_path / "g.graphml", tmp_path / "net")
    assert message in str(error.value)
    assert not (tmp_path / "net").exists()


def test_questions_about_graphs(tmp_path: Path) -> None:
    (tmp_path / "g.graphml").write_text(graphml(EDGE, WEIGHT))
    with pytest.raises(QuestionError, match="they have Weight"):
        import_graphml(tmp_path / "g.graphml", tmp_path / "net", value="sales")
    with pytest.raises(QuestionError, match="no such file"):
        import_graphml(tmp_path / "none.graphml", tmp_path / "net")
    summary = import_graphml(tmp_path / "g.graphml", tmp_path / "net", value="weight")
    assert told(summary, "mapped")["links"] == 1


# Input-output tables.

flows = st.integers(1, 6).flatmap(
    lambda n: arrays(np.float64, (n, n), elements=st.just(0.0) | st.floats(0.01, 1e6))
)


@settings(deadline=None)
@given(flows, st.floats(0.001, 0.5))
def test_a_table_by_hand(Z: np.ndarray, essential: float) -> None:
    n = len(Z)
    y = np.arange(1.0, n + 1)
    names = [f"s{i % 3}" for i in range(n)]
    places = [f"p{i // 3}" for i in range(n)]
    network = from_io_table(Z, y=y, names=names, jurisdictions=places, essential=essential)
    x = Z.sum(axis=1) + y
    assert_allclose(network.output, x)
    assert_allclose(network.revenue, x - np.diag(Z), atol=1e-6)
    codes = [f"{place}-{name}" for place, name in zip(places, names, strict=True)]
    assert links(network) == {
        (codes[i], codes[j]): Z[i, j] for i in range(n) for j in range(n) if i != j and Z[i, j] > 0
    }
    for k, one in enumerate(network.sectors):
        for m, other in enumerate(network.sectors):
            rows = [i for i in range(n) if names[i] == one]
            columns = [j for j in range(n) if names[j] == other]
            sold, of = Z[np.ix_(rows, columns)].sum(), x[columns].sum()
            if abs(sold - essential * of) > 1e-9 * of:
                assert network.essentiality[k, m] == (2 if sold > essential * of else 1)


@settings(deadline=None)
@given(flows)
def test_leaving_out_own_use_keeps_the_balance(Z: np.ndarray) -> None:
    """What a fall of final demand does to output, with own use in the table and without."""
    n = len(Z)
    y = np.linspace(10, 20, n) + Z.sum(axis=1).max()
    network = from_io_table(Z, y=y)
    x = Z.sum(axis=1) + y
    fall = y * np.linspace(0, 0.5, n)
    level = np.linalg.solve(np.diag(x) - Z, y - fall)
    W = np.zeros((n, n))
    W[network.supplier, network.buyer] = network.value
    assert_allclose(np.linalg.solve(np.diag(network.revenue) - W, y - fall), level, rtol=1e-6)


def test_frames_stand_for_arrays() -> None:
    Z = [[0.0, 2.0], [3.0, 0.0]]
    plain = from_io_table(Z, [5.0, 6.0], names=["a", "b"])
    for frame in (pd.DataFrame(Z), pl.DataFrame(np.array(Z))):
        assert from_io_table(frame, [5.0, 6.0], names=["a", "b"]).data_hash == plain.data_hash


def test_small_flows_can_be_left_out() -> None:
    network = from_io_table([[0, 1, 99], [5, 0, 1], [5, 99, 0]], least=0.05)
    assert links(network) == {("S1", "S3"): 99, ("S2", "S1"): 5, ("S3", "S1"): 5, ("S3", "S2"): 99}


def test_tables_that_are_refused() -> None:
    with pytest.raises(QuestionError, match="square"):
        from_io_table([[1.0, 2.0]])
    with pytest.raises(QuestionError, match="x must have"):
        from_io_table([[0.0]], x=[1.0, 2.0])
    with pytest.raises(QuestionError, match="y must have"):
        from_io_table([[0.0]], y=[1.0, 2.0])
    with pytest.raises(QuestionError, match="one entry for each"):
        from_io_table([[0.0]], names=["a", "b"])
    with pytest.raises(QuestionError, match="essential must be"):
        from_io_table([[0.0]], essential=0.0)
    with pytest.raises(QuestionError, match="different codes"):
        from_io_table([[0.0, 1.0], [0.0, 0.0]], names=["a", "a"])
    with pytest.raises(ChainError) as error:
        from_io_table([[0.0, np.nan], [np.inf, 0.0]], x=[-1.0, 1.0])
    assert [(fault.file, fault.row) for fault in error.value.faults] == [("Z", 1), ("Z", 2), ("x", 1)]
    network = from_io_table([[0.0, -1.0], [2.0, 0.0]], x=[1.0, 1.0])
    assert ["negative" in str(fault) or "below" in str(fault) for fault in network.warnings] == [True, True]
    assert network.m == 1


def world(places: tuple[str, ...] = ("AUS", "ROW"), sectors: int = 2) -> SimpleNamespace:
    """A small world table as pymrio holds it."""
    rng = np.random.default_rng(0)
    labels = pd.MultiIndex.from_product(
        [places, [f"S{i}" for i in range(sectors)]], names=["region", "sector"]
    )
    Z = pd.DataFrame(rng.uniform(1, 9, (len(labels), len(labels))), labels, labels)
    Y = pd.DataFrame(rng.uniform(1, 9, (len(labels), 2)), labels)
    x = pd.DataFrame({"indout": Z.sum(axis=1) + Y.sum(axis=1)})
    return SimpleNamespace(Z=Z, Y=Y, x=x, name="small")


def test_a_table_of_pymrio() -> None:
    table = world()
    network = from_pymrio(table)
    assert network.firms["firm"].to_list() == ["AUS-S0", "AUS-S1", "ROW-S0", "ROW-S1"]
    assert network.sectors == ("S0", "S1")
    assert_allclose(network.output, table.x["indout"])
    assert links(network)["AUS-S1", "ROW-S0"] == table.Z.loc[("AUS", "S1"), ("ROW", "S0")]
    table.x = None
    assert_allclose(from_pymrio(table).output, network.output)
    assert (from_pymrio(table, essential=None).essentiality == 1).all()
    with pytest.raises(QuestionError, match="calc_all"):
        from_pymrio(SimpleNamespace(Z=None))


def test_a_matrix_as_pymrio_writes_it(tmp_path: Path) -> None:
    table = world()
    table.Z.to_csv(tmp_path / "Z.txt", sep="\t")
    summary = import_io_table(tmp_path / "Z.txt", tmp_path / "net")
    network = read_firms(tmp_path / "net")
    expected = from_io_table(
        table.Z.to_numpy(), names=["S0", "S1"] * 2, jurisdictions=["AUS"] * 2 + ["ROW"] * 2
    )
    assert links(network) == pytest.approx(links(expected))
    assert network.firms["jurisdiction"].to_list() == ["AUS", "AUS", "ROW", "ROW"]
    assert told(summary, "dropped") == {"flows within a sector of a jurisdiction": 4}


def test_a_matrix_with_output(tmp_path: Path) -> None:
    (tmp_path / "io.csv").write_text("sector,a,b,x\na,1,2,10\nb,3,,9\n")
    import_io_table(tmp_path / "io.csv", tmp_path / "net")
    network = read_firms(tmp_path / "net")
    assert links(network) == {("a", "b"): 2, ("b", "a"): 3}
    assert network.output.tolist() == [10, 9]
    assert network.revenue.tolist() == [9, 9]


def test_a_world_table_of_wiod(tmp_path: Path) -> None:
    table = world()
    columns = [f"{place}{number}" for place in ("AUS", "ROW") for number in (1, 2, 57, 61)]
    rows = []
    for at, (place, sector) in enumerate(table.Z.index):
        number = int(sector[1:]) + 1
        cells = []
        for j in range(2):
            cells += [*table.Z.iloc[at, 2 * j : 2 * j + 2], table.Y.iloc[at, j], 0]
        rows.append([f"C{number}", "words, and more", place, number, 2014, *cells, 0])
    rows.append(["II_fob", "Total", "TOT", 65, 2014, *[1] * len(columns), 0])
    with (tmp_path / "wiot.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["IndustryCode", "IndustryDescription", "Country", "RNr", "Year", *columns, "TOT"])
        writer.writerows(rows)
    import_io_table(tmp_path / "wiot.csv", tmp_path / "net")
    network = read_firms(tmp_path / "net")
    assert network.firms["firm"].to_list() == ["AUS-C1", "AUS-C2", "ROW-C1", "ROW-C2"]
    assert_allclose(network.output, table.x["indout"])
    assert links(network)["AUS-C2", "ROW-C1"] == pytest.approx(table.Z.iloc[1, 2])
    text = (tmp_path / "wiot.csv").read_text().splitlines()
    (tmp_path / "wiot.csv").write_text("\n".join([*text[:2], *text[3:]]))
    with pytest.raises(ChainError, match="no row for AUS2"):
        import_io_table(tmp_path / "wiot.csv", tmp_path / "net")


NATIONAL = """Year,Code,Description,Origin,A01,B,CONS_h,GO
2013,A01,Crops,Domestic,1,1,1,3
2014,A01,Crops,Domestic,1,4,5,10
2014,B,Mining,Domestic,3,0,2,5
2014,A01,Crops,Imports,2,1,1,4
2014,B,Mining,Imports,0,1,1,2
2014,VA,Value added,TOT,3,1,,
"""


def test_a_national_table_of_wiod(tmp_path: Path) -> None:
    path = tmp_path / "niot.csv"
    path.write_text(NATIONAL)
    with pytest.raises(QuestionError, match="2013, 2014"):
        import_io_table(path, tmp_path / "net")
    with pytest.raises(QuestionError, match="no year 2000"):
        import_io_table(path, tmp_path / "net", year=2000)
    import_io_table(path, tmp_path / "net", year=2014)
    network = read_firms(tmp_path / "net")
    assert links(network) == {("A01", "B"): 4, ("B", "A01"): 3}
    assert network.output.tolist() == [10, 5]
    assert network.cost.tolist() == [5, 6]  # 1 + 3 + 2 less own 1; 4 + 0 + 2


BROKEN = {
    "not a number": ("sector,a,b\na,1,x\nb,3,4\n", "io.csv 2 b x: is not a number"),
    "not square": ("sector,a,b\na,1,2\n", "must be square"),
    "short row": ("sector,a,b\na,1,2\nb,3\n", "io.csv 3: has 2 fields, the header has 3"),
    "other order": ("sector,a,b\nb,1,2\na,3,4\n", "same sectors in the same order"),
    "one column": ("sector\na\n", "is no table"),
    "empty": ("", "is no table"),
    "no national row": ("Code,Origin,A\nB,Domestic,1\n", "no domestic row"),
    "repeated row": ("Code,Origin,A\nA,Domestic,1\nA,Domestic,1\n", "repeats a row"),
    "no industry": ("IndustryCode,Country,RNr\nx,AUS,1\n", "no column of an industry"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_files_that_are_no_table(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "io.csv").write_text(text)
    with pytest.raises(ChainError) as error:
        import_io_table(tmp_path / "io.csv", tmp_path / "net")
    assert message in str(error.value)


def test_a_workbook_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "io.xlsx").write_bytes(b"PK\x03\x04\xff\xfe" + bytes(range(256)))
    with pytest.raises(ChainError, match="save the sheet"):
        import_io_table(tmp_path / "io.xlsx", tmp_path / "net")
