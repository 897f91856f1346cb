"""What the head of a reply tells before the reply is there: where the next exchange of the same pull begins.

A device may ask for what comes next while this reply is still on its way. Nothing depends on it: the word in the reply
itself decides, and a bearer without heads, a server that does not say it or a proxy that drops it cost time alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.live import parse_place, place_text
from fieldrep.contract.messages import ExchangeReply, Handshake, Verdict

NEXT_HEADER = "FR-Next"


def head_of(reply: ExchangeReply, told: Handshake) -> dict[str, str]:
    """The headers of a reply to a device that told so of itself."""
    if not goes_on(reply) or reply.cursor == told.cursor:
        return {}
    return {NEXT_HEADER: place_text(reply.epoch, reply.cursor)}


def next_place(head: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    """The epoch and the cursor behind a reply with such headers, None where they say nothing of it."""
    return parse_place(head.get(NEXT_HEADER, ""))


def goes_on(reply: ExchangeReply) -> bool:
    """Whether the device may ask for what comes next at once, with nothing to put right before."""
    return reply.verdict is Verdict.CONTINUE and reply.more and not reply.outcomes
