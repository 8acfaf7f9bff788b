"""The acts at a gate, from the shell: evidence, evaluation, approval, release, go or kill, and who stays in a race."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import QuestionError
from . import progress_commands
from .ledger_options import actor, as_json, key, key_of, ledger_url, opened, plain, read_object, tell
from .options import Number, options

act = options(ledger_url, actor, key, as_json)
store = click.option(
    "--evidence", "folder", envvar="WHOLENATION_EVIDENCE", type=click.Path(file_okay=False), metavar="FOLDER",
    help="Where evidence lies; FILE.evidence beside a SQLite ledger, if not told. [env: WHOLENATION_EVIDENCE]",
)  # fmt: skip
name = click.option("--id", "name", metavar="ID", help="Name of the entry; made of its subject, if not told.")
amount = click.option("--amount", type=click.IntRange(min=0), metavar="MINOR", help="Sum in minor units.")


def folder_at(folder: str | None, ledger: str) -> Path:
    """The folder of a ledger's evidence."""
    from ..programme.evidence_files import folder_of

    return Path(folder) if folder else folder_of(ledger)


@click.command(short_help="What was reached?")
@click.argument("milestone")
@click.argument("file", type=click.Path(dir_okay=False))
@name
@store
@act
def evidence(
    milestone: str, file: str, name: str | None, folder: str | None, ledger: str, actor: str, key: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """What was reached? Keep FILE as evidence for MILESTONE, by its content's hash."""
    from ..programme.evidence_files import digest_of
    from ..programme.gates import submit_evidence

    with opened(ledger) as office:
        place = folder_at(folder, ledger)
        told = name or f"{milestone}-{digest_of(Path(file))[:12]}"
        entry = submit_evidence(
            office, key=key_of(key, "evidence", told), actor=actor, evidence=told, milestone=milestone,
            file=Path(file), evidence_folder=place,
        )  # fmt: skip
        tell(entry, as_json)


@click.command(short_help="Is the criterion met?")
@click.argument("evidence")
@click.option("--accept/--reject", "accepted", required=True, help="Whether the criterion is met.")
@click.option("--measured", type=Number(), metavar="VALUE", help="The value of the metric.")
@click.option("--retest-of", metavar="EVALUATION", help="The evaluation that this one repeats independently.")
@click.option("--note", metavar="TEXT", help="Remarks.")
@name
@act
def evaluate(
    evidence: str, name: str | None, ledger: str, actor: str, key: str | None, as_json: bool, **found: Any
) -> None:
    """Is the criterion met? What the registered evaluator (--as) found on EVIDENCE."""
    from ..programme.gates import evaluate as record

    with opened(ledger) as office:
        told = name or f"{evidence}-{actor}"
        entry = record(
            office,
            key=key_of(key, "evaluation", told),
            actor=actor,
            evaluation=told,
            evidence=evidence,
            **found,
        )
        tell(entry, as_json)


@click.command(short_help="Who says yes?")
@click.argument("milestone")
@name
@act
def approve(
    milestone: str, name: str | None, ledger: str, actor: str, key: str | None, as_json: bool
) -> None:
    """Who says yes? One approver's yes (--as) to the release of MILESTONE."""
    from ..programme.gates import approve as record

    with opened(ledger) as office:
        told = name or f"{milestone}-{actor}"
        tell(
            record(
                office, key=key_of(key, "approval", told), actor=actor, approval=told, milestone=milestone
            ),
            as_json,
        )


@click.command(short_help="Is the tranche paid?")
@click.argument("milestone")
@amount
@name
@store
@act
def release(
    milestone: str, amount: int | None, name: str | None, folder: str | None, ledger: str, actor: str,
    key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Is the tranche of MILESTONE paid? Allowed, or denied with every reason; an entry in both cases.

    What is left of the milestone's payment is asked for, if no amount is told. Exit code 1 where it is denied. Asked
    for again when all is paid, the entry of then is told.
    """
    from ..programme.releasing import paid_in_full
    from ..programme.releasing import release as ask

    with opened(ledger) as office:
        before = len(office.state.all("release.decided", milestone=milestone))
        told = name or key or f"{milestone}-{before + 1}"
        paid = None if office.state.has("release.decided", told) else paid_in_full(office, milestone)
        if paid is None:
            entry = ask(
                office, key=key_of(key, "release", told), actor=actor, release=told, milestone=milestone,
                evidence_folder=folder_at(folder, ledger), amount=amount,
            )  # fmt: skip
        elif name or key or actor != paid.actor or amount not in (None, paid.body["amount"]):
            raise QuestionError(
                f"{milestone} is paid already: entry {paid.seq} of {paid.actor}, {paid.body['release']}"
            )
        else:
            entry = paid
    allowed = bool(entry.body["allowed"])
    verdict = f"{'Allowed' if allowed else 'Denied'}: {entry.body['amount']} for {milestone}."
    tell(entry, as_json, verdict)
    if not as_json:
        for reason in entry.body["reasons"]:
            click.echo(f"- {plain(reason)}")
    click.get_current_context().exit(0 if allowed else 1)


@click.command(short_help="Go, hold or kill?")
@click.argument("award")
@click.argument("decision", type=click.Choice(["go", "hold", "kill", "expire"]))
@click.option("--reason", metavar="TEXT", help="Why; needed but for an expiry.")
@click.option("--milestone", metavar="MILESTONE", help="At which milestone.")
@name
@act
def gate(
    award: str, decision: str, reason: str | None, milestone: str | None, name: str | None, ledger: str,
    actor: str, key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Go, hold or kill? A decision on AWARD; a kill or an expiry gives back what is reserved for it."""
    from ..programme.gates import decide_gate, expire

    with opened(ledger) as office:
        before = len(office.state.all("gate.decided", award=award))
        told = name or key or f"{award}-gate-{before + 1}"
        request: dict[str, Any] = {
            "key": key_of(key, "gate", told),
            "actor": actor,
            "gate": told,
            "award": award,
        }
        if decision == "expire":
            tell(expire(office, **request), as_json)
            return
        if not reason:
            raise QuestionError(f"{award}: a decision to {decision} needs a --reason")
        tell(decide_gate(office, decision=decision, reason=reason, milestone=milestone, **request), as_json)


@click.command(short_help="Who stays in the race?")
@click.argument("challenge")
@name
@act
def downselect(
    challenge: str, name: str | None, ledger: str, actor: str, key: str | None, as_json: bool
) -> None:
    """Who stays in the race? The rule that was published with CHALLENGE decides, and nobody else."""
    from ..programme.racing import downselect as decide

    with opened(ledger) as office:
        told = name or f"{challenge}-downselect"
        entry = decide(
            office, key=key_of(key, "downselect", told), actor=actor, downselect=told, challenge=challenge
        )
        tell(entry, as_json)


@click.command(short_help="What has it cost so far?")
@click.argument("award")
@click.argument("report")
@click.option("--date", "day", required=True, metavar="YYYY-MM-DD", help="Until when.")
@click.option(
    "--amount",
    type=click.IntRange(min=0),
    required=True,
    metavar="MINOR",
    help="Spent since the last report.",
)
@click.option(
    "--line", "lines", type=(str, click.IntRange(min=0)), multiple=True, metavar="TEXT MINOR",
    help="One line of it; may be repeated.",
)  # fmt: skip
@act
def spend(
    award: str, report: str, day: str, amount: int, lines: tuple[tuple[str, int], ...], ledger: str, actor: str,
    key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """What has it cost so far? REPORT of what the team of AWARD has spent since the one before."""
    from ..programme.gates import report_spending

    told = [{"text": text, "amount": part} for text, part in lines] or None
    with opened(ledger) as office:
        entry = report_spending(
            office, key=key_of(key, "spending", report), actor=actor, report=report, award=award, date=day,
            amount=amount, lines=told,
        )  # fmt: skip
        tell(entry, as_json)


@click.command(short_help="How likely is it?")
@click.argument("milestone")
@click.argument("belief")
@click.option("--probability", type=Number(0, 1), help="That it is met by its date.")
@click.option("--prior", type=Number(0, 1), help="Before the evidence; the last belief, if not told.")
@click.option(
    "--likelihoods", type=(Number(0, 1), Number(0, 1)), metavar="IF_MET IF_NOT",
    help="Of the evidence, where the milestone will be met and where it will not.",
)  # fmt: skip
@act
def belief(
    milestone: str, belief: str, probability: float | None, prior: float | None,
    likelihoods: tuple[float, float] | None, ledger: str, actor: str, key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """How likely is it? A BELIEF of --as that MILESTONE is met by its date, stated or updated by Bayes' rule."""
    from ..programme.beliefs import state_belief

    both = None if likelihoods is None else {"if_met": likelihoods[0], "if_not": likelihoods[1]}
    with opened(ledger) as office:
        entry = state_belief(
            office, key=key_of(key, "belief", belief), actor=actor, belief=belief, milestone=milestone,
            probability=probability, prior=prior, likelihoods=both,
        )  # fmt: skip
        tell(entry, as_json)


@click.command(short_help="Who dares to use it first?")
@click.argument("cover")
@click.option("--user", required=True, metavar="PARTY", help="The first user.")
@click.option("--award", metavar="AWARD", help="Whose product.")
@click.option("--premium-share", type=Number(0, 1), required=True, help="Part of the premium that is paid.")
@click.option("--currency", required=True, metavar="CODE", help="In which currency.")
@click.option(
    "--from", "funding", type=(str, click.IntRange(min=1)), multiple=True, required=True, metavar="PLEDGE MINOR",
    help="What a pledge gives to it; may be repeated. The cap is their sum.",
)  # fmt: skip
@act
def cover(
    cover: str, user: str, award: str | None, premium_share: float, currency: str,
    funding: tuple[tuple[str, int], ...], ledger: str, actor: str, key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Who dares to use it first? COVER for a first user, reserved from pledges up to its cap."""
    from ..programme.covers import grant_cover

    parts = dict(funding)
    if len(parts) < len(funding):
        raise QuestionError("a pledge is named twice: tell each once, with all that it gives")
    with opened(ledger) as office:
        entry = grant_cover(
            office, key=key_of(key, "cover", cover), actor=actor, cover=cover, user=user, award=award,
            premium_share=premium_share, cap=sum(parts.values()), currency=currency, funding=parts,
        )  # fmt: skip
        tell(entry, as_json)


@click.command(short_help="Is the milestone still the same?")
@click.argument("milestone")
@click.argument("change")
@click.option(
    "--to", "to", required=True, metavar="JSON", help='The fields that change: {"due": "2027-06-30"}.'
)
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option(
    "--second-level", is_flag=True, help="The actor decides this as the person of the second level."
)
@act
def change(
    milestone: str, change: str, to: str, reason: str, second_level: bool, ledger: str, actor: str,
    key: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Is MILESTONE still the same? CHANGE its date, criterion or payment, on record.

    What loosens it counts at a release only if one of the programme's approvers decides it on the second level.
    """
    from ..programme.milestones import change_milestone

    fields = read_object(to, "--to")
    with opened(ledger) as office:
        entry = change_milestone(
            office, key=key_of(key, "change", change), actor=actor, change=change, milestone=milestone,
            to=fields, reason=reason, second_level=actor if second_level else None,
        )  # fmt: skip
        tell(entry, as_json)


COMMANDS = [
    evidence, evaluate, approve, release, gate, downselect, spend, belief, cover, change, *progress_commands.COMMANDS,
]  # fmt: skip
