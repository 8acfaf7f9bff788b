"""Evidence as files that are named by their content, in a folder beside the ledger: sha256/ab/cdef..."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import OutputError, QuestionError

BLOCK = 1 << 20


def folder_of(url: str) -> Path:
    """The folder of a ledger's evidence: beside a SQLite file, its name with .evidence at the end.

    `QuestionError` for a ledger on a server, whose folder must be named.
    """
    if "://" in url and not url.startswith("sqlite"):
        raise QuestionError("a ledger on a server has no folder of its own: name the folder of the evidence")
    return Path(url.removeprefix("sqlite+pysqlite:///").removeprefix("sqlite:///") + ".evidence")


def store(folder: Path, source: Path) -> tuple[str, int]:
    """Keep a copy of a file, on disk before this returns; its SHA-256 and its size in bytes.

    The hash is of what was copied, even if the source changes meanwhile. Raises `QuestionError` where the source cannot
    be read, `OutputError` where the copy cannot be written.
    """
    partial = folder / "sha256" / f".{os.getpid()}.partial"
    with _opened(source) as file:
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            try:
                digest, size = _copied(file, partial)
                place = place_of(folder, digest)
                place.parent.mkdir(parents=True, exist_ok=True)
                partial.replace(place)  # also over a damaged one of this name
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: evidence cannot be kept: {error.strerror or error}") from error
    return digest, size


def _copied(file: BinaryIO, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as copy:
        for block in _blocks(file):
            digest.update(block)
            size += len(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest(), size


def digest_of(source: Path) -> str:
    """SHA-256 of a file that is not in a store; `QuestionError` where it cannot be read."""
    digest = hashlib.sha256()
    with _opened(source) as file:
        for block in _blocks(file):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        file = source.open("rb")
    except (OSError, ValueError) as error:
        raise QuestionError(
            f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    with file:
        yield file


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def place_of(folder: Path, sha256: str) -> Path:
    """Where a content lies."""
    return folder / "sha256" / sha256[:2] / sha256[2:]


def hash_of(folder: Path, sha256: str) -> str | None:
    """SHA-256 of what lies where this content should; None where nothing does, or it cannot be read."""
    digest = hashlib.sha256()
    try:
        with place_of(folder, sha256).open("rb") as file:
            for block in _blocks(file):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def read(folder: Path, sha256: str) -> bytes:
    """A content by its hash; `QuestionError` where it is missing, or is not what its name says."""
    try:
        content = place_of(folder, sha256).read_bytes()
    except OSError as error:
        raise QuestionError(f"evidence {sha256}: {error.strerror} in {folder}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise QuestionError(f"evidence {sha256}: the file in {folder} has another content")
    return content
