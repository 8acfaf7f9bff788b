"""Which assumptions would change the plan: factors moved between their low and high, and the plans that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

from ..chain import Chain
from ..errors import QuestionError
from ..network import Floats
from ..stochastic.two_stage import Risk
from .assumptions import FACTORS, ranged, varied
from .certainty import agreement
from .futures import Decision
from .menu import RESERVE
from .optimum import Optimum, optimum
from .result import funded
from .setting import Setting, ask, ask_limits, draw, named, to_setting
from .sobol import sobol_points

Progress = Callable[[int, int, str], None]
Planner = Callable[[Chain], tuple[Setting, Optimum]]
GRID = 4
"""Levels of a factor in Morris' design; steps are two thirds of the range."""
LEAST_DRAWS = {"morris": 2, "sobol": 8}
"""With fewer there is no spread to tell, or nothing but noise."""
NOTHING = 1e-9


def sensitivity(
    chain: Chain,
    home: str,
    *,
    method: str = "morris",
    factors: Iterable[str] = (),
    draws: int = 4,
    samples: int = 20,
    seed: int = 0,
    budget: float | None = None,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    exclude: Iterable[str] = (),
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    gap: float = 0.01,
    time_limit: float = 120.0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """One row per factor (all of `FACTORS` unless named), the one that moves the loss most first.

    `morris` (1991, Technometrics 33:161) screens: along `draws` paths through the ranges one factor moves at a time,
    by two thirds of its range, and a plan is made at every point. `mu_star_loss` is the mean absolute change of the
    objective (years of target output, scaled to the whole range; Campolongo et al. 2007), `sigma_loss` its spread
    from place to place, `mu_star_portfolio` the mean Jaccard distance between the sets of funded projects before and
    after a move (0: the same projects, 1: none in common). It takes draws * (factors + 1) plans.

    `sobol` apportions variance: `first_loss` and `total_loss` are a factor's part of the variance of the objective,
    alone and with all it acts together with; `total_portfolio` is that of the Jaccard distance from the plan of the
    tables as they are. It takes draws * (factors + 2) plans, `draws` a power of two, better hundreds.

    All plans are made for the same draws of the latent variables. A difference below `gap` times the loss may be the
    solver's. Factors without a range in the tables have zeros. Other settings are those of `plan`. Needs SALib.
    """
    library = _library()
    if method not in LEAST_DRAWS:
        raise QuestionError(f"the method is {method!r}; it is one of {', '.join(LEAST_DRAWS)}")
    least = LEAST_DRAWS[method]
    if draws < least or (method == "sobol" and draws & (draws - 1)):
        rule = "a power of two, " if method == "sobol" else ""
        raise QuestionError(f"draws is {draws}; for {method} it is {rule}{least} or more")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(None, gap, time_limit, seed, 0)
    planned = _planner(
        lambda one: to_setting(
            one, home, budget, (), tuple(exclude), step=step, reserve=reserve, holdback=holdback
        ),
        samples, seed, Risk(risk_aversion, tail), gap, time_limit, workers,
    )  # fmt: skip
    base = planned(chain)
    names = named(factors, "factors") or tuple(FACTORS)
    live = [name for name in names if ranged(chain, base[0].network.home, name)]
    found: dict[str, dict[str, float]] = {}
    if live:
        problem = {"num_vars": len(live), "names": live, "bounds": [[0.0, 1.0]] * len(live)}
        if method == "morris":
            points = library["morris"].sample(problem, draws, num_levels=GRID, seed=seed % 2**32)
        else:
            points = library["sobol"].sample(problem, draws, calc_second_order=False, seed=seed % 2**32)
        values, sets = _plans(chain, planned, live, points, progress)
        if method == "morris":
            found = _morris(library["of morris"], problem, points, values, sets)
        else:
            apart = np.array([_apart(_names(*base), mine) for mine in sets])
            found = _sobol(library["of sobol"], problem, values, apart)
    columns = (
        ("mu_star_loss", "sigma_loss", "mu_star_portfolio")
        if method == "morris"
        else ("first_loss", "total_loss", "total_portfolio")
    )
    rows = [
        {"factor": name, **{column: found.get(name, {}).get(column, 0.0) for column in columns}}
        for name in names
    ]
    for row in rows:
        row["sentence"] = _sentence(method, live, row)
    order = "mu_star_loss" if method == "morris" else "total_loss"
    return pl.DataFrame(rows).sort(order, columns[2], "factor", descending=[True, True, False])


def robustness(
    chain: Chain,
    home: str,
    *,
    factors: Iterable[str] = (),
    draws: int = 16,
    samples: int = 20,
    seed: int = 0,
    budget: float | None = None,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    exclude: Iterable[str] = (),
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    gap: float = 0.01,
    time_limit: float = 120.0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """The share of `draws` over the ranges of assumptions in which each project is funded.

    Each draw puts every factor at a level of its own between low and high (scrambled Sobol points). `in_plan` marks
    the projects of the plan for the tables as they are; `musd` and `start` are mean money and median first year where
    a project is funded. The surest come first.
    """
    if draws < 1:
        raise QuestionError(f"draws is {draws}; it is 1 or more")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(None, gap, time_limit, seed, 0)
    planned = _planner(
        lambda one: to_setting(
            one, home, budget, (), tuple(exclude), step=step, reserve=reserve, holdback=holdback
        ),
        samples, seed, Risk(risk_aversion, tail), gap, time_limit, workers,
    )  # fmt: skip
    setting, base = planned(chain)
    names = named(factors, "factors") or tuple(FACTORS)
    levels = sobol_points(draws, [("level", name) for name in names], (seed,))
    found: list[tuple[Setting, Decision]] = []
    for done, level in enumerate(levels):
        where, best = planned(varied(chain, dict(zip(names, level.tolist(), strict=True))))
        found.append((where, best.decision))
        if progress:
            progress(done + 1, draws, f"draw {done + 1} of {draws}")
    return agreement((setting, base.decision), found)


def _planner(
    to_known: Callable[[Chain], Setting],
    samples: int,
    seed: int,
    risk: Risk,
    gap: float,
    time_limit: float,
    workers: int | None,
) -> Planner:
    """What makes a plan of a chain, always with the same settings and draws."""

    def planned(chain: Chain) -> tuple[Setting, Optimum]:
        setting = to_known(chain)
        drawn = draw(setting, samples, seed)
        return setting, optimum(setting, drawn, risk, gap=gap, time_limit=time_limit, workers=workers)

    return planned


def _library() -> dict[str, ModuleType]:
    """SALib's designs and analyses."""
    try:
        from SALib.analyze import morris as morris_analysis
        from SALib.analyze import sobol as sobol_analysis
        from SALib.sample import morris, sobol
    except ImportError as error:
        raise QuestionError("sensitivity needs SALib: pip install 'wholenation[sensitivity]'") from error
    return {"morris": morris, "sobol": sobol, "of morris": morris_analysis, "of sobol": sobol_analysis}


def _plans(
    chain: Chain, planned: Planner, names: list[str], points: Floats, progress: Progress | None
) -> tuple[Floats, list[frozenset[str]]]:
    """Objective and funded projects at every point; one that comes twice is solved once."""
    known: dict[bytes, tuple[float, frozenset[str]]] = {}
    for done, point in enumerate(points):
        if point.tobytes() not in known:
            setting, best = planned(varied(chain, dict(zip(names, point.tolist(), strict=True))))
            known[point.tobytes()] = best.value, _names(setting, best)
        if progress:
            progress(done + 1, len(points), f"plan {done + 1} of {len(points)}")
    found = [known[point.tobytes()] for point in points]
    return np.array([value for value, _ in found]), [projects for _, projects in found]


def _names(setting: Setting, best: Optimum) -> frozenset[str]:
    return frozenset(setting.menu.project[p] for p in funded(setting.menu, best.decision))


def _apart(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard distance: the part of all projects in either set that is not in both."""
    either = one | other
    return 1.0 - len(one & other) / len(either) if either else 0.0


def _morris(
    analysis: ModuleType, problem: dict[str, Any], points: Floats, values: Floats, sets: list[frozenset[str]]
) -> dict[str, dict[str, float]]:
    """Elementary effects by factor."""
    names = problem["names"]
    effects = analysis.analyze(problem, points, values, num_levels=GRID, seed=0)
    moved: dict[str, list[float]] = {name: [] for name in names}
    for path in np.arange(len(points)).reshape(-1, len(names) + 1).tolist():
        for i, j in pairwise(path):
            factor = names[int(np.abs(points[j] - points[i]).argmax())]
            moved[factor].append(_apart(sets[i], sets[j]))
    return {
        name: {
            "mu_star_loss": float(effects["mu_star"][k]),
            "sigma_loss": float(np.nan_to_num(effects["sigma"][k])),
            "mu_star_portfolio": float(np.mean(moved[name])),
        }
        for k, name in enumerate(names)
    }


def _sobol(
    analysis: ModuleType, problem: dict[str, Any], values: Floats, apart: Floats
) -> dict[str, dict[str, float]]:
    """Parts of variance by factor; what does not vary has none."""
    parts = {}
    for output, value in (("loss", values), ("portfolio", apart)):
        flat = np.ptp(value) <= NOTHING
        zeros = np.zeros(len(problem["names"]))
        parts[output] = (
            {"S1": zeros, "ST": zeros}
            if flat
            else analysis.analyze(problem, value, calc_second_order=False, seed=0)
        )
    return {
        name: {
            "first_loss": float(parts["loss"]["S1"][k]),
            "total_loss": float(parts["loss"]["ST"][k]),
            "total_portfolio": float(parts["portfolio"]["ST"][k]),
        }
        for k, name in enumerate(problem["names"])
    }


def _sentence(method: str, live: list[str], row: dict[str, Any]) -> str:
    words = FACTORS[row["factor"]].words
    if row["factor"] not in live:
        return f"{words}: the tables give no range"
    loss, portfolio = list(row.values())[1], list(row.values())[3]
    if method == "sobol":
        return f"{words}: {row['total_loss']:.0%} of the loss's variance, {portfolio:.0%} of the portfolio's"
    if loss <= NOTHING and portfolio <= NOTHING:
        return f"{words}: between low and high, neither the loss nor the projects change"
    changed = "the same projects stay" if portfolio <= NOTHING else f"{portfolio:.0%} of the projects change"
    return f"{words}: from low to high, the loss moves by {loss:.3f} years of output; {changed}"
