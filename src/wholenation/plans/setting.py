"""What is known before anything is decided: the home's network, menu and futures, and draws of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..capability import Horizon, base_limits, to_horizon
from ..chain import Chain
from ..errors import QuestionError, unknown
from ..network import Floats, Network, to_network
from ..scenarios import Denial, denial
from .futures import Future, Judge, nothing, to_future
from .menu import RESERVE, Menu, Pool, to_menu
from .samples import Samples, draw_samples

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


def to_setting(
    chain: Chain,
    home: str,
    budget: float | None = None,
    require: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    *,
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
) -> Setting:
    """The network, menu and futures of a home. Raises `QuestionError` for projects that it does not have."""
    network = to_network(chain, home)
    horizon = to_horizon(network, step)
    menu = to_menu(chain, network, horizon, reserve=reserve, holdback=holdback)
    for name in (*require, *exclude):
        if name not in menu.project:
            raise QuestionError(f"{name}: {unknown(name, menu.project, f'project of {home}')}")
    both = sorted(set(require) & set(exclude))
    if both:
        raise QuestionError(f"{', '.join(both)}: required and excluded at the same time")
    if exclude:
        menu = to_menu(chain, network, horizon, exclude=exclude, reserve=reserve, holdback=holdback)
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
    menu = replace(menu, pools=tuple(pools))
    return menu if budget is None else scaled(menu, horizon, budget)


def scaled(menu: Menu, horizon: Horizon, budget: float) -> Menu:
    """All pools of money scaled to a total in USD million; where there are none, one pays the same in every step."""
    total = sum(float(pool.paid_musd.sum()) for pool in menu.pools)
    if total <= 0:
        even = np.full(horizon.count, budget / horizon.count)
        return replace(menu, pools=(Pool("budget", even, None, None, ()),))
    pools = [replace(pool, paid_musd=pool.paid_musd * (budget / total)) for pool in menu.pools]
    return replace(menu, pools=tuple(pools))


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


def named(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Each name once. Raises `QuestionError` for a text, which is a list of letters to Python."""
    if isinstance(names, str):
        raise QuestionError(f"{what} is the text {names!r}; it is a list of names, such as [{names!r}]")
    return tuple(dict.fromkeys(names))


def ask(samples: int, risk_aversion: float, tail: float, budget: float | None) -> None:
    """Raise `QuestionError` for settings that make no sense."""
    if not 1 <= samples <= MOST_SAMPLES:
        raise QuestionError(f"samples is {samples}; it lies between 1 and {MOST_SAMPLES:,}")
    if not 0.0 <= risk_aversion <= 1.0:
        raise QuestionError(f"risk aversion is {risk_aversion}; it lies between 0 and 1")
    if not 0.0 <= tail < 1.0:
        raise QuestionError(f"tail is {tail}; it lies between 0 (the mean) and just under 1 (the worst case)")
    if budget is not None and not (budget == 0 or 1e-6 <= budget <= 1e9):
        raise QuestionError(f"the budget is {budget}; it is 0, or from 1e-06 to 1e+09 USD million")


def ask_limits(max_loss: float | None, gap: float, time_limit: float, seed: int, evaluate: int) -> None:
    """Raise `QuestionError` for limits that make no sense."""
    if max_loss is not None and not max_loss >= 0.0:
        raise QuestionError(f"the most loss is {max_loss}; it is a number of years of output, zero or more")
    if not 0.0 <= gap < 1.0:
        raise QuestionError(f"the gap is {gap}; it lies between 0 and just under 1")
    if not time_limit > 0.0:
        raise QuestionError(f"the time limit is {time_limit}; it is a number of seconds above 0")
    if seed < 0 or evaluate < 0:
        raise QuestionError(f"seed is {seed} and evaluate is {evaluate}; neither is below 0")
