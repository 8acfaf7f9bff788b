"""The verb audit: what paperwork already shows, of a file of procurement releases or of a programme's ledger."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from click.core import ParameterSource

from .. import __version__
from ..errors import QuestionError, WholenationError
from .ledger_options import actor, as_json, key, key_of, ledger_url, opened, tell
from .options import answer, answers, checked_destination, count, print_faults

if TYPE_CHECKING:
    import polars as pl

    from ..audit.flags import Answer
    from ..audit.ledger import Precision
    from ..audit.ocds import Report
    from ..export import Result
    from ..names.matching import Named
    from ..programme.state import State

DISPOSITIONS = ("cleared", "confirmed", "referred")


def _thresholds(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    """Minor units by currency."""
    found = {}
    for one in value:
        currency, equals, amount = one.partition("=")
        if not (equals and len(currency) == 3 and currency.isupper() and amount.isdigit()):
            raise click.BadParameter(f"{one!r} is not CUR=AMOUNT in minor units; an example: EUR=75000000")
        found[currency] = int(amount)
    return found


@click.command(short_help="What does the paperwork already show?")
@click.argument("file", required=False, metavar="[FILE.jsonl]")
@click.option(
    "--ledger", envvar="WHOLENATION_LEDGER", metavar="FILE", help="Ask of this ledger instead of a file."
)
@click.option(
    "--mode", type=click.Choice(["corrected", "cardinal"]), default="corrected", show_default=True,
    help="For a file: cardinal finds what ocdscardinal finds and, with --json, prints it in the same shape.",
)  # fmt: skip
@click.option(
    "--settings",
    metavar="FILE",
    help="Which indicators, and their constants: an INI file as ocdscardinal reads.",
)
@click.option("--fx", metavar="FILE", help="Exchange rates as CSV: date, currency, rate.")
@click.option(
    "--zone", default="UTC", show_default=True, help="Where dates without a zone are, such as Asia/Shanghai."
)
@click.option("--every", is_flag=True, help="Also answers that are no flags.")
@click.option("--strict", is_flag=True, help="Exit with 1 if any line of the file was left out or mended.")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="For a ledger: as of this day, instead of today."
)
@click.option(
    "--threshold", "thresholds", multiple=True, callback=_thresholds, metavar="CUR=AMOUNT",
    help="For a ledger: awards from so many minor units on need more competition. May be repeated.",
)  # fmt: skip
@click.option(
    "--screening", metavar="FILE", help="For a ledger: the US Consolidated Screening List, CSV or JSON."
)
@click.option(
    "--evidence", "folder", envvar="WHOLENATION_EVIDENCE", metavar="FOLDER",
    help="For a ledger: where evidence lies; FILE.evidence beside a SQLite ledger, if not told.",
)  # fmt: skip
@click.option("--record", is_flag=True, help="For a ledger: write the flags into it as entries; needs --as.")
@click.option("--as", "who", envvar="WHOLENATION_AS", metavar="PARTY", help="Who records.")
@answers
def audit(
    file: str | None,
    ledger: str | None,
    mode: str,
    settings: str | None,
    fx: str | None,
    zone: str,
    every: bool,
    strict: bool,
    today: datetime | None,
    thresholds: dict[str, int],
    screening: str | None,
    folder: str | None,
    record: bool,
    who: str | None,
    as_json: bool,
    to: str | None,
) -> None:
    """What does the paperwork already show? Red flags in FILE, OCDS compiled releases one a line, or in a ledger.

    A flag proves nothing: it asks a person to look, and `dispose` records what that person made of it.
    """
    checked_destination(to)
    if file is not None:
        if _was_told("ledger"):
            raise click.UsageError("Name a FILE of releases or a ledger with --ledger, not both.")
        if record:
            raise click.UsageError("--record writes into a ledger; a FILE has none.")
        _audit_file(file, mode, settings, fx, zone, every, strict, as_json, to)
    elif ledger is not None:
        asked = {"thresholds": thresholds, "listed": _listed(screening)}
        day = today.date() if today else datetime.now(UTC).date()
        _audit_ledger(ledger, day, asked, folder, record, who, every, as_json, to)
    else:
        raise click.UsageError("Name a FILE of releases, or a ledger with --ledger.")


def _was_told(option: str) -> bool:
    """Whether an option stands in the command itself; what the environment says of ledgers is no contradiction."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def _audit_file(
    file: str, mode: str, settings: str | None, fx: str | None, zone: str, every: bool, strict: bool, as_json: bool,
    to: str | None,
) -> None:  # fmt: skip
    from ..audit.ocds import Mode, as_cardinal, audit_releases, read_rates, read_settings

    report = audit_releases(
        file,
        mode=Mode(mode),
        settings=read_settings(settings) if settings else None,
        rates=read_rates(fx) if fx else None,
        zone=_zone(zone),
        every=every,
    )
    reading = report.reading
    print_faults(reading.faults, err=True)
    untold = reading.left_out + reading.mended - len(reading.faults)
    if untold > 0:
        click.echo(f"... and {untold:,} more", err=True)
    if not reading.used:
        raise WholenationError(f"{file}: no release in it that can be used")
    result = _file_result(report, {"file": file, "mode": mode, "settings": settings, "fx": fx, "zone": zone})
    if as_json and report.mode is Mode.CARDINAL:
        answer(result, False, to)
        click.echo(json.dumps(as_cardinal(report), ensure_ascii=False, allow_nan=False))
    elif not answer(result, as_json, to):
        _show_report(result, reading.sentence())
    if as_json:
        click.echo(reading.sentence(), err=True)
    if strict and (reading.left_out or reading.mended):
        click.get_current_context().exit(1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise QuestionError(
            f"{name!r}: no such time zone; takes a name such as UTC or Asia/Shanghai"
        ) from None


def _listed(screening: str | None) -> list[Named]:
    from ..names.screening import read_screening_list

    return [] if screening is None else read_screening_list(screening)


def _on_file(state: State, url: str, folder: str | None) -> dict[str, str] | None:
    """SHA-256 of what lies in the folder of evidence, by evidence; empty where the content is missing."""
    from ..programme.evidence_files import folder_of, hash_of

    if folder is None and "://" in url:
        return None
    place = Path(folder) if folder else folder_of(url)
    if not place.is_dir():
        return None
    return {one.id: hash_of(place, one["sha256"]) or "" for one in state.all("evidence.submitted")}


def _audit_ledger(
    url: str,
    today: date,
    asked: dict[str, Any],
    folder: str | None,
    record: bool,
    who: str | None,
    every: bool,
    as_json: bool,
    to: str | None,
) -> None:
    from ..audit.flags import flagged
    from ..audit.ledger import audit_ledger, precision, raise_flags

    if record and not who:
        raise click.UsageError("--record needs --as: the party that records.")
    with opened(url) as programme:
        state = programme.state
        _refuse_before(state, today, programme.ledger.name)
        found = audit_ledger(state, today=today, files=_on_file(state, url, folder), **asked)
        added = raise_flags(programme, flagged(found), actor=str(who)) if record else []
        told = precision(programme.refresh())
    result = _ledger_result(
        found, told, every, {"ledger": _without_password(url), "today": today.isoformat()}
    )
    if not answer(result, as_json, to):
        _show_flags(result.tables["flags"], f"Flags as of {today}")
        _show_tallies(result.tables["checks"])
        if told:
            _show_precision(result.tables["precision"])
    if record:
        click.echo(f"{count(added, 'flag')} recorded.", err=True)


def _refuse_before(state: State, today: date, name: str) -> None:
    """A day on which there was nothing to look at is a slip, not a clean record."""
    first = min((one.at for records in state.records.values() for one in records.values()), default="")[:10]
    if first and today.isoformat() < first:
        raise QuestionError(f"{name} begins on {first}; {today} is before, when there was nothing to audit")


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.split(':')[0]}{at}{host}"


def _file_result(report: Report, asked: dict[str, str | None]) -> Result:
    from ..audit.tables import answer_table, indicator_table
    from ..export import Result

    reading = report.reading
    read = {
        "lines": reading.lines,
        "used": reading.used,
        "left_out": reading.left_out,
        "mended": reading.mended,
    }
    about = {"wholenation": __version__, "verb": "audit", **asked, **read}
    return Result(about, {"flags": answer_table(report.answers), "checks": indicator_table(report)})


def _ledger_result(found: list[Answer], told: list[Precision], every: bool, asked: dict[str, str]) -> Result:
    from ..audit.flags import flagged
    from ..audit.tables import answer_table, precision_table, tally_table
    from ..export import Result

    shown = answer_table(found if every else flagged(found))
    tables = {"flags": shown, "checks": tally_table(found), "precision": precision_table(told)}
    return Result({"wholenation": __version__, "verb": "audit", **asked}, tables)


TOP = 40
"""Flags that a table shows."""


def _show_flags(frame: pl.DataFrame, title: str) -> None:
    from .. import output
    from ..output import Shown

    if frame.is_empty():
        output.say("No flag.")
        return
    columns = [
        Shown("check", "check"), Shown("severity", "severity"), Shown("outcome", "answer", spare=3),
        Shown("kind", "about", spare=2), Shown("subject", "which"), Shown("value", "value", output.places),
        Shown("fence", "held\nagainst", output.places, spare=4), Shown("peers", "peers", spare=5),
        Shown("sentence", "what was found"),
    ]  # fmt: skip
    more = f" The first {TOP} of {len(frame):,}; --to and --json have all." if len(frame) > TOP else ""
    legend = f"Each asks a person to look, and proves nothing.{more}"
    output.show(frame.head(TOP), columns, title, legend)


def _show_report(result: Result, sentence: str) -> None:
    _show_flags(result.tables["flags"], f"Flags in {result.about['file']}, {result.about['mode']} mode")
    _show_tallies(result.tables["checks"])
    click.echo(sentence)


def _show_tallies(frame: pl.DataFrame) -> None:
    from .. import output
    from ..output import Shown

    columns = [
        Shown("check", "check"), Shown("title", "title", spare=2), Shown("flag", "flag"), Shown("clear", "clear"),
        Shown("not_computable", "not com-\nputable"), Shown("fences", "fences", spare=3),
        Shown("commonest_reason", "most often not computable because", spare=1),
    ]  # fmt: skip
    output.show(frame, columns, "Checks", "What each check is, and why it looks where it does: docs/checks.")


def _show_precision(frame: pl.DataFrame) -> None:
    from .. import output
    from ..output import Shown, amount

    columns = [
        Shown("check", "check"), Shown("precision", "precision", amount), Shown("confirmed", "confirmed"),
        Shown("cleared", "cleared"), Shown("referred", "referred"), Shown("waiting", "waiting"),
    ]  # fmt: skip
    legend = (
        "Flags recorded in this ledger, and what people made of them: confirmed of confirmed and cleared."
    )
    output.show(frame, columns, "Precision", legend)


@click.command(short_help="What did a person make of a flag?")
@click.argument("flag")
@ledger_url
@actor
@click.option("--disposition", required=True, type=click.Choice(DISPOSITIONS), help="What was decided.")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@key
@as_json
def dispose(
    flag: str, ledger: str, actor: str, disposition: str, reason: str, key: str | None, as_json: bool
) -> None:
    """What did a person make of a FLAG? Cleared, confirmed or referred, as an entry with its reason."""
    from ..audit.ledger import dispose as run

    with opened(ledger) as programme:
        told = run(
            programme, key=key_of(key, "dispose", flag, actor), actor=actor, flag=flag, disposition=disposition,
            reason=reason,
        )  # fmt: skip
    tell(told, as_json)


COMMANDS = (audit, dispose)
