"""A chain as blocks in tiers: what is made of what, and what stands beside it. The data of the figure `tiers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholenation.chain import Chain

COMMON = 8
"""An item that so many others need is marked, not repeated."""
MARKS = "†‡§¶∥※abcdefghij"


@dataclass
class Block:
    """An item that needs others: its leaf inputs are listed beside it, the others are drawn as arcs."""

    item: str
    tier: int
    leaves: list[tuple[str, str]] = field(default_factory=list)  # (substitution group or "", item)
    inputs: list[tuple[str, str]] = field(
        default_factory=list
    )  # the same, of what is made from further inputs
    name: str = ""  # the heading of a block without an item
    top: float = 0.0
    height: float = 0.0
    rows: list[float] = field(default_factory=list)  # the height of every row of leaves


def common(chain: Chain) -> dict[str, str]:
    """The items that very many need -> their marks, most needed first."""
    counts = chain.needs.group_by("input").len().sort(["len", "input"], descending=[True, False])
    found = [item for item, count in counts.iter_rows() if count >= COMMON]
    return dict(zip(found, MARKS, strict=False))


def notes(chain: Chain, marks: Mapping[str, str]) -> dict[str, str]:
    """Item -> the marks of the common items that it needs."""
    notes: dict[str, str] = {}
    for item, needed in chain.needs.select("item", "input").iter_rows():
        if needed in marks:
            notes[item] = "".join(sorted(notes.get(item, "") + marks[needed]))
    return notes


def blocks_of(chain: Chain, marks: Mapping[str, str]) -> list[Block]:
    """One block for every item with inputs of its own, in tiers, then in the order of the tables.

    Two more follow where there is something for them: what very many need, and what nothing is joined to.
    """
    order = {item: i for i, item in enumerate(chain.items["item"])}
    users: dict[str, list[str]] = {item: [] for item in order}
    inputs: dict[str, list[tuple[str, str]]] = {}
    for user, needed, group in zip(
        chain.needs["item"], chain.needs["input"], chain.needs["group"], strict=True
    ):
        users[needed].append(user)
        if needed not in marks:
            inputs.setdefault(user, []).append((group or "", needed))
    # A product of common inputs alone is a product all the same.
    inputs |= {user: [] for user in chain.needs["item"] if user not in inputs and not users[user]}
    tier: dict[str, int] = {}
    for item in TopologicalSorter(users).static_order():
        tier[item] = 1 + max((tier[user] for user in users[item]), default=-1)
    stages = {s: i for i, s in enumerate(dict.fromkeys(chain.items["stage"]))}
    stage = {item: stages[s] for item, s in zip(chain.items["item"], chain.items["stage"], strict=True)}
    blocks = []
    for item in sorted(inputs, key=lambda i: (tier[i], -stage[i], order[i])):
        counts = {g: sum(g == other for other, _ in inputs[item]) for g, _ in inputs[item]}
        leaves = [(g if counts[g] > 1 else "", i) for g, i in inputs[item] if i not in inputs]
        first = {g: min(order[i] for other, i in leaves if other == g) for g, _ in leaves}
        leaves.sort(key=lambda leaf: (first[leaf[0]] if leaf[0] else order[leaf[1]], order[leaf[1]]))
        made = [(g if counts[g] > 1 else "", i) for g, i in inputs[item] if i in inputs]
        blocks.append(Block(item, tier[item], leaves, made))
    last = max((b.tier for b in blocks), default=-1) + 1
    shared = [("", item) for item in marks if item not in inputs]
    loose = [("", item) for item in order if item not in inputs and not users[item]]
    blocks += [Block("", last, shared, name=f"Needed by {COMMON} items or more")] if shared else []
    blocks += [Block("", last + 1, loose, name="Not joined")] if loose else []
    return blocks
