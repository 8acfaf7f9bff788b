"""Who is hit when a firm fails: the loss of each of the riskiest, by sector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from wholenation.figures.palette import CATEGORIES, GREY, INK, MUTED, RULE, ink_on
from wholenation.figures.svg import (
    SMALL,
    WIDE,
    Figure,
    Scale,
    clip,
    frame,
    line,
    linear,
    missing,
    rect,
    text,
    ticks,
    width_of,
)
from wholenation.formats import known, listed, part, share

TITLE = "Who is hit"
COLOURED = 6
"""So many sectors have a colour of their own; the others are grey."""


def hit(
    table: pl.DataFrame,
    hits: pl.DataFrame,
    top: int = 10,
    *,
    names: Mapping[str, str] | None = None,
    width: float = WIDE,
) -> Figure:
    """Bars of risk for the first of a cascade's table, each split into the sectors that bear the loss.

    `table` is what `wholenation.firms.telling.with_names` returns, `hits` the cascade's table of who is hit (rows of
    sectors, `share` of the loss); `names` are those of the sectors.
    """
    rows = [
        r for r in table.sort("rank").head(top).iter_rows(named=True) if known(r["risk"]) and r["risk"] > 0
    ]
    borne = _borne(hits, {r["shock"] for r in rows})
    if not rows or not borne:
        return missing(
            TITLE, "Nobody is hit: nothing that was asked for would cost any sector anything.", width
        )
    called = dict(names or {})
    sums: dict[str, float] = {}
    for row in rows:
        for code, value in borne.get(row["shock"], {}).items():
            sums[code] = sums.get(code, 0.0) + value * row["risk"]
    first = sorted(sums, key=lambda code: (-sums[code], code))[:COLOURED]
    colours = dict(zip(first, CATEGORIES, strict=False))
    body, start = _key(first, colours, called, width)
    narrow = width < 600
    left, pitch = (0.0, 42.0) if narrow else (190.0, 30.0)
    most = max(r["risk"] for r in rows)
    x = linear(0, most, left, width - 62)
    foot = start + pitch * len(rows)
    for value in ticks(0, most, 4):
        body.append(line(x(value), start, x(value), foot, RULE, 0.7))
        body.append(
            text(
                x(value),
                foot + 15,
                share(value),
                size=SMALL,
                anchor="start" if value == 0 else "middle",
                fill=MUTED,
            )
        )
    for k, row in enumerate(rows):
        y = start + pitch * k
        name = str(row["name"] or row["shock"])
        label = clip(f"{row['rank']}. {name}", (width if narrow else left) - 10, 12)
        body.append(text(0, y + (12 if narrow else 18), label, bold=narrow, tip=name, halo=narrow))
        body += _bar(row, borne.get(row["shock"], {}), colours, called, x, y + (17 if narrow else 4))
    body.append(
        text(width, foot + 30, "part of everything that would be lost", size=SMALL, anchor="end", fill=MUTED)
    )
    return frame(width, foot + 38, body, TITLE, _alt(rows, borne, called))


def _borne(hits: pl.DataFrame, shocks: set[str]) -> dict[str, dict[str, float]]:
    """Shock -> sector -> its share of the loss."""
    found: dict[str, dict[str, float]] = {}
    if not hits.is_empty():
        rows = hits.filter((pl.col("of") == "sector") & pl.col("shock").is_in(sorted(shocks)))
        for shock, code, value in rows.select("shock", "code", "share").iter_rows():
            if known(value) and value > 0:
                found.setdefault(shock, {})[code] = value
    return found


def _key(
    first: list[str], colours: Mapping[str, str], called: Mapping[str, str], width: float
) -> tuple[list[str], float]:
    body, x, y = [], 0.0, 10.0
    for code, colour in [*((code, colours[code]) for code in first), ("other sectors", GREY)]:
        told = clip(called.get(code, code), 200, SMALL)
        if x + 20 + width_of(told, SMALL) > width and x > 0:
            x, y = 0.0, y + 18
        body.append(rect(x, y - 9, 12, 12, colour))
        body.append(text(x + 17, y + 1, told, size=SMALL))
        x += 17 + width_of(told, SMALL) + 16
    return body, y + 16


def _bar(
    row: dict[str, Any],
    borne: Mapping[str, float],
    colours: Mapping[str, str],
    called: Mapping[str, str],
    x: Scale,
    y: float,
) -> list[str]:
    """The sectors with a colour, then all others; what is not told is theirs too."""
    name, total = row["name"] or row["shock"], row["risk"]
    parts = [(code, borne[code], colour) for code, colour in colours.items() if code in borne]
    rest = max(0.0, 1.0 - sum(value for _, value, _ in parts))
    body, at = [], 0.0
    for code, value, colour in [*parts, ("other sectors", rest, GREY)]:
        long = x(at + value * total) - x(at)
        told = called.get(code, code)
        tip = f"{name}: {told} bears {share(value)} of the loss"
        body.append(
            rect(
                x(at),
                y,
                long,
                19,
                colour,
                tip,
                class_="part",
                data_firm=row["shock"],
                data_sector=code,
                data_value=repr(float(value)),
            )
        )
        if long > width_of(told, SMALL) + 10:
            body.append(text(x(at) + 5, y + 13.5, told, size=SMALL, fill=ink_on(colour)))
        at += value * total
    body.append(text(x(at) + 6, y + 14, part(total), fill=INK))
    return body


def _alt(
    rows: list[dict[str, Any]], borne: Mapping[str, Mapping[str, float]], called: Mapping[str, str]
) -> str:
    told = []
    for row in rows[:3]:
        mine = borne.get(row["shock"], {})
        most = max(mine, key=lambda code: mine[code], default=None)
        words = f"{row['name'] or row['shock']} {part(row['risk'])}"
        told.append(
            words if most is None else f"{words}, of which {share(mine[most])} in {called.get(most, most)}"
        )
    return f"Losses by sector if one of the {len(rows)} riskiest fails: {listed(told)}."
