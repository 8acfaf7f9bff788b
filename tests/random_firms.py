"""Random firm networks of any shape for hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from wholenation.firms.network import FirmNetwork, from_arrays

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=6)
amounts = st.floats(0, 1e12) | st.just(float("nan"))


@st.composite
def networks(draw: Any, most: int = 8) -> FirmNetwork:
    """Up to `most` firms in up to four sectors, with or without markets, money, names and jurisdictions."""
    n = draw(st.integers(1, most))
    sectors = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    k = len(sectors)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    links = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    values = draw(st.lists(st.floats(1e-9, 1e12), min_size=len(links), max_size=len(links)))
    supplier = np.array([i for i, _ in links], np.int64)
    buyer = np.array([j for _, j in links], np.int64)
    sales, purchases = (np.bincount(ends, values, n) for ends in (supplier, buyer))

    def maybe(values: Any) -> Any:
        return draw(st.none() | st.lists(values, min_size=n, max_size=n))

    def above(floor: np.ndarray) -> np.ndarray | None:
        factors = maybe(st.floats(1, 10) | st.just(float("nan")))
        return None if factors is None else floor * np.array(factors)

    markets = draw(st.none() | st.lists(words, min_size=1, max_size=3, unique=True))
    return from_arrays(
        draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)),
        supplier,
        buyer,
        values,
        np.array(draw(st.lists(st.integers(0, 2), min_size=k * k, max_size=k * k))).reshape(k, k),
        market=None
        if markets is None
        else draw(st.lists(st.integers(0, len(markets) - 1), min_size=n, max_size=n)),
        markets=markets,
        output=maybe(amounts),
        revenue=above(sales),
        cost=above(purchases),
        firms=draw(st.lists(words, min_size=n, max_size=n, unique=True)),
        names=maybe(st.none() | words),
        jurisdictions=maybe(st.none() | words),
        sectors=sectors,
    )
