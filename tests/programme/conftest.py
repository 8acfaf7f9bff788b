"""Fixtures of the programme's tests: a real PostgreSQL beside SQLite."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from postgres import database, postgres, postgres_url

__all__ = ["database", "postgres", "postgres_url"]
