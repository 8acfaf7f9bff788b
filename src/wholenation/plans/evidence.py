"""Evidence: what execution has shown by a date, and the futures that are still possible.

Projects are independent of each other. Within a project the routes' latent numbers are joined by a one-factor Gaussian
copula (see `samples`): given the common factor they are independent, so that all evidence on single routes leaves a
density of one variable, which is inverted on a grid; each route's own number then comes from a truncated normal.
(Glasserman and Li 2005, Management Science 51:1643, condition credit portfolios the same way.) Only evidence that
compares routes, from a down-select, is met by rejection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betainc, log_ndtr, ndtr, ndtri

from ..capability import Horizon
from ..errors import AnswerError
from ..network import Bools, Floats, Ints
from ..scenarios import Denial
from .futures import Future
from .menu import Menu
from .samples import needed_effort, pert_shape
from .sobol import sobol_points

GRID = 4001
"""Points of the grid on which the common factor's density is inverted."""
REACH = 8.0
"""Standard deviations that the grid spans to each side."""
LEAST = 1e-12
BANK = 64
"""Draws per wanted one in a round of rejection; rounds go on until enough survive."""
ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at `date`, a year. Arrays are by route (Q,), efforts in team-years.

    `spent` is the effort without success so far; `needed` the effort at which a route has succeeded, infinite for one
    found infeasible, nan while it is open; `feasible` says which have been proved feasible at a gate. `ahead` holds
    (winner, loser, margin) of a down-select: the loser needs at least `margin` more effort than the winner.
    `seen` is what has been denied so far, of which the steps before `date` count.
    """

    date: float
    spent: Floats
    needed: Floats
    feasible: Bools
    ahead: tuple[tuple[int, int, float], ...] = ()
    seen: Denial | None = None


def no_evidence(menu: Menu, date: float) -> Evidence:
    """Nothing is known: no route has begun, and no control has been seen or missed."""
    routes = len(menu.route)
    return Evidence(date, np.zeros(routes), np.full(routes, np.nan), np.zeros(routes, dtype=bool))


def condition_probability(
    futures: list[Future], probability: Floats, evidence: Evidence, horizon: Horizon
) -> tuple[Floats, str]:
    """(scenarios,) probabilities given the denials seen so far, and a remark where no scenario agrees with them.

    A scenario that denies something else in a step before the date is ruled out. If all are, those that agreed
    longest are kept.
    """
    if evidence.seen is None:
        return probability, ""
    agreed = np.array(
        [_agreement(future.denial, evidence.seen, evidence.date, horizon) for future in futures]
    )
    live = probability > 0
    longest = agreed[live].max()
    kept = np.where(live & (agreed >= longest), probability, 0.0)
    remark = ""
    if np.isfinite(longest):
        names = ", ".join(futures[s].scenario or "no controls" for s in np.flatnonzero(kept > 0))
        remark = (
            f"no scenario agrees with the controls seen until {evidence.date:g}; "
            f"those that agreed longest, until {longest:g}, are planned for: {names}"
        )
    return kept / kept.sum(), remark


def _agreement(one: Denial, other: Denial, date: float, horizon: Horizon) -> float:
    """Start of the first step before the date in which two denials differ; infinite if there is none."""
    differs = np.zeros(horizon.count, dtype=bool)
    for mine, theirs in ((one.denied, other.denied), (one.idle, other.idle), (one.capital, other.capital)):
        apart = np.abs(mine - theirs) > 1e-9
        differs |= apart.reshape(-1, horizon.count).any(axis=0)
    differs &= horizon.times < date - 1e-9
    return float(horizon.times[differs.argmax()]) if differs.any() else np.inf


def condition_efforts(menu: Menu, evidence: Evidence, effort: Floats, seed: tuple[int, ...]) -> Floats:
    """(count, routes) efforts in which the projects that evidence speaks of are drawn given it, the others left."""
    told = (evidence.spent > 0) | ~np.isnan(evidence.needed) | evidence.feasible
    found = effort.copy()
    for p in np.unique(menu.route_project[told]):
        mine = np.flatnonzero(menu.route_project == p)
        found[:, mine] = _project_efforts(menu, evidence, mine, len(effort), seed)
    return found


def _project_efforts(menu: Menu, evidence: Evidence, mine: Ints, count: int, seed: tuple[int, ...]) -> Floats:
    """(count, routes of the project) efforts given the evidence on them."""
    order = [pair for pair in evidence.ahead if pair[0] in mine]
    if not order:
        return _given_each(menu, evidence, mine, count, seed)
    place = {int(q): i for i, q in enumerate(mine)}
    kept = np.zeros((0, len(mine)))
    for number in range(ROUNDS):
        drawn = _given_each(menu, evidence, mine, BANK * count, (*seed, number))
        ahead = np.ones(len(drawn), dtype=bool)
        for winner, loser, margin in order:
            # Between equals the first by name goes on, so that equality counts.
            ahead &= drawn[:, place[loser]] >= drawn[:, place[winner]] + margin - 1e-9
        kept = np.vstack([kept, drawn[ahead]])
        if len(kept) >= count:
            return kept[:count]
    names = ", ".join(menu.route[q] for q in mine)
    raise AnswerError(f"what was seen of the routes {names} is all but impossible by the tables")


def _given_each(menu: Menu, evidence: Evidence, mine: Ints, count: int, seed: tuple[int, ...]) -> Floats:
    """(count, routes) efforts given what is known of each route by itself."""
    part = replace(
        menu,
        route=tuple(menu.route[q] for q in mine),
        **{
            name: getattr(menu, name)[mine]
            for name in ("route_project", "effort", "feasibility", "correlation")
        },
    )
    low, high = _latent_bounds(part, evidence, mine)
    exact = (low == high) & np.isfinite(low)
    over = np.isposinf(low)
    rho = np.minimum(part.correlation, 1.0 - 1e-9)
    own = np.sqrt(1.0 - rho)
    name = menu.project[part.route_project[0]]
    points = sobol_points(count, [(name, ""), *((name, route) for route in part.route)], seed)
    # Routes known exactly leave the common factor normal; the others weigh it by their probability.
    precision = 1.0 + (rho / (1.0 - rho))[exact].sum()
    mean = (np.sqrt(rho) / (1.0 - rho) * np.where(exact, low, 0.0)).sum() / precision
    grid = mean + np.linspace(-REACH, REACH, GRID) / np.sqrt(precision)
    weight = -0.5 * precision * (grid - mean) ** 2
    for i in np.flatnonzero(~exact & ~over & ~(np.isneginf(low) & np.isposinf(high))):
        shifted = [(bound - np.sqrt(rho[i]) * grid) / own[i] for bound in (low[i], high[i])]
        weight += _log_between(*shifted)
    mass = np.exp(weight - weight.max())
    level = np.concatenate([[0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)])
    common = np.interp(points[:, 0], level / level[-1], grid)[:, None]
    below, above = ((bound - np.sqrt(rho) * common) / own for bound in (low, high))
    latent = np.sqrt(rho) * common + own * _truncated(points[:, 1:], below, above)
    # A route that took more effort than the tables allow for, and no success, has an infinite one: it never succeeds.
    latent = np.where(over, np.inf, np.clip(latent, low, high))
    known = evidence.needed[mine]
    return np.where(np.isnan(known), needed_effort(part, ndtr(latent)), known)


def _latent_bounds(part: Menu, evidence: Evidence, mine: Ints) -> tuple[Floats, Floats]:
    """(routes,) bounds on every route's normal latent number; equal where it is known."""
    least, most, a, b = pert_shape(part)
    spread = np.maximum(most - least, LEAST)
    needed, spent = evidence.needed[mine], evidence.spent[mine]
    at = np.where(np.isfinite(needed), needed, spent)
    share = betainc(a, b, np.clip((at - least) / spread, 0.0, 1.0))
    # A route whose effort is no matter of chance needs exactly that much.
    share = np.where(most - least > 0, share, np.isfinite(needed) | (at >= most - 1e-9))
    level = part.feasibility * share
    low, high = level.copy(), np.where(evidence.feasible[mine], part.feasibility, 1.0)
    done, failed = np.isfinite(needed), np.isposinf(needed)
    known = done & (most - least > 0)
    high[known] = low[known] = np.clip(level[known], LEAST, 1.0 - LEAST)
    low[done & ~known], high[done & ~known] = 0.0, part.feasibility[done & ~known]
    low[failed], high[failed] = part.feasibility[failed], 1.0
    # What contradicts the tables says nothing of the other routes.
    odd = low >= high - LEAST * (low != high)
    odd &= ~known
    low, high = ndtri(low), ndtri(high)
    low[odd & failed], high[odd & failed] = -np.inf, np.inf
    low[odd & ~failed] = high[odd & ~failed] = np.inf
    return low, high


def _log_between(low: Floats, high: Floats) -> Floats:
    """Logarithm of the normal probability between two bounds, also far out."""
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = log_ndtr(high), log_ndtr(low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(upper + np.log1p(-np.exp(np.minimum(lower - upper, 0.0))))


def _truncated(points: Floats, low: Floats, high: Floats) -> Floats:
    """Standard normal numbers between bounds, for numbers in (0, 1)."""
    flip = low > 0
    near, far = np.where(flip, -high, low), np.where(flip, -low, high)
    level = np.where(flip, 1.0 - points, points)
    found = ndtri(ndtr(near) + level * (ndtr(far) - ndtr(near)))
    found = np.clip(found, near, far)
    return np.where(flip, -found, found)
