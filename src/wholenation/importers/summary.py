"""What an import did: what it mapped, what it filled in, what it left out, with counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Line(NamedTuple):
    """One line of a summary: what, how many, and a remark."""

    what: str
    number: int
    note: str


@dataclass(frozen=True)
class ImportSummary:
    """What an importer mapped, defaulted and dropped on the way to `folder`; lines that count nothing are left out."""

    folder: Path
    mapped: tuple[Line, ...]
    defaulted: tuple[Line, ...]
    dropped: tuple[Line, ...]

    def __str__(self) -> str:
        parts = []
        for title, lines in (
            ("mapped", self.mapped),
            ("defaulted", self.defaulted),
            ("dropped", self.dropped),
        ):
            parts.append(title)
            parts += [
                f"{line.number:>6}  {line.what}" + (f" ({line.note})" if line.note else "") for line in lines
            ]
        return "\n".join(parts)
