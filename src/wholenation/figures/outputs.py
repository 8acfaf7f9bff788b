"""Output over time under each scenario, with and without the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from wholenation.figures.palette import BLUE, INK, MUTED, RULE, SKY, VERMILION
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
    paragraph,
    path,
    tag,
    text,
    ticks,
    year_ticks,
)
from wholenation.formats import share, when, years

if TYPE_CHECKING:
    from wholenation.stress import Outcomes

MOST = 8
DASHES = "7 2"
"""Grey paper tells the line without the plan by its dashes."""
Rows = list[dict[str, Any]]


def outputs(outcomes: Outcomes, *, width: float = WIDE) -> Figure:
    """One small chart per scenario (and mission) in which output is lost: without the plan, with it, and the target.

    Output is in units of base-year output. Scenarios stand in the order of what they cost; those in which no
    output is lost are named below instead of drawn.
    """
    title = f"Output of {outcomes.home} under each scenario"
    if outcomes.table.is_empty():
        return missing(title, "No scenario was run, so there is no output to show.", width)
    summary = {(r["scenario"], r["plan"]): r for r in outcomes.summary.iter_rows(named=True)}
    order = sorted({s for s, _ in summary}, key=lambda s: (-_loss(summary, s), s))
    lossy = [s for s in order if _loss(summary, s) > 1e-6]
    several = outcomes.table["mission"].n_unique() > 1
    panels = _panels(outcomes, lossy)
    left_out, panels = panels[MOST:], panels[:MOST]
    drawn = [s for s in lossy if any(s == scenario for scenario, _, _ in panels)]
    quiet = [s for s in order if s not in lossy]
    planned = bool(outcomes.table["plan"].any())
    columns = 1 if width < 600 else 2 if several else min(3, max(len(panels), 1))
    wide = (width - 26 * (columns - 1)) / columns
    high = 150.0 if several else 164.0
    table = outcomes.table.filter(pl.col("scenario").is_in(drawn))
    top = max([1.0, *table["target"].to_list(), *table["output"].to_list()])
    body = _key(planned, width)
    y = 36.0
    for k, (scenario, mission, part) in enumerate(panels):
        x, y = (k % columns) * (wide + 26), 36.0 + (k // columns) * (high + 42)
        name = str(summary[scenario, False]["name"]) if (scenario, False) in summary else scenario
        body.append(text(x, y + 12, clip(name, wide / 1.1), bold=True, tip=name))
        words = f"{mission}: {_lost(part)}" if several else _words(summary, scenario)
        body.append(text(x, y + 27, clip(words, wide, SMALL), size=SMALL, fill=MUTED, tip=words))
        body += _panel(part, x, y + 38, wide, high - 50, top)
    end = y + high + 10 if panels else 36.0
    notes = []
    if quiet:
        notes.append("No output is lost under: " + ", ".join(_name(summary, s) for s in quiet) + ".")
    if left_out:
        rest = [
            f"{_name(summary, s)}{f', {m}' if several else ''} ({_lost(part)})" for s, m, part in left_out
        ]
        notes.append(f"Not drawn: {'; '.join(rest)}.")
    if several and panels:
        notes.append("Where a product is not drawn under a scenario, none of its output is lost.")
    for note in notes:
        lines, below = paragraph(0, end + 12, note, width)
        body.append(lines)
        end = below - 12
    told = [f"{_name(summary, s)}: {_words(summary, s)}" for s in drawn[:4]]
    alt = f"Output of {outcomes.home} over time, relative to the base year. " + (
        f"{'; '.join(told)}." if told else f"{len(quiet)} scenarios. {notes[0]}"
    )
    return frame(width, end + 6, body, title, alt)


def _panels(outcomes: Outcomes, scenarios: list[str]) -> list[tuple[str, str, pl.DataFrame]]:
    """Scenario, mission and rows of everything in which output is lost, in the order of the scenarios."""
    panels = []
    for scenario in scenarios:
        rows = outcomes.table.filter(pl.col("scenario") == scenario)
        for (mission,), part in rows.group_by(["mission"], maintain_order=True):
            if (part["target"] - part["output"]).max() > 1e-6:  # type: ignore[operator]
                panels.append((scenario, str(mission), part))
    return panels


def _loss(summary: dict[tuple[str, bool], dict[str, Any]], scenario: str) -> float:
    return float((summary.get((scenario, False)) or summary[scenario, True])["loss"])


def _name(summary: dict[tuple[str, bool], dict[str, Any]], scenario: str) -> str:
    return str((summary.get((scenario, False)) or summary[scenario, True])["name"])


def _words(summary: dict[tuple[str, bool], dict[str, Any]], scenario: str) -> str:
    """What the scenario costs, without and with the plan."""
    before, after = summary.get((scenario, False)), summary.get((scenario, True))
    if before and after:
        return f"{years(before['loss'])} lost, {_bare(after['loss'])} with the plan"
    one = before or after
    return f"{years(one['loss'])} lost" if one else ""


def _bare(value: float) -> str:
    return years(value).split("\u00a0")[0]


def _lost(part: pl.DataFrame) -> str:
    """The years of target output that one mission loses, in words as `_words` has them."""
    times = part["time"].unique().sort()
    delta = float(times[1] - times[0]) if len(times) > 1 else 1.0
    gap = (pl.col("target") - pl.col("output")).clip(lower_bound=0) * delta
    lost = dict(part.group_by("plan").agg(gap.sum().alias("lost")).select("plan", "lost").iter_rows())
    words = f"{years(lost[False])} lost" if False in lost else ""
    return f"{words}, {_bare(lost[True])} with the plan" if True in lost else words


def _key(planned: bool, width: float) -> list[str]:
    body = [
        line(0, 9, 22, 9, VERMILION, 2.2, stroke_dasharray=DASHES),
        text(28, 13, "without the plan" if planned else "output", size=SMALL),
    ]
    x = 130.0 if planned else 84.0
    if planned:
        body += [line(x, 9, x + 22, 9, BLUE, 3), text(x + 28, 13, "with the plan", size=SMALL)]
        x += 112
    body += [
        line(x, 9, x + 22, 9, INK, 1.2, stroke_dasharray="1.5 3"),
        text(x + 28, 13, "target", size=SMALL),
    ]
    if width >= 600:
        body.append(text(width, 13, "base-year output = 100 %", size=SMALL, anchor="end", fill=MUTED))
    return body


def _steps(rows: Rows, column: str, x: Scale, y: Scale, delta: float) -> list[tuple[float, float]]:
    """A staircase: each value holds from the start of its step to the next."""
    points = []
    for row in rows:
        points += [(x(row["time"]), y(row[column])), (x(row["time"] + delta), y(row[column]))]
    return points


def _panel(part: pl.DataFrame, left: float, top: float, wide: float, high: float, most: float) -> list[str]:
    ordered = part.sort("time")
    rows = {
        plan: list(ordered.filter(pl.col("plan") == plan).iter_rows(named=True)) for plan in (False, True)
    }
    any_rows = rows[False] or rows[True]
    times = [r["time"] for r in any_rows]
    delta = times[1] - times[0] if len(times) > 1 else 1.0
    x = linear(times[0], times[-1] + delta, left + 42, left + wide - 2)
    y = linear(0, most * 1.04, top + high, top)
    body = []
    for value in ticks(0, most, 4):
        body.append(line(left + 42, y(value), left + wide, y(value), RULE, 0.7))
        body.append(text(left + 37, y(value) + 4, share(value), size=SMALL, anchor="end", fill=MUTED))
    for year in year_ticks(times[0], times[-1] + delta, max(2, int(wide // 62))):
        anchor = "end" if x(year) > left + wide - 14 else "middle"
        body.append(text(x(year), top + high + 15, year, size=SMALL, anchor=anchor, fill=MUTED))
        body.append(line(x(year), top + high, x(year), top + high + 3, MUTED, 0.8))
    lines = {plan: _steps(found, "output", x, y, delta) for plan, found in rows.items() if found}
    if False in lines and True in lines:
        # What the plan saves is the area between the two lines.
        body.append(path([*lines[True], *lines[False][::-1]], closed=True, fill=SKY, fill_opacity="0.3"))
    target = _steps(any_rows, "target", x, y, delta)
    body.append(path(target, stroke=INK, stroke_width=1.2, stroke_dasharray="1.5 3"))
    for plan, colour, thick in ((True, BLUE, 3.0), (False, VERMILION, 2.2)):
        if plan in lines:
            body.append(
                path(
                    lines[plan],
                    stroke=colour,
                    stroke_width=thick,
                    stroke_dasharray=None if plan else DASHES,
                    stroke_linejoin="round",
                    class_="output",
                    data_plan=str(plan).lower(),
                    data_last=repr(float(rows[plan][-1]["output"])),
                )
            )
    body += _ends(rows, y, left + wide)
    lowest = min(rows[False], key=lambda r: r["output"]) if rows[False] else None
    if lowest and lowest["output"] < lowest["target"] - 1e-6:
        tip = f"lowest: {share(lowest['output'])} in {when(lowest['time'])}"
        spot = hint(tip)
        body.append(
            tag("circle", spot, cx=x(lowest["time"] + delta / 2), cy=y(lowest["output"]), r=3, fill=VERMILION)
        )
    return body


def _ends(rows: dict[bool, Rows], y: Scale, right: float) -> list[str]:
    """The last value of each line, written at its end; the two keep their distance."""
    ends = [(y(found[-1]["output"]), plan, found[-1]["output"]) for plan, found in rows.items() if found]
    ends.sort()
    body, before = [], -99.0
    for place, plan, value in ends:
        down = max(place - 5, before + 13)
        before = down
        colour = BLUE if plan else VERMILION
        body.append(
            text(right - 3, down, share(value), size=SMALL, anchor="end", fill=colour, bold=True, halo=True)
        )
    return body
