"""Second stages on a cluster: the programme is what all blocks share, and a thread keeps its solvers warm."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from ..lp import Floats, Ints
from .blocks import Pieces, Subproblems
from .identity import PACKAGES
from .places import open_cluster
from .two_stage import TwoStage


class Remote:
    """Solves blocks on the cluster whose scheduler has this address, such as tcp://127.0.0.1:8786."""

    def __init__(self, stages: TwoStage, address: str):
        self._cluster = open_cluster(address, stages, _begin, packages=PACKAGES)

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        """Every worker takes the next block as soon as it is free."""
        point = zlib.compress(np.ascontiguousarray(x, dtype=np.float64).tobytes(), 1)
        return self._cluster.every([(block, point) for block in blocks])

    def close(self) -> None:
        """Leave the cluster as it was found."""
        self._cluster.close()


def _begin(stages: TwoStage) -> Callable[[Ints, bytes], Pieces]:
    """What a thread of a worker starts with: solvers of its own, for they are not thread-safe."""
    subproblems = Subproblems(stages, threads=1)

    def solve(block: Ints, point: bytes) -> Pieces:
        return subproblems.solve(block, np.frombuffer(zlib.decompress(point), dtype=np.float64))

    return solve
