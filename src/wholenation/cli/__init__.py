"""The command line: one command per verb, one sentence per mistake.

Everything but click is imported inside the command that uses it, so that `--help` answers at once.
"""

from __future__ import annotations

from . import planning, verbs
from .options import main

__all__ = ["main", "planning", "verbs"]
