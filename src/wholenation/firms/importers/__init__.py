"""Importers: from files that others write to a firm network's folder. One file per form."""

from .edges import import_links
from .graphml import import_graphml
from .io_files import import_io_table
from .io_table import from_io_table, from_pymrio

__all__ = ["from_io_table", "from_pymrio", "import_graphml", "import_io_table", "import_links"]
