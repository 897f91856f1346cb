"""The store that a restore replaces: what can be read of it that the restored one must know, however damaged it is.

Owns that reading, on both databases. Must not know what is made of it; `known_before.py` and `series.py` do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import msgspec

from sync_server.store.session import Session

Kind = Literal["user", "device"]
KNOWN_COLUMNS = ("row_id", "kind", "server_id", "login", "name", "why", "seen_at", "locked")
DISABLED = "the user was disabled"
_WITHDRAWN = "withdrawn by the admin"


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A person, or a device of one, that a store knew.

    Attributes:
        server_id: the store it is of, by the identity that a restore leaves alone.
        why: why it was shut out, None where it was admitted.
        seen_at: when the device was last there, None for never.
        locked: 1 for a device that was locked.
    """

    row_id: bytes
    kind: Kind
    server_id: bytes
    login: str
    name: str
    why: str | None
    seen_at: int | None
    locked: int


class Wipe(msgspec.Struct, frozen=True, array_like=True):
    """An order to wipe a device, as its store kept it; one carried out that stands for no copy is not signed."""

    device_id: bytes
    manner: str
    signature: bytes
    ordered_at: int
    wiped_at: int | None
    destroyed: str | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was read of the store that is replaced.

    Attributes:
        server_id: whose store it is, empty where that cannot be read.
        known: everybody it knew, and those that it did not know any more since a restore before.
        given: how far each of its series had come.
        whole: everything could be read.
        blind: those of its restores, by their epoch, that did not know everybody of the store before.
        wipes: its orders to wipe a device, carried out or not.
        spared: devices of its own that had no such order; none where not everything could be read.
    """

    server_id: bytes = b""
    known: tuple[Known, ...] = ()
    given: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False
    blind: frozenset[bytes] = frozenset()
    wipes: tuple[Wipe, ...] = ()
    spared: frozenset[bytes] = frozenset()


_Rows = Callable[[str], Iterable[Any]]
_Shape = TypeVar("_Shape")


class _Bytes(msgspec.Struct, frozen=True, array_like=True):
    value: bytes


class _Series(msgspec.Struct, frozen=True, array_like=True):
    name: str
    last: int


class _User(msgspec.Struct, frozen=True, array_like=True):
    row_id: bytes
    login: str
    name: str
    admitted: int


class _Device(msgspec.Struct, frozen=True, array_like=True):
    row_id: bytes
    name: str | None


class _Credential(msgspec.Struct, frozen=True, array_like=True):
    device_id: bytes
    user_id: bytes
    revoked_at: int | None
    why: str | None
    locked_at: int | None


class _Contact(msgspec.Struct, frozen=True, array_like=True):
    device_id: bytes
    seen_at: int


def replaced_in(session: Session) -> Replaced:
    """What a store that can be asked says."""
    return _read(_Reading(session.rows))


def replaced_file(file: Path) -> Replaced:
    """The same of a store on SQLite, which may be damaged or not there at all."""
    try:
        return _read_file(file)
    except sqlite3.Error:
        return _read_mended(file)


def _read_file(file: Path) -> Replaced:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as old:
        reading = _Reading(old.execute)
        reading.whole = old.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        return _read(reading)


def _read_mended(file: Path) -> Replaced:
    """What a copy tells whose first bytes say again that it is a database; only they may be damaged."""
    with suppress(OSError, sqlite3.Error), TemporaryDirectory(prefix=_PREFIX, dir=file.parent) as folder:
        copy = Path(folder) / "store.db"
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                copyfile(file.with_name(file.name + suffix), copy.with_name(copy.name + suffix))
        with copy.open("rb+") as head:
            head.write(_HEAD)
        return replace(_read_file(copy), whole=False)
    return Replaced()


_PREFIX = "fieldrep-restore-"
_HEAD = b"SQLite format 3\0"


class _Reading:
    """Reads table by table; what one does not give does not take the others with it."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self.whole = True

    def read(self, sql: str, shape: type[_Shape]) -> list[_Shape]:
        """The rows of a query as they must be; those before the damage where there is any."""
        found: list[_Shape] = []
        try:
            found.extend(msgspec.convert(tuple(row), shape) for row in self._rows(sql))
        except (sqlite3.Error, msgspec.ValidationError):
            self.whole = False
        return found


def _read(reading: _Reading) -> Replaced:
    info = reading.read("SELECT server_id FROM store_info", _Bytes)
    server_id = info[0].value if info else b""
    there = _known_there(reading, server_id)
    known = (*there, *reading.read(_KNOWN_BEFORE, Known))
    given = {one.name: one.last for one in reading.read("SELECT name, last FROM number_series", _Series)}
    blind = reading.read("SELECT epoch FROM restoration WHERE knew_all = 0", _Bytes)
    wipes = tuple(reading.read(_WIPES, Wipe))
    whole = reading.whole and bool(info)
    doomed = {wipe.device_id for wipe in wipes}
    spared = {one.row_id for one in there if one.kind == "device" and whole} - doomed
    epochs = frozenset(one.value for one in blind)
    return Replaced(server_id, known, given, whole, epochs, wipes, frozenset(spared))


_WIPES = (
    "SELECT device_id, manner, signature, ordered_at, wiped_at, destroyed FROM device_wipe ORDER BY device_id"
)
_KNOWN_BEFORE = f"SELECT {', '.join(KNOWN_COLUMNS)} FROM known_before WHERE heir_id IS NULL ORDER BY row_id"  # noqa: S608 - ours


def _known_there(reading: _Reading, server_id: bytes) -> list[Known]:
    """People and devices of the store, each table read by itself."""
    users = reading.read(_USERS, _User)
    logins = {user.row_id: user.login for user in users}
    names = {one.row_id: one.name or "" for one in reading.read("SELECT id, name FROM device", _Device)}
    seen = {
        one.device_id: one.seen_at
        for one in reading.read("SELECT device_id, seen_at FROM device_contact", _Contact)
    }
    found = [
        Known(
            user.row_id,
            "user",
            server_id,
            user.login,
            user.name,
            None if user.admitted else DISABLED,
            None,
            0,
        )
        for user in users
    ]
    for one in reading.read(_CREDENTIALS, _Credential):
        why = None if one.revoked_at is None else one.why or _WITHDRAWN
        login, name = logins.get(one.user_id, ""), names.get(one.device_id, "")
        last, locked = seen.get(one.device_id), int(one.locked_at is not None)
        found.append(Known(one.device_id, "device", server_id, login, name, why, last, locked))
    return found


_USERS = "SELECT id, login, name, CASE WHEN active = 1 AND archived = 0 THEN 1 ELSE 0 END FROM app_user ORDER BY id"
_CREDENTIALS = (
    "SELECT device_id, user_id, revoked_at, revoked_why, locked_at FROM device_credential ORDER BY device_id"
)
