"""A world map of dependence: whose deliveries home's exposed items hang on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from wholenation.figures.palette import AMOUNTS, INK, LAND, MUTED, PALE, PAPER, RULE, VERMILION, ink_on
from wholenation.figures.svg import (
    NORMAL,
    SMALL,
    WIDE,
    Figure,
    clip,
    frame,
    hint,
    line,
    linear,
    missing,
    paragraph,
    rect,
    tag,
    text,
    width_of,
)
from wholenation.formats import known, listed, share
from wholenation.network import bloc, to_network

if TYPE_CHECKING:
    from wholenation.chain import Chain
    from wholenation.exposure import Exposure

Point = tuple[float, float]
Box = tuple[float, float, float, float]
CLASSES = (0.0, 0.01, 0.03, 0.10, 0.20, 0.40)
COLOURS = (AMOUNTS[0], AMOUNTS[1], AMOUNTS[2], AMOUNTS[4], AMOUNTS[6], AMOUNTS[7])
NORTH, SOUTH, WEST, EAST = 81.0, -56.0, -168.5, 191.0
UNNAMED = "VAR"
SMALL_STATE = 45.0  # square pixels: what is smaller gets a circle
NOTE = "Boundaries: Natural Earth, simplified; they express no opinion on the status of any territory."


def worldmap(chain: Chain, home: str, exposure: Exposure | None = None, *, width: float = WIDE) -> Figure:
    """Each jurisdiction's share of home's exposed deliveries, on a map and as bars.

    The number of jurisdiction r is Σ_j w_j b_jr / Σ_j Σ_r w_j b_jr, where b_jr is home's base-year import of item j
    from r and w_j the item's exposure (1 for every item without an `exposure`). A bloc's own row is shown on all
    of its members that have none.
    """
    shares = dependence(chain, home, exposure)
    title = f"Who could stop {home}: shares of its exposed deliveries"
    if not shares:
        return missing(title, f"{home} has no exposed deliveries from abroad in this chain.", width)
    names = dict(zip(chain.jurisdictions["jurisdiction"], chain.jurisdictions["name"], strict=True))
    shown = _spread(chain, home, shares)
    map_height = width * 0.455
    sheet = _Sheet(width, map_height)
    body = sheet.countries(shown, set(shares), names, bloc(chain, home))
    body += _legend(width, map_height + 14)
    y = map_height + (48 if width >= 600 else 76)
    drawn, y = _bars(shares, names, width, y)
    body += drawn
    note, y = paragraph(0, y + 16, NOTE, width)
    first = listed([f"{names.get(code, code)} {share(value)}" for code, value in list(shares.items())[:5]])
    weighed = "weighted by the items' exposure" if exposure is not None else "all items weighing the same"
    alt = f"World map and bars of the shares of {home}'s deliveries from abroad, {weighed}: {first}."
    return frame(width, y - 4, [*body, note], title, alt)


def dependence(chain: Chain, home: str, exposure: Exposure | None = None) -> dict[str, float]:
    """Jurisdiction -> its share of home's exposed deliveries, largest first; they add up to 1."""
    network = to_network(chain, home)
    weight = np.ones(len(network.items))
    if exposure is not None:
        rows = exposure.table.filter((pl.col("measure") == "exposure") & pl.col("value").is_not_null())
        rows = rows.group_by("item").agg(pl.col("value").max())
        value = dict(zip(rows["item"], rows["value"], strict=True))
        weight = np.array([value.get(item) or 0.0 for item in network.items])
    held = weight @ network.imports if len(network.items) else np.zeros(0)
    total = float(held.sum())
    pairs = zip(network.jurisdictions, held, strict=True)
    found = {code: float(v) / total for code, v in pairs if total > 0 and v > 0}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _spread(chain: Chain, home: str, shares: dict[str, float]) -> dict[str, float]:
    """The shares as the map shows them: a bloc without a shape of its own colours its other members."""
    at_home = bloc(chain, home)
    shown = {code: v for code, v in shares.items() if code in world()["points"]}
    for code, value in shares.items():
        if code not in world()["points"]:
            for member in bloc(chain, code) - at_home - set(shares):
                if member in world()["points"]:
                    shown[member] = value
    return shown


@cache
def world() -> dict[str, dict[str, list[list[int]]]]:
    """Shapes and label points of the vendored map, in tenths of a degree."""
    loaded: dict[str, dict[str, list[list[int]]]] = json.loads(
        (files("wholenation.figures") / "world.json").read_text(encoding="utf-8")
    )
    return loaded


def project(longitude: float, latitude: float) -> Point:
    """The Natural Earth projection (Šavrič et al. 2011, Patterson's design), y to the north.

    >>> project(0, 0), [round(v, 3) for v in project(180, 0)]
    ((0.0, 0.0), [2.735, 0.0])
    """
    a, b = math.radians(longitude), math.radians(latitude)
    b2, b4 = b**2, b**4
    b8, b12 = b4**2, b4**3
    x = a * (0.8707 - 0.131979 * b2 - 0.013791 * b4 + 0.003971 * b8 * b2 - 0.001529 * b12)
    return x, b * (1.007226 + 0.015085 * b2 - 0.044475 * b4 * b2 + 0.028874 * b8 - 0.005916 * b8 * b2)


class _Sheet:
    """Longitude and latitude to pixels."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        left, right = project(WEST, 20)[0], project(EAST, 20)[0]
        top, bottom = project(0, NORTH)[1], project(0, SOUTH)[1]
        self.factor = min(width / (right - left), height / (top - bottom))
        self.left = (width - (right - left) * self.factor) / 2 - left * self.factor
        self.top = top

    def place(self, longitude: float, latitude: float) -> Point:
        x, y = project(longitude, latitude)
        return self.left + x * self.factor, (self.top - y) * self.factor

    def rings(self, code: str) -> Iterator[list[Point]]:
        for ring in world()["shapes"].get(code, []):
            x = y = 0
            points: list[Point] = []
            whole = [(x := x + ring[i], y := y + ring[i + 1]) for i in range(0, len(ring), 2)]
            for a, b in whole:
                p = self.place(a / 10, b / 10)
                if not points or abs(p[0] - points[-1][0]) + abs(p[1] - points[-1][1]) >= 0.7:
                    points.append(p)
            if len(points) >= 3:
                yield points

    def countries(
        self, shown: dict[str, float], own: set[str], names: dict[str, str], at_home: set[str]
    ) -> list[str]:
        """Land, the coloured jurisdictions, circles for small ones, and labels for the first few."""
        body = [rect(0, 0, self.width, self.height, "#f7fafc", rx=4)]
        plain, coloured = [], []
        for code in world()["shapes"]:
            rings = list(self.rings(code))
            if not rings:
                continue
            d = "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z" for ring in rings)
            if code in shown or code in at_home:
                fill = colour_of(shown[code]) if code in shown else PAPER
                value = {"data_value": repr(shown[code])} if code in shown else {}
                tip = f"{names.get(code, code)}: {'home' if code in at_home else share(shown[code])}"
                coloured.append(
                    tag(
                        "path",
                        hint(tip),
                        d=d,
                        fill=fill,
                        class_="land",
                        data_code=code,
                        **_edge(code in at_home),
                        **value,
                    )
                )
            else:
                plain.append(d)
        body.append(tag("path", d="".join(plain), fill=LAND, stroke=PAPER, stroke_width=0.4))
        body += coloured + self.circles(shown, own, names) + self.labels(shown, at_home)
        return body

    def centre(self, code: str) -> Point:
        x, y = world()["points"][code]
        return self.place(x / 10, y / 10)  # type: ignore[operator]

    def area(self, code: str) -> float:
        return sum(
            abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(r, r[1:] + r[:1], strict=True))) / 2
            for r in self.rings(code)
        )

    def circles(self, shown: dict[str, float], own: set[str], names: dict[str, str]) -> list[str]:
        """Small jurisdictions that supply under their own name (not only as part of a bloc)."""
        body = []
        for code, value in shown.items():
            if code in own and self.area(code) < SMALL_STATE * (self.width / WIDE) ** 2:
                x, y = self.centre(code)
                tip = hint(f"{names.get(code, code)}: {share(value)}")
                body.append(
                    tag(
                        "circle",
                        tip,
                        cx=x,
                        cy=y,
                        r=4.5 if self.width >= 600 else 3.0,
                        fill=colour_of(value),
                        stroke=INK,
                        stroke_width=0.8,
                        class_="small-state",
                        data_code=code,
                        data_value=repr(value),
                    )
                )
        return body

    def labels(self, shown: dict[str, float], at_home: set[str]) -> list[str]:
        """Codes and shares of the first jurisdictions, where they cover neither each other nor a coloured spot."""
        most = 10 if self.width >= 600 else 5
        chosen = [code for code in sorted(at_home) if code in world()["points"]][:1]
        chosen += [code for code in shown if shown[code] >= 0.005][:most]
        spots = [self.centre(code) for code in shown]
        taken: list[Box] = []
        body = []
        for code in chosen:
            words = "home" if code in at_home else f"{code} {share(shown[code])}"
            wide = width_of(words, SMALL) + 2
            cx, cy = self.centre(code)
            inside = self.area(code) > 2200 * (self.width / WIDE) ** 2 * (1 if self.width >= 600 else 4)
            x, y = self._spot(cx, cy, wide, inside, spots, taken)
            taken.append((x, y - 11, x + wide, y + 3))
            centred = inside and y == cy + 4
            if not centred and (abs(y - cy - 4) > 8 or not x - 14 < cx < x + wide + 14):
                end = x - 1 if x > cx else x + wide - 1 if x + wide < cx else cx
                body.append(
                    line(cx, cy, end, y - 4 if end != cx else (y + 2 if y < cy else y - 11), INK, 0.6)
                )
            fill = colour_of(shown[code]) if code in shown else PAPER
            ink = ink_on(fill) if centred else INK
            body.append(text(x, y, words, size=SMALL, bold=True, fill=ink, halo=ink == INK))
        return body

    def _spot(
        self, cx: float, cy: float, wide: float, inside: bool, spots: list[Point], taken: list[Box]
    ) -> Point:
        """The nearest place for a label (its left baseline) that covers the fewest coloured spots and no label."""
        tried = [(cx - wide / 2, cy + 4)] if inside else []
        for reach in (9, 22, 36, 52, 70, 90):
            for step in range(12):
                dx, dy = math.cos(step * math.pi / 6) * reach, math.sin(step * math.pi / 6) * reach
                start = cx + dx if dx > 1 else cx + dx - wide if dx < -1 else cx - wide / 2
                tried.append((start, cy + 4 + dy))

        def cost(spot: Point) -> float:
            x, y = spot
            if x < 0 or x + wide > self.width or y - 11 < 0 or y + 3 > self.height:
                return 1e6
            if any(x < r and x + wide > left and y - 11 < low and y + 3 > top for left, top, r, low in taken):
                return 1e5
            near = (
                1 for a, b in spots if x - 5 < a < x + wide + 5 and y - 16 < b < y + 8 and (a, b) != (cx, cy)
            )
            return 60.0 * sum(near) + abs(y - 4 - cy) + max(x - cx, cx - x - wide, 0)

        return min(tried, key=cost)


def colour_of(value: float) -> str:
    """The colour of a share's class."""
    k = max(i for i, least in enumerate(CLASSES) if value >= least or i == 0)
    return COLOURS[k]


def _edge(home: bool) -> dict[str, object]:
    """The outline of a country: home's stands out."""
    return {"stroke": VERMILION, "stroke_width": 1.6} if home else {"stroke": MUTED, "stroke_width": 0.5}


def _legend(width: float, y: float) -> list[str]:
    words = [f"under {share(CLASSES[1])}"]
    words += [f"{100 * a:.0f}–{share(b)}" for a, b in zip(CLASSES[1:-1], CLASSES[2:], strict=True)]
    words.append(f"over {share(CLASSES[-1])}")
    per_row = 8 if width >= 600 else 4
    step = width / per_row
    entries = [*zip(COLOURS, words, strict=True), (LAND, "none"), (PAPER, "home")]
    body = []
    for i, (fill, label) in enumerate(entries):
        x, down = (i % per_row) * step, y + 26 * (i // per_row)
        edge = _edge(label == "home")
        body.append(rect(x + 1, down, 22, 12, fill, stroke=edge["stroke"], stroke_width=edge["stroke_width"]))
        body.append(text(x + 29, down + 10, label, size=SMALL, fill=MUTED))
    return body


def _bars(shares: dict[str, float], names: dict[str, str], width: float, y: float) -> tuple[list[str], float]:
    """The first ten as bars in two columns (one on a telephone)."""
    first = list(shares.items())[:10]
    columns = 2 if width >= 600 else 1
    rows = -(-len(first) // columns)
    wide = (width - 24 * (columns - 1)) / columns
    label = 150.0 if width >= 600 else 120.0
    most = max(v for v in shares.values() if known(v))
    scale = linear(0, most, 0, wide - label - 50)
    body = [line(0, y - 8, width, y - 8, RULE)]
    for i, (code, value) in enumerate(first):
        x, down = (i // rows) * (wide + 24), y + 20 * (i % rows)
        name = "Various, unnamed" if code == UNNAMED else names.get(code, code)
        body.append(text(x, down + 11, clip(name, label - 6, NORMAL)))
        body.append(rect(x + label, down, wide - label - 44, 13, PALE))
        body.append(
            rect(
                x + label,
                down,
                scale(value),
                13,
                colour_of(value),
                stroke=MUTED,
                stroke_width=0.5,
                class_="bar",
                data_code=code,
                data_value=repr(value),
            )
        )
        body.append(text(x + wide, down + 11, share(value), anchor="end", bold=True))
    others = sum(list(shares.values())[10:])
    y += 20 * rows
    if others > 0.0005:
        body.append(
            text(0, y + 12, f"{len(shares) - 10} others together {share(others)}", size=SMALL, fill=MUTED)
        )
        y += 18
    return body, y
