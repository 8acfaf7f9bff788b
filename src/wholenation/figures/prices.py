"""Shadow prices: which money, people and facilities are scarce, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from wholenation.figures.palette import MUTED, PALE, RULE, amount, ink_on
from wholenation.figures.svg import (
    NORMAL,
    SMALL,
    WIDE,
    Figure,
    clip,
    frame,
    line,
    missing,
    rect,
    text,
    width_of,
)
from wholenation.formats import known, listed, number

if TYPE_CHECKING:
    from wholenation.plans import Plan

MOST = 16


def prices(plan: Plan, *, width: float = WIDE) -> Figure:
    """A table of the shadow price of every scarce pool by year; darker cells are worth more.

    Money is priced in years of target output saved by a further USD billion, people and facilities by one more
    person or place: the two are shaded apart. A pool whose price is zero in every year is left over, and not drawn.
    """
    title = f"Where more would help: prices of the pools, {plan.home}"
    held = plan.pools.filter(pl.col("price").is_not_null() & (pl.col("price") > 1e-9))
    if held.is_empty():
        words = "No pool has a price above zero: a little more of any one of them would change nothing."
        return missing(title, words, width)
    columns = sorted({int(y) for y in held["year"]})
    best = (
        held.group_by("contributor", "resource")
        .agg(pl.col("price").max())
        .sort(["price", "contributor", "resource"], descending=[True, False, False])
    )
    kinds = [("money", True), ("people and facilities", False)]
    narrow = width < 600
    left = 116.0 if narrow else 250.0
    step = min((width - left) / len(columns), 76.0)
    body: list[str] = []
    y = 0.0
    told: list[str] = []
    for heading, is_money in kinds:
        part = best.filter((pl.col("resource") == "money") == is_money)
        if part.is_empty():
            continue
        unit = (
            "years of output per further USD 1 bn"
            if is_money
            else "years of output per 1,000 more people or places"
        )
        body.append(text(0, y + 13, heading.capitalize(), bold=True))
        body.append(text(0, y + 28, unit, size=SMALL, fill=MUTED))
        y += 38
        every = 1 if step >= 32 else 2
        for i, year in enumerate(columns):
            if i % every == 0:
                body.append(
                    text(left + step * (i + 0.5), y + 6, year, size=SMALL, anchor="middle", fill=MUTED)
                )
        y += 12
        body.append(line(0, y, left + step * len(columns), y, RULE))
        most = float(part["price"].max())  # type: ignore[arg-type]
        factor = 1.0 if is_money else 1000.0
        for contributor, resource, top in part.head(MOST).iter_rows():
            name = contributor if is_money else f"{resource}, {contributor}"
            body.append(text(0, y + 17, clip(name, left - 8, NORMAL), tip=name))
            cells = held.filter((pl.col("contributor") == contributor) & (pl.col("resource") == resource))
            body += _cells(cells, columns, left, y + 2, step, most, factor, name)
            y += 24
            told.append(f"{name} {number(top * factor)}")
        if part.height > MOST:
            body.append(
                text(0, y + 14, f"and {part.height - MOST} more with lower prices", size=SMALL, fill=MUTED)
            )
            y += 20
        y += 16
    alt = f"Highest shadow prices of pools (per USD billion, or per thousand people or places): {listed(told[:4])}."
    return frame(width, y, body, title, alt)


def _cells(
    cells: pl.DataFrame,
    columns: list[int],
    left: float,
    y: float,
    step: float,
    most: float,
    factor: float,
    name: str,
) -> list[str]:
    # A pool may have several rows a year, one per earmark: the dearest counts.
    price: dict[int, float] = {}
    for year, value in cells.select("year", "price").iter_rows():
        price[int(year)] = max(value, price.get(int(year), 0.0))
    body = []
    for i, year in enumerate(columns):
        value = price.get(year)
        x = left + step * i
        if value is None or not known(value):
            body.append(rect(x + 1, y, step - 2, 20, PALE))
            continue
        fill = amount(0.05 + 0.9 * value / most)
        tip = f"{name}, {year}: {number(value * factor)}"
        body.append(rect(x + 1, y, step - 2, 20, fill, tip, class_="price", data_value=repr(float(value))))
        if width_of(number(value * factor), SMALL) <= step:
            body.append(
                text(
                    x + step / 2,
                    y + 14,
                    number(value * factor),
                    size=SMALL,
                    anchor="middle",
                    fill=ink_on(fill),
                )
            )
    return body
