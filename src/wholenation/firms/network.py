"""A nation's firms and what they sell to each other, as frozen arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import ChainError, Fault, QuestionError
from .arrays import default_codes, grouped, matrix, money, positions, sorted_links, within
from .assembly import Parts, assemble
from .cells import text
from .dictionary import firm_schema
from .sources import of_frame
from .tally import Tally

ESSENTIAL, NON_ESSENTIAL, IRRELEVANT = 2, 1, 0
MONEY = ("output", "revenue", "cost")


@dataclass(frozen=True, eq=False)
class FirmNetwork:
    """n firms in K sectors, and m links along which they sell; all arrays are read-only."""

    name: str
    firms: pl.DataFrame
    """n rows in the order of all arrays: firm, name, sector, market, jurisdiction, output, revenue, cost."""
    sectors: tuple[str, ...]
    markets: tuple[str, ...]
    sector: NDArray[np.int32]
    market: NDArray[np.int32]
    supplier: NDArray[np.int32]
    """Links are sorted by supplier, then buyer; a pair occurs once."""
    buyer: NDArray[np.int32]
    value: NDArray[np.float64]
    """Sales per year, above 0, in any one currency unit."""
    essentiality: NDArray[np.int8]
    """(K, K), row = supplying sector, column = buying sector: 2 essential, 1 non-essential, 0 irrelevant."""
    warnings: tuple[Fault, ...] = field(default=())

    def __post_init__(self) -> None:
        for column in fields(self):
            array = getattr(self, column.name)
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    @property
    def n(self) -> int:
        """How many firms."""
        return len(self.sector)

    @property
    def m(self) -> int:
        """How many links."""
        return len(self.value)

    @cached_property
    def output(self) -> NDArray[np.float64]:
        """(n,) What each firm makes in a year, NaN where it is not known."""
        return self._money("output")

    @cached_property
    def revenue(self) -> NDArray[np.float64]:
        """(n,) What each firm earns in a year, sales outside the network included; NaN where it is not known."""
        return self._money("revenue")

    @cached_property
    def cost(self) -> NDArray[np.float64]:
        """(n,) What each firm spends on inputs in a year, those from outside included; NaN where it is not known."""
        return self._money("cost")

    def _money(self, column: str) -> NDArray[np.float64]:
        array = self.firms[column].fill_null(float("nan")).to_numpy().copy()
        array.setflags(write=False)
        return array

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over codes and arrays; the same firms in another order are another network."""
        digest = hashlib.sha256()
        for column in ("firm", "name", "jurisdiction"):
            codes = self.firms[column].fill_null("\1").str.join("\0").item()
            digest.update((codes or "").encode())
        for several in (self.sectors, self.markets):
            digest.update("\0".join(several).encode())
        arrays = (self.sector, self.market, self.supplier, self.buyer, self.value, self.essentiality)
        for array in (*arrays, self.output, self.revenue, self.cost):
            digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        counts = f"{self.n:,} firms in {len(self.sectors)} sectors, {self.m:,} links"
        return f"FirmNetwork({self.name!r}: {counts}, data {self.data_hash[:12]})"


def from_arrays(
    sector: ArrayLike,
    supplier: ArrayLike,
    buyer: ArrayLike,
    value: ArrayLike,
    essentiality: ArrayLike | None,
    *,
    market: ArrayLike | None = None,
    output: ArrayLike | None = None,
    revenue: ArrayLike | None = None,
    cost: ArrayLike | None = None,
    firms: Sequence[str] | pl.Series | None = None,
    names: Sequence[str | None] | pl.Series | None = None,
    jurisdictions: Sequence[str | None] | pl.Series | None = None,
    sectors: Sequence[str] | None = None,
    markets: Sequence[str] | None = None,
    name: str = "firms",
) -> FirmNetwork:
    """The network of links in any order; values of the same pair are added up, and links of value 0 left out.

    `sector` (n,), `market` (n,), `supplier` and `buyer` (m,) are positions from 0; `value` (m,) is at least 0.
    `essentiality` is (K, K) with the supplying sector first; without it every input is non-essential.
    NaN in `output`, `revenue` or `cost` means not known. Firms are called by their position where `firms` is not given.
    Raises `QuestionError` where lengths disagree or a position or value is outside its range.

    >>> network = from_arrays([0, 1, 1], [0, 0, 1], [1, 2, 2], [5.0, 5.0, 2.0], [[1, 2], [1, 1]])
    >>> network.n, network.m, network.sectors
    (3, 3, ('S1', 'S2'))
    """
    at = positions(sector, "sector")
    n = len(at)
    needed = matrix(essentiality, int(at.max()) + 1 if n else len(sectors or "1"))
    codes = default_codes(sectors, len(needed), "S")
    within(at, len(codes), "sector")
    ids = pl.int_range(n, eager=True).cast(pl.String) if firms is None else pl.Series(firms, dtype=pl.String)
    if len(ids) != n or ids.n_unique() != n or not ids.eq_missing(text(ids)).all() or ids.null_count():
        raise QuestionError(f"firms must be {n} different codes without spaces around them, one per firm")
    where, called = at, codes
    if market is not None:
        where = positions(market, "market")
        count = int(where.max(initial=-1)) + 1
        called = default_codes(markets, count if markets is None else len(markets), "M")
        within(where, len(called), "market")
    columns: dict[str, Any] = {
        "firm": ids,
        "name": None if names is None else text(pl.Series(names, dtype=pl.String)),
        "sector": pl.Series(codes, dtype=pl.String).gather(at),
        "market": pl.Series(called, dtype=pl.String).gather(where),
        "jurisdiction": None if jurisdictions is None else text(pl.Series(jurisdictions, dtype=pl.String)),
        **{word: money(given, word) for word, given in zip(MONEY, (output, revenue, cost), strict=True)},
    }
    if any(given is not None and len(given) != n for given in columns.values()):
        raise QuestionError(f"what is told about firms must have one entry for each of the {n} firms")
    frame = pl.DataFrame(
        {
            word: pl.repeat(None, n, dtype=kind, eager=True) if columns[word] is None else columns[word]
            for word, kind in firm_schema().items()
        },
        schema=firm_schema(),
    )
    sold = sorted_links(positions(supplier, "supplier"), positions(buyer, "buyer"), value, n)
    return FirmNetwork(name, frame, codes, *grouped(frame, codes, at), *sold, needed)


def to_firm_network(
    firms: pl.DataFrame | None,
    links: pl.DataFrame,
    essentiality: pl.DataFrame | ArrayLike | None = None,
    *,
    name: str = "firms",
) -> FirmNetwork:
    """The network of tables in memory, checked like files; columns are those of `docs/firms.md`.

    `essentiality` may be a (K, K) array over the sectors of the firms, sorted by code. Without `firms`, they are those
    that the links name. Raises `ChainError` with all faults at once; rows are counted as in a spreadsheet, so that the
    first row of a frame is row 2.

    >>> links = pl.DataFrame({"supplier": ["a"], "buyer": ["b"], "value": [3.0]})
    >>> to_firm_network(None, links).m
    1
    """
    tally = Tally()
    if essentiality is not None and not isinstance(essentiality, pl.DataFrame):
        essentiality = _as_matrix(essentiality, firms)
    told = None if essentiality is None else of_frame(essentiality, "essentiality")
    parts = assemble(
        None if firms is None else of_frame(firms, "firms"), of_frame(links, "links"), told, tally
    )
    return from_parts(parts, tally.result(("firms", "links", "essentiality")), name)


def _as_matrix(levels: ArrayLike, firms: pl.DataFrame | None) -> pl.DataFrame:
    """The array as a matrix over the sectors of the firms, by code."""
    codes: list[str] = []
    if isinstance(firms, pl.DataFrame) and "sector" in firms.columns:
        codes = firms["sector"].cast(pl.String).drop_nulls().unique().sort().to_list()
    checked = matrix(levels, len(codes))
    if len(checked) != len(codes):
        raise QuestionError(f"essentiality is {checked.shape}, but the firms are in {len(codes)} sectors")
    return pl.DataFrame({"sector": codes, **dict(zip(codes, checked.T, strict=True))})


def from_parts(parts: Parts | None, found: Sequence[Fault], name: str) -> FirmNetwork:
    """The network of parts that were read; raises `ChainError` if any fault was found."""
    faults = [fault for fault in found if fault.severity == "fault"]
    if faults or parts is None:
        raise ChainError(faults)
    return FirmNetwork(
        name,
        parts.firms,
        parts.sectors,
        parts.markets,
        parts.sector,
        parts.market,
        parts.links.supplier,
        parts.links.buyer,
        parts.links.value,
        parts.essentiality,
        tuple(found),
    )
