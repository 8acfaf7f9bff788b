"""Importers: from published files, as users download them, to a chain's folder. One file per publisher."""

from .eto import import_eto
from .summary import ImportSummary, Line

__all__ = ["ImportSummary", "Line", "import_eto"]
