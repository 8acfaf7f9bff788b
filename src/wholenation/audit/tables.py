"""Answers as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from .flags import SEVERITIES, Answer, Outcome

if TYPE_CHECKING:
    from .ledger import Precision
    from .ocds import Report

SCHEMA: dict[str, type[pl.DataType]] = {
    "check": pl.String, "severity": pl.String, "outcome": pl.String, "kind": pl.String, "subject": pl.String,
    "value": pl.Float64, "fence": pl.Float64, "peers": pl.Int64, "p": pl.Float64, "sentence": pl.String,
    "evidence": pl.String, "version": pl.String,
}  # fmt: skip


def answer_table(answers: Sequence[Answer]) -> pl.DataFrame:
    """One row for each answer: flags first, the severest first, otherwise in the order given."""
    rank = {Outcome.FLAG: 0, Outcome.CLEAR: 1, Outcome.NOT_COMPUTABLE: 2}
    ordered = sorted(answers, key=lambda one: (rank[one.outcome], SEVERITIES.index(one.severity)))
    rows = [
        (
            one.check, one.severity, str(one.outcome), one.subject_kind, one.subject, one.value, one.fence, one.peers,
            one.p, one.sentence, ", ".join(one.evidence), one.version,
        )
        for one in ordered
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def tally_table(answers: Sequence[Answer]) -> pl.DataFrame:
    """How often each check flagged, found nothing, or could not tell."""
    names = dict.fromkeys(one.check for one in answers)
    counts = {name: dict.fromkeys(Outcome, 0) for name in names}
    for one in answers:
        counts[one.check][one.outcome] += 1
    return pl.DataFrame(
        [(name, c[Outcome.FLAG], c[Outcome.CLEAR], c[Outcome.NOT_COMPUTABLE]) for name, c in counts.items()],
        schema={"check": pl.String, "flag": pl.Int64, "clear": pl.Int64, "not_computable": pl.Int64},
        orient="row",
    )


def precision_table(told: Sequence[Precision]) -> pl.DataFrame:
    """What people have made of each check's flags so far, and the precision that follows."""
    rows = [(one.check, one.value, one.confirmed, one.cleared, one.referred, one.waiting) for one in told]
    columns = dict.fromkeys(("confirmed", "cleared", "referred", "waiting"), pl.Int64)
    schema = {"check": pl.String, "precision": pl.Float64, **columns}
    return pl.DataFrame(rows, schema=schema, orient="row")


def indicator_table(report: Report) -> pl.DataFrame:
    """For each indicator how often it said what, its fences, and the commonest reason why it could not tell."""
    from .ocds import INDICATORS

    rows = []
    for code, tally in report.tallies.items():
        reason, times = tally.reasons.most_common(1)[0] if tally.reasons else (None, 0)
        meta = report.meta.get(code, {})
        fences = ", ".join(f"{name} {value:.4g}" for name, value in meta.items() if name.endswith("fence"))
        told = None if reason is None else f"{reason} ({times})"
        rows.append(
            (
                code,
                INDICATORS[code].title,
                tally.flag,
                tally.clear,
                tally.not_computable,
                fences or None,
                told,
            )
        )
    schema: dict[str, type[pl.DataType]] = {
        "check": pl.String, "title": pl.String, "flag": pl.Int64, "clear": pl.Int64, "not_computable": pl.Int64,
        "fences": pl.String, "commonest_reason": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
