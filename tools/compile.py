"""Compile every loop once and keep it beside its source, so that nobody's first question waits for it."""

from __future__ import annotations

import numpy as np

from wholenation.firms.cascade import cascade
from wholenation.firms.disruptions import Disruption
from wholenation.firms.dynamics import PUBLISHED, propagate
from wholenation.firms.generator import generate_firms


def main() -> None:
    """Ask each question once, of small networks."""
    for firms in (50, 300):  # to the end, and with estimates
        network = generate_firms(firms)
        cascade(network)
        cascade(network, weights=np.ones(firms), mode="reference", stopping=2)
    stop = [Disruption(firm=network.firms["firm"][0], start=1, share=1.0)]
    for rationing in ("proportional", "smallest_first"):
        propagate(network, stop, days=3, rationing=rationing)
    propagate(network, stop, days=3, **PUBLISHED)


if __name__ == "__main__":
    main()
