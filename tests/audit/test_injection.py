"""The bench over planted schemes, and flags as entries of a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from wholenation.audit.bench import TOP, answers, bench, ranked
from wholenation.audit.flags import SEVERITIES, flagged
from wholenation.audit.injection import clean
from wholenation.audit.ledger import audit_ledger, dispose, flag_id, precision, raise_flags
from wholenation.audit.peers import benjamini_hochberg, fences, quantile
from wholenation.audit.schemes import SCHEMES
from wholenation.errors import QuestionError
from wholenation.programme.ledger import Draft
from wholenation.programme.office import open_programme


def test_the_same_seed_is_the_same_programme() -> None:
    assert clean(5).entries() == clean(5).entries()
    assert clean(5).entries() != clean(6).entries()


def test_a_bench_counts() -> None:
    done = bench([1], noise=0.0, checks=["WN01", "WN04", "R042", "WN20"])
    assert done.recall == done.combined_recall == 1.0
    assert done.combined_planted == 3
    assert done.precision_at_50 == 1.0
    assert 3 <= done.in_top <= TOP
    assert (done.clean_alarms, done.clean_hard) == (0, 0)


def test_what_nobody_planted_is_not_found() -> None:
    done = bench([1], noise=0.0, checks=["WN01"])
    book = clean(1)
    SCHEMES["WN04"](book)
    assert not [one for one in flagged(answers(book)) if one.check == "WN01"]
    assert done.singles[0].recall == 1.0


def test_hard_flags_come_first() -> None:
    book = clean(2)
    for name in ("WN05", "WN01", "R042", "R022"):
        SCHEMES[name](book)
    order = [SEVERITIES.index(one.severity) for one in ranked(answers(book))]
    assert order == sorted(order)
    assert order[0] == 0


def test_quantiles_are_of_the_eighth_kind() -> None:
    # R: quantile(c(1, 2, 4, 8, 16), c(.25, .5, .75), type = 8) is 1.666667, 4, 10.666667
    values = [16.0, 1.0, 8.0, 2.0, 4.0]
    assert [quantile(values, p) for p in (0.25, 0.5, 0.75)] == pytest.approx([5 / 3, 4.0, 32 / 3])
    assert fences(values) == pytest.approx((5 / 3 - 13.5, 32 / 3 + 13.5))
    assert quantile([3.0], 0.9) == 3.0


def test_false_discoveries_are_bounded_within_a_family() -> None:
    book = clean(1)
    SCHEMES["WN13"](book)
    base = next(one for one in flagged(answers(book, ["WN13"])))
    family = [replace(base, subject=str(n), p=p) for n, p in enumerate((0.001, 0.02, 0.026, 0.04, 0.6))]
    # Bounds are 0.01, 0.02, 0.03, 0.04, 0.05: the first four pass.
    assert [one.subject for one in flagged(benjamini_hochberg(family))] == ["0", "1", "2", "3"]
    family = [replace(base, subject=str(n), p=p) for n, p in enumerate((0.02, 0.03, 0.04, 0.6, 0.9))]
    assert flagged(benjamini_hochberg(family)) == []


def test_flags_are_entries_once_and_people_dispose_of_them(tmp_path: Path) -> None:
    book = clean(1)
    SCHEMES["WN01"](book)
    SCHEMES["WN05"](book)
    found = answers(book)
    with open_programme(str(tmp_path / "ledger.db"), create=True) as programme:
        opened = {**next(line.body for line in book.lines if line.type == "programme.opened")}
        programme.act(lambda _: [Draft("open", "programme.opened", "office", opened)])
        raised = raise_flags(programme, found, actor="auditor")
        assert {one.body["flag"] for one in raised} == {flag_id(one) for one in flagged(found)}
        assert raise_flags(programme, reversed(found), actor="somebody-else") == []
        first, second = (str(one.body["flag"]) for one in raised[:2])
        with pytest.raises(QuestionError, match="one of cleared"):
            dispose(programme, key="d0", actor="a", flag=first, disposition="closed", reason="x")
        with pytest.raises(QuestionError, match="takes a reason"):
            dispose(programme, key="d0", actor="a", flag=first, disposition="cleared", reason=" ")
        with pytest.raises(QuestionError, match="no such flag"):
            dispose(programme, key="d0", actor="a", flag="none", disposition="cleared", reason="x")
        dispose(programme, key="d1", actor="a", flag=first, disposition="referred", reason="Ask.")
        dispose(programme, key="d2", actor="a", flag=first, disposition="confirmed", reason="True.")
        dispose(programme, key="d3", actor="a", flag=second, disposition="cleared", reason="Fine.")
        checks = {str(one.body["flag"]): str(one.body["check"]) for one in raised}
        told = {one.check: one for one in precision(programme.refresh())}
        assert told[checks[first]].confirmed == 1
        assert sum(one.cleared for one in told.values()) == 1
        assert sum(one.waiting for one in told.values()) == len(raised) - 2
        assert all(one.value in (None, 0.0, 0.5, 1.0) for one in told.values())


def test_unknown_checks_are_told() -> None:
    with pytest.raises(QuestionError, match="is WN01 meant"):
        audit_ledger(clean(1).state(), today=date(2026, 3, 31), checks=["WN001"])
