"""Foreign share: how much of home's need comes from abroad."""

from __future__ import annotations

import numpy as np

from .question import Question, Values


def foreign_share(question: Question) -> Values:
    """The part of home's base-year need that is imported, in [0, 1].

    Home's own part is its world share over its share of world demand (at most 1), by the definition that the
    table `supply` states: by headquarters or by location.
    """
    network = question.network
    return Values.of(
        1.0 - network.own,
        {"home's share of its supply is unknown": np.any(~network.known & network.at_home, axis=1)},
    )
