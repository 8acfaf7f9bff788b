"""How sure a plan is: the gap to the true optimum over independent replications, and how often they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import norm, t

from ..chain import Chain
from ..errors import QuestionError
from ..network import Floats
from ..stochastic.engines import Engine
from ..stochastic.two_stage import Risk
from .evaluation import stratified_mean
from .first_stage import Rules
from .futures import Decision
from .menu import RESERVE
from .optimum import Optimum, optimum
from .result import funded
from .samples import Samples
from .setting import Setting, ask, ask_limits, draw, named, to_setting

Progress = Callable[[int, int, str], None]
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Certainty:
    """A plan's distance from the true optimum (that of all futures, not of the samples), in years of target output.

    `gap` estimates it; with 95 % confidence it is at most `gap_limit`. `bounds` (measure, mean, low, high) has the
    lower bound of the true optimum and the plan's own objective with two-sided intervals, and the gap. `projects`
    tells how often replications fund a project (`share`), and with what money and from what year on if they do;
    `in_plan` marks those of the plan that is judged. `runs` has one row per replication.
    """

    home: str
    samples: int
    seed: int
    gap: float
    gap_limit: float
    bounds: pl.DataFrame
    projects: pl.DataFrame
    runs: pl.DataFrame
    setting: Setting
    decision: Decision


def replicate(
    chain: Chain,
    home: str,
    *,
    replications: int = 10,
    samples: int = 50,
    evaluate: int = 1000,
    seed: int = 0,
    budget: float | None = None,
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
    engine: str | Engine = "local",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Certainty:
    """How far the plan of `samples` and `seed` is from the true optimum, and how firm its choice of projects is.

    Mak, Morton and Wood (1999, Oper. Res. Lett. 24:47). The plan judged is the one that `plan` finds with the same
    settings; its samples are used for nothing else. Each replication draws samples of its own and solves for them: the
    mean of their proven bounds (not of their values, so that the gaps of solves are covered) bounds the true optimum
    from below. On the samples of each replication the plan's objective less the bound is one observation of the gap;
    they are independent, and Student's t gives the limit. `evaluate` further draws tell the plan's objective.

    With risk aversion the plan comes with the quantile from which its tail counts (Rockafellar and Uryasev 2000),
    fixed on `evaluate` draws of its own: its objective is then a mean, and too high rather than too low. The seeds
    of quantile, evaluation and replications are the words of SeedSequence(seed), in this order, so that more
    replications go on from fewer. Other settings are those of `plan`; `max_loss` is asked of the plan alone, since it
    bounds what is minimised anyway.
    """
    require, exclude = named(require, "require"), named(exclude, "exclude")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(max_loss, gap, time_limit, seed, evaluate)
    if replications < 2 or evaluate < 1:
        raise QuestionError(
            f"there are {replications} replications and {evaluate} draws to evaluate; it takes 2 and 1 at least"
        )
    setting = to_setting(chain, home, budget, require, exclude, step=step, reserve=reserve, holdback=holdback)
    risk = Risk(risk_aversion, tail)
    rules = Rules(tuple(setting.menu.project.index(name) for name in require), max_loss)
    asked = replace(rules, max_loss=None)

    def solved(number: int, first: Optimum | None = None) -> tuple[Samples, Optimum]:
        drawn = draw(setting, samples, words[number + 1] if first else seed)
        found = optimum(
            setting, drawn, risk, rules=asked if first else rules, gap=gap, time_limit=time_limit,
            engine=engine, workers=workers, pool=first.pool if first else None,
        )  # fmt: skip
        if progress:
            progress(number + 1, replications + 1, f"replication {number}" if number else "the plan")
        return drawn, found

    words = [int(word) for word in np.random.SeedSequence(seed).generate_state(replications + 2, np.uint64)]
    _, plan = solved(0)
    quantile = _quantile(setting, plan.decision, draw(setting, evaluate, words[0]), risk)
    runs: list[tuple[Samples, Optimum]] = []
    try:
        runs.extend(solved(number, plan) for number in range(1, replications + 1))
    except KeyboardInterrupt:
        # Replications are independent: those that ended tell what they tell, from the second on.
        if len(runs) < 2:
            raise
    replications = len(runs)

    def counted(drawn: Samples) -> Floats:
        return _counted(setting.judge.losses(plan.decision, drawn), quantile, risk)

    bound = np.array([found.bound for _, found in runs])
    apart = np.array([float(drawn.weight @ counted(drawn)) for drawn, _ in runs]) - bound
    fresh = draw(setting, evaluate, words[1])
    own, error = stratified_mean(counted(fresh), fresh)
    spread = apart.std(ddof=1) / np.sqrt(replications)
    limit = float(apart.mean() + t.ppf(CONFIDENCE, replications - 1) * spread)
    two_sided = (1 + CONFIDENCE) / 2
    half = float(t.ppf(two_sided, replications - 1) * bound.std(ddof=1) / np.sqrt(replications))
    rows = [
        ("lower bound of the optimum", float(bound.mean()), float(bound.mean()) - half, float(bound.mean()) + half),
        ("the plan", own, own - norm.ppf(two_sided) * error, own + norm.ppf(two_sided) * error),
        ("gap", float(apart.mean()), 0.0, limit),
    ]  # fmt: skip
    return Certainty(
        home=setting.network.home,
        samples=samples,
        seed=seed,
        gap=float(apart.mean()),
        gap_limit=limit,
        bounds=pl.DataFrame(rows, schema=["measure", "mean", "low", "high"], orient="row"),
        projects=agreement((setting, plan.decision), [(setting, found.decision) for _, found in runs]),
        runs=pl.DataFrame(
            {
                "replication": range(1, replications + 1),
                "status": [str(found.status) for _, found in runs],
                "bound": bound,
                "value": [found.value for _, found in runs],
                "plan": apart + bound,
                "projects": [len(funded(setting.menu, found.decision)) for _, found in runs],
            }
        ),
        setting=setting,
        decision=plan.decision,
    )


def _quantile(setting: Setting, decision: Decision, drawn: Samples, risk: Risk) -> float:
    """The loss above which at most 1 - tail of the weight lies."""
    losses = setting.judge.losses(decision, drawn)
    order = np.argsort(losses, kind="stable")
    below = np.cumsum(drawn.weight[order])
    return float(losses[order[min(int(np.searchsorted(below, risk.tail)), len(order) - 1)]])


def _counted(losses: Floats, quantile: float, risk: Risk) -> Floats:
    """(S,) what each loss adds to the objective; the mean is at least the objective, and it at the right quantile."""
    beyond = np.maximum(losses - quantile, 0.0) / (1.0 - risk.tail)
    return (1.0 - risk.aversion) * losses + risk.aversion * (quantile + beyond)


def agreement(plan: tuple[Setting, Decision], others: list[tuple[Setting, Decision]]) -> pl.DataFrame:
    """What decisions have in common, by project: those that any of them funds, the surest first.

    Their settings may differ in anything but the projects.
    """
    setting, decision = plan
    menu = setting.menu
    taken = [set(funded(where.menu, one)) for where, one in others]
    chosen = set(funded(menu, decision))
    rows = []
    for p in sorted(chosen.union(*taken)):
        mine = [other for other, projects in zip(others, taken, strict=True) if p in projects]
        rows.append(
            {
                "project": menu.project[p],
                "name": setting.network.names[menu.item[p]] if menu.item[p] >= 0 else str(menu.trains[p]),
                "kind": menu.kind[p],
                "in_plan": p in chosen,
                "share": len(mine) / len(others),
                "musd": float(np.mean([one.money[:, p].sum() for _, one in mine])) if mine else None,
                "start": float(np.median([_start(where, one, p) for where, one in mine])) if mine else None,
            }
        )
    columns = {
        "project": pl.String, "name": pl.String, "kind": pl.String, "in_plan": pl.Boolean, "share": pl.Float64,
        "musd": pl.Float64, "start": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns).sort(
        "share", "musd", "project", descending=[True, True, False], nulls_last=True
    )


def _start(setting: Setting, decision: Decision, p: int) -> float:
    """The year in which a funded project's first team or first payment begins."""
    menu = setting.menu
    mine = decision.chosen & (menu.route_project[menu.profile_route] == p)
    paid = decision.paid[p].cumsum() > 1e-6
    first = [float(setting.horizon.times[paid.argmax()])] if paid.any() else []
    return min([*first, *menu.profile_start[mine].tolist()])
