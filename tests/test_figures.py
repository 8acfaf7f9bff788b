"""Every figure keeps the same contract, and draws what its numbers say."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from chains import TABLES, write_toy
from results import made_up_cascade, made_up_exposure, made_up_frontier, made_up_outcomes, made_up_plan

from wholenation import figures
from wholenation.chain import Chain, read_chain
from wholenation.errors import OutputError, QuestionError
from wholenation.figures import palette
from wholenation.figures.svg import Figure, clip, num, ticks, width_of, wrap
from wholenation.figures.worldmap import dependence, world

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("&")</script>\x00 "'
EXPOSURE = made_up_exposure(
    [("etcher_dry", "Dry etcher", 4.0), ("resist", "Resists", 2.0), ("wafer", "Wafers", None)]
)
OUTCOMES = made_up_outcomes({"embargo": [0.2, 0.4, 1.0], "quiet": [1.0, 1.0, 1.0]})
PLAN = made_up_plan()
CASCADE, HIT = made_up_cascade(["Alpha Works", "Beta", "Gamma & Sons", "Delta"])


def on_the_map(folder: Path, **more: str) -> Chain:
    """The toy chain with jurisdictions that have a place on the map, and a bloc."""
    write_toy(folder)
    names = {"AAA": "CHN", "BBB": "TWN", "CCC": "NLD", "UNI": "EUU"} | more
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8", newline="")
    return read_chain(folder)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return on_the_map(tmp_path_factory.mktemp("map") / "toy")


Draw = Callable[[Chain, float], Figure]
FIGURES: dict[str, Draw] = {
    "shortlist": lambda chain, w: figures.shortlist(EXPOSURE, 10, width=w),  # type: ignore[arg-type]
    "tiers": lambda chain, w: figures.tiers(chain, "CHN", exposure=EXPOSURE, width=w),  # type: ignore[arg-type]
    "tiers_exposure": lambda chain, w: figures.tiers(
        chain,
        "CHN",
        colour="exposure",
        exposure=EXPOSURE,
        width=w,  # type: ignore[arg-type]
    ),
    "tiers_availability": lambda chain, w: figures.tiers(
        chain,
        "CHN",
        colour="availability",
        outcomes=OUTCOMES,
        width=w,  # type: ignore[arg-type]
    ),
    "worldmap": lambda chain, w: figures.worldmap(chain, "CHN", EXPOSURE, width=w),  # type: ignore[arg-type]
    "outputs": lambda chain, w: figures.outputs(OUTCOMES, width=w),  # type: ignore[arg-type]
    "gantt": lambda chain, w: figures.gantt(PLAN, width=w),  # type: ignore[arg-type]
    "spending": lambda chain, w: figures.spending(PLAN, width=w),  # type: ignore[arg-type]
    "frontier": lambda chain, w: figures.frontier(made_up_frontier(), chosen=2000.0, width=w),
    "loss": lambda chain, w: figures.loss(PLAN, width=w),  # type: ignore[arg-type]
    "prices": lambda chain, w: figures.prices(PLAN, width=w),  # type: ignore[arg-type]
    "risk": lambda chain, w: figures.risk(CASCADE, width=w),
    "risk_of_one": lambda chain, w: figures.risk(made_up_cascade(["Alone"], sure=False)[0], width=w),
    "hit": lambda chain, w: figures.hit(CASCADE, HIT, names={"fabs": "Makers of chips"}, width=w),
}
EMPTY: dict[str, Callable[[], Figure]] = {
    "shortlist": lambda: figures.shortlist(made_up_exposure([])),  # type: ignore[arg-type]
    "outputs": lambda: figures.outputs(made_up_outcomes({})),  # type: ignore[arg-type]
    "gantt": lambda: figures.gantt(made_up_plan(empty=True)),  # type: ignore[arg-type]
    "spending": lambda: figures.spending(made_up_plan(empty=True)),  # type: ignore[arg-type]
    "frontier": lambda: figures.frontier(made_up_frontier().head(1)),
    "loss": lambda: figures.loss(made_up_plan(empty=True)),  # type: ignore[arg-type]
    "prices": lambda: figures.prices(made_up_plan(empty=True)),  # type: ignore[arg-type]
    "risk": lambda: figures.risk(made_up_cascade([])[0]),
    "hit": lambda: figures.hit(*made_up_cascade([])),
}


def parsed(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(figure.svg)


def marks(figure: Figure, name: str) -> list[ElementTree.Element]:
    return [e for e in parsed(figure).iter() if e.get("class") == name]


def lines(figure: Figure) -> str:
    return " ".join(parsed(figure).itertext())


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_keeps_the_contract(name: str, width: float, chain: Chain) -> None:
    figure = FIGURES[name](chain, width)
    root = parsed(figure)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == figure.title
    assert description.text == figure.alt
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == description.get("id")
    assert figure.alt.endswith(".")
    assert re.search(r"\d", figure.alt), "the text alternative tells numbers"
    assert float(root.get("width", "0")) == width
    assert not re.search(r"\b(nan|NaN|inf|None)\b", figure.svg)
    assert re.findall(r"https?://[^\"]*", figure.svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|<image|<script|<use|href=", figure.svg)
    sizes = [float(e.get("font-size", "12")) for e in root.iter(f"{SVG}text")]
    assert sizes and min(sizes) >= 11, "text is at least 11 pixels"
    assert figure._repr_html_() == figure.svg


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_input_gives_the_same_bytes(name: str, chain: Chain) -> None:
    assert FIGURES[name](chain, 800).svg == FIGURES[name](chain, 800).svg


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
@pytest.mark.parametrize("name", FIGURES)
def test_everything_drawn_lies_inside_the_figure(name: str, width: float, chain: Chain) -> None:
    root = parsed(FIGURES[name](chain, width))
    height = float(root.get("height", "0"))
    for e in root.iter(f"{SVG}rect"):
        x, y = float(e.get("x", "0")), float(e.get("y", "0"))
        assert -1 <= x <= x + float(e.get("width", "0")) <= width + 1
        assert -1 <= y <= y + float(e.get("height", "0")) <= height + 1
    for e in root.iter(f"{SVG}text"):
        assert -1 <= float(e.get("x", "0")) <= width + 1
        assert 0 <= float(e.get("y", "0")) <= height


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_draw_is_said(name: str) -> None:
    figure = EMPTY[name]()
    assert parsed(figure).get("role") == "img"
    assert len(figure.alt) > 20
    assert figure.alt.split()[0] in lines(figure)


def test_bars_of_the_shortlist_are_proportional() -> None:
    bars = marks(figures.shortlist(EXPOSURE, 10), "bar")  # type: ignore[arg-type]
    assert [bar.get("data-item") for bar in bars] == ["etcher_dry", "resist"]
    values = [float(bar.get("data-value", "")) for bar in bars]
    widths = [float(bar.get("width", "")) for bar in bars]
    assert values == [4.0, 2.0]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.02)
    assert "not computable" in lines(figures.shortlist(EXPOSURE, 10))  # type: ignore[arg-type]


def test_robustness_is_drawn_only_where_draws_were_made() -> None:
    rows = [("a", "A", 1.0)]
    assert marks(figures.shortlist(made_up_exposure(rows, 0.9)), "robustness")  # type: ignore[arg-type]
    assert not marks(figures.shortlist(made_up_exposure(rows, None)), "robustness")  # type: ignore[arg-type]


def test_spending_stacks_to_the_year_s_sum() -> None:
    parts = marks(figures.spending(PLAN), "part")  # type: ignore[arg-type]
    first = [p for p in parts if p.get("data-year") == "2026"]
    heights = {p.get("data-contributor"): float(p.get("height", "")) for p in first}
    assert heights["Treasury"] == pytest.approx(4 * heights["Region"], abs=0.05)
    tops = sorted(float(p.get("y", "")) for p in first)
    assert tops[0] + heights["Region"] == pytest.approx(tops[1], abs=0.05)


def test_bars_of_the_gantt_are_proportional_to_time() -> None:
    figure = figures.gantt(PLAN)  # type: ignore[arg-type]
    bars = marks(figure, "research")
    spans = [
        (float(b.get("data-end", "")) - float(b.get("data-start", "")), float(b.get("width", "")))
        for b in bars
    ]
    scale = {round(width / span, 1) for span, width in spans}
    assert len(bars) == 2, "a stockpile has no research"
    assert len(scale) == 1
    assert len(marks(figure, "gate")) == 3, "two gates and the one of the key"
    assert len(marks(figure, "ready")) == 3


def test_the_frontier_marks_every_budget_and_step() -> None:
    figure = figures.frontier(made_up_frontier())
    assert [float(e.get("data-value", "")) for e in marks(figure, "expected_loss")] == [4.0, 3.0, 2.5]
    steps = marks(figure, "marginal")
    assert [float(e.get("data-value", "")) for e in steps] == [1.0, 0.25]
    heights = [float(e.get("height", "")) for e in steps]
    assert heights[0] == pytest.approx(4 * heights[1], abs=0.05)


def test_loss_points_stand_where_their_values_are() -> None:
    figure = figures.loss(PLAN)  # type: ignore[arg-type]
    points = [e for state in ("before", "after") for e in marks(figure, state)]
    places = sorted((float(e.get("data-value", "")), float(e.get("cx", ""))) for e in points)
    slopes = [
        (x2 - x1) / (v2 - v1) for (v1, x1), (v2, x2) in zip(places, places[1:], strict=False) if v2 > v1
    ]
    assert max(slopes) == pytest.approx(min(slopes), rel=0.02)


def test_outputs_draws_the_lossy_scenarios_and_names_the_others() -> None:
    figure = figures.outputs(OUTCOMES)  # type: ignore[arg-type]
    drawn = marks(figure, "output")
    assert {e.get("data-plan") for e in drawn} == {"true", "false"}
    assert len(drawn) == 2
    assert "No output is lost under: Scenario quiet." in " ".join(lines(figure).split())
    assert "1.4\u00a0years lost, 0.7 with the plan" in figure.alt


def test_prices_shade_what_is_scarce_only() -> None:
    cells = marks(figures.prices(PLAN), "price")  # type: ignore[arg-type]
    assert sorted(float(c.get("data-value", "")) for c in cells) == [0.0002, 0.08]


def test_risks_stand_where_their_logarithms_are() -> None:
    figure = figures.risk(CASCADE)
    dots = marks(figure, "risk")
    assert [float(dot.get("data-value", "")) for dot in dots] == CASCADE["risk"].to_list()
    heights = [float(dot.get("cy", "")) for dot in dots]
    steps = [b - a for a, b in zip(heights, heights[1:], strict=False)]
    assert max(steps) == pytest.approx(min(steps), abs=0.02)
    assert len(marks(figure, "bracket")) == 1
    own = {float(bar.get("data-value", "")): float(bar.get("y", "")) for bar in marks(figure, "own")}
    assert len(own) >= 3
    assert not marks(figures.risk(made_up_cascade(["A", "B"], sure=False)[0]), "bracket")


def test_very_many_firms_are_thinned() -> None:
    many = pl.concat([CASCADE.head(1).with_columns(rank=pl.lit(k)) for k in range(1, 3000)])
    assert len(marks(figures.risk(many), "risk")) <= 240
    assert "of 2,999 shocks" in figures.risk(many).alt


def test_the_parts_of_who_is_hit_make_the_risk() -> None:
    figure = figures.hit(CASCADE, HIT)
    parts = [p for p in marks(figure, "part") if p.get("data-firm") == "f0"]
    assert {p.get("data-sector"): float(p.get("data-value", "")) for p in parts} == pytest.approx(
        {"fabs": 0.75, "tools": 0.2, "other sectors": 0.05}
    )
    widths = [
        sum(float(p.get("width", "")) for p in marks(figure, "part") if p.get("data-firm") == f"f{k}")
        for k in (0, 1)
    ]
    assert widths[0] == pytest.approx(10 * widths[1], abs=0.1)


def test_tiers_show_every_item_and_its_needs(chain: Chain) -> None:
    figure = figures.tiers(chain, "CHN")
    shown = {e.get("data-item"): e for e in marks(figure, "chip")}
    assert set(shown) == set(chain.items["item"])
    # CHN makes 0.05 / 0.25 of the dry etchers that it needs.
    assert float(shown["etcher_dry"].get("data-value", "")) == pytest.approx(0.8)
    assert len(marks(figure, "need")) == chain.needs.height
    assert "or Wet etcher" in lines(figure)


def test_tiers_mark_what_very_many_need(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy")
    items, needs = TABLES["items"], TABLES["needs"]
    for k in range(9):
        items += f"tool{k},Tool {k},tool,equipment,100,10,,,0.1,3,measured,toy\n"
        needs += f"etch,tool{k},,1,measured,toy\ntool{k},resist,,1,measured,toy\n"
    supply = TABLES["supply"] + "".join(f"tool{k},BBB,1,,,headquarters,measured,toy,2024\n" for k in range(9))
    for name, text in (("items", items), ("needs", needs), ("supply", supply)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    figure = figures.tiers(read_chain(folder), "AAA")
    shown = [e.get("data-item") for e in marks(figure, "chip")]
    assert shown.count("resist") == 1
    assert shown.count("tool3") == 1
    assert "Tool 3 †" in lines(figure)
    assert "† Resists" in lines(figure)


def test_a_product_of_common_inputs_alone_is_a_product(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy")
    items, needs = TABLES["items"], TABLES["needs"]
    for k in range(9):
        items += f"use{k},Use {k},product,product,,,,,,,measured,toy\n"
        needs += f"use{k},wafer,,1,measured,toy\n"
    for name, text in (("items", items), ("needs", needs)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    figure = figures.tiers(read_chain(folder), "AAA")
    assert "Not joined" not in lines(figure)
    assert "Use 4 †" in lines(figure)
    height = {"".join(e.itertext()): float(e.get("y", "")) for e in parsed(figure).iter(f"{SVG}text")}
    tier = height["Tier 1"]
    assert next(y for words, y in height.items() if words.endswith("Use 4 †")) < tier


def test_tiers_say_what_a_colour_takes(chain: Chain) -> None:
    with pytest.raises(QuestionError, match="exposure=measure"):
        figures.tiers(chain, "CHN", colour="exposure")


def test_dependence_adds_up_and_weighs_by_exposure(chain: Chain) -> None:
    equal = dependence(chain, "CHN")
    assert sum(equal.values()) == pytest.approx(1)
    # Dry etchers come from TWN alone, and only they are exposed here.
    only = made_up_exposure([("etcher_dry", "Dry etcher", 4.0)])
    assert dependence(chain, "CHN", only) == pytest.approx({"TWN": 1.0})  # type: ignore[arg-type]


def test_the_map_has_the_small_states() -> None:
    for code in ("SGP", "TWN", "NLD", "ISR", "LUX", "MLT", "HKG", "KOR", "JPN", "USA", "CHN"):
        assert world()["shapes"][code], code
        assert len(world()["points"][code]) == 2
    assert len(world()["points"]) >= 230
    assert len((files("wholenation.figures") / "world.json").read_bytes()) <= 250_000
    assert (files("wholenation.figures") / "WORLD_LICENSE.txt").is_file()


def test_the_map_colours_and_circles_by_share(chain: Chain) -> None:
    figure = figures.worldmap(chain, "CHN", EXPOSURE)  # type: ignore[arg-type]
    shares = dependence(chain, "CHN", EXPOSURE)  # type: ignore[arg-type]
    shapes = {e.get("data-code"): e for e in marks(figure, "land")}
    assert {"CHN", "TWN", "NLD"} <= set(shapes)
    assert float(shapes["TWN"].get("data-value", "")) == pytest.approx(shares["TWN"])
    assert {"TWN", "NLD"} <= {e.get("data-code") for e in marks(figure, "small-state")}
    bars = {e.get("data-code"): float(e.get("width", "")) for e in marks(figure, "bar")}
    assert bars["TWN"] / bars["NLD"] == pytest.approx(shares["TWN"] / shares["NLD"], rel=0.01)


def test_a_bloc_colours_its_members(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    write_toy(folder)
    text = (folder / "supply.csv").read_text(encoding="utf-8").replace("CCC", "UNI")
    (folder / "supply.csv").write_text(text, encoding="utf-8")
    for path in folder.glob("*.csv"):
        told = path.read_text(encoding="utf-8")
        for old, new in {"AAA": "CHN", "BBB": "NLD", "CCC": "DEU", "UNI": "EUU"}.items():
            told = told.replace(old, new)
        path.write_text(told, encoding="utf-8", newline="")
    figure = figures.worldmap(read_chain(folder), "CHN")
    shares = dependence(read_chain(folder), "CHN")
    shapes = {e.get("data-code"): e for e in marks(figure, "land")}
    assert float(shapes["DEU"].get("data-value", "")) == pytest.approx(shares["EUU"])
    assert float(shapes["NLD"].get("data-value", "")) == pytest.approx(shares["NLD"])


def test_a_home_that_imports_nothing_is_said(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy")
    supply = re.sub(r",(BBB|CCC|VAR),", ",AAA,", TABLES["supply"])
    rows = list({line.split(",")[0]: line for line in supply.splitlines()}.values())
    (folder / "supply.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    figure = figures.worldmap(read_chain(folder), "AAA")
    assert "no exposed deliveries" in figure.alt


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    exposure = made_up_exposure([("x", HOSTILE, 1.0)])
    for figure in (
        figures.shortlist(exposure),  # type: ignore[arg-type]
        figures.shortlist(exposure, width=figures.NARROW),  # type: ignore[arg-type]
        figures.gantt(made_up_plan(HOSTILE)),  # type: ignore[arg-type]
    ):
        assert "<script" not in figure.svg
        assert parsed(figure) is not None
        figure.save(tmp_path / "x.svg")


def test_save_writes_svg_alone(tmp_path: Path) -> None:
    figure = figures.frontier(made_up_frontier())
    assert figure.save(tmp_path / "a.svg").read_text(encoding="utf-8") == figure.svg
    with pytest.raises(OutputError, match=r"\.svg"):
        figure.save(tmp_path / "a.png")


def test_a_long_figure_is_cut_for_paper_at_its_breaks(chain: Chain) -> None:
    figure = figures.tiers(chain, "CHN")
    assert len(figure.pages(1e9)) == 1
    parts = figure.pages(150)
    heights = [float(ElementTree.fromstring(part).get("height", "")) for part in parts]
    assert len(parts) > 1
    assert sum(heights) == pytest.approx(float(parsed(figure).get("height", "")), abs=0.1)
    names = [e.get("id") for part in parts for e in ElementTree.fromstring(part).iter() if e.get("id")]
    assert len(names) == len(set(names))


def test_amounts_darken_steadily() -> None:
    def light(colour: str) -> float:
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * r + 0.587 * g + 0.114 * b

    steps = [light(palette.amount(k / 20)) for k in range(21)]
    assert all(a > b for a, b in zip(steps, steps[1:], strict=False)), "grey paper keeps the order"
    assert palette.ink_on(palette.amount(0)) == palette.INK
    assert palette.ink_on(palette.amount(1)) == palette.PAPER


def test_categories_share_grey_when_there_are_too_many() -> None:
    colours = palette.categories([str(k) for k in range(10)])
    assert len(set(list(colours.values())[:7])) == 7
    assert colours["8"] == colours["9"] == palette.GREY


def test_primitives_refuse_what_is_not_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        num(float("nan"))
    assert ticks(3, 3) == [3]
    assert width_of(clip("a very long name of an item", 60), 12) <= 60
    assert "".join(wrap("one two three", 40)).replace(" ", "") == "onetwothree"


def test_outputs_without_a_plan_say_output() -> None:
    figure = figures.outputs(made_up_outcomes({"embargo": [0.5, 0.5]}, planned=False))  # type: ignore[arg-type]
    assert "with the plan" not in lines(figure)
    assert {e.get("data-plan") for e in marks(figure, "output")} == {"false"}


def test_frontier_ignores_budgets_that_were_not_solved() -> None:
    broken = made_up_frontier().with_columns(
        expected_loss=pl.Series([4.0, float("nan"), 2.5]), cvar=pl.Series([7.5, None, 5.5], dtype=pl.Float64)
    )
    assert len(marks(figures.frontier(broken), "expected_loss")) == 2
