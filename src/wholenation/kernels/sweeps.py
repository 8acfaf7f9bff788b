"""The published iteration, sweep by sweep, over the firms that changed.

Diem, Borsos, Reisch, Kertész, Thurner (2022), Scientific Reports 12, 7719. In every sweep all firms are updated from
the levels of the sweep before. Losses are kept (x = 1 − h), and only what a firm's loss grew by since it was last told
is told on: sums then are those of the published formula, in another order.
"""

from __future__ import annotations

from numba import njit

from .layout import Floats, Ints, Links, Scratch

NEGLIGIBLE = 1e-15
"""Growth of a loss that is not told on until it has added up to more: it cannot move a result by 1e-12."""
SOLD_OUT = 1e-10
"""A market with at most this part of all sales left has nobody who could step in."""
NEARLY = 1e-2
"""A market with at most this part left is summed anew in every sweep, so that rounding does not grow in it."""


@njit(cache=True, nogil=True)
def sweep(
    links: Links, own: Scratch, firm: Ints, shock_down: Floats, shock_up: Floats, eps: float, stopping: int
) -> tuple[int, int, int, int]:
    """Iterate one shock to the published stopping rule; sweeps, firms hit in each direction, links walked.

    `stopping` 1: the largest change of a level in a sweep is at most eps. 2: the index grows by at most the factor
    1 + eps. The losses remain in `own` until `clear`.
    """
    downs, ups = begin(links, own, firm, shock_down, shock_up)
    edges = 0
    previous = risk(links, own, downs, ups) if stopping == 2 else 0.0
    sweeps = 0
    while True:
        sweeps += 1
        edges_d, downs, change_d = sweep_down(links, own, downs, sweeps)
        edges_u, ups, change_u = sweep_up(links, own, ups, sweeps)
        edges += edges_d + edges_u
        if stopping == 1:
            if max(change_d, change_u) <= eps:
                break
        else:
            grown = risk(links, own, downs, ups)
            if not grown > (1 + eps) * previous:
                break
            previous = grown
    return sweeps, downs, ups, edges


@njit(cache=True, nogil=True)
def begin(links, own, firm, shock_down, shock_up):
    """Hit the shocked firms; how many in each direction."""
    downs = 0
    ups = 0
    for k in range(len(own.left)):
        own.left[k] = links.market_size[k]
    for at in range(len(firm)):
        i = firm[at]
        if shock_down[at] > 0:
            own.down.loss[i] = shock_down[at]
            own.down.hit[downs] = i
            downs += 1
            own.left[links.market[i]] -= links.size[i] * shock_down[at]
        if shock_up[at] > 0:
            own.up.loss[i] = shock_up[at]
            own.up.hit[ups] = i
            ups += 1
    return downs, ups


@njit(cache=True, nogil=True)
def replaceable(loss, size, left):
    """Loss times the part of it that nobody else in the market can make up for."""
    if size >= left or left <= SOLD_OUT:
        return loss
    return loss * (size / left)


@njit(cache=True, nogil=True)
def sweep_down(links, own, hits, sweeps):
    """One sweep downstream: links walked, firms hit, and the largest change of a level."""
    loss, told, hit = own.down.loss, own.down.told, own.down.hit
    front, growth = own.front, own.growth
    fronts = 0
    for at in range(hits):
        i = hit[at]
        passed = replaceable(loss[i], links.size[i], own.left[links.market[i]])
        more = passed - told[i]
        if more > NEGLIGIBLE:
            told[i] = passed
            front[fronts] = i
            growth[fronts] = more
            fronts += 1
    edges = 0
    changes = 0
    for at in range(fronts):
        i = front[at]
        more = growth[at]
        for e in range(links.down_start[i], links.down_start[i + 1]):
            q = links.down_slot[e]
            total = own.slot[q] + links.down_weight[e] * more
            own.slot[q] = total
            j = links.slot_firm[q]
            if total > loss[j]:
                if own.down.mark[j] != sweeps:
                    own.down.mark[j] = sweeps
                    own.down.before[j] = loss[j]
                    own.down.changed[changes] = j
                    changes += 1
                    if loss[j] == 0.0:
                        hit[hits] = j
                        hits += 1
                loss[j] = min(1.0, total)
        edges += links.down_start[i + 1] - links.down_start[i]
    largest = 0.0
    for at in range(changes):
        j = own.down.changed[at]
        grown = loss[j] - own.down.before[j]
        largest = max(largest, grown)
        own.left[links.market[j]] -= links.size[j] * grown
    for k in range(len(own.left)):
        if own.left[k] <= NEARLY * links.market_size[k]:
            own.left[k] = 0.0
            for at in range(links.market_start[k], links.market_start[k + 1]):
                i = links.market_firm[at]
                own.left[k] += links.size[i] * (1.0 - loss[i])
    return edges, hits, largest


@njit(cache=True, nogil=True)
def sweep_up(links, own, hits, sweeps):
    """One sweep upstream: links walked, firms hit, and the largest change of a level."""
    loss, told, hit = own.up.loss, own.up.told, own.up.hit
    front, growth = own.front, own.growth
    fronts = 0
    for at in range(hits):
        i = hit[at]
        more = loss[i] - told[i]
        if more > NEGLIGIBLE:
            told[i] = loss[i]
            front[fronts] = i
            growth[fronts] = more
            fronts += 1
    edges = 0
    changes = 0
    for at in range(fronts):
        i = front[at]
        more = growth[at]
        for e in range(links.up_start[i], links.up_start[i + 1]):
            j = links.up_supplier[e]
            total = own.received[j] + links.up_weight[e] * more
            own.received[j] = total
            if total > loss[j]:
                if own.up.mark[j] != sweeps:
                    own.up.mark[j] = sweeps
                    own.up.before[j] = loss[j]
                    own.up.changed[changes] = j
                    changes += 1
                    if loss[j] == 0.0:
                        hit[hits] = j
                        hits += 1
                loss[j] = min(1.0, total)
        edges += links.up_start[i + 1] - links.up_start[i]
    largest = 0.0
    for at in range(changes):
        j = own.up.changed[at]
        largest = max(largest, loss[j] - own.up.before[j])
    return edges, hits, largest


@njit(cache=True, nogil=True)
def risk(links, own, downs, ups):
    """The weight lost by firms at the lower of their two levels."""
    total = 0.0
    for at in range(downs):
        i = own.down.hit[at]
        total += links.weight[i] * max(own.down.loss[i], own.up.loss[i])
    for at in range(ups):
        i = own.up.hit[at]
        if own.down.loss[i] == 0.0:
            total += links.weight[i] * own.up.loss[i]
    return total


@njit(cache=True, nogil=True)
def sums(links, own, downs, ups):
    """The weight lost downstream, and upstream."""
    d = 0.0
    for at in range(downs):
        i = own.down.hit[at]
        d += links.weight[i] * own.down.loss[i]
    u = 0.0
    for at in range(ups):
        i = own.up.hit[at]
        u += links.weight[i] * own.up.loss[i]
    return d, u


@njit(cache=True, nogil=True)
def clear(links, own, downs, ups):
    """Make the memory clean again, touching only what was touched."""
    for at in range(downs):
        i = own.down.hit[at]
        own.down.loss[i] = 0.0
        own.down.mark[i] = 0
        if own.down.told[i] != 0.0:
            own.down.told[i] = 0.0
            for e in range(links.down_start[i], links.down_start[i + 1]):
                own.slot[links.down_slot[e]] = 0.0
    for at in range(ups):
        i = own.up.hit[at]
        own.up.loss[i] = 0.0
        own.up.mark[i] = 0
        if own.up.told[i] != 0.0:
            own.up.told[i] = 0.0
            for e in range(links.up_start[i], links.up_start[i + 1]):
                own.received[links.up_supplier[e]] = 0.0
