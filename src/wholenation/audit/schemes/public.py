"""Schemes for the public red flags, R002 to R070."""

from __future__ import annotations

from datetime import date, timedelta

from ...programme.milestones import preregistered
from ..book import Book, Contract, Line
from ..injection import CURRENCY, ITEMS, THRESHOLD
from .planting import (
    Planted,
    of_payee,
    planted,
    relate,
    take,
    take_rivals,
    take_whole,
)

_PAIR = ("team-first", "team-second")


def r002(book: Book) -> Planted:
    """Awards that would be looked at more closely are pressed under the threshold."""
    near = [one for one in book.contracts.values() if THRESHOLD <= one.line.body["amount"] < 1.1 * THRESHOLD]
    for contract in near:
        _reprice(contract, THRESHOLD - book.rng.randrange(1, 1_000_000))
    return Planted("R002", "programme", frozenset(["programme", *(one.id for one in near)]))


def r011(book: Book) -> Planted:
    """One contract is given in two pieces."""
    one = take(book)
    other = next(two for two in book.contracts.values() if two.race is one.race and two is not one)
    book.used.add(other.id)
    _rename(book, other.bid, one.payee)
    for contract in (one, other):
        _reprice(contract, THRESHOLD - book.rng.randrange(1_000_000, 9_000_000))
    return planted("R011", min(one.id, other.id), one, other)


def r013(book: Book) -> Planted:
    """One field never has a race."""
    item = book.rng.randrange(ITEMS)
    for number in range(item, len(book.races), ITEMS):
        book.races[f"challenge-{number}"].body["sole_source"] = "Nobody else can do it."
    name = f"item-{item} {CURRENCY}"
    return Planted("R013", name, frozenset({name}))


def r022(book: Book) -> Planted:
    """A bid that nobody could accept stands beside the others."""
    contract = take(book)
    name = str(contract.race.body["challenge"])
    won = {one.bid.body["bid"] for one in book.contracts.values()}
    loser = next(key for key, one in book.sealed.items() if one.body["challenge"] == name and key not in won)
    book.opened[loser].body["content"]["price"] *= 4
    return planted("R022", name, contract)


def r029(book: Book) -> Planted:
    """Claims are made up: every first digit is as likely as any other."""
    for line in book.lines:
        if line.type == "spending.reported":
            for claim in line.body["lines"]:
                claim["amount"] = int(f"{book.rng.randrange(1, 10)}{str(claim['amount'])[1:]}")
            line.body["amount"] = sum(claim["amount"] for claim in line.body["lines"])
    return Planted("R029", "programme", frozenset(["programme", *book.contracts]))


def r031(book: Book) -> Planted:
    """A price that somebody has told beforehand."""
    contract = take(book)
    _reprice(contract, int(contract.race.body["cap"]) // int(contract.race.body["rival_routes"]) - 100)
    return planted("R031", contract.id, contract)


def r032(book: Book) -> Planted:
    """Two bidders belong to one owner, through a company each."""
    return _owned(book, "R032", (0.8, 0.5))


def r033(book: Book) -> Planted:
    """Two bidders have one shareholder."""
    return _owned(book, "R033", (0.5, 0.3))


def r040(book: Book) -> Planted:
    """Two dozen payees belong to one owner."""
    payees = sorted({one.payee for one in book.contracts.values()})
    bought = set(payees[: len(payees) * 2 // 5])
    for payee in sorted(bought):
        relate(book, "conglomerate", payee, "owns", share=0.9)
    head = min(["conglomerate", *bought, *(f"holder-{name.split('-')[1]}" for name in bought)])
    touched = [one for one in book.contracts.values() if one.payee in bought]
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] in bought]
    fields = [f"item-{n} {CURRENCY}" for n in range(ITEMS)]
    groups = [f"{head} in {field}" for field in fields]
    return planted("R040", f"{head} in {CURRENCY}", *touched, more=[*races, *fields, *groups])


def r042(book: Book) -> Planted:
    """Two bidders of a race have one phone."""
    contract, other = take_rivals(book)
    book.parties[other].body["contacts"].append(dict(book.parties[contract.payee].body["contacts"][0]))
    return planted("R042", str(contract.race.body["challenge"]), *of_payee(book, contract.payee, other))


def r043(book: Book) -> Planted:
    """A bidder is paid on an approver's account."""
    contract = take(book)
    approver = f"approver-{book.rng.randrange(6)}"
    book.parties[contract.payee].body["contacts"].append(dict(book.parties[approver].body["contacts"][1]))
    bids = [key for key, line in book.sealed.items() if line.body["team"] == contract.payee]
    return planted("R043", str(contract.bid.body["bid"]), *of_payee(book, contract.payee), more=bids)


def r046(book: Book) -> Planted:
    """A listed firm bids under a spelling of its own."""
    contract = take(book)
    party = book.parties[contract.payee].body
    party["name"] = "SEVERNAYA ZARYA, Trading House LLC"
    party["identifiers"] = [{"scheme": "LEI", "id": "5299000J2N45DDDRT5Z1"}]
    return planted("R046", contract.payee, contract, more=[contract.payee])


def r050(book: Book) -> Planted:
    """Three payees of one field are one."""
    item, payees = _field(book)
    return _bought(book, "R050", item, sorted(payees)[:3])


def r051(book: Book) -> Planted:
    """All payees of a field but one are one."""
    item, payees = _field(book)
    found = _bought(book, "R051", item, sorted(payees)[:-1])
    return Planted("R051", f"item-{item} {CURRENCY}", found.touched)


def r053(book: Book) -> Planted:
    """One team always loses against another."""
    races = _meet(book, 6)
    for winner, loser in races:
        _rename(book, winner.bid, "team-first")
        _rename(book, loser, "team-second")
    return planted("R053", "team-first and team-second", *(one for one, _ in races), more=_PAIR)


def r057(book: Book) -> Planted:
    """Two teams take turns."""
    races = _meet(book, 14)
    for n, (winner, loser) in enumerate(races):
        _rename(book, winner.bid, _PAIR[n % 2])
        _rename(book, loser, _PAIR[(n + 1) % 2])
    return planted("R057", "team-first and team-second", *(one for one, _ in races), more=_PAIR)


def r059(book: Book) -> Planted:
    """Twice the contract is spent."""
    contract = take_whole(book)
    contract.spending[-1].body["amount"] = 2 * int(contract.line.body["amount"])
    return planted("R059", contract.id, contract)


def r062(book: Book) -> Planted:
    """The award is made the day after the deadline."""
    contract = take(book)
    contract.line.at = date.fromisoformat(contract.race.body["deadline"][:10]) + timedelta(days=10)
    return planted("R062", str(contract.race.body["challenge"]), contract)


def r064(book: Book) -> Planted:
    """A contract is rewritten and rewritten."""
    contract = take(book)
    step = contract.steps[0]
    for n in range(5):
        name = f"{step.body['milestone']}-c{n}"
        body = {"change": name, "milestone": step.body["milestone"], "to": {"description": f"Version {n}"}}
        book.write(
            "milestone.changed",
            contract.line.at + timedelta(days=10 + 20 * n),
            {**body, "reason": "Clearer."},
        )
    return planted("R064", contract.id, contract)


def r067(book: Book) -> Planted:
    """The last report comes five months late."""
    contract = take_whole(book)
    step = contract.steps[-1]
    for lines in step.lines.values():
        for line in lines:
            line.at += timedelta(days=150)
    return planted("R067", str(step.body["milestone"]), contract)


def r068(book: Book) -> Planted:
    """A tranche is paid once and a half."""
    contract = take_whole(book)
    release = contract.steps[-1].lines["release.decided"][0]
    release.body["amount"] = round(release.body["amount"] * 1.5)
    return planted("R068", contract.id, contract)


def r070(book: Book) -> Planted:
    """The team that lost is paid by the one that won."""
    contract, other = take_rivals(book)
    on = contract.line.at + timedelta(days=40)
    body = {"transfer": f"thanks-{contract.id}", "payer": contract.payee, "payee": other, "amount": 4_000_000}
    more = {"currency": CURRENCY, "date": on.isoformat(), "source": "bank statement"}
    book.write("transfer.observed", on, {**body, **more})
    return planted("R070", contract.id, contract)


def _owned(book: Book, check: str, shares: tuple[float, float]) -> Planted:
    contract, other = take_rivals(book)
    for team in (contract.payee, other):
        holding = f"holding-{check}-{team}"
        relate(book, f"owner-{check}-{contract.id}", holding, "owns", share=shares[0])
        relate(book, holding, team, "owns", share=shares[1])
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] == other]
    return planted(
        check, str(contract.race.body["challenge"]), *of_payee(book, contract.payee, other), more=races
    )


def _field(book: Book) -> tuple[int, set[str]]:
    item = book.rng.randrange(ITEMS)
    return item, {one.payee for one in book.contracts.values() if one.race.body["item"] == f"item-{item}"}


def _bought(book: Book, check: str, item: int, payees: list[str]) -> Planted:
    for payee in payees:
        relate(book, "conglomerate", payee, "owns", share=0.7)
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] in payees]
    fields = [f"item-{n} {CURRENCY}" for n in range(ITEMS)]
    head = f"conglomerate in item-{item} {CURRENCY}"
    more = [*races, *fields, *(f"conglomerate in {field}" for field in fields)]
    return planted(check, head, *of_payee(book, *payees), more=more)


def _meet(book: Book, count: int) -> list[tuple[Contract, Line]]:
    """So many races of different fields by deadline, each with a winner's contract and a loser's bid."""
    races = sorted(book.races.values(), key=lambda line: line.body["deadline"])[:ITEMS]
    found = []
    for race in races[:count]:
        contract = next(one for one in book.contracts.values() if one.race is race)
        won = {one.bid.body["bid"] for one in book.contracts.values() if one.race is race}
        name = race.body["challenge"]
        loser = next(
            key for key, one in book.sealed.items() if one.body["challenge"] == name and key not in won
        )
        found.append((contract, book.opened[loser]))
    for n, team in enumerate(_PAIR):
        body = {**book.parties[f"team-{n}"].body, "party": team, "contacts": [], "identifiers": []}
        book.parties[team] = book.write(
            "party.registered", date(2021, 1, 5), {**body, "name": f"Firm {team}"}
        )
    return found


def _rename(book: Book, bid: Line, team: str) -> None:
    """Another team makes this bid, and gets what it has won."""
    key = bid.body["bid"]
    book.sealed[key].body["team"] = team
    bid.body["content"] |= {"institution": team, "sites": [f"site-of-{team}-{key}"]}
    for one in book.contracts.values():
        if one.bid is bid:
            one.line.body["payee"] = team


def _reprice(contract: Contract, amount: int) -> None:
    """Another sum for the contract, its milestones and what was paid."""
    body = contract.line.body
    thirds = [amount // 3] * 2
    for step, payment in zip(body["milestones"], [*thirds, amount - sum(thirds)], strict=True):
        step["payment"] = payment
    for one in contract.steps:
        for release in one.lines.get("release.decided", ()):
            release.body["amount"] = one.body["payment"]
    body |= {"amount": amount, "funding": {"pledge-ministry": amount}}
    body["preregistered_sha256"] = preregistered(body["milestones"])
    contract.bid.body["content"]["price"] = amount
