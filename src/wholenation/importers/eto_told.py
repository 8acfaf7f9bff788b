"""The summary of an import of the chip explorer's files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from .eto_files import VARIOUS, Files
from .eto_flow import Flow
from .eto_supply import NEGLIGIBLE
from .summary import ImportSummary, Line

Row = dict[str, Any]


def told(
    target: Path, files: Files, flow: Flow, tables: dict[str, list[Row]], counts: Counter[str]
) -> ImportSummary:
    """What was mapped, defaulted and dropped, with counts."""

    def names(codes: tuple[str, ...], most: int = 6) -> str:
        listed = ", ".join(files.inputs[code].name for code in codes[:most])
        return listed + (f" and {len(codes) - most} more" if len(codes) > most else "")

    kinds = Counter(flow.kinds.values())
    grouped = [row for row in tables["needs"] if row.get("group")]
    shares = sum(row.get("share") is not None for row in tables["supply"])
    mapped = [
        Line("items", len(flow.kinds), ", ".join(f"{count} of kind {kind}" for kind, count in kinds.items())),
        Line("needs", len(flow.needs), f"{len(grouped)} of them in substitution groups"),
        Line("supply shares by jurisdiction", shares, ""),
        Line("market sizes", counts["market"], ""),
        Line("organizations", len(tables["organizations"]), ""),
        Line("organizations' supplies", len(tables["organization_supply"]), ""),
        Line(
            "items whose shares were rescaled", counts["rescaled"], "they added up to more than 1 by rounding"
        ),
        Line("suppliers marked negligible", counts["negligible"], f"share 0, at most {NEGLIGIBLE}"),
    ]
    defaulted = [
        Line("items with lifetime, stock and surge by kind", counts["defaults"], "assumed, with ranges"),
        Line("suppliers of unknown share", counts["unknown"], "left empty: an equal part of what is left"),
        Line("suppliers taken from organizations' headquarters", counts["suppliers from firms"], ""),
        Line("items without a named supplier", counts["no supplier"], f"supplied by {VARIOUS}"),
        Line("items without a market size", counts["no market"], "left empty"),
        Line(
            "processes tied to the product", len(flow.tied), f"the sequence leads nowhere: {names(flow.tied)}"
        ),
        Line("scenarios", len(tables["scenarios"]), tables["scenarios"][0]["source"]),
        Line(
            "missions", len({row["mission"] for row in tables["missions"]}), "one for each supplier and bloc"
        ),
    ]
    dropped = [
        Line("parents, replaced by their types", len(flow.parents), names(flow.parents)),
        Line(
            "types without shares, told by their parent", len(flow.types_dropped), names(flow.types_dropped)
        ),
        Line("inputs that no product needs", len(flow.unneeded), names(flow.unneeded)),
        Line("shares of parents and dropped types", _lost(files, flow), ""),
        Line(
            "shares of whole stages",
            files.stage_shares,
            "they say who sells chips, not who supplies an input",
        ),
        Line(
            "shares of processes and designs", counts["shares of activities"], "activities are done at home"
        ),
        Line("organizations' parts in processes and designs", counts["firms of activities"], ""),
        Line("unnamed organizations", counts["unnamed firms"], "Various companies"),
        Line("shares that are zero", counts["zero"], ""),
        Line("repeated rows", files.repeated, ""),
        Line("descriptions", len(files.inputs), "not carried"),
    ]
    kept = [tuple(line for line in lines if line.number) for lines in (mapped, defaulted, dropped)]
    return ImportSummary(target, kept[0], kept[1], kept[2])


def _lost(files: Files, flow: Flow) -> int:
    gone = {*flow.parents, *flow.types_dropped, *flow.unneeded}
    return sum(entry.provided in gone for entry in files.provisions)
