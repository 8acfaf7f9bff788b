"""Settings of the indicators, in the INI form that Cardinal reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...errors import QuestionError, unknown

CODES = ("R003", "R018", "R024", "R025", "R028", "R030", "R035", "R036", "R038", "R048", "R058")
TOP = "*"
"""The name of what stands before the first section."""

BY_DETAILS = "R003.procurement_method_details"
OF_PREPARE = ("output", "defaults", "redactions", "corrections", "modifications", "codelists")
"""Sections of Cardinal's other command, which are passed over."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which indicators are asked, and their constants; the defaults are Cardinal's."""

    codes: tuple[str, ...] = CODES
    currency: str | None = None
    no_price_comparison: frozenset[str] = frozenset()
    price_comparison: frozenset[str] = frozenset()
    excluded_details: frozenset[str] = frozenset()
    r003_threshold: int = 15
    r003_procurement_methods: frozenset[str] = frozenset()
    r003_by_details: Mapping[str, int] = field(default_factory=dict)
    r018_procurement_methods: frozenset[str] = frozenset(("open", "selective"))
    r024_threshold: float | None = None
    r025_percentile: int = 75
    r025_threshold: float | None = None
    r035_threshold: int = 1
    r038_threshold: float | None = None
    r038_minimum_submitted_bids: int = 2
    r038_minimum_contracting_processes: int = 2
    r048_digits: int = 2
    r048_threshold: int | None = None
    r048_minimum_contracting_processes: int = 20
    r058_threshold: float | None = None


def read_settings(path: str) -> Settings:
    """The settings in a file: an indicator is asked where it has a section.

    `QuestionError` names every section or property that is not known, and every value that does not fit.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        parser = ConfigParser(interpolation=None, comment_prefixes=(";", "#"), delimiters=("=",))
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(f"[{TOP}]\n{text}")
    except UnicodeDecodeError:
        raise QuestionError(f"{path}: not in UTF-8") from None
    except Error as error:
        raise QuestionError(f"{path}: not an INI file ({' '.join(str(error).split())})") from None
    given: dict[str, Any] = {"codes": tuple(code for code in CODES if parser.has_section(code))}
    faults = []
    for section in parser.sections():
        if section.split(".")[0] in OF_PREPARE:
            continue
        if section not in (TOP, "exclusions", BY_DETAILS, *CODES):
            faults.append(f"[{section}]: {unknown(section, list(CODES), 'indicator')}")
            continue
        faults += _taken(section, dict(parser.items(section)), given)
    if faults:
        raise QuestionError("\n".join(f"{path}: {fault}" for fault in faults))
    return Settings(**given)


def _taken(section: str, properties: Mapping[str, str], given: dict[str, Any]) -> list[str]:
    """Put the properties of a section into `given`; the faults among them."""
    faults = []
    for name, text in properties.items():
        try:
            if section == BY_DETAILS:
                given.setdefault("r003_by_details", {})[name] = int(text)
                continue
            place = _place(section, name)
            given[place] = _KINDS[place](text)
        except KeyError:
            known = [one for one in _NAMES if _place(section, one) in _KINDS]
            faults.append(f"[{section}] {name}: {unknown(name, known, 'property')}")
        except ValueError as error:
            told = str(error) if str(error).startswith("takes") else "takes a whole number"
            faults.append(f"[{section}] {name} = {text!r}: {told}")
    return faults


def _place(section: str, name: str) -> str:
    if section == TOP:
        return _AT_TOP.get(name, "")
    if section == "exclusions":
        return "excluded_details" if name == "procurement_method_details" else ""
    return f"{section.lower()}_{name}"


_AT_TOP = {
    "currency": "currency",
    "no_price_comparison_procurement_methods": "no_price_comparison",
    "price_comparison_procurement_methods": "price_comparison",
}


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("takes a number")
    return value


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("takes a whole number from 0 on")
    return int(text)


def _words(text: str) -> frozenset[str]:
    """Words between bars; one bar at the end is none."""
    words = text.split("|")
    return frozenset(words[:-1] if words[-1] == "" else words)


def _kind(annotation: str) -> Callable[[str], Any]:
    if annotation.startswith("frozenset"):
        return _words
    if annotation.startswith("str"):
        return str
    return _number if annotation.startswith("float") else _count


_KINDS: dict[str, Callable[[str], Any]] = {
    one.name: _kind(str(one.type)) for one in fields(Settings) if one.name not in ("codes", "r003_by_details")
} | {"r003_threshold": int}
_NAMES = sorted({name.split("_", 1)[1] for name in _KINDS if name.startswith("r0")} | set(_AT_TOP))
