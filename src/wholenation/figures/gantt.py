"""The portfolio as a Gantt chart: research, gate, capacity, in the colour of the main contributor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from wholenation.figures.palette import INK, MUTED, PALE, PAPER, RULE, categories, mix
from wholenation.figures.svg import (
    NARROW,
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
    tag,
    text,
    width_of,
    year_ticks,
)
from wholenation.formats import MISSING, known, listed, money, number, when

if TYPE_CHECKING:
    from wholenation.plans import Plan


def gantt(plan: Plan, *, width: float = WIDE) -> Figure:
    """One row per funded route, by start: the solid bar is research and development, the pale one the building of
    capacity up to the likely year in which it stands (a diamond); a white mark is the gate at which a route is
    stopped or goes on. The colour is that of the project's largest contributor.
    """
    title = f"What to fund and when, {plan.home}"
    rows = list(plan.portfolio.sort("start", "project", "route").iter_rows(named=True))
    if not rows:
        return missing(title, "The plan funds no project.", width)
    main = main_contributors(plan)
    names = list(dict.fromkeys(main.get(r["project"], MISSING) for r in rows))
    colours = categories(names)
    narrow = width < 600
    left, pitch = (0.0, 52.0) if narrow else (0.33 * width, 34.0)
    right = width if narrow else width - 160.0
    low = int(min(r["start"] for r in rows))
    high = max(v for r in rows for v in (r["end"], r["ready"], r["start"] + 1) if known(v))
    scale = linear(low, int(high + 0.999), left + (14 if narrow else 0), right - (14 if narrow else 0))
    key, top = _key(names, colours, width)
    bottom = top + 24 + pitch * len(rows)
    body = [*key]
    for year in year_ticks(low, high + 0.999, max(3, int((right - left) // 48))):
        body.append(line(scale(year), top + 20, scale(year), bottom, RULE, 0.8))
        body.append(text(scale(year), top + 14, year, size=SMALL, anchor="middle", fill=MUTED))
    for i, row in enumerate(rows):
        y = top + 24 + pitch * i
        who = main.get(row["project"], MISSING)
        body.append(line(0, y + pitch, width, y + pitch, PALE))
        body += _labels(row, y, left, right, width)
        body += _bars(row, scale, y + (32 if narrow else 8), 14.0, colours[who], who)
    spent = sum(r["cost_musd"] + r["capex_musd"] for r in rows)
    first = listed([f"{_name(r)} from {when(r['start'])}" for r in rows[:3]])
    projects = len({r["project"] for r in rows})
    alt = (
        f"Gantt chart of {len(rows)} routes in {projects} projects, {money(spent)} in all. First: {first}. "
        f"Contributors: {listed(names)}."
    )
    breaks = [top + 24 + pitch * i for i in range(len(rows))]
    return frame(width, bottom + 6, body, title, alt, breaks)


def main_contributors(plan: Plan) -> dict[str, str]:
    """Project -> the contributor that gives it most; the first name where two give the same."""
    total = plan.spending.group_by("project", "contributor").agg(pl.col("musd").sum())
    found: dict[str, str] = {}
    for project, contributor, _ in (
        total.sort(["project", "musd", "contributor"], descending=[False, True, False])
        .select("project", "contributor", "musd")
        .iter_rows()
    ):
        found.setdefault(project, contributor)
    return found


def _name(row: dict[str, Any]) -> str:
    return str(row["name"] or row["project"])


def _key(names: list[str], colours: dict[str, str], width: float) -> tuple[list[str], float]:
    """Contributors, then what the marks mean; returns the height used."""
    body, x, y = [], 0.0, 0.0
    for name in names:
        told = clip(name, NARROW - 40, NORMAL)
        wide = 22 + width_of(told) + 14
        if x and x + wide > width:
            x, y = 0.0, y + 20
        body.append(rect(x, y + 2, 16, 11, colours[name]))
        body.append(text(x + 22, y + 12, told))
        x += wide
    x, y = 0.0, y + 22
    body.append(rect(0, y + 2, 22, 11, INK))
    body.append(text(27, y + 12, "research", size=SMALL, fill=MUTED))
    body.append(rect(84, y + 2, 22, 11, mix(INK, PAPER, 0.72), stroke=INK, stroke_width=0.8))
    body.append(text(111, y + 12, "capacity", size=SMALL, fill=MUTED))
    body.append(_gate(174, y + 7.5))
    body.append(text(182, y + 12, "gate", size=SMALL, fill=MUTED))
    body.append(_diamond(222, y + 7.5, INK))
    body.append(text(231, y + 12, "likely complete", size=SMALL, fill=MUTED))
    return body, y + 20


def _labels(row: dict[str, Any], y: float, left: float, right: float, width: float) -> list[str]:
    teams = f"{row['teams']:g} {'team' if row['teams'] == 1 else 'teams'}" if known(row["teams"]) else ""
    route = f"route {row['route']}" if row["route"] else ""
    second = ", ".join(part for part in (str(row["kind"]), route, teams) if part)
    total = money(row["cost_musd"] + row["capex_musd"])
    room = (width if width < 600 else left) - 10
    body = [
        text(
            0, y + 14, clip(_name(row), (room - (90 if width < 600 else 0)) / 1.1), bold=True, tip=_name(row)
        ),
        text(0, y + 28, clip(second, room, SMALL), size=SMALL, fill=MUTED, tip=second),
    ]
    if width < 600:
        body.append(text(width, y + 14, total, size=SMALL, anchor="end"))
    else:
        body.append(text(right + 10, y + 15, total))
        saved = row["loss_if_left_out"]
        if known(saved):
            words = f"{_more(saved)} years if left out"
            told = clip(words, width - right - 8, SMALL)
            body.append(text(right + 10, y + 28, told, size=SMALL, fill=MUTED, tip=words))
    return body


def _more(saved: float) -> str:
    return f"+{number(saved)}" if saved >= 0.005 else "under +0.01"


def _bars(row: dict[str, Any], scale: Scale, y: float, high: float, colour: str, who: str) -> list[str]:
    start, end, ready, gate = row["start"], row["end"], row["ready"], row["gate"]
    tip = (
        f"{_name(row)}, {row['route'] or row['kind']}: "
        + (f"research {when(start)} to {when(end)}, " if end > start else f"from {when(start)}, ")
        + f"capacity likely complete {when(ready)}, main contributor {who}. {row['reason'] or ''}"
    )
    body = []
    if known(ready) and ready > end:
        pale = mix(colour, PAPER, 0.72)
        body.append(
            rect(
                scale(end),
                y,
                scale(ready) - scale(end),
                high,
                pale,
                tip,
                stroke=colour,
                stroke_width=1,
                class_="capacity",
            )
        )
    if end > start:
        body.append(
            rect(
                scale(start),
                y,
                max(scale(end) - scale(start), 2.0),
                high,
                colour,
                tip,
                class_="research",
                data_start=repr(float(start)),
                data_end=repr(float(end)),
            )
        )
    if known(ready):
        body.append(_diamond(scale(ready), y + high / 2, INK))
    if known(gate):
        body.append(_gate(scale(gate), y + high / 2))
    return body


def _diamond(x: float, y: float, fill: str) -> str:
    d = f"M{x:.1f},{y - 5:.1f}l5,5l-5,5l-5,-5z"
    return tag("path", d=d, fill=fill, stroke=PAPER, stroke_width=1, class_="ready")


def _gate(x: float, y: float) -> str:
    d = f"M{x - 4:.1f},{y - 7:.1f}h8l-4,6z"
    stem = f"M{x:.1f},{y - 7:.1f}v14"
    return (
        tag("path", d=stem, stroke=PAPER, stroke_width=2.6)
        + tag("path", d=stem, stroke=INK, stroke_width=1)
        + tag("path", d=d, fill=PAPER, stroke=INK, stroke_width=1.2, class_="gate")
    )
