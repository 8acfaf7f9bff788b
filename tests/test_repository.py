"""The repository keeps its own rules: sources, licences, no host of a registry, no loose ends."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import wholenation
from wholenation.dictionary import dictionary

ROOT = Path(__file__).parents[1]
IGNORED = {".git", ".venv", "build", "dist", "site", "__pycache__", ".hypothesis"}
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/datapackage.json"))

# The character classes keep these patterns from finding themselves.
HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted|npm[j]s\.(org|com)|deb\.[d]ebian|anacond[a]\.org", re.IGNORECASE
)
LOOSE_ENDS = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|tmp|home|root|opt)/[a-z]")


def ignored(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in IGNORED or part.endswith("_cache") for part in parts)


def texts() -> list[Path]:
    """Every text file that git knows (or, in a copy without git, that lies here)."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        files = [ROOT / name for name in listed.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not ignored(path)]
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def found(pattern: re.Pattern[str], *, skip: set[str] = frozenset()) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in texts()
        if path.suffix not in skip
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_host_of_a_registry_is_named() -> None:
    assert found(HOSTS) == []


def test_no_loose_ends() -> None:
    assert found(LOOSE_ENDS, skip={".csv", ".lock", ".json"}) == []


def test_no_paths_of_one_machine() -> None:
    assert found(MACHINE_PATHS) == []


def test_the_lock_file_is_pinned_and_names_no_address() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and line[0] not in "# "]
    assert entries
    assert all(re.match(r"[a-z0-9-]+==[\w.+!]+", line) for line in entries)
    assert not any("://" in line or line.startswith("-") for line in lines)
    pinned = {line.split("==")[0] for line in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[<>=!~ ]", want)[0].lower() for want in wanted} <= pinned


def test_licence_files_are_there() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_the_version_is_told_once_everywhere() -> None:
    version = wholenation.__version__
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_architecture_stays_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize("chain", EXAMPLES, ids=lambda path: path.name)
def test_every_example_row_has_a_source(chain: Path) -> None:
    for path in sorted(chain.glob("*.csv")):
        if "source" not in dictionary()[path.stem]:
            continue
        with path.open(encoding="utf-8", newline="") as file:
            without = [
                number for number, row in enumerate(csv.DictReader(file), 2) if not row["source"].strip()
            ]
        assert without == [], f"{path.name}: rows {without[:10]}"


@pytest.mark.parametrize("chain", EXAMPLES, ids=lambda path: path.name)
def test_every_example_tells_its_licence_and_corrections(chain: Path) -> None:
    package = json.loads((chain / "datapackage.json").read_text(encoding="utf-8"))
    assert package["licenses"]
    assert package["sources"]
    assert (chain / "NOTES.md").read_text(encoding="utf-8").strip()


def test_there_are_examples() -> None:
    assert {path.name for path in EXAMPLES} >= {"semiconductors", "semiconductors-2021", "critical-minerals"}
