"""The files of the Emerging Technology Observatory's chip explorer, as users download them, read and parsed.

Both vintages are understood: the 2022 release (shares as "56%", a column for negligible shares, no years) and
the 2026 release (shares as percent numbers, a year and a source for every share).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ChainError, Fault

COLUMNS = {
    "inputs.csv": (
        "input_id",
        "input_name",
        "type",
        "stage_name",
        "market_share_chart_global_market_size_info",
    ),
    "providers.csv": ("provider_id", "provider_name", "provider_type", "country"),
    "provision.csv": ("provider_id", "provided_id", "share_provided"),
    "sequence.csv": ("input_id", "goes_into_id", "is_type_of_id"),
}
VARIOUS = "VAR"
CODES = {"MAL": "MYS"}
"""Country codes of the files that are not ISO 3166-1."""
UNITS = {"trillion": 1e6, "billion": 1e3, "million": 1.0, "thousand": 1e-3}


@dataclass(frozen=True)
class Input:
    """A row of inputs.csv: `kind` is the file's own word for it."""

    code: str
    name: str
    kind: str
    stage: str
    market: str
    source: str


@dataclass(frozen=True)
class Provision:
    """Who provides what: a share in [0, 1], or None when it is unknown; `mark` is "", "negligible" or "major"."""

    provided: str
    provider: str
    jurisdiction: str
    is_country: bool
    share: float | None
    mark: str
    year: int | None
    source: str


@dataclass(frozen=True)
class Files:
    """The parsed files."""

    inputs: dict[str, Input]
    provisions: tuple[Provision, ...]
    goes_into: tuple[tuple[str, str], ...]
    is_type_of: tuple[tuple[str, str], ...]
    repeated: int
    stage_shares: int


Row = dict[str, str]


def read_files(folder: Path) -> Files:
    """The four files of `folder`; ChainError names every missing file, missing column and unreadable cell."""
    faults: list[Fault] = []
    if not folder.is_dir():
        message = "is not a folder" if folder.exists() else "there is no such folder"
        raise ChainError([Fault(str(folder), None, "", "", message)])
    tables = {file: _rows(folder / file, columns, faults) for file, columns in COLUMNS.items()}
    if faults:
        raise ChainError(faults)
    inputs = {row["input_id"]: _input(row) for row in tables["inputs.csv"] if row["input_id"]}
    provisions, repeated, stages = _provisions(
        tables["provision.csv"], tables["providers.csv"], inputs, faults
    )
    pairs: dict[str, list[tuple[str, str]]] = {"goes_into_id": [], "is_type_of_id": []}
    for number, row in enumerate(tables["sequence.csv"], start=2):
        for column, found in pairs.items():
            if not row[column]:
                continue
            faults += [
                Fault("sequence.csv", number, end, row[end], "no such input in inputs.csv")
                for end in ("input_id", column)
                if row[end] not in inputs
            ]
            found.append((row["input_id"], row[column]))
    if faults:
        raise ChainError(faults)
    return Files(
        inputs=inputs,
        provisions=provisions,
        goes_into=tuple(dict.fromkeys(pairs["goes_into_id"])),
        is_type_of=tuple(dict.fromkeys(pairs["is_type_of_id"])),
        repeated=repeated,
        stage_shares=stages,
    )


def _rows(path: Path, columns: Iterable[str], faults: list[Fault]) -> list[Row]:
    """Rows as mappings of stripped text; what is wrong with the file is added to `faults`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        faults.append(Fault(path.name, None, "", "", "the file is missing from the folder"))
        return []
    except UnicodeDecodeError:
        faults.append(Fault(path.name, None, "", "", "is not UTF-8"))
        return []
    table = list(csv.reader(io.StringIO(text)))
    if not table:
        faults.append(Fault(path.name, None, "", "", "the file is empty"))
        return []
    header = [name.strip() for name in table[0]]
    missing = [column for column in columns if column not in header]
    faults += [Fault(path.name, 1, column, "", "the column is missing") for column in missing]
    rows: list[Row] = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            message = f"has {len(cells)} cells where the header has {len(header)}; is the file cut off?"
            faults.append(Fault(path.name, number, "", "", message))
            continue
        rows.append({name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    if not rows and not missing:
        faults.append(Fault(path.name, None, "", "", "the file has no rows"))
    return rows


def _input(row: Row) -> Input:
    return Input(
        code=row["input_id"],
        name=row["input_name"],
        kind=row["type"],
        stage=row["stage_name"],
        market=row["market_share_chart_global_market_size_info"],
        source=_plain(row.get("market_share_chart_source", "")),
    )


def _provisions(
    rows: list[Row], providers: list[Row], inputs: dict[str, Input], faults: list[Fault]
) -> tuple[tuple[Provision, ...], int, int]:
    """Provisions of inputs; how many rows repeat an earlier one; how many belong to whole stages."""
    known = {row["provider_id"]: row for row in providers}
    plain = [float(row["share_provided"]) for row in rows if _is_number(row["share_provided"])]
    # Percent without a sign: the 2026 release. Only there may a plain number be above 1.
    scale = 100.0 if plain and max(plain) > 1.0 else 1.0
    found: dict[tuple[str, str, bool], Provision] = {}
    stages = repeated = 0
    for number, row in enumerate(rows, start=2):
        if row["provided_id"] not in inputs:
            stages += row["provided_id"].startswith("S")
            if not row["provided_id"].startswith("S"):
                faults.append(
                    Fault(
                        "provision.csv",
                        number,
                        "provided_id",
                        row["provided_id"],
                        "no such input in inputs.csv",
                    )
                )
            continue
        provider = known.get(row["provider_id"])
        if provider is None:
            message = "no such provider in providers.csv"
            faults.append(Fault("provision.csv", number, "provider_id", row["provider_id"], message))
            continue
        try:
            share, mark = parse_share(row["share_provided"], scale)
        except ValueError as error:
            faults.append(Fault("provision.csv", number, "share_provided", row["share_provided"], str(error)))
            continue
        is_country = provider["provider_type"] == "country"
        year = row.get("year", "")
        entry = Provision(
            provided=row["provided_id"],
            provider=provider["provider_name"],
            jurisdiction=jurisdiction(provider["provider_name"] if is_country else provider["country"]),
            is_country=is_country,
            share=share,
            mark=mark or row.get("negligible_market_share", "").lower(),
            year=int(year) if year.isdigit() else None,
            source=_plain(row.get("source", "")),
        )
        key = (entry.provided, entry.provider, is_country)
        repeated += key in found
        found.setdefault(key, entry)
    return tuple(found.values()), repeated, stages


def jurisdiction(code: str) -> str:
    """The chain's code of a country code of the files; names of no single country become VAR.

    >>> jurisdiction("MAL"), jurisdiction("Various countries"), jurisdiction("EUR")
    ('MYS', 'VAR', 'EUR')
    """
    code = CODES.get(code, code)
    return code if re.fullmatch("[A-Z]{3}", code) else VARIOUS


def parse_share(text: str, scale: float = 1.0) -> tuple[float | None, str]:
    """A share in [0, 1] and a mark, from "56%", "12.4" (over `scale`), "Major", "negligible" or nothing.

    Raises ValueError for any other text and for numbers outside [0, 1].

    >>> parse_share("56%"), parse_share("12.4", 100), parse_share("Major"), parse_share("")
    ((0.56, ''), (0.124, ''), (None, 'major'), (None, ''))
    """
    word = text.strip().lower()
    if word in ("", "major", "negligible"):
        return None, word
    number = word.removesuffix("%").strip()
    if not _is_number(number):
        raise ValueError("is no share: it should be a number, a percentage, Major, negligible or empty")
    share = float(number) / (100.0 if word.endswith("%") else scale)
    if not 0.0 <= share <= 1.005:
        raise ValueError("a share must lie between 0 % and 100 %")
    return round(min(share, 1.0), 6), ""


def parse_market(text: str) -> tuple[float | None, int | None]:
    """USD million a year and the year, from the files' phrases; None where they say nothing.

    >>> parse_market("about $1 billion (2019)"), parse_market("$44 million (2022)"), parse_market("Over $70 billion")
    ((1000.0, 2019), (44.0, 2022), (70000.0, None))
    """
    amount = re.search(r"\$\s*([\d.,]*\d)\s*(trillion|billion|million|thousand)?", text, re.IGNORECASE)
    year = re.findall(r"\b((?:19|20)\d\d)\b", text)
    if not amount:
        return None, None
    factor = UNITS[amount[2].lower()] if amount[2] else 1e-6
    return round(float(amount[1].replace(",", "")) * factor, 6), int(year[-1]) if year else None


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d+(\.\d*)?|\.\d+", text))


def _plain(text: str) -> str:
    """Text with its links told as words: "[CSET](https://...)" becomes "CSET"."""
    return re.sub(r"\s+", " ", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)).strip()
