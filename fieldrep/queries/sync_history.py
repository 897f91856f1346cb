"""What was sent from this device and how the last sync went: the History tab of the Sync page.

Owns the words for an outcome. The receipt is read as it was kept; the exchange itself is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fieldrep.contract.change import Accepted, Held, Merged, Outcome
from fieldrep.queries.cells import text, whole
from fieldrep.store.reader import Reader
from fieldrep.store.receipt import Receipt
from fieldrep.store.state import load_state

__all__ = ["Receipt", "SentChange", "SyncHistory", "sync_history"]


@dataclass(frozen=True, slots=True)
class SentChange:
    """A change the central store has taken: `accepted`, `merged`, or `held`; `note` says what is worth knowing.

    One that was handed over as a proposal is `taken`, `declined` or `partly` once its new holder has decided.
    """

    sent_no: int
    label: str
    made_at: int
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class SyncHistory:
    """The last receipt, None before there was one, and what was sent, newest first."""

    receipt: Receipt | None
    sent: tuple[SentChange, ...]


_SENT = "SELECT sent_no, label, made_at, outcome, n FROM sent_log ORDER BY sent_no DESC LIMIT ?"
_PROPOSED = """
SELECT p.n, p.status, u.name FROM proposal AS p LEFT JOIN app_user AS u ON u.id = p.decided_by
WHERE p.archived = 0 AND p.device_id = (SELECT device_id FROM sync_state)
"""
_receipts = msgspec.json.Decoder(Receipt)
_outcomes = msgspec.msgpack.Decoder(Outcome)


def sync_history(reader: Reader, *, limit: int = 200) -> SyncHistory:
    """The last receipt and the newest changes that were sent."""
    kept = load_state(reader.driver).receipt
    rows = reader.rows(_SENT, (limit,))
    proposed: dict[object, list[tuple[str, str]]] = {}
    for n, status, who in reader.rows(_PROPOSED):
        proposed.setdefault(n, []).append((text(status), text(who) or "a colleague"))
    return SyncHistory(_receipt(kept), tuple(_sent(row[:4], proposed.get(row[4], [])) for row in rows))


def _receipt(kept: str) -> Receipt | None:
    if not kept:
        return None
    try:
        return _receipts.decode(kept)
    except msgspec.DecodeError:
        return None


def _sent(row: tuple[object, ...], proposed: list[tuple[str, str]]) -> SentChange:
    sent_no, label, made_at, blob = row
    word, note = _words(_outcomes.decode(blob)) if isinstance(blob, bytes) else ("accepted", "")
    if word == "held" and proposed and all(status != "open" for status, _ in proposed):
        statuses, who = {status for status, _ in proposed}, proposed[0][1]
        word = statuses.pop() if len(statuses) == 1 else "partly"
        word, note = ("partly" if word == "other" else word), f"Decided by {who}"
    return SentChange(whole(sent_no), text(label), whole(made_at), word, note)


def _words(outcome: Outcome) -> tuple[str, str]:
    if isinstance(outcome, Merged):
        kept = len(outcome.kept)
        fields = f"{kept} field{'' if kept == 1 else 's'} to decide" if kept else "All fields fitted"
        return "merged", fields
    if isinstance(outcome, Held):
        return "held", outcome.reason
    return ("accepted", "") if isinstance(outcome, Accepted) else ("refused", "")
