"""Runs of a ledger in a world that belongs to the run: its clock, its chance and its disk follow from one seed.

Each run sends a few dozen requests to two writers on one file, while the clock jumps, the power fails, operations of
the disk fail and the disk fills up. A slow and obvious twin says what each request must answer. Whatever happens: an
acknowledged entry stays as it was, no request is half there, tree and balances are those of the entries, and the same
request sent again gives the same entries.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sqlite3
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from wholenation.errors import OutputError, QuestionError, WholenationError
from wholenation.programme.ledger import Draft, Entry, Ledger, Posting, open_ledger
from wholenation.programme.verify import verify_ledger

from .bench import Bench, tune
from .disk import Disk, Power
from .drive import Drive
from .ledger_twin import CURRENCIES, FUNDS, Twin

logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())  # it tells of every cut in the power


class LossError(AssertionError):
    """The ledger has not kept what it promised."""


@dataclass(slots=True)
class Told:
    """What a run met, and the root of the tree in the end."""

    entries: int = 0
    requests: int = 0
    refused: int = 0
    repeated: int = 0
    crashes: int = 0
    errors: int = 0
    full: int = 0
    doubts_kept: int = 0
    kept_after_error: int = 0
    operations: int = 0
    root: str = ""

    def counts(self) -> dict[str, int]:
        """All that can be added up over runs."""
        return {name: value for name, value in asdict(self).items() if name != "root"}


@dataclass(slots=True)
class World:
    """A run under way."""

    drive: Drive
    path: str
    draw: random.Random
    bench: Bench
    twin: Twin = field(default_factory=Twin)
    told: Told = field(default_factory=Told)
    ledgers: list[Ledger] = field(default_factory=list)
    requests: list[list[Draft]] = field(default_factory=list)
    doubts: list[list[Entry]] = field(default_factory=list)
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    number: int = 0
    made: bool = True

    def now(self) -> str:
        """The clock that all writers of the run go by."""
        return self.moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def tick(self) -> None:
        """Time goes on, stands still, or goes back."""
        step = self.draw.choice((0, 1, 60, 3600, 86400, -3600, -86400 * 30))
        self.moment += timedelta(seconds=step, microseconds=self.draw.randrange(1000))

    def open(self) -> Ledger:
        """Another writer."""
        spare = [
            one for one in self.bench.spare if all(one.engine is not used.engine for used in self.ledgers)
        ]
        if self.made and self.draw.random() < 0.9:
            return replace(spare[0], now=self.now)
        ledger = open_ledger(self.path, create=not self.made, now=self.now)
        self.made = True
        tune(ledger, self.bench.pragmas)
        return ledger

    def draft(self) -> Draft:
        """Something new to ask for; a part of it is money that may not be there."""
        self.number += 1
        key, name = f"k{self.number}", f"n{self.number}"
        actor = self.draw.choice(("ann", "ben"))
        kind = self.draw.choice((0, 0, 1, 1, 1, 3))
        if kind == 0:
            return Draft(key, "party.registered", actor, {"party": name, "kind": "person"})
        amount, currency = self.draw.randrange(1, 400 if kind == 3 else 1000), self.draw.choice(CURRENCIES)
        fund = self.draw.choice(FUNDS)
        if kind == 1:
            body = {"payment": name, "call": "c", "amount": amount, "date": "2026-01-01"}
            return Draft(key, "payment.received", actor, body, _move("outside:x", fund, amount, currency))
        body = {"cover": name, "user": "u", "premium_share": 1, "cap": amount, "currency": currency}
        pending = self.draw.random() < 0.5
        return Draft(
            key, "cover.granted", actor, body, _move(fund, f"cover:{name}", amount, currency, pending)
        )

    def drafts(self) -> list[Draft]:
        """A request: mostly new, in part one that was sent before, in part one that must be refused."""
        kind = self.draw.random()
        if self.requests and kind < 0.2:
            self.told.repeated += 1
            return self.draw.choice(self.requests)
        found = [self.draft() for _ in range(self.draw.choice((1, 1, 2, 3, 6)))]
        if kind < 0.26:
            found.append(self.draw.choice(found))
        elif kind < 0.3 and self.requests:
            old = self.draw.choice(self.draw.choice(self.requests))
            found.insert(self.draw.randrange(len(found) + 1), old)
        elif kind < 0.38:
            found[-1] = self.broken(found[-1])
        return found

    def broken(self, draft: Draft) -> Draft:
        """The draft with something wrong: its key or subject is taken, a field is none, its postings do not sum up."""
        how = self.draw.randrange(4)
        old = self.draw.choice(self.twin.entries) if self.twin.entries else None
        if how == 0 and old:
            return Draft(old.key, draft.type, draft.actor, draft.body, draft.postings)
        if how == 1 and old:
            return Draft(draft.key, old.type, old.actor, old.body, old.postings)
        if how == 2:
            return Draft(draft.key, draft.type, draft.actor, {**draft.body, "wrong": 1}, draft.postings)
        return Draft(draft.key, draft.type, draft.actor, draft.body, (Posting("cover:z", 7, "EUR"),))


def _move(source: str, target: str, amount: int, currency: str, pending: bool = False) -> tuple[Posting, ...]:
    return Posting(source, -amount, currency, pending), Posting(target, amount, currency, pending)


def simulate(seed: int, bench: Bench, *, weak: Sequence[str] = (), lying: bool = False) -> Told:
    """One run; `LossError` where the ledger has broken a promise.

    `weak` pragmas for every connection, and a `lying` disk, are there to see that the simulator finds what they do.
    """
    drive, draw = bench.drive, random.Random(seed)
    drive.reseed(seed)
    drive.bug = None
    world = World(drive, bench.path, draw, bench)
    # How soon the log is moved into the database: by itself never within a run, at the other end after every commit.
    bench.pragmas[:] = [f"wal_autocheckpoint={draw.choice((2, 8, 32, 1000))}", *weak]
    world.made = draw.random() >= 0.03
    drive.disk = deepcopy(bench.blank) if world.made else Disk()
    drive.disk.lying = lying
    with drive.running():
        try:
            _start(world)
            for _ in range(draw.randrange(8, 20)):
                _plan_trouble(world)
                _step(world)
            _crash(world)
            _check(world, last=True)
        finally:
            _let_go(world)
    if drive.bug is not None:
        raise drive.bug
    world.told.entries = len(world.twin.entries)
    world.told.operations += drive.disk.operations
    world.told.full += drive.disk.full
    world.told.root = world.twin.root().hex()
    return world.told


def _plan_trouble(world: World) -> None:
    disk, draw = world.drive.disk, world.draw
    kind = draw.random()
    if kind < 0.12:
        disk.crash_at = disk.operations + draw.randrange(1, 40)
    elif kind < 0.2:
        disk.crash_at_sync = disk.syncs + draw.randrange(1, 4)
    elif kind < 0.3:
        disk.failing = {disk.operations + draw.randrange(1, 25) for _ in range(draw.randrange(1, 4))}
    elif kind < 0.36 and disk.room is None:
        disk.room = disk.used() + draw.randrange(0, 30_000)


def _start(world: World) -> None:
    """Open the file until it opens; power may fail over and over while it does."""
    for _ in range(20):
        world.drive.disk.dead = False
        disk = world.drive.disk
        if disk.crash_at is None and world.draw.random() < 0.15:
            disk.crash_at = disk.operations + world.draw.randrange(1, 80 if not world.made else 12)
        if not world.made and world.draw.random() < 0.3:
            disk.failing = {disk.operations + world.draw.randrange(1, 60)}
        made = world.made
        try:
            world.ledgers = []
            world.ledgers.append(world.open())
            world.ledgers.append(world.open())
            _check(world)
        except OutputError:
            world.made = made
            if disk.dead:
                _reboot(world)
            elif disk.failed:
                world.told.errors += 1
                disk.failing, disk.failed = set(), 0
                _let_go(world)
            else:
                raise
        else:
            return
    raise LossError("the file does not open")


def _step(world: World) -> None:
    world.tick()
    kind = world.draw.random()
    if kind < 0.06:
        _survive(world, lambda: _checkpoint(world))
    elif kind < 0.12:
        _survive(world, lambda: _reopen(world))
    elif kind < 0.17:
        _survive(world, lambda: _abort(world))
    elif kind < 0.25:
        _survive(world, lambda: _look(world))
    else:
        _send(world, world.drafts())


def _send(world: World, drafts: list[Draft]) -> None:
    """A request and its answer. After an error it is sent again, as a client would, until it is answered."""
    world.told.requests += 1
    for _ in range(20):
        disk = world.drive.disk
        want, failed = world.twin.answer(drafts, world.now()), disk.failed
        ledger = world.draw.choice(world.ledgers)
        try:
            got = ledger.append(drafts)
        except QuestionError as error:
            if want is not None:
                raise LossError(f"refused without a reason: {error}") from error
            world.told.refused += 1
            return
        except OutputError as error:
            if want is not None and world.twin.fresh(want):
                world.doubts.append(world.twin.fresh(want))
            if disk.dead:
                _crash(world)
            elif disk.failed == failed:
                raise LossError(f"an error that the disk has not made: {error}") from error
            elif (
                world.draw.random() < 0.3
            ):  # what was refused for an error may have reached the disk all the same
                world.told.errors += 1
                kept = world.told.doubts_kept
                _crash(world)
                world.told.kept_after_error += world.told.doubts_kept - kept
            else:
                _heal(world)
            continue
        if want is None:
            raise LossError(f"accepted what must be refused: {drafts}")
        _same(got, want, "a request was answered with other entries")
        if world.twin.fresh(want):
            world.twin.entries += world.twin.fresh(want)
            world.doubts.clear()
        world.requests.append(drafts)
        return
    raise LossError("a request was never answered")


def _survive(world: World, act: Callable[[], None]) -> None:
    """Do something that adds nothing; it may end in an error that the disk has made."""
    disk, failed = world.drive.disk, world.drive.disk.failed
    try:
        act()
    except OutputError as error:
        if disk.dead:
            _crash(world)
        elif disk.failed == failed:
            raise LossError(f"an error that the disk has not made: {error}") from error
        else:
            _heal(world)


def _heal(world: World) -> None:
    """The disk works again, and what the ledger says now is what it said before."""
    world.told.errors += 1
    disk = world.drive.disk
    disk.room, disk.failing = None, set()
    if len(world.ledgers) < 2:
        _survive(world, lambda: _reopen(world))
    else:
        _survive(world, lambda: _look(world))


def _crash(world: World) -> None:
    """Cut the power, and go on with what the disk kept."""
    world.drive.disk.dead = True
    _reboot(world)
    _start(world)
    if world.requests and world.draw.random() < 0.5:
        _send(world, world.requests[-1])


def _reboot(world: World) -> None:
    draw = world.draw
    world.told.crashes += 1
    world.told.operations += world.drive.disk.operations
    world.told.full += world.drive.disk.full
    _let_go(world)
    power = draw.choice(tuple(Power))
    world.drive.disk = world.drive.disk.after(power, draw, garbage=draw.random() < 0.5)


def _let_go(world: World) -> None:
    for ledger in world.ledgers:
        with contextlib.suppress(WholenationError, sa.exc.SQLAlchemyError, sqlite3.Error):
            ledger.close()
    world.ledgers = []


def _checkpoint(world: World) -> None:
    """Somebody else moves the log into the database."""
    mode = world.draw.choice(("PASSIVE", "FULL", "RESTART", "TRUNCATE"))
    try:
        with contextlib.closing(sqlite3.connect(world.path)) as connection:
            connection.execute(f"PRAGMA wal_checkpoint({mode})").close()
    except sqlite3.Error as error:
        raise OutputError(str(error)) from error


def _reopen(world: World) -> None:
    """One writer leaves and another one comes; if both leave, SQLite takes the log away."""
    _let_go(world) if world.draw.random() < 0.5 or not world.ledgers else world.ledgers.pop().close()
    while len(world.ledgers) < 2:
        world.ledgers.append(world.open())


def _abort(world: World) -> None:
    """A turn that ends in an error of its own leaves nothing behind."""
    drafts = world.drafts()
    if world.twin.answer(drafts, world.now()) is None:
        return
    with contextlib.suppress(ZeroDivisionError), world.draw.choice(world.ledgers).writing() as session:
        session.append(drafts)
        _ = 1 / 0
    _look(world)


def _look(world: World) -> None:
    """What both writers read is what was acknowledged."""
    for ledger in world.ledgers:
        _same(list(ledger.entries()), world.twin.entries, "the entries are not those that were acknowledged")
        _same(ledger.head().root(), world.twin.root(), "the tree is not that of the entries")


def _check(world: World, *, last: bool = False) -> None:
    """After a crash: what was acknowledged is there, of what was not all or nothing, and all else follows from it."""
    ledger = world.ledgers[0]
    found = list(ledger.entries())
    size = len(world.twin.entries)
    _same(found[:size], world.twin.entries, "acknowledged entries are lost or changed")
    if found[size:]:
        if found[size:] not in world.doubts:
            raise LossError(f"entries that nobody sent, or half a request: {found[size:]}")
        world.told.doubts_kept += 1
        world.twin.entries = found
    world.doubts.clear()
    _look(world)
    for (account, currency, pending), amount in world.twin.sums().items():
        if account in FUNDS:
            balance = ledger.balance(account, currency)
            _same(
                balance.pending if pending else balance.posted, amount, f"the balance of {account} is wrong"
            )
    if last or world.draw.random() < 0.3:  # it looks at every row, and at every page of the file
        verdict = verify_ledger(ledger)
        if not verdict.sound:
            raise LossError(verdict.sentence)


def _same(got: object, want: object, sentence: str) -> None:
    if got != want:
        raise LossError(f"{sentence}:\n  got  {got}\n  want {want}")
