"""What a link costs when a loss goes along it, beside what this machine's memory allows at best; one core.

Converged: a push reads the link's slot and weight in order, adds to the slot's row and looks at the row of the firm
that the slot belongs to. Reference, once a cascade is dense: a link is read in order and the supplier's row holds eight
shocks side by side; what that costs is shared among them. Upstream needs the same without a slot.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.machine import chasing, gathering, scattering, streaming
from benchmarks.timing import Line, Said, going_on
from wholenation.firms.cascade import Mode, question
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork
from wholenation.firms.shocks import each
from wholenation.kernels.lanes import LANES

IN_ORDER, FIRM, SLOT = 12, 64, 16
"""Bytes of a link's end and weight, of a firm's row in either mode, and of a slot's row."""
MEMORY = 1024
"""MiB that no cache holds."""


def roofline(smoke: bool) -> Iterator[Said]:
    """The largest firms, whose failure goes along most links."""
    memory = 16 if smoke else MEMORY
    stream = streaming(memory)
    yield Line("memory read in order", stream, "GB/s")
    yield Line("memory read at random, each place telling the next", chasing(memory), "ns")
    for n, firms in [(300, 20)] if smoke else [(10_000, 200), (100_000, 100), (1_000_000, 20)]:
        network = generate_firms(n, money=smoke)
        modes: tuple[Mode, ...] = ("reference", "converged")
        for mode in modes:
            what = f"{network.n:,} firms, {network.m:,} links, {mode}"
            going_on(what)
            links, slots, seconds = walked(network, mode, firms)
            rows = gathering(n * FIRM / 2**20)
            if mode == "reference":
                moved, least = (IN_ORDER + FIRM) / LANES, (IN_ORDER / stream + rows) / LANES
            else:
                moved = IN_ORDER + SLOT + FIRM
                least = IN_ORDER / stream + scattering(slots * SLOT / 2**20) + rows
            taken = 1e9 * seconds / links
            yield Line(f"{what}: links gone along, a failure of a large firm", links / firms, "")
            yield Line(f"{what}: a link", taken, "ns")
            yield Line(f"{what}: bytes moved", moved / taken, "GB/s")
            yield Line(f"{what}: the same accesses to memory alone", least, "ns")
            yield Line(f"{what}: ours / the accesses alone", taken / least, "×")


def walked(network: FirmNetwork, mode: Mode, firms: int) -> tuple[int, int, float]:
    """Links gone along when the largest firms fail one by one, the slots of the network, and the seconds it takes."""
    sales = np.bincount(network.supplier, network.value, network.n)
    largest = np.argsort(-sales, kind="stable")[:firms]
    task = question(network, mode=mode)
    shocks, memory = each(network, network.firms["firm"].gather(largest).to_list()), task.scratch()
    task.solve(shocks.part(0, 1), memory)
    start = time.perf_counter()
    found = task.solve(shocks, memory)
    taken = time.perf_counter() - start
    return int(found["edges"].sum()), len(task.prepared.links.slot_firm), taken
