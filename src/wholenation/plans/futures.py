"""The capability problem of every scenario, cut down to what its denials and the menu's projects can reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..capability import Capability, Horizon, Limits
from ..measures.time_to_replace import HOME_MADE
from ..network import Bools, Floats, Ints, Network
from ..reduction import affected_items, reduced
from ..scenarios import Denial, under
from .menu import Menu
from .profiles import lane_years
from .samples import Samples


@dataclass(frozen=True, slots=True)
class Future:
    """One scenario as a home meets it: the reduced network, its limits, and the projects that can matter.

    `kept` are the positions of its items in the full network, `projects` (P,) masks the menu's projects, `open`
    (P, T) is the part of a project's growth that its investor's capital controls leave.
    """

    scenario: str
    network: Network
    kept: Ints
    limits: Limits
    denial: Denial
    projects: Bools
    open: Floats

    @property
    def place(self) -> dict[int, int]:
        """Full position of an item to its position here."""
        return {int(j): p for p, j in enumerate(self.kept)}


def to_future(network: Network, menu: Menu, base: Limits, taken: Denial) -> Future:
    """What a denial and the menu leave to decide."""
    limits = under(network, base, taken)
    # Whether a denial or, in a mission above the base year, the target itself calls for more than the base year.
    wanting = max(float(mission.target.max()) for mission in network.missions) > 1.0 + 1e-9
    touched = (taken.denied.max(axis=(1, 2)) * network.imports.sum(axis=1) > 0) | (taken.idle.max(axis=1) > 0)
    home = np.isin(menu.kind, HOME_MADE)
    grown = np.zeros_like(touched)
    if wanting:
        touched = np.ones_like(touched)
    while True:
        matters = affected_items(network, touched, grown)
        useful = np.array([item >= 0 and bool(matters[item]) for item in menu.item], dtype=bool)
        wider = np.zeros_like(grown)
        wider[menu.item[useful & home]] = True
        if (wider == grown).all():
            break
        grown = wider
    part, kept = reduced(network, touched, grown)
    useful &= np.isin(menu.item, kept)
    small = Limits(limits.imports[kept], limits.own[kept], limits.lost[kept], limits.state[kept])
    return Future(taken.scenario, part, kept, small, taken, useful, left_open(network, menu, taken))


def left_open(network: Network, menu: Menu, taken: Denial) -> Floats:
    """(P, T) what capital controls leave of foreign plants and what item controls leave of new suppliers."""
    steps = taken.capital.shape[1]
    left = np.ones((len(menu.project), steps))
    for p, code in enumerate(menu.jurisdiction):
        if code is None or menu.item[p] < 0:
            continue
        r = network.jurisdictions.index(code)
        if menu.kind[p] == "attract":
            left[p] = 1.0 - taken.capital[r]
        elif menu.kind[p] == "diversify":
            left[p] = 1.0 - taken.denied[menu.item[p], r]
    return left


@dataclass(frozen=True, slots=True)
class Decision:
    """A first stage: which profiles run, and what part of each project's capacity is paid for in each step.

    `chosen` (F,) is true or false, `paid` (P, T) adds up to at most 1 per project, `money` (K, P, T) is USD million
    from each pool. `cover` (P, T), where there is any, is the part of each capacity whose first users' risk is
    covered from that step on; it adds up to at most 1 per project.
    """

    chosen: Bools
    paid: Floats
    money: Floats
    cover: Floats | None = None

    @property
    def covered(self) -> Floats:
        """(P, T) the part of each capacity that is covered in a step."""
        return np.zeros_like(self.paid) if self.cover is None else np.cumsum(self.cover, axis=1)

    def without(self, menu: Menu, project: int) -> Decision:
        """The same decision with one project left out."""
        chosen, paid, money = self.chosen.copy(), self.paid.copy(), self.money.copy()
        cover = None if self.cover is None else self.cover.copy()
        chosen[menu.profile_project == project] = False
        paid[project] = 0.0
        money[:, project] = 0.0
        if cover is not None:
            cover[project] = 0.0
        return Decision(chosen, paid, money, cover)


def nothing(menu: Menu, horizon: Horizon) -> Decision:
    """The decision to fund no project."""
    return Decision(
        np.zeros(len(menu.profile_route), dtype=bool),
        np.zeros((len(menu.project), horizon.count)),
        np.zeros((len(menu.pools), len(menu.project), horizon.count)),
    )


def success_years(menu: Menu, effort: Floats) -> Floats:
    """(F,) year in which a profile first succeeds, given the efforts (Q,) that the routes need."""
    years = np.full(len(menu.profile_start), np.inf)
    np.minimum.at(years, menu.lane_profile, lanes_succeed(menu, effort))
    return years


def lanes_succeed(menu: Menu, effort: Floats) -> Floats:
    """(L,) year in which each lane of the menu's profiles succeeds, infinite where it does not."""
    profile = menu.lane_profile
    return lane_years(
        menu.profile_start[profile],
        menu.profile_gate[profile],
        profile,
        menu.lane_teams,
        menu.lane_then,
        effort[menu.lane_route],
    )


def mastery_years(menu: Menu, effort: Floats) -> Floats:
    """(pairs,) year from which on the pair's profile masters the pair's project."""
    years = np.full(len(menu.pair_profile), np.inf)
    np.minimum.at(years, menu.win_pair, lanes_succeed(menu, effort)[menu.win_lane] + menu.win_delay)
    return years


def mastered(menu: Menu, chosen: Bools, effort: Floats, horizon: Horizon) -> Bools:
    """(P, T) whether a project's technology is in hand at the start of a step."""
    first = np.where(menu.known, menu.earliest, np.inf)
    mine = chosen[menu.pair_profile]
    np.minimum.at(first, menu.pair_project[mine], mastery_years(menu, effort)[mine])
    return first[:, None] <= horizon.times + 1e-9


def added_capacity(menu: Menu, decision: Decision, effort: Floats, open_: Floats, horizon: Horizon) -> Floats:
    """(P, T) capacity that stands at the start of each step.

    It grows once the project and all that it requires are mastered, faster by what is learned from the capacity that
    stands, as far as it is paid for.
    """
    ready = mastered(menu, decision.chosen, effort, horizon)
    project, required = menu.requires.T
    able = ready.copy()
    np.logical_and.at(able, project, ready[required])
    growth = menu.capacity / menu.ramp_years * horizon.delta
    learned = menu.learning * horizon.delta
    payable = menu.capacity[:, None] * np.cumsum(decision.paid, axis=1)
    attract = np.array(menu.kind) == "attract"
    grown = np.zeros((len(menu.project), horizon.count))
    for t in range(horizon.count - 1):
        step = (growth * able[:, t] + learned * grown[:, t]) * np.where(attract, open_[:, t], 1.0)
        grown[:, t + 1] = np.minimum(grown[:, t] + step, payable[:, t])
    return grown


def adoption_steps(menu: Menu, horizon: Horizon) -> Ints:
    """(P,) whole steps that capacity stands before it is used without a cover."""
    return np.ceil(menu.adoption_years / horizon.delta - 1e-9).astype(np.int64)


def usable_capacity(
    menu: Menu, decision: Decision, effort: Floats, open_: Floats, horizon: Horizon
) -> Floats:
    """(P, T) capacity in use: what stood when its adoption began, and beside it as much as is covered."""
    grown = added_capacity(menu, decision, effort, open_, horizon)
    covered = menu.capacity[:, None] * decision.covered
    used = grown.copy()
    for p, wait in enumerate(adoption_steps(menu, horizon)):
        if wait > 0:
            proven = np.zeros(horizon.count)
            proven[wait:] = grown[p, : max(horizon.count - wait, 0)]
            used[p] = np.minimum(grown[p], proven + covered[p])
    return used


def with_capacity(limits: Limits, menu: Menu, grown: Floats, open_: Floats, place: dict[int, int]) -> Limits:
    """Limits with added capacity (P, T); `place` says where the items of the full network stand in them."""
    imports, own, state = limits.imports.copy(), limits.own.copy(), limits.state.copy()
    for p in np.flatnonzero((grown > 0).any(axis=1)):
        j = place.get(int(menu.item[p]))
        if j is None:
            continue
        if menu.kind[p] == "diversify":
            imports[j] += grown[p] * open_[p]
        elif menu.kind[p] == "stockpile":
            state[j] += grown[p]
        else:
            own[j] += grown[p]
    return Limits(imports, own, limits.lost, state)


class Judge:
    """Losses of decisions in samples: one warm capability problem per scenario, answers kept by capacity."""

    def __init__(self, menu: Menu, horizon: Horizon, futures: list[Future]):
        self.menu, self.horizon, self.futures = menu, horizon, futures
        self._problems = [Capability(future.network, horizon) for future in futures]
        self._answers: dict[tuple[int, bytes], float] = {}

    def losses(self, decision: Decision, samples: Samples) -> Floats:
        """(S,) loss in every sample."""
        return np.array(
            [
                self.loss(decision, int(s), effort)
                for s, effort in zip(samples.scenario, samples.effort, strict=True)
            ]
        )

    def loss(self, decision: Decision, scenario: int, effort: Floats) -> float:
        """Loss in one scenario with these required efforts (Q,)."""
        future = self.futures[scenario]
        grown = usable_capacity(self.menu, decision, effort, future.open, self.horizon)
        grown = np.where(future.projects[:, None], grown, 0.0)
        key = (scenario, grown.tobytes())
        if key not in self._answers:
            limits = with_capacity(future.limits, self.menu, grown, future.open, future.place)
            self._answers[key] = self._problems[scenario].solve(limits).loss
        return self._answers[key]
