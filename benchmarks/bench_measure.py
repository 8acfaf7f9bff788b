"""All items × ten coalitions by warm starts, beside building and solving every problem anew."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import EXAMPLE, HOME, Line, median_seconds
from wholenation import measure, read_chain
from wholenation.capability import Capability, Limits, capability_problem, to_horizon
from wholenation.lp import Solver
from wholenation.network import Network, to_network
from wholenation.scenarios import coalition_denial

COALITIONS = 10
SAMPLE = 40


def run(smoke: bool) -> list[Line]:
    """The same denials solved both ways on one sample, and the whole of `measure` against that cost."""
    chain = read_chain(EXAMPLE)
    network = to_network(chain, HOME)
    capability = Capability(network, to_horizon(network))
    suppliers = largest_suppliers(network, 2 if smoke else COALITIONS - 1)
    sample = denials(capability, suppliers, 3 if smoke else SAMPLE)

    def warm() -> None:
        for limits in sample:
            capability.solve(limits)

    def anew() -> None:
        for limits in sample:
            problem, _ = capability_problem(network, capability.horizon, limits)
            Solver(problem).solve()

    repeats = 1 if smoke else 3
    by_warm_start = median_seconds(warm, repeats) / len(sample)
    by_building = median_seconds(anew, repeats) / len(sample)
    start = time.perf_counter()
    exposure = measure(chain, HOME, suppliers)
    whole = time.perf_counter() - start
    problems = len(network.items) * len(exposure.controllers)
    return [
        Line("one denial, warm start", 1000 * by_warm_start, "ms"),
        Line("one denial, built and solved anew", 1000 * by_building, "ms"),
        Line("anew / warm start, per solve", by_building / by_warm_start, "×"),
        Line(f"measure: {len(network.items)} items × {len(exposure.controllers)} coalitions", whole, "s"),
        Line("all of them anew / measure", problems * by_building / whole, "×", wanted=20.0, at_least=True),
    ]


def largest_suppliers(network: Network, count: int) -> tuple[str, ...]:
    """The foreign jurisdictions that home imports most from."""
    order = np.argsort(-network.imports.sum(axis=0), kind="stable")
    named = [network.jurisdictions[r] for r in order if not network.at_home[r]]
    return tuple(named[:count])


def denials(capability: Capability, suppliers: tuple[str, ...], count: int) -> list[Limits]:
    """Random pairs of an item and a supplier from whom home imports it, each as the limits it leaves."""
    network, base = capability.network, capability.base
    columns = [network.jurisdictions.index(code) for code in suppliers]
    pairs = [(j, r) for r in columns for j in network.imports[:, r].nonzero()[0]]
    chosen = np.random.default_rng(0).choice(len(pairs), size=min(count, len(pairs)), replace=False)
    return [denied(capability, base, *pairs[at]) for at in chosen]


def denied(capability: Capability, base: Limits, item: int, supplier: int) -> Limits:
    """The base limits without one supplier's deliveries of one item."""
    mask: NDArray[np.bool_] = np.arange(len(capability.network.jurisdictions)) == supplier
    imports = base.imports.copy()
    imports[item] = coalition_denial(capability.network, capability.horizon, item, mask)
    return base.merged(imports=imports)
