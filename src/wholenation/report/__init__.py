"""How do I show this to the minister? Everything that was found, in one HTML file that needs no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from .. import __version__, figures, formats
from ..chain import Chain
from ..exposure import Exposure, measure
from ..figures import Figure
from ..formats import known, listed, money, when
from ..network import bloc, to_network
from ..plans import Frontier, Plan, budget_frontier
from ..plans import plan as make_plan
from ..stress import Outcomes, stress
from .assumptions import assumptions, measured, sources
from .firms import Firms, cascades, sector_names, told

Progress = Callable[[int, int, str], None]
Row = dict[str, Any]
TOP = 10
SURE = 0.9
"""A rank is called robust when the item stays among the first in this share of draws."""
FRONTIER = (0.0, 0.05, 0.15, 0.4, 1.0)
"""Budgets of the frontier, as parts of the money that contributors are expected to pay in."""
FRONTIER_SAMPLES = 8
"""Futures of the frontier's plans: few, so that each is solved to its gap within seconds."""
SHEET = 960.0
"""The height of a sheet of paper, in pixels of a figure drawn at its desk width (A4, margins and heading off)."""
CURVE = 5
"""Fewer organizations than this make no curve of risk by rank."""
MEASURES = {
    "exposure": "Exposure",
    "loss": "Loss if denied",
    "price": "Price",
    "denied_share": "Share that the coalition can deny",
    "concentration": "Concentration (HHI)",
    "foreign_share": "Foreign share",
    "substitutes": "Substitutes",
    "controllers_needed": "Controllers needed for 90 %",
    "time_to_bite_years": "Time to bite",
    "time_to_replace_years": "Time to replace",
    "rank_robustness": "Rank robustness",
}


@dataclass(frozen=True)
class Results:
    """What the report shows.

    The plan and the frontier are missing where the chain has no projects for home, the firms where it has no
    organizations.
    """

    exposure: Exposure
    outcomes: Outcomes
    plan: Plan | None
    frontier: Frontier | None
    firms: Firms | None


def report(
    chain: Chain,
    home: str,
    controllers: Iterable[str] = (),
    *,
    step: str = "year",
    draws: int = 30,
    samples: int = 30,
    seed: int = 0,
    time_limit: float = 120.0,
    exposure: Exposure | None = None,
    outcomes: Outcomes | None = None,
    plan: Plan | None = None,
    frontier: Frontier | None = None,
    firms: Firms | None = None,
    day: date | None = None,
    progress: Progress | None = None,
) -> str:
    """One self-contained HTML page: the answer in plain sentences, the figures, every assumption and source.

    What is not passed in is computed: exposure with `draws` draws; where the chain has projects and pools for home,
    a plan over `samples` futures within `time_limit` seconds, and the frontier; outcomes with and without the plan;
    where it has organizations, the cascades of their failures.
    The page depends on its arguments alone; `day` is the date that it bears, by default today.
    """
    controllers = tuple(dict.fromkeys(controllers))
    if exposure is None:
        exposure = measure(
            chain, home, controllers, step=step, draws=draws, top=TOP, seed=seed, progress=progress
        )
    if plan is None and _has_menu(chain, home):
        plan = make_plan(chain, home, samples=samples, seed=seed, time_limit=time_limit, progress=progress)
    solved = plan is not None and not plan.conflicts and known(plan.objective)
    if outcomes is None:
        outcomes = stress(chain, home, step=step, plan=plan if solved else None, seed=seed, progress=progress)
    if frontier is None and plan is not None and solved:
        budgets = _budgets(plan)
        frontier = budget_frontier(
            chain,
            home,
            budgets,
            samples=min(samples, FRONTIER_SAMPLES),
            time_limit=time_limit,
            seed=seed,
            progress=progress,
        )
    if firms is None:
        firms = cascades(chain, home, step=step)
    results = Results(exposure, outcomes, plan, frontier, firms)
    asked = {
        "home": home,
        "controllers": controllers,
        "step": step,
        "draws": exposure.draws,
        "samples": samples,
    }
    harmful = pl.col("exposure").is_null() | (pl.col("exposure") > 1e-9)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            chain=chain,
            home=_name(chain, home),
            asked=asked,
            run=_run(chain, asked, seed, day or date.today()),
            answer=_answer(chain, home, results),
            shortlist=_records(exposure.shortlist(2 * TOP).filter(harmful)),
            coverage=[
                row | {"name": MEASURES.get(row["measure"], row["measure"])}
                for row in _records(exposure.coverage)
            ],
            summary=_scenarios(outcomes),
            plan=plan,
            solved=solved,
            portfolio=_records(plan.portfolio) if plan else [],
            rejected=_rejected(plan) if plan else [],
            frontier=_records(frontier.points) if frontier is not None else [],
            marginal=_marginal(plan, frontier),
            firms=None if firms is None else told(chain, home, firms),
            pictures=_pictures(chain, home, results, solved),
            foreign=_foreign(chain, home),
            assumptions=assumptions(chain, home),
            sources=sources(chain, home),
            warnings=chain.warnings,
        )
    )
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def _has_menu(chain: Chain, home: str) -> bool:
    """Whether there is a project and a pool of money that home could use."""
    mine = pl.col("home").is_null() | (pl.col("home") == home)
    money_pools = chain.pools.filter(mine & (pl.col("resource") == "money"))
    return not chain.projects.filter(mine).is_empty() and not money_pools.is_empty()


def _marginal(plan: Plan | None, frontier: Frontier | None) -> list[dict[str, object]]:
    """What a further billion of each contributor saves at the frontier's budget nearest to the pools as they are."""
    if plan is None or frontier is None or frontier.contributors.is_empty():
        return []
    offered = float(sum(pool.paid_musd.sum() for pool in plan.menu.pools))
    rows = frontier.contributors.with_columns((pl.col("budget_musd") - offered).abs().alias("apart"))
    return _records(rows.filter(pl.col("apart") == pl.col("apart").min()))


def _budgets(plan: Plan) -> list[float]:
    """Round budgets from nothing to all the money that contributors are expected to pay in."""
    available = float(plan.pools.filter(pl.col("resource") == "money")["available"].sum())
    return sorted({float(f"{part * available:.2g}") for part in FRONTIER})


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("wholenation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    for name in ("number", "share", "part", "years", "money", "when"):
        found.filters[name] = getattr(formats, name)
    found.filters["listed"] = listed
    found.filters["tied"] = lambda words: words.replace(" %", f"{formats.SPACE}%")
    found.globals["known"] = known
    return found


def _records(frame: pl.DataFrame) -> list[Row]:
    return list(frame.iter_rows(named=True))


def _name(chain: Chain, code: str) -> str:
    names = dict(zip(chain.jurisdictions["jurisdiction"], chain.jurisdictions["name"], strict=True))
    return str(names.get(code, code))


def _run(chain: Chain, asked: Row, seed: int, day: date) -> Row:
    """What identifies the run: the same id means the same data, question, seed and version."""
    folder = Path(chain.folder)
    told = folder.name if folder.is_absolute() else folder.as_posix()
    words = ["wholenation", "report", told, "--home", asked["home"]]
    if asked["controllers"]:
        words += ["--controllers", ",".join(asked["controllers"])]
    words += ["--draws", str(asked["draws"]), "--samples", str(asked["samples"]), "--seed", str(seed)]
    words += ["--to", "report.html"]
    key = repr((__version__, chain.data_hash, sorted(asked.items()), seed))
    return {
        "id": hashlib.sha256(key.encode()).hexdigest()[:12],
        "version": __version__,
        "data": chain.data_hash,
        "seed": seed,
        "day": f"{day.day} {day:%B %Y}",
        "command": " ".join(words),
    }


def _answer(chain: Chain, home: str, results: Results) -> Row:
    """The numbers of the opening half page."""
    exposure, plan = results.exposure, results.plan
    items = _records(exposure.shortlist(TOP).filter(pl.col("exposure") > 1e-9))
    robust = [row for row in items if known(row["rank_robustness"])]
    plain = results.outcomes.summary.filter(~pl.col("plan")).sort("loss", descending=True)
    worst = plain.row(0, named=True) if plain.height else None
    after = None
    if worst:
        same = results.outcomes.summary.filter(pl.col("plan") & (pl.col("scenario") == worst["scenario"]))
        after = same.row(0, named=True) if same.height else None
    times = sorted(set(results.outcomes.table["time"].to_list()))
    answer: Row = {
        "first": items,
        "coalition": _coalition(chain, exposure),
        "worst": worst,
        "worst_after": after,
        "harmless": int((plain["loss"] <= 1e-6).sum()),
        "scenarios": plain.height,
        "horizon": (when(times[0]), when(times[-1] + _delta(times))) if times else ("", ""),
        "robust": sum(row["rank_robustness"] >= SURE for row in robust) if robust else None,
        "shakiest": min(robust, key=lambda row: row["rank_robustness"]) if robust else None,
        "measured": measured(chain, home),
        "funded": None,
    }
    if plan is not None and plan.portfolio.height:
        answer["funded"] = _funded(plan)
    return answer


def _coalition(chain: Chain, exposure: Exposure) -> str:
    codes = exposure.coalition.split("+")
    known_codes = set(chain.jurisdictions["jurisdiction"])
    if not set(codes) <= known_codes:
        return "all foreign suppliers"
    return listed([_name(chain, code) for code in codes])


def _delta(times: list[float]) -> float:
    return times[1] - times[0] if len(times) > 1 else 1.0


def _funded(plan: Plan) -> Row:
    """What the plan funds, and what it is worth on the samples and on fresh draws."""
    rows = plan.portfolio
    by = plan.spending.group_by("contributor").agg(pl.col("musd").sum())
    by = by.sort(["musd", "contributor"], descending=[True, False])
    first = rows.sort("loss_if_left_out", "project", descending=[True, False]).unique(
        "project", maintain_order=True
    )
    fresh = {(r["measure"], r["when"]): r for r in _records(plan.evaluation)}
    samples = {r["measure"]: r for r in _records(plan.loss)}
    return {
        "projects": rows["project"].n_unique(),
        "routes": rows.filter(pl.col("route") != "").height,
        "research": float(rows["cost_musd"].sum()),
        "capacity": float(rows["capex_musd"].sum()),
        "contributors": [f"{name} ({money(musd)})" for name, musd in by.head(4).iter_rows()],
        "others": max(by.height - 4, 0),
        "first": _records(first.head(5)),
        "before": fresh.get(("expected", "before")),
        "after": fresh.get(("expected", "after")),
        "samples": samples.get("expected"),
        "tail": samples.get("cvar"),
    }


def _rejected(plan: Plan) -> list[Row]:
    """What is not funded, together where kind and reason are the same."""
    together = plan.rejected.group_by("kind", "reason", maintain_order=True).agg(pl.col("name"))
    return _records(together)


def _scenarios(outcomes: Outcomes) -> list[Row]:
    """One row per scenario, with the loss under the plan beside the loss without it."""
    planned = {r["scenario"]: r for r in _records(outcomes.summary.filter(pl.col("plan")))}
    plain = outcomes.summary.filter(~pl.col("plan")).sort("loss", descending=True)
    return [row | {"with_plan": planned.get(row["scenario"])} for row in _records(plain)]


def _pictures(chain: Chain, home: str, results: Results, solved: bool) -> dict[str, str]:
    """Every figure at two widths: for a desk and paper, and for a telephone."""
    exposure, plan = results.exposure, results.plan
    draw: dict[str, Callable[[float], Figure]] = {
        "shortlist": lambda w: figures.shortlist(exposure, TOP, width=w),
        "tiers": lambda w: figures.tiers(chain, home, exposure=exposure, width=w),
        "worldmap": lambda w: figures.worldmap(chain, home, exposure, width=w),
        "outputs": lambda w: figures.outputs(results.outcomes, width=w),
    }
    if plan is not None and solved:
        draw |= {
            "gantt": lambda w: figures.gantt(plan, width=w),
            "spending": lambda w: figures.spending(plan, width=w),
            "loss": lambda w: figures.loss(plan, width=w),
            "prices": lambda w: figures.prices(plan, width=w),
        }
        if results.frontier is not None:
            spent = float(plan.spending["musd"].sum())
            frontier = results.frontier.points
            draw["frontier"] = lambda w: figures.frontier(frontier, chosen=spent, width=w)
    if results.firms is not None:
        firms, names = results.firms, sector_names(chain)
        draw |= {
            "hit": lambda w: figures.hit(firms.table, firms.hit, TOP, names=names, width=w),
        }
        if firms.table.filter(pl.col("risk") > 0).height >= CURVE:
            draw["risk"] = lambda w: figures.risk(firms.table, width=w)
    pictures = {}
    for name, function in draw.items():
        wide, narrow = function(figures.WIDE), function(figures.NARROW)
        sheets = wide.pages(SHEET)
        # A picture longer than a sheet of paper stands in the page a second time, cut for printing.
        paper = "".join(f'<div class="sheet">{sheet}</div>' for sheet in sheets) if len(sheets) > 1 else ""
        whole = "desk screen" if paper else "desk"
        pictures[name] = f'<div class="{whole}">{wide.svg}</div><div class="phone">{narrow.svg}</div>' + (
            f'<div class="paper">{paper}</div>' if paper else ""
        )
    return pictures


def _foreign(chain: Chain, home: str) -> Row:
    """How much of its inputs home imports, and on what definition the shares stand."""
    network = to_network(chain, home)
    supplied = set(chain.supply["item"])
    abroad = [
        float(v)
        for item, v in zip(network.items, network.imports.sum(axis=1), strict=True)
        if item in supplied
    ]
    counted = dict(chain.supply.group_by("counted_by").len().iter_rows())
    members = pl.col("jurisdiction").is_in(sorted(bloc(chain, home)))
    demand = chain.jurisdictions.filter(members)["demand_share"].drop_nulls()
    return {
        "supplied": len(abroad),
        "mostly": sum(v >= 0.9 for v in abroad),
        "none": sum(v < 0.05 for v in abroad),
        "headquarters": counted.get("headquarters", 0),
        "location": counted.get("location", 0),
        "demand": float(demand.max()) if len(demand) else None,  # type: ignore[arg-type]
    }
