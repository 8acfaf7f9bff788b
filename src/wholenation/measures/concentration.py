"""Concentration: the Herfindahl-Hirschman index of an item's world supply."""

from __future__ import annotations

import numpy as np

from .question import Question, Values


def concentration(question: Question) -> Values:
    """Sum of squared world shares, between 0 and 1 (1: a single supplier; above 0.25: highly concentrated).

    Unnamed suppliers count as one, which makes the index an upper bound where they are large.
    Source: Hirschman 1945; the threshold is that of the US Horizontal Merger Guidelines 2010, section 5.3.
    """
    network = question.network
    return Values.of(
        (network.shares**2).sum(axis=1),
        {
            "shares of its suppliers are unknown": np.any(~network.known, axis=1),
            "it has no world market: it is an activity at home": network.shares.sum(axis=1) <= 0,
        },
    )
