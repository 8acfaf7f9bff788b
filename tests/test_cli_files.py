"""Where answers go: what cannot be written is told before the work, and no answer is lost after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wholenation.cli import main
from wholenation.errors import OutputError
from wholenation.files import check_writable

ASKED = ("--home", "AAA", "--samples", "3")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def unsolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the chain, which comes before all work, is a failure of the test."""

    def worked(_: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr("wholenation.chain.read_chain", worked)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.usefixtures("unsolved")
@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("file/x.csv", "file is a file, not a folder"),
        ("file/new/x.csv", "file is a file, not a folder"),
        ("folder.csv", "is a folder, not a file"),
        ("n" * 250 + ".csv", "File name too long"),
        ("toy/items.csv", "items.csv is a file of the chain itself; name another file"),
        ("toy/../toy/datapackage.json", "is a file of the chain itself"),
        ("toy/pools.parquet", "is a file of the chain itself"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_work(toy: Path, to: str, sentence: str) -> None:
    place = toy.parent
    (place / "file").touch()
    (place / "folder.csv").mkdir()
    before = names(place)
    result = run("plan", toy, *ASKED, "--to", place / to)
    assert result.exit_code == 1
    assert sentence in result.stderr and result.stderr.count("\n") == 1
    assert names(place) == before


def test_a_place_that_takes_a_file_is_left_as_it_is(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep" / "x.csv")
    check_writable(tmp_path / "x.csv")
    assert names(tmp_path) == set()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here that takes no file from anybody")
def test_a_folder_that_takes_no_file() -> None:
    with pytest.raises(OutputError, match=r"x\.csv cannot be written: "):
        check_writable("/proc/self/x.csv")


@pytest.mark.parametrize("verb", ["plan", "measure", "check"])
def test_an_answer_that_cannot_be_written_is_shown(
    toy: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, _: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    asked = {"plan": ASKED, "measure": ASKED[:2], "check": ()}[verb]
    result = run(verb, toy, *asked, "--to", toy.parent / "x.csv")
    shown = {"plan": "What to fund", "measure": "Silicon wafers", "check": "0 faults"}[verb]
    assert shown in result.stdout
    assert result.exit_code == 1
    assert result.stderr.endswith("x.csv cannot be written: No space left on device\n")


@pytest.mark.usefixtures("unsolved")
def test_a_checkpoint_is_no_file_of_the_chain_and_not_the_answer(toy: Path) -> None:
    result = run("plan", toy, *ASKED, "--checkpoint", toy / "common_routes.csv")
    assert "common_routes.csv is a file of the chain itself" in result.stderr
    same = ("--to", toy.parent / "a.json", "--checkpoint", toy / ".." / "a.json")
    assert "is named for the answer and for the checkpoint" in run("plan", toy, *ASKED, *same).stderr
    assert not (toy.parent / "a.json").exists() and not (toy / "common_routes.csv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "TOY", *ASKED, "--to", ""), ("plan", "TOY", *ASKED, "--checkpoint", ""), ("solve", ""), ("check", ""),
        ("formulate", "TOY", *ASKED, "--to", ""), ("report", "TOY", "--home", "AAA", "--to", ""),
    ],
)  # fmt: skip
def test_an_empty_path_is_refused(toy: Path, words: tuple[str, ...]) -> None:
    result = run(*(toy if word == "TOY" else word for word in words))
    assert result.exit_code == 2
    assert "the path is empty" in result.stderr


@pytest.mark.usefixtures("unsolved")
@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("x.mps.gz", "has the suffix .gz; taken are a file .mps or .lp, or a folder without suffix for SMPS"),
        ("file", "is a file, where a folder for SMPS, or a file .mps or .lp, is expected"),
        ("file/x.mps", "file is a file, not a folder"),
        ("file/smps", "file is a file, not a folder"),
    ],
)
def test_a_formulation_has_a_form_that_is_known(toy: Path, to: str, sentence: str) -> None:
    (toy.parent / "file").touch()
    result = run("formulate", toy, *ASKED, "--to", toy.parent / to)
    assert result.exit_code == 1
    assert sentence in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closes a stream as a POSIX shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_loses_the_answer_quietly(toy: Path, closed: str) -> None:
    command = (
        f'"{sys.executable}" -m wholenation measure "{toy}" --home AAA --to "{toy.parent}/x.csv" {closed}'
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "bug" not in done.stderr
    assert (toy.parent / "x.csv").read_text().startswith("rank,")
