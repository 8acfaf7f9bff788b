"""Who, if it failed, brings the economy down: the systemic risk of every firm of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from ..errors import QuestionError
from ..kernels import lanes, sweeps, walk, worklist
from ..kernels.layout import Floats, Ints, Pointers, scratch
from .blocks import Columns
from .network import FirmNetwork
from .prepared import Prepared, prepare
from .runs import run
from .shocks import Shocks, every_firm
from .tails import SURE, Ends, ends

Mode = Literal["converged", "reference"]
TOLERANCE = 0.1
SMALL = 2_000
"""Networks of at most so many links are followed to the end: it takes no time."""
SOLVED = 2e-3
"""Half-width, as a part of the risk, where upstream losses are solved for."""
ROUNDING = 1e-9
"""Half-width that every bracket has for rounding, as a part of the risk."""
HIT = {
    "shock": pl.String,
    "of": pl.String,
    "code": pl.String,
    "name": pl.String,
    "loss": pl.Float64,
    "share": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Cascade:
    """The risk of every shock, and who is hit by the riskiest.

    `firms`: one row per shock as asked: shock, risk (the part of all weight that is lost), low, high (the bracket; no
    `high` in reference mode, which stops early), downstream and upstream (the losses if only goods, or only orders,
    went missing), rank (1 = riskiest), and in reference mode sweeps.
    `hit`: shock, of ("sector" or "firm"), code, name, loss (the part of its own weight that it loses) and share (its
    part of the shock's risk).
    """

    firms: pl.DataFrame
    hit: pl.DataFrame
    settings: dict[str, Any]
    unsaved: str = ""
    """Why finished parts could not be kept, where they could not."""


def cascade(
    network: FirmNetwork,
    shocks: Shocks | None = None,
    *,
    mode: Mode = "converged",
    eps: float = 1e-2,
    stopping: int = 1,
    tolerance: float = TOLERANCE,
    weights: Floats | None = None,
    revenue: bool = True,
    cost: bool = True,
    hit: int = 10,
    detailed: int = 20,
    engine: str = "local",
    workers: int | None = None,
    parts: str | Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Cascade:
    """The systemic risk of every shock, or of the failure of every firm.

    ESRI_s = Σ_j w_j (1 − min(h_d,j, h_u,j)) with generalized Leontief production downstream (Diem, Borsos, Reisch,
    Kertész, Thurner 2022, Scientific Reports 12, 7719). `weights` (n,) is what firms count, their sales to firms unless
    given. Known revenues and costs scale the losses unless `revenue` or `cost` says no.

    `mode` "converged" tells where the cascade ends, with a bracket. Where what both directions share could be wrong by
    more than `tolerance` of the risk, upstream losses are solved for; 0 follows everything to the end. "reference"
    iterates as the published implementation does until the largest change of a level in a sweep is at most `eps`
    (`stopping` 1), or until the index grows by at most the factor 1 + eps (`stopping` 2). The `hit` sectors and firms
    that lose most are told for the `detailed` riskiest shocks.

    `engine`, `workers`, `parts` and `progress` are as for `wholenation.firms.runs.run`: the answer is the same to the
    last bit for any number of workers, and a run that was cut off goes on from its parts.
    Raises `QuestionError` for settings outside their range.

    >>> import numpy as np
    >>> from wholenation.firms.network import from_arrays
    >>> chain = from_arrays([0, 0, 0], [0, 1], [1, 2], [1.0, 1.0], np.full((1, 1), 2))
    >>> cascade(chain).firms["risk"].round(3).to_list()
    [1.0, 1.0, 1.0]
    """
    shocks = every_firm(network) if shocks is None else shocks
    _check(mode, eps, stopping, tolerance, hit, detailed)
    if len(shocks.firm) and int(shocks.firm.max()) >= network.n:
        raise QuestionError(f"a shock hits firm {int(shocks.firm.max()) + 1}; the network has {network.n}")
    task = question(
        network,
        mode=mode,
        eps=eps,
        stopping=stopping,
        tolerance=tolerance,
        weights=weights,
        revenue=revenue,
        cost=cost,
    )
    found = run(task, shocks, engine=engine, workers=workers, parts=parts, progress=progress)
    firms = _ranked(shocks, found.columns)
    first = firms["rank"].arg_sort()[:detailed].to_numpy() if hit else np.zeros(0, np.int64)
    settings = {**task.question, "firms": network.n, "links": network.m, "shocks": len(shocks)}
    return Cascade(firms, _who(network, task, shocks, first, hit), settings, found.unsaved)


def losses(network: FirmNetwork, shocks: Shocks, **settings: Any) -> tuple[Floats, Floats]:
    """(n, m) downstream and upstream losses of every firm in every shock; settings are those of `cascade`.

    In converged mode upstream losses of firms that the walk did not come to follow the shape of the untold rest.
    """
    task = question(network, **settings)
    memory = task.scratch()
    down, up = np.empty((network.n, len(shocks))), np.empty((network.n, len(shocks)))
    for s in range(len(shocks)):
        below, above = task.losses(shocks.part(s, s + 1), memory)
        down[task.prepared.order, s], up[task.prepared.order, s] = below, above
    return down, up


@dataclass(frozen=True, eq=False)
class Question:
    """Which mode on which network: a pure task for `wholenation.firms.runs.run`, made of arrays only."""

    question: Mapping[str, str | int | float | bool | None]
    prepared: Prepared
    ends: Ends | None
    """Vectors of the converged mode."""
    pulls: lanes.Pulls | None
    """Rows of the reference mode."""

    def scratch(self) -> Any:
        """Memory of one thread."""
        if self.ends is not None:
            return worklist.own_memory(self.ends.links, self.ends.tails, everything=self._tolerance == 0)
        return scratch(self.prepared.links), lanes.lanes(self.prepared.links)

    def solve(self, shocks: Shocks, memory: Any) -> Columns:
        """Columns risk, low, high, downstream, upstream, edges and, in reference mode, sweeps."""
        start, firm, down, up = self._placed(shocks)
        out = np.zeros((len(shocks), 6))
        if self.ends is None:
            links, (own, side) = self.prepared.links, memory
            lanes.solve(links, self.pulls, own, side, start, firm, down, up, self._eps, self._stopping, out)
            risk, downstream, upstream, swept, edges = out.T[:5]
            return {
                "risk": risk, "low": risk, "high": np.full(len(shocks), np.nan), "downstream": downstream,
                "upstream": upstream, "edges": edges.astype(np.int64), "sweeps": swept.astype(np.int32),
            }  # fmt: skip
        links, tails = self.ends.links, self.ends.tails
        worklist.settle_all(links, tails, memory, start, firm, down, up, self._tolerance, out)
        doubtful = self._doubtful(np.diff(start), out[:, 3], out[:, 0], out[:, 5])
        for s in np.flatnonzero(doubtful):
            part = slice(start[s], start[s + 1])
            out[s, :4] = self._with_solved_orders(firm[part], down[part], up[part], memory)
        risk, width, downstream, upstream, edges = out.T[:5]
        width = width + ROUNDING * risk
        risk, downstream, upstream = (np.minimum(1.0, part) for part in (risk, downstream, upstream))
        return {
            "risk": risk, "low": np.maximum(0.0, risk - width), "high": np.minimum(1.0, risk + width),
            "downstream": downstream, "upstream": upstream, "edges": edges.astype(np.int64),
        }  # fmt: skip

    def cost(self, shocks: Shocks) -> Floats:
        """Links of the firms that are hit, which is roughly what it takes."""
        links = self.prepared.links
        degree = 1.0 + np.diff(links.down_start) + np.diff(links.up_start)
        total = np.concatenate([[0.0], np.cumsum(degree[self._place[shocks.firm]])])
        return 1.0 + total[shocks.start[1:]] - total[shocks.start[:-1]]

    def losses(self, shock: Shocks, memory: Any) -> tuple[Floats, Floats]:
        """(n,) downstream and upstream losses in one shock, in the order of `prepared`."""
        _, firm, down, up = self._placed(shock)
        if self.ends is None:
            links, own = self.prepared.links, memory[0]
            told = sweeps.sweep(links, own, firm, down, up, self._eps, self._stopping)
            below, above = own.down.loss.copy(), own.up.loss.copy()
            sweeps.clear(links, own, told[1], told[2])
        else:
            below, above, told = self._settled(firm, down, up, memory)
            shared = told.shared if told.thinned >= worklist.THINNED else np.inf
            if self._doubtful(len(firm), told.upstream, told.risk, shared):
                above = self._solved(firm, up, above)
        return below, above

    def _settled(self, firm: Ints, down: Floats, up: Floats, memory: Any) -> tuple[Floats, Floats, Any]:
        """Both losses of all firms, and what the kernel told."""
        assert self.ends is not None  # noqa: S101
        links, tails = self.ends.links, self.ends.tails
        coarse = worklist.COARSE if self._tolerance > 0 else worklist.FINEST
        told = worklist.settle(links, tails, memory, firm, down, up, self._tolerance, coarse)
        below = memory.down[:, walk.LOSS].copy()
        seen = np.minimum(1.0, np.maximum(memory.up[:, walk.LOSS], memory.up[:, walk.TOLD]))
        above = np.maximum(seen, np.minimum(1.0, told.thinned * (seen + told.beyond * tails.shape_up)))
        walk.forget(links, memory, told.downs, told.ups)
        return below, above, told

    def _with_solved_orders(
        self, firm: Ints, down: Floats, up: Floats, memory: Any
    ) -> tuple[float, float, float, float]:
        """Risk, half-width, downstream and upstream part where an estimate of upstream losses would not do."""
        assert self.ends is not None  # noqa: S101
        below, above, told = self._settled(firm, down, up, memory)
        weight = self.ends.links.weight
        above = self._solved(firm, up, above)
        upstream = float(weight @ above)
        risk = float(weight @ np.maximum(below, above))
        rest, true = told.rest, told.true
        lost = float(weight @ below)
        ahead = (risk - upstream) / lost if lost > 0 else 0.0
        return (
            risk + true * rest * ahead,
            worklist.UNTOLD * max(1.0, true) * rest + min(SOLVED, self._tolerance) * risk,
            lost + true * rest,
            upstream,
        )

    def _solved(self, firm: Ints, up: Floats, guess: Floats) -> Floats:
        assert self.ends is not None  # noqa: S101
        return self.ends.orders(firm, up, guess, min(SURE, self._tolerance * 1e-3))

    def _doubtful(self, firms: Any, upstream: Any, risk: Any, shared: Any) -> Any:
        """Where an estimate of upstream losses would not do; several firms stop what comes back to each other."""
        unsure = worklist.TRUST * shared > self._tolerance * risk
        return (self._tolerance > 0) & (unsure | ((firms > 1) & (upstream > 0)))

    @property
    def _tolerance(self) -> float:
        return float(self.question["tolerance"] or 0.0)

    @property
    def _eps(self) -> float:
        return float(self.question["eps"] or 0.0)

    @property
    def _stopping(self) -> int:
        return int(self.question["stopping"] or 1)

    @cached_property
    def _place(self) -> Ints:
        return self.prepared.place

    def _placed(self, shocks: Shocks) -> tuple[Pointers, Ints, Floats, Floats]:
        firm = self._place[shocks.firm]
        if self.ends is None or self.ends.circle is None:
            return shocks.start, firm, shocks.down, shocks.up
        return self.ends.spread(shocks.start, firm, shocks.down, shocks.up)


def question(
    network: FirmNetwork,
    *,
    mode: Mode = "converged",
    eps: float = 1e-2,
    stopping: int = 1,
    tolerance: float = TOLERANCE,
    weights: Floats | None = None,
    revenue: bool = True,
    cost: bool = True,
) -> Question:
    """All that blocks of shocks share."""
    prepared = prepare(network, weights=weights, use_revenue=revenue, use_cost=cost)
    about: dict[str, str | int | float | bool | None] = {
        "network": network.data_hash,
        "weights": "sales" if weights is None else _digest(np.asarray(weights, float)),
        "revenue": revenue,
        "cost": cost,
        "mode": mode,
    }
    if mode == "reference":
        return Question(
            {**about, "eps": eps, "stopping": stopping}, prepared, None, lanes.pulls(prepared.links)
        )
    found = ends(prepared.links)
    exact = found.exact or network.m <= SMALL
    return Question({**about, "tolerance": 0.0 if exact else tolerance}, prepared, found, None)


def _check(mode: str, eps: float, stopping: int, tolerance: float, hit: int, detailed: int) -> None:
    if mode not in ("converged", "reference"):
        raise QuestionError(f"the mode is {mode!r}; it is converged or reference")
    if not 0 < eps <= 1:
        raise QuestionError(f"eps is {eps}; it is above 0 and at most 1")
    if stopping not in (1, 2):
        raise QuestionError(f"the stopping rule is {stopping}; it is 1 (levels) or 2 (growth of the index)")
    if not 0 <= tolerance <= 1:
        raise QuestionError(f"the tolerance is {tolerance}; it is a part of the risk, from 0 to 1")
    if hit < 0 or detailed < 0:
        raise QuestionError(f"{min(hit, detailed)} who are hit cannot be told; it is 0 or more")


def _ranked(shocks: Shocks, columns: Columns) -> pl.DataFrame:
    """The table of shocks; equal risks rank by name, so that the order of firms does not matter."""
    told: dict[str, Any] = {
        name: columns[name]
        for name in ("risk", "low", "high", "downstream", "upstream", "sweeps")
        if name in columns
    }
    firms = pl.DataFrame({"shock": pl.Series(list(shocks.names), dtype=pl.String), **told}).with_columns(
        high=pl.col("high").fill_nan(None)
    )
    order = firms.with_row_index("at").sort("risk", "shock", descending=[True, False])["at"].to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return firms.with_columns(rank=pl.Series(rank, dtype=pl.Int64))


def _who(network: FirmNetwork, task: Question, shocks: Shocks, chosen: Any, most: int) -> pl.DataFrame:
    """Sectors and firms that lose most in the chosen shocks."""
    if not len(chosen):
        return pl.DataFrame(schema=HIT)
    memory = task.scratch()
    weight, order = task.prepared.links.weight, task.prepared.order
    sector = network.sector[order]
    of_sector = np.bincount(sector, weight, len(network.sectors))
    names = network.firms["name"]
    codes = network.firms["firm"]
    rows: list[tuple[str, str, str, str | None, float, float]] = []
    for s in chosen:
        loss = np.maximum(*task.losses(shocks.part(int(s), int(s) + 1), memory))
        lost = weight * loss
        risk = lost.sum()
        if not risk > 0:
            continue
        by_sector = np.bincount(sector, lost, len(network.sectors)).astype(float)
        for k in _largest(by_sector, most):
            code = network.sectors[k]
            rows.append(
                (shocks.names[s], "sector", code, code, by_sector[k] / of_sector[k], by_sector[k] / risk)
            )
        rows += [
            (shocks.names[s], "firm", codes[int(order[i])], names[int(order[i])], loss[i], lost[i] / risk)
            for i in _largest(lost, most)
        ]
    return pl.DataFrame(rows, schema=HIT, orient="row")


def _largest(values: Floats, most: int) -> list[int]:
    """Positions of the largest values above 0, the first of equal ones first."""
    most = min(most, len(values))
    rough = np.argpartition(-values, most - 1)[:most] if most else np.zeros(0, np.int64)
    least = values[rough].min() if most else 0.0
    able = np.flatnonzero((values >= least) & (values > 0))
    return [int(i) for i in able[np.argsort(-values[able], kind="stable")][:most]]


def _digest(array: Floats) -> str:
    import hashlib

    return hashlib.blake2b(array.tobytes(), digest_size=16).hexdigest()
