"""What may stand in a reply of the central store: answers that were given, and nothing its reader may not know.

Looks at whole messages, as they travel. Must not know how a reply is made.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from fieldrep.contract.change import Waits
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from fieldrep.contract.page import page_columns
from tests.sim.judge.oracle import Wrong
from tests.sim.judge.rules import COST_READERS

if TYPE_CHECKING:
    from tests.sim.central import Central

MARK = re.compile(r"«([\w. ']+)»")


def check_reply(
    central: Central, reply: ExchangeReply, request: ExchangeRequest, device: bytes, user: bytes
) -> None:
    """I5: nothing in a reply is of a scope its user does not hold now; I8 and I3 beside."""
    strange = request.handshake.epoch not in (b"", central.epoch)
    first_hears = strange and reply.verdict in (Verdict.WIPE, Verdict.UPGRADE)  # of the restore
    taken = () if first_hears or reply.verdict is Verdict.START_OVER else request.changes
    changes = {change.n: change for change in taken}
    given = {change.n: outcome for change, outcome in zip(taken, reply.outcomes, strict=False)}
    if len(taken) != len(reply.outcomes):
        raise Wrong(f"I3: {len(taken)} changes came, {len(reply.outcomes)} outcomes go back")
    for n, outcome in given.items():
        if isinstance(outcome, Waits):
            if n not in central.waiting.listed(device):
                raise Wrong(f"I21: change {n} was told to wait, and nobody sees that it does")
            continue
        if outcome != (kept := central.copies.known(device, changes[n])):
            raise Wrong(f"I3: the reply says {outcome}, the store {kept}")
    allowed = central.oracle.visible(user)
    role = central.oracle.rows["user"][user]["role"]
    for page in reply.pages:
        columns = dict(zip(page.fields, page_columns(page), strict=True))
        if "cost_price" in columns and role not in COST_READERS:
            raise Wrong(f"I5: costs were sent to a {role}")
        for row_id in columns["id"]:
            if (page.entity, row_id) not in allowed:
                raise Wrong(f"I5: {page.entity} {central.names.get(row_id)} was sent to a stranger")
    held = {central.marks.get(row_id) for _, row_id in allowed} | {"new"}
    held = held.union(*(central.mixed.get(str(mark), ()) for mark in held))
    with suppress(UnicodeDecodeError):
        own = {m for change in request.changes for m in MARK.findall(repr(change))}
        # what a proposal says is its author's own; the row itself is compared with the oracle's
        pages = tuple(page for page in reply.pages if page.entity != "proposal")
        said = msgspec.msgpack.encode(msgspec.structs.replace(reply, pages=pages))
        spoken = set(MARK.findall(said.decode("utf-8", "ignore")))
        if spoken - held - own:
            raise Wrong(f"I5: the reply speaks of {sorted(spoken - held - own)}")


def is_told_a_copy(central: Central, request: ExchangeRequest, reply: ExchangeReply, device: bytes) -> bool:
    """F26: a copy is told so at once, given nothing, and nobody else is."""
    copy = central.copies.are_shown(central.epoch, device, request)
    if copy != (reply.verdict is Verdict.ENROL_AGAIN):
        told = central.names.get(device)
        raise Wrong(f"I3: {told} showed itself as a copy: {copy}, and it was told {reply.verdict}")
    if copy and (reply.outcomes or reply.pages or reply.leaves or reply.cursor or reply.digest is not None):
        raise Wrong("I5: a copy was given more than the word that it is one")
    central.copies.noticed += copy
    return copy
