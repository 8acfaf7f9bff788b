"""Time to replace: how long until home could make an item itself."""

from __future__ import annotations

import numpy as np
import polars as pl

from .question import Question, Values

HOME_MADE = ("develop", "build", "attract")


def time_to_replace(question: Question) -> Values:
    """Years until the fastest of home's projects for the item stands at full capacity, everything going well.

    The wait for its earliest start, its most likely effort with all teams (the fastest route), and its ramp.
    Projects that `develop`, `build` or `attract` count: the others do not put the item into home's own hands. Nor does
    a plant that an investor from the coalition would have to build.
    """
    chain, network = question.chain, question.network
    start = question.horizon.start
    years = np.full(len(network.items), np.inf)
    effort = chain.routes.with_columns(
        years=pl.col("effort_team_years") / pl.col("teams_max").clip(lower_bound=1)
    )
    fastest = dict(effort.group_by("project").agg(pl.col("years").min()).iter_rows())
    position = network.position
    homes = {None, network.home}
    deniers = set(np.array(network.jurisdictions)[question.controllers])
    for project in chain.projects.iter_rows(named=True):
        if project["home"] not in homes or project["kind"] not in HOME_MADE or project["item"] is None:
            continue
        if project["jurisdiction"] in deniers:
            continue
        wait = max(0.0, (project["earliest"] or start) - start)
        total = wait + fastest.get(project["project"], 0.0) + project["ramp_years"]
        years[position[project["item"]]] = min(years[position[project["item"]]], total)
    return Values.of(years, {"no project would make it at home": np.isinf(years)})
