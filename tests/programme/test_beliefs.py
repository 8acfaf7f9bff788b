"""Beliefs: Bayes' rule, scores against slow and obvious twins and their identities, and forecasts from a ledger."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from gate_programmes import begun
from hypothesis import given
from hypothesis import strategies as st

from wholenation.errors import QuestionError
from wholenation.programme.beliefs import (
    Forecast,
    calibration,
    forecasts,
    outcomes,
    posterior,
    score,
    scores_by,
    state_belief,
)
from wholenation.programme.ledger import Draft, Entry

DEGREES = st.sampled_from([n / 10 for n in range(11)])
FORECASTS = st.lists(
    st.builds(
        Forecast, st.sampled_from("ab"), st.sampled_from("xy"), st.just("m"), DEGREES, st.integers(0, 1)
    ),
    min_size=1,
    max_size=40,
)


def of(*pairs: tuple[float, int]) -> list[Forecast]:
    return [Forecast("a", "x", f"m{n}", p, o) for n, (p, o) in enumerate(pairs)]


def test_rain_in_four_days() -> None:
    """Four forecasts that can be scored by hand."""
    found = score(of((0.9, 1), (0.8, 1), (0.3, 0), (0.6, 0)))
    assert found.brier == pytest.approx((0.01 + 0.04 + 0.09 + 0.36) / 4)
    assert found.log == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(0.7) + math.log(0.4)) / 4)
    assert found.uncertainty == 0.25
    assert found.bias == pytest.approx(0.65 - 0.5)


@given(FORECASTS)
def test_murphys_parts_add_up_to_brier(found: list[Forecast]) -> None:
    got = score(found)
    assert got.brier == pytest.approx(got.reliability - got.resolution + got.uncertainty, abs=1e-12)
    assert 0 <= got.resolution <= got.uncertainty + 1e-12
    assert got.brier == pytest.approx(sum((f.probability - f.outcome) ** 2 for f in found) / len(found))


@given(FORECASTS)
def test_spiegelhalters_z_is_the_excess_of_brier_over_what_was_expected(found: list[Forecast]) -> None:
    got = score(found)
    n = len(found)
    expected = sum(f.probability * (1 - f.probability) for f in found) / n
    variance = sum((1 - 2 * f.probability) ** 2 * f.probability * (1 - f.probability) for f in found) / n**2
    if variance < 1e-15:
        assert got.z is None
    else:
        assert got.z == pytest.approx((got.brier - expected) / math.sqrt(variance), abs=1e-9)


@given(FORECASTS)
def test_the_curve_holds_every_forecast_once(found: list[Forecast]) -> None:
    curve = calibration(found)
    assert sum(one.count for one in curve) == len(found)
    assert all(one.low - 1e-9 <= one.forecast <= one.high + 1e-9 for one in curve)
    assert sum(one.count * one.met for one in curve) == pytest.approx(sum(f.outcome for f in found))


def test_a_sure_miss_is_infinitely_surprising() -> None:
    assert score(of((0.0, 1))).log == math.inf
    assert score(of((1.0, 1))).log == 0.0
    assert score(of((0.5, 1), (1.0, 1))).z is None
    with pytest.raises(QuestionError, match="nothing to score"):
        score([])


def test_hope_shows_as_a_positive_z() -> None:
    assert (score(of(*[(0.9, 1)] * 10, *[(0.9, 0)] * 10)).z or 0) > 1.96
    assert abs(score(of(*[(0.9, 1)] * 18, *[(0.9, 0)] * 2)).z or 0) < 1e-9


def test_scores_by_forecaster_and_by_team() -> None:
    found = [
        Forecast("a", "x", "m", 1.0, 1),
        Forecast("b", "x", "m", 0.0, 1),
        Forecast("a", "y", "n", 1.0, 0),
    ]
    assert {name: one.brier for name, one in scores_by(found, "by").items()} == {"a": 0.5, "b": 1.0}
    assert {name: one.count for name, one in scores_by(found, "team").items()} == {"x": 2, "y": 1}


@given(st.floats(0.01, 0.99), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_bayes_rule_in_odds(prior: float, if_met: float, if_not: float) -> None:
    after = posterior(prior, if_met, if_not)
    assert after / (1 - after) == pytest.approx(prior / (1 - prior) * if_met / if_not, rel=1e-6)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((2, 0.5, 0.5), "prior 2"), ((0.5, -1, 0.5), "if met -1"), ((1.0, 0.0, 0.5), "rules out what was seen")],
)
def test_what_is_no_probability(numbers: tuple[float, float, float], words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        posterior(*numbers)


def test_beliefs_are_stated_updated_and_checked(tmp_path: Path) -> None:
    with begun(tmp_path) as programme:

        def believe(name: str, **more: Any) -> Entry:
            return state_belief(programme, key=name, actor="house", belief=name, milestone="m1", **more)

        seen = {"if_met": 0.8, "if_not": 0.2}
        with pytest.raises(QuestionError, match="has stated no belief in m1 yet"):
            believe("b0", likelihoods=seen)
        believe("b1", probability=0.5)
        entry = believe("b2", likelihoods=seen)
        assert (entry.body["prior"], entry.body["probability"]) == (0.5, 0.8)
        assert believe("b2", likelihoods=seen) == entry
        with pytest.raises(QuestionError, match=r"0\.9 does not follow: Bayes' rule gives 0\.5"):
            believe("b3", probability=0.9, prior=0.2, likelihoods=seen)
        with pytest.raises(QuestionError, match="if_met and if_not are needed"):
            believe("b3", likelihoods={"met": 1.0})
        with pytest.raises(QuestionError, match="needs a probability"):
            believe("b3")
        with pytest.raises(QuestionError, match=r"probability 1\.5: it lies between 0 and 1"):
            believe("b3", probability=1.5)


def test_forecasts_are_the_last_beliefs_before_the_outcome(tmp_path: Path) -> None:
    def belief(name: str, by: str, milestone: str, probability: float) -> Draft:
        body = {"belief": name, "milestone": milestone, "by": by, "probability": probability}
        return Draft(name, "belief.stated", by, body)

    def shown(name: str, milestone: str) -> Draft:
        body = {"evidence": name, "milestone": milestone, "sha256": "aa" * 32, "size": 1, "name": "f"}
        return Draft(name, "evidence.submitted", "team1", body)

    found = {"evaluation": "v", "evidence": "e", "evaluator": "house", "accepted": True, "measured": 6.0}
    kill = {"gate": "g", "award": "a2", "decision": "kill", "reason": "no yield"}
    with begun(
        tmp_path,
        belief("b1", "ann", "m1", 0.3),
        belief("b2", "ann", "m1", 0.6),
        belief("b3", "team1", "m1", 0.9),
        belief("b4", "ann", "n1", 0.2),
        belief("b5", "ann", "m2", 0.7),
        shown("e", "m1"),
        Draft("v", "evaluation.given", "house", found),
        belief("b6", "ann", "m1", 0.99),
        Draft("g", "gate.decided", "agency", kill),
        belief("b7", "ann", "n1", 0.01),
    ) as programme:
        state = programme.refresh()
        known = outcomes(state, "2027-01-01")
        assert {name: outcome for name, (outcome, _) in known.items()} == {"m1": 1, "n1": 0, "n2": 0}
        told = {(one.by, one.milestone): (one.team, one.probability, one.outcome)
                for one in forecasts(state, "2027-01-01")}  # fmt: skip
        assert told == {
            ("ann", "m1"): ("team1", 0.6, 1), ("team1", "m1"): ("team1", 0.9, 1), ("ann", "n1"): ("team2", 0.2, 0),
        }  # fmt: skip
        assert outcomes(state, "2028-01-01")["m2"][0] == 0
        programme.ledger.append([shown("e2", "m2")])
        assert "m2" not in outcomes(programme.refresh(), "2028-01-01")
