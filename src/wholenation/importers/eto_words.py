"""Words shared by the rooms of the chip explorer's importer: codes, citations, and the tables packaged with it."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

PUBLISHER = "ETO Supply Chain Explorer: Advanced Chips"


def code_of(name: str) -> str:
    """A short code made of a name.

    >>> code_of("Kulicke & Soffa")
    'kulicke-and-soffa'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("&", "and")).strip("-")


def cited(text: str) -> str:
    """A row's source: the publisher, and the publisher's own source where it names one."""
    return f"{PUBLISHER}: {text}" if text else PUBLISHER


def packaged_rows(file: str) -> list[dict[str, str]]:
    """The rows of a table that lies beside this module."""
    text = (files("wholenation.importers") / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
