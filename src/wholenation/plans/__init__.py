"""What should we fund, when, how many rival routes, from whose money? The two-stage programme and its proof."""

from __future__ import annotations

from .certainty import Certainty, replicate
from .difference import difference
from .formulation import formulate
from .frontier import Frontier, budget_frontier
from .information import value_of_information
from .policy import Policy, simulate_policy
from .programme import plan
from .result import Plan
from .sensitivity import robustness, sensitivity

__all__ = [
    "Certainty",
    "Frontier",
    "Plan",
    "Policy",
    "budget_frontier",
    "difference",
    "formulate",
    "plan",
    "replicate",
    "robustness",
    "sensitivity",
    "simulate_policy",
    "value_of_information",
]
