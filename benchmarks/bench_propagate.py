"""A day of a firm network: milliseconds at 100,000 and 1,000,000 firms, what memory allows, and BoARIO beside it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.machine import gathering, scattering, streaming
from benchmarks.peers import PYTHON, Failed, NotInstalled
from benchmarks.timing import Line, Part, Said, going_on
from wholenation.firms.disruptions import Disruption
from wholenation.firms.economy import Economy, to_economy
from wholenation.firms.effects import Effects, to_hits
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork, from_arrays
from wholenation.firms.samples import threads
from wholenation.firms.simulation import Rules, State, simulate

SCRIPT = Path(__file__).with_name("peer_boario.py")
MISSING = 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
CORES = 2
RULES = {"proportional": Rules(), "smallest first": Rules(by_level=True)}
WANTED_MS = 60_000 / 365
"""A year of 1,000,000 firms in a minute."""


def day_ms(network: FirmNetwork, economy: Economy, rules: Rules, days: int, cores: int) -> float:
    """Median milliseconds of a day in which a shock is on its way; the first days are not counted."""
    shut = [Disruption(sector=code) for code in network.sectors[:2]]
    heard: list[float] = []

    def told(day: int, state: State, effects: Effects) -> None:  # noqa: ARG001
        heard.append(time.perf_counter())

    with threads(cores) as spread:
        simulate(
            economy,
            to_hits(network, economy, shut),
            rules,
            np.full(network.n, 15.0),
            days,
            spread=spread,
            told=told,
        )
    return 1e3 * median(after - before for before, after in pairwise(heard[2:]))


def speed(smoke: bool) -> Iterator[Said]:
    """Both rules, two cores and one, with the memory that a day moves."""
    for n in (1_000,) if smoke else (100_000, 1_000_000):
        going_on(f"{n:,} firms: the network")
        network = generate_firms(n, seed=0)
        begun = time.perf_counter()
        economy = to_economy(network)
        built = time.perf_counter() - begun
        yield f"{n:,} firms, {network.m:,} links, {len(economy.trade.need):,} inputs; laid out in {built:.1f} s"
        days = 8 if smoke else 40
        for name, rules in RULES.items():
            going_on(f"{n:,} firms, {name}")
            took = day_ms(network, economy, rules, days, CORES)
            wanted = WANTED_MS if n == 1_000_000 and name == "proportional" else None
            yield Line(f"{n:,} firms, {name}, {CORES} cores: a day", took, "ms", wanted)
            if name == "proportional":
                alone = day_ms(network, economy, rules, days, 1)
                yield Line(f"{n:,} firms, {name}, 1 core: a day", alone, "ms")
                yield from roofline(economy, alone)


def roofline(economy: Economy, alone_ms: float) -> Iterator[Said]:
    """What a day reads and writes, and the least that it could take on one core of this machine."""
    trade, n = economy.trade, economy.n
    links, inputs = len(trade.value), len(trade.need)
    # Input, supplier and flow of a link; need, weight, and stock and order (read, written) of an input; the sums of
    # orders of each range (zeroed, read); about ten numbers of a firm. What a block of inputs reads twice it has near.
    moved = links * 16 + inputs * (8 + 8 + 16 + 16) + economy.ranges * n * 16 + n * 80
    here = n * 8 / 2**20
    least = moved / 1e6 / streaming(256) + links * (gathering(here) + scattering(here)) / 1e6
    yield f"  a day moves {moved / 1e6:,.0f} MB and touches each of {links:,} links once, two accesses at random"
    yield Line("  nanoseconds per link, 1 core", 1e6 * alone_ms / links, "ns")
    yield Line(
        "  a day / streaming and random accesses one after the other at this machine's best",
        alone_ms / least,
        "x",
    )


def peer(smoke: bool) -> Iterator[Said]:
    """BoARIO's step and our day on one dense input–output table, every industry a firm; one core each."""
    regions, sectors, steps = (3, 5, 3) if smoke else (50, 40, 8)
    z, y = table(regions, sectors)
    going_on(f"BoARIO, {len(z):,} industries")
    try:
        theirs = boario(z, y, sectors, steps)
    except (NotInstalled, Failed) as why:
        yield f"BoARIO is skipped: {why}"
        return
    network = industries(z, y, sectors)
    economy = to_economy(network, "essential")
    ours = day_ms(network, economy, RULES["proportional"], 4 + steps, 1)
    yield Line(f"{len(z):,} industries, {network.m:,} links: BoARIO's step", theirs, "ms")
    yield Line(f"{len(z):,} industries, {network.m:,} links: our day, 1 core", ours, "ms")
    yield Line("BoARIO's step / our day", theirs / ours, "x")


def table(regions: int, sectors: int) -> tuple[np.ndarray, np.ndarray]:
    """(k, k) trade between industries, and (k, regions) final demand, in which nobody buys of itself."""
    random = np.random.default_rng(0)
    k = regions * sectors
    z = random.pareto(1.5, (k, k)) + 0.01
    np.fill_diagonal(z, 0.0)
    return z, random.random((k, regions)) * z.sum(axis=1).mean() / regions * 1.5


def industries(z: np.ndarray, y: np.ndarray, sectors: int) -> FirmNetwork:
    """Every industry of the table as a firm."""
    supplier, buyer = np.nonzero(z)
    sector = np.arange(len(z)) % sectors
    output = z.sum(axis=1) + y.sum(axis=1)
    return from_arrays(sector, supplier, buyer, z[supplier, buyer], None, output=output)


def boario(z: np.ndarray, y: np.ndarray, sectors: int, steps: int) -> float:
    """Milliseconds of BoARIO's step on that table. Raises `NotInstalled` or `Failed`."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "table.npz"
        np.savez(path, z=z, y=y, sectors=sectors)
        command = [PYTHON, str(SCRIPT), str(path), str(steps)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=600, check=False, env=os.environ | ONE_THREAD
            )
        except (OSError, subprocess.TimeoutExpired) as why:
            raise NotInstalled(f"{PYTHON} does not run it: {why}") from None
    if done.returncode == MISSING:
        raise NotInstalled(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise Failed((done.stderr.strip() or "it said nothing").splitlines()[-1])
    return float(json.loads(done.stdout.strip().splitlines()[-1])["milliseconds"])


PARTS = {
    "speed": Part(speed, "a day at 100,000 and 1,000,000 firms, both rules, beside what memory allows", 3),
    "peer": Part(peer, "BoARIO's step on the same input–output table, where PEER_PYTHON has it", 2),
}
