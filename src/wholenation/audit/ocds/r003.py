"""R003: bids could be handed in for too short a time."""

from __future__ import annotations

from .dates import DAY_NANOSECONDS, moments, nanoseconds
from .process import Process
from .verdicts import Question, Verdict

DAY_SECONDS = 86_400


def r003(process: Process, question: Question) -> Verdict | str:
    """Flag where the whole days from start to end of the tender period are fewer than the threshold (15)."""
    settings = question.settings
    tender = process.tender
    methods = settings.r003_procurement_methods
    if methods and tender.procurement_method not in methods:
        return "not asked of its procurement method"
    period = tender.tender_period
    if period is None or period.start_date is None or period.end_date is None:
        return "no start or no end of the tender period"
    days = _days(period.start_date, period.end_date, question)
    if isinstance(days, str):
        return days
    details = tender.procurement_method_details
    threshold = settings.r003_threshold
    if details is not None and details in settings.r003_by_details:
        threshold = settings.r003_by_details[details]
    if days >= threshold:
        return Verdict(days, fence=threshold)
    sentence = f"bids could be handed in for {days:g} days, fewer than {threshold}"
    return Verdict(days if question.corrected else 1.0, True, sentence, threshold)


def _days(start: str, end: str, question: Question) -> float | str:
    """Whole days, or why they cannot be told."""
    if not question.corrected:
        first, last = nanoseconds(start), nanoseconds(end)
        if first is None or last is None:
            return "a date is not of RFC 3339"
        length = last - first
        return length // DAY_NANOSECONDS if length >= 0 else -(-length // DAY_NANOSECONDS)
    begins, ends = moments(start, question.zone), moments(end, question.zone)
    if begins is None or ends is None:
        return "a date that cannot be read"
    # A day without a time counts from its first to its last instant, in favour of the buyer.
    seconds = (ends.latest - begins.earliest).total_seconds()
    if seconds < 0:
        return "the tender period ends before it starts"
    return round(seconds) // DAY_SECONDS
