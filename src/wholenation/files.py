"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import OutputError


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write next to the file and move into place, so that nobody ever sees half of it; returns the path.

    Folders on the way are made. Raises `OutputError` when the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    return path


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have (too long, a zero byte) leads to none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
