"""The documentation is true: its code runs, and nothing public is left out.

A `python` block runs after the blocks above it on the same page. In a `console` block the lines that start with
`$ ` run in bash and must succeed; output that is shown must be what they print, `...` standing for any lines.
A block under `<!-- not run: REASON -->` is left alone.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from wholenation.cli import main
from wholenation.dictionary import dictionary
from wholenation.measures import MEASURES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<skip><!-- not run: .+? -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start("code")), found["language"], found["code"])
        for found in BLOCK.finditer(text)
        if not found["skip"]
    ]


CONSOLE = [block for page in PAGES for block in blocks(page) if block.language == "console"]
PYTHON = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]


@pytest.fixture
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # The commands of this environment, whether or not it is activated.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONWARNINGS", "error")


@pytest.mark.parametrize("page", PYTHON, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_runs(page: Path, at_root: None, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python":
            # Blank lines above, so that a traceback names the line of the page.
            exec(compile("\n" * block.line + block.code, str(page), "exec"), names)


@pytest.mark.parametrize("block", CONSOLE, ids=str)
def test_console_runs(block: Block, at_root: None) -> None:
    for command, shown in commands(block.code):
        done = subprocess.run(
            ["bash", "-euc", command], capture_output=True, text=True, timeout=300, env=plain_environment()
        )
        assert done.returncode == 0, f"{block}: {command}\n{done.stdout}{done.stderr}"
        if shown:
            printed = [line.rstrip() for line in done.stdout.splitlines()]
            assert matches(printed, shown), f"{block}: {command} prints\n{done.stdout}"


def commands(code: str) -> list[tuple[str, list[str]]]:
    """Each command of a console block with the output that is shown under it."""
    found: list[tuple[str, list[str]]] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line.rstrip())
    return found


def matches(printed: list[str], shown: list[str]) -> bool:
    """Whether the printed lines are the shown ones; `...` stands for any lines, within a line for any text."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(printed[skipped:], shown[1:]) for skipped in range(len(printed) + 1))
    pattern = re.sub(r"([\[*?])", r"[\1]", shown[0]).replace("...", "*")
    return bool(printed) and fnmatch.fnmatchcase(printed[0], pattern) and matches(printed[1:], shown[1:])


def plain_environment() -> dict[str, str]:
    """The environment of a plain terminal, 120 columns wide, so that shown output is the same everywhere."""
    return {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}


def test_a_page_shows_what_a_command_prints() -> None:
    assert matches(["a", "b", "c"], ["a", "...", "c"])
    assert matches(["took 3 s"], ["took ... s"])
    assert not matches(["a", "b"], ["a"])


def test_every_skipped_block_says_why() -> None:
    for page in PAGES:
        for fence in re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert fence in {"", "python", "console", "text", "csv", "html", "json", "toml"}, (
                f"{page}: {fence}"
            )


def test_every_verb_has_a_page() -> None:
    pages = {page.stem for page in (ROOT / "docs" / "verbs").glob("*.md")}
    assert pages == set(main.commands)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for verb in main.commands:
        assert f"docs/verbs/{verb}.md" in readme


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """What fills in the generated parts of the pages."""
    spec = importlib.util.spec_from_file_location("mkdocs_hooks", ROOT / "tools" / "mkdocs_hooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dictionary_page_covers_every_column(hooks: ModuleType) -> None:
    page = hooks.on_page_markdown((ROOT / "docs" / "tables.md").read_text(encoding="utf-8"))
    for table, columns in dictionary().items():
        part = page.split(f"### {table}\n", 1)[1].split("\n### ", 1)[0]
        for column in columns.values():
            assert f"| `{column.central or column.name}`" in part, f"{table}.{column.name}"


def test_the_page_of_every_verb_lists_its_options(hooks: ModuleType) -> None:
    for verb in main.commands:
        verb_page = (ROOT / "docs" / "verbs" / f"{verb}.md").read_text(encoding="utf-8")
        assert "<!-- options" not in hooks.on_page_markdown(verb_page)
        assert f"<!-- options: {verb}" in verb_page


def test_the_page_of_measure_lists_every_measure(hooks: ModuleType) -> None:
    written = (ROOT / "docs" / "verbs" / "measure.md").read_text(encoding="utf-8")
    shown = hooks.on_page_markdown(written)
    for name in [*MEASURES, "rank_robustness"]:
        assert f"| `{name}` |" in written
        assert name == "rank_robustness" or f"### `{name}`" in shown


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_the_picture_is_described() -> None:
    for page in PAGES:
        for alternative in re.findall(r"!\[(.*?)\]\(", page.read_text(encoding="utf-8")):
            assert len(alternative) > 20, f"{page}: {alternative}"
