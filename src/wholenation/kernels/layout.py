"""What kernels are given: the links of a network in compressed rows, and memory to work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Pointers = NDArray[np.int64]
Marks = NDArray[np.uint8]


class Links(NamedTuple):
    """n firms, m links and their slots. A *slot* is what one firm buys of one essential sector, or of all others."""

    weight: Floats
    """(n,) what a firm counts in the economy."""
    size: Floats
    """(n,) its part of all sales, which decides how replaceable it is within its market."""
    market: Ints
    market_size: Floats
    market_start: Pointers
    market_firm: Ints
    """Rows of the firms of a market."""
    down_start: Pointers
    """(n+1,) rows by supplier: `down_slot` and `down_weight`, Λd."""
    down_slot: Ints
    down_weight: Floats
    slot_firm: Ints
    up_start: Pointers
    """(n+1,) rows by buyer: `up_supplier` and `up_weight`, Λu."""
    up_supplier: Ints
    up_weight: Floats


class Side(NamedTuple):
    """One direction of a cascade in the making; every array is zero when a shock begins."""

    loss: Floats
    """(n,) 1 − h."""
    told: Floats
    """(n,) what of it (downstream: times replaceability) has been passed on."""
    hit: Ints
    """Firms with a loss, in the order in which they were hit."""
    before: Floats
    """(n,) the loss at the start of the sweep."""
    mark: Ints
    """(n,) the last sweep in which it changed."""
    changed: Ints


class Scratch(NamedTuple):
    """Memory of one thread."""

    down: Side
    up: Side
    slot: Floats
    """(slots,) loss of every slot."""
    received: Floats
    """(n,) upstream loss that reached a firm, also where a larger shock hides it."""
    left: Floats
    """(markets,) what a market can still sell."""
    front: Ints
    growth: Floats


def scratch(links: Links) -> Scratch:
    """Memory for one shock after the other on these links."""
    n = len(links.weight)

    def side() -> Side:
        return Side(
            np.zeros(n),
            np.zeros(n),
            np.empty(n, np.int32),
            np.empty(n),
            np.zeros(n, np.int32),
            np.empty(n, np.int32),
        )

    return Scratch(
        side(), side(), np.zeros(len(links.slot_firm)), np.zeros(n), np.zeros(len(links.market_size)),
        np.empty(n, np.int32), np.empty(n),
    )  # fmt: skip
