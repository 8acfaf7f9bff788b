"""Loss against money: the best plan at each budget, and what a further billion from each contributor would save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..chain import Chain
from ..lp import Status
from ..network import Floats
from ..stochastic.cuts import Pool as Duals
from ..stochastic.engines import Engine
from ..stochastic.lshaped import Result
from ..stochastic.two_stage import Risk, tail_mean
from .first_stage import THRIFT, Rules, money_scale
from .menu import RESERVE, Menu
from .programme import Progress, prices_of, solved
from .setting import Setting, ask, ask_limits, draw, named, scaled, to_setting
from .stages import Stages


@dataclass(frozen=True, slots=True)
class Frontier:
    """The best plans at several budgets.

    `points` has one row per budget: `expected_loss` and `cvar` in years of output, the `gap` to which the plan is
    proved, and `per_billion`, the expected loss saved per further USD billion since the budget before. `contributors`
    has one row per budget and contributor: what it pays in all (`offered_musd`), what of that the plan uses, and
    `per_billion`, the loss in the objective's terms that a further USD billion would save, paid in by the same
    calendar. It is a dual value of the relaxation and holds for small changes.
    """

    home: str
    points: pl.DataFrame
    contributors: pl.DataFrame


def budget_frontier(
    chain: Chain,
    home: str,
    budgets: Iterable[float],
    *,
    samples: int = 30,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    require: Iterable[str] = (),
    exclude: Iterable[str] = (),
    max_loss: float | None = None,
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    gap: float = 0.01,
    time_limit: float = 120.0,
    seed: int = 0,
    engine: str | Engine = "local",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """The best plan at each budget (USD million over the horizon), all on the same futures.

    From one budget to the next only the first stage's money changes, so that each solve starts from the dual solutions
    of those before and from their plan. Settings are those of `plan`; `time_limit` is for each budget. A budget at
    which no plan keeps all limits has no loss. With a smaller budget's plan always at hand, more money never loses.
    """
    require, exclude = named(require, "require"), named(exclude, "exclude")
    chosen = sorted(set(budgets))
    ask(samples, risk_aversion, tail, None)
    for budget in chosen:
        ask(samples, risk_aversion, tail, budget)
    ask_limits(max_loss, gap, time_limit, seed, 0)
    setting = to_setting(chain, home, None, require, exclude, step=step, reserve=reserve, holdback=holdback)
    drawn, risk = draw(setting, samples, seed), Risk(risk_aversion, tail)
    rules = Rules(tuple(setting.menu.project.index(name) for name in require), max_loss)
    pool: Duals | None = None
    before: tuple[Stages, Result] | None = None
    points: list[dict[str, float | None]] = []
    shares: list[tuple[float, str, float, float, float | None]] = []
    for done, budget in enumerate(chosen):
        menu = scaled(setting.menu, setting.horizon, budget)
        one = replace(setting, menu=menu)
        starts = [] if before is None else [_afresh(*before, menu)]
        programme, found = solved(
            one, drawn, risk, rules, gap=gap, time_limit=time_limit, engine=engine, workers=workers, pool=pool,
            starts=starts,
        )  # fmt: skip
        if found.status is Status.INTERRUPTED:
            if not points:
                raise KeyboardInterrupt
            break
        pool = found.pool
        points.append(_point(budget, found, drawn.weight, risk, points))
        if np.isfinite(found.value):
            before = programme, found
            shares += _contributors(budget, one, programme, found)
        if progress:
            progress(done + 1, len(chosen), f"budget {budget:,.0f} USD million")
    return Frontier(
        home, pl.DataFrame(points, schema=POINTS), pl.DataFrame(shares, schema=CONTRIBUTORS, orient="row")
    )


POINTS = {
    "budget_musd": pl.Float64, "expected_loss": pl.Float64, "cvar": pl.Float64, "gap": pl.Float64,
    "per_billion": pl.Float64,
}  # fmt: skip
CONTRIBUTORS = {
    "budget_musd": pl.Float64, "contributor": pl.String, "offered_musd": pl.Float64, "used_musd": pl.Float64,
    "per_billion": pl.Float64,
}  # fmt: skip


def _afresh(programme: Stages, found: Result, menu: Menu) -> Floats:
    """The first stage of a smaller budget's plan where there is more money: what is not spent is kept."""
    scale = money_scale(menu)
    paid = np.array([pool.paid_musd / scale for pool in menu.pools])
    first, x = programme.first, found.x.copy()
    x[first.c] *= first.scale / scale
    for k in range(len(first.left)):
        x[first.left[k]] = np.cumsum(paid[k] - x[first.c[first.pairs[:, 0] == k]].sum(axis=0))
    return x


def _point(
    budget: float, found: Result, weight: Floats, risk: Risk, before: list[dict[str, float | None]]
) -> dict[str, float | None]:
    """A row of `points`."""
    row: dict[str, float | None] = dict.fromkeys(POINTS)
    row["budget_musd"] = budget
    if found.status in (Status.INFEASIBLE, Status.FAILED) or not np.isfinite(found.value):
        return row
    row["expected_loss"] = float(weight @ found.recourse)
    row["cvar"] = tail_mean(found.recourse, weight, risk.tail)
    apart = found.value - max(found.bound - THRIFT, 0.0)
    row["gap"] = max(apart, 0.0) / found.value if found.value > THRIFT else 0.0
    if before and before[-1]["expected_loss"] is not None:
        saved = before[-1]["expected_loss"] - (row["expected_loss"] or 0.0)
        row["per_billion"] = saved / (budget - (before[-1]["budget_musd"] or 0.0)) * 1000.0
    return row


def _contributors(
    budget: float, setting: Setting, programme: Stages, found: Result
) -> list[tuple[float, str, float, float, float | None]]:
    """Rows of `contributors`: shadow prices weighed by the calendar by which each pays."""
    menu, prices = setting.menu, prices_of(programme.first, found)
    paid = np.array([pool.paid_musd for pool in menu.pools]).reshape(-1, setting.horizon.count)
    used = programme.first.decision(menu, found.x).money.sum(axis=(1, 2))
    saved = None if prices is None else (prices[0] * paid).sum(axis=1)
    names = np.array([pool.contributor for pool in menu.pools])
    rows = []
    for name in dict.fromkeys(names.tolist()):
        mine = names == name
        offered = float(paid[mine].sum())
        worth = float(saved[mine].sum()) / offered if saved is not None and offered > 0 else None
        rows.append((budget, name, offered, float(used[mine].sum()), worth))
    return rows
