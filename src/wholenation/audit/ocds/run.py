"""A file of releases through all indicators, in one pass."""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Any

from ...errors import QuestionError
from ..flags import Answer, Outcome, in_order
from .money import Exchange, MainCurrency
from .process import process_of
from .reading import CHUNK_BYTES, Reading, releases
from .registry import INDICATORS
from .releases import Release
from .settings import Settings
from .statistics import rounded
from .verdicts import Collector, Judge, Peers, Question, Standing, Verdict

SEVERAL = "several releases have this ocid, where compiled releases have one each"


class Mode(StrEnum):
    """To find what Cardinal finds, or to tell what can be told."""

    CARDINAL = "cardinal"
    CORRECTED = "corrected"


VERSIONS = {Mode.CARDINAL: "cardinal 0.0.8", Mode.CORRECTED: "corrected 1"}


@dataclass(slots=True)
class Tally:
    """How often an indicator said what; `reasons` count why processes do not count."""

    flag: int = 0
    clear: int = 0
    not_computable: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Report:
    """All answers in order, with quartiles and fences (`meta`), tallies, and how the file was read.

    Without `every`, answers are the flags alone; tallies count the others.
    """

    mode: Mode
    standings: Mapping[tuple[str, str, str], tuple[Standing, Outcome]]
    meta: Mapping[str, Mapping[str, float]]
    tallies: Mapping[str, Tally]
    reading: Reading

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """What was found, in order."""
        return tuple(
            in_order(
                Answer(
                    code, one.kind, one.subject, outcome, one.value, one.sentence, INDICATORS[code].severity,
                    one.fence, one.peers, one.evidence, VERSIONS[self.mode],
                )
                for (code, _, _), (one, outcome) in self.standings.items()
            )
        )  # fmt: skip


def audit_releases(
    file: str,
    *,
    mode: Mode = Mode.CORRECTED,
    settings: Settings | None = None,
    rates: Mapping[str, tuple[list[date], list[float]]] | None = None,
    zone: tzinfo = UTC,
    every: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> Report:
    """What the indicators say of the compiled releases in `file`, one JSON object a line.

    `rates` are a dated table of exchange rates (`read_rates`) and `zone` is where dates without one are read; both
    only count in corrected mode. There, neither the order of lines nor the size of chunks changes anything, and an
    ocid that several lines have is not computable. `every` keeps the answers that are no flags, too.
    """
    settings = settings or Settings()
    if mode is Mode.CARDINAL and rates:
        raise QuestionError(
            "exchange rates: cardinal mode compares prices in one currency only; use corrected mode"
        )

    def go_through(leave_out: frozenset[str]) -> tuple[_Pass, Reading]:
        money = MainCurrency(settings.currency) if mode is Mode.CARDINAL else Exchange(rates or {}, zone)
        one = _Pass(mode, Question(settings, mode is Mode.CORRECTED, money, zone), every)
        reading = Reading(file)
        with _no_collector():
            for batch in releases(reading, chunk_bytes=chunk_bytes):
                one.take(batch, leave_out)
        return one, reading

    done, reading = go_through(frozenset())
    if mode is Mode.CORRECTED and done.repeated:
        # What one line of several adds to sums over tenderers depends on which is believed: none is.
        done, reading = go_through(frozenset(done.repeated))
    return done.report(reading)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Python's search for cycles, of which a pass makes none, would take a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Pass:
    """One pass over the releases: grows with each, and reports at the end."""

    def __init__(self, mode: Mode, question: Question, every: bool) -> None:
        self.mode, self.question, self.every = mode, question, every
        self.codes = question.settings.codes
        self.tallies = {code: Tally() for code in self.codes}
        self.found: dict[tuple[str, str, str], tuple[Standing, Outcome]] = {}
        self.behind: dict[tuple[str, str, str], set[str]] = {}
        self.seen: set[str] = set()
        self.repeated: set[str] = set()
        self.judges: list[tuple[str, Judge]] = []
        self.collectors: dict[Callable[[Question], Any], Collector] = {}
        for code in self.codes:
            how = INDICATORS[code].how
            if isinstance(how, Peers):
                if how.collect not in self.collectors:
                    self.collectors[how.collect] = how.collect(question)
            else:
                self.judges.append((code, how))

    def take(self, batch: Sequence[Release], leave_out: frozenset[str]) -> None:
        excluded = self.question.settings.excluded_details
        collectors = [(self._codes_of(collect), one.take) for collect, one in self.collectors.items()]
        judges, question, corrected = self.judges, self.question, self.question.corrected
        for release in batch:
            ocid = release.ocid
            if ocid is None:
                continue
            tender = release.tender
            if tender is not None and (
                tender.status == "cancelled" or tender.procurement_method_details in excluded
            ):
                continue
            if corrected:
                if ocid in self.seen:
                    self.repeated.add(ocid)
                self.seen.add(ocid)
                if ocid in leave_out:
                    continue
            process = process_of(release, ocid)
            for codes, collect in collectors:
                reason = collect(process)
                if reason is not None and corrected:
                    self._not_computable(codes, ocid, reason)
            for code, judge in judges:
                verdict = judge(process, question)
                if type(verdict) is Verdict:
                    if verdict.flag or corrected:
                        self._judged(code, ocid, verdict)
                elif corrected:
                    self._not_computable((code,), ocid, verdict)  # type: ignore[arg-type]

    def _codes_of(self, collect: Callable[[Question], Any]) -> tuple[str, ...]:
        found = ((code, INDICATORS[code].how) for code in self.codes)
        return tuple(code for code, how in found if isinstance(how, Peers) and how.collect is collect)

    def _judged(self, code: str, ocid: str, verdict: Verdict) -> None:
        if not verdict.flag and not self.every:
            self.tallies[code].clear += 1
            return
        value, flag, sentence, fence, tenderers = verdict
        standing = Standing("OCID", ocid, value, flag, sentence, fence, 0, (ocid,))
        self._stand(code, standing)
        if not tenderers:
            return
        for tenderer, its_value in tenderers.items():
            self._stand(code, standing._replace(kind="Tenderer", subject=tenderer, value=its_value))

    def _not_computable(self, codes: Iterable[str], ocid: str, reason: str) -> None:
        for code in codes:
            tally = self.tallies[code]
            tally.not_computable += 1
            tally.reasons[reason] += 1
            if self.every:
                one = Standing("OCID", ocid, None, False, reason, None, 0, (ocid,))
                self.found[code, "OCID", ocid] = one, Outcome.NOT_COMPUTABLE

    def _stand(self, code: str, one: Standing) -> None:
        """Count and keep what was found of a subject; a tenderer's flags become one, resting on all its processes."""
        tally, key = self.tallies[code], (code, one.kind, one.subject)
        if one.flag:
            if one.kind == "Tenderer" and one.evidence:
                behind = self.behind.setdefault(key, set())
                behind.update(one.evidence)
            if key not in self.found:
                tally.flag += 1
            self.found[key] = one, Outcome.FLAG
            return
        outcome = Outcome.NOT_COMPUTABLE if one.reason else Outcome.CLEAR
        if one.reason:
            tally.not_computable += 1
            tally.reasons[one.sentence] += 1
        else:
            tally.clear += 1
        if self.every:
            self.found[key] = one, outcome

    def _gather(self) -> None:
        """Name all processes behind a tenderer's flag, now that they are known."""
        for key, ocids in self.behind.items():
            one, outcome = self.found[key]
            told = f"stands behind flags of {len(ocids)} processes" if len(ocids) > 1 else one.sentence
            self.found[key] = one._replace(evidence=tuple(sorted(ocids)), sentence=told), outcome

    def report(self, reading: Reading) -> Report:
        meta = {}
        for ocid in sorted(self.repeated):
            self._not_computable(self.codes, ocid, SEVERAL)
        for code in self.codes:
            how = INDICATORS[code].how
            if isinstance(how, Peers):
                ranking = how.rank(self.collectors[how.collect], self.question)
                meta[code] = ranking.meta
                for one in ranking.standings:
                    if one.flag or self.question.corrected:
                        self._stand(code, one)
        self._gather()
        return Report(self.mode, self.found, meta, self.tallies, reading)


def as_cardinal(report: Report) -> dict[str, Any]:
    """The flags in the shape of Cardinal's own output: by group, identifier and indicator, and fences under Meta."""
    found: dict[str, Any] = {}
    for (code, kind, subject), (one, outcome) in report.standings.items():
        if outcome is Outcome.FLAG:
            # A price over a price of 0 is infinite, for which JSON has no number.
            value = one.value if one.value is not None and math.isfinite(one.value) else None
            found.setdefault(kind, {}).setdefault(subject, {})[code] = value
    found["Meta"] = {
        code: {name: rounded(value) for name, value in meta.items()}
        for code, meta in report.meta.items()
        if meta
    }
    return found
