"""Loss without and with the plan, with its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wholenation.figures.palette import BLUE, MUTED, PAPER, RULE, VERMILION
from wholenation.figures.svg import (
    SMALL,
    WIDE,
    Figure,
    Scale,
    frame,
    hint,
    line,
    linear,
    missing,
    tag,
    text,
    ticks,
)
from wholenation.formats import known, listed

if TYPE_CHECKING:
    from wholenation.plans import Plan

NAMES = {"expected": "Expected loss", "cvar": "Mean of the worst cases (CVaR)"}
STATES = {"before": "without the plan", "after": "with the plan"}


@dataclass(frozen=True)
class Point:
    """One loss: its state (before or after the plan), its value, and the ends of its interval if it has one."""

    state: str
    value: float
    low: float | None = None
    high: float | None = None


def loss(plan: Plan, *, width: float = WIDE) -> Figure:
    """Points of the loss without and with the plan: on fresh draws, and on the samples it was chosen with.

    Whiskers are 95 % confidence intervals of the mean over fresh draws. The samples that a plan was chosen on
    flatter it, so the fresh draws are the ones to quote.
    """
    title = f"Loss without and with the plan, {plan.home}"
    groups = [(name, note, points) for name, note, points in _groups(plan) if points]
    if not groups:
        return missing(title, "The plan has no loss to show: it was not solved.", width)
    values = [v for _, _, points in groups for p in points for v in (p.value, p.high) if v is not None]
    narrow = width < 600
    left, pitch, top = (12.0, 78.0, 30.0) if narrow else (272.0, 56.0, 30.0)
    most = max(values) * 1.06 or 1.0
    x = linear(0, most, left, width - 24)
    bottom = top + pitch * len(groups)
    body = _key()
    for value in ticks(0, most, 5):
        body.append(line(x(value), top, x(value), bottom, RULE, 0.8))
        body.append(text(x(value), bottom + 15, f"{value:g}", size=SMALL, anchor="middle", fill=MUTED))
    body.append(text(width - 24, bottom + 31, "years of target output", size=SMALL, anchor="end", fill=MUTED))
    for i, (name, note, points) in enumerate(groups):
        y = top + pitch * i
        body.append(text(0, y + (14 if narrow else 24), name, bold=True, halo=True))
        body.append(text(0, y + (28 if narrow else 40), note, size=SMALL, fill=MUTED, halo=True))
        for j, point in enumerate(points):
            body += _drawn(point, x, y + (44 if narrow else 18) + 20 * j, f"{name}, {note}", width)
    told = []
    for name, note, points in groups:
        states = [f"{p.value:.2f} years {STATES[p.state]}" for p in points]
        told.append(f"{name} {note}: {listed(states)}")
    return frame(width, bottom + 38, body, title, f"Loss in years of target output. {'; '.join(told)}.")


def _groups(plan: Plan) -> list[tuple[str, str, list[Point]]]:
    """Name, note and points of every measure of the loss."""
    fresh: dict[str, list[Point]] = {}
    for row in plan.evaluation.iter_rows(named=True):
        if row["measure"] in NAMES and row["when"] in STATES and known(row["mean"]):
            point = Point(row["when"], row["mean"], row["low"], row["high"])
            fresh.setdefault(row["measure"], []).append(point)
    groups = [(NAMES[name], "on fresh draws", points) for name, points in fresh.items()]
    for row in plan.loss.iter_rows(named=True):
        if row["measure"] in NAMES:
            points = [Point(s, row[s]) for s in STATES if known(row[s])]
            groups.append((NAMES[row["measure"]], "on the samples it was chosen with", points))
    return groups


def _key() -> list[str]:
    return [
        _mark(6, 8, "before"),
        text(16, 12, STATES["before"], size=SMALL),
        _mark(124, 8, "after"),
        text(134, 12, STATES["after"], size=SMALL),
        line(218, 8, 244, 8, MUTED, 2),
        text(250, 12, "95 % interval", size=SMALL),
    ]


def _mark(x: float, y: float, state: str, *children: str, **more: object) -> str:
    """A hollow point without the plan, a full one with it: the two differ on grey paper too."""
    full = {"fill": BLUE, "r": 5.0}
    hollow = {"fill": PAPER, "stroke": VERMILION, "stroke_width": 2.2, "r": 4.2}
    return tag(
        "circle", *children, cx=float(x), cy=float(y), **((full if state == "after" else hollow) | more)
    )


def _drawn(point: Point, x: Scale, y: float, name: str, width: float) -> list[str]:
    colour = BLUE if point.state == "after" else VERMILION
    body, end = [], point.value
    told = f"{point.value:.2f} years"
    if point.low is not None and point.high is not None and known(point.low) and known(point.high):
        body += [
            line(x(point.low), y, x(point.high), y, colour, 2),
            line(x(point.low), y - 4, x(point.low), y + 4, colour, 1.4),
            line(x(point.high), y - 4, x(point.high), y + 4, colour, 1.4),
        ]
        end = max(point.high, point.value)
        told += f" ({point.low:.2f}–{point.high:.2f})"
    tip = hint(f"{name}: {told} {STATES[point.state]}")
    body.append(
        _mark(x(point.value), y, point.state, tip, class_=point.state, data_value=repr(float(point.value)))
    )
    flip = x(end) > width * 0.72
    at = x(point.low if flip and point.low is not None else end) + (-10 if flip else 10)
    anchor = "end" if flip else "start"
    body.append(text(at, y + 4, told, size=SMALL, anchor=anchor, fill=colour, bold=True, halo=True))
    return body
