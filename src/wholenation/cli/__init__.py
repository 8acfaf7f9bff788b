"""The command line: one command per verb, one sentence per mistake.

Everything but click is imported inside the command that uses it, so that `--help` answers at once.
"""

from __future__ import annotations

from . import import_commands, planning, programme_commands, verbs
from .audit_commands import COMMANDS as AUDIT
from .cascade_command import cascade
from .case_commands import COMMANDS as CASES
from .firm_commands import COMMANDS as FIRMS
from .options import main

__all__ = ["import_commands", "main", "planning", "programme_commands", "verbs"]

for command in (*AUDIT, *CASES, cascade, *FIRMS):
    main.add_command(command)
