"""The supply chain in tiers: every item under the item that needs it, coloured by how much can be denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from wholenation.errors import QuestionError
from wholenation.figures.formats import known, listed, share
from wholenation.figures.palette import GREY, INK, MUTED, ORANGE, PALE, PAPER, RULE, amount, ink_on
from wholenation.figures.svg import NORMAL, SMALL, WIDE, Figure, clip, frame, hint, line, missing, rect, tag, text, width_of, wrap
from wholenation.network import to_network

if TYPE_CHECKING:
    from wholenation.chain import Chain
    from wholenation.exposure import Exposure
    from wholenation.stress import Outcomes

Colour = Literal["foreign_share", "exposure", "availability"]
ROW, PAD, CHIP = 19.0, 9.0, 40.0
WORDS = {
    "foreign_share": "share of home's need that comes from abroad",
    "exposure": "exposure, in years of target output lost",
    "availability": "lowest availability, as a share of need",
}


@dataclass
class Block:
    """An item that needs others: its leaf inputs are listed beside it, the others are drawn as arcs."""

    item: str
    tier: int
    leaves: list[tuple[str, str]] = field(default_factory=list)  # (substitution group or "", item)
    inputs: list[str] = field(default_factory=list)
    top: float = 0.0
    height: float = 0.0


def tiers(
    chain: Chain,
    home: str,
    *,
    colour: Colour = "foreign_share",
    exposure: Exposure | None = None,
    outcomes: Outcomes | None = None,
    scenario: str | None = None,
    width: float = WIDE,
) -> Figure:
    """The chain from the product down, tier by tier (a tier is the longest path from a final product).

    An item that needs others is a box on the left; what it needs and nothing else supplies stands beside it, joined
    by lines; what is made from further inputs has a box of its own, joined by an arc. Items of one substitution
    group are joined by a bar and the word "or". `colour` chooses the number in every cell: "foreign_share",
    "exposure" (needs `exposure`) or "availability" (needs `outcomes`: the lowest over time, without a plan, in
    `scenario`, by default the one that loses most).
    """
    names = dict(zip(chain.items["item"], chain.items["name"], strict=True))
    values, about = _values(chain, home, colour, exposure, outcomes, scenario)
    title = f"The supply chain in tiers, {home}: {about}"
    if not names:
        return missing(title, "There is no chain to draw: the table of items is empty.", width)
    blocks = _blocks(chain)
    ranks = _ranks(exposure)
    bottom = _place(blocks, width)
    made = frozenset(names) - set(chain.supply["item"])
    drawing = _Drawing(names, _kinds(chain), made, values, ranks, colour, _suppliers(chain, home), width)
    body = [*drawing.legend(about)]
    body += drawing.bands(blocks)
    body += drawing.arcs(blocks)
    for block in blocks:
        body += drawing.block(block)
    worst = sorted((v, item) for item, v in values.items() if known(v))
    worst = worst[:3] if colour == "availability" else worst[::-1][:3]
    told = listed([f"{names[item]} ({_told(v, colour)})" for v, item in worst])
    count = 1 + max((b.tier for b in blocks), default=0)
    alt = (
        f"{len(names)} items of the chain in {count} tiers with {chain.needs.height} needs, coloured by {about}."
        + (f" {'Lowest' if colour == 'availability' else 'Highest'}: {told}." if told else "")
    )
    return frame(width, bottom, body, title, alt)


def _values(
    chain: Chain,
    home: str,
    colour: Colour,
    exposure: Exposure | None,
    outcomes: Outcomes | None,
    scenario: str | None,
) -> tuple[dict[str, float | None], str]:
    """Item -> the number of its cell, and what that number is."""
    if colour == "foreign_share":
        network = to_network(chain, home)
        return dict(zip(network.items, (float(v) for v in network.imports.sum(axis=1)), strict=True)), WORDS[colour]
    if colour == "exposure" and exposure is not None:
        rows = exposure.table.filter((pl.col("measure") == "exposure") & (pl.col("controllers") == exposure.coalition))
        if rows.is_empty():
            rows = exposure.table.filter(pl.col("measure") == "exposure")
        return dict(zip(rows["item"], rows["value"], strict=True)), WORDS[colour]
    if colour == "availability" and outcomes is not None:
        found = outcomes.items.filter(~pl.col("plan"))
        chosen = scenario or _hardest(outcomes)
        lowest = found.filter(pl.col("scenario") == chosen).group_by("item").agg(pl.col("availability").min())
        return dict(zip(lowest["item"], lowest["availability"], strict=True)), f"{WORDS[colour]}, scenario {chosen}"
    takes = {"exposure": "exposure=measure(...)", "availability": "outcomes=stress(...)"}
    raise QuestionError(f"colour {colour!r} takes {takes.get(colour, ' or '.join(map(repr, WORDS)))}")


def _hardest(outcomes: Outcomes) -> str:
    summary = outcomes.summary.filter(~pl.col("plan")).sort("loss", descending=True)
    return str(summary["scenario"][0]) if summary.height else ""


def _blocks(chain: Chain) -> list[Block]:
    """One block for every item with inputs (and one for loose items), in tiers, then in the order of the tables."""
    needs = list(zip(chain.needs["item"], chain.needs["input"], chain.needs["group"], strict=True))
    order = {item: i for i, item in enumerate(chain.items["item"])}
    users: dict[str, list[str]] = {}
    inputs: dict[str, list[tuple[str, str]]] = {}
    for user, needed, group in needs:
        users.setdefault(needed, []).append(user)
        inputs.setdefault(user, []).append((group or "", needed))
    tier: dict[str, int] = {}

    def depth(item: str) -> int:
        if item not in tier:
            tier[item] = 1 + max((depth(user) for user in users.get(item, ())), default=-1)
        return tier[item]

    stages = {s: i for i, s in enumerate(dict.fromkeys(chain.items["stage"]))}
    stage = {item: stages[s] for item, s in zip(chain.items["item"], chain.items["stage"], strict=True)}
    blocks = []
    for item in sorted(inputs, key=lambda i: (depth(i), -stage[i], order[i])):
        counts = {g: sum(g == other for other, _ in inputs[item]) for g, _ in inputs[item]}
        leaves = [(g if counts[g] > 1 else "", i) for g, i in inputs[item] if i not in inputs]
        first = {g: min(order[i] for other, i in leaves if other == g) for g, _ in leaves}
        leaves.sort(key=lambda leaf: (first[leaf[0]] if leaf[0] else order[leaf[1]], order[leaf[1]]))
        blocks.append(Block(item, depth(item), leaves, [i for _, i in inputs[item] if i in inputs]))
    loose = [("", item) for item in order if item not in inputs and item not in users]
    if loose:
        blocks.append(Block("", max((b.tier for b in blocks), default=-1) + 1, loose))
    return blocks


def _columns(width: float) -> int:
    return 2 if width >= 600 else 1


def _place(blocks: list[Block], width: float) -> float:
    """Give every block its place from the top down; returns the height of the drawing."""
    y = 62.0 if width >= 600 else 96.0
    tier = -1
    for block in blocks:
        y += 6 if block.tier == tier else 14 if width >= 600 else 32
        tier = block.tier
        rows = -(-len(block.leaves) // _columns(width))
        head = 26.0 if width < 600 else 0.0
        block.top = y
        block.height = max(head + rows * ROW + 2 * PAD, 34.0 if block.leaves else 30.0)
        y += block.height
    return y + 8


def _ranks(exposure: Exposure | None, top: int = 10) -> dict[str, int]:
    if exposure is None:
        return {}
    rows = exposure.shortlist(top)
    return dict(zip(rows["item"], rows["rank"], strict=True))


def _kinds(chain: Chain) -> dict[str, str]:
    return dict(zip(chain.items["item"], chain.items["kind"], strict=True))


def _suppliers(chain: Chain, home: str) -> dict[str, str]:
    """Item -> its largest foreign supplier and that supplier's part of home's need, as "NLD 99 %"."""
    network = to_network(chain, home)
    found = {}
    for j, item in enumerate(network.items):
        r = int(network.imports[j].argmax()) if network.imports.shape[1] else 0
        if network.imports[j].sum() > 0.005:
            found[item] = f"{network.jurisdictions[r]} {share(float(network.imports[j, r]))}".replace("\u00a0%", "%")
    return found


def _told(value: float | None, colour: str) -> str:
    return f"{value:.1f}" if colour == "exposure" and known(value) else share(value)


@dataclass(frozen=True)
class _Drawing:
    """What every part of the picture looks up."""

    names: Mapping[str, str]
    kinds: Mapping[str, str]
    made: frozenset[str]  # supplied by nobody: what home makes of its inputs
    values: Mapping[str, float | None]
    ranks: Mapping[str, int]
    colour: str
    suppliers: Mapping[str, str]
    width: float

    @property
    def narrow(self) -> bool:
        return self.width < 600

    @property
    def spine(self) -> float:
        """Where the boxes start: arcs are drawn to the left of it."""
        return 34.0 if self.narrow else 72.0

    @property
    def box(self) -> float:
        return self.width - self.spine - 8 if self.narrow else 176.0

    @property
    def grid(self) -> float:
        """Where the cells start."""
        return self.spine + 16 if self.narrow else self.spine + self.box + 24

    def shade(self, item: str) -> tuple[str, str]:
        """Fill and number of an item's chip: darker is worse."""
        value = self.values.get(item)
        if item in self.made and self.colour != "availability":
            return PALE, "home"
        if value is None or not known(value):
            return PAPER, "?"
        highest = 1.0 if self.colour != "exposure" else max((v for v in self.values.values() if v), default=1.0)
        part = 1 - value if self.colour == "availability" else value / highest
        return amount(part), _told(value, self.colour).replace("\u00a0", " ").replace(" %", "%")

    def chip(self, item: str, x: float, y: float, height: float = 15.0) -> str:
        fill, told = self.shade(item)
        # Shape doubles the kind: tools square, materials round, software slanted, what is made at home open-cornered.
        rounding = {"material": 7.5, "tool": 0.0, "software": 3.5}.get(self.kinds.get(item, ""), 2.0)
        attributes = {"stroke": GREY, "stroke_width": 0.6, "class_": "chip", "data_item": item}
        value = self.values.get(item)
        if value is not None and known(value) and told != "home":
            attributes["data_value"] = repr(float(value))
        return rect(x, y, CHIP - 4, height, fill, rx=rounding, **attributes) + text(
            x + (CHIP - 4) / 2, y + height - 3.5, told, size=SMALL, anchor="middle", fill=ink_on(fill)
        )

    def tip(self, item: str) -> str:
        parts = [self.names[item], self.kinds.get(item, ""), f"{self.colour.replace('_', ' ')} {self.shade(item)[1]}"]
        if item in self.suppliers:
            parts.append(f"most from {self.suppliers[item]}")
        return ", ".join(part for part in parts if part)

    def legend(self, about: str) -> list[str]:
        worst_is_low = self.colour == "availability"
        body = [text(0, 14, f"Colour: {about}" if len(about) < 56 or not self.narrow else "Colour", bold=True)]
        y = 22.0
        ends = ("all", "none") if worst_is_low else ("none", "all") if self.colour == "foreign_share" else ("low", "high")
        body.append(text(0, y + 12, ends[0], size=SMALL, fill=MUTED))
        body += [rect(32 + 18 * k, y + 2, 18, 12, amount(k / 7), stroke=PAPER, stroke_width=0.5) for k in range(8)]
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
                words = "Others" if not block.item else "Product" if seen == 0 else f"Tier {seen}"
                down = -10.0 if self.narrow else 7.0
                body.append(text(0, block.top + down, words, size=SMALL, fill=MUTED, halo=True))
        return body

    def arcs(self, blocks: list[Block]) -> list[str]:
        """An arc from every made input up to each of its users: the longer, the further out."""
        place = {b.item: b.top + min(b.height, 34.0) / 2 for b in blocks}
        longest = max((place[i] - place[b.item] for b in blocks for i in b.inputs), default=1.0)
        reach = self.spine - (14.0 if self.narrow else 24.0)
        body = []
        for block in blocks:
            for needed in block.inputs:
                y1, y2 = place[block.item] + 3, place[needed] - 3
                out = self.spine - 8 - reach * ((y2 - y1) / longest) ** 0.6
                d = f"M{self.spine:.1f},{y2:.1f}C{out:.1f},{y2:.1f} {out:.1f},{y1:.1f} {self.spine - 4:.1f},{y1:.1f}"
                tip = hint(f"{self.names[block.item]} needs {self.names[needed]}")
                body.append(tag("path", tip, d=d, fill="none", stroke=GREY, stroke_width=1.1, class_="need"))
                head = f"M{self.spine:.1f},{y1:.1f}l-6,-3v6z"
                body.append(tag("path", d=head, fill=GREY))
        return body

    def block(self, block: Block) -> list[str]:
        body = []
        x, y = self.spine, block.top
        if block.item:
            height = min(block.height, 34.0) if not self.narrow else 26.0
            body.append(rect(x, y, self.box, height, PAPER, self.tip(block.item), rx=3, stroke=INK, stroke_width=1))
            body.append(self.chip(block.item, x + 5, y + (height - 15) / 2))
            lines = wrap(self.label(block.item), self.box - CHIP - 14, NORMAL, 1 if self.narrow else 2)
            for i, part in enumerate(lines):
                down = y + height / 2 + 4 + 13 * (i - (len(lines) - 1) / 2)
                body.append(text(x + CHIP + 8, down, part, bold=True, tip=self.names[block.item]))
        return body + self.cells(block)

    def label(self, item: str) -> str:
        return f"#{self.ranks[item]} {self.names[item]}" if item in self.ranks else self.names[item]

    def short(self, item: str, room: float) -> str:
        """The label, without "and" and without "tools" (the chip's shape says that) where it would not fit."""
        label = self.label(item)
        room /= 1.1 if item in self.ranks else 1.0  # bold
        if width_of(label, SMALL) > room:
            label = label.replace(" and ", " & ")
        if width_of(label, SMALL) > room and self.kinds.get(item) == "tool":
            label = label.replace(" tools", "")
        return label

    def cells(self, block: Block) -> list[str]:
        """The leaf inputs in columns, each joined to the block's line."""
        if not block.leaves:
            return []
        columns = _columns(self.width)
        rows = -(-len(block.leaves) // columns)
        wide = (self.width - self.grid) / columns
        first = block.top + (26 if self.narrow and block.item else 0) + PAD
        body = []
        for c in range(columns if block.item else 0):
            held = block.leaves[c * rows : (c + 1) * rows]
            if not held:
                continue
            bus = self.grid + c * wide - 9
            last = first + (len(held) - 1) * ROW + 7.5
            start = block.top + (26 if self.narrow else 17)
            body.append(line(bus, min(start, first + 7.5), bus, max(last, start if not self.narrow else last), GREY))
            if not self.narrow:
                body.append(line(self.spine + self.box, start, bus, start, GREY) if c == 0 else "")
        if not self.narrow and len(block.leaves) > rows and block.item:
            over = block.top + 2
            bus = self.grid - 9
            body.append(line(bus, over, bus + wide, over, GREY))
            body.append(line(bus, over, bus, block.top + 17, GREY))
            body.append(line(bus + wide, over, bus + wide, first + 7.5, GREY))
        for k, (group, item) in enumerate(block.leaves):
            x, y = self.grid + (k // rows) * wide, first + (k % rows) * ROW
            again = k > 0 and group and block.leaves[k - 1][0] == group
            body += self.cell(item, x, y, wide - 16, bool(group), bool(again), bool(block.item))
        return body

    def cell(self, item: str, x: float, y: float, wide: float, grouped: bool, again: bool, joined: bool) -> list[str]:
        body = [line(x - 9, y + 7.5, x, y + 7.5, GREY, class_="need")] if joined else []
        if grouped:
            body.append(line(x - 3, y - 2, x - 3, y + ROW - 2, ORANGE, 3))
        supplier = self.suppliers.get(item, "")
        room = wide - CHIP - (62 if supplier else 0)
        label = ("or " if again else "") + self.short(item, room)
        body.append(self.chip(item, x, y))
        body.append(text(x + CHIP, y + 11.5, clip(label, room, 12.2 if item in self.ranks else SMALL), size=SMALL, bold=item in self.ranks, tip=self.tip(item)))
        if supplier:
            body.append(text(x + wide, y + 11.5, supplier, size=SMALL, anchor="end", fill=MUTED))
        return body
