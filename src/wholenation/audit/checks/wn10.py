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

    Accepting is the share of first evaluations that accept; passing again is the share of what they accepted that an
    independent re-test, or the next milestone judged by somebody else, accepts too. Far means at or beyond the fences
    of both. The value is the share accepted.
    """
    first, again, later = _records(view)
    given = {
        who: [bool(one["accepted"]) for one in mine] for who, mine in first.items() if len(mine) >= FEWEST
    }
    rates = {who: sum(mine) / len(mine) for who, mine in given.items()}
    holds = {who: sum(again[who]) / len(again[who]) for who in rates if again.get(who)}
    answers = []
    for who in sorted(first):
        if len(holds) < ENOUGH or who not in holds:
            reason = f"{len(holds)} evaluators with {FEWEST} evaluations and a re-test; {ENOUGH} are needed"
            told = reason if len(holds) < ENOUGH else "too few evaluations, or none of them tested again"
            answers.append(CHECK.not_computable(who, told, peers=len(holds)))
            continue
        high = fences([rates[one] for one in holds])[1]
        low = fences(list(holds.values()))[0]
        far = rates[who] >= high and rates[who] > quantile([rates[one] for one in holds], 0.75)
        weak = holds[who] <= low and holds[who] < quantile(list(holds.values()), 0.25)
        say = CHECK.flag if far and weak else CHECK.clear
        sentence = (
            f"accepts {rates[who]:.0%} (fence {high:.0%}),"
            f" of which {holds[who]:.0%} passes again (fence {low:.0%})"
        )
        evidence = cited([*first[who], *later.get(who, ())])
        answers.append(say(who, sentence, evidence, value=rates[who], fence=high, peers=len(holds)))
    return answers


def _records(view: View) -> tuple[dict[str, list[Record]], dict[str, list[bool]], dict[str, list[Record]]]:
    first: dict[str, list[Record]] = {}
    again: dict[str, list[bool]] = {}
    later: dict[str, list[Record]] = {}
    given = {one.id: one for one in view.state.all("evaluation.given")}

    def passes(before: Record, after: Record) -> None:
        if before["accepted"] and before["evaluator"] != after["evaluator"]:
            again.setdefault(str(before["evaluator"]), []).append(bool(after["accepted"]))
            later.setdefault(str(before["evaluator"]), []).append(after)

    for one in given.values():
        if one["retest_of"] in given:
            passes(given[one["retest_of"]], one)
        else:
            first.setdefault(str(one["evaluator"]), []).append(one)
    for award in view.awards:
        judged = [one.evaluations[0] for one in award.milestones if one.evaluations]
        for before, after in zip(judged, judged[1:], strict=False):
            passes(before, after)
    return first, again, later
