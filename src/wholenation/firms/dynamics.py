"""Day by day: how disruptions travel through a firm network with stocks, shortages, orders and recovery."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import QuestionError, unknown
from ..stochastic.places import cores
from .disruptions import Disruption, check, read_disruptions
from .economy import Economy, Inputs, to_economy
from .effects import to_hits
from .estimates import Progress
from .inventories import DRAWS, Draw, mean_inventories
from .network import FirmNetwork
from .propagation import Propagation, to_propagation
from .runs import run
from .samples import Ensemble, Samples
from .shocks import NAMED, no_such_firm
from .simulation import Rules

Rationing = Literal["proportional", "smallest_first"]
FinalDemand = Literal["equal", "last"]
Stocks = Literal["input", "supplier"]
Target = Literal["normal", "output"]
MOST_DAYS = 30_000
PUBLISHED: dict[str, Any] = {"inputs": "essential", "stocks": "supplier", "stock_target": "output"}
"""Settings with which proportional rationing follows the published simulator, day by day."""


def propagate(
    network: FirmNetwork,
    disruptions: Iterable[Disruption] | str | Path,
    *,
    days: int = 365,
    rationing: Rationing = "proportional",
    final_demand: FinalDemand = "equal",
    inputs: Inputs = "essentiality",
    stocks: Stocks = "input",
    inventory_days: float | Mapping[str, float] | ArrayLike = 15.0,
    inventory_draw: Draw = "fixed",
    inventory_least: float = 4.0,
    stock_target: Target = "normal",
    reorder_days: float = 6.0,
    spare_capacity: float = 0.0,
    substitution_days: int | None = None,
    recovered_at: float = 0.99,
    record: Sequence[str] = (),
    samples: int = 1,
    seed: int = 0,
    engine: str = "local",
    workers: int | None = None,
    parts: str | Path | None = None,
    progress: Progress | None = None,
) -> Propagation:
    """The network through `days` days with disruptions (or the file that holds them), from normal times on.

    Every day a firm makes the least of its capacity (1 + `spare_capacity` times normal, less what is lost), of what its
    stocks allow and of what is ordered. What is not enough is rationed: "proportional" gives every order the same part,
    "smallest_first" serves first in full whoever asks for least relative to normal. Final demand is a client like
    others ("equal"), or the "last" to be served. Then firms use stocks up, receive, and order what they used and a part
    1 / `reorder_days` of the gap to `inventory_days` of stock. Orders that are not filled are lost; with
    `substitution_days` a buyer short of an input for longer than that asks its whole sector for them.

    `inputs`: how inputs limit output, by the network's "essentiality" or all of them "essential". `stocks`: one stock
    per "input", or one per "supplier" as in the published simulator. `inventory_days` is a number, one per sector by
    code, or one per firm; with `inventory_draw` "poisson" each of `samples` samples draws them anew, at least
    `inventory_least`. `stock_target` is so many days of "normal" use, or (as published) of use at the firm's present
    "output", where a firm that has come to a stop orders nothing ever again. `recovered_at` is the share of normal
    output at which a nation or firm counts as recovered. `record` are firms whose output is kept day by day.
    `engine`, `workers` and `parts` are as in `cascade`, with samples for shocks: the result does not depend on them.
    Raises `QuestionError` for settings that make no sense and `ChainError` for faults in the file.

    >>> from wholenation.firms.network import from_arrays
    >>> pair = from_arrays([0, 1], [0], [1], [100.0], [[1, 2], [1, 1]], output=[100.0, 200.0])
    >>> shut = propagate(pair, [Disruption(firm="0", start=0, end=20)], days=60)
    >>> shut.days["output"].gather([0, 14, 15, 59]).round(2).to_list()
    [0.67, 0.67, 0.0, 1.0]
    """
    rules = _rules(
        rationing,
        final_demand,
        stocks,
        stock_target,
        reorder_days,
        spare_capacity,
        substitution_days,
        recovered_at,
    )
    _check_counts(days, samples, seed, workers)
    if inventory_draw not in DRAWS:
        raise QuestionError(f"inventory_draw {inventory_draw}: {unknown(inventory_draw, DRAWS, 'draw')}")
    if samples > 1 and inventory_draw == "fixed":
        raise QuestionError("samples differ by what is drawn: they need inventory_draw poisson")
    if not 1 <= inventory_least <= MOST_DAYS:
        raise QuestionError(f"inventory_least {inventory_least:g}: a stock must last at least 1 day")
    _one_of("inputs", inputs, get_args(Inputs))
    inventory = mean_inventories(network, inventory_days)
    if isinstance(disruptions, str | Path):
        disruptions = read_disruptions(network, disruptions)
    disruptions = tuple(disruptions)
    check(network, disruptions)
    economy = to_economy(network, inputs)
    if not economy.normal.any():
        raise QuestionError("no firm of this network makes or sells anything, so that nothing can be lost")
    kept = _recorded(network, record)
    settings = {
        "days": days, "rationing": rationing, "final_demand": final_demand, "inputs": inputs, "stocks": stocks,
        "inventory_days": inventory_days if isinstance(inventory_days, int | float) else "told",
        "inventory_draw": inventory_draw, "inventory_least": inventory_least, "stock_target": stock_target,
        "reorder_days": reorder_days, "spare_capacity": spare_capacity, "substitution_days": substitution_days,
        "recovered_at": recovered_at, "record": ",".join(record), "samples": samples, "seed": seed,
    }  # fmt: skip
    told = [asdict(one) for one in disruptions]
    question = {
        **settings, "of": "propagate", "network": network.data_hash,
        "inventory": hashlib.sha256(inventory.tobytes()).hexdigest(),
        "disruptions": hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
    }  # fmt: skip
    alone = samples == 1 and engine == "local" and parts is None
    ensemble = Ensemble(
        economy, to_hits(network, economy, disruptions), rules, days, inventory, inventory_draw, inventory_least,
        seed, kept, question, _threads(economy, workers) if alone else 1,
    )  # fmt: skip
    if alone:  # in this thread, so that Ctrl-C ends it at once
        columns = ensemble.solve(Samples(0, 1), told=_by_day(progress, days))
    else:
        columns = run(
            ensemble, Samples(0, samples), engine=engine, workers=workers, parts=parts, block=1,
            progress=progress, what="samples",
        ).columns  # fmt: skip
    return to_propagation(network, economy, columns, days, recovered_at, inventory, kept, settings)


def _recorded(network: FirmNetwork, record: Sequence[str]) -> NDArray[np.int32]:
    if isinstance(record, str):
        raise QuestionError(f"record takes a list of firms, not the text {record!r}")
    wanted = dict.fromkeys(record)
    rows = {code: at for at, code in enumerate(network.firms["firm"]) if code in wanted} if wanted else {}
    strangers = [code for code in wanted if code not in rows]
    if strangers:
        known = network.firms["firm"].to_list()
        raise QuestionError(
            "\n".join(f"record {code}: {no_such_firm(code, known)}" for code in strangers[:NAMED])
        )
    return np.array([rows[code] for code in wanted], np.int32)


def _threads(economy: Economy, workers: int | None) -> int:
    return min(workers or cores(), economy.ranges)


def _by_day(progress: Progress | None, days: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(done, days, "days")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise QuestionError(f"{name} {value}: {unknown(str(value), known, name)}")


def _check_counts(days: int, samples: int, seed: int, workers: int | None) -> None:
    for name, value, least, most in (
        ("days", days, 1, MOST_DAYS), ("samples", samples, 1, 1_000_000), ("seed", seed, 0, 2**63),
        ("workers", 1 if workers is None else workers, 1, 4096),
    ):  # fmt: skip
        if isinstance(value, bool) or not least <= value <= most or value != int(value):
            raise QuestionError(f"{name} {value}: must be a whole number from {least} to {most}")


def _rules(
    rationing: str, final_demand: str, stocks: str, stock_target: str, reorder_days: float, spare_capacity: float,
    substitution_days: int | None, recovered_at: float,
) -> Rules:  # fmt: skip
    _one_of("rationing", rationing, get_args(Rationing))
    _one_of("final_demand", final_demand, get_args(FinalDemand))
    _one_of("stocks", stocks, get_args(Stocks))
    _one_of("stock_target", stock_target, get_args(Target))
    if not 1 <= reorder_days < math.inf:
        raise QuestionError(f"reorder_days {reorder_days:g}: a gap is closed within 1 day or more")
    if not 0 <= spare_capacity <= 10:
        raise QuestionError(f"spare_capacity {spare_capacity:g}: a part of normal output, from 0 to 10")
    if not 0 < recovered_at <= 1:
        raise QuestionError(f"recovered_at {recovered_at:g}: a share above 0 and at most 1")
    if substitution_days is not None and not 0 <= substitution_days <= MOST_DAYS:
        raise QuestionError(f"substitution_days {substitution_days}: must be at least 0")
    if stocks == "supplier" and (rationing != "proportional" or substitution_days is not None):
        raise QuestionError(
            "stocks by supplier go with proportional rationing and without substitution, as published"
        )
    return Rules(
        by_level=rationing == "smallest_first",
        firms_first=final_demand == "last",
        rate=1.0 / reorder_days,
        steady=stock_target == "normal",
        spare=float(spare_capacity),
        wait=-1 if substitution_days is None else int(substitution_days),
        by_supplier=stocks == "supplier",
        enough=recovered_at,
    )
