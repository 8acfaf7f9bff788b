"""The page is whole, true to its numbers, and safe."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from chains import TABLES, write_toy
from results import made_up_exposure, made_up_frontier, made_up_outcomes, made_up_plan

from wholenation import formats
from wholenation.chain import Chain, read_chain
from wholenation.firms.cascade import cascade
from wholenation.firms.from_chain import firms_of
from wholenation.firms.shocks import by_group
from wholenation.plans.frontier import CONTRIBUTORS, Frontier
from wholenation.report import report
from wholenation.report.firms import cascades

DAY = date(2026, 11, 23)
VOID = {"meta", "link", "br", "img", "input", "hr"}
HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags in balance, ids once, and what the page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a" and (given.get("href") or "").startswith("#"):
            self.targets.append(str(given["href"])[1:])
        self.loaded += [str(v) for k, v in attrs if k == "src" or (k == "href" and tag != "a")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def made_up(**more: Any) -> dict[str, Any]:
    rows = [("etcher_dry", "Dry etcher", 4.0), ("resist", "Resists", 2.0)]
    return {
        "exposure": made_up_exposure(rows),
        "outcomes": made_up_outcomes({"embargo": [0.2, 0.4, 1.0]}),
        "plan": made_up_plan(),
        "frontier": Frontier("CHN", made_up_frontier(), pl.DataFrame(schema=CONTRIBUTORS)),
        "day": DAY,
    } | more


def test_the_whole_page_from_the_tables(toy_chain: Chain) -> None:
    told: list[str] = []
    text = report(
        toy_chain, "AAA", ("BBB", "CCC"), draws=2, samples=4, day=DAY,
        progress=lambda done, total, words: told.append(words),
    )  # fmt: skip
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    assert page.loaded == ["data:,"], "nothing is loaded"
    assert not re.search(r"\b(nan|NaN|Undefined)\b", page.text)
    assert "Aland: where its supply can be stopped" in page.text
    assert "23 November 2026" in page.text
    assert toy_chain.data_hash in text
    assert "--home AAA --controllers BBB,CCC --draws 2 --samples 4 --seed 0" in page.text
    for name in TABLES["items"].splitlines()[3:]:
        assert name.split(",")[1] in page.text
    assert told


def test_the_same_question_gives_the_same_page(toy_chain: Chain) -> None:
    pages = [report(toy_chain, "AAA", ("BBB",), draws=2, samples=3, seed=4, day=DAY) for _ in range(2)]
    assert pages[0] == pages[1]
    run = re.findall(r"run ([0-9a-f]{12})", report(toy_chain, "AAA", seed=5, **made_up()))
    assert run
    assert run[0] not in pages[0]


def test_results_that_are_given_are_shown(toy_chain: Chain) -> None:
    page = Page(report(toy_chain, "AAA", ("BBB",), **made_up()))
    assert "2.20 with it" in page.text
    assert "95 % confidence: 2.00 to 2.40" in page.text
    assert "USD 1.2 bn for research and USD 2.6 bn for capacity" in page.text.replace("\u00a0", " ")
    assert "1 projects on the menu that are not funded" in page.text


def test_every_assumption_and_source_is_listed(toy_chain: Chain) -> None:
    page = Page(report(toy_chain, "AAA", ("BBB",), **made_up()))
    for words in ("etcher_wet · AAA, Wet etcher", "0.25", "(0.2 – 0.3)", "estimated", "scenarios: 4 rows"):
        assert words in page.text
    rows = sum(text.count("\n") - 1 for text in TABLES.values()) - TABLES["jurisdictions"].count("\n") + 1
    assert re.search(rf"1 toy {rows} ", page.text), "one source, with all its rows"


def test_the_firms_and_the_controls_on_them(toy_chain: Chain) -> None:
    page = Page(report(toy_chain, "AAA", ("BBB",), **made_up()))
    assert "Which organizations Aland leans on" in page.text
    found = cascades(toy_chain, "AAA")
    assert found is not None
    row, control = found.table.row(0, named=True), found.linked.controls.row(0, named=True)
    assert row["name"] == "Etch Corp"
    assert row["world"] == pytest.approx(
        cascade(firms_of(toy_chain), by_group(firms_of(toy_chain), "organization")).firms["risk"][0]
    )
    for number in (row["risk"], row["world"], control["risk"], control["risk_if_stopped"]):
        assert formats.part(number).replace("\u00a0", " ") in page.text.replace("\u00a0", " ")
    assert f"{control['loss']:.2f}" in page.text
    assert "Etch Corp by Beland in “Etch Corp stops”; 1 item, 1 firm" in page.text
    assert "has no market; taken to be what goes into it" in page.text


def test_no_organizations_no_section(toy_chain: Chain) -> None:
    bare = replace(
        toy_chain,
        organizations=toy_chain.organizations.clear(),
        organization_supply=toy_chain.organization_supply.clear(),
        controls=toy_chain.controls.filter(pl.col("kind") != "entity"),
    )
    page = Page(report(bare, "AAA", ("BBB",), **made_up()))
    assert "leans on" not in page.text
    assert set(page.targets) <= set(page.ids)


def test_no_projects_no_plan(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy")
    for table in ("projects", "routes", "staffing", "pools"):
        (folder / f"{table}.csv").unlink()
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    gone = ("projects", "routes", "staffing", "pools")
    package["resources"] = [r for r in package["resources"] if r["name"] not in gone]
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    page = Page(report(read_chain(folder), "AAA", ("BBB",), draws=0, day=DAY))
    assert "no menu of projects" in page.text
    assert "No frontier was computed" in page.text


def test_a_plan_that_funds_nothing_or_conflicts(toy_chain: Chain) -> None:
    empty = Page(report(toy_chain, "AAA", ("BBB",), **made_up(plan=made_up_plan(empty=True))))
    assert "no project would lower the loss" in empty.text
    plan = made_up_plan(empty=True)
    plan.conflicts, plan.objective = ("the budget", "max_loss"), float("nan")
    broken = Page(report(toy_chain, "AAA", ("BBB",), **made_up(plan=plan, frontier=None)))
    assert "No plan keeps all limits. They conflict: the budget; max_loss." in broken.text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy")
    for table in ("items", "jurisdictions", "scenarios", "supply", "organizations"):
        path = folder / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        for name in ("Silicon wafers", "Aland", "Embargo by Beland", "Etch Corp"):
            text = text.replace(name, HOSTILE)
        path.write_text(text.replace(",toy,2024", f",{HOSTILE},2024"), encoding="utf-8")
    text = report(read_chain(folder), "AAA", ("BBB",), draws=0, samples=2)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert Page(text).open == []


@pytest.mark.parametrize("rows", [[], [("wafer", "Wafers", None)], [("wafer", "Wafers", 0.0)]])
def test_nothing_exposed_is_said(toy_chain: Chain, rows: list[tuple[str, str, float | None]]) -> None:
    page = Page(report(toy_chain, "AAA", ("BBB",), **made_up(exposure=made_up_exposure(rows, None))))
    assert "No input was found whose denial" in page.text


def test_machine_paths_stay_out(toy_chain: Chain) -> None:
    text = report(replace(toy_chain, folder="/srv/secret/chains/toy"), "AAA", ("BBB",), **made_up())
    assert "secret" not in text
    assert "wholenation report toy --home AAA" in text
