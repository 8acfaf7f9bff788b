"""Adopting a plan: its hash, that of its data and that of its assumptions enter the ledger, and its projects."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ..chain import Chain, data_hash
from ..dictionary import dictionary
from ..errors import QuestionError
from .adopted import current_adoption
from .canonical import canonical, sha256_hex
from .drafts import to_draft
from .ledger import Draft, Entry
from .office import Programme
from .state import State

if TYPE_CHECKING:
    from ..plans.result import Plan

__all__ = ["Planned", "adopt", "assumptions_hash", "current_adoption", "plan_hash", "planned", "read_plan"]

Row = Mapping[str, Any]
TABLES = ("portfolio", "loss", "evaluation", "spending", "pools", "rejected", "reasons")
ABOUT_DATA = ("chain", "title", "version", "data_hash", "home")
ABOUT_ANSWER = ("verb", "status", "objective", "bound", "conflicts", "gap_reached")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as rows: the same whether it was made just now or read from the file that `plan --to` writes."""

    home: str
    data_sha256: str | None
    settings: Mapping[str, Any]
    objective: float
    bound: float
    tables: Mapping[str, Sequence[Row]]


def planned(plan: Plan) -> Planned:
    """A plan that was made just now, as rows."""
    frames = {name: getattr(plan, name) for name in TABLES}
    risk = {"risk_aversion": plan.risk.aversion, "tail": plan.risk.tail}
    settings = {"samples": plan.samples, "seed": plan.seed, **risk}
    tables = {name: _rows(frame) for name, frame in frames.items()}
    return Planned(plan.home, None, settings, plan.objective, plan.bound, tables)


def _rows(frame: pl.DataFrame) -> list[Row]:
    return [{name: _plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def _plain(value: Any) -> Any:
    """As the file has it: JSON has no word for NaN, infinity and dates."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


def read_plan(path: str | Path) -> Planned:
    """The plan in a JSON file that `wholenation plan --to FILE.json` wrote, or in the one such file of a folder."""
    path = Path(path)
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        if len(files) != 1:
            raise QuestionError(f"{path} holds {len(files)} JSON files; name the one that is the plan")
        path = files[0]
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise QuestionError(f"{path} cannot be read as a plan: {error}") from None
    about = content.get("about") if isinstance(content, dict) else None
    if not isinstance(about, dict) or about.get("verb") != "plan":
        raise QuestionError(f"{path} is no plan; `wholenation plan ... --to FILE.json` writes one")
    missing = [name for name in TABLES if not isinstance(content.get(name), list)]
    missing += [name for name in ("home", "data_hash", "objective", "bound") if about.get(name) is None]
    if missing:
        raise QuestionError(f"{path} is no plan that can be carried out: {', '.join(missing)} missing")
    left_out = (*ABOUT_DATA, *ABOUT_ANSWER)
    settings = {name: value for name, value in about.items() if name not in left_out and value is not None}
    tables = {name: content[name] for name in TABLES}
    numbers = (float(about["objective"]), float(about["bound"]))
    return Planned(about["home"], about["data_hash"], settings, *numbers, tables)


def adopt(
    programme: Programme,
    *,
    key: str,
    actor: str,
    adoption: str,
    plan: Plan | Planned | str | Path,
    chain: Chain,
    replaces: str | None = None,
) -> Entry:
    """Adopt a plan that was made from this chain.

    A plan that was made from other data is refused, and so is one without a portfolio. The plan adopted before is
    replaced: name it, so that nobody replaces a plan that they do not know of.
    """
    if isinstance(plan, str | Path):
        plan = read_plan(plan)
    made = plan if isinstance(plan, Planned) else planned(plan)
    if made.data_sha256 not in (None, chain.data_hash):
        raise QuestionError(
            f"the plan was made from data {str(made.data_sha256)[:12]}, the chain is {chain.data_hash[:12]}: "
            "plan again, or give the chain of then"
        )
    if not math.isfinite(made.objective) or not made.tables["portfolio"]:
        raise QuestionError("the plan funds nothing, so there is nothing to carry out")
    body = {
        "adoption": adoption,
        "plan_sha256": plan_hash(made),
        "data_sha256": chain.data_hash,
        "assumptions_sha256": assumptions_hash(chain),
        "home": made.home,
        "settings": dict(made.settings),
        "objective": made.objective,
        "bound": made.bound,
        "projects": _projects(made, chain),
        "replaces": replaces,
    }
    draft = to_draft(key, "plan.adopted", actor, body)

    def decide(state: State) -> list[Draft]:
        before = current_adoption(state)
        if not state.has("plan.adopted", adoption) and replaces != (before.id if before else None):
            told = (
                f"{before.id} is in force; name it as the one that is replaced"
                if before
                else "none is in force"
            )
            raise QuestionError(f"replaces {replaces}: {told}")
        return [draft]

    return programme.act(decide)[0]


def plan_hash(made: Planned) -> str:
    """SHA-256 of the plan's tables in canonical JSON."""
    return sha256_hex(canonical(dict(made.tables)))


def assumptions_hash(chain: Chain) -> str:
    """SHA-256 over all rows of the chain that are estimated or assumed, whatever their order."""
    frames = {name: chain.table(name) for name in dictionary()}
    assumed = pl.col("basis").is_in(["estimated", "assumed"])
    return data_hash(
        {name: frame.filter(assumed) for name, frame in frames.items() if "basis" in frame.columns}
    )


def _projects(made: Planned, chain: Chain) -> list[Row]:
    """The plan's projects with their routes, first start, cost in USD million and contributors."""
    stage = dict(chain.items.select("item", "stage").iter_rows())
    place = dict(chain.projects.select("project", "jurisdiction").iter_rows())
    payers: dict[str, list[str]] = {}
    for row in made.tables["spending"]:
        payers.setdefault(row["project"], []).append(row["contributor"])
    found: dict[str, dict[str, Any]] = {}
    for row in made.tables["portfolio"]:
        name = row["project"]
        one = found.setdefault(
            name, {"project": name, "item": row["item"], "kind": row["kind"], "cost_musd": 0.0}
        )
        one.setdefault("routes", []).extend([row["route"]] if row["route"] else [])
        one["start"] = min(one.get("start", row["start"]), row["start"])
        one["cost_musd"] += sum(row[cost] or 0.0 for cost in ("cost_musd", "capex_musd", "cover_musd"))
        one["contributors"] = sorted(set(payers.get(name, ())))
        one |= {"stage": stage.get(row["item"]), "jurisdiction": place.get(name)}
    whole = [{name: value for name, value in one.items() if value is not None} for one in found.values()]
    return sorted(whole, key=lambda one: str(one["project"]))
