"""From tables to a plan: draw futures, solve the programme, judge the answer on fresh draws, and give reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..capability import Horizon, base_limits, to_horizon
from ..chain import Chain
from ..errors import QuestionError, unknown
from ..lp import Status
from ..network import Floats, Network, to_network
from ..scenarios import Denial, denial
from ..stochastic.engines import Engine
from ..stochastic.lshaped import Result, solve
from ..stochastic.two_stage import Risk, objective, tail_mean
from .conflicts import conflicting
from .evaluation import stratified_mean, trimmed
from .first_stage import THRIFT, FirstStage, Rules, rounded_up
from .futures import Decision, Future, Judge, nothing, to_future
from .menu import Menu, Pool, eligible, to_menu
from .result import Plan, funded, plan_frames
from .samples import Samples, draw_samples
from .stages import to_stages

Progress = Callable[[int, int, str], None]
MOST_SAMPLES = 10_000
FRESH = 1_000_003
"""Distance between the seed of the samples that are planned for and that of the fresh ones."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that is known before a decision: the home's network, menu and futures with their weights."""

    network: Network
    horizon: Horizon
    menu: Menu
    futures: list[Future]
    probability: Floats
    judge: Judge


def plan(
    chain: Chain,
    home: str,
    *,
    samples: int = 30,
    budget: float | None = None,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    require: Iterable[str] = (),
    exclude: Iterable[str] = (),
    max_loss: float | None = None,
    gap: float = 0.01,
    time_limit: float = 120.0,
    seed: int = 0,
    evaluate: int = 200,
    engine: str | Engine = "local",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """The portfolio of home's projects that loses least, with its bound, gap, shadow prices and reasons.

    Minimises (1 - risk_aversion) mean + risk_aversion CVaR_tail of the loss over `samples` futures (at most 50 in
    this direct form), within what contributors are expected to pay in. `budget` (USD million over the horizon)
    scales all pools of money to that total. `require` and `exclude` name projects, `max_loss` bounds the objective.
    An infeasible question comes back with the limits that conflict. The same seed gives the same plan.
    """
    require, exclude = tuple(dict.fromkeys(require)), tuple(dict.fromkeys(exclude))
    _ask(samples, risk_aversion, tail, budget)
    _ask_limits(max_loss, gap, time_limit, seed, evaluate)
    setting = to_setting(chain, home, budget, require, exclude)
    menu, horizon, judge = setting.menu, setting.horizon, setting.judge
    drawn = draw(setting, samples, seed)
    risk = Risk(risk_aversion, tail)
    rules = Rules(tuple(menu.project.index(name) for name in require), max_loss)
    programme = to_stages(menu, setting.network, horizon, setting.futures, drawn, risk, rules)
    found = solve(
        programme.stages,
        gap=gap,
        absolute=THRIFT,
        time_limit=time_limit,
        engine=engine,
        workers=workers,
        # To fund nothing is a plan, unless something is asked for.
        starts=[] if rules.require else [np.zeros(len(programme.stages.first.cost))],
        propose=lambda x: [rounded_up(menu, programme.first, x)],
        progress=_told(progress, time_limit),
    )
    prices = _prices(programme.first, found)
    if found.status in (Status.INFEASIBLE, Status.FAILED) or not np.isfinite(found.value):
        limits: tuple[str, ...] = ()
        if found.status is Status.INFEASIBLE:
            limits = conflicting(menu, setting.network, horizon, setting.futures, drawn, risk, rules)
        status = found.status if found.status is Status.INFEASIBLE else Status.FAILED
        nan = float("nan")
        return _plan(
            setting,
            status,
            nothing(menu, horizon),
            {},
            (nan, nan),
            prices,
            drawn,
            samples,
            seed,
            0,
            risk,
            limits,
        )
    decision = programme.first.decision(menu, found.x)
    value = objective(judge.losses(decision, drawn), drawn.weight, risk)
    lowest = max(min(found.bound - THRIFT, value), 0.0) if np.isfinite(found.bound) else 0.0
    decision = trimmed(judge, decision, drawn, risk, rules)
    chosen = funded(menu, decision)
    worth = {}
    for done, p in enumerate(chosen):
        without = judge.losses(decision.without(menu, p), drawn)
        worth[p] = max(objective(without, drawn.weight, risk) - value, 0.0)
        if progress:
            progress(done + 1, len(chosen), "loss if left out")
    return _plan(
        setting,
        found.status,
        decision,
        worth,
        (value, lowest),
        prices,
        drawn,
        samples,
        seed,
        evaluate,
        risk,
        (),
    )


def budget_frontier(
    chain: Chain, home: str, budgets: Iterable[float], *, progress: Progress | None = None, **settings: object
) -> pl.DataFrame:
    """Expected loss and CVaR of the best plan at each budget (USD million), and what each further billion saves.

    `per_billion` is the expected loss saved per further USD billion since the budget before it. Settings are those
    of `plan`.
    """
    rows: list[dict[str, float | None]] = []
    chosen = sorted(set(budgets))
    for done, budget in enumerate(chosen):
        found = plan(chain, home, budget=budget, evaluate=0, **settings)  # type: ignore[arg-type]
        after = dict(found.loss.select("measure", "after").iter_rows())
        row: dict[str, float | None] = {
            "budget_musd": budget,
            "expected_loss": after["expected"],
            "cvar": after["cvar"],
            "gap": found.gap,
            "per_billion": None,
        }
        if rows:
            saved = (rows[-1]["expected_loss"] or 0.0) - after["expected"]
            row["per_billion"] = saved / (budget - (rows[-1]["budget_musd"] or 0.0)) * 1000.0
        rows.append(row)
        if progress:
            progress(done + 1, len(chosen), f"budget {budget:,.0f} USD million")
    return pl.DataFrame(rows, schema_overrides={"per_billion": pl.Float64})


def _ask(samples: int, risk_aversion: float, tail: float, budget: float | None) -> None:
    if not 1 <= samples <= MOST_SAMPLES:
        raise QuestionError(f"samples is {samples}; it lies between 1 and {MOST_SAMPLES:,}")
    if not 0.0 <= risk_aversion <= 1.0:
        raise QuestionError(f"risk aversion is {risk_aversion}; it lies between 0 and 1")
    if not 0.0 <= tail < 1.0:
        raise QuestionError(f"tail is {tail}; it lies between 0 (the mean) and just under 1 (the worst case)")
    if budget is not None and not (np.isfinite(budget) and budget >= 0):
        raise QuestionError(f"the budget is {budget}; it is a sum of USD million, zero or more")


def _ask_limits(max_loss: float | None, gap: float, time_limit: float, seed: int, evaluate: int) -> None:
    if max_loss is not None and not max_loss >= 0.0:
        raise QuestionError(f"the most loss is {max_loss}; it is a number of years of output, zero or more")
    if not 0.0 <= gap < 1.0:
        raise QuestionError(f"the gap is {gap}; it lies between 0 and just under 1")
    if not time_limit > 0.0:
        raise QuestionError(f"the time limit is {time_limit}; it is a number of seconds above 0")
    if seed < 0 or evaluate < 0:
        raise QuestionError(f"seed is {seed} and evaluate is {evaluate}; neither is below 0")


def to_setting(
    chain: Chain,
    home: str,
    budget: float | None = None,
    require: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> Setting:
    """The network, menu and futures of a home. Raises `QuestionError` for projects that it does not have."""
    network = to_network(chain, home)
    horizon = to_horizon(network)
    menu = to_menu(chain, network, horizon)
    for name in (*require, *exclude):
        if name not in menu.project:
            raise QuestionError(f"{name}: {unknown(name, menu.project, f'project of {home}')}")
    both = sorted(set(require) & set(exclude))
    if both:
        raise QuestionError(f"{', '.join(both)}: required and excluded at the same time")
    menu = to_menu(chain, network, horizon, exclude=exclude)
    base = base_limits(network, horizon)
    names = chain.scenarios["scenario"].to_list()
    taken = [denial(chain, network, horizon, name) for name in names]
    probability = chain.scenarios["probability"].to_numpy().astype(float)
    if probability.sum() < 1.0 - 1e-9:
        # What the scenarios leave over is a future without controls.
        shape = (*network.imports.shape, horizon.count)
        calm = Denial("", np.zeros(shape), np.zeros((shape[0], shape[2])), np.zeros(shape[1:]))
        taken, probability = [*taken, calm], np.append(probability, 1.0 - probability.sum())
    probability = probability / probability.sum()
    menu = _with_money(menu, network, horizon, taken, probability, budget)
    futures = [to_future(network, menu, base, one) for one in taken]
    return Setting(network, horizon, menu, futures, probability, Judge(menu, horizon, futures))


def _with_money(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    taken: list[Denial],
    probability: Floats,
    budget: float | None,
) -> Menu:
    """Foreign contributors' money less what capital controls are expected to stop, and all of it scaled to a budget."""
    pools = []
    for pool in menu.pools:
        share = np.ones(horizon.count)
        if pool.jurisdiction is not None and pool.jurisdiction in network.jurisdictions:
            r = network.jurisdictions.index(pool.jurisdiction)
            share = 1.0 - sum(p * one.capital[r] for p, one in zip(probability, taken, strict=True))
        pools.append(replace(pool, paid_musd=pool.paid_musd * share))
    if budget is None:
        return replace(menu, pools=tuple(pools))
    total = sum(float(pool.paid_musd.sum()) for pool in pools)
    if total <= 0:
        even = np.full(horizon.count, budget / horizon.count)
        return replace(menu, pools=(Pool("budget", even, None, None, ()),))
    return replace(
        menu, pools=tuple(replace(pool, paid_musd=pool.paid_musd * (budget / total)) for pool in pools)
    )


def draw(setting: Setting, count: int, seed: int) -> Samples:
    """`count` futures among the scenarios that cost something, and one for all that cost nothing.

    A scenario whose loss is zero without any project stays at zero with every plan: it needs weight, not draws.
    """
    idle = nothing(setting.menu, setting.horizon)
    mode = setting.menu.effort[:, 1]
    harmless = np.array([setting.judge.loss(idle, s, mode) <= 1e-9 for s in range(len(setting.futures))])
    weight = setting.probability * ~harmless
    if not weight.any():
        weight = setting.probability
        harmless[:] = False
    drawn = draw_samples(setting.menu, weight, count, seed)
    calm = float(setting.probability[harmless].sum())
    if calm <= 0:
        return drawn
    return Samples(
        np.append(drawn.scenario, np.flatnonzero(harmless)[0]),
        np.append(drawn.weight * (1.0 - calm), calm),
        np.vstack([drawn.effort, mode]),
    )


def _prices(first: FirstStage, found: Result) -> tuple[Floats, Floats] | None:
    """Shadow prices (K, T) per USD billion and (R, T) per unit: duals of the programme's relaxation."""
    if not np.isfinite(found.root):
        return None
    money = np.maximum(-found.dual[first.pool_rows], 0.0) / first.scale * 1000.0
    return money, np.maximum(-found.dual[first.resource_rows], 0.0)


def _told(progress: Progress | None, time_limit: float) -> Callable[[float, float, float, str], None] | None:
    """The method's progress in the words of ours: seconds of those allowed, and the loss by now."""
    if progress is None:
        return None

    def tell(seconds: float, bound: float, value: float, phase: str) -> None:
        known = f"loss {value:.3f}" if np.isfinite(value) else "no plan yet"
        if np.isfinite(bound) and bound > 0 and np.isfinite(value):
            known += f", at least {bound:.3f}"
        progress(int(min(seconds, time_limit)), int(np.ceil(time_limit)), f"{phase}: {known}")

    return tell


def _plan(
    setting: Setting,
    status: Status,
    decision: Decision,
    worth: dict[int, float],
    values: tuple[float, float],
    prices: tuple[Floats, Floats] | None,
    drawn: Samples,
    samples: int,
    seed: int,
    evaluate: int,
    risk: Risk,
    conflicts: tuple[str, ...],
) -> Plan:
    """The plan with all its frames."""
    value, bound = values
    idle = nothing(setting.menu, setting.horizon)
    solved = status not in (Status.INFEASIBLE, Status.FAILED)
    frames = plan_frames(setting.menu, setting.network, setting.horizon, decision, worth, prices)
    fresh = draw(setting, evaluate, seed + FRESH) if solved and evaluate else None
    return Plan(
        home=setting.network.home,
        status=status,
        samples=samples,
        seed=seed,
        objective=value,
        bound=bound,
        gap=(value - bound) / value if not value <= THRIFT else 0.0,
        loss=_losses(setting.judge, idle, decision, drawn, risk, solved),
        evaluation=_evaluation(setting.judge, idle, decision, fresh, risk),
        rejected=_rejected(setting, decision),
        conflicts=conflicts,
        menu=setting.menu,
        horizon=setting.horizon,
        decision=decision,
        **frames,
    )


def _losses(
    judge: Judge, idle: Decision, decision: Decision, samples: Samples, risk: Risk, solved: bool
) -> pl.DataFrame:
    """Expected loss and CVaR before and after, on the samples that were planned for."""
    before, after = judge.losses(idle, samples), judge.losses(decision, samples)
    rows = [
        ("expected", float(samples.weight @ before), float(samples.weight @ after)),
        ("cvar", *(tail_mean(losses, samples.weight, risk.tail) for losses in (before, after))),
        ("worst", float(before.max()), float(after.max())),
    ]
    frame = pl.DataFrame(rows, schema=["measure", "before", "after"], orient="row")
    return frame if solved else frame.with_columns(after=pl.lit(None, dtype=pl.Float64))


def _evaluation(
    judge: Judge, idle: Decision, decision: Decision, fresh: Samples | None, risk: Risk
) -> pl.DataFrame:
    """Mean loss on fresh draws with a 95 % confidence interval (stratified by scenario), and the CVaR there."""
    rows: list[tuple[str, str, float, float | None, float | None]] = []
    if fresh is not None:
        for when, chosen in (("before", idle), ("after", decision)):
            losses = judge.losses(chosen, fresh)
            mean, error = stratified_mean(losses, fresh)
            rows.append(("expected", when, mean, mean - 1.96 * error, mean + 1.96 * error))
            rows.append(("cvar", when, tail_mean(losses, fresh.weight, risk.tail), None, None))
    columns = {
        "measure": pl.String, "when": pl.String, "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")


def _rejected(setting: Setting, decision: Decision) -> pl.DataFrame:
    """Projects that are not funded, and whether any scenario could make them matter."""
    menu = setting.menu
    taken = set(funded(menu, decision))
    matter = np.logical_or.reduce([future.projects for future in setting.futures])
    payable = np.zeros(len(menu.project), dtype=bool)
    for pool in menu.pools:
        payable |= eligible(menu, setting.network, pool) & bool(pool.paid_musd.any())
    rows = [
        (
            menu.project[p],
            setting.network.names[menu.item[p]] if menu.item[p] >= 0 else str(menu.trains[p]),
            menu.kind[p],
            _why_rejected(menu, p, bool(matter[p]), bool(payable[p])),
        )
        for p in range(len(menu.project))
        if p not in taken
    ]
    columns = {"project": pl.String, "name": pl.String, "kind": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _why_rejected(menu: Menu, p: int, matters: bool, payable: bool) -> str:
    if not payable:
        return "no contributor has money for it"
    if menu.kind[p] == "train":
        return "the people there are suffice for what is funded"
    return (
        "other projects save more with the same money and people"
        if matters
        else "no scenario makes its item short"
    )
