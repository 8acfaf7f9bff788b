"""The plan in force, and what it says of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .state import Record, State


def current_adoption(state: State) -> Record | None:
    """The plan in force: the last one adopted; None where there is none."""
    adopted = state.all("plan.adopted")
    return adopted[-1] if adopted else None


def planned_project(state: State, project: str) -> Mapping[str, Any] | None:
    """What the plan in force says of a project; None where it says nothing."""
    adopted = current_adoption(state)
    found = [one for one in (adopted["projects"] if adopted else ()) if one["project"] == project]
    return found[0] if found else None
