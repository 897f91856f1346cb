"""Scope keys: the byte strings that say who may hold a row. The only place that turns a row into its key (I5).

The server's ledger says which user holds which key; the replica uses the same keys to let rows leave and to prove
its digest.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId, ScopeKey

EVERYBODY_KEY = ScopeKey(b"G")
ACCOUNT_PREFIX = b"A"
USER_PREFIX = b"U"
TEAM_PREFIX = b"T"
PAIR_PREFIX = b"D"
ROW_PREFIX = b"R"
GONE_PREFIX = b"X"


def account_key(account_id: bytes) -> ScopeKey:
    """The key of an account and all that belongs to it."""
    return ScopeKey(ACCOUNT_PREFIX + account_id)


def user_key(user_id: bytes) -> ScopeKey:
    """The key of what one user alone holds."""
    return ScopeKey(USER_PREFIX + user_id)


def team_key(user_id: bytes) -> ScopeKey:
    """The key of what one user and his managers hold."""
    return ScopeKey(TEAM_PREFIX + user_id)


def pair_key(row_id: bytes) -> ScopeKey:
    """The key of one row that names two accounts: whoever holds both of them holds it."""
    return ScopeKey(PAIR_PREFIX + row_id)


def row_key(row_id: bytes, account_id: bytes) -> ScopeKey:
    """The key under which one row leaves an account that people go on holding."""
    return ScopeKey(ROW_PREFIX + row_id + account_id)


def gone_key(row_id: bytes) -> ScopeKey:
    """The key under which one row leaves because it was purged."""
    return ScopeKey(GONE_PREFIX + row_id)


def row_and_account_of(key: bytes) -> tuple[RowId, RowId] | None:
    """The row and the account of a `row_key`, None for another kind of key."""
    return (RowId(key[1:17]), RowId(key[17:])) if key[:1] == ROW_PREFIX else None


def scope_key(entity: Entity, row: Mapping[str, Value]) -> ScopeKey:
    """The key of a row; a rule that finds neither account nor user means everybody.

    Raises:
        ValueError: when the row names neither, though its entity is not for everybody and needs one.
    """
    rule = entity.scope
    if rule.account:
        account = (rule.moved and row.get(rule.moved)) or row.get(rule.account)
        if isinstance(account, bytes):
            return account_key(account)
    if rule.user:
        user = row.get(rule.user)
        if isinstance(user, bytes):
            return team_key(user) if rule.team else user_key(user)
        raise ValueError(f"a {entity.name} row names neither {rule.account or 'an account'} nor {rule.user}")
    if rule.pair:
        row_id = row["id"]
        assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
        return pair_key(row_id)
    return EVERYBODY_KEY


def scope_fields(entity: Entity) -> tuple[str, ...]:
    """The fields the key of a row is made of."""
    return tuple(name for name in (entity.scope.account, entity.scope.user) if name)


def account_of(key: bytes) -> RowId | None:
    """The account an account key belongs to, None for another kind of key."""
    return RowId(key[1:]) if key[:1] == ACCOUNT_PREFIX else None
