"""What befalls firms: each alone, several together, a part of what they make, a sector, a sanctions list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import QuestionError, unknown
from ..names.matching import closest
from .network import FirmNetwork

NAMED = 12
"""So many mistakes are told one by one."""


@dataclass(frozen=True, eq=False)
class Shocks:
    """m shocks, each to some firms; sparse columns.

    The firms of shock s are `firm[start[s]:start[s + 1]]`, as positions in the network and ascending.
    """

    names: Sequence[str]
    """(m,)"""
    start: NDArray[np.int64]
    """(m + 1,)"""
    firm: NDArray[np.int32]
    down: NDArray[np.float64]
    """ψ_d in [0, 1]: the part that a firm can no longer make for its clients."""
    up: NDArray[np.float64]
    """ψ_u in [0, 1]: the part that it no longer buys from its suppliers."""

    def __post_init__(self) -> None:
        for array in (self.start, self.firm, self.down, self.up):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.start) - 1

    def part(self, low: int, high: int) -> Shocks:
        """The shocks from number `low` up to, but not including, `high`."""
        begin, end = int(self.start[low]), int(self.start[high])
        return Shocks(
            self.names[low:high],
            self.start[low : high + 1] - begin,
            self.firm[begin:end],
            self.down[begin:end],
            self.up[begin:end],
        )

    @cached_property
    def data_hash(self) -> str:
        """BLAKE2b over names and arrays."""
        digest = hashlib.blake2b("\0".join(self.names).encode(), digest_size=32)
        for array in (self.start, self.firm, self.down, self.up):
            digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"Shocks({len(self):,} shocks to {len(self.firm):,} firms)"


def every_firm(network: FirmNetwork) -> Shocks:
    """One shock per firm: it fails altogether."""
    return _whole(network.firms["firm"].to_list(), np.arange(network.n + 1), np.arange(network.n))


def each(network: FirmNetwork, firms: Iterable[str]) -> Shocks:
    """One shock for each of these firms: it fails altogether. Raises `QuestionError` for unknown codes."""
    named = list(dict.fromkeys(firms))
    found = positions(network, named)
    return _whole(named, np.arange(len(found) + 1), found)


def together(
    network: FirmNetwork, firms: Iterable[str], name: str = "together", *, loss: float = 1.0
) -> Shocks:
    """One shock: all of these firms lose the same part. Raises `QuestionError` for unknown codes."""
    found = np.unique(positions(network, list(firms)))
    return _whole([name], np.array([0, len(found)]), found, loss)


def by_group(
    network: FirmNetwork, column: str, groups: Iterable[str] | None = None, *, loss: float = 1.0
) -> Shocks:
    """One shock per group: all firms with the same `column` (sector, jurisdiction, organization, ...) lose a part.

    All groups, in the order of their codes, unless some are named. Raises `QuestionError` for a column that the firms
    do not have and for unknown groups.
    """
    if column not in network.firms.columns:
        raise QuestionError(
            f"the firms have no column {column}; they have {', '.join(network.firms.columns)}"
        )
    codes = network.firms[column].cast(pl.String)
    known = codes.drop_nulls().unique().sort().to_list()
    named = known if groups is None else list(dict.fromkeys(groups))
    strange = [f"{code}: {unknown(code, known, column)}" for code in named if code not in set(known)]
    if strange:
        raise QuestionError("\n".join(strange))
    place = {code: number for number, code in enumerate(named)}
    number = codes.replace_strict(place, default=None, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    member = np.flatnonzero(number >= 0)
    order = member[np.argsort(number[member], kind="stable")]
    start = np.concatenate([[0], np.cumsum(np.bincount(number[member], minlength=len(named)))])
    return _whole(named, start, order, loss)


def by_sector(network: FirmNetwork, sectors: Iterable[str] | None = None, *, loss: float = 1.0) -> Shocks:
    """One shock per sector: all of its firms lose the same part."""
    return by_group(network, "sector", sectors, loss=loss)


def by_jurisdiction(
    network: FirmNetwork, jurisdictions: Iterable[str] | None = None, *, loss: float = 1.0
) -> Shocks:
    """One shock per jurisdiction: all firms there lose the same part."""
    return by_group(network, "jurisdiction", jurisdictions, loss=loss)


def from_matrix(
    network: FirmNetwork,
    psi_down: ArrayLike,
    psi_up: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> Shocks:
    """Shocks from matrices (n, m) of the part that firm i loses in shock s; a vector (n,) is one shock.

    Without `psi_up` a firm buys less by as much as it makes less. Raises `QuestionError` for another shape, and for
    numbers that are not in [0, 1].
    """
    down = _matrix(network, psi_down, "psi_down")
    up = down if psi_up is None else _matrix(network, psi_up, "psi_up")
    if up.shape != down.shape:
        raise QuestionError(f"psi_up has the shape {up.shape}, psi_down {down.shape}; they must agree")
    called = [str(s) for s in range(down.shape[1])] if names is None else [str(name) for name in names]
    if len(called) != down.shape[1]:
        raise QuestionError(f"there are {len(called)} names for {down.shape[1]} shocks")
    shock, firm = np.nonzero((down.T > 0) | (up.T > 0))
    return from_columns(called, shock, firm, down[firm, shock], up[firm, shock])


def from_columns(names: Sequence[str], shock: NDArray, firm: NDArray, down: NDArray, up: NDArray) -> Shocks:
    """Shocks from one row per shock and firm, in any order; a pair may occur once. Nothing is checked."""
    order = np.lexsort((firm, shock))
    start = np.concatenate([[0], np.cumsum(np.bincount(shock, minlength=len(names)))])
    return Shocks(
        tuple(names),
        start.astype(np.int64),
        firm[order].astype(np.int32),
        down[order].astype(np.float64),
        up[order].astype(np.float64),
    )


def joined(*several: Shocks) -> Shocks:
    """Shocks one after the other."""
    starts = np.cumsum([0, *(len(one.firm) for one in several)])
    return Shocks(
        tuple(name for one in several for name in one.names),
        np.concatenate(
            [*(one.start[:-1] + at for one, at in zip(several, starts, strict=False)), starts[-1:]]
        ),
        *(np.concatenate([getattr(one, part) for one in several]) for part in ("firm", "down", "up")),
    )


def positions(network: FirmNetwork, firms: Sequence[str]) -> NDArray[np.int64]:
    """Where firms stand in the network. Raises `QuestionError` with all that it does not have, or for none at all."""
    if not firms:
        raise QuestionError("no firm is named")
    codes = network.firms["firm"].to_list()
    place = dict(zip(codes, range(len(codes)), strict=True))
    strange = [code for code in dict.fromkeys(firms) if code not in place]
    if strange:
        told = [f"{code or repr(code)}: {no_such_firm(code, codes)}" for code in strange[:NAMED]]
        more = [f"and {len(strange) - NAMED:,} more that the network does not have"] * (len(strange) > NAMED)
        raise QuestionError("\n".join([*told, *more]))
    return np.array([place[code] for code in firms], dtype=np.int64)


def no_such_firm(code: str, known: Sequence[str]) -> str:
    """The sentence for a firm that the network does not have."""
    near = closest(code, known)
    return f"no such firm; is {near} meant?" if near else f"no such firm among {len(known):,}"


def _whole(names: Sequence[str], start: NDArray, firm: NDArray, loss: float = 1.0) -> Shocks:
    if not 0 <= loss <= 1:
        raise QuestionError(f"a loss is a share between 0 and 1, not {loss:g}")
    psi = np.full(len(firm), float(loss))
    return Shocks(tuple(names), start.astype(np.int64), firm.astype(np.int32), psi, psi)


def _matrix(network: FirmNetwork, given: ArrayLike, what: str) -> NDArray[np.float64]:
    psi = np.asarray(given, dtype=np.float64)
    psi = psi[:, None] if psi.ndim == 1 else psi
    if psi.ndim != 2 or psi.shape[0] != network.n:
        raise QuestionError(
            f"{what} has the shape {psi.shape}; it takes one row for each of {network.n} firms"
        )
    wrong = np.argwhere(~((psi >= 0) & (psi <= 1)))
    if len(wrong):
        i, s = wrong[0]
        raise QuestionError(
            f"{what} has {len(wrong)} numbers that are no share between 0 and 1; the first, of firm "
            f"{network.firms['firm'][int(i)]} in shock {s}, is {psi[i, s]:g}"
        )
    return psi
