"""Dates as releases write them: strictly by RFC 3339, or by a stated policy for what lacks a time or a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

DAY_NANOSECONDS = 86_400 * 10**9

_TIME = re.compile(r"(\d{4})(-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)", re.ASCII)
_TAIL = re.compile(r"(?:\.(\d+))?(?:[Zz]|([+\-\u2212])(\d\d):(\d\d))", re.ASCII)


def nanoseconds(text: str) -> int | None:
    """Nanoseconds since the first day of year 1, None for what is no RFC 3339 date with time and zone."""
    head, after = text[:19], _tail(text[19:])
    if after is None or _TIME.fullmatch(head) is None:
        return None
    try:
        return _whole(datetime.fromisoformat(head)) + after
    except ValueError:
        return _rare(head, after)


_FIRST = datetime(1, 1, 1)


def _whole(moment: datetime) -> int:
    passed = moment - _FIRST
    return (passed.days * 86_400 + passed.seconds) * 10**9


def _rare(head: str, after: int) -> int | None:
    """Year 0 and leap seconds, which RFC 3339 has and Python's calendar lacks."""
    year, day, time, second = _TIME.fullmatch(head).groups()  # type: ignore[union-attr]
    leap = second == "60"
    try:
        # The calendar repeats every 400 years.
        moment = datetime.fromisoformat(
            f"{'0400' if year == '0000' else year}{day}T{time}{'59' if leap else second}"
        )
    except ValueError:
        return None
    ago = 146_097 * DAY_NANOSECONDS if year == "0000" else 0
    return _whole(moment) - ago + leap * 10**9 + after


@lru_cache(4096)
def _tail(text: str) -> int | None:
    """Nanoseconds that a fraction and a zone add. A file has few of them, and they are asked for often."""
    found = _TAIL.fullmatch(text)
    if found is None:
        return None
    fraction = int((found[1] or "")[:9].ljust(9, "0"))
    if found[2] is None:
        return fraction
    hours, minutes = int(found[3]), int(found[4])
    if hours > 23 or minutes > 59:
        return None
    offset = (hours * 60 + minutes) * 60 * 10**9
    return fraction + (-offset if found[2] == "+" else offset)


class Moments(NamedTuple):
    """The first and the last instant that a date may mean; the same where it has a time."""

    earliest: datetime
    latest: datetime


def moments(text: str, zone: tzinfo) -> Moments | None:
    """What a date may mean: one without a zone is read in `zone`, one without a time is its whole day there.

    None where it cannot be read, or would not fit into the calendar.

    >>> moments("2026-03-01", UTC).latest.isoformat()
    '2026-03-01T23:59:59.999999+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        earliest = found.astimezone(UTC)
        if len(text) > 10:
            return Moments(earliest, earliest)
        end = (found + timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
    return Moments(earliest, end)
