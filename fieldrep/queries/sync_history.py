"""What the last syncs did and what was sent from this device: the History tab of the Sync page.

Owns the words for an outcome. Receipts are read as they were kept; the exchange itself is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from fieldrep.contract.change import Accepted, Held, Merged, Outcome
from fieldrep.contract.counts import counted
from fieldrep.queries.cells import text, whole
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.incoming.receipts import KeptReceipt, Span, Way, newest
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state

__all__ = ["KeptReceipt", "Receipt", "SentChange", "SyncHistory", "Way", "changes_of", "sync_history"]


@dataclass(frozen=True, slots=True)
class SentChange:
    """A change the central store has answered: `accepted`, `merged`, `held` or `refused`; `note` is worth knowing.

    One that was handed over as a proposal is `taken`, `declined` or `partly` once its new holder has decided.
    """

    n: int
    label: str
    made_at: int
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class SyncHistory:
    """The receipts and what was sent, both newest first.

    Attributes:
        contact_at: when the office was last asked and answered; later than the newest receipt where nothing was new.
    """

    receipts: tuple[KeptReceipt, ...]
    contact_at: int | None
    sent: tuple[SentChange, ...]


_SENT = "SELECT n, label, made_at, outcome FROM sent_log ORDER BY sent_no DESC LIMIT ?"
_OF_SPAN = """
SELECT n, label, made_at, outcome FROM sent_log WHERE n BETWEEN ?1 AND ?2
UNION ALL SELECT n, label, made_at, outcome FROM refused_change WHERE n BETWEEN ?1 AND ?2
UNION ALL SELECT n, label, made_at, outcome FROM outbox WHERE n BETWEEN ?1 AND ?2 AND outcome IS NOT NULL
ORDER BY n DESC LIMIT ?3
"""
_PROPOSED = """
SELECT p.n, p.status, u.name FROM proposal AS p LEFT JOIN app_user AS u ON u.id = p.decided_by
WHERE p.archived = 0 AND p.device_id = (SELECT device_id FROM sync_state)
"""
_MOST = 200
_outcomes = msgspec.msgpack.Decoder(Outcome)
_Proposed = dict[object, list[tuple[str, str]]]


def sync_history(reader: Reader, *, limit: int = _MOST) -> SyncHistory:
    """The kept receipts and the newest changes that were sent."""
    rows, proposed = reader.rows(_SENT, (limit,)), _proposed(reader)
    contact = load_state(reader.driver).last_sync_at or None
    return SyncHistory(newest(reader), contact, tuple(_sent(row, proposed) for row in rows))


def changes_of(reader: Reader, *, spans: tuple[Span, ...], limit: int = _MOST) -> tuple[SentChange, ...]:
    """The changes with these numbers, newest first, as far as they are still kept."""
    return tuple(_changes(reader, spans, limit))


def _changes(reader: Reader, spans: tuple[Span, ...], limit: int) -> Iterator[SentChange]:
    proposed, left = _proposed(reader), limit
    for first, last in reversed(spans):
        rows = reader.rows(_OF_SPAN, (first, last, left)) if left else []
        left -= len(rows)
        for row in rows:
            yield _sent(row, proposed)


def _proposed(reader: Reader) -> _Proposed:
    """What became of the proposals of this device, by the number of the change."""
    found: _Proposed = {}
    for n, status, who in reader.rows(_PROPOSED):
        found.setdefault(n, []).append((text(status), text(who) or "a colleague"))
    return found


def _sent(row: tuple[object, ...], of_all: _Proposed) -> SentChange:
    n, label, made_at, blob = row
    proposed = of_all.get(n, [])
    word, note = _words(_outcomes.decode(blob)) if isinstance(blob, bytes) else ("accepted", "")
    if word == "held" and proposed and all(status != "open" for status, _ in proposed):
        statuses, who = {status for status, _ in proposed}, proposed[0][1]
        word = statuses.pop() if len(statuses) == 1 else "partly"
        word, note = ("partly" if word == "other" else word), f"Decided by {who}"
    return SentChange(whole(n), text(label), whole(made_at), word, note)


def _words(outcome: Outcome) -> tuple[str, str]:
    if isinstance(outcome, Merged):
        kept = len(outcome.kept)
        fields = f"{counted(kept, 'field')} to decide" if kept else "All fields fitted"
        return "merged", fields
    if isinstance(outcome, Held):
        return "held", outcome.reason
    return ("accepted", "") if isinstance(outcome, Accepted) else ("refused", "")
