"""What the verbs about firms show on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from ..formats import MISSING, number, part
from ..output import Shown, amount, say, show, whole

if TYPE_CHECKING:
    from ..firms.linked import Linked
    from ..firms.propagation import Propagation


def between(value: Sequence[float | None] | Mapping[str, float | None] | None) -> str:
    """A bracket: low to high."""
    if value is None:
        return MISSING
    low, high = value.values() if isinstance(value, Mapping) else value
    return MISSING if low is None or high is None else f"{part(low)} – {part(high)}"


def three(value: float | None) -> str:
    """A number to three digits."""
    return number(value, 3)


CASCADE = (
    Shown("rank", "#", whole),
    Shown("shock", "firm"),
    Shown("name", "name", spare=2),
    Shown("sector", "sector", spare=5),
    Shown("firms", "firms", whole, spare=6),
    Shown("risk", "risk", part),
    Shown("bracket", "between", between, spare=1),
    Shown("own", "of it\nown", part, spare=3),
    Shown("downstream", "down-\nstream", part, spare=7),
    Shown("upstream", "up-\nstream", part, spare=8),
    Shown("hit", "who is hit", spare=4),
)
LINKED = (
    Shown("scenario", "scenario"),
    Shown("name", "organization"),
    Shown("controller", "by", spare=6),
    Shown("coverage", "covers", part, spare=5),
    Shown("loss", "items: loss\nalone (years)", amount, spare=3),
    Shown("loss_added", "added to its\nscenario (years)", amount),
    Shown("firms", "firms", whole, spare=4),
    Shown("firms_lose", "lose\nat once", part, spare=2),
    Shown("risk", "firms:\nrisk", part),
    Shown("risk_if_stopped", "if it\nstopped", part, spare=1),
)
MATCHES = (
    Shown("firm", "firm"),
    Shown("name", "name"),
    Shown("listed_name", "listed as"),
    Shown("listed", "list", spare=2),
    Shown("score", "like-\nness", whole, spare=1),
    Shown("sure", "sure", lambda value: "yes" if value else "by name alone"),
)
MEASURES = {
    "lowest_output": ("lowest output (% of normal)", 100.0),
    "lowest_day": ("on day", 1.0),
    "recovered": ("back on day", 1.0),
    "lost_days": ("lost days of output", 1.0),
    "lost_output": ("lost output (money)", 1.0),
    "lost_value_added": ("lost value added (money)", 1.0),
    "created": ("used though it was not there (money)", 1.0),
}
"""What each row of the summary is called, and what it is multiplied by."""
SUMMARY = (
    Shown("measure", "measure"),
    Shown("mean", "mean", three),
    Shown("low", "low", three),
    Shown("median", "median", three),
    Shown("high", "high", three),
)
LONGEST = (
    Shown("firm", "firm"),
    Shown("name", "name", spare=1),
    Shown("sector", "sector", spare=3),
    Shown("lost_days", "days of\noutput lost", amount),
    Shown("lost", "output lost", amount, spare=2),
    Shown("lowest", "lowest", part),
    Shown("recovered", "back on\nday", whole),
)


def show_cascade(
    table: pl.DataFrame, hit: Mapping[str, str], settings: Mapping[str, Any], title: str, top: int
) -> None:
    """The riskiest shocks, with their brackets and who is hit."""
    first = table.head(top).with_columns(
        bracket=pl.struct("low", "high"),
        hit=pl.col("shock").replace_strict(dict(hit), default="", return_dtype=pl.String),
    )
    single = bool((first["firms"] == 1).all())
    silent = {"firms"} if single else set()
    silent |= {name for name in ("name", "sector", "hit") if not (first[name].fill_null("") != "").any()}
    silent |= {"bracket"} if first["high"].null_count() == len(first) else set()
    columns = [one for one in CASCADE if one.column not in silent]
    what = "the firm fails" if single else "it happens"
    legend = (
        f"Risk = part of everything that firms count which is lost if {what}, its own part included; downstream = for "
        "want of inputs, upstream = for want of clients."
    )
    if settings.get("mode") == "converged":
        legend += " Between = limits for where the cascade ends, measured, not proved."
    else:
        legend += f" The cascade stops as the published method does, at {settings.get('eps'):g}: it may still go on."
    show(first, columns, title, legend)
    if table.height > top:
        say(f"The first {top:,} of {table.height:,}; --to and --json have all.", style="dim")


def show_matches(matches: pl.DataFrame, top: int) -> None:
    """Which firms are on a list."""
    legend = "A name alone makes a match only possible; sure = an identifier is shared too."
    show(matches.head(top), MATCHES, f"Firms on the list: {matches['firm'].n_unique():,}", legend)


def show_linked(found: Linked) -> None:
    """What controls on named organizations do, by items and by firms."""
    if found.controls.is_empty():
        say(f"No control on a named organization reaches {found.home}.", style="bold")
        return
    legend = (
        f"Items: years of target output that {found.home} loses by this control alone, and what it adds to its "
        f"scenario. Firms: part of what {found.home}'s firms sell that is lost when the organization loses at once "
        "what it then cannot deliver or make; if it stopped = if it failed altogether."
    )
    show(found.controls, LINKED, f"Controls on organizations that reach {found.home}", legend)


def show_propagation(found: Propagation, top: int) -> None:
    """How deep and how long, and which firms lose most."""
    enough = part(found.settings["recovered_at"])
    legend = (
        f"Lost = over the whole run; money = in the unit of the tables; back on day = from then on output stays above "
        f"{enough} of normal (0: it never fell below)."
    )
    columns: Sequence[Shown] = SUMMARY
    if len(found.samples) > 1:
        legend += " Low and high = 5 % and 95 % of the samples."
    else:
        columns = (SUMMARY[0], Shown("mean", "value", three))
    names, scales = ({code: told[at] for code, told in MEASURES.items()} for at in (0, 1))
    scale = pl.col("measure").replace_strict(scales, return_dtype=pl.Float64)
    summary = found.summary.with_columns(
        pl.col("measure").replace_strict(names),
        *(pl.col(name) * scale for name in ("mean", "low", "median", "high")),
    )
    show(summary, columns, "What happens day by day", legend)
    for sentence in found.assumed:
        say(sentence, style="dim")
    worst = found.firms.filter(pl.col("lost_days") > 0).sort("lost", descending=True, nulls_last=True)
    if worst.is_empty():
        say("No firm loses anything.", style="bold")
        return
    first = worst.head(top)
    told = [one for one in LONGEST if one.column != "name" or (first["name"].fill_null("") != "").any()]
    legend = "Lowest = part of normal output on the worst day. No day under back on day: not within the run."
    show(first, told, "Who loses most", legend)
