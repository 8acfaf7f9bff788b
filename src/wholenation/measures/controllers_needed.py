"""Controllers needed: how many must agree before an item is denied."""

from __future__ import annotations

import numpy as np

from .question import Question, Values

DENIED = 0.9
"""Part of home's imports without which an item counts as denied (our definition)."""


def controllers_needed(question: Question) -> Values:
    """The fewest jurisdictions that together hold 90 % of home's imports of the item.

    One means that a single government decides. Members of a bloc count one by one.
    """
    network = question.network
    total = network.imports.sum(axis=1)
    held = np.sort(network.imports, axis=1)[:, ::-1].cumsum(axis=1)
    needed = 1.0 + (held < DENIED * total[:, None] - 1e-12).sum(axis=1)
    return Values.of(
        needed,
        {
            "home imports none of it": total <= 0,
            "shares of its suppliers are unknown": np.any(~network.known & ~network.at_home, axis=1),
        },
    )
