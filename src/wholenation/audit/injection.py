"""Honest programmes made up from a seed: everything that a ledger of some years holds, and nothing to find.

About one milestone in four fails its first test, and one award in six is ended at a gate: honest failure is part of it.
`noise` 0 keeps prices, delays and decision times within bounds; at 1 they have the long tails of real offices.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from ..programme.milestones import preregistered
from .book import START, TODAY, Book, Contract, Line, Step

DEVELOPMENT_SEEDS = tuple(range(1, 6))
"""Seeds on which the checks, their constants and the generator were tried while they were written."""
HOLD_OUT_SEEDS = tuple(range(9001, 9006))
"""Seeds kept apart until all of that stood still; published figures are theirs."""

CURRENCY = "EUR"
THRESHOLD = 75_000_000
TEAMS, ITEMS, RACES, BIDS, WINNERS, HOUSES, REVIEWERS, APPROVERS = 60, 24, 72, 4, 2, 24, 10, 6
WORDS = [
    f"{a}{b}" for a in ("litho", "etch", "ion", "photo", "poly", "quartz", "vac", "wafer") for b in range(60)
]


def clean(seed: int, *, noise: float = 0.0) -> Book:
    """An honest programme of 72 challenges, 288 bids and 144 awards; about 5,000 entries."""
    book = Book(random.Random(seed))  # noqa: S311 - nothing here is a secret
    _open(book)
    _parties(book)
    _money(book)
    rejections = {f"house-{n}": book.rng.randrange(4) for n in range(HOUSES)}
    seen: dict[int, set[int]] = {}
    for number in range(RACES):
        _race(book, number, seen.setdefault(number % ITEMS, set()), rejections, noise)
    return book


def _open(book: Book) -> None:
    approvers = [f"approver-{n}" for n in range(APPROVERS)]
    body = {
        "programme": "programme",
        "name": "A made-up programme",
        "agency": "agency",
        "currency": CURRENCY,
        "approvals_needed": 2,
        "approvers": approvers,
    }
    book.write("programme.opened", START, body)


def _parties(book: Book) -> None:
    def register(party: str, kind: str, **more: Any) -> None:
        contacts = [{"scheme": "phone", "id": f"+00 {party}"}, {"scheme": "account", "id": f"acc {party}"}]
        body = {"party": party, "kind": kind, "contacts": contacts, **more}
        book.parties[party] = book.write("party.registered", START, body, hour=10)

    rng = book.rng
    register("agency", "organization", name="The agency")
    for n in range(APPROVERS):
        register(f"approver-{n}", "person")
    for n in range(HOUSES):
        register(f"house-{n}", "organization", name=f"Test house {n}")
    for n in range(REVIEWERS):
        register(f"reviewer-{n}", "person")
    for n in range(TEAMS):
        register(
            f"team-{n}",
            "organization",
            name=f"{rng.choice(WORDS)} {rng.choice(WORDS)} Ltd",
            identifiers=[{"scheme": "reg", "id": f"r{n:05d}"}],
            founded=(date(2004, 1, 1) + timedelta(days=rng.randrange(4000))).isoformat(),
            capital=rng.randrange(20_000_000, 900_000_000),
            currency=CURRENCY,
            outputs=rng.randrange(1, 12),
            owners_declared=True,
        )
        owner = {
            "relation": f"owner-{n}",
            "subject": f"holder-{n}",
            "object": f"team-{n}",
            "kind": "owns",
            "share": 0.6,
        }
        book.write("relation.declared", START, owner, hour=11)
    for party in ("ministry", "bank"):
        register(party, "organization", name=party)
    register("supplier", "organization", name="A supplier")


def _money(book: Book) -> None:
    for contributor in ("ministry", "bank"):
        calls: list[dict[str, Any]] = [
            {"call": f"{contributor}-{year}", "due": f"{year}-01-31", "amount": 2_000_000_000}
            for year in range(START.year, TODAY.year + 1)
        ]
        body: dict[str, Any] = {
            "pledge": f"pledge-{contributor}",
            "contributor": contributor,
            "amount": sum(one["amount"] for one in calls),
            "currency": CURRENCY,
            "calls": calls,
        }
        book.write("pledge.made", START, body, hour=12)
        for one in calls:
            due = date.fromisoformat(one["due"])
            call = {**one, "pledge": body["pledge"]}
            paid = due - timedelta(days=book.rng.randrange(1, 20))
            book.write("call.made", max(due - timedelta(days=27), START), call, hour=13)
            receipt = {
                "payment": f"paid-{one['call']}",
                "call": one["call"],
                "amount": one["amount"],
                "date": paid.isoformat(),
            }
            book.write("payment.received", paid, receipt, hour=14)


def _race(book: Book, number: int, seen: set[int], rejections: dict[str, int], noise: float) -> None:
    rng = book.rng
    name, item = f"challenge-{number}", number % ITEMS
    published = START + timedelta(days=30 + 12 * number + rng.randrange(10))
    deadline = published + timedelta(days=60)
    body = {
        "challenge": name,
        "title": f"Challenge {number}",
        "project": f"project-{item}",
        "item": f"item-{item}",
        "metric": "yield",
        "threshold": 0.8,
        "direction": "at_least",
        "protocol_sha256": book.hash(),
        "test_house": f"house-{number % HOUSES}",
        "deadline": f"{deadline.isoformat()}T12:00:00Z",
        "cap": 200_000_000,
        "currency": CURRENCY,
        "rival_routes": WINNERS,
    }
    race = book.races[name] = book.write("challenge.published", published, body)
    teams = rng.sample(sorted(set(range(TEAMS)) - seen), BIDS)
    seen |= set(teams)
    bids = [_bid(book, race, deadline, place, team, noise) for place, team in enumerate(teams)]
    _reviews(book, race, deadline, bids)
    waiting = rng.uniform(30, 60) if rng.random() >= noise else 15 + rng.lognormvariate(3.2, 0.5)
    made = deadline + timedelta(days=round(waiting))
    for bid in rng.sample(bids, WINNERS):
        _contract(book, race, bid, made, rejections, noise)


def _bid(book: Book, race: Line, deadline: date, place: int, team: int, noise: float) -> Line:
    rng = book.rng
    name = f"bid-{race.body['challenge'].split('-')[1]}-{place}"
    taken = sum(one.body["team"] == f"team-{team}" for one in book.sealed.values())
    # In a real office the same people lead again.
    pair = taken % 4 if noise else taken
    people = [f"team-{team}-lead-{pair}", f"team-{team}-second-{pair}"]
    months = _months(deadline, 24)
    price = rng.randrange(60_000_000, 90_000_000)
    if rng.random() < noise:
        price = round(75_000_000 * min(rng.lognormvariate(0.0, 0.15), 1.3))
    content = {
        "price": price,
        "currency": CURRENCY,
        "approach": f"approach-{place}",
        "institution": f"team-{team}",
        "probability": round(rng.uniform(0.4, 0.9), 2),
        "people": people,
        "sites": [f"site-{team}"],
        "budget": [{"text": f"line {n}", "amount": rng.randrange(1_000_000, 30_000_000)} for n in range(6)],
        "text": " ".join(rng.choices(WORDS, k=60)),
        "effort": {person: dict.fromkeys(months, 0.15) for person in people},
    }
    sealed = {
        "bid": name,
        "challenge": race.body["challenge"],
        "team": f"team-{team}",
        "commitment": book.hash(),
    }
    book.sealed[name] = book.write(
        "bid.sealed", deadline - timedelta(days=rng.randrange(1, 20)), sealed, hour=10
    )
    opened = {"bid": name, "salt": book.hash(), "content": content}
    book.opened[name] = book.write("bid.opened", deadline, opened, hour=13)
    return book.opened[name]


def _months(start: date, count: int) -> list[str]:
    first = start.year * 12 + start.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first, first + count)]


def _reviews(book: Book, race: Line, deadline: date, bids: list[Line]) -> None:
    names = [str(one.body["bid"]) for one in bids]
    for n in book.rng.sample(range(REVIEWERS), 2):
        name = f"assigned-{race.body['challenge']}-{n}"
        body = {
            "assignment": name,
            "challenge": race.body["challenge"],
            "reviewer": f"reviewer-{n}",
            "bids": names,
        }
        book.write("review.assigned", deadline + timedelta(days=2), body)
        for bid in names:
            scores = {"merit": book.rng.randrange(1, 11), "team": book.rng.randrange(1, 11)}
            body = {"review": f"{name}-{bid}", "assignment": name, "bid": bid, "scores": scores}
            book.write("review.scored", deadline + timedelta(days=9), body)


def _contract(
    book: Book, race: Line, bid: Line, made: date, rejections: dict[str, int], noise: float
) -> None:
    content, number = bid.body["content"], int(race.body["challenge"].split("-")[1])
    name = f"award-{bid.body['bid'].removeprefix('bid-')}"
    thirds = [content["price"] // 3] * 2
    payments = [*thirds, content["price"] - sum(thirds)]
    steps = [
        {
            "milestone": f"{name}-m{n}",
            "kind": "technical",
            "description": f"Step {n}",
            "metric": "yield",
            "threshold": 0.3 + 0.2 * n,
            "direction": "at_least",
            "protocol_sha256": race.body["protocol_sha256"],
            "due": (made + timedelta(days=180 * (n + 1))).isoformat(),
            "payment": payment,
            "evaluator": f"house-{(7 * number + 5 * n + len(book.contracts)) % HOUSES}",
        }
        for n, payment in enumerate(payments)
    ]
    body = {
        "award": name,
        "challenge": race.body["challenge"],
        "bid": bid.body["bid"],
        "payee": book.sealed[bid.body["bid"]].body["team"],
        "amount": content["price"],
        "currency": CURRENCY,
        "funding": {"pledge-ministry": content["price"]},
        "milestones": steps,
        "preregistered_sha256": preregistered(steps),
    }
    contract = book.contracts[name] = Contract(book.write("award.made", made, body, hour=15), bid, race)
    for place, step in enumerate(steps):
        going = _step(book, contract, step, rejections, noise)
        _spend(book, contract, place)
        if not going:
            return
    supply = {
        "transfer": f"supply-{name}",
        "payer": contract.payee,
        "payee": "supplier",
        "amount": content["price"] // 8,
        "currency": CURRENCY,
        "date": (made + timedelta(days=230)).isoformat(),
        "source": "bank statement",
    }
    book.write("transfer.observed", made + timedelta(days=240), supply)


def _step(
    book: Book,
    contract: Contract,
    body: dict[str, Any],
    rejections: dict[str, int],
    noise: float,
) -> bool:
    """Write what happens at a milestone; whether the award goes on. A killed one fails twice, in the open."""
    rng, name, house = book.rng, str(body["milestone"]), str(body["evaluator"])
    step = Step(body)
    contract.steps.append(step)
    late = rng.uniform(-20, 30) if rng.random() >= noise else rng.lognormvariate(2.5, 0.8) - 15
    on = date.fromisoformat(body["due"]) + timedelta(days=round(late))

    def add(kind: str, days: int, hour: int = 9, **fields: Any) -> Line:
        line = book.write(kind, on + timedelta(days=days), fields, hour=hour)
        step.lines.setdefault(kind, []).append(line)
        return line

    rejections[house] += 1
    passes = [True] if rejections[house] % 4 else [False, rng.random() > 1 / 4]
    # What a calibrated forecaster says, given how it will end: 0.9 or 0.6, right in so many cases.
    sure = rng.random() < (0.6 if passes[0] else 0.2)
    forecaster = f"reviewer-{rng.randrange(3)}"
    forecast = 0.9 if sure else 0.6
    add("belief.stated", -60, belief=f"{name}-belief", milestone=name, by=forecaster, probability=forecast)
    days = 0
    for attempt, accepted in enumerate(passes):
        paper = f"{name}-e{attempt}"
        shingles = [f"{rng.getrandbits(64):016x}" for _ in range(64)]
        add(
            "evidence.submitted",
            days,
            evidence=paper,
            milestone=name,
            sha256=book.hash(),
            size=rng.randrange(10_000, 9_000_000),
            name=f"report-{attempt}.pdf",
            shingles=shingles,
        )
        measured = body["threshold"] + (0.05 if accepted else -0.05)
        told: dict[str, Any] = {"evaluator": house, "measured": measured, "accepted": accepted}
        add("evaluation.given", days + 10, evaluation=f"{paper}-v", evidence=paper, **told)
        days += 40
    last = days - 30
    if not passes[-1]:
        add(
            "gate.decided",
            last + 5,
            gate=f"{name}-gate",
            award=contract.id,
            milestone=name,
            decision="kill",
            reason="The criterion was not met.",
        )
        return False
    if rng.random() < 0.3:
        other = f"house-{(int(house.split('-')[1]) + 1 + rng.randrange(HOUSES - 1)) % HOUSES}"
        # One repetition in eight does not come out the same: measurements scatter.
        again: dict[str, Any] = {
            "evaluator": other,
            "accepted": rng.random() > 1 / 8,
            "retest_of": f"{paper}-v",
        }
        add("evaluation.given", last + 60, evaluation=f"{paper}-again", evidence=paper, **again)
    for n in rng.sample(range(APPROVERS), 2):
        who = f"approver-{n}"
        add("approval.given", last + 3, approval=f"{name}-{who}", milestone=name, approver=who)
    add(
        "release.decided",
        last + 5,
        release=f"{name}-release",
        milestone=name,
        award=contract.id,
        amount=body["payment"],
        allowed=True,
        reasons=[],
    )
    add(
        "gate.decided",
        last + 6,
        gate=f"{name}-gate",
        award=contract.id,
        milestone=name,
        decision="go",
        reason="Met.",
    )
    return True


def _spend(book: Book, contract: Contract, number: int) -> None:
    step = contract.steps[number]
    on = max(one.at for lines in step.lines.values() for one in lines if one.type == "evidence.submitted")
    # Costs of every size, as likely in each decade: their first digits follow Benford's law.
    amounts = [round(10 ** book.rng.uniform(3, 7)) for _ in range(8)]
    body = {
        "report": f"{contract.id}-s{number}",
        "award": contract.id,
        "date": on.isoformat(),
        "amount": sum(amounts),
        "lines": [{"text": f"claim {n}", "amount": amount} for n, amount in enumerate(amounts)],
    }
    contract.spending.append(book.write("spending.reported", on, body, hour=16))
