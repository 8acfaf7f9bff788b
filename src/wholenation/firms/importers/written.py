"""What every importer of firm networks does last: write the network, and say what became of the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...importers import ImportSummary, Line
from ..links import ADDED, ITSELF_LEFT_OUT, NO_SALE
from ..network import FirmNetwork
from ..tally import Tally
from ..writing import Format, write_firms


def written(
    network: FirmNetwork,
    target: str | Path,
    form: Format,
    *,
    title: str = "",
    defaulted: Iterable[Line] = (),
    dropped: Iterable[Line] = (),
) -> ImportSummary:
    """Write the network into the folder `target`, and account for it; lines that count nothing are left out."""
    folder = write_firms(network, target, form, title=title)
    mapped = (
        Line("firms", network.n, ""),
        Line("links", network.m, ""),
        Line("sectors", len(network.sectors), ""),
    )
    return ImportSummary(folder, _counting(mapped), _counting(defaulted), _counting(dropped))


def _counting(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.number)


def left_out(tally: Tally) -> list[Line]:
    """What a lenient reader of links has left out."""
    return [
        Line("sales to oneself", tally.count(ITSELF_LEFT_OUT), "left out"),
        Line("links of value 0", tally.count(NO_SALE), "left out"),
        Line("repeated links", tally.count(ADDED), "added up"),
    ]
