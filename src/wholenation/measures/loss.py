"""Loss: what the home goes without when an item is denied."""

from __future__ import annotations

import numpy as np

from .question import Question, Values


def loss(question: Question) -> Values:
    """Years of target output lost over the horizon if the coalition denies the item and nothing is done.

    The optimum of the capability problem with the item's deliveries from the coalition at zero, less the loss of
    the undenied problem. A loss of 2.5 means that two and a half years of the mission's target output are missed.
    """
    lost = np.array([question.denied(j).loss for j in range(len(question.network.items))])
    return Values.of(lost, question.unknown())
