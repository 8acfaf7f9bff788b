"""Figures as SVG: one function per figure, the same in a notebook, in the report and on a slide.

Every function returns a `Figure` (`svg`, `title`, `alt`, `save`); `width` is in pixels, and below 600 a figure is
laid out for a telephone.
"""

from __future__ import annotations

from wholenation.figures.frontier import frontier
from wholenation.figures.gantt import gantt
from wholenation.figures.hit import hit
from wholenation.figures.loss import loss
from wholenation.figures.outputs import outputs
from wholenation.figures.prices import prices
from wholenation.figures.risk import risk
from wholenation.figures.shortlist import shortlist
from wholenation.figures.spending import spending
from wholenation.figures.svg import NARROW, WIDE, Figure
from wholenation.figures.tiers import tiers
from wholenation.figures.worldmap import worldmap

__all__ = [
    "NARROW",
    "WIDE",
    "Figure",
    "frontier",
    "gantt",
    "hit",
    "loss",
    "outputs",
    "prices",
    "risk",
    "shortlist",
    "spending",
    "tiers",
    "worldmap",
]
