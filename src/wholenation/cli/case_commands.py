"""Known cases from the shell: what the audit would have said of one, and when."""

from __future__ import annotations

import click

from .ledger_options import as_json, dumped, plain


@click.command(short_help="What would the audit have said, and when?")
@click.argument("case", type=click.Path())
@click.option(
    "--to", "ledger", metavar="FILE", help="Also write the case into a new ledger, by its own days."
)
@as_json
def replay(case: str, ledger: str | None, as_json: bool) -> None:
    """What would the audit have said, and when? CASE is a folder such as examples/cases/hsmc, or its entries.jsonl.

    Each line is a flag, on the day on which an office would have seen it that audits whenever something is entered,
    and each month.
    """
    from dataclasses import asdict

    from ..audit.replay import replay as flags_of
    from ..programme.cases import read_case, write_case

    facts = read_case(case)
    found = flags_of(facts)
    if ledger:
        write_case(facts, ledger)
    if as_json:
        rows = [
            {
                "day": str(one.day),
                "until": None if one.until is None else str(one.until),
                **asdict(one.answer),
            }
            for one in found
        ]
        click.echo(dumped({"entries": len(facts), "flags": rows}))
        return
    click.echo(f"{len(facts)} entries from {facts[0].day} to {facts[-1].day}: {_count(len(found))}.")
    for one in found:
        answer = one.answer
        until = f" (until {one.until})" if one.until else ""
        click.echo(
            f"{one.day}{until}, {answer.check}, {answer.severity}: {plain(answer.subject)}: {plain(answer.sentence)}."
        )


def _count(flags: int) -> str:
    return "no flag" if not flags else "1 flag" if flags == 1 else f"{flags} flags"


COMMANDS = [replay]
