"""Where can we be stopped, by whom, how badly? All measures of all items, and the shortlist they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from .capability import to_horizon
from .chain import Chain
from .errors import QuestionError
from .measures import ALONE, BY_CONTROLLERS, MEASURES, Capabilities, Question, Values
from .network import Bools, Network, bloc, to_network

Progress = Callable[[int, int, str], None]
RANKED = ("exposure", "loss", "price")


@dataclass(frozen=True, slots=True)
class Exposure:
    """Every measure of every item for one home.

    `table` is long (item, controllers, measure, value, reason): a null value is not computable, and the reason
    says why. `coverage` gives for each measure the part of the items for which it could be computed.
    """

    home: str
    controllers: tuple[str, ...]
    coalition: str
    step: str
    seed: int
    draws: int
    table: pl.DataFrame
    coverage: pl.DataFrame
    _ranked: pl.DataFrame

    def shortlist(self, top: int = 20) -> pl.DataFrame:
        """The `top` most exposed items when the whole coalition denies, one row each with all its measures."""
        return self._ranked.head(min(top, len(self._ranked)))


def measure(
    chain: Chain,
    home: str,
    controllers: Iterable[str] = (),
    *,
    step: str = "year",
    draws: int = 0,
    top: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Exposure:
    """The exposure of every item of a chain for a home, to controllers alone and together.

    Without controllers, every foreign jurisdiction is taken to deny. `draws` re-ranks the items that many times
    over the ranges of the data; `rank_robustness` is the share of draws in which an item is among the first
    `top`. The same seed gives the same answer. Raises `QuestionError` for a home without a mission or an unknown
    controller.
    """
    controllers = tuple(dict.fromkeys(controllers))
    network = to_network(chain, home)
    coalitions = _coalitions(chain, network, controllers)
    capabilities = Capabilities(network, to_horizon(network, step))
    total = len(coalitions) + draws
    frames, values = [], {}
    for done, (label, mask) in enumerate(coalitions.items()):
        question = Question(chain, network, capabilities, mask)
        whole = label == list(coalitions)[-1]
        for name, function in MEASURES.items():
            if name not in ALONE and not whole:
                continue
            found = function(question)
            frames.append(_long(network, label if name in BY_CONTROLLERS else "", name, found))
            if whole:
                values[name] = found
        if progress:
            progress(done + 1, total, f"denied by {label}")
    robust = _robustness(chain, home, mask, step, draws, top, seed, (progress, len(coalitions), total))
    frames.append(_long(network, label, "rank_robustness", robust))
    table = pl.concat(frames)
    ranked = _rank(network, values | {"rank_robustness": robust}, mask)
    return Exposure(
        home, tuple(coalitions), label, step, seed, draws, table, _coverage(table, label, draws), ranked
    )


def _coalitions(chain: Chain, network: Network, controllers: tuple[str, ...]) -> dict[str, Bools]:
    """Every controller alone, then all together."""
    if not controllers:
        return {"all others": ~network.at_home}
    alone = {}
    for code in controllers:
        if bloc(chain, code) & set(np.array(network.jurisdictions)[network.at_home]):
            raise QuestionError(f"{code!r} cannot deny to {network.home!r}: it is, or has, the same members")
        alone[code] = network.members(code, chain)
    if len(alone) == 1:
        return alone
    together = np.logical_or.reduce(list(alone.values()))
    return alone | {"+".join(sorted(alone)): together}


def _long(network: Network, controllers: str, name: str, found: Values) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item": network.items,
            "controllers": [controllers] * len(network.items),
            "measure": [name] * len(network.items),
            "value": found.value,
            "reason": found.reason,
        },
        schema_overrides={"value": pl.Float64},
    ).with_columns(pl.col("value").fill_nan(None))


def _order(values: dict[str, Values]) -> np.ndarray:
    """Items by exposure, then loss, then price, largest first; not computable ones last, in table order."""
    keys = [np.nan_to_num(values[name].value, nan=-1.0).round(9) for name in reversed(RANKED)]
    return np.lexsort([np.arange(len(keys[0])), *(-key for key in keys)])


def _robustness(
    chain: Chain,
    home: str,
    mask: Bools,
    step: str,
    draws: int,
    top: int,
    seed: int,
    told: tuple[Progress | None, int, int],
) -> Values:
    """The share of draws over the ranges of the data in which an item is among the first `top`."""
    progress, before, total = told
    n = len(chain.items)
    if not draws:
        return Values.of(np.zeros(n), {"no draws were asked for": np.ones(n, dtype=bool)})
    hits = np.zeros(n)
    for draw, stream in enumerate(np.random.SeedSequence(seed).spawn(draws)):
        network = to_network(chain, home, rng=np.random.default_rng(stream))
        question = Question(chain, network, Capabilities(network, to_horizon(network, step)), mask)
        values = {name: MEASURES[name](question) for name in RANKED}
        first = _order(values)[:top]
        hits[first[np.nan_to_num(values["exposure"].value[first]) > 1e-9]] += 1
        if progress:
            progress(before + draw + 1, total, f"draw {draw + 1} of {draws}")
    return Values.of(hits / draws)


def _rank(network: Network, values: dict[str, Values], mask: Bools) -> pl.DataFrame:
    order = _order(values)
    frame = pl.DataFrame(
        {
            "item": network.items,
            "name": network.names,
            "kind": network.kinds,
            "stage": network.stages,
            **{name: found.value for name, found in values.items()},
            "denied_by": [_deniers(network, j, mask) for j in range(len(network.items))],
        }
    )
    numbers = [pl.col(name).fill_nan(None) for name in values]
    counts = [pl.col(name).fill_nan(None).cast(pl.Int64) for name in ("substitutes", "controllers_needed")]
    frame = frame.with_columns(numbers).with_columns(counts)[order]
    columns = ["rank", *(c for c in frame.columns if c != "denied_share")]
    return frame.with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64)).select(columns)


def _deniers(network: Network, item: int, mask: Bools, most: int = 3) -> str:
    """The coalition's largest suppliers of home, with their shares of home's need."""
    held = np.where(mask, network.imports[item], 0.0)
    first = [r for r in np.argsort(-held, kind="stable")[:most] if held[r] >= 0.005]
    return ", ".join(f"{network.jurisdictions[r]} {held[r]:.0%}".replace("%", " %") for r in first)


def _coverage(table: pl.DataFrame, coalition: str, draws: int) -> pl.DataFrame:
    used = table.filter(pl.col("controllers").is_in([coalition, ""]))
    if not draws:
        used = used.filter(pl.col("measure") != "rank_robustness")
    # What cannot happen, or does not apply, is an answer; only missing data count against coverage.
    missing = pl.col("reason").str.contains("unknown")
    return used.group_by("measure", maintain_order=True).agg(
        computable=1.0 - missing.mean(), missing=missing.sum().cast(pl.Int64)
    )
