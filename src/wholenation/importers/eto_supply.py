"""Who supplies the chip explorer's leaf inputs, by jurisdiction and by organization."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from ..errors import ChainError, Fault
from .eto_files import VARIOUS, Files, Provision
from .eto_flow import Flow
from .eto_words import PUBLISHER, cited, code_of

ROUNDING = 1.03
ROUNDED_SHARE = 0.005
"""Shares of an item that add up to 1.03, or to 0.005 above 1 for each of them where that is more, are taken to be
rounded (the 2022 release has whole percents) and are rescaled to 1; above that they are a fault."""
NEGLIGIBLE = 0.01
ACTIVITIES = ("process", "product")
Row = dict[str, Any]


def supplies(files: Files, flow: Flow, codes: dict[str, str], counts: Counter[str]) -> list[Row]:
    """Shares by jurisdiction; where the files give none, those of the organizations, added up by headquarters."""
    by_item: dict[str, list[Provision]] = defaultdict(list)
    for entry in files.provisions:
        by_item[entry.provided].append(entry)
    rows: list[Row] = []
    faults: list[Fault] = []
    for code, kind in flow.kinds.items():
        countries = [entry for entry in by_item[code] if entry.is_country]
        if kind in ACTIVITIES:
            counts["shares of activities"] += len(countries)
            continue
        known = _merged(countries or by_item[code])
        counts["suppliers from firms"] += 0 if countries else len(known)
        total = sum(share for share, _ in known.values() if share)
        if total > max(ROUNDING, 1.0 + ROUNDED_SHARE * len(known)):
            message = f"the shares of {files.inputs[code].name} add up to {total:.3f}"
            faults.append(Fault("provision.csv", None, "share_provided", f"{total:.3f}", message))
        counts["rescaled"] += total > 1.0
        for place, (share, entry) in sorted(known.items(), key=lambda pair: -(pair[1][0] or 0.0)):
            if share == 0.0:
                counts["zero"] += 1
                continue
            rows.append(_supply_row(codes[code], place, share, max(total, 1.0), entry))
            counts["negligible"] += share is None and entry.mark == "negligible"
            counts["unknown"] += share is None and entry.mark != "negligible"
    if faults:
        raise ChainError(faults)
    wanted = {codes[code] for code, kind in flow.kinds.items() if kind not in ACTIVITIES}
    return rows + _unnamed(wanted, rows, counts)


def _unnamed(wanted: set[str], rows: list[Row], counts: Counter[str]) -> list[Row]:
    """A supplier without a name for the items for which the files name none, since something must supply them."""
    bare = sorted(wanted - {row["item"] for row in rows})
    counts["no supplier"] += len(bare)
    note = "the files name no supplier"
    return [
        {"item": item, "jurisdiction": VARIOUS, "share": None, "counted_by": "headquarters", "basis": "measured",
         "source": PUBLISHER, "year": None, "note": note}
        for item in bare
    ]  # fmt: skip


def _merged(entries: list[Provision]) -> dict[str, tuple[float | None, Provision]]:
    """Jurisdiction -> its share (added up over its entries, unknown only if all are) and an entry to cite."""
    found: dict[str, tuple[float | None, Provision]] = {}
    for entry in entries:
        share, first = found.get(entry.jurisdiction, (None, entry))
        if entry.share is not None:
            share = (share or 0.0) + entry.share
        if first.mark == "negligible" and not entry.mark:
            first = entry
        found[entry.jurisdiction] = (share, first)
    return found


def _supply_row(item: str, place: str, share: float | None, total: float, entry: Provision) -> Row:
    row: Row = {"item": item, "jurisdiction": place, "counted_by": "headquarters", "basis": "measured"}
    row |= {"source": cited(entry.source), "year": entry.year, "note": ""}
    if share is not None:
        row["share"] = round(share / total, 6)
        row["note"] = f"rescaled: the shares added up to {total:.3f}" if total > 1.0 else ""
    elif entry.mark == "negligible":
        row |= {"share": 0.0, "share_low": 0.0, "share_high": NEGLIGIBLE, "basis": "estimated"}
        row["note"] = "marked negligible"
    else:
        row["note"] = "supplies it, share unknown" + (" (marked major)" if entry.mark == "major" else "")
    return row


def organizations(
    files: Files, flow: Flow, codes: dict[str, str], counts: Counter[str]
) -> tuple[list[Row], list[Row]]:
    """The named firms that supply leaf inputs, and what they supply with its share where it is known."""
    firms: dict[str, Row] = {}
    rows: list[Row] = []
    totals: defaultdict[str, float] = defaultdict(float)
    seen: set[tuple[str, str]] = set()
    for entry in files.provisions:
        if entry.is_country or entry.provided not in codes:
            continue
        if entry.provider.lower().startswith("various"):
            counts["unnamed firms"] += 1
            continue
        if flow.kinds[entry.provided] in ACTIVITIES:
            counts["firms of activities"] += 1
            continue
        firm = code_of(entry.provider)
        place = {"organization": firm, "name": entry.provider, "jurisdiction": entry.jurisdiction}
        firms.setdefault(firm, place | {"source": f"{PUBLISHER}: providers.csv", "year": entry.year})
        if (entry.provided, firm) in seen:
            continue
        seen.add((entry.provided, firm))
        totals[codes[entry.provided]] += entry.share or 0.0
        note = entry.mark or ("" if entry.share is not None else "share unknown")
        rows.append(
            {"item": codes[entry.provided], "organization": firm, "share": entry.share, "basis": "measured",
             "source": cited(entry.source), "year": entry.year, "note": note}
        )  # fmt: skip
    for row in rows:
        if row["share"] and totals[row["item"]] > 1.0:
            row["share"] = round(row["share"] / totals[row["item"]] - 5e-7, 6)
    return sorted(firms.values(), key=lambda row: row["organization"]), rows
