"""Schemes for the research set, WN01 to WN20."""

from __future__ import annotations

from datetime import date, timedelta

from ..book import Book, Contract, Line
from ..injection import CURRENCY, ITEMS
from .planting import (
    Planted,
    bids_of,
    of_payee,
    planted,
    relate,
    take,
    take_paid_step,
    take_whole,
)


def wn01(book: Book) -> Planted:
    """A tranche is paid although its evidence was rejected."""
    contract, step = take_paid_step(book)
    for one in step.lines["evaluation.given"]:
        one.body["accepted"] = False
    return planted("WN01", contract.id, contract)


def wn02(book: Book) -> Planted:
    """One approver is gone, or is family of the payee."""
    contract, step = take_paid_step(book)
    approvals = step.lines["approval.given"]
    if book.rng.random() < 0.5:
        book.remove(approvals[:1])
    else:
        relate(book, str(approvals[0].body["approver"]), contract.payee, "family")
    return planted("WN02", f"{step.body['milestone']}-release", contract)


def wn03(book: Book) -> Planted:
    """The report is handed in after it was accepted, or is not there at all."""
    contract, step = take_paid_step(book)
    if book.rng.random() < 0.5:
        for paper in step.lines["evidence.submitted"]:
            paper.at += timedelta(days=11 + 40 * len(step.lines["evidence.submitted"]))
    else:
        book.remove([*step.lines["evidence.submitted"], *step.lines["evaluation.given"]])
    return planted("WN03", f"{step.body['milestone']}-release", contract)


def wn04(book: Book) -> Planted:
    """The bar is lowered some days before the date."""
    contract, step = take_paid_step(book)
    name = str(step.body["milestone"])
    on = date.fromisoformat(step.body["due"]) - timedelta(days=book.rng.randrange(3, 28))
    body = {"change": f"{name}-change", "milestone": name, "to": {"threshold": step.body["threshold"] / 2}}
    book.write("milestone.changed", on, {**body, "reason": "Market conditions."})
    return planted("WN04", name, contract)


def wn05(book: Book) -> Planted:
    """The last step never happens, and nobody asks."""
    contract = take_whole(book)
    step = contract.steps[-1]
    book.remove(line for lines in step.lines.values() for line in lines)
    return planted("WN05", str(step.body["milestone"]), contract)


def wn06(book: Book) -> Planted:
    """A report is handed in twice, once more with a new title page."""
    (one, first), (other, second) = sorted(
        (take_paid_step(book), take_paid_step(book)), key=lambda pair: pair[0].line.at
    )
    old, new = first.lines["evidence.submitted"][-1], second.lines["evidence.submitted"][-1]
    if book.rng.random() < 0.5:
        new.body["sha256"] = old.body["sha256"]
    places = book.rng.sample(range(64), 6)
    kept = old.body["shingles"]
    new.body["shingles"] = [f"{n:016x}" if n in places else word for n, word in enumerate(kept)]
    return planted("WN06", str(new.body["evidence"]), one, other)


def wn07(book: Book) -> Planted:
    """A proposal is sold a second time under the same lead."""
    one = take(book)
    other = take(book, lambda two: abs((two.line.at - one.line.at).days) < 300 and two.race is not one.race)
    mine, theirs = one.bid.body["content"], other.bid.body["content"]
    words = str(mine["text"]).split()
    for place in book.rng.sample(range(len(words)), 4):
        words[place] = f"new{place}"
    theirs["text"], theirs["people"] = " ".join(words), [mine["people"][0], *theirs["people"][1:]]
    return planted("WN07", other.id, one, other)


def wn08(book: Book) -> Planted:
    """A lead sells three quarters of the same months twice."""
    one = take(book)
    other = take(book, lambda two: abs((two.line.at - one.line.at).days) < 200 and two.race is not one.race)
    lead = one.bid.body["content"]["people"][0]
    for contract in (one, other):
        effort = contract.bid.body["content"]["effort"]
        effort[lead] = dict.fromkeys(next(iter(effort.values())), 0.75)
    return planted("WN08", lead, one, other, more=[lead])


def wn09(book: Book) -> Planted:
    """A reviewer works for a firm that holds a part of the team."""
    contract = take(book)
    scored = [
        line
        for line in book.lines
        if line.type == "review.scored" and line.body["bid"] == contract.bid.body["bid"]
    ]
    reviewer = "-".join(str(scored[0].body["assignment"]).split("-")[-1:])
    name = f"reviewer-{reviewer}"
    relate(book, name, f"firm-of-{contract.id}", "employed")
    relate(book, f"firm-of-{contract.id}", contract.payee, "owns", share=0.3)
    decided = [str(line.body["review"]) for line in book.lines if line.type == "review.scored"]
    near = [key for key in decided if key.endswith(tuple(bids_of(book, contract.payee)))]
    return planted("WN09", str(scored[0].body["review"]), contract, more=near)


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
    contract, step = take_paid_step(book)
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
    return planted("WN11", contract.id, contract)


def wn12(book: Book) -> Planted:
    """All is spent after the first step; the others are held and held again."""
    contract = take_whole(book)
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
    return planted("WN12", contract.id, contract)


def wn13(book: Book) -> Planted:
    """A forecaster is always sure."""
    for line in book.lines:
        if line.type == "belief.stated" and line.body["by"] == "reviewer-1":
            line.body["probability"] = 0.97
    return Planted("WN13", "reviewer-1", frozenset({"reviewer-1"}))


def wn14(book: Book) -> Planted:
    """The payee was founded for the occasion, with hardly any capital."""
    contract = take(book)
    founded = min(one.line.at for one in book.contracts.values() if one.payee == contract.payee)
    party = book.parties[contract.payee].body
    party |= {"founded": (founded - timedelta(days=60)).isoformat(), "capital": 100_000, "outputs": 0}
    touched = [one for one in book.contracts.values() if one.payee == contract.payee]
    return planted("WN14", contract.id, *touched)


def wn15(book: Book) -> Planted:
    """A third of a tranche goes through a go-between to somebody at the bank that pays in."""
    contract, step = take_paid_step(book)
    release = step.lines["release.decided"][0]
    part = int(release.body["amount"]) // 3
    for n, (payer, payee) in enumerate(((contract.payee, "go-between"), ("go-between", "bank"))):
        on = release.at + timedelta(days=20 + 30 * n)
        name = f"back-{contract.id}-{n}"
        body = {"transfer": name, "payer": payer, "payee": payee, "amount": part, "currency": CURRENCY}
        book.write("transfer.observed", on, {**body, "date": on.isoformat(), "source": "bank statement"})
    return planted("WN15", contract.id, *of_payee(book, contract.payee))


def wn16(book: Book) -> Planted:
    """All that a payee gets, it gets between the holidays."""
    paid: dict[str, list[Line]] = {}
    for line in book.lines:
        if line.type == "release.decided":
            paid.setdefault(book.contracts[line.body["award"]].payee, []).append(line)
    payee = book.rng.choice(sorted(name for name, mine in paid.items() if len(mine) >= 5))
    for line in paid[payee]:
        line.at = date(min(line.at.year, 2025), 12, 31) - timedelta(days=book.rng.randrange(12))
    return planted("WN16", payee, *of_payee(book, payee), more=[payee])


def wn17(book: Book) -> Planted:
    """Two bidders hand in one budget."""
    contract = take(book)
    bids = [
        key for key, line in book.sealed.items() if line.body["challenge"] == contract.race.body["challenge"]
    ]
    mine = str(contract.bid.body["bid"])
    other = next(key for key in bids if key != mine)
    budget = [dict(line) for line in contract.bid.body["content"]["budget"]]
    budget[0]["amount"] += 1000
    book.opened[other].body["content"]["budget"] = budget
    return planted("WN17", mine, contract, more=bids)


def wn18(book: Book) -> Planted:
    """Both teams of a race work in one laboratory."""
    one = take(book)
    other = next(two for two in book.contracts.values() if two.race is one.race and two is not one)
    book.used.add(other.id)
    other.bid.body["content"]["sites"] = one.bid.body["content"]["sites"]
    return planted("WN18", str(one.race.body["challenge"]), one, other)


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
    return planted("WN19", names[1], *touched)


def wn20(book: Book) -> Planted:
    """Nothing is ever stopped."""
    for line in book.lines:
        if line.type == "gate.decided":
            line.body["decision"] = "go"
    return Planted("WN20", "programme", frozenset({"programme"}))
