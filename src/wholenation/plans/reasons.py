"""Why each project is in or out: what the opposite would cost, what it competes for, and what would turn it round."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy import sparse

from ..capability import Capability
from ..lp import Problem, Status
from ..network import Floats
from ..stochastic.lshaped import Result, solve
from ..stochastic.two_stage import Risk, objective
from .first_stage import THRIFT, rounded_up
from .futures import Decision, mastery_years, usable_capacity, with_capacity
from .menu import Menu, eligible
from .result import funded
from .samples import Samples
from .setting import Setting
from .stages import Stages

SECONDS = 20.0
LEAST = 5e-4
"""Years of output below which a saving is none: what is shown has three places."""
SCARCE = 1e-9
SPENT = 0.99
MADE = ("process", "product")

COLUMNS = {
    "project": pl.String, "decision": pl.String, "loss_if_reversed": pl.Float64, "at_least": pl.Float64,
    "loss_unchanged": pl.Float64, "exact": pl.Boolean, "binds": pl.String, "reverses_if": pl.String,
    "sentence": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """A solved plan, its prices and its state in every sample."""

    setting: Setting
    programme: Stages
    found: Result
    decision: Decision
    samples: Samples
    risk: Risk
    losses: Floats  # (S,)
    value: float
    gap: float
    money: Floats  # (K, T) years of output saved per further USD million
    people: Floats  # (R, T) and per further unit
    payer: Floats  # (P, T) the least price among the contributors that may pay for a project

    def worth(self, decision: Decision) -> float:
        judge = self.setting.judge
        return objective(judge.losses(decision, self.samples), self.samples.weight, self.risk)


@dataclass(frozen=True, slots=True)
class _Offer:
    """The way to fund a rejected project that its prices favour: what it takes and saves."""

    profile: int | None
    decision: Decision
    cost: Floats  # (T,) USD million
    saved: float
    exact: bool


def reasons(
    setting: Setting,
    programme: Stages,
    found: Result,
    decision: Decision,
    samples: Samples,
    risk: Risk,
    *,
    gap: float = 0.01,
    seconds: float = SECONDS,
    workers: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> pl.DataFrame:
    """One row per project: whether it is in or out, what the opposite costs, and what would turn the choice round.

    `loss_if_reversed` is in years of output (in the objective's terms), with everything else planned again; `exact`
    says that this was solved to the plan's gap. If not, it is what is lost with everything else unchanged (for a
    project that is in) or missing (for one that is out). `at_least` is proved; `loss_unchanged` holds everything else
    as it is. `seconds` bounds the planning again, the most telling projects first. What would turn a choice round is
    read from the prices of money and people in the relaxation.
    """
    case = _case(setting, programme, found, decision, samples, risk, gap)
    until = time.monotonic() + seconds
    mine = funded(setting.menu, decision)
    left_out = {p: case.worth(decision.without(setting.menu, p)) - case.value for p in mine}
    rows = {}
    order = sorted(mine, key=lambda p: -left_out[p])
    for done, p in enumerate(order):
        if progress:
            progress(done + 1, len(order), "reasons for what is funded")
        share = (until - time.monotonic()) / (2 * (len(order) - done))
        rows[p] = _kept(case, p, left_out[p], _reversed(case, p, False, share, workers))
    offers = {}
    for p in np.setdiff1d(np.arange(len(setting.menu.project)), mine).tolist():
        said = _plainly(case, p)
        if said is None:
            offers[p] = _offer(case, p, time.monotonic() < until)
        else:
            rows[p] = _row(case, p, "out", None, None, None, False, "", *said)
    short = _scarcest(case) if offers else []
    order = sorted(offers, key=lambda p: case.payer[p] @ offers[p].cost - offers[p].saved)
    for done, p in enumerate(order):
        if progress:
            progress(done + 1, len(order), "reasons for what is not")
        share = (until - time.monotonic()) / (len(order) - done)
        share = max(share, min(until - time.monotonic(), 1.0))
        again = _reversed(case, p, True, share, workers) if offers[p].saved > LEAST else None
        rows[p] = _rejected(case, p, offers[p], short, again)
    return pl.DataFrame([rows[p] for p in sorted(rows)], schema=COLUMNS)


def no_reasons() -> pl.DataFrame:
    """The frame of `reasons` without a row, for a question that has no plan."""
    return pl.DataFrame(schema=COLUMNS)


def _case(
    setting: Setting,
    programme: Stages,
    found: Result,
    decision: Decision,
    samples: Samples,
    risk: Risk,
    gap: float,
) -> _Case:
    first, menu = programme.first, setting.menu
    money = np.maximum(-found.dual[first.pool_rows], 0.0) / first.scale
    people = np.maximum(-found.dual[first.resource_rows], 0.0)
    payer = np.full((len(menu.project), setting.horizon.count), np.inf)
    for k, pool in enumerate(menu.pools):
        # Who only matches others pays for nothing alone.
        if pool.match_ratio is None:
            may = eligible(menu, setting.network, pool)
            payer[may] = np.minimum(payer[may], money[k])
    losses = setting.judge.losses(decision, samples)
    value = objective(losses, samples.weight, risk)
    payer[np.isinf(payer)] = 0.0
    return _Case(setting, programme, found, decision, samples, risk, losses, value, gap, money, people, payer)


def _reversed(case: _Case, p: int, funded: bool, seconds: float, workers: int | None) -> Result | None:
    """The plan made again with a project forced in, or out; none where there is no time for it."""
    if seconds <= 0.05:
        return None
    menu, first, stages = case.setting.menu, case.programme.first, case.programme.stages
    problem = _with(menu, case, p) if funded else _without(menu, case, p)
    starts = [] if funded else [_point(case, case.decision.without(menu, p))]
    found = solve(
        replace(stages, first=problem),
        gap=case.gap,
        absolute=THRIFT,
        time_limit=seconds,
        workers=workers,
        pool=case.found.pool,
        starts=starts,
        propose=lambda x: [rounded_up(menu, first, x)],
    )
    return found if np.isfinite(found.bound) or np.isfinite(found.value) else None


def _without(menu: Menu, case: _Case, p: int) -> Problem:
    first = case.programme.first
    upper = first.problem.upper.copy()
    upper[first.y[menu.profile_project == p]] = 0.0
    upper[first.paid[p]] = 0.0
    return replace(first.problem, upper=upper)


def _with(menu: Menu, case: _Case, p: int) -> Problem:
    first, problem = case.programme.first, case.programme.first.problem
    routed = (menu.route_project == p).any()
    columns = first.y[menu.profile_project == p] if routed else first.paid[p, [-1]]
    row = sparse.csr_matrix(
        (np.ones(len(columns)), (np.zeros(len(columns), dtype=int), columns)), shape=(1, len(problem.cost))
    )
    return replace(
        problem,
        matrix=sparse.vstack([problem.matrix, row], format="csr"),
        row_lower=np.append(problem.row_lower, 1.0),
        row_upper=np.append(problem.row_upper, np.inf),
    )


def _point(case: _Case, decision: Decision) -> Floats:
    """The first-stage point (n,) of a decision, as far as the second stage sees it."""
    first = case.programme.first
    x = np.zeros(len(first.problem.cost))
    x[first.y] = decision.chosen
    x[first.paid] = np.cumsum(decision.paid, axis=1)
    if len(first.insured):
        x[first.cover] = decision.covered[first.insured]
    return x


# --- Projects that are in


def _kept(case: _Case, p: int, unchanged: float, again: Result | None) -> dict[str, object]:
    menu, horizon = case.setting.menu, case.setting.horizon
    cost = case.decision.money[:, p].sum(axis=0)
    exact = again is not None and again.status is Status.OPTIMAL
    loss, least = unchanged, 0.0
    if again is not None:
        loss = min(again.value - case.value, unchanged)
        least = max(again.bound - THRIFT - case.value, 0.0)
    loss = max(loss, 0.0)
    mine = case.decision.chosen & (menu.profile_project == p)
    staff = np.einsum("f,frt->rt", mine.astype(float), menu.profile_staff)
    binds = _binds(case, case.decision.money[:, p], staff)
    price = float((case.decision.money[:, p] * case.money).sum())
    total = float(cost.sum())
    if menu.kind[p] == "train" and unchanged <= LEAST:
        turn = "the people it trains were not needed by what else is funded"
    elif total <= 0.5:
        turn = "it costs next to nothing and stays while it saves anything"
    elif price <= SCARCE:
        turn = ""
    else:
        turn = (
            f"its cost of {_musd(total)} rose by about {loss / price:.0%}: "
            f"its money would then save as much elsewhere, {price + loss:.3f} years of output"
        )
    said = f"Left out, {unchanged:.3f} years of output more are lost if all else stays"
    if again is not None:
        said += f", and {loss:.3f} if the rest is planned again"
        said += "" if exact else f" (at least {least:.3f}; time ended the search)"
    said += f". It uses what is scarce: {binds}." if binds else ". Nothing that it uses is scarce."
    start = horizon.times[(cost > SCARCE).argmax()] if total > SCARCE else horizon.start
    if turn:
        said += f" It would go if {turn}."
    else:
        turn = "what it saves were less than a rounding of the plan"
        said += f" Money does not decide: those who may pay for it have {_musd(_room(case, p))} left."
    said = f"Funded from {start:.0f}. {said}"
    return _row(case, p, "in", loss, least, unchanged, exact, binds, turn, said)


def _room(case: _Case, p: int) -> float:
    """USD million that the plan leaves in the pools that may pay for a project."""
    menu, network = case.setting.menu, case.setting.network
    used = case.decision.money.sum(axis=(1, 2))
    mine = [k for k, pool in enumerate(menu.pools) if eligible(menu, network, pool)[p]]
    return max(float(sum(menu.pools[k].paid_musd.sum() - used[k] for k in mine)), 0.0)


# --- Projects that are out


def _plainly(case: _Case, p: int) -> tuple[str, str] | None:
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


def _offer(case: _Case, p: int, judged: bool) -> _Offer:
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
        return _Offer(profile, decision, cost, saved, False)
    level, which = case.found.pool.best(_point(case, decision))
    bound = np.where(which >= 0, np.maximum(level, 0.0), 0.0)
    saved = case.value - objective(np.minimum(bound, case.losses), case.samples.weight, case.risk)
    if saved > LEAST and judged:
        return _Offer(profile, decision, cost, case.value - case.worth(decision), True)
    return _Offer(profile, decision, cost, saved, saved <= LEAST)


def _scarcest(case: _Case) -> list[tuple[int, float]]:
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


def _rejected(
    case: _Case, p: int, offer: _Offer, short: list[tuple[int, float]], again: Result | None
) -> dict[str, object]:
    setting, menu = case.setting, case.setting.menu
    staff = np.zeros_like(menu.available) if offer.profile is None else menu.profile_staff[offer.profile]
    money = float(case.payer[p] @ offer.cost)
    people = float((case.people * staff).sum())
    total, price = float(offer.cost.sum()), money + people
    may = np.array([eligible(menu, setting.network, pool)[p] for pool in menu.pools], dtype=bool)
    binds = _binds(case, may[:, None] * offer.cost, staff)
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
        return _row(case, p, "out", loss, least, -offer.saved, exact, "", turn, said)
    said = f"It would save {at_most}{offer.saved:.3f} years of output and take {_musd(total)}"
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
    return _row(case, p, "out", loss, least, None, exact, binds, turn, said)


def _turn(case: _Case, offer: _Offer, money: float, people: float) -> str:
    """The cost, feasibility or effort at which the prices would favour a rejected project; empty where they do now."""
    menu, total = case.setting.menu, float(offer.cost.sum())
    short = money + people - offer.saved
    if short <= 0:
        return ""
    turns = []
    if money > SCARCE and short <= money:
        cut = short / money
        turns.append(f"it cost {cut:.0%} less, {_musd(total * (1 - cut))} instead of {_musd(total)}")
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


def _least_reduced(case: _Case, p: int) -> float:
    """What forcing a project in costs at least in the relaxation: the least reduced cost of its columns."""
    menu, first = case.setting.menu, case.programme.first
    if (menu.route_project == p).any():
        columns = first.y[menu.profile_project == p]
        return float(case.found.reduced[columns].min(initial=np.inf)) if len(columns) else 0.0
    return max(float(case.found.reduced[first.paid[p, -1]]), 0.0)


def _exhausted(case: _Case, may: np.ndarray) -> str:
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
    return f" Who may pay for it ({shown}) has {_musd(rest)} left of {_musd(float(offered[mine].sum()))}."


# --- Words


def _binds(case: _Case, money: Floats, staff: Floats) -> str:
    """Pools (K, T) and people (R, T) that are used where more of them would save something, with the years."""
    menu, years = case.setting.menu, np.floor(case.setting.horizon.times + 1e-9).astype(int)
    parts = []
    for names, used, price in (
        ([f"the money of {pool.label}" for pool in menu.pools], money, case.money),
        (list(menu.resources), staff, case.people),
    ):
        for name, row, worth in zip(names, used, price, strict=True):
            scarce = np.unique(years[(row > 1e-6) & (worth > SCARCE)])
            if len(scarce):
                parts.append(f"{name} in {_years(scarce.tolist())}")
    return ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")


def _years(years: list[int]) -> str:
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _musd(amount: float) -> str:
    return f"USD {amount:,.0f} million" if amount >= 9.5 or amount == 0 else f"USD {amount:.2g} million"


def _row(
    case: _Case,
    p: int,
    decision: str,
    loss: float | None,
    least: float | None,
    unchanged: float | None,
    exact: bool,
    binds: str,
    turn: str,
    sentence: str,
) -> dict[str, object]:
    return {
        "project": case.setting.menu.project[p], "decision": decision, "loss_if_reversed": loss, "at_least": least,
        "loss_unchanged": unchanged, "exact": exact, "binds": binds, "reverses_if": turn, "sentence": sentence,
    }  # fmt: skip
