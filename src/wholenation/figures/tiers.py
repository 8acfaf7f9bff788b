"""The supply chain in tiers: every item under the item that needs it, coloured by how much can be denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from wholenation.errors import QuestionError
from wholenation.figures.blocks import blocks_of, common, notes
from wholenation.figures.svg import (
    WIDE,
    Figure,
    frame,
    missing,
)
from wholenation.figures.tier_drawing import Drawing, told_as
from wholenation.formats import known, listed, share
from wholenation.network import to_network

if TYPE_CHECKING:
    from wholenation.chain import Chain
    from wholenation.exposure import Exposure
    from wholenation.stress import Outcomes

Colour = Literal["foreign_share", "exposure", "availability"]
WORDS = {
    "foreign_share": "share of home's need that comes from abroad",
    "exposure": "exposure, in years of target output lost",
    "availability": "lowest availability, as a share of need",
}


def tiers(
    chain: Chain,
    home: str,
    *,
    colour: Colour = "foreign_share",
    exposure: Exposure | None = None,
    outcomes: Outcomes | None = None,
    scenario: str | None = None,
    width: float = WIDE,
) -> Figure:
    """The chain from the product down, tier by tier (a tier is the longest path from a final product).

    An item that needs others is a box on the left; what it needs and nothing else supplies stands beside it, joined
    by lines; what is made from further inputs has a box of its own, joined by an arc. Items of one substitution
    group are joined by a bar and the word "or". `colour` chooses the number in every cell: "foreign_share",
    "exposure" (needs `exposure`) or "availability" (needs `outcomes`: the lowest over time, without a plan, in
    `scenario`, by default the one that loses most).
    """
    names = dict(zip(chain.items["item"], chain.items["name"], strict=True))
    values, about = _values(chain, home, colour, exposure, outcomes, scenario)
    title = f"The supply chain in tiers, {home}: {about}"
    if not names:
        return missing(title, "There is no chain to draw: the table of items is empty.", width)
    marks = common(chain)
    blocks = blocks_of(chain, marks)
    ranks = _ranks(exposure)
    made = frozenset(names) - set(chain.supply["item"]) | _products(chain, home)
    bears, suppliers = notes(chain, marks), _suppliers(chain, home)
    drawing = Drawing(names, _kinds(chain), marks, bears, made, values, ranks, colour, suppliers, width)
    bottom = drawing.place(blocks)
    body = [*drawing.legend(about)]
    body += drawing.arcs(blocks)
    body += drawing.bands(blocks)
    for block in blocks:
        body += drawing.block(block)
    worst = sorted((v, item) for item, v in values.items() if known(v))
    worst = worst[:3] if colour == "availability" else worst[::-1][:3]
    told = listed([f"{names[item]} ({told_as(v, colour)})" for v, item in worst])
    count = 1 + max((b.tier for b in blocks), default=0)
    alt = (
        f"{len(names)} items of the chain in {count} tiers with {chain.needs.height} needs, coloured by {about}."
        + (f" {'Lowest' if colour == 'availability' else 'Highest'}: {told}." if told else "")
    )
    return frame(width, bottom, body, title, alt, breaks=[block.top - 4 for block in blocks])


def _values(
    chain: Chain,
    home: str,
    colour: Colour,
    exposure: Exposure | None,
    outcomes: Outcomes | None,
    scenario: str | None,
) -> tuple[dict[str, float | None], str]:
    """Item -> the number of its cell, and what that number is."""
    if colour == "foreign_share":
        network = to_network(chain, home)
        return dict(zip(network.items, (float(v) for v in network.imports.sum(axis=1)), strict=True)), WORDS[
            colour
        ]
    if colour == "exposure" and exposure is not None:
        rows = exposure.table.filter(
            (pl.col("measure") == "exposure") & (pl.col("controllers") == exposure.coalition)
        )
        if rows.is_empty():
            rows = exposure.table.filter(pl.col("measure") == "exposure")
        return dict(zip(rows["item"], rows["value"], strict=True)), WORDS[colour]
    if colour == "availability" and outcomes is not None:
        found = outcomes.items.filter(~pl.col("plan"))
        chosen = scenario or _hardest(outcomes)
        lowest = found.filter(pl.col("scenario") == chosen).group_by("item").agg(pl.col("availability").min())
        return dict(
            zip(lowest["item"], lowest["availability"], strict=True)
        ), f"{WORDS[colour]}, scenario {chosen}"
    takes = {"exposure": "exposure=measure(...)", "availability": "outcomes=stress(...)"}
    raise QuestionError(f"colour {colour!r} takes {takes.get(colour, ' or '.join(map(repr, WORDS)))}")


def _hardest(outcomes: Outcomes) -> str:
    summary = outcomes.summary.filter(~pl.col("plan")).sort("loss", descending=True)
    return str(summary["scenario"][0]) if summary.height else ""


def _ranks(exposure: Exposure | None, top: int = 10) -> dict[str, int]:
    if exposure is None:
        return {}
    rows = exposure.shortlist(top).filter(pl.col("exposure") > 1e-9)
    return dict(zip(rows["item"], rows["rank"], strict=True))


def _products(chain: Chain, home: str) -> frozenset[str]:
    """What home's missions want made at home: imports of it do not count."""
    wanted = chain.missions.filter((pl.col("home") == home) & ~pl.col("counts_imports"))
    return frozenset(wanted["product"].to_list())


def _kinds(chain: Chain) -> dict[str, str]:
    return dict(zip(chain.items["item"], chain.items["kind"], strict=True))


def _suppliers(chain: Chain, home: str) -> dict[str, str]:
    """Item -> its largest foreign supplier and that supplier's part of home's need, as "NLD 99 %"."""
    network = to_network(chain, home)
    found = {}
    for j, item in enumerate(network.items):
        r = int(network.imports[j].argmax()) if network.imports.shape[1] else 0
        if network.imports[j].sum() > 0.005:
            found[item] = f"{network.jurisdictions[r]} {share(float(network.imports[j, r]))}".replace(
                "\u00a0%", "%"
            )
    return found
