"""What people believed before the outcome was known, updated by evidence and scored against what came."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import QuestionError
from .gate_records import GateRecords, gate_records
from .ledger import Draft, Entry
from .milestones import find
from .office import Programme
from .parties import known_party
from .releasing import acceptance_of
from .requests import given, once
from .reservations import ended
from .state import Record, State

SAME = 1e-9
BINS = 10


@dataclass(frozen=True, slots=True)
class Forecast:
    """A probability for a milestone whose outcome is known: 1 met by its date, 0 not."""

    by: str
    team: str
    milestone: str
    probability: float
    outcome: int


@dataclass(frozen=True, slots=True)
class Scores:
    """How good forecasts were. Lower is better for `brier` and `log` (natural logarithm; infinite after a sure miss).

    `brier` = `reliability` - `resolution` + `uncertainty` (Murphy 1973, J. Appl. Meteor. 12:595), with one class for
    each probability that was stated, so that it holds exactly. `z` (Spiegelhalter 1986, Stat. Med. 5:421) is normal if
    the forecasts are calibrated, None where all were sure or all said one half. `bias` is the mean forecast less the
    part that was met: above 0, too hopeful.
    """

    count: int
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    log: float
    z: float | None
    bias: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """One point of a calibration curve: forecasts from `low` on to below `high`, their mean, and the part met."""

    low: float
    high: float
    count: int
    forecast: float
    met: float


def posterior(prior: float, if_met: float, if_not: float) -> float:
    """The probability after evidence that is `if_met` likely where the milestone will be met and `if_not` where not.

    >>> round(posterior(0.5, 0.8, 0.2), 12)
    0.8
    """
    for name, value in (("prior", prior), ("likelihood if met", if_met), ("likelihood if not met", if_not)):
        if not 0 <= value <= 1:
            raise QuestionError(f"{name} {value}: it lies between 0 and 1")
    seen = prior * if_met + (1 - prior) * if_not
    if seen <= 0:
        raise QuestionError(
            f"a prior of {prior:g} with likelihoods {if_met:g} and {if_not:g} rules out what was seen"
        )
    return prior * if_met / seen


def state_belief(
    programme: Programme,
    *,
    key: str,
    actor: str,
    belief: str,
    milestone: str,
    probability: float | None = None,
    likelihoods: Mapping[str, float] | None = None,
    prior: float | None = None,
) -> Entry:
    """Record the actor's probability that a milestone is met by its date, or the one that follows from evidence.

    `likelihoods` are those of the evidence, `if_met` and `if_not`; the prior is the actor's last belief if none is
    told. Raises `QuestionError` where a probability that is told does not follow from them.
    """
    asked = given(
        belief=belief, milestone=milestone, probability=probability, prior=prior,
        likelihoods=None if likelihoods is None else dict(likelihoods),
    )  # fmt: skip

    def decide(state: State) -> list[Draft]:
        find(state, milestone)
        known_party(state, actor)
        start, stated = prior, probability
        if likelihoods is not None:
            if set(likelihoods) != {"if_met", "if_not"}:
                raise QuestionError(
                    f"likelihoods {', '.join(likelihoods) or 'none'}: if_met and if_not are needed"
                )
            if start is None:
                start = _last(state, actor, milestone)
            follows = posterior(start, likelihoods["if_met"], likelihoods["if_not"])
            if stated is not None and abs(stated - follows) > SAME:
                raise QuestionError(f"probability {stated:g} does not follow: Bayes' rule gives {follows:g}")
            stated = follows
        if stated is None:
            raise QuestionError("a belief needs a probability, or likelihoods from which it follows")
        if not 0 <= stated <= 1:
            raise QuestionError(f"probability {stated}: it lies between 0 and 1")
        body = given(
            belief=belief, milestone=milestone, by=actor, probability=stated, prior=start,
            likelihoods=None if likelihoods is None else dict(likelihoods),
        )  # fmt: skip
        return [Draft(key, "belief.stated", actor, body)]

    return once(programme, "belief.stated", key, actor, asked, decide)


def _last(state: State, actor: str, milestone: str) -> float:
    before = state.all("belief.stated", by=actor, milestone=milestone)
    if not before:
        raise QuestionError(f"{actor} has stated no belief in {milestone} yet: tell the prior")
    return float(before[-1]["probability"])


def outcomes(state: State, day: str) -> dict[str, tuple[int, int]]:
    """By milestone that is resolved on a day: 1 or 0, and the entry after which no belief is a forecast any more.

    Met is what was accepted on evidence that came by the registered date. Not met is what was not by then, and what
    was killed before. A race that is lost says nothing of what would have been.
    """
    found = {}
    records = gate_records(state, day)
    for award in state.all("award.made"):
        kills = state.all("gate.decided", award=award.id, decision="kill")
        for one in award["milestones"]:
            name, due = one["milestone"], records.terms[one["milestone"]].due
            _, acceptance = acceptance_of(records, name)
            counted = acceptance.evaluation
            if acceptance.accepted and counted is not None:
                shown = state.get("evidence.submitted", counted.evidence)
                found[name] = (int(shown.at[:10] <= due), counted.seq)
            elif kills:
                found[name] = (0, kills[0].seq)
            elif day > due and ended(state, award.id) is None and not _awaited(records, name, due):
                found[name] = (0, state.size + 1)
    return found


def _awaited(records: GateRecords, milestone: str, due: str) -> bool:
    """Whether evidence that came in time has not been evaluated yet."""
    return any(
        one.at[:10] <= due and not records.evaluations.get(one.id)
        for one in records.evidence.get(milestone, ())
    )


def forecasts(state: State, day: str) -> list[Forecast]:
    """Everybody's last belief in each resolved milestone from before it was resolved, and by its date."""
    known = outcomes(state, day)
    records = gate_records(state, day)
    last: dict[tuple[str, str], Record] = {}
    for belief in state.all("belief.stated"):
        name = belief["milestone"]
        if name in known and belief.seq < known[name][1] and belief.at[:10] <= records.terms[name].due:
            last[belief["by"], name] = belief
    return [
        Forecast(by, records.awards[name]["payee"], name, float(belief["probability"]), known[name][0])
        for (by, name), belief in last.items()
    ]


def score(found: Sequence[Forecast]) -> Scores:
    """The scores of some forecasts. `QuestionError` where there are none."""
    if not found:
        raise QuestionError("no forecast is resolved yet: there is nothing to score")
    n = len(found)
    base = math.fsum(one.outcome for one in found) / n
    classes: dict[float, list[int]] = defaultdict(list)
    for one in found:
        classes[one.probability].append(one.outcome)
    met = {p: math.fsum(part) / len(part) for p, part in classes.items()}
    spread = math.fsum(
        (1 - 2 * one.probability) ** 2 * one.probability * (1 - one.probability) for one in found
    )
    excess = math.fsum((one.outcome - one.probability) * (1 - 2 * one.probability) for one in found)
    return Scores(
        count=n,
        brier=math.fsum((one.probability - one.outcome) ** 2 for one in found) / n,
        reliability=math.fsum(len(part) * (p - met[p]) ** 2 for p, part in classes.items()) / n,
        resolution=math.fsum(len(part) * (met[p] - base) ** 2 for p, part in classes.items()) / n,
        uncertainty=base * (1 - base),
        log=math.fsum(_surprise(one) for one in found) / n,
        z=excess / math.sqrt(spread) if spread > 0 else None,
        bias=math.fsum(one.probability for one in found) / n - base,
    )


def _surprise(one: Forecast) -> float:
    likely = one.probability if one.outcome else 1 - one.probability
    return -math.log(likely) if likely > 0 else math.inf


def scores_by(found: Iterable[Forecast], whose: str) -> dict[str, Scores]:
    """Scores by who forecast (`by`), or by whose milestone it was (`team`), in alphabetical order."""
    groups: dict[str, list[Forecast]] = defaultdict(list)
    for one in found:
        groups[getattr(one, whose)].append(one)
    return {name: score(groups[name]) for name in sorted(groups)}


def calibration(found: Sequence[Forecast], bins: int = BINS) -> list[Calibration]:
    """The calibration curve over equal bins; those without a forecast are left out. 1 belongs to the last bin."""
    curve = []
    for low, high in pairwise(n / bins for n in range(bins + 1)):
        mine = [one for one in found if low <= one.probability < high or (high == one.probability == 1.0)]
        if mine:
            forecast = math.fsum(one.probability for one in mine) / len(mine)
            met = math.fsum(one.outcome for one in mine) / len(mine)
            curve.append(Calibration(low, high, len(mine), forecast, met))
    return curve
