"""Earned value against published exercises, and on a ledger from accepted evidence alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_programmes import begun
from hypothesis import given
from hypothesis import strategies as st

from wholenation.programme.earned_value import EarnedValue, earned_value, total
from wholenation.programme.ledger import Draft


def test_the_fence_of_the_textbook() -> None:
    """Mulcahy, PMP Exam Prep: four sides of 1,000 each, one a day, at the end of the third."""
    fence = EarnedValue(planned=3000, earned=2500, spent=2800, budget=4000)
    assert (fence.cost_variance, fence.schedule_variance) == (-300, -500)
    assert fence.cpi == pytest.approx(0.893, abs=5e-4)
    assert fence.spi == pytest.approx(0.833, abs=5e-4)
    assert fence.eac == pytest.approx(4480)  # 4,479 there, from the rounded index
    assert fence.tcpi == pytest.approx(1500 / 1200)


def test_half_done_where_seven_tenths_were_planned_and_spent() -> None:
    """A worked table that is widely printed: BAC 100, 70 % planned, 50 % done, 70 spent."""
    one = EarnedValue(planned=70, earned=50, spent=70, budget=100)
    assert one.spi == one.cpi == pytest.approx(0.714, abs=5e-4)
    assert one.tcpi == pytest.approx(1.667, abs=5e-4)
    assert (one.cost_variance, one.schedule_variance) == (-20, -20)


def test_what_is_not_computable() -> None:
    start = EarnedValue(planned=0, earned=0, spent=0, budget=100)
    assert (start.cpi, start.spi, start.eac, start.tcpi) == (None, None, None, 1.0)
    spent = EarnedValue(planned=50, earned=0, spent=100, budget=100)
    assert (spent.cpi, spent.spi, spent.eac, spent.tcpi) == (0.0, 0.0, None, None)


AMOUNTS = st.integers(1, 10**12)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_indices_agree_with_each_other(planned: int, earned: int, spent: int, budget: int) -> None:
    one = EarnedValue(planned, earned, spent, budget)
    assert one.cpi is not None and one.spi is not None and one.eac is not None
    assert one.eac == pytest.approx(budget / one.cpi)
    assert (one.cpi < 1) == (one.cost_variance < 0)
    assert (one.spi < 1) == (one.schedule_variance < 0)
    assert total([one, one]) == EarnedValue(2 * planned, 2 * earned, 2 * spent, 2 * budget)


def test_only_accepted_evidence_earns(tmp_path: Path) -> None:
    with begun(tmp_path) as programme:

        def value(day: str) -> tuple[int, int, int, int]:
            state = programme.refresh()
            one = earned_value(state, state.get("award.made", "a1"), day)
            return one.planned, one.earned, one.spent, one.budget

        def evaluated(name: str, evaluator: str, measured: float) -> Draft:
            body = {
                "evaluation": name,
                "evidence": "e",
                "evaluator": evaluator,
                "accepted": True,
                "measured": measured,
            }
            return Draft(name, "evaluation.given", evaluator, body)

        assert value("2027-06-29") == (0, 0, 0, 300)
        assert value("2027-06-30") == (100, 0, 0, 300)
        assert value("2028-01-01") == (300, 0, 0, 300)
        shown = {"evidence": "e", "milestone": "m1", "sha256": "aa" * 32, "size": 1, "name": "f"}
        spent = {"report": "s", "award": "a1", "date": "2027-03-01", "amount": 120}
        programme.ledger.append(
            [
                Draft("e", "evidence.submitted", "team1", shown),
                Draft("s", "spending.reported", "team1", spent),
            ]
        )
        assert value("2099-01-01")[1:3] == (0, 120)
        assert value("2027-02-28")[2] == 0
        programme.ledger.append([evaluated("v1", "rival", 9.0), evaluated("v2", "house", 4.0)])
        assert value("2099-01-01")[1] == 0
        programme.ledger.append([evaluated("v3", "house", 6.0)])
        assert value("2099-01-01")[1] == 100
        assert value("2000-01-01")[1] == 0
