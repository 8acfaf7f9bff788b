"""Cascades on any number of workers, on a cluster, cut off and resumed: the same tables to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import loopback

import wholenation
from wholenation.errors import QuestionError
from wholenation.firms.cascade import Cascade, cascade
from wholenation.firms.generator import generate_firms
from wholenation.firms.network import FirmNetwork

MODES = ("converged", "reference")
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(scope="module")
def network() -> FirmNetwork:
    return generate_firms(1_000, seed=1)


@pytest.fixture(scope="module")
def alone(network) -> dict[str, Cascade]:
    return {mode: cascade(network, mode=mode, workers=1) for mode in MODES}


def same(one: Cascade, other: Cascade) -> bool:
    return one.firms.equals(other.firms) and one.hit.equals(other.hit)


@pytest.mark.parametrize("mode", MODES)
def test_workers_and_parts_change_nothing(mode, network, alone, tmp_path):
    assert same(cascade(network, mode=mode, workers=3), alone[mode])
    assert same(cascade(network, mode=mode, parts=tmp_path), alone[mode])
    for part in sorted(tmp_path.glob("part-*"))[::2]:
        part.unlink()
    assert same(cascade(network, mode=mode, parts=tmp_path), alone[mode])


def test_parts_of_another_mode_are_refused(network, tmp_path):
    cascade(network, mode="reference", parts=tmp_path)
    with pytest.raises(QuestionError, match=r"mode reference there, converged here"):
        cascade(network, parts=tmp_path)
    with pytest.raises(QuestionError, match=r"eps 0.01 there, 0.001 here"):
        cascade(network, mode="reference", eps=1e-3, parts=tmp_path)


def test_a_cluster_changes_nothing(network, alone):
    with loopback() as cluster:
        for mode in MODES:
            assert same(cascade(network, mode=mode, engine=cluster.scheduler_address), alone[mode])


CHILD = """
import sys
sys.path[:0] = [sys.argv[1]]
from wholenation.firms.cascade import cascade
from wholenation.firms.generator import generate_firms
cascade(generate_firms(1_000, seed=1), mode="reference", parts=sys.argv[2], workers=2,
        progress=lambda done, *_: print(done, flush=True))
"""


@POSIX
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_cascade_that_is_cut_off_goes_on(sign, network, alone, tmp_path):
    package = str(Path(wholenation.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, package, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(sign)
    process.communicate(timeout=60)
    kept = len(list(tmp_path.glob("part-*")))
    assert kept >= 3
    said: list[int] = []
    found = cascade(network, mode="reference", parts=tmp_path, progress=lambda done, *_: said.append(done))
    assert said[0] >= (kept - 1) * 32
    assert same(found, alone["reference"])
