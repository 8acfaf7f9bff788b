"""The few primitives that every figure is drawn with: elements, text, scales, ticks, and the frame around them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from wholenation.errors import OutputError
from wholenation.figures.palette import INK, MUTED, PALE, RULE

WIDE, NARROW = 800, 360
"""Widths in pixels at which the report draws: for a desk (and A4), and for a telephone."""

FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans',sans-serif"
SMALL, NORMAL = 11.0, 12.0
# Characters that XML 1.0 cannot hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

NAME = re.compile(r'(?<=")(f[0-9a-f]{10})([td])(?=")')
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="[\d.]+" height="[\d.]+"')

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Figure:
    """A picture as SVG text, with a title and a text alternative for readers who cannot see it."""

    svg: str
    title: str
    alt: str
    breaks: tuple[float, ...] = ()
    """Heights at which the picture may be cut when it is longer than a sheet of paper."""

    def pages(self, longest: float) -> list[str]:
        """The picture as SVG, cut into parts of at most `longest` pixels where that is possible.

        The parts after the first are hidden from screen readers, which have read its description by then.
        """
        width, height = self._size()
        cuts = [0.0]
        for this, following in zip(self.breaks, [*self.breaks[1:], height], strict=False):
            if following - cuts[-1] > longest and this > cuts[-1]:
                cuts.append(this)
        parts = []
        for k, (top, bottom) in enumerate(zip(cuts, [*cuts[1:], height], strict=True)):
            box, high = f"0 {num(top)} {num(width)} {num(bottom - top)}", num(bottom - top)
            head = f'viewBox="{box}" width="{num(width)}" height="{high}"'
            part = NAME.sub(rf"\1-{k}\2", SIZE.sub(head, self.svg, count=1))
            parts.append(part if k == 0 else part.replace('role="img"', 'aria-hidden="true"', 1))
        return parts

    def _size(self) -> tuple[float, float]:
        found = SIZE.search(self.svg)
        if found is None:
            raise ValueError("the figure has no size")
        return float(found[1]), float(found[2])

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write the picture to an `.svg` file and return its path."""
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OutputError(f"a figure is saved as .svg, not {path.suffix or 'without a suffix'}: {path}")
        path.write_text(self.svg, encoding="utf-8")
        return path


def clean(value: object) -> str:
    """Text that XML can hold, escaped for an element or an attribute."""
    return escape(FORBIDDEN.sub("\ufffd", str(value)), quote=True)


def num(value: float) -> str:
    """A coordinate with at most two decimals. A number that is not finite is our bug, and raised.

    >>> num(1.0), num(0.1 + 0.2), num(-0.001)
    ('1', '0.3', '0')
    """
    if not math.isfinite(value):
        raise ValueError(f"a coordinate must be finite, got {value}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: object) -> str:
    """One element; children are SVG already, attributes are escaped, `None` ones are left out.

    >>> tag("rect", x=1.0, stroke_width=2, class_="a<b")
    '<rect x="1" stroke-width="2" class="a&lt;b"/>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{num(v) if isinstance(v, float) else clean(v)}"'
        for key, v in attributes.items()
        if v is not None
    )
    return f"<{name}{told}>{''.join(children)}</{name}>" if children else f"<{name}{told}/>"


def hint(words: str) -> str:
    """What a reader sees when the pointer rests on an element."""
    return f"<title>{clean(words)}</title>"


def text(
    x: float,
    y: float,
    words: object,
    *,
    size: float = NORMAL,
    anchor: str = "start",
    fill: str = INK,
    bold: bool = False,
    halo: bool = False,
    tip: str = "",
    **attributes: object,
) -> str:
    """A line of text whose baseline starts (or ends, or has its middle) at x, y."""
    return tag(
        "text",
        (hint(tip) if tip else "") + clean(words),
        x=float(x),
        y=float(y),
        font_size=float(size),
        text_anchor=None if anchor == "start" else anchor,
        fill=fill,
        font_weight="600" if bold else None,
        stroke="#ffffff" if halo else None,
        stroke_width="3" if halo else None,
        paint_order="stroke" if halo else None,
        stroke_linejoin="round" if halo else None,
        **attributes,
    )


def rect(
    x: float, y: float, width: float, height: float, fill: str, tip: str = "", **attributes: object
) -> str:
    """A filled rectangle; a width or height below zero is drawn as none."""
    children = (hint(tip),) if tip else ()
    return tag(
        "rect",
        *children,
        x=float(x),
        y=float(y),
        width=float(max(width, 0.0)),
        height=float(max(height, 0.0)),
        fill=fill,
        **attributes,
    )


def line(
    x1: float, y1: float, x2: float, y2: float, stroke: str = RULE, width: float = 1.0, **more: object
) -> str:
    """A straight line."""
    return tag(
        "line",
        x1=float(x1),
        y1=float(y1),
        x2=float(x2),
        y2=float(y2),
        stroke=stroke,
        stroke_width=float(width),
        **more,
    )


def path(points: Iterable[tuple[float, float]], *, closed: bool = False, **attributes: object) -> str:
    """A polyline (or, closed, a polygon) through the points."""
    d = "M" + "L".join(f"{num(x)},{num(y)}" for x, y in points) + ("Z" if closed else "")
    return tag("path", d=d, **({"fill": "none"} | attributes))


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """The scale that takes [low, high] to [start, end]; a domain without extent goes to the start."""
    span = high - low
    return lambda value: start + (value - low) / span * (end - start) if span else start


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) that cover the domain, about `count` of them.

    >>> ticks(0, 1, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def year_ticks(low: float, high: float, count: int) -> list[int]:
    """Whole years inside the domain, at most about `count`, evenly spaced."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    step = next(
        s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / s <= max(count, 1) or s == 1000
    )
    return list(range(first, last + 1, step))


def width_of(words: str, size: float = NORMAL) -> float:
    """About how many pixels a line takes, on the generous side (fonts differ between machines)."""
    return 1.06 * size * sum(map(_advance, words))


def _advance(c: str) -> float:
    if c in "iljI.,:;'|!· ":
        return 0.31
    if c in "frt()[]/-\u00a0–":
        return 0.38
    if c in "mwMW%@—":
        return 0.92
    if c.isupper():
        return 0.70
    return 1.0 if ord(c) >= 0x2E80 else 0.58


def clip(words: str, width: float, size: float = NORMAL) -> str:
    """The words, shortened with an ellipsis to fit the width."""
    if width_of(words, size) <= width:
        return words
    kept = words
    while kept and width_of(kept + "…", size) > width:
        kept = kept[:-1]
    return kept.rstrip(" ,.-(") + "…"


def wrap(words: str, width: float, size: float = NORMAL, most: int = 99) -> list[str]:
    """The words in lines of at most `width`, `most` lines, the last of them clipped."""
    lines: list[str] = []
    current = ""
    for word in words.split(" "):
        longer = f"{current} {word}".strip()
        if current and width_of(longer, size) > width:
            lines.append(current)
            current = word
        else:
            current = longer
    lines.append(current)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [clip(part, width, size) for part in lines]


def paragraph(x: float, y: float, words: str, width: float, **style: object) -> tuple[str, float]:
    """Wrapped muted text from the baseline y on, and the baseline after it."""
    lines = wrap(words, width, SMALL)
    drawn = "".join(
        text(x, y + 15 * i, part, size=SMALL, **({"fill": MUTED} | style))  # type: ignore[arg-type]
        for i, part in enumerate(lines)
    )
    return drawn, y + 15 * len(lines)


def frame(
    width: float, height: float, body: Iterable[str], title: str, alt: str, breaks: Iterable[float] = ()
) -> Figure:
    """The finished figure: size, font, role, title and description around the body."""
    drawn = "".join(body)
    key = "f" + hashlib.sha256(f"{width}{title}{alt}{drawn}".encode(errors="replace")).hexdigest()[:10]
    svg = tag(
        "svg",
        f'<title id="{key}t">{clean(title)}</title>',
        f'<desc id="{key}d">{clean(alt)}</desc>',
        drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {num(width)} {num(height)}",
        width=num(width),
        height=num(height),
        role="img",
        aria_labelledby=f"{key}t",
        aria_describedby=f"{key}d",
        font_family=FONTS,
        style="max-width:100%;height:auto;font-variant-numeric:tabular-nums",
    )
    return Figure(svg, title, alt, tuple(breaks))


def missing(title: str, words: str, width: float) -> Figure:
    """A figure that says what is missing, where there is nothing to draw."""
    lines = wrap(words, width - 40, NORMAL)
    height = 34 + 18 * len(lines)
    body = [rect(0, 0, width, height, PALE, rx=4)]
    body += [text(20, 30 + 18 * i, part, fill=MUTED) for i, part in enumerate(lines)]
    return frame(width, height, body, title, words)
