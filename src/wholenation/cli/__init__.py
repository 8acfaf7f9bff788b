"""The command line: one command per verb, one sentence per mistake.

Everything but click is imported inside the command that uses it, so that `--help` answers at once.
"""

from __future__ import annotations

from . import planning, programme_commands, verbs
from .audit_commands import COMMANDS as AUDIT
from .case_commands import COMMANDS as CASES
from .options import main

__all__ = ["main", "planning", "programme_commands", "verbs"]

for command in (*AUDIT, *CASES):
    main.add_command(command)
