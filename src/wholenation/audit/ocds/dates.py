"""Dates as releases write them: strictly by RFC 3339, or by a stated policy for what lacks a time or a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

DAY_NANOSECONDS = 86_400 * 10**9

_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+\-\u2212])(\d\d):(\d\d))", re.ASCII
)


def nanoseconds(text: str) -> int | None:
    """Nanoseconds since the first day of year 1, None for what is no RFC 3339 date with time and zone."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        # The calendar repeats every 400 years; that is how year 0 gets a number.
        days = date(year or 400, month, day).toordinal() - (0 if year else 146_097)
    except ValueError:
        return None
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    if found[8]:
        if int(found[10]) > 59 or int(found[9]) > 23:
            return None
        offset = (int(found[9]) * 60 + int(found[10])) * 60
        seconds += -offset if found[8] == "+" else offset
    return seconds * 10**9 + int((found[7] or "")[:9].ljust(9, "0"))


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
