"""Time to bite: how long stocks and installed tools carry a denial."""

from __future__ import annotations

import numpy as np

from .question import Question, Values

MISSING = 0.1
"""Part of an item's service whose absence counts as a bite (our definition)."""


def time_to_bite(question: Question) -> Values:
    """Years from the denial until a tenth of the item's service is missing; infinite when it never is.

    With a part s of the need still supplied (home, and other suppliers with their surge), a stock of h years lasts
    h / (1 - s); an installed base of lifetime L is at s + (1 - s) exp(-t / L), which is 0.9 at
    t = L ln((1 - s) / (0.9 - s)). Items that are neither stocked nor installed bite at once. The need is the whole
    base-year need, also where home draws less of it because it imports some of its users.
    """
    network = question.network
    left = network.imports[:, ~question.controllers].sum(axis=1) * (1.0 + network.surge)
    supplied = np.minimum(network.own + left, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        worn = network.lifetime_years * np.log((1 - supplied) / (1 - MISSING - supplied))
        run_out = network.stock_years / (1 - supplied)
    years = np.where(network.tools, worn, np.where(network.stocked, run_out, 0.0))
    never = supplied >= 1 - MISSING - 1e-12
    reasons = question.unknown()
    unstated = question.chain.items["stock_months"].is_null().to_numpy()
    reasons["its stock is unknown"] = network.stocked & unstated & ~never
    reasons["the coalition cannot make a tenth of it missing"] = never
    return Values.of(np.where(never, 0.0, years), reasons)
