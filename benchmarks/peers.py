"""How peers do on the same two-stage programmes: `python -m benchmarks.peers [--python PYTHON] [...]`.

A peer is timed from the programme in memory to its answer, model building included, in one process and one thread
where it lets us choose. Every decision that it found is judged by us, on all samples, and its own bound is believed; a
peer is done at the first moment at which these two are within the gap, even where it did not know yet. (So a method
that knows no upper bound is not made to wait until its last cut.)

mpi-sppy runs in its own Python: `--python`, or the environment's `PEER_PYTHON`, else this one. What it takes:

    python -m venv peers && peers/bin/pip install mpi-sppy pyomo highspy scipy mpi4py mpich

Its extensive form and progressive hedging work without the last two (hedging needs scipy); the L-shaped method's cut
generator needs mpi4py, and mpi4py an MPI library, which the wheel `mpich` brings. SCIP takes part where this Python has
`pyscipopt`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from benchmarks.synthetic import HOME, synthetic_chain
from wholenation import read_chain
from wholenation.chain import Chain
from wholenation.lp import Floats, Problem, Solver, Status
from wholenation.plans.setting import draw, to_setting
from wholenation.plans.stages import to_stages
from wholenation.stochastic.deterministic import deterministic_equivalent
from wholenation.stochastic.lshaped import solve
from wholenation.stochastic.two_stage import Recourse, Risk, TwoStage, objective

SCRIPT = Path(__file__).with_name("peer_mpisppy.py")
PYTHON = os.environ.get("PEER_PYTHON", sys.executable)
MISSING = 3
"""The exit status with which the script says that something is not installed."""
GRACE = 120.0
"""Seconds for building models and for an iteration that does not end, before a peer is stopped from outside."""
FEASIBLE = 1e-5


class Outcome(NamedTuple):
    """What a peer needed and what it found; `objective` is as we judge it, infinite where there is no decision."""

    seconds: float
    objective: float
    bound: float
    gap: float


class NotInstalled(Exception):  # noqa: N818
    """The peer is not here; the message is the line that says so."""


class Failed(Exception):  # noqa: N818
    """The peer is here and broke; the message is what it said last."""


def outcome(seconds: float, objective_: float, bound: float) -> Outcome:
    """With the gap, (objective - bound) / |objective|."""
    apart = max(objective_ - bound, 0.0)
    gap = np.inf if not np.isfinite(apart) else (apart / abs(objective_) if apart > 1e-12 else 0.0)
    return Outcome(seconds, objective_, bound, float(gap))


# --- Peers


def own(stages: TwoStage, gap: float, seconds: float) -> Outcome:
    """Our integer L-shaped method, in this process alone."""
    begun = time.perf_counter()
    found = solve(stages, gap=gap, time_limit=seconds, workers=1)
    return outcome(time.perf_counter() - begun, found.value, found.bound)


def highs_extensive(stages: TwoStage, gap: float, seconds: float) -> Outcome:
    """HiGHS on the deterministic equivalent."""
    begun = time.perf_counter()
    answer = Solver(deterministic_equivalent(stages).problem).solve(gap=gap, time_limit=seconds)
    taken = time.perf_counter() - begun
    found = answer.status in (Status.OPTIMAL, Status.TIME_LIMIT) and len(answer.x) > 0
    return outcome(taken, answer.objective if found else np.inf, answer.bound)


def scip_extensive(stages: TwoStage, gap: float, seconds: float) -> Outcome:
    """SCIP on the deterministic equivalent, read from an MPS file. Raises `NotInstalled`."""
    try:
        scip: Any = import_module("pyscipopt")
    except ImportError:
        raise NotInstalled("pyscipopt is not installed: pip install pyscipopt") from None
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extensive.mps"
        Solver(deterministic_equivalent(stages).problem).write(path)
        model = scip.Model()
        model.hideOutput()
        model.readProblem(str(path))
    model.setParam("limits/gap", gap)
    model.setParam("limits/time", seconds)
    model.optimize()
    found = model.getNSols() > 0
    return outcome(
        time.perf_counter() - begun, model.getObjVal() if found else np.inf, float(model.getDualbound())
    )


def mpisppy_lshaped(stages: TwoStage, gap: float, seconds: float, python: str = PYTHON) -> Outcome:
    """mpi-sppy's L-shaped method. Raises `NotInstalled` or `Failed`."""
    return _mpisppy("lshaped", stages, gap, seconds, python)


def mpisppy_ph(stages: TwoStage, gap: float, seconds: float, python: str = PYTHON) -> Outcome:
    """mpi-sppy's progressive hedging. Raises `NotInstalled` or `Failed`."""
    return _mpisppy("ph", stages, gap, seconds, python)


def mpisppy_extensive(stages: TwoStage, gap: float, seconds: float, python: str = PYTHON) -> Outcome:
    """mpi-sppy's extensive form, solved by HiGHS. Raises `NotInstalled` or `Failed`."""
    return _mpisppy("ef", stages, gap, seconds, python)


def _mpisppy(method: str, stages: TwoStage, gap: float, seconds: float, python: str) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        instance, answer = Path(name) / "instance.npz", Path(name) / "answer.npz"
        save(stages, instance)
        command = [python, str(SCRIPT), method, str(instance), str(answer)]
        limit = 2 * seconds + GRACE
        try:
            done = subprocess.run(
                [*command, "--gap", str(gap), "--seconds", str(seconds)],
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return outcome(limit, np.inf, -np.inf)
        except OSError as error:
            raise NotInstalled(f"{python} does not run: {error.strerror}") from None
        if done.returncode == MISSING:
            raise NotInstalled(done.stderr.strip().splitlines()[-1])
        if done.returncode:
            raise Failed(f"failed: {(done.stderr.strip() or 'it said nothing').splitlines()[-1]}")
        told = json.loads(done.stdout.strip().splitlines()[-1])
        log = np.load(answer)
        return _first(stages, told, log["seconds"], log["bound"], log["x"], gap)


def _first(
    stages: TwoStage, told: dict[str, Any], at: Floats, bound: Floats, x: Floats, gap: float
) -> Outcome:
    """The first moment at which the best decision so far is within the gap of the bound, else the last one."""
    judge, best, lowest = Judge(stages), np.inf, -np.inf
    for seconds, low, point in zip(at, bound, x, strict=True):
        best, lowest = min(best, judge(point)), max(lowest, float(low))
        if best - lowest <= gap * abs(best):
            return outcome(told["build_seconds"] + float(seconds), best, lowest)
    return outcome(told["build_seconds"] + told["seconds"], best, max(lowest, told["bound"]))


class Judge:
    """What a first stage is worth on all samples; infinite where it breaks its rows."""

    def __init__(self, stages: TwoStage):
        self.stages = stages
        self._solvers: dict[int, Solver] = {}

    def __call__(self, x: Floats) -> float:
        """Its cost with the mean and the tail of the recourse."""
        stages, first = self.stages, self.stages.first
        x = np.clip(x, first.lower, first.upper)
        x[stages.integer] = np.round(x[stages.integer])
        level = first.matrix @ x
        slack = FEASIBLE * np.maximum(1.0, np.abs(level))
        if (level < first.row_lower - slack).any() or (level > first.row_upper + slack).any():
            return np.inf
        losses = np.array([self._recourse(s, x) for s in range(len(stages))])
        return float(first.cost @ x) + objective(losses, stages.weight, stages.risk)

    def _recourse(self, s: int, x: Floats) -> float:
        stages, kind = self.stages, int(self.stages.kind[s])
        recourse = stages.recourse[kind]
        solver = self._solvers.get(kind)
        shift = stages.technology[s] @ x
        if solver is None:
            solver = self._solvers[kind] = Solver(recourse.problem)
        solver.set_row_bounds(recourse.link, stages.low[s] - shift, stages.high[s] - shift)
        answer = solver.solve()
        return answer.objective if answer.status is Status.OPTIMAL else np.inf


# --- Instances


def save(stages: TwoStage, path: Path) -> None:
    """The programme as arrays, for programs that know nothing of ours (an .npz, no pickles)."""
    if stages.most is not None:
        raise ValueError("a bound on the objective joins all samples; the peers' form has no place for it")
    arrays: dict[str, Any] = {
        "kind": stages.kind,
        "weight": stages.weight,
        "floor": floors(stages),
        "risk": np.array([stages.risk.aversion, stages.risk.tail]),
    }

    def matrix(name: str, value: sparse.csr_matrix) -> None:
        rows = sparse.csr_matrix(value)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        arrays.update(
            {f"{name}.start": rows.indptr, f"{name}.index": rows.indices, f"{name}.value": rows.data}
        )

    def part(name: str, problem: Problem, link: Any) -> None:
        integer = np.zeros(len(problem.cost), dtype=bool) if problem.integer is None else problem.integer
        for field in ("cost", "lower", "upper", "row_lower", "row_upper"):
            arrays[f"{name}.{field}"] = getattr(problem, field)
        arrays.update({f"{name}.integer": integer, f"{name}.link": link})
        matrix(f"{name}.matrix", problem.matrix)

    part("first", stages.first, np.zeros(0, dtype=np.int64))
    for k, recourse in enumerate(stages.recourse):
        part(f"recourse{k}", recourse.problem, recourse.link)
    for s in range(len(stages)):
        arrays.update({f"sample{s}.low": stages.low[s], f"sample{s}.high": stages.high[s]})
        matrix(f"sample{s}.technology", stages.technology[s])
    np.savez(path, **arrays)


def floors(stages: TwoStage) -> Floats:
    """(S,) a bound of every sample's recourse from below: 0 where nothing costs less, else without foresight's rows."""
    found = np.zeros(len(stages))
    for s in range(len(stages)):
        problem = stages.recourse[int(stages.kind[s])].problem
        if (problem.cost >= 0).all() and (problem.lower[problem.cost > 0] >= 0).all():
            continue
        one = replace(
            stages,
            first=replace(stages.first, cost=np.zeros_like(stages.first.cost), integer=None),
            kind=stages.kind[[s]],
            weight=np.ones(1),
            low=stages.low[s : s + 1],
            high=stages.high[s : s + 1],
            technology=stages.technology[s : s + 1],
            risk=Risk(),
        )
        found[s] = Solver(replace(deterministic_equivalent(one).problem, integer=None)).solve().objective
    return found


def random_stages(samples: int = 6, seed: int = 0, *, aversion: float = 0.25) -> TwoStage:
    """A small random programme: which of six plants to open, how large, and what demand goes unserved in a sample.

    A plant that fails in a sample delivers nothing; what nobody serves is paid for, so that every first stage works.
    """
    random = np.random.default_rng(seed)
    plants, markets = 6, 4
    # Columns: open or not, then size; no size without opening, and a budget.
    fixed, price = random.uniform(2, 6, plants), random.uniform(0.5, 1.5, plants)
    spend = sparse.csr_matrix(np.concatenate([fixed, price])[None, :])
    linked = sparse.hstack([-10 * sparse.eye(plants), sparse.eye(plants)])
    first = Problem(
        np.concatenate([fixed, price]),
        np.zeros(2 * plants),
        np.concatenate([np.ones(plants), np.full(plants, 10.0)]),
        sparse.csr_matrix(sparse.vstack([linked, spend])),
        np.full(plants + 1, -np.inf),
        np.concatenate([np.zeros(plants), [35.0]]),
        np.arange(2 * plants) < plants,
    )
    # Columns: what goes from a plant to a market, then what a market lacks. Rows: plants, then markets.
    ship = random.uniform(0.1, 1, (plants, markets))
    sent = np.arange(plants * markets).reshape(plants, markets)
    lacks = np.arange(markets)
    columns = np.concatenate([sent.ravel(), sent.T.ravel(), plants * markets + lacks])
    rows = np.concatenate(
        [np.repeat(np.arange(plants), markets), plants + np.repeat(lacks, plants), plants + lacks]
    )
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)))
    width = plants * markets + markets
    recourse = Problem(
        np.concatenate([ship.ravel(), random.uniform(4, 8, markets)]),
        np.zeros(width),
        np.full(width, np.inf),
        matrix,
        np.concatenate([np.full(plants, -np.inf), np.zeros(markets)]),
        np.concatenate([np.zeros(plants), np.full(markets, np.inf)]),
    )
    works = random.random((samples, plants)) < 0.8
    demand = random.uniform(2, 9, (samples, markets))
    weight = random.uniform(0.5, 1.5, samples)
    empty = sparse.csr_matrix((markets, 2 * plants))
    return TwoStage(
        first=first,
        recourse=(Recourse(recourse, np.arange(plants + markets)),),
        kind=np.zeros(samples, dtype=np.int64),
        weight=weight / weight.sum(),
        low=tuple(np.concatenate([np.full(plants, -np.inf), demand[s]]) for s in range(samples)),
        high=tuple(np.concatenate([np.zeros(plants), np.full(markets, np.inf)]) for s in range(samples)),
        technology=tuple(
            sparse.csr_matrix(
                sparse.vstack(
                    [
                        sparse.hstack(
                            [sparse.csr_matrix((plants, plants)), -sparse.diags(works[s].astype(float))]
                        ),
                        empty,
                    ]
                )
            )
            for s in range(samples)
        ),
        risk=Risk(aversion, 0.8 if aversion else 0.0),
    )


def planned(chain: Chain, home: str, samples: int, seed: int = 0) -> TwoStage:
    """The planner's own programme for a home, with the planner's default risk."""
    setting = to_setting(chain, home)
    drawn = draw(setting, samples, seed)
    return to_stages(
        setting.menu, setting.network, setting.horizon, setting.futures, drawn, Risk(0.25, 0.9)
    ).stages


# --- The command


def main(arguments: list[str]) -> int:
    """Print a line per peer; 0 whether or not they are installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Peers on one programme.")
    parser.add_argument("--chain", help="a chain's folder (else a made-up chain)")
    parser.add_argument("--home", default=HOME)
    parser.add_argument(
        "--random", action="store_true", help="a tiny random programme, to see that all is well"
    )
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--technologies", type=int, default=100)
    parser.add_argument("--projects", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--python", default=PYTHON, help="the Python that has mpi-sppy")
    parser.add_argument("--only", nargs="*", help="names of peers, as they are printed")
    asked = parser.parse_args(arguments)
    if asked.random:
        stages = random_stages(asked.samples, asked.seed)
    elif asked.chain:
        stages = planned(read_chain(asked.chain), asked.home, asked.samples, asked.seed)
    else:
        chain = synthetic_chain(asked.technologies, projects=asked.projects, seed=asked.seed)
        stages = planned(chain, asked.home, asked.samples, asked.seed)
    rows, columns = (sum(r.problem.matrix.shape[i] for r in _each(stages)) for i in (0, 1))
    print(
        f"{len(stages)} samples; {len(stages.first.cost)} columns in the first stage ({len(stages.integer)} integer), "
        f"{columns} columns and {rows} rows in the second; gap {asked.gap:.2%}, at most {asked.seconds:g} s"
    )
    for name, run in peers(asked.python).items():
        if asked.only and name not in asked.only:
            continue
        try:
            found = run(stages, asked.gap, asked.seconds)
        except (NotInstalled, Failed) as why:
            print(f"  {name:<18}{why}", flush=True)
            continue
        print(
            f"  {name:<18}{found.seconds:>9.2f} s  objective {found.objective:>10.5f}  bound {found.bound:>10.5f}  "
            f"gap {found.gap:>8.2%}",
            flush=True,
        )
    return 0


def _each(stages: TwoStage) -> list[Recourse]:
    return [stages.recourse[int(kind)] for kind in stages.kind]


def peers(python: str = PYTHON) -> dict[str, Callable[[TwoStage, float, float], Outcome]]:
    """Every peer by its name, ourselves first."""
    return {
        "wholenation": own,
        "highs": highs_extensive,
        "scip": scip_extensive,
        "mpisppy-ef": lambda stages, gap, seconds: mpisppy_extensive(stages, gap, seconds, python),
        "mpisppy-lshaped": lambda stages, gap, seconds: mpisppy_lshaped(stages, gap, seconds, python),
        "mpisppy-ph": lambda stages, gap, seconds: mpisppy_ph(stages, gap, seconds, python),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
