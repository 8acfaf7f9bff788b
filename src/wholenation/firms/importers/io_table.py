"""An input–output table as a network of sectors: every sector of every jurisdiction is one firm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ChainError, Fault, QuestionError, Severity
from ..network import FirmNetwork, from_arrays
from ..tally import LISTED

ESSENTIAL_SHARE = 0.02
"""An input is essential where it is at least this part of the buying sector's output (assumed, 0.01 to 0.05)."""
TOLERANCE = 1e-3
"""Output may be below what is sold by this part, for tables are balanced by rounding."""


def from_io_table(
    Z: ArrayLike,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    jurisdictions: Sequence[str] | None = None,
    essential: float | None = ESSENTIAL_SHARE,
    essentiality: ArrayLike | None = None,
    least: float = 0.0,
    cost: ArrayLike | None = None,
    name: str = "input-output table",
) -> FirmNetwork:
    """The network of a table: firm i is the sector `names[i]` in `jurisdictions[i]`, and sells Z[i, j] to firm j.

    `Z` is (n, n) intermediate sales with the seller first; `x` (n,) output; `y` (n,) or (n, d) final demand, from
    which `x` follows where it is not given. Frames of pandas or polars may stand for arrays.

    - Output is x. Revenue is x without what a sector sells to itself: links to oneself are left out, and with x less
      Z[i, i] the balance of all other flows stays as it was.
    - `cost` (n,) are inputs from everywhere, those not in Z included; without it, they are those in Z.
    - Essentiality by (supplying, buying) sector, over all jurisdictions: 2 where the inputs are at least `essential` of
      the buyer's output (of its inputs where there is no output), 1 elsewhere. A large input is one that is hard to
      do without for long; a small one may be too (Pichler et al. 2022, Journal of Economic Dynamics and Control 144,
      asked analysts), so better give `essentiality` (K, K), in the order in which sectors first appear in `names`, if
      there is a judgement. With `essential` None every input is non-essential.
    - Flows below `least` of the buyer's inputs are left out; a world table is dense, and most flows are next to 0.

    Raises `QuestionError` where shapes disagree, and `ChainError` for NaN or infinite entries. Negative flows, which
    balancing leaves in some tables, are left out with a warning.

    >>> network = from_io_table([[1.0, 4.0], [2.0, 0.0]], x=[10.0, 8.0], names=["A", "B"])
    >>> network.m, network.revenue.tolist(), network.essentiality.tolist()
    (2, [9.0, 8.0], [[2, 2], [2, 1]])
    """
    flows = np.array(Z, np.float64)
    if flows.ndim != 2 or flows.shape[0] != flows.shape[1]:
        raise QuestionError(f"Z must be square, got {flows.shape}")
    n = len(flows)
    codes = [f"S{i}" for i in range(1, n + 1)] if names is None else [str(code) for code in names]
    places = None if jurisdictions is None else [str(code) for code in jurisdictions]
    if len(codes) != n or (places is not None and len(places) != n):
        raise QuestionError(f"names and jurisdictions must have one entry for each of the {n} rows of Z")
    firms = (
        codes if places is None else [f"{place}-{code}" for place, code in zip(places, codes, strict=True)]
    )
    output = _output(flows, x, y)
    spent = None if cost is None else _vector(cost, n, "cost")
    warnings = _check(flows, {"x": output, "cost": spent}, firms)
    flows[flows < 0] = 0
    own = np.diagonal(flows).copy()
    sectors = list(dict.fromkeys(codes))
    sector = np.array([{code: at for at, code in enumerate(sectors)}[code] for code in codes], np.int32)
    if essentiality is None:
        essentiality = _essentiality(flows, output, sector, len(sectors), essential)
    np.fill_diagonal(flows, 0)
    if least > 0:
        flows[flows < least * flows.sum(axis=0)] = 0
    supplier, buyer = np.nonzero(flows)
    network = from_arrays(
        sector,
        supplier,
        buyer,
        flows[supplier, buyer],
        essentiality,
        output=output,
        revenue=None if output is None else np.maximum(output - own, 0),
        cost=None if spent is None else np.maximum(spent - own, 0),
        firms=firms,
        names=firms,
        jurisdictions=places,
        sectors=sectors,
        name=name,
    )
    return FirmNetwork(**{**_fields(network), "warnings": tuple(warnings)})


def from_pymrio(table: Any, **settings: Any) -> FirmNetwork:
    """The network of a pymrio table: anything with frames `Z`, `Y` or `x` over (region, sector).

    `settings` are those of `from_io_table`.
    """
    Z = getattr(table, "Z", None)
    index = getattr(Z, "index", None)
    if Z is None or index is None or getattr(index, "nlevels", 0) != 2:
        raise QuestionError(
            "the table must have a frame Z over (region, sector); call calc_all() on it first"
        )
    x, y = getattr(table, "x", None), getattr(table, "Y", None)
    if not index.equals(Z.columns):
        raise QuestionError("rows and columns of Z must be the same (region, sector) in the same order")
    given: dict[str, Any] = {
        "names": [str(code) for code in index.get_level_values(1)],
        "jurisdictions": [str(code) for code in index.get_level_values(0)],
        "name": str(getattr(table, "name", None) or "pymrio table"),
    }
    x = None if x is None else x.loc[index].to_numpy().ravel()
    y = None if y is None or x is not None else y.loc[index].to_numpy()
    return from_io_table(Z.to_numpy(), x, y, **(given | settings))


def _fields(network: FirmNetwork) -> dict[str, Any]:
    return {name: getattr(network, name) for name in network.__dataclass_fields__}


def _vector(given: ArrayLike, n: int, what: str) -> NDArray[np.float64]:
    array = np.array(given, np.float64)
    if array.size != n:
        raise QuestionError(f"{what} must have one entry for each of the {n} rows of Z, got {array.shape}")
    return array.reshape(n)


def _output(
    flows: NDArray[np.float64], x: ArrayLike | None, y: ArrayLike | None
) -> NDArray[np.float64] | None:
    n = len(flows)
    if x is not None:
        return _vector(x, n, "x")
    if y is None:
        return None
    final = np.array(y, np.float64)
    if final.ndim not in (1, 2) or len(final) != n:
        raise QuestionError(f"y must have one row for each of the {n} rows of Z, got {final.shape}")
    return flows.sum(axis=1) + final.reshape(n, -1).sum(axis=1)


def _check(
    flows: NDArray[np.float64], amounts: dict[str, NDArray[np.float64] | None], firms: list[str]
) -> list[Fault]:
    """Warnings; raises ChainError for what cannot be used. Rows are counted from 1, as in the table itself."""
    faults: list[Fault] = []
    warnings: list[Fault] = []

    def note(where: NDArray[np.integer], what: str, message: str, severity: Severity = "fault") -> None:
        found = faults if severity == "fault" else warnings
        for at in where[:LISTED]:
            i, j = (int(part) for part in (*np.atleast_1d(at), 0)[:2])
            amount = amounts.get(what)
            seen = flows[i, j] if amount is None else amount[i]
            found.append(Fault(what, i + 1, firms[j] if what == "Z" else "", f"{seen:g}", message, severity))
        if len(where) > LISTED:
            found.append(Fault(what, None, "", "", f"and {len(where) - LISTED:,} more: {message}", severity))

    note(np.argwhere(~np.isfinite(flows)), "Z", "is not a finite number")
    for what, amount in amounts.items():
        if amount is not None:
            note(np.argwhere(~np.isfinite(amount)), what, "is not a finite number")
            note(np.argwhere(amount < 0), what, "must be at least 0")
    if faults:
        raise ChainError(faults)
    note(np.argwhere(flows < 0), "Z", "is negative; the flow is left out", "warning")
    sold = np.maximum(flows, 0).sum(axis=1)
    output = amounts["x"]
    if output is not None:
        note(np.argwhere(output < sold * (1 - TOLERANCE)), "x", "is below what is sold in Z", "warning")
    return warnings


def _essentiality(
    flows: NDArray[np.float64],
    output: NDArray[np.float64] | None,
    sector: NDArray[np.int32],
    k: int,
    essential: float | None,
) -> NDArray[np.int8]:
    if essential is None:
        return np.ones((k, k), np.int8)
    if not 0 < essential <= 1:
        raise QuestionError(f"essential must be a share above 0 and at most 1, or None, got {essential:g}")
    by_buyer = np.zeros((k, len(flows)))
    np.add.at(by_buyer, sector, flows)
    sold = np.zeros((k, k))
    np.add.at(sold.T, sector, by_buyer.T)
    of = sold.sum(axis=0) if output is None else np.bincount(sector, output, k)
    large = (sold >= essential * of) & (sold > 0)
    return np.where(large, 2, 1).astype(np.int8)
