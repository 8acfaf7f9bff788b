"""A line whose fields have wrong types: what can be read of it, and what had to be taken for missing."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec
from msgspec.inspect import FloatType, IntType, ListType, StrType, StructType, Type, UnionType, type_info

from .releases import Release


def mended(line: bytes) -> tuple[Release, list[str]]:
    """The release without fields of a wrong type, and the places of those; `ValueError` says why there is none."""
    try:
        value = json.loads(line.decode(), parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError("not in UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("JSON, but no object")  # noqa: TRY004
    places: list[str] = []
    release = msgspec.convert(_fitting(value, type_info(Release), "", places), Release)
    return release, places


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _fitting(value: Any, kind: Type, place: str, places: list[str]) -> Any:
    """The value where it is of its kind; otherwise nothing, and its place is noted."""
    kinds = kind.types if isinstance(kind, UnionType) else (kind,)
    for one in kinds:
        if isinstance(one, StructType) and isinstance(value, dict):
            return {
                field.encode_name: _fitting(
                    value[field.encode_name], field.type, f"{place}.{field.encode_name}".lstrip("."), places
                )
                for field in one.fields
                if field.encode_name in value
            }
        if isinstance(one, ListType) and isinstance(value, list):
            # An element that is none still counts: who supplies alone is told by the length of a list.
            parts = (_fitting(part, one.item_type, f"{place}[{i}]", places) for i, part in enumerate(value))
            return [{} if part is None else part for part in parts]
        if isinstance(one, StrType) and isinstance(value, str):
            return value
        if isinstance(one, IntType) and type(value) is int:
            return value
        if isinstance(one, FloatType) and type(value) in (int, float) and _finite(value):
            return value
    if value is not None:
        places.append(place)
    return None


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
