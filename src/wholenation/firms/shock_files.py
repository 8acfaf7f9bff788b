"""Shocks from files: a table of shocks and firms, or the parties on a sanctions list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from ..cells import Table, typed
from ..dictionary import Column, Type
from ..errors import ChainError, Fault, QuestionError
from ..names.matching import LIKE, Named, matches
from ..names.screening import read_screening_list, told_identifiers
from ..tables import RawTable, read_table
from .network import FirmNetwork
from .shocks import NAMED, Shocks, by_group, each, from_columns, joined, no_such_firm, together

ALL_LISTED = "all listed"
LOSSES = ("loss", "downstream", "upstream")
MATCHED = {
    "firm": pl.String,
    "name": pl.String,
    "listed": pl.String,
    "listed_name": pl.String,
    "score": pl.Float64,
    "shared": pl.String,
    "sure": pl.Boolean,
}


def read_shocks(network: FirmNetwork, path: str | Path) -> Shocks:
    """The shocks of a CSV or Parquet file, in the order in which they first appear.

    Columns: `shock` (all rows are one shock without it), `firm`, and `loss` for both directions or `downstream` (what
    the firm can no longer make) and `upstream` (what it no longer buys), shares in [0, 1]. Of the latter two one that
    is absent is 0; without any of the three the firm fails altogether. Raises `ChainError` with all faults.
    """
    path = Path(path)
    raw = read_table("shocks", path, path.name)
    faults: list[Fault] = []
    table = typed(raw, _declared(raw), faults)
    if raw.header and not raw.rows and raw.complete:
        faults.append(Fault(raw.file, None, "", "", "the file has a header but no rows"))
    faults += _of_columns(raw)
    place = places(network, table, faults)
    wrong = [fault for fault in faults if fault.severity == "fault"]
    if wrong:
        raise ChainError(wrong)
    named = table.columns.get("shock") or [path.stem] * len(table)
    number = {name: at for at, name in enumerate(dict.fromkeys(named))}
    down, up = _parts(table)
    return from_columns(
        list(number),
        np.array([number[name] for name in named], dtype=np.int64),
        np.array([place[firm] for firm in table.columns["firm"]], dtype=np.int64),
        down,
        up,
    )


def _declared(raw: RawTable) -> dict[str, Column]:
    """The columns of this file: a loss that is there must be told in every row."""

    def column(name: str, kind: Type, *, key: bool = False, required: bool = True) -> Column:
        ends = (0.0, 1.0) if kind == "number" else (None, None)
        unit = "share" if kind == "number" else ""
        return Column("shocks", name, kind, "", key, unit, required, minimum=ends[0], maximum=ends[1])

    there = set(raw.header)
    shock = [column("shock", "string", key=True)] if "shock" in there else []
    losses = [column(name, "number", required=name in there) for name in LOSSES]
    remarks = [column(name, "string", required=False) for name in ("name", "source", "note")]
    return {one.name: one for one in (*shock, column("firm", "string", key=True), *losses, *remarks)}


def _of_columns(raw: RawTable) -> Iterable[Fault]:
    both = [name for name in LOSSES[1:] if name in raw.header]
    if "loss" in raw.header and both:
        message = (
            f"stands beside {' and '.join(both)}; give either loss for both directions, or each direction"
        )
        yield Fault(raw.file, 1, "loss", "", message)


def places(network: FirmNetwork, table: Table, faults: list[Fault]) -> dict[str, int]:
    """Where every firm stands in the network; those of the table that it does not have are faults."""
    codes = network.firms["firm"].to_list()
    place = dict(zip(codes, range(len(codes)), strict=True))
    faults += _strangers(table, place, codes)
    return place


def _strangers(table: Table, place: dict[str, int], codes: list[str]) -> Iterable[Fault]:
    """Each firm that the network does not have, once, at its first row."""
    seen: set[str] = set()
    for row, firm in table.records("firm"):
        if firm is None or firm in place or firm in seen:
            continue
        seen.add(firm)
        # To look for the nearest of a million names takes a while; after some it would only be more of the same.
        message = no_such_firm(firm, codes) if len(seen) <= NAMED else "no such firm"
        yield Fault(table.file, row, "firm", firm, message)


def _parts(table: Table) -> tuple[np.ndarray, np.ndarray]:
    told = {name: table.columns[name] for name in LOSSES if any(x is not None for x in table.columns[name])}
    if "loss" in told or not told:
        loss = np.array(told.get("loss", [1.0] * len(table)), dtype=np.float64)
        return loss, loss
    nothing = [0.0] * len(table)
    down, up = (np.array(told.get(name, nothing), dtype=np.float64) for name in LOSSES[1:])
    return down, up


def listed(
    network: FirmNetwork,
    path: str | Path,
    *,
    like: float = LIKE,
    organizations: Mapping[str, str] | None = None,
) -> tuple[Shocks, pl.DataFrame]:
    """The firms on a list in the form of the US Consolidated Screening List, singly and all together; and the matches.

    Names are matched as the audit does: without legal forms, accents and the order of words, from a likeness of `like`
    (0 to 100) on. A firm without a name is looked for by its code. A match is `sure` only where an identifier is
    shared too: a column `identifiers` of the firms holds them as `scheme: id; scheme: id`. With `organizations` (code
    to name) these are looked for instead, and fail with all firms of theirs.
    Raises `ChainError` for a file that cannot be read, and `QuestionError` where no firm is on the list.
    """
    parties = read_screening_list(path)
    ours = list(_named(network) if organizations is None else _owners(network, organizations))
    table = _matched(ours, parties, like)
    firms = table["firm"].unique(maintain_order=True).to_list()
    if not firms:
        raise QuestionError(
            f"no firm of {network.name} has a name like one of the {len(parties):,} parties in {Path(path).name}"
        )
    singly = each(network, firms) if organizations is None else by_group(network, "organization", firms)
    if len(firms) == 1:
        return singly, table
    members = network.firms["firm"].gather(np.unique(singly.firm)).to_list()
    return joined(singly, together(network, members, ALL_LISTED)), table


def _named(network: FirmNetwork) -> Iterable[Named]:
    frame = network.firms
    told = frame["identifiers"] if "identifiers" in frame.columns else [None] * network.n
    for firm, name, ids in zip(frame["firm"], frame["name"], told, strict=True):
        yield Named(firm, (name or firm,), told_identifiers(ids))


def _owners(network: FirmNetwork, organizations: Mapping[str, str]) -> Iterable[Named]:
    there = set(network.firms["organization"])
    return (Named(code, (name,)) for code, name in organizations.items() if code in there)


def _matched(ours: Sequence[Named], parties: Sequence[Named], like: float) -> pl.DataFrame:
    names, spelled = ({party.id: party.names[0] for party in them} for them in (ours, parties))
    rows = [
        (
            one.one, names[one.one], one.other, spelled[one.other], one.score,
            "; ".join(f"{scheme}: {number}" for scheme, number in one.shared), not one.possible,
        )
        for one in matches(ours, parties, like=like)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=MATCHED, orient="row")
