"""What every measure is asked: an item denied to a home by a coalition, over a horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..capability import Capability, Horizon
from ..chain import Chain
from ..network import Bools, Floats, Network
from ..reduction import reduced
from ..scenarios import coalition_denial


@dataclass(frozen=True, slots=True)
class Values:
    """(n,) values, nan where not computable, and the reason for each of those."""

    value: Floats
    reason: tuple[str, ...]

    @staticmethod
    def of(value: Floats, reasons: dict[str, Bools] | None = None) -> Values:
        """Values with the first reason that holds for an item; a reason makes its value nan."""
        why = [""] * len(value)
        found = np.array(value, dtype=np.float64)
        for text, mask in (reasons or {}).items():
            for j in mask.nonzero()[0]:
                why[j] = why[j] or text
                found[j] = np.nan
        return Values(found, tuple(why))


class Capabilities:
    """The capability problem around each item: built when first asked for, then solved again and again.

    Around one item most of a chain is always sufficient, so each problem is small. Answers are kept by what is left
    of the item's deliveries: coalitions that deny the same amount share them.
    """

    def __init__(self, network: Network, horizon: Horizon):
        self.network, self.horizon = network, horizon
        self._built: dict[int, tuple[Capability, dict[int, int]]] = {}
        self._solved: dict[tuple[object, ...], Denied] = {}
        nothing = np.zeros(len(network.items), dtype=bool)
        whole = Capability(reduced(network, nothing, nothing)[0], horizon)
        self.base_loss = whole.solve(whole.base).loss

    def solve(self, item: int, imports: dict[int, Floats], own: Floats | None = None) -> Denied:
        """Loss and price of an item when deliveries of the given items are at most `imports` (T,) each.

        `own` (T,) bounds home's production of the item itself. The given items are the item and, if any, others of
        its groups of needs.
        """
        key = (
            item,
            *((j, left.tobytes()) for j, left in imports.items()),
            None if own is None else own.tobytes(),
        )
        if key not in self._solved:
            capability, place = self._around(item)
            if item not in place:
                return Denied(0.0, 0.0)
            limits = capability.base
            changed, grown = limits.imports.copy(), limits.own.copy()
            for j, left in imports.items():
                # A substitute that only serves what no mission reaches is not in the problem.
                if j in place:
                    changed[place[j]] = left
            if own is not None:
                grown[place[item]] = own
            service = capability.solve(limits.merged(imports=changed, own=grown))
            worth = float(service.price[place[item]].sum() * self.horizon.delta)
            self._solved[key] = Denied(max(service.loss - self.base_loss, 0.0), worth)
        return self._solved[key]

    def _around(self, item: int) -> tuple[Capability, dict[int, int]]:
        if item not in self._built:
            alone = np.arange(len(self.network.items)) == item
            part, kept = reduced(self.network, alone, alone)
            self._built[item] = (Capability(part, self.horizon), {int(j): p for p, j in enumerate(kept)})
        return self._built[item]


@dataclass(frozen=True, slots=True)
class Denied:
    """What a denial costs: years of output lost beyond the undenied problem, and the price of the item."""

    loss: float
    price: float


@dataclass(frozen=True, slots=True)
class Question:
    """A home, a coalition of controllers (R,) mask, and the capability problems that answer."""

    chain: Chain
    network: Network
    capabilities: Capabilities
    controllers: Bools

    @property
    def horizon(self) -> Horizon:
        """The steps over which losses are counted."""
        return self.capabilities.horizon

    def denied(self, item: int, own: Floats | None = None, *, substitutes: bool = False) -> Denied:
        """The coalition denies the item from the first step to the last; home's production may grow to `own` (T,).

        With `substitutes`, it also denies what it holds of the other inputs in the item's groups of needs.
        """
        network = self.network
        if not network.imports[item, self.controllers].any():
            return Denied(0.0, 0.0)
        taken = [item]
        if substitutes:
            groups = np.unique(network.edge_group[network.edge_input == item])
            others = network.edge_input[np.isin(network.edge_group, groups)]
            held = np.any(network.imports[:, self.controllers], axis=1)
            taken += [int(j) for j in np.unique(others) if j != item and held[j]]
        left = {j: coalition_denial(network, self.horizon, j, self.controllers) for j in taken}
        return self.capabilities.solve(item, left, own)

    def unknown(self) -> dict[str, Bools]:
        """Reasons for which no loss can be told: shares that matter are unknown, or a tool's lifetime is."""
        network = self.network
        foreign = ~network.known & ~network.at_home
        inside, outside = foreign[:, self.controllers].any(axis=1), foreign[:, ~self.controllers].any(axis=1)
        known_inside = (network.shares * network.known)[:, self.controllers].sum(axis=1) > 0
        known_outside = (network.shares * network.known)[:, ~self.controllers & ~network.at_home].sum(
            axis=1
        ) > 0
        # Shares that are unknown on one side only, with nothing on the other, leave no doubt about who denies.
        doubt = (inside & (outside | known_outside)) | (outside & (inside | known_inside))
        return {
            "shares of its suppliers are unknown": doubt | (~network.known & network.at_home).any(axis=1),
            "the tool's lifetime is unknown": network.tools & np.isnan(network.lifetime_years),
        }
