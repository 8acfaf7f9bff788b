"""Schemes planted into an honest programme: for each check one way in which somebody would cheat, or nearly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ..programme.milestones import preregistered
from .injection import CURRENCY, ITEMS, THRESHOLD, Book, Contract, Line, Step


@dataclass(frozen=True, slots=True)
class Planted:
    """A scheme in a book: the answer that should be a flag, and every subject that the scheme has touched."""

    check: str
    subject: str
    touched: frozenset[str]


def wn01(book: Book) -> Planted:
    """A tranche is paid although its evidence was rejected."""
    contract, step = _paid_step(book)
    for one in step.lines["evaluation.given"]:
        one.body["accepted"] = False
    return _planted("WN01", contract.id, contract)


def wn02(book: Book) -> Planted:
    """One approver is gone, or is family of the payee."""
    contract, step = _paid_step(book)
    approvals = step.lines["approval.given"]
    if book.rng.random() < 0.5:
        book.remove(approvals[:1])
    else:
        _relate(book, str(approvals[0].body["approver"]), contract.payee, "family")
    return _planted("WN02", f"{step.body['milestone']}-release", contract)


def wn03(book: Book) -> Planted:
    """The report is handed in after it was accepted, or is not there at all."""
    contract, step = _paid_step(book)
    if book.rng.random() < 0.5:
        for paper in step.lines["evidence.submitted"]:
            paper.at += timedelta(days=11 + 40 * len(step.lines["evidence.submitted"]))
    else:
        book.remove([*step.lines["evidence.submitted"], *step.lines["evaluation.given"]])
    return _planted("WN03", f"{step.body['milestone']}-release", contract)


def wn04(book: Book) -> Planted:
    """The bar is lowered some days before the date."""
    contract, step = _paid_step(book)
    name = str(step.body["milestone"])
    on = date.fromisoformat(step.body["due"]) - timedelta(days=book.rng.randrange(3, 28))
    body = {"change": f"{name}-change", "milestone": name, "to": {"threshold": step.body["threshold"] / 2}}
    book.write("milestone.changed", on, {**body, "reason": "Market conditions."})
    return _planted("WN04", name, contract)


def wn05(book: Book) -> Planted:
    """The last step never happens, and nobody asks."""
    contract = _whole(book)
    step = contract.steps[-1]
    book.remove(line for lines in step.lines.values() for line in lines)
    return _planted("WN05", str(step.body["milestone"]), contract)


def wn06(book: Book) -> Planted:
    """A report is handed in twice, once more with a new title page."""
    (one, first), (other, second) = sorted(
        (_paid_step(book), _paid_step(book)), key=lambda pair: pair[0].line.at
    )
    old, new = first.lines["evidence.submitted"][-1], second.lines["evidence.submitted"][-1]
    if book.rng.random() < 0.5:
        new.body["sha256"] = old.body["sha256"]
    places = book.rng.sample(range(64), 6)
    kept = old.body["shingles"]
    new.body["shingles"] = [f"{n:016x}" if n in places else word for n, word in enumerate(kept)]
    return _planted("WN06", str(new.body["evidence"]), one, other)


def wn07(book: Book) -> Planted:
    """A proposal is sold a second time under the same lead."""
    one = _take(book)
    other = _take(book, lambda two: abs((two.line.at - one.line.at).days) < 300 and two.race is not one.race)
    mine, theirs = one.bid.body["content"], other.bid.body["content"]
    words = str(mine["text"]).split()
    for place in book.rng.sample(range(len(words)), 4):
        words[place] = f"new{place}"
    theirs["text"], theirs["people"] = " ".join(words), [mine["people"][0], *theirs["people"][1:]]
    return _planted("WN07", other.id, one, other)


def wn08(book: Book) -> Planted:
    """A lead sells three quarters of the same months twice."""
    one = _take(book)
    other = _take(book, lambda two: abs((two.line.at - one.line.at).days) < 200 and two.race is not one.race)
    lead = one.bid.body["content"]["people"][0]
    for contract in (one, other):
        effort = contract.bid.body["content"]["effort"]
        effort[lead] = dict.fromkeys(next(iter(effort.values())), 0.75)
    return _planted("WN08", lead, one, other, more=[lead])


def wn09(book: Book) -> Planted:
    """A reviewer works for a firm that holds a part of the team."""
    contract = _take(book)
    scored = [
        line
        for line in book.lines
        if line.type == "review.scored" and line.body["bid"] == contract.bid.body["bid"]
    ]
    reviewer = "-".join(str(scored[0].body["assignment"]).split("-")[-1:])
    name = f"reviewer-{reviewer}"
    _relate(book, name, f"firm-of-{contract.id}", "employed")
    _relate(book, f"firm-of-{contract.id}", contract.payee, "owns", share=0.3)
    decided = [str(line.body["review"]) for line in book.lines if line.type == "review.scored"]
    near = [key for key in decided if key.endswith(tuple(_bids_of(book, contract.payee)))]
    return _planted("WN09", str(scored[0].body["review"]), contract, more=near)


def wn10(book: Book) -> Planted:
    """A test house lets everything pass; what others test again fails."""
    house = f"house-{book.rng.randrange(24)}"
    touched = []
    for contract in book.contracts.values():
        for step in contract.steps:
            own = [one for one in step.lines["evaluation.given"] if "retest_of" not in one.body]
            if step.body["evaluator"] != house:
                continue
            touched += [contract.id]
            for one in own:
                one.body |= {"accepted": True, "measured": step.body["threshold"] + 0.05}
            again = {"evaluator": "house-again", "accepted": False, "retest_of": own[-1].body["evaluation"]}
            body = {"evaluation": f"{own[-1].body['evaluation']}-third", "evidence": own[-1].body["evidence"]}
            book.write("evaluation.given", own[-1].at + timedelta(days=200), {**body, **again})
    return Planted("WN10", house, frozenset([house, "house-again", *touched]))


def wn11(book: Book) -> Planted:
    """Two reviews say that it is dead, and it is paid."""
    contract, step = _paid_step(book)
    for n, chance in enumerate((0.06, 0.04)):
        name = f"{step.body['milestone']}-low-{n}"
        body = {
            "belief": name,
            "milestone": step.body["milestone"],
            "by": "reviewer-9",
            "probability": chance,
        }
        release = step.lines["release.decided"][0]
        book.write("belief.stated", release.at - timedelta(days=2 - n), body)
    return _planted("WN11", contract.id, contract)


def wn12(book: Book) -> Planted:
    """All is spent after the first step; the others are held and held again."""
    contract = _whole(book)
    for step in contract.steps[1:]:
        book.remove(line for lines in step.lines.values() for line in lines)
        name = str(step.body["milestone"])
        body = {
            "gate": f"{name}-hold",
            "award": contract.id,
            "milestone": name,
            "decision": "hold",
            "reason": "Wait.",
        }
        book.write("gate.decided", date.fromisoformat(step.body["due"]) + timedelta(days=20), body)
    contract.spending[-1].body["amount"] = round(contract.line.body["amount"] * 0.9)
    return _planted("WN12", contract.id, contract)


def wn13(book: Book) -> Planted:
    """A forecaster is always sure."""
    for line in book.lines:
        if line.type == "belief.stated" and line.body["by"] == "reviewer-1":
            line.body["probability"] = 0.97
    return Planted("WN13", "reviewer-1", frozenset({"reviewer-1"}))


def wn14(book: Book) -> Planted:
    """The payee was founded for the occasion, with hardly any capital."""
    contract = _take(book)
    founded = min(one.line.at for one in book.contracts.values() if one.payee == contract.payee)
    party = book.parties[contract.payee].body
    party |= {"founded": (founded - timedelta(days=60)).isoformat(), "capital": 100_000, "outputs": 0}
    touched = [one for one in book.contracts.values() if one.payee == contract.payee]
    return _planted("WN14", contract.id, *touched)


def wn15(book: Book) -> Planted:
    """A third of a tranche goes through a go-between to somebody at the bank that pays in."""
    contract, step = _paid_step(book)
    release = step.lines["release.decided"][0]
    part = int(release.body["amount"]) // 3
    for n, (payer, payee) in enumerate(((contract.payee, "go-between"), ("go-between", "bank"))):
        on = release.at + timedelta(days=20 + 30 * n)
        name = f"back-{contract.id}-{n}"
        body = {"transfer": name, "payer": payer, "payee": payee, "amount": part, "currency": CURRENCY}
        book.write("transfer.observed", on, {**body, "date": on.isoformat(), "source": "bank statement"})
    return _planted("WN15", contract.id, *_of_payee(book, contract.payee))


def wn16(book: Book) -> Planted:
    """All that a payee gets, it gets between the holidays."""
    paid: dict[str, list[Line]] = {}
    for line in book.lines:
        if line.type == "release.decided":
            paid.setdefault(book.contracts[line.body["award"]].payee, []).append(line)
    payee = book.rng.choice(sorted(name for name, mine in paid.items() if len(mine) >= 5))
    for line in paid[payee]:
        line.at = date(min(line.at.year, 2025), 12, 31) - timedelta(days=book.rng.randrange(12))
    return _planted("WN16", payee, *_of_payee(book, payee), more=[payee])


def wn17(book: Book) -> Planted:
    """Two bidders hand in one budget."""
    contract = _take(book)
    bids = [
        key for key, line in book.sealed.items() if line.body["challenge"] == contract.race.body["challenge"]
    ]
    mine = str(contract.bid.body["bid"])
    other = next(key for key in bids if key != mine)
    budget = [dict(line) for line in contract.bid.body["content"]["budget"]]
    budget[0]["amount"] += 1000
    book.opened[other].body["content"]["budget"] = budget
    return _planted("WN17", mine, contract, more=bids)


def wn18(book: Book) -> Planted:
    """Both teams of a race work in one laboratory."""
    one = _take(book)
    other = next(two for two in book.contracts.values() if two.race is one.race and two is not one)
    book.used.add(other.id)
    other.bid.body["content"]["sites"] = one.bid.body["content"]["sites"]
    return _planted("WN18", str(one.race.body["challenge"]), one, other)


def wn19(book: Book) -> Planted:
    """Two races running, everybody but one is left out."""
    item = book.rng.randrange(ITEMS)
    names = [f"challenge-{item}", f"challenge-{item + ITEMS}"]
    touched: list[Contract] = []
    for name in names:
        mine = [one for one in book.contracts.values() if one.race.body["challenge"] == name]
        touched += mine
        for bid, line in book.sealed.items():
            if line.body["challenge"] == name and bid != mine[0].bid.body["bid"]:
                body = {"bid": bid, "reason": "The form was not signed."}
                book.write("bid.excluded", book.opened[bid].at + timedelta(days=1), body)
    return _planted("WN19", names[1], *touched)


def wn20(book: Book) -> Planted:
    """Nothing is ever stopped."""
    for line in book.lines:
        if line.type == "gate.decided":
            line.body["decision"] = "go"
    return Planted("WN20", "programme", frozenset({"programme"}))


def r002(book: Book) -> Planted:
    """Awards that would be looked at more closely are pressed under the threshold."""
    near = [one for one in book.contracts.values() if THRESHOLD <= one.line.body["amount"] < 1.1 * THRESHOLD]
    for contract in near:
        _reprice(contract, THRESHOLD - book.rng.randrange(1, 1_000_000))
    return Planted("R002", "programme", frozenset(["programme", *(one.id for one in near)]))


def r011(book: Book) -> Planted:
    """One contract is given in two pieces."""
    one = _take(book)
    other = next(two for two in book.contracts.values() if two.race is one.race and two is not one)
    book.used.add(other.id)
    _rename(book, other.bid, one.payee)
    for contract in (one, other):
        _reprice(contract, THRESHOLD - book.rng.randrange(1_000_000, 9_000_000))
    return _planted("R011", min(one.id, other.id), one, other)


def r013(book: Book) -> Planted:
    """One field never has a race."""
    item = book.rng.randrange(ITEMS)
    for number in range(item, len(book.races), ITEMS):
        book.races[f"challenge-{number}"].body["sole_source"] = "Nobody else can do it."
    name = f"item-{item} {CURRENCY}"
    return Planted("R013", name, frozenset({name}))


def r022(book: Book) -> Planted:
    """A bid that nobody could accept stands beside the others."""
    contract = _take(book)
    name = str(contract.race.body["challenge"])
    won = {one.bid.body["bid"] for one in book.contracts.values()}
    loser = next(key for key, one in book.sealed.items() if one.body["challenge"] == name and key not in won)
    book.opened[loser].body["content"]["price"] *= 4
    return _planted("R022", name, contract)


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
    contract = _take(book)
    _reprice(contract, int(contract.race.body["cap"]) // int(contract.race.body["rival_routes"]) - 100)
    return _planted("R031", contract.id, contract)


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
        _relate(book, "conglomerate", payee, "owns", share=0.9)
    head = min(["conglomerate", *bought, *(f"holder-{name.split('-')[1]}" for name in bought)])
    touched = [one for one in book.contracts.values() if one.payee in bought]
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] in bought]
    fields = [f"item-{n} {CURRENCY}" for n in range(ITEMS)]
    groups = [f"{head} in {field}" for field in fields]
    return _planted("R040", f"{head} in {CURRENCY}", *touched, more=[*races, *fields, *groups])


def r042(book: Book) -> Planted:
    """Two bidders of a race have one phone."""
    contract, other = _rivals(book)
    book.parties[other].body["contacts"].append(dict(book.parties[contract.payee].body["contacts"][0]))
    return _planted("R042", str(contract.race.body["challenge"]), *_of_payee(book, contract.payee, other))


def r043(book: Book) -> Planted:
    """A bidder is paid on an approver's account."""
    contract = _take(book)
    approver = f"approver-{book.rng.randrange(6)}"
    book.parties[contract.payee].body["contacts"].append(dict(book.parties[approver].body["contacts"][1]))
    bids = [key for key, line in book.sealed.items() if line.body["team"] == contract.payee]
    return _planted("R043", str(contract.bid.body["bid"]), *_of_payee(book, contract.payee), more=bids)


def r046(book: Book) -> Planted:
    """A listed firm bids under a spelling of its own."""
    contract = _take(book)
    party = book.parties[contract.payee].body
    party["name"] = "SEVERNAYA ZARYA, Trading House LLC"
    party["identifiers"] = [{"scheme": "LEI", "id": "5299000J2N45DDDRT5Z1"}]
    return _planted("R046", contract.payee, contract, more=[contract.payee])


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
    return _planted("R053", "team-first and team-second", *(one for one, _ in races), more=_PAIR)


def r057(book: Book) -> Planted:
    """Two teams take turns."""
    races = _meet(book, 14)
    for n, (winner, loser) in enumerate(races):
        _rename(book, winner.bid, _PAIR[n % 2])
        _rename(book, loser, _PAIR[(n + 1) % 2])
    return _planted("R057", "team-first and team-second", *(one for one, _ in races), more=_PAIR)


def r059(book: Book) -> Planted:
    """Twice the contract is spent."""
    contract = _whole(book)
    contract.spending[-1].body["amount"] = 2 * int(contract.line.body["amount"])
    return _planted("R059", contract.id, contract)


def r062(book: Book) -> Planted:
    """The award is made the day after the deadline."""
    contract = _take(book)
    contract.line.at = date.fromisoformat(contract.race.body["deadline"][:10]) + timedelta(days=10)
    return _planted("R062", str(contract.race.body["challenge"]), contract)


def r064(book: Book) -> Planted:
    """A contract is rewritten and rewritten."""
    contract = _take(book)
    step = contract.steps[0]
    for n in range(5):
        name = f"{step.body['milestone']}-c{n}"
        body = {"change": name, "milestone": step.body["milestone"], "to": {"description": f"Version {n}"}}
        book.write(
            "milestone.changed",
            contract.line.at + timedelta(days=10 + 20 * n),
            {**body, "reason": "Clearer."},
        )
    return _planted("R064", contract.id, contract)


def r067(book: Book) -> Planted:
    """The last report comes five months late."""
    contract = _whole(book)
    step = contract.steps[-1]
    for lines in step.lines.values():
        for line in lines:
            line.at += timedelta(days=150)
    return _planted("R067", str(step.body["milestone"]), contract)


def r068(book: Book) -> Planted:
    """A tranche is paid once and a half."""
    contract = _whole(book)
    release = contract.steps[-1].lines["release.decided"][0]
    release.body["amount"] = round(release.body["amount"] * 1.5)
    return _planted("R068", contract.id, contract)


def r070(book: Book) -> Planted:
    """The team that lost is paid by the one that won."""
    contract, other = _rivals(book)
    on = contract.line.at + timedelta(days=40)
    body = {"transfer": f"thanks-{contract.id}", "payer": contract.payee, "payee": other, "amount": 4_000_000}
    more = {"currency": CURRENCY, "date": on.isoformat(), "source": "bank statement"}
    book.write("transfer.observed", on, {**body, **more})
    return _planted("R070", contract.id, contract)


SCHEMES: dict[str, Callable[[Book], Planted]] = {
    name.upper(): scheme
    for name, scheme in list(globals().items())
    if name[:1] in "wr" and name[-2:].isdigit() and callable(scheme)
}
"""Every scheme by the check that should see it."""

WHOLE = frozenset({"WN10", "WN13", "WN16", "WN20", "R002", "R029", "R040", "R050", "R051", "R053", "R057"})
"""Schemes that change much of a programme, and are therefore planted by themselves."""

_PAIR = ("team-first", "team-second")


def _take(book: Book, fits: Callable[[Contract], bool] = lambda _: True) -> Contract:
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


def _whole(book: Book) -> Contract:
    """A contract that came to its end."""
    return _take(book, lambda one: len(one.steps) == 3 and "release.decided" in one.steps[-1].lines)


def _paid_step(book: Book) -> tuple[Contract, Step]:
    contract = _whole(book)
    return contract, book.rng.choice(contract.steps)


def _planted(check: str, subject: str, *contracts: Contract, more: Iterable[str] = ()) -> Planted:
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


def _relate(book: Book, subject: str, other: str, kind: str, **more: Any) -> None:
    body = {
        "relation": f"{subject}-{kind}-{other}",
        "subject": subject,
        "object": other,
        "kind": kind,
        **more,
    }
    book.write("relation.declared", date(2021, 1, 5), body)


def _bids_of(book: Book, team: str) -> list[str]:
    return [f"-{key}" for key, line in book.sealed.items() if line.body["team"] == team]


def _of_payee(book: Book, *payees: str) -> list[Contract]:
    return [one for one in book.contracts.values() if one.payee in payees]


def _rivals(book: Book) -> tuple[Contract, str]:
    """A contract, and a team that bid for it and won nothing there."""
    contract = _take(book)
    name = contract.race.body["challenge"]
    won = {one.payee for one in book.contracts.values() if one.race is contract.race}
    return contract, next(
        str(line.body["team"])
        for line in book.sealed.values()
        if line.body["challenge"] == name and line.body["team"] not in won
    )


def _owned(book: Book, check: str, shares: tuple[float, float]) -> Planted:
    contract, other = _rivals(book)
    for team in (contract.payee, other):
        holding = f"holding-{check}-{team}"
        _relate(book, f"owner-{check}-{contract.id}", holding, "owns", share=shares[0])
        _relate(book, holding, team, "owns", share=shares[1])
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] == other]
    return _planted(
        check, str(contract.race.body["challenge"]), *_of_payee(book, contract.payee, other), more=races
    )


def _field(book: Book) -> tuple[int, set[str]]:
    item = book.rng.randrange(ITEMS)
    return item, {one.payee for one in book.contracts.values() if one.race.body["item"] == f"item-{item}"}


def _bought(book: Book, check: str, item: int, payees: list[str]) -> Planted:
    for payee in payees:
        _relate(book, "conglomerate", payee, "owns", share=0.7)
    races = [str(line.body["challenge"]) for line in book.sealed.values() if line.body["team"] in payees]
    fields = [f"item-{n} {CURRENCY}" for n in range(ITEMS)]
    head = f"conglomerate in item-{item} {CURRENCY}"
    more = [*races, *fields, *(f"conglomerate in {field}" for field in fields)]
    return _planted(check, head, *_of_payee(book, *payees), more=more)


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
