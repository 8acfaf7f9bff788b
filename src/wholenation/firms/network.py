"""A nation's firms and what they sell to each other, as frozen arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import Fault

ESSENTIAL, NON_ESSENTIAL, IRRELEVANT = 2, 1, 0


@dataclass(frozen=True, eq=False)
class FirmNetwork:
    """n firms in K sectors, and m links along which they sell."""

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
    essentiality: NDArray[np.int8]
    """(K, K), row = supplying sector, column = buying sector."""
    warnings: tuple[Fault, ...] = field(default=())

    @property
    def n(self) -> int:
        """How many firms."""
        return len(self.sector)

    @property
    def m(self) -> int:
        """How many links."""
        return len(self.value)
