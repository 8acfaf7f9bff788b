"""What makes two solves the same: the content of the programme, and the software that solves it."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .two_stage import Recourse, TwoStage
from .versions import versions

PACKAGES = ("wholenation", "highspy", "numpy", "scipy")


def content(of: TwoStage | tuple[Recourse, ...]) -> bytes:
    """32 bytes that are the same for equal programmes (or second stages), in every process and on every machine."""
    told = hashlib.blake2b(digest_size=32)
    _tell(told, of)
    return told.digest()


def software() -> str:
    """The packages whose versions can change the last bit of an answer, in one line."""
    return versions(*PACKAGES)


def _tell(told: hashlib.blake2b, value: Any) -> None:
    """Feed a value with its type and size, so that no two different ones look alike."""
    if is_dataclass(value):
        told.update(f"{type(value).__name__}{{".encode())
        for field in fields(value):
            told.update(f"{field.name}:".encode())
            _tell(told, getattr(value, field.name))
        told.update(b"}")
    elif sparse.issparse(value):
        matrix = sparse.csr_matrix(value)
        told.update(f"csr{matrix.shape}".encode())
        for part in (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data):
            _tell(told, part)
    elif isinstance(value, np.ndarray):
        told.update(f"{value.dtype.str}{value.shape}".encode())
        told.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple):
        told.update(f"({len(value)}".encode())
        for part in value:
            _tell(told, part)
    elif value is None or isinstance(value, bool | int | float | str):
        told.update(f"{type(value).__name__} {value!r};".encode())
    else:
        raise TypeError(f"a {type(value).__name__} in a programme has no content that could be compared")
