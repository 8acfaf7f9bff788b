"""What schemes share: contracts that no other scheme has, and what a scheme has touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..book import Book, Contract, Step


@dataclass(frozen=True, slots=True)
class Planted:
    """A scheme in a book: the answer that should be a flag, and every subject that the scheme has touched."""

    check: str
    subject: str
    touched: frozenset[str]


def take(book: Book, fits: Callable[[Contract], bool] = lambda _: True) -> Contract:
    """A contract that no other scheme has, and whose payee none has."""
    payees = {book.contracts[key].payee for key in book.used}
    free = [
        one
        for key, one in sorted(book.contracts.items())
        if key not in book.used and one.payee not in payees and fits(one)
    ]
    found = book.rng.choice(free)
    book.used.add(found.id)
    return found


def take_whole(book: Book) -> Contract:
    """A contract that came to its end."""
    return take(book, lambda one: len(one.steps) == 3 and "release.decided" in one.steps[-1].lines)


def take_paid_step(book: Book) -> tuple[Contract, Step]:
    """A contract that came to its end, with one of its paid milestones."""
    contract = take_whole(book)
    return contract, book.rng.choice(contract.steps)


def planted(check: str, subject: str, *contracts: Contract, more: Iterable[str] = ()) -> Planted:
    """Touched is all that hangs on the contracts: every id in the lines about them."""
    touched = {subject, *more}
    for one in contracts:
        content = one.bid.body["content"]
        touched |= {
            one.id,
            one.payee,
            str(one.bid.body["bid"]),
            str(one.race.body["challenge"]),
            *content["people"],
        }
        for step in one.steps:
            touched.add(str(step.body["milestone"]))
            touched |= {
                str(next(iter(line.body.values()))) for lines in step.lines.values() for line in lines
            }
    return Planted(check, subject, frozenset(touched))


def relate(book: Book, subject: str, other: str, kind: str, **more: Any) -> None:
    """Declare a tie between two parties from the programme's beginning on."""
    body = {
        "relation": f"{subject}-{kind}-{other}",
        "subject": subject,
        "object": other,
        "kind": kind,
        **more,
    }
    book.write("relation.declared", date(2021, 1, 5), body)


def bids_of(book: Book, team: str) -> list[str]:
    """How the reviews of a team's bids end in name."""
    return [f"-{key}" for key, line in book.sealed.items() if line.body["team"] == team]


def of_payee(book: Book, *payees: str) -> list[Contract]:
    """All contracts of these payees."""
    return [one for one in book.contracts.values() if one.payee in payees]


def take_rivals(book: Book) -> tuple[Contract, str]:
    """A contract, and a team that bid for it and won nothing there."""
    contract = take(book)
    name = contract.race.body["challenge"]
    won = {one.payee for one in book.contracts.values() if one.race is contract.race}
    return contract, next(
        str(line.body["team"])
        for line in book.sealed.values()
        if line.body["challenge"] == name and line.body["team"] not in won
    )
