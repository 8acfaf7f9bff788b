"""Shocks side by side in lanes: the same as one by one, and the same bits whoever their neighbours are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wholenation.firms.generator import generate_firms
from wholenation.firms.prepared import prepare
from wholenation.kernels.lanes import LANES, lanes, pulls, solve
from wholenation.kernels.layout import scratch
from wholenation.kernels.sweeps import clear, risk, sums, sweep


def one_by_one(links, start, firm, down, up, eps, stopping):
    own, rows = scratch(links), []
    for low, high in zip(start[:-1], start[1:], strict=True):
        told = sweep(links, own, firm[low:high], down[low:high], up[low:high], eps, stopping)
        sweeps, downs, ups, _ = told
        rows.append((risk(links, own, downs, ups), *sums(links, own, downs, ups), sweeps))
        clear(links, own, downs, ups)
    return np.array(rows)


def side_by_side(links, start, firm, down, up, eps, stopping, block=1000):
    own, side, rows = scratch(links), lanes(links), pulls(links)
    out = np.zeros((len(start) - 1, 5))
    for low in range(0, len(out), block):
        high = min(low + block, len(out))
        part = slice(start[low], start[high])
        begin = start[low : high + 1] - start[low]
        solve(links, rows, own, side, begin, firm[part], down[part], up[part], eps, stopping, out[low:high])
    for array in (*side[:4], own.slot, own.received, own.down.loss, own.up.loss, own.down.told, own.up.told):
        assert not array[()].any() or array is side.passed or array is side.before, "memory is left clean"
    return out


def shocks(draw: np.random.Generator, n: int, count: int):
    several = draw.integers(1, 4, count)
    firm = np.concatenate([np.sort(draw.choice(n, size, replace=False)) for size in several]).astype(np.int32)
    start = np.concatenate([[0], np.cumsum(several)])
    return start, firm, draw.choice([0.0, 0.3, 1.0], len(firm)), draw.choice([0.0, 0.5, 1.0], len(firm))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.integers(5, 80),
    st.sampled_from([(1e-2, 1), (1e-9, 1), (1e-2, 2)]),
    st.booleans(),
)
def test_lanes_do_what_sweeps_do(seed, n, rule, money):
    draw = np.random.default_rng(seed)
    links = prepare(
        generate_firms(n, links_per_firm=min(4.0, n / 4), sectors=5, seed=seed, money=money)
    ).links
    asked = shocks(draw, n, 3 * LANES)
    slow, fast = one_by_one(links, *asked, *rule), side_by_side(links, *asked, *rule)
    assert fast[:, :3] == pytest.approx(slow[:, :3], abs=1e-12)
    assert fast[:, 3].tolist() == slow[:, 3].tolist()


def test_neighbours_do_not_matter():
    links = prepare(generate_firms(300, seed=3, money=False)).links
    asked = shocks(np.random.default_rng(0), 300, 100)
    whole = side_by_side(links, *asked, 1e-6, 1)
    for block in (1, 7, 33):
        assert (side_by_side(links, *asked, 1e-6, 1, block) == whole).all()
