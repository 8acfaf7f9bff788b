"""Everything that can go wrong, in one tree.

    WholenationError
    ├── ChainError      the data: carries every fault of a chain folder
    ├── QuestionError   the question: an unknown code, a number outside its range
    ├── AnswerError     the answer: the solver gave up without one
    └── OutputError     the answer cannot be written where it was asked for

Anything else that surfaces is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Severity = Literal["fault", "warning"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong (or, as a warning, thin) in a chain folder.

    `row` is the row as a spreadsheet numbers it (the header is row 1), None for a whole file;
    `column` and `value` are empty where they do not apply.
    """

    file: str
    row: int | None
    column: str
    value: str
    message: str
    severity: Severity = "fault"

    def __str__(self) -> str:
        # These come from a stranger's file: no line ends and no control codes reach the terminal.
        file, column, value = map(_harmless, (self.file, self.column, self.value))
        place = [file, "" if self.row is None else str(self.row), column, value]
        return f"{' '.join(part for part in place if part)}: {self.message}"


def _harmless(text: str) -> str:
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:61])
    return plain if len(plain) <= 60 else plain[:57] + "..."


class WholenationError(Exception):
    """The root: every error that is not a bug of ours."""


class ChainError(WholenationError):
    """The folder is not a chain; `faults` holds every fault, one line each in `str()`."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class QuestionError(WholenationError, ValueError):
    """A question that the chain cannot answer: it says what it got and what it takes."""


class AnswerError(WholenationError):
    """The question has no answer that can be shown: the solver ended without one."""


class OutputError(WholenationError):
    """A result cannot be written to the file that was asked for."""


def nearest(value: str, known: Iterable[str]) -> str:
    """The known word most like `value`, or "" when none is near."""
    words = {word.casefold(): word for word in known}
    found = get_close_matches(value.casefold(), words, n=1, cutoff=0.6)
    return words[found[0]] if found else ""


def unknown(value: str, known: Sequence[str], what: str, *, show: int = 12) -> str:
    """The sentence for an unknown code: what it should be, with the nearest or the first known ones."""
    near = nearest(value, known)
    if near:
        return f"no such {what}; is {near} meant?"
    listed = ", ".join(sorted(known)[:show]) + (", ..." if len(known) > show else "")
    return f"no such {what}; known: {listed}" if listed else f"no such {what}; none is known"
