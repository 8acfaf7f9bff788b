"""Coefficients of a problem, gathered block by block."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..network import Floats, Ints


@dataclass
class Rows:
    """A matrix under construction: rows are asked for in blocks, coefficients put where rows and columns meet."""

    row: list[NDArray] = field(default_factory=list)
    column: list[NDArray] = field(default_factory=list)
    value: list[NDArray] = field(default_factory=list)
    low: list[NDArray] = field(default_factory=list)
    high: list[NDArray] = field(default_factory=list)
    height: int = 0

    def block(self, count: int, low: Floats | float, high: Floats | float) -> Ints:
        """Positions of `count` new rows with these bounds."""
        self.low.append(np.broadcast_to(np.asarray(low, dtype=float), count))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=float), count))
        self.height += count
        return np.arange(self.height - count, self.height)

    def put(self, row: NDArray, column: NDArray, value: NDArray | float) -> None:
        """Add `value` wherever `row` meets `column`; all three are broadcast against each other."""
        row, column = np.broadcast_arrays(row, column)
        self.row.append(row.ravel())
        self.column.append(column.ravel())
        self.value.append(np.broadcast_to(value, row.shape).ravel())

    def matrix(self, width: int) -> sparse.csr_matrix:
        """The matrix so far; coefficients put twice are added up."""
        if not self.value:
            return sparse.csr_matrix((self.height, width))
        data = np.concatenate(self.value).astype(float)
        place = (np.concatenate(self.row), np.concatenate(self.column))
        return sparse.csr_matrix((data, place), shape=(self.height, width))

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds of all rows."""
        empty = [np.zeros(0)]
        return np.concatenate(self.low or empty), np.concatenate(self.high or empty)
