"""Why each project is in or out: what the opposite would cost, what it competes for, and what would turn it round."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import polars as pl

from ..lp import Status
from ..stochastic.lshaped import Result
from ..stochastic.two_stage import Risk
from .case import COLUMNS, LEAST, SCARCE, Case, musd, planned_again, row_of, to_case, what_binds
from .first_stage import THRIFT
from .futures import Decision
from .menu import eligible
from .rejections import plainly, rejected, scarcest, to_offer
from .result import funded
from .samples import Samples
from .setting import Setting
from .stages import Stages

SECONDS = 20.0


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
    case = to_case(setting, programme, found, decision, samples, risk, gap)
    until = time.monotonic() + seconds
    mine = funded(setting.menu, decision)
    left_out = {p: case.worth(decision.without(setting.menu, p)) - case.value for p in mine}
    rows = {}
    order = sorted(mine, key=lambda p: -left_out[p])
    for done, p in enumerate(order):
        if progress:
            progress(done + 1, len(order), "reasons for what is funded")
        share = (until - time.monotonic()) / (2 * (len(order) - done))
        rows[p] = _kept(case, p, left_out[p], planned_again(case, p, False, share, workers))
    offers = {}
    for p in np.setdiff1d(np.arange(len(setting.menu.project)), mine).tolist():
        said = plainly(case, p)
        if said is None:
            offers[p] = to_offer(case, p, time.monotonic() < until)
        else:
            rows[p] = row_of(case, p, "out", None, None, None, False, "", *said)
    short = scarcest(case) if offers else []
    order = sorted(offers, key=lambda p: case.payer[p] @ offers[p].cost - offers[p].saved)
    for done, p in enumerate(order):
        if progress:
            progress(done + 1, len(order), "reasons for what is not")
        share = (until - time.monotonic()) / (len(order) - done)
        share = max(share, min(until - time.monotonic(), 1.0))
        again = planned_again(case, p, True, share, workers) if offers[p].saved > LEAST else None
        rows[p] = rejected(case, p, offers[p], short, again)
    return pl.DataFrame([rows[p] for p in sorted(rows)], schema=COLUMNS)


def no_reasons() -> pl.DataFrame:
    """The frame of `reasons` without a row, for a question that has no plan."""
    return pl.DataFrame(schema=COLUMNS)


def _kept(case: Case, p: int, unchanged: float, again: Result | None) -> dict[str, object]:
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
    binds = what_binds(case, case.decision.money[:, p], staff)
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
            f"its cost of {musd(total)} rose by about {loss / price:.0%}: "
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
        said += f" Money does not decide: those who may pay for it have {musd(_room(case, p))} left."
    said = f"Funded from {start:.0f}. {said}"
    return row_of(case, p, "in", loss, least, unchanged, exact, binds, turn, said)


def _room(case: Case, p: int) -> float:
    """USD million that the plan leaves in the pools that may pay for a project."""
    menu, network = case.setting.menu, case.setting.network
    used = case.decision.money.sum(axis=(1, 2))
    mine = [k for k, pool in enumerate(menu.pools) if eligible(menu, network, pool)[p]]
    return max(float(sum(menu.pools[k].paid_musd.sum() - used[k] for k in mine)), 0.0)
