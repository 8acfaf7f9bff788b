"""What should we fund, when, how many rival routes, from whose money? The two-stage programme and its proof."""

from __future__ import annotations

from .programme import budget_frontier, plan
from .result import Plan

__all__ = ["Plan", "budget_frontier", "plan"]
