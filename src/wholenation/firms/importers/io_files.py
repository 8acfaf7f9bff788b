"""Files of input–output tables: the World Input-Output Database's, and any matrix with labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ...errors import QuestionError
from ...files import is_file
from ...importers import ImportSummary, Line
from ..writing import Format, check_target
from .io_rows import IOTable, Rows, numbers, wrong
from .io_table import ESSENTIAL_SHARE, from_io_table
from .wiod import NATIONAL, WORLD, read_national, read_world
from .written import written


def import_io_table(
    source: str | Path,
    target: str | Path,
    *,
    year: int | None = None,
    essential: float | None = ESSENTIAL_SHARE,
    least: float = 0.0,
    form: Format = "parquet",
) -> ImportSummary:
    """Write the network of a table's file into the folder `target`, and say what was done.

    Three forms of text are known by their header, separated by commas, tabs or semicolons:

    - a world table of the World Input-Output Database, release 2016, as its R files are exported: IndustryCode,
      IndustryDescription, Country, RNr, Year, then AUS1 ... ROW61 and TOT
    - a national table of that release: Year, Code, Description, Origin (Domestic or Imports), then one column for each
      code, final demand and GO. With several years, `year` says which
    - a matrix with labels: sectors in the first column and the header, or region and sector in the first two columns
      and the first two rows, as pymrio writes Z. Output may stand in a column called `x` or `output`

    Save a workbook's sheet as CSV first. `essential` and `least` are those of `from_io_table`. Raises `ChainError` for
    what is wrong in the file, `QuestionError` and `OutputError` as `import_links` does.
    """
    path = Path(source)
    check_target(target)
    if not is_file(path):
        raise QuestionError(f"{path}: there is no such file")
    table = _read(path, year)
    network = from_io_table(
        table.flows,
        table.output,
        names=table.names,
        jurisdictions=table.jurisdictions,
        cost=table.cost,
        essential=essential,
        least=least,
        name=Path(target).resolve().name,
    )
    own = int(np.count_nonzero(np.diagonal(table.flows)))
    flows = int(np.count_nonzero(table.flows > 0)) - own
    rule = "non-essential" if essential is None else f"essential from {essential:.3g} of the buyer's output"
    defaulted = [Line("pairs of sectors", len(network.sectors) ** 2, rule)]
    dropped = [
        Line("flows within a sector of a jurisdiction", own, "taken off revenue and cost"),
        Line("negative flows", int(np.count_nonzero(table.flows < 0)), "left out"),
        Line("small flows", flows - network.m, f"below {least:.3g} of the buyer's inputs"),
    ]
    return written(network, target, form, defaulted=defaulted, dropped=dropped)


def _read(path: Path, year: int | None) -> IOTable:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            sample = stream.readline()
            stream.seek(0)
            rows = enumerate(csv.reader(stream, delimiter=max(",\t;", key=sample.count)), start=1)
            header = [cell.strip() for cell in next(rows, (1, []))[1]]
            if set(WORLD) <= set(header):
                return read_world(header, rows, path.name)
            if set(NATIONAL) <= set(header):
                return read_national(header, rows, path.name, year)
            if len(header) < 2:
                raise wrong(path.name, 1, "is no table: the first row must be a header of sectors")
            return _read_matrix(header, rows, path.name)
    except UnicodeDecodeError:
        message = "is not UTF-8 text; save the sheet of a workbook as CSV UTF-8"
        raise wrong(path.name, None, message) from None
    except csv.Error as error:
        raise wrong(path.name, None, f"cannot be read ({error})") from None
    except OSError as error:
        raise wrong(path.name, None, f"cannot be read ({error.strerror})") from None


def _read_matrix(header: list[str], rows: Rows, file: str) -> IOTable:
    body = [(number, row) for number, row in rows if any(cell.strip() for cell in row)]
    for number, row in body:
        if len(row) != len(header):
            raise wrong(file, number, f"has {len(row)} fields, the header has {len(header)}")
    # With regions, the second row names the sectors, and holds no numbers.
    regional = bool(body) and len(body[0][1]) > 2 and not any(map(_is_number, body[0][1][1:]))
    labels = [cell.strip() for cell in body[0][1]] if regional else header
    start = 2 if regional else 1
    body = body[regional:]
    if regional and body and not any(cell.strip() for cell in body[0][1][2:]):
        body = body[1:]  # pandas writes a row that only names the levels
    total = [at for at, name in enumerate(labels) if at >= start and name.casefold() in ("x", "output")]
    at = [column for column in range(start, len(labels)) if column not in total]
    if not at or len(body) != len(at):
        raise wrong(file, None, f"must be square, but has {len(body)} rows and {len(at)} columns of flows")
    names = [row[start - 1].strip() for _, row in body]
    regions = [row[0].strip() for _, row in body] if regional else None
    if names != [labels[column] for column in at] or (
        regions and regions != [header[column] for column in at]
    ):
        raise wrong(file, 1, "rows and columns must be the same sectors in the same order")
    flows = np.array([numbers(row, at, labels, number, file) for number, row in body])
    sums = [numbers(row, total[:1], labels, number, file) for number, row in body]
    return IOTable(flows, np.concatenate(sums) if total else None, None, names, regions)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
