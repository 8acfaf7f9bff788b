"""The L-shaped method: the optimum of slower ways, published optima, and true bounds whatever happens to it."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_stages import (
    CHANGES,
    alone,
    course,
    covering,
    drawn,
    holds,
    limited,
    reaches,
    scaled,
    twin,
    weightless,
)

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.instances import Published, gbd_by_route, load, published
from benchmarks.instances.families import facilities, newsvendor
from wholenation.errors import AnswerError, QuestionError
from wholenation.lp import Floats, Ints, Status
from wholenation.stochastic.blocks import Pieces
from wholenation.stochastic.engines import Here
from wholenation.stochastic.lshaped import Result, solve
from wholenation.stochastic.two_stage import Risk, TwoStage

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
WHOLE = ("binary", "mixed", "continuous")
RISKS = (Risk(), Risk(0.4, 0.7), Risk(1.0, 0.9), Risk(0.5, 0.3))
SEEDS = st.integers(0, 100_000)
SLOW = facilities(8, 8, 16)
"""Most of a second of work: root, dives and proof, with many values on the way."""


class Counted(Here):
    """An engine that counts what it is asked."""

    asked = 0

    def solve(self, blocks: Sequence[Ints], x: Floats) -> list[Pieces]:
        self.asked += len(blocks)
        return super().solve(blocks, x)


def exactly(stages: TwoStage, **settings: object) -> Result:
    return solve(stages, **{"gap": 0.0, "engine": Here(stages)} | settings)


# --- The deterministic equivalent


@settings(max_examples=70, deadline=None, derandomize=True)
@given(
    seed=SEEDS, whole=st.sampled_from(WHOLE), hard=st.booleans(), risk=st.sampled_from(RISKS),
    share=st.sampled_from([None, None, 0.5, 0.1]), size=st.sampled_from([1, 4, 9]),
    clusters=st.sampled_from([1, 3, 64]),
)  # fmt: skip
def test_the_deterministic_equivalent_has_the_same_optimum(seed, whole, hard, risk, share, size, clusters):
    stages = replace(drawn(seed, whole, hard=hard, samples=size), risk=risk)
    stages = stages if share is None else limited(stages, share)
    expected, result = twin(stages), exactly(stages, clusters=clusters)
    if expected.status is Status.INFEASIBLE:
        assert result.status is Status.INFEASIBLE
        assert result.value == result.bound == np.inf
        return
    reaches(result, expected.objective)
    row, first = stages.first.matrix @ result.x, stages.first
    assert (result.x >= first.lower - 1e-6).all() and (result.x <= first.upper + 1e-6).all()
    assert (row >= first.row_lower - 1e-5).all() and (row <= first.row_upper + 1e-5).all()


@pytest.mark.parametrize("gap", [0.001, 0.01, 0.05, 0.3])
def test_a_gap_that_is_asked_for_is_kept(gap):
    for seed in range(18):
        stages = replace(drawn(seed, WHOLE[seed % 3]), risk=RISKS[seed % 4])
        result, best = exactly(stages, gap=gap), twin(stages).objective
        assert result.status is Status.OPTIMAL and result.gap <= gap
        holds(result, best)
        # From a decision and what is known already, the way is another, and the bound is as true.
        again = exactly(stages, gap=gap, starts=[result.x], pool=result.pool)
        assert again.status is Status.OPTIMAL and again.gap <= gap
        holds(again, best)


@pytest.mark.parametrize(("seed", "whole"), [(10, "binary"), (34, "mixed"), (14, "continuous")])
def test_a_limit_at_the_least_loss_in_large_units(seed, whole):
    stages = limited(scaled(drawn(seed, whole), 1e5), 0.0)
    reaches(exactly(stages), twin(stages).objective)


@pytest.mark.parametrize("whole", WHOLE)
def test_a_limit_below_the_least_loss_is_infeasible(whole):
    for seed in range(3):
        assert exactly(limited(drawn(seed, whole), -0.1)).status is Status.INFEASIBLE


@pytest.mark.parametrize(("whole", "cost"), [("binary", 7.0), ("mixed", 6.0), ("continuous", 6.0)])
def test_proofs_alone_make_a_plan_feasible(whole, cost):
    # At worst 4, of which 0.5 comes later. The first column covers 2 for 3; of the other 1.5 the second covers 1 for 2,
    # and the third 2 for 4, which whole must be taken alone with the first.
    result = exactly(covering(whole, 4.0))
    reaches(result, cost)
    assert result.rounds[0].value == np.inf
    assert exactly(covering(whole, 5.6)).status is Status.INFEASIBLE


# --- Published optima, a formula, enumeration


@pytest.mark.parametrize("instance", published(), ids=lambda instance: instance.name)
def test_published_optima(instance: Published):
    result = exactly(gbd_by_route() if instance.name == "gbd_large" else load(instance.name))
    reaches(result, instance.found, 1e-7)
    if instance.name != "cep1":  # its probabilities of seven digits do not quite add up to 1
        assert abs(result.bound - float(instance.published)) <= 0.51 * instance.unit


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_newsvendors_whose_orders_have_no_upper_bound(size):
    stages, best = newsvendor(samples=40)
    demand = tuple(size * d for d in stages.low)
    reaches(exactly(replace(stages, low=demand, high=demand)), size * best)


def test_an_objective_without_a_least_value_is_an_error():
    stages, _ = newsvendor(samples=4)
    with pytest.raises(AnswerError, match="grows without end"):
        exactly(replace(stages, first=replace(stages.first, cost=np.full(3, -1000.0))))


@pytest.mark.parametrize("seed", [0, 5])
def test_every_plan_one_by_one(seed):
    stages = drawn(seed, hard=seed == 5)
    first, weight, table = stages.first, stages.weight, []
    for x in map(np.array, itertools.product((0.0, 1.0), repeat=len(first.cost))):
        row = first.matrix @ x
        losses = np.array([alone(stages, s, x) for s in range(len(stages))])
        if (row <= first.row_upper).all() and (row >= first.row_lower).all() and np.isfinite(losses).all():
            table.append((first.cost @ x, losses))

    def tail_mean(losses: Floats, tail: float) -> float:
        # CVaR by its definition as a minimum (Rockafellar and Uryasev 2000), which one of the losses attains.
        return min(eta + weight @ np.maximum(losses - eta, 0) / (1 - tail) for eta in losses)

    for risk in (*RISKS, Risk(0.7, 0.999)):
        worth = [
            c + (1 - risk.aversion) * weight @ q + risk.aversion * tail_mean(q, risk.tail) for c, q in table
        ]
        reaches(exactly(replace(stages, risk=risk)), min(worth))
    mean, worst = (min(c + of(q) for c, q in table) for of in (lambda q: weight @ q, np.max))
    for risk in (Risk(0.0, 0.9), Risk(1.0, 0.0), Risk(1.0, 1e-12)):
        reaches(exactly(replace(stages, risk=risk)), mean)
    for tail in (0.9999, 1.0):
        reaches(exactly(replace(stages, risk=Risk(1.0, tail))), worst)


# --- What changes nothing


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    seed=SEEDS, whole=st.sampled_from(WHOLE), hard=st.booleans(), change=st.sampled_from(CHANGES)
)  # fmt: skip
def test_the_same_in_other_words(seed, whole, hard, change):
    stages = drawn(seed, whole, hard=hard and change is not weightless)
    before, after = exactly(stages), exactly(change(stages))
    assert before.status is after.status
    if before.status is Status.OPTIMAL:
        reaches(after, before.value * (1000.0 if change is scaled else 1.0))


@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=SEEDS, whole=st.sampled_from(WHOLE), hard=st.booleans())
def test_a_pool_of_an_earlier_solve_saves_solves(seed, whole, hard):
    earlier = drawn(seed, whole, hard=hard)
    cheaper = replace(earlier.first, cost=0.8 * earlier.first.cost)
    pool = exactly(earlier).pool
    for stages in (earlier, replace(earlier, first=cheaper, weight=earlier.weight[::-1].copy())):
        cold, warm = exactly(stages), exactly(stages, pool=pool)
        assert warm.status is cold.status and warm.solved <= cold.solved
        if cold.status is Status.OPTIMAL:
            reaches(warm, cold.value)


def test_a_pool_helps_with_the_second_stages_that_are_the_same():
    """Of others it says nothing, and nothing wrong; the order in which they stand is the programme's own affair."""
    stages = drawn(0)
    cold = exactly(stages)
    stranger = exactly(stages, pool=exactly(scaled(stages)).pool)
    assert (stranger.solved, stranger.value) == (cold.solved, cold.value)
    turned = replace(stages, recourse=stages.recourse[::-1], kind=len(stages.recourse) - 1 - stages.kind)
    warm = exactly(turned, pool=cold.pool)
    reaches(warm, cold.value)
    assert warm.solved <= cold.solved


@pytest.mark.parametrize("whole", WHOLE)
def test_starts_and_proposals_that_break_the_first_stage_are_no_decisions(whole):
    points = [*(np.full(6, v) for v in (-1.0, 0.5, 1.0, 3.0)), np.arange(6) % 2.0]
    for seed in range(2):
        stages = drawn(seed, whole)
        for help_ in ({"starts": points}, {"propose": lambda _: points}):
            reaches(exactly(stages, **help_), twin(stages).objective)


# --- Cut off at any moment


@pytest.fixture(scope="module")
def undisturbed() -> Result:
    result = exactly(SLOW)
    reaches(result, twin(SLOW).objective)
    return result


def test_a_limit_of_time_leaves_a_true_bound(undisturbed):
    chance = random.Random(1)
    results = [exactly(SLOW, time_limit=chance.uniform(0, 0.4)) for _ in range(6)]
    for result in results:
        holds(result, undisturbed.value)
    assert Status.TIME_LIMIT in {result.status for result in results}


SCRIPT = """\
import json, signal, sys
sys.path[:0] = sys.argv[1:2]
from benchmarks.instances.families import facilities
from wholenation.stochastic.engines import Here
from wholenation.stochastic.lshaped import solve
signal.signal(signal.SIGINT, signal.SIG_IGN)
stages = facilities(8, 8, 16)
for _ in range(int(sys.argv[2])):
    begun = iter(["go"])
    told = lambda *_: [print(word, flush=True) for word in begun]
    found = solve(stages, gap=0.0, engine=Here(stages), checkpoint=sys.argv[3] or None, progress=told)
    print(json.dumps([found.status.name, found.bound, found.value]), flush=True)
"""


def running(times: int, checkpoint: Path | str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[1]), str(times), str(checkpoint)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@POSIX
def test_ctrl_c_at_any_moment_leaves_a_true_bound(undisturbed):
    chance, seen = random.Random(2), set()
    with running(5) as process:
        for _ in range(5):
            assert process.stdout.readline() == "go\n"
            time.sleep(chance.uniform(0, 0.4))
            process.send_signal(signal.SIGINT)
            status, bound, value = json.loads(process.stdout.readline())
            assert bound - 1e-6 <= undisturbed.value <= value + 1e-6
            seen.add(status)
    assert process.returncode == 0 and "INTERRUPTED" in seen


def resumed(stages: TwoStage, path: Path) -> tuple[Result, int]:
    """The result, and how many blocks were not in the journal."""
    engine = Counted(stages)
    return exactly(stages, engine=engine, checkpoint=path), engine.asked


def test_a_solve_that_is_killed_again_and_again_ends_at_the_same_answer(undisturbed, tmp_path):
    chance, path = random.Random(3), tmp_path / "journal"
    for _ in range(3):
        with running(1, path) as process:
            assert process.stdout.readline() == "go\n"
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
    result, asked = resumed(SLOW, path)
    assert course(result) == course(undisturbed)
    assert asked < undisturbed.solved / len(SLOW), "a block holds all samples"
    assert resumed(SLOW, path)[1] == 0


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> tuple[TwoStage, Path, bytes, Result]:
    stages, path = drawn(2, "mixed"), tmp_path_factory.mktemp("journals") / "journal"
    result, _ = resumed(stages, path)
    return stages, path, path.read_bytes(), result


@settings(max_examples=20, deadline=None, derandomize=True)
@given(place=st.integers(0, 1_000_000), flip=st.integers(0, 255))
def test_a_journal_that_is_cut_off_or_damaged_gives_the_same_answer(journal, place, flip):
    stages, path, whole, expected = journal
    head = 54
    place = head + place % (len(whole) - head)
    path.write_bytes(whole[:place] + (bytes([whole[place] ^ flip]) + whole[place + 1 :] if flip else b""))
    result, asked = resumed(stages, path)
    assert course(result) == course(expected) and asked > 0
    assert path.read_bytes() == whole, "what was lost is there again"


def test_a_journal_of_another_question_is_refused(journal):
    stages, path, whole, _ = journal
    path.write_bytes(whole)
    for other in (replace(stages, risk=Risk(0.3, 0.9)), replace(stages, most=1e9), scaled(stages, 1 + 1e-15)):
        with pytest.raises(QuestionError, match="belongs to another question"):
            resumed(other, path)
    assert path.read_bytes() == whole
    path.write_text("notes of a meeting, which nobody wants to lose to a solver\n", encoding="utf-8")
    with pytest.raises(QuestionError, match="is not a checkpoint"):
        resumed(stages, path)
