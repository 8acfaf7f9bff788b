"""Futures: which scenario comes, and how much effort every route turns out to need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from ..network import Floats, Ints
from .menu import Menu
from .sobol import sobol_points

PERT_SHAPE = 4.0
"""Weight of the most likely value in a PERT distribution (Malcolm et al. 1959, Operations Research 7:646)."""


@dataclass(frozen=True, slots=True)
class Samples:
    """S futures with weights that add up to 1.

    `scenario` (S,) is a position in the list of scenarios, `effort` (S, routes) the team-years a route needs,
    infinite where no effort succeeds.
    """

    scenario: Ints
    weight: Floats
    effort: Floats

    def __len__(self) -> int:
        return len(self.weight)


def draw_samples(menu: Menu, probability: Floats, count: int, seed: int) -> Samples:
    """`count` futures, stratified by scenario; more if there are more scenarios.

    Every scenario of positive probability gets a number of draws in proportion to it (largest remainders, at least
    one), and its draws share its probability, so that scenarios are not themselves a matter of
    luck. Every scenario and project has its own stream: adding one leaves the draws of the others alone.
    """
    live = np.flatnonzero(probability > 0)
    live = live[np.argsort(-probability[live], kind="stable")]
    # A scenario left out would make every other look likelier than it is.
    count = max(count, len(live))
    exact = probability[live] / probability[live].sum() * count
    number = np.maximum(np.floor(exact), 1.0).astype(np.int64)
    while number.sum() > count:
        number[np.argmax(np.where(number > 1, number - exact, -np.inf))] -= 1
    while number.sum() < count:
        number[np.argmax(exact - number)] += 1
    scenario = np.repeat(live, number)
    weight = np.repeat(probability[live] / probability[live].sum() / number, number)
    effort = np.vstack(
        [draw_efforts(menu, int(k), (seed, int(s))) for s, k in zip(live, number, strict=True)]
    )
    return Samples(scenario, weight, effort)


def draw_efforts(menu: Menu, count: int, seed: tuple[int, ...]) -> Floats:
    """(count, routes) required efforts: PERT over low, mode, high; infinite with probability 1 - feasibility.

    Within a project, routes are joined by a Gaussian copula: one latent number decides both whether a route is
    feasible and how much effort it needs, so that a project that is hard for one team is hard for its rival. The
    latent numbers of a project are scrambled Sobol points, independent of those of the other projects.
    """
    projects = [menu.project[p] for p in menu.route_project]
    # The common number comes first, so that it and each route's own are a pair of the best dimensions.
    names = [(project, "") for project in projects] + list(zip(projects, menu.route, strict=True))
    common, own = np.split(ndtri(sobol_points(count, names, seed)), 2, axis=1)
    rho = menu.correlation
    latent = ndtr(np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own)
    return needed_effort(menu, latent)


def needed_effort(menu: Menu, latent: Floats) -> Floats:
    """(count, routes) the efforts that latent numbers (count, routes) in (0, 1) stand for."""
    feasible = latent < menu.feasibility
    level = np.where(feasible, latent / np.maximum(menu.feasibility, 1e-12), 0.5)
    low, high, a, b = pert_shape(menu)
    needed = low + (high - low) * betaincinv(a, b, np.clip(level, 0.0, 1.0))
    return np.where(feasible, needed, np.inf)


def pert_shape(menu: Menu) -> tuple[Floats, Floats, Floats, Floats]:
    """(routes,) low, high, and the two shapes of the beta distribution between them."""
    low, mode, high = menu.effort.T
    spread = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(spread > 0, 1.0 + PERT_SHAPE * (mode - low) / spread, 1.0)
        b = np.where(spread > 0, 1.0 + PERT_SHAPE * (high - mode) / spread, 1.0)
    return low, high, a, b
