"""Substitutes: how many other inputs can take an item's place."""

from __future__ import annotations

import numpy as np

from .question import Question, Values


def substitutes(question: Question) -> Values:
    """The number of other inputs in the item's group of needs; with several users, the fewest of them."""
    network = question.network
    size = np.bincount(network.edge_group, minlength=len(network.group_user))
    fewest = np.full(len(network.items), np.inf)
    np.minimum.at(fewest, network.edge_input, size[network.edge_group] - 1.0)
    return Values.of(fewest, {"nothing needs it": np.isinf(fewest)})
