"""WN10: an evaluator who accepts nearly all, much of which does not hold."""

from __future__ import annotations

from ...programme.state import Record
from ..check import Check, cited
from ..flags import Answer
from ..peers import ENOUGH, fences, quantile
from ..view import View

CHECK = Check("WN10", "Lenient gate", "high", "evaluator", ("evaluation.given",))
FEWEST = 5
"""Evaluations that an evaluator must have given to be compared."""


def check(view: View) -> list[Answer]:
    """Flag an evaluator who accepts far more than their peers while far less of it passes again.

    Accepting is the share of first evaluations that accept; passing again is the share of what they accepted that
    independent re-tests accept too or, where 20 evaluators with two re-tests cannot be found, that of next milestones
    judged by somebody else. Far means at or beyond the fences of both. The value is the share accepted.
    """
    first, retests, later = _records(view)
    rates = {
        who: sum(bool(one["accepted"]) for one in mine) / len(mine)
        for who, mine in first.items()
        if len(mine) >= FEWEST
    }
    tested = {who: retests[who] for who in rates if len(retests.get(who, ())) >= 2}
    again = tested if len(tested) >= ENOUGH else {who: later[who] for who in rates if later.get(who)}
    holds = {who: sum(bool(one["accepted"]) for one in mine) / len(mine) for who, mine in again.items()}
    answers = []
    for who in sorted(first):
        if len(holds) < ENOUGH:
            reason = f"{len(holds)} evaluators can be compared; {ENOUGH} are needed"
            answers.append(CHECK.not_computable(who, reason, peers=len(holds)))
            continue
        if who not in holds:
            reason = "too few evaluations, or too little of them tested again"
            answers.append(CHECK.not_computable(who, reason, peers=len(holds)))
            continue
        accepting = [rates[one] for one in holds]
        high, low = fences(accepting)[1], fences(list(holds.values()))[0]
        far = rates[who] >= high and rates[who] > quantile(accepting, 0.75)
        weak = holds[who] <= low and holds[who] < quantile(list(holds.values()), 0.25)
        say = CHECK.flag if far and weak else CHECK.clear
        sentence = (
            f"accepts {rates[who]:.0%} (fence {high:.0%}),"
            f" of which {holds[who]:.0%} passes again (fence {low:.0%})"
        )
        evidence = cited([*first[who], *again[who]])
        answers.append(say(who, sentence, evidence, value=rates[who], fence=high, peers=len(holds)))
    return answers


Given = dict[str, list[Record]]


def _records(view: View) -> tuple[Given, Given, Given]:
    """By evaluator: first evaluations; re-tests of what they accepted; next milestones after what they accepted."""
    first: Given = {}
    retests: Given = {}
    later: Given = {}
    given = {one.id: one for one in view.state.all("evaluation.given")}
    for one in given.values():
        before = given.get(str(one["retest_of"]))
        if before is None:
            first.setdefault(str(one["evaluator"]), []).append(one)
        elif before["accepted"] and before["evaluator"] != one["evaluator"]:
            retests.setdefault(str(before["evaluator"]), []).append(one)
    for award in view.awards:
        judged = [one.evaluations[0] for one in award.milestones if one.evaluations]
        for before, after in zip(judged, judged[1:], strict=False):
            if before["accepted"] and before["evaluator"] != after["evaluator"]:
                later.setdefault(str(before["evaluator"]), []).append(after)
    return first, retests, later
