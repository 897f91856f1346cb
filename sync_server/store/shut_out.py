"""Who is shut out, over a restore: whom the replaced store admitted no longer, an older backup does not admit again.

Owns what is read of the store that a restore replaces, and doing it again in the restored one. Must not know how a
device is admitted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync_server.store.admin import disable_user
from sync_server.store.credentials import revoke
from sync_server.store.session import Session
from sync_server.store.transaction import WriteTransaction

_DEVICES = (
    "SELECT device_id, revoked_why FROM device_credential WHERE revoked_at IS NOT NULL ORDER BY device_id"
)
_USERS = "SELECT id FROM app_user WHERE active = 0 ORDER BY id"


@dataclass(frozen=True, slots=True)
class ShutOut:
    """Withdrawn devices, each with the reason that was given, and disabled users."""

    devices: tuple[tuple[bytes, str], ...] = ()
    users: tuple[bytes, ...] = ()


def shut_out(session: Session) -> ShutOut:
    """Who is shut out of a store."""
    return _read(session.rows)


def shut_out_of(file: Path) -> ShutOut | None:
    """The same of a store on SQLite, None where it is not there or can no longer be read."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as old:
            return _read(old.execute)
    except sqlite3.Error:
        return None


def shut_out_again(tx: WriteTransaction, before: ShutOut) -> ShutOut:
    """Withdraws and disables whom a backup would admit again; who that was."""
    users = {
        one: str(row["login"])
        for one in before.users
        if (row := tx.row("user", one)) is not None and row["active"]
    }
    devices = tuple(
        (one, why)
        for one, why in before.devices
        if (row := tx.row("device", one)) is not None and row["state"] != "locked"
    )
    for one, why in devices:
        revoke(tx, one, why)
    for login in users.values():
        disable_user(tx, login)
    return ShutOut(devices, tuple(users))


def _read(rows: Callable[[str], Iterable[Any]]) -> ShutOut:
    devices = tuple((bytes(row), str(why or "")) for row, why in rows(_DEVICES))
    return ShutOut(devices, tuple(bytes(one) for (one,) in rows(_USERS)))
