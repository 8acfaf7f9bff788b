"""What a firm counts in the sum of all losses: its sales, unless a column or a file says something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..cells import typed
from ..dictionary import Column
from ..errors import ChainError, Fault, QuestionError
from ..tables import read_table
from .arrays import TOO_LARGE, overflows
from .network import MONEY, FirmNetwork
from .shock_files import places


def read_weights(network: FirmNetwork, told: str | Path) -> NDArray[np.float64]:
    """(n,) weights from a column of the firms (output, revenue or cost), or from a file with `firm` and `weight`.

    A firm that the file does not name counts nothing. Raises `QuestionError` where a firm has no number in the column,
    and `ChainError` with all faults of the file.
    """
    if str(told) in MONEY:
        column = network.firms[str(told)]
        if column.null_count():
            raise QuestionError(
                f"{column.null_count():,} of {network.n:,} firms have no {told}, so that it cannot be what they count"
            )
        return column.to_numpy()
    path = Path(told)
    raw = read_table("weights", path, path.name)
    declared = (
        Column("weights", "firm", "string", "", key=True, required=True),
        Column("weights", "weight", "number", "", required=True, minimum=0.0),
        *(Column("weights", name, "string", "") for name in ("name", "source", "note")),
    )
    faults: list[Fault] = []
    table = typed(raw, {column.name: column for column in declared}, faults)
    place = places(network, table, faults)
    wrong = [fault for fault in faults if fault.severity == "fault"]
    if wrong:
        raise ChainError(wrong)
    weights = np.zeros(network.n)
    weights[[place[firm] for firm in table.columns["firm"]]] = table.columns["weight"]
    if not weights.any():
        raise ChainError([Fault(table.file, None, "weight", "", "no firm has a weight above 0")])
    if overflows(weights):
        raise ChainError([Fault(table.file, None, "weight", "", TOO_LARGE)])
    return weights
