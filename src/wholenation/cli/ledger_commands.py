"""The ledger itself: made, signed, cosigned, exported, proved and verified. `COMMANDS` go into the group programme."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError, QuestionError
from .ledger_options import as_json, dumped, ledger_url, opened, plain, tell
from .options import codes, options

if TYPE_CHECKING:
    from ..programme.notes import Signer, Verifier
    from ..programme.verify import Verdict

signer_file = click.option(
    "--signer", required=True, type=click.Path(), metavar="FILE.key", help="The private key that signs."
)
key_files = click.option(
    "--keys", "keys", multiple=True, type=click.Path(), metavar="FILE.pub",
    help="Public keys, one a line. May be repeated.",
)  # fmt: skip


def _target(_: click.Context, __: click.Parameter, path: str | None) -> str | None:
    """A file that may be written, asked before anything is done."""
    if path is not None:
        from ..programme.targets import check_target

        check_target(path)
    return path


to_file = click.option(
    "--to", type=click.Path(), callback=_target, metavar="FILE", help="Write to a file."
)  # fmt: skip


@click.command(short_help="Where is everything kept?")
@click.argument("programme", required=False)
@ledger_url
@click.option("--as", "actor", envvar="WHOLENATION_AS", metavar="PARTY", help="Who acts.")
@click.option("--name", help="Name of the programme.")
@click.option("--agency", metavar="PARTY", help="Who answers for it.")
@click.option("--currency", metavar="CODE", help="Currency of its caps and sums.")
@click.option("--approvers", callback=codes, metavar="A,B,C", help="People who may approve a release.")
@click.option("--approvals", type=click.IntRange(min=1), help="How many of them must.")
@click.option("--fiscal-year-end", metavar="MM-DD", help="Last day of the fiscal year.")
@as_json
def init(
    programme: str | None,
    ledger: str,
    actor: str | None,
    name: str | None,
    agency: str | None,
    currency: str | None,
    approvers: tuple[str, ...],
    approvals: int | None,
    fiscal_year_end: str | None,
    as_json: bool,
) -> None:
    """Make a ledger, and open PROGRAMME in it; an older ledger is brought up to date.

    Without PROGRAMME only the ledger is made.
    """
    told = {"--name": name, "--agency": agency, "--currency": currency, "--approvers": approvers}
    missing = [option for option, value in {**told, "--as": actor}.items() if not value]
    if programme is not None and missing:
        raise click.UsageError(f"To open a programme, say too: {', '.join(missing)}.")
    with opened(ledger, create=True) as office:
        if programme is None:
            click.echo(f"The ledger lies in {office.ledger.name}; it has {office.state.size} entries.")
            return
        from ..programme.parties import open_office

        body = {
            "programme": programme,
            "name": name,
            "agency": agency,
            "currency": currency,
            "approvers": list(approvers),
            "approvals_needed": approvals or len(approvers),
        }
        if fiscal_year_end:
            body["fiscal_year_end"] = fiscal_year_end
        key = f"programme.opened:{programme}"
        tell(open_office(office, key=key, actor=str(actor), body=body), as_json)


@click.command(short_help="Who can sign?")
@click.argument("name")
@click.option("--witness", is_flag=True, help="A key for a witness, which signs with the time.")
@click.option(
    "--to", "folder", type=click.Path(), default=".", show_default=True, metavar="FOLDER", help="Where to."
)
def keys(name: str, witness: bool, folder: str) -> None:
    """Make a pair of keys called NAME, such as ministry.example/programme: one file to keep, one to give away."""
    from ..programme.notes import LOG, WITNESS, new_signer

    made = new_signer(name, WITNESS if witness else LOG)
    stem = Path(folder) / name.replace("/", "_")
    private, public = stem.with_name(f"{stem.name}.key"), stem.with_name(f"{stem.name}.pub")
    _write_new(private, f"{made.secret()}\n", 0o600)
    _write_new(public, f"{made.verifier}\n", 0o644)
    click.echo(f"Keep {private} to yourself; give {public} to everybody: {made.verifier}")


@click.command(short_help="What do we stand by?")
@ledger_url
@click.option("--signer", type=click.Path(), metavar="FILE.key", help="The ledger's private key.")
@click.option("--cosigned", type=click.Path(), metavar="FILE", help="A note that a witness has signed.")
@options(key_files, to_file)
def checkpoint(
    ledger: str, signer: str | None, cosigned: str | None, keys: tuple[str, ...], to: str | None
) -> None:
    """Sign the ledger as it is now, or keep the signature of a witness (--cosigned, with its public key)."""
    if (signer is None) == (cosigned is None):
        raise click.UsageError("Say either --signer FILE.key or --cosigned FILE.")
    with opened(ledger) as office:
        if signer is not None:
            note = office.ledger.checkpoint(_signer(signer))
        else:
            witnesses = _verifiers(keys)
            if len(witnesses) != 1:
                raise QuestionError(
                    "to keep a cosignature, the witness's public key is needed (--keys FILE.pub)"
                )
            note = office.ledger.cosigned(_read(str(cosigned)), witnesses[0])
    _answer(note, to)


@click.command(short_help="Has it only grown?")
@click.argument("export", type=click.Path())
@options(signer_file, key_files)
@click.option(
    "--seen", type=click.Path(), callback=_target, metavar="FILE",
    help="The note signed last: read first, and written anew.",
)  # fmt: skip
@to_file
def cosign(export: str, signer: str, keys: tuple[str, ...], seen: str | None, to: str | None) -> None:
    """As a witness, sign the newest checkpoint of an EXPORT if it is sound and continues the one signed last."""
    from ..files import write_whole
    from ..programme.witness import cosign_export

    before = _read(seen) if seen is not None and Path(seen).exists() else None
    note = cosign_export(export, before, _verifiers(keys), _signer(signer), int(time.time()))
    if seen is not None:
        write_whole(seen, note.encode())
    _answer(note, to)


@click.command(short_help="Is this entry in it?")
@click.argument("entry", type=int, required=False)
@ledger_url
@click.option("--from", "first", type=int, metavar="SIZE", help="Size of an earlier checkpoint.")
@click.option("--until", "second", type=int, metavar="SIZE", help="Size of a later checkpoint.")
@to_file
def prove(ledger: str, entry: int | None, first: int | None, second: int | None, to: str | None) -> None:
    """Prove that ENTRY (its number) is in the ledger, or that one checkpoint continues another (--from, --until)."""
    from ..programme.ledger import open_ledger
    from ..programme.proofs import prove_entry, prove_growth

    if (entry is None) == (first is None or second is None):
        raise click.UsageError("Say either the number of an entry, or --from SIZE --until SIZE.")
    book = open_ledger(ledger)
    try:
        proof = prove_entry(book, entry) if entry is not None else prove_growth(book, first or 0, second or 0)
    finally:
        book.close()
    _answer(dumped(proof) + "\n", to)


@click.command(short_help="Can others look?")
@ledger_url
@click.option(
    "--to", required=True, type=click.Path(), callback=_target, metavar="FILE.jsonl",
    help="The file to write.",
)  # fmt: skip
def export(ledger: str, to: str) -> None:
    """Write the whole ledger into one file that anybody can verify with the public keys."""
    from ..programme.ledger import open_ledger
    from ..programme.ledger_export import export_ledger

    book = open_ledger(ledger)
    try:
        size = export_ledger(book, to)
    finally:
        book.close()
    click.echo(f"{size} entries written to {to}.")


@click.command(short_help="Is it what was signed?")
@click.argument("ledger", metavar="EXPORT|LEDGER|PROOF")
@key_files
@click.option(
    "--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="all cores",
    help="Processes for a long ledger; the answer does not depend on it.",
)  # fmt: skip
def verify(ledger: str, keys: tuple[str, ...], workers: int) -> None:
    """Verify an export (offline, with public keys), a ledger's database, or a proof; name the first wrong entry."""
    verdict = _verdict(ledger, _verifiers(keys), workers)
    click.echo(plain(verdict.sentence), err=not verdict.sound)
    click.get_current_context().exit(0 if verdict.sound else 1)


def _verdict(name: str, verifiers: list[Verifier], workers: int) -> Verdict:
    from ..programme.canonical import parsed
    from ..programme.ledger import open_ledger
    from ..programme.proofs import FORMAT, verify_proof
    from ..programme.verify import Verdict, verify_export, verify_ledger

    start = b""
    if "://" not in name:
        with Path(name).open("rb") as file:
            start = file.read(4096)
    if "://" in name or start.startswith(b"SQLite format 3"):
        book = open_ledger(name)
        try:
            return verify_ledger(book, verifiers, workers=workers)
        finally:
            book.close()
    if FORMAT.encode() in start:
        try:
            proof = parsed(_read(name))
        except ValueError as error:
            raise QuestionError(f"{name} is no proof: {error}") from None
        return Verdict(True, f"{name}: {verify_proof(proof, verifiers)}", 0)
    return verify_export(name, verifiers, workers=workers)


def _signer(path: str) -> Signer:
    from ..programme.notes import read_signer

    return read_signer(_read(path))


def _verifiers(paths: tuple[str, ...]) -> list[Verifier]:
    from ..programme.notes import read_verifier

    return [read_verifier(line) for path in paths for line in _read(path).splitlines() if line.strip()]


def _read(path: str) -> str:
    try:
        return Path(path).read_bytes().decode()
    except UnicodeDecodeError:
        raise QuestionError(f"{path} is no text") from None


def _write_new(path: Path, text: str, mode: int) -> None:
    """Write a file that must not be there yet: a key that is written over is lost."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode, exist_ok=False)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _answer(text: str, to: str | None) -> None:
    from ..files import write_whole

    if to is None:
        click.echo(text, nl=False)
    else:
        write_whole(to, text.encode())
        click.echo(f"Written to {to}.", err=True)


COMMANDS = [init, keys, checkpoint, cosign, prove, export, verify]
