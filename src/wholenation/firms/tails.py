"""What losses that are not followed any further come to: vectors made once for a network."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, bicgstab, gmres

from ..kernels.layout import Floats, Ints, Links, Pointers
from ..kernels.rows import products, reaches, rows
from ..kernels.worklist import Tails, calibrate, own_memory
from ..stochastic.places import cores

LEAK = 1e-9
"""A firm whose clients take all but this part of its sales passes on all that they lose."""
PRECISE, ROUGH, SURE = 1e-11, 1e-4, 1e-6
"""How far a residual falls, as a part of what is known: for sums, for shapes, and for one shock (of a first guess)."""
SALES = 0.5
"""Part of a firm's sales in what it counts when it is judged whom to tell."""
FEW, CONCENTRATED = 1000, 0.5
"""So few firms, by the weight that they have, say little about where the untold lands; and what is doubted then."""
STEPS = 2
"""Further steps downstream that whom to tell first is judged by."""
HUBS, OTHERS, ON = 24, 40, 1e-3
"""The firms on which the estimate downstream is measured: the largest, and others evenly; and how much finer."""
BUSY = 200_000
"""Links from which a product is worth several threads."""
MOST = 500
"""Iterations after which a vector is given up."""


@dataclass(frozen=True, eq=False)
class Ends:
    """The links as the converged mode uses them, the vectors, and the circles of firms that fail together upstream."""

    links: Links
    tails: Tails
    circle: Ints | None
    """(n,) the circle of each firm, -1 for none; None where there are no circles."""
    exact: bool = False
    """Whether losses have to be told on to the end, since there is no vector upstream (revenue far below sales)."""

    @cached_property
    def _onward(self) -> sparse.csr_array:
        """Λu by supplier."""
        n = len(self.links.weight)
        links = self.links
        return sparse.csr_array((links.up_weight, links.up_supplier, links.up_start), shape=(n, n)).T.tocsr()

    def orders(self, firm: Ints, up: Floats, start: Floats, precision: float = SURE) -> Floats:
        """(n,) upstream losses in one shock, solved for: x = max(shock, Λu x).

        The shocked firms stand at their shock, all others at Λu x; one whose clients fail by more than it does itself
        joins the others, and the system is solved again. `start` is where the search begins, and taken where it fails.
        """
        held = up > 0
        while True:
            firms, known = firm[held], np.zeros(len(start))
            known[firms] = up[held]
            free = np.ones(len(start))
            free[firms] = 0.0

            def system(x: Floats, free: Floats = free) -> Floats:
                return x - free * (self._onward @ x)

            operator = LinearOperator((len(start), len(start)), matvec=system, dtype=float)
            near = precision * float(np.linalg.norm(start))
            with np.errstate(all="ignore"):
                found, failed = bicgstab(operator, known, x0=start, rtol=0.0, atol=near, maxiter=MOST)
                if failed or not np.isfinite(found).all():
                    found, failed = gmres(operator, known, rtol=0.0, atol=near, restart=50, maxiter=10)
            loss = np.clip(start if failed else found, 0.0, 1.0)
            more = (self._onward @ loss)[firm] > up + 10 * near
            if failed or not (held & more).any():
                return loss
            held &= ~more

    def spread(
        self, start: Pointers, firm: Ints, down: Floats, up: Floats
    ) -> tuple[Pointers, Ints, Floats, Floats]:
        """The shocks with every circle shocked upstream as its worst firm is."""
        if self.circle is None:
            return start, firm, down, up
        order = np.argsort(self.circle, kind="stable")
        first = np.searchsorted(self.circle[order], np.arange(self.circle.max() + 2))
        rows: list[tuple[Ints, Floats, Floats]] = []
        for low, high in zip(start[:-1], start[1:], strict=True):
            loss = {
                int(i): (d, u) for i, d, u in zip(firm[low:high], down[low:high], up[low:high], strict=True)
            }
            worst: dict[int, float] = {}
            for i, (_, u) in loss.items():
                if self.circle[i] >= 0:
                    worst[int(self.circle[i])] = max(u, worst.get(int(self.circle[i]), 0.0))
            for c, u in worst.items():
                for i in order[first[c] : first[c + 1]]:
                    loss[int(i)] = (loss.get(int(i), (0.0, 0.0))[0], u)
            hit = np.array(sorted(loss), dtype=np.int32)
            rows.append((hit, np.array([loss[i][0] for i in hit]), np.array([loss[i][1] for i in hit])))
        counts = np.array([len(hit) for hit, _, _ in rows])
        joined = [np.concatenate([row[k] for row in rows]) if rows else np.zeros(0) for k in range(3)]
        return (
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            joined[0].astype(np.int32),
            joined[1],
            joined[2],
        )


def ends(links: Links) -> Ends:
    """Vectors for a network's links.

    With G = (I − Λu)⁻¹ the upstream losses of a shock that nothing stops are G times its losses, so that their weight
    is `weight @ G` times them: one linear system (BiCGSTAB) tells what any untold loss comes to. Downstream there is no
    such vector, since a firm loses as its worst slot does; three steps of the linear one only say whom to tell first.

    Firms that sell to each other alone (a *circle*) have no G; but in the end all of them lose what the worst of them
    does, so that they are shocked together, and links within them are dropped.
    """
    n = len(links.weight)
    circle = _circles(links)
    if circle is not None:
        buyer = np.repeat(np.arange(n), np.diff(links.up_start))
        inside = (circle[buyer] >= 0) & (circle[buyer] == circle[links.up_supplier])
        links = links._replace(up_weight=np.where(inside, 0.0, links.up_weight))
    onward = _times(links.up_start, links.up_supplier, links.up_weight)
    whole = _solved(onward, links.weight, PRECISE)
    shape = np.zeros(n)
    worth = np.ones(n)
    if whole is not None:
        worth = np.maximum(0.0, whole - links.weight)
        typical = np.median(worth[worth > 0]) if np.any(worth > 0) else 1.0
        # What firms are left with when each has told whatever matters; only its shape counts.
        shape = np.minimum(1.0, 0.3 * typical / np.maximum(worth, 1e-12 * typical)) * (worth > 0)
        start, by_supplier = rows(links.up_supplier, n)
        buyers: Ints = np.repeat(np.arange(n), np.diff(links.up_start)).astype(np.int32)
        lost = _times(start, buyers[by_supplier], links.up_weight[by_supplier])
        for _ in range(2):  # twice: what is untold has gone a long way already
            further = _solved(lost, lost(shape), ROUGH)
            shape = np.zeros(n) if further is None else further
        landed = links.weight @ shape
        shape = shape / landed if landed > 0 else np.zeros(n)
    supply = _times(links.down_start, links.slot_firm[links.down_slot], links.down_weight)
    part = np.minimum(1.0, links.size / np.maximum(links.market_size[links.market], 1e-300))
    # Who counts nothing can still lead to those who do: sales are worth something, however weights are.
    counted = (1 - SALES) * links.weight + SALES * links.size
    judged = supply(counted)
    for _ in range(STEPS):
        judged = supply(counted + part * judged)
    doubt = CONCENTRATED if 1 / max((links.weight**2).sum(), 1e-300) < min(FEW, n / 10) else 0.0
    tails = Tails(worth, shape, judged, 1.0, doubt)
    order = np.argsort(-(links.weight + worth), kind="stable")
    sample = np.unique(np.concatenate([order[:HUBS], order[:: max(1, n // OTHERS)]])).astype(np.int32)
    comes_true = calibrate(links, own_memory(links, tails), sample, ON)
    return Ends(links, tails._replace(comes_true=min(max(comes_true, 0.0), 2.0)), circle, whole is None)


def _times(start: Pointers, other: Ints, weight: Floats) -> Callable[[Floats], Floats]:
    """Multiplication by a matrix in compressed rows, on all cores; each row is added up as on one."""
    n = len(start) - 1
    count = cores() if len(other) > BUSY else 1
    cuts = np.searchsorted(start, np.linspace(0, len(other), 4 * count + 1)[1:-1])
    bounds = [0, *cuts.tolist(), n]

    def times(x: Floats) -> Floats:
        out = np.empty(n)
        spans = zip(bounds[:-1], bounds[1:], strict=True)
        if count == 1:
            products(start, other, weight, x, 0, n, out)
        else:
            with ThreadPoolExecutor(count) as pool:
                list(pool.map(lambda span: products(start, other, weight, x, span[0], span[1], out), spans))
        return out

    return times


def _solved(onward: Callable[[Floats], Floats], known: Floats, precision: float) -> Floats | None:
    """x = known + onward(x), which cannot be negative; None where the iteration does not find it."""
    if not known.any():
        return known
    n = len(known)
    system = LinearOperator((n, n), matvec=lambda x: x - onward(x), dtype=float)
    with np.errstate(all="ignore"):  # an iteration that overflows has failed, and is told so below
        found, failed = bicgstab(system, known, rtol=precision, atol=0.0, maxiter=MOST)
        if failed or not np.isfinite(found).all():
            found, failed = gmres(system, known, rtol=precision, atol=0.0, restart=50, maxiter=10)
    largest = np.abs(found).max()
    if failed or not np.isfinite(largest) or found.min() < -1e-6 * largest:
        return None
    return np.maximum(0.0, found)


def _circles(links: Links) -> Ints | None:
    """The circle of each firm: a set of firms whose sales all stay among themselves."""
    n = len(links.weight)
    passed = np.bincount(links.up_supplier, links.up_weight, n)
    leaks = reaches(links.up_start, links.up_supplier, passed < 1 - LEAK)
    kept = np.flatnonzero(~leaks)
    if not len(kept):
        return None
    buyer = np.repeat(np.arange(n), np.diff(links.up_start))
    among = ~leaks[buyer] & ~leaks[links.up_supplier]
    place = np.full(n, -1)
    place[kept] = np.arange(len(kept))
    one, other = place[links.up_supplier[among]], place[buyer[among]]
    from scipy.sparse.csgraph import connected_components  # rarely needed, and slow to load

    sales = sparse.csr_array((np.ones(len(one), np.int8), (one, other)), shape=(len(kept), len(kept)))
    _, part = connected_components(sales, connection="strong")
    opened = np.zeros(len(kept), bool)
    opened[part[one[part[one] != part[other]]]] = True
    circle = np.full(n, -1, np.int32)
    circle[kept] = np.where(opened[part], -1, part)
    return circle
