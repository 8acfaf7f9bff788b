"""Measures of exposure: one file, one function each, from a question to a value per item.

A measure returns `Values`: an array (n,) with nan where it is not computable, and the reason why for those items.
`MEASURES` is the list that `measure` goes through, in the order in which a reader meets them.
"""

from __future__ import annotations

from collections.abc import Callable

from .concentration import concentration
from .controllers_needed import controllers_needed
from .denied_share import denied_share
from .exposure_index import exposure_index
from .foreign_share import foreign_share
from .loss import loss
from .price import price
from .question import Capabilities, Question, Values
from .substitutes import substitutes
from .time_to_bite import time_to_bite
from .time_to_replace import time_to_replace

MEASURES: dict[str, Callable[[Question], Values]] = {
    "exposure": exposure_index,
    "loss": loss,
    "price": price,
    "denied_share": denied_share,
    "concentration": concentration,
    "foreign_share": foreign_share,
    "substitutes": substitutes,
    "controllers_needed": controllers_needed,
    "time_to_bite_years": time_to_bite,
    "time_to_replace_years": time_to_replace,
}

BY_CONTROLLERS = ("exposure", "loss", "price", "denied_share", "time_to_bite_years", "time_to_replace_years")
"""Measures that depend on who denies; the others belong to the item and the home alone."""

ALONE = ("loss", "price", "denied_share", "time_to_bite_years")
"""Those of them that are also asked of each controller alone; the others only of the whole coalition."""

__all__ = ["ALONE", "BY_CONTROLLERS", "MEASURES", "Capabilities", "Question", "Values"]
