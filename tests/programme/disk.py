"""A disk in memory: it knows what was synced, and can lose power, run full or fail at any operation.

What a file is after a power cut: all that was synced, and of each write since then nothing, all, or single sectors, in
any order, with garbage where a sector was being written (see `Power`). As SQLite assumes of a disk
(SQLITE_IOCAP_POWERSAFE_OVERWRITE), no byte beside a write changes. A deletion may be undone until its folder is synced.
"""

from __future__ import annotations

import ctypes
import random
from dataclasses import dataclass, field
from enum import StrEnum

SECTOR = 512
SHM_SLOTS = 8


class Power(StrEnum):
    """What becomes, at a crash, of the writes that were not synced."""

    KILLED = "the process died, the disk did not: all of them are there"
    LOST = "none of them is there"
    PREFIX = "those up to one are there, that one in part"
    MIXED = "each is there, or not, or in part, whatever the order"


@dataclass(slots=True)
class File:
    """A file: what a reader sees, what the disk surely holds, and the writes between the two."""

    live: bytearray = field(default_factory=bytearray)
    durable: bytearray | None = None
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut off at that length
    levels: dict[int, int] = field(default_factory=dict)
    regions: list[ctypes.Array[ctypes.c_char]] = field(default_factory=list)
    slots: list[dict[int, bool]] = field(default_factory=lambda: [{} for _ in range(SHM_SLOTS)])
    mapped: set[int] = field(default_factory=set)

    def write(self, offset: int, data: bytes) -> None:
        """Write, for readers; the disk has it only after a sync."""
        if len(self.live) < offset:
            _resize(self.live, offset)
        self.live[offset : offset + len(data)] = data
        self.pending.append((offset, data))

    def cut(self, size: int) -> None:
        """Make it that long."""
        _resize(self.live, size)
        self.pending.append((size, None))

    def sync(self) -> None:
        """Let the disk have all that was written."""
        durable = bytearray() if self.durable is None else self.durable
        for offset, data in self.pending:
            _resize(durable, offset if data is None else max(len(durable), offset + len(data)))
            if data is not None:
                durable[offset : offset + len(data)] = data
        self.durable = durable
        self.pending.clear()


@dataclass(slots=True)
class Disk:
    """Files by name, with the moment at which the power fails, the operations that do, and how much there is room for.

    `operations` counts writes, truncations, syncs and deletions. The power fails at operation `crash_at`, or at sync
    `crash_at_sync`. Operations in `failing` end in an error, having changed nothing or half of what they should. A
    `lying` disk says of a sync that it is done and does nothing, which no ledger can survive.
    """

    files: dict[str, File] = field(default_factory=dict)
    deleted: dict[str, bytes] = field(default_factory=dict)
    operations: int = 0
    crash_at: int | None = None
    syncs: int = 0
    crash_at_sync: int | None = None
    failing: set[int] = field(default_factory=set)
    room: int | None = None
    dead: bool = False
    failed: int = 0
    full: int = 0
    lying: bool = False

    def step(self) -> bool:
        """Count an operation; False where it must fail."""
        self.operations += 1
        if self.crash_at is not None and self.operations >= self.crash_at:
            self.dead = True
        if self.operations in self.failing:
            self.failed += 1
            return False
        return True

    def used(self) -> int:
        """Bytes that all files take."""
        return sum(len(one.live) for one in self.files.values())

    def after(self, power: Power, draw: random.Random, *, garbage: bool) -> Disk:
        """The disk as it is found when the power is back."""
        found = Disk(lying=self.lying)
        for name, one in self.files.items():
            content = _image(one, power, draw, garbage=garbage)
            if content is not None:
                found.files[name] = File(bytearray(content), bytearray(content))
        for name, content in self.deleted.items():
            # A deletion that nobody has synced may not have happened.
            if name not in found.files and power is not Power.KILLED and draw.random() < 0.5:
                found.files[name] = File(bytearray(content), bytearray(content))
        return found


def _image(file: File, power: Power, draw: random.Random, *, garbage: bool) -> bytes | None:
    if power is Power.KILLED:
        return bytes(file.live)
    content = None if file.durable is None else bytearray(file.durable)
    if power is Power.LOST:
        return None if content is None else bytes(content)
    whole = draw.randrange(len(file.pending) + 1) if power is Power.PREFIX else 0
    for number, (offset, data) in enumerate(file.pending):
        if power is Power.PREFIX:
            part = 1.0 if number < whole else draw.random() if number == whole else 0.0
        else:
            part = draw.choice((0.0, 1.0, draw.random()))
        if part:
            content = bytearray() if content is None else content
            _apply(content, offset, data, part, draw, garbage=garbage)
    return None if content is None else bytes(content)


def _apply(
    content: bytearray, offset: int, data: bytes | None, part: float, draw: random.Random, *, garbage: bool
) -> None:
    """Do a write, or a truncation, wholly (`part` 1) or that part of its sectors."""
    if data is None:
        _resize(content, offset)
        return
    at = offset
    while at < offset + len(data):
        end = min((at // SECTOR + 1) * SECTOR, offset + len(data))
        piece = data[at - offset : end - offset]
        if draw.random() >= part:
            piece = draw.randbytes(len(piece)) if garbage and draw.random() < 0.5 else b""
        if piece:
            if len(content) < end:
                _resize(content, end)
            content[at:end] = piece
        at = end


def _resize(content: bytearray, size: int) -> None:
    if len(content) > size:
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
