"""Money by contributor and year, stacked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from wholenation.figures.palette import INK, MUTED, PAPER, RULE, categories
from wholenation.figures.svg import (
    NORMAL,
    SMALL,
    WIDE,
    Figure,
    clip,
    frame,
    line,
    linear,
    missing,
    rect,
    text,
    ticks,
)
from wholenation.formats import listed, money

if TYPE_CHECKING:
    from wholenation.plans import Plan


def spending(plan: Plan, *, width: float = WIDE) -> Figure:
    """Columns of the money spent in each year, one part per contributor, the largest contributor at the bottom."""
    title = f"Who pays, and when, {plan.home}"
    if plan.spending.filter(pl.col("musd") > 0).is_empty():
        return missing(title, "The plan spends no money.", width)
    total = plan.spending.group_by("contributor", "year").agg(pl.col("musd").sum())
    amount = {(c, int(y)): float(m) for c, y, m in total.select("contributor", "year", "musd").iter_rows()}
    by_name = {c: sum(m for (other, _), m in amount.items() if other == c) for c, _ in amount}
    names = sorted((c for c in by_name if by_name[c] > 0), key=lambda c: (-by_name[c], c))
    spent_in = [y for (_, y), m in amount.items() if m > 0]
    span = range(min(spent_in), max(spent_in) + 1)
    per_year = {y: sum(amount.get((c, y), 0.0) for c in names) for y in span}
    most = max(per_year.values())
    colours = categories(names)
    narrow = width < 600
    legend = 0.0 if narrow else 320.0
    left, right = 52.0, width - legend - (0 if narrow else 24)
    key_height = 20.0 * len(names) + 12 if narrow else 0.0
    top, high = key_height + 26, 220.0
    scale = linear(0, most, top + high, top)
    step = (right - left) / len(span)
    unit, word = (1000.0, "bn") if most >= 1000 else (1.0, "m")
    body = [text(0, top - 12, f"USD {word} a year", size=SMALL, fill=MUTED)]
    for value in ticks(0, most / unit, 4):
        y = scale(value * unit)
        body.append(line(left, y, right, y, RULE, 0.7))
        body.append(text(left - 6, y + 4, f"{value:g}", size=SMALL, anchor="end", fill=MUTED))
    every = max(1, math.ceil(34 / step))
    for i, year in enumerate(span):
        x, base = left + step * i + step * 0.12, 0.0
        for name in names:
            value = amount.get((name, year), 0.0)
            if value <= 0:
                continue
            y = scale(base + value)
            body.append(
                rect(
                    x,
                    y,
                    step * 0.76,
                    scale(base) - y,
                    colours[name],
                    f"{name}, {year}: {money(value)}",
                    stroke=PAPER,
                    stroke_width=0.8,
                    class_="part",
                    data_contributor=name,
                    data_year=year,
                    data_value=repr(value),
                )
            )
            base += value
        if step >= 30 and base > 0:
            told = f"{base / unit:.1f}" if unit > 1 else f"{base:.0f}"
            body.append(text(x + step * 0.38, scale(base) - 4, told, size=SMALL, anchor="middle", fill=INK))
        if i % every == 0:
            body.append(text(x + step * 0.38, top + high + 16, year, size=SMALL, anchor="middle", fill=MUTED))
    for i, name in enumerate(names if narrow else names[::-1]):
        x, y = (0.0, 20.0 * i) if narrow else (right + 24, top + 20.0 * i)
        told = money(by_name[name])
        body.append(rect(x, y + 2, 14, 11, colours[name]))
        body.append(text(x + 20, y + 12, clip(name, (width - x) - 100, NORMAL), tip=name))
        body.append(text(width, y + 12, told, anchor="end", fill=MUTED))
    whole = sum(by_name.values())
    alt = (
        f"Stacked columns of money by contributor from {span[0]} to {span[-1]}, {money(whole)} in all: "
        f"{listed([f'{name} {money(by_name[name])}' for name in names[:6]])}."
    )
    return frame(width, max(top + high + 24, top + 20.0 * len(names)), body, title, alt)
