"""What differs between two plans of one home, project by project."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from ..errors import QuestionError
from .result import Plan, funded

SAME_MUSD = 0.5
"""Sums of money that differ by less, in USD million, are the same."""
SAME = 1e-6

COLUMNS = {
    "project": pl.String, "change": pl.String, "start_one": pl.Float64, "start_other": pl.Float64,
    "teams_one": pl.String, "teams_other": pl.String, "musd_one": pl.Float64, "musd_other": pl.Float64,
    "built_one": pl.Float64, "built_other": pl.Float64, "loss_if_left_out_one": pl.Float64,
    "loss_if_left_out_other": pl.Float64, "sentence": pl.String,
}  # fmt: skip


def difference(one: Plan, other: Plan) -> pl.DataFrame:
    """One row per project that only one plan funds, or both in different ways, and what each says of it.

    The first row, of project "(all)", compares the two objectives: years of output lost, in `loss_if_left_out_*`. The
    plans may be of different chains; what a project is called is what it is. `built` is the part of the full capacity,
    `teams` the routes with their teams. Raises `QuestionError` if the plans are of different homes, or one is none.
    """
    for number, each in (("first", one), ("second", other)):
        if not isinstance(each, Plan):
            raise QuestionError(f"the {number} is no plan but {type(each).__name__}")
        if not math.isfinite(each.objective):
            raise QuestionError(f"the {number} plan decides nothing: {each.status.value}")
    if one.home != other.home:
        raise QuestionError(
            f"the plans are of {one.home} and {other.home}; only plans of one home can be compared"
        )
    mine, theirs = _projects(one), _projects(other)
    rows = [_whole(one, other)]
    for name in sorted(mine.keys() | theirs.keys()):
        left, right = mine.get(name), theirs.get(name)
        if left is None or right is None:
            here = left or right
            assert here is not None  # noqa: S101
            change = "only in the other" if left is None else "only in the one"
            absent = one if left is None else other
            why = "" if name in absent.menu.project else ", where it was no choice"
            said = f"{name} is {change}{why}: {_described(here)}"
        else:
            changes = _changes(left, right)
            if not changes:
                continue
            change, said = ", ".join(changes), f"{name}: {'; '.join(changes.values())}"
        rows.append({"project": name, "change": change, "sentence": said} | _pair(left, right))
    return pl.DataFrame(rows, schema=COLUMNS)


def _projects(plan: Plan) -> dict[str, dict[str, Any]]:
    """What a plan does with each funded project."""
    menu, decision, found = plan.menu, plan.decision, {}
    worth = dict(plan.portfolio.select("project", "loss_if_left_out").iter_rows())
    for p in funded(menu, decision):
        mine = np.flatnonzero(decision.chosen & (menu.profile_project == p))
        paid = decision.paid[p]
        starts = [float(menu.profile_start[f]) for f in mine]
        if paid.sum() > SAME and not starts:
            starts = [float(plan.horizon.times[(paid.cumsum() > SAME).argmax()])]
        teams = [
            f"{menu.route[menu.lane_route[lane]]} {menu.lane_teams[lane]:g}"
            for f in mine
            for lane in menu.lanes(int(f))
        ]
        found[menu.project[p]] = {
            "start": min(starts, default=None),
            "teams": ", ".join(sorted(teams)),
            "musd": float(decision.money[:, p].sum()),
            "built": float(paid.sum()),
            "loss_if_left_out": worth.get(menu.project[p]),
        }
    return found


def _changes(left: dict[str, Any], right: dict[str, Any]) -> dict[str, str]:
    """What differs, in one word each, and in a sentence."""
    found = {}
    if left["start"] != right["start"]:
        found["start"] = f"starts in {left['start']:.0f}, in the other in {right['start']:.0f}"
    if left["teams"] != right["teams"]:
        names = [{team.rsplit(" ", 1)[0] for team in side["teams"].split(", ")} for side in (left, right)]
        word = "teams" if names[0] == names[1] else "routes"
        found[word] = f"runs {left['teams'] or 'no route'}, in the other {right['teams'] or 'no route'}"
    if abs(left["musd"] - right["musd"]) > SAME_MUSD:
        found["money"] = f"gets USD {left['musd']:,.0f} million, in the other {right['musd']:,.0f} million"
    if abs(left["built"] - right["built"]) > SAME:
        found["built"] = f"{left['built']:.0%} of its capacity is built, in the other {right['built']:.0%}"
    return found


def _described(here: dict[str, Any]) -> str:
    parts = [] if here["start"] is None else [f"from {here['start']:.0f}"]
    parts += [here["teams"]] if here["teams"] else []
    parts.append(f"USD {here['musd']:,.0f} million")
    if here["loss_if_left_out"] is not None:
        parts.append(f"left out, {here['loss_if_left_out']:.3f} years of output more are lost")
    return ", ".join(parts)


def _pair(left: dict[str, Any] | None, right: dict[str, Any] | None) -> dict[str, Any]:
    return {
        f"{key}_{side}": None if values is None else values[key]
        for side, values in (("one", left), ("other", right))
        for key in ("start", "teams", "musd", "built", "loss_if_left_out")
    }


def _whole(one: Plan, other: Plan) -> dict[str, Any]:
    spent = [float(plan.decision.money.sum()) for plan in (one, other)]
    apart = other.objective - one.objective
    word = "more" if apart > 0 else "less"
    said = (
        f"the one loses {one.objective:.3f} years of output with USD {spent[0]:,.0f} million, the other "
        f"{other.objective:.3f} with {spent[1]:,.0f} million: {abs(apart):.3f} {word}"
    )
    return {
        "project": "(all)", "change": "", "musd_one": spent[0], "musd_other": spent[1],
        "loss_if_left_out_one": one.objective, "loss_if_left_out_other": other.objective, "sentence": said,
    }  # fmt: skip
