"""All items × ten coalitions by warm starts, beside building and solving every problem anew.

`measure` answers one problem for every item and coalition, the item denied (loss and price), and one more for every
item under the whole coalition, the item denied while home replaces it (exposure). A random sample of the pairs,
untouched ones included, is built from the network and solved anew, and its mean cost stands for all of them.
"""

from __future__ import annotations

import numpy as np

from benchmarks.timing import EXAMPLE, HOME, Line, median_seconds
from wholenation import measure, read_chain
from wholenation.capability import Capability, Limits, capability_problem, to_horizon
from wholenation.lp import Solver
from wholenation.network import Network, to_network
from wholenation.scenarios import coalition_denial

COALITIONS = 10
SAMPLE = 60


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
    labels: list[str] = []

    def all_of_them() -> None:
        labels[:] = measure(chain, HOME, suppliers).controllers

    whole = median_seconds(all_of_them, repeats)
    problems = len(network.items) * (len(labels) + 1)
    return [
        Line("one denial of the whole chain, warm start", 1000 * by_warm_start, "ms"),
        Line("the same, built and solved anew", 1000 * by_building, "ms"),
        Line("anew / warm start, per solve", by_building / by_warm_start, "×"),
        Line(f"measure: {len(network.items)} items × {len(labels)} coalitions", whole, "s"),
        Line(
            f"its {problems} problems anew / measure",
            problems * by_building / whole,
            "×",
            20.0,
            at_least=True,
        ),
    ]


def largest_suppliers(network: Network, count: int) -> tuple[str, ...]:
    """The foreign jurisdictions that home imports most from."""
    order = np.argsort(-network.imports.sum(axis=0), kind="stable")
    named = [network.jurisdictions[r] for r in order if not network.at_home[r]]
    return tuple(named[:count])


def denials(capability: Capability, suppliers: tuple[str, ...], count: int) -> list[Limits]:
    """Random pairs of an item and one of the suppliers, each as the limits that its denial leaves."""
    network, random = capability.network, np.random.default_rng(0)
    items = random.integers(len(network.items), size=count)
    chosen = random.choice(suppliers, size=count)
    return [denied(capability, int(j), str(code)) for j, code in zip(items, chosen, strict=True)]


def denied(capability: Capability, item: int, supplier: str) -> Limits:
    """The base limits without one supplier's deliveries of one item."""
    mask = np.array(capability.network.jurisdictions) == supplier
    imports = capability.base.imports.copy()
    imports[item] = coalition_denial(capability.network, capability.horizon, item, mask)
    return capability.base.merged(imports=imports)
