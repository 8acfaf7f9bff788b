"""Numbers as readers see them, the same in every figure and in the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "–"
SPACE = "\u00a0"  # a number and its unit stay on one line
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def known(value: object) -> bool:
    """Whether there is a number: neither missing nor NaN nor infinite."""
    return isinstance(value, int | float) and math.isfinite(value)


def number(value: float | None, digits: int = 2) -> str:
    """A plain number to `digits` significant digits (whole numbers from 100 on), with a comma for thousands.

    >>> number(1234.5), number(0.0456), number(12.0), number(None)
    ('1,234', '0.046', '12', '–')
    """
    if value is None or not known(value):
        return MISSING
    if value == 0 or abs(value) < 1e-9:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}".replace("-", "−")
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def share(value: float | None) -> str:
    """A share in [0, 1] as per cent.

    >>> share(0.874), share(0.0041), share(0.0), share(None)
    ('87\\xa0%', '0.4\\xa0%', '0\\xa0%', '–')
    """
    if value is None or not known(value):
        return MISSING
    per_cent = 100 * value
    small = 0 < abs(per_cent) < 0.95
    text = "<0.1" if small and abs(per_cent) < 0.05 else f"{per_cent:.1f}" if small else f"{per_cent:.0f}"
    return f"{text}{SPACE}%"


def part(value: float | None) -> str:
    """A share of the whole to three digits: risks differ by many powers of ten.

    >>> part(0.62249), part(1.0), part(0.000123), part(1e-9), part(0.0), part(None)
    ('62.2\\xa0%', '100\\xa0%', '0.0123\\xa0%', '1.0e-07\\xa0%', '0\\xa0%', '–')
    """
    if value is None or not known(value):
        return MISSING
    per_cent = 100 * value
    text = (
        "0" if per_cent == 0 else f"{per_cent:#.3g}".rstrip(".") if per_cent >= 0.001 else f"{per_cent:.1e}"
    )
    return f"{text}{SPACE}%"


def years(value: float | None) -> str:
    """A duration: two decimals below one year, one from there on.

    >>> years(2.449), years(0.25), years(1), years(None)
    ('2.4\\xa0years', '0.25\\xa0years', '1\\xa0year', '–')
    """
    if value is None or not known(value):
        return MISSING
    text = f"{value:.2f}" if abs(value) < 0.995 else f"{value:.1f}"
    text = text.rstrip("0").rstrip(".").replace("-", "−")
    text = "0" if text in ("", "−0") else text
    return f"{text}{SPACE}{'year' if text == '1' else 'years'}"


def money(musd: float | None) -> str:
    """An amount given in USD million.

    >>> money(47_500), money(340), money(0), money(2.5), money(None)
    ('USD\\xa047.5\\xa0bn', 'USD\\xa0340\\xa0m', 'USD\\xa00', 'USD\\xa02.5\\xa0m', '–')
    """
    if musd is None or not known(musd):
        return MISSING
    if abs(musd) < 0.05:
        return f"USD{SPACE}0"
    if abs(musd) >= 999.5:
        text, unit = f"{musd / 1000:,.1f}".removesuffix(".0"), "bn"
    else:
        text, unit = (f"{musd:.0f}" if abs(musd) >= 10 else f"{musd:.1f}".removesuffix(".0")), "m"
    return f"USD{SPACE}{text.replace('-', '−')}{SPACE}{unit}"


def when(time: float | None) -> str:
    """A point in time given in years.

    >>> when(2027.0), when(2026.25), when(None)
    ('2027', 'Apr\\xa02026', '–')
    """
    if time is None or not known(time):
        return MISSING
    year, month = divmod(round(time * 12), 12)
    return f"{year}" if month == 0 else f"{MONTHS[month]}{SPACE}{year}"


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Words as a sentence lists them.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', '')
    """
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"
