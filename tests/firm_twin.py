"""The systemic risk index, written down as in the paper: dense matrices, nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np


def esri(
    links, sector, essential, psi_d, psi_u, eps=1e-2, stopping=1,
    *, weight=None, market=None, revenue=None, cost=None,
):  # fmt: skip
    """Risk, its two parts, sweeps and both losses of one shock; `links` is (n, n), `essential` (K, K)."""
    sales, bought = links.sum(1), links.sum(0)
    weight = sales if weight is None else weight
    of = np.eye(len(essential))[sector]
    where = of if market is None else np.eye(max(market) + 1)[market]
    kind = essential[sector][:, sector]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(kind == 2, links / (of.T @ links)[sector], np.where(kind == 1, links / bought, 0))
    down = np.nan_to_num(shares)
    if cost is not None:
        down = down * np.where(cost > 0, bought / np.where(cost > 0, cost, 1), 1)
    base = sales if revenue is None else np.where(revenue > 0, revenue, sales)
    up = links / np.where(base > 0, base, 1)[:, None]
    h_d, h_u, sweeps = 1 - psi_d, 1 - psi_u, 0
    total = weight.sum() or 1
    before = weight @ (1 - np.minimum(h_d, h_u)) / total
    while True:
        left = where @ (where.T @ (sales * h_d))
        replaceable = np.where(left > 1e-10 * sales.sum(), np.minimum(1, sales / np.maximum(left, 1e-300)), 1)
        short = down * (replaceable * (1 - h_d))[:, None]
        slots = of.T @ short
        worst = np.where(essential[:, sector] == 2, slots, 0).max(0)
        pooled = np.where(essential[:, sector] == 1, slots, 0).sum(0)
        new_d = np.maximum(0, np.minimum(1 - psi_d, 1 - np.maximum(worst, pooled)))
        new_u = np.maximum(0, np.minimum(1 - psi_u, 1 - up @ (1 - h_u)))
        change = max(np.abs(new_d - h_d).max(), np.abs(new_u - h_u).max())
        h_d, h_u, sweeps = new_d, new_u, sweeps + 1
        risk = weight @ (1 - np.minimum(h_d, h_u)) / total
        if (change <= eps) if stopping == 1 else not risk > (1 + eps) * before:
            break
        before = risk
    parts = weight @ (1 - h_d) / total, weight @ (1 - h_u) / total
    return SimpleNamespace(
        risk=risk, downstream=parts[0], upstream=parts[1], sweeps=sweeps, down=1 - h_d, up=1 - h_u
    )
