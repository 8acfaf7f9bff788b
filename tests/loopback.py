"""A real cluster on this machine's loopback, nothing of it open to others."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def loopback(workers: int = 2) -> Iterator[Any]:
    """Worker processes of one thread each; the test is skipped where the library is not installed."""
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        )
    with running:
        yield running
