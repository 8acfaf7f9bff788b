"""Price: what one more unit of a denied item is worth."""

from __future__ import annotations

import numpy as np

from .question import Question, Values


def price(question: Question) -> Values:
    """Years of target output saved per unit of the item delivered in every year of the horizon.

    The sum over the steps of the dual values of the item's deliveries in the problem in which the coalition denies
    it. One unit is home's whole base-year need. A price above zero marks a chokepoint; a price of zero beside a
    loss of zero says that stocks, substitutes or other suppliers carry the denial.
    """
    worth = np.array([question.denied(j).price for j in range(len(question.network.items))])
    return Values.of(worth, question.unknown())
