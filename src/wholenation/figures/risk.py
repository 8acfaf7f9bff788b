"""Systemic risk by rank: how few firms could bring how much down, and how sure each number is."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from wholenation.figures.palette import BLUE, GREY, INK, MUTED, RULE, SKY
from wholenation.figures.svg import (
    SMALL,
    WIDE,
    Figure,
    Scale,
    clip,
    frame,
    hint,
    line,
    linear,
    missing,
    path,
    rect,
    tag,
    text,
    width_of,
)
from wholenation.formats import known, listed, part

TITLE = "Systemic risk by rank"
NAMED = 5
LEAST = 1e-6
"""Risks below this part of the largest are not drawn."""
MOST = 240
"""So many firms are drawn; of more, some at even distances on the logarithmic axis."""


def risk(table: pl.DataFrame, *, width: float = WIDE) -> Figure:
    """Risk against rank on logarithmic axes, with its bracket, over what each firm loses at once by itself.

    `table` has rank, shock, name, risk, low, high and own, as `wholenation.firms.telling.with_names` returns it. Where
    the dot stands far above the small bar, the cascade is what counts. Firms without any risk are left out.
    """
    rows = [r for r in table.sort("rank").iter_rows(named=True) if known(r["risk"]) and r["risk"] > 0]
    if not rows:
        return missing(
            TITLE, "No risk is above 0: nothing that was asked for would cost the others anything.", width
        )
    count = len(rows)
    rows = [r for r in rows if r["risk"] >= LEAST * rows[0]["risk"]]
    left, right, top, foot = 66.0, width - 14, 58.0, 330.0
    high = max(max(r["high"], r["risk"]) if known(r["high"]) else r["risk"] for r in rows)
    decades = math.floor(math.log10(min(r["risk"] for r in rows))), math.ceil(math.log10(high) - 1e-9)
    low = 10.0 ** min(decades[0], decades[1] - 1)
    y = _logarithmic(low, 10.0 ** decades[1], foot, top)
    x = _logarithmic(1, max(rows[-1]["rank"], 2), left + 14, right - 14)
    body = [text(0, 12, "Part of everything that would be lost", size=SMALL, fill=MUTED), *_key(width)]
    body += _grid(
        x,
        y,
        rows,
        (decades[1] - 1 if low == 10.0 ** (decades[1] - 1) else decades[0], decades[1]),
        left,
        right,
        foot,
    )
    shown = _thinned(rows)
    bracketed = [r for r in shown if known(r["low"]) and known(r["high"])]
    if len(bracketed) > 1:
        ends = [(x(r["rank"]), y(max(r["low"], low))) for r in bracketed]
        ends += [(x(r["rank"]), y(r["high"])) for r in reversed(bracketed)]
        body.append(path(ends, closed=True, fill=SKY, fill_opacity="0.35", class_="bracket"))
    body += _marks(shown, x, y, low)
    body += _names(rows[:NAMED], x, y, right)
    body.append(text(right, foot + 34, "Rank, logarithmic", size=SMALL, anchor="end", fill=MUTED))
    return frame(width, foot + 42, body, TITLE, _alt(rows, count))


def _logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    scale = linear(math.log(low), math.log(high), start, end)
    return lambda value: scale(math.log(value))


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(rows) <= MOST:
        return rows
    kept = {round(len(rows) ** (k / (MOST - 1))) - 1 for k in range(MOST)}
    return [rows[k] for k in sorted(kept)]


def _key(width: float) -> list[str]:
    narrow = width < 600
    second = (0.0, 44.0) if narrow else (270.0, 28.0)
    return [
        tag("circle", cx=6.0, cy=24.0, r=4.0, fill=BLUE),
        text(16, 28, "risk", size=SMALL),
        rect(52, 18, 22, 12, SKY, fill_opacity="0.35"),
        text(80, 28, "within what limits it lies", size=SMALL),
        rect(second[0], second[1] - 5, 10, 2.4, GREY),
        text(second[0] + 16, second[1], "what the firm itself is of everything", size=SMALL),
    ]


def _grid(
    x: Scale,
    y: Scale,
    rows: list[dict[str, Any]],
    decades: tuple[int, int],
    left: float,
    right: float,
    foot: float,
) -> list[str]:
    body = []
    for power in range(decades[0], decades[1] + 1):
        at = y(10.0**power)
        body.append(line(left, at, right, at, RULE, 0.7))
        told = f"{10.0 ** (power + 2):,.{max(0, -power - 2)}f} %"
        body.append(text(left - 6, at + 4, told, size=SMALL, anchor="end", fill=MUTED))
    last = rows[-1]["rank"]
    for power in range(math.ceil(math.log10(max(last, 2)) + 1e-9)):
        for lead in (1, 2, 5) if last < 2000 else (1,):
            rank = lead * 10**power
            if rank <= last:
                body.append(line(x(rank), foot, x(rank), foot + 4, MUTED, 0.8))
                body.append(text(x(rank), foot + 17, f"{rank:,}", size=SMALL, anchor="middle", fill=MUTED))
    body.append(line(left, foot, right, foot, MUTED, 0.8))
    return body


def _marks(rows: list[dict[str, Any]], x: Scale, y: Scale, low: float) -> list[str]:
    body = []
    for row in rows:
        at = x(row["rank"])
        if known(row["own"]) and row["own"] >= low:
            body.append(
                rect(
                    at - 5,
                    y(row["own"]) - 1.2,
                    10,
                    2.4,
                    GREY,
                    class_="own",
                    data_value=repr(float(row["own"])),
                )
            )
    for row in rows:
        limits = (
            f" ({part(row['low'])} to {part(row['high'])})"
            if known(row["low"]) and known(row["high"])
            else ""
        )
        name = row["name"] or row["shock"]
        tip = f"{row['rank']}. {name}: risk {part(row['risk'])}{limits}, own part {part(row['own'])}"
        body.append(
            tag(
                "circle", hint(tip), cx=float(x(row["rank"])), cy=float(y(row["risk"])), r=3.0, fill=BLUE,
                class_="risk", data_firm=row["shock"], data_value=repr(float(row["risk"])),
            )
        )  # fmt: skip
    return body


def _names(rows: list[dict[str, Any]], x: Scale, y: Scale, right: float) -> list[str]:
    """The first firms by name, each beside its dot where it does not meet the one before."""
    body, taken = [], -99.0
    for row in rows:
        at, words = x(row["rank"]), str(row["name"] or row["shock"])
        height = y(row["risk"]) - 8
        room = right - at - 6
        if at < taken or room < 40:
            continue
        told = clip(words, min(room, 150), SMALL)
        body.append(text(at - 3, height, told, size=SMALL, halo=True, fill=INK, tip=words))
        taken = at + width_of(told, SMALL)
    return body


def _alt(rows: list[dict[str, Any]], count: int) -> str:
    first = [f"{r['name'] or r['shock']} {part(r['risk'])}" for r in rows[:3]]
    half = next((k for k, r in enumerate(rows) if r["risk"] < rows[0]["risk"] / 10), len(rows))
    return (
        f"Systemic risk by rank of {count:,} shocks: {listed(first)} come first. "
        f"{half:,} have at least a tenth of the largest risk."
    )
