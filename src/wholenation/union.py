"""Several chains as one, so that they can be planned for under one budget.

Tables are stacked. What two chains call by the same code is one thing if they say the same of it; otherwise each
chain's own gets the chain's name before its code. Jurisdictions, scenarios (same code, same event) and pools are
shared: there, two chains that contradict each other cannot be united. A control of a stage, a kind of item or of
everything binds in all chains, since the event is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain as joined
from itertools import combinations
from typing import Any

import polars as pl

from . import faults as rules
from .cells import Table
from .chain import Chain, data_hash
from .dictionary import dictionary
from .errors import ChainError, QuestionError

Frames = dict[str, pl.DataFrame]
Row = dict[str, Any]

OWN = {
    "item": ("items", "supply", "organization_supply", "needs"),
    "organization": ("organizations",),
    "mission": ("missions",),
    "project": ("projects", "routes", "staffing", "common_routes", "prerequisites"),
}
"""Codes that chains may use for different things, and the tables that say what the thing is."""


def unite(chains: Iterable[Chain], names: Sequence[str] | None = None) -> Chain:
    """One chain that holds them all; `names` are their prefixes, by default the names of their folders.

    Raises `QuestionError` where chains contradict each other, and `ChainError` where the tables do not fit together.
    """
    chains = list(chains)
    names = [chain.folder for chain in chains] if names is None else list(names)
    if not chains:
        raise QuestionError("no chain is given: name at least one")
    if len(names) != len(chains) or len(set(names)) != len(names):
        raise QuestionError(
            f"{len(chains)} chains need as many different names, not {', '.join(names) or 'none'}"
        )
    tables = [{name: chain.table(name) for name in dictionary()} for chain in chains]
    for code in OWN:
        tables = _told_apart(tables, names, code)
    shared = {
        "jurisdictions": _jurisdictions(tables, names),
        "scenarios": _agreed(tables, names, "scenarios", ("probability",)),
        "controls": _agreed(tables, names, "controls", ("coverage", "reach", "threshold")),
        "pools": _agreed(tables, names, "pools", ("amount", "unit", "paid_in", "recovery", "match_ratio", "cap_musd")),
    }  # fmt: skip
    frames = {name: shared.get(name, _stacked(tables, name)) for name in dictionary()}
    total = float(frames["scenarios"]["probability"].sum())
    if total > 1.0 + 1e-9:
        raise QuestionError(
            f"the probabilities of the scenarios of {_listed(names)} add up to {total:.6g}, above 1: scenarios exclude "
            "each other, so their weights must be given for all chains together"
        )
    _check(frames)
    return Chain(
        folder="+".join(names),
        name="-".join(chain.name for chain in chains),
        title=" and ".join(chain.title for chain in chains),
        version="",
        **frames,
        data_hash=data_hash(frames),
        warnings=tuple(joined.from_iterable(chain.warnings for chain in chains)),
        description="\n\n".join(chain.description for chain in chains if chain.description),
        licenses=_once(chain.licenses for chain in chains),
        sources=_once(chain.sources for chain in chains),
    )


def _once(parts: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    found: list[Any] = []
    for entry in joined.from_iterable(parts):
        if entry not in found:
            found.append(entry)
    return tuple(found)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _told_apart(tables: list[Frames], names: Sequence[str], code: str) -> list[Frames]:
    """The tables with every code that means different things prefixed by its chain's name.

    A code whose rows name one that was just prefixed means something else too, and so on until all are told apart.
    """
    while True:
        meanings = [_meanings(frames, code) for frames in tables]
        clashing = {
            key
            for one, two in combinations(meanings, 2)
            for key in one.keys() & two.keys()
            if one[key] != two[key]
        }
        if not clashing:
            return tables
        tables = [
            _renamed(frames, code, {key: f"{name}-{key}" for key in sorted(clashing & meaning.keys())}, name)
            for frames, meaning, name in zip(tables, meanings, names, strict=True)
        ]


def _meanings(frames: Frames, code: str) -> dict[str, list[str]]:
    """Code -> all that a chain's own tables say of it, whatever the order of the rows."""
    found: dict[str, list[str]] = defaultdict(list)
    for table in OWN[code]:
        for row in frames[table].iter_rows(named=True):
            found[row[code]].append(f"{table} {row}")
    return {key: sorted(rows) for key, rows in found.items()}


def _renamed(frames: Frames, code: str, new: dict[str, str], name: str) -> Frames:
    """The tables with other codes, wherever they are referred to."""
    table = OWN[code][0]
    taken = set(frames[table][code].to_list()) & set(new.values())
    if taken:
        raise QuestionError(f"{name} has a {code} {min(taken)} already: give the chain another name")
    changed = dict(frames)
    for other, columns in dictionary().items():
        mine = [
            c.name
            for c in columns.values()
            if c.references == (table, code) or (other, c.name) == (table, code)
        ]
        changed[other] = frames[other].with_columns(pl.col(column).replace(new) for column in mine)
        if other == "needs" and code == "item":
            # Without a name of its own, a group is called by its only input.
            alone = frames[other]["group"] == frames[other]["input"]
            named = pl.when(alone).then("input").otherwise("group")
            changed[other] = changed[other].with_columns(named.alias("group"))
    return changed


def _stacked(tables: list[Frames], name: str) -> pl.DataFrame:
    return pl.concat([frames[name] for frames in tables]).unique(maintain_order=True)


def _agreed(tables: list[Frames], names: Sequence[str], table: str, told: Sequence[str]) -> pl.DataFrame:
    """The rows of a shared table, each key once; chains must agree in the columns `told`."""
    keys = [column.name for column in dictionary()[table].values() if column.key]
    rows: dict[tuple[Any, ...], tuple[str, Row]] = {}
    for frames, name in zip(tables, names, strict=True):
        for row in frames[table].iter_rows(named=True):
            key = tuple(row[column] for column in keys)
            before, first = rows.setdefault(key, (name, row))
            for column in told:
                if row[column] != first[column]:
                    what = " ".join(str(part) for part in key if part is not None)
                    raise QuestionError(
                        f"{table}: {what} has {column} {_told(first[column])} in {before} and "
                        f"{_told(row[column])} in {name}; give both chains the same"
                    )
    return pl.DataFrame([row for _, row in rows.values()], schema=tables[0][table].schema)


def _told(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _jurisdictions(tables: list[Frames], names: Sequence[str]) -> pl.DataFrame:
    """Every jurisdiction once, in the words of the chain that names it first.

    A share of demand means something for homes alone, and each of a home's chains must give the same; of the others
    the first is kept. A bloc that one chain does not know is taken from the other.
    """
    homes = [set(frames["missions"]["home"]) for frames in tables]
    rows: dict[str, Row] = {}
    asked: dict[str, tuple[str, Any]] = {}
    for frames, name, mine in zip(tables, names, homes, strict=True):
        for row in frames["jurisdictions"].iter_rows(named=True):
            code = row["jurisdiction"]
            known = rows.setdefault(code, dict(row))
            if row["part_of"] and known["part_of"] and row["part_of"] != known["part_of"]:
                raise QuestionError(
                    f"jurisdictions: {code} is part of {row['part_of']} in {name} and of {known['part_of']} before it"
                )
            known["part_of"] = known["part_of"] or row["part_of"]
            if code not in mine:
                continue
            before, share = asked.setdefault(code, (name, row["demand_share"]))
            if share != row["demand_share"]:
                raise QuestionError(
                    f"jurisdictions: {code} plans in both chains and has demand_share {_told(share)} in {before} and "
                    f"{_told(row['demand_share'])} in {name}; give both chains the same"
                )
            if before == name:
                known |= {column: row[column] for column in row if column.startswith("demand_share")}
    return pl.DataFrame(list(rows.values()), schema=tables[0]["jurisdictions"].schema)


def _check(frames: Frames) -> None:
    """Raise every fault between the united rows, at their places in the united tables."""
    tables = {
        name: Table(name, name, list(range(2, len(frame) + 2)), frame.to_dict(as_series=False))
        for name, frame in frames.items()
    }
    found = [fault for fault in rules.relations(tables) if fault.severity == "fault"]
    if found:
        raise ChainError(found)
