"""What should we fund, when, how many rival routes, from whose money? The two-stage programme and its proof."""

from __future__ import annotations

from .frontier import Frontier, budget_frontier
from .programme import plan
from .result import Plan

__all__ = ["Frontier", "Plan", "budget_frontier", "plan"]
