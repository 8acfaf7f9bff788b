"""What every check over the ledger reads: awards with all that belongs to them, races, bids and ties, made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from ..names.matching import Named
from ..names.matching import identifiers as pairs
from ..programme.state import Record, State
from .parties import CO_AWARD_MONTHS, Tie, Ties, tied


@dataclass(frozen=True, slots=True)
class Bid:
    """An offer; its content is empty as long as it is sealed."""

    id: str
    record: Record
    opened: Record | None
    excluded: Record | None
    challenge: str
    team: str
    content: Mapping[str, Any]

    @property
    def valid(self) -> bool:
        """Whether it was opened and counts."""
        return self.opened is not None and self.excluded is None

    @property
    def price(self) -> int | None:
        """Its price in minor units."""
        price = self.content.get("price")
        return price if isinstance(price, int) else None

    @property
    def people(self) -> tuple[str, ...]:
        """The people it names, the lead first."""
        return tuple(dict.fromkeys(_names(self.content.get("people"))))

    @property
    def lines(self) -> list[tuple[str, int]]:
        """Its budget's lines: text in small letters, and amount."""
        return claims(self.content.get("budget"))

    @property
    def discloses(self) -> frozenset[str]:
        """Awards and bids for the same work that it names itself."""
        return frozenset(_names(self.content.get("discloses")))

    @property
    def sites(self) -> frozenset[str]:
        """Where it works."""
        return frozenset(_names(self.content.get("sites")))


@dataclass(frozen=True, slots=True)
class Milestone:
    """A pre-registered step of an award and everything that happened at it, in the order of the ledger."""

    id: str
    award: str
    body: Mapping[str, Any]
    changes: tuple[Record, ...]
    evidence: tuple[Record, ...]
    evaluations: tuple[Record, ...]
    approvals: tuple[Record, ...]
    releases: tuple[Record, ...]
    gates: tuple[Record, ...]
    beliefs: tuple[Record, ...]

    @property
    def due(self) -> date | None:
        """When it is due by now."""
        told = [self.body.get("due"), *(one["to"].get("due") for one in self.changes)]
        days = [one for one in told if one]
        return date.fromisoformat(days[-1]) if days else None

    @property
    def payment(self) -> int:
        """The ceiling of its tranche."""
        return int(self.body.get("payment") or 0)

    @property
    def judged(self) -> Record | None:
        """Its last evaluation."""
        return self.evaluations[-1] if self.evaluations else None

    def accepted_before(self, seq: float) -> Record | None:
        """The last evaluation before that entry, if it says that the criterion is met."""
        before = [one for one in self.evaluations if one.seq < seq]
        return before[-1] if before and before[-1]["accepted"] else None


@dataclass(frozen=True, slots=True)
class Award:
    """A contract with its challenge, bid and milestones."""

    id: str
    record: Record
    challenge: Record | None
    bid: Bid | None
    milestones: tuple[Milestone, ...]
    releases: tuple[Record, ...]
    gates: tuple[Record, ...]
    spending: tuple[Record, ...]
    dropped: Record | None

    @property
    def payee(self) -> str:
        """Who is paid."""
        return str(self.record["payee"])

    @property
    def amount(self) -> int:
        """Most that is paid."""
        return int(self.record["amount"])

    @property
    def currency(self) -> str:
        """In which currency."""
        return str(self.record["currency"])

    @property
    def day(self) -> date:
        """When it was made."""
        return day(self.record)

    @property
    def item(self) -> str:
        """The field it belongs to: the challenge's item, or else its project."""
        found = self.challenge
        return "" if found is None else str(found["item"] or found["project"])

    @property
    def paid(self) -> int:
        """What was released."""
        return sum(int(one["amount"]) for one in self.releases)

    @property
    def stopped(self) -> Record | None:
        """The entry that ended it before its time: a kill at a gate, or a down-select."""
        kills = [one for one in self.gates if one["decision"] == "kill"]
        return kills[0] if kills else self.dropped

    @property
    def span(self) -> tuple[date, date]:
        """From when to when work is planned."""
        dues = [one.due for one in self.milestones if one.due]
        start = self.record["starts"] or self.day.isoformat()
        end = self.record["ends"] or (max(dues) if dues else self.day).isoformat()
        return date.fromisoformat(start), date.fromisoformat(end)


@dataclass(frozen=True, slots=True)
class Race:
    """A challenge with its bids and awards."""

    id: str
    record: Record
    bids: tuple[Bid, ...]
    awards: tuple[Award, ...]

    @property
    def deadline(self) -> date:
        """Day at whose end, or on which, bids are opened."""
        return date.fromisoformat(str(self.record["deadline"])[:10])

    @property
    def valid(self) -> tuple[Bid, ...]:
        """The bids that count."""
        return tuple(one for one in self.bids if one.valid)


@dataclass(frozen=True, slots=True)
class View:
    """The ledger as the checks see it on a day. What it holds beyond the entries is asked for by few checks:

    `thresholds` in minor units by currency (awards at or above one are looked at more closely), `listed` parties of a
    sanctions list, and `files`, the SHA-256 of the content that is really on file, by evidence.
    """

    state: State
    today: date
    programme: Record | None
    awards: tuple[Award, ...]
    races: tuple[Race, ...]
    bids: tuple[Bid, ...]
    ties: Ties
    thresholds: Mapping[str, int] = field(default_factory=dict)
    listed: tuple[Named, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """Every milestone, by award."""
        return tuple(one for award in self.awards for one in award.milestones)


def prepare(
    state: State,
    *,
    today: date,
    thresholds: Mapping[str, int] | None = None,
    listed: Iterable[Named] = (),
    files: Mapping[str, str] | None = None,
) -> View:
    """The view of a state; entries after `today` are not there for it. Everything in it is ordered by name or date."""
    seen = _until(state, today)
    bids = _bids(seen)
    awards = _awards(seen, {one.id: one for one in bids})
    opened = seen.all("programme.opened")
    return View(
        seen,
        today,
        opened[0] if opened else None,
        awards,
        _races(seen, bids, awards),
        bids,
        tied(
            [*_declared(seen), *_contacts(seen), *_co_awards(awards)],
            neutral=[str(one["agency"]) for one in opened],
        ),
        thresholds or {},
        tuple(listed),
        files or {},
    )


def day(record: Record) -> date:
    """The day of an entry, in UTC."""
    return date.fromisoformat(record.at[:10])


def claims(rows: Any) -> list[tuple[str, int]]:
    """Text in small letters and amount of every row that has a whole number of minor units; others are passed over."""
    return [
        (str(row.get("text", "")).strip().casefold(), row["amount"])
        for row in (rows if isinstance(rows, list | tuple) else ())
        if isinstance(row, Mapping) and type(row.get("amount")) is int
    ]


def _until(state: State, today: date) -> State:
    last = today.isoformat()
    records = {
        kind: {key: one for key, one in found.items() if one.at[:10] <= last}
        for kind, found in state.records.items()
    }
    return State(state.size, records, state.balances)


def _names(value: Any) -> list[str]:
    """Ids in a list of ids, or of objects that carry one."""
    if not isinstance(value, list | tuple):
        return []
    found = [
        one.get("person") or one.get("party") or one.get("site") or one.get("id")
        if isinstance(one, Mapping)
        else one
        for one in value
    ]
    return [str(one) for one in found if one]


def _by(records: Iterable[Record], name: str) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for one in sorted(records, key=lambda record: record.seq):
        groups.setdefault(str(one[name]), []).append(one)
    return groups


def _bids(state: State) -> tuple[Bid, ...]:
    opened = state.records.get("bid.opened", {})
    excluded = state.records.get("bid.excluded", {})
    return tuple(
        Bid(
            key,
            one,
            opened.get(key),
            excluded.get(key),
            str(one["challenge"]),
            str(one["team"]),
            opened[key]["content"] if key in opened else {},
        )
        for key, one in sorted(state.records.get("bid.sealed", {}).items())
    )


def _awards(state: State, bids: Mapping[str, Bid]) -> tuple[Award, ...]:
    challenges = state.records.get("challenge.published", {})
    by_milestone = {
        kind: _by(state.all(kind), "milestone")
        for kind in (
            "milestone.changed",
            "evidence.submitted",
            "approval.given",
            "release.decided",
            "gate.decided",
            "belief.stated",
        )
    }
    by_evidence = _by(state.all("evaluation.given"), "evidence")
    of_award = {kind: _by(state.all(kind), "award") for kind in ("release.decided", "gate.decided")}
    spending = _by(state.all("spending.reported"), "award")
    dropped = {str(award): one for one in state.all("downselect.decided") for award in one["dropped"]}

    def milestone(award: str, body: Mapping[str, Any]) -> Milestone:
        key = str(body["milestone"])
        mine = {kind: tuple(found.get(key, ())) for kind, found in by_milestone.items()}
        evaluations = [one for paper in mine["evidence.submitted"] for one in by_evidence.get(paper.id, ())]
        return Milestone(
            key,
            award,
            body,
            mine["milestone.changed"],
            mine["evidence.submitted"],
            tuple(sorted(evaluations, key=lambda one: one.seq)),
            mine["approval.given"],
            tuple(one for one in mine["release.decided"] if one["allowed"]),
            mine["gate.decided"],
            mine["belief.stated"],
        )

    return tuple(
        Award(
            key,
            one,
            challenges.get(str(one["challenge"])),
            bids.get(str(one["bid"])),
            tuple(milestone(key, body) for body in one["milestones"]),
            tuple(release for release in of_award["release.decided"].get(key, ()) if release["allowed"]),
            tuple(of_award["gate.decided"].get(key, ())),
            tuple(spending.get(key, ())),
            dropped.get(key),
        )
        for key, one in sorted(state.records.get("award.made", {}).items())
    )


def _races(state: State, bids: Iterable[Bid], awards: Iterable[Award]) -> tuple[Race, ...]:
    bid_of: dict[str, list[Bid]] = {}
    for bid in bids:
        bid_of.setdefault(bid.challenge, []).append(bid)
    award_of: dict[str, list[Award]] = {}
    for award in awards:
        award_of.setdefault(str(award.record["challenge"]), []).append(award)
    found = [
        Race(one.id, one, tuple(bid_of.get(one.id, ())), tuple(award_of.get(one.id, ())))
        for one in state.all("challenge.published")
    ]
    return tuple(sorted(found, key=lambda one: (one.record["deadline"], one.id)))


def _declared(state: State) -> list[Tie]:
    def when(told: str | None) -> date | None:
        return date.fromisoformat(told) if told else None

    return [
        Tie(
            str(one["subject"]),
            str(one["object"]),
            str(one["kind"]),
            str(one.seq),
            one["share"],
            when(one["start"]),
            when(one["end"]),
        )
        for one in state.all("relation.declared")
    ]


def _contacts(state: State) -> list[Tie]:
    """A tie between every two parties with the same address, phone, domain or account."""
    having: dict[tuple[str, str], list[Record]] = {}
    for party in sorted(state.all("party.registered"), key=lambda one: one.id):
        for pair in pairs(party["contacts"]):
            having.setdefault(pair, []).append(party)
    return [
        Tie(one.id, other.id, "contact", str(max(one.seq, other.seq)))
        for found in having.values()
        for place, one in enumerate(found)
        for other in found[place + 1 :]
    ]


def _co_awards(awards: Iterable[Award]) -> list[Tie]:
    """Who was named on an award is tied to its payee and to the others on it for 36 months."""
    found: list[Tie] = []
    for award in awards:
        until = award.day + timedelta(days=round(CO_AWARD_MONTHS * 365.25 / 12))
        people = award.bid.people if award.bid else ()
        names = sorted({award.payee, *people})
        found += [
            Tie(one, other, "co-award", str(award.record.seq), start=award.day, end=until)
            for one, other in combinations(names, 2)
        ]
    return found
