"""A glance at the central store: who asks, where it stands, the digest of what that user holds.

All of it is one statement, and so one state without a transaction; most exchanges have nothing to say, find nothing new
and need no more. Must not decide whether it was enough: `reconcile/exchange.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import KnownError
from fieldrep.contract.scope import EVERYBODY_KEY
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.credentials import (
    ADMITTED,
    IDENTITY_COLUMNS,
    IDENTITY_TABLES,
    identity_of,
    is_token_of,
    token_prefix,
)
from sync_server.store.dialect import Row
from sync_server.store.reading import INFO_COLUMNS, StoreInfo

_GLANCE = (
    f"SELECT n.count, n.total, e.count, e.total, {', '.join(f's.{name}' for name in INFO_COLUMNS)}, "  # noqa: S608 - constants
    f"{IDENTITY_COLUMNS} FROM {IDENTITY_TABLES} JOIN store_info AS s ON s.one = 1 "
    "LEFT JOIN scope_ledger AS g ON g.user_id = c.user_id AND g.scope_key = ? AND g.lost_revision IS NULL "
    "LEFT JOIN user_digest AS n ON n.user_id = g.user_id LEFT JOIN user_digest AS e ON e.user_id = g.scope_key "
    f"WHERE {ADMITTED} AND c.{{who}} = ?"
)
BY_TOKEN, BY_DEVICE = _GLANCE.format(who="token_prefix"), _GLANCE.format(who="device_id")
_DIGESTS = 4
_ABOUT = _DIGESTS + len(INFO_COLUMNS)


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look tells of the store and of the device that asks.

    Attributes:
        digest: of everything its user holds.
    """

    device: DeviceIdentity
    info: StoreInfo
    digest: Digest


def glance(database: Database, token: str) -> Glance | None:
    """What a look tells whoever has the token; None for one that is not admitted, or where the store cannot say.

    The reason is found by whoever then takes the longer way.
    """
    prefix = token_prefix(token)
    found = None if prefix is None else _look(database, BY_TOKEN, prefix)
    return None if found is None or not is_token_of(found[_ABOUT:], token) else _seen(found)


def glance_again(database: Database, device_id: bytes) -> Glance | None:
    """What a look tells now of a device that was identified before; None as for `glance`."""
    found = _look(database, BY_DEVICE, device_id)
    return None if found is None else _seen(found)


def _look(database: Database, sql: str, who: object) -> Row | None:
    try:
        with database.statement() as session:
            found = session.rows(sql, (EVERYBODY_KEY, who))  # all there is, so that nothing stays open
    except KnownError:
        return None
    return found[0] if found else None


def _seen(found: Row) -> Glance:
    count, total, shared, of_shared = found[:_DIGESTS]
    digest = Digest() if count is None else Digest(count, total).plus(shared or 0, of_shared or 0)
    return Glance(identity_of(found[_ABOUT:]), StoreInfo(*found[_DIGESTS:_ABOUT]), digest)
