"""The wait: what a live device asks (`GET /v1/wait`) and what it is answered, once something of its own has changed.

A place is the epoch and the cursor of the replica, in a form that travels in an address; it is no secret. The answer
says that there is something to pull, never what or where (I5). Before it the server sends a blank now and then, so that
whatever stands between does not take the line for dead, and either end notices soon when it is.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

LONGEST_HOLD = 55
"""Seconds a wait is held open at most; proxies commonly cut after a minute."""

SHORTEST_HOLD = 5
BEAT_SECONDS = 20
"""A blank is sent so often while nothing happens."""

_EPOCH_BYTES = 16
_LONGEST_PLACE = 1_400


class WaitReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The end of a wait.

    Attributes:
        changed: whether there is something new to pull.
        closing: the server stops; another one, or the same, may be there soon.
    """

    changed: bool
    closing: bool = False


def place_text(epoch: bytes, cursor: bytes) -> str:
    """Where a replica stands, for an address."""
    return base64.urlsafe_b64encode(epoch + cursor).decode().rstrip("=")


def parse_place(text: str) -> tuple[bytes, bytes] | None:
    """The epoch and the cursor of a place; None for what is none."""
    if len(text) > _LONGEST_PLACE or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return (raw[:_EPOCH_BYTES], raw[_EPOCH_BYTES:]) if len(raw) > _EPOCH_BYTES else None


def parse_hold(text: str) -> int:
    """The seconds a device wants to wait, within what is allowed."""
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else LONGEST_HOLD
    return max(SHORTEST_HOLD, min(LONGEST_HOLD, wanted))


def parse_wait_reply(body: bytes) -> WaitReply | None:
    """The answer in a body, None when it is not one."""
    try:
        return msgspec.json.decode(body, type=WaitReply)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
