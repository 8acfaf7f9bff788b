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

from ..errors import Fault, QuestionError
from .arrays import default_codes, grouped, matrix, money, positions, sorted_links, within

ESSENTIAL, NON_ESSENTIAL, IRRELEVANT = 2, 1, 0
MONEY = ("output", "revenue", "cost")
SCHEMA = {
    **dict.fromkeys(("firm", "name", "sector", "market", "jurisdiction"), pl.String()),
    **dict.fromkeys(MONEY, pl.Float64()),
}


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
        for column in ("firm", "jurisdiction"):
            digest.update("\0".join(f"{code}" for code in self.firms[column].to_list()).encode())
        for codes in (self.sectors, self.markets):
            digest.update("\0".join(codes).encode())
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
    if len(ids) != n or ids.null_count() or ids.n_unique() != n:
        raise QuestionError(f"firms must be {n} different codes, one per firm")
    where, called = at, codes
    if market is not None:
        where = positions(market, "market")
        count = int(where.max(initial=-1)) + 1
        called = default_codes(markets, count if markets is None else len(markets), "M")
        within(where, len(called), "market")
    columns: dict[str, Any] = {
        "firm": ids,
        "name": names,
        "sector": pl.Series(codes, dtype=pl.String).gather(at),
        "market": pl.Series(called, dtype=pl.String).gather(where),
        "jurisdiction": jurisdictions,
        **{word: money(given, word) for word, given in zip(MONEY, (output, revenue, cost), strict=True)},
    }
    if any(given is not None and len(given) != n for given in columns.values()):
        raise QuestionError(f"what is told about firms must have one entry for each of the {n} firms")
    frame = pl.DataFrame(
        {
            word: pl.repeat(None, n, dtype=kind, eager=True) if columns[word] is None else columns[word]
            for word, kind in SCHEMA.items()
        },
        schema=SCHEMA,
    )
    sold = sorted_links(positions(supplier, "supplier"), positions(buyer, "buyer"), value, n)
    return FirmNetwork(name, frame, codes, *grouped(frame, codes, at), *sold, needed)
