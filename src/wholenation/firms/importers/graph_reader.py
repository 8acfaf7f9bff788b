"""A GraphML document as tables of nodes and edges, read from its beginning to its end without ever holding it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

import polars as pl

from ...errors import ChainError, Fault

FLUSHED = 500_000
PIECE = 1 << 20


class GraphReader:
    """Builds the tables while the parser meets elements; `values` are the names an edge's value may have, by rank.

    `wanted` node attributes are kept, under the name that they map to. All names are compared without case.
    """

    def __init__(self, file: str, values: Sequence[str], wanted: dict[str, str]):
        self.file = file
        self.values = [name.casefold() for name in values]
        self.wanted = {name.casefold(): column for name, column in wanted.items()}
        self.keys: dict[str, tuple[str, str]] = {}
        """Key -> (node or edge, name)."""
        self.defaults: dict[str, str] = {}
        self.value_key: str | None = None
        self.place: dict[str, int] = {}
        self.nodes: dict[str, dict[int, str]] = {column: {} for column in self.wanted.values()}
        self.odd: Counter[str] = Counter()
        self._ends = (array("i"), array("i"))
        self._texts: list[str | None] = []
        self._parts: list[pl.DataFrame] = []
        self._path: list[str] = []
        self._node: int | None = None
        self._key: str | None = None
        self._told: str | None = None
        self._text: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, path: Path) -> None:
        """All of the file; raises ChainError for what is no directed GraphML."""
        try:
            with path.open("rb") as stream:
                while piece := stream.read(PIECE):
                    self._parser.Parse(piece, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            words = expat.errors.messages.get(error.code, "") or str(error)
            raise self._wrong(f"is not well-formed XML ({words})") from None
        except (LookupError, ValueError) as error:
            raise self._wrong(f"is in an encoding that is not known ({error})") from None
        except OSError as error:
            raise self._wrong(f"cannot be read ({error.strerror})", None) from None
        self._flush()

    def firms(self) -> pl.DataFrame:
        """(n, ...) the firms, with those attributes that any of them has."""
        n = len(self.place)
        told = {column: values for column, values in self.nodes.items() if values}
        columns = {column: [values.get(at) for at in range(n)] for column, values in told.items()}
        ids = {"firm": list(self.place)}
        return pl.DataFrame({**ids, **columns}, schema=dict.fromkeys((*ids, *columns), pl.String))

    def links(self) -> pl.DataFrame:
        """(m, 3) supplier, buyer and value; 1 for each where edges have no value."""
        ids = pl.Series(list(self.place), dtype=pl.String)
        schema = {"supplier": pl.Int32, "buyer": pl.Int32, "value": pl.String}
        frame = pl.concat(self._parts, how="vertical_relaxed") if self._parts else pl.DataFrame(schema=schema)
        if self.value_key is None:
            frame = frame.with_columns(pl.lit(1.0).alias("value"))
        return frame.with_columns(ids.gather(frame[end]).alias(end) for end in ("supplier", "buyer"))

    def unread(self) -> list[str]:
        """Names of the attributes that are not taken over."""
        known = set(self.wanted)
        names = [
            name
            for key, (of, name) in self.keys.items()
            if (of != "edge" and name.casefold() not in known) or (of == "edge" and key != self.value_key)
        ]
        return list(dict.fromkeys(names))

    def _wrong(self, message: str, row: int | None = -1) -> ChainError:
        return ChainError(
            [Fault(self.file, self._parser.CurrentLineNumber if row == -1 else row, "", "", message)]
        )

    def _doctype(self, *_: object) -> None:
        # Entities, which can fill any memory or name other files, exist only where a document type does.
        raise self._wrong(
            "has a document type (DTD), which is not read: delete the line that starts with <!DOCTYPE"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rsplit(" ", 1)[-1]
        if not self._path and tag != "graphml":
            raise self._wrong(f"is not GraphML: its root is {tag}")
        self._path.append(tag)
        self._text.clear()
        if tag == "edge":
            self._begin_edge(attributes)
        elif tag == "node":
            self._node = self._place(attributes.get("id"))
        elif tag == "data":
            self._key = attributes.get("key")
        elif tag == "key":
            self._begin_key(attributes)
        elif tag == "graph" and attributes.get("edgedefault") == "undirected":
            raise self._wrong("is undirected: it does not say which firm sells and which buys")
        elif tag == "hyperedge":
            self.odd["hyperedges"] += 1

    def _end(self, name: str) -> None:
        tag = name.rsplit(" ", 1)[-1]
        self._path.pop()
        if tag == "data" and self._key is not None:
            text, above = "".join(self._text).strip(), self._path[-1]
            if above == "edge" and self._key == self.value_key:
                self._told = text
            elif above == "node" and self._key in self.keys:
                self._tell_node(self.keys[self._key][1], text)
            self._key = None
        elif tag == "default" and self._key is not None and self._path[-1] == "key":
            self.defaults[self._key] = "".join(self._text).strip()
        elif tag == "edge":
            self._end_edge()
        elif tag == "node":
            self._node = None
        elif tag == "key":
            self._key = None

    def _begin_key(self, attributes: dict[str, str]) -> None:
        key = attributes.get("id")
        if key is None:
            return
        name = attributes.get("attr.name", key)
        of = attributes.get("for", "all")
        self.keys[key], self._key = (of, name), key
        if of not in ("edge", "all") or name.casefold() not in self.values:
            return
        best = None if self.value_key is None else self.keys[self.value_key][1].casefold()
        if best is None or self.values.index(name.casefold()) < self.values.index(best):
            self.value_key = key

    def _place(self, code: str | None) -> int:
        if code is None:
            raise self._wrong("a node has no id, or an edge no source or target")
        return self.place.setdefault(code, len(self.place))

    def _tell_node(self, name: str, text: str) -> None:
        column = self.wanted.get(name.casefold())
        if column is not None and self._node is not None and text:
            self.nodes[column].setdefault(self._node, text)

    def _begin_edge(self, attributes: dict[str, str]) -> None:
        if attributes.get("directed") == "false":
            raise self._wrong("has an undirected edge: it does not say which firm sells and which buys")
        for end, column in zip(("source", "target"), self._ends, strict=True):
            column.append(self._place(attributes.get(end)))
        self._told = None

    def _end_edge(self) -> None:
        told = self._told
        if told is None and self.value_key is not None:
            told = self.defaults.get(self.value_key)
        self._texts.append(told)
        if len(self._texts) >= FLUSHED:
            self._flush()

    def _flush(self) -> None:
        """Texts of half a million edges into a column of numbers, as long as they are numbers."""
        if not self._texts:
            return
        texts = pl.Series(self._texts, dtype=pl.String)
        numbers = texts.cast(pl.Float64, strict=False)
        plain = numbers.null_count() == texts.null_count()
        supplier, buyer = (pl.Series(list(end), dtype=pl.Int32) for end in self._ends)
        self._parts.append(
            pl.DataFrame({"supplier": supplier, "buyer": buyer, "value": numbers if plain else texts})
        )
        self._ends = (array("i"), array("i"))
        self._texts = []
