"""JSON as RFC 8785 writes it, so that equal values are equal bytes, on any machine and in any database."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring as _quoted
from typing import Any

_SAFE = 2**53


def canonical(value: object) -> bytes:
    r"""The one way to write a value: no spaces, keys in the order of their UTF-16 units, numbers as ECMAScript does.

    `ValueError` for what cannot be written so that all read the same: NaN and infinities, whole numbers beyond 2^53,
    lone surrogates, keys that are no text, and values that JSON does not know.

    >>> canonical({"b": [1.0, 1e21, "\n"], "a": None})
    b'{"a":null,"b":[1,1e+21,"\\n"]}'
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair") from None
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None


def _text(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > _SAFE:
            raise ValueError(f"{value} is beyond 2^53, where readers of JSON round whole numbers")
        return str(int(value))
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(_quoted(key) + ":" + _text(value[key]) for key in _sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    raise ValueError(f"{type(value).__name__} is no kind of JSON")


def _sorted(value: Mapping[Any, object]) -> list[str]:
    if not all(isinstance(key, str) for key in value):
        raise ValueError("a key is no text")
    keys = sorted(value)
    if all(map(str.isascii, keys)):
        return keys
    return sorted(keys, key=lambda key: key.encode("utf-16-be"))


def number(value: float) -> str:
    """A double in the fewest digits that give it back, laid out as ECMAScript's Number.prototype.toString does."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1:+d}"


def parsed(data: bytes | str) -> Any:
    """The value that was written; `ValueError` where it is no JSON.

    Whole numbers beyond 2^53 are doubles that needed no point, so that writing them again gives the same bytes.
    """
    try:
        return _decoder.decode(data.decode() if isinstance(data, bytes) else data)
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None


def _whole(digits: str) -> int | float:
    value = int(digits) if len(digits) < 400 else math.inf
    return value if abs(value) <= _SAFE else float(digits)


def _refused(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


_decoder = json.JSONDecoder(parse_int=_whole, parse_constant=_refused)


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lowercase hex digits."""
    return hashlib.sha256(data).hexdigest()
