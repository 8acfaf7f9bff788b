"""Instances of two-stage programmes with known optima: classic ones in SMPS, generated families in `families`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from wholenation.lp import Problem
from wholenation.stochastic.smps import read_smps
from wholenation.stochastic.two_stage import Recourse, TwoStage

HERE = Path(__file__).parent
SIZES = ("first_rows", "first_columns", "integer", "second_rows", "second_columns", "samples")


@dataclass(frozen=True)
class Published:
    """A row of `instances.csv`: an instance's optimum as published and as found, and the source.

    `sizes`: rows, columns and integer columns of the first stage, rows and columns of the second, samples.
    """

    name: str
    sizes: tuple[int, ...]
    published: str
    found: float
    source: str

    @property
    def unit(self) -> float:
        """One in the last published digit."""
        return 10.0 ** -len(self.published.partition(".")[2])


def published() -> list[Published]:
    """The classic instances, in the order of the table."""
    with (HERE / "instances.csv").open(encoding="utf-8", newline="") as file:
        return [
            Published(
                row["name"], tuple(int(row[column]) for column in SIZES),
                row["published"], float(row["found"]), row["source"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def load(name: str, *, samples: int | None = None, seed: int = 0) -> TwoStage:
    """A classic instance; `gbd_large` is sampled, all others are complete."""
    return read_smps(HERE / "smps" / name, samples=samples, seed=seed)


def gbd_by_route() -> TwoStage:
    """`gbd_large` in full: its recourse is a sum over routes, so a sample per route and demand says the same.

    73 samples of weight probability / 5 and 5 times the cost, in place of 646,425.
    """
    whole = load("gbd_large", samples=1)
    recourse = whole.recourse[0].problem
    routes = _demands(HERE / "smps" / "gbd_large.sto")
    kinds, weight, low, technology, problems = [], [], [], [], []
    for route, (demands, chances) in enumerate(routes):
        problems.append(
            Recourse(
                Problem(
                    cost=len(routes) * recourse.cost[[route]], lower=np.zeros(1), upper=np.full(1, np.inf),
                    matrix=sparse.csr_matrix([[1.0]]), row_lower=np.zeros(1), row_upper=np.full(1, np.inf),
                ),
                np.zeros(1, dtype=np.int64),
            )
        )  # fmt: skip
        for demand, chance in zip(demands, chances, strict=True):
            kinds.append(route)
            weight.append(chance / len(routes))
            low.append(np.array([demand]))
            technology.append(whole.technology[0][[route]])
    return TwoStage(
        first=whole.first,
        recourse=tuple(problems),
        kind=np.array(kinds, dtype=np.int64),
        weight=np.array(weight) / sum(weight),
        low=tuple(low),
        high=(np.full(1, np.inf),) * len(low),
        technology=tuple(technology),
    )


def _demands(path: Path) -> list[tuple[list[float], list[float]]]:
    """Values and probabilities of each random row of a stoch file of ours."""
    rows: dict[str, tuple[list[float], list[float]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[0] == "RHS":
            values, chances = rows.setdefault(words[1], ([], []))
            values.append(float(words[2]))
            chances.append(float(words[-1]))
    return list(rows.values())
