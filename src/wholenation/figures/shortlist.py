"""The ranked shortlist: how exposed each item is, who denies it, how sure its rank is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wholenation.figures.palette import BLUE, INK, MUTED, PALE, RULE, SKY
from wholenation.figures.svg import (
    NORMAL,
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
)
from wholenation.formats import MISSING, known, listed, number, share, years

if TYPE_CHECKING:
    from wholenation.exposure import Exposure

TITLE = "Where home can be stopped: the shortlist"


def shortlist(exposure: Exposure, top: int = 10, *, width: float = WIDE) -> Figure:
    """Bars of exposure (years of target output lost), longest first, with who denies and how robust the rank is.

    The second, thin bar is the share of random draws over the tables' ranges in which the item stays in the top k;
    it is left out where no draws were made.
    """
    rows = [r for r in exposure.shortlist(top).iter_rows(named=True) if not _harmless(r)]
    title = f"{TITLE}, {exposure.home}"
    if not rows:
        return missing(
            title, "There is no shortlist: no single item's denial would cost any target output.", width
        )
    body = _narrow(rows, width) if width < 600 else _wide(rows, width)
    first = listed([f"{r['name']} ({years(r['exposure'])} of target output)" for r in rows[:3]])
    robust = [r["rank_robustness"] for r in rows if known(r["rank_robustness"])]
    sure = f" The top item keeps its place in the list in {share(robust[0])} of draws." if robust else ""
    alt = (
        f"Bars of exposure for the {len(rows)} most exposed items of {exposure.home} when "
        f"{exposure.coalition or 'all suppliers'} deny deliveries. Highest: {first}.{sure}"
    )
    return frame(width, body[1], body[0], title, alt)


def _harmless(row: dict[str, Any]) -> bool:
    return known(row["exposure"]) and row["exposure"] <= 1e-9


def _wide(rows: list[dict[str, Any]], width: float) -> tuple[list[str], float]:
    sure = any(known(r["rank_robustness"]) for r in rows)
    left, bars, deniers = 34.0, 0.43 * width, 0.675 * width
    robust = 0.86 * width if sure else width
    most = max((r["exposure"] for r in rows if known(r["exposure"])), default=1.0) or 1.0
    scale = linear(0, most, 0, deniers - bars - 60)
    rate = linear(0, 1, 0, width - robust - 46)
    heads = [(left, "Item"), (bars, "Exposure: years of output lost"), (deniers, "Denied by (share of need)")]
    heads += [(robust, "Rank holds in")] if sure else []
    body = [text(x, 14, words, size=SMALL, fill=MUTED) for x, words in heads]
    body.append(line(0, 22, width, 22, RULE))
    for i, row in enumerate(rows):
        y = 26 + 36.0 * i
        body.append(text(left - 10, y + 16, row["rank"], anchor="end", bold=True))
        name = clip(row["name"], bars - left - 10, 14.2)
        body.append(text(left, y + 16, name, size=13, bold=True, tip=f"{row['name']} ({row['item']})"))
        body.append(text(left, y + 30, clip(_about(row), bars - left - 8, SMALL), size=SMALL, fill=MUTED))
        body += _bar(row, bars, y + 6, scale, 16)
        body.append(text(deniers, y + 19, clip(row["denied_by"] or MISSING, robust - deniers - 8, NORMAL)))
        body += _robustness(row, robust, y + 11, rate) if sure else []
        body.append(line(0, y + 36, width, y + 36, PALE))
    return body, 30 + 36.0 * len(rows)


def _narrow(rows: list[dict[str, Any]], width: float) -> tuple[list[str], float]:
    left = 26.0
    most = max((r["exposure"] for r in rows if known(r["exposure"])), default=1.0) or 1.0
    scale = linear(0, most, 0, width - left - 60)
    body: list[str] = []
    for i, row in enumerate(rows):
        y = 72.0 * i
        body.append(text(left - 8, y + 16, row["rank"], anchor="end", bold=True))
        body.append(
            text(left, y + 16, clip(row["name"], width - left, 13.8), size=13, bold=True, tip=row["name"])
        )
        body += _bar(row, left, y + 22, scale, 13)
        deniers = clip(f"Denied by {row['denied_by'] or MISSING}", width - left, SMALL)
        body.append(text(left, y + 48, deniers, size=SMALL))
        sure = (
            f"rank holds in {share(row['rank_robustness'])} of draws" if known(row["rank_robustness"]) else ""
        )
        body.append(
            text(left, y + 62, clip(sure or _about(row), width - left, SMALL), size=SMALL, fill=MUTED)
        )
        body.append(line(0, y + 70, width, y + 70, PALE))
    return body, 72.0 * len(rows)


def _about(row: dict[str, Any]) -> str:
    """The small line under the name: what it is, and the two clocks of a denial."""
    parts = [str(row["kind"])]
    if known(row["time_to_bite_years"]):
        parts.append(f"bites after {number(row['time_to_bite_years'])} y")
    if known(row["time_to_replace_years"]):
        parts.append(f"replaced in {number(row['time_to_replace_years'])} y")
    return ", ".join(parts)


def _bar(row: dict[str, Any], x: float, y: float, scale: Scale, height: float) -> list[str]:
    value = row["exposure"]
    if not known(value):
        return [text(x, y + height - 3, "not computable", size=SMALL, fill=MUTED)]
    long = scale(value)
    tip = f"{row['name']}: exposure {years(value)}, loss {years(row['loss'])} of target output"
    return [
        rect(
            x,
            y,
            long,
            height,
            BLUE,
            tip=tip,
            class_="bar",
            data_item=row["item"],
            data_value=repr(float(value)),
        ),
        text(x + long + 6, y + height - 3, f"{value:.1f}", fill=INK),
    ]


def _robustness(row: dict[str, Any], x: float, y: float, rate: Scale) -> list[str]:
    value = row["rank_robustness"]
    if not known(value):
        return [text(x, y + 8, MISSING, fill=MUTED)]
    return [
        rect(x, y + 1, rate(1.0), 6, PALE),
        rect(x, y + 1, rate(value), 6, SKY, class_="robustness", data_value=repr(float(value))),
        text(x + rate(1.0) + 6, y + 8, share(value), fill=INK),
    ]
