"""Tables at every width: what identifies a row stays, a number is whole or its column is left out and named."""

from __future__ import annotations

import polars as pl
import pytest

from wholenation.answers import FIRMNESS, PORTFOLIO
from wholenation.output import Shown, show

WIDTHS = [30, 40, 50, 60, 80]
NAME = "Extreme ultraviolet lithography scanners"


def printed(
    width: int,
    frame: pl.DataFrame,
    columns: tuple[Shown, ...],
    capsys: pytest.CaptureFixture[str],
    patch: pytest.MonkeyPatch,
) -> str:
    patch.setenv("COLUMNS", str(width))
    show(frame, columns, "Title", "Legend.")
    return capsys.readouterr().out


@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_are_whole_or_left_out_and_named(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = {f"n{i}": 1_000_000 + i for i in range(5)}
    frame = pl.DataFrame({"key": [NAME], **{name: [value] for name, value in numbers.items()}})
    columns = (
        Shown("key", "key"),
        *(Shown(name, f"{name}\n(USD m)", spare=i) for i, name in enumerate(numbers)),
    )
    shown = printed(width, frame, columns, capsys, monkeypatch)
    table, _, note = shown.partition("Legend.")
    for name, value in numbers.items():
        assert (str(value) in table) != (f"{name} (USD m)" in " ".join(note.split())), name
    assert str(numbers["n0"]) in table  # spare=0 stays
    assert "key" in table and "…" not in shown
    assert table.count("\n") < 12


@pytest.mark.parametrize("width", WIDTHS)
def test_what_identifies_a_project_stays(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"name": "Resists", "kind": "develop", "route": "plasma", "reason": "It saves most."}
    frame = pl.DataFrame({c.column: [texts.get(c.column, 123.0)] for c in PORTFOLIO})
    table, _, note = printed(width, frame, PORTFOLIO, capsys, monkeypatch).partition("Legend.")
    assert "Resists" in table and "plasma" in table
    left = {header for header in ("kind", "start", "teams", "gate", "reason") if header not in table}
    assert all(header in note for header in left)
    assert max(map(len, table.splitlines())) <= width  # what must stay fits even here


@pytest.mark.parametrize("width", WIDTHS)
def test_how_firm_a_project_is_reads_at_every_width(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame(
        {"project": ["dry_own"], "in_plan": [True], "share": [0.8], "musd": [200.0], "start": [2026.0]}
    )
    table, _, note = printed(width, frame, FIRMNESS, capsys, monkeypatch).partition("Legend.")
    assert "dry_own" in table and "80\N{NO-BREAK SPACE}%" in table
    assert (" 200" in table) != ("then with (USD m)" in " ".join(note.split()))


def test_the_first_column_stays_whatever_its_rank(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (Shown("a", "first", spare=9), Shown("b", "second", spare=1))
    shown = printed(10, pl.DataFrame({"a": ["alpha"], "b": ["beta"]}), columns, capsys, monkeypatch)
    assert "alpha" in shown and "beta" not in shown


def test_lines_are_longer_than_the_terminal_rather_than_cropped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame({"key": [NAME], "a": [1_234_567], "b": [7_654_321], "c": [1_111_111]})
    shown = printed(20, frame, tuple(Shown(name, name) for name in frame.columns), capsys, monkeypatch)
    for value in ("1234567", "7654321", "1111111"):
        assert value in shown
    assert "Extreme" in shown
    assert "…" not in shown
