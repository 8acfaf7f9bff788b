"""Cascades among a nation's firms: both modes, reading, the cold shell, memory, and what the machine could do at best.

Networks are generated (seed 0), without revenues unless said: losses then travel farthest. The peer is the published
iteration as one writes it with numpy and scipy (`peer_sweeps.py`), run in the same session.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.peer_sweeps import Sweeps
from benchmarks.roofline import roofline
from benchmarks.timing import PEAK, Line, Part, Said, going_on, median_seconds, run_quietly
from wholenation.firms.cascade import cascade
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork
from wholenation.firms.reading import read_firms
from wholenation.firms.shocks import each
from wholenation.firms.writing import write_firms
from wholenation.stochastic.places import cores

LARGEST, RANDOM = 100, 300
"""Every sample holds so many of the largest firms and so many of the others."""
TWIN = 10
"""So many of either does the peer."""
PUBLISHED, ROUNDING = 1e-2, 1e-9
TINY = 300
"""Firms of a smoke run, with known revenues: losses then die out soon."""


def reference(smoke: bool) -> Iterator[Said]:
    """The published iteration: a failure, all of them by extrapolation, and the peer on the same firms."""
    for n, money, wanted in [(TINY, True, None)] if smoke else CASES:
        network = made(n, money=money)
        what = named(network) + (", revenues known" if money else "")
        going_on(what)
        largest, others = samples(network)
        ours = [per_failure(network, group) for group in (largest, others)]
        all_of_them = (len(largest) * ours[0] + (n - len(largest)) * ours[1]) / cores()
        twin = Sweeps(network)
        theirs, furthest = [], 0.0
        for group in (largest[:TWIN], others[:TWIN]):
            found = risks(network, group, mode="reference", eps=PUBLISHED, workers=1)
            start = time.perf_counter()
            risk = [twin.fail(firm, PUBLISHED)[0] for firm in group]
            theirs.append((time.perf_counter() - start) / len(group))
            furthest = max(furthest, float(np.abs(found["risk"].to_numpy() - risk).max()))
        peers_own = (len(largest) * theirs[0] + (n - len(largest)) * theirs[1]) / n
        our_own = (len(largest) * ours[0] + (n - len(largest)) * ours[1]) / n
        yield Line(f"{what}: a failure of the {len(largest)} largest, one core", 1000 * ours[0], "ms")
        yield Line(f"{what}: a failure of the others, one core", 1000 * ours[1], "ms")
        yield Line(f"{what}: all failures on {cores()} cores, extrapolated from {len(largest) + len(others)}",
                   all_of_them, "s", wanted)  # fmt: skip
        yield Line(f"{what}: numpy and scipy, the same mixture, a failure", 1000 * peers_own, "ms")
        yield Line(f"{what}: numpy and scipy / ours", peers_own / our_own, "×")
        yield Line(f"{what}: furthest apart in risk", furthest, "", 1e-9)


CASES = [(10_000, False, None), (100_000, False, 300.0), (100_000, True, 300.0)]


def whole_reference(smoke: bool) -> Iterator[Said]:
    """All failures of a network one by one: nothing is extrapolated."""
    network = made(TINY, money=True) if smoke else made(100_000)
    yield from told(network, "reference", *all_failures(network, "reference")[:2], 300.0)


def converged(smoke: bool) -> Iterator[Said]:
    """All failures to the fixed point, and how far they are from it."""
    for n, seconds in [(10_000, None), (100_000, 3.0)][: 1 if smoke else 2]:
        yield from to_the_fixed_point(made(TINY, money=True) if smoke else made(n), seconds)


def million(smoke: bool) -> Iterator[Said]:
    """The same for a million firms and ten million links."""
    yield from to_the_fixed_point(made(TINY, money=True) if smoke else made(1_000_000), 40.0)


def to_the_fixed_point(network: FirmNetwork, seconds: float | None) -> Iterator[Said]:
    """All failures of a network, and their errors."""
    numbers, peak, found = all_failures(network, "converged")
    yield from told(network, "converged", numbers, peak, seconds)
    yield from accuracy(network, found)


def all_failures(network: FirmNetwork, mode: str) -> tuple[dict[str, float], float, pl.DataFrame]:
    """Seconds and KiB on the way, the peak in MiB, and the answers, of a Python that reads the network from Parquet."""
    going_on(f"{named(network)}: all failures, {mode}")
    with tempfile.TemporaryDirectory() as folder:
        place, answers = write_firms(network, Path(folder) / "firms"), Path(folder) / "answers"
        code = WHOLE.format(place=str(place), mode=mode, answers=str(answers))
        done = subprocess.run([sys.executable, "-c", code + PEAK], check=True, capture_output=True, text=True)
        said, peak = done.stdout.split("\n")[:2]
        return json.loads(said), int(peak) / 1024, pl.read_parquet(answers)


WHOLE = """
import json, time
from wholenation.firms.cascade import cascade
from wholenation.firms.generator import generate_firms
from wholenation.firms.reading import read_firms
start = time.perf_counter()
network = read_firms({place!r})
reading = time.perf_counter() - start
cascade(generate_firms(50), mode={mode!r})  # compiled, or read from the cache
start = time.perf_counter()
found = cascade(network, mode={mode!r})
solving = time.perf_counter() - start
found.firms.write_parquet({answers!r})
print(json.dumps(dict(reading=reading, solving=solving)))
"""


def told(
    network: FirmNetwork, mode: str, numbers: dict[str, float], peak: float, seconds: float | None
) -> Iterator[Said]:
    """What a run over all failures took."""
    what = f"{named(network)}: all failures, {mode}"
    yield Line(f"{what}, {cores()} cores", numbers["solving"], "s", seconds)
    yield Line(f"{what}, each", 1000 * numbers["solving"] / network.n, "ms")
    yield Line(f"{what}, reading the network before", numbers["reading"], "s")
    yield Line(f"{what}, peak memory with reading", peak, "MiB", MEMORY)


MEMORY = 3072.0


def accuracy(network: FirmNetwork, found: pl.DataFrame) -> Iterator[Said]:
    """Errors of samples, smaller ones where the peer takes seconds for every fixed point."""
    going_on(f"{named(network)}: how far from the fixed point")
    twin, codes = Sweeps(network), network.firms["firm"]
    answers = pl.DataFrame({"shock": codes}).join(found, on="shock", how="left", maintain_order="left")
    riskiest = answers["risk"].arg_sort(descending=True).head(LARGEST).to_numpy()
    part = 1 if network.n < 100_000 else 10 if network.n < 1_000_000 else 50
    for called, whole in zip(("largest", "others", "riskiest"), (*samples(network), riskiest), strict=True):
        group = whole[: -(-len(whole) // part)]
        what = f"{named(network)}, {len(group)} {called}"
        true = np.array([twin.settle(int(firm)) for firm in group])
        published = risks(network, group, mode="reference", eps=PUBLISHED)["risk"].to_numpy()
        risk, low, high = (answers[column].gather(group).to_numpy() for column in ("risk", "low", "high"))
        # A firm without sales that buys nothing has no risk, and the truth is known to about nine places itself.
        scale = np.where(true > 0, true, 1.0)
        error = np.abs(risk - true) / scale
        inside = (low <= true * (1 + ROUNDING)) & (true * (1 - ROUNDING) <= high)
        yield Line(f"{what}: mean relative error, in thousandths", 1e3 * float(error.mean()), "", 2.0)
        yield Line(f"{what}: largest relative error, in thousandths", 1e3 * float(error.max()), "")
        yield Line(
            f"{what}: mean width of brackets, in thousandths", 1e3 * float(((high - low) / scale).mean()), ""
        )
        yield Line(f"{what}: brackets that hold the truth", float(inside.mean()), "", 1.0, at_least=True)
        yield Line(f"{what}: published / fixed point", float((published / scale).mean()), "")


def reading(smoke: bool) -> Iterator[Said]:
    """A network read and checked, beside its links read and not checked."""
    network = made(TINY, money=True) if smoke else made(1_000_000)
    bare: dict[Literal["parquet", "csv"], Callable[[Path], object]]
    bare = {"parquet": pl.read_parquet, "csv": pl.read_csv}
    for suffix in bare:
        with tempfile.TemporaryDirectory() as folder:
            going_on(f"writing {named(network)} as {suffix}")
            place = write_firms(network, Path(folder) / "firms", suffix)
            links = next(place.glob("links.*"))
            start = time.perf_counter()
            bare[suffix](links)
            plain = time.perf_counter() - start
            start = time.perf_counter()
            again = read_firms(place)
            taken = time.perf_counter() - start
            if again.data_hash != network.data_hash:
                raise RuntimeError("what is read is not what was written")
        yield Line(f"{named(network)}: read and checked, {suffix}", taken, "s")
        yield Line(f"{named(network)}: read and checked / links read by polars, {suffix}", taken / plain, "×")


def shell(smoke: bool) -> Iterator[Said]:
    """`wholenation cascade` from a cold shell, beside an empty Python."""
    command = str(Path(sys.executable).parent / "wholenation")
    with tempfile.TemporaryDirectory() as folder:
        network = made(TINY, money=True) if smoke else made(10_000)
        place = write_firms(network, Path(folder) / "firms")
        repeats = 1 if smoke else 5
        ours = median_seconds(lambda: run_quietly([command, "cascade", str(place)]), repeats)
    empty = median_seconds(lambda: run_quietly([sys.executable, "-c", "pass"]), repeats)
    yield Line(f"wholenation cascade on {named(network)}", ours, "s", 2.0)
    yield Line("wholenation cascade / python -c pass", ours / empty, "×")


@lru_cache(maxsize=1)
def made(n: int, *, money: bool = False) -> FirmNetwork:
    """The network of that size, kept until another one is asked for."""
    going_on(f"generating {n:,} firms")
    return generate_firms(n, links_per_firm=9.9 if n == 10_000 else 10.0, money=money)


def named(network: FirmNetwork) -> str:
    """A network by its size."""
    return f"{shortened(network.n)} firms, {shortened(network.m)} links"


def shortened(count: int) -> str:
    """A number as one says it."""
    return (
        f"{count / 1e6:g}M" if count >= 1_000_000 else f"{count / 1e3:.3g}k" if count >= 1000 else str(count)
    )


def samples(network: FirmNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The largest firms by sales, and some of the others, the same in every run."""
    order = np.argsort(-np.bincount(network.supplier, network.value, network.n), kind="stable")
    largest, others = order[:LARGEST], order[LARGEST:]
    return largest, np.random.default_rng(0).choice(others, min(RANDOM, len(others)), replace=False)


def risks(network: FirmNetwork, firms: NDArray[np.int64], **settings: Any) -> pl.DataFrame:
    """What the failure of each of these firms does, in their order."""
    codes = network.firms["firm"].gather(firms)
    found = cascade(network, each(network, codes.to_list()), hit=0, **settings).firms
    return pl.DataFrame({"shock": codes}).join(found, on="shock", how="left", maintain_order="left")


def per_failure(network: FirmNetwork, firms: NDArray[np.int64]) -> float:
    """Seconds of one core for the failure of one of these firms, without what is prepared once for all."""

    def asked(few: NDArray[np.int64]) -> float:
        start = time.perf_counter()
        risks(network, few, mode="reference", eps=PUBLISHED, workers=1)
        return time.perf_counter() - start

    asked(firms[:1])
    once = min(asked(firms[:1]) for _ in range(3))
    return (asked(firms) - once) / (len(firms) - 1)


PARTS = {
    "reference": Part(reference, "the published iteration on samples of firms, beside numpy and scipy", 4),
    "reference_all": Part(whole_reference, "the published iteration on all of 100,000 firms", 15),
    "converged": Part(converged, "all of 10,000 and 100,000 firms to the fixed point, and the errors", 4),
    "million": Part(million, "all of a million firms to the fixed point, and the errors", 8),
    "reading": Part(reading, "ten million links read and checked", 5),
    "shell": Part(shell, "the command on 10,000 firms from a cold shell", 1),
    "roofline": Part(roofline, "what a link costs, beside what memory allows at best", 3),
}
