"""Where work may be done: on the cores of this machine, or on a cluster that is named by its address."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import QuestionError

if TYPE_CHECKING:
    from .cluster import Cluster


def on_cluster(engine: str, workers: int | None) -> bool:
    """Whether `engine` is the address of a cluster rather than `local`. Raises `QuestionError` where it is neither,
    or where the number of workers makes no sense.
    """  # fmt: skip
    if workers is not None and workers < 1:
        raise QuestionError(f"the number of workers is {workers}; it is 1 or more")
    if "://" in engine:
        if workers is not None:
            raise QuestionError("a cluster has its own workers; leave their number out")
        return True
    if engine != "local":
        raise QuestionError(
            f"the engine is {engine!r}; it is local, or the address of a cluster such as tcp://host:8786"
        )
    return False


def open_cluster(
    address: str, shared: Any, begin: Callable[[Any], Callable[..., Any]], *, packages: tuple[str, ...]
) -> Cluster:
    """The cluster at that address, ready for work (see `Cluster`), which needs an optional package."""
    try:
        from .cluster import Cluster
    except ModuleNotFoundError as missing:
        if missing.name not in ("distributed", "dask"):
            raise
        raise QuestionError(
            "a cluster needs the package distributed; install it with: pip install 'wholenation[cluster]'"
        ) from missing
    return Cluster(address, shared, begin, packages=packages)


def cores() -> int:
    """The cores that this process may use, which in a container can be fewer than the machine has."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
