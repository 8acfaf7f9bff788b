"""Who does it: which bids win, who reviews them, and what the reviews are worth. Data in, data out; no ledger."""

from .awards import Awards, award
from .problem import AwardProblem, Bid, Challenge
from .raters import Calibration, Leniency, Merit, Score, calibrated
from .reasons import Reason, reasons
from .reviewers import Assignment, Reviewer, assign_reviewers
from .success import any_succeeds

__all__ = [
    "Assignment",
    "AwardProblem",
    "Awards",
    "Bid",
    "Calibration",
    "Challenge",
    "Leniency",
    "Merit",
    "Reason",
    "Reviewer",
    "Score",
    "any_succeeds",
    "assign_reviewers",
    "award",
    "calibrated",
    "reasons",
]
