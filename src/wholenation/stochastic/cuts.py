"""Cuts from dual solutions, shared between samples and gathered into clusters.

A dual solution pi of one sample bounds the recourse of every sample s of its kind: Q_s(x) >= base_s - pi·T_s x. The
cut of a cluster C takes the best known pi for each of its samples. With v_s = (1 - lambda) p_s + zeta_s lambda p_s /
(1 - beta), where zeta_s in [0, 1] says whether s counts to the tail,

    Theta_C >= sum over s in C of v_s (base_s - pi_s·T_s x) - eta lambda / (1 - beta) sum of zeta_s p_s

holds for every choice of zeta: Rockafellar and Uryasev's CVaR (2000) inside the same cuts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..lp import Bools, Floats, Ints
from .blocks import Pieces
from .identity import content
from .two_stage import TwoStage

BROKEN = 1e-7
"""What a proof of infeasibility may exceed zero by."""


@dataclass(slots=True)
class _Kind:
    """The samples of one recourse and the dual solutions known for it."""

    samples: Ints  # (S_k,) positions in the programme
    technology: sparse.csr_matrix  # (S_k * L, n) all T_s below each other
    low: Floats  # (S_k, L), zero where there is none
    high: Floats
    no_low: Floats  # (S_k, L), one where there is none
    no_high: Floats
    constant: Floats  # (K,)
    dual: sparse.csr_matrix  # (K, L)
    base: Floats  # (K, S_k) what each dual solution says of each sample at x = 0
    feasible: Bools  # (K,) false for a proof of infeasibility
    keys: set[bytes]  # what is known already


class Pool:
    """All dual solutions found so far."""

    def __init__(self, stages: TwoStage):
        self.stages = stages
        self._kinds: list[_Kind] = []
        for k, recourse in enumerate(stages.recourse):
            samples = np.flatnonzero(stages.kind == k)
            links = len(recourse.link)
            rows = [stages.technology[s] for s in samples]
            low = np.array([stages.low[s] for s in samples]).reshape(len(samples), links)
            high = np.array([stages.high[s] for s in samples]).reshape(len(samples), links)
            self._kinds.append(
                _Kind(
                    samples,
                    sparse.vstack(rows, format="csr") if rows else sparse.csr_matrix((0, 0)),
                    np.where(np.isfinite(low), low, 0.0),
                    np.where(np.isfinite(high), high, 0.0),
                    np.isinf(low).astype(float),
                    np.isinf(high).astype(float),
                    np.zeros(0),
                    sparse.csr_matrix((0, links)),
                    np.zeros((0, len(samples))),
                    np.zeros(0, dtype=bool),
                    set(),
                )
            )

    def __len__(self) -> int:
        return sum(len(kind.constant) for kind in self._kinds)

    def add(self, pieces: Iterable[Pieces]) -> None:
        """Take in what blocks have taught; what is known already is left out."""
        for piece in pieces:
            self._take(self._kinds[piece.kind], piece.constant, piece.dual, piece.feasible)

    def adopt(self, other: Pool) -> None:
        """Take over the dual solutions of another programme's second stages, as far as they are those of this one."""
        known = {
            content((recourse,)): kind
            for recourse, kind in zip(other.stages.recourse, other._kinds, strict=True)
        }
        for recourse, mine in zip(self.stages.recourse, self._kinds, strict=True):
            theirs = known.get(content((recourse,)))
            if theirs is not None:
                self._take(mine, theirs.constant, theirs.dual, theirs.feasible)

    @staticmethod
    def _take(kind: _Kind, constant: Floats, dual: sparse.csr_matrix, feasible: Bools) -> None:
        fresh = []
        for k in range(len(constant)):
            part = slice(dual.indptr[k], dual.indptr[k + 1])
            key = (
                constant[k].tobytes()
                + dual.indices[part].astype(np.int32).tobytes()
                + dual.data[part].tobytes()
            )
            if key not in kind.keys:
                kind.keys.add(key)
                fresh.append(k)
        if not fresh:
            return
        dual, constant = dual[fresh], constant[fresh]
        base = constant[:, None] + dual.maximum(0) @ kind.low.T + dual.minimum(0) @ kind.high.T
        # A dual solution that leans on a side that a sample does not have says nothing of it.
        lost = (dual > 0) @ kind.no_low.T + (dual < 0) @ kind.no_high.T
        base[lost > 0] = -np.inf
        kind.dual = sparse.vstack([kind.dual, dual], format="csr")
        kind.constant = np.append(kind.constant, constant)
        kind.base = np.vstack([kind.base, base])
        kind.feasible = np.append(kind.feasible, feasible[fresh])

    def best(self, x: Floats) -> tuple[Floats, Ints]:
        """(S,) the best lower bound known for every sample at x, and which dual solution gives it (-1: none)."""
        value = np.full(len(self.stages), -np.inf)
        which = np.full(len(self.stages), -1)
        for kind in self._kinds:
            if not len(kind.samples) or not len(kind.constant):
                continue
            shift = (kind.technology @ x).reshape(kind.low.shape)
            level = kind.base - kind.dual @ shift.T
            level[~kind.feasible] = -np.inf
            best = level.argmax(axis=0)
            value[kind.samples] = level[best, np.arange(len(kind.samples))]
            which[kind.samples] = np.where(np.isfinite(value[kind.samples]), best, -1)
        return value, which

    def broken(self, x: Floats) -> tuple[Ints, Ints]:
        """Sample and proof of every feasibility cut that x breaks, the worst of each sample."""
        samples, found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for kind in self._kinds:
            proofs = np.flatnonzero(~kind.feasible)
            if not len(proofs):
                continue
            shift = (kind.technology @ x).reshape(kind.low.shape)
            level = kind.base[proofs] - kind.dual[proofs] @ shift.T
            worst = np.flatnonzero(level.max(axis=0) > BROKEN)
            samples.append(kind.samples[worst])
            found.append(proofs[level.argmax(axis=0)[worst]])
        return np.concatenate(samples), np.concatenate(found)

    def combined(
        self, samples: Ints, which: Ints, factor: Floats, row: Ints, count: int
    ) -> tuple[Floats, sparse.csr_matrix]:
        """Constants (count,) and slopes (count, n): in each row the sum over its samples of factor times what their
        dual solutions say."""
        constant = np.zeros(count)
        slope = sparse.csr_matrix((count, len(self.stages.first.cost)))
        kinds = self.stages.kind[samples]
        for k in np.unique(kinds):
            kind, mine = self._kinds[k], np.flatnonzero((kinds == k) & (factor != 0))
            if not len(mine):
                continue
            column = np.searchsorted(kind.samples, samples[mine])
            np.add.at(constant, row[mine], factor[mine] * kind.base[which[mine], column])
            links = kind.dual.shape[1]
            part = kind.dual[which[mine]].tocoo()
            place = row[mine][part.row], column[part.row] * links + part.col
            weighed = sparse.csr_matrix(
                (part.data * factor[mine][part.row], place), shape=(count, kind.technology.shape[0])
            )
            slope = slope - weighed @ kind.technology
        slope.sort_indices()
        return constant, slope
