"""Who does it: which bids win, who reviews them, and what the reviews are worth. Data in, data out; no ledger."""

from .awards import Awards, award
from .problem import AwardProblem, Bid, Challenge
from .success import any_succeeds

__all__ = ["AwardProblem", "Awards", "Bid", "Challenge", "any_succeeds", "award"]
