"""The programme: one command per act of its life, from the first party to the last tranche."""

from __future__ import annotations

from typing import Any

import click

from . import challenge_commands, gate_commands, interchange_commands, ledger_commands, money_commands
from .ledger_options import actor, as_json, key, key_of, ledger_url, opened, tell
from .options import checked_destination, codes, main, options


class Acts(click.Group):
    """The acts in the order of a programme's life."""

    order = (
        "init", "party", "relation", "adopt", "duplicates", "pledge", "call", "pay", "default", "challenge", "bid",
        "open", "exclude", "assign", "review", "award", "evidence", "evaluate", "approve", "release", "gate",
        "downselect", "spend", "earned-value", "belief", "scores", "cover", "change", "replan", "status", "keys",
        "checkpoint", "cosign", "prove", "export", "verify", "tables", "to-ocds", "from-ocds",
    )  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they come, not by the alphabet."""
        return sorted(self.commands, key=self.order.index)


@main.group(cls=Acts, short_help="Who does it, are they delivering, where does the money go?")
def programme() -> None:
    """Who does it, are they delivering, where does the money go? Every act is an entry of an append-only ledger.

    Money is in minor units of its currency: cents of a euro.
    """


def pairs(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> list[dict[str, str]]:
    """Each SCHEME=ID as an object."""
    found = []
    for one in value:
        scheme, equals, name = one.partition("=")
        if not (scheme.strip() and equals and name.strip()):
            raise click.BadParameter(f"{one!r} is not SCHEME=ID; an example: LEI=5299000J2N45DDNE4Y28")
        found.append({"scheme": scheme.strip(), "id": name.strip()})
    return found


@programme.command(short_help="Who takes part?")
@click.argument("party")
@click.option(
    "--kind", type=click.Choice(["person", "organization"]), required=True, help="Which of the two."
)
@click.option("--name", help="Name of an organization; that of a person stays outside the ledger.")
@click.option("--commitment", metavar="HASH", help="Salted SHA-256 of personal data that is kept elsewhere.")
@click.option("--identifier", "identifiers", multiple=True, callback=pairs, metavar="SCHEME=ID",
              help="A second identifier, such as LEI=... May be repeated.")  # fmt: skip
@click.option("--contact", "contacts", multiple=True, callback=pairs, metavar="SCHEME=ID",
              help="Address, phone, mail domain or account. May be repeated.")  # fmt: skip
@click.option("--jurisdiction", metavar="CODE", help="Where it is registered.")
@click.option("--founded", metavar="DATE", help="When it was founded.")
@click.option("--capital", type=int, metavar="AMOUNT", help="Paid-in capital in minor units.")
@click.option("--currency", metavar="CODE", help="Currency of the capital.")
@click.option("--outputs", type=int, metavar="COUNT", help="Earlier deliveries in the field.")
@click.option("--owners-declared/--owners-hidden", default=None, help="Whether its owners are declared.")
@options(ledger_url, actor, key, as_json)
def party(ledger: str, actor: str, key: str | None, as_json: bool, **body: Any) -> None:
    """Register PARTY, a person or an organization."""
    from ..programme import parties

    given = {name: value for name, value in body.items() if value not in (None, [])}
    with opened(ledger) as office:
        told = key_of(key, "party.registered", body["party"])
        tell(parties.register_party(office, key=told, actor=actor, body=given), as_json)


@programme.command(short_help="Who is tied to whom?")
@click.argument("relation")
@click.option("--subject", required=True, metavar="PARTY", help="Who owns, is employed, is related.")
@click.option("--object", required=True, metavar="PARTY", help="Who is owned, employs, is related.")
@click.option("--kind", required=True, help="What the tie is.",
              type=click.Choice(["owns", "employed", "official", "family", "contact"]))  # fmt: skip
@click.option("--share", type=float, help="Part that is owned, 0 to 1.")
@click.option("--start", metavar="DATE", help="Since when.")
@click.option("--end", metavar="DATE", help="Until when.")
@click.option("--source", help="Who says so.")
@options(ledger_url, actor, key, as_json)
def relation(ledger: str, actor: str, key: str | None, as_json: bool, **body: Any) -> None:
    """Declare RELATION, a tie between two parties: it keeps one from judging the other."""
    from ..programme import parties

    with opened(ledger) as office:
        told = key_of(key, "relation.declared", body["relation"])
        tell(parties.declare_relation(office, key=told, actor=actor, body=body), as_json)


@programme.command(short_help="Where does the programme stand?")
@click.option(
    "--only", callback=codes, metavar="A,B", help="Tables to show: pools, calls, challenges, awards, flags."
)
@click.option("--to", type=click.Path(), metavar="FILE", help="Write to a file: .csv or .parquet (the first table), "
              ".json or .xlsx (all tables).")  # fmt: skip
@options(ledger_url, as_json)
def status(ledger: str, only: tuple[str, ...], to: str | None, as_json: bool) -> None:
    """Where does the programme stand? Pools, calls, challenges, awards, and flags that are open."""
    checked_destination(to)
    from .. import __version__
    from ..export import Result
    from ..programme.clock import moment, shown
    from ..programme.standing import standing_frames
    from .options import answer, known

    with opened(ledger) as office:
        now = shown(moment(office, office.state))
        frames = standing_frames(office.state, now)
        about = {
            "wholenation": __version__,
            "verb": "programme status",
            "at": now,
            "entries": office.state.size,
        }
    known(only, list(frames), "table")
    frames = {name: frame for name, frame in frames.items() if not only or name in only}
    if not answer(Result(about, frames), as_json, to):
        show_standing(frames)


def show_standing(frames: dict[str, Any]) -> None:
    """Every table that has rows; what is empty in one sentence."""
    from ..output import Shown, say, show, whole

    for name, frame in frames.items():
        if len(frame):
            columns = [
                Shown(column, column, whole) if dtype.is_numeric() else Shown(column, column, spare=at)
                for at, (column, dtype) in enumerate(frame.schema.items())
            ]
            legend = "In minor units." if name in ("pools", "calls", "challenges", "awards") else ""
            show(frame, columns, name.capitalize(), legend)
    empty = [name for name, frame in frames.items() if not len(frame)]
    if empty:
        say(f"None: {', '.join(empty)}.")


for _module in (ledger_commands, money_commands, challenge_commands, gate_commands, interchange_commands):
    for _command in _module.COMMANDS:
        programme.add_command(_command)
