"""What each further billion buys: the loss that is left against the budget."""

from __future__ import annotations

import polars as pl

from wholenation.figures.palette import BLUE, GREEN, INK, MUTED, RULE, VERMILION
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
    path,
    rect,
    tag,
    text,
    ticks,
)
from wholenation.formats import known, money, number, years

TITLE = "What each further billion buys"
CURVES = (
    ("cvar", "mean of the worst cases (CVaR)", VERMILION, "6 3"),
    ("expected_loss", "expected loss", BLUE, None),
)


def frontier(budgets: pl.DataFrame, *, chosen: float | None = None, width: float = WIDE) -> Figure:
    """Expected loss and CVaR against the budget (above), and what a further billion saves (below).

    `budgets` is what `budget_frontier` returns; `chosen` marks a budget in USD million. The lower bars give, for the
    step up to each budget, the years of target output that one further USD billion saves.
    """
    rows = list(budgets.sort("budget_musd").iter_rows(named=True))
    rows = [r for r in rows if known(r["budget_musd"]) and known(r["expected_loss"])]
    if len(rows) < 2:
        return missing(TITLE, "The frontier needs at least two budgets; fewer were computed.", width)
    left, right, top, high = 46.0, width - 16, 58.0, 210.0
    most = 1.05 * max(v for r in rows for v in (r["expected_loss"], r["cvar"]) if known(v)) or 1.0
    last = rows[-1]["budget_musd"]
    x, y = linear(rows[0]["budget_musd"], last, left, right), linear(0, most, top + high, top)
    body = [text(0, 12, "Loss, in years of target output", size=SMALL, fill=MUTED)]
    body += _key()
    body += _grid(x, y, (rows[0]["budget_musd"], last, most), left, right, top + high)
    for column, name, colour, dashes in CURVES:
        points = [(x(r["budget_musd"]), y(r[column]), r) for r in rows if known(r[column])]
        body.append(path([p[:2] for p in points], stroke=colour, stroke_width=2.4, stroke_dasharray=dashes))
        before = -99.0
        for a, b, row in points:
            if a - before >= 40:
                anchor = "end" if a > right - 16 else "middle" if a > left + 16 else "start"
                told = f"{row[column]:.2f}"
                body.append(
                    text(a, b - 8, told, size=SMALL, anchor=anchor, fill=colour, bold=True, halo=True)
                )
                before = a
            tip = hint(f"{money(row['budget_musd'])}: {name} {years(row[column])}")
            body.append(
                tag(
                    "circle",
                    tip,
                    cx=float(a),
                    cy=float(b),
                    r=3.4,
                    fill=colour,
                    class_=column,
                    data_value=repr(float(row[column])),
                )
            )
    if chosen is not None and known(chosen) and rows[0]["budget_musd"] <= chosen <= last:
        body.append(line(x(chosen), top - 4, x(chosen), top + high, INK, 1, stroke_dasharray="2 3"))
        side = "end" if x(chosen) > width * 0.7 else "start"
        shift = -5 if side == "end" else 5
        body.append(text(x(chosen) + shift, top + 8, "this plan", size=SMALL, anchor=side, halo=True))
    lower, bottom = _marginal(rows, x, top + high + 52, left, right)
    first, saved = rows[0], rows[1]["per_billion"]
    alt = (
        f"Loss against budget: with {money(first['budget_musd'])} the expected loss is "
        f"{years(first['expected_loss'])} of target output, "
        f"with {money(last)} it is {years(rows[-1]['expected_loss'])}."
    ) + (f" Each of the first billions saves {years(saved)}." if known(saved) else "")
    return frame(width, bottom, body + lower, TITLE, alt)


def _key() -> list[str]:
    body, x, y = [], 0.0, 22.0
    for _, name, colour, dashes in CURVES[::-1]:
        body.append(line(x, y + 8, x + 24, y + 8, colour, 2.6, stroke_dasharray=dashes))
        body.append(text(x + 30, y + 12, name, size=SMALL))
        x += 130
    return body


def _grid(
    x: Scale, y: Scale, domain: tuple[float, float, float], left: float, right: float, foot: float
) -> list[str]:
    first, last, most = domain
    body = []
    for value in ticks(0, most, 4):
        body.append(line(left, y(value), right, y(value), RULE, 0.7))
        body.append(text(left - 6, y(value) + 4, f"{value:g}", size=SMALL, anchor="end", fill=MUTED))
    for value in ticks(first, last, max(3, int((right - left) // 90))):
        told = f"{value / 1000:g}"
        body.append(text(x(value), foot + 16, told, size=SMALL, anchor="middle", fill=MUTED))
        body.append(line(x(value), foot, x(value), foot + 4, MUTED, 0.8))
    body.append(text(right, foot + 31, "Budget, USD bn", size=SMALL, anchor="end", fill=MUTED))
    return body


def _marginal(
    rows: list[dict[str, float]], x: Scale, top: float, left: float, right: float
) -> tuple[list[str], float]:
    """Bars over each step of the budget: years saved by one further billion."""
    high = 74.0
    steps = [(a, b) for a, b in zip(rows, rows[1:], strict=False) if known(b["per_billion"])]
    what = "Years saved" if right < 500 else "Years of target output saved"
    body = [text(0, top, f"{what} by each further USD 1 bn, step by step", size=SMALL, fill=MUTED)]
    most = max((b["per_billion"] for _, b in steps), default=0.0) or 1.0
    y = linear(0, most, top + 26 + high, top + 26)
    for before, after in steps:
        x1, x2 = x(before["budget_musd"]), x(after["budget_musd"])
        value = max(after["per_billion"], 0.0)
        tip = f"{money(before['budget_musd'])} to {money(after['budget_musd'])}: {years(value)} a billion"
        body.append(
            rect(
                x1 + 1,
                y(value),
                x2 - x1 - 2,
                y(0) - y(value),
                GREEN,
                tip,
                class_="marginal",
                data_value=repr(float(value)),
            )
        )
        if x2 - x1 > 28:
            body.append(text((x1 + x2) / 2, y(value) - 4, number(value), size=SMALL, anchor="middle"))
    body.append(line(left, y(0), right, y(0), MUTED, 0.8))
    return body, top + 26 + high + 10
