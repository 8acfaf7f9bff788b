"""Families of two-stage programmes of any size, drawn from a seed."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from wholenation.lp import Floats, Ints, Problem
from wholenation.stochastic.two_stage import Recourse, Risk, TwoStage


def newsvendor(products: int = 3, samples: int = 100, *, seed: int = 0) -> tuple[TwoStage, float]:
    """Orders of some products before their demand is known, with the optimum in closed form.

    A unit costs c, one that is short p, one that is left h. The best order of a product is the smallest demand
    whose distribution function reaches (p - c) / (p + h).
    """
    rng = np.random.default_rng(seed)
    c, h = rng.uniform(1, 5, products), rng.uniform(0, 1, products)
    p = c + rng.uniform(1, 10, products)
    demand = rng.gamma(4.0, 25.0, (samples, products))
    quantile = np.ceil(samples * (p - c) / (p + h) - 1e-9).astype(int) - 1
    order = np.sort(demand, axis=0)[quantile, np.arange(products)]
    cost = p * np.maximum(demand - order, 0) + h * np.maximum(order - demand, 0)
    optimum = float(c @ order + cost.sum(axis=1).mean())

    eye = sparse.identity(products, format="csr")
    first = Problem(
        c, np.zeros(products), np.full(products, np.inf),
        sparse.csr_matrix((0, products)), np.zeros(0), np.zeros(0),
    )  # fmt: skip
    second = Problem(
        np.concatenate([p, h]), np.zeros(2 * products), np.full(2 * products, np.inf),
        sparse.hstack([eye, -eye], format="csr"), np.zeros(products), np.zeros(products),
    )  # fmt: skip
    return _samples(first, second, np.arange(products), demand, demand, eye), optimum


def facilities(sites: int = 8, customers: int = 12, samples: int = 20, *, seed: int = 0) -> TwoStage:
    """Which sites to open (binary), then who serves the customers; demand without service is paid for.

    After the stochastic capacitated facility location of Louveaux and Peeters (1992, Operations Research 40:564),
    with points drawn in a square; half of the customers vary in demand.
    """
    rng = np.random.default_rng(seed)
    sited, placed = rng.random((sites, 2)), rng.random((customers, 2))
    distance = np.linalg.norm(sited[:, None] - placed[None], axis=2)
    mean = rng.integers(5, 36, customers).astype(float)
    varied = rng.lognormal(0.0, 0.4, (samples, customers)) * (np.arange(customers) % 2) + (
        np.arange(customers) % 2 == 0
    )
    demand = np.round(mean * varied, 1)
    capacity = np.round(rng.uniform(2, 4, sites) * mean.sum() / sites, 1)
    fixed = np.round(rng.uniform(5, 15, sites) + 0.3 * capacity, 1)
    first = Problem(
        fixed, np.zeros(sites), np.ones(sites), sparse.csr_matrix((0, sites)), np.zeros(0), np.zeros(0),
        np.ones(sites, dtype=bool),
    )  # fmt: skip
    # Rows: what a site sends is at most its capacity, what a customer gets and lacks at least the demand.
    sent = sparse.kron(sparse.identity(sites), np.ones((1, customers)))
    got = sparse.kron(np.ones((1, sites)), sparse.identity(customers))
    matrix = sparse.bmat([[sent, None], [got, sparse.identity(customers)]], format="csr")
    width = sites * customers + customers
    cost = np.concatenate([np.round(2 * distance.ravel(), 3), np.full(customers, 10.0)])
    second = Problem(
        cost, np.zeros(width), np.full(width, np.inf), matrix,
        np.full(sites + customers, -np.inf), np.full(sites + customers, np.inf),
    )  # fmt: skip
    technology = sparse.vstack([sparse.diags(-capacity), sparse.csr_matrix((customers, sites))], format="csr")
    low = np.hstack([np.full((samples, sites), -np.inf), demand])
    high = np.hstack([np.zeros((samples, sites)), np.full((samples, customers), np.inf)])
    return _samples(first, second, np.arange(sites + customers), low, high, technology)


def capacities(
    machines: int = 5,
    parts: int = 4,
    samples: int = 50,
    *,
    tail: float = 0.0,
    aversion: float = 0.0,
    seed: int = 0,
) -> TwoStage:
    """How many machines of each kind to buy (integer, within a budget), then what each makes, with availability in T.

    Parts that are not made are bought outside. `aversion` and `tail` weigh the CVaR.
    """
    rng = np.random.default_rng(seed)
    price = rng.integers(20, 60, machines).astype(float)
    hours = np.round(rng.uniform(8, 20, machines), 1)
    rate = np.round(rng.uniform(0.2, 1.0, (machines, parts)), 2)
    demand = np.round(rng.gamma(5.0, 4.0, (samples, parts)), 1)
    share = np.round(rng.beta(8, 2, (samples, machines)), 2)
    first = Problem(
        price, np.zeros(machines), np.full(machines, 6.0), sparse.csr_matrix(price[None]),
        np.full(1, -np.inf), np.full(1, 6.0 * price.mean() * machines / 2), np.ones(machines, dtype=bool),
    )  # fmt: skip
    used = sparse.kron(sparse.identity(machines), np.ones((1, parts)))
    made = sparse.hstack([sparse.diags(rate[i]) for i in range(machines)])
    matrix = sparse.bmat([[used, None], [made, sparse.identity(parts)]], format="csr")
    width = machines * parts + parts
    cost = np.concatenate([np.round(rng.uniform(0.5, 2, machines * parts), 2), np.full(parts, 15.0)])
    second = Problem(
        cost, np.zeros(width), np.full(width, np.inf), matrix,
        np.full(machines + parts, -np.inf), np.full(machines + parts, np.inf),
    )  # fmt: skip
    low = np.hstack([np.full((samples, machines), -np.inf), demand])
    high = np.hstack([np.zeros((samples, machines)), np.full((samples, parts), np.inf)])
    below = sparse.csr_matrix((parts, machines))
    technology = [sparse.vstack([sparse.diags(-hours * s), below], format="csr") for s in share]
    return _samples(first, second, np.arange(machines + parts), low, high, technology, Risk(aversion, tail))


def _samples(
    first: Problem,
    second: Problem,
    link: Ints,
    low: Floats,
    high: Floats,
    technology: sparse.csr_matrix | list[sparse.csr_matrix],
    risk: Risk = Risk(),  # noqa: B008
) -> TwoStage:
    """Equally likely samples that share a recourse."""
    count = len(low)
    given = technology if isinstance(technology, list) else [technology] * count
    return TwoStage(
        first=first,
        recourse=(Recourse(second, link),),
        kind=np.zeros(count, dtype=np.int64),
        weight=np.full(count, 1 / count),
        low=tuple(low),
        high=tuple(high),
        technology=tuple(given),
        risk=risk,
    )
