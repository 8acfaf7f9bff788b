"""Tenderers that bear the flag of a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .verdicts import Standing


def with_tenderers(flag: Standing, tenderers: Iterable[str]) -> Iterator[Standing]:
    """The flag of a process, and that of those who stand behind it, with the value 0 as Cardinal has it."""
    yield flag
    for tenderer in tenderers:
        yield flag._replace(kind="Tenderer", subject=tenderer, value=0.0)
