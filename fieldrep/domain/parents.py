"""Accounts that are part of other accounts: no account stands above itself, whichever way round one goes."""

from __future__ import annotations

from collections.abc import Callable

CIRCLE = "This would make the account its own parent; choose another parent account."

_DEEPEST = 100


def makes_circle(account_id: bytes, parent_id: object, parent_of: Callable[[bytes], object]) -> bool:
    """Whether `parent_id` above `account_id` closes a circle; chains deeper than any company's count as one."""
    at = parent_id
    for _ in range(_DEEPEST):
        if not isinstance(at, bytes):
            return False
        if at == account_id:
            return True
        at = parent_of(at)
    return True
