"""What every verb shows on the terminal: its tables, and how to read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from ..formats import share, when
from ..output import Shown, amount, places, say, show, text, whole

if TYPE_CHECKING:
    from ..exposure import Exposure
    from ..plans import Certainty, Frontier, Plan, Policy
    from ..stress import Outcomes

SHORTLIST = (
    Shown("rank", "#"),
    Shown("name", "item"),
    Shown("kind", "kind", spare=10),
    Shown("exposure", "expo-\nsure", amount, 0.5, spare=2),
    Shown("loss", "loss\n(years)", amount, 1.0),
    Shown("price", "price", amount, spare=7),
    Shown("concentration", "concen-\ntration", amount, 0.5, spare=8),
    Shown("foreign_share", "foreign", share, 0.9, spare=5),
    Shown("substitutes", "substi-\ntutes", spare=11),
    Shown("controllers_needed", "deniers\nneeded", spare=9),
    Shown("time_to_bite_years", "bites\nafter (y)", amount, spare=3),
    Shown("time_to_replace_years", "replaced\nafter (y)", amount, spare=6),
    Shown("rank_robustness", "in top\n(draws)", share, spare=4),
    Shown("denied_by", "denied by", spare=1),
)
SCENARIOS = (
    Shown("scenario", "scenario", spare=7),
    Shown("name", "name"),
    Shown("probability", "prob-\nability", share, spare=6),
    Shown("plan", "plan", lambda value: "with" if value else "without"),
    Shown("loss", "loss\n(years)", amount, 1.0),
    Shown("lowest_output", "lowest\noutput", share, spare=1),
    Shown("lowest_time", "when", when, spare=5),
    Shown("first_bite", "first\nbite", when, spare=3),
    Shown("recovered", "recov-\nered", when, spare=4),
    Shown("binding", "what binds", spare=2),
)
LOSSES = (
    Shown("measure", "loss"),
    Shown("before", "without\nthe plan", amount),
    Shown("after", "with\nthe plan", amount),
)
EVALUATION = (
    Shown("measure", "loss"),
    Shown("when", "the plan", lambda value: {"before": "without", "after": "with"}.get(value, value)),
    Shown("mean", "mean", amount),
    Shown("low", "low", amount),
    Shown("high", "high", amount),
)
PORTFOLIO = (
    Shown("name", "item"),
    Shown("kind", "kind", spare=7),
    Shown("route", "route"),
    Shown("start", "start", when, spare=3),
    Shown("end", "end", when, spare=9),
    Shown("ready", "capacity", when, spare=4),
    Shown("teams", "teams", amount, spare=5),
    Shown("gate", "gate", when, spare=10),
    Shown("cost_musd", "R&D\n(USD m)", amount, spare=8),
    Shown("capex_musd", "plant\n(USD m)", amount, spare=1),
    Shown("loss_if_left_out", "loss if\nleft out", amount, spare=2),
    Shown("reason", "reason", spare=6),
)
POOLS = (
    Shown("contributor", "contributor"),
    Shown("resource", "resource"),
    Shown("year", "year"),
    Shown("available", "available", amount),
    Shown("used", "used", amount),
    Shown("price", "worth of\none more", amount),
)
REASONS = (
    Shown("project", "project"),
    Shown("decision", "in or\nout"),
    Shown("loss_if_reversed", "if re-\nversed", amount),
    Shown("exact", "exact", lambda value: "yes" if value else "no", spare=2),
    Shown("sentence", "why", spare=0),
)
FRONTIER = (
    Shown("budget_musd", "budget\n(USD m)", whole),
    Shown("expected_loss", "expected\nloss", places),
    Shown("cvar", "CVaR", places),
    Shown("gap", "gap", lambda value: text(None) if value is None else f"{value:.1%}"),
    Shown("per_billion", "saved by each\nfurther billion", amount),
)
CONTRIBUTORS = (
    Shown("budget_musd", "budget\n(USD m)", whole),
    Shown("contributor", "contributor"),
    Shown("offered_musd", "offers\n(USD m)", whole),
    Shown("used_musd", "gives\n(USD m)", whole),
    Shown("per_billion", "saved by a\nfurther billion", amount),
)
BOUNDS = (
    Shown("measure", "loss in years"),
    Shown("mean", "estimate", places),
    Shown("low", "low", places),
    Shown("high", "high", places),
)
FIRMNESS = (
    Shown("project", "project"),
    Shown("in_plan", "in plan", lambda value: "yes" if value else "no"),
    Shown("share", "funded\nin", share),
    Shown("musd", "then with\n(USD m)", amount, spare=1),
    Shown("start", "from", when, spare=2),
)
INFORMATION = (
    Shown("value_of", "value of"),
    Shown("plan", "the plan\nloses", places),
    Shown("other", "the other\nway loses", places),
    Shown("least", "worth at\nleast", places),
    Shown("most", "worth at\nmost", places),
)
SENSITIVITY = (
    Shown("factor", "assumption"),
    Shown("mu_star_loss", "effect on\nloss", amount),
    Shown("sigma_loss", "spread", amount, spare=2),
    Shown("mu_star_portfolio", "effect on\nportfolio", amount),
    Shown("first_loss", "alone", share),
    Shown("total_loss", "in all", share),
    Shown("total_portfolio", "of the\nportfolio", share),
    Shown("sentence", "in words", spare=1),
)
WAYS = (
    Shown("way", "way"),
    Shown("loss", "loss\n(years)", places),
    Shown("low", "low", places),
    Shown("high", "high", places),
    Shown("spent_musd", "spent\n(USD m)", whole),
)
GAINS = (
    Shown("of", "this way"),
    Shown("over", "over"),
    Shown("saved", "saves\n(years)", places),
    Shown("low", "low", places),
    Shown("high", "high", places),
)
ACCOUNT = (Shown("what", "what"), Shown("count", "count"), Shown("note", "note"))


def show_exposure(exposure: Exposure, shortlist: pl.DataFrame) -> None:
    """The shortlist, and for what part of the items each measure could be computed."""
    columns = [c for c in SHORTLIST if c.column != "rank_robustness" or exposure.draws]
    legend = (
        f"If {exposure.coalition} denied the item: loss = years of output lost over the horizon; exposure = those lost "
        "before home could replace it, its substitutes in the same hands denied too; price = years saved by one unit a "
        "year more; bites = until a tenth of the item is missing. Concentration 1 = one supplier. Deniers needed = "
        "fewest that deny 90 % of foreign supply. Replaced = fastest project at home."
    )
    if exposure.draws:
        legend += f" In top = share of {exposure.draws} draws over the data's ranges that keep the item here."
    show(shortlist, columns, f"Where {exposure.home} can be stopped by {exposure.coalition}", legend)
    thin = exposure.coverage.filter(pl.col("computable") < 1)
    told = ", ".join(f"{row[0].replace('_', ' ')} {share(row[1])}" for row in thin.iter_rows())
    if told:
        say(
            f"Computable for this share of all items: {told}; all other measures for every item.", style="dim"
        )


def show_outcomes(outcomes: Outcomes) -> None:
    """One row per scenario, with and without the plan."""
    columns = [c for c in SCENARIOS if c.column != "plan" or outcomes.summary["plan"].any()]
    legend = (
        "Loss = shortfall below the target in years of target output, over the horizon. Lowest output is relative to "
        "the target. No date under recovered: not within the horizon, or never below target."
    )
    show(outcomes.summary, columns, f"What happens to {outcomes.home}", legend)


def show_plan(plan: Plan, *, explained: bool = False) -> None:
    """Status, loss before and after, what is funded and why, the pools that bind; if `explained`, all reasons."""
    from ..lp import Status

    solved = math.isfinite(plan.objective)
    status = plan.status.value.capitalize()
    say(
        f"{status}. These cannot hold together:" if plan.conflicts else f"{status}.",
        style="bold" if solved else "red",
    )
    for conflict in plan.conflicts:
        say(f"  {conflict}", style="red")
    if not solved:
        return
    say(f"Objective {amount(plan.objective)}, no plan can beat {amount(plan.bound)}: gap {plan.gap:.2%}.")
    show(plan.loss, LOSSES, f"Loss of {plan.home}", "In years of target output, over the horizon.")
    if len(plan.evaluation):
        fresh = "Low and high: 95 % confidence interval of the mean; these draws were not planned for."
        show(plan.evaluation, EVALUATION, "On fresh draws", fresh)
    funded = (
        "Capacity = likely time at which it is there. "
        "Loss if left out = by how much the loss grows without the project."
    )
    if len(plan.portfolio):
        show(plan.portfolio, PORTFOLIO, "What to fund", funded)
    elif plan.status is Status.OPTIMAL:
        say(
            "Nothing on the menu is worth its money, or the menu is empty: no project is funded.",
            style="bold",
        )
    else:
        say("No project is funded: the search stopped before it found a better plan.", style="bold")
    if len(plan.rejected):
        counted = "1 project is" if len(plan.rejected) == 1 else f"{len(plan.rejected)} projects are"
        where = "in the tables `rejected` and `reasons` (--json, or --to a .json or .xlsx file)"
        say(f"{counted} left out; why stands {where}.", style="dim")
    binding = plan.pools.filter(pl.col("price") > 1e-6).sort("price", descending=True)
    worth = "Worth of one more = years of loss saved per further USD billion, or per further unit."
    if len(binding):
        show(binding.head(20), POOLS, "Pools that bind", worth)
    else:
        say("No pool binds: more money or people would not lower the loss.", style="dim")
    if explained:
        legend = (
            "If reversed = what more is lost when the choice is reversed and all else is planned again; not exact "
            "where time did not suffice: then with all else as it is."
        )
        show(plan.reasons.sort("loss_if_reversed", descending=True, nulls_last=True), REASONS, "Why", legend)


def show_frontier(frontier: Frontier) -> None:
    """Loss against money, and what a further billion of each contributor would save at the largest budget."""
    legend = (
        "Years of target output lost, on the same futures at every budget. Saved = expected loss saved by each further "
        "USD billion since the budget before; where it is tiny or negative, the gap is larger than the difference."
    )
    show(frontier.points, FRONTIER, f"What each further billion buys {frontier.home}", legend)
    worth = frontier.contributors.filter(pl.col("per_billion") > 1e-6)
    if worth.is_empty():
        say("At none of these budgets would further money of a contributor save anything.", style="dim")
        return
    legend = (
        "Saved = what a further USD billion of this contributor, under its earmarks and calendar, would save in the "
        "objective's terms: a dual value of the relaxation. Contributors whose money would save nothing are left out."
    )
    show(
        worth.sort("budget_musd", "per_billion", descending=[False, True]),
        CONTRIBUTORS,
        "Whose billion",
        legend,
    )


def show_certainty(certainty: Certainty, information: pl.DataFrame | None) -> None:
    """The gap to the true optimum, how firm each project is, and what information is worth."""
    say(
        f"The plan is within {certainty.gap_limit:.3f} years of output of the best possible one, with 95 % confidence "
        f"(estimate {certainty.gap:.3f}).",
        style="bold",
    )
    legend = (
        "The true optimum is that of all futures, not of those planned for. Low and high: 95 % confidence."
    )
    show(certainty.bounds, BOUNDS, f"How sure the plan of {certainty.home} is", legend)
    rows = certainty.projects.filter(pl.col("share") > 0) if len(certainty.projects) else certainty.projects
    legend = "In plan = by the plan that is judged; funded in = by so many of the plans made for other draws."
    show(rows, FIRMNESS, "How firm each project is", legend)
    if information is not None:
        legend = (
            "Perfect information: what would be saved if the future were known before deciding. Stochastic solution: "
            "what planning for many futures saves over planning for expected efforts. The true value lies between."
        )
        show(information, INFORMATION, "What information is worth", legend)


def show_sensitivity(found: pl.DataFrame, method: str) -> None:
    """One row per assumption, or per project where they are varied together."""
    if method == "robustness":
        legend = "Funded in = in so many draws over the ranges of all assumptions."
        show(found.filter(pl.col("share") > 0), FIRMNESS, "How firm each project is", legend)
        return
    legend = (
        "Mean effect of a whole step through the range (Morris) on the loss, in years, and on the portfolio (0 the "
        "same projects, 1 all others)."
        if method == "morris"
        else "Parts of the variance (Sobol): of the loss, alone and with all it acts with, and of the portfolio."
    )
    show(found, SENSITIVITY, "Which assumptions would change the plan", legend)


def show_policy(policy: Policy) -> None:
    """The loss of a fixed plan, of one that is made again, and with perfect information."""
    dates = ", ".join(f"{date:g}" for date in policy.dates[1:]) or "no year"
    for remark in policy.remarks:
        say(remark, style="yellow")
    legend = (
        f"Expected over the same histories; the policy plans again in {dates}. Low and high: 95 % confidence."
    )
    show(policy.summary, WAYS, f"What adapting is worth to {policy.home}", legend)
    show(policy.gains, GAINS, "What one way saves over another", "Years of output, on the same histories.")


def show_account(frames: Mapping[str, pl.DataFrame]) -> None:
    """What an importer mapped, defaulted and dropped."""
    for part, frame in frames.items():
        if len(frame):
            show(frame, ACCOUNT, part.capitalize(), "")
        else:
            say(f"{part.capitalize()}: nothing", style="bold")
