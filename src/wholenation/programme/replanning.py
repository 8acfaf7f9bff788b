"""Planning again from what the gates have shown: the plan in force is made again, put where the ledger says it stands,
and solved anew from there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..chain import Chain
from ..errors import QuestionError
from ..plans.course import SOON, Course
from ..plans.evidence import Evidence
from ..plans.menu import RESERVE
from ..plans.programme import plan
from ..plans.reasons import no_reasons
from ..plans.replan import Replan
from ..plans.replan import replan as solve_again
from ..plans.result import plan_frames
from ..plans.setting import Setting, to_setting
from .adoption import TABLES, Planned, adopt, current_adoption
from .gate_evidence import Progress, progress, year_of
from .ledger import Entry
from .office import Programme
from .requests import day_of
from .state import Record, State

SAME = 1e-6
SAME_MUSD = 0.5
"""Sums of money that differ by less, in USD million, are the same."""
PLANNED = (
    "samples", "budget", "risk_aversion", "tail", "require", "exclude", "max_loss", "step", "reserve", "holdback",
    "gap", "time_limit", "seed",
)  # fmt: skip
"""Settings of an adopted plan that make it again."""
SOLVED = ("samples", "seed", "risk_aversion", "tail", "gap", "time_limit")
"""Those of them that a plan made again on the way takes too."""
SET = ("budget", "require", "exclude", "step", "reserve", "holdback")


@dataclass(frozen=True, slots=True)
class Renewed:
    """A plan made again on the way, beside the one in force.

    `difference` has a row for each project that changes: what it got and gets, and what becomes of it in a sentence.
    `settings` make it again from the adoption before.
    """

    adoption: str
    day: str
    setting: Setting
    before: Course
    progress: Progress
    found: Replan
    difference: pl.DataFrame
    remarks: tuple[str, ...]
    settings: Mapping[str, Any]


def renew(
    programme: Programme, chain: Chain, *, day: str | None = None, workers: int | None = None
) -> Renewed:
    """The best way on from where the programme stands on a day (today, if none is told), by its ledger.

    Raises `QuestionError` where no plan is adopted, the chain is not the one it was made from, or making it again does
    not give what was adopted.
    """
    state = programme.refresh()
    adopted = current_adoption(state)
    if adopted is None:
        raise QuestionError("no plan is adopted yet: `wholenation programme adopt` takes one")
    if adopted["data_sha256"] != chain.data_hash:
        raise QuestionError(
            f"{adopted.id} was made from data {adopted['data_sha256'][:12]}, the chain is {chain.data_hash[:12]}: "
            "give the chain of then"
        )
    on = day or day_of(programme, state)
    setting = _setting(adopted, chain)
    before = course_of(state, adopted, chain, setting, workers)
    here = progress(state, before, on)
    told = _solver(adopted)
    found = solve_again(setting, here.course, here.evidence, workers=workers, **told)
    if not math.isfinite(found.objective):
        raise QuestionError(f"no plan was found from {on} on: {found.status.value}")
    remarks = (*here.remarks, *([found.remark] if found.remark else []))
    settings = {**told, **_given(adopted, SET), "replan": _stored(adopted.id, here, setting)}
    rows = difference(before, found)
    return Renewed(adopted.id, on, setting, before, here, found, rows, remarks, settings)


def adopted_before(programme: Programme, key: str, adoption: str) -> Entry | None:
    """The entry of this request if it has come before, so that nothing is planned for it again."""
    state = programme.refresh()
    if not state.has("plan.adopted", adoption):
        return None
    entry = next(programme.ledger.entries(after=state.get("plan.adopted", adoption).seq - 1))
    if entry.key != key:
        raise QuestionError(f"{adoption}: entry {entry.seq} has this name already; give the plan another one")
    return entry


def adopt_renewed(
    programme: Programme, *, key: str, actor: str, adoption: str, renewed: Renewed, chain: Chain
) -> Entry:
    """Adopt a plan made again in the place of the one before."""
    made = _as_planned(renewed, chain)
    return adopt(
        programme, key=key, actor=actor, adoption=adoption, plan=made, chain=chain, replaces=renewed.adoption
    )


def _setting(adopted: Record, chain: Chain) -> Setting:
    told = _given(adopted, SET)
    return to_setting(
        chain, adopted["home"], told.get("budget"), tuple(told.get("require") or ()),
        tuple(told.get("exclude") or ()), step=told.get("step", "year"), reserve=told.get("reserve", RESERVE),
        holdback=told.get("holdback", 0.0),
    )  # fmt: skip


def _given(adopted: Record, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: adopted["settings"][name] for name in names if adopted["settings"].get(name) is not None}


def _solver(adopted: Record) -> dict[str, Any]:
    return _given(adopted, SOLVED)


def course_of(
    state: State, adopted: Record, chain: Chain, setting: Setting, workers: int | None = None
) -> Course:
    """The decisions of an adopted plan: made again from its settings, and where it was planned again, from those."""
    stored = adopted["settings"].get("replan")
    if stored is None:
        made = plan(chain, adopted["home"], evaluate=0, workers=workers, **_given(adopted, PLANNED))
        _same_as_adopted(adopted, made.objective)
        return Course(setting.menu, made.decision, np.full(len(setting.menu.profile_start), np.inf))
    base = course_of(state, state.get("plan.adopted", stored["of"]), chain, setting, workers)
    course, evidence = _restored(stored, base, setting)
    found = solve_again(setting, course, evidence, workers=workers, **_solver(adopted))
    _same_as_adopted(adopted, found.objective)
    return found.course


def _same_as_adopted(adopted: Record, objective: float) -> None:
    was = float(adopted["objective"])
    if not abs(objective - was) <= SAME * max(abs(was), 1.0):
        raise QuestionError(
            f"{adopted.id} cannot be made again: it lost {was:.6g} years of output, made again it loses "
            f"{objective:.6g}; use the version and the settings that it was made with"
        )


def _stored(of: str, here: Progress, setting: Setting) -> dict[str, Any]:
    """What makes this plan again: where the course stood and what was known, by project and route."""
    evidence, menu = here.evidence, setting.menu
    known = np.flatnonzero((evidence.spent > 0) | ~np.isnan(evidence.needed) | evidence.feasible)
    return {
        "of": of,
        "date": evidence.date,
        "chosen": [int(f) for f in np.flatnonzero(here.course.decision.chosen)],
        "stopped": [
            {"profile": int(f), "from": float(here.course.stop[f])}
            for f in np.flatnonzero(np.isfinite(here.course.stop))
        ],
        "routes": [
            {
                "project": menu.project[menu.route_project[q]],
                "route": menu.route[q],
                "place": int(q),
                "spent": float(evidence.spent[q]),
                "needed": _plain(float(evidence.needed[q])),
                "feasible": bool(evidence.feasible[q]),
            }
            for q in known
        ],
        "ahead": [[winner, loser, margin] for winner, loser, margin in evidence.ahead],
    }


def _plain(needed: float) -> float | str | None:
    """JSON knows neither infinity nor NaN."""
    return None if math.isnan(needed) else "never" if math.isinf(needed) else needed


def _restored(stored: Mapping[str, Any], base: Course, setting: Setting) -> tuple[Course, Evidence]:
    menu, decision = setting.menu, base.decision
    spent, needed = np.zeros(len(menu.route)), np.full(len(menu.route), np.nan)
    feasible = np.zeros(len(menu.route), dtype=bool)
    for one in stored["routes"]:
        q = one["place"]
        spent[q], feasible[q] = one["spent"], one["feasible"]
        value = one["needed"]
        needed[q] = np.nan if value is None else np.inf if value == "never" else value
    chosen = np.zeros_like(decision.chosen)
    chosen[list(stored["chosen"])] = True
    gone = sorted(set(menu.profile_project[decision.chosen]) - set(menu.profile_project[chosen]))
    paid, money = decision.paid.copy(), decision.money.copy()
    paid[gone], money[:, gone] = 0.0, 0.0
    stop = np.full(len(base.stop), np.inf)
    for one in stored["stopped"]:
        stop[one["profile"]] = one["from"]
    ahead = tuple((int(w), int(lost), float(margin)) for w, lost, margin in stored["ahead"])
    course = Course(base.menu, replace(decision, chosen=chosen, paid=paid, money=money), stop)
    return course, Evidence(stored["date"], spent, needed, feasible, ahead)


DIFFERENCE = {
    "project": pl.String, "before_musd": pl.Float64, "after_musd": pl.Float64, "built_before": pl.Float64,
    "built_after": pl.Float64, "change": pl.String, "sentence": pl.String,
}  # fmt: skip


def difference(before: Course, found: Replan) -> pl.DataFrame:
    """Project by project, what the plan in force gave it, what the new one gives, and what becomes of its routes."""
    menu = before.menu
    actions: dict[str, list[str]] = {}
    for project, route, start, teams, action in found.changes.select(
        "project", "route", "start", "teams", "action"
    ).iter_rows():
        actions.setdefault(project, []).append(f"{route} ({teams:g} from {start:.1f}) {action}")
    rows = []
    for p, name in enumerate(menu.project):
        old, new = (float(one.decision.money[:, p].sum()) for one in (before, found.course))
        built = [float(one.decision.paid[p].sum()) for one in (before, found.course)]
        told = actions.get(name, [])
        if (
            abs(new - old) <= SAME_MUSD
            and abs(built[1] - built[0]) <= SAME
            and all("goes on" in one for one in told)
        ):
            continue
        change = "new" if old <= SAME_MUSD < new else "dropped" if new <= SAME_MUSD < old else "changed"
        parts = [*told, f"USD {new:,.0f} million, before {old:,.0f}"]
        if abs(built[1] - built[0]) > SAME:
            parts.append(f"{built[1]:.0%} of its capacity is built, before {built[0]:.0%}")
        rows.append((name, old, new, *built, change, f"{name}: {'; '.join(parts)}"))
    return pl.DataFrame(rows, schema=DIFFERENCE, orient="row")


def _as_planned(renewed: Renewed, chain: Chain) -> Planned:
    """The new plan as the rows that an adoption takes: what still runs or will."""
    course, date = renewed.found.course, year_of(renewed.day)
    running = course.decision.chosen & ~(course.stop <= date + SOON)
    decision = replace(course.decision, chosen=running)
    frames = plan_frames(replace(renewed.setting, menu=course.menu), decision, no_reasons(), None)
    rows = {name: [_row(row) for row in frame.iter_rows(named=True)] for name, frame in frames.items()}
    tables = {name: rows.get(name, []) for name in TABLES}
    numbers = renewed.found.objective, renewed.found.bound
    return Planned(renewed.setting.network.home, chain.data_hash, renewed.settings, *numbers, tables)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
