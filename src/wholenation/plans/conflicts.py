"""Which limits conflict: a smallest set of the user's own limits that cannot all be kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..capability import Horizon
from ..lp import Solver, Status
from ..network import Network
from ..stochastic.lshaped import solve
from ..stochastic.two_stage import Risk
from .first_stage import Rules, first_stage
from .futures import Future
from .menu import Menu
from .samples import Samples
from .stages import to_stages

SECONDS = 20.0
SURE = 1e-3


def conflicting(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    futures: list[Future],
    samples: Samples,
    risk: Risk,
    rules: Rules,
) -> tuple[str, ...]:
    """Limits in the user's words, none of which can be left out of the conflict.

    A deletion filter (Chinneck and Dravnieks 1991, ORSA J. Computing 3:157): each limit is dropped in turn and stays
    dropped if the rest still conflict. The requirements alone are tried first, without the second stage; only a
    loss that is out of reach needs it.
    """
    only_first = replace(rules, max_loss=None)
    second = bool(_feasible(menu, network, horizon, futures, samples, risk, only_first, False))
    named: list[tuple[str, str, int]] = [("require", menu.project[p], p) for p in rules.require]
    if second and rules.max_loss is not None:
        named.append(("max_loss", f"{rules.max_loss:g}", 0))
    named += [("pool", pool.label, k) for k, pool in enumerate(menu.pools)]
    named += [("resource", name, r) for r, name in enumerate(menu.resources)]
    held = list(named)
    for limit in named:
        rest = [other for other in held if other != limit]
        if not _feasible(menu, network, horizon, futures, samples, risk, _rules(rules, rest, named), second):
            held = rest
    return tuple(_sentence(kind, name) for kind, name, _ in held)


def _rules(rules: Rules, held: list[tuple[str, str, int]], named: list[tuple[str, str, int]]) -> Rules:
    kept = set(held)
    return Rules(
        require=tuple(i for kind, name, i in held if kind == "require"),
        max_loss=rules.max_loss if any(kind == "max_loss" for kind, _, _ in held) else None,
        free_pools=frozenset(i for kind, name, i in named if kind == "pool" and (kind, name, i) not in kept),
        free_resources=frozenset(
            i for kind, name, i in named if kind == "resource" and (kind, name, i) not in kept
        ),
    )


def _feasible(
    menu: Menu,
    network: Network,
    horizon: Horizon,
    futures: list[Future],
    samples: Samples,
    risk: Risk,
    rules: Rules,
    second: bool,
) -> bool:
    if second:
        stages = to_stages(menu, network, horizon, futures, samples, risk, rules).stages
        found = solve(stages, gap=SURE, time_limit=SECONDS)
        return found.status is not Status.INFEASIBLE
    useful = np.ones(len(menu.project), dtype=bool)
    problem = first_stage(menu, network, horizon, useful, rules).problem
    # Most conflicts show without whole teams, much faster; only then are teams whole.
    return not any(
        Solver(replace(problem, cost=problem.cost * 0.0, integer=integer)).solve(time_limit=SECONDS).status
        is Status.INFEASIBLE
        for integer in (None, problem.integer)
    )


def _sentence(kind: str, name: str) -> str:
    return {
        "require": f"project {name} is required",
        "max_loss": f"the loss may not exceed {name} years of output",
        "pool": f"the money of {name} is limited",
        "resource": f"{name} is limited",
    }[kind]
