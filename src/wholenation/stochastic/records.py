"""Arrays and pieces as bytes: numbers and nothing else, so that a stranger's can be wrong, but cannot run code."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..lp import Ints
from .blocks import Pieces
from .two_stage import TwoStage

TYPES = ("<f8", "<i8", "<i4", "|b1")

Arrays = dict[str, NDArray[Any]]


def pack(arrays: Arrays) -> bytes:
    """A line of JSON that says what there is, and the numbers."""
    told, parts = [], []
    for name, value in arrays.items():
        array = np.ascontiguousarray(value)
        kind = array.dtype.newbyteorder("<").str
        if kind not in TYPES:
            raise TypeError(f"a journal holds arrays of {', '.join(TYPES)}, not {kind}")
        told.append((name, kind, np.shape(value)))
        parts.append(array.astype(kind).tobytes())
    return json.dumps(told).encode() + b"\n" + b"".join(parts)


def unpack(plain: bytes) -> Arrays:
    """The arrays again; whatever else the bytes may be, a `ValueError`."""
    try:
        return _unpack(plain)
    except (ArithmeticError, KeyError, RecursionError, TypeError) as fault:
        raise ValueError("no arrays") from fault


def _unpack(plain: bytes) -> Arrays:
    line, _, numbers = plain.partition(b"\n")
    arrays: Arrays = {}
    place = 0
    for name, kind, shape in json.loads(line):
        if kind not in TYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError(kind)
        count = math.prod(shape)
        part = np.frombuffer(numbers, dtype=kind, count=count, offset=place)
        arrays[name] = part.reshape(shape).copy()
        place += part.nbytes
    return arrays


def to_arrays(piece: Pieces) -> Arrays:
    """All numbers of the pieces of a block, to the last bit."""
    return {
        "kind": np.array(piece.kind), "pivots": np.array(piece.pivots),
        "sample": piece.sample, "value": piece.value, "feasible": piece.feasible, "constant": piece.constant,
        "data": piece.dual.data, "indices": piece.dual.indices, "indptr": piece.dual.indptr,
    }  # fmt: skip


def to_pieces(arrays: Arrays, block: Ints, stages: TwoStage) -> Pieces | None:
    """The pieces, None where the arrays cannot be those of this block."""
    kind = int(stages.kind[block[0]])
    try:
        dual = sparse.csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]),
            shape=(len(block), len(stages.recourse[kind].link)),
        )
        dual.check_format(full_check=True)
        value, feasible, constant = (arrays[name] for name in ("value", "feasible", "constant"))
        if not value.shape == feasible.shape == constant.shape == block.shape or int(arrays["kind"]) != kind:
            return None
        if not np.array_equal(arrays["sample"], block) or feasible.dtype != bool:
            return None
        return Pieces(kind, block, value, feasible, constant, dual, int(arrays["pivots"]))
    except (KeyError, ValueError, TypeError):
        return None
