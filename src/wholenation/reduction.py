"""The part of a network that a denial or a project can reach; the rest is always sufficient and is left out.

Exact, not approximate: home's base-year activity is supported by base-year supply, so an item matters only if it is
touched (its deliveries or its production change), if something upstream of its own production is, if a user of it
(or a mission) may grow beyond the base year, or if it shares a group of needs with an item that matters. Smaller
problems are the first half of the speed of `measure` and `plan` (warm starts are the other).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .network import Bools, Mission, Network


def affected_items(network: Network, touched: Bools, grown: Bools) -> Bools:
    """(n,) items whose availability may differ from the base year when `touched` ones change and `grown` ones grow."""
    service = np.bincount(network.edge_group, weights=network.edge_rate, minlength=len(network.group_user))
    matters = touched | grown
    for mission in network.missions:
        # A mission that wants more than the base year competes with the other users of its product.
        matters[mission.product] |= mission.target.max() > 1.0
    # The inputs of what may grow are needed beyond their base-year use; a group short of service binds from the start.
    short = service[network.edge_group] < 1.0 - 1e-9
    matters[network.edge_input[grown[network.edge_user] | short]] = True
    makes = (network.own > 0) | grown
    while True:
        before = matters.sum()
        shared = np.zeros(len(network.group_user), dtype=bool)
        shared[network.edge_group[matters[network.edge_input]]] = True
        matters[network.edge_input[shared[network.edge_group]]] = True
        users = network.group_user[shared]
        matters[users[makes[users]]] = True
        if matters.sum() == before:
            return matters


def reduced(network: Network, touched: Bools, grown: Bools) -> tuple[Network, np.ndarray]:
    """The network of the affected items that a mission can reach, and their positions in the full one.

    The losses of the reduced and of the full network are equal for all limits that differ from the base year only
    in deliveries and idle tools of `touched` items and in production of `grown` ones.
    """
    matters = affected_items(network, touched, grown)
    reached = np.zeros(len(network.items), dtype=bool)
    reached[[mission.product for mission in network.missions]] = True
    for j in network.order[::-1]:
        if reached[j]:
            inputs = network.edge_input[network.edge_user == j]
            reached[inputs[matters[inputs]]] = True
    keep = np.flatnonzero(reached)
    place = np.full(len(network.items), -1)
    place[keep] = np.arange(len(keep))
    edges = reached[network.edge_user] & reached[network.edge_input] & matters[network.edge_input]
    groups, group = np.unique(network.edge_group[edges], return_inverse=True)
    order = place[network.order]

    def moved(mission: Mission) -> Mission:
        return replace(mission, product=int(place[mission.product]))

    names = np.array(network.items, dtype=object)
    return (
        replace(
            network,
            items=tuple(names[keep]),
            names=tuple(network.names[j] for j in keep),
            kinds=tuple(network.kinds[j] for j in keep),
            stages=tuple(network.stages[j] for j in keep),
            shares=network.shares[keep],
            known=network.known[keep],
            own=network.own[keep],
            imports=network.imports[keep],
            use=network.use[keep],
            surge=network.surge[keep],
            lifetime_years=network.lifetime_years[keep],
            unserviced_years=network.unserviced_years[keep],
            stock_years=network.stock_years[keep],
            edge_user=place[network.edge_user[edges]],
            edge_input=place[network.edge_input[edges]],
            edge_group=group.astype(np.int64),
            edge_rate=network.edge_rate[edges],
            edge_weight=network.edge_weight[edges],
            group_user=place[network.group_user[groups]],
            order=order[order >= 0],
            missions=tuple(moved(mission) for mission in network.missions),
        ),
        keep,
    )
