"""Why a project is out: what it would save, what it competes for, and what would bring it in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..capability import Capability
from ..lp import Status
from ..network import Floats
from ..stochastic.lshaped import Result
from ..stochastic.two_stage import objective
from .case import LEAST, SCARCE, Case, musd, point_of, row_of, what_binds
from .first_stage import THRIFT
from .futures import Decision, mastery_years, usable_capacity, with_capacity
from .menu import eligible
from .result import funded

SPENT = 0.99
MADE = ("process", "product")


@dataclass(frozen=True, slots=True)
class Offer:
    """The way to fund a rejected project that its prices favour: what it takes and saves."""

    profile: int | None
    decision: Decision
    cost: Floats  # (T,) USD million
    saved: float
    exact: bool


def plainly(case: Case, p: int) -> tuple[str, str] | None:
    """What would turn round a project that prices have no part in, and the sentence; none for other projects."""
    setting, menu = case.setting, case.setting.menu
    horizon, samples = setting.horizon, case.samples
    able = [pool for pool in menu.pools if eligible(menu, setting.network, pool)[p] and pool.paid_musd.any()]
    if not able and (menu.capex_musd[p] > 0 or (menu.route_project == p).any()):
        other = ", ".join(sorted({pool.label for pool in menu.pools if pool.paid_musd.any()})) or "nobody"
        return (
            "a contributor may pay for it",
            f"Nobody who has money may pay for it: {other} give theirs to other things only.",
        )
    name = menu.trains[p] if menu.item[p] < 0 else setting.network.names[menu.item[p]]
    if menu.kind[p] == "train":
        scarce = name in menu.resources and case.people[menu.resources.index(str(name))].max() > SCARCE
        if scarce:
            return None
        used = np.einsum("f,frt->rt", case.decision.chosen.astype(float), menu.profile_staff)
        r = menu.resources.index(str(name)) if name in menu.resources else None
        peak = "" if r is None else f": at most {used[r].max():g} of {menu.available[r].max():g} are needed"
        return f"{name} became scarce", f"More people are not needed: {name} suffices{peak}."
    matters = [setting.futures[s].projects[p] for s in np.unique(samples.scenario)]
    if not any(matters):
        return (
            f"a scenario denied {name}",
            f"None of the {len(matters)} scenarios drawn makes {name} short, so that making more of it saves nothing.",
        )
    pairs = menu.pair_project == p
    if not menu.known[p]:
        if not pairs.any():
            return "its routes took less effort", f"None of its routes can succeed before {horizon.end:.0f}."
        last = horizon.times[max(horizon.count - 2, 0)]
        soonest = np.array(
            [mastery_years(menu, effort)[pairs].min(initial=np.inf) for effort in samples.effort]
        )
        late = float(samples.weight[soonest > last + 1e-9].sum())
        if late > SPENT:
            return (
                "its routes took less effort, or could start sooner",
                (
                    f"Success comes too late or never: in {late:.0%} of the futures no route of it succeeds by "
                    f"{last:.0f}, the last year in which that could still add to output before {horizon.end:.0f}."
                ),
            )
    lacking = [
        menu.project[r]
        for mine, r in menu.requires
        if mine == p and not menu.known[r] and r not in funded(menu, case.decision)
    ]
    if lacking:
        return (
            f"{', '.join(lacking)} were funded",
            f"It needs {', '.join(lacking)} first, which is not funded.",
        )
    return None


def to_offer(case: Case, p: int, judged: bool) -> Offer:
    """A rejected project at its best: the profile with the least reduced cost, and all its capacity paid at once."""
    menu, horizon, first = case.setting.menu, case.setting.horizon, case.programme.first
    profiles = np.flatnonzero(menu.profile_project == p)
    chosen, paid = case.decision.chosen.copy(), case.decision.paid.copy()
    cost = np.zeros(horizon.count)
    profile, begin = None, max(float(menu.earliest[p]), horizon.start)
    if len(profiles):
        profile = int(profiles[np.argmin(case.found.reduced[first.y[profiles]])])
        begin = float(menu.profile_start[profile])
        chosen[profile] = True
        cost += menu.profile_cost[profile]
    step = min(int(np.searchsorted(horizon.times, begin - 1e-9)), horizon.count - 1)
    if menu.kind[p] == "train" or paid[p].sum() < 1.0:
        paid[p] = 0.0
        paid[p, step] = 1.0
        cost[step] += menu.capex_musd[p]
    decision = replace(case.decision, chosen=chosen, paid=paid)
    if menu.kind[p] == "train":
        r = menu.resources.index(str(menu.trains[p]))
        wait = int(np.ceil(menu.ramp_years[p] / horizon.delta - 1e-9))
        classes = np.maximum(np.arange(horizon.count) - step - wait + 1, 0)
        saved = float(case.people[r] @ classes) * float(menu.capacity[p]) * horizon.delta
        return Offer(profile, decision, cost, saved, False)
    level, which = case.found.pool.best(point_of(case, decision))
    bound = np.where(which >= 0, np.maximum(level, 0.0), 0.0)
    saved = case.value - objective(np.minimum(bound, case.losses), case.samples.weight, case.risk)
    if saved > LEAST and judged:
        return Offer(profile, decision, cost, case.value - case.worth(decision), True)
    return Offer(profile, decision, cost, saved, saved <= LEAST)


def scarcest(case: Case) -> list[tuple[int, float]]:
    """Items of which a further unit would save most with this plan, over the samples, and how much."""
    setting, samples = case.setting, case.samples
    total = np.zeros(len(setting.network.items))
    problems: dict[int, Capability] = {}
    known: dict[tuple[int, bytes], Floats] = {}
    for s, weight, effort in zip(samples.scenario, samples.weight, samples.effort, strict=True):
        future = setting.futures[int(s)]
        grown = usable_capacity(setting.menu, case.decision, effort, future.open, setting.horizon)
        grown = np.where(future.projects[:, None], grown, 0.0)
        key = (int(s), grown.tobytes())
        if key not in known:
            if int(s) not in problems:
                problems[int(s)] = Capability(future.network, setting.horizon)
            limits = with_capacity(future.limits, setting.menu, grown, future.open, future.place)
            known[key] = problems[int(s)].solve(limits).scarcity.sum(axis=1)
        total[future.kept] += weight * known[key]
    # What is made of others is scarce because they are; what can be funded, or bought, tells more.
    bought = np.array([kind not in MADE for kind in setting.network.kinds])
    order = np.argsort(-total, kind="stable")
    return [(int(j), float(total[j])) for j in order if total[j] > LEAST and bought[j]]


def rejected(
    case: Case, p: int, offer: Offer, short: list[tuple[int, float]], again: Result | None
) -> dict[str, object]:
    """The row of a project that is out: what it saves, what it takes, what would bring it in."""
    setting, menu = case.setting, case.setting.menu
    staff = np.zeros_like(menu.available) if offer.profile is None else menu.profile_staff[offer.profile]
    money = float(case.payer[p] @ offer.cost)
    people = float((case.people * staff).sum())
    total, price = float(offer.cost.sum()), money + people
    may = np.array([eligible(menu, setting.network, pool)[p] for pool in menu.pools], dtype=bool)
    binds = what_binds(case, may[:, None] * offer.cost, staff)
    exact = again is not None and again.status is Status.OPTIMAL
    least = float(case.found.root) + _least_reduced(case, p) - THRIFT - case.value
    loss = None
    if again is not None:
        loss = again.value - case.value if np.isfinite(again.value) else None
        least = max(least, again.bound - THRIFT - case.value)
    least = max(least, 0.0)
    at_most = "" if offer.exact else "at most "
    if offer.saved <= LEAST:
        others = [setting.network.names[j] for j, _ in short if j != menu.item[p]][:2]
        what = setting.network.names[menu.item[p]] if menu.item[p] >= 0 else menu.trains[p]
        turn = f"{others[0]} were less scarce" if others else f"{what} ran short"
        said = f"Even free of charge it would save nothing: with this plan {what} is never the weakest link"
        figures = [
            f"{setting.network.names[j]} ({worth:.3f} years per unit)"
            for j, worth in short
            if j != menu.item[p]
        ]
        said += f"; scarcer are {', '.join(figures[:2])}." if figures else "."
        return row_of(case, p, "out", loss, least, -offer.saved, exact, "", turn, said)
    said = f"It would save {at_most}{offer.saved:.3f} years of output and take {musd(total)}"
    said += f" and {binds}" if binds else ""
    said += f"; what it takes saves {price:.3f} elsewhere."
    turn = _turn(case, offer, money, people)
    if turn:
        said += f" It would come in if {turn}."
    else:
        apart = max(case.value - max(case.found.bound - THRIFT, 0.0), 0.0)
        turn = f"the plan were proved more tightly than to {apart:.3f} years of output"
        said += f" The difference is within what the plan is proved to ({apart:.3f}): the choice may go either way."
    said += _exhausted(case, may)
    if loss is not None:
        said += f" Forced in, with the rest planned again, {loss:+.3f} years of output are lost"
        said += "." if exact else f" (at least {least:.3f}; time ended the search)."
    elif least > 0:
        said += f" Forced in, at least {least:.3f} years of output more are lost."
    return row_of(case, p, "out", loss, least, None, exact, binds, turn, said)


def _turn(case: Case, offer: Offer, money: float, people: float) -> str:
    """The cost, feasibility or effort at which the prices would favour a rejected project; empty where they do now."""
    menu, total = case.setting.menu, float(offer.cost.sum())
    short = money + people - offer.saved
    if short <= 0:
        return ""
    turns = []
    if money > SCARCE and short <= money:
        cut = short / money
        turns.append(f"it cost {cut:.0%} less, {musd(total * (1 - cut))} instead of {musd(total)}")
    elif people > SCARCE:
        turns.append(
            "fewer people were needed or more could be had: even for no money, "
            f"its people save {people:.3f} years elsewhere and it saves {offer.saved:.3f}"
        )
    lanes = [] if offer.profile is None else menu.lanes(offer.profile).tolist()
    if len(lanes) == 1:
        feasibility = float(menu.feasibility[menu.lane_route[lanes[0]]])
        needed = feasibility * (money + people) / offer.saved
        if needed <= 1.0:
            turns.append(f"its feasibility were {needed:.0%} instead of {feasibility:.0%}")
    if not turns:
        turns.append(f"it saved {(money + people) / offer.saved:.1f} times as much")
    return ", or if ".join(turns)


def _least_reduced(case: Case, p: int) -> float:
    """What forcing a project in costs at least in the relaxation: the least reduced cost of its columns."""
    menu, first = case.setting.menu, case.programme.first
    if (menu.route_project == p).any():
        columns = first.y[menu.profile_project == p]
        return float(case.found.reduced[columns].min(initial=np.inf)) if len(columns) else 0.0
    return max(float(case.found.reduced[first.paid[p, -1]]), 0.0)


def _exhausted(case: Case, may: np.ndarray) -> str:
    """Who may pay for a project, where they have nothing left."""
    menu = case.setting.menu
    offered = np.array([pool.paid_musd.sum() for pool in menu.pools])
    used = case.decision.money.sum(axis=(1, 2))
    mine = may & (offered > 0)
    if not mine.any() or used[mine].sum() < SPENT * offered[mine].sum():
        return ""
    names = [menu.pools[k].label for k in np.flatnonzero(mine)]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    rest = max(float((offered - used)[mine].sum()), 0.0)
    return f" Who may pay for it ({shown}) has {musd(rest)} left of {musd(float(offered[mine].sum()))}."
