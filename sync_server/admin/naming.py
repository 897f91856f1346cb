"""Devices and records: how a command is told which one it is about, and how one is called and stands.

Must not know any command.
"""

from __future__ import annotations

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId, parse_id
from fieldrep.contract.wiping import Destroyed, Manner, destroyed_words
from sync_server.store.office.admin import account_named
from sync_server.store.reading import Reader
from sync_server.store.statements import Row

_LIST = "List them with fieldrep-server device list."


def device_named(reader: Reader, named: str) -> RowId:
    """The device that is meant: by its id, or its number prefix or name, in capitals or not, where that is one's alone.

    Raises:
        KnownError: `not_found`, also where the word says not which.
    """
    try:
        return parse_id(named)
    except ValueError:
        devices = list(reader.all("device"))
    meant = [
        row for row in devices if _is_called(row["number_prefix"], named) or _is_called(row["name"], named)
    ]
    found = [RowId(row["id"]) for row in meant if isinstance(row["id"], bytes)]
    if len(found) == 1:
        return found[0]
    if found:
        prefix = (
            "" if any(_is_called(row["number_prefix"], named) for row in meant) else " or the number prefix"
        )
        sentence = f"{len(found)} devices are called “{named[:80]}”; give the id{prefix}. {_LIST}"
        raise KnownError(Code.NOT_FOUND, sentence)
    raise KnownError(Code.NOT_FOUND, f"There is no device “{named[:80]}”. {_LIST}")


def _is_called(name: object, named: str) -> bool:
    """Whether a device goes by a name that somebody gave; in capitals or not, for nobody can tell which was meant."""
    return isinstance(name, str) and name.casefold() == named.casefold()


def device_words(reader: Reader, device_id: bytes) -> str:
    """Which device it is, as a sentence about it begins."""
    device = reader.row("device", device_id)
    if device is None:
        return "The device"  # a restored store may know no more of it
    user_id = device["user_id"]
    user = reader.row("user", user_id) if isinstance(user_id, bytes) else None
    whose = f" of {user['login']!s}" if user else ""
    return f"The device {device_label(device)}{whose}"


def device_label(device: Row) -> str:
    """What a device is called: its name and, since that may be another's as well, its number prefix."""
    return f"“{device['name']!s}” ({device['number_prefix']!s})"


def record_named(reader: Reader, named: str) -> bytes:
    """The record that is meant: by its id, though it be gone, or an account by its number or ERP reference.

    Raises:
        KnownError: `not_found`.
    """
    try:
        return parse_id(named)
    except ValueError:
        row_id = account_named(reader, named)["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return row_id


def state_words(state: object, revoked_at: object, wiped_at: object, wipe: object) -> str:
    """How a device stands, as the list of devices says it."""
    if wiped_at is not None:
        return "wiped"
    if wipe is not None:
        return "to be wiped, lost" if wipe == Manner.AT_ONCE else "to be wiped"
    return "withdrawn" if revoked_at is not None else str(state)


def lost_with_it(destroyed: object) -> str | None:
    """What only a wiped device had; None for one that is not wiped."""
    if not isinstance(destroyed, str):
        return None
    return destroyed_words(msgspec.json.decode(destroyed, type=Destroyed)) or "nothing"
