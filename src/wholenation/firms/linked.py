"""A control on a named organization, seen twice: as items that home goes without, and as a shock to firms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..capability import Capability, Horizon, Limits, to_horizon
from ..chain import Chain
from ..errors import QuestionError, unknown
from ..measures.question import Capabilities
from ..names.matching import LIKE, Named, matches
from ..network import Floats, Network, bloc, to_network
from ..scenarios import controlled_items, denial, under
from .cascade import Mode, cascade
from .from_chain import firms_of, sales_of, seen_from
from .network import ESSENTIAL, NON_ESSENTIAL, FirmNetwork
from .shocks import Shocks, from_columns

SMALL = 1e-9
CONTROLS = {
    "control": pl.Int64, "scenario": pl.String, "controller": pl.String, "target": pl.String,
    "organization": pl.String, "name": pl.String, "coverage": pl.Float64, "start": pl.Date, "end": pl.Date,
    "loss": pl.Float64, "loss_added": pl.Float64, "firms": pl.Int64, "firms_lose": pl.Float64,
    "risk": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "risk_if_stopped": pl.Float64, "low_if_stopped": pl.Float64, "high_if_stopped": pl.Float64,
}  # fmt: skip
ITEMS = {
    "control": pl.Int64, "scenario": pl.String, "organization": pl.String, "item": pl.String, "name": pl.String,
    "denied": pl.Float64, "loss": pl.Float64,
}  # fmt: skip
HIT = {
    "control": pl.Int64, "of": pl.String, "code": pl.String, "name": pl.String, "loss": pl.Float64,
    "share": pl.Float64,
}  # fmt: skip
MATCHED = {"organization": pl.String, "firm": pl.String, "by": pl.String, "score": pl.Float64}


@dataclass(frozen=True, eq=False)
class Linked:
    """What controls on named organizations do to a home, by items and by firms.

    `controls`: one row per control; `loss` in years of target output is what this control alone takes from home's
    missions, as `stress` computes it, `loss_added` what it adds to the loss of its scenario; `firms_lose` is the
    largest part that a firm of the organization loses at once; `risk` with its bracket is the part of what home's firms
    sell that is lost with it, `risk_if_stopped` if the organization stopped altogether. `items`: the deliveries that it
    denies, and the loss if only these were denied. `hit`: which sectors and firms lose most, as `cascade` tells it.
    `matched`: the firms of each organization.
    """

    home: str
    controls: pl.DataFrame
    items: pl.DataFrame
    hit: pl.DataFrame
    matched: pl.DataFrame


def link_firms(
    chain: Chain,
    home: str,
    network: FirmNetwork | None = None,
    scenarios: Iterable[str] | None = None,
    *,
    step: str = "year",
    mode: Mode = "converged",
    like: float = LIKE,
) -> Linked:
    """Every control on a named organization that reaches home, in all scenarios unless some are named.

    Without a network, the chain's own organizations are the firms, with what is delivered to home. A foreign
    organization then fails to deliver there the part that the control covers. An organization at home loses what it
    cannot make without the denied inputs: of each essential one the part that the controller supplies, and of the
    others their part in its purchases. In a network of firms from elsewhere, the matched firms lose the part covered.
    Raises `QuestionError` for unknown codes.
    """
    view = to_network(chain, home)
    rows = _entity_controls(chain, home, scenarios)
    own = network is None
    members = bloc(chain, home)
    whole = firms_of(chain) if network is None else network
    seen, weights = (seen_from(whole, members), sales_of(whole, members)) if own else (whole, None)
    matched = match_organizations(chain, seen, like=like)
    positions = _positions(seen, matched)
    losses = _ItemLosses(chain, view, to_horizon(view, step))
    found, items, shocked = [], [], []
    for number, row in enumerate(rows):
        firms = positions.get(row["organization"], np.zeros(0, np.int64))
        lost = _lost(chain, view, seen, row, firms) if own else np.full(len(firms), row["coverage"])
        loss, added, parts = losses.of(row)
        key = {"control": number, "scenario": row["scenario"], "organization": row["organization"]}
        items += [key | part for part in parts]
        found.append(
            row
            | key
            | {"loss": loss, "loss_added": added, "firms": len(firms), "firms_lose": lost.max(initial=0.0)}
        )
        shocked += [(f"{number}", firms, lost), (f"{number} stopped", firms, np.ones(len(firms)))]
    table = pl.DataFrame(found, schema=CONTROLS)
    hit = pl.DataFrame(schema=HIT)
    if found and matched.height:
        table, hit = _with_risk(table, seen, _shocks(shocked), weights, mode)
    names = dict(chain.organizations.select("organization", "name").iter_rows())
    table = table.with_columns(
        name=pl.col("organization").replace_strict(names, default=None, return_dtype=pl.String)
    )
    return Linked(home, table, pl.DataFrame(items, schema=ITEMS), hit, matched)


def match_organizations(chain: Chain, network: FirmNetwork, *, like: float = LIKE) -> pl.DataFrame:
    """Which firms of a network are organizations of the chain: organization, firm, by, score.

    By the firms' column `organization` where they have one; else by the same code; else by names that are alike, as
    the audit compares them. The first of these that finds a firm decides for an organization.
    """
    codes = chain.organizations["organization"].to_list()
    names = dict(chain.organizations.select("organization", "name").iter_rows())
    frame = network.firms
    told = (
        frame["organization"]
        if "organization" in frame.columns
        else pl.Series([None] * network.n, dtype=pl.String)
    )
    rows: list[tuple[str, str, str, float]] = []
    known = set(codes)
    for firm, organization in zip(frame["firm"], told, strict=True):
        if organization in known:
            rows.append((organization, firm, "column", 100.0))
    left = known - {row[0] for row in rows}
    rows += [(firm, firm, "code", 100.0) for firm in frame["firm"] if firm in left]
    left -= {row[0] for row in rows}
    taken = {row[1] for row in rows}
    others = [
        Named(firm, (name,))
        for firm, name in zip(frame["firm"], frame["name"], strict=True)
        if name and firm not in taken
    ]
    for one in matches([Named(code, (names[code],)) for code in codes if code in left], others, like=like):
        rows.append((one.one, one.other, "name", one.score))
    return pl.DataFrame(rows, schema=MATCHED, orient="row")


def _entity_controls(chain: Chain, home: str, scenarios: Iterable[str] | None) -> list[dict[str, Any]]:
    known = chain.scenarios["scenario"].to_list()
    chosen = known if scenarios is None else list(dict.fromkeys(scenarios))
    strange = [f"{code}: {unknown(code, known, 'scenario')}" for code in chosen if code not in known]
    if strange:
        raise QuestionError("\n".join(strange))
    members = bloc(chain, home)
    rows = chain.controls.filter((pl.col("kind") == "entity") & pl.col("scenario").is_in(chosen))
    return [row for row in rows.iter_rows(named=True) if members & bloc(chain, row["target"])]


class _ItemLosses:
    """Losses of home's missions under one control at a time."""

    def __init__(self, chain: Chain, view: Network, horizon: Horizon):
        self.chain, self.view, self.horizon = chain, view, horizon
        self.whole = Capability(view, horizon)
        self.base = self.whole.solve(self.whole.base).loss
        self.around = Capabilities(view, horizon)

    def of(self, row: dict[str, Any]) -> tuple[float, float, list[dict[str, Any]]]:
        """The loss under the control, what it adds to its scenario, and of every item denied the part and its loss."""
        table = self.chain.controls
        alone = pl.DataFrame([row], schema=table.schema)
        limits = self._under(alone, row["scenario"])
        loss = max(0.0, self.whole.solve(limits).loss - self.base)
        others = table.join(alone, on=table.columns, how="anti", nulls_equal=True)
        added = self._loss(table, row["scenario"]) - self._loss(others, row["scenario"])
        missing = 1.0 - limits.imports.min(axis=1) / np.maximum(self.whole.base.imports.min(axis=1), SMALL)
        parts = [
            {
                "item": self.view.items[j],
                "name": self.view.names[j],
                "denied": float(missing[j]),
                "loss": self.around.solve(int(j), {int(j): limits.imports[j]}).loss,
            }
            for j in np.flatnonzero((missing > SMALL) & (self.view.imports.sum(axis=1) > SMALL))
        ]
        return loss, max(0.0, added), parts

    def _under(self, controls: pl.DataFrame, scenario: str) -> Limits:
        taken = denial(replace(self.chain, controls=controls), self.view, self.horizon, scenario)
        return under(self.view, self.whole.base, taken)

    def _loss(self, controls: pl.DataFrame, scenario: str) -> float:
        return self.whole.solve(self._under(controls, scenario)).loss


def _positions(network: FirmNetwork, matched: pl.DataFrame) -> dict[str, NDArray[np.int64]]:
    place = dict(zip(network.firms["firm"], range(network.n), strict=True))
    by = matched.group_by("organization", maintain_order=True).agg("firm")
    return {
        code: np.array(sorted(place[firm] for firm in firms), dtype=np.int64)
        for code, firms in by.iter_rows()
    }


def _lost(
    chain: Chain, view: Network, network: FirmNetwork, row: dict[str, Any], firms: NDArray[np.int64]
) -> Floats:
    """(k,) what each firm of the organization loses at once under the control."""
    chosen = np.isin(network.sectors, np.array(view.items)[controlled_items(view, row)])
    seat = chain.organizations.filter(pl.col("organization") == row["organization"])["jurisdiction"][0]
    if seat not in bloc(chain, view.home):
        return np.where(chosen[network.sector[firms]], row["coverage"], 0.0)
    controllers = bloc(chain, row["controller"]) - bloc(chain, view.home)
    denied = network.firms["jurisdiction"].is_in(sorted(controllers)).fill_null(value=False).to_numpy()
    cut = denied[network.supplier] & chosen[network.sector[network.supplier]]
    return np.array([row["coverage"] * _part(network, int(firm), cut) for firm in firms])


def _part(network: FirmNetwork, firm: int, cut: NDArray[np.bool_]) -> float:
    """What a firm cannot make without some of its suppliers, by the generalized Leontief function."""
    mine = np.flatnonzero(network.buyer == firm)
    sectors, value = network.sector[network.supplier[mine]], network.value[mine]
    needed = network.essentiality[sectors, network.sector[firm]]
    count = len(network.sectors)
    bought = np.bincount(sectors, value, count)
    gone = np.bincount(sectors, value * cut[mine], count)
    essential = np.unique(sectors[needed == ESSENTIAL])
    worst = float((gone[essential] / bought[essential]).max(initial=0.0))
    others = np.unique(sectors[needed == NON_ESSENTIAL])
    return max(worst, float(gone[others].sum() / max(bought.sum(), SMALL)))


def _shocks(shocked: Sequence[tuple[str, NDArray[np.int64], Floats]]) -> Shocks:
    number = np.repeat(np.arange(len(shocked)), [len(firms) for _, firms, _ in shocked])
    firm = np.concatenate([firms for _, firms, _ in shocked])
    lost = np.concatenate([lost for _, _, lost in shocked])
    return from_columns([name for name, _, _ in shocked], number, firm, lost, lost)


def _with_risk(
    table: pl.DataFrame, network: FirmNetwork, shocks: Shocks, weights: Floats | None, mode: Mode
) -> tuple[pl.DataFrame, pl.DataFrame]:
    found = cascade(network, shocks, mode=mode, weights=weights, detailed=len(shocks))
    risk = {row["shock"]: row for row in found.firms.iter_rows(named=True)}
    for suffix, ending in (("", ""), (" stopped", "_if_stopped")):
        rows = [risk[f"{number}{suffix}"] for number in table["control"]]
        table = table.with_columns(
            pl.Series(f"{what}{ending}", [row[what] for row in rows], dtype=pl.Float64)
            for what in ("risk", "low", "high")
        )
    hit = found.hit.filter(~pl.col("shock").str.ends_with(" stopped"))
    return table, hit.with_columns(control=pl.col("shock").cast(pl.Int64)).select(*HIT)
