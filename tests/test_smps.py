"""SMPS: every section by small texts with results from a sheet of paper, published optima, there and back."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.instances import Published, gbd_by_route, load, published
from benchmarks.instances.families import capacities, facilities, newsvendor
from wholenation.errors import OutputError, QuestionError
from wholenation.lp import Problem, Solver
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.mps import Core, read_core, row_bounds
from wholenation.stochastic.smps import read_smps, write_mps, write_smps
from wholenation.stochastic.two_stage import Recourse, Risk, TwoStage

# A purchase before demand is known (1 each, at most 10), and what is short after (3 each). Demand is 2, or 6 with
# probability 0.2: one more unit saves 0.6 for 1, so 2 are bought for 2 + 0.2 x 3 x 4 = 4.4.
CORE = """\
* a comment
NAME          shop
ROWS
 N  cost
 L  room
 G  need
COLUMNS
    buy       cost      1              room      1
    buy       need      1
    short     cost      3              need      1
RHS
    RHS       room      10             need      2
ENDATA
"""
TIME = """\
TIME          shop
PERIODS
    buy       room      before
    short     need      after
ENDATA
"""
STOCH = """\
STOCH         shop
INDEP         DISCRETE
    RHS       need      2              after     0.8
    RHS       need      6              after     0.2
ENDATA
"""
INSTANCES = {instance.name: instance for instance in published()}


def written(folder: Path, core: str = CORE, time: str = TIME, stoch: str = STOCH) -> Path:
    for suffix, text in ((".cor", core), (".tim", time), (".sto", stoch)):
        (folder / f"shop{suffix}").write_text(text, encoding="utf-8")
    return folder / "shop"


def randomised(*lines: str, head: str = "INDEP         DISCRETE") -> str:
    return "\n".join(["STOCH", head, *("    " + line for line in lines), "ENDATA", ""])


def optimum(stages: TwoStage) -> float:
    return Solver(deterministic_equivalent(stages).problem).solve().objective


def by_highs(path: Path) -> float:
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    return highs.getInfo().objective_function_value


def core(folder: Path, text: str) -> Core:
    path = folder / "any.cor"
    path.write_text(text, encoding="utf-8")
    return read_core(path)


def test_a_small_instance(tmp_path: Path) -> None:
    stages = read_smps(written(tmp_path))
    assert stages.weight.tolist() == [0.8, 0.2]
    assert [low.tolist() for low in stages.low] == [[2], [6]]
    assert all(np.isinf(high).all() for high in stages.high)
    assert len(stages.recourse) == 1 and stages.recourse[0].link.tolist() == [0]
    assert stages.technology[0].toarray().tolist() == [[1]] and stages.technology[0] is stages.technology[1]
    assert stages.first.row_upper.tolist() == [10] and stages.first.integer is None
    assert optimum(stages) == pytest.approx(4.4)


@pytest.mark.parametrize(
    ("kind", "side", "span", "low", "high"),
    [
        ("L", 4, 3, 1, 4), ("L", 4, -3, 1, 4), ("L", 4, None, -np.inf, 4), ("G", 4, 3, 4, 7),
        ("G", 4, None, 4, np.inf), ("E", 4, 3, 4, 7), ("E", 4, -3, 1, 4), ("E", 4, None, 4, 4),
    ],
)  # fmt: skip
def test_rows_and_ranges(kind: str, side: float, span: float | None, low: float, high: float) -> None:
    bounds = row_bounds(np.array([kind]), np.array([side]), np.array([np.nan if span is None else span]))
    assert [float(bound[0]) for bound in bounds] == [low, high]


@pytest.mark.parametrize(
    ("lines", "lower", "upper", "whole"),
    [
        ([], 0, np.inf, False),
        ([" UP B x 4"], 0, 4, False),
        ([" UP x 4"], 0, 4, False),
        ([" UP B x -4"], -np.inf, -4, False),
        ([" LO B x -9", " UP B x -4"], -9, -4, False),
        ([" UP B x 0"], 0, 0, False),
        ([" LO B x 2"], 2, np.inf, False),
        ([" FX B x 2"], 2, 2, False),
        ([" FR B x"], -np.inf, np.inf, False),
        ([" FR x"], -np.inf, np.inf, False),
        ([" MI B x"], -np.inf, np.inf, False),
        ([" MI B x 0", " UP B x 1e30"], -np.inf, np.inf, False),
        ([" PL B x"], 0, np.inf, False),
        ([" BV B x"], 0, 1, True),
        ([" LI B x 1", " UI B x 5D0"], 1, 5, True),
    ],
)
def test_bounds(tmp_path: Path, lines: list[str], lower: float, upper: float, whole: bool) -> None:
    text = "\n".join(["ROWS", " N c", " L r", "COLUMNS", " x c 1 r 1", "BOUNDS", *lines, "ENDATA"])
    found = core(tmp_path, text)
    assert (found.lower[0], found.upper[0], bool(found.whole)) == (lower, upper, whole)


def test_a_core_with_everything_reads_as_highs_reads_it(tmp_path: Path) -> None:
    text = """\
NAME  all of it
OBJSENSE
    MAX
ROWS
 N  gain
 N  other
 L  up
 G  down
 E  same
COLUMNS
 M1 'MARKER' 'INTORG'
 i  gain 3 up 1
 k  gain 1 same 2
 M2 'MARKER' 'INTEND'
 x  gain -1.5e0 up 1
 x  down .5 same -2
 y  other 7 down 1
RHS
 B  gain 5 up 20
 B  down -3 same 1
 B  other 4
RANGES
 R  up 6 same -2
BOUNDS
 LI S i -2
 UI S i 8
 MI S x
 UP S x 3
ENDATA
"""
    found = core(tmp_path, text)
    (tmp_path / "any.mps").write_text(text, encoding="utf-8")
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(tmp_path / "any.mps"))
    lp = highs.getLp()
    low, high = row_bounds(found.sense, found.rhs, found.ranges)
    assert list(found.columns) == list(lp.col_names_) and list(found.rows) == list(lp.row_names_)
    for ours, theirs in (
        (found.cost, lp.col_cost_), (found.lower, lp.col_lower_), (found.upper, lp.col_upper_),
        (low, lp.row_lower_), (high, lp.row_upper_), (found.constant, lp.offset_),
        ([j in found.whole for j in range(4)], [kind == highspy.HighsVarType.kInteger for kind in lp.integrality_]),
    ):  # fmt: skip
        np.testing.assert_array_equal(ours, theirs)
    assert found.maximise


@pytest.mark.parametrize("head", ["OBJSENSE MAX", "OBJSENSE\n    MAXIMIZE", "MAX"])
def test_a_maximum_is_turned_with_its_constant(tmp_path: Path, head: str) -> None:
    # The same shop in negative money, 5 for the effort: minimum 4.4 + 5 = - maximum.
    text = CORE.replace("ROWS", head + "\nROWS", 1).replace("cost      1", "cost      -1")
    text = text.replace("cost      3", "cost      -3").replace(
        "    RHS       room", "    RHS       cost      5\n    RHS       room"
    )
    stages = read_smps(written(tmp_path, text))
    assert stages.first.cost.tolist() == [1, 5]
    assert (stages.first.lower[1], stages.first.upper[1]) == (1, 1)
    assert optimum(stages) == pytest.approx(9.4)


def test_names_with_blanks_in_fixed_columns(tmp_path: Path) -> None:
    text = CORE.replace("buy  ", "to by").replace("need", "n ed")
    stages = read_smps(
        written(
            tmp_path,
            text,
            TIME.replace("buy  ", "to by").replace("need", "n ed"),
            STOCH.replace("need", "n ed"),
        )
    )
    assert optimum(stages) == pytest.approx(4.4)


def test_a_number_is_not_cut_at_the_edge_of_a_fixed_column(tmp_path: Path) -> None:
    text = CORE.replace("short     cost      3 ", "short     cost      3.000000000000001 too ")
    with pytest.raises(QuestionError, match=r"shop\.cor:10 "):
        read_smps(written(tmp_path, text))


def test_an_explicit_time_file_names_all(tmp_path: Path) -> None:
    # The second stage's column comes first, which the implicit form cannot say.
    text = CORE.replace("    short     cost      3              need      1\n", "")
    text = text.replace("COLUMNS\n", "COLUMNS\n    short     cost      3              need      1\n")
    time = """\
TIME          shop
PERIODS       EXPLICIT
    before
    after
ROWS
    cost      before
    need      after
    room      before
COLUMNS
    buy       before
    short     after
ENDATA
"""
    assert optimum(read_smps(written(tmp_path, text, time))) == pytest.approx(4.4)
    with pytest.raises(QuestionError, match=r"shop\.tim:4 short: in no period"):
        read_smps(written(tmp_path, text, time.replace("    short     after\n", "")))


@pytest.mark.parametrize(
    ("lines", "expected", "kinds"),
    [
        # A cost of 3 or 8 for what is short of 2: 0.5 x 3 + 0.5 x 8 > 1, so 2 are bought.
        (["short cost 3 0.5", "short cost 8 0.5"], 2.0, 2),
        (["short cost 0.5 0.5", "short cost 1.1 after 0.5"], 1.6, 2),  # 0.8 x 2: nothing is bought
        (["short need 1 0.5", "short need 3 0.5"], 2.0, 2),  # W: a unit lacked helps thrice
        (["short need 1 0.01", "short need 30 0.99"], 0.258, 2),  # 3 x 2 x (0.01 + 0.99 / 30)
        (["buy need 1 0.5", "buy need 0.5 0.5"], 3.5, 1),  # T: 2 bought, in half of the samples 1 is short
        (["UP BND short 1 0.5", "UP BND short 9 0.5"], 2.0, 2),
        (["UP BND short 0 0.01", "UP BND short 9 0.99"], 2.0, 2),
        (["FX BND short 1 0.5", "FX BND short 2 after 0.5"], 5.5, 2),  # 1 bought, 3 x 1.5 for the fixed
        (["LO BND short 1 0.5", "LO BND short 0 0.5"], 3.5, 2),  # 2 bought, or 1 and 1.5 in the mean
        (["RHS need 2 1"], 2.0, 1),
    ],
)
def test_random_elements(tmp_path: Path, lines: list[str], expected: float, kinds: int) -> None:
    stages = read_smps(written(tmp_path, stoch=randomised(*lines)))
    assert len(stages.recourse) == kinds
    assert optimum(stages) == pytest.approx(expected)


def test_a_random_range(tmp_path: Path) -> None:
    text = CORE.replace("ENDATA", "RANGES\n    RNG       need      1\nENDATA")
    stages = read_smps(written(tmp_path, text, stoch=randomised("RNG need 0 0.5", "RNG need 3 0.5")))
    assert [(low[0], high[0]) for low, high in zip(stages.low, stages.high, strict=True)] == [(2, 2), (2, 5)]


@pytest.mark.parametrize(
    ("head", "values", "lows"),
    [
        ("INDEP DISCRETE REPLACE", (3, 5), [3, 5]),
        ("INDEP DISCRETE ADD", (3, 5), [5, 7]),
        ("INDEP DISCRETE MULTIPLY", (3, 0), [6, 0]),
    ],
)
def test_modes(tmp_path: Path, head: str, values: tuple[float, float], lows: list[float]) -> None:
    stoch = randomised(*(f"RHS need {value} 0.5" for value in values), head=head)
    assert [low[0] for low in read_smps(written(tmp_path, stoch=stoch)).low] == lows


def test_what_a_block_does_not_repeat_stays_as_in_its_first(tmp_path: Path) -> None:
    stoch = """\
STOCH
BLOCKS DISCRETE
 BL b after 0.5
    RHS need 4
    short cost 9
 BL b after 0.5
    RHS need 5
INDEP DISCRETE
    buy need 1 0.25
    buy need 2 0.75
ENDATA
"""
    stages = read_smps(written(tmp_path, stoch=stoch))
    # Distributions in the order of the file's sections by kind: the single ones vary slowest.
    assert stages.weight.tolist() == [0.125, 0.125, 0.375, 0.375]
    assert [low[0] for low in stages.low] == [4, 5, 4, 5]
    assert [float(t[0, 0]) for t in stages.technology] == [1, 1, 2, 2]
    assert [recourse.problem.cost.tolist() for recourse in stages.recourse] == [[9]]


def test_scenarios_take_over_what_their_parent_has(tmp_path: Path) -> None:
    stoch = """\
STOCH
SCENARIOS DISCRETE
 SC one 'ROOT' 0.25 before
    RHS need 4
    short cost 9
 SC two one 0.25 after
    RHS need 5
 SC three ROOT 0.5 after
    buy need 2
ENDATA
"""
    stages = read_smps(written(tmp_path, stoch=stoch))
    assert [low[0] for low in stages.low] == [4, 5, 2]
    assert [stages.recourse[kind].problem.cost[0] for kind in stages.kind] == [9, 9, 3]
    assert [float(t[0, 0]) for t in stages.technology] == [1, 1, 2]


def test_rounded_probabilities_are_divided_by_their_sum(tmp_path: Path) -> None:
    stoch = randomised("RHS need 2 0.333", "RHS need 3 0.333", "RHS need 4 0.333")
    assert read_smps(written(tmp_path, stoch=stoch)).weight.tolist() == pytest.approx([1 / 3] * 3)


def test_a_product_too_large_is_sampled() -> None:
    stages = load("gbd_large")
    assert len(stages) == 1000 and set(stages.weight) == {1 / 1000}
    again, other = load("gbd_large"), load("gbd_large", seed=1)
    assert np.array_equal(stages.low, again.low) and not np.array_equal(stages.low, other.low)
    assert optimum(stages) == pytest.approx(1655.628, rel=5e-3)  # the optimum of all 646,425
    assert len(load("gbd", samples=749)) == 749 and len(load("gbd", samples=750)) == 750


@pytest.mark.parametrize(
    ("kind", "parameters", "mean", "deviation"),
    [
        ("UNIFORM", "2 6", 4, 4 / 12**0.5),
        ("UNIFORM", "2 2", 2, 0),
        ("NORMAL", "5 4", 5, 2),
        ("GAMMA", "2 3", 6, 12**0.5),
        ("BETA", "1 3", 0.25, 0.0375**0.5),
    ],
)
def test_continuous_distributions(
    tmp_path: Path, kind: str, parameters: str, mean: float, deviation: float
) -> None:
    first, second = parameters.split()
    stoch = randomised(f"RHS need {first} after {second}", head=f"INDEP {kind}")
    with pytest.raises(QuestionError, match=rf"shop\.sto:3 {kind}: .*how many samples"):
        read_smps(written(tmp_path, stoch=stoch))
    drawn = np.concatenate(read_smps(written(tmp_path, stoch=stoch), samples=4096).low)
    assert drawn.mean() == pytest.approx(mean, abs=1e-3 + 1e-3 * deviation)
    assert drawn.std() == pytest.approx(deviation, rel=5e-3)


def test_files_are_found(tmp_path: Path) -> None:
    stem = written(tmp_path)
    for core in (stem, stem.with_suffix(".cor"), stem.with_suffix(".sto"), str(tmp_path)):
        assert len(read_smps(core)) == 2
    (tmp_path / "shop.sto").rename(tmp_path / "SHOP.STO")
    (tmp_path / "shop.tim").rename(tmp_path / "other.txt")
    assert len(read_smps(stem, tmp_path / "other.txt")) == 2
    with pytest.raises(QuestionError, match="shop: no time file"):
        read_smps(stem)
    with pytest.raises(QuestionError, match=r"nothing: no core file"):
        read_smps(tmp_path / "nothing")
    with pytest.raises(QuestionError, match=r"gone\.cor: cannot be read"):
        read_smps(tmp_path / "gone.cor", tmp_path / "other.txt", tmp_path / "SHOP.STO")
    (tmp_path / "second.mps").touch()
    with pytest.raises(QuestionError, match=r"one core file .* second\.mps, shop\.cor"):
        read_smps(tmp_path)


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("core", " G  need", " Q  need", "shop.cor:6 Q: not a kind of row: N, L, G or E"),
        ("core", " G  need", " G  room", "shop.cor:6 room: a row twice"),
        ("core", "room      1\n", "romo      1\n", "shop.cor:8 romo: no such row; is room meant?"),
        ("core", "room      1\n", "room      1,5\n", "shop.cor:8 1,5: not a number"),
        ("core", "room      1\n", "room      nan\n", "shop.cor:8 nan: not a number"),
        ("core", "room      1\n", "room      1e30\n", "shop.cor:8 1e30: not a finite number"),
        ("core", "room      1\n", "cost      1\n", "shop.cor:8 cost: twice in column buy"),
        ("core", "need      2\n", "room      2\n", "shop.cor:12 room: twice in RHS"),
        ("core", "10             need", "10\n    R2        need", "shop.cor:13 R2: a second set of RHS; one is"),
        ("core", "ENDATA\n", "", "shop.cor:13: the file ends without ENDATA"),
        ("core", "RHS\n", "SOS1\n", "shop.cor:11 SOS1: not a section that is read"),
        ("core", "ENDATA", "BOUNDS\n SC B short 4\nENDATA", "semi-continuous columns are not read"),
        ("core", "ENDATA", "BOUNDS\n UP B\nENDATA", "UP: a set, a column and a value are expected"),
        ("core", "ENDATA", "BOUNDS\n UP B buy 1\n UP B buy 2\nENDATA", "buy: bound UP twice"),
        ("core", "ENDATA", "BOUNDS\n BV B short\nENDATA", "shop.cor:14 short: an integer column of the second stage"),
        ("core", " N  cost\n", "", "shop.cor:7 cost: no such row"),
        ("time", "need ", "nead ", "shop.tim:4 nead: no such row; is need meant?"),
        ("time", "ENDATA", "    short     need      later\nENDATA", "shop.tim:5 later: 3 stages; two are expected"),
        ("time", "    short     need      after\n", "", "1 stages; two are expected"),
        ("stoch", "after     0.8", "then      0.8", "shop.sto:3 then: no such period; known: before, after"),
        ("stoch", "after     0.8", "after     -0.8", "shop.sto:3 -0.8: not a probability"),
        ("stoch", "after     0.8", "after     0.7", "shop.sto:3 need: probabilities add up to 0.9, not 1"),
        ("stoch", "RHS       need      2", "RSH       need      2", "shop.sto:3 RSH: no such column"),
        ("stoch", "RHS       need      2", "RHS       room      2", "room: a row of the first stage, where nothing"),
        ("stoch", "RHS       need      2", "buy       cost      2", "buy: a column of the first stage, where nothing"),
        ("stoch", "RHS       need      2", "RHS       cost      2", "cost: a random constant"),
        ("stoch", "INDEP         DISCRETE", "INDEP         CAUCHY", "CAUCHY: a distribution that is not read"),
        ("stoch", "INDEP         DISCRETE", "INDEP         DISCRETE TWICE", "TWICE: not one of REPLACE, ADD"),
        ("stoch", "INDEP         DISCRETE", "CHANCE", "shop.sto:2 CHANCE: not a section that is read"),
        ("stoch", "INDEP         DISCRETE", "SCENARIOS     DISCRETE", "RHS: a line before the first BL or SC"),
        ("stoch", "    RHS       need      6", "BLOCKS\n BL b after 1\n    RHS need 6\nINDEP\n    RHS need 6",
         "random elsewhere too"),
    ],
)  # fmt: skip
def test_faults_name_file_line_and_word(
    tmp_path: Path, file: str, before: str, after: str, message: str
) -> None:
    texts = {"core": CORE, "time": TIME, "stoch": STOCH}
    assert before in texts[file]
    texts[file] = texts[file].replace(before, after, 1)
    with pytest.raises(QuestionError) as caught:
        read_smps(written(tmp_path, **texts))
    assert message in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_second_stage_may_begin_with_the_first_row(tmp_path: Path) -> None:
    stages = read_smps(written(tmp_path, time=TIME.replace("need ", "room ")))
    assert stages.first.matrix.shape == (0, 1) and optimum(stages) == pytest.approx(4.4)


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = CORE.replace(" L  room", " X  room").replace("need      1\n", "need      one\n")
    with pytest.raises(QuestionError) as caught:
        read_smps(written(tmp_path, text))
    lines = str(caught.value).split("\n")
    assert [line.partition(" ")[0] for line in lines] == [f"shop.cor:{n}" for n in (5, 8, 9, 10, 12)]


@pytest.mark.parametrize("section", ["ROWS", "COLUMNS", "RHS"])
@pytest.mark.parametrize("named", [True, False], ids=["", "without a set's name"])
def test_a_missing_section_is_told_once(tmp_path: Path, section: str, named: bool) -> None:
    text = CORE.replace(f"{section}\n", "", 1)
    text = text if named else text.replace("    RHS       ", "    ")
    with pytest.raises(QuestionError) as caught:
        read_smps(written(tmp_path, text))
    assert str(caught.value) == f"shop.cor: section {section} is missing"


def test_a_core_may_have_no_right_hand_sides(tmp_path: Path) -> None:
    text = CORE.replace("RHS\n    RHS       room      10             need      2\n", "")
    assert len(read_smps(written(tmp_path, text))) == 2


def test_the_faults_of_both_other_files_come_at_once(tmp_path: Path) -> None:
    time = TIME.replace("need ", "nead ")
    stoch = STOCH.replace("need      6", "neat      6").replace("0.8", "-0.8")
    with pytest.raises(QuestionError) as caught:
        read_smps(written(tmp_path, time=time, stoch=stoch))
    assert str(caught.value).split("\n") == [
        "shop.tim:4 nead: no such row; is need meant?",
        "shop.sto:3 -0.8: not a probability",
        "shop.sto:4 neat: no such row",
    ]
    with pytest.raises(QuestionError, match=r"^shop\.tim:4 nead: [^\n]*$"):
        read_smps(written(tmp_path, time=time))


def test_the_time_file_of_another_instance_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"shop\.tim:1 farm: another instance; shop\.cor holds shop"):
        read_smps(written(tmp_path, time=TIME.replace("shop", "farm")))
    assert len(read_smps(written(tmp_path, time=TIME.replace("shop", "SHOP")))) == 2
    assert len(read_smps(written(tmp_path, time=TIME.replace("shop", "")))) == 2


def test_a_stage_may_not_look_ahead(tmp_path: Path) -> None:
    text = CORE.replace("need      1\nRHS", "need      1\n    short     room      1\nRHS")
    with pytest.raises(
        QuestionError, match=r"shop\.tim:4 room: a row of the first stage with a column of the second"
    ):
        read_smps(written(tmp_path, text))


@pytest.mark.parametrize("samples", [0, -1, 10_000_000])
def test_the_number_of_samples_has_a_range(tmp_path: Path, samples: int) -> None:
    with pytest.raises(QuestionError, match="it must be from 1 to"):
        read_smps(written(tmp_path), samples=samples)


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=lambda instance: instance.name)
def test_published_optima(instance: Published) -> None:
    stages = load(instance.name)
    whole = 0 if stages.first.integer is None else stages.first.integer.sum()
    sizes = (*stages.first.matrix.shape, whole, *stages.recourse[0].problem.matrix.shape, len(stages))
    if instance.name == "gbd_large":
        # Too many samples for one problem, but its recourse is a sum over routes.
        stages, sizes = gbd_by_route(), (*sizes[:-1], 15 * 13 * 17 * 15 * 13)
    assert sizes == instance.sizes
    found = optimum(stages)
    assert found == pytest.approx(instance.found, rel=1e-9)
    if instance.name == "cep1":
        # Published with probabilities of seven digits, 0.1666666, which do not quite add up to 1.
        found = optimum(replace(stages, weight=stages.weight * 0.9999996**3))
    assert abs(found - float(instance.published)) <= 0.51 * instance.unit


@pytest.mark.parametrize("risk", [Risk(), Risk(0.4, 0.7), Risk(1.0, 0.9)], ids=str)
@pytest.mark.parametrize("name", ["farmer", "farmer_fields", "bl51", "dakota", "lands", "cep1"])
def test_there_and_back(tmp_path: Path, name: str, risk: Risk) -> None:
    stages = replace(load(name), risk=risk)
    paths = write_smps(stages, tmp_path / "new", name)
    assert [path.name for path in paths] == [name + suffix for suffix in (".cor", ".tim", ".sto")]
    back = read_smps(tmp_path / "new")
    assert back.risk == Risk() and np.array_equal(back.weight, stages.weight)
    assert optimum(back) == pytest.approx(optimum(stages), rel=1e-8)
    for suffix in (".mps", ".lp"):
        path = write_mps(stages, tmp_path / f"whole{suffix}")
        assert by_highs(path) == pytest.approx(optimum(stages), rel=1e-8)


def test_numbers_come_back_to_the_last_digit(tmp_path: Path) -> None:
    stages, _ = newsvendor(samples=20)
    write_smps(stages, tmp_path, "news")
    back = read_smps(tmp_path)
    for ours, theirs in ((stages.low, back.low), (stages.high, back.high)):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(stages.first.cost, back.first.cost)
    np.testing.assert_array_equal(stages.recourse[0].problem.cost, back.recourse[0].problem.cost)
    assert (stages.technology[0] != back.technology[0]).nnz == 0 and len(back.recourse) == 1


def mixed(seed: int) -> TwoStage:
    """Samples with recourses of several sizes, with rows that are ranges, equations or free in turn."""
    random = np.random.default_rng(seed)
    n, count = 4, 7
    first = Problem(
        random.uniform(1, 3, n), np.array([0, -1, 0, 0.0]), np.array([5, 4, np.inf, 3]),
        sparse.csr_matrix(random.uniform(0, 1, (2, n))), np.array([0.5, -np.inf]), np.array([6, 7.0]),
        np.array([True, False, False, True]),
    )  # fmt: skip
    recourses = []
    for _ in range(random.integers(1, 5)):
        m, k = random.integers(2, 4), random.integers(3, 5)
        matrix = np.round(random.uniform(0, 2, (m, k)) * (random.random((m, k)) < 0.7), 2)
        matrix[:, 0], matrix[:, 1] = 1, -1
        lower, upper = np.zeros(k), random.choice([np.inf, 4.0, 6.0], k)
        lower[-1], upper[:2] = random.choice([0, -2.0, 0.5]), np.inf
        cost = np.append([20.0, 20.0], random.uniform(1, 4, k - 2))
        problem = Problem(
            cost, lower, upper, sparse.csr_matrix(matrix), np.full(m, -1.0),
            np.full(m, random.choice([8, np.inf])),
        )  # fmt: skip
        link = np.sort(random.choice(m, random.integers(1, m + 1), replace=False))
        recourses.append(Recourse(problem, link))
    kind = random.integers(0, len(recourses), count)
    low, high, technology = [], [], []
    for k in kind:
        size = len(recourses[k].link)
        side = random.uniform(0, 5, size)
        high.append(side + random.choice([0, 1, np.inf], size))
        low.append(np.where(random.random(size) < 0.2, -np.inf, side))
        entries = random.uniform(-1, 1, (size, n)) * (random.random((size, n)) < 0.6)
        technology.append(sparse.csr_matrix(entries))
    weight = random.random(count)
    risk = (Risk(), Risk(0.5, 0.8), Risk(1, 0.5), Risk(0.3, 0))[seed % 4]
    return TwoStage(
        first, tuple(recourses), kind, weight / weight.sum(), tuple(low), tuple(high), tuple(technology), risk
    )


@pytest.mark.parametrize("seed", range(24))
def test_second_stages_of_different_shapes_go_there_and_back(tmp_path: Path, seed: int) -> None:
    stages = mixed(seed)
    write_smps(stages, tmp_path, "mixed")
    one, other = (Solver(deterministic_equivalent(s).problem).solve() for s in (stages, read_smps(tmp_path)))
    assert one.status == other.status
    assert one.objective == pytest.approx(other.objective, rel=1e-7)


def test_the_core_that_is_written_is_read_by_highs(tmp_path: Path) -> None:
    core_path = write_smps(mixed(3), tmp_path, "mixed")[0]
    core_path.rename(tmp_path / "mixed.mps")
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(tmp_path / "mixed.mps")) == highspy.HighsStatus.kOk
    assert list(highs.getLp().col_names_) == list(read_core(tmp_path / "mixed.mps").columns)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    stages = load("farmer")
    with pytest.raises(QuestionError, match="no place for a limit"):
        write_smps(replace(stages, most=1.0), tmp_path, "farmer")
    with pytest.raises(QuestionError, match="not a file name"):
        write_smps(stages, tmp_path, "../farmer")
    with pytest.raises(QuestionError, match="the suffix"):
        write_mps(stages, tmp_path / "farmer.txt")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"farmer\.mps cannot be written"):
        write_mps(stages, tmp_path / "file" / "farmer.mps")
    with pytest.raises(OutputError, match=r"farmer\.cor cannot be written"):
        write_smps(stages, tmp_path / "file", "farmer")


def test_a_capital_suffix_is_a_suffix(tmp_path: Path) -> None:
    small, capital = (write_mps(load("farmer"), tmp_path / "new" / name) for name in ("one.mps", "TWO.MPS"))
    assert capital.read_bytes() == small.read_bytes()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"one.mps", "TWO.MPS"}


def test_a_limit_on_the_objective_is_in_the_whole_problem(tmp_path: Path) -> None:
    # The farmer's mean of the second stage's cost without land, at most -230,000.
    stages = replace(load("farmer"), most=-230_000.0, risk=Risk(0.5, 0.5))
    assert by_highs(write_mps(stages, tmp_path / "farmer.mps")) == pytest.approx(optimum(stages))


@pytest.mark.parametrize("seed", range(5))
def test_newsvendors_have_the_optimum_of_the_formula(seed: int) -> None:
    stages, best = newsvendor(products=4, samples=31, seed=seed)
    assert optimum(stages) == pytest.approx(best)


@pytest.mark.parametrize("family", [facilities, capacities])
def test_families_with_integers_against_all_plans(family: object) -> None:
    stages = facilities(4, 5, 4) if family is facilities else capacities(2, 3, 4, aversion=0.5, tail=0.6)
    first = stages.first
    plans = itertools.product(*(range(int(upper) + 1) for upper in first.upper))
    fits = [np.array(x, float) for x in plans if (first.matrix @ x <= first.row_upper + 1e-9).all()]
    costs = []
    for x in fits:
        fixed = replace(stages, first=replace(first, lower=x, upper=x, integer=None))
        costs.append(optimum(fixed))
    assert optimum(stages) == pytest.approx(min(costs))


WORDS = ["-", "1e400", "nan", "-5", "0", "ROOT", "SC", "BL", "UP", "FX", "FR", "RHS", "ENDATA", "é\x00", "1_0",
         "'MARKER'", "MAX", "MULTIPLY", "NORMAL", "INDEP", "buy", "need", "cost", "after"]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_malformed_files_are_questions_never_tracebacks(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["farmer", "farmer_fields", "bl51", "dakota", "lands"]))
    source = Path(__file__).parents[1] / "benchmarks" / "instances" / "smps"
    texts = {suffix: (source / (name + suffix)).read_text() for suffix in (".cor", ".tim", ".sto")}
    suffix = data.draw(st.sampled_from(sorted(texts)))
    lines = texts[suffix].split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        words = lines[at].split(" ")
        word = data.draw(st.integers(0, len(words) - 1))
        change = data.draw(st.sampled_from(["drop", "word", "repeat", "cut", "swap", "outdent"]))
        if change == "drop":
            lines[at : at + 1] = []
        elif change == "word":
            lines[at] = " ".join([*words[:word], data.draw(st.sampled_from(WORDS)), *words[word + 1 :]])
        elif change == "repeat":
            lines.insert(at, lines[other])
        elif change == "cut":
            lines = [*lines[:at], lines[at][: len(lines[at]) // 2]]
        elif change == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = lines[at].lstrip()
        lines = lines or [""]
    texts[suffix] = "\n".join(lines)
    for ending, text in texts.items():
        (tmp_path / f"x{ending}").write_text(text, encoding="utf-8")
    try:
        stages = read_smps(tmp_path / "x", samples=data.draw(st.sampled_from([None, 3])))
    except QuestionError as error:
        assert str(error).startswith("x")
    else:
        assert stages.weight.sum() == pytest.approx(1)
