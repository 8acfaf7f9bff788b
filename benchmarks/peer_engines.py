"""What a task costs beside its work on each distributed engine: run with an interpreter that has the libraries.

    python benchmarks/peer_engines.py dask|ray|mpi [workers]

Tasks do nothing but give back as many bytes as a block of 16 samples does; the overhead per task is the time for all of
them times the workers, divided by their number. `started` is the time until the first answer.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

SHIPPED = 16_000
"""Bytes of a first-stage point."""
ANSWERED = 60_000
"""Bytes that the pieces of a block take."""
TASKS, ROUNDS = 50, 20


def work(x: bytes, _block: int) -> bytes:
    """A block's answer, without the work."""
    return bytes(ANSWERED) if x else b""


def dask(workers: int) -> tuple[Callable[[bytes], Iterable[Any]], Callable[[], None]]:
    """Real processes under a scheduler on loopback."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    client = Client(cluster)

    def run(x: bytes) -> Iterable[Any]:
        # Keys differ, so that no answer is remembered; the point is sent once a round.
        far = client.scatter(x, broadcast=True, hash=False)
        return client.gather([client.submit(work, far, k, pure=False) for k in range(TASKS)])

    def close() -> None:
        client.close()
        cluster.close()

    return run, close


def ray(workers: int) -> tuple[Callable[[bytes], Iterable[Any]], Callable[[], None]]:
    """Ray's own processes on this machine."""
    import ray as engine

    engine.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    task = engine.remote(work)

    def run(x: bytes) -> Iterable[Any]:
        far = engine.put(x)
        return engine.get([task.remote(far, k) for k in range(TASKS)])

    return run, engine.shutdown


def mpi(workers: int) -> tuple[Callable[[bytes], Iterable[Any]], Callable[[], None]]:
    """A pool over MPI, workers spawned by the first process."""
    from mpi4py.futures import MPIPoolExecutor

    pool = MPIPoolExecutor(max_workers=workers)

    def run(x: bytes) -> Iterable[Any]:
        return list(pool.map(work, [x] * TASKS, range(TASKS)))

    return run, pool.shutdown


def main(engine: str, workers: int = 2) -> None:
    """Start the engine, warm it, and time the rounds."""
    begun = time.perf_counter()
    run, close = {"dask": dask, "ray": ray, "mpi": mpi}[engine](workers)
    run(os.urandom(SHIPPED))
    started = time.perf_counter() - begun
    times = []
    for _ in range(ROUNDS):
        x, begun = os.urandom(SHIPPED), time.perf_counter()
        assert len(list(run(x))) == TASKS
        times.append(time.perf_counter() - begun)
    close()
    middle = sorted(times)[len(times) // 2]
    print(
        f"{engine}: {middle / TASKS * 1e3:.2f} ms a task with {workers} workers; started in {started:.1f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in sys.argv[2:3]))
