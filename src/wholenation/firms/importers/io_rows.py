"""What the readers of input–output tables share: what they return, and cells that are numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ChainError, Fault

Rows = Iterator[tuple[int, list[str]]]
"""(spreadsheet row, its cells) below the header."""


@dataclass(frozen=True)
class IOTable:
    """A table as read: flows with the seller first, output, inputs from everywhere, and the labels."""

    flows: NDArray[np.float64]
    output: NDArray[np.float64] | None
    cost: NDArray[np.float64] | None
    names: list[str]
    jurisdictions: list[str] | None


def wrong(file: str, row: int | None, message: str, column: str = "", value: str = "") -> ChainError:
    """The error of one fault."""
    return ChainError([Fault(file, row, column, value, message)])


def numbers(
    row: Sequence[str], at: Sequence[int], header: Sequence[str], number: int, file: str
) -> NDArray[np.float64]:
    """The cells of a row as numbers; an empty one is 0."""
    values = np.zeros(len(at))
    for place, column in enumerate(at):
        cell = row[column].strip() if column < len(row) else ""
        try:
            values[place] = float(cell) if cell else 0.0
        except ValueError:
            raise wrong(file, number, "is not a number", header[column], cell) from None
    return values
