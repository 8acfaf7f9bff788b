"""The red flags of the Open Contracting Partnership's Cardinal, over OCDS compiled releases, one a line.

`audit_releases` goes through a file once. In `cardinal` mode it finds what ocdscardinal 0.0.8 finds, value for value;
in `corrected` mode dates, currencies and missing data are treated as `docs/checks` says, page by page.
"""

from __future__ import annotations

from .money import read_rates
from .registry import INDICATORS
from .run import Mode, Report, Tally, as_cardinal, audit_releases
from .settings import CODES, Settings, read_settings

__all__ = [
    "CODES",
    "INDICATORS",
    "Mode",
    "Report",
    "Settings",
    "Tally",
    "as_cardinal",
    "audit_releases",
    "read_rates",
    "read_settings",
]
