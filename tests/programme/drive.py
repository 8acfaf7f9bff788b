"""The disk's drive: a VFS (https://www.sqlite.org/vfs.html), put under the SQLite that Python's `sqlite3` has loaded.

Files below one folder live on the disk that lies in the drive; all others go to the VFS of before.
"""

from __future__ import annotations

import ctypes
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int, c_int64, c_void_p

from .disk import SECTOR, Disk, File

# What SQLite's calls answer and ask for, as sqlite3.h numbers them.
OK, BUSY, IOERR, NOTFOUND, FULL = 0, 5, 10, 12, 13
SHORT_READ, WRITE_FAILED, SYNC_FAILED, TRUNCATE_FAILED = 522, 778, 1034, 1546
RESERVED, EXCLUSIVE = 2, 4
SHM_UNLOCK, SHM_EXCLUSIVE = 1, 8
POWERSAFE_OVERWRITE = 0x1000
DELETE_ON_CLOSE, CREATE, JOURNALS = 0x8, 0x4, 0x800 | 0x4000 | 0x80000


class _Methods(Structure):
    pass


class _Handle(Structure):
    _fields_ = (("methods", c_void_p), ("number", c_int64))


class _Vfs(Structure):
    pass


_M, _V = c_void_p, POINTER(_Vfs)
_METHODS = (
    ("close", CFUNCTYPE(c_int, _M)),
    ("read", CFUNCTYPE(c_int, _M, c_void_p, c_int, c_int64)),
    ("write", CFUNCTYPE(c_int, _M, c_void_p, c_int, c_int64)),
    ("truncate", CFUNCTYPE(c_int, _M, c_int64)),
    ("sync", CFUNCTYPE(c_int, _M, c_int)),
    ("file_size", CFUNCTYPE(c_int, _M, POINTER(c_int64))),
    ("lock", CFUNCTYPE(c_int, _M, c_int)),
    ("unlock", CFUNCTYPE(c_int, _M, c_int)),
    ("check_reserved", CFUNCTYPE(c_int, _M, POINTER(c_int))),
    ("control", CFUNCTYPE(c_int, _M, c_int, c_void_p)),
    ("sector_size", CFUNCTYPE(c_int, _M)),
    ("characteristics", CFUNCTYPE(c_int, _M)),
    ("shm_map", CFUNCTYPE(c_int, _M, c_int, c_int, c_int, POINTER(c_void_p))),
    ("shm_lock", CFUNCTYPE(c_int, _M, c_int, c_int, c_int)),
    ("shm_barrier", CFUNCTYPE(None, _M)),
    ("shm_unmap", CFUNCTYPE(c_int, _M, c_int)),
)
_Methods._fields_ = [("version", c_int), *_METHODS]
_OPEN = CFUNCTYPE(c_int, _V, c_char_p, c_void_p, c_int, POINTER(c_int))
_DELETE = CFUNCTYPE(c_int, _V, c_char_p, c_int)
_ACCESS = CFUNCTYPE(c_int, _V, c_char_p, c_int, POINTER(c_int))
_Vfs._fields_ = [
    ("version", c_int),
    ("handle_size", c_int),
    ("longest_path", c_int),
    ("next", _V),
    ("name", c_char_p),
    ("data", c_void_p),
    ("open", _OPEN),
    ("delete", _DELETE),
    ("access", _ACCESS),
    ("full_path", CFUNCTYPE(c_int, _V, c_char_p, c_int, c_void_p)),
    ("dl_open", c_void_p),
    ("dl_error", c_void_p),
    ("dl_sym", c_void_p),
    ("dl_close", c_void_p),
    ("randomness", CFUNCTYPE(c_int, _V, c_int, c_void_p)),
    ("sleep", CFUNCTYPE(c_int, _V, c_int)),
    ("current_time", CFUNCTYPE(c_int, _V, POINTER(c_double))),
    ("last_error", CFUNCTYPE(c_int, _V, c_int, c_void_p)),
]


class Drive:
    """The VFS: SQLite's calls, answered from the disk that lies in the drive. `draw` is SQLite's randomness."""

    def __init__(self, folder: str, library: ctypes.CDLL) -> None:
        self.folder = folder.encode()
        self.disk = Disk()
        self.draw = random.Random(0)
        self.bug: BaseException | None = None
        self._library = library
        self._open: dict[int, tuple[Disk, File]] = {}
        self._new_journals: set[int] = set()
        self._last = 0
        library.sqlite3_vfs_find.restype = _V
        self._before: ctypes._Pointer[_Vfs] = library.sqlite3_vfs_find(None)
        self._methods = _Methods(2)
        for name, kind in _METHODS:
            setattr(self._methods, name, kind(self._guarded(getattr(self, f"_{name}"))))
        before = self._before.contents
        size = max(ctypes.sizeof(_Handle), before.handle_size)
        self._vfs = _Vfs(1, size, 512, None, b"wholenation-drive", None)
        for name, kind in _Vfs._fields_[6:9]:
            setattr(self._vfs, name, kind(self._guarded(getattr(self, f"_vfs_{name}"))))
        for name in ("full_path", "dl_open", "dl_error", "dl_sym", "dl_close", "last_error"):
            setattr(self._vfs, name, getattr(before, name))
        for name, kind in (_Vfs._fields_[14], _Vfs._fields_[15], _Vfs._fields_[16]):
            setattr(self._vfs, name, kind(self._guarded(getattr(self, f"_vfs_{name}"))))

    @contextmanager
    def running(self) -> Iterator[Drive]:
        """While the block runs, SQLite opens files below the folder here."""
        self._library.sqlite3_vfs_register(byref(self._vfs), 1)
        try:
            yield self
        finally:
            self._library.sqlite3_vfs_register(self._before, 1)
            self._library.sqlite3_vfs_unregister(byref(self._vfs))

    def reseed(self, seed: int) -> None:
        """Let SQLite's own random numbers follow from this seed."""
        self.draw = random.Random(seed)
        self._library.sqlite3_randomness(0, None)

    def _guarded(self, call: Callable[..., int | None]) -> Callable[..., int]:
        def answer(*arguments: object) -> int:
            try:
                return call(*arguments) or OK
            except BaseException as error:  # SQLite cannot pass it on
                self.bug = self.bug or error
                return IOERR

        return answer

    def _of(self, handle: int) -> tuple[Disk, File]:
        return self._open[c_int64.from_address(handle + 8).value]

    def _vfs_open(
        self, _: object, name: bytes | None, handle: int, flags: int, out: ctypes._Pointer[c_int]
    ) -> int:
        if name is not None and not name.startswith(self.folder):
            return int(self._before.contents.open(self._before, name, handle, flags, out))
        if self.disk.dead:
            c_void_p.from_address(handle).value = None
            return IOERR
        key = None if name is None or flags & DELETE_ON_CLOSE else name.decode()
        file = File() if key is None else self.disk.files.setdefault(key, File())
        self._last += 1
        self._open[self._last] = (self.disk, file)
        if flags & CREATE and flags & JOURNALS:
            self._new_journals.add(self._last)
        c_int64.from_address(handle + 8).value = self._last
        c_void_p.from_address(handle).value = ctypes.addressof(self._methods)
        if out:
            out[0] = flags
        return OK

    def _vfs_delete(self, _: object, name: bytes, sync: int) -> int:
        if not name.startswith(self.folder):
            return int(self._before.contents.delete(self._before, name, sync))
        disk = self.disk
        if disk.dead or not disk.step() or disk.dead:
            return IOERR
        file = disk.files.pop(name.decode(), None)
        if file is not None and not sync and file.durable is not None:
            disk.deleted[name.decode()] = bytes(file.durable)
        return OK

    def _vfs_access(self, _: object, name: bytes, flags: int, out: ctypes._Pointer[c_int]) -> int:
        if not name.startswith(self.folder):
            return int(self._before.contents.access(self._before, name, flags, out))
        out[0] = int(name.decode() in self.disk.files)
        return OK

    def _vfs_randomness(self, _: object, size: int, out: int) -> int:
        ctypes.memmove(out, self.draw.randbytes(size), size)
        return size

    def _vfs_sleep(self, _: object, microseconds: int) -> int:
        return microseconds

    def _vfs_current_time(self, _: object, out: ctypes._Pointer[c_double]) -> int:
        out[0] = 2460000.5
        return OK

    def _close(self, handle: int) -> None:
        number = c_int64.from_address(handle + 8).value
        _, file = self._open.pop(number)
        self._new_journals.discard(number)
        file.levels.pop(number, None)
        self._let_go(file, number)

    def _read(self, handle: int, buffer: int, size: int, offset: int) -> int:
        disk, file = self._of(handle)
        if disk.dead:
            return IOERR
        found = bytes(file.live[offset : offset + size])
        ctypes.memmove(buffer, found.ljust(size, b"\0"), size)
        return OK if len(found) == size else SHORT_READ

    def _write(self, handle: int, buffer: int, size: int, offset: int) -> int:
        disk, file = self._of(handle)
        if disk.dead:
            return IOERR
        data = ctypes.string_at(buffer, size)
        done = disk.step()
        if disk.room is not None and disk.used() + max(offset + size - len(file.live), 0) > disk.room:
            disk.failed += 1
            disk.full += 1
            return FULL
        if not done:
            data = data[: size // 2]
        file.write(offset, data)
        return IOERR if disk.dead else OK if done else WRITE_FAILED

    def _truncate(self, handle: int, size: int) -> int:
        disk, file = self._of(handle)
        if disk.dead or not disk.step():
            return TRUNCATE_FAILED
        file.cut(size)
        return IOERR if disk.dead else OK

    def _sync(self, handle: int, _: int) -> int:
        disk, file = self._of(handle)
        disk.syncs += 1
        if disk.syncs == disk.crash_at_sync:
            disk.dead = True
        if disk.dead or not disk.step():
            return SYNC_FAILED
        if disk.dead:
            return IOERR
        if disk.lying:
            return OK
        number = c_int64.from_address(handle + 8).value
        if number in self._new_journals:  # as on Unix, where its folder is synced too
            self._new_journals.discard(number)
            disk.deleted.clear()
        file.sync()
        return OK

    def _file_size(self, handle: int, out: ctypes._Pointer[c_int64]) -> int:
        disk, file = self._of(handle)
        out[0] = len(file.live)
        return IOERR if disk.dead else OK

    def _lock(self, handle: int, level: int) -> int:
        _, file = self._of(handle)
        number = c_int64.from_address(handle + 8).value
        others = max((held for one, held in file.levels.items() if one != number), default=0)
        if others > RESERVED or (level >= RESERVED and others >= RESERVED) or (level == EXCLUSIVE and others):
            return BUSY
        file.levels[number] = max(level, file.levels.get(number, 0))
        return OK

    def _unlock(self, handle: int, level: int) -> None:
        _, file = self._of(handle)
        file.levels[c_int64.from_address(handle + 8).value] = level

    def _check_reserved(self, handle: int, out: ctypes._Pointer[c_int]) -> None:
        _, file = self._of(handle)
        out[0] = int(any(level >= RESERVED for level in file.levels.values()))

    def _control(self, *_: object) -> int:
        return NOTFOUND

    def _sector_size(self, _: int) -> int:
        return SECTOR

    def _characteristics(self, _: int) -> int:
        return POWERSAFE_OVERWRITE

    def _shm_map(
        self, handle: int, region: int, size: int, extend: int, out: ctypes._Pointer[c_void_p]
    ) -> int:
        disk, file = self._of(handle)
        if disk.dead:
            return IOERR
        file.mapped.add(c_int64.from_address(handle + 8).value)
        while extend and len(file.regions) <= region:
            file.regions.append(ctypes.create_string_buffer(size))
        out[0] = ctypes.addressof(file.regions[region]) if region < len(file.regions) else None
        return OK

    def _shm_lock(self, handle: int, first: int, count: int, flags: int) -> int:
        _, file = self._of(handle)
        number = c_int64.from_address(handle + 8).value
        slots = file.slots[first : first + count]
        exclusive = bool(flags & SHM_EXCLUSIVE)
        if flags & SHM_UNLOCK:
            for slot in slots:
                slot.pop(number, None)
            return OK
        for slot in slots:
            if any(one != number and (exclusive or held) for one, held in slot.items()):
                return BUSY
        for slot in slots:
            slot[number] = exclusive
        return OK

    def _shm_barrier(self, _: int) -> None:
        return

    def _shm_unmap(self, handle: int, delete: int) -> None:
        _, file = self._of(handle)
        self._let_go(file, c_int64.from_address(handle + 8).value)
        if delete:
            file.regions.clear()

    def _let_go(self, file: File, number: int) -> None:
        for slot in file.slots:
            slot.pop(number, None)
        file.mapped.discard(number)
        if not file.mapped:
            file.regions.clear()


def find_drive(folder: str) -> Drive | None:
    """A drive for the files below a folder; None where Python's SQLite is not a library that can be reached."""
    for name in ("libsqlite3.so.0", "libsqlite3.dylib", "libsqlite3.0.dylib", "sqlite3.dll"):
        with suppress(OSError):
            drive = Drive(folder, ctypes.CDLL(name))
            with drive.running():
                sqlite3.connect(f"{folder}/probe").execute("CREATE TABLE t (x)").connection.close()
            found = f"{folder}/probe" in drive.disk.files
            drive.disk = Disk()
            return drive if found else None
    return None
