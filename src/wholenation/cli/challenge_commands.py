"""Commands of a programme from plan to award: adopt, challenge, bid, open, exclude, assign, review, award."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import QuestionError
from .ledger_options import actor, as_json, key, key_of, ledger_url, opened, plain, tell
from .options import Number, codes, options

file = click.Path(dir_okay=False)


@click.command(short_help="Which plan is carried out?")
@click.argument("adoption")
@click.option("--plan", required=True, type=click.Path(), metavar="FILE",
              help="What `wholenation plan --to FILE.json` has written.")  # fmt: skip
@click.option("--chain", "folders", required=True, multiple=True, type=click.Path(), metavar="FOLDER",
              help="The chain that the plan was made from; each, if there were several.")  # fmt: skip
@click.option("--replaces", metavar="ADOPTION", help="The plan that was in force until now.")
@options(ledger_url, actor, key, as_json)
def adopt(
    ledger: str, actor: str, key: str | None, as_json: bool, adoption: str, plan: str, folders: tuple[str, ...],
    replaces: str | None,
) -> None:  # fmt: skip
    """Adopt a plan as ADOPTION: its hash and those of its data and its assumptions enter the ledger."""
    from ..chain import read_chain
    from ..programme import adoption as adoptions
    from ..union import unite

    chains = [read_chain(folder) for folder in folders]
    chain = chains[0] if len(chains) == 1 else unite(chains)
    with opened(ledger) as office:
        entry = adoptions.adopt(
            office, key=key_of(key, "plan.adopted", adoption), actor=actor, adoption=adoption, plan=plan,
            chain=chain, replaces=replaces,
        )  # fmt: skip
    tell(entry, as_json)


@click.command(short_help="What shall be reached, and how is it tested?")
@click.argument("challenge")
@click.option("--title", required=True, help="Its title.")
@click.option("--project", required=True, help="The plan's project that it serves.")
@click.option("--metric", required=True, help="What is measured.")
@click.option("--threshold", required=True, type=float, help="The value that passes.")
@click.option("--direction", type=click.Choice(["at_least", "at_most"]), default="at_least", show_default=True,
              help="From which side.")  # fmt: skip
@click.option(
    "--protocol", required=True, type=file, metavar="FILE", help="The test protocol; its hash is published."
)
@click.option("--test-house", required=True, metavar="PARTY", help="Who tests.")
@click.option("--opens", metavar="TIME", help="When bids may be sealed first; at once, if left out.")
@click.option("--deadline", required=True, metavar="TIME", help="Until when: 2027-01-31T12:00:00Z.")
@click.option(
    "--cap", required=True, type=int, metavar="AMOUNT", help="Most that all awards may cost together."
)
@click.option("--currency", required=True, metavar="CODE", help="In which currency.")
@click.option("--rivals", "rival_routes", required=True, type=int, help="How many teams race.")
@click.option("--institution-cap", type=int, help="Most teams of one institution.")
@click.option("--approach-cap", type=int, help="Most teams of one approach class.")
@click.option("--correlation", type=float, help="Common-cause correlation of the tries, 0 to 1.")
@click.option("--keep", type=int, help="How many are kept at the down-select.")
@click.option("--down-select", metavar="DATE", help="When teams are down-selected by the metric.")
@click.option("--item", help="The chain's item; that of the plan's project, if left out.")
@click.option("--stage", help="The item's stage; that of the plan.")
@click.option("--kind", help="The project's kind; that of the plan. Or cover, for first users.")
@click.option("--jurisdiction", help="Where it is carried out.")
@click.option("--sole-source", help="Why only one team can do it.")
@options(ledger_url, actor, key, as_json)
def challenge(ledger: str, actor: str, key: str | None, as_json: bool, protocol: str, **body: Any) -> None:
    """Publish CHALLENGE. Test, deadline, cap, rivals and down-select are fixed from now on."""
    from ..programme.canonical import sha256_hex
    from ..programme.challenges import duplicates, publish

    body["protocol_sha256"] = sha256_hex(Path(protocol).read_bytes())
    name = body["challenge"]
    with opened(ledger) as office:
        entry = publish(office, key=key_of(key, "challenge.published", name), actor=actor, body=body)
        alike = [one for one in duplicates(office.state) if name in (one.first, one.second)]
    tell(entry, as_json)
    for one in alike:
        click.echo(plain(f"It may be paid for twice: {one.first} and {one.second}, {one.reason}."), err=True)


@click.command(short_help="Who offers to reach it?")
@click.argument("bid", required=False)
@click.option("--challenge", metavar="CHALLENGE", help="For which challenge.")
@click.option("--team", metavar="PARTY", help="Who offers.")
@click.option("--content", type=file, metavar="FILE", help="The offer as JSON.")
@click.option("--table", type=file, metavar="FILE", help="Many offers as CSV, instead of one.")
@click.option("--secret", type=click.Path(), metavar="PATH",
              help="Where salt and offer are kept until the deadline: a file, or a folder for a table.")  # fmt: skip
@click.option("--commitment", metavar="HASH", help="The hash alone, where the team keeps its offer itself.")
@options(ledger_url, actor, key, as_json)
def bid(
    ledger: str, actor: str, key: str | None, as_json: bool, bid: str | None, challenge: str | None,
    team: str | None, content: str | None, table: str | None, secret: str | None, commitment: str | None,
) -> None:  # fmt: skip
    """Seal BID: only SHA-256(salt || offer) enters the ledger before the deadline."""
    from ..programme import bids
    from ..programme.sealing import Sealing, seal_kept

    if table:
        _seal_table(ledger, actor, table, secret, as_json)
        return
    told = {"BID": bid, "--challenge": challenge, "--team": team}
    missing = [name for name, value in told.items() if value is None]
    if missing or (commitment is None) == (content is None or secret is None):
        wanted = ", ".join(missing) or "--content with --secret, or --commitment"
        raise click.UsageError(f"It takes {wanted}; or --table with --secret for many bids.")
    request = key_of(key, "bid.sealed", str(bid))
    with opened(ledger) as office:
        if content is not None and secret is not None:
            said = _content(content)
            one = Sealing(request, str(bid), str(challenge), str(team), said, Path(secret))
            tell(seal_kept(office, actor=actor, sealings=[one]), as_json)
            return
        entry = bids.seal(
            office, key=request, actor=actor, bid=str(bid), challenge=str(challenge), team=str(team),
            commitment=str(commitment),
        )  # fmt: skip
    tell(entry, as_json)


def _content(path: str) -> dict[str, Any]:
    from ..programme.canonical import canonical
    from .ledger_options import read_object

    try:
        found = read_object(Path(path).read_text(encoding="utf-8-sig"), path)
    except UnicodeDecodeError:
        raise QuestionError(f"{path} is not UTF-8") from None
    try:
        canonical(found)
    except ValueError as error:
        raise QuestionError(f"{path}: {error}") from None
    return found


def _seal_table(ledger: str, actor: str, table: str, secret: str | None, as_json: bool) -> None:
    from ..programme.bids_import import read_bids
    from ..programme.sealing import Sealing, seal_kept

    if secret is None:
        raise click.UsageError(
            "It takes --secret FOLDER, where salts and offers are kept until the deadline."
        )
    with opened(ledger) as office:
        sealings = [
            Sealing(
                key_of(None, "bid.sealed", row.bid), row.bid, row.challenge, row.team, row.content,
                Path(secret) / f"{row.bid}.json",
            )
            for row in read_bids(table)
        ]  # fmt: skip
        tell(seal_kept(office, actor=actor, sealings=sealings), as_json)


@click.command("open", short_help="What was offered?")
@click.argument("bid", required=False)
@click.option("--secret", required=True, type=click.Path(), metavar="PATH",
              help="The file with salt and offer, or a folder with one BID.json for each bid.")  # fmt: skip
@options(ledger_url, actor, key, as_json)
def open_(ledger: str, actor: str, key: str | None, as_json: bool, bid: str | None, secret: str) -> None:
    """Open BID after the deadline; it must have the hash that was sealed."""
    from ..programme import bids

    if bid is None and not Path(secret).is_dir():
        raise click.UsageError("It takes BID and its secret, or the folder with all secrets.")
    files = {bid: Path(secret)} if bid else {path.stem: path for path in sorted(Path(secret).glob("*.json"))}
    entries = []
    with opened(ledger) as office:
        for name, path in files.items():
            salt, content = bids.read_secret(path)
            told = key_of(key if bid else None, "bid.opened", name)
            entries.append(bids.open_bid(office, key=told, actor=actor, bid=name, salt=salt, content=content))
    tell(entries, as_json)


@click.command(short_help="Which bid does not count?")
@click.argument("bid")
@click.option("--reason", required=True, help="Why.")
@options(ledger_url, actor, key, as_json)
def exclude(ledger: str, actor: str, key: str | None, as_json: bool, bid: str, reason: str) -> None:
    """Leave BID out, and say why."""
    from ..programme import bids

    with opened(ledger) as office:
        told = key_of(key, "bid.excluded", bid)
        tell(bids.exclude(office, key=told, actor=actor, bid=bid, reason=reason), as_json)


@click.command(short_help="Who reads which bids?")
@click.argument("challenge")
@click.option("--reviewers", required=True, callback=codes, metavar="A,B,C", help="Who may read.")
@click.option(
    "--per-bid", type=click.IntRange(min=1), default=2, show_default=True, help="Readers for each bid."
)
@click.option(
    "--load", type=click.IntRange(min=1), default=10, show_default=True, help="Most bids for a reader."
)
@click.option(
    "--most-probability", type=Number(0, 1, min_open=True), default=1.0, show_default=True,
    help="Most that the probability of any pair may be.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draw.")
@options(ledger_url, actor, key, as_json)
def assign(ledger: str, actor: str, key: str | None, as_json: bool, challenge: str, **settings: Any) -> None:
    """Share out the open bids of CHALLENGE; nobody reads the bid of somebody they are tied to."""
    from ..programme import reviews

    with opened(ledger) as office:
        told = key_of(key, "review.assigned", challenge)
        tell(reviews.assign(office, key=told, actor=actor, challenge=challenge, **settings), as_json)


def scores(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Each CRITERION=NUMBER."""
    found = {}
    for one in value:
        name, _, number = one.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise click.BadParameter(
                f"{one!r} is not CRITERION=NUMBER; an example: probability=0.4"
            ) from None
    return found


@click.command(short_help="How good is a bid?")
@click.argument("review")
@click.option("--assignment", required=True, metavar="ASSIGNMENT", help="Under which assignment.")
@click.option("--bid", required=True, metavar="BID", help="Which bid.")
@click.option("--score", "scores", multiple=True, callback=scores, metavar="CRITERION=NUMBER",
              help="probability of passing the test (0 to 1), and marks of other criteria (0 to 10).")  # fmt: skip
@options(ledger_url, actor, key, as_json)
def review(ledger: str, actor: str, key: str | None, as_json: bool, **told: Any) -> None:
    """Score a bid as REVIEW; without scores, show what there is to read, and not whose it is."""
    from ..programme import bids, reviews
    from .ledger_options import dumped

    with opened(ledger) as office:
        if not told["scores"]:
            reviews.readable(office.state, told["assignment"], told["bid"], actor)
            click.echo(dumped(bids.blind(office.state, told["bid"])))
            return
        entry = reviews.score(office, key=key_of(key, "review.scored", told["review"]), actor=actor, **told)
    tell(entry, as_json)


@click.command(short_help="Who does it?")
@click.argument("challenge")
@click.option("--starts", metavar="DATE", help="When work starts, where a bid does not say.")
@click.option("--ends", metavar="DATE", help="When it should be done, where a bid does not say.")
@options(ledger_url, actor, key, as_json)
def award(
    ledger: str, actor: str, key: str | None, as_json: bool, challenge: str, **dates: str | None
) -> None:
    """Award CHALLENGE to the teams that make it likeliest that one succeeds; money is reserved at once."""
    from ..programme.awarding import award as make

    with opened(ledger) as office:
        told = key_of(key, "award.made", challenge)
        entries = make(office, key=told, actor=actor, challenge=challenge, **dates)
    tell(entries, as_json)
    if not as_json:
        for name, reason in sorted(entries[0].body["reasons"].items()):
            click.echo(plain(f"{name}: {reason}."))


COMMANDS = [adopt, challenge, bid, open_, exclude, assign, review, award]
