"""Evidence as files that are named by their content, in a folder beside the ledger: sha256/ab/cdef..."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..errors import QuestionError
from ..files import write_whole

BLOCK = 1 << 20


def folder_of(url: str) -> Path:
    """The folder of a ledger's evidence: beside a SQLite file, its name with .evidence at the end.

    `QuestionError` for a ledger on a server, whose folder must be named.
    """
    if "://" in url and not url.startswith("sqlite"):
        raise QuestionError("a ledger on a server has no folder of its own: name the folder of the evidence")
    return Path(url.removeprefix("sqlite+pysqlite:///").removeprefix("sqlite:///") + ".evidence")


def store(folder: Path, source: Path) -> tuple[str, int, bytes]:
    """Keep a copy of a file; returns its SHA-256, its size in bytes and its content."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise QuestionError(f"{source}: cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(content).hexdigest()
    if hash_of(folder, digest) != digest:  # missing, or damaged since: the right content takes its place
        write_whole(place_of(folder, digest), content)
    return digest, len(content), content


def place_of(folder: Path, sha256: str) -> Path:
    """Where a content lies."""
    return folder / "sha256" / sha256[:2] / sha256[2:]


def hash_of(folder: Path, sha256: str) -> str | None:
    """SHA-256 of what lies where this content should; None where nothing does, or it cannot be read."""
    digest = hashlib.sha256()
    try:
        with place_of(folder, sha256).open("rb") as file:
            while block := file.read(BLOCK):
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
