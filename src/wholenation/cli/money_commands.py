"""Commands of a programme about money: pledge, call, pay, default, duplicates."""

from __future__ import annotations

from typing import Any

import click

from .ledger_options import actor, as_json, key, key_of, ledger_url, opened, plain, tell
from .options import options


def scheduled(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> list[dict[str, Any]]:
    """Each ID:DATE:AMOUNT as a call of the schedule."""
    found = []
    for one in value:
        name, _, rest = one.partition(":")
        due, _, amount = rest.partition(":")
        if not (name and due and amount.isdecimal()):
            raise click.BadParameter(f"{one!r} is not ID:DATE:AMOUNT; an example: first:2027-01-31:5000000")
        found.append({"call": name, "due": due, "amount": int(amount)})
    return found


def earmarks(
    _ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]
) -> dict[str, list[str]] | None:
    """Each LIST=A,B as a list of an earmark."""
    found: dict[str, list[str]] = {}
    for one in value:
        name, _, values = one.partition("=")
        listed = [part.strip() for part in values.split(",") if part.strip()]
        if not (name and listed):
            raise click.BadParameter(f"{one!r} is not LIST=A,B; an example: items=gas,tool")
        found.setdefault(name.strip(), []).extend(listed)
    return found or None


@click.command(short_help="Who promises what?")
@click.argument("pledge")
@click.option("--contributor", required=True, metavar="PARTY", help="Who promises.")
@click.option("--amount", required=True, type=int, help="How much, in minor units.")
@click.option("--currency", required=True, metavar="CODE", help="In which currency.")
@click.option("--earmark", multiple=True, callback=earmarks, metavar="LIST=A,B",
              help="What it is for: stages, kinds, items, jurisdictions, projects. May be repeated.")  # fmt: skip
@click.option("--cap", type=int, metavar="AMOUNT", help="Most that may go into one project.")
@click.option("--match-ratio", type=float, metavar="RATIO",
              help="At most so much for each unit that others pay into the project.")  # fmt: skip
@click.option("--call", "calls", multiple=True, callback=scheduled, metavar="ID:DATE:AMOUNT",
              help="A call of the schedule. May be repeated.")  # fmt: skip
@options(ledger_url, actor, key, as_json)
def pledge(ledger: str, actor: str, key: str | None, as_json: bool, **body: Any) -> None:
    """Enter PLEDGE, a contributor's promise with its earmarks and its schedule of calls."""
    from ..programme import pools

    with opened(ledger) as office:
        told = key_of(key, "pledge.made", body["pledge"])
        entry = pools.pledge(office, key=told, actor=actor, body=body)
        odd = pools.unplanned(office.state, body["earmark"] or {})
    tell(entry, as_json)
    for sentence in odd:
        click.echo(plain(f"Warning: {sentence}"), err=True)


@click.command(short_help="Who shall pay now?")
@click.argument("pledge")
@click.argument("call", required=False)
@click.option("--by", metavar="DATE", help="All calls of the schedule up to this day.")
@options(ledger_url, actor, key, as_json)
def call(
    ledger: str, actor: str, key: str | None, as_json: bool, pledge: str, call: str | None, by: str | None
) -> None:
    """Ask for the money of one CALL of a PLEDGE, or of all that are due by a day."""
    from ..programme import pools

    with opened(ledger) as office:
        told = key_of(key, "call.made", call or f"{pledge}:{by}")
        tell(pools.call(office, key=told, actor=actor, pledge=pledge, call=call, by=by), as_json)


@click.command(short_help="What has come in?")
@click.argument("payment")
@click.option("--call", required=True, metavar="CALL", help="For which call.")
@click.option("--amount", required=True, type=int, help="How much, in minor units.")
@click.option("--date", required=True, metavar="DATE", help="When.")
@options(ledger_url, actor, key, as_json)
def pay(ledger: str, actor: str, key: str | None, as_json: bool, **paid: Any) -> None:
    """Enter PAYMENT: money that has come in for a call, in whole, in part or late."""
    from ..programme import pools

    with opened(ledger) as office:
        entry = pools.pay(office, key=key_of(key, "payment.received", paid["payment"]), actor=actor, **paid)
        stands = pools.standing(office.state, office.state.get("call.made", paid["call"]), paid["date"])
    tell(entry, as_json)
    if not as_json:
        click.echo(f"Call {stands.call}: {stands.standing}, {stands.open} open.")


@click.command(short_help="What will not come in?")
@click.argument("default")
@click.option("--call", required=True, metavar="CALL", help="Of which call.")
@click.option("--amount", type=int, help="How much, in minor units; all that is open, if left out.")
@click.option("--reason", required=True, help="Why.")
@options(ledger_url, actor, key, as_json)
def default(ledger: str, actor: str, key: str | None, as_json: bool, **lost: Any) -> None:
    """Enter DEFAULT: money of a call that has not come in and will not."""
    from ..programme import pools

    with opened(ledger) as office:
        told = key_of(key, "default.recorded", lost["default"])
        tell(pools.default(office, key=told, actor=actor, **lost), as_json)


@click.command(short_help="What may be paid for twice?")
@click.option("--calls", metavar="FILE", type=click.Path(dir_okay=False),
              help="Calls of others as JSON lines, such as the EU Funding & Tenders Portal's topics.")  # fmt: skip
@options(ledger_url, as_json)
def duplicates(ledger: str, calls: str | None, as_json: bool) -> None:
    """What may be paid for twice? Projects, pledges and challenges that look alike, and whose money is in them."""
    from ..programme.calls_import import read_calls
    from ..programme.challenges import duplicates as find
    from .ledger_options import dumped, plain

    listed = read_calls(calls) if calls else None
    with opened(ledger) as office:
        found = find(office.state, listed.titles() if listed else None)
    if listed and not as_json:
        click.echo(
            f"{len(listed.calls)} calls read from {calls}, {len(listed.dropped)} lines left out.", err=True
        )
        for row, name, why in listed.dropped:
            click.echo(plain(f"line {row} {name}: {why}"), err=True)
    if as_json:
        click.echo(dumped([{name: getattr(one, name) for name in one.__slots__} for one in found]))
        return
    for one in found:
        payers = f" (money of {', '.join(one.contributors)})" if one.contributors else ""
        click.echo(plain(f"{one.first} and {one.second}: {one.reason}{payers}."))
    if not found:
        click.echo("Nothing looks as if it were paid for twice.")


COMMANDS = [pledge, call, pay, default, duplicates]
