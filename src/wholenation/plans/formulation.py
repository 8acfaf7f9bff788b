"""The plan's programme in the forms that other solvers read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..chain import Chain
from ..stochastic.smps import write_mps, write_smps
from ..stochastic.two_stage import Risk
from .first_stage import Rules
from .menu import RESERVE
from .setting import ask, ask_limits, draw, named, to_setting
from .stages import to_stages


def formulate(
    chain: Chain,
    home: str,
    to: str | Path,
    *,
    samples: int = 30,
    budget: float | None = None,
    risk_aversion: float = 0.25,
    tail: float = 0.9,
    require: Iterable[str] = (),
    exclude: Iterable[str] = (),
    max_loss: float | None = None,
    step: str = "year",
    reserve: float = RESERVE,
    holdback: float = 0.0,
    seed: int = 0,
) -> list[Path]:
    """Write what `plan` with these settings solves; gives back the files.

    A path that ends in .mps or .lp gets the deterministic equivalent of all samples; any other is a folder, which gets
    the three files of an SMPS instance, named after home. Money is in parts of all that is paid in, and losses are in
    years of output. Raises `QuestionError` where the form has no place for a limit, `OutputError` where a file cannot
    be written.
    """
    require, exclude = named(require, "require"), named(exclude, "exclude")
    ask(samples, risk_aversion, tail, budget)
    ask_limits(max_loss, 0.0, 1.0, seed, 0)
    setting = to_setting(chain, home, budget, require, exclude, step=step, reserve=reserve, holdback=holdback)
    rules = Rules(tuple(setting.menu.project.index(name) for name in require), max_loss)
    drawn, risk = draw(setting, samples, seed), Risk(risk_aversion, tail)
    parts = (setting.menu, setting.network, setting.horizon, setting.futures, drawn, risk, rules)
    stages = to_stages(*parts).stages
    path = Path(to)
    if path.suffix.lower() in (".mps", ".lp"):
        return [write_mps(stages, path)]
    path.mkdir(parents=True, exist_ok=True)
    return write_smps(stages, path, home.lower())
