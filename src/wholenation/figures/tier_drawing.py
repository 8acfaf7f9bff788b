"""The drawing of the figure `tiers`: boxes, chips, lines and arcs, at a desk's width or a telephone's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wholenation.figures.blocks import Block
from wholenation.figures.palette import GREY, INK, MUTED, ORANGE, PALE, PAPER, RULE, amount, ink_on
from wholenation.figures.svg import NORMAL, SMALL, clip, hint, line, rect, tag, text, width_of, wrap
from wholenation.formats import known, share

ROW, LINE, PAD, CHIP = 19.0, 12.0, 9.0, 40.0


def told_as(value: float | None, colour: str) -> str:
    """A cell's number as its colour has it: years of exposure, or a share."""
    return f"{value:.1f}" if colour == "exposure" and known(value) else share(value)


@dataclass(frozen=True)
class Drawing:
    """What every part of the picture looks up."""

    names: Mapping[str, str]
    kinds: Mapping[str, str]
    marks: Mapping[str, str]  # what very many items need -> the mark that its users bear
    notes: Mapping[str, str]  # item -> the marks that it bears
    made: frozenset[str]  # supplied by nobody: what home makes of its inputs
    values: Mapping[str, float | None]
    ranks: Mapping[str, int]
    colour: str
    suppliers: Mapping[str, str]
    width: float

    @property
    def narrow(self) -> bool:
        """Whether the drawing is for a telephone."""
        return self.width < 600

    @property
    def spine(self) -> float:
        """Where the boxes start: arcs are drawn to the left of it."""
        return 34.0 if self.narrow else 66.0

    @property
    def box(self) -> float:
        """The width of a block's box."""
        return self.width - self.spine - 8 if self.narrow else 158.0

    @property
    def grid(self) -> float:
        """Where the cells start."""
        return self.spine + 16 if self.narrow else self.spine + self.box + 22

    @property
    def columns(self) -> int:
        """Columns of leaves beside a box."""
        return 1 if self.narrow else 2

    @property
    def cell_width(self) -> float:
        """The width of one leaf: chip, label and supplier."""
        return (self.width - self.grid) / self.columns - (0 if self.narrow else 14)

    def place(self, blocks: list[Block]) -> float:
        """Give every block its place from the top down; returns the height of the drawing."""
        y = 96.0 if self.narrow else 58.0
        tier = -1
        for block in blocks:
            y += 6 if block.tier == tier else 32 if self.narrow else 14
            tier = block.tier
            count = -(-len(block.leaves) // self.columns)
            lines = [len(self.lines(block, k)) for k in range(len(block.leaves))]
            block.rows = [ROW + LINE * (max(lines[r::count]) - 1) for r in range(count)]
            head = 26.0 if self.narrow and block.item else 0.0
            block.top = y
            block.height = max(head + sum(block.rows) + 2 * PAD, self.head(block) + 2)
            y += block.height
        return y + 8

    def head(self, block: Block) -> float:
        """The height of a block's box."""
        return 26.0 if self.narrow or not block.item else 14.0 + 13.0 * max(len(self.heading(block.item)), 1)

    def heading(self, item: str) -> list[str]:
        """The label of a block's box, in lines."""
        if self.narrow:
            return wrap(self.label(item), (self.box - CHIP - 10) / 1.08, NORMAL, 1)
        return wrap(self.label(item), (self.box - CHIP - 10) / 1.08, SMALL, 3)

    def lines(self, block: Block, k: int) -> list[str]:
        """The label of a block's leaf in one or two lines."""
        group, item = block.leaves[k]
        again = bool(group) and k > 0 and block.leaves[k - 1][0] == group
        room = self.cell_width - CHIP - (58 if item in self.suppliers else 0)
        room /= 1.1 if item in self.ranks else 1.0  # bold
        return wrap(("or " if again else "") + self.short(item, room - (18 if again else 0)), room, SMALL, 2)

    def shade(self, item: str) -> tuple[str, str]:
        """Fill and number of an item's chip: darker is worse."""
        value = self.values.get(item)
        if item in self.made and self.colour != "availability":
            return PALE, "home"
        if value is None or not known(value):
            return PAPER, "?"
        highest = (
            1.0 if self.colour != "exposure" else max((v for v in self.values.values() if v), default=1.0)
        )
        part = 1 - value if self.colour == "availability" else value / highest
        return amount(part), told_as(value, self.colour).replace("\u00a0", " ").replace(" %", "%")

    def chip(self, item: str, x: float, y: float, height: float = 15.0) -> str:
        """The coloured number of an item, in the shape of its kind."""
        fill, told = self.shade(item)
        # The shape says the kind on grey paper too: tools square, materials round, software in between.
        rounding = {"material": 7.5, "tool": 0.0, "software": 3.5}.get(self.kinds.get(item, ""), 2.0)
        attributes: dict[str, Any] = {
            "stroke": GREY,
            "stroke_width": 0.6,
            "class_": "chip",
            "data_item": item,
        }
        value = self.values.get(item)
        if value is not None and known(value) and told != "home":
            attributes["data_value"] = repr(float(value))
        return rect(x, y, CHIP - 4, height, fill, rx=rounding, **attributes) + text(
            x + (CHIP - 4) / 2, y + height - 3.5, told, size=SMALL, anchor="middle", fill=ink_on(fill)
        )

    def tip(self, item: str) -> str:
        """What is told of an item when the pointer rests on it."""
        parts = [
            self.names[item],
            self.kinds.get(item, ""),
            f"{self.colour.replace('_', ' ')} {self.shade(item)[1]}",
        ]
        if item in self.suppliers:
            parts.append(f"most from {self.suppliers[item]}")
        return ", ".join(part for part in parts if part)

    def legend(self, about: str) -> list[str]:
        """What colours, shapes and marks mean."""
        worst_is_low = self.colour == "availability"
        told = about[:1].upper() + about[1:]
        body = [text(0, 14, clip(told, self.width / 1.1), bold=True, tip=told)]
        y = 22.0
        ends = (
            ("low", "high")
            if self.colour == "exposure"
            else ("all", "none")
            if worst_is_low
            else ("none", "all")
        )
        body.append(text(0, y + 12, ends[0], size=SMALL, fill=MUTED))
        body += [
            rect(32 + 18 * k, y + 2, 18, 12, amount(k / 7), stroke=PAPER, stroke_width=0.5) for k in range(8)
        ]
        body.append(text(182, y + 12, ends[1], size=SMALL, fill=MUTED))
        x, y = (236.0, y) if not self.narrow else (0.0, y + 20)
        for kind, rounding in (("tool", 0.0), ("material", 7.5), ("software", 3.5)):
            body.append(rect(x, y + 1, 24, 14, PAPER, rx=rounding, stroke=MUTED, stroke_width=0.8))
            body.append(text(x + 29, y + 12, kind, size=SMALL, fill=MUTED))
            x += 92 if kind != "tool" else 66
        x, y = (x + 8, y) if not self.narrow else (0.0, y + 20)
        body.append(line(x, y + 1, x, y + 15, ORANGE, 3))
        body.append(text(x + 7, y + 12, "or: substitutes", size=SMALL, fill=MUTED))
        if self.ranks:
            body.append(text(x + 112, y + 12, "#1", size=SMALL, bold=True))
            body.append(text(x + 130, y + 12, "rank in the shortlist", size=SMALL, fill=MUTED))
        return body

    def bands(self, blocks: list[Block]) -> list[str]:
        """A heading and a rule where a tier starts."""
        body, seen, rise = [], -1, 24.0 if self.narrow else 7.0
        for block in blocks:
            if block.tier != seen:
                seen = block.tier
                body.append(line(0, block.top - rise, self.width, block.top - rise, RULE))
                words = block.name if not block.item else "Product" if seen == 0 else f"Tier {seen}"
                down = -10.0 if self.narrow else 7.0
                body.append(text(0, block.top + down, words, size=SMALL, fill=MUTED, halo=True))
        return body

    def arcs(self, blocks: list[Block]) -> list[str]:
        """An arc from every made input up to each of its users: the longer, the further out."""
        place = {b.item: b.top + self.head(b) / 2 for b in blocks if b.item}
        longest = max((place[i] - place[b.item] for b in blocks for _, i in b.inputs), default=1.0)
        reach = self.spine - (14.0 if self.narrow else 24.0)
        body = []
        for block in blocks:
            for group, needed in block.inputs:
                colour = ORANGE if group else GREY
                y1, y2 = place[block.item] + 3, place[needed] - 3
                out = self.spine - 8 - reach * ((y2 - y1) / longest) ** 0.6
                d = f"M{self.spine:.1f},{y2:.1f}C{out:.1f},{y2:.1f} {out:.1f},{y1:.1f} {self.spine - 4:.1f},{y1:.1f}"
                tip = hint(
                    f"{self.names[block.item]} needs {self.names[needed]}{' or a substitute' if group else ''}"
                )
                body.append(
                    tag("path", tip, d=d, fill="none", stroke=colour, stroke_width=1.1, class_="need")
                )
                head = f"M{self.spine:.1f},{y1:.1f}l-6,-3v6z"
                body.append(tag("path", d=head, fill=GREY))
        return body

    def block(self, block: Block) -> list[str]:
        """A block's box and its leaves."""
        body = []
        x, y = self.spine, block.top
        if block.item:
            height = self.head(block)
            body.append(
                rect(x, y, self.box, height, PAPER, self.tip(block.item), rx=3, stroke=INK, stroke_width=1)
            )
            body.append(self.chip(block.item, x + 5, y + (height - 15) / 2))
            lines = self.heading(block.item)
            for i, part in enumerate(lines):
                down = y + height / 2 + 4 + 13 * (i - (len(lines) - 1) / 2)
                size = NORMAL if self.narrow else 11.5
                body.append(text(x + CHIP + 6, down, part, size=size, bold=True, tip=self.names[block.item]))
        return body + self.cells(block)

    def label(self, item: str) -> str:
        """The name, after its rank in the shortlist and before the marks of the common items that it needs."""
        rank = f"#{self.ranks[item]} " if item in self.ranks else ""
        own = f"{self.marks[item]} " if item in self.marks else ""
        note = f" {self.notes[item]}" if item in self.notes else ""
        return f"{own}{rank}{self.names[item]}{note}"

    def short(self, item: str, room: float) -> str:
        """The label, without "and" and without "tools" (the chip's shape says that) where it would not fit."""
        label = self.label(item)
        if width_of(label, SMALL) > room:
            label = label.replace(" and ", " & ")
        if width_of(label, SMALL) > room and self.kinds.get(item) == "tool":
            label = label.replace(" tools", "", 1)
        return label

    def cells(self, block: Block) -> list[str]:
        """The leaf inputs in columns, each joined to the block's line."""
        body = self.lines_to(block) if block.item else []
        count = len(block.rows)
        for k, (group, item) in enumerate(block.leaves):
            x, y = self.column(k // count), self.row(block, k % count)
            if block.item:
                body.append(line(x - 9, y + 7.5, x, y + 7.5, GREY, class_="need"))
            if group:
                body.append(line(x - 3, y - 2, x - 3, y + block.rows[k % count] - 2, ORANGE, 3))
            body.append(self.chip(item, x, y))
            for i, part in enumerate(self.lines(block, k)):
                down = y + 11.5 + LINE * i
                body.append(
                    text(x + CHIP, down, part, size=SMALL, bold=item in self.ranks, tip=self.tip(item))
                )
            if item in self.suppliers:
                right = x + self.cell_width
                body.append(text(right, y + 11.5, self.suppliers[item], size=SMALL, anchor="end", fill=MUTED))
        return body

    def column(self, c: int) -> float:
        """Where a column of leaves starts."""
        return self.grid + c * (self.width - self.grid) / self.columns

    def row(self, block: Block, r: int) -> float:
        """Where a row of a block's leaves starts."""
        head = 26.0 if self.narrow and block.item else 0.0
        return block.top + head + PAD + sum(block.rows[:r])

    def lines_to(self, block: Block) -> list[str]:
        """The lines from a block's box to its columns of leaves."""
        count, body = len(block.rows), []
        start = block.top + (26.0 if self.narrow else 17.0)
        for c in range(self.columns):
            held = len(block.leaves[c * count : (c + 1) * count])
            if not held:
                continue
            bus = self.column(c) - 9
            top = start if c == 0 else block.top + 2
            body.append(
                line(bus, min(top, self.row(block, 0) + 7.5), bus, self.row(block, held - 1) + 7.5, GREY)
            )
            if c == 0 and not self.narrow:
                body.append(line(self.spine + self.box, start, bus, start, GREY))
            if c == 1:
                first = self.column(0) - 9
                body.append(line(first, start, first, top, GREY))
                body.append(line(first, top, bus, top, GREY))
        return body
