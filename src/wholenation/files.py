"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .errors import OutputError


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write next to the file and move into place, so that nobody ever sees half of it; returns the path.

    Folders on the way are made. Raises `OutputError` when the file cannot be written.
    """
    path = Path(path)
    partial = _partial(path)
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


def check_writable(path: str | Path) -> None:
    """Raise `OutputError` where `write_whole` would fail, without leaving anything behind."""
    path = Path(path)
    try:
        if path.is_dir():
            raise OutputError(f"{path} is a folder, not a file")
        with suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(_partial(path))  # a name may be too long for a file
        place = next(folder for folder in path.absolute().parents if folder.exists())
        if not place.is_dir():
            raise OutputError(f"{path} cannot be written: {place.name} is a file, not a folder")
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have (too long, a zero byte) leads to none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
