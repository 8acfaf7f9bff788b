"""Schemes planted into an honest programme: for each check one way in which somebody would cheat, or nearly."""

from __future__ import annotations

from collections.abc import Callable

from ..book import Book
from . import public, research
from .planting import Planted

SCHEMES: dict[str, Callable[[Book], Planted]] = {
    name.upper(): scheme
    for module in (research, public)
    for name, scheme in vars(module).items()
    if name[:1] in "wr" and name[-2:].isdigit() and callable(scheme)
}
"""Every scheme by the check that should see it."""

WHOLE = frozenset({"WN10", "WN13", "WN16", "WN20", "R002", "R029", "R040", "R050", "R051", "R053", "R057"})
"""Schemes that change much of a programme, and are therefore planted by themselves."""

__all__ = ["SCHEMES", "WHOLE", "Planted"]
