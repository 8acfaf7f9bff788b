"""Who is tied to whom: a graph of declared ties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import networkx as nx

CO_AWARD_MONTHS = 36
"""How long having been on one award ties two parties."""

DEEPEST = 6
"""Owners behind more companies than this are not looked for."""


@dataclass(frozen=True, slots=True)
class Tie:
    """That two parties have to do with each other: `a` owns, is employed by, or is related to `b`."""

    a: str
    b: str
    kind: str
    evidence: str
    share: float | None = None
    start: date | None = None
    end: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it held on that day; a tie without dates always does."""
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)


@dataclass(frozen=True, slots=True)
class Ties:
    """All ties, and the ties of each party."""

    all: tuple[Tie, ...]
    of: Mapping[str, tuple[Tie, ...]] = field(default_factory=dict)
    neutral: frozenset[str] = frozenset()
    """Who brings nobody together: many serve the programme's agency."""


def tied(ties: Iterable[Tie], *, neutral: Iterable[str] = ()) -> Ties:
    """Ties by party, in an order of their own."""
    ordered = sorted(ties, key=lambda one: (one.a, one.b, one.kind, int(one.evidence)))
    of: dict[str, list[Tie]] = {}
    for one in ordered:
        of.setdefault(one.a, []).append(one)
        of.setdefault(one.b, []).append(one)
    return Ties(tuple(ordered), {party: tuple(mine) for party, mine in of.items()}, frozenset(neutral))


def path(
    ties: Ties, one: str, other: str, on: date, *, longest: int = 2, without: str = ""
) -> tuple[Tie, ...] | None:
    """The shortest chain of ties between two parties on a day, None where there is none of at most `longest` steps.

    The same party is tied to itself by no step: an empty tuple. Ties of the kind `without` do not count.
    """
    if one == other:
        return ()
    graph = nx.Graph()
    rim = {one}
    for _ in range(longest):
        near = [
            tie
            for party in sorted(rim - (ties.neutral - {one}))
            for tie in ties.of.get(party, ())
            if tie.holds(on) and tie.kind != without
        ]
        for tie in near:
            if not graph.has_edge(tie.a, tie.b):
                graph.add_edge(tie.a, tie.b, tie=tie)
        rim = {party for tie in near for party in (tie.a, tie.b)} - rim
    if other not in graph:
        return None
    steps = nx.shortest_path(graph, one, other)
    if len(steps) - 1 > longest:
        return None
    return tuple(graph.edges[a, b]["tie"] for a, b in zip(steps, steps[1:], strict=False))


def owners(ties: Ties, party: str, on: date) -> dict[str, float]:
    """Everybody who owns a part of the party on that day, with the part: over all paths, the product of the shares."""
    graph = _ownership(ties, party, on)
    parts: dict[str, float] = {}
    for owner in sorted(set(graph) - {party}):
        for steps in nx.all_simple_paths(graph, owner, party, cutoff=DEEPEST):
            product = 1.0
            for a, b in zip(steps, steps[1:], strict=False):
                product *= graph.edges[a, b]["share"]
            parts[owner] = parts.get(owner, 0.0) + product
    return parts


def _ownership(ties: Ties, party: str, on: date) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_node(party)
    todo, depth = [party], 0
    while todo and depth < DEEPEST:
        above = [
            tie
            for owned in todo
            for tie in ties.of.get(owned, ())
            if tie.kind == "owns" and tie.b == owned and tie.holds(on)
        ]
        todo = sorted({tie.a for tie in above} - set(graph))
        for tie in above:
            before = graph.edges[tie.a, tie.b]["share"] if graph.has_edge(tie.a, tie.b) else 0.0
            # Part that is not declared counts as nothing: it raises no flag by itself.
            graph.add_edge(tie.a, tie.b, share=before + (tie.share or 0.0))
        depth += 1
    return graph


def shared_owners(ties: Ties, one: str, other: str, on: date, *, at_least: float) -> dict[str, float]:
    """Owners of at least that part of both, each with its smaller part; a party that owns the other counts too."""
    mine = {**owners(ties, one, on), one: 1.0}
    theirs = {**owners(ties, other, on), other: 1.0}
    both = {name: min(mine[name], theirs[name]) for name in sorted(mine.keys() & theirs.keys())}
    return {name: part for name, part in both.items() if part >= at_least}


def group(ties: Ties, party: str, on: date, *, at_least: float = 0.25) -> frozenset[str]:
    """The party with all that are joined to it by holdings of at least that part on that day."""
    found, todo = {party}, [party]
    while todo:
        one = todo.pop()
        for tie in ties.of.get(one, ()):
            other = tie.b if tie.a == one else tie.a
            if tie.kind == "owns" and (tie.share or 0.0) >= at_least and tie.holds(on) and other not in found:
                found.add(other)
                todo.append(other)
    return frozenset(found)
