"""Denied share: how much of home's need the coalition holds."""

from __future__ import annotations

from .question import Question, Values


def denied_share(question: Question) -> Values:
    """The coalition's share of home's base-year need of the item, in [0, 1]."""
    network = question.network
    reasons = question.unknown()
    reasons.pop("the tool's lifetime is unknown")
    return Values.of(network.imports[:, question.controllers].sum(axis=1), reasons)
