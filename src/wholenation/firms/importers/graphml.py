"""GraphML: nodes are firms, and an edge runs from the firm that sells to the one that buys."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ...errors import QuestionError
from ...files import is_file
from ...importers import ImportSummary, Line
from ..assembly import assemble
from ..dictionary import columns
from ..network import from_parts
from ..sources import of_frame
from ..tally import Tally
from ..writing import Format, check_target
from .edges import NAMES
from .graph_reader import GraphReader
from .written import left_out, written


def import_graphml(
    source: str | Path,
    target: str | Path,
    *,
    value: str | None = None,
    sector: str = "sector",
    form: Format = "parquet",
) -> ImportSummary:
    """Write the network of a GraphML file into the folder `target`, and say what was done.

    `value` names the edges' attribute that holds the sales, by default the first of `NAMES` that is there; without
    any, every edge counts 1. `sector` names the nodes' attribute that holds the sector; without it all are in one.
    Node attributes called as our columns are taken over, and `label` as the name. Repeated edges are added up; sales
    to oneself and of 0 are left out. A file with a document type is refused, since entities in it could fill any
    memory. Raises `ChainError` for what is wrong in the file, `QuestionError` and `OutputError` as `import_links`.
    """
    path = Path(source)
    check_target(target)
    if not is_file(path):
        raise QuestionError(f"{path}: there is no such file")
    wanted = {name: name for name in columns()["firms"] if name not in ("firm", "sector")}
    graph = GraphReader(
        path.name, (value,) if value else NAMES["value"], wanted | {"label": "name", sector: "sector"}
    )
    graph.read(path)
    if value is not None and graph.value_key is None:
        have = [name for of, name in graph.keys.values() if of != "node"]
        raise QuestionError(
            f"{value}: no edge of {path.name} has this; they have {', '.join(have) or 'no attribute'}"
        )
    firms = graph.firms()
    one_sector = "sector" not in firms.columns
    if one_sector:
        firms = firms.with_columns(pl.lit("all").alias("sector"))
    tally = Tally()
    sources = (of_frame(firms, f"{path.name} (nodes)"), of_frame(graph.links(), f"{path.name} (edges)"))
    parts = assemble(*sources, None, tally, lenient=True)
    network = from_parts(parts, tally.result(), Path(target).resolve().name)
    unread = graph.unread()
    defaulted = [
        Line("values of links", 0 if graph.value_key else network.m, "1 an edge"),
        Line("sectors of firms", network.n if one_sector else 0, "one for all"),
        Line("pairs of sectors", len(network.sectors) ** 2, "non-essential"),
    ]
    dropped = [
        *left_out(tally),
        Line("attributes", len(unread), f"not read: {', '.join(unread)}"),
        *(Line(what, number, "left out") for what, number in graph.odd.items()),
    ]
    return written(network, target, form, defaulted=defaulted, dropped=dropped)
