"""A solved plan as its reasons look at it: prices, losses, and the plan made again with one choice reversed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy import sparse

from ..lp import Problem
from ..network import Floats
from ..stochastic.lshaped import Result, solve
from ..stochastic.two_stage import Risk, objective
from .first_stage import THRIFT, rounded_up
from .futures import Decision
from .menu import Menu, eligible
from .samples import Samples
from .setting import Setting
from .stages import Stages

LEAST = 5e-4
"""Years of output below which a saving is none: what is shown has three places."""
SCARCE = 1e-9

COLUMNS = {
    "project": pl.String, "decision": pl.String, "loss_if_reversed": pl.Float64, "at_least": pl.Float64,
    "loss_unchanged": pl.Float64, "exact": pl.Boolean, "binds": pl.String, "reverses_if": pl.String,
    "sentence": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A solved plan, its prices and its state in every sample."""

    setting: Setting
    programme: Stages
    found: Result
    decision: Decision
    samples: Samples
    risk: Risk
    losses: Floats  # (S,)
    value: float
    gap: float
    money: Floats  # (K, T) years of output saved per further USD million
    people: Floats  # (R, T) and per further unit
    payer: Floats  # (P, T) the least price among the contributors that may pay for a project

    def worth(self, decision: Decision) -> float:
        """The objective of a decision on the samples."""
        judge = self.setting.judge
        return objective(judge.losses(decision, self.samples), self.samples.weight, self.risk)


def to_case(
    setting: Setting,
    programme: Stages,
    found: Result,
    decision: Decision,
    samples: Samples,
    risk: Risk,
    gap: float,
) -> Case:
    """The case with the prices of its relaxation."""
    first, menu = programme.first, setting.menu
    money = np.maximum(-found.dual[first.pool_rows], 0.0) / first.scale
    people = np.maximum(-found.dual[first.resource_rows], 0.0)
    payer = np.full((len(menu.project), setting.horizon.count), np.inf)
    for k, pool in enumerate(menu.pools):
        # Who only matches others pays for nothing alone.
        if pool.match_ratio is None:
            may = eligible(menu, setting.network, pool)
            payer[may] = np.minimum(payer[may], money[k])
    losses = setting.judge.losses(decision, samples)
    value = objective(losses, samples.weight, risk)
    payer[np.isinf(payer)] = 0.0
    return Case(setting, programme, found, decision, samples, risk, losses, value, gap, money, people, payer)


def planned_again(case: Case, p: int, funded: bool, seconds: float, workers: int | None) -> Result | None:
    """The plan made again with a project forced in, or out; none where there is no time for it."""
    if seconds <= 0.05:
        return None
    menu, first, stages = case.setting.menu, case.programme.first, case.programme.stages
    problem = _with(menu, case, p) if funded else _without(menu, case, p)
    starts = [] if funded else [point_of(case, case.decision.without(menu, p))]
    found = solve(
        replace(stages, first=problem),
        gap=case.gap,
        absolute=THRIFT,
        time_limit=seconds,
        workers=workers,
        pool=case.found.pool,
        starts=starts,
        propose=lambda x: [rounded_up(menu, first, x)],
    )
    return found if np.isfinite(found.bound) or np.isfinite(found.value) else None


def _without(menu: Menu, case: Case, p: int) -> Problem:
    first = case.programme.first
    upper = first.problem.upper.copy()
    upper[first.y[menu.profile_project == p]] = 0.0
    upper[first.paid[p]] = 0.0
    return replace(first.problem, upper=upper)


def _with(menu: Menu, case: Case, p: int) -> Problem:
    first, problem = case.programme.first, case.programme.first.problem
    routed = (menu.route_project == p).any()
    columns = first.y[menu.profile_project == p] if routed else first.paid[p, [-1]]
    row = sparse.csr_matrix(
        (np.ones(len(columns)), (np.zeros(len(columns), dtype=int), columns)), shape=(1, len(problem.cost))
    )
    return replace(
        problem,
        matrix=sparse.vstack([problem.matrix, row], format="csr"),
        row_lower=np.append(problem.row_lower, 1.0),
        row_upper=np.append(problem.row_upper, np.inf),
    )


def point_of(case: Case, decision: Decision) -> Floats:
    """The first-stage point (n,) of a decision, as far as the second stage sees it."""
    first = case.programme.first
    x = np.zeros(len(first.problem.cost))
    x[first.y] = decision.chosen
    x[first.paid] = np.cumsum(decision.paid, axis=1)
    if len(first.insured):
        x[first.cover] = decision.covered[first.insured]
    return x


# --- Words


def what_binds(case: Case, money: Floats, staff: Floats) -> str:
    """Pools (K, T) and people (R, T) that are used where more of them would save something, with the years."""
    menu, years = case.setting.menu, np.floor(case.setting.horizon.times + 1e-9).astype(int)
    parts = []
    for names, used, price in (
        ([f"the money of {pool.label}" for pool in menu.pools], money, case.money),
        (list(menu.resources), staff, case.people),
    ):
        for name, row, worth in zip(names, used, price, strict=True):
            scarce = np.unique(years[(row > 1e-6) & (worth > SCARCE)])
            if len(scarce):
                parts.append(f"{name} in {_years(scarce.tolist())}")
    return ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")


def _years(years: list[int]) -> str:
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def musd(amount: float) -> str:
    """A sum of USD million in words."""
    return f"USD {amount:,.0f} million" if amount >= 9.5 or amount == 0 else f"USD {amount:.2g} million"


def row_of(
    case: Case,
    p: int,
    decision: str,
    loss: float | None,
    least: float | None,
    unchanged: float | None,
    exact: bool,
    binds: str,
    turn: str,
    sentence: str,
) -> dict[str, object]:
    """A row of the frame of reasons."""
    return {
        "project": case.setting.menu.project[p], "decision": decision, "loss_if_reversed": loss, "at_least": least,
        "loss_unchanged": unchanged, "exact": exact, "binds": binds, "reverses_if": turn, "sentence": sentence,
    }  # fmt: skip
