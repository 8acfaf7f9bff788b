"""The questions about a programme under way: is it worth its money, whose forecasts hold, what to plan now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import QuestionError
from .ledger_options import as_json, as_object, dumped, key, key_of, ledger_url, opened, plain, tell
from .options import folders, options

if TYPE_CHECKING:
    from ..chain import Chain


@click.command("earned-value", short_help="Is it on time and within its cost?")
@click.argument("awards", nargs=-1)
@click.option("--date", "day", metavar="YYYY-MM-DD", help="On which day; today, if not told.")
@options(ledger_url, as_json)
def earned_value(awards: tuple[str, ...], day: str | None, ledger: str, as_json: bool) -> None:
    """Is it on time and within its cost? CPI, SPI, EAC and TCPI of AWARDS (all, if none is named).

    Only accepted evidence earns; "-" is not computable.
    """
    from ..programme.earned_value import earned_value as value_of
    from ..programme.gate_records import gate_records
    from ..programme.requests import day_of

    with opened(ledger) as office:
        state = office.state
        on = _day(day) or day_of(office, state)
        named = [state.get("award.made", one) for one in awards] or state.all("award.made")
        rows, records = [], gate_records(state, on)
        for one in named:
            value = value_of(state, one, on, records)
            rows.append(
                {
                    "award": one.id, "currency": one["currency"], "PV": value.planned, "EV": value.earned,
                    "AC": value.spent, "BAC": value.budget, "CPI": value.cpi, "SPI": value.spi,
                    "EAC": value.eac, "TCPI": value.tcpi,
                }
            )  # fmt: skip
    if as_json:
        click.echo(dumped({"date": on, "awards": rows}))
        return
    click.echo(f"On {on}, in minor units:")
    for row in rows:
        click.echo(", ".join(f"{name} {_shown(value)}" for name, value in row.items()) + ".")


@click.command(short_help="Whose forecasts can be trusted?")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="On which day; today, if not told.")
@options(ledger_url, as_json)
def scores(day: str | None, ledger: str, as_json: bool) -> None:
    """Whose forecasts can be trusted? Brier and log scores by forecaster and by team, and the calibration curve."""
    from dataclasses import asdict

    from ..programme.beliefs import calibration, forecasts, scores_by
    from ..programme.requests import day_of

    with opened(ledger) as office:
        found = forecasts(office.state, _day(day) or day_of(office, office.state))
    groups = {whose: scores_by(found, whose) for whose in ("by", "team")}
    if as_json:
        told: dict[str, Any] = {
            whose: {name: _finite(asdict(one)) for name, one in part.items()}
            for whose, part in groups.items()
        }
        click.echo(dumped(told | {"calibration": [asdict(one) for one in calibration(found)]}))
        return
    if not found:
        click.echo("No milestone that somebody forecast is resolved yet.")
    for whose, part in groups.items():
        for name, one in part.items():
            numbers = ", ".join(f"{field} {_shown(value)}" for field, value in asdict(one).items())
            click.echo(f"{'Forecasts of' if whose == 'by' else 'Forecasts for'} {plain(name)}: {numbers}.")
    for point in calibration(found):
        click.echo(f"Of {point.count} forecasts around {point.forecast:.2f}, {point.met:.0%} were met.")


def _day(day: str | None) -> str | None:
    """A day as it is told; `QuestionError` for what is none."""
    from datetime import date

    try:
        return None if day is None else date.fromisoformat(day).isoformat()
    except ValueError:
        raise QuestionError(f"{plain(day or '')!r} is not a day as YYYY-MM-DD") from None


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "-" if value is None else plain(str(value))


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: a log score after a sure miss is a text."""
    return {name: "infinite" if value == float("inf") else value for name, value in row.items()}


@click.command(short_help="What to do now, given what the gates have shown?")
@folders
@click.option("--date", "day", metavar="YYYY-MM-DD", help="From which day on; today, if not told.")
@click.option(
    "--adopt", "adoption", metavar="ID", help="Adopt the new plan under this name, in place of the old one."
)
@click.option(
    "--as", "actor", envvar="WHOLENATION_AS", metavar="PARTY", help="Who adopts it. [env: WHOLENATION_AS]"
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes that solve; all cores, if not told.")
@options(ledger_url, key, as_json)
def replan(
    folder: Sequence[str], day: str | None, adoption: str | None, actor: str | None, workers: int | None,
    ledger: str, key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """What to do now, given what the gates have shown? The plan in force, solved again from where its ledger stands.

    FOLDER holds the chain that the plan was made from. Nothing is recorded but with --adopt.
    """
    from ..programme.replanning import adopt_renewed, adopted_before, renew

    if adoption and not actor:
        raise QuestionError("--adopt needs --as: who adopts the plan")
    with opened(ledger) as office:
        told_key = key_of(key, "plan.adopted", adoption or "")
        entry = adopted_before(office, told_key, adoption) if adoption else None
        if entry is not None:
            tell(entry, as_json)
            return
        chain = _chain(folder)
        found = renew(office, chain, day=_day(day), workers=workers)
        if adoption and actor:
            entry = adopt_renewed(
                office, key=told_key, actor=actor, adoption=adoption, renewed=found, chain=chain
            )
    rows = found.difference.to_dicts()
    if as_json:
        told = {
            "adoption": found.adoption, "date": found.day, "status": found.found.status.value,
            "objective": found.found.objective, "bound": found.found.bound, "difference": rows,
            "changes": found.found.changes.to_dicts(), "remarks": list(found.remarks),
            "adopted": None if entry is None else as_object(entry),
        }  # fmt: skip
        click.echo(dumped(told))
        return
    click.echo(
        f"{plain(found.adoption)} planned again from {found.day}: {found.found.objective:.3f} years of output are "
        f"lost, and no way on can lose less than {found.found.bound:.3f} ({found.found.status.value})."
    )
    for row in rows:
        click.echo(f"- {plain(row['sentence'])}.")
    if not rows:
        click.echo("Every project goes on as planned.")
    for remark in found.remarks:
        click.echo(plain(f"Note: {remark}."))
    if entry is not None:
        tell(entry, as_json=False)


def _chain(folders: Sequence[str]) -> Chain:
    """The chain in a folder, or several as one."""
    from ..chain import read_chain

    chains = [read_chain(folder) for folder in folders]
    if len(chains) == 1:
        return chains[0]
    from ..union import unite

    return unite(chains)


COMMANDS = [earned_value, scores, replan]
