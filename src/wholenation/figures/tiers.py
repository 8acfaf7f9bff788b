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
COMMON = 8
"""An item that so many others need is marked, not repeated."""
MARKS = "†‡§¶∥※abcdefghij"
ROW, LINE, PAD, CHIP = 19.0, 12.0, 9.0, 40.0
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
    inputs: list[tuple[str, str]] = field(default_factory=list)  # the same, of what is made from further inputs
    name: str = ""  # the heading of a block without an item
    top: float = 0.0
    height: float = 0.0
    rows: list[float] = field(default_factory=list)  # the height of every row of leaves


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
    marks = _common(chain)
    blocks = _blocks(chain, marks)
    ranks = _ranks(exposure)
    made = frozenset(names) - set(chain.supply["item"]) | _products(chain, home)
    drawing = _Drawing(names, _kinds(chain), marks, _notes(chain, marks), made, values, ranks, colour, _suppliers(chain, home), width)
    bottom = drawing.place(blocks)
    body = [*drawing.legend(about)]
    body += drawing.arcs(blocks)
    body += drawing.bands(blocks)
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
    return frame(width, bottom, body, title, alt, breaks=[block.top - 4 for block in blocks])


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


def _common(chain: Chain) -> dict[str, str]:
    """The items that very many need -> their marks, most needed first."""
    counts = chain.needs.group_by("input").len().sort(["len", "input"], descending=[True, False])
    found = [item for item, count in counts.iter_rows() if count >= COMMON]
    return dict(zip(found, MARKS, strict=False))


def _notes(chain: Chain, marks: Mapping[str, str]) -> dict[str, str]:
    """Item -> the marks of the common items that it needs."""
    notes: dict[str, str] = {}
    for item, needed in chain.needs.select("item", "input").iter_rows():
        if needed in marks:
            notes[item] = "".join(sorted(notes.get(item, "") + marks[needed]))
    return notes


def _blocks(chain: Chain, marks: Mapping[str, str]) -> list[Block]:
    """One block for every item with inputs of its own, in tiers, then in the order of the tables.

    Two more follow where there is something for them: what very many need, and what nothing is joined to.
    """
    rows = zip(chain.needs["item"], chain.needs["input"], chain.needs["group"], strict=True)
    needs = [row for row in rows if row[1] not in marks]
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
        blocks.append(Block(item, depth(item), leaves, [(g if counts[g] > 1 else "", i) for g, i in inputs[item] if i in inputs]))
    last = max((b.tier for b in blocks), default=-1) + 1
    shared = [("", item) for item in marks if item not in inputs]
    loose = [("", item) for item in order if item not in inputs and item not in users and item not in marks]
    blocks += [Block("", last, shared, name=f"Needed by {COMMON} items or more")] if shared else []
    blocks += [Block("", last + 1, loose, name="Not joined")] if loose else []
    return blocks


def _ranks(exposure: Exposure | None, top: int = 10) -> dict[str, int]:
    if exposure is None:
        return {}
    rows = exposure.shortlist(top)
    return dict(zip(rows["item"], rows["rank"], strict=True))


def _products(chain: Chain, home: str) -> frozenset[str]:
    """What home's missions want made at home: imports of it do not count."""
    wanted = chain.missions.filter((pl.col("home") == home) & ~pl.col("counts_imports"))
    return frozenset(wanted["product"].to_list())


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
        return self.width < 600

    @property
    def spine(self) -> float:
        """Where the boxes start: arcs are drawn to the left of it."""
        return 34.0 if self.narrow else 66.0

    @property
    def box(self) -> float:
        return self.width - self.spine - 8 if self.narrow else 158.0

    @property
    def grid(self) -> float:
        """Where the cells start."""
        return self.spine + 16 if self.narrow else self.spine + self.box + 22

    @property
    def columns(self) -> int:
        return 1 if self.narrow else 2

    @property
    def cell_width(self) -> float:
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
        told = about[:1].upper() + about[1:]
        body = [text(0, 14, clip(told, self.width / 1.1), bold=True, tip=told)]
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
                tip = hint(f"{self.names[block.item]} needs {self.names[needed]}{' or a substitute' if group else ''}")
                body.append(tag("path", tip, d=d, fill="none", stroke=colour, stroke_width=1.1, class_="need"))
                head = f"M{self.spine:.1f},{y1:.1f}l-6,-3v6z"
                body.append(tag("path", d=head, fill=GREY))
        return body

    def block(self, block: Block) -> list[str]:
        body = []
        x, y = self.spine, block.top
        if block.item:
            height = self.head(block)
            body.append(rect(x, y, self.box, height, PAPER, self.tip(block.item), rx=3, stroke=INK, stroke_width=1))
            body.append(self.chip(block.item, x + 5, y + (height - 15) / 2))
            lines = self.heading(block.item)
            for i, part in enumerate(lines):
                down = y + height / 2 + 4 + 13 * (i - (len(lines) - 1) / 2)
                body.append(text(x + CHIP + 6, down, part, size=NORMAL if self.narrow else 11.5, bold=True, tip=self.names[block.item]))
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
                body.append(text(x + CHIP, down, part, size=SMALL, bold=item in self.ranks, tip=self.tip(item)))
            if item in self.suppliers and self.suppliers[item]:
                right = x + self.cell_width
                body.append(text(right, y + 11.5, self.suppliers[item], size=SMALL, anchor="end", fill=MUTED))
        return body

    def column(self, c: int) -> float:
        return self.grid + c * (self.width - self.grid) / self.columns

    def row(self, block: Block, r: int) -> float:
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
            body.append(line(bus, min(top, self.row(block, 0) + 7.5), bus, self.row(block, held - 1) + 7.5, GREY))
            if c == 0 and not self.narrow:
                body.append(line(self.spine + self.box, start, bus, start, GREY))
            if c == 1:
                first = self.column(0) - 9
                body.append(line(first, start, first, top, GREY))
                body.append(line(first, top, bus, top, GREY))
        return body
