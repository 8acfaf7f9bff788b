"""What every measure is asked: an item denied to a home by a coalition, over a horizon."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..capability import Capability, Service
from ..chain import Chain
from ..network import Bools, Floats, Network
from ..scenarios import coalition_denial

TOLERANCE = 1e-7


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


@dataclass(frozen=True, slots=True)
class Question:
    """A home, a coalition of controllers (R,) mask, and the capability problem that answers."""

    chain: Chain
    network: Network
    capability: Capability
    controllers: Bools
    base: Service
    solved: dict[tuple[str, int], Service] = field(default_factory=dict)

    def denied(self, item: int) -> Service:
        """The service when the coalition denies this item from the first step to the last."""
        return self._solve("denied", item, self.capability.base.own)

    def replaced(self, item: int, own: Floats) -> Service:
        """The same, while home production of the item grows to `own` (T,)."""
        grown = self.capability.base.own.copy()
        grown[item] = own
        return self._solve("replaced", item, grown)

    def _solve(self, kind: str, item: int, own: Floats) -> Service:
        if not self.network.imports[item, self.controllers].any():
            return self.base
        if (kind, item) not in self.solved:
            base = self.capability.base
            imports = base.imports.copy()
            imports[item] = coalition_denial(
                self.network, self.capability.horizon, item, self.controllers
            )
            self.solved[kind, item] = self.capability.solve(base.merged(imports=imports, own=own))
        return self.solved[kind, item]

    def unknown(self) -> dict[str, Bools]:
        """Reasons for which no loss can be told: shares that matter are unknown, or a tool's lifetime is."""
        network = self.network
        foreign = ~network.known & ~network.at_home
        inside, outside = foreign[:, self.controllers].any(axis=1), foreign[:, ~self.controllers].any(axis=1)
        known_inside = (network.shares * network.known)[:, self.controllers].sum(axis=1) > 0
        known_outside = (network.shares * network.known)[:, ~self.controllers & ~network.at_home].sum(axis=1) > 0
        # Shares that are unknown on one side only, with nothing on the other, leave no doubt about who denies.
        doubt = (inside & (outside | known_outside)) | (outside & (inside | known_inside))
        tool = np.array(network.kinds) == "tool"
        return {
            "shares of its suppliers are unknown": doubt | (~network.known & network.at_home).any(axis=1),
            "the tool's lifetime is unknown": tool & np.isnan(network.lifetime_years),
        }
