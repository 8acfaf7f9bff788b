"""What all commands on a ledger share: where it is, who acts, the key of a request, and how an entry is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..errors import QuestionError

if TYPE_CHECKING:
    from ..programme.ledger import Entry
    from ..programme.office import Programme

SHOWN = 60  # characters of a field in a sentence
LISTED = 12  # values of a list in a sentence; of more, their number is told

ledger_url = click.option(
    "--ledger", "ledger", required=True, envvar="WHOLENATION_LEDGER", metavar="FILE",
    help="The ledger: a SQLite file, or postgresql://USER@HOST/NAME. [env: WHOLENATION_LEDGER]",
)  # fmt: skip
actor = click.option(
    "--as", "actor", required=True, envvar="WHOLENATION_AS", metavar="PARTY",
    help="Who acts. [env: WHOLENATION_AS]",
)  # fmt: skip


def _not_blank(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """A key, which an empty shell variable must not pass for."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty; leave the option out to have one made")
    return value


key = click.option(
    "--key",
    callback=_not_blank,
    metavar="KEY",
    help="Key of the request: the same one twice is one entry. Made of its subject, if not told.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@contextmanager
def opened(url: str, *, create: bool = False) -> Iterator[Programme]:
    """The programme in a ledger with its state up to date; it is closed in any case."""
    from ..programme.office import open_programme

    with open_programme(url, create=create) as programme:
        programme.refresh()
        yield programme


def key_of(key: str | None, *parts: str) -> str:
    """The key that was told, or one of the request's kind and subject, so that a repeated command adds nothing."""
    return key or ":".join(parts)


def tell(entries: Entry | Sequence[Entry], as_json: bool, sentence: str = "") -> None:
    """Print entries: each as one sentence (`sentence` in front, if given), or all as JSON."""
    found: list[Any] = list(entries) if isinstance(entries, Sequence) else [entries]
    if as_json:
        told = [as_object(entry) for entry in found]
        click.echo(dumped(told[0] if len(told) == 1 else told))
        return
    if sentence:
        click.echo(plain(sentence))
    for entry in found:
        click.echo(as_sentence(entry))


def as_sentence(entry: Entry) -> str:
    """An entry in one line: its number, when, who, what, and its short fields."""
    fields = [
        f"{name} {plain(_short(value))}" for name, value in entry.body.items() if value not in (None, "")
    ]
    return f"Entry {entry.seq}, {entry.at}, {plain(entry.actor)}: {entry.type}, {', '.join(fields)}."


def as_object(entry: Entry) -> dict[str, Any]:
    """An entry as JSON holds it: the leaf in hexadecimal."""
    return {
        "seq": entry.seq,
        "key": entry.key,
        "type": entry.type,
        "at": entry.at,
        "actor": entry.actor,
        "body": entry.body,
        "leaf": entry.leaf.hex(),
        "postings": [
            {"account": one.account, "amount": one.amount, "currency": one.currency, "pending": one.pending}
            for one in entry.postings
        ],
    }


def dumped(value: Any) -> str:
    """A value as JSON text for a reader."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_as_json)


def read_object(text: str, what: str) -> dict[str, Any]:
    """A JSON object given on the command line; `QuestionError` for anything else."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise QuestionError(f"{what}: lists and objects are nested too deep") from None
    except ValueError as error:
        raise QuestionError(f"{what} {plain(text[:SHOWN])!r} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise QuestionError(f'{what} {plain(text[:SHOWN])!r} is not a JSON object such as {{"threshold": 5}}')
    return value


def plain(text: str) -> str:
    """Text from a ledger without what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        text = ", ".join(f"{name}: {_short(part)}" for name, part in value.items())
    elif isinstance(value, (list, tuple)) and len(value) > LISTED:
        text = f"{len(value)} values"
    elif isinstance(value, (list, tuple)):
        text = "; ".join(_short(part) for part in value) or "none"
    else:
        text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _as_json(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
